//! The endpoints whose bodies the gate reads, and what each implies.

use crate::{Dialect, Protocol};

/// An endpoint that takes a body with a model in it. Aliases of a path are the same endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    /// `POST /v1/messages`.
    Messages,
    /// `POST /v1/messages/count_tokens`.
    CountTokens,
    /// `POST /v1/chat/completions`.
    Chat,
    /// `POST /v1/responses`.
    Responses,
    /// `POST /v1/responses/input_tokens`.
    ResponsesInputTokens,
    /// `POST /v1/responses/compact`.
    ResponsesCompact,
    /// `POST /api/v1/messages`: a Messages body, an answer in the envelope.
    EnvelopeMessages,
    /// `POST /api/v1/chat/completions`: a Chat body, an answer in the envelope.
    EnvelopeChat,
}

impl Endpoint {
    /// Every endpoint.
    pub const ALL: [Self; 8] = [
        Self::Messages,
        Self::CountTokens,
        Self::Chat,
        Self::Responses,
        Self::ResponsesInputTokens,
        Self::ResponsesCompact,
        Self::EnvelopeMessages,
        Self::EnvelopeChat,
    ];

    /// The protocol of the request body.
    #[must_use]
    pub const fn protocol(self) -> Protocol {
        match self {
            Self::Messages | Self::CountTokens | Self::EnvelopeMessages => Protocol::Messages,
            Self::Chat | Self::EnvelopeChat => Protocol::Chat,
            Self::Responses | Self::ResponsesInputTokens | Self::ResponsesCompact => Protocol::Responses,
        }
    }

    /// How answers and errors of this endpoint are written.
    #[must_use]
    pub const fn dialect(self) -> Dialect {
        match self {
            Self::EnvelopeMessages | Self::EnvelopeChat => Dialect::Envelope,
            _ => self.protocol().dialect(),
        }
    }

    /// The endpoint's main path at the gate, which is also its name in usage records.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::EnvelopeMessages => "/api/v1/messages",
            Self::EnvelopeChat => "/api/v1/chat/completions",
            _ => self.upstream_path(),
        }
    }

    /// The path at an upstream that speaks the same protocol.
    #[must_use]
    pub const fn upstream_path(self) -> &'static str {
        match self {
            Self::Messages | Self::EnvelopeMessages => "/v1/messages",
            Self::CountTokens => "/v1/messages/count_tokens",
            Self::Chat | Self::EnvelopeChat => "/v1/chat/completions",
            Self::Responses => "/v1/responses",
            Self::ResponsesInputTokens => "/v1/responses/input_tokens",
            Self::ResponsesCompact => "/v1/responses/compact",
        }
    }

    /// Whether the endpoint only counts tokens: no slot, no usage record, no charge.
    #[must_use]
    pub const fn counts_only(self) -> bool {
        matches!(self, Self::CountTokens | Self::ResponsesInputTokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelope_endpoints_differ_only_in_dialect_and_path() {
        for (envelope, plain) in
            [(Endpoint::EnvelopeMessages, Endpoint::Messages), (Endpoint::EnvelopeChat, Endpoint::Chat)]
        {
            assert_eq!(envelope.protocol(), plain.protocol());
            assert_eq!(envelope.upstream_path(), plain.path());
            assert_eq!(envelope.dialect(), Dialect::Envelope);
            assert_eq!(envelope.path(), format!("/api{}", plain.path()));
        }
    }

    #[test]
    fn paths_are_distinct() {
        let mut paths: Vec<_> = Endpoint::ALL.iter().map(|e| e.path()).collect();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), Endpoint::ALL.len());
    }
}
