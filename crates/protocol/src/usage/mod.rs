//! Reads out of answers and streams what the gate has to know: tokens, model, stop reason, how it ended.
//!
//! Each protocol counts in its own way; here all of them become the disjoint buckets of [`Usage`]. The observers
//! only read: the bytes go to the caller untouched.

mod chat;
mod failure;
mod frames;
mod head;
mod messages;
mod observer;
mod openai;
mod output;
mod responses;
mod spoken;
mod tools;
mod wire;

use tollgate_base::Usage;

use crate::Protocol;

pub use failure::{StreamFailure, answer_failure};
pub(crate) use frames::{field, split_line};
pub use head::OutputHead;
pub use observer::StreamObserver;
pub use output::{BYTES_PER_TOKEN, tokens_of_bytes};

/// What an answer, or a stream so far, says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Observed {
    /// The tokens, if the upstream counted them. In a stream: the last count seen, complete only at its end.
    pub usage: Option<Usage>,
    /// Whether `usage` is the upstream's last word, with nothing behind it that it does not cover.
    pub usage_is_final: bool,
    /// The passes that `usage` is the sum of, where the upstream lists them; Messages alone does.
    pub passes: Vec<Pass>,
    /// Bytes of text, reasoning and calls that have come. In a whole answer counted only if it has no usage.
    pub output_bytes: u64,
    /// How a stream's output begins.
    pub output_head: OutputHead,
    /// The model as the upstream names it.
    pub model: Option<String>,
    /// The answer's id.
    pub id: Option<String>,
    /// Why generation ended, in the protocol's own word. For Responses: the reason of an incomplete response, or
    /// else the status.
    pub stop_reason: Option<String>,
    /// The service tier that served the request.
    pub service_tier: Option<String>,
    /// The speed it was served at; Messages alone says one.
    pub speed: Option<String>,
    /// Where inference ran; Messages alone says it.
    pub inference_geo: Option<String>,
    /// Whether anything that the model made has come: an opened but empty part is nothing yet.
    pub output_started: bool,
}

/// One run of a model among those that made an answer: a compaction, a fallback, the answer itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pass {
    /// The model that ran, if it is named.
    pub model: Option<String>,
    /// Its own tokens.
    pub usage: Usage,
}

/// What a frame of a stream is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrameKind {
    /// No data: a comment, or nothing.
    Comment,
    /// A keep-alive event.
    Ping,
    /// Output of the model.
    Content,
    /// Chat: the chunk that has no choices and exists only to carry the usage.
    Usage,
    /// The event that ends a stream well.
    Terminal,
    /// The stream failed.
    Error(StreamFailure),
    /// Anything else: start, status and unknown events.
    Other,
}

/// Reads the body of a successful, not streamed answer.
///
/// # Errors
/// The body is not JSON. Members that are missing or mistyped are no error: they are not observed.
pub fn observe_answer(protocol: Protocol, body: &[u8]) -> Result<Observed, serde_json::Error> {
    let mut observed = match protocol {
        Protocol::Messages => messages::answer(body),
        Protocol::Chat => chat::answer(body),
        Protocol::Responses => responses::answer(body),
    }?;
    observed.usage_is_final = observed.usage.is_some();
    if !observed.usage_is_final {
        observed.output_bytes = spoken::bytes(body);
    }
    Ok(observed)
}

#[cfg(test)]
mod answer_tests;
#[cfg(test)]
mod count_tests;
#[cfg(test)]
mod stream_tests;
