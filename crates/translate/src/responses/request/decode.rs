//! A Responses request into the intermediate representation.

use super::decode_items::decode_items;
use super::decode_settings::{decode_reasoning, decode_text, decode_tier};
use super::decode_tools::{decode_choice, decode_tools};
use super::history::{History, Source};
use super::path::Path;
use super::value::Val;
use super::wire::{BodyIn, InputIn};
use crate::error::TranslateError;
use crate::ir::{Extra, PartOfTurn, Request, Role, Turn, TurnPart};
use crate::json::member::raw;
use std::borrow::Cow;
use tollgate_protocol::Protocol;

/// What stands in place of an item's id where a text came as `instructions`.
pub(super) const INSTRUCTIONS: &str = "instructions";

/// Members of a message that the representation gives to its parts: kept with the first part under this prefix.
pub(super) const OF_ITEM: &str = "item.";

/// Members of a namespace: kept with its first tool under this prefix.
pub(super) const OF_NAMESPACE: &str = "namespace.";

/// Members of `text`: kept at the top under this prefix.
pub(super) const OF_TEXT: &str = "text.";

/// Decodes a request's body; the items of `history`, a JSON list, come before its own input.
pub(crate) fn decode_request<'a>(
    body: &'a [u8],
    history: Option<&'a [u8]>,
) -> Result<Request<'a>, TranslateError> {
    let mut read = read(body)?;
    let model = read.model.take().need(&Path::root("model"))?;
    let mut request = Request::new(Protocol::Responses, model);
    if let Some(text) = read.instructions.take().get(&Path::root("instructions"))? {
        request.turns.push(instructions(text));
    }
    if let Some(tools) = read.tools.take().get(&Path::root("tools"))? {
        decode_tools(tools, &Path::root("tools"), &mut request.tools)?;
    }
    settings(&mut read, &mut request)?;
    request.extras = std::mem::take(&mut read.extras);
    if history.is_some() {
        // What it pointed at is here.
        request.take_extra("previous_response_id");
    }
    both_users(&mut read, &mut request)?;
    decode_text(read.text.take(), &mut request)?;
    decode_tier(read.service_tier.take(), &mut request)?;
    if let Some(items) = history {
        let items = History::read(items)?;
        decode_items(items.list, items.source, &Path::root("history"), &mut request)?;
    }
    input(read.input.take(), body, &mut request)?;
    Ok(request)
}

fn read(body: &[u8]) -> Result<BodyIn<'_>, TranslateError> {
    let read: Val<BodyIn<'_>> = serde_json::from_slice(body).map_err(|error| {
        let place = format!("is not JSON: line {}, column {}", error.line(), error.column());
        TranslateError::bad_request("body", place)
    })?;
    read.need(&Path::root("body"))
}

fn instructions(text: Cow<'_, str>) -> Turn<'_> {
    let mut part = TurnPart::from(PartOfTurn::Text { text: text.into(), phase: None });
    part.item_id = Some(INSTRUCTIONS.into());
    Turn::new(Role::System, vec![part])
}

fn settings<'a>(read: &mut BodyIn<'a>, request: &mut Request<'a>) -> Result<(), TranslateError> {
    request.stream = read.stream.take().get(&Path::root("stream"))?.unwrap_or(false);
    request.tool_choice = decode_choice(read.tool_choice)?;
    request.parallel_tool_calls = read.parallel_tool_calls.take().get(&Path::root("parallel_tool_calls"))?;
    request.max_output_tokens = read.max_output_tokens.take().get(&Path::root("max_output_tokens"))?;
    request.sampling.temperature = read.temperature.take().get(&Path::root("temperature"))?;
    request.sampling.top_p = read.top_p.take().get(&Path::root("top_p"))?;
    request.cache_key = read.prompt_cache_key.take().get(&Path::root("prompt_cache_key"))?;
    request.reasoning = decode_reasoning(read.reasoning.take())?;
    Ok(())
}

/// `safety_identifier` is the newer word for `user`; where both are, the older is kept beside it.
fn both_users<'a>(read: &mut BodyIn<'a>, request: &mut Request<'a>) -> Result<(), TranslateError> {
    let user = read.user.take().get(&Path::root("user"))?;
    request.end_user = read.safety_identifier.take().get(&Path::root("safety_identifier"))?;
    match (user, &request.end_user) {
        (Some(user), None) => request.end_user = Some(user),
        (Some(user), Some(_)) => {
            let json = Cow::Owned(raw(&user)?);
            request.extras.push(Extra { name: "user".into(), json });
        }
        (None, _) => {}
    }
    Ok(())
}

fn input<'a>(
    input: Val<InputIn<'a>>,
    body: &'a [u8],
    request: &mut Request<'a>,
) -> Result<(), TranslateError> {
    let path = Path::root("input");
    match input.get(&path)? {
        Some(InputIn::Text(text)) => {
            let part = PartOfTurn::Text { text: text.into(), phase: None }.into();
            request.turns.push(Turn::new(Role::User, vec![part]));
            Ok(())
        }
        Some(InputIn::Items(items)) => decode_items(items, Source::Body(body), &path, request),
        // A stored conversation or prompt may stand in for it; whether it can be had is another's to say.
        None if ["previous_response_id", "conversation", "prompt"]
            .iter()
            .any(|name| request.extras.iter().any(|extra| extra.name == *name)) =>
        {
            Ok(())
        }
        None if request.turns.iter().any(|turn| !turn.role.instructs()) => Ok(()),
        None => Err(path.wrong("is required")),
    }
}
