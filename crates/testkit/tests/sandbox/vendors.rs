//! How vendors of Chat deviate, and what is cited.

use serde_json::{Value, json};

use crate::client::{APIS, Api, Event, ask, is_terminated, sandbox};

async fn chunks(directives: &str) -> Vec<Value> {
    let sandbox = sandbox().await;
    let events = ask(&sandbox, Api::Chat, &format!("[[sandbox {directives}]]"), true).await.events();
    events.iter().filter(|event| event.data != "[DONE]").map(Event::json).collect()
}

async fn plain(directives: &str) -> Value {
    let sandbox = sandbox().await;
    ask(&sandbox, Api::Chat, &format!("[[sandbox {directives}]]"), false).await.json()
}

fn deltas<'a>(chunks: &'a [Value], name: &str) -> Vec<&'a Value> {
    chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"].get(name)).collect()
}

#[tokio::test]
async fn streams_without_done() {
    let sandbox = sandbox().await;
    let events = ask(&sandbox, Api::Chat, "[[sandbox words=2 no_done]]", true).await.events();
    assert!(!is_terminated(Api::Chat, &events));
    assert_eq!(events.last().unwrap().json()["choices"], json!([]), "the usage chunk is last");
}

#[tokio::test]
async fn usage_in_odd_forms() {
    let each = chunks("words=4 usage_each").await;
    let counted: Vec<u64> =
        each.iter().map(|chunk| chunk["usage"]["completion_tokens"].as_u64().unwrap()).collect();
    assert!(counted.is_sorted() && counted[0] == 0 && counted.last() > Some(&0), "{counted:?}");

    let hit = plain("input=10 cache_read=90 family=deepseek").await["usage"].clone();
    assert_eq!((&hit["prompt_cache_hit_tokens"], &hit["prompt_cache_miss_tokens"]), (&json!(90), &json!(10)));
    assert!(hit.get("prompt_tokens_details").is_none());
    let stream = chunks("input=10 cache_read=90 family=deepseek").await;
    assert_eq!(stream.last().unwrap()["usage"]["prompt_cache_hit_tokens"], 90);
    assert_eq!(stream.last().unwrap()["choices"][0]["finish_reason"], "stop", "usage comes with the finish");

    assert_eq!(plain("input=10 string_numbers").await["usage"]["prompt_tokens"], "10");
    assert_eq!(chunks("input=10 string_numbers").await.last().unwrap()["usage"]["prompt_tokens"], "10");
}

#[tokio::test]
async fn reasoning_in_other_members() {
    for (field, members) in [
        ("reasoning_content", &["reasoning_content"][..]),
        ("reasoning", &["reasoning"]),
        ("reasoning_details", &["reasoning", "reasoning_details"]),
    ] {
        let directives = format!("thinking=3 text=so reasoning_field={field}");
        let message = plain(&directives).await["choices"][0]["message"].clone();
        let stream = chunks(&directives).await;
        for name in ["reasoning_content", "reasoning", "reasoning_details"] {
            assert_eq!(message.get(name).is_some(), members.contains(&name), "{field}: {name}");
            assert_eq!(!deltas(&stream, name).is_empty(), members.contains(&name), "{field}: {name}");
        }
    }
}

#[tokio::test]
async fn ollama_numbers_all_calls_zero() {
    let stream = chunks("tool=get tools=2 args='{\"a\":1}' family=ollama").await;
    let calls = deltas(&stream, "tool_calls");
    assert!(calls.iter().all(|calls| calls[0]["index"] == 0));
    assert_eq!(calls.iter().filter(|calls| calls[0].get("id").is_some()).count(), 2);
    let finish = stream.iter().find_map(|chunk| chunk["choices"][0]["finish_reason"].as_str());
    assert_eq!(finish, Some("stop"));
}

#[tokio::test]
async fn empty_choices_and_bare_errors() {
    assert_eq!(chunks("words=2 empty_choices").await[0]["choices"], json!([]));
    let failed = chunks("words=5 error_after=3 family=vllm message=broken").await;
    let last = failed.last().unwrap();
    assert!(last.get("error").is_none(), "{last}");
    assert_eq!((&last["object"], &last["message"]), (&json!("error"), &json!("broken")));
}

#[tokio::test]
async fn what_was_found_is_cited_in_every_protocol() {
    let sandbox = sandbox().await;
    for api in APIS {
        let prompt = "rivers [[sandbox citations=2 text=\"as is known\"]]";
        let answer = ask(&sandbox, api, prompt, false).await.json();
        let cited = match api {
            Api::Messages => {
                let content = &answer["content"];
                assert_eq!(
                    (&content[0]["type"], &content[1]["type"]),
                    (&json!("server_tool_use"), &json!("web_search_tool_result"))
                );
                assert_eq!(
                    (&content[0]["input"]["query"], &content[0]["id"]),
                    (&json!("rivers"), &content[1]["tool_use_id"])
                );
                assert_eq!(answer["usage"]["server_tool_use"]["web_search_requests"], 1);
                &content[2]["citations"][1]["url"]
            }
            Api::Chat => &answer["choices"][0]["message"]["annotations"][1]["url_citation"]["url"],
            Api::Responses => {
                assert_eq!(answer["output"][0]["type"], "web_search_call");
                &answer["output"][1]["content"][0]["annotations"][1]["url"]
            }
        };
        assert_eq!(cited, "https://example.com/2", "{api:?}");
        let events = ask(&sandbox, api, prompt, true).await.events();
        let streamed = events.iter().filter(|event| {
            let data = event.json();
            data["delta"]["type"] == "citations_delta"
                || data["type"] == "response.output_text.annotation.added"
                || data["choices"][0]["delta"].get("annotations").is_some()
        });
        assert_eq!(streamed.count(), if api == Api::Chat { 1 } else { 2 }, "{api:?}");
    }
}
