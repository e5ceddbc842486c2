//! The configuration's version, and the snapshot of it.

use tollgate_base::UserId;
use tollgate_store::{
    AccountPatch, GroupPatch, KeyPatch, ModelPatch, NewGroup, NewKey, NewModel, NewSubscription, NewVouchers,
    PlanPatch, Store, UserPatch, VoucherValue,
};

use super::models::price;
use super::plans::new_plan;
use super::{TestDb, accounts, dollars, group, record, user, world};

/// Runs a change and asserts that it counted exactly once.
async fn counts<T, E: std::fmt::Debug>(
    store: &Store,
    what: &str,
    change: impl Future<Output = Result<T, E>>,
) -> T {
    let before = store.config_version().await.unwrap();
    let done = change.await.unwrap();
    assert_eq!(store.config_version().await.unwrap(), before + 1, "{what}");
    done
}

pub(crate) async fn every_change_counts(db: &TestDb) {
    let store = &db.open().await;
    let (key, _) = world(store).await;
    let user = user(store, "bob", "0").await;
    counts(store, "update user", store.update_user(user, UserPatch::default())).await;
    counts(store, "adjust", store.adjust_balance(key.user_id, dollars("1"), "gift", None)).await;
    counts(store, "remove user", store.remove_user(user)).await;
    let new = NewKey::new(key.user_id, key.group_id, "k");
    let (second, _) = counts(store, "create key", store.create_key(new)).await;
    counts(store, "update key", store.update_key(second.id, KeyPatch::default())).await;
    counts(store, "revoke key", store.revoke_key(second.id)).await;
    counts(store, "remove key", store.remove_key(second.id)).await;
    let new = NewGroup::new("g", tollgate_routing::Platform::Openai);
    let group = counts(store, "create group", store.create_group(new)).await;
    counts(store, "update group", store.update_group(group.id, GroupPatch::default())).await;
    counts(store, "remove group", store.remove_group(group.id)).await;
    let before = store.config_version().await.unwrap();
    let account = accounts::account(store, "a", &[key.group_id]).await;
    assert_eq!(store.config_version().await.unwrap(), before + 1, "create account");
    counts(store, "update account", store.update_account(account.id, AccountPatch::default())).await;
    counts(store, "remove account", store.remove_account(account.id)).await;
    counts(store, "create model", store.create_model(NewModel::new("m", price("1", "2")))).await;
    counts(store, "update model", store.update_model("m", ModelPatch::default())).await;
    counts(store, "remove model", store.remove_model("m")).await;
}

pub(crate) async fn every_change_of_what_is_sold_counts(db: &TestDb) {
    let store = &db.open().await;
    let (key, _) = world(store).await;
    let user = key.user_id;
    let pro = counts(store, "create plan", store.create_plan(new_plan("pro", key.group_id))).await;
    let pro = counts(store, "update plan", store.update_plan(pro.id, PlanPatch::default())).await;
    let new = NewSubscription::of(&pro, user);
    let made = counts(store, "create subscription", store.create_subscription(new)).await.subscription;
    counts(store, "renew subscription", store.renew_subscription(made.id, None)).await;
    counts(store, "cancel subscription", store.cancel_subscription(made.id)).await;
    let value = VoucherValue::Money(dollars("1"));
    let new = NewVouchers { value, count: 3, expires_at: None, batch: "b".to_owned() };
    let vouchers = counts(store, "create vouchers", store.create_vouchers(&new)).await;
    counts(store, "redeem voucher", store.redeem_voucher(user, vouchers[0].1.expose())).await;
    counts(store, "revoke voucher", store.revoke_voucher(vouchers[1].0.id)).await;
    counts(store, "revoke vouchers", store.revoke_vouchers("b")).await;
    let basic = store.create_plan(new_plan("basic", key.group_id)).await.unwrap();
    counts(store, "remove plan", store.remove_plan(basic.id)).await;
    let before = store.config_version().await.unwrap();
    assert!(store.redeem_voucher(user, vouchers[0].1.expose()).await.is_err());
    assert!(store.renew_subscription(made.id, None).await.is_err());
    assert_eq!(store.config_version().await.unwrap(), before, "what was refused does not");
}

pub(crate) async fn a_refused_change_does_not_count(db: &TestDb) {
    let store = db.open().await;
    let (key, _) = world(&store).await;
    let before = store.config_version().await.unwrap();
    assert!(store.update_user(UserId::generate(), UserPatch::default()).await.is_err());
    assert!(store.create_key(NewKey::new(key.user_id, key.group_id, "laptop")).await.is_err());
    assert!(store.remove_group(key.group_id).await.is_err());
    assert!(store.remove_model("none").await.is_err());
    store.settle(&[record(&key, "1")]).await.unwrap();
    assert_eq!(store.config_version().await.unwrap(), before);
    store.ping().await.unwrap();
}

pub(crate) async fn the_catalog_is_of_one_version(db: &TestDb) {
    let store = db.open().await;
    let empty = store.catalog().await.unwrap();
    assert_eq!((empty.groups.len(), empty.accounts.len(), empty.models.len(), empty.version), (0, 0, 0, 0));
    let group = group(&store, "main").await;
    let account = accounts::account(&store, "acc", &[group.id]).await;
    let model = store.create_model(NewModel::new("m", price("1", "2"))).await.unwrap();
    let catalog = store.catalog().await.unwrap();
    assert_eq!(catalog.groups, [group]);
    assert_eq!(catalog.accounts, [account]);
    assert_eq!(catalog.models, [model]);
    assert_eq!(catalog.version, 3);
    // While another store adds models one by one, version and number of models always go together.
    let other = db.open().await;
    let adding = tokio::spawn(async move {
        for number in 0..30 {
            other.create_model(NewModel::new(format!("m{number}"), price("1", "2"))).await.unwrap();
        }
    });
    while !adding.is_finished() {
        let seen = store.catalog().await.unwrap();
        assert_eq!(i64::try_from(seen.models.len()).unwrap(), seen.version - 2);
    }
    adding.await.unwrap();
    assert_eq!(store.catalog().await.unwrap().models.len(), 31);
}
