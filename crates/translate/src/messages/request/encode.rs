//! The intermediate representation into a Messages request.

use super::write::{BodyOut, CacheOut};
use crate::error::TranslateError;
use crate::ir::{CacheLifetime, Request};
use crate::json::Extras;
use crate::json::to_vec;
use crate::notes::Notes;
use crate::policy::Foreign;
use crate::target::Target;
use tollgate_protocol::Protocol;

/// Objects at the top of a body whose unknown members are kept by their whole path.
const OBJECTS: [&str; 3] = ["output_config", "metadata", "tool_choice"];

/// How long an answer may be where nobody said.
const MAX_TOKENS: u64 = 4096;

/// How many marks for the cache a request may have.
const MARKS: u32 = 4;

/// Encodes a request. What Messages cannot say goes into `notes`.
pub(crate) fn encode_request(
    request: &Request<'_>,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Vec<u8>, TranslateError> {
    encode_for(request, target.model, notes)
}

/// Encodes a request for a model.
pub(super) fn encode_for(
    request: &Request<'_>,
    model: &str,
    notes: &mut Notes,
) -> Result<Vec<u8>, TranslateError> {
    let own = request.protocol == Protocol::Messages;
    let marks = Marks { own, left: MARKS - u32::from(request.auto_cache.is_some()), shorter: false };
    let foreign = Foreign::new(request.protocol, Protocol::Messages, notes);
    let mut writer = Writer { request, own, marks, foreign };
    // In the order of the prompt, which is the order that marks count in.
    let (tools, tool_choice) = writer.tools()?;
    let (system, messages) = writer.turns()?;
    let settings = writer.settings()?;
    let extras = if own {
        Extras::top(&request.extras, &OBJECTS)
    } else {
        writer.foreign.extras("", &request.extras)?;
        Extras::default()
    };
    let body = BodyOut {
        model,
        max_tokens: request.max_output_tokens.unwrap_or(MAX_TOKENS),
        system,
        messages,
        tools,
        tool_choice,
        settings,
        stream: request.stream.then_some(true),
        extras,
    };
    to_vec(&body, request.size_bytes)
}

/// What the pieces of the encoder share.
pub(super) struct Writer<'r, 'n> {
    pub(super) request: &'r Request<'r>,
    /// Whether the request came in this protocol, so that it may be written back as it came.
    pub(super) own: bool,
    pub(super) marks: Marks,
    pub(super) foreign: Foreign<'n>,
}

impl Writer<'_, '_> {
    /// The mark for a part or tool. One too many is left out and noted: the prompt is the same, its price is not.
    pub(super) fn mark(
        &mut self,
        lifetime: Option<CacheLifetime>,
    ) -> Result<Option<CacheOut>, TranslateError> {
        let made = self.marks.take(lifetime);
        if lifetime.is_some() && made.is_none() {
            let field = self.foreign.part("prompt_cache_breakpoint");
            self.foreign.settle(&field)?;
        }
        Ok(made)
    }
}

/// The marks for the cache: few, and the longer-lived first.
pub(super) struct Marks {
    own: bool,
    left: u32,
    /// A mark of five minutes has been written.
    shorter: bool,
}

impl Marks {
    /// The mark for a part, if there may be one more.
    fn take(&mut self, lifetime: Option<CacheLifetime>) -> Option<CacheOut> {
        let lifetime = lifetime?;
        if self.own {
            return Some(mark(lifetime));
        }
        self.left = self.left.checked_sub(1)?;
        self.shorter |= lifetime != CacheLifetime::Long;
        let ttl = (!self.shorter).then_some("1h");
        Some(CacheOut { r#type: "ephemeral", ttl })
    }
}

/// A mark as it came.
pub(super) const fn mark(lifetime: CacheLifetime) -> CacheOut {
    let ttl = match lifetime {
        CacheLifetime::Default => None,
        CacheLifetime::Short => Some("5m"),
        CacheLifetime::Long => Some("1h"),
    };
    CacheOut { r#type: "ephemeral", ttl }
}
