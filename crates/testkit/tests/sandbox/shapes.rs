//! Answers have the members of the official SDKs' types, and no others.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::{APIS, Api, ask, plain_text, post, sandbox};

macro_rules! shape {
    ($name:ident { $($member:ident: $kind:ty),* $(,)? }) => {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[allow(dead_code, reason = "to be parsed is what these are for")]
        struct $name { $($member: $kind),* }
    };
}

type Null = Option<()>;

shape!(Message {
    id: String, r#type: String, role: String, model: String, content: Vec<Value>, stop_reason: String,
    stop_sequence: Option<String>, stop_details: Option<StopDetails>, container: Null, diagnostics: Null, usage: MessageUsage,
});
shape!(StopDetails { r#type: String, category: Option<String>, explanation: Option<String> });
shape!(MessageUsage {
    input_tokens: u64, output_tokens: u64, cache_creation_input_tokens: u64, cache_read_input_tokens: u64,
    cache_creation: CacheCreation, output_tokens_details: ThinkingTokens, server_tool_use: Option<ServerTools>,
    service_tier: String, inference_geo: String, speed: String,
});
shape!(CacheCreation { ephemeral_5m_input_tokens: u64, ephemeral_1h_input_tokens: u64 });
shape!(ThinkingTokens { thinking_tokens: u64 });
shape!(ServerTools { web_search_requests: u64, web_fetch_requests: u64 });

shape!(Completion {
    id: String, object: String, created: i64, model: String, choices: Vec<Choice>, usage: CompletionUsage,
    service_tier: String, system_fingerprint: String,
});
shape!(Choice { index: u64, message: ChatMessage, logprobs: Null, finish_reason: String });
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "to be parsed is what these are for")]
struct ChatMessage {
    role: String,
    content: Option<String>,
    refusal: Option<String>,
    annotations: Vec<Value>,
    #[serde(default)]
    reasoning_content: Option<String>,
    #[serde(default)]
    tool_calls: Vec<Value>,
}
shape!(CompletionUsage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: PromptDetails,
    completion_tokens_details: CompletionDetails,
});
shape!(PromptDetails { cached_tokens: u64, cache_write_tokens: u64, audio_tokens: u64 });
shape!(CompletionDetails {
    reasoning_tokens: u64,
    audio_tokens: u64,
    accepted_prediction_tokens: u64,
    rejected_prediction_tokens: u64,
});

const CONTENTS: [&str; 6] = [
    "hello",
    "[[sandbox thinking=8 cache_read=100 cache_write=7 cache_write_1h=5]]",
    "[[sandbox refusal]]",
    "[[sandbox tool=get args='{\"a\":1}']]",
    "[[sandbox searches=2]]",
    "[[sandbox stop=max_tokens words=3]]",
];

#[tokio::test]
async fn messages_parse_strictly() {
    let sandbox = sandbox().await;
    let mut stops = Vec::new();
    for prompt in CONTENTS {
        let message: Message =
            serde_json::from_value(ask(&sandbox, Api::Messages, prompt, false).await.json()).unwrap();
        assert!(message.id.starts_with("msg_") && message.role == "assistant");
        assert_eq!(message.stop_details.is_some(), message.stop_reason == "refusal");
        stops.push(message.stop_reason);
    }
    assert_eq!(stops, ["end_turn", "end_turn", "refusal", "tool_use", "end_turn", "max_tokens"]);
}

#[tokio::test]
async fn completions_parse_strictly() {
    let sandbox = sandbox().await;
    let mut finishes = Vec::new();
    for prompt in CONTENTS {
        let completion: Completion =
            serde_json::from_value(ask(&sandbox, Api::Chat, prompt, false).await.json()).unwrap();
        assert_eq!(
            completion.usage.total_tokens,
            completion.usage.prompt_tokens + completion.usage.completion_tokens
        );
        finishes.push(completion.choices[0].finish_reason.clone());
    }
    assert_eq!(finishes, ["stop", "stop", "content_filter", "tool_calls", "stop", "length"]);
}

#[tokio::test]
async fn responses_have_their_members() {
    let sandbox = sandbox().await;
    for (prompt, status, items) in [
        (CONTENTS[0], "completed", vec!["message"]),
        (CONTENTS[1], "completed", vec!["reasoning", "message"]),
        (CONTENTS[2], "completed", vec!["message"]),
        (CONTENTS[3], "completed", vec!["function_call"]),
        (CONTENTS[4], "completed", vec!["web_search_call", "web_search_call", "message"]),
        (CONTENTS[5], "incomplete", vec!["message"]),
    ] {
        let answer = ask(&sandbox, Api::Responses, prompt, false).await.json();
        assert_eq!(answer["status"], status);
        let kinds: Vec<&str> =
            answer["output"].as_array().unwrap().iter().map(|item| item["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, items);
        for member in [
            "instructions",
            "metadata",
            "tools",
            "tool_choice",
            "text",
            "error",
            "incomplete_details",
            "top_p",
        ] {
            assert!(answer.get(member).is_some(), "{member}");
        }
        let usage = &answer["usage"];
        let sum = usage["input_tokens"].as_u64().unwrap() + usage["output_tokens"].as_u64().unwrap();
        assert_eq!(usage["total_tokens"], sum);
    }
}

#[tokio::test]
async fn all_protocols_count_the_same_buckets_their_own_way() {
    let sandbox = sandbox().await;
    let prompt = "[[sandbox input=10 output=20 cache_read=100 cache_write=7 cache_write_1h=5 searches=3]]";
    let message = ask(&sandbox, Api::Messages, prompt, false).await.json();
    let usage = &message["usage"];
    assert_eq!((&usage["input_tokens"], &usage["output_tokens"]), (&json!(10), &json!(20)));
    assert_eq!(
        (&usage["cache_read_input_tokens"], &usage["cache_creation_input_tokens"]),
        (&json!(100), &json!(12))
    );
    assert_eq!(usage["cache_creation"]["ephemeral_1h_input_tokens"], 5);
    assert_eq!(usage["server_tool_use"]["web_search_requests"], 3);
    let completion = ask(&sandbox, Api::Chat, prompt, false).await.json();
    assert_eq!(completion["usage"]["prompt_tokens"], 122);
    assert_eq!(completion["usage"]["prompt_tokens_details"]["cached_tokens"], 100);
    let response = ask(&sandbox, Api::Responses, prompt, false).await.json();
    assert_eq!(response["usage"]["input_tokens"], 122);
    assert_eq!(response["usage"]["input_tokens_details"]["cache_write_tokens_details"]["ttl_12h_tokens"], 5);
    assert_eq!(response["tool_usage"]["web_search"]["num_requests"], 3);
}

#[tokio::test]
async fn the_same_request_gets_the_same_answer() {
    let (one, two) = (sandbox().await, sandbox().await);
    for api in APIS {
        for stream in [false, true] {
            let prompt = "the same [[sandbox thinking=3 tools=2]]";
            let first = ask(&one, api, prompt, stream).await;
            assert_eq!(first.text(), ask(&two, api, prompt, stream).await.text());
            assert_ne!(first.text(), ask(&two, api, "another", stream).await.text());
        }
    }
}

#[tokio::test]
async fn tools_are_called_in_the_protocols_own_form() {
    let sandbox = sandbox().await;
    let schema = json!({"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}});
    let mut body = Api::Messages.body("hi", false);
    body["tools"] = json!([{"name": "weather", "input_schema": schema}]);
    body["tool_choice"] = json!({"type": "any"});
    let block = post(sandbox.addr(), "/v1/messages", &body).await.unwrap().json()["content"][0].clone();
    assert_eq!((&block["type"], &block["input"]), (&json!("tool_use"), &json!({"city": "sample city"})));
    assert_eq!(block["caller"]["type"], "direct");

    let mut body = Api::Chat.body("hi", false);
    body["tools"] = json!([{"type": "function", "function": {"name": "weather", "parameters": schema}}, {"type": "custom", "custom": {"name": "free"}}]);
    body["tool_choice"] = json!({"type": "custom", "custom": {"name": "free"}});
    let call = post(sandbox.addr(), "/v1/chat/completions", &body).await.unwrap().json()["choices"][0]["message"]["tool_calls"][0].clone();
    assert_eq!((&call["type"], &call["custom"]["name"]), (&json!("custom"), &json!("free")));

    let mut body = Api::Responses.body("[[sandbox tool=exec]]", false);
    body["tools"] =
        json!([{"type": "namespace", "name": "functions", "tools": [{"type": "custom", "name": "exec"}]}]);
    let item = post(sandbox.addr(), "/v1/responses", &body).await.unwrap().json()["output"][0].clone();
    assert_eq!((&item["type"], &item["namespace"]), (&json!("custom_tool_call"), &json!("functions")));
    assert_eq!(item["input"], "sample input for exec");
}

#[tokio::test]
async fn counting_agrees_with_the_usage_of_an_answer() {
    let sandbox = sandbox().await;
    let mut body =
        json!({"model": "m", "system": "be kind", "messages": [{"role": "user", "content": "hello"}]});
    let counted = post(sandbox.addr(), "/v1/messages/count_tokens", &body).await.unwrap().json();
    assert_eq!(counted, json!({"input_tokens": 3}));
    body["max_tokens"] = json!(9);
    let message = post(sandbox.addr(), "/v1/messages", &body).await.unwrap().json();
    assert_eq!(message["usage"]["input_tokens"], counted["input_tokens"]);
    assert_eq!(post(sandbox.addr(), "/v1/messages/count_tokens", &body).await.unwrap().status, 400);

    let body = json!({"model": "m", "instructions": "be kind", "input": "hello"});
    let counted = post(sandbox.addr(), "/v1/responses/input_tokens", &body).await.unwrap().json();
    assert_eq!(counted, json!({"object": "response.input_tokens", "input_tokens": 3}));
}

#[tokio::test]
async fn echoes_show_what_arrived() {
    let sandbox = sandbox().await;
    for api in APIS {
        let body = api.body("[[sandbox echo_body]] \u{1f980} \"quoted\"", false);
        let answer = post(sandbox.addr(), api.path(), &body).await.unwrap().json();
        assert_eq!(plain_text(api, &answer), body.to_string());
        let echoed = plain_text(api, &ask(&sandbox, api, "[[sandbox echo_headers]]", false).await.json());
        let headers: Vec<(String, String)> = serde_json::from_str(&echoed).unwrap();
        assert!(headers.contains(&("host".to_owned(), "sandbox".to_owned())));
    }
}
