//! A base URL read once: where requests go, and how their target and `host` are written.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Method, Request, Uri, header};

use crate::body::SendBody;
use crate::error::{Kind, Phase, UpstreamError};
use crate::pool::Host;

/// What of a request comes before its body.
#[derive(Clone, Debug)]
pub struct RequestHead {
    /// The method.
    pub method: Method,
    /// The path and query, put behind the base URL's own path.
    pub path_and_query: PathAndQuery,
    /// The headers. `host`, `content-length`, `transfer-encoding`, `connection` and `expect` are the client's own
    /// business: whatever is here under these names is replaced or left out.
    pub headers: HeaderMap,
}

/// A checked base URL with its proxy and its connections. Cheap to clone.
#[derive(Clone)]
pub struct Endpoint(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) host: Arc<Host>,
    scheme: Scheme,
    authority: Authority,
    host_header: HeaderValue,
    /// The base URL's path without its last slash; empty for most.
    prefix: String,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({}://{}{})", self.0.scheme, self.0.authority, self.0.prefix)
    }
}

/// A base URL taken apart.
#[derive(Debug)]
pub(crate) struct BaseUrl {
    pub(crate) tls: bool,
    /// The host without the brackets of an IPv6 address, in lower case.
    pub(crate) host: String,
    pub(crate) port: u16,
    authority: Authority,
    prefix: String,
}

fn bad_url(why: &str) -> UpstreamError {
    UpstreamError::new(Phase::Setup, Kind::BadUrl).detail(why)
}

impl BaseUrl {
    /// Reads `http(s)://host[:port][/path]`. The error never repeats the text, which may hold credentials.
    pub(crate) fn parse(text: &str) -> Result<Self, UpstreamError> {
        let uri: Uri = text.trim().parse().map_err(|_| bad_url("the base URL is not a URL"))?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(bad_url("the base URL needs http:// or https://")),
        };
        let authority = uri.authority().ok_or_else(|| bad_url("the base URL names no host"))?;
        if authority.as_str().contains('@') {
            return Err(bad_url("the base URL must not hold credentials"));
        }
        if uri.query().is_some() || text.contains('#') {
            return Err(bad_url("the base URL must not have a query or fragment"));
        }
        let host = unbracketed(authority.host()).to_ascii_lowercase();
        if host.is_empty() {
            return Err(bad_url("the base URL names no host"));
        }
        let default_port = if tls { 443 } else { 80 };
        let port = port_of(authority)
            .ok_or_else(|| bad_url("the base URL's port is not a port"))?
            .unwrap_or(default_port);
        let written =
            if port == default_port { bracketed(&host) } else { format!("{}:{port}", bracketed(&host)) };
        let authority = written.parse().map_err(|_| bad_url("the base URL's host is not a host"))?;
        Ok(Self { tls, host, port, authority, prefix: uri.path().trim_end_matches('/').to_owned() })
    }

    /// Whether the host is literally the loopback.
    pub(crate) fn names_loopback(&self) -> bool {
        names_loopback(&self.host)
    }
}

/// Whether a host is literally the loopback: an address of it, or `localhost`.
pub(crate) fn names_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

/// An IPv6 literal without its brackets; anything else as it is.
pub(crate) fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}

/// The port an authority names, if it names one; `None` if what it names is not a port.
pub(crate) fn port_of(authority: &Authority) -> Option<Option<u16>> {
    let text = authority.as_str();
    let after_login = text.rsplit_once('@').map_or(text, |(_, rest)| rest);
    match after_login.strip_prefix(authority.host())? {
        "" => Some(None),
        rest => rest.strip_prefix(':')?.parse().ok().map(Some),
    }
}

/// A host as it stands in front of a port.
pub(crate) fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

impl Endpoint {
    pub(crate) fn new(base: BaseUrl, host: Arc<Host>) -> Result<Self, UpstreamError> {
        let scheme = if base.tls { Scheme::HTTPS } else { Scheme::HTTP };
        let host_header =
            base.authority.as_str().parse().map_err(|_| bad_url("the base URL's host is not a host"))?;
        let BaseUrl { authority, prefix, .. } = base;
        Ok(Self(Arc::new(Inner { host, scheme, authority, host_header, prefix })))
    }
}

/// A request that waits for a connection: its target not yet written for either HTTP version.
pub(crate) struct Outgoing {
    method: Method,
    target: PathAndQuery,
    headers: HeaderMap,
    pub(crate) body: SendBody,
}

impl Inner {
    pub(crate) fn outgoing(&self, head: RequestHead, body: SendBody) -> Result<Outgoing, UpstreamError> {
        let RequestHead { method, path_and_query, mut headers } = head;
        for name in [
            header::HOST,
            header::CONTENT_LENGTH,
            header::TRANSFER_ENCODING,
            header::CONNECTION,
            header::EXPECT,
        ] {
            headers.remove(name);
        }
        let target = if self.prefix.is_empty() {
            path_and_query
        } else {
            PathAndQuery::try_from(format!("{}{path_and_query}", self.prefix))
                .map_err(|_| bad_url("the request's path is not a path"))?
        };
        Ok(Outgoing { method, target, headers, body })
    }

    /// HTTP/1.1: origin-form target and a `host` header (RFC 9112, 3.2).
    pub(crate) fn http1_request(&self, mut out: Outgoing) -> Request<SendBody> {
        out.headers.insert(header::HOST, self.host_header.clone());
        let mut request = Request::new(out.body);
        *request.method_mut() = out.method;
        *request.uri_mut() = Uri::from(out.target);
        *request.headers_mut() = out.headers;
        request
    }

    /// HTTP/2: scheme and authority in the target (RFC 9113, 8.3.1).
    pub(crate) fn http2_request(&self, out: Outgoing) -> Result<Request<SendBody>, UpstreamError> {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(out.target);
        let mut request = Request::new(out.body);
        *request.method_mut() = out.method;
        *request.uri_mut() =
            Uri::from_parts(parts).map_err(|_| bad_url("the request's path is not a path"))?;
        *request.headers_mut() = out.headers;
        Ok(request)
    }
}

impl Outgoing {
    /// Takes back a request that hyper did not send.
    pub(crate) fn recover(request: Request<SendBody>) -> Self {
        let (mut parts, body) = request.into_parts();
        parts.headers.remove(header::HOST);
        let target = parts.uri.into_parts().path_and_query.unwrap_or(PathAndQuery::from_static("/"));
        Self { method: parts.method, target, headers: parts.headers, body }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls_are_taken_apart() {
        let cases = [
            ("https://API.example.com", (true, "api.example.com", 443, "api.example.com", "")),
            ("https://api.example.com:443/", (true, "api.example.com", 443, "api.example.com", "")),
            ("http://h:8080/api/anthropic/", (false, "h", 8080, "h:8080", "/api/anthropic")),
            ("http://[::1]:9/x", (false, "::1", 9, "[::1]:9", "/x")),
            (" http://127.0.0.1 ", (false, "127.0.0.1", 80, "127.0.0.1", "")),
        ];
        for (text, (tls, host, port, authority, prefix)) in cases {
            let base = BaseUrl::parse(text).unwrap();
            assert_eq!(
                (base.tls, base.host.as_str(), base.port, base.authority.as_str(), base.prefix.as_str()),
                (tls, host, port, authority, prefix),
                "{text}"
            );
        }
    }

    #[test]
    fn bad_base_urls_are_refused_without_repeating_them() {
        for text in [
            "",
            "api.example.com",
            "ftp://x",
            "https://",
            "https://user:hunter2@host",
            "https://host?key=hunter2",
            "https://host/#hunter2",
            "https://host:99999",
            "https://ho st",
        ] {
            let error = BaseUrl::parse(text).unwrap_err();
            assert_eq!((error.phase, error.kind), (Phase::Setup, Kind::BadUrl), "{text}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn loopback_is_only_what_says_so() {
        for (host, expected) in [
            ("localhost", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("10.0.0.1", false),
            ("localhost.example.com", false),
        ] {
            assert_eq!(names_loopback(host), expected, "{host}");
        }
    }
}
