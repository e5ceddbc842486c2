//! The house styles: the envelope of `/api/v1`, and `style: "claude"`.

use serde_json::{Value, json};
use tollgate_store::StreamEnd;

use crate::support::sse::{chunks, events};
use crate::support::{Call, Kind, Setup, World};

const DIRECTIVES: &str = "text='Bonjour, monde.' input=40 output=6 cache_read=10";

#[track_caller]
fn data(envelope: &Value) -> &Value {
    let head = (&envelope["success"], &envelope["code"], &envelope["message"]);
    assert_eq!(head, (&json!(true), &json!("200"), &json!("successful")), "{envelope}");
    assert_eq!(envelope.as_object().unwrap().len(), 4);
    &envelope["data"]
}

#[tokio::test]
async fn a_messages_answer_in_the_envelope() {
    let world = World::new().await;
    let reply = Kind::EnvelopeMessages.call(&world, DIRECTIVES, false).send(world.addr).await.ok().json();
    let data = data(&reply);
    assert!(data["id"].as_str().is_some_and(|id| !id.is_empty()));
    assert_eq!(data["model"], "claude-sonnet-5-5");
    let choice = &data["choices"][0];
    assert_eq!((&choice["index"], &choice["message"]["role"]), (&json!(0), &json!("assistant")));
    assert_eq!(choice["message"]["content"], "Bonjour, monde.");
    assert_eq!(data["usage"]["completion_tokens"], 6);
    assert_eq!(data["usage"]["prompt_tokens"], 50, "OpenAI's form counts cached tokens in the prompt");
    let mut names: Vec<&String> = data.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["choices", "id", "model", "usage"]);
}

#[tokio::test]
async fn a_messages_stream_in_the_envelope() {
    let world = World::new().await;
    let reply = Kind::EnvelopeMessages.call(&world, DIRECTIVES, true).send(world.addr).await.ok();
    assert_eq!(reply.header("content-type"), Some("text/event-stream; charset=utf-8"));
    let events = events(&reply.body);
    assert!(events.iter().all(|event| event.name.is_empty()), "data lines only: {}", reply.text());
    assert_eq!(events.last().unwrap().data, "[DONE]");
    let chunks = chunks(&reply.body);
    let mut text = String::new();
    for chunk in &chunks {
        assert_eq!(
            (&chunk["object"], &chunk["model"]),
            (&json!("chat.completion.chunk"), &json!("claude-sonnet-5-5"))
        );
        text.push_str(chunk["choices"][0]["delta"]["content"].as_str().unwrap_or_default());
    }
    assert_eq!(text, "Bonjour, monde.");
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    let finished = chunks.iter().filter(|chunk| chunk["choices"][0]["finish_reason"] == "stop").count();
    assert_eq!(finished, 1);
    assert_eq!(world.only_record().await.stream_end, StreamEnd::Complete);
}

#[tokio::test]
async fn a_chat_answer_in_the_envelope() {
    let world = World::new().await;
    let reply = Kind::EnvelopeChat.call(&world, DIRECTIVES, false).send(world.addr).await.ok().json();
    let data = data(&reply);
    assert_eq!(data["model"], "gpt-5.5");
    assert_eq!(data["choices"][0]["message"]["content"], "Bonjour, monde.");
    assert_eq!(data["usage"]["prompt_tokens"], 50);
    let stream = Kind::EnvelopeChat.call(&world, DIRECTIVES, true).send(world.addr).await.ok();
    assert_eq!(events(&stream.body).last().unwrap().data, "[DONE]");
    assert!(chunks(&stream.body).iter().all(|chunk| chunk["object"] == "chat.completion.chunk"));
}

#[tokio::test]
async fn an_envelope_behind_a_mapping_shows_the_callers_name() {
    const MAPPING: &[(&str, &str)] = &[("gpt-5.5", "glm-real"), ("claude-sonnet-5-5", "glm-real")];
    let world = World::start(Setup { group_mapping: MAPPING, ..Setup::default() }).await;
    for kind in Kind::ALL {
        for stream in [false, true] {
            let reply = kind.call(&world, "words=3", stream).send(world.addr).await.ok();
            assert!(!reply.text().contains("glm-real"), "{kind:?} {stream}: {}", reply.text());
            assert!(reply.text().contains(kind.model()), "{kind:?} {stream}: {}", reply.text());
        }
    }
}

#[tokio::test]
async fn a_chat_answer_in_claudes_style() {
    let world = World::new().await;
    let reply = Kind::StyleClaude.call(&world, DIRECTIVES, false).send(world.addr).await.ok().json();
    assert_eq!((&reply["type"], &reply["role"]), (&json!("message"), &json!("assistant")));
    assert!(reply["id"].as_str().unwrap().starts_with("msg_"), "{reply}");
    assert_eq!(reply["model"], "gpt-5.5");
    assert_eq!(reply["content"], json!([{"type": "text", "text": "Bonjour, monde."}]));
    assert_eq!((&reply["stop_reason"], &reply["stop_sequence"]), (&json!("end_turn"), &Value::Null));
    assert_eq!((&reply["usage"]["input_tokens"], &reply["usage"]["output_tokens"]), (&json!(40), &json!(6)));
    assert_eq!(reply["usage"]["cache_read_input_tokens"], 10);
}

#[tokio::test]
async fn a_chat_stream_in_claudes_style() {
    let world = World::new().await;
    for shape in ["", "split=1 crlf", "chunks=1", "chunks=2 comments"] {
        let directives = format!("{DIRECTIVES} {shape}");
        let reply = Kind::StyleClaude.call(&world, &directives, true).send(world.addr).await.ok();
        let events: Vec<_> = events(&reply.body).into_iter().filter(|event| event.name != "ping").collect();
        let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
        assert_eq!(names[..2], ["message_start", "content_block_start"], "{shape}");
        assert_eq!(
            names[names.len() - 3..],
            ["content_block_stop", "message_delta", "message_stop"],
            "{shape}"
        );
        assert!(names[2..names.len() - 3].iter().all(|name| *name == "content_block_delta"), "{names:?}");
        assert!(events.iter().all(|event| event.json()["type"] == event.name.as_str()));
        let text: String = events
            .iter()
            .filter_map(|event| event.json()["delta"]["text"].as_str().map(str::to_owned))
            .collect();
        assert_eq!(text, "Bonjour, monde.", "{shape}");
        let start = &events[0].json()["message"];
        assert_eq!((&start["model"], &start["role"]), (&json!("gpt-5.5"), &json!("assistant")));
        let end = &events[events.len() - 2].json();
        assert_eq!(end["delta"]["stop_reason"], "end_turn");
        assert_eq!(end["usage"]["output_tokens"], 6);
    }
}

#[tokio::test]
async fn tool_calls_in_every_style() {
    let world = World::new().await;
    let directives = r#"tool=get_weather args='{"city":"Paris"}'"#;
    let reply = Kind::StyleClaude.call(&world, directives, false).send(world.addr).await.ok().json();
    let block = &reply["content"][0];
    assert_eq!((&block["type"], &block["name"]), (&json!("tool_use"), &json!("get_weather")), "{reply}");
    assert_eq!((&block["input"], &reply["stop_reason"]), (&json!({"city": "Paris"}), &json!("tool_use")));

    let reply = Kind::EnvelopeMessages.call(&world, directives, false).send(world.addr).await.ok().json();
    let call = &reply["data"]["choices"][0]["message"]["tool_calls"][0]["function"];
    assert_eq!(
        (&call["name"], &call["arguments"]),
        (&json!("get_weather"), &json!("{\"city\":\"Paris\"}")),
        "{reply}"
    );

    let reply = Kind::StyleClaude.call(&world, directives, true).send(world.addr).await.ok();
    let pieces: String = events(&reply.body)
        .iter()
        .filter_map(|event| event.json()["delta"]["partial_json"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(pieces, r#"{"city":"Paris"}"#);
    let reply = Kind::EnvelopeMessages.call(&world, directives, true).send(world.addr).await.ok();
    let arguments: String = chunks(&reply.body)
        .iter()
        .filter_map(|chunk| {
            let call = &chunk["choices"][0]["delta"]["tool_calls"][0]["function"];
            call["arguments"].as_str().map(str::to_owned)
        })
        .collect();
    assert_eq!(arguments, r#"{"city":"Paris"}"#);
}

#[tokio::test]
async fn style_openai_is_the_default() {
    let world = World::new().await;
    let mut body = Kind::Chat.body("gpt-5.5", "[[sandbox words=3]]", false);
    body["style"] = json!("openai");
    let call = Call::json("/v1/chat/completions", &body).bearer(world.key(Kind::Chat));
    let reply = call.send(world.addr).await.ok().json();
    assert_eq!(reply["object"], "chat.completion");
}
