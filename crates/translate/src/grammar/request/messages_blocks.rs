//! The blocks of a request to Messages.

use super::common::IMAGES;
use crate::grammar::read::{Check, broken, filled, is_plain, need, object, only, text};
use serde_json::Value;

/// Blocks whose members are all known: type, who may send it, members beside `type` and `cache_control`.
const BLOCKS: [(&str, &str, &[&str]); 8] = [
    ("text", "system user assistant", &["text", "citations"]),
    ("image", "user", &["source", "transformations"]),
    ("document", "user", &["source", "title", "context", "citations"]),
    ("search_result", "user", &["source", "title", "content", "citations"]),
    ("thinking", "assistant", &["thinking", "signature"]),
    ("redacted_thinking", "assistant", &["data"]),
    ("tool_use", "assistant", &["id", "name", "input", "caller", "toolset_name"]),
    ("tool_result", "user", &["tool_use_id", "content", "is_error", "toolset_name"]),
];

/// Blocks of which only the type is looked at.
const OTHERS: [&str; 14] = [
    "server_tool_use",
    "web_search_tool_result",
    "web_fetch_tool_result",
    "code_execution_tool_result",
    "bash_code_execution_tool_result",
    "text_editor_code_execution_tool_result",
    "tool_search_tool_result",
    "advisor_tool_result",
    "container_upload",
    "mcp_tool_use",
    "mcp_tool_result",
    "mcp_tool_listing",
    "compaction",
    "fallback",
];

/// Blocks of system messages.
const SYSTEM_ONLY: [&str; 2] = ["tool_addition", "tool_removal"];

/// What a tool's result may hold.
const IN_RESULTS: [&str; 6] =
    ["text", "image", "search_result", "document", "tool_reference", "browser_state"];

/// One block of a message of `role`.
pub(super) fn check(block: &Value, role: &str) -> Check {
    let kind = text(block, "type", "block_shape")?;
    let known = BLOCKS.iter().find(|(of, ..)| *of == kind);
    let Some((_, roles, members)) = known else {
        let is_known = OTHERS.contains(&kind) || (role == "system" && SYSTEM_ONLY.contains(&kind));
        return need(is_known, "block_role", format!("`{kind}` in a message of the {role}"));
    };
    need(
        roles.split(' ').any(|of| of == role),
        "block_role",
        format!("`{kind}` in a message of the {role}"),
    )?;
    let all: Vec<_> = members.iter().copied().chain(["type", "cache_control"]).collect();
    only(block, &all, "unknown_member")?;
    match kind {
        "text" => {
            let is_empty = text(block, "text", "block_shape")?.trim().is_empty();
            need(!is_empty, "empty_text", "a text block without text")
        }
        "image" => image(&block["source"]),
        "document" => document(&block["source"]),
        "thinking" => {
            text(block, "thinking", "block_shape")?;
            filled(block, "signature", "block_shape").map(drop)
        }
        "redacted_thinking" => filled(block, "data", "block_shape").map(drop),
        "tool_use" => {
            tool_id(block, "id")?;
            filled(block, "name", "tool_name")?;
            object(block, "input", "block_shape")
        }
        "tool_result" => {
            tool_id(block, "tool_use_id")?;
            result(&block["content"])
        }
        _ => Ok(()),
    }
}

fn tool_id(block: &Value, member: &str) -> Check {
    let id = filled(block, member, "tool_id")?;
    need(is_plain(id), "tool_id", format!("`{id}` has characters that are not taken"))
}

fn result(content: &Value) -> Check {
    let blocks = match content {
        Value::Null | Value::String(_) => return Ok(()),
        Value::Array(blocks) => blocks,
        _ => return broken("block_shape", "a result is neither text nor blocks"),
    };
    blocks.iter().try_for_each(|block| {
        let kind = text(block, "type", "block_shape")?;
        need(IN_RESULTS.contains(&kind), "block_role", format!("`{kind}` in a tool's result"))?;
        match kind {
            "tool_reference" | "browser_state" => Ok(()),
            _ => check(block, "user"),
        }
    })
}

fn image(source: &Value) -> Check {
    match text(source, "type", "block_shape")? {
        "base64" => {
            let kind = text(source, "media_type", "media_type")?;
            need(IMAGES.contains(&kind), "media_type", format!("an image of type `{kind}`"))?;
            filled(source, "data", "block_shape").map(drop)
        }
        "url" => filled(source, "url", "block_shape").map(drop),
        "file" => filled(source, "file_id", "block_shape").map(drop),
        other => broken("block_shape", format!("an image source of type `{other}`")),
    }
}

fn document(source: &Value) -> Check {
    match text(source, "type", "block_shape")? {
        "base64" => {
            let kind = text(source, "media_type", "media_type")?;
            need(kind == "application/pdf", "media_type", format!("a document of type `{kind}`"))?;
            filled(source, "data", "block_shape").map(drop)
        }
        "text" => {
            let kind = text(source, "media_type", "media_type")?;
            need(kind == "text/plain", "media_type", format!("a text document of type `{kind}`"))?;
            filled(source, "data", "empty_text").map(drop)
        }
        "content" => need(!source["content"].is_null(), "block_shape", "a document without content"),
        "url" => filled(source, "url", "block_shape").map(drop),
        "file" => filled(source, "file_id", "block_shape").map(drop),
        other => broken("block_shape", format!("a document source of type `{other}`")),
    }
}
