//! Phase 1: whose key is it, and may it be used here and now.

use std::net::IpAddr;
use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use quick_cache::sync::Cache;
use tollgate_base::{Rate, Timestamp};
use tollgate_protocol::{ApiError, Dialect, ErrorKind};
use tollgate_routing::{Allowance, ApiKey, Group, User, check_key};
use tollgate_store::{KeyHash, KeyRecord, StoreError};

use crate::funds::Funds;
use crate::state::{Live, Shared};

const KNOWN_KEYS: usize = 100_000;
const UNKNOWN_KEYS: usize = 10_000;
/// How often a key is read whose user's wallet changes all the while; each commit brings a wallet up to date as well.
const READS: u32 = 4;

/// A key that was looked up, with its user.
pub(crate) struct Identity {
    pub(crate) key: ApiKey,
    pub(crate) user: User,
    /// What its requests are paid from.
    pub(crate) funds: Funds,
    /// What the key itself may use.
    pub(crate) key_limit: Allowance,
    /// What the user may use.
    pub(crate) user_limit: Allowance,
    /// What the user pays in the key's group instead of its rate.
    own_group_rate: Option<Rate>,
    epoch: u64,
}

impl Identity {
    /// What a request of this key in its group is multiplied by that came in at a time, beside the user's rate.
    pub(crate) fn group_rate(&self, group: &Group, at: Timestamp) -> Rate {
        self.own_group_rate.unwrap_or_else(|| group.rate_at(at))
    }
}

/// The keys that were presented lately: known ones, and those that the store does not know.
///
/// An entry holds for one snapshot of the configuration: any change of keys or users makes a new snapshot.
pub(crate) struct KeyCache {
    known: Cache<KeyHash, Arc<Identity>>,
    unknown: Cache<KeyHash, u64>,
}

impl Default for KeyCache {
    fn default() -> Self {
        Self { known: Cache::new(KNOWN_KEYS), unknown: Cache::new(UNKNOWN_KEYS) }
    }
}

/// Finds out who calls, and checks that the key, its user and its group may be used from this address.
pub(crate) async fn authenticate<'a>(
    shared: &Shared,
    live: &'a Live,
    headers: &HeaderMap,
    dialect: Dialect,
    address: IpAddr,
) -> Result<(Arc<Identity>, &'a Group), ApiError> {
    let (identity, group, _) = identify(shared, live, headers, dialect).await?;
    check_key(&identity.key, &identity.user, group, shared.now(), address)
        .map_err(|kind| ApiError::about(kind, &address.to_string()))?;
    Ok((identity, group))
}

/// As [`authenticate`], for a caller who only wants to see how the key stands: it may be expired. With the key as shown.
pub(crate) async fn authenticate_reader<'a, 'h>(
    shared: &Shared,
    live: &'a Live,
    headers: &'h HeaderMap,
    dialect: Dialect,
    address: IpAddr,
) -> Result<(Arc<Identity>, &'a Group, &'h str), ApiError> {
    let (identity, group, presented) = identify(shared, live, headers, dialect).await?;
    let unexpired = ApiKey { expires_at: None, ..identity.key.clone() };
    check_key(&unexpired, &identity.user, group, shared.now(), address)
        .map_err(|kind| ApiError::about(kind, &address.to_string()))?;
    Ok((identity, group, presented))
}

/// Whose key is shown, whether or not it may be used.
async fn identify<'a, 'h>(
    shared: &Shared,
    live: &'a Live,
    headers: &'h HeaderMap,
    dialect: Dialect,
) -> Result<(Arc<Identity>, &'a Group, &'h str), ApiError> {
    let presented = presented_key(headers, dialect)?;
    let identity = look_up(shared, live, presented).await?;
    let group =
        live.catalog.group(&identity.key.group_id).ok_or_else(|| ApiError::of(ErrorKind::GroupDisabled))?;
    Ok((identity, group, presented))
}

/// The key as shown. Both headers are read on every path; when they differ, each family of clients has its own.
fn presented_key(headers: &HeaderMap, dialect: Dialect) -> Result<&str, ApiError> {
    let not_empty = |key: &&str| !key.is_empty();
    let api_key =
        headers.get("x-api-key").and_then(|value| value.to_str().ok()).map(str::trim).filter(not_empty);
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer_token);
    let bearer = bearer.filter(not_empty);
    let chosen = match dialect {
        Dialect::Messages => api_key.or(bearer),
        Dialect::Chat | Dialect::Responses | Dialect::Envelope => bearer.or(api_key),
    };
    chosen.ok_or_else(|| ApiError::of(ErrorKind::MissingKey))
}

fn bearer_token(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

async fn look_up(shared: &Shared, live: &Live, presented: &str) -> Result<Arc<Identity>, ApiError> {
    let hash = shared.store.key_hash(presented);
    if let Some(identity) = shared.keys.known.get(&hash)
        && identity.epoch == live.epoch
    {
        return Ok(identity);
    }
    if shared.keys.unknown.get(&hash) == Some(live.epoch) {
        return Err(ApiError::of(ErrorKind::InvalidKey));
    }
    let Some(record) = read(shared, presented).await.map_err(store_error)? else {
        shared.keys.unknown.insert(hash, live.epoch);
        return Err(ApiError::of(ErrorKind::InvalidKey));
    };
    let KeyRecord { key, user, wallet, quotas, subscriptions, key_limit, user_limit, group_rate } = record;
    let funds = Funds::read(&shared.wallets, (key.id, user.id), wallet, quotas, subscriptions);
    let epoch = live.epoch;
    let identity = Identity { key, user, funds, key_limit, user_limit, own_group_rate: group_rate, epoch };
    let identity = Arc::new(identity);
    shared.keys.known.insert(hash, Arc::clone(&identity));
    Ok(identity)
}

/// What the store has of a key. It is read again if the user's wallet was changed by a commit meanwhile: an older state
/// would let this node promise what the store must refuse.
async fn read(shared: &Shared, presented: &str) -> Result<Option<KeyRecord>, StoreError> {
    for _ in 1..READS {
        let commits = shared.wallets.commits();
        let record = shared.store.authenticate(presented).await?;
        if record.as_ref().is_none_or(|record| !shared.wallets.changed_since(record.user.id, commits)) {
            return Ok(record);
        }
    }
    shared.store.authenticate(presented).await
}

/// The store did not answer; its own words stay in the log.
#[allow(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
pub(crate) fn store_error(error: StoreError) -> ApiError {
    tracing::error!(%error, "the store failed");
    ApiError::of(ErrorKind::StoreUnavailable).retry_after(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(bearer: Option<&'static str>, api_key: Option<&'static str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(value) = bearer {
            headers.insert(AUTHORIZATION, HeaderValue::from_static(value));
        }
        if let Some(value) = api_key {
            headers.insert("x-api-key", HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn either_header_is_enough_and_the_family_decides_between_two() {
        let both = headers(Some("Bearer b"), Some("a"));
        assert_eq!(presented_key(&both, Dialect::Messages).unwrap(), "a");
        for dialect in [Dialect::Chat, Dialect::Responses, Dialect::Envelope] {
            assert_eq!(presented_key(&both, dialect).unwrap(), "b");
            assert_eq!(presented_key(&headers(None, Some("a")), dialect).unwrap(), "a");
        }
        assert_eq!(presented_key(&headers(Some("bearer  b "), None), Dialect::Messages).unwrap(), "b");
        assert_eq!(presented_key(&headers(Some("Bearer b"), Some("")), Dialect::Messages).unwrap(), "b");
    }

    #[test]
    fn no_key_is_said_so() {
        for map in [headers(None, None), headers(Some("Basic abc"), None), headers(Some("Bearer "), Some(""))]
        {
            assert_eq!(presented_key(&map, Dialect::Chat).unwrap_err().kind, ErrorKind::MissingKey);
        }
    }
}
