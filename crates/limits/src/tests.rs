//! The door: several limits at once, places, accounts, and what is forgotten.

use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use tollgate_base::{AccountId, GroupId, KeyId, UserId};
use tollgate_routing::Allowance;

use super::*;

const KEY: Subject = Subject::Key(KeyId::from_u128(1));
const USER: Subject = Subject::User(UserId::from_u128(1));
const GROUP: Subject = Subject::Group(GroupId::from_u128(1));
const SECOND: u64 = 1_000_000_000;

fn limited(subject: Subject, rpm: u32, tpm: u64, concurrency: u32) -> Limited {
    let allowance = Allowance {
        requests_per_minute: NonZeroU32::new(rpm),
        tokens_per_minute: NonZeroU64::new(tpm),
        concurrency: NonZeroU32::new(concurrency),
    };
    Limited { subject, allowance, epoch: 0 }
}

fn account(number: u128, rpm: u32, concurrency: u32) -> Limited {
    limited(Subject::Account(AccountId::from_u128(number)), rpm, 0, concurrency)
}

fn who(limited: impl IntoIterator<Item = Limited>) -> Who {
    limited.into_iter().collect()
}

fn for_so_long(seconds: u64) -> Wait {
    Wait { until: Instant::now() + Duration::from_secs(seconds), queue: 10 }
}

async fn admit(limits: &Limits, who: &Who, tokens: u64) -> Result<Admission, Refusal> {
    limits.admit(who, Cost::of(tokens), for_so_long(30)).await
}

fn remaining(limits: &Limits, who: &Who) -> (Option<u64>, Option<u64>) {
    let standing = limits.standing(who);
    (standing.requests.map(|gauge| gauge.remaining), standing.tokens.map(|gauge| gauge.remaining))
}

#[tokio::test(start_paused = true)]
async fn of_several_limits_all_are_taken_or_none() {
    let limits = Limits::default();
    let (key, user) = (limited(KEY, 10, 1000, 0), limited(USER, 3, 0, 0));
    let (both, key_alone) = (who([user, key.clone()]), who([key]));
    for _ in 0..3 {
        admit(&limits, &both, 100).await.unwrap().reservation.keep();
    }
    for _ in 0..5 {
        let refusal = admit(&limits, &both, 100).await.unwrap_err();
        assert_eq!((refusal.subject, refusal.reached), (USER, Reached::Requests(3)));
        assert_eq!(refusal.retry_after_nanos, 20 * SECOND);
    }
    assert_eq!(remaining(&limits, &key_alone), (Some(7), Some(700)));
    assert_eq!(remaining(&limits, &both), (Some(0), Some(700)));
}

#[tokio::test(start_paused = true)]
async fn the_wait_is_that_of_the_slowest_and_true() {
    let limits = Limits::default();
    let who = who([limited(KEY, 60, 0, 0), limited(GROUP, 0, 600, 0)]);
    admit(&limits, &who, 600).await.unwrap().reservation.keep();
    let refusal = admit(&limits, &who, 100).await.unwrap_err();
    assert_eq!((refusal.reached, refusal.retry_after_nanos), (Reached::Tokens(600), 10 * SECOND));
    // The paused clock moves in milliseconds.
    tokio::time::advance(Duration::from_nanos(10 * SECOND - 1_000_000)).await;
    assert_eq!(admit(&limits, &who, 100).await.unwrap_err().retry_after_nanos, 1_000_000);
    tokio::time::advance(Duration::from_millis(1)).await;
    admit(&limits, &who, 100).await.unwrap().reservation.keep();
}

#[tokio::test(start_paused = true)]
async fn a_reservation_is_corrected_to_what_was_used_or_given_back() {
    let limits = Limits::default();
    let who = who([limited(KEY, 10, 1000, 0), limited(USER, 0, 2000, 0)]);
    let reserved = || async { admit(&limits, &who, 400).await.unwrap().reservation };
    reserved().await.settle(100);
    assert_eq!(remaining(&limits, &who), (Some(9), Some(900)));
    reserved().await.settle(700);
    assert_eq!(remaining(&limits, &who), (Some(8), Some(200)));
    limits.admit(&who, Cost::of(10), for_so_long(0)).await.unwrap().reservation.settle(2010);
    assert_eq!(remaining(&limits, &who), (Some(7), Some(0)));
    let refusal = admit(&limits, &who, 1).await.unwrap_err();
    // 1810 below zero, and one to take.
    assert_eq!(refusal.retry_after_nanos, 1811 * 60 * SECOND / 1000);
    tokio::time::advance(Duration::from_secs(600)).await;
    drop(reserved().await);
    assert_eq!(remaining(&limits, &who), (Some(10), Some(1000)));
    reserved().await.keep();
    assert_eq!(remaining(&limits, &who), (Some(9), Some(600)));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_gets_no_place_takes_no_rate() {
    let limits = Limits::default();
    let who = who([limited(KEY, 10, 0, 2), limited(USER, 0, 0, 1)]);
    let running = admit(&limits, &who, 0).await.unwrap();
    assert!(!running.waited);
    let begun = Instant::now();
    let refusal = admit(&limits, &who, 0).await.unwrap_err();
    assert_eq!(begun.elapsed(), Duration::from_secs(30));
    assert_eq!((refusal.subject, refusal.reached), (USER, Reached::Slots(1)));
    assert!(refusal.retry_after_nanos >= SECOND);
    assert_eq!(remaining(&limits, &who).0, Some(10), "the one that runs has refilled meanwhile");
    running.reservation.keep();
    drop(running.places);
    assert!(!admit(&limits, &who, 0).await.unwrap().waited);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_leaves_the_queue_takes_nothing_along() {
    let limits = Limits::default();
    let who = who([limited(KEY, 100, 0, 1)]);
    let running = admit(&limits, &who, 0).await.unwrap();
    for _ in 0..20 {
        let leaving = tokio::time::timeout(Duration::from_millis(1), admit(&limits, &who, 0)).await;
        assert!(leaving.is_err());
    }
    let (next, ()) = tokio::join!(admit(&limits, &who, 0), async { drop(running) });
    assert!(next.unwrap().waited);
    assert_eq!(remaining(&limits, &who).0, Some(100));
    assert!(limits.waited_for().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_first_account_with_room_serves_and_else_the_first_that_gets_some() {
    let limits = Limits::default();
    let accounts = [account(1, 0, 1), account(2, 0, 1), account(3, 1, 0)];
    let first = |seconds| limits.first(&accounts, Cost::of(0), for_so_long(seconds));
    let (at, one) = first(5).await.unwrap();
    let (next, _two) = first(5).await.unwrap();
    let (last, three) = first(5).await.unwrap();
    assert_eq!((at, next, last), (0, 1, 2));
    three.reservation.keep();
    let begun = Instant::now();
    let refusal = first(5).await.unwrap_err().unwrap();
    assert_eq!((begun.elapsed().as_secs(), refusal.reached), (5, Reached::Slots(1)));
    let later = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        drop(one);
    };
    let (waited, ()) = tokio::join!(first(30), later);
    let (at, _one) = waited.unwrap();
    assert_eq!(at, 0);
    // The third one's minute is over before any place is free.
    let begun = Instant::now();
    let (at, _) = first(120).await.unwrap();
    assert_eq!((at, begun.elapsed().as_secs()), (2, 52));
    assert!(limits.waited_for().is_empty());
}

#[tokio::test(start_paused = true)]
async fn accounts_over_their_rate_are_not_waited_for_beyond_the_time() {
    let limits = Limits::default();
    let accounts = [account(1, 1, 0), account(2, 2, 0)];
    for _ in 0..3 {
        let (_, lease) = limits.first(&accounts, Cost::of(0), for_so_long(0)).await.unwrap();
        lease.reservation.keep();
    }
    let refusal = limits.first(&accounts, Cost::of(0), for_so_long(10)).await.unwrap_err().unwrap();
    assert_eq!((refusal.subject, refusal.retry_after_nanos), (accounts[1].subject.clone(), 30 * SECOND));
    assert!(limits.first(&[], Cost::of(0), for_so_long(10)).await.unwrap_err().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_raised_number_of_places_reaches_those_who_wait() {
    let limits = Limits::default();
    let narrow = who([limited(KEY, 0, 0, 1)]);
    let _running = admit(&limits, &narrow, 0).await.unwrap();
    let raise = async {
        assert_eq!(limits.waited_for(), [KEY]);
        limits.resize(&Limited { epoch: 1, ..limited(KEY, 0, 0, 2) });
    };
    let (second, ()) = tokio::join!(admit(&limits, &narrow, 0), raise);
    let _second = second.unwrap();
    let lift = async { limits.resize(&Limited { epoch: 2, ..limited(KEY, 0, 0, 0) }) };
    let (third, ()) = tokio::join!(admit(&limits, &narrow, 0), lift);
    assert!(third.unwrap().waited);
}

#[tokio::test(start_paused = true)]
async fn who_has_nothing_missing_is_forgotten() {
    let limits = Limits::default();
    let key = who([limited(KEY, 60, 0, 1)]);
    let many = |number| who([limited(Subject::User(UserId::from_u128(number)), 60, 60, 0)]);
    let running = admit(&limits, &key, 0).await.unwrap();
    for number in 0..1000 {
        admit(&limits, &many(number), 1).await.unwrap().reservation.keep();
    }
    limits.sweep();
    assert_eq!(limits.len(), 1001);
    tokio::time::advance(Duration::from_secs(2)).await;
    limits.sweep();
    assert_eq!(limits.len(), 1, "the one with a place that is taken");
    drop(running);
    limits.sweep();
    assert!(limits.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forgetting_loses_nothing_that_was_taken_meanwhile() {
    let limits = Arc::new(Limits::default());
    let sweeper = tokio::spawn({
        let limits = Arc::clone(&limits);
        async move {
            loop {
                limits.sweep();
                tokio::task::yield_now().await;
            }
        }
    });
    let mut tasks = Vec::new();
    for _ in 0..100 {
        let limits = Arc::clone(&limits);
        tasks.push(tokio::spawn(async move {
            let mut passed = 0;
            for _ in 0..100 {
                let who = who([limited(KEY, 50, 0, 0), limited(USER, 0, 0, 3)]);
                match limits.admit(&who, Cost::of(0), for_so_long(30)).await {
                    Ok(admission) => {
                        admission.reservation.keep();
                        passed += 1;
                    }
                    Err(refusal) => assert_eq!(refusal.reached, Reached::Requests(50)),
                }
                tokio::task::yield_now().await;
            }
            passed
        }));
    }
    let mut passed = 0;
    let begun = Instant::now();
    for task in tasks {
        passed += task.await.unwrap();
    }
    sweeper.abort();
    let refilled = begun.elapsed().as_secs() * 50 / 60 + 1;
    assert!((50..=50 + refilled).contains(&passed), "{passed}");
}

#[test]
fn nobody_is_named_twice_and_the_unlimited_not_at_all() {
    let group = limited(GROUP, 5, 0, 0);
    let who = who([group.clone(), limited(USER, 0, 0, 0), limited(KEY, 1, 0, 0), group]);
    let subjects: Vec<_> = who.as_slice().iter().map(|limited| limited.subject.clone()).collect();
    assert_eq!(subjects, [KEY, GROUP]);
    assert!(Who::default().is_empty());
}
