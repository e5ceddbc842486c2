//! Opening a connection: resolve, check the address, connect, through a proxy if there is one, TLS.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, sleep, timeout_at};

use crate::endpoint::{bracketed, names_loopback};
use crate::error::{Kind, Phase, UpstreamError};
use crate::policy::Policy;
use crate::pool::{Route, Shared};
use crate::proxy::{Destination, Proxy, ProxyKind, negotiate, open_tunnel};
use crate::stream::{Stream, Wire};
use crate::tls;
use crate::watch::after;

/// How long the next address waits for the one before it (RFC 8305, 5).
const NEXT_ADDRESS_AFTER: Duration = Duration::from_millis(250);
/// Addresses tried for one connection.
const MAX_ADDRESSES: usize = 8;

/// A connection that is ready for HTTP, and whether TLS negotiated HTTP/2.
pub(crate) struct Dialed {
    pub(crate) stream: Stream,
    pub(crate) http2: bool,
}

/// Opens a connection for a route. `deadline` ends every phase early.
pub(crate) async fn dial(route: &Route, shared: &Shared, deadline: Instant) -> Result<Dialed, UpstreamError> {
    let started = Instant::now();
    let connect_by = after(started, shared.config.timeouts.connect).min(deadline);
    let wire = match &route.proxy {
        None => Wire::Plain(connect_direct(route, shared, connect_by).await?),
        Some(proxy) => through_proxy(route, proxy, shared, connect_by).await?,
    };
    if !route.tls {
        return Ok(Dialed { stream: Stream::new(wire), http2: false });
    }
    let tls_by = after(Instant::now(), shared.config.timeouts.tls).min(deadline);
    let (wire, http2) = within(tls_by, Phase::Tls, upstream_tls(route, shared, wire)).await?;
    Ok(Dialed { stream: Stream::new(wire), http2 })
}

async fn upstream_tls(route: &Route, shared: &Shared, wire: Wire) -> io::Result<(Wire, bool)> {
    let connector = &shared.tls.upstream;
    Ok(match wire {
        Wire::Plain(stream) => {
            let stream = tls::handshake(connector, &route.host, stream).await?;
            let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            (Wire::Tls(Box::new(stream)), http2)
        }
        Wire::Tls(stream) => {
            let stream = tls::handshake(connector, &route.host, *stream).await?;
            let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            (Wire::TlsInTls(Box::new(stream)), http2)
        }
        Wire::TlsInTls(_) => return Err(io::ErrorKind::InvalidInput.into()),
    })
}

/// Runs one step of a phase until `by`.
async fn within<T>(
    by: Instant,
    phase: Phase,
    step: impl Future<Output = io::Result<T>>,
) -> Result<T, UpstreamError> {
    match timeout_at(by, step).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(UpstreamError::io(phase, error)),
        Err(_) => Err(UpstreamError::new(phase, Kind::Timeout)),
    }
}

async fn connect_direct(route: &Route, shared: &Shared, by: Instant) -> Result<TcpStream, UpstreamError> {
    let policy = Policy { allow: &shared.config.allow_private, loopback_ok: route.loopback_ok };
    let addresses = resolve(&route.host, route.port, by).await?;
    connect_any(&permitted(addresses, policy)?, Phase::Connect, by).await
}

async fn through_proxy(
    route: &Route,
    proxy: &Proxy,
    shared: &Shared,
    by: Instant,
) -> Result<Wire, UpstreamError> {
    let policy = Policy { allow: &shared.config.allow_private, loopback_ok: route.loopback_ok };
    // A name is the proxy's to resolve, so only what can be known here can be refused here.
    check_literal(&route.host, policy)?;
    let local_names = proxy.kind == ProxyKind::Socks5 { remote_names: false };
    let target = if local_names {
        permitted(resolve(&route.host, route.port, by).await?, policy)?.first().copied()
    } else {
        None
    };

    let addresses = resolve(&proxy.host, proxy.port, by).await?;
    let mut stream = connect_any(&addresses, Phase::Proxy, by).await?;
    let authority = format!("{}:{}", bracketed(&route.host), route.port);
    match proxy.kind {
        ProxyKind::Http => {
            handshake(by, open_tunnel(&mut stream, proxy, &authority)).await?;
            Ok(Wire::Plain(stream))
        }
        ProxyKind::Https => {
            let secured = tls::handshake(&shared.tls.proxy, &proxy.host, stream);
            let mut stream = Box::new(within(by, Phase::Proxy, secured).await?);
            handshake(by, open_tunnel(&mut stream, proxy, &authority)).await?;
            Ok(Wire::Tls(stream))
        }
        ProxyKind::Socks5 { .. } => {
            let destination = match (target, route.host.parse()) {
                (Some(address), _) => Destination::Address(address.ip(), address.port()),
                (None, Ok(address)) => Destination::Address(address, route.port),
                (None, Err(_)) => Destination::Name(&route.host, route.port),
            };
            handshake(by, negotiate(&mut stream, proxy, destination)).await?;
            Ok(Wire::Plain(stream))
        }
    }
}

async fn handshake(
    by: Instant,
    step: impl Future<Output = Result<(), UpstreamError>>,
) -> Result<(), UpstreamError> {
    timeout_at(by, step).await.unwrap_or_else(|_| Err(UpstreamError::new(Phase::Proxy, Kind::Timeout)))
}

async fn resolve(host: &str, port: u16, by: Instant) -> Result<Vec<SocketAddr>, UpstreamError> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let found = match timeout_at(by, lookup_host((host, port))).await {
        Ok(Ok(found)) => alternate(found),
        Ok(Err(error)) => {
            return Err(UpstreamError::new(Phase::Resolve, Kind::NotFound).detail(host).source(error));
        }
        Err(_) => return Err(UpstreamError::new(Phase::Resolve, Kind::Timeout).detail(host)),
    };
    if found.is_empty() {
        return Err(UpstreamError::new(Phase::Resolve, Kind::NotFound).detail(host));
    }
    Ok(found)
}

/// IPv6 and IPv4 in turn, each family in the resolver's order (RFC 8305, 4).
fn alternate(addresses: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let (first, second): (Vec<_>, Vec<_>) = addresses.partition(SocketAddr::is_ipv6);
    let mut second = second.into_iter();
    let mut out = Vec::new();
    for address in first {
        out.push(address);
        out.extend(second.next());
    }
    out.extend(second);
    out
}

fn not_allowed(what: &str) -> UpstreamError {
    UpstreamError::new(Phase::Resolve, Kind::AddressNotAllowed).detail(what)
}

fn check_literal(host: &str, policy: Policy<'_>) -> Result<(), UpstreamError> {
    let permitted = match host.parse::<IpAddr>() {
        Ok(address) => policy.permits(address),
        Err(_) if names_loopback(host) => policy.permits(std::net::Ipv4Addr::LOCALHOST.into()),
        Err(_) => true,
    };
    if permitted { Ok(()) } else { Err(not_allowed(host)) }
}

fn permitted(mut addresses: Vec<SocketAddr>, policy: Policy<'_>) -> Result<Vec<SocketAddr>, UpstreamError> {
    let refused = addresses.first().map(|address| address.ip().to_string()).unwrap_or_default();
    addresses.retain(|address| policy.permits(address.ip()));
    if addresses.is_empty() { Err(not_allowed(&refused)) } else { Ok(addresses) }
}

/// Connects to the first address that answers; each next one starts when the one before failed or was slow.
async fn connect_any(
    addresses: &[SocketAddr],
    phase: Phase,
    by: Instant,
) -> Result<TcpStream, UpstreamError> {
    let mut queue = addresses.iter().copied().take(MAX_ADDRESSES);
    let mut trying = FuturesUnordered::new();
    let mut last_error = None;
    let race = async {
        loop {
            match queue.next() {
                Some(address) => trying.push(TcpStream::connect(address)),
                None if trying.is_empty() => break None,
                None => {}
            }
            let more = queue.len() > 0;
            tokio::select! {
                biased;
                Some(result) = trying.next() => match result {
                    Ok(stream) => break Some(stream),
                    Err(error) => last_error = Some(error),
                },
                () = sleep(NEXT_ADDRESS_AFTER), if more => {}
            }
        }
    };
    let stream = match timeout_at(by, race).await {
        Ok(Some(stream)) => stream,
        Ok(None) => {
            let error = last_error.unwrap_or_else(|| io::ErrorKind::NotFound.into());
            return Err(UpstreamError::io(phase, error));
        }
        Err(_) => return Err(UpstreamError::new(phase, Kind::Timeout)),
    };
    set_options(&stream).map_err(|error| UpstreamError::io(phase, error))?;
    Ok(stream)
}

/// No waiting to fill a segment, and probes on a silent connection: a long answer may have minutes of silence, which
/// address translators on the way forget.
fn set_options(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let probes = socket2::TcpKeepalive::new()
        .with_time(Duration::from_secs(30))
        .with_interval(Duration::from_secs(15));
    socket2::SockRef::from(stream).set_tcp_keepalive(&probes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AllowPrivate;

    #[test]
    fn families_alternate() {
        let addresses: Vec<SocketAddr> =
            ["1.1.1.1:1", "2.2.2.2:1", "3.3.3.3:1", "[2606::1]:1"].map(|text| text.parse().unwrap()).to_vec();
        let order: Vec<String> =
            alternate(addresses.into_iter()).iter().map(|a| a.ip().to_string()).collect();
        assert_eq!(order, ["2606::1", "1.1.1.1", "2.2.2.2", "3.3.3.3"]);
    }

    #[test]
    fn only_permitted_addresses_are_left() {
        let policy = Policy { allow: &AllowPrivate::None, loopback_ok: false };
        let mixed = vec!["10.0.0.1:1".parse().unwrap(), "1.1.1.1:1".parse().unwrap()];
        assert_eq!(permitted(mixed, policy).unwrap(), ["1.1.1.1:1".parse().unwrap()]);
        let error = permitted(vec!["169.254.169.254:80".parse().unwrap()], policy).unwrap_err();
        assert_eq!(error.kind, Kind::AddressNotAllowed);
        assert!(check_literal("localhost", policy).is_err());
        assert!(check_literal("10.0.0.1", policy).is_err());
        assert!(check_literal("api.example.com", policy).is_ok());
    }

    #[tokio::test]
    async fn a_dead_address_gives_way_to_the_next() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let good = listener.local_addr().unwrap();
        let closed = {
            let other = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            other.local_addr().unwrap()
        };
        let by = after(Instant::now(), Duration::from_secs(5));
        let stream = connect_any(&[closed, good], Phase::Connect, by).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), good);
        assert_eq!(connect_any(&[closed], Phase::Connect, by).await.unwrap_err().kind, Kind::Refused);
    }
}
