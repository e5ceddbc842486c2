//! A Chat request into the intermediate representation.

use super::read::Str;
use super::read::read;
use super::wire::{BodyIn, StreamOptionsIn};
use super::{decode_reasoning, decode_settings, decode_tools, decode_turns};
use crate::error::TranslateError;
use crate::ir::{Extra, Request};
pub(super) use crate::json::member::{missing, nested, required};
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
    let mut request = Request::new(Protocol::Chat, model);
    request.turns = decode_turns::turns(messages.0)?;
    decode_tools::read(&mut body, &mut request)?;
    decode_reasoning::read(&mut body, &mut request)?;
    decode_settings::read(&mut body, &mut request)?;
    request.stream = body.stream.unwrap_or_default();
    if let Some(StreamOptionsIn { include_usage, extras }) = body.stream_options.take() {
        request.include_usage = include_usage;
        nested("stream_options", extras, &mut request.extras);
    }
    request.extras.extend(body.extras.into_iter().filter(|extra| !says_nothing(extra)));
    Ok(request)
}

/// Whether a member asks for what would happen without it: such a one must not be refused or noted.
fn says_nothing(extra: &Extra<'_>) -> bool {
    let json = extra.json.get();
    match &*extra.name {
        "n" => json == "1",
        "logprobs" | "store" | "background" => json == "false",
        "top_logprobs" => json == "0",
        "logit_bias" | "metadata" => json == "{}",
        "modalities" => json == r#"["text"]"#,
        _ => false,
    }
}
