//! A Messages request into the intermediate representation.

use super::decode_blocks::{Speaker, content};
use super::wire::{BodyIn, Content, MessageIn};
use super::{decode_settings, decode_tools};
use crate::error::TranslateError;
use crate::ir::{Request, Role, Turn};
use crate::json::member::missing;
use crate::json::read::{Str, read};
use tollgate_protocol::Protocol;

/// Decodes a request's body.
pub(crate) fn decode_request(body: &[u8]) -> Result<Request<'_>, TranslateError> {
    let mut body: BodyIn<'_> = read(body)?;
    let Some(Str(model)) = body.model.take() else {
        return Err(missing("model"));
    };
    let Some(messages) = body.messages.take() else {
        return Err(missing("messages"));
    };
    if messages.0.is_empty() {
        return Err(TranslateError::bad_request("messages", "must have at least one message"));
    }
    let mut request = Request::new(Protocol::Messages, model);
    request.turns = Vec::with_capacity(messages.0.len() + 1);
    request.turns.extend(system(body.system.take())?);
    for (index, message) in messages.0.into_iter().enumerate() {
        request.turns.push(turn(index, message)?);
    }
    decode_tools::read_tools(&mut body, &mut request)?;
    decode_settings::read_settings(&mut body, &mut request)?;
    request.extras.append(&mut body.extras);
    Ok(request)
}

/// The system text at the head.
fn system(said: Option<Content<'_>>) -> Result<Option<Turn<'_>>, TranslateError> {
    let Some(said) = said else { return Ok(None) };
    let parts = content(said, Speaker::Message(Role::System), "system")?;
    Ok((!parts.is_empty()).then(|| Turn::new(Role::System, parts)))
}

fn turn(index: usize, message: MessageIn<'_>) -> Result<Turn<'_>, TranslateError> {
    let Some(Str(role)) = message.role else {
        return Err(missing(format!("messages.{index}.role")));
    };
    let role = match &*role {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        _ => {
            let what = "must be one of user, assistant, system";
            return Err(TranslateError::bad_request(format!("messages.{index}.role"), what));
        }
    };
    let Some(said) = message.content else {
        return Err(missing(format!("messages.{index}.content")));
    };
    let place = format!("messages.{index}.content");
    let mut turn = Turn::new(role, content(said, Speaker::Message(role), &place)?);
    turn.extras = message.extras;
    Ok(turn)
}
