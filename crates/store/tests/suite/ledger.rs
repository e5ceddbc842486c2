//! Holds: taking them, closing them, and the check of both.

use std::sync::Arc;

use tollgate_base::{KeyId, Money, NodeId, Rate, RequestId, Timestamp, UserId};
use tollgate_protocol::Protocol;
use tollgate_store::{
    Applied, Hold, HoldFilter, HoldOutcome, LedgerBatch, LedgerCounts, LedgerProblem, Store, StoreError,
    UsageRecord, Wallet,
};

use super::{TestDb, dollars, record_of, user};

use HoldOutcome::{Held, Refused};

/// A hold for a new request.
pub(crate) fn hold_of(user_id: UserId, amount: &str) -> Hold {
    Hold {
        id: RequestId::generate(),
        user_id,
        key_id: KeyId::from_u128(1),
        group_id: tollgate_base::GroupId::from_u128(1),
        amount: dollars(amount),
        credit_line: Money::ZERO,
        price_version: 1,
        group_rate: Rate::ONE,
        user_rate: Rate::from_millionths(900_000),
        endpoint: "messages".to_owned(),
        client_protocol: Protocol::Messages,
        requested_model: "claude-opus-5-5".to_owned(),
        stream: true,
        input_tokens: 1_200,
        node: NodeId::from_u128(1),
        at: Timestamp::from_micros(1_700_000_000_000_000),
        subscription_id: None,
        quotas: Vec::new(),
    }
}

/// The record that ends the hold's request.
pub(crate) fn end_of(hold: &Hold, cost: &str) -> UsageRecord {
    UsageRecord {
        id: hold.id,
        at: hold.at,
        key_id: hold.key_id,
        held: Some(hold.amount),
        subscription_id: hold.subscription_id,
        ..record_of(hold.user_id, cost)
    }
}

async fn apply(store: &Store, records: Vec<UsageRecord>, holds: Vec<Hold>) -> Applied {
    store.apply(Arc::new(LedgerBatch { records, holds })).await.unwrap()
}

async fn hold(store: &Store, hold: &Hold) -> HoldOutcome {
    apply(store, Vec::new(), vec![hold.clone()]).await.holds[0]
}

async fn end(store: &Store, record: UsageRecord) -> Applied {
    apply(store, vec![record], Vec::new()).await
}

fn wallet(balance: &str, held: &str) -> Wallet {
    Wallet { balance: dollars(balance), held: dollars(held) }
}

async fn sound(store: &Store) {
    assert_eq!(store.verify_ledger().await.unwrap(), []);
}

pub(crate) async fn a_hold_is_taken_and_given_back(db: &TestDb) {
    let store = db.open().await;
    let ann = user(&store, "ann", "10").await;
    let first = hold_of(ann, "4");
    let applied = apply(&store, Vec::new(), vec![first.clone()]).await;
    assert_eq!(
        applied,
        Applied { holds: vec![Held], wallets: vec![(ann, wallet("10", "4"))], quotas: vec![] }
    );
    assert_eq!(store.user_wallet(ann).await.unwrap(), Some(wallet("10", "4")));
    assert_eq!(
        store.open_holds(HoldFilter::All, 10).await.unwrap(),
        std::slice::from_ref(&first),
        "it reads back"
    );
    sound(&store).await;
    let applied = end(&store, end_of(&first, "1.5")).await;
    assert_eq!(applied, Applied { holds: vec![], wallets: vec![(ann, wallet("8.5", "0"))], quotas: vec![] });
    assert_eq!(store.open_holds(HoldFilter::All, 10).await.unwrap(), []);
    assert_eq!(store.find_usage(first.id).await.unwrap().unwrap().held, Some(dollars("4")));
    // More than was held is charged as well: the request was served.
    let second = hold_of(ann, "1");
    assert_eq!(hold(&store, &second).await, Held);
    end(&store, end_of(&second, "9")).await;
    assert_eq!(store.user_wallet(ann).await.unwrap(), Some(wallet("-0.5", "0")));
    assert_eq!(store.apply(Arc::default()).await.unwrap(), Applied::default());
    assert_eq!(store.user_wallet(UserId::generate()).await.unwrap(), None);
    sound(&store).await;
}

pub(crate) async fn holds_are_granted_while_something_is_available(db: &TestDb) {
    let store = db.open().await;
    let (ann, bob) = (user(&store, "ann", "1").await, user(&store, "bob", "0").await);
    let holds = vec![
        hold_of(ann, "0.6"),
        hold_of(ann, "0.400000001"),
        hold_of(bob, "0"),
        hold_of(ann, "0"),
        hold_of(ann, "0.4"),
        hold_of(ann, "0"),
        hold_of(UserId::generate(), "0"),
    ];
    let applied = apply(&store, Vec::new(), holds).await;
    assert_eq!(applied.holds, [Held, Refused, Refused, Held, Held, Refused, Refused], "in order");
    assert_eq!(applied.wallets, [(ann, wallet("1", "1")), (bob, wallet("0", "0"))]);
    assert_eq!(store.open_holds(HoldFilter::All, 10).await.unwrap().len(), 3);
    sound(&store).await;
}

pub(crate) async fn charges_come_before_holds(db: &TestDb) {
    let store = db.open().await;
    let ann = user(&store, "ann", "1").await;
    let first = hold_of(ann, "1");
    assert_eq!(hold(&store, &first).await, Held);
    let next = hold_of(ann, "0.7");
    assert_eq!(hold(&store, &next).await, Refused);
    // The record gives back 1 and takes 0.3, so that 0.7 is available to a hold of the same batch.
    let applied = apply(&store, vec![end_of(&first, "0.3")], vec![next, hold_of(ann, "0.1")]).await;
    assert_eq!(applied.holds, [Held, Refused]);
    assert_eq!(applied.wallets, [(ann, wallet("0.7", "0.7"))]);
    sound(&store).await;
}

pub(crate) async fn a_credit_line_goes_below_zero(db: &TestDb) {
    let store = db.open().await;
    let ann = user(&store, "ann", "-1").await;
    let with_line = |amount: &str, line: &str| Hold { credit_line: dollars(line), ..hold_of(ann, amount) };
    assert_eq!(hold(&store, &with_line("0", "1")).await, Refused, "nothing is available");
    assert_eq!(hold(&store, &with_line("0.5", "1.5")).await, Held);
    assert_eq!(hold(&store, &with_line("0.000000001", "1.5")).await, Refused);
    assert_eq!(hold(&store, &with_line("9000000000", "9100000000")).await, Held);
    assert_eq!(hold(&store, &with_line("300000000", "9223372036")).await, Refused, "the sum has 64 bits");
    assert_eq!(store.user_wallet(ann).await.unwrap(), Some(wallet("-1", "9000000000.5")));
    sound(&store).await;
}

pub(crate) async fn a_batch_may_come_again(db: &TestDb) {
    let store = db.open().await;
    let (ann, bob) = (user(&store, "ann", "5").await, user(&store, "bob", "5").await);
    let first = hold_of(ann, "2");
    assert_eq!(hold(&store, &first).await, Held);
    let (again, other) = (hold_of(ann, "3"), hold_of(bob, "5"));
    let batch = Arc::new(LedgerBatch {
        records: vec![end_of(&first, "1"), record_of(bob, "0.5"), end_of(&first, "1")],
        holds: vec![again.clone(), other, again],
    });
    let applied = store.apply(Arc::clone(&batch)).await.unwrap();
    assert_eq!(applied.holds, [Held, Refused, Held], "the same hold twice is one");
    assert_eq!(applied.wallets, [(ann, wallet("4", "3")), (bob, wallet("4.5", "0"))]);
    for _ in 0..2 {
        assert_eq!(store.apply(Arc::clone(&batch)).await.unwrap(), applied);
    }
    let counts = LedgerCounts { users: 2, records: 2, open_holds: 1 };
    assert_eq!(store.ledger_counts().await.unwrap(), counts);
    sound(&store).await;
}

pub(crate) async fn a_late_settlement_changes_nothing(db: &TestDb) {
    let store = db.open().await;
    let ann = user(&store, "ann", "5").await;
    let lost = hold_of(ann, "2");
    assert_eq!(hold(&store, &lost).await, Held);
    let recovered = UsageRecord { recovered: true, estimated: true, ..end_of(&lost, "0.25") };
    assert_eq!(end(&store, recovered.clone()).await.wallets, [(ann, wallet("4.75", "0"))]);
    // The node that was thought lost settles after all.
    assert_eq!(end(&store, end_of(&lost, "1.9")).await.wallets, [(ann, wallet("4.75", "0"))]);
    assert_eq!(store.find_usage(lost.id).await.unwrap(), Some(recovered));
    sound(&store).await;
}

pub(crate) async fn a_hold_after_its_record_changes_nothing(db: &TestDb) {
    let store = db.open().await;
    let ann = user(&store, "ann", "5").await;
    let late = hold_of(ann, "2");
    let applied = apply(&store, vec![end_of(&late, "1")], vec![late.clone()]).await;
    assert_eq!(applied.holds, [Held]);
    assert_eq!(applied.wallets, [(ann, wallet("4", "0"))]);
    // Known counts before money: it is held even where nothing is available.
    store.adjust_balance(ann, dollars("-4"), "correction", None).await.unwrap();
    assert_eq!(hold(&store, &late).await, Held);
    assert_eq!(hold(&store, &Hold { user_id: UserId::generate(), ..late }).await, Refused);
    assert_eq!(store.open_holds(HoldFilter::All, 10).await.unwrap(), []);
    sound(&store).await;
}

pub(crate) async fn a_bad_batch_leaves_nothing(db: &TestDb) {
    let store = db.open().await;
    let ann = user(&store, "ann", "5").await;
    let bad = [
        Hold { amount: dollars("-1"), ..hold_of(ann, "1") },
        Hold { credit_line: dollars("-1"), ..hold_of(ann, "1") },
    ];
    for (bad, name) in bad.into_iter().zip(["amount", "credit_line"]) {
        let batch = LedgerBatch { records: vec![record_of(ann, "1")], holds: vec![hold_of(ann, "1"), bad] };
        let refused = store.apply(Arc::new(batch)).await;
        assert!(matches!(&refused, Err(StoreError::Invalid { field, .. }) if *field == name), "{refused:?}");
    }
    let overflow = vec![record_of(ann, "9223372036"), record_of(ann, "9223372036")];
    let batch = LedgerBatch { records: overflow, holds: vec![hold_of(ann, "1")] };
    assert!(matches!(store.apply(Arc::new(batch)).await, Err(StoreError::Invalid { field: "cost", .. })));
    assert_eq!(store.ledger_counts().await.unwrap(), LedgerCounts { users: 1, records: 0, open_holds: 0 });
    assert_eq!(store.user_wallet(ann).await.unwrap(), Some(wallet("5", "0")));
    sound(&store).await;
}

pub(crate) async fn users_with_holds_cannot_be_removed(db: &TestDb) {
    let store = db.open().await;
    let ann = user(&store, "ann", "0").await;
    let open = Hold { credit_line: dollars("1"), ..hold_of(ann, "1") };
    assert_eq!(hold(&store, &open).await, Held);
    let Err(StoreError::InUse { what }) = store.remove_user(ann).await else { panic!("removed") };
    assert!(what.contains("1 open hold"), "{what}");
    sound(&store).await;
}

pub(crate) async fn a_hold_is_given_back_to_whom_it_was_taken_from(db: &TestDb) {
    let store = db.open().await;
    let (ann, bob) = (user(&store, "ann", "5").await, user(&store, "bob", "5").await);
    let open = hold_of(ann, "2");
    assert_eq!(hold(&store, &open).await, Held);
    let applied = end(&store, UsageRecord { user_id: bob, ..end_of(&open, "1") }).await;
    assert_eq!(applied.wallets, [(ann, wallet("5", "0")), (bob, wallet("4", "0"))]);
    sound(&store).await;
}

pub(crate) async fn nodes_beat_until_they_are_forgotten(db: &TestDb) {
    let store = db.open().await;
    let ann = user(&store, "ann", "5").await;
    let (one, two) = (NodeId::from_u128(1), NodeId::from_u128(2));
    store.register_node(one).await.unwrap();
    store.register_node(two).await.unwrap();
    assert_eq!(store.nodes().await.unwrap(), [(one, 0), (two, 0)]);
    store.beat_node(two).await.unwrap();
    store.beat_node(two).await.unwrap();
    store.register_node(two).await.unwrap();
    assert_eq!(store.nodes().await.unwrap(), [(one, 0), (two, 2)]);
    let open = hold_of(ann, "1");
    assert_eq!(hold(&store, &open).await, Held);
    store.forget_node(one).await.unwrap();
    store.forget_node(two).await.unwrap();
    assert_eq!(store.nodes().await.unwrap(), [(one, 0)], "one has an open hold");
    store.beat_node(two).await.unwrap();
    assert_eq!(store.nodes().await.unwrap(), [(one, 0), (two, 1)], "it was not lost after all");
    end(&store, end_of(&open, "0")).await;
    store.forget_node(one).await.unwrap();
    store.forget_node(NodeId::generate()).await.unwrap();
    assert_eq!(store.nodes().await.unwrap(), [(two, 1)]);
}

pub(crate) async fn open_holds_are_found_by_node(db: &TestDb) {
    let store = db.open().await;
    let ann = user(&store, "ann", "5").await;
    let (one, two) = (NodeId::from_u128(1), NodeId::from_u128(2));
    let mut holds: Vec<Hold> = [one, two, one, two, one]
        .map(|node| Hold { node, requested_model: "a\0b".to_owned(), ..hold_of(ann, "0.5") })
        .to_vec();
    holds.reverse();
    apply(&store, Vec::new(), holds.clone()).await;
    holds.reverse();
    holds.iter_mut().for_each(|hold| hold.requested_model = "a\u{fffd}b".to_owned());
    assert_eq!(store.open_holds(HoldFilter::All, 4).await.unwrap(), holds[..4]);
    let of_two = [holds[1].clone(), holds[3].clone()];
    assert_eq!(store.open_holds(HoldFilter::Of(two), 4).await.unwrap(), of_two);
    assert_eq!(store.open_holds(HoldFilter::NotOf(one), 4).await.unwrap(), of_two);
    assert_eq!(store.open_holds(HoldFilter::NotOf(two), 1).await.unwrap(), holds[..1]);
}

pub(crate) async fn a_wrong_ledger_is_found(db: &TestDb) {
    let store = db.open().await;
    let (ann, bob) = (user(&store, "ann", "5").await, user(&store, "bob", "5").await);
    let holds = [hold_of(ann, "1"), hold_of(bob, "2"), hold_of(bob, "0"), hold_of(ann, "0.5")];
    let [of_ann, of_bob, settled, negative] = &holds;
    assert_eq!(apply(&store, Vec::new(), holds.to_vec()).await.holds, [Held; 4]);
    sound(&store).await;
    db.raw(&format!("UPDATE holds SET amount = -1 WHERE id = '{}'", negative.id)).await;
    let nobody = UserId::from_u128(7);
    db.raw(&format!("UPDATE holds SET user_id = '{nobody}' WHERE id = '{}'", of_bob.id)).await;
    let late = end_of(&hold_of(bob, "0"), "0");
    end(&store, late.clone()).await;
    db.raw(&format!("UPDATE usage_records SET id = '{}' WHERE id = '{}'", settled.id, late.id)).await;
    let problems = store.verify_ledger().await.unwrap();
    let held = |user_id, held: &str, expected| LedgerProblem::Held { user_id, held: dollars(held), expected };
    let less = Money::from_nanos(dollars("1").nanos() - 1);
    assert_eq!(
        problems,
        [
            held(ann, "1.5", less),
            held(bob, "2", Money::ZERO),
            LedgerProblem::HoldOfSettled { id: settled.id, user_id: bob, amount: Money::ZERO },
            LedgerProblem::HoldOfUnknownUser { id: of_bob.id, user_id: nobody, amount: dollars("2") },
            LedgerProblem::NegativeHold { id: negative.id, user_id: ann, amount: Money::from_nanos(-1) },
        ]
    );
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(told[0], format!("1.5 is held of user {ann}'s balance, but the open holds make 0.999999999"));
    assert!(told[2].contains("is still open") && told[3].contains("does not exist"), "{told:?}");
    // A sum that is too small does not keep the hold from being closed and charged.
    db.raw(&format!("UPDATE users SET held = 0 WHERE id = '{ann}'")).await;
    assert_eq!(end(&store, end_of(of_ann, "1")).await.wallets, [(ann, wallet("4", "0"))]);
}

pub(crate) async fn many_holds_at_once_never_overspend(db: &TestDb) {
    let store = db.open().await;
    let ann = user(&store, "ann", "1").await;
    let outcomes = race(std::slice::from_ref(&store), ann, 200).await;
    assert_eq!(outcomes, (3, 197));
    assert_eq!(store.user_wallet(ann).await.unwrap(), Some(wallet("1", "0.99")));
    sound(&store).await;
}

pub(crate) async fn two_nodes_never_overspend_together(db: &TestDb) {
    let stores = [db.open().await, db.open().await];
    for round in 0..5 {
        let ann = user(&stores[0], &format!("ann {round}"), "1").await;
        assert_eq!(race(&stores, ann, 60).await, (3, 57));
        assert_eq!(stores[1].user_wallet(ann).await.unwrap(), Some(wallet("1", "0.99")));
    }
    sound(&stores[0]).await;
}

/// So many holds of 0.33 at once, through each store in turn; how many were held and refused.
async fn race(stores: &[Store], user: UserId, holds: usize) -> (usize, usize) {
    let mut tasks = Vec::new();
    for number in 0..holds {
        let (store, new) = (stores[number % stores.len()].clone(), hold_of(user, "0.33"));
        tasks.push(tokio::spawn(async move { hold(&store, &new).await }));
    }
    let mut held = 0;
    for task in tasks {
        held += usize::from(task.await.unwrap() == Held);
    }
    (held, holds - held)
}

/// Holds, settlements and adjustments of several users from two nodes, each batch handed in to both.
pub(crate) async fn two_nodes_hold_and_settle_the_same_database(db: &TestDb) {
    let stores = [db.open().await, db.open().await];
    let users = [user(&stores[0], "ann", "3").await, user(&stores[0], "bob", "3").await];
    let mut tasks = Vec::new();
    for task in 0..6 {
        let stores = [stores[task % 2].clone(), stores[(task + 1) % 2].clone()];
        tasks.push(tokio::spawn(async move {
            let mut open: Vec<Hold> = Vec::new();
            let mut spent = 0;
            for round in 0..12 {
                let user = |at: usize| users[(task + round + at) % 2];
                let holds: Vec<Hold> = (0..3).map(|at| hold_of(user(at), "0.25")).collect();
                let records: Vec<UsageRecord> = open.drain(..).map(|hold| end_of(&hold, "0.01")).collect();
                spent += i64::try_from(records.len()).unwrap();
                let batch = Arc::new(LedgerBatch { records, holds: holds.clone() });
                let (one, two) = tokio::join!(stores[0].apply(Arc::clone(&batch)), stores[1].apply(batch));
                let (one, two) = (one.unwrap(), two.unwrap());
                stores[1].adjust_balance(users[round % 2], Money::from_nanos(1), "gift", None).await.unwrap();
                // What one of them refused the other may have granted a moment later.
                for ((hold, one), two) in holds.into_iter().zip(one.holds).zip(two.holds) {
                    if one == Held || two == Held {
                        open.push(hold);
                    }
                }
            }
            spent
        }));
    }
    let mut spent = 0;
    for task in tasks {
        spent += task.await.unwrap();
    }
    assert!(spent > 0);
    let mut left = 0;
    for user in users {
        let wallet = stores[0].user_wallet(user).await.unwrap().unwrap();
        assert!(wallet.held <= dollars("3"));
        left += wallet.balance.nanos();
    }
    assert_eq!(left, dollars("6").nanos() + 6 * 12 - spent * dollars("0.01").nanos());
    sound(&stores[1]).await;
}
