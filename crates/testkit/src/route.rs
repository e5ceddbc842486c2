//! Which path is which endpoint.

use http::Method;

use crate::ask::Api;

/// What a provider offers. Ids and model names are kept apart from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Endpoint {
    Messages,
    CountTokens,
    Chat,
    Responses,
    InputTokens,
    Compact,
    Stored,
    Cancel,
    InputItems,
    Models,
    Model,
    Hello,
    Other,
}

impl Endpoint {
    pub(crate) const ALL: [Self; 13] = [
        Self::Messages,
        Self::CountTokens,
        Self::Chat,
        Self::Responses,
        Self::InputTokens,
        Self::Compact,
        Self::Stored,
        Self::Cancel,
        Self::InputItems,
        Self::Models,
        Self::Model,
        Self::Hello,
        Self::Other,
    ];

    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Messages => "/v1/messages",
            Self::CountTokens => "/v1/messages/count_tokens",
            Self::Chat => "/v1/chat/completions",
            Self::Responses => "/v1/responses",
            Self::InputTokens => "/v1/responses/input_tokens",
            Self::Compact => "/v1/responses/compact",
            Self::Stored => "/v1/responses/{id}",
            Self::Cancel => "/v1/responses/{id}/cancel",
            Self::InputItems => "/v1/responses/{id}/input_items",
            Self::Models => "/v1/models",
            Self::Model => "/v1/models/{id}",
            Self::Hello => "/api/hello",
            Self::Other => "other",
        }
    }

    /// The protocol it belongs to; models belong to none.
    pub(crate) const fn api(self) -> Option<Api> {
        match self {
            Self::Messages | Self::CountTokens => Some(Api::Messages),
            Self::Chat => Some(Api::Chat),
            Self::Responses
            | Self::InputTokens
            | Self::Compact
            | Self::Stored
            | Self::Cancel
            | Self::InputItems => Some(Api::Responses),
            Self::Models | Self::Model | Self::Hello | Self::Other => None,
        }
    }

    /// Whether the endpoint takes this method.
    pub(crate) fn takes(self, method: &Method) -> bool {
        match self {
            Self::Messages | Self::CountTokens | Self::Chat | Self::Responses => method == Method::POST,
            Self::InputTokens | Self::Compact | Self::Cancel => method == Method::POST,
            Self::Stored => method == Method::GET || method == Method::DELETE,
            Self::InputItems | Self::Models | Self::Model => method == Method::GET,
            Self::Hello | Self::Other => true,
        }
    }
}

/// The endpoint of a path, and the id or name in it, percent-decoded.
pub(crate) fn find(path: &str) -> (Endpoint, String) {
    let plain = |endpoint| (endpoint, String::new());
    if path == "/api/hello" {
        return plain(Endpoint::Hello);
    }
    let Some(rest) = path.strip_prefix("/v1/") else {
        return plain(Endpoint::Other);
    };
    match rest {
        "messages" => return plain(Endpoint::Messages),
        "messages/count_tokens" => return plain(Endpoint::CountTokens),
        "chat/completions" => return plain(Endpoint::Chat),
        "responses" => return plain(Endpoint::Responses),
        "responses/input_tokens" => return plain(Endpoint::InputTokens),
        "responses/compact" => return plain(Endpoint::Compact),
        "models" => return plain(Endpoint::Models),
        _ => {}
    }
    if let Some(name) = rest.strip_prefix("models/") {
        return (Endpoint::Model, percent_decode(name));
    }
    let Some(id) = rest.strip_prefix("responses/") else {
        return plain(Endpoint::Other);
    };
    match id.split_once('/') {
        None => (Endpoint::Stored, percent_decode(id)),
        Some((id, "cancel")) => (Endpoint::Cancel, percent_decode(id)),
        Some((id, "input_items")) => (Endpoint::InputItems, percent_decode(id)),
        Some(_) => plain(Endpoint::Other),
    }
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex =
            (*first == b'%').then(|| after.get(..2)).flatten().and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_endpoints_and_ids() {
        for (path, endpoint, id) in [
            ("/v1/messages", Endpoint::Messages, ""),
            ("/v1/responses/resp_1", Endpoint::Stored, "resp_1"),
            ("/v1/responses/resp_1/cancel", Endpoint::Cancel, "resp_1"),
            ("/v1/responses/resp_1/input_items", Endpoint::InputItems, "resp_1"),
            ("/v1/responses/resp_1/other", Endpoint::Other, ""),
            ("/v1/models/ZHIPU%2FGLM-4.6", Endpoint::Model, "ZHIPU/GLM-4.6"),
            ("/v1/models/ZHIPU/GLM-4.6", Endpoint::Model, "ZHIPU/GLM-4.6"),
            ("/v1/models/100%", Endpoint::Model, "100%"),
            ("/v1/v1/messages", Endpoint::Other, ""),
            ("/messages", Endpoint::Other, ""),
        ] {
            assert_eq!(find(path), (endpoint, id.to_owned()), "{path}");
        }
    }

    #[test]
    fn all_lists_each_endpoint_at_its_number() {
        for (index, endpoint) in Endpoint::ALL.into_iter().enumerate() {
            assert_eq!(endpoint as usize, index);
        }
    }
}
