//! Which protocol is spoken with an account: the caller's own where the account has it, else the one that loses least.

use tollgate_protocol::Protocol;
use tollgate_translate::traits::ModelTraits;

use crate::account::BaseUrls;

/// The protocols that an account speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Protocols(u8);

impl Protocols {
    pub(crate) fn of(urls: &BaseUrls) -> Self {
        let spoken = Protocol::ALL.into_iter().filter(|protocol| urls.get(*protocol).is_some());
        Self(spoken.fold(0, |bits, protocol| bits | bit(protocol)))
    }

    #[inline]
    const fn has(self, protocol: Protocol) -> bool {
        self.0 & bit(protocol) != 0
    }
}

const fn bit(protocol: Protocol) -> u8 {
    match protocol {
        Protocol::Messages => 1,
        Protocol::Chat => 2,
        Protocol::Responses => 4,
    }
}

/// Where a model is at home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Habits {
    is_claude: bool,
    /// OpenAI serves it in Responses only, or with tools only there.
    responses_only: bool,
    responses_for_tools: bool,
}

impl Habits {
    pub(crate) fn of(upstream_model: &str, traits: &ModelTraits) -> Self {
        Self {
            is_claude: upstream_model.contains("claude"),
            responses_only: traits.responses_only,
            responses_for_tools: traits.chat_tools_without_reasoning,
        }
    }
}

/// How a request may be spoken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Speech {
    /// The protocol the caller speaks.
    pub(crate) caller: Protocol,
    /// Whether another will do.
    pub(crate) translate: bool,
    /// Whether it brings tools.
    pub(crate) tools: bool,
}

/// The protocol to speak with an account, or `None` if it has none that may be used.
///
/// Where translation is not allowed only the caller's own protocol will do.
#[inline]
pub(crate) fn spoken_with(spoken: Protocols, habits: Habits, speech: Speech) -> Option<Protocol> {
    let Speech { caller, translate, tools } = speech;
    let better_elsewhere = translate
        && caller == Protocol::Chat
        && spoken.has(Protocol::Responses)
        && (habits.responses_only || tools && habits.responses_for_tools);
    if spoken.has(caller) && !better_elsewhere {
        return Some(caller);
    }
    if !translate {
        return None;
    }
    by_preference(caller, habits.is_claude).into_iter().find(|protocol| spoken.has(*protocol))
}

/// The other protocols, best first. Claude is at home in Messages. Elsewhere Responses says more than Chat (reasoning
/// comes back intact, every model takes tools on it), and Chat is what most providers do best.
const fn by_preference(caller: Protocol, is_claude: bool) -> [Protocol; 2] {
    match caller {
        Protocol::Messages => [Protocol::Responses, Protocol::Chat],
        Protocol::Chat if is_claude => [Protocol::Messages, Protocol::Responses],
        Protocol::Chat => [Protocol::Responses, Protocol::Messages],
        Protocol::Responses if is_claude => [Protocol::Messages, Protocol::Chat],
        Protocol::Responses => [Protocol::Chat, Protocol::Messages],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(
        spoken: &[Protocol],
        caller: Protocol,
        model: &str,
        translate: bool,
        tools: bool,
    ) -> Option<Protocol> {
        let url = |protocol| spoken.contains(&protocol).then(|| "https://h".to_owned());
        let urls = BaseUrls {
            messages: url(Protocol::Messages),
            chat: url(Protocol::Chat),
            responses: url(Protocol::Responses),
        };
        let habits = Habits::of(model, &ModelTraits::of(model));
        spoken_with(Protocols::of(&urls), habits, Speech { caller, translate, tools })
    }

    #[test]
    fn the_callers_own_protocol_comes_first_then_the_nearest() {
        use Protocol::{Chat, Messages, Responses};
        for (spoken_there, caller, model, expected) in [
            (&[Messages, Chat, Responses][..], Chat, "m", Some(Chat)),
            (&[Chat, Responses], Messages, "gpt-5.5", Some(Responses)),
            (&[Chat], Messages, "deepseek-chat", Some(Chat)),
            (&[Messages, Responses], Chat, "claude-x", Some(Messages)),
            (&[Messages, Responses], Chat, "gpt-5.5", Some(Responses)),
            (&[Messages, Chat], Responses, "claude-x", Some(Messages)),
            (&[Messages, Chat], Responses, "glm-5", Some(Chat)),
            (&[], Chat, "m", None),
        ] {
            assert_eq!(spoken(spoken_there, caller, model, true, false), expected, "{caller} {model}");
        }
        assert_eq!(spoken(&[Chat], Messages, "m", false, false), None);
    }

    #[test]
    fn what_openai_refuses_on_chat_goes_to_responses() {
        use Protocol::{Chat, Responses};
        for (there, model, tools, expected) in [
            (&[Chat, Responses][..], "gpt-5.1-codex", false, Responses),
            (&[Chat, Responses], "gpt-5.6-sol", true, Responses),
            (&[Chat, Responses], "gpt-5.6-sol", false, Chat),
            (&[Chat, Responses], "gpt-4o", true, Chat),
            (&[Chat], "gpt-5.1-codex", false, Chat),
        ] {
            assert_eq!(spoken(there, Chat, model, true, tools), Some(expected), "{model}");
        }
        assert_eq!(spoken(&[Chat, Responses], Chat, "gpt-5.1-codex", false, false), Some(Chat));
    }
}
