//! A Responses request, read and validated as the API does.

use serde_json::Value;

use crate::ask::{Ask, Choice, Format, Tool, ToolKind};
use crate::error::ProviderError;
use crate::reading::{self, Body};
use crate::tokens;

/// Reads a request to `POST /v1/responses`; `before` is what the previous response counted.
pub(crate) fn read(body: &Body, before: u64) -> Result<Ask, ProviderError> {
    check(body)?;
    let input = body.get("input").filter(|input| !input.is_null());
    if input.is_none() && previous(body).is_none() && !body.contains_key("prompt") {
        let error = ProviderError::field("input", "Missing required parameter: 'input'.");
        return Err(error.code("missing_required_parameter"));
    }
    let stream = reading::flag(body, "stream")?;
    if !stream && body.get("stream_options").is_some_and(|options| !options.is_null()) {
        let text = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
        return Err(ProviderError::field("stream_options", text));
    }
    let mut ask = Ask { stream, max_tokens: reading::count(body, "max_output_tokens")?, ..ask(body) };
    ask.prompt_tokens += before;
    Ok(ask)
}

/// Counts a request to `POST /v1/responses/input_tokens`: model and tokens.
pub(crate) fn count_tokens(body: &Body, before: u64) -> Result<(String, u64), ProviderError> {
    check(body)?;
    Ok((reading::text(body, "model").unwrap_or_default().to_owned(), prompt_tokens(body) + before))
}

/// Where directives are looked for: the last user message.
pub(crate) fn prompt(body: &Body) -> String {
    ask(body).prompt
}

/// The response this one continues.
pub(crate) fn previous(body: &Body) -> Option<&str> {
    reading::text(body, "previous_response_id")
}

fn check(body: &Body) -> Result<(), ProviderError> {
    if reading::text(body, "model").is_none_or(str::is_empty) {
        let error = ProviderError::field("model", "Missing required parameter: 'model'.");
        return Err(error.code("missing_required_parameter"));
    }
    if body.contains_key("style") {
        return Err(
            ProviderError::field("style", "style: Extra inputs are not permitted").code("unknown_parameter")
        );
    }
    match body.get("input") {
        None | Some(Value::Null | Value::String(_)) => Ok(()),
        Some(Value::Array(items)) => check_items(items),
        Some(_) => {
            let text = "Invalid type for 'input': expected one of an array of objects or string.";
            Err(ProviderError::field("input", text).code("invalid_type"))
        }
    }
}

fn check_items(items: &[Value]) -> Result<(), ProviderError> {
    for (index, item) in items.iter().enumerate() {
        let known = item.is_object() && (item.get("type").is_some() || item.get("role").is_some());
        if !known {
            let name = format!("input[{index}]");
            return Err(
                ProviderError::field(&name, format!("Invalid value for '{name}'.")).code("invalid_value")
            );
        }
    }
    Ok(())
}

fn ask(body: &Body) -> Ask {
    let input = body.get("input").unwrap_or(&Value::Null);
    let items = input.as_array().map(Vec::as_slice).unwrap_or_default();
    let turn = last_turn(items);
    let is_user = |item: &Value| is_message(item) && reading::member(item, "role") == "user";
    let user = turn.iter().rev().find(|item| is_user(item));
    let texts = match input {
        Value::String(text) => vec![text.as_str()],
        _ => user.and_then(|item| item.get("content")).map(reading::texts).unwrap_or_default(),
    };
    let (earlier, answered) = reading::directed(items, is_user, |item| usize::from(result(item).is_some()));
    Ask {
        earlier,
        answered,
        model: reading::text(body, "model").unwrap_or_default().to_owned(),
        prompt: texts.join("\n"),
        echo: texts.last().copied().unwrap_or_default().to_owned(),
        results: turn.iter().filter_map(result).collect(),
        images: items.iter().map(reading::images).sum(),
        tools: tools(body, items),
        choice: choice(body.get("tool_choice").unwrap_or(&Value::Null)),
        prompt_tokens: prompt_tokens(body),
        format: format(body),
        ..Ask::default()
    }
}

fn is_message(item: &Value) -> bool {
    matches!(reading::member(item, "type"), "" | "message")
}

/// What the model itself said, as opposed to what it was told.
fn is_output(item: &Value) -> bool {
    match reading::member(item, "type") {
        "" | "message" => reading::member(item, "role") == "assistant",
        "reasoning" | "compaction" => true,
        kind => kind.ends_with("_call"),
    }
}

/// What came after the model spoke last; the whole input if that is nothing.
fn last_turn(items: &[Value]) -> &[Value] {
    match items.iter().rposition(is_output) {
        Some(index) if index + 1 < items.len() => &items[index + 1..],
        _ => items,
    }
}

fn result(item: &Value) -> Option<String> {
    let is_result = reading::member(item, "type").ends_with("_call_output");
    is_result.then(|| item.get("output").map(reading::texts).unwrap_or_default().join(" "))
}

/// The tools of the request, those in `additional_tools` items too, namespaces opened.
fn tools(body: &Body, items: &[Value]) -> Vec<Tool> {
    let mut tools = Vec::new();
    add_tools(reading::list(body, "tools"), None, &mut tools);
    for item in items.iter().filter(|item| reading::member(item, "type") == "additional_tools") {
        add_tools(
            item.get("tools").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default(),
            None,
            &mut tools,
        );
    }
    tools
}

fn add_tools(list: &[Value], namespace: Option<&str>, tools: &mut Vec<Tool>) {
    for tool in list {
        let name = reading::member(tool, "name");
        let kind = match reading::member(tool, "type") {
            "function" => ToolKind::Function(tool.get("parameters").cloned().unwrap_or_default()),
            "custom" => ToolKind::Custom,
            "namespace" if namespace.is_none() => {
                let inner =
                    tool.get("tools").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                add_tools(inner, Some(name), tools);
                continue;
            }
            _ => continue,
        };
        tools.push(Tool { name: name.to_owned(), namespace: namespace.map(str::to_owned), kind });
    }
}

fn choice(choice: &Value) -> Choice {
    match choice {
        Value::String(word) => match word.as_str() {
            "required" => Choice::Any,
            "none" => Choice::None,
            _ => Choice::Auto,
        },
        Value::Object(_) => match reading::member(choice, "type") {
            "function" | "custom" => Choice::Named(reading::member(choice, "name").to_owned()),
            "allowed_tools" if reading::member(choice, "mode") == "required" => Choice::Any,
            _ => Choice::Auto,
        },
        _ => Choice::Auto,
    }
}

fn format(body: &Body) -> Format {
    let Some(format) = body.get("text").and_then(|text| text.get("format")) else {
        return Format::Text;
    };
    match reading::member(format, "type") {
        "json_object" => Format::AnyJson,
        "json_schema" => {
            format.get("schema").map_or(Format::AnyJson, |schema| Format::Schema(schema.clone()))
        }
        _ => Format::Text,
    }
}

fn prompt_tokens(body: &Body) -> u64 {
    let part = |name: &str| body.get(name).map_or(0, tokens::text_bytes);
    let tools = body.get("tools").filter(|tools| tools.is_array()).map_or(0, tokens::json_bytes);
    tokens::of_bytes(part("instructions") + part("input") + tools).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read_value(value: Value) -> Result<Ask, ProviderError> {
        let Value::Object(body) = value else { panic!("an object") };
        read(&body, 0)
    }

    #[test]
    fn reads_what_codex_sends() {
        let ask = read_value(json!({
            "model": "gpt-6-sol", "stream": true, "store": false, "include": ["reasoning.encrypted_content"],
            "prompt_cache_key": "x", "client_metadata": {"a": "b"},
            "input": [
                {"type": "additional_tools", "id": "at_1", "role": "developer", "tools": [
                    {"type": "namespace", "name": "functions", "tools": [{"type": "custom", "name": "exec", "format": {"type": "text"}}]}
                ]},
                {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "be good"}]},
                {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "environment"}]},
                {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "list files"}]}
            ]
        })).unwrap();
        assert_eq!(ask.prompt, "list files");
        assert_eq!(
            ask.tools,
            [Tool {
                name: "exec".to_owned(),
                namespace: Some("functions".to_owned()),
                kind: ToolKind::Custom
            }]
        );
    }

    #[test]
    fn a_call_output_turn_has_results_and_no_prompt() {
        let ask = read_value(json!({"model": "m", "input": [
            {"role": "user", "content": "[[sandbox tool=exec]]"},
            {"type": "reasoning", "summary": [], "encrypted_content": "x"},
            {"type": "custom_tool_call", "call_id": "call_1", "name": "exec", "input": "ls"},
            {"type": "custom_tool_call_output", "call_id": "call_1", "output": [{"type": "input_text", "text": "a.txt"}]}
        ]})).unwrap();
        assert_eq!((ask.prompt.as_str(), ask.results.as_slice()), ("", ["a.txt".to_owned()].as_slice()));
    }

    #[test]
    fn refuses_what_the_api_refuses() {
        for (value, param) in [
            (json!({"input": "x"}), "model"),
            (json!({"model": "m"}), "input"),
            (json!({"model": "m", "input": 5}), "input"),
            (json!({"model": "m", "input": [{}]}), "input[0]"),
            (json!({"model": "m", "input": "x", "style": "claude"}), "style"),
            (
                json!({"model": "m", "input": "x", "stream_options": {"include_obfuscation": false}}),
                "stream_options",
            ),
        ] {
            let error = read_value(value).unwrap_err();
            assert_eq!((error.status, error.param.as_deref()), (400, Some(param)));
        }
        assert!(read_value(json!({"model": "m", "input": "hello"})).is_ok());
    }
}
