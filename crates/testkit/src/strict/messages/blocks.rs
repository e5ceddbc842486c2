//! The blocks of messages.

use serde_json::Value;

use super::super::{Check, is_name, items};
use super::{extra, refuse};
use crate::error::ProviderError;
use crate::reading::{self, Body};
use crate::seal::Seal;

/// What the checks of blocks need to know of the request.
pub(super) struct Reader<'a> {
    pub(super) seal: &'a Seal,
    pub(super) model: &'a str,
    /// An old version, which takes what it does not use.
    pub(super) leftovers: bool,
}

const USER_BLOCKS: &[&str] =
    &["text", "image", "document", "search_result", "tool_result", "container_upload", "connector_text"];
const RESULT_BLOCKS: &[&str] =
    &["text", "image", "document", "search_result", "tool_reference", "browser_state"];
const ASSISTANT_BLOCKS: &[&str] = &[
    "text",
    "image",
    "document",
    "search_result",
    "thinking",
    "redacted_thinking",
    "tool_use",
    "server_tool_use",
    "web_search_tool_result",
    "web_fetch_tool_result",
    "code_execution_tool_result",
    "bash_code_execution_tool_result",
    "text_editor_code_execution_tool_result",
    "tool_search_tool_result",
    "container_upload",
    "mcp_tool_use",
    "mcp_tool_result",
    "mcp_tool_listing",
    "compaction",
    "fallback",
    "advisor_tool_result",
    "connector_text",
];
const SYSTEM_BLOCKS: &[&str] = &["text", "tool_addition", "tool_removal"];

/// The members of the blocks that translators write.
fn members(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "text" => &["type", "text", "cache_control", "citations"],
        "image" => &["type", "source", "cache_control", "transformations"],
        "document" => &["type", "source", "title", "context", "citations", "cache_control"],
        "search_result" => &["type", "source", "title", "content", "citations", "cache_control"],
        "thinking" => &["type", "thinking", "signature"],
        "redacted_thinking" => &["type", "data"],
        "tool_use" => &["type", "id", "name", "input", "caller", "toolset_name", "cache_control"],
        "tool_result" => &["type", "tool_use_id", "content", "is_error", "toolset_name", "cache_control"],
        _ => return None,
    })
}

/// System text as blocks.
pub(super) fn check_system(path: &str, blocks: &[Value]) -> Check {
    for (index, block) in blocks.iter().enumerate() {
        let path = format!("{path}.{index}");
        one_of(&path, reading::member(block, "type"), &["text"])?;
        check_text("system", block)?;
        extra(&path, object(&path, block)?, &["type", "text", "cache_control", "citations"])?;
    }
    Ok(())
}

fn object<'a>(path: &str, value: &'a Value) -> Result<&'a Body, ProviderError> {
    value.as_object().ok_or_else(|| ProviderError::invalid(format!("{path}: Input should be an object")))
}

fn one_of(path: &str, kind: &str, known: &[&str]) -> Check {
    if known.contains(&kind) {
        return Ok(());
    }
    if kind.is_empty() {
        return refuse(format!("{path}.type: Field required"));
    }
    let expected = known.join("', '");
    refuse(format!(
        "{path}: Input tag '{kind}' found using 'type' does not match any of the expected tags: '{expected}'"
    ))
}

fn check_text(place: &str, block: &Value) -> Check {
    match block.get("text").and_then(Value::as_str) {
        Some("") if block.get("cache_control").is_some_and(|mark| !mark.is_null()) => {
            refuse(format!("{place}: cache_control cannot be set for empty text blocks"))
        }
        Some("") => refuse(format!("{place}: text content blocks must be non-empty")),
        Some(text) if text.trim().is_empty() => {
            refuse(format!("{place}: text content blocks must contain non-whitespace text"))
        }
        Some(_) => Ok(()),
        None => refuse(format!("{place}: text blocks need a text")),
    }
}

impl Reader<'_> {
    /// One block of a message.
    pub(super) fn check(&self, role: &str, path: &str, block: &Value) -> Check {
        let kind = reading::member(block, "type");
        let known = match role {
            "assistant" => ASSISTANT_BLOCKS,
            "system" => SYSTEM_BLOCKS,
            _ => USER_BLOCKS,
        };
        one_of(path, kind, known)?;
        if let Some(members) = members(kind) {
            extra(&format!("{path}.{kind}"), object(path, block)?, members)?;
        }
        match kind {
            "text" => self.text(role, path, block),
            "image" | "document" => self.source(role, path, kind, block),
            "thinking" => self.thinking(path, block),
            "redacted_thinking" if !self.seal.is_redacted(self.model, reading::member(block, "data")) => {
                refuse(format!("{path}: Invalid `data` in `redacted_thinking` block"))
            }
            "tool_use" => tool_use(path, block),
            "tool_result" => self.tool_result(path, block),
            _ => Ok(()),
        }
    }

    fn text(&self, role: &str, path: &str, block: &Value) -> Check {
        check_text("messages", block)?;
        if role == "user" && !self.leftovers && !items(block, "citations").is_empty() {
            return refuse(format!("{path}.text.citations: Extra inputs are not permitted"));
        }
        Ok(())
    }

    fn thinking(&self, path: &str, block: &Value) -> Check {
        let (thinking, signature) =
            (block.get("thinking").and_then(Value::as_str), reading::member(block, "signature"));
        let Some(thinking) = thinking else {
            return refuse(format!("{path}.thinking.thinking: Field required"));
        };
        if signature.is_empty() {
            return refuse(format!("{path}.thinking.signature: Field required"));
        }
        if self.seal.is_signature(self.model, thinking, signature) {
            return Ok(());
        }
        refuse(format!("{path}: Invalid `signature` in `thinking` block"))
    }

    fn source(&self, role: &str, path: &str, kind: &str, block: &Value) -> Check {
        if kind == "document" && role == "assistant" && !self.leftovers {
            return refuse(format!("{path}: `document` blocks are not permitted in assistant messages"));
        }
        let path = format!("{path}.{kind}.source");
        let Some(source) = block.get("source") else {
            return refuse(format!("{path}: Field required"));
        };
        let (place, members) = (reading::member(source, "type"), object(&path, source)?);
        let expected: &[&str] = if kind == "image" {
            &["base64", "url", "file"]
        } else {
            &["base64", "text", "content", "url", "file"]
        };
        one_of(&path, place, expected)?;
        let path = format!("{path}.{place}");
        match place {
            "base64" => {
                extra(&path, members, &["type", "media_type", "data"])?;
                check_base64(&path, kind, source)
            }
            "text" => extra(&path, members, &["type", "media_type", "data"]),
            "url" if !reading::member(source, "url").starts_with("http") => {
                refuse(format!("{path}.url: Input should be a valid URL"))
            }
            "url" => extra(&path, members, &["type", "url"]),
            "file" => extra(&path, members, &["type", "file_id"]),
            _ => Ok(()),
        }
    }

    fn tool_result(&self, path: &str, block: &Value) -> Check {
        let inner = format!("{path}.tool_result");
        let content = block.get("content").filter(|content| !content.is_null());
        let failed = block.get("is_error").and_then(Value::as_bool) == Some(true);
        match content {
            None | Some(Value::String(_)) => {
                let empty = content.and_then(Value::as_str).is_none_or(str::is_empty);
                if failed && empty {
                    return refuse(format!("{inner}: content cannot be empty if `is_error` is true"));
                }
                Ok(())
            }
            Some(Value::Array(blocks)) => blocks.iter().enumerate().try_for_each(|(index, block)| {
                let path = format!("{inner}.content.{index}");
                one_of(&path, reading::member(block, "type"), RESULT_BLOCKS)?;
                self.check("user", &path, block).or_else(|error| {
                    if reading::member(block, "type").starts_with("tool_reference") {
                        Ok(())
                    } else {
                        Err(error)
                    }
                })
            }),
            Some(_) => refuse(format!("{inner}.content: Input should be a valid string or list")),
        }
    }
}

fn tool_use(path: &str, block: &Value) -> Check {
    let path = format!("{path}.tool_use");
    if !is_name(reading::member(block, "id")) {
        return refuse(format!("{path}.id: String should match pattern '^[a-zA-Z0-9_-]+$'"));
    }
    let name = reading::member(block, "name");
    if name.is_empty() || name.len() > 200 {
        return refuse(format!("{path}.name: String should have at least 1 character and at most 200"));
    }
    if !block.get("input").is_some_and(Value::is_object) {
        return refuse(format!("{path}.input: Input should be a valid dictionary"));
    }
    Ok(())
}

fn check_base64(path: &str, kind: &str, source: &Value) -> Check {
    let media = reading::member(source, "media_type");
    let fits = match kind {
        "image" => matches!(media, "image/jpeg" | "image/png" | "image/gif" | "image/webp"),
        _ => media == "application/pdf",
    };
    if !fits {
        let expected = if kind == "image" {
            "'image/jpeg', 'image/png', 'image/gif' or 'image/webp'"
        } else {
            "'application/pdf'"
        };
        return refuse(format!("{path}.media_type: Input should be {expected}"));
    }
    let data = reading::member(source, "data");
    let body = data.trim_end_matches('=');
    let clean = body.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'));
    if !clean || body.is_empty() || !data.len().is_multiple_of(4) {
        return refuse(format!("{path}.data: Invalid base64 data"));
    }
    Ok(())
}
