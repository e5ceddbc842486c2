//! May this key be used, here and now, for this model?

use std::net::IpAddr;

use ipnet::IpNet;
use tollgate_base::Timestamp;
use tollgate_protocol::ErrorKind;

use crate::group::Group;
use crate::key::{ApiKey, KeyStatus};
use crate::pattern::admits;
use crate::user::{Status, User};

/// The length of `::ffff:0:0/96`, the range of IPv6 that stands for IPv4 (RFC 4291, section 2.5.5.2).
const MAPPED_PREFIX_BITS: u8 = 96;

/// Checks that a key, its user and its group are in use, and that it may be used from `client_ip`.
///
/// An IPv4 caller on an IPv6 socket (`::ffff:192.0.2.1`) is the IPv4 address it stands for, and a network of such
/// addresses is the IPv4 network.
///
/// # Errors
/// The first that holds of: [`ErrorKind::RevokedKey`] (also for a disabled key), [`ErrorKind::ExpiredKey`] (from
/// `expires_at` on), [`ErrorKind::UserDisabled`], [`ErrorKind::GroupDisabled`], [`ErrorKind::AddressNotAllowed`].
pub fn check_key(
    key: &ApiKey,
    user: &User,
    group: &Group,
    now: Timestamp,
    client_ip: IpAddr,
) -> Result<(), ErrorKind> {
    match key.status {
        KeyStatus::Enabled => {}
        KeyStatus::Disabled | KeyStatus::Revoked => return Err(ErrorKind::RevokedKey),
    }
    if key.expires_at.is_some_and(|end| end <= now) {
        return Err(ErrorKind::ExpiredKey);
    }
    if user.status == Status::Disabled {
        return Err(ErrorKind::UserDisabled);
    }
    if group.status == Status::Disabled {
        return Err(ErrorKind::GroupDisabled);
    }
    if !address_allowed(&key.allowed_addresses, client_ip) {
        return Err(ErrorKind::AddressNotAllowed);
    }
    Ok(())
}

/// Checks a model, by the name the caller wrote, against the key's allow-list.
///
/// # Errors
/// [`ErrorKind::ModelNotAllowed`].
pub fn check_model(key: &ApiKey, model: &str) -> Result<(), ErrorKind> {
    if admits(&key.allowed_models, model) { Ok(()) } else { Err(ErrorKind::ModelNotAllowed) }
}

fn address_allowed(allowed: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    allowed.is_empty() || allowed.iter().any(|net| net_holds(net, address))
}

fn net_holds(net: &IpNet, address: IpAddr) -> bool {
    match (net, address) {
        // Only a network inside the mapped range means IPv4; `::/0` means all of IPv6.
        (IpNet::V6(net), IpAddr::V4(address)) => {
            net.prefix_len() >= MAPPED_PREFIX_BITS && net.contains(&address.to_ipv6_mapped())
        }
        _ => net.contains(&address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{api_key, group, user};

    const NOW: Timestamp = Timestamp::from_micros(1_000);

    fn home() -> IpAddr {
        "127.0.0.1".parse().unwrap()
    }

    #[test]
    fn each_state_has_its_error_and_the_key_comes_first() {
        let (good_key, good_user, good_group) = (api_key(1, 1), user(1), group(1));
        assert_eq!(check_key(&good_key, &good_user, &good_group, NOW, home()), Ok(()));

        let user_off = User { status: Status::Disabled, ..good_user.clone() };
        let group_off = Group { status: Status::Disabled, ..good_group.clone() };
        let with = |change: fn(&mut ApiKey)| {
            let mut key = good_key.clone();
            change(&mut key);
            key
        };
        let revoked = with(|key| key.status = KeyStatus::Revoked);
        let disabled = with(|key| key.status = KeyStatus::Disabled);
        let expired = with(|key| key.expires_at = Some(NOW));
        let elsewhere = with(|key| key.allowed_addresses = vec!["10.0.0.0/8".parse().unwrap()]);
        for (key, user, group, kind) in [
            (&revoked, &user_off, &group_off, ErrorKind::RevokedKey),
            (&disabled, &good_user, &good_group, ErrorKind::RevokedKey),
            (&expired, &user_off, &good_group, ErrorKind::ExpiredKey),
            (&good_key, &user_off, &group_off, ErrorKind::UserDisabled),
            (&elsewhere, &good_user, &group_off, ErrorKind::GroupDisabled),
            (&elsewhere, &good_user, &good_group, ErrorKind::AddressNotAllowed),
        ] {
            assert_eq!(check_key(key, user, group, NOW, home()), Err(kind));
        }
        let later = with(|key| key.expires_at = Some(Timestamp::from_micros(1_001)));
        assert_eq!(check_key(&later, &good_user, &good_group, NOW, home()), Ok(()));
    }

    #[test]
    fn addresses_of_both_families() {
        for (net, address, allowed) in [
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.0.0.0/8", "11.1.2.3", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("10.0.0.0/8", "::ffff:11.1.2.3", false),
            ("::ffff:10.0.0.0/104", "10.1.2.3", true),
            ("::ffff:10.0.0.0/104", "::ffff:10.1.2.3", true),
            ("::ffff:10.0.0.0/104", "11.1.2.3", false),
            ("2001:db8::/32", "2001:db8::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "10.1.2.3", false),
            ("::/0", "::ffff:10.1.2.3", false),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("192.0.2.7/32", "192.0.2.7", true),
        ] {
            let nets = [net.parse().unwrap()];
            assert_eq!(address_allowed(&nets, address.parse().unwrap()), allowed, "{address} in {net}");
        }
        assert!(address_allowed(&[], home()));
    }

    #[test]
    fn models_by_the_callers_name() {
        let mut key = api_key(1, 1);
        assert_eq!(check_model(&key, "anything"), Ok(()));
        key.allowed_models = vec!["claude-*".parse().unwrap(), "ZHIPU/GLM-4.6".parse().unwrap()];
        for (model, expected) in [
            ("claude-opus-5-5", Ok(())),
            ("ZHIPU/GLM-4.6", Ok(())),
            ("zhipu/glm-4.6", Err(ErrorKind::ModelNotAllowed)),
            ("gpt-5", Err(ErrorKind::ModelNotAllowed)),
        ] {
            assert_eq!(check_model(&key, model), expected, "{model}");
        }
    }
}
