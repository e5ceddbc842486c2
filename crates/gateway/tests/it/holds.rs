//! Money is held before a request is answered, and no wallet pays more than it has.

use tollgate_base::Money;
use tollgate_pricing::{Served, charge};
use tollgate_routing::{HoldMode, OnDisconnect};
use tollgate_store::{GroupPatch, StreamEnd};
use tollgate_testkit::Outcome;

use crate::support::world::claude_price;
use crate::support::{Call, Kind, Setup, World};

fn dollars(text: &str) -> Money {
    text.parse().unwrap()
}

/// A call that can cost 1.5 cents of output and some tenths of a cent of input.
fn call(world: &World) -> Call {
    // All of them are there before the first is answered.
    Kind::Messages.call(world, "slow_first_ms=4000 input=10 output=10", false)
}

#[tokio::test]
async fn a_balance_for_three_serves_three_of_two_hundred() {
    let world = World::start(Setup { balance: dollars("0.07"), ..Setup::default() }).await;
    let calls = (0..200).map(|_| {
        let (call, addr) = (call(&world), world.addr);
        tokio::spawn(async move { call.send(addr).await })
    });
    let mut by_status = std::collections::BTreeMap::new();
    for call in calls.collect::<Vec<_>>() {
        let reply = call.await.unwrap();
        if reply.status == 402 {
            assert_eq!(reply.json()["error"]["type"], "billing_error", "{}", reply.text());
        }
        *by_status.entry(reply.status).or_insert(0) += 1;
    }
    assert_eq!(by_status, [(200, 3), (402, 197)].into());
    assert_eq!(world.sandbox.counts().total.answered, 3);
    let records = world.finished().await;
    let spent: i64 = records.iter().map(|record| record.cost.nanos()).sum();
    assert_eq!(world.balance().await.nanos(), dollars("0.07").nanos() - spent);
    let wallet = world.store.user_wallet(world.user.id).await.unwrap().unwrap();
    assert_eq!(wallet.held, Money::ZERO);
    assert!(world.store.verify_ledger().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_record_tells_what_was_held_and_the_rest_is_free_again() {
    let world = World::new().await;
    for kind in Kind::ALL {
        for stream in [false, true] {
            kind.call(&world, "input=1009 output=503", stream).send(world.addr).await.ok();
        }
    }
    for record in world.finished().await {
        let held = record.held.unwrap();
        assert!(held > record.cost && record.cost.is_positive(), "{record:?}");
        assert!(!record.recovered);
    }
    let wallet = world.store.user_wallet(world.user.id).await.unwrap().unwrap();
    assert_eq!(wallet.held, Money::ZERO);
}

#[tokio::test]
async fn a_failed_request_frees_its_hold() {
    let world = World::start(Setup { balance: dollars("0.03"), ..Setup::default() }).await;
    for _ in 0..5 {
        let reply = Kind::Messages.call(&world, "status=400", false).send(world.addr).await;
        assert_eq!(reply.status, 400, "{}", reply.text());
    }
    world.finished().await;
    assert_eq!(world.balance().await, dollars("0.03"));
    assert!(world.store.verify_ledger().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_group_may_hold_the_prompt_only_or_nothing_and_give_credit() {
    let world = World::start(Setup { balance: dollars("0.001"), ..Setup::default() }).await;
    let group = world.anthropic.id;
    let status = |world: &World| {
        let (call, addr) = (call(world), world.addr);
        async move { call.send(addr).await.status }
    };
    assert_eq!(status(&world).await, 402);
    for (mode, credit, expected) in [
        (HoldMode::Input, "0", 402),
        (HoldMode::None, "0", 200),
        (HoldMode::Full, "0.02", 200),
        (HoldMode::Input, "0.005", 200),
    ] {
        let changes =
            GroupPatch { hold: Some(mode), credit_line: Some(dollars(credit)), ..GroupPatch::default() };
        world.store.update_group(group, changes).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        assert_eq!(status(&world).await, expected, "{mode:?} {credit}");
    }
    let records = world.finished().await;
    let held: Vec<_> =
        records.iter().filter(|record| record.status == 200).map(|record| record.held).collect();
    assert_eq!(held[0], None);
    let output = charge(
        &tollgate_base::Usage { output_tokens: 1000, ..Default::default() },
        &claude_price(),
        Served::STANDARD,
        world.anthropic.rate,
        world.user.rate,
    );
    let output = output.unwrap().total;
    assert_eq!(held[1].unwrap().checked_sub(held[2].unwrap()).unwrap(), output);
}

#[tokio::test]
async fn a_group_may_cancel_the_call_of_a_caller_who_leaves() {
    for (on_disconnect, outcome, estimated) in
        [(OnDisconnect::Drain, Outcome::Answered, false), (OnDisconnect::Cancel, Outcome::Abandoned, true)]
    {
        let world = World::new().await;
        let patch = GroupPatch { on_disconnect: Some(on_disconnect), ..GroupPatch::default() };
        world.store.update_group(world.anthropic.id, patch).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let call = Kind::Messages.call(&world, "words=20 slow_event_ms=15 input=100 output=400", true);
        let mut open = call.open(world.addr).await;
        open.until("text_delta").await;
        drop(open);
        let served = world.served(1).await;
        assert_eq!(served[0].outcome, outcome);
        let record = world.only_record().await;
        assert_eq!((record.estimated, record.stream_end), (estimated, StreamEnd::ClientGone), "{record:?}");
        assert_eq!(record.usage.input_tokens, 100);
        // Not the 400 that a drain learns of, but not nothing either.
        assert!(
            record.usage.output_tokens > 0 && (record.usage.output_tokens == 400) != estimated,
            "{record:?}"
        );
    }
}
