//! What is wrong with a body is named by its place.

use crate::error::TranslateError;
use crate::messages::request::decode::decode_request;

fn said_by(role: &str, block: &str) -> String {
    format!(
        r#"{{"model":"m","messages":[{{"role":"{role}","content":[{{"type":"text","text":"a"}},{block}]}}]}}"#
    )
}

/// A block, said by whoever may say it.
fn with(block: &str) -> String {
    let assistants = ["thinking", "redacted_thinking", "tool_use"];
    let is_assistants = assistants.iter().any(|kind| block.starts_with(&format!(r#"{{"type":"{kind}""#)));
    said_by(if is_assistants { "assistant" } else { "user" }, block)
}

fn beside(member: &str) -> String {
    format!(r#"{{"model":"m","messages":[{{"role":"user","content":"a"}}],{member}}}"#)
}

fn field(body: &str) -> String {
    match decode_request(body.as_bytes()) {
        Err(TranslateError::BadRequest { field, .. }) => field,
        other => panic!("{body}: {other:?}"),
    }
}

#[test]
fn mistakes_in_messages_are_placed() {
    for (body, want) in [
        ("[]", "body"),
        ("{", "body"),
        (r#"{"messages":[]}"#, "model"),
        (r#"{"model":5,"messages":[]}"#, "model"),
        (r#"{"model":"m"}"#, "messages"),
        (r#"{"model":"m","messages":[]}"#, "messages"),
        (r#"{"model":"m","messages":[5]}"#, "messages.0"),
        (r#"{"model":"m","messages":[{"content":"a"}]}"#, "messages.0.role"),
        (r#"{"model":"m","messages":[{"role":"tool","content":"a"}]}"#, "messages.0.role"),
        (r#"{"model":"m","messages":[{"role":"user"}]}"#, "messages.0.content"),
        (r#"{"model":"m","messages":[{"role":"user","content":5}]}"#, "messages.0.content"),
    ] {
        assert_eq!(field(body), want, "{body}");
    }
}

#[test]
fn mistakes_in_blocks_are_placed() {
    for (block, want) in [
        ("5", ""),
        ("{}", ".type"),
        (r#"{"type":5}"#, ".type"),
        (r#"{"type":"text"}"#, ".text"),
        (r#"{"type":"text","text":[]}"#, ".text"),
        (r#"{"type":"image"}"#, ".source"),
        (r#"{"type":"image","source":"x"}"#, ".source"),
        (r#"{"type":"image","source":{"type":"x"}}"#, ".source.type"),
        (r#"{"type":"image","source":{"type":"text","data":"x"}}"#, ".source.type"),
        (r#"{"type":"image","source":{"type":"base64","data":"x"}}"#, ".source.media_type"),
        (r#"{"type":"image","source":{"type":"url"}}"#, ".source.url"),
        (r#"{"type":"document","source":{"type":"file"}}"#, ".source.file_id"),
        (r#"{"type":"document","source":{"type":"url","url":"u"},"title":5}"#, ".title"),
        (r#"{"type":"document","source":{"type":"url","url":"u"},"citations":5}"#, ".citations"),
        (r#"{"type":"thinking","signature":"s"}"#, ".thinking"),
        (r#"{"type":"redacted_thinking"}"#, ".data"),
        (r#"{"type":"tool_use","name":"f","input":{}}"#, ".id"),
        (r#"{"type":"tool_use","id":"t","input":{}}"#, ".name"),
        (r#"{"type":"tool_use","id":"t","name":"f"}"#, ".input"),
        (r#"{"type":"tool_use","id":"t","name":"f","input":"{}"}"#, ".input"),
        (r#"{"type":"tool_result","content":"x"}"#, ".tool_use_id"),
        (r#"{"type":"tool_result","tool_use_id":"t","content":5}"#, ".content"),
        (r#"{"type":"tool_result","tool_use_id":"t","content":[{"type":"text"}]}"#, ".content.0.text"),
        (r#"{"type":"tool_result","tool_use_id":"t","is_error":"no"}"#, ".is_error"),
        (
            r#"{"type":"tool_result","tool_use_id":"t","content":[{"type":"tool_result","tool_use_id":"t"}]}"#,
            ".content.0.type",
        ),
    ] {
        assert_eq!(field(&with(block)), format!("messages.0.content.1{want}"), "{block}");
    }
}

#[test]
fn blocks_of_another_speaker_are_refused() {
    let call = r#"{"type":"tool_use","id":"t","name":"f","input":{}}"#;
    let result = r#"{"type":"tool_result","tool_use_id":"t"}"#;
    let thinking = r#"{"type":"thinking","thinking":"h","signature":"s"}"#;
    for (role, block) in [
        ("user", call),
        ("system", call),
        ("assistant", result),
        ("system", result),
        ("user", thinking),
        ("system", r#"{"type":"redacted_thinking","data":"s"}"#),
    ] {
        assert_eq!(field(&said_by(role, block)), "messages.0.content.1.type", "{role} {block}");
    }
    let in_result = format!(r#"{{"type":"tool_result","tool_use_id":"t","content":[{call}]}}"#);
    assert_eq!(field(&with(&in_result)), "messages.0.content.1.content.0.type");
    assert_eq!(field(&beside(&format!(r#""system":[{thinking}]"#))), "system.0.type");
}

#[test]
fn mistakes_in_settings_are_placed() {
    for (member, want) in [
        (r#""system":5"#, "system"),
        (r#""system":[{"type":"text"}]"#, "system.0.text"),
        (r#""max_tokens":-1"#, "max_tokens"),
        (r#""temperature":"hot""#, "temperature"),
        (r#""stop_sequences":"x""#, "stop_sequences"),
        (r#""tools":{}"#, "tools"),
        (r#""tools":[{"input_schema":{}}]"#, "tools.0.name"),
        (r#""tools":[{"name":"f"}]"#, "tools.0.input_schema"),
        (r#""tools":[{"name":"f","input_schema":[]}]"#, "tools.0.input_schema"),
        (r#""tool_choice":"auto""#, "tool_choice"),
        (r#""tool_choice":{"type":"x"}"#, "tool_choice.type"),
        (r#""tool_choice":{"type":"tool"}"#, "tool_choice.name"),
        (r#""thinking":{"type":"enabled"}"#, "thinking.budget_tokens"),
        (r#""thinking":{"type":"x"}"#, "thinking.type"),
        (r#""output_config":{"effort":"x"}"#, "output_config.effort"),
        (r#""output_config":{"format":{"type":"json_schema"}}"#, "output_config.format.schema"),
        (r#""output_format":{"type":"json_schema"}"#, "output_format.schema"),
        (r#""metadata":{"user_id":5}"#, "metadata.user_id"),
    ] {
        assert_eq!(field(&beside(member)), want, "{member}");
    }
}

#[test]
fn results_within_results_do_not_fill_the_stack() {
    let nested = |depth: usize| {
        let open = r#"{"type":"tool_result","tool_use_id":"t","content":["#.repeat(depth);
        field(&with(&format!("{open}{}", "]}".repeat(depth))))
    };
    for depth in [2, 20_000] {
        assert_eq!(nested(depth), "messages.0.content.1.content.0.type", "{depth}");
    }
}
