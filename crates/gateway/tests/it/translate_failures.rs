//! Upstreams that misbehave behind a translation: the failure is said in the caller's own dialect, nothing pretends
//! success, nothing hangs, and what was served is settled.

use std::time::Duration;

use serde_json::Value;
use tollgate_base::{Money, Rate};
use tollgate_gateway::GatewayConfig;
use tollgate_protocol::{Dialect, Protocol};
use tollgate_store::StreamEnd;
use tollgate_translate::grammar::Ended;
use tollgate_upstream::Timeouts;

use crate::settle::{cost, price};
use crate::stream_errors::error_at_the_end;
use crate::support::error_table::{check, read};
use crate::support::lane::walk;
use crate::support::sse::events;
use crate::support::{Kind, Lane, Reply, Setup, World};

const INVALID: &str = "The upstream provider sent an answer that cannot be read.";
const CUT: &str = "The upstream provider's answer ended before it was complete.";

async fn ask(lane: Lane, world: &World, directives: &str, stream: bool) -> Reply {
    lane.kind.call(world, directives, stream).send(world.addr).await
}

/// The error that ends a stream, which up to there is a good one of its dialect; events of one response only.
#[track_caller]
fn failed(lane: Lane, reply: &Reply) -> Value {
    if lane.kind.dialect() != Dialect::Envelope {
        assert_eq!(walk(lane.kind.answer_protocol(), reply), Ended::WithError, "{lane:?}");
    }
    let model = lane.kind.model();
    assert!(reply.text().contains(model) || events(&reply.body).len() == 1, "{lane:?}: {}", reply.text());
    error_at_the_end(reply, lane.kind.dialect())
}

#[tokio::test]
async fn an_error_status_is_the_callers_word_for_it() {
    for lane in Lane::all() {
        for stream in [false, true] {
            for (fault, row) in [
                ("status=401", "upstream_overloaded"),
                ("status=403", "upstream_overloaded"),
                ("status=402", "upstream_overloaded"),
                ("status=429 retry_after=7", "all_cooling"),
                ("status=503", "upstream_overloaded"),
                ("status=529", "upstream_overloaded"),
                ("reset", "upstream_unreachable"),
                ("html", "upstream_invalid"),
            ] {
                let world = lane.world().await;
                let reply = ask(lane, &world, fault, stream).await;
                check(&reply, lane.kind.dialect(), row, "");
                let record = world.only_record().await;
                let context = format!("{lane:?} {fault}: {record:?}");
                assert_eq!((record.cost, record.estimated), (Money::ZERO, false), "{context}");
                assert_eq!(record.upstream_protocol, Some(lane.upstream), "{context}");
                assert!(record.error_kind.is_some() && record.status == reply.status, "{context}");
            }
        }
    }
}

#[tokio::test]
async fn a_refusal_keeps_its_status_and_words() {
    for lane in Lane::all() {
        let world = lane.world().await;
        for status in [400, 404, 413, 422, 500] {
            let directives = format!("status={status} message='it is not to be'");
            for stream in [false, true] {
                let reply = ask(lane, &world, &directives, stream).await;
                let error = read(lane.kind.dialect(), &reply.body);
                assert_eq!(reply.status, status, "{lane:?} {stream}: {}", reply.text());
                assert_eq!(error.message, "it is not to be", "{lane:?} {stream}");
            }
        }
    }
}

/// Clients act on these words: Claude Code compacts the conversation, OpenAI's read the code.
#[tokio::test]
async fn a_prompt_that_is_too_long_is_said_in_the_dialects_own_words() {
    for lane in Lane::all() {
        let world = lane.world().await;
        let fault = match lane.upstream {
            Protocol::Messages => "status=400 message='prompt is too long: 210000 tokens > 200000 maximum'",
            Protocol::Chat | Protocol::Responses => concat!(
                "status=400 code=context_length_exceeded message=\"This model's maximum context length is ",
                "200000 tokens. However, your messages resulted in 210000 tokens.\""
            ),
        };
        for stream in [false, true] {
            let reply = ask(lane, &world, fault, stream).await;
            assert_eq!(reply.status, 400, "{lane:?}: {}", reply.text());
            let error = read(lane.kind.dialect(), &reply.body);
            match lane.kind.dialect() {
                Dialect::Messages => {
                    assert_eq!(
                        error.message, "prompt is too long: 210000 tokens > 200000 maximum",
                        "{lane:?} {stream}"
                    );
                }
                Dialect::Chat | Dialect::Responses => {
                    assert_eq!(error.code.as_deref(), Some("context_length_exceeded"), "{lane:?} {stream}");
                }
                Dialect::Envelope => {}
            }
        }
    }
}

#[tokio::test]
async fn half_an_answer_is_no_answer() {
    for lane in Lane::all() {
        for fault in ["bad_json", "cut_after=9", "eof_after=9"] {
            let world = lane.world().await;
            let reply = ask(lane, &world, &format!("words=9 {fault}"), false).await;
            assert_eq!(reply.status, 502, "{lane:?} {fault}: {}", reply.text());
            assert!(world.only_record().await.error_kind.is_some(), "{lane:?} {fault}");
        }
    }
}

#[tokio::test]
async fn a_stream_that_is_cut() {
    for lane in Lane::all() {
        for fault in ["cut_after=5", "eof_after=5", "split=7 cut_after=6"] {
            let world = lane.world().await;
            let reply = ask(lane, &world, &format!("words=12 {fault}"), true).await;
            let error = failed(lane, &reply);
            assert_eq!(error["message"], CUT, "{lane:?} {fault}");
            let record = world.only_record().await;
            let context = format!("{lane:?} {fault}: {record:?}");
            assert_eq!(record.stream_end, StreamEnd::UpstreamCut, "{context}");
            assert_eq!((record.error_kind.as_deref(), record.attempts), (Some("stream_cut"), 1), "{context}");
            assert!(record.usage.output_tokens > 0 && record.cost.is_positive(), "{context}");
        }
    }
}

#[tokio::test]
async fn a_stream_that_ends_in_an_error() {
    for lane in Lane::all() {
        let world = lane.world().await;
        let fault = "words=12 error_after=5 status=500 message='it fell over'";
        let reply = ask(lane, &world, fault, true).await;
        assert_eq!(failed(lane, &reply)["message"], "it fell over", "{lane:?}");
        let record = world.only_record().await;
        assert_eq!(record.stream_end, StreamEnd::UpstreamError, "{lane:?}");
        assert!(record.error_kind.is_some(), "{lane:?}");
        for fault in ["status=402", "status=401", "status=429 code=insufficient_quota"] {
            let world = lane.world().await;
            let directives = format!("words=12 error_after=5 {fault} message='credit of org-77 is used up'");
            let reply = ask(lane, &world, &directives, true).await;
            failed(lane, &reply);
            assert!(!reply.text().contains("org-77"), "{lane:?} {fault}: {}", reply.text());
        }
    }
}

/// An error as the first event is no stream yet: it has a status.
#[tokio::test]
async fn a_stream_that_begins_with_an_error() {
    for lane in Lane::all() {
        let world = lane.world().await;
        let reply = ask(lane, &world, "error_first", true).await;
        check(&reply, lane.kind.dialect(), "upstream_overloaded", "");
        let reply = ask(lane, &world, "error_first status=500 message='it fell over'", true).await;
        assert_eq!(reply.status, 500, "{lane:?}: {}", reply.text());
        assert_eq!(read(lane.kind.dialect(), &reply.body).message, "it fell over", "{lane:?}");
    }
}

#[tokio::test]
async fn an_event_that_is_no_json() {
    for lane in Lane::all() {
        let world = lane.world().await;
        let reply = ask(lane, &world, "words=12 bad_json", true).await;
        assert_eq!(failed(lane, &reply)["message"], INVALID, "{lane:?}");
        let record = world.only_record().await;
        assert_eq!(record.stream_end, StreamEnd::UpstreamError, "{lane:?}: {record:?}");
        assert_eq!(record.error_kind.as_deref(), Some("upstream_invalid"), "{lane:?}");
    }
}

#[tokio::test]
async fn silence() {
    let quick = Duration::from_millis(150);
    let timeouts = Timeouts { idle: quick, first_byte: quick, ..Timeouts::default() };
    for lane in Lane::all() {
        let world = World::start(Setup { timeouts, ..lane.setup() }).await;
        let reply = ask(lane, &world, "words=12 hang_after=5", true).await;
        assert_eq!(failed(lane, &reply)["message"], "The upstream provider did not answer in time.");
        assert_eq!(world.only_record().await.error_kind.as_deref(), Some("upstream_timeout"), "{lane:?}");
        for stream in [false, true] {
            let world = World::start(Setup { timeouts, ..lane.setup() }).await;
            let reply = ask(lane, &world, "hang", stream).await;
            check(&reply, lane.kind.dialect(), "upstream_timeout", "");
        }
    }
}

#[tokio::test]
async fn an_event_over_the_limit() {
    let gateway = GatewayConfig { max_event_bytes: 16 << 10, ..Setup::default().gateway };
    for lane in Lane::all() {
        let world = World::start(Setup { gateway: gateway.clone(), ..lane.setup() }).await;
        let reply = ask(lane, &world, "words=5 huge=40000", true).await;
        assert_eq!(failed(lane, &reply)["message"], INVALID, "{lane:?}");
        assert_eq!(world.only_record().await.error_kind.as_deref(), Some("upstream_invalid"), "{lane:?}");
    }
}

/// However a good stream is written, it says the same and is charged the same.
#[tokio::test]
async fn odd_ways_to_write_a_good_stream() {
    for lane in Lane::all() {
        let world = lane.world().await;
        let call = "thinking=4 text='I look.' tool=f args='{\"a\":1}' input=77 output=33";
        let plain = lane.said(&ask(lane, &world, call, true).await, true);
        let mut expected = vec![plain.tokens];
        for odd in [
            "split=1",
            "split=3 crlf",
            "cr",
            "crlf comments",
            "no_space",
            "ping=1",
            "ping=2 extra_event",
            "extra_event",
            "chunks=1",
            "chunks=2",
            "duplicate_usage",
            "usage_in_finish",
        ] {
            let mut said = lane.said(&ask(lane, &world, &format!("{call} {odd}"), true).await, true);
            // Ids are made from the request, and so of its directives.
            for (call, other) in said.calls.iter_mut().zip(&plain.calls) {
                assert!(!call.id.is_empty());
                call.id.clone_from(&other.id);
            }
            said.thinking.clone_from(&plain.thinking);
            assert_eq!(said, plain, "{lane:?} {odd}");
            expected.push(said.tokens);
        }
        let records = world.finished().await;
        assert_eq!(records.len(), expected.len());
        for record in records {
            let context = format!("{lane:?}: {record:?}");
            assert_eq!((record.usage.input_tokens, record.usage.output_tokens), (77, 33), "{context}");
            assert_eq!((record.stream_end, record.estimated), (StreamEnd::Complete, false), "{context}");
        }
    }
}

#[tokio::test]
async fn a_large_answer() {
    for lane in Lane::all() {
        let world = lane.world().await;
        for stream in [false, true] {
            let reply = ask(lane, &world, "words=2 huge=300000", stream).await;
            assert!(lane.said(&reply, stream).text.len() >= 300_000, "{lane:?} {stream}");
        }
    }
}

/// Without usage from the upstream it is counted here, shown, charged and marked.
#[tokio::test]
async fn usage_that_is_missing_is_estimated() {
    for lane in Lane::all() {
        for stream in [false, true] {
            let world = lane.world().await;
            let reply = ask(lane, &world, "words=40 no_usage", stream).await;
            let said = lane.said(&reply, stream);
            let record = world.only_record().await;
            let context = format!("{lane:?} {stream}: {record:?} {said:?}");
            assert!(record.estimated, "{context}");
            assert!(record.usage.output_tokens >= 20 && record.usage.input_tokens > 0, "{context}");
            assert_eq!(
                record.cost,
                cost(&record.usage, &price(lane.kind), Rate::ONE, Rate::ONE),
                "{context}"
            );
            if stream && matches!(lane.kind, Kind::Chat | Kind::EnvelopeChat) {
                continue;
            }
            let shown = Some((record.usage.prompt_tokens(), record.usage.output_tokens));
            assert_eq!(said.tokens, shown, "{context}");
        }
    }
}

/// The account that speaks the caller's protocol comes first; where it fails, one that does not answers.
#[tokio::test]
async fn a_translated_account_stands_in_for_a_native_one() {
    for lane in Lane::native() {
        let both: &'static [Protocol] = Box::leak(Box::new([lane.kind.protocol(), lane.upstream]));
        for (fault, streamed) in [
            ("status=529", &[false, true][..]),
            ("status=401", &[false, true]),
            ("reset", &[false, true]),
            ("html", &[false, true]),
            ("error_first", &[true]),
            ("error_after=1", &[true]),
            ("cut_after=1", &[true]),
            ("bad_json", &[false]),
        ] {
            for stream in streamed {
                let world = World::start(Setup { speaks: both, accounts: 2, ..Setup::default() }).await;
                let group = if lane.kind.is_messages() { "anthropic" } else { "openai" };
                let directives = format!("text=Here. {fault} account=cred-{group}-0");
                let reply = ask(lane, &world, &directives, *stream).await;
                assert_eq!(lane.said(&reply, *stream).text, "Here.", "{lane:?} {fault}");
                lane.sent(&world);
                let record = world.only_record().await;
                let context = format!("{lane:?} {fault}: {record:?}");
                assert_eq!(record.upstream_protocol, Some(lane.upstream), "{context}");
                assert_eq!((record.attempts, record.status, record.estimated), (2, 200, false), "{context}");
            }
        }
    }
}

/// And a second translated account for the first.
#[tokio::test]
async fn the_next_translated_account_serves() {
    for lane in Lane::all() {
        let world = World::start(Setup { accounts: 2, ..lane.setup() }).await;
        let group = if lane.kind.is_messages() { "anthropic" } else { "openai" };
        let directives = format!("text=Here. status=529 account=cred-{group}-0");
        for stream in [false, true] {
            let reply = ask(lane, &world, &directives, stream).await;
            assert_eq!(lane.said(&reply, stream).text, "Here.", "{lane:?}");
        }
        for record in world.finished().await {
            assert_eq!((record.attempts, record.upstream_protocol), (2, Some(lane.upstream)), "{record:?}");
        }
    }
}

/// While the upstream is silent the caller hears its own dialect's keep-alive, and numbers stay whole.
#[tokio::test]
async fn silence_is_filled() {
    let gateway = GatewayConfig { keepalive_after: Duration::from_millis(40), ..Setup::default().gateway };
    for lane in Lane::all() {
        let world = World::start(Setup { gateway: gateway.clone(), ..lane.setup() }).await;
        let reply = ask(lane, &world, "words=2 slow_event_ms=130", true).await;
        // The grammar holds the numbers of Responses' events against each other.
        lane.said(&reply, true);
        // Behind the end there is nothing to break.
        let end = |text: &'_ str| text.find("event: message_stop").or(text.find("event: response.completed"));
        let text = &reply.text()[..end(reply.text()).unwrap_or(reply.body.len())];
        match lane.kind.answer_protocol() {
            Protocol::Messages => {
                assert!(text.contains("event: ping\ndata: {\"type\":\"ping\"}\n\n"), "{text}");
            }
            Protocol::Chat => assert!(text.contains("\n:"), "{lane:?}: {text}"),
            Protocol::Responses => {
                let repeated = text.matches("event: response.in_progress\n").count();
                assert!(repeated > 1, "{lane:?}: {text}");
                assert!(!text.contains("\n:"), "{lane:?}: {text}");
            }
        }
        assert_eq!(world.only_record().await.stream_end, StreamEnd::Complete, "{lane:?}");
    }
}

/// What a caller who leaves had served is charged, whether or not the upstream counts.
#[tokio::test]
async fn a_caller_who_leaves_pays() {
    for lane in Lane::all() {
        for no_usage in ["", "no_usage"] {
            let world = lane.world().await;
            let directives = format!("words=40 slow_event_ms=3 {no_usage}");
            let mut open = lane.kind.call(&world, &directives, true).open(world.addr).await;
            open.chunk().await.expect("a first event");
            drop(open);
            world.records(1).await;
            let served = world.served(1).await;
            let record = world.only_record().await;
            let context = format!("{lane:?} {no_usage}: {record:?}");
            assert_eq!(record.stream_end, StreamEnd::ClientGone, "{context}");
            assert_eq!(record.estimated, !no_usage.is_empty(), "{context}");
            assert_eq!(
                record.cost,
                cost(&record.usage, &price(lane.kind), Rate::ONE, Rate::ONE),
                "{context}"
            );
            if no_usage.is_empty() {
                assert_eq!(record.usage, served[0].usage, "{context}");
            } else {
                assert!(record.usage.output_tokens >= 30, "the rest is counted: {context}");
            }
        }
    }
}
