//! Which endpoint a method and a path name, and in which dialect to answer when they name none.

use http::{HeaderMap, Method};
use tollgate_protocol::{Dialect, Endpoint};

use crate::figures::Figures;

/// What a request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// A body that is probed and sent to an account.
    Call(Endpoint),
    /// The models a key may use; one of them when named.
    Models { id: Option<String>, envelope: bool },
    /// What is left for a key, and what it used.
    Figures(Figures),
    /// A response that lives at the account which made it.
    StoredResponse { id: String, action: StoredAction },
    /// The process is alive.
    Health,
    /// The process can serve.
    Ready,
    /// A client's connection warm-up; any answer does.
    Hello,
}

/// What is done to a stored response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoredAction {
    Get,
    Delete,
    Cancel,
    InputItems,
}

/// A path or method that names nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoRoute {
    /// The path is unknown.
    Path,
    /// The path is known; these methods are allowed on it.
    Method(&'static str),
}

/// Finds the endpoint of a method and a path, aliases included.
pub(crate) fn route(method: &Method, path: &str) -> Result<Route, NoRoute> {
    let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
    if let Some(endpoint) = call_endpoint(path) {
        return if method == Method::POST { Ok(Route::Call(endpoint)) } else { Err(NoRoute::Method("POST")) };
    }
    if let Some(stored) = stored_response(method, path) {
        return stored;
    }
    let route = match path {
        "/healthz" => Route::Health,
        "/readyz" => Route::Ready,
        "/" | "/api/hello" => Route::Hello,
        "/v1/usage" => Route::Figures(Figures::KeyUsage { envelope: false }),
        "/api/v1/usage" => Route::Figures(Figures::KeyUsage { envelope: true }),
        "/v1/dashboard/billing/subscription" | "/dashboard/billing/subscription" => {
            Route::Figures(Figures::BillingSubscription)
        }
        "/v1/dashboard/billing/usage" | "/dashboard/billing/usage" => Route::Figures(Figures::BillingUsage),
        _ => model_route(path).ok_or(NoRoute::Path)?,
    };
    match *method {
        Method::GET | Method::HEAD => Ok(route),
        _ => Err(NoRoute::Method("GET, HEAD")),
    }
}

fn call_endpoint(path: &str) -> Option<Endpoint> {
    Some(match path {
        "/v1/messages" | "/api/anthropic/v1/messages" => Endpoint::Messages,
        "/v1/messages/count_tokens" | "/api/anthropic/v1/messages/count_tokens" => Endpoint::CountTokens,
        "/v1/chat/completions" | "/chat/completions" => Endpoint::Chat,
        "/v1/responses" | "/responses" | "/backend-api/codex/responses" => Endpoint::Responses,
        "/v1/responses/input_tokens"
        | "/responses/input_tokens"
        | "/backend-api/codex/responses/input_tokens" => Endpoint::ResponsesInputTokens,
        "/v1/responses/compact" | "/responses/compact" | "/backend-api/codex/responses/compact" => {
            Endpoint::ResponsesCompact
        }
        "/api/v1/messages" => Endpoint::EnvelopeMessages,
        "/api/v1/chat/completions" => Endpoint::EnvelopeChat,
        _ => return None,
    })
}

fn stored_response(method: &Method, path: &str) -> Option<Result<Route, NoRoute>> {
    let prefixes = ["/v1/responses/", "/responses/", "/backend-api/codex/responses/"];
    let rest = prefixes.iter().find_map(|prefix| path.strip_prefix(prefix))?;
    let (id, sub) = rest.split_once('/').unwrap_or((rest, ""));
    if id.is_empty() {
        return None;
    }
    let (action, allowed) = match (method, sub) {
        (&Method::DELETE, "") => (Some(StoredAction::Delete), ""),
        (&Method::GET, "") => (Some(StoredAction::Get), ""),
        (&Method::POST, "cancel") => (Some(StoredAction::Cancel), ""),
        (&Method::GET, "input_items") => (Some(StoredAction::InputItems), ""),
        (_, "") => (None, "GET, DELETE"),
        (_, "cancel") => (None, "POST"),
        (_, "input_items") => (None, "GET"),
        _ => return Some(Err(NoRoute::Path)),
    };
    Some(match action {
        Some(action) => Ok(Route::StoredResponse { id: id.to_owned(), action }),
        None => Err(NoRoute::Method(allowed)),
    })
}

/// Model ids may hold slashes (`ZHIPU/GLM-4.6`), so everything behind `models/` is the id.
fn model_route(path: &str) -> Option<Route> {
    let (rest, envelope) = if let Some(rest) = path.strip_prefix("/api/v1/models") {
        (rest, true)
    } else {
        let rest = ["/v1/models", "/api/anthropic/v1/models", "/models"];
        (rest.iter().find_map(|prefix| path.strip_prefix(prefix))?, false)
    };
    match rest.strip_prefix('/') {
        None if rest.is_empty() => Some(Route::Models { id: None, envelope }),
        None => None,
        Some(id) => Some(Route::Models { id: Some(percent_decode(id)), envelope }),
    }
}

/// Undoes `%XX`; SDKs encode the slash of a prefixed model name. Invalid sequences stay as they are.
pub(crate) fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escaped {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The dialect in which a request is answered before its endpoint is known.
pub(crate) fn dialect_of(path: &str, headers: &HeaderMap) -> Dialect {
    if path.starts_with("/api/v1/") {
        Dialect::Envelope
    } else if path.starts_with("/api/anthropic/")
        || path.contains("/messages")
        || headers.contains_key("anthropic-version")
    {
        Dialect::Messages
    } else if path.contains("/responses") {
        Dialect::Responses
    } else {
        Dialect::Chat
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_and_alias() {
        let call = |endpoint| Ok(Route::Call(endpoint));
        for (method, path, expected) in [
            (Method::POST, "/v1/messages", call(Endpoint::Messages)),
            (Method::POST, "/v1/messages/", call(Endpoint::Messages)),
            (Method::POST, "/api/anthropic/v1/messages", call(Endpoint::Messages)),
            (Method::POST, "/v1/messages/count_tokens", call(Endpoint::CountTokens)),
            (Method::POST, "/api/anthropic/v1/messages/count_tokens", call(Endpoint::CountTokens)),
            (Method::POST, "/chat/completions", call(Endpoint::Chat)),
            (Method::POST, "/backend-api/codex/responses", call(Endpoint::Responses)),
            (Method::POST, "/v1/responses/input_tokens", call(Endpoint::ResponsesInputTokens)),
            (Method::POST, "/v1/responses/compact", call(Endpoint::ResponsesCompact)),
            (Method::POST, "/api/v1/messages", call(Endpoint::EnvelopeMessages)),
            (Method::POST, "/api/v1/chat/completions", call(Endpoint::EnvelopeChat)),
            (Method::GET, "/v1/messages", Err(NoRoute::Method("POST"))),
            (Method::GET, "/healthz", Ok(Route::Health)),
            (Method::POST, "/healthz", Err(NoRoute::Method("GET, HEAD"))),
            (Method::HEAD, "/api/hello", Ok(Route::Hello)),
            (Method::GET, "/v1/models", Ok(Route::Models { id: None, envelope: false })),
            (Method::GET, "/api/v1/models", Ok(Route::Models { id: None, envelope: true })),
            (Method::GET, "/v1/modelsx", Err(NoRoute::Path)),
            (Method::GET, "/v1/usage", Ok(Route::Figures(Figures::KeyUsage { envelope: false }))),
            (Method::GET, "/api/v1/usage/", Ok(Route::Figures(Figures::KeyUsage { envelope: true }))),
            (Method::POST, "/v1/usage", Err(NoRoute::Method("GET, HEAD"))),
            (
                Method::GET,
                "/dashboard/billing/subscription",
                Ok(Route::Figures(Figures::BillingSubscription)),
            ),
            (Method::GET, "/v1/dashboard/billing/usage", Ok(Route::Figures(Figures::BillingUsage))),
            (Method::GET, "/v2", Err(NoRoute::Path)),
        ] {
            assert_eq!(route(&method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn model_ids_may_hold_slashes() {
        for path in ["/v1/models/ZHIPU/GLM-4.6", "/v1/models/ZHIPU%2FGLM-4.6"] {
            let expected = Route::Models { id: Some("ZHIPU/GLM-4.6".to_owned()), envelope: false };
            assert_eq!(route(&Method::GET, path), Ok(expected));
        }
        assert_eq!(percent_decode("a%zz%4"), "a%zz%4");
    }

    #[test]
    fn stored_responses() {
        let stored = |action| Ok(Route::StoredResponse { id: "resp_1".to_owned(), action });
        for (method, path, expected) in [
            (Method::GET, "/v1/responses/resp_1", stored(StoredAction::Get)),
            (Method::DELETE, "/v1/responses/resp_1", stored(StoredAction::Delete)),
            (Method::POST, "/v1/responses/resp_1/cancel", stored(StoredAction::Cancel)),
            (Method::GET, "/v1/responses/resp_1/input_items", stored(StoredAction::InputItems)),
            (Method::GET, "/backend-api/codex/responses/resp_1", stored(StoredAction::Get)),
            (Method::PUT, "/v1/responses/resp_1", Err(NoRoute::Method("GET, DELETE"))),
            (Method::GET, "/v1/responses/resp_1/nothing", Err(NoRoute::Path)),
        ] {
            assert_eq!(route(&method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn dialects_of_unknown_paths() {
        let mut headers = HeaderMap::new();
        assert_eq!(dialect_of("/v1/nothing", &headers), Dialect::Chat);
        assert_eq!(dialect_of("/api/v1/nothing", &headers), Dialect::Envelope);
        assert_eq!(dialect_of("/v1/responses/x/y", &headers), Dialect::Responses);
        headers.insert("anthropic-version", http::HeaderValue::from_static("2023-06-01"));
        assert_eq!(dialect_of("/v1/nothing", &headers), Dialect::Messages);
    }
}
