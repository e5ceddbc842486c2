//! Which protocol is spoken with an account: the caller's own where the account has it, else the one that loses least.

use tollgate_protocol::Protocol;

use tollgate_translate::traits::ModelTraits;

use crate::account::Account;
use crate::plan::PlanRequest;

/// The protocol to speak with an account, or `None` if it has none that may be used.
///
/// Where translation is not allowed only the caller's own protocol will do.
pub(crate) fn spoken_with(
    account: &Account,
    request: &PlanRequest<'_>,
    upstream_model: &str,
) -> Option<Protocol> {
    let speaks = |protocol: &Protocol| account.base_urls.get(*protocol).is_some();
    let caller = request.protocol;
    let better_elsewhere = request.translate
        && caller == Protocol::Chat
        && speaks(&Protocol::Responses)
        && is_refused_on_chat(upstream_model, request.tools);
    if speaks(&caller) && !better_elsewhere {
        return Some(caller);
    }
    request.translate.then(|| by_preference(caller, upstream_model).into_iter().find(speaks)).flatten()
}

/// Whether OpenAI serves the model in Responses only, or with tools only there.
fn is_refused_on_chat(upstream_model: &str, tools: bool) -> bool {
    // The table is looked through only for names that can be meant.
    let may_be =
        ["gpt-5", "gpt-6", "o1-", "o3-", "o4-", "codex"].iter().any(|part| upstream_model.contains(part));
    if !may_be {
        return false;
    }
    let traits = ModelTraits::of(upstream_model);
    traits.responses_only || (tools && traits.chat_tools_without_reasoning)
}

/// The other protocols, best first. Claude is at home in Messages. Elsewhere Responses says more than Chat (reasoning
/// comes back intact, every model takes tools on it), and Chat is what most providers do best.
fn by_preference(caller: Protocol, upstream_model: &str) -> [Protocol; 2] {
    let is_claude = upstream_model.contains("claude");
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
    use crate::account::BaseUrls;
    use crate::plan::Need;
    use crate::testing::{account, group};

    fn speaking(protocols: &[Protocol]) -> Account {
        let url = |protocol| protocols.contains(&protocol).then(|| "https://h".to_owned());
        let base_urls = BaseUrls {
            messages: url(Protocol::Messages),
            chat: url(Protocol::Chat),
            responses: url(Protocol::Responses),
        };
        Account { base_urls, ..account(1) }
    }

    fn spoken(
        spoken: &[Protocol],
        caller: Protocol,
        model: &str,
        translate: bool,
        tools: bool,
    ) -> Option<Protocol> {
        let (account, group) = (speaking(spoken), group(1));
        let request = PlanRequest {
            group: &group,
            model,
            protocol: caller,
            translate,
            tools,
            sticky: None,
            pick: 1,
            need: Need::None,
        };
        spoken_with(&account, &request, model)
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
