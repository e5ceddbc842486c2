//! What another protocol's request says that Chat has no word for: its name in the caller's words, and its text if it
//! has one.

use super::read::{List, Str, wire};
use super::wire::Content;
use crate::error::TranslateError;
use crate::ir::Extra;
pub(super) use crate::json::member::{undated, wire_type};
use crate::notes::Notes;
use crate::policy;
use serde_json::value::RawValue;
use std::fmt::Write;
use tollgate_protocol::Protocol;

/// Settles what Chat cannot say of a request in another protocol.
pub(super) struct Foreign<'n> {
    pub(super) from: Protocol,
    pub(super) notes: &'n mut Notes,
}

impl Foreign<'_> {
    /// Settles a field, named by its whole path.
    pub(super) fn settle(&mut self, field: &str) -> Result<(), TranslateError> {
        policy::settle(self.from, field, Protocol::Chat, self.notes)
    }

    /// Settles the extras of a part, turn, tool or request; `at` is the path to them with a dot at its end.
    pub(super) fn extras(&mut self, at: &str, extras: &[Extra<'_>]) -> Result<(), TranslateError> {
        extras.iter().try_for_each(|extra| self.settle(&format!("{at}{}", extra.name)))
    }

    /// The path to a member of a part of a turn, in the caller's words.
    pub(super) fn part(&self, member: &str) -> String {
        match self.from {
            Protocol::Responses => format!("input.{member}"),
            _ => format!("messages.content.{member}"),
        }
    }

    /// The path to a member of the settings of reasoning; Chat's several objects are named by the member already.
    pub(super) fn thinking(&self, member: &str) -> String {
        match self.from {
            Protocol::Messages => format!("thinking.{member}"),
            Protocol::Chat => member.to_owned(),
            Protocol::Responses => format!("reasoning.{member}"),
        }
    }

    /// The word for earlier reasoning.
    pub(super) fn reasoning(&self) -> &'static str {
        match self.from {
            Protocol::Messages => "thinking",
            Protocol::Chat | Protocol::Responses => "reasoning",
        }
    }

    /// The path to a member of a turn.
    pub(super) fn turn(&self, member: &str) -> String {
        match self.from {
            Protocol::Responses => format!("input.{member}"),
            _ => format!("messages.{member}"),
        }
    }
}

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

    #[test]
    fn dates_are_left_out_of_types() {
        assert_eq!(undated("web_search_20250305"), "web_search");
        assert_eq!(undated("file_search"), "file_search");
    }
}
