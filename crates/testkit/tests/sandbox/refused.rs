//! What a real provider refuses of a translated request, and what it takes.

use serde_json::{Value, json};
use tollgate_testkit::{Sandbox, SandboxConfig};

use crate::client::{Api, post, sandbox};

/// The usual body of a protocol for a model, with members replaced.
fn body(api: Api, model: &str, changes: &Value) -> Value {
    let mut body = api.body("hello", false);
    body["model"] = json!(model);
    body["stream"] = json!(false);
    if api == Api::Messages {
        body["max_tokens"] = json!(8000);
    }
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// Each is refused with a message that holds the words.
async fn refuses(api: Api, model: &str, cases: &[(Value, &str)]) {
    let sandbox = sandbox().await;
    for (changes, words) in cases {
        let reply = post(sandbox.addr(), api.path(), &body(api, model, changes)).await.unwrap();
        let error = reply.json()["error"].clone();
        let said = [&error["message"], &error["param"]].map(|text| text.as_str().unwrap_or_default());
        let message = said.join(" at ");
        assert!(message.contains(words), "{changes}\n{} {message}\nshould say: {words}", reply.status);
        assert!(matches!(reply.status.as_u16(), 400 | 404), "{changes}: {}", reply.status);
    }
}

async fn takes(api: Api, model: &str, cases: &[Value]) {
    let sandbox = sandbox().await;
    for changes in cases {
        let reply = post(sandbox.addr(), api.path(), &body(api, model, changes)).await.unwrap();
        assert_eq!(reply.status, 200, "{changes}\n{}", reply.text());
    }
}

/// A conversation of Messages: user, assistant, user ...
fn turns(contents: &[Value]) -> Value {
    let message = |(index, content): (usize, &Value)| json!({"role": if index % 2 == 0 { "user" } else { "assistant" }, "content": content});
    json!({"messages": contents.iter().enumerate().map(message).collect::<Vec<_>>()})
}

fn tool_use(id: &str) -> Value {
    json!({"type": "tool_use", "id": id, "name": "get", "input": {}})
}

fn tool_result(id: &str) -> Value {
    json!({"type": "tool_result", "tool_use_id": id, "content": "x"})
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

#[tokio::test]
async fn messages_out_of_order() {
    let go = json!("go");
    let two = json!([tool_use("a"), tool_use("b")]);
    refuses(
        Api::Messages,
        "m",
        &[
            (turns(&[go.clone(), json!([tool_use("a")]), go.clone()]), "`tool_use` ids were found without `tool_result`"),
            (turns(&[go.clone(), two.clone(), json!([tool_result("a")])]), "immediately after: b."),
            (turns(&[go.clone(), two.clone()]), "immediately after: a, b."),
            (turns(&[json!([tool_result("a")])]), "unexpected `tool_use_id` found in `tool_result` blocks: a"),
            (turns(&[go.clone(), json!("so"), json!([tool_result("a")])]), "unexpected `tool_use_id`"),
            (turns(&[go.clone(), json!([tool_use("a")]), json!([text("x"), tool_result("a")])]), "must come first"),
            (
                turns(&[go.clone(), json!([tool_use("a")]), json!([tool_result("a"), tool_result("a")])]),
                "each tool_use must have a single result",
            ),
            (turns(&[go.clone(), json!([tool_use("a:0")]), json!([tool_result("a:0")])]), "'^[a-zA-Z0-9_-]+$'"),
            (
                turns(&[
                    go.clone(),
                    json!([tool_use("a")]),
                    json!([tool_result("a")]),
                    json!([tool_use("a")]),
                    json!([tool_result("a")]),
                ]),
                "ids must be unique",
            ),
            (json!({"messages": [{"role": "assistant", "content": "hi"}]}), "first message must use the \"user\" role"),
            (json!({"messages": [{"role": "system", "content": "hi"}]}), "first message must use the \"user\" role"),
            (
                json!({"messages": [
                    {"role": "user", "content": "go"}, {"role": "assistant", "content": [tool_use("a")]},
                    {"role": "system", "content": "hm"}, {"role": "user", "content": [tool_result("a")]}
                ]}),
                "a system message must come directly after",
            ),
            (
                json!({"messages": [
                    {"role": "user", "content": "go"}, {"role": "system", "content": "hm"}, {"role": "user", "content": "go"}
                ]}),
                "a system message must come directly after",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn messages_blocks_that_do_not_fit() {
    let image = |source: Value| turns(&[json!([{"type": "image", "source": source}, text("see")])]);
    let marked = || json!({"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}});
    let hour = json!({"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}});
    refuses(
        Api::Messages,
        "m",
        &[
            (turns(&[json!("")]), "non-empty content"),
            (turns(&[json!([])]), "non-empty content"),
            (turns(&[json!([text("")])]), "text content blocks must be non-empty"),
            (turns(&[json!([text(" \n")])]), "must contain non-whitespace text"),
            (turns(&[json!([{"type": "image_url", "image_url": {"url": "x"}}])]), "Input tag 'image_url'"),
            (turns(&[json!([tool_use("a")])]), "Input tag 'tool_use'"),
            (
                turns(&[json!([{"type": "text", "text": "x", "annotations": []}])]),
                "messages.0.content.0.text.annotations: Extra inputs are not permitted",
            ),
            (json!({"messages": [{"role": "user", "content": "x", "name": "ada"}]}), "messages.0.name: Extra inputs"),
            (image(json!({"type": "base64", "media_type": "image/tiff", "data": "AAAA"})), "media_type: Input should be"),
            (image(json!({"type": "base64", "media_type": "image/png", "data": "data:x"})), "Invalid base64 data"),
            (image(json!({"type": "base64", "data": "AAAA"})), "media_type"),
            (image(json!({"type": "url", "url": "data:image/png;base64,AAAA"})), "valid URL"),
            (
                turns(&[json!("go"), json!([{"type": "tool_use", "id": "a", "name": "get", "input": "{}"}])]),
                "input: Input should be a valid dictionary",
            ),
            (
                turns(&[json!("go"), json!([tool_use("a")]), json!([{"type": "tool_result", "tool_use_id": "a", "is_error": true}])]),
                "content cannot be empty if `is_error` is true",
            ),
            (
                json!({"system": [marked(), marked(), marked()], "messages": [{"role": "user", "content": [marked(), marked()]}]}),
                "A maximum of 4 blocks with cache_control may be provided. Found 5.",
            ),
            (json!({"system": [marked(), hour]}), "must not come after a ttl='5m'"),
            (json!({"system": [text("")]}), "system: text content blocks must be non-empty"),
        ],
    )
    .await;
    let pdf = json!({"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "AAAA"}, "title": "x"});
    takes(
        Api::Messages,
        "m",
        &[
            image(json!({"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="})),
            image(json!({"type": "url", "url": "https://example.com/a.png"})),
            turns(&[json!([pdf, text("read")])]),
            turns(&[
                json!("go"),
                json!([text("so"), tool_use("a"), tool_use("b")]),
                json!([tool_result("b"), tool_result("a"), text("and?")]),
                json!("done"),
                json!("thanks"),
            ]),
            json!({"messages": [
                {"role": "user", "content": "go"}, {"role": "assistant", "content": [tool_use("a"), tool_use("b")]},
                {"role": "user", "content": [tool_result("a")]}, {"role": "user", "content": [tool_result("b")]},
                {"role": "system", "content": "hm"}
            ]}),
        ],
    )
    .await;
}

#[tokio::test]
async fn messages_settings_and_tools() {
    let tool = |more: Value| {
        let mut tool = json!({"name": "get", "input_schema": {"type": "object"}});
        tool.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"tools": [tool]})
    };
    refuses(
        Api::Messages,
        "m",
        &[
            (json!({"max_completion_tokens": 5}), "max_completion_tokens: Extra inputs are not permitted"),
            (json!({"context_management": {"edits": []}}), "context_management: Extra inputs"),
            (json!({"metadata": {"user_id": "a", "trace": "b"}}), "metadata.trace: Extra inputs"),
            (json!({"tools": [{"type": "function", "function": {"name": "get"}}]}), "Input tag 'function'"),
            (tool(json!({"parameters": {}})), "tools.0.custom.parameters: Extra inputs"),
            (tool(json!({"name": "a.b"})), "tools.0.custom.name"),
            (tool(json!({"input_schema": {}})), "input_schema.type"),
            (tool(json!({"input_schema": {"type": "object", "anyOf": []}})), "oneOf, allOf, or anyOf"),
            (tool(json!({"strict": true})), "'additionalProperties' must be explicitly set to false"),
            (
                json!({"tools": [{"name": "a", "input_schema": {"type": "object"}}, {"name": "a", "input_schema": {"type": "object"}}]}),
                "Tool names must be unique",
            ),
            (json!({"tool_choice": {"type": "auto"}}), "tool_choice: may only be specified while providing tools"),
            (json!({"temperature": 1.5}), "temperature: range"),
            (json!({"stop_sequences": ["\n"]}), "stop_sequences: each stop sequence must contain non-whitespace"),
            (json!({"service_tier": "default"}), "service_tier"),
            (json!({"thinking": {"type": "enabled", "budget_tokens": 100}}), "greater than or equal to 1024"),
            (
                json!({"max_tokens": 1024, "thinking": {"type": "enabled", "budget_tokens": 1024}}),
                "`max_tokens` must be greater than `thinking.budget_tokens`",
            ),
            (
                json!({"thinking": {"type": "enabled", "budget_tokens": 1024}, "temperature": 0.5}),
                "`temperature` may only be set to 1 when thinking is enabled",
            ),
            (
                json!({"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}}),
                "'additionalProperties' must be explicitly set to false",
            ),
        ],
    )
    .await;
    let mut forced = tool(json!({}));
    forced["tool_choice"] = json!({"type": "tool", "name": "other"});
    refuses(Api::Messages, "m", &[(forced, "Tool 'other' not found")]).await;
}

#[tokio::test]
async fn claude_models_take_what_they_take() {
    let tools = json!([{"name": "get", "input_schema": {"type": "object"}}]);
    let prefill =
        json!({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "so"}]});
    let enabled = json!({"thinking": {"type": "enabled", "budget_tokens": 2048}});
    let adaptive = json!({"thinking": {"type": "adaptive"}});
    let disabled = json!({"thinking": {"type": "disabled"}});
    refuses(
        Api::Messages,
        "claude-sonnet-5-5",
        &[
            (json!({"temperature": 0.5}), "`temperature` is deprecated for this model."),
            (json!({"top_k": 5}), "`top_k` is deprecated"),
            (enabled.clone(), "\"thinking.type.enabled\" is not supported for this model"),
            (disabled.clone(), "\"thinking.type.disabled\" is not supported"),
            (json!({"tools": tools, "tool_choice": {"type": "any"}}), "forced tool use"),
            (json!({"max_tokens": 128_001}), "128001 > 128000, which is the maximum allowed"),
            (json!({"output_config": {"effort": "minimal"}}), "output_config.effort: Input should be"),
            (prefill.clone(), "does not support assistant message prefill"),
        ],
    )
    .await;
    takes(
        Api::Messages,
        "claude-sonnet-5-5",
        &[adaptive.clone(), json!({"temperature": 1.0}), json!({"output_config": {"effort": "max"}})],
    )
    .await;
    refuses(
        Api::Messages,
        "claude-haiku-4-5",
        &[
            (adaptive.clone(), "adaptive thinking is not supported on this model"),
            (json!({"max_tokens": 64_001}), "64001 > 64000"),
            (json!({"output_config": {"effort": "low"}}), "does not support the effort parameter"),
            (
                json!({"tools": tools, "tool_choice": {"type": "any"}, "thinking": enabled["thinking"]}),
                "Thinking may not be enabled when tool_choice forces tool use.",
            ),
            (json!({"temperature": 0.5, "top_p": 0.9}), "cannot both be specified"),
        ],
    )
    .await;
    takes(
        Api::Messages,
        "claude-haiku-4-5",
        &[
            enabled,
            disabled,
            prefill,
            json!({"temperature": 0.5, "top_k": 5}),
            json!({"tools": tools, "tool_choice": {"type": "any"}}),
        ],
    )
    .await;
}

fn call(id: &str, name: &str) -> Value {
    json!({"id": id, "type": "function", "function": {"name": name, "arguments": "{}"}})
}

fn asked(ids: &[&str]) -> Value {
    let calls: Vec<Value> = ids.iter().map(|id| call(id, "get")).collect();
    json!({"role": "assistant", "content": null, "tool_calls": calls})
}

fn told(id: &str) -> Value {
    json!({"role": "tool", "tool_call_id": id, "content": "x"})
}

fn chat(messages: &[Value]) -> Value {
    let all = [&[json!({"role": "user", "content": "go"})], messages].concat();
    json!({"messages": all})
}

#[tokio::test]
async fn chat_out_of_order() {
    let user = json!({"role": "user", "content": "and"});
    let alone = "An assistant message with 'tool_calls' must be followed by tool messages";
    let orphan = "messages with role 'tool' must be a response to a preceeding message";
    for model in ["m", "gpt-5.5"] {
        refuses(
            Api::Chat,
            model,
            &[
                (chat(&[asked(&["a"])]), alone),
                (chat(&[asked(&["a", "b"]), told("a")]), "did not have response messages: b"),
                (chat(&[asked(&["a"]), user.clone(), told("a")]), alone),
                (chat(&[asked(&["a"]), told("a"), user.clone(), told("a")]), orphan),
                (chat(&[told("a")]), orphan),
                (chat(&[asked(&["a"]), told("b")]), "not found in 'tool_calls' of previous message"),
                (chat(&[asked(&["a", "b"]), told("a"), told("a")]), "Duplicate value for 'tool_call_id'"),
                (
                    chat(&[json!({"role": "assistant", "tool_calls": [call("a", "a.b")]}), told("a")]),
                    "string does not match pattern",
                ),
                (chat(&[json!({"role": "assistant", "content": null})]), "expected a string, got null"),
                (
                    chat(&[json!({"role": "system", "content": [{"type": "image_url", "image_url": {"url": "https://x"}}]})]),
                    "Invalid value: 'image_url'. Supported values are: 'text'.",
                ),
                (
                    chat(&[json!({"role": "user", "content": [{"type": "image", "source": {}}]})]),
                    "Invalid value: 'image'",
                ),
                (
                    chat(&[json!({"role": "user", "content": [{"type": "file", "file": {"file_data": "AAAA", "filename": "a.pdf"}}]})]),
                    "base64-encoded data URL",
                ),
                (json!({"stop": ["a", "b", "c", "d", "e"]}), "maximum length 4"),
                (json!({"tools": [{"type": "function", "function": {"name": "a.b"}}]}), "string does not match pattern"),
                (json!({"tools": [{"name": "get", "input_schema": {}}]}), "tools[0].type"),
            ],
        )
        .await;
    }
    takes(
        Api::Chat,
        "gpt-5.5",
        &[
            chat(&[asked(&["a", "b"]), told("b"), told("a"), user.clone(), asked(&["a"]), told("a")]),
            chat(&[json!({"role": "user", "content": [
                {"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "a.pdf"}}
            ]})]),
        ],
    )
    .await;
}

#[tokio::test]
async fn openais_own_models_are_strict_in_chat() {
    let function = |more: Value| {
        let mut function = json!({"name": "get", "parameters": {"type": "object", "properties": {}}});
        function.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"tools": [{"type": "function", "function": function}]})
    };
    let cases = [
        (json!({"top_k": 5}), "Unknown parameter: 'top_k'."),
        (json!({"max_tokens": 5}), "Use 'max_completion_tokens' instead."),
        (json!({"temperature": 0.5}), "Only the default (1) value is supported"),
        (json!({"top_p": 0.5}), "'top_p' is not supported with this model"),
        (json!({"stop": "x"}), "'stop' is not supported with this model"),
        (json!({"logprobs": true}), "'logprobs' is not supported"),
        (
            json!({"reasoning_effort": "max"}),
            "Supported values are: 'none', 'low', 'medium', 'high', 'xhigh'.",
        ),
        (json!({"prompt_cache_options": {"mode": "explicit"}}), "'prompt_cache_options' is not supported"),
        (json!({"parallel_tool_calls": false}), "only allowed when 'tools' are specified"),
        (json!({"tool_choice": "auto"}), "only allowed when 'tools' are specified"),
        (json!({"tools": []}), "empty array"),
        (function(json!({"parameters": {}})), "schema must be a JSON Schema of 'type: \"object\"'"),
        (function(json!({"parameters": {"type": "object"}})), "object schema missing properties"),
        (
            function(json!({"strict": true})),
            "'additionalProperties' is required to be supplied and to be false",
        ),
        (function(json!({"input_schema": {}})), "Unknown parameter: 'tools[0].function.input_schema'."),
        (json!({"response_format": {"type": "json_object"}}), "must contain the word 'json'"),
        (
            json!({"response_format": {"type": "json_schema", "json_schema": {"name": "a", "strict": true, "schema": {"type": "object"}}}}),
            "'additionalProperties' is required",
        ),
        (
            chat(&[json!({"role": "assistant", "content": "x", "reasoning_content": "y"})]),
            "Unknown parameter: 'messages[1].reasoning_content'.",
        ),
        (chat(&[asked(&["a".repeat(41).as_str()]), told(&"a".repeat(41))]), "maximum length 40"),
    ];
    refuses(Api::Chat, "gpt-5.5", &cases).await;
    refuses(
        Api::Chat,
        "gpt-5",
        &[(json!({"reasoning_effort": "none"}), "'minimal', 'low', 'medium', 'high'")],
    )
    .await;
    refuses(
        Api::Chat,
        "gpt-4o",
        &[(json!({"reasoning_effort": "low"}), "'reasoning_effort' is not supported")],
    )
    .await;
    refuses(Api::Chat, "gpt-5.6-sol", &[(function(json!({})), "use /v1/responses")]).await;
    takes(
        Api::Chat,
        "gpt-5.5",
        &[
            json!({"reasoning_effort": "none", "temperature": 0.5, "stop": "x"}),
            function(json!({})),
            json!({"temperature": 1}),
        ],
    )
    .await;
    takes(Api::Chat, "gpt-4o", &[json!({"max_tokens": 5, "temperature": 0.5, "stop": ["x"]})]).await;
    takes(Api::Chat, "glm-4.6", &[json!({"top_k": 5, "max_tokens": 5, "thinking": {"type": "enabled"}})])
        .await;
}

#[tokio::test]
async fn deepseek_says_no_in_its_own_words() {
    refuses(
        Api::Chat,
        "deepseek-chat",
        &[
            (json!({"messages": [{"role": "developer", "content": "x"}]}), "unknown variant `developer`"),
            (
                chat(&[json!({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x"}}]})]),
                "unknown variant `image_url`, expected `text`",
            ),
        ],
    )
    .await;
}

fn input(items: &[Value]) -> Value {
    let all = [&[json!({"role": "user", "content": "go"})], items].concat();
    json!({"input": all})
}

fn made(id: &str) -> Value {
    json!({"type": "function_call", "call_id": id, "name": "get", "arguments": "{}"})
}

fn output(id: &str) -> Value {
    json!({"type": "function_call_output", "call_id": id, "output": "x"})
}

#[tokio::test]
async fn responses_items_that_do_not_fit() {
    let custom = json!({"type": "custom_tool_call", "call_id": "a", "name": "exec", "input": "ls"});
    let custom_output = json!({"type": "custom_tool_call_output", "call_id": "a", "output": "x"});
    for model in ["m", "gpt-5.5"] {
        refuses(
            Api::Responses,
            model,
            &[
                (input(&[output("a")]), "No tool call found for function call output with call_id a."),
                (input(&[made("a")]), "No tool output found for function call a."),
                (input(std::slice::from_ref(&custom_output)), "No tool call found for custom tool call output"),
                (input(&[custom.clone(), output("a")]), "No tool call found for function call output"),
                (
                    input(&[json!({"role": "assistant", "content": [{"type": "input_text", "text": "x"}]})]),
                    "Invalid value: 'input_text'. Supported values are: 'output_text', and 'refusal'.",
                ),
                (input(&[json!({"role": "tool", "content": "x"})]), "Invalid value: 'tool'"),
                (input(&[json!({"type": "tool_use"})]), "Invalid value: 'tool_use'"),
                (
                    input(&[json!({"role": "user", "content": [{"type": "input_image", "image_url": {"url": "x"}}]})]),
                    "expected a string, but got an object",
                ),
                (input(&[json!({"type": "item_reference", "id": "rs_1"})]), "Item with id 'rs_1' not found"),
                (json!({"messages": []}), "Unknown parameter: 'messages'."),
                (json!({"stop": "x"}), "Unknown parameter: 'stop'."),
                (json!({"include": ["reasoning"]}), "include[0]"),
                (json!({"tools": [{"type": "function", "function": {"name": "get"}}]}), "'tools[0].name'"),
                (json!({"tool_choice": {"type": "function", "name": "get"}}), "not found in 'tools' parameter"),
                (json!({"tool_choice": "required"}), "must be specified with 'tools'"),
            ],
        )
        .await;
    }
    refuses(
        Api::Responses,
        "gpt-5.5",
        &[
            (json!({"max_output_tokens": 5}), "Expected a value >= 16, but got 5"),
            (json!({"temperature": 0.2}), "'temperature' does not support 0.2"),
            (
                json!({"reasoning": {"effort": "minimal"}}),
                "'minimal' is not supported with the 'gpt-5.5' model",
            ),
            (
                input(&[json!({"role": "assistant", "content": "x", "reasoning_content": "y"})]),
                "Unknown parameter: 'input[1].reasoning_content'.",
            ),
            (
                input(&[json!({"type": "reasoning", "id": "rs_1", "summary": []})]),
                "Items are not persisted when `store` is set to false",
            ),
            (json!({"text": {"format": {"type": "json_object"}}}), "must contain the word 'json'"),
        ],
    )
    .await;
    takes(
        Api::Responses,
        "gpt-5.5",
        &[
            input(&[made("a"), made("b"), output("b"), output("a")]),
            input(&[custom, custom_output]),
            json!({"client_metadata": {"a": "b"}, "include": ["reasoning.encrypted_content"], "store": false}),
            json!({"tools": [{"type": "function", "name": "get", "parameters": null}], "tool_choice": {"type": "function", "name": "get"}}),
            json!({"reasoning": {"effort": "none"}, "temperature": 0.2}),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_stored_response_brings_its_calls() {
    let sandbox = sandbox().await;
    let tools =
        json!([{"type": "function", "name": "get", "parameters": {"type": "object", "properties": {}}}]);
    let first = json!({"model": "gpt-5.5", "input": "[[sandbox tool=get thinking=3]]", "tools": tools});
    let made = post(sandbox.addr(), "/v1/responses", &first).await.unwrap().json();
    let call_id = made["output"][1]["call_id"].as_str().unwrap();
    let next = |items: Value| json!({"model": "gpt-5.5", "previous_response_id": made["id"], "input": items});
    let answered = next(json!([output(call_id)]));
    assert_eq!(post(sandbox.addr(), "/v1/responses", &answered).await.unwrap().status, 200);
    for wrong in [json!([output("other")]), json!("never mind")] {
        let reply = post(sandbox.addr(), "/v1/responses", &next(wrong)).await.unwrap();
        assert_eq!(reply.status, 400, "{}", reply.text());
    }
    let kept =
        json!([{"role": "user", "content": "go"}, {"type": "item_reference", "id": made["output"][0]["id"]}]);
    let reply =
        post(sandbox.addr(), "/v1/responses", &json!({"model": "gpt-5.5", "input": kept})).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
}

#[tokio::test]
async fn a_lenient_sandbox_takes_it_all() {
    let sandbox = Sandbox::start(SandboxConfig { lenient: true, ..SandboxConfig::default() }).await.unwrap();
    for (api, changes) in [
        (Api::Messages, turns(&[json!("go"), json!([tool_use("a")]), json!("go")])),
        (Api::Chat, chat(&[told("a")])),
        (Api::Responses, input(&[output("a")])),
    ] {
        let reply = post(sandbox.addr(), api.path(), &body(api, "gpt-5.5", &changes)).await.unwrap();
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
}
