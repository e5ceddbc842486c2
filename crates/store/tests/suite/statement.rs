//! Statements: what they tell, and that they add up.

use tollgate_base::{Money, SubscriptionId, Timestamp, UserId};
use tollgate_store::{EntryKind, Statement, Store, StoreError, UsageRecord};

use super::ledger_model::random::Random;
use super::{TestDb, dollars, record_of, user};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000 + seconds * 1_000_000)
}

async fn statement(store: &Store, user: UserId, from: Option<i64>, until: Option<i64>) -> Statement {
    store.statement(user, from.map(at), until.map(at)).await.unwrap().unwrap()
}

pub(crate) async fn a_statement_tells_all_of_a_period(db: &TestDb) {
    let store = db.open_at(at(0)).await;
    let ann = user(&store, "ann", "10").await;
    db.open_at(at(50)).await.adjust_balance(ann, dollars("5"), "top-up", Some("cli:eve")).await.unwrap();
    db.open_at(at(100)).await.adjust_balance(ann, dollars("-1"), "fee", None).await.unwrap();
    let subscription = SubscriptionId::generate();
    let used = |seconds: i64, model: &str, cost: &str| UsageRecord {
        at: at(seconds),
        requested_model: model.to_owned(),
        ..record_of(ann, cost)
    };
    let paid = UsageRecord { subscription_id: Some(subscription), ..used(60, "gpt-6", "3") };
    let records = [
        used(9, "gpt-6", "0.25"),
        used(10, "gpt-6", "0.5"),
        used(99, "claude", "0.125"),
        used(60, "gpt-6", "0.000000001"),
        used(100, "claude", "2"),
        paid,
    ];
    store.settle(&records).await.unwrap();
    store
        .settle(
            &[used(60, "claude", "0")].map(|record| UsageRecord { user_id: UserId::generate(), ..record }),
        )
        .await
        .unwrap();

    let told = statement(&store, ann, Some(10), Some(100)).await;
    assert_eq!((told.opening, told.closing), (dollars("9.75"), dollars("14.124999999")));
    assert_eq!((told.from, told.until, told.user.user.name.as_str()), (Some(at(10)), Some(at(100)), "ann"));
    let entry = &told.entries[0];
    assert_eq!(told.entries.len(), 1);
    assert_eq!(
        (entry.kind, entry.reason.as_str(), entry.delta),
        (EntryKind::Adjustment, "top-up", dollars("5"))
    );
    assert_eq!(entry.author.as_deref(), Some("cli:eve"));
    let charged: Vec<_> = told.charges.iter().map(|c| (c.model.as_str(), c.requests, c.cost)).collect();
    assert_eq!(charged, [("claude", 1, dollars("0.125")), ("gpt-6", 2, dollars("0.500000001"))]);
    assert_eq!((told.charges[1].usage.input_tokens, told.charges[1].usage.output_tokens), (200, 40));
    let [by_subscription] = &told.subscriptions[..] else { panic!("{:?}", told.subscriptions) };
    assert_eq!((by_subscription.subscription_id, by_subscription.charges.cost), (subscription, dollars("3")));

    let all = statement(&store, ann, None, None).await;
    assert_eq!((all.opening, all.entries.len()), (Money::ZERO, 3));
    assert_eq!(Some(all.closing), store.user_balance(ann).await.unwrap());
    let later = statement(&store, ann, Some(100), None).await;
    assert_eq!((later.opening, later.closing), (told.closing, all.closing), "one begins where another ends");
}

/// The sums of a statement, made again from what it tells.
fn adds_up(told: &Statement) -> Money {
    let entries: i64 = told.entries.iter().map(|entry| entry.delta.nanos()).sum();
    let charges: i64 = told.charges.iter().map(|charges| charges.cost.nanos()).sum();
    Money::from_nanos(told.opening.nanos() + entries - charges)
}

pub(crate) async fn statements_add_up(db: &TestDb) {
    let store = db.open_at(at(0)).await;
    let users = [user(&store, "ann", "0").await, user(&store, "bob", "7.000000001").await];
    let subscriptions = [SubscriptionId::generate(), SubscriptionId::generate()];
    let mut random = Random::new(7);
    for _ in 0..30 {
        let author = random.percent(50).then_some("cli:eve");
        let there = db.open_at(at(random.amount(0, 1_000))).await;
        let delta = Money::from_nanos(random.amount(-5_000_000_000, 9_000_000_000));
        there.adjust_balance(users[random.below(2)], delta, "because", author).await.unwrap();
        let records: Vec<UsageRecord> = (0..random.below(20))
            .map(|_| UsageRecord {
                at: at(random.amount(0, 1_000)),
                requested_model: format!("model {}", random.below(4)),
                subscription_id: random.one_of(&subscriptions).filter(|_| random.percent(30)),
                ..record_of(
                    users[random.below(2)],
                    &Money::from_nanos(random.amount(0, 3_000_000_000)).to_string(),
                )
            })
            .collect();
        store.settle(&records).await.unwrap();
    }
    for user in users {
        let balance = store.user_balance(user).await.unwrap().unwrap();
        for _ in 0..40 {
            let mut bounds = [random.amount(-10, 1_010), random.amount(-10, 1_010)];
            bounds.sort_unstable();
            let told = statement(&store, user, Some(bounds[0]), Some(bounds[1])).await;
            assert_eq!(adds_up(&told), told.closing, "{bounds:?}");
            let before = statement(&store, user, None, Some(bounds[0])).await;
            let after = statement(&store, user, Some(bounds[1]), None).await;
            assert_eq!((before.closing, after.opening), (told.opening, told.closing), "{bounds:?}");
            assert_eq!(after.closing, balance);
            let requests = |told: &Statement| -> u64 {
                let apart = told.subscriptions.iter().map(|paid| paid.charges.requests);
                told.charges.iter().map(|charges| charges.requests).chain(apart).sum()
            };
            let whole = requests(&statement(&store, user, None, None).await);
            assert_eq!(requests(&before) + requests(&told) + requests(&after), whole);
        }
    }
    assert_eq!(store.verify_ledger().await.unwrap(), []);
}

pub(crate) async fn what_is_asked_wrongly_is_said(db: &TestDb) {
    let store = db.open_at(at(0)).await;
    let ann = user(&store, "ann", "1").await;
    let refused = store.statement(ann, Some(at(2)), Some(at(1))).await;
    assert!(matches!(refused, Err(StoreError::Invalid { field: "to", .. })), "{refused:?}");
    assert_eq!(store.statement(UserId::generate(), None, None).await.unwrap(), None);
    let empty = statement(&store, ann, Some(5), Some(5)).await;
    assert_eq!((empty.opening, empty.closing), (dollars("1"), dollars("1")));
}
