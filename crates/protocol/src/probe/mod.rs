//! One validating pass over a request body, which borrows what routing, billing and splicing need.
//!
//! The body is forwarded as it came, so the gate and the upstream must read the same thing in it: the whole body
//! has to be JSON, names are compared after unescaping, and a second occurrence of a field the gate reads is
//! refused. All other fields are left to the upstream.

mod fault;
mod fields;
mod foreign;
mod inside;
mod prefix;
mod read;
mod scalar;
mod scan;
mod stack;
mod string;

use std::borrow::Cow;

pub use foreign::{Foreign, LeftOut, leave_out_reasoning};
pub use prefix::conversation_prefix;

use crate::{ApiError, Endpoint};

/// A range of bytes in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// Behind the last byte.
    pub end: usize,
}

/// What the gate reads in a request body. A field sent as `null` counts as absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe<'a> {
    /// `model`, not empty.
    pub model: Cow<'a, str>,
    /// The JSON string of the model, with its quotes.
    pub model_span: Span,
    /// `stream`; never set for `count_tokens`.
    pub stream: bool,
    /// `max_tokens`; in Chat `max_completion_tokens` if it is there; in Responses `max_output_tokens`. 0 is legal.
    pub max_tokens: Option<u64>,
    /// Whom the caller serves: `metadata.user_id` in Messages, else `safety_identifier`, else `user`.
    pub user_id: Option<Cow<'a, str>>,
    /// `prompt_cache_key` of Chat and Responses.
    pub session_hint: Option<Cow<'a, str>>,
    /// `previous_response_id` of Responses.
    pub previous_response_id: Option<Cow<'a, str>>,
    /// `conversation` of Responses: its id, whether it stands as a text or in an object.
    pub conversation: Option<Cow<'a, str>>,
    /// `store` of Chat and Responses.
    pub store: Option<bool>,
    /// `service_tier`.
    pub service_tier: Option<Cow<'a, str>>,
    /// `style` of Chat, which is the gate's own.
    pub style: Option<Style>,
    /// Where the members are that the gate may edit.
    pub members: Members,
    /// `stream_options.include_usage` of Chat.
    pub include_usage: Option<bool>,
    /// `n` of Chat; 1 if absent.
    pub n: u64,
    /// Where `tools` is, if it has elements.
    pub tools: Option<Span>,
    /// Where thinking is asked for: `thinking` in Messages, `reasoning_effort` in Chat, `reasoning` in Responses.
    pub thinking: Option<Span>,
    /// Where a form of the answer is asked for: `output_config` in Messages, `response_format` in Chat, `text` in
    /// Responses.
    pub format: Option<Span>,
}

/// In which protocol a Chat caller wants the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Style {
    /// As a Chat Completions answer.
    Openai,
    /// As an Anthropic Messages answer.
    Claude,
}

/// Where the top-level members are that the gate may edit, and where one can be inserted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Members {
    /// Right behind the body's opening brace.
    pub open: usize,
    /// How many members the body has.
    pub count: u32,
    /// `style`, even if `null`.
    pub style: Option<Member>,
    /// `stream_options`, even if `null`.
    pub stream_options: Option<Member>,
    /// The inside of `stream_options` if it is an object.
    pub options: Option<Nested>,
    /// The member that [`Probe::max_tokens`] was read from.
    pub max_tokens: Option<Member>,
    /// What `count_tokens` does not take, in the body's order.
    pub not_counted: Vec<Member>,
}

/// One member of the body's object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// The name, with its quotes.
    pub key: Span,
    /// The value.
    pub value: Span,
    /// How many members come before it.
    pub index: u32,
    /// The comma before it, unless it is the first.
    pub comma_before: Option<usize>,
    /// The comma behind it, unless it is the last.
    pub comma_after: Option<usize>,
}

/// The inside of the `stream_options` object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nested {
    /// Right behind its opening brace.
    pub open: usize,
    /// Whether it has no members.
    pub is_empty: bool,
    /// The value of `include_usage`, whatever it is.
    pub include_usage: Option<Span>,
}

/// Checks a body and reads what the gate needs of it.
///
/// # Errors
/// [`InvalidJson`](crate::ErrorKind::InvalidJson) with line and column if the body is not one JSON object in UTF-8,
/// or is nested more than 256 levels deep. [`InvalidField`](crate::ErrorKind::InvalidField) with the field's name
/// if one that the gate reads is missing, mistyped or given twice.
#[allow(clippy::result_large_err, reason = "an error ends the request, so its size costs nothing")]
pub fn probe(body: &[u8], endpoint: Endpoint) -> Result<Probe<'_>, ApiError> {
    let json_error = |fault: fault::Fault| fault.into_error(body);
    let text = simdutf8::basic::from_utf8(body).map_err(|_| json_error(fault::Fault::not_utf8(body)))?;
    let mut reader = read::Reader::new(text, endpoint);
    reader.read().map_err(json_error)?;
    reader.finish().map_err(fault::FieldFault::into_error)
}

#[cfg(test)]
mod tests;
