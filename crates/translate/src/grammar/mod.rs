//! What each protocol's output must look like: an automaton over the frames of a stream, and checks of whole answers
//! and requests. They are an oracle for tests, fuzzers and debug builds, not a filter: the gate's own output is held
//! against them, never an upstream's.
//!
//! A rule has a stable short name; [`RULES`] lists them with their meaning. There is a rule for each thing the official
//! SDKs' accumulators throw on, and for each thing that makes them lose something without a word.
//!
//! Decided where the protocols are silent: an empty text delta is allowed (providers send it, clients read past it),
//! and so is a repeated `response.in_progress` (a keep-alive).

mod answer;
mod chat;
mod kept;
mod messages;
mod read;
mod request;
mod responses;
mod responses_item;
mod rules;
#[cfg(test)]
mod tests;
mod watch;

pub use rules::RULES;
pub use watch::Watch;

use tollgate_protocol::Protocol;

/// A rule that was broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{rule}: {detail}")]
pub struct Broken {
    /// The rule's short name, one of [`RULES`].
    pub rule: &'static str,
    /// Where and how.
    pub detail: String,
}

/// How a stream that kept the rules ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// With its terminal event.
    Well,
    /// With its dialect's error event.
    WithError,
}

/// Follows one stream.
#[derive(Debug)]
pub struct Grammar {
    stream: Stream,
    /// Whether what a model wrote as a tool's input is judged too.
    inputs: bool,
}

#[derive(Debug)]
enum Stream {
    Messages(messages::Stream),
    Chat(chat::Stream),
    Responses(responses::Stream),
}

impl Grammar {
    /// The grammar of one stream.
    #[must_use]
    pub fn new(protocol: Protocol) -> Self {
        let stream = match protocol {
            Protocol::Messages => Stream::Messages(messages::Stream::default()),
            Protocol::Chat => Stream::Chat(chat::Stream::default()),
            Protocol::Responses => Stream::Responses(responses::Stream::default()),
        };
        Self { stream, inputs: true }
    }

    /// The same without the rule `tool_input`. A tool's input is the model's own text, passed on as it comes: where the
    /// upstream is not known to write JSON, its mistake is not the translator's.
    #[must_use]
    pub fn with_any_input(mut self) -> Self {
        self.inputs = false;
        self
    }

    /// Takes the next frame. One without name and data is a comment, which is allowed everywhere.
    ///
    /// # Errors
    /// The rule that the frame breaks. What follows it is judged as if the frame had not been there.
    pub fn frame(&mut self, event: &str, data: &[u8]) -> Result<(), Broken> {
        if event.is_empty() && data.is_empty() {
            return Ok(());
        }
        let result = match &mut self.stream {
            Stream::Messages(stream) => stream.frame(event, data),
            Stream::Chat(stream) => stream.frame(event, data),
            Stream::Responses(stream) => stream.frame(event, data),
        };
        result.or_else(|broken| if self.excuses(&broken) { Ok(()) } else { Err(broken) })
    }

    /// The stream is over.
    ///
    /// # Errors
    /// The rule `cut`, if neither the terminal event nor an error was there.
    pub fn end(&mut self) -> Result<Ended, Broken> {
        match &self.stream {
            Stream::Messages(stream) => stream.end(),
            Stream::Chat(stream) => stream.end(),
            Stream::Responses(stream) => stream.end(),
        }
    }

    fn excuses(&self, broken: &Broken) -> bool {
        !self.inputs && broken.rule == "tool_input"
    }
}

/// Holds the body of a 200 answer that is no stream against its protocol.
///
/// # Errors
/// The first rule that is broken.
pub fn check_answer(protocol: Protocol, body: &[u8]) -> Result<(), Broken> {
    let body = read::parse(body)?;
    match protocol {
        Protocol::Messages => answer::messages(&body),
        Protocol::Chat => answer::chat(&body),
        Protocol::Responses => answer::responses(&body),
    }
}

/// Holds the body of a generating request against what a strict provider takes.
///
/// # Errors
/// The first rule that is broken.
pub fn check_request(protocol: Protocol, body: &[u8]) -> Result<(), Broken> {
    let body = read::parse(body)?;
    match protocol {
        Protocol::Messages => request::messages(&body),
        Protocol::Chat => request::chat(&body),
        Protocol::Responses => request::responses(&body),
    }
}
