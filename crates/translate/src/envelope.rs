//! The `data` of the `/api/v1` envelope: `{id, model, choices: [{index, message: {role, content}}], usage}`.
//!
//! Beyond the documented members, `message` has `reasoning_content`, `refusal`, `annotations` and `tool_calls` where the
//! answer has them, and the choice its `finish_reason`, all in Chat's form, so that nothing is lost unseen. `content` is
//! always a string. `usage` has Chat's shape (`prompt_tokens`, `completion_tokens`, `total_tokens` and details).
//!
//! The envelope's stream is a Chat stream: `StreamTranslator` to Chat, which keeps a `msg_…` id.

use crate::answer::{AnswerContext, Translated, decode};
use crate::chat;
use crate::error::TranslateError;
use crate::json::Text;
use crate::notes::Notes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tollgate_protocol::Protocol;

#[derive(Serialize)]
struct DataOut<'a, C: Serialize, U: Serialize> {
    id: &'a str,
    model: &'a str,
    choices: C,
    usage: U,
}

/// A Chat answer, of which the envelope takes the members as they are.
#[derive(Deserialize)]
struct CompletionIn<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    choices: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// Makes the envelope's `data` of the body of a 200 answer that is no stream.
///
/// A Chat answer's `choices` and `usage` are taken as they are, all choices of them.
///
/// # Errors
/// As [`crate::translate_answer`].
pub fn envelope_data(from: Protocol, body: &[u8], ctx: &AnswerContext) -> Result<Vec<u8>, TranslateError> {
    envelope_data_noted(from, body, ctx).map(|translated| translated.body)
}

/// As [`envelope_data`], and says what was left out.
///
/// # Errors
/// As [`crate::translate_answer`].
pub fn envelope_data_noted(
    from: Protocol,
    body: &[u8],
    ctx: &AnswerContext,
) -> Result<Translated, TranslateError> {
    match from {
        Protocol::Chat => of_chat(body, ctx),
        Protocol::Messages | Protocol::Responses => of_other(from, body, ctx),
    }
}

fn of_other(from: Protocol, body: &[u8], ctx: &AnswerContext) -> Result<Translated, TranslateError> {
    let mut notes = Notes::default();
    let answer = decode(from, body, &mut notes)?;
    let choice = chat::encode_choice(&answer, ctx, &mut notes).into_envelope_form();
    let data = DataOut {
        id: &chat::completion_id(&answer.id, &ctx.request_id),
        model: &ctx.model,
        choices: [choice],
        usage: chat::UsageOut::from(&answer.finish.usage),
    };
    let body = serde_json::to_vec(&data).map_err(TranslateError::Encode)?;
    Ok(Translated { body, dropped: notes.to_strings() })
}

fn of_chat(body: &[u8], ctx: &AnswerContext) -> Result<Translated, TranslateError> {
    let completion: CompletionIn<'_> =
        serde_json::from_slice(body).map_err(|e| TranslateError::bad_json(Protocol::Chat, &e))?;
    if completion.error.is_some() {
        return Err(TranslateError::upstream_failed(Protocol::Chat, body));
    }
    let Some(choices) = completion.choices else {
        return Err(TranslateError::malformed(Protocol::Chat, "`choices` is missing"));
    };
    let id = completion.id.unwrap_or_default();
    let data = DataOut {
        id: &chat::completion_id(id.as_str(), &ctx.request_id),
        model: &ctx.model,
        choices,
        usage: completion.usage,
    };
    let body = serde_json::to_vec(&data).map_err(TranslateError::Encode)?;
    Ok(Translated { body, dropped: Vec::new() })
}
