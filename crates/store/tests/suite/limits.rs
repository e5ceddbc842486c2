//! Limits of keys, users, groups, accounts and models.

use std::num::{NonZeroU32, NonZeroU64};

use tollgate_base::{AccountId, KeyId, TokenPrice, UserId};
use tollgate_pricing::ModelPrice;
use tollgate_routing::{Allowance, Limit, LimitScope};
use tollgate_store::{LimitPatch, NewKey, NewModel, Store, StoreError};

use super::{TestDb, accounts, group, user, world};

fn allowance(rpm: u32, tpm: u64, concurrency: u32) -> Allowance {
    Allowance {
        requests_per_minute: NonZeroU32::new(rpm),
        tokens_per_minute: NonZeroU64::new(tpm),
        concurrency: NonZeroU32::new(concurrency),
    }
}

/// A patch that sets what is not 0 and leaves the rest.
fn sets(rpm: u32, tpm: u64, concurrency: u32) -> LimitPatch {
    let allowance = allowance(rpm, tpm, concurrency);
    LimitPatch {
        requests_per_minute: allowance.requests_per_minute.map(Some),
        tokens_per_minute: allowance.tokens_per_minute.map(Some),
        concurrency: allowance.concurrency.map(Some),
    }
}

async fn model(store: &Store, name: &str) -> LimitScope {
    let price = TokenPrice::from_nanos_per_million(1);
    store.create_model(NewModel::new(name, ModelPrice::new(price, price))).await.unwrap();
    LimitScope::Model(name.to_owned())
}

pub(crate) async fn limits_are_set_changed_and_lifted(db: &TestDb) {
    let store = db.open().await;
    let (key, _) = world(&store).await;
    let scope = LimitScope::Key(key.id);
    assert_eq!(store.get_limit(&scope).await.unwrap(), Allowance::UNLIMITED);
    let version = store.config_version().await.unwrap();
    let limit = store.set_limit(scope.clone(), sets(60, 0, 2)).await.unwrap();
    assert_eq!(limit, Limit { scope: scope.clone(), allowance: allowance(60, 0, 2) });
    store.set_limit(scope.clone(), sets(0, i64::MAX as u64, 0)).await.unwrap();
    assert_eq!(store.get_limit(&scope).await.unwrap(), allowance(60, i64::MAX as u64, 2));
    let lift = LimitPatch { requests_per_minute: Some(None), ..LimitPatch::default() };
    store.set_limit(scope.clone(), lift).await.unwrap();
    assert_eq!(store.get_limit(&scope).await.unwrap(), allowance(0, i64::MAX as u64, 2));
    store.remove_limit(&scope).await.unwrap();
    assert_eq!(store.get_limit(&scope).await.unwrap(), Allowance::UNLIMITED);
    assert_eq!(
        store.config_version().await.unwrap(),
        version + 4,
        "each change is one that a gate learns of"
    );
    assert!(matches!(store.remove_limit(&scope).await, Err(StoreError::NotFound { .. })));
    store.set_limit(scope.clone(), sets(u32::MAX, 0, 0)).await.unwrap();
    store.set_limit(scope.clone(), lift).await.unwrap();
    assert_eq!(store.list_limits().await.unwrap(), [], "what limits nothing is gone");
}

pub(crate) async fn limits_come_with_what_they_are_set_on(db: &TestDb) {
    let store = db.open().await;
    let (key, secret) = world(&store).await;
    let account = accounts::account(&store, "acc", &[key.group_id]).await;
    let scopes = [
        LimitScope::Account(account.id),
        LimitScope::EachKey(key.group_id),
        LimitScope::Group(key.group_id),
        LimitScope::Key(key.id),
        model(&store, "claude-*").await,
        LimitScope::User(key.user_id),
    ];
    for (rpm, scope) in (1..).zip(&scopes) {
        store.set_limit(scope.clone(), sets(rpm, 0, 0)).await.unwrap();
    }
    let record = store.authenticate(secret.expose()).await.unwrap().unwrap();
    assert_eq!((record.key_limit, record.user_limit), (allowance(4, 0, 0), allowance(6, 0, 0)));
    assert_eq!(store.key_limit(key.id).await.unwrap(), Some((key.group_id, allowance(4, 0, 0))));
    assert_eq!(store.key_limit(KeyId::generate()).await.unwrap(), None);
    let (plain, secret) = store.create_key(NewKey::new(key.user_id, key.group_id, "plain")).await.unwrap();
    let record = store.authenticate(secret.expose()).await.unwrap().unwrap();
    assert_eq!((record.key, record.key_limit), (plain.clone(), Allowance::UNLIMITED));
    assert_eq!(store.key_limit(plain.id).await.unwrap(), Some((key.group_id, Allowance::UNLIMITED)));

    let listed = store.list_limits().await.unwrap();
    let names: Vec<&str> = listed.iter().map(|stored| stored.name.as_str()).collect();
    assert_eq!(names, ["acc", "main", "main", "laptop", "claude-*", "ann"]);
    assert_eq!(listed.iter().map(|stored| stored.limit.scope.clone()).collect::<Vec<_>>(), scopes);
    let catalog = store.catalog().await.unwrap();
    let mut catalog: Vec<_> = catalog.limits.into_iter().map(|limit| limit.scope).collect();
    catalog.sort();
    let mut expected: Vec<_> = scopes.into_iter().collect();
    expected.retain(|scope| !matches!(scope, LimitScope::Key(_) | LimitScope::User(_)));
    expected.sort();
    assert_eq!(catalog, expected);
}

pub(crate) async fn limits_go_with_what_they_are_set_on(db: &TestDb) {
    let store = db.open().await;
    let owner = user(&store, "bob", "0").await;
    let group = group(&store, "main").await;
    let account = accounts::account(&store, "acc", &[group.id]).await;
    let (key, _) = store.create_key(NewKey::new(owner, group.id, "laptop")).await.unwrap();
    let model = model(&store, "m").await;
    for scope in [
        LimitScope::Key(key.id),
        LimitScope::User(owner),
        LimitScope::Group(group.id),
        LimitScope::EachKey(group.id),
        LimitScope::Account(account.id),
        model,
    ] {
        store.set_limit(scope, sets(1, 1, 0)).await.unwrap();
    }
    let left = async || store.list_limits().await.unwrap().len();
    assert_eq!(left().await, 6);
    store.remove_key(key.id).await.unwrap();
    assert_eq!(left().await, 5);
    store.remove_user(owner).await.unwrap();
    assert_eq!(left().await, 4);
    store.remove_group(group.id).await.unwrap();
    assert_eq!(left().await, 2);
    store.remove_account(account.id).await.unwrap();
    store.remove_model("m").await.unwrap();
    assert_eq!(left().await, 0);
}

pub(crate) async fn what_is_wrong_with_a_limit_is_said(db: &TestDb) {
    let store = db.open().await;
    let (key, _) = world(&store).await;
    let version = store.config_version().await.unwrap();
    for missing in [
        LimitScope::Key(KeyId::generate()),
        LimitScope::User(UserId::generate()),
        LimitScope::Account(AccountId::generate()),
        LimitScope::Model("nope".to_owned()),
    ] {
        let refused = store.set_limit(missing.clone(), sets(1, 0, 0)).await.unwrap_err();
        assert_eq!(refused.to_string(), format!("{} {} does not exist", missing.kind(), missing.id()));
    }
    for whole in [LimitScope::Group(key.group_id), model(&store, "m").await] {
        let refused = store.set_limit(whole, sets(0, 0, 1)).await;
        assert!(matches!(refused, Err(StoreError::Invalid { field: "concurrency", .. })), "{refused:?}");
    }
    assert_eq!(store.config_version().await.unwrap(), version + 1, "only the model counts");
}
