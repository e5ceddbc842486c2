//! What is charged where the upstream reports no usage, or broke off before it did.

use std::time::Duration;

use serde_json::Value;
use tollgate_base::{Rate, Usage};
use tollgate_protocol::Protocol;
use tollgate_store::{StreamEnd, UsageRecord};

use crate::settle::{cost, price};
use crate::support::sse::events;
use crate::support::{Call, Kind, Lane, Reply, Setup, World};

/// A prompt whose body comes to some 500 tokens, so that the estimate cannot be taken for a count of anything else.
fn ask(kind: Kind, world: &World, directives: &str, stream: bool) -> (Call, u64) {
    let prompt = format!("{} [[sandbox {directives}]]", "Say it. ".repeat(250));
    let body = kind.body(kind.model(), &prompt, stream).to_string();
    let tokens = by_vocabulary(kind, body.len() as u64 / 4);
    (Call::post(kind.path(), body).bearer(world.key(kind)), tokens)
}

/// What is told by size: Claude's vocabulary makes more tokens of a text than the others.
const fn by_vocabulary(kind: Kind, tokens: u64) -> u64 {
    if kind.is_messages() { (tokens * 153).div_ceil(100) } else { tokens }
}

/// The tokens of a text by OpenAI's vocabulary, and by what Claude's makes of it.
fn tokens(kind: Kind, text: &str) -> u64 {
    let vocabulary = splintr::pretrained::from_pretrained("o200k_base").unwrap();
    let tokens = vocabulary.encode(text).len() as u64;
    if kind.is_messages() { tokens * 153 / 100 } else { tokens }
}

/// Text, reasoning and calls in the events that reached the caller, read by the tests' own reader.
fn streamed(body: &[u8]) -> String {
    let mut text = String::new();
    for event in events(body).iter().filter(|event| event.data != "[DONE]") {
        let data = event.json();
        // The envelope has the chunks of Chat.
        let parts: Vec<&Value> = match data["type"].as_str() {
            Some("content_block_delta") => {
                ["text", "thinking", "partial_json"].map(|member| &data["delta"][member]).to_vec()
            }
            Some("content_block_start") => vec![&data["content_block"]["name"]],
            Some("response.output_item.added") => vec![&data["item"]["name"]],
            Some(name) if name.ends_with(".delta") => vec![&data["delta"]],
            Some(_) => Vec::new(),
            None => data["choices"].as_array().into_iter().flatten().flat_map(chat_parts).collect(),
        };
        text.extend(parts.into_iter().filter_map(Value::as_str));
    }
    text
}

fn chat_parts(choice: &Value) -> Vec<&Value> {
    let delta = &choice["delta"];
    let calls = delta["tool_calls"].as_array().into_iter().flatten();
    let mut parts = vec![&delta["content"], &delta["reasoning_content"]];
    parts.extend(calls.flat_map(|call| [&call["function"]["name"], &call["function"]["arguments"]]));
    parts
}

/// The record is of this usage, and its cost exactly that.
#[track_caller]
fn charged(kind: Kind, record: &UsageRecord, input: u64, output: u64, estimated: bool, context: &str) {
    let got = (record.usage.input_tokens, record.usage.output_tokens, record.estimated);
    assert_eq!(got, (input, output, estimated), "{kind:?} {context}: {record:?}");
    let usage = Usage { input_tokens: input, output_tokens: output, ..Usage::default() };
    let exact = cost(&usage, &price(kind), Rate::ONE, Rate::ONE);
    assert_eq!(record.cost, exact, "{kind:?} {context}");
}

const WORDS: &str = "words=40";
const ALL_OF_IT: &str =
    "thinking=6 words=20 tool=get_weather args='{\"city\":\"Zürich \\\\u00e9\",\"a\":[1,2]}'";

async fn send(kind: Kind, directives: &str, stream: bool) -> (Reply, u64, UsageRecord) {
    let world = World::new().await;
    let (call, prompt_tokens) = ask(kind, &world, directives, stream);
    let reply = call.send(world.addr).await.ok();
    (reply, prompt_tokens, world.only_record().await)
}

/// What the prompt is charged as when a stream broke off: Messages says it at the start.
const fn prompt_of(kind: Kind, estimated: u64) -> u64 {
    if kind.is_messages() { 321 } else { estimated }
}

#[tokio::test]
async fn a_relayed_stream_that_breaks_off() {
    for kind in Kind::NATIVE {
        for (fault, end) in [
            ("cut_after=24", StreamEnd::UpstreamCut),
            ("eof_after=24", StreamEnd::UpstreamCut),
            ("error_after=24 status=500", StreamEnd::UpstreamError),
            ("error_after=24 status=402", StreamEnd::UpstreamError),
        ] {
            for content in [WORDS, ALL_OF_IT] {
                let context = format!("{content} {fault}");
                let (reply, prompt, record) = send(kind, &format!("{context} input=321"), true).await;
                assert_eq!(record.stream_end, end, "{kind:?} {context}");
                let output = tokens(kind, &streamed(&reply.body));
                assert!(output > 5, "{kind:?} {context}: {}", reply.text());
                charged(kind, &record, prompt_of(kind, prompt), output, true, &context);
            }
        }
    }
}

/// An error under a 200 is found before the caller is answered: nothing came, so nothing is charged.
#[tokio::test]
async fn an_error_before_any_output_is_free() {
    for kind in Kind::NATIVE {
        for fault in
            ["error_first", "status=500", "cut_after=0", "cut_after=1", "eof_after=1", "error_after=1"]
        {
            let world = World::new().await;
            let (call, _) = ask(kind, &world, &format!("{WORDS} {fault} input=321"), true);
            call.send(world.addr).await;
            charged(kind, &world.only_record().await, 0, 0, false, fault);
        }
    }
}

#[tokio::test]
async fn a_relayed_stream_without_usage() {
    for kind in Kind::NATIVE {
        for content in [WORDS, ALL_OF_IT] {
            for odd in ["", "split=7 crlf", "chunks=1"] {
                let context = format!("{content} no_usage {odd}");
                let (reply, prompt, record) = send(kind, &context, true).await;
                assert_eq!(record.stream_end, StreamEnd::Complete, "{kind:?} {context}");
                let output = tokens(kind, &streamed(&reply.body));
                charged(kind, &record, prompt, output, true, &context);
            }
        }
    }
}

/// Whatever was counted on the way, the upstream's last word is charged alone.
#[tokio::test]
async fn a_final_usage_is_charged_alone() {
    for kind in Kind::NATIVE {
        for odd in ["", "duplicate_usage", "usage_in_finish", "usage_each", "chunks=2"] {
            let context = format!("words=90 input=321 output=2 {odd}");
            let (_, _, record) = send(kind, &context, true).await;
            charged(kind, &record, 321, 2, false, &context);
        }
    }
}

#[tokio::test]
async fn a_caller_who_leaves_an_endless_stream() {
    let mut setup = Setup::default();
    setup.gateway.drain_limit = Duration::from_millis(150);
    // What words the sandbox finds depends on the directives; a given text is the same under all of them.
    let said = format!("text='{}' input=321", "word ".repeat(60));
    for kind in Kind::NATIVE {
        let world = World::start(setup.clone()).await;
        let (call, prompt) = ask(kind, &world, &format!("{said} hang_after=24"), true);
        let mut open = call.open(world.addr).await;
        open.chunk().await.unwrap();
        drop(open);
        let record = world.records(1).await.remove(0);
        assert_eq!(record.stream_end, StreamEnd::ClientGone, "{kind:?}");
        // The same stream, cut where that one hung, shows what had come.
        let (call, _) = ask(kind, &world, &format!("{said} eof_after=24"), true);
        let same = call.send(world.addr).await.ok();
        let output = tokens(kind, &streamed(&same.body));
        charged(kind, &record, prompt_of(kind, prompt), output, true, "left");
    }
}

#[tokio::test]
async fn a_whole_answer_without_usage() {
    for kind in Kind::NATIVE {
        for (content, bytes) in [
            ("text='Grüße \"aus\" Zürich'", "Grüße \"aus\" Zürich".len()),
            ("text=abc tool=get args='{\"a\":1}'", 3 + 3 + 7),
        ] {
            let (_, prompt, record) = send(kind, &format!("{content} no_usage"), false).await;
            charged(kind, &record, prompt, by_vocabulary(kind, bytes.div_ceil(4) as u64), true, content);
        }
    }
}

/// A caller who leaves while a whole answer is read pays the same for it.
#[tokio::test]
async fn a_whole_answer_without_usage_or_caller() {
    for kind in Kind::NATIVE {
        let world = World::new().await;
        let (call, prompt) = ask(kind, &world, "text=abcdefgh no_usage slow_body_ms=400", false);
        call.hang_up_after(world.addr, Duration::from_millis(150)).await;
        let record = world.records(1).await.remove(0);
        charged(kind, &record, prompt, by_vocabulary(kind, 2), true, "left");
    }
}

/// It makes no difference that a stream is translated: Messages' first report is no last word.
#[tokio::test]
async fn a_translated_stream_that_breaks_off() {
    for lane in Lane::native() {
        for (fault, is_free) in
            [("cut_after=24", false), ("error_after=24 status=500", false), ("cut_after=1", true)]
        {
            let world = lane.world().await;
            let (call, _) = ask(lane.kind, &world, &format!("{WORDS} input=321 {fault}"), true);
            // The translation counts its own way, and the caller was shown it at the start.
            let prompt = call.body.len() as u64 / 4;
            let reply = call.send(world.addr).await;
            let record = world.only_record().await;
            if is_free {
                // Nothing of an answer had come, so it is none.
                assert_eq!((reply.status, record.status), (502, 502), "{lane:?}: {}", reply.text());
                charged(lane.kind, &record, 0, 0, false, fault);
                continue;
            }
            let reply = reply.ok();
            let said_at_start = lane.upstream == Protocol::Messages;
            let output = tokens(lane.kind, &streamed(&reply.body));
            assert!(output > 5, "{lane:?}: {}", reply.text());
            charged(lane.kind, &record, if said_at_start { 321 } else { prompt }, output, true, fault);
        }
    }
}
