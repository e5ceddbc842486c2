//! Which wire format a request or an answer is written in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A model protocol: what a client or an upstream speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// Anthropic Messages, `POST /v1/messages`.
    Messages,
    /// OpenAI Chat Completions, `POST /v1/chat/completions`.
    Chat,
    /// OpenAI Responses, `POST /v1/responses`.
    Responses,
}

impl Protocol {
    /// Every protocol.
    pub const ALL: [Self; 3] = [Self::Messages, Self::Chat, Self::Responses];

    /// The name in configuration, records and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Chat => "chat",
            Self::Responses => "responses",
        }
    }

    /// How this protocol words an answer and an error.
    #[must_use]
    pub const fn dialect(self) -> Dialect {
        match self {
            Self::Messages => Dialect::Messages,
            Self::Chat => Dialect::Chat,
            Self::Responses => Dialect::Responses,
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a protocol: expected messages, chat or responses")]
pub struct UnknownProtocol(String);

impl FromStr for Protocol {
    type Err = UnknownProtocol;

    fn from_str(text: &str) -> Result<Self, UnknownProtocol> {
        Self::ALL.into_iter().find(|p| p.as_str() == text).ok_or_else(|| UnknownProtocol(text.to_owned()))
    }
}

/// How an answer or an error is written for the caller.
///
/// It is the protocol's own form, or the envelope of the `/api/v1` endpoints around either of two protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// Anthropic Messages.
    Messages,
    /// OpenAI Chat Completions.
    Chat,
    /// OpenAI Responses.
    Responses,
    /// `{"success", "code", "message", "data"}`.
    Envelope,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 4] = [Self::Messages, Self::Chat, Self::Responses, Self::Envelope];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_in_text_and_json() {
        for protocol in Protocol::ALL {
            assert_eq!(protocol.to_string().parse(), Ok(protocol));
            assert_eq!(serde_json::to_string(&protocol).unwrap(), format!("\"{protocol}\""));
        }
        let error = "grpc".parse::<Protocol>().unwrap_err();
        assert_eq!(error.to_string(), "`grpc` is not a protocol: expected messages, chat or responses");
    }
}
