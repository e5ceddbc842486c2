//! Every kind of call at upstreams of every other protocol: the answer is the caller's, the request the upstream's, and
//! the record exact.

use serde_json::{Value, json};
use tollgate_base::Rate;
use tollgate_protocol::Protocol;
use tollgate_store::{StreamEnd, UsageRecord};

use crate::settle::{cost, price};
use crate::support::error_table::check;
use crate::support::kind::{CLAUDE, GPT};
use crate::support::said::Said;
use crate::support::world::{claude_price, gpt_price};
use crate::support::{Call, Kind, Lane, Setup, World};

/// Sends the directives and gives what the answer says.
async fn ask(lane: Lane, world: &World, directives: &str, stream: bool) -> Said {
    let reply = lane.kind.call(world, directives, stream).send(world.addr).await;
    let said = lane.said(&reply, stream);
    assert_eq!(said.model, lane.kind.model(), "{lane:?}: the model is the caller's");
    lane.sent(world);
    said
}

/// Every lane, whole and streamed.
fn every_lane() -> impl Iterator<Item = (Lane, bool)> {
    Lane::all().into_iter().flat_map(|lane| [(lane, false), (lane, true)])
}

/// The records are what the sandbox counted, and cost what that costs.
async fn recorded_as_served(lane: Lane, world: &World) -> Vec<UsageRecord> {
    let records = world.finished().await;
    let served = world.sandbox.counts().served;
    assert_eq!(records.len(), served.len(), "{lane:?}");
    for (record, served) in records.iter().zip(served) {
        let context = format!("{lane:?}: {record:?} {served:?}");
        assert_eq!(record.client_protocol, lane.kind.protocol(), "{context}");
        assert_eq!(record.upstream_protocol, Some(lane.upstream), "{context}");
        assert_eq!(record.endpoint, lane.kind.path(), "{context}");
        assert_eq!((record.status, record.attempts, record.estimated), (200, 1, false), "{context}");
        let end = if record.stream { StreamEnd::Complete } else { StreamEnd::None };
        assert_eq!((record.stream_end, record.error_kind.as_deref()), (end, None), "{context}");
        let mut usage = served.usage;
        if lane.upstream == Protocol::Chat {
            // A chat answer has no place to report searches.
            usage.web_search_calls = 0;
        }
        assert_eq!(record.usage, usage, "{context}");
        assert_eq!(record.cost, cost(&usage, &price(lane.kind), Rate::ONE, Rate::ONE), "{context}");
        assert_eq!(record.upstream_request_id.as_deref(), Some(served.request_id.as_str()), "{context}");
    }
    records
}

#[tokio::test]
async fn a_text() {
    for lane in Lane::all() {
        let world = lane.world().await;
        for stream in [false, true] {
            let directives = "text='Bonjour, « monde » 😀.' input=1009 output=503 cache_read=2003";
            let said = ask(lane, &world, directives, stream).await;
            assert_eq!(said.text, "Bonjour, « monde » 😀.", "{lane:?} {stream}");
            assert_eq!(said.stop, natural_end(lane.kind), "{lane:?} {stream}");
            // A chat caller who did not ask for the usage of a stream is shown none.
            let shown = !(stream && matches!(lane.kind, Kind::Chat | Kind::EnvelopeChat));
            if shown {
                assert_eq!(said.tokens, Some((3012, 503)), "{lane:?} {stream}");
            }
        }
        for record in recorded_as_served(lane, &world).await {
            assert_eq!(record.dropped, None, "{lane:?}");
            assert_eq!(record.usage.cache_read_tokens, 2003);
        }
    }
}

fn natural_end(kind: Kind) -> &'static str {
    match kind.answer_protocol() {
        Protocol::Messages => "end_turn",
        Protocol::Chat => "stop",
        Protocol::Responses => "completed",
    }
}

const PARIS: &str = r#"{"city":"Paris","days":[1,2]}"#;

/// A call with a tool in the caller's own form.
fn with_tool(lane: Lane, world: &World, directives: &str, stream: bool) -> Call {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    let prompt = format!("Weather? [[sandbox {directives}]]");
    let mut body = lane.kind.body(lane.kind.model(), &prompt, stream);
    body["tools"] = match lane.kind.protocol() {
        Protocol::Messages => json!([{"name": "get_weather", "description": "d", "input_schema": schema}]),
        Protocol::Chat => {
            json!([{"type": "function", "function": {"name": "get_weather", "parameters": schema}}])
        }
        Protocol::Responses => json!([{"type": "function", "name": "get_weather", "parameters": schema}]),
    };
    Call::json(lane.kind.path(), &body).bearer(world.key(lane.kind))
}

#[tokio::test]
async fn tool_calls_behind_a_text() {
    for lane in Lane::all() {
        let world = lane.world().await;
        for stream in [false, true] {
            let directives = format!("text='I look.' tool=get_weather tools=2 args='{PARIS}'");
            let reply = with_tool(lane, &world, &directives, stream).send(world.addr).await;
            let said = lane.said(&reply, stream);
            let sent = lane.sent(&world);
            assert!(sent["tools"].to_string().contains("get_weather"), "{lane:?}: {sent}");
            let input: Value = serde_json::from_str(PARIS).unwrap();
            let expected = [("get_weather", input.clone()), ("get_weather", input)];
            assert_eq!(said.named_calls(), expected, "{lane:?} {stream}: {}", reply.text());
            assert!(said.calls[0].id != said.calls[1].id, "{lane:?} {stream}");
            assert_eq!(said.text, "I look.", "{lane:?} {stream}");
            let stop = match lane.kind.answer_protocol() {
                Protocol::Messages => "tool_use",
                Protocol::Chat => "tool_calls",
                Protocol::Responses => "completed",
            };
            assert_eq!(said.stop, stop, "{lane:?} {stream}");
        }
        recorded_as_served(lane, &world).await;
    }
}

/// A text that the caller is told to end for a reason, in the sandbox's words and in each dialect's.
const STOPS: [(&str, [&str; 3]); 6] = [
    ("end_turn", ["end_turn", "stop", "completed"]),
    ("max_tokens", ["max_tokens", "length", "max_output_tokens"]),
    ("length", ["max_tokens", "length", "max_output_tokens"]),
    ("stop_sequence", ["end_turn", "stop", "completed"]),
    ("stop", ["end_turn", "stop", "completed"]),
    ("content_filter", ["refusal", "content_filter", "content_filter"]),
];

#[tokio::test]
async fn stop_reasons() {
    for (lane, stream) in every_lane() {
        let world = lane.world().await;
        for (reason, expected) in STOPS {
            let said = ask(lane, &world, &format!("text=Yes stop={reason}"), stream).await;
            let expected = match lane.kind.answer_protocol() {
                // The caller has a word for it where the upstream does.
                Protocol::Messages if lane.upstream == Protocol::Messages && reason == "stop_sequence" => {
                    reason
                }
                Protocol::Messages => expected[0],
                Protocol::Chat => expected[1],
                Protocol::Responses => expected[2],
            };
            assert_eq!(said.stop, expected, "{lane:?} {stream} {reason}");
            assert_eq!(said.text, "Yes");
        }
        recorded_as_served(lane, &world).await;
    }
}

#[tokio::test]
async fn a_refusal() {
    for (lane, stream) in every_lane() {
        let world = lane.world().await;
        let said = ask(lane, &world, "refusal text='I would rather not.'", stream).await;
        let context = format!("{lane:?} {stream}: {said:?}");
        assert!(
            format!("{}{}", said.text, said.refusal).contains("I would rather not."),
            "the words reach the caller: {context}"
        );
        match lane.kind.answer_protocol() {
            Protocol::Messages => assert_eq!(said.stop, "refusal", "{context}"),
            Protocol::Chat => assert_eq!(said.stop, "content_filter", "{context}"),
            Protocol::Responses => assert_eq!(said.stop, "completed", "{context}"),
        }
        recorded_as_served(lane, &world).await;
    }
}

/// A call that asks for thinking in the caller's own form.
fn thinking(lane: Lane, world: &World, model: &str, directives: &str, stream: bool) -> Call {
    let prompt = format!("Think. [[sandbox {directives}]]");
    let mut body = lane.kind.body(model, &prompt, stream);
    match lane.kind.protocol() {
        Protocol::Messages => body["thinking"] = json!({"type": "adaptive", "display": "summarized"}),
        Protocol::Chat => body["reasoning_effort"] = json!("high"),
        Protocol::Responses => body["reasoning"] = json!({"effort": "high", "summary": "auto"}),
    }
    Call::json(lane.kind.path(), &body).bearer(world.key(lane.kind))
}

#[tokio::test]
async fn reasoning_is_shown_where_the_caller_can_read_it() {
    for (lane, stream) in every_lane() {
        let world = lane.world().await;
        let model = lane.kind.model();
        let reply = thinking(lane, &world, model, "thinking=12 text=Done.", stream).send(world.addr).await;
        let said = lane.said(&reply, stream);
        lane.sent(&world);
        assert_eq!(said.text, "Done.", "{lane:?} {stream}");
        let words = said.thinking.split_whitespace().count();
        assert!(words >= 12, "{lane:?} {stream}: {}", reply.text());
        let records = recorded_as_served(lane, &world).await;
        assert!(records[0].usage.output_tokens > 12, "{:?}", records[0]);
    }
}

/// The combinations that are meant: Claude behind an OpenAI client, GPT behind Anthropic's.
#[tokio::test]
async fn models_at_home_think_and_call() {
    for (lane, stream) in every_lane() {
        let world = lane.world().await;
        let model = if lane.upstream == Protocol::Messages { CLAUDE } else { GPT };
        let directives =
            format!("thinking=12 text='I look.' tool=get_weather args='{PARIS}' input=90 output=70");
        let call = thinking(lane, &world, model, &directives, stream);
        let reply = call.send(world.addr).await;
        let said = lane.said(&reply, stream);
        let sent = lane.sent(&world);
        let context = format!("{lane:?} {stream}: {sent} {}", reply.text());
        assert_eq!(sent["model"], model, "{context}");
        let asks = match lane.upstream {
            Protocol::Messages => {
                sent["thinking"]["type"] == "adaptive" && sent["output_config"]["effort"] == "high"
            }
            Protocol::Chat => lane.kind.is_messages() || sent["reasoning_effort"] == "high",
            Protocol::Responses => lane.kind.is_messages() || sent["reasoning"]["effort"] == "high",
        };
        assert!(asks, "{context}");
        assert!(said.thinking.split_whitespace().count() >= 12, "{context}");
        assert_eq!(
            (said.model.as_str(), said.text.as_str(), said.calls.len()),
            (model, "I look.", 1),
            "{context}"
        );
        let record = world.only_record().await;
        let price = if model == CLAUDE { claude_price() } else { gpt_price() };
        assert_eq!(record.usage, world.sandbox.counts().served[0].usage, "{context}");
        assert_eq!(record.cost, cost(&record.usage, &price, Rate::ONE, Rate::ONE), "{context}");
        // A chat answer has no place for the proof; the gate remembers it by the call.
        let is_chat = lane.kind.answer_protocol() == Protocol::Chat;
        let dropped = record.dropped.filter(|names| {
            !(is_chat && ["thinking.signature", "encrypted_content"].contains(&names.as_str()))
        });
        assert_eq!(dropped, None, "{context}");
    }
}

#[tokio::test]
async fn every_bucket_of_the_usage_is_charged() {
    for (lane, stream) in every_lane() {
        let world = lane.world().await;
        let caches = match lane.upstream {
            Protocol::Messages => "cache_read=2003 cache_write=307 cache_write_1h=51 searches=2",
            Protocol::Chat => "cache_read=2003",
            Protocol::Responses => "cache_read=2003 searches=2",
        };
        let directives = format!("words=5 input=1009 output=503 {caches}");
        lane.kind.call(&world, &directives, stream).send(world.addr).await.ok();
        let records = recorded_as_served(lane, &world).await;
        assert_eq!(records[0].usage.cache_read_tokens, 2003);
    }
}

/// What is dropped on the way up is named to the caller and in the record.
#[tokio::test]
async fn what_is_dropped_is_named() {
    for (kind, upstream, extra, name) in [
        (Kind::Chat, Protocol::Messages, json!({"logit_bias": {"1": -100}}), "logit_bias"),
        (Kind::Chat, Protocol::Responses, json!({"logit_bias": {"1": -100}}), "logit_bias"),
        (Kind::EnvelopeChat, Protocol::Messages, json!({"logit_bias": {"1": -100}}), "logit_bias"),
        (Kind::StyleClaude, Protocol::Messages, json!({"logit_bias": {"1": -100}}), "logit_bias"),
        (Kind::Chat, Protocol::Messages, json!({"seed": 7}), "seed"),
        (Kind::Messages, Protocol::Chat, json!({"container": "c_1"}), "container"),
        (Kind::Messages, Protocol::Responses, json!({"container": "c_1"}), "container"),
        (Kind::EnvelopeMessages, Protocol::Responses, json!({"container": "c_1"}), "container"),
        (Kind::Responses, Protocol::Chat, json!({"max_tool_calls": 3}), "max_tool_calls"),
        (Kind::Responses, Protocol::Messages, json!({"max_tool_calls": 3}), "max_tool_calls"),
    ] {
        let lane = Lane { kind, upstream };
        let world = lane.world().await;
        for stream in [false, true] {
            let mut body = kind.body(kind.model(), "[[sandbox words=3]]", stream);
            body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            let reply = Call::json(kind.path(), &body).bearer(world.key(kind)).send(world.addr).await;
            lane.said(&reply, stream);
            let sent = lane.sent(&world);
            assert!(sent.get(name).is_none(), "{lane:?} {sent}");
            assert_eq!(reply.header("tollgate-dropped"), Some(name), "{lane:?} {stream}");
        }
        for record in recorded_as_served(lane, &world).await {
            assert_eq!(record.dropped.as_deref(), Some(name), "{lane:?}");
        }
    }
}

/// A field without which the answer would be another one is refused by its name, in the caller's dialect.
#[tokio::test]
async fn what_cannot_be_said_is_refused_by_its_name() {
    for (kind, upstream, extra, field) in [
        (Kind::Chat, Protocol::Messages, json!({"n": 2}), "n"),
        (Kind::Chat, Protocol::Responses, json!({"n": 2}), "n"),
        (Kind::EnvelopeChat, Protocol::Messages, json!({"n": 2}), "n"),
        (Kind::StyleClaude, Protocol::Messages, json!({"logprobs": true}), "logprobs"),
        (Kind::Messages, Protocol::Chat, json!({"inference_geo": "us"}), "inference_geo"),
        (Kind::Messages, Protocol::Responses, json!({"inference_geo": "us"}), "inference_geo"),
        (Kind::EnvelopeMessages, Protocol::Chat, json!({"inference_geo": "us"}), "inference_geo"),
        (Kind::Responses, Protocol::Messages, json!({"background": true}), "background"),
        (Kind::Responses, Protocol::Chat, json!({"conversation": "conv_1"}), "conversation"),
    ] {
        let lane = Lane { kind, upstream };
        let world = lane.world().await;
        for stream in [false, true] {
            let mut body = kind.body(kind.model(), "[[sandbox words=3]]", stream);
            body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            let reply = Call::json(kind.path(), &body).bearer(world.key(kind)).send(world.addr).await;
            assert_eq!(reply.status, 400, "{lane:?}: {}", reply.text());
            check(&reply, kind.dialect(), "invalid_field", field);
            if matches!(kind, Kind::Chat | Kind::Responses) {
                assert_eq!(reply.json()["error"]["param"], field, "{lane:?}");
            }
        }
        assert_eq!(world.sandbox.counts().total.received, 0, "{lane:?}: the upstream is not asked");
        for record in world.finished().await {
            assert_eq!((record.status, record.error_kind.as_deref()), (400, Some("invalid_field")));
        }
    }
}

/// A field that one account's protocol cannot say goes to an account whose protocol can.
#[tokio::test]
async fn what_one_account_cannot_say_another_may() {
    let speaks: &[Protocol] = &[Protocol::Messages, Protocol::Chat];
    let world = World::start(Setup { speaks, accounts: 2, ..Setup::default() }).await;
    let mut body = Kind::Chat.body("gpt-5.5", "[[sandbox words=3]]", false);
    body["n"] = json!(2);
    let reply = Call::json("/v1/chat/completions", &body).bearer(world.key(Kind::Chat));
    let reply = reply.send(world.addr).await.ok().json();
    assert_eq!(reply["choices"].as_array().unwrap().len(), 2);
    assert_eq!(world.only_record().await.upstream_protocol, Some(Protocol::Chat));
}
