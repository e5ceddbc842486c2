//! A Messages request as it is on the wire.

use super::block::BlockIn;
use crate::ir::Wording;
use crate::json::read::{List, Number, Str, Whole, elements, wire};
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

wire! {
    /// The body.
    BodyIn, "an object" {
        "model" => model: Str<'a>,
        "messages" => messages: List<MessageIn<'a>>,
        "system" => system: Content<'a>,
        "max_tokens" => max_tokens: Whole,
        "stream" => stream: bool,
        "stop_sequences" => stop_sequences: List<Str<'a>>,
        "temperature" => temperature: Number,
        "top_p" => top_p: Number,
        "top_k" => top_k: Whole,
        "tools" => tools: List<&'a RawValue>,
        "tool_choice" => tool_choice: ChoiceIn<'a>,
        "thinking" => thinking: ThinkingIn<'a>,
        "output_config" => output_config: OutputConfigIn<'a>,
        "output_format" => output_format: &'a RawValue,
        "cache_control" => cache_control: &'a RawValue,
        "metadata" => metadata: MetadataIn<'a>,
        "service_tier" => service_tier: Str<'a>,
        "speed" => speed: Str<'a>,
    }
}

wire! {
    /// A message.
    MessageIn, "a message" {
        "role" => role: Str<'a>,
        "content" => content: Content<'a>,
    }
}

wire! {
    /// Where an image or a document is.
    SourceIn, "an object" {
        "type" => kind: Str<'a>,
        "media_type" => media_type: Str<'a>,
        "data" => data: Str<'a>,
        "url" => url: Str<'a>,
        "file_id" => file_id: Str<'a>,
        "content" => content: &'a RawValue,
    }
}

wire! {
    /// A document's `citations`.
    CitationsIn, "an object" {
        "enabled" => enabled: bool,
    }
}

wire! {
    /// `cache_control`.
    CacheIn, "an object" {
        "type" => kind: Str<'a>,
        "ttl" => ttl: Str<'a>,
    }
}

wire! {
    /// A tool.
    ToolIn, "a tool" {
        "type" => kind: Str<'a>,
        "name" => name: Str<'a>,
        "description" => description: Str<'a>,
        "input_schema" => input_schema: &'a RawValue,
        "strict" => strict: bool,
        "defer_loading" => defer_loading: bool,
        "cache_control" => cache_control: &'a RawValue,
    }
}

wire! {
    /// `tool_choice`.
    ChoiceIn, "an object" {
        "type" => kind: Str<'a>,
        "name" => name: Str<'a>,
        "disable_parallel_tool_use" => disable_parallel_tool_use: bool,
    }
}

wire! {
    /// `thinking`.
    ThinkingIn, "an object" {
        "type" => kind: Str<'a>,
        "budget_tokens" => budget_tokens: Whole,
        "display" => display: Str<'a>,
    }
}

wire! {
    /// `output_config`.
    OutputConfigIn, "an object" {
        "effort" => effort: Str<'a>,
        "format" => format: &'a RawValue,
    }
}

wire! {
    /// `output_config.format`.
    FormatIn, "an object" {
        "type" => kind: Str<'a>,
        "schema" => schema: &'a RawValue,
    }
}

wire! {
    /// `metadata`.
    MetadataIn, "an object" {
        "user_id" => user_id: Str<'a>,
    }
}

/// Text, or a list of blocks.
pub(super) enum Content<'a> {
    Text(Wording<'a>),
    Blocks(Vec<BlockIn<'a>>),
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a list of content blocks")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Content<'de>, E> {
        Ok(Content::Text(text.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Content<'de>, E> {
        Ok(Content::Text(text.to_owned().into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Content<'de>, A::Error> {
        elements(seq).map(Content::Blocks)
    }
}
