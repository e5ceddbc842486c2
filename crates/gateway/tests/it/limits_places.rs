//! Requests at the same time: places are waited for in turn, kept to the end of an answer, and never lost.

use std::time::Duration;

use tokio::task::JoinHandle;
use tollgate_gateway::GatewayConfig;
use tollgate_routing::{LimitScope, Status};
use tollgate_store::UserPatch;

use crate::limits::{POLLED, call, limit, limited_key};
use crate::support::error_table::check;
use crate::support::{Call, Kind, Reply, Setup, World, eventually};

fn waiting(wait_ms: u64, queue: usize) -> Setup {
    let defaults = Setup::default();
    let slot_wait = Duration::from_millis(wait_ms);
    let gateway = GatewayConfig { slot_wait, slot_queue: queue, ..defaults.gateway.clone() };
    Setup { gateway, ..defaults }
}

fn send(world: &World, call: Call) -> JoinHandle<Reply> {
    let addr = world.addr;
    tokio::spawn(async move { call.send(addr).await })
}

/// A stream of about a second.
const SLOW: &str = "words=20 slow_event_ms=40";

async fn received(world: &World, at_least: u64) {
    eventually("requests at the sandbox", || async {
        (world.sandbox.counts().total.received >= at_least).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_stream_keeps_its_place_to_its_end() {
    for kind in Kind::NATIVE {
        let world = World::new().await;
        let (_, key) = limited_key(&world, kind, 0, 0, 1).await;
        let mut open = call(kind, &key, SLOW, true).open(world.addr).await;
        open.chunk().await.unwrap();
        let second = send(&world, call(kind, &key, "", false));
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!second.is_finished());
        assert_eq!(world.sandbox.counts().total.received, 1, "{kind:?}");
        open.rest().await.ok();
        second.await.unwrap().ok();
        // The place is free before the caller has the end of its answer.
        for _ in 0..5 {
            call(kind, &key, "", true).send(world.addr).await.ok();
            call(kind, &key, "", false).send(world.addr).await.ok();
        }
    }
}

#[tokio::test]
async fn a_caller_who_leaves_frees_its_place_though_its_stream_is_read_on() {
    let world = World::new().await;
    let (_, key) = limited_key(&world, Kind::Messages, 0, 0, 1).await;
    let mut open = call(Kind::Messages, &key, SLOW, true).open(world.addr).await;
    open.chunk().await.unwrap();
    drop(open);
    call(Kind::Messages, &key, "", false).send(world.addr).await.ok();
    assert_eq!(world.sandbox.counts().served.len(), 1, "the first one is read to its end meanwhile");
    world.served(2).await;
}

#[tokio::test]
async fn who_waits_too_long_or_behind_too_many_is_refused() {
    let world = World::start(waiting(300, 1)).await;
    for kind in Kind::ALL {
        let (_, key) = limited_key(&world, kind, 0, 0, 1).await;
        let before = world.sandbox.counts().total.received;
        let first = send(&world, call(kind, &key, "slow_first_ms=1200", false));
        received(&world, before + 1).await;
        let second = send(&world, call(kind, &key, "", false));
        tokio::time::sleep(Duration::from_millis(100)).await;
        let third = call(kind, &key, "", true).send(world.addr).await;
        assert!(!second.is_finished(), "the third is refused at once");
        for refused in [third, second.await.unwrap()] {
            check(&refused, kind.dialect(), "concurrency_limit", "1 for this API key");
            assert!(refused.header("retry-after").is_some());
        }
        first.await.unwrap().ok();
        call(kind, &key, "", false).send(world.addr).await.ok();
    }
}

#[tokio::test]
async fn a_caller_who_leaves_the_queue_is_not_served() {
    let world = World::new().await;
    let (key, secret) = limited_key(&world, Kind::Chat, 10, 0, 1).await;
    let first = send(&world, call(Kind::Chat, &secret, "slow_first_ms=600", false));
    received(&world, 1).await;
    for _ in 0..3 {
        call(Kind::Chat, &secret, "", false).hang_up_after(world.addr, Duration::from_millis(50)).await;
    }
    first.await.unwrap().ok();
    let last = call(Kind::Chat, &secret, "", false).send(world.addr).await.ok();
    assert_eq!(last.header("x-ratelimit-remaining-requests"), Some("8"), "who left has given back");
    assert_eq!(world.sandbox.counts().total.received, 2);
    assert!(world.finished().await.iter().all(|record| record.key_id == key.id && record.status == 200));
}

#[tokio::test]
async fn a_limit_that_is_raised_lets_those_who_wait_go_on() {
    let world = World::new().await;
    let kind = Kind::Messages;
    let (key, secret) = limited_key(&world, kind, 0, 0, 1).await;
    limit(&world, LimitScope::User(world.user.id), 0, 0, 2).await;
    tokio::time::sleep(POLLED).await;
    let slow = || call(kind, &secret, "slow_first_ms=3000", false);
    let first = send(&world, slow());
    received(&world, 1).await;
    let (second, third) = (send(&world, slow()), send(&world, slow()));
    tokio::time::sleep(POLLED).await;
    assert_eq!(world.sandbox.counts().total.received, 1);
    limit(&world, LimitScope::Key(key.id), 0, 0, 3).await;
    received(&world, 2).await;
    tokio::time::sleep(POLLED).await;
    assert_eq!(world.sandbox.counts().total.received, 2, "the user's own limit still holds");
    world.store.remove_limit(&LimitScope::User(world.user.id)).await.unwrap();
    received(&world, 3).await;
    assert!(!first.is_finished(), "all three run together");
    for reply in [first, second, third] {
        reply.await.unwrap().ok();
    }
}

#[tokio::test]
async fn who_has_waited_is_looked_at_again() {
    let world = World::new().await;
    let (_, key) = limited_key(&world, Kind::Responses, 0, 0, 1).await;
    let first = send(&world, call(Kind::Responses, &key, "slow_first_ms=700", false));
    received(&world, 1).await;
    let second = send(&world, call(Kind::Responses, &key, "", false));
    tokio::time::sleep(Duration::from_millis(100)).await;
    let patch = UserPatch { status: Some(Status::Disabled), ..UserPatch::default() };
    world.store.update_user(world.user.id, patch).await.unwrap();
    first.await.unwrap().ok();
    check(&second.await.unwrap(), Kind::Responses.dialect(), "user_disabled", "");
}
