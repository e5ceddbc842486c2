//! `steps=`: several rounds of calls, told in one message.

use serde_json::{Value, json};

use crate::client::{APIS, Api, post, sandbox};

const STEPS: &str = r#"[[sandbox steps='[{"tool":"read","args":{"path":"a"}},{"calls":[{"tool":"patch","args":"*** free"},{"tool":"read"}],"text":"now"},{"text":"done"}]']]"#;

fn tools(api: Api) -> Value {
    let schema = json!({"type": "object"});
    match api {
        Api::Messages => {
            json!([{"name": "read", "input_schema": schema}, {"name": "patch", "input_schema": schema}])
        }
        Api::Chat => json!([
            {"type": "function", "function": {"name": "read", "parameters": schema}},
            {"type": "custom", "custom": {"name": "patch"}}
        ]),
        Api::Responses => json!([
            {"type": "namespace", "name": "files", "tools": [{"type": "function", "name": "read", "parameters": schema}]},
            {"type": "custom", "name": "patch"}
        ]),
    }
}

/// Names of the calls and the text of an answer, and what the next request holds of it.
fn read(api: Api, answer: &Value) -> (Vec<String>, String, Vec<Value>) {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let named = |calls: &[Value], at: fn(&Value) -> &Value| -> Vec<String> {
        calls.iter().filter_map(|call| at(call).as_str().map(str::to_owned)).collect()
    };
    match api {
        Api::Messages => {
            let blocks = list(&answer["content"]);
            let names = named(&blocks, |block| &block["name"]);
            let text = blocks.iter().filter_map(|block| block["text"].as_str()).collect();
            (names, text, vec![json!({"role": "assistant", "content": blocks})])
        }
        Api::Chat => {
            let message = &answer["choices"][0]["message"];
            let names = named(&list(&message["tool_calls"]), |call| match &call["function"]["name"] {
                Value::Null => &call["custom"]["name"],
                name => name,
            });
            (names, message["content"].as_str().unwrap_or_default().to_owned(), vec![message.clone()])
        }
        Api::Responses => {
            let items = list(&answer["output"]);
            let names = named(&items, |item| &item["name"]);
            let text = items.iter().filter_map(|item| item["content"][0]["text"].as_str()).collect();
            (names, text, items)
        }
    }
}

/// A result for each call that the model made.
fn results(api: Api, said: &[Value]) -> Vec<Value> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    match api {
        Api::Messages => {
            let calls = list(&said[0]["content"]).into_iter().filter(|block| block["type"] == "tool_use");
            let result =
                |call: Value| json!({"type": "tool_result", "tool_use_id": call["id"], "content": "ok"});
            let mut blocks: Vec<Value> = calls.map(result).collect();
            blocks.push(json!({"type": "text", "text": "a reminder"}));
            vec![json!({"role": "user", "content": blocks})]
        }
        Api::Chat => list(&said[0]["tool_calls"])
            .iter()
            .map(|call| json!({"role": "tool", "tool_call_id": call["id"], "content": "ok"}))
            .collect(),
        Api::Responses => {
            let calls = said.iter().filter(|item| item["call_id"].is_string());
            let result = |item: &Value| {
                let kind = format!("{}_output", item["type"].as_str().unwrap_or_default());
                json!({"type": kind, "call_id": item["call_id"], "output": "ok"})
            };
            calls.map(result).collect()
        }
    }
}

#[tokio::test]
async fn every_protocol_goes_through_the_steps() {
    let sandbox = sandbox().await;
    for api in APIS {
        let mut turns = vec![json!({"role": "user", "content": STEPS})];
        let mut seen = Vec::new();
        for _ in 0..3 {
            let member = if api == Api::Responses { "input" } else { "messages" };
            let mut body = json!({"model": "m", "tools": tools(api)});
            body[member] = Value::Array(turns.clone());
            if api == Api::Messages {
                body["max_tokens"] = json!(1000);
            }
            let answer = post(sandbox.addr(), api.path(), &body).await.unwrap().json();
            let (names, text, said) = read(api, &answer);
            let back = results(api, &said);
            turns.extend(said);
            turns.extend(back);
            seen.push((names.join(" "), text));
        }
        let expected = [("read", ""), ("patch read", "now"), ("", "done")];
        let expected = expected.map(|(names, text)| (names.to_owned(), text.to_owned()));
        assert_eq!(seen, expected, "{api:?}");
    }
}

#[tokio::test]
async fn a_later_directive_wins() {
    let sandbox = sandbox().await;
    let body = json!({"model": "m", "messages": [
        {"role": "user", "content": STEPS},
        {"role": "assistant", "content": "hm"},
        {"role": "user", "content": "[[sandbox text=other]]"}
    ]});
    let answer = post(sandbox.addr(), Api::Chat.path(), &body).await.unwrap().json();
    assert_eq!(answer["choices"][0]["message"]["content"], "other");
}
