//! Many at once.

use std::time::Duration;

use tollgate_base::{Money, Timestamp, UserId};
use tollgate_store::{NewKey, Store, UsageFilter, UsageRecord};

use super::{TestDb, dollars, group, record_of, user};

const USERS: usize = 5;
const TASKS: usize = 8;
const BATCHES: usize = 10;

async fn users(store: &Store) -> Vec<UserId> {
    let mut users = Vec::new();
    for number in 0..USERS {
        users.push(user(store, &format!("user {number}"), "100").await);
    }
    users
}

/// Records of all users, in an order that differs from batch to batch.
fn batch(users: &[UserId], seed: usize) -> Vec<UsageRecord> {
    (0..USERS * 3).map(|at| record_of(users[(at * (seed % USERS + 1) + seed) % USERS], "0.001")).collect()
}

pub(crate) async fn two_stores_settle_the_same_database(db: &TestDb) {
    let stores = [db.open().await, db.open().await];
    let users = users(&stores[0]).await;
    let mut tasks = Vec::new();
    let mut expected = vec![0_i64; USERS];
    for task in 0..TASKS {
        for number in 0..BATCHES {
            let records = batch(&users, task * BATCHES + number);
            for record in &records {
                let at = users.iter().position(|user| *user == record.user_id).unwrap();
                expected[at] += record.cost.nanos();
            }
            // The same batch goes to both stores, the other way round: only one of them may charge it.
            let mut reversed = records.clone();
            reversed.reverse();
            for (store, records) in stores.iter().cloned().zip([records, reversed]) {
                tasks.push(tokio::spawn(async move { store.settle(&records).await }));
            }
        }
    }
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    for (user, spent) in users.iter().zip(expected) {
        let left = stores[1].user_balance(*user).await.unwrap().unwrap();
        assert_eq!(left, Money::from_nanos(dollars("100").nanos() - spent));
    }
    let totals = stores[0].usage_totals(UsageFilter::default()).await.unwrap();
    assert_eq!(usize::try_from(totals.requests).unwrap(), TASKS * BATCHES * USERS * 3);
    assert_eq!(stores[0].verify_ledger().await.unwrap(), []);
}

pub(crate) async fn settlers_and_adjusters_do_not_lock_each_other_out(db: &TestDb) {
    let stores = [db.open().await, db.open().await];
    let users = users(&stores[0]).await;
    let group = group(&stores[0], "main").await;
    let mut keys = Vec::new();
    for user in &users {
        keys.push(stores[0].create_key(NewKey::new(*user, group.id, "k")).await.unwrap().0.id);
    }
    let mut tasks = Vec::new();
    for task in 0..TASKS {
        let (store, users, mut keys) = (stores[task % 2].clone(), users.clone(), keys.clone());
        keys.rotate_left(task % USERS);
        tasks.push(tokio::spawn(async move {
            for number in 0..BATCHES {
                store.settle(&batch(&users, task + number)).await.unwrap();
                store
                    .adjust_balance(users[(task + number) % USERS], dollars("0.5"), "top-up", None)
                    .await
                    .unwrap();
                let at = Timestamp::from_micros(i64::try_from(number).unwrap());
                store.touch_keys(&keys.iter().map(|key| (*key, at)).collect::<Vec<_>>()).await.unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(stores[0].verify_ledger().await.unwrap(), []);
    let mut sum = 0;
    for user in users {
        sum += stores[0].user_balance(user).await.unwrap().unwrap().nanos();
    }
    let rounds = i64::try_from(TASKS * BATCHES).unwrap();
    let spent = dollars("0.001").nanos() * i64::try_from(USERS * 3).unwrap();
    assert_eq!(sum, dollars("500").nanos() + rounds * (dollars("0.5").nanos() - spent));
}

pub(crate) async fn cancelled_work_leaves_nothing_half_done(db: &TestDb) {
    let store = db.open().await;
    let users = users(&store).await;
    for number in 0..40_u64 {
        let (adjuster, settler) = (store.clone(), store.clone());
        let (user, records) = (users[0], batch(&users, 1));
        let adjusting =
            tokio::spawn(async move { adjuster.adjust_balance(user, dollars("1"), "gift", None).await });
        let settling = tokio::spawn(async move { settler.settle(&records).await });
        tokio::time::sleep(Duration::from_micros(number * 50)).await;
        adjusting.abort();
        settling.abort();
    }
    let entries = store.list_balance_entries(users[0], 1000).await.unwrap();
    let after = store.adjust_balance(users[0], dollars("1"), "the last", None).await.unwrap();
    assert!(after > dollars("100") && entries.len() < 42, "{after}, {} entries", entries.len());
    assert_eq!(store.verify_ledger().await.unwrap(), []);
    let whole = store.usage_totals(UsageFilter::default()).await.unwrap().requests;
    assert_eq!(whole % u64::try_from(USERS * 3).unwrap(), 0, "batches are written whole");
}
