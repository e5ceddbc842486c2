//! Settings of other protocols, written for Chat servers of several habits.

use super::made::{raw, request, text, turn, usual, write};
use crate::family::{CacheMark, EndUser, Lists, MaxTokens, Quirks, ReasoningStyle};
use crate::ir::{CacheLifetime, Effort, OutputFormat, RequestTier, Role, ThinkingMode};
use serde_json::{Value, json};

#[test]
fn settings_by_habit() {
    let mut asked = request(vec![turn(Role::User, vec![text("hi")])]);
    asked.stream = true;
    asked.max_output_tokens = Some(10);
    asked.sampling.top_k = Some(5);
    asked.verbosity = Some("low".into());
    asked.service_tier = Some(RequestTier::Standard);
    asked.end_user =
        Some("{\"device_id\":\"0123456789012345678901234567890123456789012345678901234567890\"}".into());
    asked.cache_key = Some("k".into());
    asked.auto_cache = Some(CacheLifetime::Default);
    let schema = raw(&json!({"type": "object"}));
    asked.format = Some(OutputFormat::JsonSchema { name: None, description: None, schema, strict: None });
    let openai = Quirks {
        max_tokens: MaxTokens::MaxCompletionTokens,
        end_user: Some(EndUser::SafetyIdentifier),
        ..usual()
    };
    let (body, notes) = write(&asked, openai);
    assert!(notes.is_empty(), "{notes:?}");
    assert_eq!(body["max_completion_tokens"], 10);
    assert_eq!(body["safety_identifier"].as_str().unwrap().len(), 32);
    assert_eq!(body["service_tier"], "default");
    assert_eq!(body["stream_options"], json!({"include_usage": true}));
    assert_eq!(
        body["response_format"],
        json!({"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}})
    );
    let plain = Quirks {
        include_usage: false,
        top_k: false,
        end_user: None,
        cache_key: false,
        service_tier: false,
        verbosity: false,
        ..usual()
    };
    let (body, notes) = write(&asked, plain);
    for member in ["stream_options", "top_k", "user", "safety_identifier", "prompt_cache_key", "service_tier"]
    {
        assert!(body.get(member).is_none(), "{member}");
    }
    assert_eq!(notes, ["top_k", "verbosity", "service_tier"]);
    assert_eq!(body["max_tokens"], 10);
}

#[test]
fn thinking_in_every_style() {
    use ReasoningStyle::{
        Effort as ByEffort, EnableThinking, No, Object, TemplateArguments, Thinking, ThinkingAndEffort,
        ThinkingOrEffort,
    };
    let budget = Some(ThinkingMode::Enabled { budget_tokens: 2000 });
    for (style, mode, effort, want) in [
        (ByEffort, None, Some(Effort::High), json!({"reasoning_effort": "high"})),
        (ByEffort, Some(ThinkingMode::Adaptive), Some(Effort::Low), json!({"reasoning_effort": "low"})),
        (ByEffort, Some(ThinkingMode::Adaptive), None, json!({})),
        (
            ThinkingAndEffort,
            Some(ThinkingMode::Adaptive),
            Some(Effort::Max),
            json!({"thinking": {"type": "enabled"}, "reasoning_effort": "max"}),
        ),
        (ThinkingAndEffort, None, Some(Effort::None), json!({"thinking": {"type": "disabled"}})),
        (ThinkingAndEffort, Some(ThinkingMode::Disabled), None, json!({"thinking": {"type": "disabled"}})),
        (Thinking, None, Some(Effort::High), json!({"thinking": {"type": "enabled"}})),
        (Thinking, None, Some(Effort::None), json!({"thinking": {"type": "disabled"}})),
        (
            ThinkingOrEffort,
            Some(ThinkingMode::Adaptive),
            Some(Effort::Max),
            json!({"reasoning_effort": "max"}),
        ),
        (ThinkingOrEffort, Some(ThinkingMode::Adaptive), None, json!({"thinking": {"type": "enabled"}})),
        (ThinkingOrEffort, None, Some(Effort::None), json!({"thinking": {"type": "disabled"}})),
        (
            EnableThinking,
            budget,
            Some(Effort::Xhigh),
            json!({"enable_thinking": true, "reasoning_effort": "xhigh"}),
        ),
        (EnableThinking, budget, None, json!({"enable_thinking": true, "thinking_budget": 2000})),
        (EnableThinking, Some(ThinkingMode::Disabled), None, json!({"enable_thinking": false})),
        (Object, budget, None, json!({"reasoning": {"max_tokens": 2000}})),
        (Object, budget, Some(Effort::High), json!({"reasoning": {"effort": "high"}})),
        (Object, Some(ThinkingMode::Disabled), None, json!({"reasoning": {"enabled": false}})),
        (Object, Some(ThinkingMode::Adaptive), None, json!({"reasoning": {"enabled": true}})),
        (
            TemplateArguments,
            Some(ThinkingMode::Disabled),
            None,
            json!({"chat_template_kwargs": {"enable_thinking": false}}),
        ),
        (
            TemplateArguments,
            None,
            Some(Effort::Max),
            json!({"chat_template_kwargs": {"enable_thinking": true, "reasoning_effort": "max"}}),
        ),
        (
            TemplateArguments,
            None,
            Some(Effort::Low),
            json!({"chat_template_kwargs": {"enable_thinking": true, "reasoning_effort": "low"},
                "reasoning_effort": "low"}),
        ),
        (Object, None, Some(Effort::Max), json!({"reasoning": {"effort": "xhigh"}})),
        (TemplateArguments, None, None, json!({})),
        (No, None, None, json!({})),
    ] {
        let mut asked = request(vec![turn(Role::User, vec![text("hi")])]);
        asked.reasoning.mode = mode;
        asked.reasoning.effort = effort;
        let (mut body, notes) = write(&asked, Quirks { reasoning: style, ..usual() });
        let body = body.as_object_mut().unwrap();
        body.retain(|name, _| name != "model" && name != "messages");
        assert_eq!(Value::Object(body.clone()), want, "{style:?} {mode:?} {effort:?}");
        assert!(notes.is_empty(), "{notes:?}");
    }
    let mut asked = request(vec![turn(Role::User, vec![text("hi")])]);
    asked.reasoning.mode = Some(ThinkingMode::Disabled);
    assert_eq!(write(&asked, usual()).1, ["thinking"]);
    assert_eq!(write(&asked, Quirks { reasoning: No, ..usual() }).1, ["reasoning"]);
}

#[test]
fn cache_marks_by_habit() {
    let marked = || {
        let mut part = text("a");
        part.cache = Some(CacheLifetime::Long);
        vec![turn(Role::System, vec![part]), turn(Role::User, vec![text("u")])]
    };
    let written = |cache| {
        write(&request(marked()), Quirks { cache, lists: Lists::Everywhere, ..usual() }).0["messages"][0]["content"]
            .clone()
    };
    assert_eq!(written(CacheMark::No), "a");
    assert_eq!(written(CacheMark::AsCame), "a");
    assert_eq!(
        written(CacheMark::CacheControl)[0]["cache_control"],
        json!({"type": "ephemeral", "ttl": "1h"})
    );
    assert_eq!(
        written(CacheMark::Breakpoint)[0]["prompt_cache_breakpoint"],
        json!({"mode": "explicit", "ttl": "12h"})
    );
}
