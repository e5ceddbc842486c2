//! The one error type: which phase failed, how, and whether the request may be sent again.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;

/// A request that got no answer, or an answer whose body broke off.
///
/// Its text names hosts and proxies without their credentials; it is for the operator's log, not for a caller.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{phase}: {kind}{}", Detail(.detail))]
pub struct UpstreamError {
    /// How far the request had come.
    pub phase: Phase,
    /// What went wrong.
    pub kind: Kind,
    /// True if the upstream cannot have acted on the request: none of it was sent, or the peer said that it did
    /// not process it. False means "unknown", not "acted on".
    pub safe_to_retry: bool,
    detail: Option<Box<str>>,
    #[source]
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// How far a request had come when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Reading the configuration, the base URL or the proxy's URL.
    Setup,
    /// Looking up the host's addresses.
    Resolve,
    /// Opening the TCP connection, or waiting for one.
    Connect,
    /// Talking to the proxy.
    Proxy,
    /// The TLS handshake.
    Tls,
    /// Handing the request to a connection.
    Send,
    /// Waiting for the head of the answer.
    FirstByte,
    /// Waiting for the next chunk of the body.
    Idle,
    /// Any phase, when the time for the whole request ran out.
    Total,
    /// Reading the body.
    Body,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The connection was refused.
    Refused,
    /// No route to the host or its network.
    Unreachable,
    /// The name has no address.
    NotFound,
    /// The time of the phase ran out.
    Timeout,
    /// The connection or stream was reset.
    Reset,
    /// The connection was closed too early; for a body, before its declared end.
    Closed,
    /// The peer broke its protocol.
    Protocol,
    /// The peer's certificate is not trusted, or not for this host.
    Certificate,
    /// The proxy would not open the connection.
    ProxyRefused,
    /// The proxy wants other credentials.
    ProxyAuth,
    /// The address is not public and not allowed.
    AddressNotAllowed,
    /// The base URL or the proxy's URL cannot be used.
    BadUrl,
    /// A setting of the client cannot be used.
    BadConfig,
    /// The body is larger than the caller's limit.
    TooLarge,
    /// Any other failure of the operating system.
    Io,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Setup => "setup",
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Proxy => "proxy",
            Self::Tls => "tls",
            Self::Send => "send",
            Self::FirstByte => "first byte",
            Self::Idle => "idle",
            Self::Total => "total",
            Self::Body => "body",
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "connection refused",
            Self::Unreachable => "host unreachable",
            Self::NotFound => "name not found",
            Self::Timeout => "timed out",
            Self::Reset => "connection reset",
            Self::Closed => "closed too early",
            Self::Protocol => "protocol error",
            Self::Certificate => "certificate not trusted",
            Self::ProxyRefused => "proxy refused",
            Self::ProxyAuth => "proxy wants other credentials",
            Self::AddressNotAllowed => "address not allowed",
            Self::BadUrl => "bad URL",
            Self::BadConfig => "bad setting",
            Self::TooLarge => "too large",
            Self::Io => "input/output error",
        })
    }
}

struct Detail<'a>(&'a Option<Box<str>>);

impl fmt::Display for Detail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(text) => write!(f, " ({text})"),
            None => Ok(()),
        }
    }
}

impl UpstreamError {
    /// An error of a phase. Safe to retry exactly if the phase comes before sending.
    pub(crate) fn new(phase: Phase, kind: Kind) -> Self {
        let safe_to_retry = matches!(
            phase,
            Phase::Setup | Phase::Resolve | Phase::Connect | Phase::Proxy | Phase::Tls | Phase::Send
        );
        Self { phase, kind, safe_to_retry, detail: None, source: None }
    }

    pub(crate) fn detail(mut self, detail: impl Into<Box<str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    pub(crate) fn retry(mut self, safe: bool) -> Self {
        self.safe_to_retry = safe;
        self
    }

    pub(crate) fn source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    pub(crate) fn io(phase: Phase, error: io::Error) -> Self {
        Self::new(phase, io_kind(&error)).source(error)
    }

    /// What hyper reports after a request was handed to a connection.
    pub(crate) fn hyper(phase: Phase, error: hyper::Error) -> Self {
        let (kind, unprocessed) = hyper_kind(&error);
        let phase = if unprocessed && phase == Phase::FirstByte { Phase::Send } else { phase };
        Self::new(phase, kind).retry(unprocessed).source(error)
    }
}

/// The kind of an I/O error, looking through to what TLS said if it was TLS.
pub(crate) fn io_kind(error: &io::Error) -> Kind {
    if let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return match inner {
            rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => {
                Kind::Certificate
            }
            _ => Kind::Protocol,
        };
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Kind::Refused,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Kind::Reset,
        io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof => Kind::Closed,
        io::ErrorKind::TimedOut => Kind::Timeout,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Kind::Unreachable,
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Kind::Protocol,
        _ => Kind::Io,
    }
}

/// The kind of a hyper error, and whether the peer certainly did not process the request.
fn hyper_kind(error: &hyper::Error) -> (Kind, bool) {
    if error.is_canceled() {
        return (Kind::Closed, true);
    }
    if error.is_timeout() {
        return (Kind::Timeout, false);
    }
    if error.is_parse() {
        return (Kind::Protocol, false);
    }
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(h2) = inner.downcast_ref::<h2::Error>() {
            return h2_kind(h2);
        }
        if let Some(io) = inner.downcast_ref::<io::Error>() {
            return (io_kind(io), false);
        }
        source = inner.source();
    }
    (if error.is_user() { Kind::Io } else { Kind::Closed }, false)
}

/// RFC 9113, 8.7: `REFUSED_STREAM`, and the streams above the last one a `GOAWAY` names, were not processed.
fn h2_kind(error: &h2::Error) -> (Kind, bool) {
    if let Some(io) = error.get_io() {
        return (io_kind(io), false);
    }
    let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
    let going = error.is_go_away() && error.is_remote() && error.reason() == Some(h2::Reason::NO_ERROR);
    let kind = if !error.is_remote() {
        Kind::Protocol
    } else if error.is_go_away() {
        Kind::Closed
    } else {
        Kind::Reset
    };
    (kind, refused || going)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_names_phase_kind_and_detail() {
        let error = UpstreamError::new(Phase::Proxy, Kind::ProxyRefused).detail("status 403");
        assert_eq!(error.to_string(), "proxy: proxy refused (status 403)");
        assert!(error.safe_to_retry);
        assert!(!UpstreamError::new(Phase::FirstByte, Kind::Timeout).safe_to_retry);
    }

    #[test]
    fn tls_verdicts_are_seen_through_io_errors() {
        let wrapped = io::Error::new(
            io::ErrorKind::InvalidData,
            rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer),
        );
        assert_eq!(io_kind(&wrapped), Kind::Certificate);
    }
}
