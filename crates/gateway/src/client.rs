//! Where a request comes from.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use ipnet::IpNet;

/// The caller's address: the peer's own, or what a trusted proxy says of it.
///
/// `x-forwarded-for` is read from the right, past the proxies we trust; the first other address is the caller.
/// What stands left of it was written by the caller and is not believed.
pub(crate) fn address(headers: &HeaderMap, peer: SocketAddr, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.ip().to_canonical();
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(&peer) {
        return peer;
    }
    let mut caller = peer;
    for value in headers.get_all("x-forwarded-for").iter().rev() {
        for hop in value.to_str().unwrap_or("").rsplit(',') {
            let Some(address) = parse_hop(hop.trim()) else {
                return caller;
            };
            caller = address;
            if !is_trusted(&address) {
                return address;
            }
        }
    }
    caller
}

/// An address with or without a port: `203.0.113.9`, `203.0.113.9:4711`, `[2001:db8::1]:443`.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let bare = hop.parse::<IpAddr>().ok();
    let with_port = || hop.parse::<SocketAddr>().ok().map(|address| address.ip());
    bare.or_else(with_port).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address_of(peer: &str, forwarded: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", http::HeaderValue::from_static(value));
        }
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        address(&headers, peer.parse().unwrap(), &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        for (peer, forwarded, expected) in [
            ("203.0.113.1:5", &["198.51.100.7"][..], "203.0.113.1"),
            ("10.0.0.1:5", &[], "10.0.0.1"),
            ("10.0.0.1:5", &["198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1:5", &["1.2.3.4, 198.51.100.7:99, 10.0.0.2"], "198.51.100.7"),
            ("10.0.0.1:5", &["198.51.100.7", "10.0.0.9"], "198.51.100.7"),
            ("10.0.0.1:5", &["nonsense, 10.0.0.2"], "10.0.0.2"),
            ("[::ffff:10.0.0.1]:5", &["[2001:db8::1]:443"], "2001:db8::1"),
        ] {
            assert_eq!(address_of(peer, forwarded), expected, "{peer} {forwarded:?}");
        }
    }
}
