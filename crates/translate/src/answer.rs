//! Translation of whole answers.

use crate::calls::Calls;
use crate::error::TranslateError;
use crate::notes::Notes;
use crate::{chat, messages};
use tollgate_protocol::Protocol;

/// What an answer takes from the request it belongs to.
#[derive(Debug, Clone)]
pub struct AnswerContext {
    /// The model by the name the caller used.
    pub model: String,
    /// When the request came, in Unix seconds; Chat answers carry it.
    pub created_at_s: i64,
    /// The gate's id of the request: ids that the upstream left out are made from it.
    pub request_id: String,
    /// Whether a Chat caller asked for the usage chunk (`stream_options.include_usage`).
    pub include_usage: bool,
}

/// A translated answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translated {
    /// The JSON body.
    pub body: Vec<u8>,
    /// What the target protocol could not say: each name once, e.g. `thinking.signature`, `citations`.
    pub dropped: Vec<String>,
}

/// Translates the body of a 200 answer that is no stream.
///
/// # Errors
/// [`TranslateError::Unsupported`] for pairs other than Messages and Chat, [`TranslateError::Malformed`] if the body is
/// not what `from` promises, [`TranslateError::UpstreamFailed`] if it holds an error.
pub fn translate_answer(
    from: Protocol,
    to: Protocol,
    body: &[u8],
    ctx: &AnswerContext,
) -> Result<Vec<u8>, TranslateError> {
    translate_answer_noted(from, to, body, ctx).map(|translated| translated.body)
}

/// As [`translate_answer`], and says what was left out.
///
/// # Errors
/// As [`translate_answer`].
pub fn translate_answer_noted(
    from: Protocol,
    to: Protocol,
    body: &[u8],
    ctx: &AnswerContext,
) -> Result<Translated, TranslateError> {
    let mut notes = Notes::default();
    let body = match (from, to) {
        (Protocol::Messages, Protocol::Chat) => {
            let mut answer = messages::decode(body)?;
            Calls::new(from).answer(&mut answer)?;
            chat::encode(&answer, ctx, &mut notes)?
        }
        (Protocol::Chat, Protocol::Messages) => {
            let mut answer = chat::decode(body, &mut notes)?;
            Calls::new(from).answer(&mut answer)?;
            messages::encode(&answer, ctx, &mut notes)?
        }
        _ => return Err(TranslateError::Unsupported { from, to }),
    };
    Ok(Translated { body, dropped: notes.to_strings() })
}
