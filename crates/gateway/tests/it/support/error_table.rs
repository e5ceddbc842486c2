//! The table of `docs/errors.md`, and the check that an answer is what it says.

use serde::Deserialize;
use serde_json::Value;
use tollgate_protocol::Dialect;

use super::Reply;

const DOCS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors.md"));

/// One line of the table.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    messages: Cell,
    openai: Cell,
    envelope_status: u16,
    no_retry: bool,
    /// What stands before and behind the message's placeholder.
    message: (String, String),
}

#[derive(Debug, Clone)]
struct Cell {
    status: u16,
    error_type: String,
    code: Option<String>,
}

impl Cell {
    /// `401 `type`` or `401 `type`, code `code``.
    fn read(text: &str) -> Self {
        let status = text.split(' ').next().unwrap().parse().unwrap();
        let mut words = text.split('`').skip(1).step_by(2).map(str::to_owned);
        Self { status, error_type: words.next().unwrap(), code: words.next() }
    }
}

/// The line of a condition, by its name.
pub(crate) fn row(name: &str) -> Row {
    let wanted = format!("`{name}`");
    let cells = DOCS
        .lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect::<Vec<_>>())
        .find(|cells| cells.len() == 7 && cells[1] == wanted)
        .unwrap_or_else(|| panic!("{name} is not in docs/errors.md"));
    let message = cells[6];
    let message = match (message.find('{'), message.rfind('}')) {
        (Some(open), Some(close)) => (message[..open].to_owned(), message[close + 1..].to_owned()),
        _ => (message.to_owned(), String::new()),
    };
    Row {
        messages: Cell::read(cells[2]),
        openai: Cell::read(cells[3]),
        envelope_status: cells[4].parse().unwrap(),
        no_retry: cells[5] == "yes",
        message,
    }
}

impl Row {
    pub(crate) fn status(&self, dialect: Dialect) -> u16 {
        match dialect {
            Dialect::Messages => self.messages.status,
            Dialect::Chat | Dialect::Responses => self.openai.status,
            Dialect::Envelope => self.envelope_status,
        }
    }
}

/// An error body, read strictly: nothing missing, nothing more.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shown {
    pub(crate) error_type: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) param: Option<String>,
    pub(crate) message: String,
    pub(crate) request_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MessagesBody {
    r#type: String,
    error: MessagesError,
    request_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MessagesError {
    r#type: String,
    message: String,
    /// An upstream's own code.
    details: Option<Details>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Details {
    error_code: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenAiBody {
    error: OpenAiError,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenAiError {
    message: String,
    r#type: String,
    #[serde(deserialize_with = "Option::deserialize")]
    param: Option<String>,
    #[serde(deserialize_with = "Option::deserialize")]
    code: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvelopeBody {
    success: bool,
    code: String,
    message: String,
    data: Value,
}

/// Reads an error body in a dialect's form.
#[track_caller]
pub(crate) fn read(dialect: Dialect, body: &[u8]) -> Shown {
    let text = String::from_utf8_lossy(body);
    match dialect {
        Dialect::Messages => {
            let read: MessagesBody = serde_json::from_slice(body).unwrap_or_else(|e| panic!("{e}: {text}"));
            assert_eq!(read.r#type, "error");
            Shown {
                error_type: Some(read.error.r#type),
                code: read.error.details.map(|details| details.error_code),
                param: None,
                message: read.error.message,
                request_id: Some(read.request_id),
            }
        }
        Dialect::Chat | Dialect::Responses => {
            let read: OpenAiBody = serde_json::from_slice(body).unwrap_or_else(|e| panic!("{e}: {text}"));
            let OpenAiError { message, r#type, param, code } = read.error;
            Shown { error_type: Some(r#type), code, param, message, request_id: None }
        }
        Dialect::Envelope => {
            let read: EnvelopeBody = serde_json::from_slice(body).unwrap_or_else(|e| panic!("{e}: {text}"));
            assert!(!read.success && read.data.is_null(), "{text}");
            Shown {
                error_type: None,
                code: Some(read.code),
                param: None,
                message: read.message,
                request_id: None,
            }
        }
    }
}

/// Fails unless the answer has both id headers with one value of the gate's own; the value.
#[track_caller]
pub(crate) fn request_id(reply: &Reply) -> String {
    let id = reply.header("request-id").expect("no request-id");
    assert_eq!(reply.header("x-request-id"), Some(id));
    assert!(id.starts_with("req_") && id.len() == 36, "{id}");
    id.to_owned()
}

/// Fails unless the answer is what the table says of a condition in a dialect; `detail` stands for the placeholder
/// and may be a part of what stands there.
#[track_caller]
pub(crate) fn check(reply: &Reply, dialect: Dialect, name: &str, detail: &str) {
    let row = row(name);
    let body = String::from_utf8_lossy(&reply.body);
    let context = format!("{name} in {dialect:?}: {} {body}", reply.status);
    assert_eq!(reply.status, row.status(dialect), "{context}");
    let id = request_id(reply);
    assert_eq!(reply.header("content-type"), Some("application/json"), "{context}");
    let shown = read(dialect, &reply.body);
    match dialect {
        Dialect::Messages => {
            assert_eq!(shown.error_type.as_ref(), Some(&row.messages.error_type), "{context}");
            assert_eq!((shown.request_id, shown.code), (Some(id), None), "{context}");
        }
        Dialect::Chat | Dialect::Responses => {
            assert_eq!(shown.error_type.as_ref(), Some(&row.openai.error_type), "{context}");
            assert_eq!(shown.code, row.openai.code, "{context}");
        }
        Dialect::Envelope => assert_eq!(shown.code, Some(row.envelope_status.to_string()), "{context}"),
    }
    check_retry(reply, &row, &context);
    check_message(&shown.message, &row, detail, &context);
}

#[track_caller]
fn check_retry(reply: &Reply, row: &Row, context: &str) {
    let expected = row.no_retry.then_some("false");
    assert_eq!(reply.header("x-should-retry"), expected, "x-should-retry of {context}");
    if let Some(seconds) = reply.header("retry-after") {
        let seconds: u32 = seconds.parse().unwrap();
        assert!((1..=60).contains(&seconds) && !row.no_retry, "retry-after {seconds} of {context}");
    }
}

#[track_caller]
fn check_message(message: &str, row: &Row, detail: &str, context: &str) {
    let (before, after) = &row.message;
    // OpenAI's dialects say the wait in the message too.
    let message = message.find(" Please try again in ").map_or(message, |at| &message[..at]);
    let middle = message.strip_prefix(before.as_str()).and_then(|rest| rest.strip_suffix(after.as_str()));
    let middle = middle.unwrap_or_else(|| panic!("the message is not `{before}…{after}`: {context}"));
    assert!(middle.contains(detail), "the message does not hold `{detail}`: {context}");
    // A JSON fault may speak of a brace; a placeholder has a whole pair of them.
    let placeholder = middle.split_once('{').is_some_and(|(_, rest)| rest.contains('}'));
    assert!(!placeholder, "a placeholder is left: {context}");
    assert!(!before.ends_with('.') || middle.is_empty(), "the message goes on: {context}");
}
