//! A Chat Completions request, read and validated as the API does.

use serde_json::Value;

use crate::ask::{Ask, Choice, Format, Tool, ToolKind};
use crate::error::ProviderError;
use crate::reading::{self, Body};
use crate::tokens;

/// Reads a request to `POST /v1/chat/completions`.
pub(crate) fn read(body: &Body) -> Result<Ask, ProviderError> {
    if reading::text(body, "model").is_none_or(str::is_empty) {
        return Err(ProviderError::field("model", "you must provide a model parameter"));
    }
    check_messages(body)?;
    if let Some(error) = unknown_style(body) {
        return Err(error);
    }
    let stream = reading::flag(body, "stream")?;
    let options = body.get("stream_options").filter(|options| !options.is_null());
    if options.is_some() && !stream {
        let text = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
        return Err(ProviderError::field("stream_options", text));
    }
    let n = reading::count(body, "n")?.unwrap_or(1);
    if !(1..=128).contains(&n) {
        return Err(ProviderError::field("n", "n: expected a number from 1 to 128"));
    }
    let max_tokens = reading::count(body, "max_completion_tokens")?.or(reading::count(body, "max_tokens")?);
    let include_usage = options.and_then(|options| options.get("include_usage")).and_then(Value::as_bool);
    Ok(Ask { stream, n: n as usize, max_tokens, include_usage: include_usage.unwrap_or(false), ..ask(body) })
}

fn check_messages(body: &Body) -> Result<(), ProviderError> {
    let Some(Value::Array(messages)) = body.get("messages") else {
        let error = ProviderError::field("messages", "Missing required parameter: 'messages'.");
        return Err(error.code("missing_required_parameter"));
    };
    if messages.is_empty() {
        let error =
            ProviderError::field("messages", "Invalid 'messages': empty array. Expected at least 1 message.");
        return Err(error.code("empty_array"));
    }
    for (index, message) in messages.iter().enumerate() {
        let role = reading::member(message, "role");
        if !matches!(role, "system" | "developer" | "user" | "assistant" | "tool" | "function") {
            let name = format!("messages[{index}].role");
            let text = format!(
                "Invalid value: '{role}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'."
            );
            return Err(ProviderError::field(&name, text).code("invalid_value"));
        }
        if role == "tool" && reading::member(message, "tool_call_id").is_empty() {
            let name = format!("messages[{index}].tool_call_id");
            return Err(ProviderError::field(&name, format!("Missing required parameter: '{name}'.")));
        }
    }
    Ok(())
}

/// `style` belongs to gateways; a provider has never heard of it.
fn unknown_style(body: &Body) -> Option<ProviderError> {
    body.contains_key("style").then(|| {
        ProviderError::field("style", "style: Extra inputs are not permitted").code("unknown_parameter")
    })
}

fn ask(body: &Body) -> Ask {
    let messages = reading::list(body, "messages");
    let turn = last_turn(messages);
    let is_user = |message: &Value| reading::member(message, "role") == "user";
    let user = turn.iter().rev().find(|message| is_user(message));
    let texts = user.and_then(|message| message.get("content")).map(reading::texts).unwrap_or_default();
    let (earlier, answered) =
        reading::directed(messages, is_user, |message| usize::from(result(message).is_some()));
    Ask {
        earlier,
        answered,
        model: reading::text(body, "model").unwrap_or_default().to_owned(),
        prompt: texts.join("\n"),
        echo: texts.last().copied().unwrap_or_default().to_owned(),
        results: turn.iter().filter_map(result).collect(),
        images: messages.iter().map(reading::images).sum(),
        tools: tools(body),
        choice: choice(body.get("tool_choice").unwrap_or(&Value::Null)),
        prompt_tokens: prompt_tokens(body),
        stops: reading::stops(body.get("stop")),
        format: format(body),
        ..Ask::default()
    }
}

/// What came after the assistant spoke last; the whole conversation if that is nothing.
fn last_turn(messages: &[Value]) -> &[Value] {
    let spoke = messages.iter().rposition(|message| reading::member(message, "role") == "assistant");
    match spoke {
        Some(index) if index + 1 < messages.len() => &messages[index + 1..],
        _ => messages,
    }
}

fn result(message: &Value) -> Option<String> {
    let is_result = matches!(reading::member(message, "role"), "tool" | "function");
    is_result.then(|| message.get("content").map(reading::texts).unwrap_or_default().join(" "))
}

fn tools(body: &Body) -> Vec<Tool> {
    let tools = reading::list(body, "tools").iter().filter_map(|tool| {
        if let Some(function) = tool.get("function") {
            return named(function);
        }
        let name = tool.get("custom").map(|custom| reading::member(custom, "name"))?;
        Some(Tool { name: name.to_owned(), namespace: None, kind: ToolKind::Custom })
    });
    tools.chain(reading::list(body, "functions").iter().filter_map(named)).collect()
}

fn named(function: &Value) -> Option<Tool> {
    let name = reading::member(function, "name");
    (!name.is_empty()).then(|| Tool::function(name, function.get("parameters").unwrap_or(&Value::Null)))
}

fn choice(choice: &Value) -> Choice {
    match choice {
        Value::String(word) => match word.as_str() {
            "required" => Choice::Any,
            "none" => Choice::None,
            _ => Choice::Auto,
        },
        Value::Object(_) if reading::member(choice, "type") == "allowed_tools" => {
            let mode = choice.get("allowed_tools").map(|allowed| reading::member(allowed, "mode"));
            if mode == Some("required") { Choice::Any } else { Choice::Auto }
        }
        Value::Object(_) => {
            let named = choice.get("function").or_else(|| choice.get("custom"));
            named.map_or(Choice::Auto, |tool| Choice::Named(reading::member(tool, "name").to_owned()))
        }
        _ => Choice::Auto,
    }
}

fn format(body: &Body) -> Format {
    let Some(format) = body.get("response_format") else {
        return Format::Text;
    };
    match reading::member(format, "type") {
        "json_object" => Format::AnyJson,
        "json_schema" => format
            .get("json_schema")
            .and_then(|named| named.get("schema"))
            .map_or(Format::AnyJson, |schema| Format::Schema(schema.clone())),
        _ => Format::Text,
    }
}

fn prompt_tokens(body: &Body) -> u64 {
    let messages = body.get("messages").map_or(0, tokens::text_bytes);
    let tools: u64 =
        ["tools", "functions"].iter().filter_map(|name| body.get(*name)).map(tokens::json_bytes).sum();
    tokens::of_bytes(messages + tools).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read_value(value: Value) -> Result<Ask, ProviderError> {
        let Value::Object(body) = value else { panic!("an object") };
        read(&body)
    }

    #[test]
    fn reads_prompt_tools_and_results() {
        let ask = read_value(json!({
            "model": "m", "stream": true, "stream_options": {"include_usage": true}, "max_completion_tokens": 9,
            "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}, {"type": "custom", "custom": {"name": "c"}}],
            "tool_choice": {"type": "function", "function": {"name": "f"}},
            "messages": [
                {"role": "user", "content": "first"},
                {"role": "assistant", "content": null, "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
                {"role": "tool", "tool_call_id": "call_1", "content": "sunny"}
            ]
        })).unwrap();
        assert!(ask.include_usage);
        assert_eq!((ask.prompt.as_str(), ask.results.as_slice()), ("", ["sunny".to_owned()].as_slice()));
        assert_eq!(ask.choice, Choice::Named("f".to_owned()));
        assert_eq!(ask.tools[1].kind, ToolKind::Custom);
        assert_eq!(ask.max_tokens, Some(9));
    }

    #[test]
    fn refuses_what_the_api_refuses() {
        let messages = json!([{"role": "user", "content": "x"}]);
        for (value, param) in [
            (json!({"messages": messages}), "model"),
            (json!({"model": "m"}), "messages"),
            (json!({"model": "m", "messages": []}), "messages"),
            (json!({"model": "m", "messages": [{"role": "robot"}]}), "messages[0].role"),
            (json!({"model": "m", "messages": messages, "style": "openai"}), "style"),
            (json!({"model": "m", "messages": messages, "stream_options": {}}), "stream_options"),
            (json!({"model": "m", "messages": messages, "stream": "yes"}), "stream"),
            (json!({"model": "m", "messages": messages, "n": 0}), "n"),
        ] {
            let error = read_value(value).unwrap_err();
            assert_eq!((error.status, error.param.as_deref()), (400, Some(param)));
        }
    }
}
