//! A stream whose first event is long in coming: its caller hears the dialect's keep-alive, and everything else stays as
//! it is.

use std::time::{Duration, Instant};

use tollgate_base::Money;
use tollgate_gateway::GatewayConfig;
use tollgate_routing::LimitScope;
use tollgate_store::StreamEnd;

use crate::limits::{POLLED, limit};
use crate::settle::{cost, price};
use crate::support::{Kind, Setup, World, eventually};

const SILENCE: Duration = Duration::from_millis(100);

async fn world(accounts: usize) -> World {
    let gateway = GatewayConfig {
        keepalive_first: Some(SILENCE),
        keepalive_after: SILENCE,
        ..Setup::default().gateway
    };
    World::start(Setup { accounts, gateway, ..Setup::default() }).await
}

const fn ping(kind: Kind) -> &'static str {
    match kind {
        Kind::Messages | Kind::StyleClaude => "event: ping\ndata: {\"type\":\"ping\"}\n\n",
        _ => ": keep-alive\n\n",
    }
}

const fn first_credential(kind: Kind) -> &'static str {
    if kind.is_messages() { "cred-anthropic-0" } else { "cred-openai-0" }
}

#[tokio::test]
async fn the_answer_follows_the_keep_alive() {
    for kind in Kind::ALL {
        let world = world(1).await;
        let started = Instant::now();
        let call = kind.call(&world, "text='one two three' slow_first_ms=450", true);
        let open = call.open(world.addr).await;
        assert!(started.elapsed() < Duration::from_millis(400), "{kind:?}: the head waits for the upstream");
        let reply = open.rest().await.ok();
        let text = reply.text();
        assert!(text.starts_with(ping(kind)), "{kind:?}: {text}");
        let pings = text.matches(ping(kind)).count();
        assert!((2..=5).contains(&pings), "{kind:?}: {pings}");
        let plain = kind.call(&world, "text='one two three'", true).send(world.addr).await.ok();
        let events = |text: &str| text.replace(ping(kind), "").matches("data: ").count();
        assert_eq!(events(text), events(plain.text()), "{kind:?}: {text}\n{}", plain.text());
        assert!(reply.header("content-type").unwrap().starts_with("text/event-stream"));
        let records = world.finished().await;
        assert_eq!(reply.header("request-id"), Some(records[0].id.to_string().as_str()));
        assert_eq!((records[0].status, records[0].stream_end), (200, StreamEnd::Complete), "{kind:?}");
        assert!(records[0].first_byte_ms.unwrap() >= 450, "the keep-alive is no first byte");
        assert_eq!(records[0].usage.output_tokens, records[1].usage.output_tokens, "{kind:?}");
    }
}

#[tokio::test]
async fn accounts_are_still_tried_behind_it() {
    for kind in Kind::NATIVE {
        let world = world(2).await;
        let directives = format!("words=3 slow_first_ms=250 status=529 account={}", first_credential(kind));
        let reply = kind.call(&world, &directives, true).send(world.addr).await.ok();
        assert!(
            reply.text().starts_with(ping(kind)) && !reply.text().contains("\"error\":{"),
            "{}",
            reply.text()
        );
        let record = world.only_record().await;
        assert_eq!((record.attempts, record.status, record.stream_end), (2, 200, StreamEnd::Complete));
        let expected = cost(&record.usage, &price(kind), record.group_rate, record.user_rate);
        assert_eq!(record.cost, expected, "{kind:?}");
    }
}

#[tokio::test]
async fn what_fails_then_is_told_in_the_stream() {
    for kind in Kind::ALL {
        for fault in ["status=529", "status=400 message='no such tool'"] {
            let world = world(1).await;
            let before = world.balance().await;
            let directives = format!("slow_first_ms=250 {fault}");
            let reply = kind.call(&world, &directives, true).send(world.addr).await.ok();
            let rest = reply.text().replace(ping(kind), "");
            assert!(rest.contains("error") && rest.contains("data: "), "{kind:?} {fault}: {rest}");
            assert_eq!(rest.matches("\n\n").count(), 1, "{kind:?} {fault}: {rest}");
            let record = world.only_record().await;
            assert!(record.status >= 400 && record.error_kind.is_some(), "{record:?}");
            assert_eq!((record.cost, world.balance().await), (Money::ZERO, before), "{kind:?} {fault}");
        }
    }
}

#[tokio::test]
async fn a_caller_that_leaves_then_leaves_nothing_behind() {
    let kind = Kind::Messages;
    let world = world(1).await;
    let (key, secret) = world.extra_key(kind, |_| {}).await;
    limit(&world, LimitScope::Key(key.id), 0, 0, 1).await;
    tokio::time::sleep(POLLED).await;
    let call = |directives: &str| kind.call_with(&secret, kind.model(), directives, true);
    let mut open = call("hang").open(world.addr).await;
    open.until("ping").await;
    drop(open);
    let records = world.records(1).await;
    assert_eq!((records[0].status, records[0].stream_end), (499, StreamEnd::ClientGone));
    assert_eq!(records[0].cost, Money::ZERO);
    eventually("the sandbox sees it", || async {
        (world.sandbox.counts().total.abandoned == 1).then_some(())
    })
    .await;
    let started = Instant::now();
    call("words=1").send(world.addr).await.ok();
    assert!(started.elapsed() < Duration::from_secs(5), "its place was still taken");
    assert_eq!(world.finished().await.len(), 2);
}

/// While a place is waited for nothing is held yet, and a whole answer has no keep-alive.
#[tokio::test]
async fn nothing_begins_early_that_is_no_stream_or_not_held() {
    let kind = Kind::Chat;
    let world = world(1).await;
    let reply = kind.call(&world, "words=1 slow_first_ms=300 status=400", false).send(world.addr).await;
    assert_eq!(reply.status, 400);

    let (key, secret) = world.extra_key(kind, |_| {}).await;
    limit(&world, LimitScope::Key(key.id), 0, 0, 1).await;
    tokio::time::sleep(POLLED).await;
    let first = kind.call_with(&secret, kind.model(), "words=100 slow_event_ms=20", true);
    let first = first.open(world.addr).await;
    let second = kind.call_with(&secret, kind.model(), "words=1", true);
    let addr = world.addr;
    let opening = tokio::spawn(async move { second.open(addr).await });
    tokio::time::sleep(3 * SILENCE).await;
    assert!(!opening.is_finished(), "it began before it was let in");
    drop(first);
    opening.await.unwrap().rest().await.ok();
}
