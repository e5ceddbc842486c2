//! A whole Chat answer into the intermediate representation.

use super::stop;
use super::wire::{ChoiceIn, CompletionIn, MessageIn, Piece, citations};
use crate::error::TranslateError;
use crate::ir::{Answer, Finish, Part, PartBody, RefusalDetails, StopReason, ToolCall};
use crate::json::{Text, into_cow, non_empty};
use crate::meter::Meter;
use crate::notes::Notes;
use std::borrow::Cow;
use tollgate_protocol::Protocol;

/// Decodes a 200 answer's body. The representation holds one choice; others go into `notes`.
pub(crate) fn decode<'a>(body: &'a [u8], notes: &mut Notes) -> Result<Answer<'a>, TranslateError> {
    let completion: CompletionIn<'a> =
        serde_json::from_slice(body).map_err(|e| TranslateError::bad_json(Protocol::Chat, &e))?;
    if completion.error.is_some() {
        return Err(TranslateError::upstream_failed(Protocol::Chat, body));
    }
    let mut choices = completion.choices.unwrap_or_default().into_iter();
    let Some(ChoiceIn { message, delta, finish_reason, logprobs, usage: choice_usage, .. }) = choices.next()
    else {
        return Err(TranslateError::malformed(Protocol::Chat, "`choices` is missing or empty"));
    };
    if choices.next().is_some() {
        notes.add("choices");
    }
    if logprobs.is_some() {
        notes.add("logprobs");
    }
    let Some(message) = message.or(delta) else {
        return Err(TranslateError::malformed(Protocol::Chat, "`choices[0].message` is missing"));
    };
    let mut meter = Meter::new(Protocol::Chat);
    meter.read(choice_usage);
    meter.read(completion.usage);
    let (parts, refusal_text) = parts(message, notes)?;
    let has_calls = parts.iter().any(|part| matches!(part.body, PartBody::ToolCall(_)));
    let word = finish_reason.as_ref().map_or("", Text::as_str);
    let stop = stop::read(word, has_calls, refusal_text.is_some());
    Ok(Answer {
        id: into_cow(completion.id),
        model: into_cow(completion.model),
        created_at_s: completion.created.0.and_then(|created| i64::try_from(created).ok()),
        parts,
        finish: Finish {
            stop,
            stop_sequence: None,
            refusal: (stop == StopReason::Refusal)
                .then_some(RefusalDetails { category: None, explanation: refusal_text }),
            usage: meter.usage(),
            service_tier: completion.service_tier.and_then(|tier| stop::read_tier(tier.as_str())),
        },
    })
}

/// The parts of a message, in the order in which the model made them, and the words of its refusal.
type Parts<'a> = (Vec<Part<'a>>, Option<Cow<'a, str>>);

fn parts<'a>(mut message: MessageIn<'a>, notes: &mut Notes) -> Result<Parts<'a>, TranslateError> {
    let mut parts: Vec<Part<'a>> = Vec::new();
    if message.audio.is_some() {
        notes.add("audio");
    }
    if let Some(text) = message.take_reasoning() {
        parts.push(
            PartBody::Reasoning { text: vec![text], raw: false, signature: None, encrypted: None }.into(),
        );
    }
    if let Some(text) = non_empty(message.content) {
        parts.push(PartBody::Text { text, citations: citations(message.annotations) }.into());
    }
    let refusal = non_empty(message.refusal);
    if let Some(text) = refusal.clone() {
        parts.push(PartBody::Refusal { text }.into());
    }
    for call in message.tool_calls.unwrap_or_default() {
        let id = into_cow(call.id.clone());
        parts.push(tool_call(id, call.piece())?);
    }
    if let Some(function) = message.function_call {
        parts.push(tool_call(Cow::Borrowed(""), function.piece())?);
    }
    Ok((parts, refusal))
}

fn tool_call<'a>(id: Cow<'a, str>, piece: Piece<'a>) -> Result<Part<'a>, TranslateError> {
    if piece.name.is_empty() {
        return Err(nameless());
    }
    let Piece { kind, name, arguments } = piece;
    Ok(PartBody::ToolCall(ToolCall { id, name, namespace: None, kind, arguments }).into())
}

/// A call that names no tool cannot be run, and no protocol can say it.
pub(super) fn nameless() -> TranslateError {
    TranslateError::malformed(Protocol::Chat, "a tool call has no name")
}
