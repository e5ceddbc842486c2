//! A Chat request as it is on the wire.
//!
//! Unions are told apart by their members, so each is one structure with all of them: `decode` looks which are there.

use super::read::{Integer, List, Number, Str, Whole, at, elements, wire};
use crate::json::Text;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

wire! {
    /// The body.
    BodyIn, "an object" {
        "model" => model: Str<'a>,
        "messages" => messages: List<MessageIn<'a>>,
        "stream" => stream: bool,
        "stream_options" => stream_options: StreamOptionsIn<'a>,
        "max_completion_tokens" => max_completion_tokens: Whole,
        "max_tokens" => max_tokens: Whole,
        "temperature" => temperature: Number,
        "top_p" => top_p: Number,
        "top_k" => top_k: Integer,
        "frequency_penalty" => frequency_penalty: Number,
        "presence_penalty" => presence_penalty: Number,
        "seed" => seed: Integer,
        "stop" => stop: Strings<'a>,
        "tools" => tools: List<ToolIn<'a>>,
        "functions" => functions: List<FunctionIn<'a>>,
        "tool_choice" => tool_choice: &'a RawValue,
        "function_call" => function_call: &'a RawValue,
        "parallel_tool_calls" => parallel_tool_calls: bool,
        "response_format" => response_format: &'a RawValue,
        "reasoning_effort" => reasoning_effort: Str<'a>,
        "thinking" => thinking: ThinkingIn<'a>,
        "enable_thinking" => enable_thinking: bool,
        "thinking_budget" => thinking_budget: Whole,
        "reasoning" => reasoning: ReasoningIn<'a>,
        "verbosity" => verbosity: Str<'a>,
        "safety_identifier" => safety_identifier: Str<'a>,
        "user" => user: Str<'a>,
        "prompt_cache_key" => prompt_cache_key: Str<'a>,
        "service_tier" => service_tier: Str<'a>,
        "style" => style: &'a RawValue,
    }
}

wire! {
    /// `stream_options`.
    StreamOptionsIn, "an object" {
        "include_usage" => include_usage: bool,
    }
}

wire! {
    /// `thinking`, as DeepSeek, Zhipu and others have it from Messages.
    ThinkingIn, "an object" {
        "type" => kind: Str<'a>,
        "budget_tokens" => budget_tokens: Whole,
    }
}

wire! {
    /// OpenRouter's `reasoning`.
    ReasoningIn, "an object" {
        "effort" => effort: Str<'a>,
        "max_tokens" => max_tokens: Whole,
        "enabled" => enabled: bool,
        "exclude" => exclude: bool,
    }
}

wire! {
    /// A message of any role.
    MessageIn, "a message" {
        "role" => role: Str<'a>,
        "content" => content: Content<'a>,
        "name" => name: Str<'a>,
        "tool_calls" => tool_calls: List<CallIn<'a>>,
        "tool_call_id" => tool_call_id: Text<'a>,
        "function_call" => function_call: CalledIn<'a>,
        "refusal" => refusal: Str<'a>,
        "reasoning_content" => reasoning_content: Str<'a>,
        "reasoning" => reasoning: Str<'a>,
        "cache_control" => cache_control: &'a RawValue,
    }
}

wire! {
    /// A part of a message's content.
    PartIn, "a content part" {
        "type" => kind: Str<'a>,
        "text" => text: Str<'a>,
        "image_url" => image_url: ImageUrlIn<'a>,
        "input_audio" => input_audio: AudioIn<'a>,
        "file" => file: FileIn<'a>,
        "refusal" => refusal: Str<'a>,
        "cache_control" => cache_control: &'a RawValue,
        "prompt_cache_breakpoint" => prompt_cache_breakpoint: &'a RawValue,
    }
}

wire! {
    /// `image_url` as an object.
    ImageIn, "a URL, or an object with one" {
        "url" => url: Str<'a>,
        "detail" => detail: Str<'a>,
    }
}

wire! {
    /// `input_audio`.
    AudioIn, "an object" {
        "data" => data: Str<'a>,
        "format" => format: Str<'a>,
    }
}

wire! {
    /// `file`.
    FileIn, "an object" {
        "file_id" => file_id: Str<'a>,
        "file_data" => file_data: Str<'a>,
        "filename" => filename: Str<'a>,
    }
}

wire! {
    /// A tool call of an assistant message.
    CallIn, "a tool call" {
        "id" => id: Text<'a>,
        "type" => kind: Str<'a>,
        "function" => function: CalledIn<'a>,
        "custom" => custom: CalledCustomIn<'a>,
        "index" => index: &'a RawValue,
    }
}

wire! {
    /// The function of a call. Some clients have the arguments as an object.
    CalledIn, "an object" {
        "name" => name: Str<'a>,
        "arguments" => arguments: &'a RawValue,
    }
}

wire! {
    /// The custom tool of a call.
    CalledCustomIn, "an object" {
        "name" => name: Str<'a>,
        "input" => input: Str<'a>,
    }
}

wire! {
    /// A tool.
    ToolIn, "a tool" {
        "type" => kind: Str<'a>,
        "function" => function: FunctionIn<'a>,
        "custom" => custom: CustomIn<'a>,
        "cache_control" => cache_control: &'a RawValue,
    }
}

wire! {
    /// A function.
    FunctionIn, "an object" {
        "name" => name: Str<'a>,
        "description" => description: Str<'a>,
        "parameters" => parameters: &'a RawValue,
        "strict" => strict: bool,
    }
}

wire! {
    /// A custom tool.
    CustomIn, "an object" {
        "name" => name: Str<'a>,
        "description" => description: Str<'a>,
        "format" => format: &'a RawValue,
    }
}

/// Text, or a list of parts.
pub(super) enum Content<'a> {
    Text(Cow<'a, str>),
    Parts(Vec<PartIn<'a>>),
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
        f.write_str("a string or a list of content parts")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Content<'de>, E> {
        Ok(Content::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Content<'de>, E> {
        Ok(Content::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Content<'de>, A::Error> {
        elements(seq).map(Content::Parts)
    }
}

/// One string, or a list of strings.
pub(super) struct Strings<'a>(pub(super) Vec<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Strings<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StringsVisitor)
    }
}

struct StringsVisitor;

impl<'de> Visitor<'de> for StringsVisitor {
    type Value = Strings<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a list of strings")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Strings<'de>, E> {
        Ok(Strings(vec![Cow::Borrowed(text)]))
    }

    fn visit_str<E>(self, text: &str) -> Result<Strings<'de>, E> {
        Ok(Strings(vec![Cow::Owned(text.to_owned())]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Strings<'de>, A::Error> {
        let mut made = Vec::new();
        while let Some(Str(text)) = seq.next_element().map_err(|error| at(made.len(), &error))? {
            made.push(text);
        }
        Ok(Strings(made))
    }
}

/// An image's address, alone or in an object.
pub(super) struct ImageUrlIn<'a>(pub(super) ImageIn<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for ImageUrlIn<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ImageUrlVisitor)
    }
}

struct ImageUrlVisitor;

impl<'de> Visitor<'de> for ImageUrlVisitor {
    type Value = ImageUrlIn<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a URL, or an object with one")
    }

    fn visit_borrowed_str<E>(self, url: &'de str) -> Result<ImageUrlIn<'de>, E> {
        Ok(alone(Cow::Borrowed(url)))
    }

    fn visit_str<E>(self, url: &str) -> Result<ImageUrlIn<'de>, E> {
        Ok(alone(Cow::Owned(url.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ImageUrlIn<'de>, A::Error> {
        ImageIn::deserialize(MapAccessDeserializer::new(map)).map(ImageUrlIn)
    }
}

fn alone(url: Cow<'_, str>) -> ImageUrlIn<'_> {
    ImageUrlIn(ImageIn { url: Some(Str(url)), ..ImageIn::default() })
}
