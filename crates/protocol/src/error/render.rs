//! Writes an error in a dialect: as a JSON body, or as an event inside a stream that is already running.

use std::collections::BTreeMap;

use serde::Serialize;

use super::present::{Presented, present};
use super::{ApiError, ErrorKind};
use crate::Dialect;

/// What an error inside a running stream has to fit in with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StreamErrorContext {
    /// The id the stream has shown so far; `None` makes one from the request id.
    pub response_id: Option<String>,
    /// The model as the caller named it.
    pub model: String,
    /// Seconds since the epoch.
    pub created_at: i64,
    /// The number of the next event of a Responses stream.
    pub next_sequence: u64,
}

/// Anthropic's error body. <https://docs.claude.com/en/api/errors>
#[derive(Serialize)]
struct MessagesBody<'a> {
    r#type: &'static str,
    error: MessagesError<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

#[derive(Serialize)]
struct MessagesError<'a> {
    r#type: &'a str,
    message: &'a str,
    /// Only what an upstream gave: Anthropic's finer code, which its clients branch on.
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<MessagesDetails<'a>>,
}

#[derive(Serialize)]
struct MessagesDetails<'a> {
    error_code: &'a str,
}

/// OpenAI's error body, of Chat and of Responses. <https://platform.openai.com/docs/guides/error-codes>
#[derive(Serialize)]
struct OpenAiBody<'a> {
    error: OpenAiError<'a>,
}

#[derive(Serialize)]
struct OpenAiError<'a> {
    message: &'a str,
    r#type: &'a str,
    param: Option<&'a str>,
    code: Option<&'a str>,
}

/// The envelope's failure; inside a stream it also holds `error`, which is what makes a Chat client stop.
#[derive(Serialize)]
struct EnvelopeBody<'a> {
    success: bool,
    code: String,
    message: &'a str,
    data: Option<()>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<OpenAiError<'a>>,
}

/// <https://platform.openai.com/docs/api-reference/responses-streaming/response/failed>
#[derive(Serialize)]
struct FailedEvent<'a> {
    r#type: &'static str,
    sequence_number: u64,
    response: FailedResponse<'a>,
}

/// A response object with every member that the official SDKs read without asking whether it is there. `()` is
/// null, `[(); 0]` an empty list.
#[derive(Serialize, Default)]
struct FailedResponse<'a> {
    id: String,
    object: &'static str,
    created_at: i64,
    status: &'static str,
    error: FailedError<'a>,
    incomplete_details: (),
    instructions: (),
    max_output_tokens: (),
    metadata: BTreeMap<String, ()>,
    model: &'a str,
    output: [(); 0],
    parallel_tool_calls: bool,
    previous_response_id: (),
    temperature: (),
    tool_choice: &'static str,
    tools: [(); 0],
    top_p: (),
    usage: (),
}

#[derive(Serialize, Default)]
struct FailedError<'a> {
    code: &'a str,
    message: &'a str,
}

impl<'a> OpenAiError<'a> {
    fn of(shown: &'a Presented<'a>) -> Self {
        Self { message: &shown.message, r#type: shown.error_type, param: shown.param, code: shown.code }
    }
}

/// The JSON body of an error answer. Its status is [`ApiError::status`].
#[must_use]
pub fn render_body(error: &ApiError, dialect: Dialect, request_id: &str) -> Vec<u8> {
    let shown = present(error, dialect);
    match dialect {
        Dialect::Messages => messages_body(error, &shown, request_id),
        Dialect::Chat | Dialect::Responses => json_bytes(&OpenAiBody { error: OpenAiError::of(&shown) }),
        Dialect::Envelope => envelope_body(&shown, None),
    }
}

fn messages_body(error: &ApiError, shown: &Presented<'_>, request_id: &str) -> Vec<u8> {
    // Clients compare this one body as a whole, so it carries nothing beyond the documented members.
    let bare = error.kind == ErrorKind::TokenCountingUnsupported;
    json_bytes(&MessagesBody {
        r#type: "error",
        error: MessagesError {
            r#type: shown.error_type,
            message: &shown.message,
            details: shown.code.map(|error_code| MessagesDetails { error_code }),
        },
        request_id: (!bare).then_some(request_id),
    })
}

fn envelope_body(shown: &Presented<'_>, inner: Option<OpenAiError<'_>>) -> Vec<u8> {
    json_bytes(&EnvelopeBody {
        success: false,
        code: shown.status.to_string(),
        message: &shown.message,
        data: None,
        error: inner,
    })
}

/// The error as the last frame of a stream that is already running, blank line included. Nothing may follow it:
/// in particular no `[DONE]`, which would make the stream look whole.
#[must_use]
pub fn render_stream_event(
    error: &ApiError,
    dialect: Dialect,
    request_id: &str,
    context: &StreamErrorContext,
) -> Vec<u8> {
    let shown = present(error, dialect);
    match dialect {
        Dialect::Messages => sse(Some("error"), &messages_body(error, &shown, request_id)),
        Dialect::Chat => sse(None, &json_bytes(&OpenAiBody { error: OpenAiError::of(&shown) })),
        Dialect::Responses => {
            sse(Some("response.failed"), &json_bytes(&failed_event(&shown, request_id, context)))
        }
        Dialect::Envelope => sse(None, &envelope_body(&shown, Some(OpenAiError::of(&shown)))),
    }
}

/// `response.failed` rather than `error`: Codex obeys the first and ignores the second.
fn failed_event<'a>(
    shown: &'a Presented<'a>,
    request_id: &str,
    context: &'a StreamErrorContext,
) -> FailedEvent<'a> {
    FailedEvent {
        r#type: "response.failed",
        sequence_number: context.next_sequence,
        response: FailedResponse {
            id: context.response_id.clone().unwrap_or_else(|| format!("resp_{request_id}")),
            object: "response",
            created_at: context.created_at,
            status: "failed",
            error: FailedError { code: shown.failed_code, message: &shown.message },
            model: &context.model,
            parallel_tool_calls: true,
            tool_choice: "auto",
            ..FailedResponse::default()
        },
    }
}

fn sse(event: Option<&str>, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + 40);
    tollgate_sse::write_event(&mut out, event, data);
    out
}

/// Serializing these types cannot fail: string keys only, no foreign `Serialize`.
fn json_bytes<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
