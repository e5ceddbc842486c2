//! Translation of whole answers.

use crate::error::TranslateError;
use crate::ir::Answer;
use crate::middle::Middle;
use crate::notes::Notes;
use crate::responses::{self, ResponsesEcho};
use crate::restore::{Recollection, Restorer};
use crate::{chat, messages};
use std::sync::Arc;
use tollgate_base::Usage;
use tollgate_protocol::Protocol;

/// What an answer takes from the request it belongs to.
#[derive(Debug, Clone, Default)]
pub struct AnswerContext {
    /// The model by the name the caller used.
    pub model: String,
    /// When the request came, in Unix seconds; Chat and Responses answers carry it.
    pub created_at_s: i64,
    /// The gate's id of the request: ids that the upstream left out are made from it.
    pub request_id: String,
    /// Whether a Chat caller asked for the usage chunk (`stream_options.include_usage`).
    pub include_usage: bool,
    /// What a Responses answer repeats of its request; none: the API's defaults.
    pub responses_echo: Option<Arc<ResponsesEcho>>,
    /// The size of the prompt as the gate counted it: what a Messages stream shows at its start if the upstream tells
    /// nothing before its end.
    pub estimated_input_tokens: Option<u64>,
}

/// A translated answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translated {
    /// The JSON body.
    pub body: Vec<u8>,
    /// What the target protocol could not say: each name once, e.g. `thinking.signature`, `citations`.
    pub dropped: Vec<String>,
    /// What was counted here because the upstream reported no usage.
    pub estimate: Option<Usage>,
    /// What is to be remembered for a caller that cannot send reasoning back.
    pub recollection: Option<Recollection>,
}

impl Translated {
    /// A translated answer after it has passed the stages between.
    pub(crate) fn new(body: Vec<u8>, notes: &Notes, middle: &Middle) -> Self {
        Self {
            body,
            dropped: notes.to_strings(),
            estimate: middle.estimate(),
            recollection: middle.restorer().and_then(Restorer::remember),
        }
    }
}

/// Translates the body of a 200 answer that is no stream, and undoes by `restorer` what its request's translation
/// changed. With the same protocol on both sides it is read and written anew.
///
/// # Errors
/// [`TranslateError::Malformed`] if the body is not what `from` promises, [`TranslateError::UpstreamFailed`] if it holds
/// an error.
pub fn translate_answer(
    from: Protocol,
    to: Protocol,
    body: &[u8],
    ctx: &AnswerContext,
    restorer: Option<Restorer>,
) -> Result<Translated, TranslateError> {
    let mut notes = Notes::default();
    let mut middle = Middle::new(from, ctx, restorer);
    let mut answer = decode(from, body, &mut notes)?;
    middle.answer(&mut answer)?;
    let body = encode(&answer, from, to, ctx, &mut notes)?;
    Ok(Translated::new(body, &notes, &middle))
}

/// Reads a whole answer.
pub(crate) fn decode<'a>(
    from: Protocol,
    body: &'a [u8],
    notes: &mut Notes,
) -> Result<Answer<'a>, TranslateError> {
    match from {
        Protocol::Messages => messages::decode(body),
        Protocol::Chat => chat::decode(body, notes),
        Protocol::Responses => responses::decode(body, notes),
    }
}

/// Writes a whole answer that came from `from`.
pub(crate) fn encode(
    answer: &Answer<'_>,
    from: Protocol,
    to: Protocol,
    ctx: &AnswerContext,
    notes: &mut Notes,
) -> Result<Vec<u8>, TranslateError> {
    let is_own = from == to;
    match to {
        Protocol::Messages => messages::encode(answer, is_own, ctx, notes),
        Protocol::Chat => chat::encode(answer, ctx, notes),
        Protocol::Responses => responses::encode(answer, is_own, ctx, notes),
    }
}
