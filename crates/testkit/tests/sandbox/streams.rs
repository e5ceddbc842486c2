//! Streams decode to the same answer in whatever shape they are written.

use serde_json::Value;

use crate::client::{APIS, Api, Event, ask, is_terminated, plain_text, post, sandbox, streamed_text};

#[tokio::test]
async fn every_shape_decodes_to_the_plain_answer() {
    let sandbox = sandbox().await;
    for api in APIS {
        for shape in [
            "",
            "crlf",
            "cr",
            "no_space",
            "crlf no_space",
            "split=1",
            "split=7 crlf",
            "split=3 cr",
            "comments",
            "ping=1",
            "extra_event",
            "chunks=1",
            "chunks=2",
            "duplicate_usage",
            "usage_in_finish",
            "no_usage",
            "huge=200000",
            "slow_event_ms=1",
            "slow_body_ms=20",
        ] {
            let prompt = format!("hello [[sandbox words=6 {shape}]]");
            let stream = ask(&sandbox, api, &prompt, true).await;
            assert!(stream.error.is_none(), "{api:?} {shape}: {:?}", stream.error);
            assert_eq!(stream.header("content-type"), "text/event-stream; charset=utf-8");
            let events = stream.events();
            assert!(is_terminated(api, &events), "{api:?} {shape}: {:?}", events.last());
            let plain = ask(&sandbox, api, &prompt, false).await.json();
            assert_eq!(streamed_text(api, &events), plain_text(api, &plain), "{api:?} {shape}");
        }
    }
}

#[tokio::test]
async fn split_writes_every_byte_alone() {
    let sandbox = sandbox().await;
    let reply = ask(&sandbox, Api::Chat, "[[sandbox words=3 split=1]]", true).await;
    assert!(reply.frames.len() > 500 && reply.frames.iter().all(|frame| frame.len() == 1));
}

#[tokio::test]
async fn line_ends_are_as_asked() {
    let sandbox = sandbox().await;
    for api in APIS {
        let crlf = ask(&sandbox, api, "[[sandbox crlf]]", true).await.text();
        assert_eq!(crlf.matches('\n').count(), crlf.matches("\r\n").count());
        let cr = ask(&sandbox, api, "[[sandbox cr no_space]]", true).await.text();
        assert!(!cr.contains('\n') && !cr.contains("data: ") && cr.contains("data:"));
        let comments = ask(&sandbox, api, "[[sandbox comments]]", true).await.text();
        assert!(comments.starts_with(": comment 0\n\n"));
    }
}

#[tokio::test]
async fn messages_blocks_open_and_close_in_order() {
    let sandbox = sandbox().await;
    let mut body = Api::Messages.body("[[sandbox thinking=4 text=\"so\" tools=2]]", true);
    body["tools"] =
        serde_json::json!([{"name": "get", "input_schema": {"type": "object", "required": ["a"]}}]);
    let events = post(sandbox.addr(), "/v1/messages", &body).await.unwrap().events();
    let mut open = None;
    let mut kinds = Vec::new();
    for event in &events {
        let data = event.json();
        assert_eq!(data["type"], event.name);
        match event.name.as_str() {
            "content_block_start" => {
                assert_eq!((open, &data["index"]), (None, &Value::from(kinds.len())));
                open = data["index"].as_u64();
                kinds.push(data["content_block"]["type"].as_str().unwrap().to_owned());
            }
            "content_block_delta" => assert_eq!(data["index"].as_u64(), open),
            "content_block_stop" => assert_eq!(open.take(), data["index"].as_u64()),
            _ => assert_eq!(open, None),
        }
    }
    assert_eq!(kinds, ["thinking", "text", "tool_use", "tool_use"]);
    let deltas: Vec<Value> = events.iter().map(Event::json).collect();
    let signature = deltas.iter().position(|data| data["delta"]["type"] == "signature_delta").unwrap();
    assert_eq!(deltas[signature + 1]["type"], "content_block_stop");
    let end = &deltas[deltas.len() - 2];
    assert_eq!(end["delta"]["stop_reason"], "tool_use");
    assert!(
        end["usage"]["output_tokens"].as_u64() > Some(1) && end["usage"]["input_tokens"].as_u64() > Some(1)
    );
}

#[tokio::test]
async fn omitted_thinking_is_a_signature_only() {
    let sandbox = sandbox().await;
    let mut body = Api::Messages.body("[[sandbox thinking=4]]", true);
    body["thinking"] = serde_json::json!({"type": "adaptive", "display": "omitted"});
    let text = post(sandbox.addr(), "/v1/messages?beta=true", &body).await.unwrap().text();
    assert!(text.contains("signature_delta") && !text.contains("thinking_delta"));
}

#[tokio::test]
async fn chat_usage_comes_only_when_asked_for() {
    let sandbox = sandbox().await;
    let usages = |events: &[Event]| -> Vec<Option<Value>> {
        events
            .iter()
            .filter(|event| event.data != "[DONE]")
            .map(|event| event.json().get("usage").cloned())
            .collect()
    };
    let asked = ask(&sandbox, Api::Chat, "hi", true).await.events();
    let (last, before) =
        usages(&asked).split_last().map(|(last, before)| (last.clone(), before.to_vec())).unwrap();
    assert!(last.unwrap()["total_tokens"].as_u64() > Some(0));
    assert!(before.iter().all(|usage| *usage == Some(Value::Null)));
    let usage_chunk = asked[asked.len() - 2].json();
    assert_eq!(usage_chunk["choices"], serde_json::json!([]));

    let mut body = Api::Chat.body("hi", true);
    body.as_object_mut().unwrap().remove("stream_options");
    let silent = post(sandbox.addr(), "/v1/chat/completions", &body).await.unwrap().events();
    assert!(usages(&silent).iter().all(Option::is_none));

    let twice = ask(&sandbox, Api::Chat, "[[sandbox duplicate_usage]]", true).await.events();
    assert_eq!(usages(&twice).iter().flatten().filter(|usage| usage.is_object()).count(), 2);
    let finish = ask(&sandbox, Api::Chat, "[[sandbox usage_in_finish]]", true).await.events();
    let chunk = finish[finish.len() - 2].json();
    assert_eq!(chunk["choices"][0]["finish_reason"], "stop");
    assert!(chunk["usage"]["total_tokens"].as_u64() > Some(0));
}

#[tokio::test]
async fn chat_streams_several_choices() {
    let sandbox = sandbox().await;
    let mut body = Api::Chat.body("[[sandbox words=2]]", true);
    body["n"] = Value::from(3);
    let events = post(sandbox.addr(), "/v1/chat/completions", &body).await.unwrap().events();
    let finished: Vec<u64> = events
        .iter()
        .map(|event| event.json()["choices"][0].clone())
        .filter(|choice| choice["finish_reason"] == "stop")
        .map(|choice| choice["index"].as_u64().unwrap())
        .collect();
    assert_eq!(finished, [0, 1, 2]);
}

#[tokio::test]
async fn responses_tell_the_whole_sequence() {
    let sandbox = sandbox().await;
    let prompt = "[[sandbox thinking=2 text=\"hi\" tool=get args='{}' searches=1]]";
    let reply = ask(&sandbox, Api::Responses, prompt, true).await;
    let events = reply.events();
    for (number, event) in events.iter().enumerate() {
        let data = event.json();
        assert_eq!(
            (&data["type"], &data["sequence_number"]),
            (&Value::from(event.name.as_str()), &Value::from(number))
        );
    }
    let mut names: Vec<&str> =
        events.iter().map(|event| event.name.trim_start_matches("response.")).collect();
    names.dedup();
    assert_eq!(
        names,
        [
            "created",
            "in_progress",
            "output_item.added",
            "reasoning_summary_part.added",
            "reasoning_summary_text.delta",
            "reasoning_summary_text.done",
            "reasoning_summary_part.done",
            "output_item.done",
            "output_item.added",
            "web_search_call.in_progress",
            "web_search_call.searching",
            "web_search_call.completed",
            "output_item.done",
            "output_item.added",
            "content_part.added",
            "output_text.delta",
            "output_text.done",
            "content_part.done",
            "output_item.done",
            "output_item.added",
            "function_call_arguments.delta",
            "function_call_arguments.done",
            "output_item.done",
            "completed",
        ]
    );
    let done = events.iter().filter(|event| event.name == "response.output_item.done");
    let items: Vec<Value> = done.map(|event| event.json()["item"].clone()).collect();
    let last = events.last().unwrap().json();
    assert_eq!(last["response"]["output"], Value::from(items));
    assert_eq!(last["response"]["id"], events[0].json()["response"]["id"]);
}
