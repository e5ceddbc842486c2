//! Balances, settling, and the check of both.

use tollgate_base::{Money, UserId};
use tollgate_store::{EntryKind, LedgerProblem, StoreError, UsageFilter};

use super::{TestDb, dollars, record, record_of, user, world};

pub(crate) async fn settling_charges_once(db: &TestDb) {
    let store = db.open().await;
    let (key, _) = world(&store).await;
    let (one, two) = (record(&key, "0.25"), record(&key, "0.000000001"));
    let balances = store.settle(&[one.clone(), two.clone(), one.clone()]).await.unwrap();
    assert_eq!(balances, [(key.user_id, dollars("9.749999999"))], "twice in one batch counts once");
    assert_eq!(store.settle(&[one.clone(), two]).await.unwrap(), balances, "nobody was charged again");
    let third = record(&key, "0.5");
    let balances = store.settle(&[one, third]).await.unwrap();
    assert_eq!(balances, [(key.user_id, dollars("9.249999999"))]);
    assert_eq!(store.user_balance(key.user_id).await.unwrap(), Some(dollars("9.249999999")));
    assert_eq!(store.settle(&[]).await.unwrap(), []);
    assert_eq!(store.list_usage(UsageFilter::default()).await.unwrap().len(), 3);
    assert_eq!(store.verify_ledger().await.unwrap(), []);
}

pub(crate) async fn one_batch_is_one_transaction(db: &TestDb) {
    let store = db.open().await;
    let (ann, bob) = (user(&store, "ann", "5").await, user(&store, "bob", "1").await);
    let balances =
        store.settle(&[record_of(bob, "2"), record_of(ann, "1"), record_of(bob, "0.5")]).await.unwrap();
    assert_eq!(
        balances,
        [(ann, dollars("4")), (bob, dollars("-1.5"))],
        "by user id; below zero is recorded too"
    );
    // The second record's cost cannot be added up, so the first one is not written either.
    let huge = [record_of(ann, "1"), record_of(bob, "9223372036"), record_of(bob, "9223372036")];
    assert!(store.settle(&huge).await.is_err());
    assert_eq!(store.user_balance(ann).await.unwrap(), Some(dollars("4")));
    assert_eq!(store.list_usage(UsageFilter::default()).await.unwrap().len(), 3);
    assert_eq!(store.verify_ledger().await.unwrap(), []);
}

pub(crate) async fn adjustments_are_written_down(db: &TestDb) {
    let store = db.open().await;
    let id = user(&store, "ann", "10").await;
    assert_eq!(
        store.adjust_balance(id, dollars("2.5"), "top-up #1", Some("cli:eve")).await.unwrap(),
        dollars("12.5")
    );
    assert_eq!(store.adjust_balance(id, dollars("-20"), "correction", None).await.unwrap(), dollars("-7.5"));
    let entries = store.list_balance_entries(id, 10).await.unwrap();
    let told: Vec<(&str, Money, Money)> =
        entries.iter().map(|entry| (entry.reason.as_str(), entry.delta, entry.balance_after)).collect();
    assert_eq!(
        told,
        [
            ("correction", dollars("-20"), dollars("-7.5")),
            ("top-up #1", dollars("2.5"), dollars("12.5")),
            ("initial balance", dollars("10"), dollars("10")),
        ]
    );
    assert_eq!(store.list_balance_entries(id, 1).await.unwrap(), entries[..1]);
    let authors: Vec<Option<&str>> = entries.iter().map(|entry| entry.author.as_deref()).collect();
    assert_eq!(authors, [None, Some("cli:eve"), None]);
    assert!(entries.iter().all(|entry| entry.kind == EntryKind::Adjustment && entry.id.starts_with("bal_")));
    assert!(entries[0].at >= entries[2].at);
    let nobody = UserId::generate();
    let missing = Err(StoreError::NotFound { what: format!("user {nobody}") });
    assert_eq!(store.adjust_balance(nobody, dollars("1"), "gift", None).await, missing);
    assert_eq!(store.user_balance(nobody).await.unwrap(), None);
    let unsaid = store.adjust_balance(id, dollars("1"), "", None).await;
    assert!(matches!(unsaid, Err(StoreError::Invalid { field: "reason", .. })));
    let nameless = store.adjust_balance(id, dollars("1"), "gift", Some("")).await;
    assert!(matches!(nameless, Err(StoreError::Invalid { field: "author", .. })));
    assert_eq!(store.verify_ledger().await.unwrap(), []);
}

pub(crate) async fn sums_that_overflow_are_refused(db: &TestDb) {
    let store = db.open().await;
    let rich = user(&store, "rich", "9000000000").await;
    let refused = store.adjust_balance(rich, dollars("9000000000"), "too much", None).await;
    assert!(matches!(refused, Err(StoreError::Invalid { field: "delta", .. })), "{refused:?}");
    let poor = user(&store, "poor", "-9000000000").await;
    assert!(store.settle(&[record_of(poor, "9000000000")]).await.is_err());
    assert_eq!(store.user_balance(rich).await.unwrap(), Some(dollars("9000000000")));
    assert_eq!(store.user_balance(poor).await.unwrap(), Some(dollars("-9000000000")));
    assert_eq!(store.list_usage(UsageFilter::default()).await.unwrap(), []);
}

pub(crate) async fn a_wrong_balance_is_found(db: &TestDb) {
    let store = db.open().await;
    let (key, _) = world(&store).await;
    let bob = user(&store, "bob", "0").await;
    store.settle(&[record(&key, "1")]).await.unwrap();
    assert_eq!(store.verify_ledger().await.unwrap(), []);
    db.raw("UPDATE users SET balance = balance + 1 WHERE name = 'bob'").await;
    db.raw("DELETE FROM usage_records").await;
    let found = store.verify_ledger().await.unwrap();
    let ann = LedgerProblem::Balance { user_id: key.user_id, balance: dollars("9"), expected: dollars("10") };
    let one_nano =
        LedgerProblem::Balance { user_id: bob, balance: Money::from_nanos(1), expected: Money::ZERO };
    assert_eq!(found, [ann, one_nano]);
}

pub(crate) async fn usage_of_a_removed_user_is_kept(db: &TestDb) {
    let store = db.open().await;
    let (ann, gone) = (user(&store, "ann", "1").await, user(&store, "gone", "0").await);
    store.remove_user(gone).await.unwrap();
    let balances = store.settle(&[record_of(gone, "0.5"), record_of(ann, "0.25")]).await.unwrap();
    assert_eq!(balances, [(ann, dollars("0.75"))]);
    assert_eq!(store.list_usage(UsageFilter::default()).await.unwrap().len(), 2);
    let orphan = LedgerProblem::UnknownUser { user_id: gone, used: dollars("0.5") };
    assert_eq!(store.verify_ledger().await.unwrap(), [orphan]);
}
