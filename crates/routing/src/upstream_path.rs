//! The paths of the three APIs, and how they are put behind a base URL.

use std::borrow::Cow;
use std::fmt::Write;

/// The longest id that goes into a path, in bytes; providers' are under 100.
const MAX_ID_BYTES: usize = 256;

/// A call at the upstream, as a path behind a base URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UpstreamPath<'a> {
    /// `/v1/messages`
    Messages,
    /// `/v1/messages/count_tokens`
    CountTokens,
    /// `/v1/chat/completions`
    Chat,
    /// `/v1/responses`
    Responses,
    /// `/v1/responses/input_tokens`
    ResponsesInputTokens,
    /// `/v1/responses/compact`
    ResponsesCompact,
    /// `/v1/responses/{id}` and what lies under it.
    Response {
        /// The response's id; it is percent-encoded.
        id: &'a str,
        /// What lies under it.
        sub: Option<ResponseSub>,
    },
    /// `/v1/models`
    Models,
}

/// What lies under a stored response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResponseSub {
    /// `/cancel`
    Cancel,
    /// `/input_items`
    InputItems,
}

impl UpstreamPath<'_> {
    /// The path behind the version segment, from its slash on: `/messages`.
    ///
    /// `None` if an id in it cannot be one: empty, over 256 bytes, `.` or `..`, or with control characters.
    #[must_use]
    pub fn tail(&self) -> Option<Cow<'static, str>> {
        let tail = match *self {
            Self::Messages => "/messages",
            Self::CountTokens => "/messages/count_tokens",
            Self::Chat => "/chat/completions",
            Self::Responses => "/responses",
            Self::ResponsesInputTokens => "/responses/input_tokens",
            Self::ResponsesCompact => "/responses/compact",
            Self::Models => "/models",
            Self::Response { id, sub } => return response_tail(id, sub).map(Cow::Owned),
        };
        Some(Cow::Borrowed(tail))
    }

    /// The whole URL of the call at `base`. `None` as for [`UpstreamPath::tail`].
    ///
    /// `/v1` is put between the two unless the base ends in a version segment (`/v1`, `/v4`) of its own, so
    /// `https://api.openai.com` and `https://api.openai.com/v1` are the same, and `https://host/api/paas/v4` keeps
    /// its `v4`. Slashes at the base's end do not count.
    #[must_use]
    pub fn under(&self, base: &str) -> Option<String> {
        let tail = self.tail()?;
        let base = base.trim_end_matches('/');
        let version = if ends_in_version(base) { "" } else { "/v1" };
        Some([base, version, &tail].concat())
    }
}

fn response_tail(id: &str, sub: Option<ResponseSub>) -> Option<String> {
    // Encoded dots are still dots to a URL parser, so these two could climb out of the path.
    let unusable = id.is_empty() || id.len() > MAX_ID_BYTES || matches!(id, "." | "..");
    if unusable || id.chars().any(char::is_control) {
        return None;
    }
    let mut tail = String::with_capacity("/responses//input_items".len() + id.len());
    tail.push_str("/responses/");
    push_encoded(&mut tail, id);
    tail.push_str(match sub {
        None => "",
        Some(ResponseSub::Cancel) => "/cancel",
        Some(ResponseSub::InputItems) => "/input_items",
    });
    Some(tail)
}

/// Percent-encodes all but the unreserved characters of RFC 3986, section 2.3.
fn push_encoded(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// Whether the last segment is `v` and digits, behind a host: `https://host/v1`, not `https://v1`.
fn ends_in_version(base: &str) -> bool {
    let behind_scheme = base.split_once("://").map_or(base, |(_, rest)| rest);
    let Some((_, segment)) = behind_scheme.rsplit_once('/') else {
        return false;
    };
    let Some(digits) = segment.strip_prefix('v') else {
        return false;
    };
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_call_under_common_bases() {
        for (base, path, url) in [
            ("https://api.anthropic.com", UpstreamPath::Messages, "https://api.anthropic.com/v1/messages"),
            (
                "https://api.anthropic.com/",
                UpstreamPath::CountTokens,
                "https://api.anthropic.com/v1/messages/count_tokens",
            ),
            (
                "https://api.deepseek.com/anthropic",
                UpstreamPath::Messages,
                "https://api.deepseek.com/anthropic/v1/messages",
            ),
            (
                "https://api.deepseek.com/v1",
                UpstreamPath::Chat,
                "https://api.deepseek.com/v1/chat/completions",
            ),
            ("https://api.openai.com", UpstreamPath::Chat, "https://api.openai.com/v1/chat/completions"),
            ("https://api.openai.com/v1//", UpstreamPath::Responses, "https://api.openai.com/v1/responses"),
            (
                "https://open.example/api/paas/v4",
                UpstreamPath::Chat,
                "https://open.example/api/paas/v4/chat/completions",
            ),
            (
                "http://127.0.0.1:9000",
                UpstreamPath::ResponsesInputTokens,
                "http://127.0.0.1:9000/v1/responses/input_tokens",
            ),
            ("https://h", UpstreamPath::ResponsesCompact, "https://h/v1/responses/compact"),
            ("https://h", UpstreamPath::Models, "https://h/v1/models"),
            (
                "https://h",
                UpstreamPath::Response { id: "resp_1", sub: None },
                "https://h/v1/responses/resp_1",
            ),
            (
                "https://h",
                UpstreamPath::Response { id: "resp_1", sub: Some(ResponseSub::Cancel) },
                "https://h/v1/responses/resp_1/cancel",
            ),
            (
                "https://h/v1",
                UpstreamPath::Response { id: "r", sub: Some(ResponseSub::InputItems) },
                "https://h/v1/responses/r/input_items",
            ),
        ] {
            assert_eq!(path.under(base).as_deref(), Some(url));
        }
    }

    #[test]
    fn only_a_version_segment_counts_as_one() {
        for (base, has_version) in [
            ("https://h/v1", true),
            ("https://h/x/v12", true),
            ("https://v1", false),
            ("https://h/v", false),
            ("https://h/v1beta", false),
            ("https://h/dev1", false),
            ("https://h/V1", false),
        ] {
            assert_eq!(ends_in_version(base), has_version, "{base}");
        }
    }

    #[test]
    fn ids_cannot_leave_their_segment() {
        for (id, encoded) in
            [("a/../b", "a%2F..%2Fb"), ("a?b#c", "a%3Fb%23c"), ("%2e%2e", "%252e%252e"), ("é", "%C3%A9")]
        {
            let tail = UpstreamPath::Response { id, sub: None }.tail().unwrap();
            assert_eq!(tail, format!("/responses/{encoded}"));
        }
        for id in ["", ".", "..", "a\nb", "a\u{0}", &"a".repeat(257)] {
            assert_eq!(UpstreamPath::Response { id, sub: None }.under("https://h"), None, "{id:?}");
        }
    }

    proptest! {
        #[test]
        fn an_id_is_always_one_plain_segment(id in ".{1,64}") {
            let path = UpstreamPath::Response { id: &id, sub: None };
            if let Some(tail) = path.tail() {
                let segment = tail.strip_prefix("/responses/").unwrap();
                prop_assert!(!segment.is_empty() && segment != "." && segment != "..");
                prop_assert!(segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
            }
        }
    }
}
