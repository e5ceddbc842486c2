//! What changes while the gate runs.

use std::time::Duration;

use tokio::time::Instant;
use tollgate_base::Money;
use tollgate_protocol::Dialect;
use tollgate_routing::Status;
use tollgate_store::{AccountPatch, KeyPatch, UserPatch};

use crate::support::error_table::check;
use crate::support::{Call, Kind, Reply, Setup, World, eventually};

/// Calls until the answer has this status; fails if it takes much longer than the gate's poll of 20 ms.
async fn within_a_poll(world: &World, kind: Kind, key: &str, status: u16) -> Reply {
    let started = Instant::now();
    let reply = eventually("the change is in force", || async {
        let reply = kind.call_with(key, kind.model(), "words=1", false).send(world.addr).await;
        (reply.status == status).then_some(reply)
    })
    .await;
    // The poll, a reload and a call on a busy machine.
    assert!(started.elapsed() < Duration::from_secs(1), "it took {:?}", started.elapsed());
    reply
}

#[tokio::test]
async fn a_revoked_key_is_refused() {
    let world = World::new().await;
    for kind in Kind::ALL {
        let (key, secret) = world.extra_key(kind, |_| {}).await;
        kind.call_with(&secret, kind.model(), "words=1", false).send(world.addr).await.ok();
        world.store.revoke_key(key.id).await.unwrap();
        let reply = within_a_poll(&world, kind, &secret, 401).await;
        check(&reply, kind.early_dialect(), "revoked_key", "");
        kind.call(&world, "words=1", false).send(world.addr).await.ok();
    }
}

#[tokio::test]
async fn keys_users_and_accounts_change() {
    let world = World::new().await;
    let kind = Kind::Chat;
    let (key, secret) = world.extra_key(kind, |_| {}).await;
    within_a_poll(&world, kind, &secret, 200).await;

    let only = KeyPatch { allowed_models: Some(vec!["other".parse().unwrap()]), ..KeyPatch::default() };
    world.store.update_key(key.id, only).await.unwrap();
    within_a_poll(&world, kind, &secret, 403).await;
    let any = KeyPatch { allowed_models: Some(Vec::new()), ..KeyPatch::default() };
    world.store.update_key(key.id, any).await.unwrap();
    within_a_poll(&world, kind, &secret, 200).await;

    for (status, expected) in [(Status::Disabled, 403), (Status::Enabled, 200)] {
        let patch = UserPatch { status: Some(status), ..UserPatch::default() };
        world.store.update_user(world.user.id, patch).await.unwrap();
        within_a_poll(&world, kind, &secret, expected).await;
    }
    let account = world.accounts.iter().find(|account| account.name == "openai-0").unwrap();
    for (status, expected) in [(Status::Disabled, 503), (Status::Enabled, 200)] {
        let patch = AccountPatch { status: Some(status), ..AccountPatch::default() };
        world.store.update_account(account.id, patch).await.unwrap();
        within_a_poll(&world, kind, &secret, expected).await;
    }
}

/// A key that was tried before it existed works once it does.
#[tokio::test]
async fn an_unknown_key_is_not_unknown_for_ever() {
    let world = World::new().await;
    let reply = Kind::Chat.call_with("tg-unknown", "gpt-5.5", "", false).send(world.addr).await;
    check(&reply, Dialect::Chat, "invalid_key", "");
    let (_, secret) = world.extra_key(Kind::Chat, |_| {}).await;
    Kind::Chat.call_with(&secret, "gpt-5.5", "words=1", false).send(world.addr).await.ok();
}

#[tokio::test]
async fn a_balance_runs_out_and_is_filled_again() {
    // Three cents: enough to hold what one request can cost, but what the first leaves is not.
    let setup = Setup { balance: Money::from_nanos(30_000_000), ..Setup::default() };
    let world = World::start(setup).await;
    let kind = Kind::Messages;
    kind.call(&world, "words=1 input=1000 output=900", false).send(world.addr).await.ok();
    world.records(1).await;
    let reply = within_a_poll(&world, kind, world.key(kind), 402).await;
    check(&reply, Dialect::Messages, "insufficient_balance", "");
    assert_eq!(world.balance().await.nanos(), 30_000_000 - 3_000_000 - 13_500_000);
    world.store.adjust_balance(world.user.id, Money::from_dollars(1).unwrap(), "top-up", None).await.unwrap();
    within_a_poll(&world, kind, world.key(kind), 200).await;
}

#[tokio::test]
async fn an_expired_key_is_refused_without_any_change() {
    let world = World::new().await;
    let end =
        tollgate_base::Clock::now(&crate::support::world::SystemClock).after(Duration::from_millis(300));
    let (_, secret) = world.extra_key(Kind::Chat, |new| new.expires_at = Some(end)).await;
    Kind::Chat.call_with(&secret, "gpt-5.5", "words=1", false).send(world.addr).await.ok();
    let reply = within_a_poll(&world, Kind::Chat, &secret, 401).await;
    check(&reply, Dialect::Chat, "expired_key", "");
}

#[tokio::test]
async fn draining_fails_readiness_and_serves_on() {
    let world = World::new().await;
    Call::get("/readyz").send(world.addr).await.ok();
    world.gateway.begin_drain();
    check(&Call::get("/readyz").send(world.addr).await, Dialect::Chat, "shutting_down", "");
    Call::get("/healthz").send(world.addr).await.ok();
    for kind in Kind::ALL {
        kind.call(&world, "words=1", false).send(world.addr).await.ok();
    }
}
