//! How sessions keep to accounts, and which accounts belong together.

use tollgate_routing::{Platform, Stickiness};
use tollgate_store::{AccountPatch, GroupPatch, NewGroup, StoreError};

use super::accounts::account;
use super::{TestDb, group};

pub(crate) async fn a_group_says_how_its_sessions_keep_to_accounts(db: &TestDb) {
    let store = db.open().await;
    let plain = group(&store, "plain").await;
    assert_eq!(plain.sticky, Stickiness { ttl_s: 3600, wait_ms: 3000 });
    let off =
        NewGroup { sticky: Stickiness { ttl_s: 0, wait_ms: 0 }, ..NewGroup::new("off", Platform::Openai) };
    let off = store.create_group(off).await.unwrap();
    assert!(!off.sticky.is_on());
    assert_eq!(store.get_group(off.id).await.unwrap(), Some(off.clone()));
    let patch = GroupPatch { sticky_ttl_s: Some(60), ..GroupPatch::default() };
    let after = store.update_group(off.id, patch).await.unwrap();
    assert_eq!(after.sticky, Stickiness { ttl_s: 60, wait_ms: 0 });
    let longest = (Stickiness::MAX_TTL_S, Stickiness::MAX_WAIT_MS);
    for (ttl_s, wait_ms, field) in [
        (longest.0, longest.1, None),
        (longest.0 + 1, 0, Some("sticky_ttl")),
        (1, longest.1 + 1, Some("sticky_wait")),
    ] {
        let patch =
            GroupPatch { sticky_ttl_s: Some(ttl_s), sticky_wait_ms: Some(wait_ms), ..GroupPatch::default() };
        let new = NewGroup {
            sticky: Stickiness { ttl_s, wait_ms },
            ..NewGroup::new(format!("{ttl_s}-{wait_ms}"), Platform::Openai)
        };
        let refused = [store.update_group(off.id, patch).await.err(), store.create_group(new).await.err()];
        for error in refused {
            let named = match &error {
                Some(StoreError::Invalid { field, .. }) => Some(*field),
                _ => None,
            };
            assert_eq!((named, error.is_some()), (field, field.is_some()), "{error:?}");
        }
    }
}

pub(crate) async fn an_account_belongs_to_an_organization(db: &TestDb) {
    let store = db.open().await;
    let (one, two) = (account(&store, "one", &[]).await, account(&store, "two", &[]).await);
    assert_eq!(one.organization, None);
    assert!(one.shares_organization(&one) && !one.shares_organization(&two));
    let of = |organization: Option<&str>| AccountPatch {
        organization: Some(organization.map(str::to_owned)),
        ..AccountPatch::default()
    };
    let one = store.update_account(one.id, of(Some("acme"))).await.unwrap();
    assert_eq!(store.get_account(one.id).await.unwrap().as_ref(), Some(&one));
    assert!(!one.shares_organization(&two));
    let two = store.update_account(two.id, of(Some("acme"))).await.unwrap();
    assert!(one.shares_organization(&two));
    let cleared = store.update_account(two.id, of(None)).await.unwrap();
    assert_eq!(cleared.organization, None);
    let refused = store.update_account(two.id, of(Some(""))).await;
    assert!(matches!(refused, Err(StoreError::Invalid { field: "organization", .. })), "{refused:?}");
}
