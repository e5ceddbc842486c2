//! Subscriptions: what they take over, when their windows begin, how they are renewed and end.

use std::time::Duration;

use tollgate_base::{PlanId, SubscriptionId, Timestamp, UserId};
use tollgate_store::{
    Allowance, NewKey, NewSubscription, PlanPatch, Span, StoreError, StoredSubscription, SubscriptionFilter,
    SubscriptionStatus,
};

use super::plans::plan;
use super::{TestDb, dollars, group, record, user};

/// 2023-11-14, 22:13:20 UTC.
const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

fn days(days: u64) -> Timestamp {
    NOW.after(Duration::from_secs(days * 86_400))
}

/// Window and amount of each quota.
fn told(stored: &StoredSubscription) -> Vec<(String, String)> {
    let quotas = stored.quotas.iter().map(|stored| &stored.quota);
    quotas.map(|quota| (quota.window.to_string(), quota.amount.to_string())).collect()
}

pub(crate) async fn a_subscription_takes_over_its_plan(db: &TestDb) {
    let store = db.open_at(NOW).await;
    let (ann, pro) = (user(&store, "ann", "0").await, plan(&store, "pro").await);
    let before = store.config_version().await.unwrap();
    let made = store.create_subscription(NewSubscription::of(&pro, ann)).await.unwrap();
    assert_eq!(store.config_version().await.unwrap(), before + 1);
    let subscription = &made.subscription;
    assert_eq!((subscription.user_id, subscription.group_id), (ann, pro.group_id));
    assert_eq!((subscription.plan_id, subscription.status), (Some(pro.id), SubscriptionStatus::Active));
    assert_eq!((subscription.starts_at, subscription.expires_at), (NOW, days(30)));
    let windows = |text: &str, amount: &str| (format!("{text} 2023-11-14T22:13:20Z"), amount.to_owned());
    assert_eq!(told(&made), [windows("day", "5"), windows("month", "50")]);
    let first_day = Span { starts_at: NOW, ends_at: Some(days(1)) };
    assert_eq!(made.quotas[0].quota.span, first_day);

    // What becomes of the plan later does not concern it.
    let patch = PlanPatch { allowance: Some(Allowance::default()), days: Some(1), ..PlanPatch::default() };
    store.update_plan(pro.id, patch).await.unwrap();
    assert_eq!(store.get_subscription(subscription.id).await.unwrap(), Some(made.clone()));

    // It pays with the key's next request.
    let (key, secret) = store.create_key(NewKey::new(ann, pro.group_id, "k")).await.unwrap();
    let known = store.authenticate(secret.expose()).await.unwrap().unwrap();
    assert_eq!(known.subscriptions, [(made.subscription.clone(), made.quotas)]);
    let mut paid = record(&key, "2");
    paid.subscription_id = Some(made.subscription.id);
    store.settle(&[paid]).await.unwrap();
    let after = store.get_subscription(made.subscription.id).await.unwrap().unwrap();
    assert!(after.quotas.iter().all(|stored| stored.quota.used == dollars("2")));
    assert_eq!(store.verify_ledger().await.unwrap(), []);
}

pub(crate) async fn windows_begin_where_a_subscription_does(db: &TestDb) {
    let store = db.open_at(NOW).await;
    let (ann, team) = (user(&store, "ann", "0").await, group(&store, "team").await);
    let new = NewSubscription {
        user_id: ann,
        group_id: team.id,
        plan_id: None,
        days: 10,
        starts_at: Some(days(3)),
        allowance: Allowance { day: Some(dollars("1")), week: Some(dollars("2")), month: None },
        time_zone: Some("Europe/Berlin".to_owned()),
    };
    let made = store.create_subscription(new.clone()).await.unwrap();
    let amounts = |text: &str, amount: &str| (format!("{text} Europe/Berlin"), amount.to_owned());
    assert_eq!(told(&made), [amounts("day", "1"), amounts("week", "2")]);
    // 2023-11-17 at 23:13:20 in Berlin: that day ends within the hour, that week two days later.
    let midnight = Timestamp::from_micros(1_700_262_000_000_000);
    assert_eq!(made.quotas[0].quota.span, Span { starts_at: days(3), ends_at: Some(midnight) });
    let sunday = midnight.after(Duration::from_secs(2 * 86_400));
    assert_eq!(made.quotas[1].quota.span, Span { starts_at: days(3), ends_at: Some(sunday) });
    assert!(!made.subscription.is_active(NOW) && made.subscription.is_active(days(3)));
    assert!(!made.subscription.is_active(days(13)));

    let free = NewSubscription { allowance: Allowance::default(), starts_at: None, ..new };
    assert_eq!(store.create_subscription(free).await.unwrap().quotas, [], "nothing bounds it");
}

pub(crate) async fn a_subscription_is_renewed_until_it_is_cancelled(db: &TestDb) {
    let store = db.open_at(NOW).await;
    let (ann, pro) = (user(&store, "ann", "0").await, plan(&store, "pro").await);
    let made = store.create_subscription(NewSubscription::of(&pro, ann)).await.unwrap();
    let id = made.subscription.id;
    let ends = async |days| store.renew_subscription(id, days).await.unwrap().subscription.expires_at;
    assert_eq!(ends(None).await, days(60), "from its end");
    store.update_plan(pro.id, PlanPatch { days: Some(7), ..PlanPatch::default() }).await.unwrap();
    assert_eq!(ends(None).await, days(67), "as the plan says now");
    assert_eq!(ends(Some(3)).await, days(70));
    let later = db.open_at(days(100)).await;
    let renewed = later.renew_subscription(id, Some(10)).await.unwrap();
    assert_eq!(renewed.subscription.expires_at, days(110), "from now, where it has expired");
    assert_eq!(renewed.quotas, made.quotas);
    assert_eq!(store.get_subscription(id).await.unwrap(), Some(renewed));

    let cancelled = store.cancel_subscription(id).await.unwrap().subscription;
    assert_eq!((cancelled.status, cancelled.is_active(NOW)), (SubscriptionStatus::Cancelled, false));
    assert_eq!(store.cancel_subscription(id).await.unwrap().subscription, cancelled);
    let said = store.renew_subscription(id, None).await.unwrap_err().to_string();
    assert_eq!(said, format!("subscription {id} is cancelled and cannot be renewed: create another one"));
}

pub(crate) async fn what_is_wrong_with_a_subscription_is_said(db: &TestDb) {
    let store = db.open_at(NOW).await;
    let (ann, pro) = (user(&store, "ann", "0").await, plan(&store, "pro").await);
    let new = NewSubscription::of(&pro, ann);
    let said = async |new: NewSubscription| store.create_subscription(new).await.unwrap_err().to_string();
    let gone = UserId::generate();
    assert_eq!(
        said(NewSubscription { user_id: gone, ..new.clone() }).await,
        format!("user {gone} does not exist")
    );
    let gone = PlanId::generate();
    let of_none = NewSubscription { plan_id: Some(gone), ..new.clone() };
    assert_eq!(said(of_none).await, format!("plan {gone} does not exist"));
    assert_eq!(said(NewSubscription { days: 0, ..new.clone() }).await, "days: must be from 1 to 3660");
    let nowhere = NewSubscription { time_zone: Some("Mars".to_owned()), ..new.clone() };
    assert!(said(nowhere).await.starts_with("time_zone: `Mars` is not a time zone"));
    let allowance = Allowance { day: Some(dollars("-1")), ..Allowance::default() };
    assert_eq!(said(NewSubscription { allowance, ..new.clone() }).await, "day: must not be negative");
    assert_eq!(store.list_subscriptions(SubscriptionFilter::default()).await.unwrap(), []);
    assert_eq!(store.list_quotas(None).await.unwrap(), []);

    let planless = store.create_subscription(NewSubscription { plan_id: None, ..new }).await.unwrap();
    let id = planless.subscription.id;
    let said = store.renew_subscription(id, None).await.unwrap_err().to_string();
    assert_eq!(said, "days: must be given: the subscription has no plan to say it");
    assert!(store.renew_subscription(id, Some(0)).await.is_err());
    let nobody = SubscriptionId::generate();
    let missing = |outcome| matches!(outcome, Err(StoreError::NotFound { .. }));
    assert!(missing(store.renew_subscription(nobody, Some(1)).await));
    assert!(missing(store.cancel_subscription(nobody).await));
    assert_eq!(store.get_subscription(nobody).await.unwrap(), None);
}

pub(crate) async fn subscriptions_are_listed(db: &TestDb) {
    let store = db.open_at(NOW).await;
    let (ann, bob) = (user(&store, "ann", "0").await, user(&store, "bob", "0").await);
    let (pro, basic) = (plan(&store, "pro").await, plan(&store, "basic").await);
    let mut made = Vec::new();
    for (plan, user, starts_at) in [(&pro, ann, None), (&basic, ann, Some(days(9))), (&pro, bob, None)] {
        let new = NewSubscription { starts_at, ..NewSubscription::of(plan, user) };
        made.push(store.create_subscription(new).await.unwrap());
    }
    store.cancel_subscription(made[2].subscription.id).await.unwrap();
    let list = async |user, group, active_at| {
        let filter = SubscriptionFilter { user, group, active_at };
        let found = store.list_subscriptions(filter).await.unwrap();
        found.into_iter().map(|stored| stored.subscription.id).collect::<Vec<_>>()
    };
    let ids: Vec<_> = made.iter().map(|stored| stored.subscription.id).collect();
    assert_eq!(list(None, None, None).await, ids);
    assert_eq!(list(Some(ann), None, None).await, ids[..2]);
    assert_eq!(list(None, Some(pro.group_id), None).await, [ids[0], ids[2]]);
    assert_eq!(list(None, None, Some(NOW)).await, ids[..1], "one has not begun, one is cancelled");
    assert_eq!(list(Some(ann), Some(basic.group_id), Some(days(9))).await, [ids[1]]);
    assert_eq!(list(None, None, Some(days(39))).await, []);
    let whole = store.list_subscriptions(SubscriptionFilter { user: Some(ann), ..Default::default() }).await;
    assert_eq!(whole.unwrap(), made[..2], "each with its own quotas");
}

pub(crate) async fn users_and_groups_of_subscriptions_stay(db: &TestDb) {
    let store = db.open_at(NOW).await;
    let (ann, pro) = (user(&store, "ann", "0").await, plan(&store, "pro").await);
    let said = store.remove_group(pro.group_id).await.unwrap_err().to_string();
    let group = pro.group_id;
    assert_eq!(said, format!("group {group} is the group of 1 plan(s): remove them, or disable the group"));
    store.create_subscription(NewSubscription::of(&pro, ann)).await.unwrap();
    let said = store.remove_group(group).await.unwrap_err().to_string();
    assert_eq!(said, format!("group {group} has 1 subscription(s) and cannot be removed, only disabled"));
    let said = store.remove_user(ann).await.unwrap_err().to_string();
    assert_eq!(said, format!("user {ann} has subscriptions and cannot be removed, only disabled"));
}
