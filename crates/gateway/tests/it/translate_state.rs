//! What a conversation rests on behind a translation: responses that the gate keeps, and reasoning that goes back to who
//! made it.

use http::Method;
use serde_json::{Value, json};
use tollgate_protocol::{Dialect, Protocol};
use tollgate_store::UsageRecord;

use crate::support::error_table::check;
use crate::support::kind::{CLAUDE, GPT};
use crate::support::sse::{chunks, events};
use crate::support::{Call, Kind, Lane, Reply, Setup, World};

/// Upstreams that keep no responses.
const FORGETFUL: [Protocol; 2] = [Protocol::Messages, Protocol::Chat];

async fn respond(world: &World, body: Value) -> Reply {
    Call::json("/v1/responses", &body).bearer(world.key(Kind::Responses)).send(world.addr).await
}

/// The response object of an answer, streamed or not.
#[track_caller]
fn response(reply: &Reply) -> Value {
    if reply.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream")) {
        return events(&reply.body).last().unwrap().json()["response"].take();
    }
    reply.json()
}

/// The body of the last request at the sandbox.
fn last_sent(world: &World) -> Value {
    serde_json::from_slice(&world.sandbox.last_requests().last().unwrap().body).unwrap()
}

/// Where each text stands in the body, all of them once and in this order.
#[track_caller]
fn in_order(body: &Value, texts: &[&str]) {
    let body = body.to_string();
    let places: Vec<usize> = texts
        .iter()
        .map(|text| {
            assert_eq!(body.matches(text).count(), 1, "`{text}` in {body}");
            body.find(text).unwrap()
        })
        .collect();
    assert!(places.is_sorted(), "{texts:?} in {body}");
}

#[tokio::test]
async fn a_conversation_goes_on_from_what_the_gate_kept() {
    for upstream in FORGETFUL {
        for stream in [false, true] {
            let lane = Lane { kind: Kind::Responses, upstream };
            let world = lane.world().await;
            let turn = |input: &str, previous: Value| {
                json!({"model": "gpt-5.5", "stream": stream, "input": input, "previous_response_id": previous,
                    "instructions": format!("Rules for {}.", input.len())})
            };
            let body = turn("I am Ada. [[sandbox text='Noted so.']]", Value::Null);
            let first = response(&respond(&world, body).await.ok());
            let body = turn("And Bob? [[sandbox text='Him too.']]", first["id"].clone());
            let second = response(&respond(&world, body).await.ok());
            assert_eq!(second["previous_response_id"], first["id"], "{upstream}");
            assert!(first["id"] != second["id"]);
            let body = turn("Who am I? [[sandbox text=Ada.]]", second["id"].clone());
            let third = respond(&world, body).await;
            assert_eq!(lane.said(&third, stream).text, "Ada.");
            let sent = lane.sent(&world);
            in_order(&sent, &["I am Ada.", "\"Noted so.\"", "And Bob?", "\"Him too.\"", "Who am I?"]);
            assert_eq!(
                sent.to_string().matches("Rules for ").count(),
                1,
                "instructions are of one turn: {sent}"
            );
            // Each turn branches from where it says, not from the last one.
            respond(&world, turn("Or I? [[sandbox text=x]]", first["id"].clone())).await.ok();
            let sent = lane.sent(&world);
            in_order(&sent, &["I am Ada.", "\"Noted so.\"", "Or I?"]);
            assert!(!sent.to_string().contains("And Bob?"));
        }
    }
}

async fn on(world: &World, method: Method, path: String) -> Reply {
    Call::new(method, path).bearer(world.key(Kind::Responses)).send(world.addr).await
}

#[tokio::test]
async fn a_kept_response_is_read_and_deleted_by_its_key_only() {
    for upstream in FORGETFUL {
        for stream in [false, true] {
            let world = World::start(Setup::speaking(upstream)).await;
            let body = json!({"model": "gpt-5.5", "stream": stream, "input": [
                {"type": "message", "role": "user", "content": "First."},
                {"type": "message", "role": "user", "content": "Then. [[sandbox text=Yes.]]"}]});
            let made = response(&respond(&world, body).await.ok());
            let id = made["id"].as_str().unwrap().to_owned();
            let path = format!("/v1/responses/{id}");
            assert_eq!(on(&world, Method::GET, path.clone()).await.ok().json(), made, "{upstream} {stream}");
            let items = on(&world, Method::GET, format!("{path}/input_items")).await.ok().json();
            assert_eq!((&items["object"], items["data"].as_array().unwrap().len()), (&json!("list"), 2));
            assert_eq!(items["data"][1]["content"], "First.", "the last one comes first: {items}");

            let (_, other) = world.extra_key(Kind::Responses, |_| {}).await;
            for (method, sub) in [(Method::GET, ""), (Method::GET, "/input_items"), (Method::DELETE, "")] {
                let call = Call::new(method, format!("{path}{sub}")).bearer(&other);
                check(&call.send(world.addr).await, Dialect::Responses, "response_not_found", &id);
            }
            let body = json!({"model": "gpt-5.5", "input": "x", "previous_response_id": id});
            let reply = Call::json("/v1/responses", &body).bearer(&other).send(world.addr).await;
            check(&reply, Dialect::Responses, "response_not_found", &id);

            let deleted = on(&world, Method::DELETE, path.clone()).await.ok().json();
            assert_eq!((&deleted["id"], &deleted["deleted"]), (&json!(id), &json!(true)));
            let gone = on(&world, Method::GET, path.clone()).await;
            check(&gone, Dialect::Responses, "response_not_found", &id);
            let reply = respond(&world, body.clone()).await;
            check(&reply, Dialect::Responses, "response_not_found", &id);
            assert_eq!(world.sandbox.counts().total.received, 1, "nobody else was asked");
        }
    }
}

#[tokio::test]
async fn what_is_not_stored_is_not_kept_and_what_is_unknown_is_said() {
    for upstream in FORGETFUL {
        let world = World::start(Setup::speaking(upstream)).await;
        let body = json!({"model": "gpt-5.5", "store": false, "input": "Hi."});
        let made = response(&respond(&world, body).await.ok());
        let id = made["id"].as_str().unwrap();
        assert_eq!(made["store"], false);
        let reply = on(&world, Method::GET, format!("/v1/responses/{id}")).await;
        check(&reply, Dialect::Responses, "response_not_found", id);
        for previous in [id, "resp_never"] {
            for stream in [false, true] {
                let body = json!({"model": "gpt-5.5", "input": "x", "stream": stream,
                    "previous_response_id": previous});
                let reply = respond(&world, body).await;
                check(&reply, Dialect::Responses, "response_not_found", previous);
            }
        }
        assert_eq!(world.sandbox.counts().total.received, 1, "it is never asked without its history");
    }
}

/// A failed stream leaves nothing to continue.
#[tokio::test]
async fn a_response_that_was_cut_is_not_kept() {
    for upstream in FORGETFUL {
        let world = World::start(Setup::speaking(upstream)).await;
        let body = json!({"model": "gpt-5.5", "stream": true, "input": "[[sandbox words=9 cut_after=5]]"});
        let reply = respond(&world, body).await.ok();
        let id = events(&reply.body)[0].json()["response"]["id"].as_str().unwrap().to_owned();
        let reply = on(&world, Method::GET, format!("/v1/responses/{id}")).await;
        check(&reply, Dialect::Responses, "response_not_found", &id);
    }
}

/// What the upstream itself said to the last request: the sandbox says the same to the same account and body.
async fn said_upstream(world: &World) -> Value {
    let last = world.sandbox.last_requests().pop().unwrap();
    let mut call = Call::post(last.path, last.body);
    call.headers.extend(last.headers.iter().filter_map(|(name, value)| {
        let kept = ["x-api-key", "authorization", "anthropic-version"].contains(&name.as_str());
        kept.then(|| (Some(name.clone()), value.clone()))
    }));
    let reply = call.send(world.sandbox.addr()).await.ok();
    let is_stream = reply.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
    if is_stream { Value::Array(chunks(&reply.body)) } else { reply.json() }
}

const TOOL: &str = "thinking=9 tool=get_weather args='{\"city\":\"Paris\"}'";

fn schema() -> Value {
    json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})
}

/// A model that is at home in the protocol.
fn home_of(upstream: Protocol) -> &'static str {
    if upstream == Protocol::Messages { CLAUDE } else { GPT }
}

/// The first turn of a tool loop, in the caller's form.
fn first_turn(kind: Kind, model: &str, stream: bool) -> Value {
    let prompt = format!("Weather? [[sandbox {TOOL}]]");
    let mut body = kind.body(model, &prompt, stream);
    match kind.protocol() {
        Protocol::Messages => {
            body["max_tokens"] = json!(9000);
            body["thinking"] = json!({"type": "adaptive", "display": "summarized"});
            body["tools"] = json!([{"name": "get_weather", "input_schema": schema()}]);
        }
        Protocol::Chat => {
            body["reasoning_effort"] = json!("high");
            body["tools"] = json!([{"type": "function",
                "function": {"name": "get_weather", "parameters": schema()}}]);
        }
        Protocol::Responses => {
            body["input"] = json!([{"type": "message", "role": "user", "content": prompt}]);
            body["store"] = json!(false);
            body["include"] = json!(["reasoning.encrypted_content"]);
            body["reasoning"] = json!({"effort": "high", "summary": "auto"});
            body["tools"] = json!([{"type": "function", "name": "get_weather", "parameters": schema()}]);
        }
    }
    body
}

/// The second turn: the answer to the first as a client sends it back, and the tool's result.
fn second_turn(kind: Kind, first: &Value, answer: &Value) -> Value {
    let mut body = first.clone();
    body["stream"] = json!(false);
    let list = if kind == Kind::Responses { "input" } else { "messages" };
    let turns = body[list].as_array_mut().unwrap();
    match kind {
        Kind::Messages => {
            let content = answer["content"].clone();
            let id = content.as_array().unwrap().last().unwrap()["id"].clone();
            turns.push(json!({"role": "assistant", "content": content}));
            turns.push(json!({"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": id, "content": "Rain."}]}));
        }
        Kind::Responses => {
            let output = answer["output"].as_array().unwrap();
            turns.extend(output.iter().cloned());
            let id = &output.last().unwrap()["call_id"];
            turns.push(json!({"type": "function_call_output", "call_id": id, "output": "Rain."}));
        }
        _ => {
            // Most Chat clients do not send reasoning back.
            let calls = answer["choices"][0]["message"]["tool_calls"].clone();
            let id = calls[0]["id"].clone();
            turns.push(json!({"role": "assistant", "content": null, "tool_calls": calls}));
            turns.push(json!({"role": "tool", "tool_call_id": id, "content": "Rain."}));
        }
    }
    body
}

async fn send(world: &World, kind: Kind, body: &Value) -> Reply {
    Call::json(kind.path(), body).bearer(world.key(kind)).send(world.addr).await
}

/// The proof of the upstream's reasoning in an answer or in a request's conversation.
fn proofs(protocol: Protocol, value: &Value) -> Vec<String> {
    let name = if protocol == Protocol::Messages { "signature" } else { "encrypted_content" };
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(key, value)| match value {
                Value::String(text) if key == name => vec![text.clone()],
                other => proofs(protocol, other),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(|item| proofs(protocol, item)).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn reasoning_goes_back_to_its_maker_unchanged() {
    for (kind, upstream) in [
        (Kind::Responses, Protocol::Messages),
        (Kind::Messages, Protocol::Responses),
        (Kind::Chat, Protocol::Messages),
        (Kind::Chat, Protocol::Responses),
    ] {
        let lane = Lane { kind, upstream };
        let world = lane.world().await;
        let first = first_turn(kind, home_of(upstream), false);
        let answer = send(&world, kind, &first).await.ok();
        lane.said(&answer, false);
        lane.sent(&world);
        let made = said_upstream(&world).await;
        let proof = proofs(upstream, &made);
        assert_eq!(proof.len(), 1, "{lane:?}: {made}");
        send(&world, kind, &second_turn(kind, &first, &answer.json())).await.ok();
        let sent = lane.sent(&world);
        assert_eq!(proofs(upstream, &sent), proof, "{lane:?}: {sent}");
        assert!(!sent.to_string().contains("tgc1."), "{lane:?}: {sent}");
        let text = match upstream {
            Protocol::Messages => made["content"][0]["thinking"].clone(),
            _ => made["output"][0]["summary"][0]["text"].clone(),
        };
        assert!(sent.to_string().contains(text.as_str().unwrap()), "{lane:?}: {sent}");
    }
}

/// A stream gives the same carriers and leaves the same memories as a whole answer.
#[tokio::test]
async fn reasoning_of_a_stream_goes_back_too() {
    for (kind, upstream) in [(Kind::Responses, Protocol::Messages), (Kind::Chat, Protocol::Messages)] {
        let lane = Lane { kind, upstream };
        let world = lane.world().await;
        let first = first_turn(kind, home_of(upstream), true);
        let answer = send(&world, kind, &first).await.ok();
        let said = lane.said(&answer, true);
        let made = said_upstream(&world).await;
        let answer = match kind {
            Kind::Responses => response(&answer),
            _ => json!({"choices": [{"message": {"tool_calls": [{"id": said.calls[0].id, "type": "function",
                "function": {"name": said.calls[0].name, "arguments": said.calls[0].input}}]}}]}),
        };
        send(&world, kind, &second_turn(kind, &first, &answer)).await.ok();
        let sent = lane.sent(&world);
        let mut proof = proofs(upstream, &made);
        // A block opens with an empty signature.
        proof.retain(|proof| !proof.is_empty());
        assert_eq!(proofs(upstream, &sent), proof, "{lane:?}: {sent}");
    }
}

/// The reasoning of one account is no other's, nor another model's: it stays behind, and that is noted.
#[tokio::test]
async fn reasoning_of_another_model_stays_behind() {
    for (kind, upstream, other) in [
        (Kind::Responses, Protocol::Messages, "claude-haiku-4-5"),
        (Kind::Messages, Protocol::Responses, "gpt-6-sol"),
    ] {
        let lane = Lane { kind, upstream };
        let world = lane.world().await;
        let first = first_turn(kind, home_of(upstream), false);
        let answer = send(&world, kind, &first).await.ok().json();
        let mut second = second_turn(kind, &first, &answer);
        second["model"] = json!(other);
        let reply = send(&world, kind, &second).await.ok();
        let sent = lane.sent(&world);
        assert_eq!(proofs(upstream, &sent), Vec::<String>::new(), "{lane:?}: {sent}");
        assert!(!sent.to_string().contains("tgc1."), "{lane:?}: {sent}");
        let word = if kind == Kind::Messages { "thinking" } else { "reasoning" };
        assert!(
            reply.header("tollgate-dropped").is_some_and(|names| names.split(',').any(|name| name == word))
        );
        let record: UsageRecord = world.finished().await.pop().unwrap();
        assert!(record.dropped.is_some_and(|names| names.contains(word)));
    }
}

/// A carrier never reaches a provider, not even one that speaks the caller's protocol.
#[tokio::test]
async fn a_relayed_request_leaves_carriers_behind() {
    const BOTH: [(Kind, &[Protocol]); 2] = [
        (Kind::Messages, &[Protocol::Messages, Protocol::Responses]),
        (Kind::Responses, &[Protocol::Responses, Protocol::Messages]),
    ];
    for (kind, speaks) in BOTH {
        let world = World::start(Setup { speaks, accounts: 2, ..Setup::default() }).await;
        let group = if kind == Kind::Messages { "anthropic" } else { "openai" };
        let mut first = first_turn(kind, kind.model(), false);
        let fault = format!("status=529 account=cred-{group}-0 {TOOL}");
        first = serde_json::from_str(&first.to_string().replace(
            &json!(TOOL).to_string().trim_matches('"').to_owned(),
            json!(fault).to_string().trim_matches('"'),
        ))
        .unwrap();
        let answer = send(&world, kind, &first).await.ok().json();
        assert!(answer.to_string().contains("tgc1."), "{kind:?}: {answer}");
        let mut second = second_turn(kind, &first, &answer);
        let prompt =
            if kind == Kind::Messages { &mut second["messages"][0] } else { &mut second["input"][0] };
        prompt["content"] = json!("Weather? [[sandbox words=3]]");
        let reply = send(&world, kind, &second).await.ok();
        let last = world.sandbox.last_requests().pop().unwrap();
        assert_eq!(last.path, kind.path(), "the native account answers");
        let sent = last_sent(&world).to_string();
        assert!(!sent.contains("tgc1."), "{kind:?}: {sent}");
        assert!(sent.contains("Rain.") && sent.contains("get_weather"), "the rest goes along: {sent}");
        assert!(reply.header("tollgate-dropped").is_some(), "{kind:?}");
        assert_eq!(world.finished().await[1].upstream_protocol, Some(kind.protocol()));
    }
}

/// Anthropic refuses a budget for thinking in the middle of a tool loop that did not begin with its thinking: there the
/// model goes on without, and that is noted.
#[tokio::test]
async fn a_loop_without_its_reasoning_goes_on_without_thinking() {
    let lane = Lane { kind: Kind::Chat, upstream: Protocol::Messages };
    let world = lane.world().await;
    let model = "claude-haiku-4-5";
    let mut body = first_turn(Kind::Chat, model, false);
    body["max_completion_tokens"] = json!(20_000);
    send(&world, Kind::Chat, &body).await.ok();
    assert_eq!(lane.sent(&world)["thinking"]["type"], "enabled");
    // Calls that another gate or model made: nobody remembers what was thought.
    let call = json!({"id": "toolu_elsewhere", "type": "function",
        "function": {"name": "get_weather", "arguments": "{}"}});
    let answer = json!({"choices": [{"message": {"tool_calls": [call]}}]});
    let reply = send(&world, Kind::Chat, &second_turn(Kind::Chat, &body, &answer)).await.ok();
    assert_eq!(lane.sent(&world).get("thinking"), None);
    let dropped = reply.header("tollgate-dropped").unwrap_or_default();
    assert!(dropped.split(',').any(|name| name == "reasoning_effort"), "{dropped}");
}
