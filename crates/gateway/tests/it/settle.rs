//! One usage record for each request, with exact buckets, cost and balance.

use std::time::Duration;

use tollgate_base::{Money, Rate, Usage};
use tollgate_pricing::ModelPrice;
use tollgate_store::{StreamEnd, UsageRecord};
use tollgate_testkit::Outcome;

use crate::support::world::{claude_price, gpt_price};
use crate::support::{Call, Kind, Setup, World, eventually};

/// The cost in nano-dollars, worked out anew: tokens x price x rates as one fraction, rounded half to even once.
pub(crate) fn cost(usage: &Usage, price: &ModelPrice, group: Rate, user: Rate) -> Money {
    let (input, output) = (price.input.nanos_per_million(), price.output.nanos_per_million());
    // In hundredths of the input price: 125 % and 200 % for writing to a cache, 10 % for reading.
    let hundredths = 100 * usage.input_tokens
        + 125 * usage.cache_write_5m_tokens
        + 200 * usage.cache_write_1h_tokens
        + 10 * usage.cache_read_tokens;
    let tokens = i128::from(hundredths) * i128::from(input)
        + 100 * i128::from(usage.output_tokens) * i128::from(output);
    // A search costs a cent: 10^7 nano-dollars, here in the same unit of 10^-8 nano-dollars.
    let sum = tokens + i128::from(usage.web_search_calls) * 10_i128.pow(7) * 10_i128.pow(8);
    let numerator = sum * i128::from(group.millionths()) * i128::from(user.millionths());
    let denominator = 10_i128.pow(8) * 10_i128.pow(12);
    let (whole, rest) = (numerator / denominator, numerator % denominator);
    let up = rest * 2 > denominator || (rest * 2 == denominator && whole % 2 == 1);
    Money::from_nanos(i64::try_from(whole + i128::from(up)).unwrap())
}

pub(crate) fn price(kind: Kind) -> ModelPrice {
    if kind.is_messages() { claude_price() } else { gpt_price() }
}

fn spent(world_balance: Money) -> i64 {
    Money::from_dollars(100).unwrap().checked_sub(world_balance).unwrap().nanos()
}

fn total(records: &[UsageRecord]) -> i64 {
    records.iter().map(|record| record.cost.nanos()).sum()
}

#[test]
fn the_reference_formula_is_right() {
    let usage = Usage {
        input_tokens: 1000,
        output_tokens: 500,
        cache_read_tokens: 200,
        cache_write_5m_tokens: 100,
        cache_write_1h_tokens: 50,
        ..Usage::default()
    };
    let rate = |millionths| Rate::from_millionths(millionths);
    assert_eq!(cost(&usage, &claude_price(), Rate::ONE, Rate::ONE).nanos(), 11_235_000);
    // 11,235,000 x 0.35 x 1.3333 = 5,242,868.925
    assert_eq!(cost(&usage, &claude_price(), rate(350_000), rate(1_333_300)).nanos(), 5_242_869);
}

#[tokio::test]
async fn every_kind_is_recorded_and_charged_exactly() {
    every_kind_is_charged(Setup::default()).await;
}

/// One request of each kind, plain and streamed: records, costs and the balance are exact.
pub(crate) async fn every_kind_is_charged(setup: Setup) {
    let setup = Setup { group_rate: "0.35".parse().unwrap(), user_rate: "1.3333".parse().unwrap(), ..setup };
    let (group_rate, user_rate) = (setup.group_rate, setup.user_rate);
    let world = World::start(setup).await;
    let mut kinds = Vec::new();
    for kind in Kind::ALL {
        for stream in [false, true] {
            let cached = if kind.is_messages() {
                "cache_read=2003 cache_write=307 cache_write_1h=51 searches=2"
            } else {
                "cache_read=2003"
            };
            let directives = format!("words=5 input=1009 output=503 {cached}");
            kind.call(&world, &directives, stream)
                .header("user-agent", "tester/1.0")
                .send(world.addr)
                .await
                .ok();
            kinds.push((kind, stream));
        }
    }
    let served = world.served(kinds.len()).await;
    let records = world.finished().await;
    assert_eq!(records.len(), kinds.len());
    for (record, (kind, stream)) in records.iter().zip(kinds) {
        let expected = if kind.is_messages() {
            Usage {
                input_tokens: 1009,
                output_tokens: 503,
                cache_read_tokens: 2003,
                cache_write_5m_tokens: 307,
                cache_write_1h_tokens: 51,
                web_search_calls: 2,
                ..Usage::default()
            }
        } else {
            Usage { input_tokens: 1009, output_tokens: 503, cache_read_tokens: 2003, ..Usage::default() }
        };
        let context = format!("{kind:?} {stream}: {record:?}");
        assert_eq!(record.usage, expected, "{context}");
        assert_eq!(record.cost, cost(&expected, &price(kind), group_rate, user_rate), "{context}");
        assert_eq!((record.group_rate, record.user_rate), (group_rate, user_rate));
        assert!(record.price_version > 0, "{context}");
        assert_eq!((record.user_id, record.group_id), (world.user.id, world.group(kind).id));
        assert_eq!(record.endpoint, kind.path(), "{context}");
        assert_eq!(record.client_protocol, kind.protocol(), "{context}");
        assert_eq!(record.upstream_protocol, Some(kind.protocol()), "{context}");
        assert_eq!(record.requested_model, kind.model());
        assert_eq!(record.upstream_model.as_deref(), Some(kind.model()));
        assert_eq!((record.stream, record.status, record.attempts), (stream, 200, 1), "{context}");
        let end = if stream { StreamEnd::Complete } else { StreamEnd::None };
        assert_eq!((record.stream_end, record.error_kind.as_deref()), (end, None), "{context}");
        assert!(record.stop_reason.is_some(), "{context}");
        assert!(record.first_byte_ms.is_some_and(|ms| ms <= record.total_ms), "{context}");
        assert_eq!(
            (record.client_address.as_str(), record.client_agent.as_deref()),
            ("127.0.0.1", Some("tester/1.0"))
        );
        assert!(!record.estimated && record.dropped.is_none(), "{context}");
        let upstream_id = record.upstream_request_id.as_deref().unwrap();
        assert!(served.iter().any(|one| one.request_id == upstream_id && one.usage == expected), "{context}");
    }
    assert_eq!(spent(world.balance().await), total(&records));
    assert_eq!(world.store.verify_ledger().await.unwrap(), []);
}

#[tokio::test]
async fn reasoning_is_part_of_the_output() {
    let world = World::new().await;
    for kind in Kind::NATIVE {
        for stream in [false, true] {
            kind.call(&world, "thinking=40 words=5 output=900", stream).send(world.addr).await.ok();
        }
    }
    for record in world.finished().await {
        assert_eq!(record.usage.output_tokens, 900, "{record:?}");
        let price = if record.client_protocol == Kind::Messages.protocol() { 15_000 } else { 10_000 };
        assert_eq!(record.parts.output.nanos(), 900 * price, "nothing is added for reasoning");
    }
}

#[tokio::test]
async fn who_and_which_session() {
    let world = World::new().await;
    let mut body = Kind::Messages.body(Kind::Messages.model(), "x", false);
    body["metadata"] = serde_json::json!({"user_id": "user_1_account__session_abc"});
    Call::json("/v1/messages", &body).bearer(world.key(Kind::Messages)).send(world.addr).await.ok();
    let mut body = Kind::Responses.body(Kind::Responses.model(), "x", false);
    body["prompt_cache_key"] = "conversation-9".into();
    body["safety_identifier"] = "person-7".into();
    Call::json("/v1/responses", &body).bearer(world.key(Kind::Responses)).send(world.addr).await.ok();
    let records = world.finished().await;
    assert_eq!(records[0].client_user.as_deref(), Some("user_1_account__session_abc"));
    assert!(records[0].session.is_some());
    assert_eq!(records[1].client_user.as_deref(), Some("person-7"));
    assert!(records[1].session.is_some());
}

#[tokio::test]
async fn an_answer_without_usage_is_charged_and_flagged() {
    let world = World::new().await;
    for kind in Kind::NATIVE {
        for stream in [false, true] {
            kind.call(&world, "words=3 no_usage", stream).send(world.addr).await.ok();
        }
    }
    for record in world.finished().await {
        assert!(record.estimated, "that it was counted here has to show: {record:?}");
        assert!(record.usage.output_tokens > 0 && record.cost.is_positive(), "{record:?}");
    }
}

#[tokio::test]
async fn failures_are_recorded_and_not_charged() {
    let world = World::new().await;
    let mut sent = 0;
    for kind in Kind::ALL {
        for fault in ["status=400", "html", "status=500", "reset"] {
            let reply = kind.call(&world, fault, false).send(world.addr).await;
            assert!(reply.status >= 400);
            sent += 1;
        }
        kind.call_with(world.key(kind), "no-such", "", false).send(world.addr).await;
        sent += 1;
    }
    let records = world.finished().await;
    assert_eq!(records.len(), sent);
    for record in records {
        assert!(record.error_kind.is_some() && record.status >= 400, "{record:?}");
        assert_eq!((record.cost, record.usage), (Money::ZERO, Usage::default()), "{record:?}");
    }
    assert_eq!(spent(world.balance().await), 0);
}

#[tokio::test]
async fn a_caller_who_leaves_in_the_middle_pays_what_was_served() {
    for kind in Kind::ALL {
        let world = World::new().await;
        let mut open = kind.call(&world, "words=12 slow_event_ms=15 input=321", true).open(world.addr).await;
        open.chunk().await.expect("a first event");
        drop(open);
        world.records(1).await;
        let served = world.served(1).await;
        let record = world.only_record().await;
        assert_eq!(served[0].outcome, Outcome::Answered, "{kind:?}: the rest is read for its usage");
        assert_eq!(record.stream_end, StreamEnd::ClientGone, "{kind:?}");
        assert_eq!(record.usage, served[0].usage, "{kind:?}");
        assert_eq!(record.cost, cost(&served[0].usage, &price(kind), Rate::ONE, Rate::ONE), "{kind:?}");
        assert_eq!(spent(world.balance().await), record.cost.nanos());
    }
}

/// In a chat stream the usage comes after the last finish reason: a caller who leaves between the two still pays.
#[tokio::test]
async fn a_caller_who_leaves_after_the_finish_reason_pays() {
    for kind in [Kind::Chat, Kind::EnvelopeChat, Kind::StyleClaude] {
        let world = World::new().await;
        let mut open = kind.call(&world, "words=2 slow_event_ms=60 input=77", true).open(world.addr).await;
        if kind == Kind::StyleClaude {
            open.chunk().await.expect("a first event");
        } else {
            open.until("\"finish_reason\":\"stop\"").await;
        }
        drop(open);
        world.records(1).await;
        let served = world.served(1).await;
        let record = world.only_record().await;
        assert_eq!(record.usage, served[0].usage, "{kind:?}: {record:?}");
        assert!(record.cost.nanos() > 0, "{kind:?}");
    }
}

#[tokio::test]
async fn a_caller_who_leaves_during_a_whole_answer_pays() {
    for kind in Kind::ALL {
        let world = World::new().await;
        // The head of the answer is there, its body takes a while.
        let call = kind.call(&world, "words=3 slow_body_ms=400 input=55", false);
        call.hang_up_after(world.addr, Duration::from_millis(150)).await;
        world.records(1).await;
        let served = world.served(1).await;
        let record = world.only_record().await;
        assert_eq!(served[0].outcome, Outcome::Answered, "{kind:?}");
        assert_eq!(record.stream_end, StreamEnd::ClientGone, "{kind:?}");
        assert_eq!(record.usage, served[0].usage, "{kind:?}");
        assert_eq!(record.cost, cost(&served[0].usage, &price(kind), Rate::ONE, Rate::ONE), "{kind:?}");
    }
}

#[tokio::test]
async fn a_caller_who_leaves_before_the_first_byte_is_not_charged_and_cancels() {
    for kind in Kind::ALL {
        for stream in [false, true] {
            let world = World::new().await;
            let call = kind.call(&world, "hang", stream);
            call.hang_up_after(world.addr, Duration::from_millis(60)).await;
            let served = world.served(1).await;
            assert_eq!(served[0].outcome, Outcome::Abandoned, "{kind:?}: the upstream is told");
            let record = world.only_record().await;
            assert_eq!((record.status, record.stream_end), (499, StreamEnd::ClientGone), "{kind:?}");
            assert_eq!((record.cost, record.attempts), (Money::ZERO, 1), "{kind:?}");
        }
    }
}

/// An SSE caller whose first event has not come is still before the first byte.
#[tokio::test]
async fn a_caller_who_leaves_before_the_first_event_cancels() {
    for kind in Kind::NATIVE {
        let world = World::new().await;
        let call = kind.call(&world, "hang_after=0", true);
        call.hang_up_after(world.addr, Duration::from_millis(60)).await;
        let record = world.only_record().await;
        assert_eq!((record.cost, record.stream_end), (Money::ZERO, StreamEnd::ClientGone));
        eventually("the upstream is told", || async {
            (world.sandbox.counts().total.abandoned + world.sandbox.counts().total.cut == 1).then_some(())
        })
        .await;
    }
}

/// The rest of a stream is not read for ever.
#[tokio::test]
async fn the_drain_has_a_limit() {
    let mut setup = Setup::default();
    setup.gateway.drain_limit = Duration::from_millis(100);
    let world = World::start(setup).await;
    let mut open = Kind::Messages.call(&world, "words=9 hang_after=5 input=40", true).open(world.addr).await;
    open.chunk().await.unwrap();
    drop(open);
    let record = world.records(1).await.remove(0);
    assert_eq!((record.stream_end, record.usage.input_tokens), (StreamEnd::ClientGone, 40));
}

/// The gate's end does not wait for an upstream whose caller has gone.
#[tokio::test]
async fn finish_cuts_a_drain() {
    let world = World::new().await;
    let mut open = Kind::Messages.call(&world, "words=9 hang_after=5 input=40", true).open(world.addr).await;
    open.chunk().await.unwrap();
    drop(open);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let record = world.only_record().await;
    assert_eq!((record.stream_end, record.usage.input_tokens), (StreamEnd::ClientGone, 40));
}

#[tokio::test]
async fn fifty_at_once_balance_exactly() {
    let setup = Setup { group_rate: "0.35".parse().unwrap(), ..Setup::default() };
    let world = World::start(setup).await;
    let calls: Vec<Call> = (0..50_usize)
        .map(|number| {
            let kind = Kind::ALL[number % Kind::ALL.len()];
            let input = 100 + 7 * number;
            kind.call(&world, &format!("words={} input={input}", 1 + number % 9), number % 4 < 2)
        })
        .collect();
    let mut running = tokio::task::JoinSet::new();
    for call in calls {
        let addr = world.addr;
        running.spawn(async move { call.send(addr).await.ok().status });
    }
    assert_eq!(running.join_all().await, [200; 50]);
    let served = world.served(50).await;
    let records = world.finished().await;
    assert_eq!((served.len(), records.len()), (50, 50));
    for one in &served {
        let id = Some(one.request_id.as_str());
        let record = records.iter().find(|record| record.upstream_request_id.as_deref() == id);
        let record = record.unwrap_or_else(|| panic!("no record of {one:?}"));
        assert_eq!((record.usage, record.stream), (one.usage, one.stream));
        let price = if one.model.starts_with("claude") { claude_price() } else { gpt_price() };
        assert_eq!(record.cost, cost(&one.usage, &price, record.group_rate, Rate::ONE));
    }
    assert_eq!(spent(world.balance().await), total(&records));
    assert_eq!(world.store.verify_ledger().await.unwrap(), []);
}

#[tokio::test]
async fn finish_waits_for_open_streams_and_settles_them() {
    let world = World::new().await;
    let mut open = Kind::Chat.call(&world, "words=6 slow_event_ms=20 input=9", true).open(world.addr).await;
    open.chunk().await.unwrap();
    let rest = tokio::spawn(open.rest());
    let record = world.only_record().await;
    assert_eq!((record.stream_end, record.usage.input_tokens), (StreamEnd::Complete, 9));
    rest.await.unwrap();
    let refused = Kind::Chat.call(&world, "", false).send(world.addr).await;
    assert_eq!(refused.status, 503, "nothing can be settled any more, so nothing is served");
}

#[tokio::test]
async fn the_last_use_of_a_key_is_written() {
    let world = World::new().await;
    let (key, secret) = world.extra_key(Kind::Chat, |_| {}).await;
    Kind::Chat.call_with(&secret, Kind::Chat.model(), "words=1", false).send(world.addr).await.ok();
    let record = world.only_record().await;
    assert_eq!(record.key_id, key.id);
    let stored = world.store.get_key(key.id).await.unwrap().unwrap();
    assert_eq!(stored.last_used_at, Some(record.at));
}

#[tokio::test]
async fn impossible_usage_is_cut_flagged_and_harms_nobody() {
    let world = World::new().await;
    let impossible = Kind::Messages.call(&world, "output=500000000000000", false);
    let plain = Kind::Chat.call(&world, "words=3", false);
    plain.send(world.addr).await.ok();
    impossible.send(world.addr).await.ok();
    let records = world.finished().await;
    assert_eq!(records[0].error_kind, None);
    assert_eq!(records[1].error_kind.as_deref(), Some("usage_out_of_bounds"));
    assert_eq!(records[1].usage.output_tokens, 10_000_000);
    assert_eq!(total(&records), spent(world.balance().await));
}
