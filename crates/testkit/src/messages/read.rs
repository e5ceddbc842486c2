//! A Messages request, read and validated as the API does.

use http::HeaderMap;
use serde_json::Value;

use crate::ask::{Ask, Choice, Format, Tool};
use crate::error::ProviderError;
use crate::reading::{self, Body};
use crate::tokens;

/// From this version on the API takes no sampling parameters.
const NO_SAMPLING_VERSION: &str = "2026-10-21";

/// Reads a request to `POST /v1/messages`.
pub(crate) fn read(headers: &HeaderMap, body: &Body) -> Result<Ask, ProviderError> {
    check_common(headers, body)?;
    let max_tokens = reading::count(body, "max_tokens")?;
    if max_tokens.is_none() {
        return Err(ProviderError::field("max_tokens", "max_tokens: Field required"));
    }
    Ok(Ask { stream: reading::flag(body, "stream")?, max_tokens, ..ask(body) })
}

/// Counts a request to `POST /v1/messages/count_tokens`: model and tokens.
pub(crate) fn count_tokens(headers: &HeaderMap, body: &Body) -> Result<(String, u64), ProviderError> {
    check_common(headers, body)?;
    reading::refuse_extra(body, NOT_WHEN_COUNTING)?;
    Ok((reading::text(body, "model").unwrap_or_default().to_owned(), prompt_tokens(body)))
}

/// Where directives are looked for: all text of the last user message.
pub(crate) fn prompt(body: &Body) -> String {
    ask(body).prompt
}

const SAMPLING: &[&str] = &["temperature", "top_p", "top_k"];
const NOT_WHEN_COUNTING: &[&str] =
    &["max_tokens", "stream", "stop_sequences", "temperature", "top_p", "top_k", "metadata", "service_tier"];

fn check_common(headers: &HeaderMap, body: &Body) -> Result<(), ProviderError> {
    let version = headers.get("anthropic-version").and_then(|value| value.to_str().ok());
    let version = version.ok_or_else(|| ProviderError::invalid("anthropic-version: header is required"))?;
    reading::refuse_extra(body, &["style", "stream_options"])?;
    if version >= NO_SAMPLING_VERSION {
        reading::refuse_extra(body, SAMPLING)?;
    }
    if reading::text(body, "model").is_none_or(str::is_empty) {
        return Err(ProviderError::field("model", "model: Field required"));
    }
    check_messages(body)
}

fn check_messages(body: &Body) -> Result<(), ProviderError> {
    let Some(Value::Array(messages)) = body.get("messages") else {
        return Err(ProviderError::field("messages", "messages: Field required"));
    };
    if messages.is_empty() {
        return Err(ProviderError::field("messages", "messages: at least one message is required"));
    }
    for (index, message) in messages.iter().enumerate() {
        if !matches!(reading::member(message, "role"), "user" | "assistant" | "system") {
            let text = format!("messages.{index}.role: Input should be 'user', 'assistant' or 'system'");
            return Err(ProviderError::field("messages", text));
        }
        if !matches!(message.get("content"), Some(Value::String(_) | Value::Array(_))) {
            return Err(ProviderError::field(
                "messages",
                format!("messages.{index}.content: Field required"),
            ));
        }
    }
    Ok(())
}

fn ask(body: &Body) -> Ask {
    let messages = reading::list(body, "messages");
    let turn = last_user(messages);
    let content = turn.and_then(|message| message.get("content")).unwrap_or(&Value::Null);
    let texts = reading::texts(content);
    let thinking = body.get("thinking").unwrap_or(&Value::Null);
    let (earlier, answered) = reading::directed(messages, is_user, |message| {
        results(message.get("content").unwrap_or(&Value::Null)).len()
    });
    Ask {
        earlier,
        answered,
        model: reading::text(body, "model").unwrap_or_default().to_owned(),
        prompt: texts.join("\n"),
        echo: texts.last().copied().unwrap_or_default().to_owned(),
        results: results(content),
        images: messages.iter().map(reading::images).sum(),
        tools: reading::list(body, "tools").iter().filter_map(tool).collect(),
        choice: choice(body.get("tool_choice").unwrap_or(&Value::Null)),
        prompt_tokens: prompt_tokens(body),
        stops: reading::stops(body.get("stop_sequences")),
        format: format(body),
        hide_thinking: reading::member(thinking, "display") == "omitted",
        ..Ask::default()
    }
}

/// The last user message; a prefilled assistant turn after it does not matter.
fn last_user(messages: &[Value]) -> Option<&Value> {
    messages.iter().rev().find(|message| is_user(message))
}

fn is_user(message: &Value) -> bool {
    reading::member(message, "role") == "user"
}

fn results(content: &Value) -> Vec<String> {
    let blocks = content.as_array().map(Vec::as_slice).unwrap_or_default();
    let results = blocks.iter().filter(|block| reading::member(block, "type") == "tool_result");
    results.map(|block| reading::texts(block.get("content").unwrap_or(&Value::Null)).join(" ")).collect()
}

/// Tools with a schema; those that Anthropic runs itself cannot be called here.
fn tool(tool: &Value) -> Option<Tool> {
    let schema = tool.get("input_schema");
    let client_run = reading::member(tool, "type").split('_').next().is_some_and(|kind| {
        matches!(kind, "" | "custom" | "bash" | "text" | "memory" | "computer" | "browser")
    });
    let name = reading::member(tool, "name");
    (client_run && !name.is_empty()).then(|| Tool::function(name, schema.unwrap_or(&Value::Null)))
}

fn choice(choice: &Value) -> Choice {
    match reading::member(choice, "type") {
        "any" => Choice::Any,
        "none" => Choice::None,
        "tool" => Choice::Named(reading::member(choice, "name").to_owned()),
        _ => Choice::Auto,
    }
}

fn format(body: &Body) -> Format {
    let config = body.get("output_config").and_then(|config| config.get("format"));
    let schema = config.or_else(|| body.get("output_format")).and_then(|format| format.get("schema"));
    schema.map_or(Format::Text, |schema| Format::Schema(schema.clone()))
}

fn prompt_tokens(body: &Body) -> u64 {
    let part = |name: &str| body.get(name).map_or(0, tokens::text_bytes);
    let tools = body.get("tools").filter(|tools| tools.is_array()).map_or(0, tokens::json_bytes);
    tokens::of_bytes(part("system") + part("messages") + tools).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn headers(version: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(
            http::HeaderName::from_static("anthropic-version"),
            http::HeaderValue::from_static(version),
        )])
    }

    fn body(value: Value) -> Body {
        let Value::Object(members) = value else { panic!("an object") };
        members
    }

    #[test]
    fn reads_what_claude_code_sends() {
        let body = body(json!({
            "model": "claude-opus-5-5", "max_tokens": 128000, "stream": true,
            "system": [{"type": "text", "text": "1234"}, {"type": "text", "text": "5678", "cache_control": {"type": "ephemeral"}}],
            "thinking": {"type": "adaptive", "display": "omitted"},
            "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
            "output_config": {"effort": "medium"},
            "tools": [
                {"name": "Bash", "input_schema": {"type": "object"}},
                {"type": "web_search_20250305", "name": "web_search", "max_uses": 8}
            ],
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "<system-reminder>"}, {"type": "text", "text": "do it"}]},
                {"role": "system", "content": "environment"}
            ]
        }));
        let ask = read(&headers("2023-06-01"), &body).unwrap();
        assert!(ask.stream && ask.hide_thinking);
        assert_eq!((ask.prompt.as_str(), ask.echo.as_str()), ("<system-reminder>\ndo it", "do it"));
        assert_eq!(ask.tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(), ["Bash"]);
        let tools = serde_json::to_string(&body["tools"]).unwrap().len() as u64;
        assert_eq!(ask.prompt_tokens, (8 + 17 + 5 + 11 + tools).div_ceil(4));
    }

    #[test]
    fn a_tool_result_turn_has_results_and_no_prompt() {
        let body = body(json!({"model": "m", "max_tokens": 5, "messages": [
            {"role": "user", "content": "[[sandbox tool=a]]"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "a", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "22 degrees"}]}
        ]}));
        let ask = read(&headers("2023-06-01"), &body).unwrap();
        assert_eq!(ask.prompt, "");
        assert_eq!(ask.results, ["22 degrees"]);
    }

    #[test]
    fn refuses_what_the_api_refuses() {
        let messages = json!([{"role": "user", "content": "x"}]);
        for (value, part) in [
            (json!({"messages": messages, "max_tokens": 1}), "model: Field required"),
            (json!({"model": "m", "max_tokens": 1}), "messages: Field required"),
            (json!({"model": "m", "messages": [], "max_tokens": 1}), "at least one message"),
            (json!({"model": "m", "messages": messages}), "max_tokens: Field required"),
            (json!({"model": "m", "messages": messages, "max_tokens": "1"}), "max_tokens: Input should be"),
            (
                json!({"model": "m", "messages": messages, "max_tokens": 1, "style": "claude"}),
                "style: Extra inputs",
            ),
            (json!({"model": "m", "messages": messages, "max_tokens": 1, "top_k": 1}), "top_k: Extra inputs"),
            (
                json!({"model": "m", "messages": [{"role": "tool", "content": "x"}], "max_tokens": 1}),
                "messages.0.role",
            ),
        ] {
            let error = read(&headers("2026-10-21"), &body(value)).unwrap_err();
            assert!(error.message.contains(part), "{}", error.message);
        }
        let plain = body(json!({"model": "m", "messages": messages, "max_tokens": 1, "temperature": 1}));
        assert!(read(&headers("2023-06-01"), &plain).is_ok());
        assert!(read(&HeaderMap::new(), &plain).unwrap_err().message.contains("anthropic-version"));
        assert!(count_tokens(&headers("2023-06-01"), &plain).is_err());
    }
}
