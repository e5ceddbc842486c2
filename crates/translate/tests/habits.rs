//! Requests for models and families that each have their own way: what is sent to them, and what is noted.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use tollgate_protocol::Protocol;
use tollgate_translate::carrier::CarrierKey;
use tollgate_translate::family::Family;
use tollgate_translate::traits::ModelTraits;
use tollgate_translate::{Forgetful, Target, translate_request};

/// The body sent to `model` in Chat or Messages, and what was noted.
fn sent(from: Protocol, body: &Value, to: Protocol, family: Family, model: &str) -> (Value, Vec<String>) {
    let key = CarrierKey::new(&[7; 32]);
    let target = Target {
        protocol: to,
        model,
        traits: &ModelTraits::of(model),
        family,
        account: "1",
        key: &key,
        remembered: &Forgetful,
    };
    let prepared = translate_request(from, body.to_string().as_bytes(), None, &target).unwrap();
    (serde_json::from_slice(&prepared.body).unwrap(), prepared.dropped)
}

fn with(base: Value, more: &Value) -> Value {
    let mut all = base;
    let members = all.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    all
}

/// The members named `names` of what is sent for a Responses request with `more`.
fn members(more: &Value, family: Family, model: &str, names: &[&str]) -> (Value, Vec<String>) {
    let body = with(json!({"model": "m", "input": "hi"}), more);
    let (body, notes) = sent(Protocol::Responses, &body, Protocol::Chat, family, model);
    let chosen =
        names.iter().filter_map(|name| body.get(*name).map(|value| ((*name).to_owned(), value.clone())));
    (Value::Object(chosen.collect()), notes)
}

const THINKING: &[&str] = &[
    "thinking",
    "reasoning_effort",
    "enable_thinking",
    "thinking_budget",
    "reasoning",
    "chat_template_kwargs",
];

#[test]
fn efforts_in_each_models_words() {
    use Family::{Deepseek, Generic, Mimo, Moonshot, Openai, Openrouter, Qwen, Vllm, Zhipu};
    let (on, off) = (json!({"thinking": {"type": "enabled"}}), json!({"thinking": {"type": "disabled"}}));
    for (family, model, effort, want, noted) in [
        (Deepseek, "deepseek-v4-pro", "none", off.clone(), false),
        (Deepseek, "deepseek-v4-pro", "minimal", json!({"reasoning_effort": "low"}), true),
        (Deepseek, "deepseek-v4-pro", "medium", json!({"reasoning_effort": "high"}), true),
        (Deepseek, "deepseek-v4-pro", "max", json!({"reasoning_effort": "max"}), false),
        (Zhipu, "glm-4.6", "none", off.clone(), false),
        (Zhipu, "glm-4.6", "high", on.clone(), false),
        (Zhipu, "glm-5.2", "none", off.clone(), false),
        (Zhipu, "glm-5.2", "xhigh", json!({"reasoning_effort": "max"}), true),
        (Zhipu, "glm-5.3", "none", json!({"reasoning_effort": "low"}), true),
        (Mimo, "mimo-v2.5-pro", "none", off.clone(), false),
        (Mimo, "mimo-v2.5-pro", "low", on.clone(), false),
        (Moonshot, "kimi-k3", "high", json!({"reasoning_effort": "high"}), false),
        (Moonshot, "kimi-k3", "none", json!({"reasoning_effort": "low"}), true),
        (Moonshot, "kimi-k2.6", "none", off, false),
        (Moonshot, "kimi-k2.6", "high", on, false),
        (Moonshot, "kimi-k2.7-code", "none", json!({}), true),
        (Qwen, "qwen-plus", "high", json!({"enable_thinking": true}), false),
        (Qwen, "qwen-plus", "none", json!({"enable_thinking": false}), false),
        (
            Qwen,
            "qwen3.8-max",
            "medium",
            json!({"enable_thinking": true, "reasoning_effort": "medium"}),
            false,
        ),
        (Qwen, "qwen3-coder-plus", "high", json!({}), true),
        (Openrouter, "deepseek/deepseek-v4-pro", "max", json!({"reasoning": {"effort": "xhigh"}}), false),
        (Vllm, "Qwen/Qwen3-32B", "none", json!({"chat_template_kwargs": {"enable_thinking": false}}), false),
        (Generic, "some-model", "high", json!({"reasoning_effort": "high"}), false),
        (Openai, "gpt-5.1", "none", json!({"reasoning_effort": "none"}), false),
        (Openai, "gpt-4o", "high", json!({}), true),
    ] {
        let (got, notes) = members(&json!({"reasoning": {"effort": effort}}), family, model, THINKING);
        assert_eq!(got, want, "{model} {effort}");
        assert_eq!(!notes.is_empty(), noted, "{model} {effort}: {notes:?}");
    }
}

#[test]
fn thinking_modes_of_messages_in_each_models_words() {
    use Family::{Moonshot, Qwen, Zhipu};
    let budget = json!({"type": "enabled", "budget_tokens": 9000});
    for (family, model, thinking, want) in [
        (Zhipu, "glm-4.6", &json!({"type": "disabled"}), json!({"thinking": {"type": "disabled"}})),
        (Zhipu, "glm-5.3", &json!({"type": "disabled"}), json!({"reasoning_effort": "low"})),
        (Zhipu, "glm-5.3", &budget, json!({"reasoning_effort": "high"})),
        (Moonshot, "kimi-k3", &json!({"type": "adaptive"}), json!({})),
        (Moonshot, "kimi-k2.6", &json!({"type": "adaptive"}), json!({"thinking": {"type": "enabled"}})),
        (Qwen, "qwen-plus", &budget, json!({"enable_thinking": true, "thinking_budget": 9000})),
    ] {
        let body = json!({"model": "m", "max_tokens": 20_000, "thinking": thinking,
            "messages": [{"role": "user", "content": "hi"}]});
        let (body, _) = sent(Protocol::Messages, &body, Protocol::Chat, family, model);
        let got: serde_json::Map<_, _> = THINKING
            .iter()
            .filter_map(|name| body.get(*name).map(|value| ((*name).to_owned(), value.clone())))
            .collect();
        assert_eq!(Value::Object(got), want, "{model} {thinking}");
    }
}

fn tool(name: &str) -> Value {
    json!({"type": "function", "name": name, "parameters": {"type": "object", "properties": {}}})
}

#[test]
fn forced_calls_of_models_that_think() {
    use Family::{Deepseek, Generic, Llamacpp, Moonshot, Qwen, Zhipu};
    let off = json!({"type": "disabled"});
    let named = json!({"type": "function", "name": "b"});
    let chat_named = json!({"type": "function", "function": {"name": "b"}});
    let both = ["a", "b"].as_slice();
    for (family, model, choice, effort, want, tools, thinking, noted) in [
        // Switched off for this one answer; noted where thinking was asked for.
        (Deepseek, "deepseek-flash", json!("required"), None, json!("required"), both, Some(&off), &[][..]),
        (
            Deepseek,
            "deepseek-flash",
            named.clone(),
            Some("high"),
            chat_named.clone(),
            both,
            Some(&off),
            &["reasoning_effort"],
        ),
        (Deepseek, "deepseek-flash", json!("auto"), None, json!("auto"), both, None, &[]),
        (Moonshot, "kimi-k2.6", json!("required"), None, json!("required"), both, Some(&off), &[]),
        (Moonshot, "kimi-k3", json!("required"), None, json!("required"), both, None, &[]),
        // One tool by its name is any of only that one.
        (Moonshot, "kimi-k3", named.clone(), None, json!("required"), &["b"], None, &[]),
        (Llamacpp, "some-model", named.clone(), None, json!("required"), &["b"], None, &[]),
        (Moonshot, "kimi-k2.7-code", named.clone(), None, json!("auto"), &["b"], None, &["tool_choice"]),
        (Zhipu, "glm-4.6", json!("required"), None, json!("auto"), both, None, &["tool_choice"]),
        // Does not think unasked.
        (Qwen, "qwen-plus", named.clone(), None, chat_named.clone(), both, None, &[]),
        (Generic, "some-model", named, None, chat_named, both, None, &[]),
    ] {
        let mut asked = json!({"tools": [tool("a"), tool("b")], "tool_choice": choice});
        if let Some(effort) = effort {
            asked["reasoning"] = json!({"effort": effort});
        }
        let (got, notes) = members(&asked, family, model, &["tool_choice", "tools", "thinking"]);
        assert_eq!(got["tool_choice"], want, "{model} {choice}");
        let names: Vec<&str> = got["tools"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tool| tool["function"]["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, tools, "{model} {choice}");
        assert_eq!(got.get("thinking"), thinking, "{model} {choice}");
        assert_eq!(notes, noted, "{model} {choice}");
    }
}

#[test]
fn forced_calls_of_claude() {
    for (model, choice, thinking, noted) in [
        ("claude-sonnet-4-5", json!({"type": "any"}), None, &["reasoning_effort"][..]),
        ("claude-opus-4-8", json!({"type": "any"}), Some(json!({"type": "adaptive"})), &[]),
        ("claude-opus-5-5", json!({"type": "auto"}), Some(json!({"type": "adaptive"})), &["tool_choice"]),
    ] {
        let body = json!({"model": "m", "max_tokens": 9000, "reasoning_effort": "low", "tool_choice": "required",
            "messages": [{"role": "user", "content": "hi"}],
            "tools": [{"type": "function", "function": {"name": "a", "parameters": {"type": "object"}}}]});
        let (body, notes) = sent(Protocol::Chat, &body, Protocol::Messages, Family::Anthropic, model);
        assert_eq!(body["tool_choice"], choice, "{model}");
        let kind = body.get("thinking").map(|thinking| json!({"type": thinking["type"]}));
        assert_eq!(kind, thinking, "{model}");
        assert_eq!(notes, noted, "{model}");
    }
}

#[test]
fn sampling_of_models_that_think() {
    use Family::{Deepseek, Mimo, Moonshot, Openai, Zhipu};
    for (family, model, effort, temperature) in [
        (Deepseek, "deepseek-flash", None, None),
        (Deepseek, "deepseek-flash", Some("none"), Some(0.5)),
        (Deepseek, "deepseek-chat", None, Some(0.5)),
        (Mimo, "mimo-v2.5-pro", None, None),
        (Mimo, "mimo-v2.5-pro", Some("none"), Some(0.5)),
        (Moonshot, "kimi-k2.6", Some("none"), None),
        (Moonshot, "moonshot-v1-8k", None, Some(0.5)),
        (Zhipu, "glm-4.6", None, Some(0.5)),
        (Openai, "gpt-5.1", None, None),
        (Openai, "gpt-5.1", Some("none"), Some(0.5)),
        (Openai, "gpt-5", Some("none"), None),
    ] {
        let mut asked = json!({"temperature": 0.5});
        if let Some(effort) = effort {
            asked["reasoning"] = json!({"effort": effort});
        }
        let (got, notes) = members(&asked, family, model, &["temperature"]);
        assert_eq!(got.get("temperature").and_then(Value::as_f64), temperature, "{model} {effort:?}");
        let noted = notes.iter().any(|note| note == "temperature");
        assert_eq!(noted, temperature.is_none(), "{model} {effort:?}: {notes:?}");
    }
    let (got, notes) = members(&json!({"temperature": 1.7}), Zhipu, "glm-4.6", &["temperature"]);
    assert_eq!((got, notes), (json!({"temperature": 1.0}), vec!["temperature".to_owned()]));
}

#[test]
fn limits_by_the_name_each_family_reads() {
    for (family, model, want) in [
        (Family::Deepseek, "deepseek-v4-pro", json!({"max_tokens": 200_000})),
        (Family::Zhipu, "glm-5.3", json!({"max_tokens": 131_072})),
        (Family::Moonshot, "kimi-k3", json!({"max_completion_tokens": 200_000})),
        (Family::Mimo, "mimo-v2.5-pro", json!({"max_completion_tokens": 131_072})),
        (Family::Openai, "gpt-5.5", json!({"max_completion_tokens": 128_000})),
        (Family::Ollama, "some-model", json!({"max_tokens": 200_000})),
    ] {
        let asked = json!({"max_output_tokens": 200_000});
        let (got, _) = members(&asked, family, model, &["max_tokens", "max_completion_tokens"]);
        assert_eq!(got, want, "{model}");
    }
}
