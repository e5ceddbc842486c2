//! The intermediate representation into a Chat request.

use super::write::{BodyOut, Extras, StreamOptionsOut};
use crate::error::TranslateError;
use crate::family::{Lists, Quirks};
use crate::ir::Request;
use crate::json::to_vec;
use crate::notes::Notes;
use crate::policy::Foreign;
use crate::target::Target;
use tollgate_protocol::Protocol;

/// Objects at the top of a body whose unknown members are kept by their whole path.
const OBJECTS: [&str; 2] = ["stream_options", "response_format.json_schema"];

/// Encodes a request. What Chat cannot say goes into `notes`.
pub(crate) fn encode_request(
    request: &Request<'_>,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Vec<u8>, TranslateError> {
    encode_for(request, target.model, *target.quirks(), notes)
}

/// Encodes a request for an upstream with these habits.
pub(super) fn encode_for(
    request: &Request<'_>,
    model: &str,
    habits: Quirks,
    notes: &mut Notes,
) -> Result<Vec<u8>, TranslateError> {
    let own = request.protocol == Protocol::Chat;
    let foreign = Foreign::new(request.protocol, Protocol::Chat, notes);
    let mut writer = Writer { request, habits, own, foreign };
    let messages = writer.messages()?;
    let (tools, tool_choice) = writer.tools()?;
    let parallel_tool_calls = request.parallel_tool_calls.filter(|_| !tools.is_empty());
    let settings = writer.settings()?;
    let reasoning = writer.reasoning()?;
    let extras = if own {
        let mut extras = Extras::top(&request.extras, &OBJECTS);
        extras.0.retain(|(name, _)| *name != "user" || settings.user.is_none());
        extras
            .0
            .retain(|(name, _)| *name != "chat_template_kwargs" || reasoning.chat_template_kwargs.is_none());
        extras
    } else {
        writer.foreign.extras("", &request.extras)?;
        Extras::top(&request.carried, &[])
    };
    let body = BodyOut {
        model,
        messages,
        tools,
        tool_choice,
        parallel_tool_calls,
        settings,
        reasoning,
        stream: request.stream.then_some(true),
        stream_options: stream_options(request, &habits, own),
        extras,
    };
    to_vec(&body, request.size_bytes)
}

/// Usage is always asked for: the gate takes the chunk away again where the caller did not ask.
fn stream_options<'r>(request: &'r Request<'_>, habits: &Quirks, own: bool) -> Option<StreamOptionsOut<'r>> {
    let extras = if own { Extras::of("stream_options", &request.extras) } else { Extras::default() };
    let include_usage = habits.include_usage.then_some(true);
    (request.stream && (include_usage.is_some() || !extras.is_empty()))
        .then_some(StreamOptionsOut { include_usage, extras })
}

/// What the pieces of the encoder share.
pub(super) struct Writer<'r, 'n> {
    pub(super) request: &'r Request<'r>,
    pub(super) habits: Quirks,
    /// Whether the request came in this protocol, so that it may be written back as it came.
    pub(super) own: bool,
    pub(super) foreign: Foreign<'n>,
}

impl Writer<'_, '_> {
    /// Whether text alone may be a list of parts.
    pub(super) fn lists(&self) -> bool {
        match self.habits.lists {
            Lists::Everywhere => true,
            Lists::AsCame => self.own,
            Lists::WithPictures => false,
        }
    }
}
