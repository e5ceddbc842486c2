//! The shape in which a caller wants its answer.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use tollgate_base::KeyId;
use tollgate_protocol::{Dialect, Endpoint, Protocol, Style};
use tollgate_translate::ResponsesEcho;

/// The shape in which a caller wants its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// As the endpoint's protocol has it.
    Native,
    /// A Chat request whose answer is written as a Messages answer (`style: "claude"`).
    Claude,
    /// The envelope around a Chat answer, asked for with a Messages or a Chat body.
    Envelope,
}

impl Shape {
    pub(crate) fn of(endpoint: Endpoint, style: Option<Style>) -> Self {
        match (endpoint, style) {
            (Endpoint::EnvelopeMessages | Endpoint::EnvelopeChat, _) => Self::Envelope,
            (Endpoint::Chat, Some(Style::Claude)) => Self::Claude,
            _ => Self::Native,
        }
    }

    /// The dialect in which errors of such a request are written.
    pub(crate) fn dialect(self, endpoint: Endpoint) -> Dialect {
        if self == Self::Claude { Dialect::Messages } else { endpoint.dialect() }
    }

    /// The protocol in which the answer is written.
    pub(crate) fn protocol(self, endpoint: Endpoint) -> Protocol {
        match self {
            Self::Native => endpoint.protocol(),
            Self::Claude => Protocol::Messages,
            Self::Envelope => Protocol::Chat,
        }
    }
}

/// What the answer has to know of its request.
pub(crate) struct Asked<'a> {
    pub(crate) headers: &'a HeaderMap,
    pub(crate) endpoint: Endpoint,
    pub(crate) shape: Shape,
    pub(crate) dialect: Dialect,
    /// The model as the caller wrote it.
    pub(crate) model: String,
    /// The gate asked the upstream for the usage chunk; the caller did not.
    pub(crate) hide_usage: bool,
    pub(crate) key: KeyId,
    pub(crate) body: &'a [u8],
    /// Set for Responses callers.
    pub(crate) responses: Option<AskedResponse>,
}

/// What a Responses caller's answer repeats of the request, and what is kept of it.
pub(crate) struct AskedResponse {
    pub(crate) echo: Arc<ResponsesEcho>,
    /// The request's body, if the response is to be kept.
    pub(crate) keep: Option<Bytes>,
    pub(crate) previous_id: Option<String>,
}

impl Asked<'_> {
    /// The protocol in which the answer is written.
    pub(crate) fn protocol(&self) -> Protocol {
        self.shape.protocol(self.endpoint)
    }
}
