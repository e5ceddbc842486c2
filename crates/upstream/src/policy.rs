//! Which addresses may be connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::config::AllowPrivate;

/// The rule of one endpoint: the operator's list, and whether its base URL itself names the loopback.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy<'a> {
    pub(crate) allow: &'a AllowPrivate,
    pub(crate) loopback_ok: bool,
}

impl Policy<'_> {
    /// Whether this very address may be connected to.
    pub(crate) fn permits(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        if is_public(address) || (self.loopback_ok && address.is_loopback()) {
            return true;
        }
        match self.allow {
            AllowPrivate::None => false,
            AllowPrivate::All => true,
            AllowPrivate::Networks(networks) => networks.iter().any(|network| network.contains(&address)),
        }
    }
}

/// True for an address of the public internet: not private, loopback, link-local, unique-local, shared (carrier
/// NAT), multicast, unspecified, documentation, reserved, nor a cloud's metadata service; also when such an IPv4
/// address is wrapped in an IPv6 one (mapped, compatible, NAT64, 6to4). Ranges: IANA special-purpose registries.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// First octets and prefix length of IPv4 ranges that are not public.
const BLOCKED_V4: [([u8; 4], u32); 15] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10), // shared address space; also Alibaba's metadata service
    ([127, 0, 0, 0], 8),
    ([168, 63, 129, 16], 32), // Azure's host services
    ([169, 254, 0, 0], 16),   // link-local; the usual metadata service
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24), // IETF assignments; Oracle's metadata service
    ([192, 0, 2, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = address.to_bits();
    !BLOCKED_V4.iter().any(|&(base, prefix)| (bits ^ u32::from_be_bytes(base)) >> (32 - prefix) == 0)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let s = address.segments();
    let embedded =
        |high: u16, low: u16| is_public_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    match s {
        [0, 0, 0, 0, 0, 0xffff, high, low] => embedded(high, low),
        // Unspecified, loopback and IPv4-compatible addresses.
        [0, 0, 0, 0, 0, 0, ..] => false,
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low),
        [0x64, 0xff9b, ..] | [0x100, 0, 0, 0, ..] | [0x2001, 0 | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => {
            false
        }
        // Only 2000::/3 is global unicast: this leaves out unique-local, link-local, site-local and multicast.
        _ => s[0] & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_by_reach() {
        let cases = [
            ("1.1.1.1", true),
            ("172.15.255.255", true),
            ("172.32.0.1", true),
            ("100.63.255.255", true),
            ("100.128.0.1", true),
            ("223.255.255.255", true),
            ("2606:4700::1111", true),
            ("64:ff9b::101:101", true),
            ("2002:0101:0101::1", true),
            ("::ffff:1.1.1.1", true),
            ("0.0.0.0", false),
            ("10.1.2.3", false),
            ("100.64.0.1", false),
            ("100.100.100.200", false),
            ("127.0.0.1", false),
            ("127.255.255.254", false),
            ("168.63.129.16", false),
            ("169.254.169.254", false),
            ("172.16.0.1", false),
            ("172.31.255.255", false),
            ("192.0.0.192", false),
            ("192.168.1.1", false),
            ("198.19.0.1", false),
            ("224.0.0.1", false),
            ("239.255.255.250", false),
            ("255.255.255.255", false),
            ("::", false),
            ("::1", false),
            ("::7f00:1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:169.254.169.254", false),
            ("::ffff:10.0.0.1", false),
            ("64:ff9b::a9fe:a9fe", false),
            ("64:ff9b:1::1", false),
            ("2002:7f00:1::1", false),
            ("2001:db8::1", false),
            ("2001::1", false),
            ("3fff::1", false),
            ("fc00::1", false),
            ("fd00:ec2::254", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("ff02::1", false),
        ];
        for (text, public) in cases {
            assert_eq!(is_public(ip(text)), public, "{text}");
        }
    }

    #[test]
    fn what_the_operator_allows() {
        let networks =
            AllowPrivate::Networks(vec!["10.1.0.0/16".parse().unwrap(), "fd12::/16".parse().unwrap()]);
        let listed = Policy { allow: &networks, loopback_ok: false };
        assert!(listed.permits(ip("10.1.9.9")));
        assert!(listed.permits(ip("::ffff:10.1.9.9")));
        assert!(listed.permits(ip("fd12::5")));
        assert!(!listed.permits(ip("10.2.0.1")));
        assert!(!listed.permits(ip("127.0.0.1")));
        assert!(Policy { allow: &AllowPrivate::All, loopback_ok: false }.permits(ip("169.254.169.254")));

        let loopback = Policy { allow: &AllowPrivate::None, loopback_ok: true };
        assert!(loopback.permits(ip("127.0.0.1")));
        assert!(loopback.permits(ip("::1")));
        assert!(!loopback.permits(ip("10.0.0.1")));
        assert!(!loopback.permits(ip("169.254.169.254")));
    }
}
