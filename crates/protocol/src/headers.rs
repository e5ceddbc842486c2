//! Which headers pass through the gate. The lists are open: whatever they do not name passes unchanged, because
//! clients and providers add headers (`anthropic-beta`, `x-claude-code-*`, idempotency keys) all the time.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// A reason, and the headers it holds back. A name that ends in `-` stands for everything that begins so.
type Rule = (&'static str, &'static [&'static str]);

const HOP_BY_HOP: Rule = (
    "belongs to one connection (RFC 9110, 7.6.1)",
    &[
        "connection",
        "http2-settings",
        "keep-alive",
        "proxy-",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ],
);

/// What a request loses on its way to an upstream.
const REQUEST_RULES: &[Rule] = &[
    HOP_BY_HOP,
    ("the gate's own credential", &["authorization", "x-api-key"]),
    (
        "names the caller's own account at the provider, not the gate's",
        &["openai-organization", "openai-project"],
    ),
    ("cookies are between the caller and the gate", &["cookie", "cookie2"]),
    ("names the gate, not the upstream", &["host"]),
    (
        "the gate writes the body and asks for encodings itself",
        &["accept-encoding", "content-encoding", "content-length", "expect"],
    ),
    ("tells how the caller's SDK was built and retries, which is between it and the gate", &["x-stainless-"]),
    (
        "tells where the caller is, which the upstream is not to know",
        &[
            "cdn-loop",
            "cf-",
            "forwarded",
            "true-client-ip",
            "via",
            "x-client-ip",
            "x-cluster-client-ip",
            "x-forwarded-",
            "x-real-ip",
        ],
    ),
    ("the gate's own", &["tollgate-"]),
];

/// What a request loses besides when it is translated: what only a provider of the caller's protocol understands.
const TRANSLATED_RULES: &[Rule] = &[
    ("speaks of one protocol's versions and features", &["anthropic-", "openai-", "x-openai-"]),
    ("tells a provider how its own agent runs", &["originator", "x-app", "x-claude-code-", "x-codex-"]),
];

/// What an answer loses on its way to the caller.
const RESPONSE_RULES: &[Rule] = &[
    HOP_BY_HOP,
    ("cookies are between the gate and the upstream", &["set-cookie", "set-cookie2"]),
    ("the gate writes the body itself", &["content-encoding", "content-length"]),
    (
        "limits and identity of the upstream account, not of the caller",
        &[
            "anthropic-fast-",
            "anthropic-organization-id",
            "anthropic-priority-",
            "anthropic-ratelimit-",
            "anthropic-workspace-id",
            "openai-organization",
            "openai-project",
            "www-authenticate",
            "x-ratelimit-",
        ],
    ),
    (
        "the gate sends its own, about itself",
        &["request-id", "retry-after", "retry-after-ms", "x-request-id", "x-should-retry"],
    ),
    (
        "describes the upstream's server and its origin",
        &[
            "alt-svc",
            "cf-",
            "nel",
            "report-to",
            "reporting-endpoints",
            "server",
            "strict-transport-security",
            "via",
        ],
    ),
    ("the gate's own", &["tollgate-"]),
];

/// Whether a request header goes to an upstream. Headers that `Connection` names do not either: see
/// [`forward_request_headers`].
#[must_use]
pub fn forward_request_header(name: &HeaderName) -> bool {
    !matches_any(REQUEST_RULES, name.as_str())
}

/// Whether a response header of an upstream goes to the caller. Headers that `Connection` names do not
/// either: see [`forward_response_headers`].
#[must_use]
pub fn forward_response_header(name: &HeaderName) -> bool {
    !matches_any(RESPONSE_RULES, name.as_str())
}

/// The headers of a caller's request that go to the upstream, values unchanged, those of one name in order.
#[must_use]
pub fn forward_request_headers(headers: &HeaderMap) -> HeaderMap {
    forwarded(headers, forward_request_header)
}

/// The headers of a caller's request that go to an upstream of another protocol.
#[must_use]
pub fn forward_translated_request_headers(headers: &HeaderMap) -> HeaderMap {
    forwarded(headers, |name| forward_request_header(name) && !matches_any(TRANSLATED_RULES, name.as_str()))
}

/// The headers of an upstream's answer that go to a caller of another protocol.
#[must_use]
pub fn forward_translated_response_headers(headers: &HeaderMap) -> HeaderMap {
    forwarded(headers, |name| forward_response_header(name) && !matches_any(TRANSLATED_RULES, name.as_str()))
}

/// The headers of an upstream's answer that go to the caller, values unchanged, those of one name in order.
#[must_use]
pub fn forward_response_headers(headers: &HeaderMap) -> HeaderMap {
    forwarded(headers, forward_response_header)
}

/// What no operator sets or removes: what belongs to one connection, what the gate writes itself, and credentials, which
/// are kept sealed elsewhere.
const OWN_RULES: &[Rule] = &[
    HOP_BY_HOP,
    ("a credential", &["api-key", "authorization", "cookie", "cookie2", "x-api-key", "x-goog-api-key"]),
    (
        "the gate writes it itself",
        &[
            "accept-encoding",
            "content-encoding",
            "content-length",
            "content-type",
            "expect",
            "host",
            "tollgate-",
        ],
    ),
];

/// The longest value of a header that an operator sets.
const MAX_SHAPED_VALUE_BYTES: usize = 4_096;

/// Whether an operator may have a request header set or removed.
///
/// # Errors
/// Why not.
pub fn check_shaped_header(name: &str) -> Result<(), &'static str> {
    let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
        return Err("it is not the name of a header");
    };
    let held_back = |(_, names): &&Rule| names.iter().any(|entry| is_meant(entry, name.as_str()));
    OWN_RULES.iter().find(held_back).map_or(Ok(()), |(reason, _)| Err(reason))
}

/// Whether an operator may have a request header set to this.
///
/// # Errors
/// Why not.
pub fn check_shaped_header_value(value: &str) -> Result<(), &'static str> {
    if value.len() > MAX_SHAPED_VALUE_BYTES {
        return Err("it is longer than 4,096 bytes");
    }
    HeaderValue::from_str(value).map(drop).map_err(|_| "it is not the value of a header")
}

/// Whether `Connection` names the header, which makes it hop-by-hop.
#[must_use]
pub fn is_named_in_connection(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|named| named.trim().eq_ignore_ascii_case(name.as_str()))
}

fn forwarded(headers: &HeaderMap, passes: impl Fn(&HeaderName) -> bool) -> HeaderMap {
    let listed = headers.contains_key(header::CONNECTION);
    let mut out = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        if passes(name) && !(listed && is_named_in_connection(headers, name)) {
            out.append(name, value.clone());
        }
    }
    out
}

fn matches_any(rules: &[Rule], name: &str) -> bool {
    rules.iter().flat_map(|(_, entries)| entries.iter()).any(|entry| is_meant(entry, name))
}

fn is_meant(entry: &str, name: &str) -> bool {
    // Comparing the first byte first settles nearly every entry.
    entry.as_bytes().first() == name.as_bytes().first()
        && if entry.ends_with('-') { name.starts_with(entry) } else { name == entry }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> HeaderName {
        HeaderName::from_bytes(text.as_bytes()).unwrap()
    }

    #[test]
    fn request_headers() {
        for passes in [
            "accept",
            "anthropic-beta",
            "anthropic-version",
            "anthropic-dangerous-direct-browser-access",
            "content-type",
            "idempotency-key",
            "openai-beta",
            "originator",
            "session-id",
            "thread-id",
            "traceparent",
            "user-agent",
            "x-app",
            "x-claude-code-session-id",
            "x-client-request-id",
            "x-codex-turn-metadata",
            "x-openai-internal-codex-responses-lite",
            "x-session-affinity",
            "test",
        ] {
            assert!(forward_request_header(&name(passes)), "{passes}");
        }
        for held in [
            "Authorization",
            "X-Api-Key",
            "openai-organization",
            "OpenAI-Project",
            "cookie",
            "host",
            "content-length",
            "content-encoding",
            "accept-encoding",
            "expect",
            "connection",
            "keep-alive",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "proxy-authorization",
            "proxy-connection",
            "x-stainless-lang",
            "x-stainless-retry-count",
            "x-forwarded-for",
            "x-forwarded-host",
            "forwarded",
            "x-real-ip",
            "cf-connecting-ip",
            "via",
        ] {
            assert!(!forward_request_header(&name(held)), "{held}");
        }
    }

    #[test]
    fn what_speaks_of_one_protocol_stays_behind_in_translation() {
        let mut headers = HeaderMap::new();
        for sent in
            ["anthropic-version", "openai-beta", "x-codex-turn-metadata", "x-app", "traceparent", "accept"]
        {
            headers.insert(name(sent), HeaderValue::from_static("1"));
        }
        let out = forward_translated_request_headers(&headers);
        assert_eq!(out.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["traceparent", "accept"]);
        let back = forward_translated_response_headers(&headers);
        assert_eq!(back.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["traceparent", "accept"]);
    }

    #[test]
    fn response_headers() {
        for passes in [
            "content-type",
            "openai-processing-ms",
            "openai-version",
            "cache-control",
            "date",
            "x-codex-turn-state",
        ] {
            assert!(forward_response_header(&name(passes)), "{passes}");
        }
        for held in [
            "set-cookie",
            "content-length",
            "content-encoding",
            "transfer-encoding",
            "connection",
            "server",
            "alt-svc",
            "via",
            "cf-ray",
            "request-id",
            "x-request-id",
            "retry-after",
            "anthropic-ratelimit-tokens-reset",
            "anthropic-ratelimit-unified-status",
            "anthropic-organization-id",
            "x-ratelimit-limit-requests",
            "openai-organization",
            "openai-project",
            "x-should-retry",
        ] {
            assert!(!forward_response_header(&name(held)), "{held}");
        }
    }

    #[test]
    fn connection_names_more_hop_by_hop_headers() {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONNECTION, HeaderValue::from_static("close, X-Trace-Hop"));
        headers.insert("x-trace-hop", HeaderValue::from_static("1"));
        headers.append("anthropic-beta", HeaderValue::from_static("a"));
        headers.append("anthropic-beta", HeaderValue::from_static("b"));
        let out = forward_request_headers(&headers);
        assert_eq!(out.get_all("anthropic-beta").iter().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(out.len(), 2);
        let back = forward_response_headers(&headers);
        assert_eq!(back.len(), 2);
    }

    #[test]
    fn every_rule_gives_a_reason_and_valid_names() {
        for (reason, entries) in REQUEST_RULES.iter().chain(TRANSLATED_RULES).chain(RESPONSE_RULES) {
            assert!(!reason.is_empty() && !entries.is_empty());
            for entry in *entries {
                assert_eq!(name(entry).as_str(), *entry, "names are lower case");
            }
        }
    }
}
