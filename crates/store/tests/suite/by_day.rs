//! Usage by day and model, and all that was ever charged.

use tollgate_base::{KeyId, SubscriptionId, Timestamp, Usage};
use tollgate_store::{DayUsage, LocalStretch, NewKey, UsageOf, UsageRecord, UsageTotals};

use super::{TestDb, dollars, record, record_of, user, world};

/// 2026-10-25T01:00:00Z, when clocks in Berlin go from 03:00 back to 02:00, and the number of that day.
const BACK: i64 = 1_792_890_000;
const DAY: i64 = 20_751;
const HOUR: i64 = 3600;

fn at(micros_from_back: i64) -> Timestamp {
    Timestamp::from_micros(BACK * 1_000_000 + micros_from_back)
}

const fn hours(hours: i64) -> i64 {
    hours * HOUR * 1_000_000
}

/// The three days around the change, as clocks in Berlin show them.
fn berlin() -> [LocalStretch; 2] {
    [
        LocalStretch { from: at(hours(-27)), until: at(0), offset_s: 7200 },
        LocalStretch { from: at(0), until: at(hours(46)), offset_s: 3600 },
    ]
}

fn summed(day: i64, model: &str, requests: u64, cost: &str) -> DayUsage {
    let usage = Usage { input_tokens: 100 * requests, output_tokens: 20 * requests, ..Usage::default() };
    DayUsage {
        day,
        model: Some(model.to_owned()),
        totals: UsageTotals { requests, usage, cost: dollars(cost) },
    }
}

pub(crate) async fn days_follow_the_clocks_of_a_place(db: &TestDb) {
    let store = db.open().await;
    let (key, _) = world(&store).await;
    let other = store.create_key(NewKey::new(key.user_id, key.group_id, "phone")).await.unwrap().0;
    let bob = user(&store, "bob", "10").await;
    let of = |micros: i64, model: &str, cost: &str| UsageRecord {
        at: at(micros),
        requested_model: model.to_owned(),
        ..record(&key, cost)
    };
    let records = [
        of(hours(-27) - 1, "early", "5"),
        // From midnight to midnight: the last moment of the 24th, the first and the last of the 25 hours of the 25th.
        of(hours(-27), "a", "0.000000001"),
        of(hours(-3) - 1, "a", "0.000000002"),
        of(hours(-3), "a", "0.1"),
        // Half past two, twice.
        of(hours(-1) + hours(1) / 2, "a", "0.2"),
        of(hours(1) / 2, "a", "0.3"),
        of(hours(1), "b", "0"),
        of(hours(22) - 1, "a", "0.000000007"),
        of(hours(22), "b", "1"),
        of(hours(46), "late", "5"),
        UsageRecord { at: at(0), ..record(&other, "3") },
        UsageRecord { at: at(0), ..record_of(bob, "3") },
    ];
    store.settle(&records).await.unwrap();
    let days = store.usage_by_day(key.user_id, UsageOf::Key(key.id), &berlin()).await.unwrap();
    let expected = [
        summed(DAY - 1, "a", 2, "0.000000003"),
        summed(DAY, "a", 4, "0.600000007"),
        summed(DAY, "b", 1, "0"),
        summed(DAY + 1, "b", 1, "1"),
    ];
    assert_eq!(days, expected);
    let mut total = UsageTotals::default();
    days.iter().for_each(|day| total.add(&day.totals));
    assert_eq!((total.requests, total.cost), (8, dollars("1.60000001")));
    assert_eq!(total.usage.input_tokens, 800);

    let nobody = UsageOf::Key(KeyId::generate());
    assert_eq!(store.usage_by_day(key.user_id, nobody, &berlin()).await.unwrap(), []);
    assert_eq!(store.usage_by_day(key.user_id, UsageOf::Key(key.id), &[]).await.unwrap(), []);
}

pub(crate) async fn a_subscriptions_days_are_its_own(db: &TestDb) {
    let store = db.open().await;
    let (key, _) = world(&store).await;
    let [one, two] = [SubscriptionId::generate(), SubscriptionId::generate()];
    let paid_by =
        |subscription| UsageRecord { at: at(0), subscription_id: subscription, ..record(&key, "0.5") };
    store.settle(&[paid_by(Some(one)), paid_by(Some(one)), paid_by(Some(two)), paid_by(None)]).await.unwrap();
    let days = store.usage_by_day(key.user_id, UsageOf::Subscription(one), &berlin()).await.unwrap();
    assert_eq!(days, [summed(DAY, "claude-opus-5-5", 2, "1")]);
}

pub(crate) async fn only_the_dearest_models_have_names(db: &TestDb) {
    let store = db.open().await;
    let (key, _) = world(&store).await;
    let records: Vec<UsageRecord> = (0..50)
        .map(|number| UsageRecord {
            // Every model on two days; the dearer the higher its number.
            at: at(hours(-24 * (number % 2))),
            requested_model: format!("model-{:02}", number / 2),
            ..record(&key, &format!("0.00{:02}", number / 2))
        })
        .collect();
    store.settle(&records).await.unwrap();
    let days = store.usage_by_day(key.user_id, UsageOf::Key(key.id), &berlin()).await.unwrap();
    for day in [DAY - 1, DAY] {
        let of_day: Vec<&DayUsage> = days.iter().filter(|one| one.day == day).collect();
        assert_eq!(of_day.len(), 21);
        for one in of_day {
            match &one.model {
                Some(name) => {
                    assert!(name.as_str() >= "model-05", "{name}");
                    assert_eq!(one.totals.requests, 1);
                }
                None => {
                    assert_eq!((one.totals.requests, one.totals.cost), (5, dollars("0.001")));
                }
            }
        }
    }
}

pub(crate) async fn what_a_balance_was_charged_is_known_without_its_records(db: &TestDb) {
    let store = db.open().await;
    let (key, _) = world(&store).await;
    assert_eq!(store.charged_to_balance(key.user_id).await.unwrap(), dollars("0"));
    store.settle(&[record(&key, "0.5"), record(&key, "11.25")]).await.unwrap();
    store.adjust_balance(key.user_id, dollars("4"), "thanks", None).await.unwrap();
    store.adjust_balance(key.user_id, dollars("-1"), "a mistake", None).await.unwrap();
    assert_eq!(store.charged_to_balance(key.user_id).await.unwrap(), dollars("11.75"));
    assert_eq!(store.user_balance(key.user_id).await.unwrap(), Some(dollars("1.25")));
    let nobody = tollgate_base::UserId::generate();
    assert_eq!(store.charged_to_balance(nobody).await.unwrap(), dollars("0"));
}
