//! The kinds of call that callers make: each with its path, body and dialect.

use serde_json::{Value, json};
use tollgate_protocol::{Dialect, Protocol};

use super::{Call, World};

pub(crate) const CLAUDE: &str = "claude-sonnet-5-5";
pub(crate) const GPT: &str = "gpt-5.5";

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Messages,
    Chat,
    Responses,
    EnvelopeMessages,
    EnvelopeChat,
    /// Chat with `style: "claude"`.
    StyleClaude,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] = [
        Self::Messages,
        Self::Chat,
        Self::Responses,
        Self::EnvelopeMessages,
        Self::EnvelopeChat,
        Self::StyleClaude,
    ];
    /// The three protocols as they are.
    pub(crate) const NATIVE: [Self; 3] = [Self::Messages, Self::Chat, Self::Responses];

    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Messages => "/v1/messages",
            Self::Chat | Self::StyleClaude => "/v1/chat/completions",
            Self::Responses => "/v1/responses",
            Self::EnvelopeMessages => "/api/v1/messages",
            Self::EnvelopeChat => "/api/v1/chat/completions",
        }
    }

    /// The protocol of body and upstream.
    pub(crate) const fn protocol(self) -> Protocol {
        match self {
            Self::Messages | Self::EnvelopeMessages => Protocol::Messages,
            Self::Chat | Self::EnvelopeChat | Self::StyleClaude => Protocol::Chat,
            Self::Responses => Protocol::Responses,
        }
    }

    /// The protocol of the answer, in the envelope or not.
    pub(crate) const fn answer_protocol(self) -> Protocol {
        match self {
            Self::Messages | Self::StyleClaude => Protocol::Messages,
            Self::Chat | Self::EnvelopeMessages | Self::EnvelopeChat => Protocol::Chat,
            Self::Responses => Protocol::Responses,
        }
    }

    /// In which dialect errors are written once the body is understood.
    pub(crate) const fn dialect(self) -> Dialect {
        match self {
            Self::Messages | Self::StyleClaude => Dialect::Messages,
            Self::Chat => Dialect::Chat,
            Self::Responses => Dialect::Responses,
            Self::EnvelopeMessages | Self::EnvelopeChat => Dialect::Envelope,
        }
    }

    /// In which dialect errors are written before the body is read: `style` stands in the body.
    pub(crate) const fn early_dialect(self) -> Dialect {
        match self {
            Self::StyleClaude => Dialect::Chat,
            other => other.dialect(),
        }
    }

    pub(crate) const fn is_messages(self) -> bool {
        matches!(self, Self::Messages | Self::EnvelopeMessages)
    }

    /// A model that the kind's default group serves.
    pub(crate) const fn model(self) -> &'static str {
        if self.is_messages() { CLAUDE } else { GPT }
    }

    pub(crate) fn body(self, model: &str, prompt: &str, stream: bool) -> Value {
        let messages = json!([{"role": "user", "content": prompt}]);
        let mut body = match self {
            Self::Messages | Self::EnvelopeMessages => {
                json!({"model": model, "max_tokens": 1000, "messages": messages})
            }
            Self::Chat | Self::EnvelopeChat => json!({"model": model, "messages": messages}),
            Self::StyleClaude => json!({"model": model, "style": "claude", "messages": messages}),
            Self::Responses => json!({"model": model, "input": prompt}),
        };
        if stream {
            body["stream"] = json!(true);
        }
        body
    }

    /// A call by the world's caller, with directives for the sandbox as its prompt.
    pub(crate) fn call(self, world: &World, directives: &str, stream: bool) -> Call {
        self.call_with(world.key(self), self.model(), directives, stream)
    }

    pub(crate) fn call_with(self, key: &str, model: &str, directives: &str, stream: bool) -> Call {
        let prompt = format!("Hello. [[sandbox {directives}]]");
        let call = Call::json(self.path(), &self.body(model, &prompt, stream));
        if key.is_empty() { call } else { call.bearer(key) }
    }
}
