//! Limits of accounts: a full one is passed over, and where all are full the first that frees serves.

use std::time::{Duration, Instant};

use tollgate_gateway::GatewayConfig;
use tollgate_routing::{Account, LimitScope};

use crate::limits::{POLLED, limit};
use crate::support::error_table::check;
use crate::support::{Kind, Setup, World, eventually};

async fn world(accounts: usize, wait_ms: u64) -> World {
    let defaults = Setup::default();
    let slot_wait = Duration::from_millis(wait_ms);
    let gateway = GatewayConfig { slot_wait, ..defaults.gateway.clone() };
    World::start(Setup { accounts, gateway, ..defaults }).await
}

/// The kind's account of this number.
fn account(world: &World, kind: Kind, number: usize) -> &Account {
    let group = world.group(kind).id;
    world.accounts.iter().filter(|account| account.groups.contains(&group)).nth(number).unwrap()
}

async fn limit_account(world: &World, kind: Kind, number: usize, rpm: u32, concurrency: u32) {
    let scope = LimitScope::Account(account(world, kind, number).id);
    limit(world, scope, rpm, 0, concurrency).await;
}

fn answered(world: &World, kind: Kind, number: usize) -> u64 {
    let credential = account(world, kind, number).credential.expose();
    world.sandbox.counts().credentials.get(credential).map_or(0, |counts| counts.answered)
}

async fn received(world: &World, at_least: u64) {
    eventually("requests at the sandbox", || async {
        (world.sandbox.counts().total.received >= at_least).then_some(())
    })
    .await;
}

fn send(world: &World, kind: Kind, directives: &str) -> tokio::task::JoinHandle<crate::support::Reply> {
    let (call, addr) = (kind.call(world, directives, false), world.addr);
    tokio::spawn(async move { call.send(addr).await })
}

#[tokio::test]
async fn a_full_account_is_passed_over() {
    for kind in Kind::NATIVE {
        let world = world(3, 5_000).await;
        limit_account(&world, kind, 0, 0, 1).await;
        limit_account(&world, kind, 1, 1, 0).await;
        tokio::time::sleep(POLLED).await;
        let slow = send(&world, kind, "slow_first_ms=1500");
        received(&world, 1).await;
        for _ in 0..3 {
            kind.call(&world, "", true).send(world.addr).await.ok();
        }
        slow.await.unwrap().ok();
        let counts = [0, 1, 2].map(|number| answered(&world, kind, number));
        assert_eq!(counts, [1, 1, 2], "{kind:?}");
        let records = world.finished().await;
        assert!(records.iter().all(|record| record.attempts == 1), "passing over is no attempt");
    }
}

#[tokio::test]
async fn an_account_without_tokens_is_passed_over_and_one_that_failed_has_used_none() {
    let kind = Kind::Messages;
    for failed in [false, true] {
        let world = world(2, 5_000).await;
        limit(&world, LimitScope::Account(account(&world, kind, 0).id), 0, 1_500, 0).await;
        tokio::time::sleep(POLLED).await;
        let credential = account(&world, kind, 0).credential.expose();
        let fault = if failed { format!("status=529 account={credential}") } else { String::new() };
        kind.call(&world, &format!("input=10 output=1400 {fault}"), false).send(world.addr).await.ok();
        assert_eq!(answered(&world, kind, 0), u64::from(!failed));
        // About 1,020 are foreseen, and either 90 or all of them are left.
        kind.call(&world, "", false).send(world.addr).await.ok();
        assert_eq!([0, 1].map(|number| answered(&world, kind, number)), [1, 1], "{failed}");
    }
}

#[tokio::test]
async fn where_all_are_full_the_first_that_frees_serves() {
    let kind = Kind::Messages;
    let world = world(2, 5_000).await;
    for number in [0, 1] {
        limit_account(&world, kind, number, 0, 1).await;
    }
    tokio::time::sleep(POLLED).await;
    let long = send(&world, kind, "slow_first_ms=2500");
    received(&world, 1).await;
    let short = send(&world, kind, "slow_first_ms=500");
    received(&world, 2).await;
    let begun = Instant::now();
    let waited = kind.call(&world, "", false).send(world.addr).await;
    waited.ok();
    assert!((300..2_000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
    short.await.unwrap().ok();
    assert!(!long.is_finished());
    assert_eq!(answered(&world, kind, 1), 2);
    long.await.unwrap().ok();
}

#[tokio::test]
async fn a_full_account_is_waited_for_when_the_others_fail() {
    let kind = Kind::Messages;
    let world = world(2, 5_000).await;
    limit_account(&world, kind, 0, 0, 1).await;
    tokio::time::sleep(POLLED).await;
    let slow = send(&world, kind, "slow_first_ms=500");
    received(&world, 1).await;
    let fault = format!("status=529 account={}", account(&world, kind, 1).credential.expose());
    kind.call(&world, &fault, false).send(world.addr).await.ok();
    slow.await.unwrap().ok();
    assert_eq!(answered(&world, kind, 0), 2);
}

#[tokio::test]
async fn where_none_frees_in_time_the_caller_is_told_when_to_come_back() {
    for kind in Kind::ALL {
        let world = world(1, 300).await;
        limit_account(&world, kind, 0, 1, 0).await;
        tokio::time::sleep(POLLED).await;
        kind.call(&world, "", false).send(world.addr).await.ok();
        let begun = Instant::now();
        let refused = kind.call(&world, "", false).send(world.addr).await;
        assert!(begun.elapsed() < Duration::from_millis(250), "it cannot be in time, so nobody waits");
        check(&refused, kind.dialect(), "all_cooling", "");
        let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((50..=60).contains(&seconds), "{seconds}");
        assert!(
            !refused.headers.keys().any(|name| name.as_str().contains("ratelimit")),
            "not the caller's limits"
        );
        let records = world.finished().await;
        assert_eq!((records[1].status, records[1].attempts), (429, 0), "{kind:?}");
        assert!(world.store.verify_ledger().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn an_accounts_place_is_taken_until_its_call_is_over() {
    for stream in [true, false] {
        let kind = Kind::Messages;
        let world = world(1, 5_000).await;
        limit_account(&world, kind, 0, 0, 1).await;
        tokio::time::sleep(POLLED).await;
        let begun = Instant::now();
        if stream {
            let mut open = kind.call(&world, "words=20 slow_event_ms=40", true).open(world.addr).await;
            open.chunk().await.unwrap();
            drop(open);
        } else {
            let call = kind.call(&world, "slow_body_ms=800", false);
            call.hang_up_after(world.addr, Duration::from_millis(300)).await;
        }
        // The caller has gone, and the rest of its answer is still read.
        kind.call(&world, "", false).send(world.addr).await.ok();
        assert!(begun.elapsed() > Duration::from_millis(600), "{stream} {:?}", begun.elapsed());
        assert_eq!(world.served(2).await.len(), 2);
    }
}

#[tokio::test]
async fn a_raised_limit_of_an_account_wakes_those_who_wait() {
    let kind = Kind::Chat;
    let world = world(1, 5_000).await;
    limit_account(&world, kind, 0, 0, 1).await;
    tokio::time::sleep(POLLED).await;
    let first = send(&world, kind, "slow_first_ms=2500");
    received(&world, 1).await;
    let second = send(&world, kind, "");
    tokio::time::sleep(POLLED).await;
    assert!(!second.is_finished());
    limit_account(&world, kind, 0, 0, 2).await;
    second.await.unwrap().ok();
    assert!(!first.is_finished());
    first.await.unwrap().ok();
}
