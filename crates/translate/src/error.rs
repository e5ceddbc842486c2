//! Why a request, an answer or a stream could not be translated.

use tollgate_protocol::{Protocol, StreamFailure, read_upstream_error};

/// Why a request, an answer, or a frame of a stream could not be translated.
#[derive(Debug, thiserror::Error)]
pub enum TranslateError {
    /// The upstream's bytes are not what its protocol promises.
    #[error("the upstream's {protocol} answer is malformed: {what}")]
    Malformed {
        /// What the upstream was to speak.
        protocol: Protocol,
        /// What is wrong; no content of the answer.
        what: String,
    },
    /// The upstream reported a failure inside a stream, or in a body with status 200.
    #[error("the upstream reported a failure: {}", failure.message)]
    UpstreamFailed {
        /// What it said.
        failure: StreamFailure,
    },
    /// The caller's body is not what its protocol promises.
    #[error("{field}: {what}")]
    BadRequest {
        /// Where, such as `messages.2.content.0.source`.
        field: String,
        /// What is wrong with it.
        what: String,
    },
    /// The caller asks for something that the upstream's protocol or model cannot do, and an answer without it would be
    /// another answer.
    #[error("{field}: {why}")]
    Refused {
        /// The field that asks.
        field: String,
        /// Why it cannot be had.
        why: String,
    },
    /// The stream made the translator keep more than it may.
    #[error("the upstream's stream needs more than {limit} {unit} to be kept for translation")]
    TooMuchHeld {
        /// The bound.
        limit: usize,
        /// What is counted: `bytes` or `parts`.
        unit: &'static str,
    },
    /// The translation could not be written as JSON.
    #[error("the translation could not be written: {0}")]
    Encode(serde_json::Error),
}

impl TranslateError {
    /// A caller's body with something wrong at `field`.
    pub(crate) fn bad_request(field: impl Into<String>, what: impl Into<String>) -> Self {
        Self::BadRequest { field: field.into(), what: what.into() }
    }

    /// Something that cannot be had, asked for by `field`.
    pub(crate) fn refused(field: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Refused { field: field.into(), why: why.into() }
    }

    /// A malformed answer of `protocol`.
    pub(crate) fn malformed(protocol: Protocol, what: impl Into<String>) -> Self {
        Self::Malformed { protocol, what: what.into() }
    }

    /// A failure that the upstream reported in `data`: an error event, or a body with status 200.
    pub(crate) fn upstream_failed(protocol: Protocol, data: &[u8]) -> Self {
        let read = read_upstream_error(protocol, 502, data);
        let failure = StreamFailure::new(read.error_type, read.code, Some(read.message));
        Self::UpstreamFailed { failure }
    }

    /// A body or frame that is not the JSON it should be. Only the place and the kind of mistake are told:
    /// the parser's own words may hold content.
    pub(crate) fn bad_json(protocol: Protocol, error: &serde_json::Error) -> Self {
        let kind = match error.classify() {
            serde_json::error::Category::Eof => "unfinished JSON",
            serde_json::error::Category::Data => "JSON of an unexpected shape",
            serde_json::error::Category::Syntax | serde_json::error::Category::Io => "not JSON",
        };
        Self::malformed(protocol, format!("{kind} at line {} column {}", error.line(), error.column()))
    }
}
