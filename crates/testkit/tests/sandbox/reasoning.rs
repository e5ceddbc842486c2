//! Reasoning that comes back: the sandbox's own is taken, anybody else's is not.

use http::Method;
use serde_json::{Value, json};
use tollgate_testkit::Sandbox;

use crate::client::{Api, Reply, sandbox, send};

async fn post_as(sandbox: &Sandbox, key: &str, api: Api, body: &Value) -> Reply {
    let headers = [("authorization", format!("Bearer {key}"))];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    send(sandbox.addr(), Method::POST, api.path(), &headers, body.to_string()).await.unwrap()
}

fn message(model: &str, turns: &[Value]) -> Value {
    json!({"model": model, "max_tokens": 5000, "messages": turns})
}

#[tokio::test]
async fn a_signature_is_for_a_text_a_model_and_an_account() {
    let sandbox = sandbox().await;
    for (display, directive) in
        [("summarized", "thinking=5"), ("omitted", "thinking=5"), ("summarized", "redacted")]
    {
        let ask = json!({"role": "user", "content": format!("[[sandbox {directive} text=so]]")});
        let mut first = message("claude-opus-5-5", std::slice::from_ref(&ask));
        first["thinking"] = json!({"type": "adaptive", "display": display});
        let answer = post_as(&sandbox, "one", Api::Messages, &first).await.json();
        let content = &answer["content"];
        assert!(matches!(content[0]["type"].as_str(), Some("thinking" | "redacted_thinking")), "{answer}");

        let next = |model: &str, content: &Value| {
            message(
                model,
                &[
                    ask.clone(),
                    json!({"role": "assistant", "content": content}),
                    json!({"role": "user", "content": "on"}),
                ],
            )
        };
        let mut edited = content.clone();
        let member = if directive == "redacted" { "data" } else { "thinking" };
        edited[0][member] = json!("something else");
        for (key, model, content, status) in [
            ("one", "claude-opus-5-5", content, 200),
            ("one", "claude-sonnet-5-5", content, 400),
            ("two", "claude-opus-5-5", content, 400),
            ("one", "claude-opus-5-5", &edited, 400),
        ] {
            let reply = post_as(&sandbox, key, Api::Messages, &next(model, content)).await;
            assert_eq!(reply.status, status, "{directive} {display} {key} {model}: {}", reply.text());
            if status == 400 {
                let words = if directive == "redacted" {
                    "Invalid `data` in `redacted_thinking` block"
                } else {
                    "Invalid `signature` in `thinking` block"
                };
                assert!(reply.text().contains(words), "{}", reply.text());
            }
        }
    }
}

#[tokio::test]
async fn streamed_signatures_are_as_good() {
    let sandbox = sandbox().await;
    let mut body =
        message("claude-opus-5-5", &[json!({"role": "user", "content": "[[sandbox thinking=5 text=so]]"})]);
    body["stream"] = json!(true);
    let events = post_as(&sandbox, "one", Api::Messages, &body).await.events();
    let deltas: Vec<Value> = events.iter().map(|event| event.json()["delta"].clone()).collect();
    let all = |name: &str| -> String { deltas.iter().filter_map(|delta| delta[name].as_str()).collect() };
    let thinking = json!({"type": "thinking", "thinking": all("thinking"), "signature": all("signature")});
    let turns = [
        json!({"role": "user", "content": "go"}),
        json!({"role": "assistant", "content": [thinking, {"type": "text", "text": "so"}]}),
        json!({"role": "user", "content": "on"}),
    ];
    let reply = post_as(&sandbox, "one", Api::Messages, &message("claude-opus-5-5", &turns)).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
}

#[tokio::test]
async fn enabled_thinking_wants_a_tool_loop_to_begin_with_it() {
    let sandbox = sandbox().await;
    let ask = json!({"role": "user", "content": "[[sandbox thinking=5 tool=get]]"});
    let mut body = message("claude-haiku-4-5", std::slice::from_ref(&ask));
    body["thinking"] = json!({"type": "enabled", "budget_tokens": 1024});
    body["tools"] = json!([{"name": "get", "input_schema": {"type": "object"}}]);
    let content = post_as(&sandbox, "one", Api::Messages, &body).await.json()["content"].clone();
    let result = json!([{"type": "tool_result", "tool_use_id": content[1]["id"], "content": "x"}]);
    for (content, status) in [(content.clone(), 200), (json!([content[1]]), 400)] {
        body["messages"] =
            json!([ask, {"role": "assistant", "content": content}, {"role": "user", "content": result}]);
        let reply = post_as(&sandbox, "one", Api::Messages, &body).await;
        assert_eq!(reply.status, status, "{}", reply.text());
        if status == 400 {
            assert!(
                reply.text().contains("Expected `thinking` or `redacted_thinking`, but found `tool_use`")
            );
        }
    }
}

#[tokio::test]
async fn encrypted_reasoning_is_for_a_family_and_an_account() {
    let sandbox = sandbox().await;
    for directive in ["thinking=5", "redacted"] {
        let ask = json!({"role": "user", "content": format!("[[sandbox {directive} text=so]]")});
        let first = json!({"model": "gpt-5.5", "store": false, "input": [ask]});
        let output = post_as(&sandbox, "one", Api::Responses, &first).await.json()["output"].clone();
        assert_eq!(output[0]["summary"].as_array().unwrap().len(), usize::from(directive != "redacted"));
        let mut edited = output.clone();
        edited[0]["encrypted_content"] = json!("gAAAAAforeign");
        for (key, model, output, status) in [
            ("one", "gpt-5.5", &output, 200),
            ("one", "gpt-5.1", &output, 200),
            ("one", "gpt-6-sol", &output, 400),
            ("two", "gpt-5.5", &output, 400),
            ("one", "gpt-5.5", &edited, 400),
        ] {
            let body = json!({"model": model, "store": false, "input": [ask, output[0], output[1], {"role": "user", "content": "on"}]});
            let reply = post_as(&sandbox, key, Api::Responses, &body).await;
            assert_eq!(reply.status, status, "{directive} {key} {model}: {}", reply.text());
            if status == 400 {
                assert_eq!(reply.json()["error"]["code"], "invalid_encrypted_content");
            }
        }
    }
}

#[tokio::test]
async fn deepseek_wants_its_reasoning_back_with_a_call() {
    let sandbox = sandbox().await;
    for (directive, without) in [("thinking=5", 400), ("words=3", 200)] {
        let ask = json!({"role": "user", "content": format!("[[sandbox {directive} tool=get]]")});
        let tools =
            json!([{"type": "function", "function": {"name": "get", "parameters": {"type": "object"}}}]);
        let body = |messages: Value| json!({"model": "deepseek-chat", "messages": messages, "tools": tools});
        let first = post_as(&sandbox, "one", Api::Chat, &body(json!([ask]))).await.json();
        let mut turn = first["choices"][0]["message"].clone();
        let result = json!({"role": "tool", "tool_call_id": turn["tool_calls"][0]["id"], "content": "x"});
        let with = post_as(&sandbox, "one", Api::Chat, &body(json!([ask, turn, result]))).await;
        assert_eq!(with.status, 200, "{}", with.text());
        turn.as_object_mut().unwrap().remove("reasoning_content");
        let reply = post_as(&sandbox, "one", Api::Chat, &body(json!([ask, turn, result]))).await;
        assert_eq!(reply.status, without, "{}", reply.text());
        if without == 400 {
            assert!(reply.text().contains("must be passed back to the API"), "{}", reply.text());
        }
        turn["reasoning_content"] = json!("");
        let empty = post_as(&sandbox, "one", Api::Chat, &body(json!([ask, turn, result]))).await;
        assert_eq!(empty.status, 200, "an empty one is enough");
    }
}
