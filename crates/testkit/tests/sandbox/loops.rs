//! Tool loops told in advance, the same in all three protocols.

use serde_json::{Value, json};

use crate::client::{APIS, Api, post, sandbox};

const STEPS: &str = r#"[[sandbox steps='[
  {"thinking": 3, "text": "Let me look.", "tool": "Read", "args": {"path": "a"}},
  {"calls": [{"tool": "Edit", "args": {"path": "a"}, "thinking": "now edit"}, {"tool": "free", "args": "raw text"}]},
  {"text": "done"}]']]"#;

/// Parts of an answer in one form: `("text", ..)`, `("call", name input)`, `("thinking", ..)`.
fn parts(api: Api, answer: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let pair = |kind: &str, said: String| (kind.to_owned(), said);
    match api {
        Api::Messages => answer["content"]
            .as_array()
            .unwrap()
            .iter()
            .map(|block| match block["type"].as_str().unwrap() {
                "tool_use" => pair("call", format!("{} {}", text(&block["name"]), block["input"])),
                kind => pair(kind, text(&block[kind])),
            })
            .collect(),
        Api::Chat => {
            let message = &answer["choices"][0]["message"];
            let mut parts = Vec::new();
            for (kind, name) in [("thinking", "reasoning_content"), ("text", "content")] {
                parts.extend(message[name].as_str().map(|said| pair(kind, said.to_owned())));
            }
            for call in message["tool_calls"].as_array().into_iter().flatten() {
                let custom = call.get("custom");
                let inner = custom.unwrap_or(&call["function"]);
                let said = if custom.is_some() { &inner["input"] } else { &inner["arguments"] };
                parts.push(pair("call", format!("{} {}", text(&inner["name"]), text(said))));
            }
            parts
        }
        Api::Responses => answer["output"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| match item["type"].as_str().unwrap() {
                "message" => pair("text", text(&item["content"][0]["text"])),
                "reasoning" => pair("thinking", text(&item["summary"][0]["text"])),
                "custom_tool_call" => {
                    pair("call", format!("{} {}", text(&item["name"]), text(&item["input"])))
                }
                _ => pair("call", format!("{} {}", text(&item["name"]), text(&item["arguments"]))),
            })
            .collect(),
    }
}

/// The request that brings the results of an answer's calls.
fn go_on(api: Api, body: &mut Value, answer: &Value) {
    match api {
        Api::Messages => {
            let turns = body["messages"].as_array_mut().unwrap();
            let calls =
                answer["content"].as_array().unwrap().iter().filter(|block| block["type"] == "tool_use");
            let mut results: Vec<Value> = calls
                .map(|block| json!({"type": "tool_result", "tool_use_id": block["id"], "content": "ok"}))
                .collect();
            results.push(json!({"type": "text", "text": "<system-reminder>be careful</system-reminder>"}));
            turns.push(json!({"role": "assistant", "content": answer["content"]}));
            turns.push(json!({"role": "user", "content": results}));
        }
        Api::Chat => {
            let turns = body["messages"].as_array_mut().unwrap();
            let message = answer["choices"][0]["message"].clone();
            let results: Vec<Value> = message["tool_calls"]
                .as_array()
                .unwrap()
                .iter()
                .map(|call| json!({"role": "tool", "tool_call_id": call["id"], "content": "ok"}))
                .collect();
            turns.push(message);
            turns.extend(results);
        }
        Api::Responses => {
            let items = body["input"].as_array_mut().unwrap();
            for item in answer["output"].as_array().unwrap() {
                items.push(item.clone());
                if let Some(call_id) = item.get("call_id") {
                    let kind = format!("{}_output", item["type"].as_str().unwrap());
                    items.push(json!({"type": kind, "call_id": call_id, "output": "ok"}));
                }
            }
        }
    }
}

fn body(api: Api) -> Value {
    let schema = json!({"type": "object", "properties": {"path": {"type": "string"}}});
    let turns = json!([{"role": "user", "content": STEPS}]);
    match api {
        Api::Messages => {
            let tools: Vec<Value> = ["Read", "Edit", "free"]
                .iter()
                .map(|name| json!({"name": name, "input_schema": schema}))
                .collect();
            json!({"model": "m", "max_tokens": 5000, "messages": turns, "tools": tools})
        }
        Api::Chat => {
            let function =
                |name: &str| json!({"type": "function", "function": {"name": name, "parameters": schema}});
            let tools =
                json!([function("Read"), function("Edit"), {"type": "custom", "custom": {"name": "free"}}]);
            json!({"model": "m", "messages": turns, "tools": tools})
        }
        Api::Responses => {
            let function = |name: &str| json!({"type": "function", "name": name, "parameters": schema});
            let inner = json!({"type": "namespace", "name": "fs", "tools": [function("Edit"), {"type": "custom", "name": "free"}]});
            json!({"model": "m", "input": turns, "tools": [function("Read"), inner]})
        }
    }
}

#[tokio::test]
async fn each_round_gets_the_next_step() {
    let sandbox = sandbox().await;
    for api in APIS {
        let mut body = body(api);
        let mut rounds = Vec::new();
        for _ in 0..3 {
            let reply = post(sandbox.addr(), api.path(), &body).await.unwrap();
            assert_eq!(reply.status, 200, "{}", reply.text());
            let answer = reply.json();
            rounds.push(parts(api, &answer));
            if rounds.len() < 3 {
                go_on(api, &mut body, &answer);
            }
        }
        let kinds: Vec<Vec<&str>> =
            rounds.iter().map(|parts| parts.iter().map(|(kind, _)| kind.as_str()).collect()).collect();
        assert_eq!(
            kinds,
            [vec!["thinking", "text", "call"], vec!["thinking", "call", "call"], vec!["text"]],
            "{api:?}"
        );
        assert_eq!(rounds[0][2].1, r#"Read {"path":"a"}"#);
        assert_eq!(rounds[1][0].1, "now edit");
        assert_eq!(rounds[1][1].1, r#"Edit {"path":"a"}"#);
        let free = if api == Api::Messages { r#"free {"input":"raw text"}"# } else { "free raw text" };
        // Where there are no custom tools the text is the function's own input.
        assert_eq!(rounds[1][2].1, free);
        assert_eq!(rounds[2][0].1, "done");
    }
}

#[tokio::test]
async fn a_new_question_ends_the_old_loop() {
    let sandbox = sandbox().await;
    let turns = json!([
        {"role": "user", "content": "[[sandbox steps='[{\"tool\":\"Read\"},{\"text\":\"done\"}]']]"},
        {"role": "assistant", "content": "hm"},
        {"role": "user", "content": "[[sandbox text=\"other\"]]"}
    ]);
    let answer = post(sandbox.addr(), "/v1/chat/completions", &json!({"model": "m", "messages": turns}))
        .await
        .unwrap()
        .json();
    assert_eq!(answer["choices"][0]["message"]["content"], "other");
}

#[tokio::test]
async fn thinking_between_the_parts() {
    let sandbox = sandbox().await;
    let mut body = Api::Messages.body("[[sandbox thinking=3 interleave text=so tool=a tools=2]]", false);
    let kinds = |answer: &Value| -> Vec<String> {
        answer["content"]
            .as_array()
            .unwrap()
            .iter()
            .map(|block| block["type"].as_str().unwrap().to_owned())
            .collect()
    };
    let plain = post(sandbox.addr(), "/v1/messages", &body).await.unwrap().json();
    assert_eq!(kinds(&plain), ["thinking", "text", "thinking", "tool_use", "thinking", "tool_use"]);
    body["stream"] = json!(true);
    let events = post(sandbox.addr(), "/v1/messages", &body).await.unwrap().events();
    let starts: Vec<Value> = events
        .iter()
        .filter(|event| event.name == "content_block_start")
        .map(|event| event.json()["content_block"]["type"].clone())
        .collect();
    assert_eq!(json!(starts), json!(kinds(&plain)));
}
