//! An account made ready for sending: its endpoint, paths and credential header for each protocol.

use std::sync::Arc;

use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use tollgate_base::Secret;
use tollgate_protocol::{Endpoint, Protocol, forward_request_headers, forward_translated_request_headers};
use tollgate_routing::{Account, AuthScheme, UpstreamPath};
use tollgate_upstream::{Client, Endpoint as UpstreamEndpoint};

use crate::health::AccountHealth;

const DEFAULT_ANTHROPIC_VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");

/// Where and how one account is called. Made once for each snapshot of the configuration.
pub(crate) struct Destination {
    pub(crate) health: Arc<AccountHealth>,
    /// The headers of its keys, in their order; never empty.
    keys: Vec<(HeaderName, HeaderValue)>,
    /// Why some protocol of the account cannot be called; written to the log.
    pub(crate) problems: Vec<String>,
    routes: [Option<ProtocolRoute>; 3],
}

/// How one protocol of an account is reached.
struct ProtocolRoute {
    endpoint: UpstreamEndpoint,
    /// The whole path of each call.
    paths: Vec<(Endpoint, PathAndQuery)>,
}

/// The calls each protocol has; the path of each is made once.
const CALLS: [(Protocol, &[(Endpoint, UpstreamPath<'static>)]); 3] = [
    (
        Protocol::Messages,
        &[(Endpoint::Messages, UpstreamPath::Messages), (Endpoint::CountTokens, UpstreamPath::CountTokens)],
    ),
    (Protocol::Chat, &[(Endpoint::Chat, UpstreamPath::Chat)]),
    (
        Protocol::Responses,
        &[
            (Endpoint::Responses, UpstreamPath::Responses),
            (Endpoint::ResponsesInputTokens, UpstreamPath::ResponsesInputTokens),
            (Endpoint::ResponsesCompact, UpstreamPath::ResponsesCompact),
        ],
    ),
];

impl Destination {
    pub(crate) fn new(client: &Client, account: &Account, health: Arc<AccountHealth>) -> Self {
        let mut problems = Vec::new();
        let mut routes = [None, None, None];
        for (slot, (protocol, calls)) in routes.iter_mut().zip(CALLS) {
            match ProtocolRoute::new(client, account, protocol, calls) {
                Ok(route) => *slot = route,
                Err(problem) => problems.push(format!("{protocol}: {problem}")),
            }
        }
        let mut header = |secret: &Secret<String>| {
            credential_header(account.auth, secret).unwrap_or_else(|| {
                problems.push("the credential cannot be sent in a header".to_owned());
                (AUTHORIZATION, HeaderValue::from_static(""))
            })
        };
        let keys = account.keys().map(&mut header).collect();
        Self { health, keys, problems, routes }
    }

    /// Whether there is more than one key to send.
    pub(crate) fn has_several_keys(&self) -> bool {
        self.keys.len() > 1
    }

    /// Puts one of the account's keys into the headers of a request; without such a one its first.
    pub(crate) fn authorize(&self, headers: &mut HeaderMap, key: usize) {
        if let Some((name, value)) = self.keys.get(key).or_else(|| self.keys.first()) {
            headers.insert(name, value.clone());
        }
    }

    /// The endpoint and path of a call, if the account can be called in its protocol.
    pub(crate) fn route(&self, call: Endpoint) -> Option<(&UpstreamEndpoint, &PathAndQuery)> {
        let native = native_call(call);
        let route = self.routes[slot(native.protocol())].as_ref()?;
        let (_, path) = route.paths.iter().find(|(endpoint, _)| *endpoint == native)?;
        Some((&route.endpoint, path))
    }

    /// The endpoint for calls on a stored response.
    pub(crate) fn responses_endpoint(&self) -> Option<&UpstreamEndpoint> {
        self.routes[slot(Protocol::Responses)].as_ref().map(|route| &route.endpoint)
    }
}

impl ProtocolRoute {
    fn new(
        client: &Client,
        account: &Account,
        protocol: Protocol,
        calls: &[(Endpoint, UpstreamPath<'static>)],
    ) -> Result<Option<Self>, String> {
        let mut endpoint = None;
        let mut paths = Vec::with_capacity(calls.len());
        for (call, tail) in calls {
            let Some(url) = account.url_for(protocol, tail) else {
                return Ok(None);
            };
            let uri: Uri = url.parse().map_err(|error| format!("`{url}` is not a URL: {error}"))?;
            let path = uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
            let origin = format!(
                "{}://{}",
                uri.scheme_str().unwrap_or("https"),
                uri.authority().map_or("", |a| a.as_str())
            );
            if endpoint.is_none() {
                let proxy = account.proxy.as_ref().map(|proxy| proxy.expose().as_str());
                // Loopback is allowed where the operator wrote it out; the client checks that they did.
                endpoint = Some(client.endpoint(&origin, proxy, true).map_err(|error| error.to_string())?);
            }
            paths.push((*call, path));
        }
        Ok(endpoint.map(|endpoint| Self { endpoint, paths }))
    }
}

/// The call as the upstream knows it: the envelope is the gate's own.
fn native_call(call: Endpoint) -> Endpoint {
    match call {
        Endpoint::EnvelopeMessages => Endpoint::Messages,
        Endpoint::EnvelopeChat => Endpoint::Chat,
        native => native,
    }
}

const fn slot(protocol: Protocol) -> usize {
    match protocol {
        Protocol::Messages => 0,
        Protocol::Chat => 1,
        Protocol::Responses => 2,
    }
}

/// The caller's headers, less what is not the upstream's business, plus the account's credential.
pub(crate) fn upstream_headers(sent: &HeaderMap, protocol: Protocol, destination: &Destination) -> HeaderMap {
    own_headers(forward_request_headers(sent), protocol, destination)
}

/// The same for a request that was translated: without what only the caller's protocol understands.
pub(crate) fn translated_headers(
    sent: &HeaderMap,
    protocol: Protocol,
    destination: &Destination,
) -> HeaderMap {
    own_headers(forward_translated_request_headers(sent), protocol, destination)
}

fn own_headers(mut headers: HeaderMap, protocol: Protocol, destination: &Destination) -> HeaderMap {
    headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if protocol == Protocol::Messages {
        headers.entry("anthropic-version").or_insert(DEFAULT_ANTHROPIC_VERSION);
    }
    destination.authorize(&mut headers, 0);
    headers
}

fn credential_header(auth: AuthScheme, secret: &Secret<String>) -> Option<(HeaderName, HeaderValue)> {
    let secret = secret.expose();
    let (name, text) = match auth {
        AuthScheme::XApiKey => (HeaderName::from_static("x-api-key"), secret.clone()),
        AuthScheme::Bearer => (AUTHORIZATION, format!("Bearer {secret}")),
    };
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}
