//! Which session a request belongs to: for the usage record, and to keep a session on its account.
//!
//! A provider's prompt cache and the signatures of thinking blocks belong to one account, so the turns of a session
//! should all go to the same one.

use std::borrow::Cow;

use serde::Deserialize;

/// The headers that carry a session, in the order in which they are believed: Claude Code's, then opencode's, then
/// Codex's and other clients' spellings.
pub const SESSION_HEADERS: [&str; 6] = [
    "x-claude-code-session-id",
    "x-session-id",
    "x-session-affinity",
    "session-id",
    "session_id",
    "conversation_id",
];

/// The longest value that counts as a session, in bytes; anything longer is some other thing.
const MAX_SESSION_BYTES: usize = 256;

/// The longest `user_id` that is looked into, in bytes; Claude Code's are under 200.
const MAX_USER_ID_BYTES: usize = 4096;

/// A session, and where its name was found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Session<'a> {
    /// The session's name, as the client gave it. It is unique only among the requests of one user.
    pub key: Cow<'a, str>,
    /// Where it was found.
    pub source: SessionSource,
}

/// Where a session's name was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionSource {
    /// The session part of `metadata.user_id`.
    UserIdSession,
    /// A header of [`SESSION_HEADERS`].
    Header,
    /// `prompt_cache_key`.
    PromptCacheKey,
    /// `conversation` of Responses.
    Conversation,
    /// The whole of `metadata.user_id` (or `user`, `safety_identifier`): a user rather than a session.
    UserId,
}

/// The session of a request, from the most to the least telling source.
///
/// 1. The session inside `user_id` (`metadata.user_id`), in Claude Code's forms: a JSON object in a string,
///    `{"device_id":"…","account_uuid":"…","session_id":"…"}`, and the older `user_<hash>_account_<id>_session_<uuid>`.
/// 2. The first of `headers`: the values of [`SESSION_HEADERS`], in that order, as far as they were sent.
/// 3. `prompt_cache_key`, which Codex sets to its session; others set one for many, so it comes behind what is a session
///    by its name.
/// 4. `conversation`, where a provider keeps one.
/// 5. The whole `user_id`, whatever it is.
///
/// Elsewhere empty values, values over 256 bytes and values with control characters are passed over.
#[must_use]
pub fn session_key<'a>(
    user_id: Option<&'a str>,
    headers: impl IntoIterator<Item = &'a str>,
    prompt_cache_key: Option<&'a str>,
    conversation: Option<&'a str>,
) -> Option<Session<'a>> {
    let plain = |text: Option<&'a str>, source| {
        let key = text.map(str::trim).filter(|text| is_plausible(text))?;
        Some(Session { key: Cow::Borrowed(key), source })
    };
    user_id
        .and_then(session_in_user_id)
        .filter(|key| is_plausible(key))
        .map(|key| Session { key, source: SessionSource::UserIdSession })
        .or_else(|| {
            plain(headers.into_iter().find(|value| is_plausible(value.trim())), SessionSource::Header)
        })
        .or_else(|| plain(prompt_cache_key, SessionSource::PromptCacheKey))
        .or_else(|| plain(conversation, SessionSource::Conversation))
        .or_else(|| {
            let key = user_id.filter(|user_id| !user_id.is_empty())?;
            Some(Session { key: Cow::Borrowed(key), source: SessionSource::UserId })
        })
}

fn is_plausible(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_SESSION_BYTES && !text.chars().any(char::is_control)
}

fn session_in_user_id(user_id: &str) -> Option<Cow<'_, str>> {
    if user_id.len() > MAX_USER_ID_BYTES {
        return None;
    }
    if user_id.trim_start().starts_with('{') {
        return serde_json::from_str::<ClaudeCodeUser<'_>>(user_id).ok()?.session_id;
    }
    let (_, session) = user_id.strip_prefix("user_")?.rsplit_once("_session_")?;
    Some(Cow::Borrowed(session))
}

/// The part that is read of Claude Code's `metadata.user_id`.
#[derive(Deserialize)]
struct ClaudeCodeUser<'a> {
    #[serde(borrow, default)]
    session_id: Option<Cow<'a, str>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const JSON: &str = r#"{"device_id":"d1","account_uuid":"","session_id":"5b0c-1"}"#;
    const OLDER: &str = "user_8f1e_account_0f_session_7d6e5f";

    fn found<'a>(
        user_id: &'a str,
        headers: &[&'a str],
        cache_key: &'a str,
    ) -> Option<(String, SessionSource)> {
        let sent = |text: &'a str| (!text.is_empty()).then_some(text);
        session_key(sent(user_id), headers.iter().copied(), sent(cache_key), None)
            .map(|session| (session.key.into_owned(), session.source))
    }

    #[test]
    fn the_most_telling_source_wins() {
        use SessionSource::{Header, PromptCacheKey, UserId, UserIdSession};
        for (user_id, headers, cache_key, expected) in [
            (JSON, &["h"][..], "c", Some(("5b0c-1", UserIdSession))),
            (OLDER, &["h"], "c", Some(("7d6e5f", UserIdSession))),
            ("user_a_account__session_1-2", &[], "", Some(("1-2", UserIdSession))),
            ("user_session_a_session_b", &[], "", Some(("b", UserIdSession))),
            ("customer-42", &["h", "i"], "c", Some(("h", Header))),
            ("customer-42", &["", " ", "i"], "c", Some(("i", Header))),
            ("customer-42", &[], "c", Some(("c", PromptCacheKey))),
            ("customer-42", &[], "", Some(("customer-42", UserId))),
            ("", &[" h "], "c", Some(("h", Header))),
            ("", &[], "c", Some(("c", PromptCacheKey))),
            ("", &[], "", None),
            // Look-alikes are users, not sessions.
            ("my_session_x", &["h"], "", Some(("h", Header))),
            ("user_1_session_", &["h"], "", Some(("h", Header))),
            (r#"{"session_id":""}"#, &["h"], "", Some(("h", Header))),
            (r#"{"session_id":null}"#, &["h"], "", Some(("h", Header))),
            (r#"{"session_id":7}"#, &["h"], "", Some(("h", Header))),
            (r#"{"device_id":"d"}"#, &[], "", Some((r#"{"device_id":"d"}"#, UserId))),
            (r#"{"session_id":"a"#, &["h"], "", Some(("h", Header))),
            ("line\nbreak", &["h\u{0}"], "c", Some(("c", PromptCacheKey))),
        ] {
            let expected = expected.map(|(key, source)| (key.to_owned(), source));
            assert_eq!(found(user_id, headers, cache_key), expected, "{user_id:?} {headers:?} {cache_key:?}");
        }
    }

    #[test]
    fn escapes_in_the_json_form_are_undone() {
        let (key, _) = found(r#" {"session_id":"a\u002db"}"#, &[], "").unwrap();
        assert_eq!(key, "a-b");
    }

    #[test]
    fn very_long_values_are_passed_over() {
        let long = "x".repeat(MAX_SESSION_BYTES + 1);
        assert_eq!(found("", &[&long], &long), None);
        // All but the name of a user: any text is one.
        assert_eq!(found(&long, &[&long], &long).unwrap().1, SessionSource::UserId);
        assert_eq!(found("a\nb", &[], "").unwrap().0, "a\nb");
        let conversation = session_key(Some("u"), [], None, Some("conv_1")).unwrap();
        assert_eq!((&*conversation.key, conversation.source), ("conv_1", SessionSource::Conversation));
        assert_eq!(found(&long, &[&long], &long[1..]).unwrap().1, SessionSource::PromptCacheKey);
    }

    proptest! {
        #[test]
        fn any_text_gives_a_usable_key_or_none(user_id in any::<String>(), header in any::<String>()) {
            if let Some(session) = session_key(Some(&user_id), [header.as_str()], None, None) {
                prop_assert!(is_plausible(&session.key) || session.key == user_id);
            }
        }
    }
}
