//! Which protocol is spoken with an account: the caller's own where the account has it, else the one that loses least.

use tollgate_protocol::Protocol;

use crate::account::Account;

/// The protocol for a caller that speaks `caller`, or `None` if the account has none that may be used.
///
/// Without `translate` only the caller's own protocol will do.
pub(crate) fn spoken_with(
    account: &Account,
    caller: Protocol,
    upstream_model: &str,
    translate: bool,
) -> Option<Protocol> {
    let speaks = |protocol: &Protocol| account.base_urls.get(*protocol).is_some();
    if speaks(&caller) {
        return Some(caller);
    }
    translate.then(|| by_preference(caller, upstream_model).into_iter().find(speaks)).flatten()
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
    use crate::testing::account;

    fn speaking(protocols: &[Protocol]) -> Account {
        let url = |protocol| protocols.contains(&protocol).then(|| "https://h".to_owned());
        let base_urls = BaseUrls {
            messages: url(Protocol::Messages),
            chat: url(Protocol::Chat),
            responses: url(Protocol::Responses),
        };
        Account { base_urls, ..account(1) }
    }

    #[test]
    fn the_callers_own_protocol_comes_first_then_the_nearest() {
        use Protocol::{Chat, Messages, Responses};
        for (spoken, caller, model, expected) in [
            (&[Messages, Chat, Responses][..], Chat, "m", Some(Chat)),
            (&[Chat, Responses], Messages, "gpt-5.5", Some(Responses)),
            (&[Chat], Messages, "deepseek-chat", Some(Chat)),
            (&[Messages, Responses], Chat, "claude-x", Some(Messages)),
            (&[Messages, Responses], Chat, "gpt-5.5", Some(Responses)),
            (&[Messages, Chat], Responses, "claude-x", Some(Messages)),
            (&[Messages, Chat], Responses, "glm-5", Some(Chat)),
            (&[], Chat, "m", None),
        ] {
            assert_eq!(spoken_with(&speaking(spoken), caller, model, true), expected, "{caller} {model}");
        }
        assert_eq!(spoken_with(&speaking(&[Chat]), Messages, "m", false), None);
    }
}
