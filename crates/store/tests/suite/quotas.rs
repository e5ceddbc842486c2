//! Quotas: setting them, what counts in them, and what they refuse.

use std::sync::Arc;
use std::time::Duration;

use tollgate_base::{AccountId, KeyId, Money, QuotaId, SubscriptionId, Timestamp, UserId};
use tollgate_store::{
    Applied, Hold, HoldOutcome, LedgerBatch, LedgerProblem, NewKey, QuotaOwner, Store, StoreError,
    StoredQuota, UsageRecord, Wallet, Window,
};

use super::ledger::{end_of, hold_of};
use super::{TestDb, dollars, group, record_of, user, world};

use HoldOutcome::{Held, Refused};

/// 2023-11-14, 22:13:20 UTC: when the suite's holds and records came in.
const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

/// When quotas are set.
const BEFORE: Timestamp = Timestamp::from_micros(1_699_999_999_000_000);

fn window(text: &str) -> Window {
    text.parse().unwrap()
}

fn after(hours: u64) -> Timestamp {
    NOW.after(Duration::from_secs(hours * 3600))
}

async fn set(store: &Store, owner: QuotaOwner, span: &str, amount: &str) -> StoredQuota {
    store.set_quota(owner, window(span), dollars(amount)).await.unwrap()
}

async fn apply(store: &Store, records: Vec<UsageRecord>, holds: Vec<Hold>) -> Applied {
    store.apply(Arc::new(LedgerBatch { records, holds })).await.unwrap()
}

async fn hold(store: &Store, hold: &Hold) -> HoldOutcome {
    apply(store, Vec::new(), vec![hold.clone()]).await.holds[0]
}

/// Used and held of a quota, in dollars.
async fn sums(store: &Store, id: QuotaId) -> (String, String) {
    let all = store.list_quotas(None).await.unwrap();
    let found = all.into_iter().find(|stored| stored.id == id).unwrap().quota;
    (found.used.to_string(), found.held.to_string())
}

fn pair(used: &str, held: &str) -> (String, String) {
    (used.to_owned(), held.to_owned())
}

async fn sound(store: &Store) {
    assert_eq!(store.verify_ledger().await.unwrap(), []);
}

pub(crate) async fn quotas_are_set_changed_reset_and_removed(db: &TestDb) {
    let store = db.open_at(BEFORE).await;
    let ann = QuotaOwner::User(user(&store, "ann", "10").await);
    let before = store.config_version().await.unwrap();
    let daily = set(&store, ann, "day Europe/Berlin", "5").await;
    assert_eq!((daily.owner, daily.quota.amount, daily.created_at), (ann, dollars("5"), BEFORE));
    assert_eq!(
        daily.quota.span.ends_at,
        Some(Timestamp::from_micros(1_700_002_800_000_000)),
        "Berlin's midnight"
    );
    assert!(store.config_version().await.unwrap() > before);
    let total = set(&store, ann, "total", "20").await;
    assert_eq!(store.list_quotas(Some(ann)).await.unwrap(), [daily.clone(), total.clone()]);

    let QuotaOwner::User(id) = ann else { unreachable!() };
    apply(&store, vec![record_of(id, "2")], Vec::new()).await;
    let raised = set(&store, ann, "day Europe/Berlin", "6").await;
    assert_eq!((raised.id, raised.quota.amount, raised.quota.used), (daily.id, dollars("6"), dollars("2")));
    let reset = store.reset_quota(daily.id).await.unwrap();
    assert_eq!((reset.quota.used, reset.quota.span), (Money::ZERO, daily.quota.span));
    store.remove_quota(total.id).await.unwrap();
    assert_eq!(store.list_quotas(None).await.unwrap(), [reset]);

    let missing = |outcome| matches!(outcome, Err(StoreError::NotFound { .. }));
    assert!(missing(store.remove_quota(total.id).await));
    assert!(missing(store.reset_quota(total.id).await.map(drop)));
    let nobody = QuotaOwner::Key(KeyId::generate());
    assert!(missing(store.set_quota(nobody, window("total"), dollars("1")).await.map(drop)));
    let negative = store.set_quota(ann, window("total"), dollars("-1")).await;
    assert!(matches!(negative, Err(StoreError::Invalid { field: "amount", .. })));
    for hours in 1..=7 {
        set(&store, ann, &format!("{hours}h"), "1").await;
    }
    let ninth = store.set_quota(ann, window("total"), dollars("1")).await;
    assert!(matches!(ninth, Err(StoreError::Invalid { field: "window", .. })), "{ninth:?}");
}

pub(crate) async fn a_hold_needs_room_in_every_quota(db: &TestDb) {
    let store = db.open_at(BEFORE).await;
    let ann = user(&store, "ann", "10").await;
    let wide = set(&store, QuotaOwner::User(ann), "total", "3").await;
    let narrow = set(&store, QuotaOwner::User(ann), "5h", "2").await;
    let with = |amount: &str, quotas: &[QuotaId]| Hold { quotas: quotas.to_vec(), ..hold_of(ann, amount) };
    let first = with("1.5", &[wide.id, narrow.id]);
    assert_eq!(hold(&store, &first).await, Held);
    assert_eq!(
        hold(&store, &with("1", &[wide.id, narrow.id])).await,
        Refused,
        "the narrow one has half a dollar"
    );
    assert_eq!(hold(&store, &with("1", &[wide.id])).await, Held);
    assert_eq!(sums(&store, narrow.id).await, pair("0", "1.5"));
    assert_eq!(sums(&store, wide.id).await, pair("0", "2.5"));
    sound(&store).await;
    let gone = QuotaId::generate();
    assert_eq!(hold(&store, &with("0.1", &[gone])).await, Held, "one that was removed refuses nothing");

    let applied = apply(&store, vec![end_of(&first, "0.25")], Vec::new()).await;
    assert_eq!(applied.quotas.len(), 2);
    assert_eq!(sums(&store, narrow.id).await, pair("0.25", "0"));
    assert_eq!(sums(&store, wide.id).await, pair("0.25", "1"));
    // The same end again counts nothing.
    apply(&store, vec![end_of(&first, "0.25")], Vec::new()).await;
    assert_eq!(sums(&store, wide.id).await, pair("0.25", "1"));
    sound(&store).await;
}

pub(crate) async fn a_request_counts_in_the_quotas_of_all_it_concerns(db: &TestDb) {
    let store = db.open_at(BEFORE).await;
    let (key, _) = world(&store).await;
    let other = store.create_key(NewKey::new(key.user_id, key.group_id, "phone")).await.unwrap().0;
    let ids = [QuotaOwner::Key(key.id), QuotaOwner::Key(other.id), QuotaOwner::User(key.user_id)];
    let mut quotas = Vec::new();
    for owner in ids {
        quotas.push(set(&store, owner, "total", "1").await.id);
    }
    let record =
        UsageRecord { key_id: key.id, account_cost: dollars("0.4"), ..record_of(key.user_id, "0.5") };
    apply(&store, vec![record], Vec::new()).await;
    let mut used = Vec::new();
    for id in &quotas {
        used.push(sums(&store, *id).await.0);
    }
    assert_eq!(used, ["0.5", "0", "0.5"]);
    sound(&store).await;
}

pub(crate) async fn an_account_counts_its_own_cost(db: &TestDb) {
    let store = db.open_at(BEFORE).await;
    let ann = user(&store, "ann", "10").await;
    let account = super::accounts::account(&store, "some account", &[]).await.id;
    let quota = set(&store, QuotaOwner::Account(account), "1d", "1").await;
    let at = |account_id: AccountId| UsageRecord {
        account_id: Some(account_id),
        account_cost: dollars("0.3"),
        ..record_of(ann, "0.5")
    };
    apply(&store, vec![at(account), at(AccountId::generate())], Vec::new()).await;
    assert_eq!(sums(&store, quota.id).await, pair("0.3", "0"));
    assert_eq!(store.account_quotas().await.unwrap().len(), 1);
    sound(&store).await;
    store.remove_account(account).await.unwrap();
    assert_eq!(store.list_quotas(None).await.unwrap(), []);
}

pub(crate) async fn a_subscription_pays_instead_of_the_balance(db: &TestDb) {
    let store = db.open_at(BEFORE).await;
    let (ann, group) = (user(&store, "ann", "1").await, group(&store, "main").await);
    let subscription = SubscriptionId::generate();
    insert_subscription(db, subscription, ann, &group.id.to_string()).await;
    let quota = set(&store, QuotaOwner::Subscription(subscription), "day 2023-11-14T20:00:00Z", "20").await;
    let paid = |amount: &str| Hold {
        subscription_id: Some(subscription),
        quotas: vec![quota.id],
        ..hold_of(ann, amount)
    };
    let first = paid("15");
    let applied = apply(&store, Vec::new(), vec![first.clone(), paid("6"), hold_of(ann, "1")]).await;
    assert_eq!(applied.holds, [Held, Refused, Held], "the balance is asked only for what it pays");
    let untouched = Wallet { balance: dollars("1"), held: dollars("1") };
    assert_eq!(applied.wallets, [(ann, untouched)]);
    let applied = apply(&store, vec![end_of(&first, "12")], Vec::new()).await;
    assert_eq!(applied.wallets, [(ann, untouched)]);
    assert_eq!(sums(&store, quota.id).await, pair("12", "0"));
    sound(&store).await;
}

pub(crate) async fn a_quota_is_full_again_in_its_next_window(db: &TestDb) {
    let store = db.open_at(BEFORE).await;
    let ann = user(&store, "ann", "10").await;
    let quota = set(&store, QuotaOwner::User(ann), "5h", "1").await;
    let at =
        |hours: u64, amount: &str| Hold { at: after(hours), quotas: vec![quota.id], ..hold_of(ann, amount) };
    let first = at(0, "1");
    assert_eq!(hold(&store, &first).await, Held);
    apply(&store, vec![end_of(&first, "0.9")], Vec::new()).await;
    assert_eq!(hold(&store, &at(4, "0.2")).await, Refused);
    let late = at(6, "0.7");
    assert_eq!(hold(&store, &late).await, Held, "a new window");
    assert_eq!(sums(&store, quota.id).await, pair("0", "0.7"));
    // A charge of the window before changes nothing any more.
    apply(&store, vec![record_of(ann, "0.5")], Vec::new()).await;
    assert_eq!(sums(&store, quota.id).await, pair("0", "0.7"));
    apply(&store, vec![end_of(&late, "0.6")], Vec::new()).await;
    assert_eq!(sums(&store, quota.id).await, pair("0.6", "0"));
    sound(&store).await;
}

pub(crate) async fn a_wrong_quota_is_found(db: &TestDb) {
    let store = db.open_at(BEFORE).await;
    let ann = user(&store, "ann", "10").await;
    let quota = set(&store, QuotaOwner::User(ann), "total", "5").await;
    let open = Hold { quotas: vec![quota.id], ..hold_of(ann, "1") };
    apply(&store, vec![record_of(ann, "2")], vec![open]).await;
    sound(&store).await;
    db.raw("UPDATE quotas SET used = used + 3, held = held + 4").await;
    let owner = ann.to_string();
    let used = (dollars("2.000000003"), dollars("2"));
    let held = (dollars("1.000000004"), dollars("1"));
    let expected = [
        LedgerProblem::QuotaUsed { id: quota.id, owner: owner.clone(), used: used.0, expected: used.1 },
        LedgerProblem::QuotaHeld { id: quota.id, owner, held: held.0, expected: held.1 },
    ];
    assert_eq!(store.verify_ledger().await.unwrap(), expected);
}

pub(crate) async fn two_nodes_never_exceed_a_quota_together(db: &TestDb) {
    let stores = [db.open_at(BEFORE).await, db.open_at(BEFORE).await];
    let ann = user(&stores[0], "ann", "1000").await;
    let quota = set(&stores[0], QuotaOwner::User(ann), "total", "7").await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..40 {
        let store = stores[number % 2].clone();
        let asked = Hold { quotas: vec![quota.id], ..hold_of(ann, "1") };
        tasks.spawn(async move { hold(&store, &asked).await });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Held).count(), 7);
    assert_eq!(sums(&stores[0], quota.id).await, pair("0", "7"));
    sound(&stores[1]).await;
}

pub(crate) async fn a_key_brings_its_quotas_and_subscriptions(db: &TestDb) {
    let store = db.open_at(BEFORE).await;
    let (key, secret) = world(&store).await;
    let record = store.authenticate(secret.expose()).await.unwrap().unwrap();
    assert_eq!((record.quotas, record.subscriptions), (vec![], vec![]));
    let group_id = key.group_id.to_string();
    let subscription = SubscriptionId::generate();
    insert_subscription(db, subscription, key.user_id, &group_id).await;
    let elsewhere = group(&store, "other").await;
    insert_subscription(db, SubscriptionId::generate(), key.user_id, &elsewhere.id.to_string()).await;
    let of_key = set(&store, QuotaOwner::Key(key.id), "7d", "5").await;
    let of_user = set(&store, QuotaOwner::User(key.user_id), "total", "5").await;
    let own = set(&store, QuotaOwner::Subscription(subscription), "day UTC", "5").await;
    let record = store.authenticate(secret.expose()).await.unwrap().unwrap();
    assert_eq!(record.quotas, [of_key, of_user]);
    assert_eq!(record.subscriptions.len(), 1, "only of its own group");
    let (found, quotas) = &record.subscriptions[0];
    assert_eq!((found.id, found.is_active(NOW), found.is_active(after(721))), (subscription, true, false));
    assert_eq!(quotas, &[own]);
}

/// A subscription of thirty days.
pub(crate) async fn insert_subscription(db: &TestDb, id: SubscriptionId, user: UserId, group: &str) {
    let (starts, ends) = (NOW.micros(), after(720).micros());
    db.raw(&format!(
        "INSERT INTO subscriptions (id, user_id, group_id, status, starts_at, expires_at, created_at) \
         VALUES ('{id}', '{user}', '{group}', 'active', {starts}, {ends}, {starts})"
    ))
    .await;
}
