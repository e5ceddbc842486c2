//! What each Claude model takes, and how the API refuses the rest.
//!
//! Sources: Anthropic's model pages and the rules of `@ai-sdk/anthropic` 4.0.105.

use serde_json::Value;

use super::{Check, items, set};
use crate::error::ProviderError;
use crate::reading::{self, Body};

/// One generation's rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rules {
    max_tokens: u64,
    sampling: bool,
    /// `thinking.type: enabled` and `adaptive`.
    enabled: bool,
    adaptive: bool,
    disabling: Disabling,
    forced_tools: bool,
    efforts: &'static [&'static str],
    prefill: bool,
    /// Messages with the role `system`.
    system_turns: bool,
}

/// Whether thinking can be switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Disabling {
    Always,
    /// At an effort of at most `high`.
    UpToHigh,
    Never,
}

const ALL_EFFORTS: &[&str] = &["low", "medium", "high", "xhigh", "max"];

const NEW: Rules = Rules {
    max_tokens: 128_000,
    sampling: false,
    enabled: false,
    adaptive: true,
    disabling: Disabling::Always,
    forced_tools: true,
    efforts: ALL_EFFORTS,
    prefill: false,
    system_turns: true,
};
const NEVER_FORCED: Rules = Rules { disabling: Disabling::Never, forced_tools: false, ..NEW };
const FOUR_6: Rules = Rules {
    sampling: true,
    enabled: true,
    efforts: &["low", "medium", "high", "max"],
    system_turns: false,
    ..NEW
};
const OPUS_4_5: Rules = Rules {
    max_tokens: 64_000,
    adaptive: false,
    efforts: &["low", "medium", "high"],
    prefill: true,
    ..FOUR_6
};
const FOUR_5: Rules = Rules { efforts: &[], ..OPUS_4_5 };

/// How names begin, after `claude-`; the first that fits counts.
const TABLE: &[(&[&str], Rules)] = &[
    (&["opus-5-5", "sonnet-5-5", "fable-5-1", "fable-5-2", "mythos-5"], NEVER_FORCED),
    (&["haiku-5-5"], Rules { disabling: Disabling::UpToHigh, ..NEW }),
    (&["fable-5"], Rules { disabling: Disabling::Never, ..NEW }),
    (&["opus-5"], Rules { disabling: Disabling::UpToHigh, ..NEW }),
    (&["sonnet-5"], Rules { system_turns: false, ..NEW }),
    (&["opus-4-8"], NEW),
    (&["opus-4-7"], Rules { system_turns: false, ..NEW }),
    (&["opus-4-6", "sonnet-4-6"], FOUR_6),
    (&["opus-4-5"], OPUS_4_5),
    (&["sonnet-4-5", "haiku-4-5"], FOUR_5),
    (&["opus-4"], Rules { max_tokens: 32_000, ..FOUR_5 }),
    (&["sonnet-4"], FOUR_5),
];

/// The rules of a model; `None` for names nothing is known of.
fn rules(model: &str) -> Option<Rules> {
    let name = model.strip_prefix("claude-")?;
    TABLE
        .iter()
        .find(|(begins, _)| begins.iter().any(|begin| name.starts_with(begin)))
        .map(|(_, rules)| *rules)
}

/// Whether the model takes messages with the role `system`; unknown ones do.
pub(super) fn takes_system_turns(model: &str) -> bool {
    rules(model).is_none_or(|rules| rules.system_turns)
}

/// Checks what depends on the model.
pub(super) fn check(body: &Body) -> Check {
    let model = reading::text(body, "model").unwrap_or_default();
    let Some(rules) = rules(model) else { return Ok(()) };
    check_limit(body, &rules, model)?;
    check_sampling(body, &rules)?;
    check_thinking(body, &rules)?;
    let choice = body.get("tool_choice").unwrap_or(&Value::Null);
    if !rules.forced_tools && matches!(reading::member(choice, "type"), "any" | "tool") {
        return refuse(
            "tool_choice",
            "tool_choice: forced tool use (`any` or `tool`) is not supported for this model",
        );
    }
    check_effort(body, &rules)?;
    let last = reading::list(body, "messages").last();
    if !rules.prefill && last.is_some_and(|last| reading::member(last, "role") == "assistant") {
        let text = "This model does not support assistant message prefill. The conversation must end with a user message.";
        return refuse("messages", text);
    }
    Ok(())
}

fn check_limit(body: &Body, rules: &Rules, model: &str) -> Check {
    let (limit, most) = (reading::count(body, "max_tokens")?.unwrap_or(0), rules.max_tokens);
    if limit <= most {
        return Ok(());
    }
    let text = format!(
        "max_tokens: {limit} > {most}, which is the maximum allowed number of output tokens for {model}"
    );
    refuse("max_tokens", &text)
}

/// New models take only what changes nothing.
fn check_sampling(body: &Body, rules: &Rules) -> Check {
    if rules.sampling {
        if set(body, "temperature").is_some() && set(body, "top_p").is_some() {
            let text =
                "`temperature` and `top_p` cannot both be specified for this model. Please use only one.";
            return refuse("temperature", text);
        }
        return Ok(());
    }
    let number = |name: &str| set(body, name).map(|value| value.as_f64().unwrap_or(-1.0));
    let odd = [
        ("temperature", number("temperature").is_some_and(|value| !(1.0..=1.0).contains(&value))),
        ("top_p", number("top_p").is_some_and(|value| value < 0.99)),
        ("top_k", set(body, "top_k").is_some()),
    ];
    match odd.into_iter().find(|(_, odd)| *odd) {
        Some((name, _)) => refuse(name, &format!("`{name}` is deprecated for this model.")),
        None => Ok(()),
    }
}

fn check_thinking(body: &Body, rules: &Rules) -> Check {
    let Some(thinking) = set(body, "thinking") else { return Ok(()) };
    let text = match reading::member(thinking, "type") {
        "enabled" if !rules.enabled => {
            "\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" and \"output_config.effort\" to control thinking behavior."
        }
        "adaptive" | "between_tools" if !rules.adaptive => "adaptive thinking is not supported on this model",
        "disabled" if !can_disable(body, rules) => {
            "\"thinking.type.disabled\" is not supported for this model."
        }
        _ => return Ok(()),
    };
    refuse("thinking", text)
}

fn can_disable(body: &Body, rules: &Rules) -> bool {
    match rules.disabling {
        Disabling::Always => true,
        Disabling::UpToHigh => !matches!(effort(body), "xhigh" | "max"),
        Disabling::Never => false,
    }
}

fn effort(body: &Body) -> &str {
    body.get("output_config").map(|config| reading::member(config, "effort")).unwrap_or_default()
}

fn check_effort(body: &Body, rules: &Rules) -> Check {
    let effort = effort(body);
    if effort.is_empty() || rules.efforts.contains(&effort) {
        return Ok(());
    }
    if rules.efforts.is_empty() {
        return refuse("output_config", "This model does not support the effort parameter.");
    }
    let known = rules.efforts.join("', '");
    refuse("output_config", &format!("output_config.effort: Input should be '{known}'"))
}

/// `thinking` by itself: what every model wants of it.
pub(super) fn check_budget(body: &Body) -> Check {
    let Some(thinking) = set(body, "thinking") else { return Ok(()) };
    if reading::member(thinking, "type") != "enabled" {
        return Ok(());
    }
    let Some(budget) = thinking.get("budget_tokens").and_then(Value::as_u64) else {
        return refuse("thinking", "thinking.enabled.budget_tokens: Field required");
    };
    if budget < 1024 {
        let text = "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024";
        return refuse("thinking", text);
    }
    if reading::count(body, "max_tokens")?.is_some_and(|limit| limit <= budget) {
        return refuse("max_tokens", "`max_tokens` must be greater than `thinking.budget_tokens`.");
    }
    if matches!(body.get("tool_choice").map(|choice| reading::member(choice, "type")), Some("any" | "tool")) {
        return refuse("thinking", "Thinking may not be enabled when tool_choice forces tool use.");
    }
    if set(body, "temperature").is_some_and(|value| value.as_f64() != Some(1.0)) {
        return refuse("temperature", "`temperature` may only be set to 1 when thinking is enabled.");
    }
    if set(body, "top_k").is_some() {
        return refuse("top_k", "`top_k` must be unset when thinking is enabled.");
    }
    check_thought_calls(body)
}

/// With thinking `enabled`, a tool loop under way must begin with the thinking that it began with.
fn check_thought_calls(body: &Body) -> Check {
    let messages = reading::list(body, "messages");
    let Some(index) = messages.iter().rposition(|message| reading::member(message, "role") == "assistant")
    else {
        return Ok(());
    };
    let content = items(&messages[index], "content");
    let thought = content.iter().any(|block| {
        reading::member(block, "type") == "tool_use"
            && reading::member(block, "id").starts_with(crate::messages::THOUGHT_ID)
    });
    let first = content.first().map(|block| reading::member(block, "type")).unwrap_or_default();
    if !thought || matches!(first, "thinking" | "redacted_thinking") {
        return Ok(());
    }
    let text = format!(
        "messages.{index}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `{first}`. When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks)."
    );
    refuse("messages", &text)
}

fn refuse(field: &str, text: &str) -> Check {
    Err(ProviderError::field(field, text))
}
