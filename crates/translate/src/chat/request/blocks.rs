//! The text of blocks that only another protocol has.

use super::read::{List, Str, wire};
use super::wire::Content;
use serde_json::value::RawValue;
use std::fmt::Write;

wire! {
    /// A block of another protocol, as far as it may be text.
    BlockIn, "an object" {
        "text" => text: Str<'a>,
        "tool_name" => tool_name: Str<'a>,
        "title" => title: Str<'a>,
        "source" => source: Str<'a>,
        "content" => content: Content<'a>,
    }
}

wire! {
    /// A block within.
    InnerIn, "an object" {
        "text" => text: Str<'a>,
    }
}

/// The text of a block that only its own protocol has, such as a search result or a reference to a tool.
pub(super) fn text_of(kind: &str, json: &RawValue) -> Option<String> {
    let block: BlockIn<'_> = serde_json::from_str(json.get()).ok()?;
    if kind == "tool_reference" {
        return block.tool_name.map(|name| format!("Tool: {}", name.0));
    }
    let mut text = String::new();
    for Str(line) in [block.title, block.source].into_iter().flatten() {
        let _ = writeln!(text, "{line}");
    }
    let (alone, inner) = match block.content {
        Some(Content::Text(text)) => (Some(Str(text)), Vec::new()),
        Some(Content::Parts(parts)) => (None, parts),
        None => (None, Vec::new()),
    };
    let inner = inner.into_iter().filter_map(|part| part.text);
    let texts = block.text.into_iter().chain(alone).chain(inner);
    let mut any = false;
    for Str(piece) in texts.filter(|text| !text.0.is_empty()) {
        if any || !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&piece);
        any = true;
    }
    any.then_some(text)
}

/// The text of content blocks inside a document (Messages), if they are all text.
pub(super) fn text_of_blocks(json: &RawValue) -> Option<String> {
    if json.get().starts_with('"') {
        return serde_json::from_str(json.get()).ok();
    }
    let List(blocks): List<InnerIn<'_>> = serde_json::from_str(json.get()).ok()?;
    let texts: Option<Vec<_>> = blocks.into_iter().map(|block| block.text.map(|text| text.0)).collect();
    Some(texts?.join("\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    #[test]
    fn blocks_with_text_give_it() {
        for (kind, json, want) in [
            ("x", r#"{"type":"x","text":"a"}"#, Some("a")),
            ("tool_reference", r#"{"type":"tool_reference","tool_name":"Read"}"#, Some("Tool: Read")),
            (
                "search_result",
                r#"{"title":"T","source":"https://s","content":[{"type":"text","text":"a"},{"text":"b"}]}"#,
                Some("T\nhttps://s\n\na\nb"),
            ),
            ("compaction", r#"{"type":"compaction","content":"so far"}"#, Some("so far")),
            ("container_upload", r#"{"file_id":"f"}"#, None),
            ("x", r#"{"text":7}"#, None),
        ] {
            assert_eq!(text_of(kind, &raw(json)).as_deref(), want, "{json}");
        }
    }
}
