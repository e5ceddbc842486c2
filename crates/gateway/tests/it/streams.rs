//! What reaches the caller of an answer: the upstream's bytes, but for the model's name and the usage chunk.

use bytes::Bytes;
use serde_json::Value;
use tollgate_protocol::Protocol;
use tollgate_store::StreamEnd;

use crate::support::sse::{chunks, events};
use crate::support::{Call, Kind, Setup, World};

/// The same body sent to the sandbox itself.
async fn direct(world: &World, kind: Kind, body: Bytes) -> Bytes {
    // As the account itself: reasoning is signed for whoever asks.
    let account = format!("cred-{}-0", world.group(kind).name);
    let call = Call::post(kind.path(), body).bearer(&account).header("anthropic-version", "2023-06-01");
    call.send(world.sandbox.addr()).await.ok().body
}

/// A body in which the gate has nothing to change: Chat asks for its usage itself.
fn untouched(kind: Kind, directives: &str) -> Bytes {
    let mut body = kind.body(kind.model(), &format!("Hi [[sandbox {directives}]]"), true);
    if kind == Kind::Chat {
        body["stream_options"] = serde_json::json!({"include_usage": true});
    }
    body.to_string().into()
}

const SHAPES: [&str; 16] = [
    "words=20",
    "words=20 split=1",
    "words=20 split=2 crlf",
    "words=20 split=3 cr",
    "words=20 split=1 crlf",
    "words=20 split=1 cr",
    "words=20 crlf comments",
    "words=20 split=5 comments no_space",
    "words=20 ping=2 extra_event",
    "words=20 chunks=1",
    "words=20 chunks=2 split=11",
    "words=2 huge=300000",
    "words=2 huge=100000 split=999",
    "words=5 thinking=5 searches=1 duplicate_usage",
    "tool=get_weather args='{\"city\":\"Paris\",\"a\":[1,2]}' tools=2",
    "refusal",
];

#[tokio::test]
async fn streams_reach_the_caller_as_they_were_sent() {
    let world = World::new().await;
    for kind in Kind::NATIVE {
        for shape in SHAPES {
            let body = untouched(kind, shape);
            let call = Call::post(kind.path(), body.clone()).bearer(world.key(kind));
            let reply = call.send(world.addr).await.ok();
            assert_eq!(reply.header("content-type"), Some("text/event-stream; charset=utf-8"));
            assert_eq!(reply.header("cache-control"), Some("no-cache"));
            assert_eq!(reply.header("content-length"), None);
            let sent = direct(&world, kind, body).await;
            assert!(
                reply.body == sent,
                "{kind:?} {shape}:\n{}\n{}",
                reply.text(),
                String::from_utf8_lossy(&sent)
            );
        }
    }
    charged_as_served(&world, SHAPES.len() * 3).await;
}

/// However a stream was cut into reads, its usage must have been read: every record is as the sandbox counted.
async fn charged_as_served(world: &World, streams: usize) {
    let records = world.finished().await;
    assert_eq!(records.len(), streams);
    let served = world.sandbox.counts().served;
    for record in records {
        let id = record.upstream_request_id.as_deref().unwrap();
        let served = served.iter().find(|one| one.request_id == id).unwrap();
        let mut usage = served.usage;
        if record.upstream_protocol == Some(Protocol::Chat) {
            // A chat answer has no place to report searches.
            usage.web_search_calls = 0;
        }
        assert_eq!((record.usage, record.stream_end), (usage, StreamEnd::Complete), "{record:?}");
    }
}

#[tokio::test]
async fn whole_answers_reach_the_caller_as_they_were_sent() {
    let world = World::new().await;
    for kind in Kind::NATIVE {
        for shape in ["words=20", "words=20 split=1", "thinking=3 tool=f tools=2", "refusal", "no_usage"] {
            let body: Bytes =
                kind.body(kind.model(), &format!("Hi [[sandbox {shape}]]"), false).to_string().into();
            let call = Call::post(kind.path(), body.clone()).bearer(world.key(kind));
            let reply = call.send(world.addr).await.ok();
            assert_eq!(reply.body, direct(&world, kind, body).await, "{kind:?} {shape}");
            assert_eq!(reply.header("content-type"), Some("application/json"));
            assert_eq!(reply.header("content-length"), Some(reply.body.len().to_string().as_str()));
        }
    }
}

/// Every place where a stream could be cut, as one read after the other.
#[tokio::test]
async fn a_stream_split_at_every_size_is_the_same() {
    let world = World::new().await;
    for kind in Kind::NATIVE {
        for size in 1..40 {
            for line_end in ["", "crlf", "cr"] {
                let body = untouched(kind, &format!("words=3 split={size} {line_end}"));
                let call = Call::post(kind.path(), body.clone()).bearer(world.key(kind));
                let reply = call.send(world.addr).await.ok();
                let sent = direct(&world, kind, body).await;
                assert!(reply.body == sent, "{kind:?} {size} {line_end}: {}", reply.text());
            }
        }
    }
    charged_as_served(&world, 39 * 3 * 3).await;
}

/// Pieces so large that an event is cut at most once or twice: the gate must not judge half an event.
#[tokio::test]
async fn an_event_in_two_reads_is_one_event() {
    let world = World::new().await;
    let mut streams = 0;
    for kind in Kind::ALL {
        for size in [150, 170, 200, 230, 333] {
            let directives = format!("words=3 input=1234 output=56 split={size}");
            let reply = kind.call(&world, &directives, true).send(world.addr).await.ok();
            let cut = reply.text().contains("ended before it was complete");
            assert!(!cut, "{kind:?} {size}: {}", reply.text());
            streams += 1;
        }
    }
    charged_as_served(&world, streams).await;
}

/// The chat stream of a caller who did not ask for the usage: the same, without the chunk that only holds it.
#[tokio::test]
async fn the_usage_chunk_is_kept_from_who_did_not_ask() {
    let world = World::new().await;
    for shape in
        ["words=6", "words=6 split=1 crlf", "words=6 duplicate_usage cr", "words=6 comments no_space"]
    {
        let prompt = format!("Hi [[sandbox {shape}]]");
        let body = Kind::Chat.body(Kind::Chat.model(), &prompt, true).to_string();
        let call = Call::post(Kind::Chat.path(), body.clone()).bearer(world.key(Kind::Chat));
        let reply = call.send(world.addr).await.ok();
        let is_usage =
            |chunk: &&Value| chunk["choices"] == serde_json::json!([]) && !chunk["usage"].is_null();
        let got = chunks(&reply.body);
        assert_eq!(got.iter().filter(is_usage).count(), 0, "{}", reply.text());
        let asked = body.replacen('{', "{\"stream_options\":{\"include_usage\":true},", 1);
        let sent = direct(&world, Kind::Chat, asked.into()).await;
        let expected: Vec<Value> = chunks(&sent).into_iter().filter(|chunk| !is_usage(&chunk)).collect();
        assert_eq!(got, expected, "{shape}");
        assert_eq!(events(&reply.body).last().unwrap().data, "[DONE]");
    }
    for record in world.finished().await {
        assert!(record.usage.output_tokens > 0 && record.cost.nanos() > 0, "it is charged all the same");
    }
}

#[tokio::test]
async fn the_usage_chunk_reaches_who_asked() {
    let world = World::new().await;
    let body = untouched(Kind::Chat, "words=6 input=11 output=7");
    let call = Call::post(Kind::Chat.path(), body).bearer(world.key(Kind::Chat));
    let got = chunks(&call.send(world.addr).await.ok().body);
    let usage: Vec<&Value> = got.iter().filter(|chunk| !chunk["usage"].is_null()).collect();
    assert_eq!(usage.len(), 1);
    assert_eq!(
        (&usage[0]["usage"]["prompt_tokens"], &usage[0]["choices"]),
        (&11.into(), &Value::Array(vec![]))
    );
}

/// Behind a mapping the caller sees the name it asked for, and nothing else is touched.
#[tokio::test]
async fn the_callers_model_name_comes_back() {
    const MAPPING: &[(&str, &str)] = &[("gpt-5.5", "glm-real"), ("claude-sonnet-5-5", "glm-real")];
    let world = World::start(Setup { group_mapping: MAPPING, ..Setup::default() }).await;
    for kind in Kind::NATIVE {
        for shape in
            ["words=9", "words=9 split=1", "words=9 crlf comments no_space", "text='\"model\":\"glm-real\"'"]
        {
            for stream in [false, true] {
                let body = if stream {
                    untouched(kind, shape)
                } else {
                    kind.body(kind.model(), &format!("Hi [[sandbox {shape}]]"), false).to_string().into()
                };
                let call = Call::post(kind.path(), body.clone()).bearer(world.key(kind));
                let reply = call.send(world.addr).await.ok();
                let text = String::from_utf8(body.to_vec()).unwrap();
                let mapped = text.replacen(kind.model(), "glm-real", 1);
                let sent = direct(&world, kind, mapped.into()).await;
                let sent = String::from_utf8(sent.to_vec()).unwrap();
                assert!(sent.contains("\"model\":\"glm-real\""));
                let expected =
                    sent.replace("\"model\":\"glm-real\"", &format!("\"model\":\"{}\"", kind.model()));
                assert_eq!(reply.text(), expected, "{kind:?} {shape} {stream}");
            }
        }
    }
}

/// What announces an answer leaves with its first word; from then on no event waits for the next.
#[tokio::test]
async fn events_leave_as_they_come() {
    let world = World::new().await;
    for kind in Kind::ALL {
        let call = kind.call(&world, "words=8 slow_event_ms=120", true);
        let started = tokio::time::Instant::now();
        let mut open = call.open(world.addr).await;
        let mut times = Vec::new();
        while open.chunk().await.is_some() {
            times.push(started.elapsed().as_millis());
        }
        assert!(times[0] < 900, "{kind:?}: the first piece came after {} ms", times[0]);
        let gaps = times.windows(2).filter(|pair| pair[1] - pair[0] > 60).count();
        assert!(gaps >= 4, "{kind:?}: events were gathered: {times:?}");
    }
}

/// A model that thinks in silence does not keep its announcement from the caller for longer than a second.
#[tokio::test]
async fn an_announcement_does_not_wait_for_ever() {
    let world = World::new().await;
    for kind in [Kind::Messages, Kind::Responses] {
        // Messages has its first word after three events, Responses after five.
        let call = kind.call(&world, "words=2 slow_event_ms=900", true);
        let started = tokio::time::Instant::now();
        let mut open = call.open(world.addr).await;
        let first = open.chunk().await.unwrap();
        let came = started.elapsed();
        assert!((1_800..2_600).contains(&came.as_millis()), "{kind:?}: {came:?}");
        assert!(first.starts_with(b"event: message_start") || first.starts_with(b"event: response.created"));
    }
}

/// Headers of the upstream's answer pass, but for those of its connection and of the account.
#[tokio::test]
async fn answer_headers() {
    let world = World::new().await;
    for kind in Kind::NATIVE {
        for stream in [false, true] {
            let directives = "words=1 header='x-kept: yes' header='set-cookie: a=b' header='connection: x-hop' header='x-hop: 1' header='server: s' header='openai-model: m'";
            let reply = kind.call(&world, directives, stream).send(world.addr).await.ok();
            assert_eq!(reply.header("x-kept"), Some("yes"));
            assert_eq!(reply.header("openai-model"), Some("m"));
            for gone in ["set-cookie", "server", "x-hop", "openai-organization", "x-ratelimit-limit-requests"]
            {
                assert_eq!(reply.header(gone), None, "{gone}");
            }
            assert_eq!(reply.header("anthropic-organization-id"), None);
            assert_eq!(reply.header("anthropic-ratelimit-requests-limit"), None);
        }
    }
}
