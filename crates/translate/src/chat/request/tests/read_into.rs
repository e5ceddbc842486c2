//! What Chat requests become in the representation, where it is not plain to see from what comes back.

use crate::chat::request::decode::decode_request;
use crate::ir::{
    CacheLifetime, CallKind, Effort, PartOfTurn, Request, Role, Shown, Source, ThinkingMode, ToolChoice,
    ToolDefinitionKind,
};
use serde_json::{Value, json};
use std::borrow::Cow;

fn with(body: &Value, check: impl FnOnce(&Request<'_>)) {
    let mut whole = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    check(&decode_request(whole.to_string().as_bytes()).unwrap());
}

#[test]
fn results_of_one_round_are_one_user_turn() {
    let body = json!({"messages": [
        {"role": "assistant", "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}},
            {"id": "b", "type": "custom", "custom": {"name": "g", "input": "x"}}]},
        {"role": "tool", "tool_call_id": "a", "content": "1"},
        {"role": "tool", "tool_call_id": "b", "content": "2"},
        {"role": "user", "content": "and"},
        {"role": "tool", "tool_call_id": "late", "content": "3"},
    ]});
    with(&body, |request| {
        let roles: Vec<Role> = request.turns.iter().map(|turn| turn.role).collect();
        assert_eq!(roles, [Role::Assistant, Role::User, Role::User, Role::User]);
        let kinds: Vec<bool> = request.turns[0]
            .parts
            .iter()
            .map(|part| matches!(&part.body, PartOfTurn::ToolCall(call) if call.kind == CallKind::Custom))
            .collect();
        assert_eq!(kinds, [false, true]);
        let ids: Vec<&str> = request.turns[1]
            .parts
            .iter()
            .map(|part| match &part.body {
                PartOfTurn::ToolResult(result) => &*result.call_id,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(ids, ["a", "b"]);
        assert_eq!(request.turns[3].parts.len(), 1);
    });
}

#[test]
fn reasoning_stands_first_and_may_be_empty() {
    let body = json!({"messages": [
        {"role": "assistant", "content": "said", "reasoning_content": "thought", "reasoning": "thought"},
        {"role": "assistant", "content": "said", "reasoning_content": ""},
        {"role": "assistant", "content": "said", "reasoning_content": null},
    ]});
    with(&body, |request| {
        let first = |turn: usize| &request.turns[turn].parts[0].body;
        assert!(
            matches!(first(0), PartOfTurn::Reasoning(r) if r.text == ["thought"] && r.raw && r.proof.is_none())
        );
        assert_eq!(request.turns[0].parts.len(), 2);
        assert!(matches!(first(1), PartOfTurn::Reasoning(r) if r.text.is_empty()));
        assert!(matches!(first(2), PartOfTurn::Text { .. }));
    });
}

#[test]
fn big_data_is_borrowed() {
    let body = r#"{"model":"m","messages":[{"role":"user","content":[
        {"type":"text","text":"plain"},
        {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}},
        {"type":"file","file":{"file_data":"data:application/pdf;base64,BBBB"}},
        {"type":"image_url","image_url":{"url":"data:image\/png;base64,A\u0041"}}]}]}"#;
    let request = decode_request(body.as_bytes()).unwrap();
    let parts: Vec<&PartOfTurn<'_>> = request.turns[0].parts.iter().map(|part| &part.body).collect();
    assert!(matches!(parts[0], PartOfTurn::Text { text, .. } if *text == "plain"));
    let borrowed = |media: &str, bytes: &str, source: &Source<'_>| match source {
        Source::Base64 { media_type: Cow::Borrowed(kind), data: Cow::Borrowed(data) } => {
            *kind == media && *data == bytes
        }
        _ => false,
    };
    assert!(matches!(parts[1], PartOfTurn::Image { source, .. } if borrowed("image/png", "AAAA", source)));
    assert!(matches!(parts[2], PartOfTurn::Document(d) if borrowed("application/pdf", "BBBB", &d.source)));
    // An escaped one is copied once, and is the same.
    assert!(matches!(parts[3], PartOfTurn::Image { source: Source::Base64 { media_type, data }, .. }
        if media_type == "image/png" && data == "AA"));
}

#[test]
fn words_for_thinking_are_one_setting() {
    use ThinkingMode::{Adaptive, Disabled, Enabled};
    for (body, mode, effort) in [
        (json!({"reasoning_effort": "minimal"}), None, Some(Effort::Minimal)),
        (
            json!({"thinking": {"type": "enabled", "budget_tokens": 9}}),
            Some(Enabled { budget_tokens: 9 }),
            None,
        ),
        (json!({"thinking": {"type": "enabled"}}), Some(Adaptive), None),
        (json!({"thinking": {"type": "disabled"}}), Some(Disabled), None),
        (json!({"enable_thinking": true}), Some(Adaptive), None),
        (json!({"enable_thinking": false, "thinking_budget": 5}), Some(Disabled), None),
        (json!({"thinking_budget": 5}), Some(Enabled { budget_tokens: 5 }), None),
        (json!({"reasoning": {"max_tokens": 7}}), Some(Enabled { budget_tokens: 7 }), None),
        (json!({"reasoning": {"enabled": false}}), Some(Disabled), None),
        (json!({"reasoning": {"effort": "high", "enabled": true}}), Some(Adaptive), Some(Effort::High)),
        (json!({"reasoning": {"effort": "high"}, "reasoning_effort": "low"}), None, Some(Effort::Low)),
    ] {
        with(&body, |request| {
            assert_eq!((request.reasoning.mode, request.reasoning.effort), (mode, effort), "{body}");
        });
    }
    with(&json!({"reasoning": {"exclude": true}}), |request| {
        assert_eq!(request.reasoning.shown, Some(Shown::Omitted));
    });
}

#[test]
fn a_grammar_is_kept_as_responses_writes_it() {
    let body = json!({"tools": [{"type": "custom", "custom": {"name": "c", "format":
        {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: A"}}}}]});
    with(&body, |request| match &request.tools[0].kind {
        ToolDefinitionKind::Custom { format: Some(format) } => {
            assert_eq!(format.get(), r#"{"type":"grammar","syntax":"lark","definition":"start: A"}"#);
        }
        other => panic!("{other:?}"),
    });
}

#[test]
fn choices_and_marks() {
    let body = json!({
        "tools": [{"type": "function", "function": {"name": "f"}, "cache_control": {"type": "ephemeral"}}],
        "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [
            {"type": "function", "function": {"name": "f"}}]}},
        "messages": [{"role": "system", "content": [
            {"type": "text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "30m"}}]}],
    });
    with(&body, |request| {
        assert_eq!(request.tools[0].cache, Some(CacheLifetime::Default));
        assert_eq!(request.turns[0].parts[0].cache, Some(CacheLifetime::Short));
        assert!(matches!(&request.tool_choice,
            Some(ToolChoice::Allowed { required: false, names, .. }) if names[..] == ["f"]));
    });
}

#[test]
fn what_says_nothing_is_no_extra() {
    let body = json!({"n": 1, "logprobs": false, "store": false, "metadata": {}, "logit_bias": {}, "style": "claude",
        "modalities": ["text"], "x": null, "messages": [{"role": "assistant", "content": "a", "annotations": []}]});
    with(&body, |request| {
        assert!(request.extras.is_empty(), "{:?}", request.extras);
        assert!(request.turns[0].extras.is_empty());
    });
}
