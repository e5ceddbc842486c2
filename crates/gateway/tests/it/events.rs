//! Live events: what a listener hears of requests that go well, move on, fail or are left.

use std::time::Duration;

use serde_json::Value;
use tollgate_gateway::{Heard, Subscription};

use crate::support::{DEADLINE, Kind, Setup, World};

/// All events of one request, as JSON.
async fn heard(listener: &mut Subscription) -> Vec<Value> {
    let mut events = Vec::new();
    loop {
        let next = tokio::time::timeout(DEADLINE, listener.next()).await.expect("no event in time");
        let Some(Heard::Event(event)) = next else { panic!("{next:?}") };
        let json = serde_json::to_value(&*event).unwrap();
        let is_end = json["type"] == "end";
        events.push(json);
        if is_end {
            return events;
        }
    }
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_request_is_told_from_start_to_end() {
    let world = World::new().await;
    let mut listener = world.gateway.subscribe();
    for kind in Kind::NATIVE {
        for stream in [false, true] {
            let reply = kind.call(&world, "words=3", stream).send(world.addr).await.ok();
            let events = heard(&mut listener).await;
            assert_eq!(types(&events), ["start", "attempt", "first_byte", "end"], "{kind:?} {stream}");
            for event in &events {
                assert_eq!(event["request_id"].as_str(), reply.header("request-id"));
                assert!(event["at"].as_i64().is_some_and(|at| at >= events[0]["at"].as_i64().unwrap()));
                let text = event.to_string();
                assert!(!text.contains("Hello") && !text.contains("cred-"), "{text}");
            }
            assert_eq!((&events[0]["model"], &events[0]["stream"]), (&kind.model().into(), &stream.into()));
            assert_eq!((&events[1]["number"], &events[1]["reason"]), (&1.into(), &"priority".into()));
            assert_eq!(events[3]["status"], 200);
        }
    }
    let mut records = world.finished().await;
    let last = records.pop().unwrap();
    assert_eq!(records.len(), 5);
    assert!(last.cost.is_positive());
}

#[tokio::test]
async fn a_switch_says_why() {
    let world = World::start(Setup { accounts: 2, ..Setup::default() }).await;
    let mut listener = world.gateway.subscribe();
    Kind::Chat.call(&world, "status=529 account=cred-openai-0", true).send(world.addr).await.ok();
    let events = heard(&mut listener).await;
    assert_eq!(types(&events), ["start", "attempt", "switch", "attempt", "first_byte", "end"]);
    assert_eq!(events[2]["why"], "upstream_overloaded");
    assert_eq!((&events[2]["from"], &events[2]["to"]), (&events[1]["account_id"], &events[3]["account_id"]));
    let record = world.only_record().await;
    assert_eq!((&events[5]["attempts"], &events[5]["cost"]), (&2.into(), &record.cost.to_string().into()));
}

#[tokio::test]
async fn what_fails_or_is_left_ends_as_well() {
    let world = World::new().await;
    let mut listener = world.gateway.subscribe();
    Kind::Chat.call(&world, "status=400", false).send(world.addr).await;
    let events = heard(&mut listener).await;
    assert_eq!(types(&events), ["start", "attempt", "end"]);
    assert_eq!((&events[2]["status"], &events[2]["error_kind"]), (&400.into(), &"upstream_refused".into()));

    Kind::Messages.call(&world, "cut_after=3 words=9", true).send(world.addr).await;
    let events = heard(&mut listener).await;
    assert_eq!(types(&events), ["start", "attempt", "first_byte", "end"]);
    assert_eq!(events[3]["stream_end"], "upstream_cut");

    let call = Kind::Messages.call(&world, "hang", true);
    call.hang_up_after(world.addr, Duration::from_millis(200)).await;
    let events = heard(&mut listener).await;
    assert_eq!(types(&events), ["start", "attempt", "end"]);
    assert_eq!((&events[2]["status"], &events[2]["stream_end"]), (&499.into(), &"client_gone".into()));
}

/// Nobody waits for a listener that does not listen.
#[tokio::test]
async fn a_listener_that_sleeps_slows_nobody() {
    let world = World::new().await;
    let mut listener = world.gateway.subscribe();
    for _ in 0..300 {
        Kind::Messages.call(&world, "bench events=1", true).send(world.addr).await.ok();
    }
    let Some(Heard::Lost(lost)) = listener.next().await else { panic!("nothing was lost") };
    assert_eq!(lost, 4 * 300 - 1_024);
    assert!(matches!(listener.next().await, Some(Heard::Event(_))));
}
