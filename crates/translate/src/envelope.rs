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
use crate::middle::Middle;
use crate::notes::Notes;
use crate::restore::Restorer;
use crate::tally::Tally;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tollgate_base::Usage;
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

/// Makes the envelope's `data` of the body of a 200 answer that is no stream, and undoes by `restorer` what its request's
/// translation changed.
///
/// Where there is nothing to undo, a Chat answer's `choices` and `usage` are taken as they are, all choices of them.
///
/// # Errors
/// As [`crate::translate_answer`].
pub fn envelope_data(
    from: Protocol,
    body: &[u8],
    ctx: &AnswerContext,
    restorer: Option<Restorer>,
) -> Result<Translated, TranslateError> {
    let restorer = restorer.filter(|restorer| !restorer.is_idle());
    if from == Protocol::Chat && restorer.is_none() {
        return of_chat(body, ctx);
    }
    let mut notes = Notes::default();
    let mut middle = Middle::new(from, ctx, restorer);
    let mut answer = decode(from, body, &mut notes)?;
    middle.answer(&mut answer)?;
    let choice = chat::encode_choice(&answer, ctx, &mut notes).into_envelope_form();
    let data = DataOut {
        id: &chat::completion_id(&answer.id, &ctx.request_id),
        model: &ctx.model,
        choices: [choice],
        usage: chat::UsageOut::from(&answer.finish.usage),
    };
    let body = serde_json::to_vec(&data).map_err(TranslateError::Encode)?;
    Ok(Translated::new(body, &notes, &middle))
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
    let estimate = if completion.usage.is_none() { estimate(choices, ctx)? } else { None };
    let data = DataOut {
        id: &chat::completion_id(id.as_str(), &ctx.request_id),
        model: &ctx.model,
        choices,
        usage: match &estimate {
            Some(estimate) => UsageData::Counted(chat::UsageOut::from(estimate)),
            None => UsageData::Reported(completion.usage),
        },
    };
    let body = serde_json::to_vec(&data).map_err(TranslateError::Encode)?;
    Ok(Translated { body, dropped: Vec::new(), estimate, recollection: None })
}

/// The usage as the upstream reported it, or as it was counted here.
#[derive(Serialize)]
#[serde(untagged)]
enum UsageData<'a> {
    Reported(Option<&'a RawValue>),
    Counted(chat::UsageOut),
}

/// What all choices of an answer without usage come to.
fn estimate(choices: &RawValue, ctx: &AnswerContext) -> Result<Option<Usage>, TranslateError> {
    let Some(input_tokens) = ctx.estimated_input_tokens else { return Ok(None) };
    let bad = |e| TranslateError::bad_json(Protocol::Chat, &e);
    let choices: Vec<&RawValue> = serde_json::from_str(choices.get()).map_err(bad)?;
    let mut tally = Tally::new(input_tokens);
    for choice in choices {
        let body = [r#"{"choices":["#, choice.get(), "]}"].concat();
        tally.answer(&mut chat::decode(body.as_bytes(), &mut Notes::default())?);
    }
    Ok(tally.estimate())
}
