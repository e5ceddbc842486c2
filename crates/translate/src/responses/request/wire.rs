//! What is read of a Responses request. Items and parts are read by one shape each, since their `type` may come last.

use super::kept::{Raw, put_aside};
use super::value::{Shape, Str, Val, object};
use crate::ir::Extra;
use crate::json::Text;
use serde::de::{MapAccess, SeqAccess};
use std::borrow::Cow;

object! {
    /// The body.
    BodyIn {
        "model" => model: Str<'a>,
        "input" => input: Val<InputIn<'a>>,
        "instructions" => instructions: Str<'a>,
        "stream" => stream: Val<bool>,
        "tools" => tools: Val<Vec<Val<ToolIn<'a>>>>,
        "tool_choice" => tool_choice: Raw<'a>,
        "parallel_tool_calls" => parallel_tool_calls: Val<bool>,
        "max_output_tokens" => max_output_tokens: Val<u64>,
        "temperature" => temperature: Val<f64>,
        "top_p" => top_p: Val<f64>,
        "reasoning" => reasoning: Val<ReasoningIn<'a>>,
        "text" => text: Val<TextIn<'a>>,
        "prompt_cache_key" => prompt_cache_key: Str<'a>,
        "safety_identifier" => safety_identifier: Str<'a>,
        "user" => user: Str<'a>,
        "service_tier" => service_tier: Str<'a>,
    }
}

object! {
    /// `reasoning`.
    ReasoningIn {
        "effort" => effort: Str<'a>,
        "summary" => summary: Str<'a>,
    }
}

object! {
    /// `text`.
    TextIn {
        "format" => format: Raw<'a>,
        "verbosity" => verbosity: Str<'a>,
    }
}

object! {
    /// `text.format`.
    FormatIn {
        "type" => kind: Str<'a>,
        "name" => name: Str<'a>,
        "description" => description: Str<'a>,
        "schema" => schema: Raw<'a>,
        "strict" => strict: Val<bool>,
    }
}

object! {
    /// An item of `input`.
    ItemIn {
        "type" => kind: Str<'a>,
        "id" => id: Str<'a>,
        "role" => role: Str<'a>,
        "content" => content: Val<ContentIn<'a>>,
        "phase" => phase: Str<'a>,
        "status" => status: Str<'a>,
        "summary" => summary: Val<Vec<Val<PartIn<'a>>>>,
        "encrypted_content" => encrypted_content: Str<'a>,
        "call_id" => call_id: Str<'a>,
        "name" => name: Str<'a>,
        "namespace" => namespace: Str<'a>,
        "arguments" => arguments: Str<'a>,
        "input" => input: Str<'a>,
        "output" => output: Val<ContentIn<'a>>,
        "execution" => execution: Str<'a>,
    }
}

object! {
    /// An item for the caller's computer, shell and the like, or what it gave.
    NativeIn {
        "type" => kind: Str<'a>,
        "id" => id: Str<'a>,
        "call_id" => call_id: Str<'a>,
        "status" => status: Str<'a>,
        "execution" => execution: Str<'a>,
        "action" => action: Raw<'a>,
        "actions" => actions: Raw<'a>,
        "operation" => operation: Raw<'a>,
        "arguments" => arguments: Raw<'a>,
        "output" => output: Raw<'a>,
        "tools" => tools: Raw<'a>,
        "pending_safety_checks" => pending_safety_checks: Raw<'a>,
    }
}

object! {
    /// `additional_tools` and `tool_search_output`.
    ToolsItemIn {
        "tools" => tools: Val<Vec<Val<ToolIn<'a>>>>,
    }
}

object! {
    /// `configuration_update`.
    UpdateIn {
        "reasoning" => reasoning: Val<ReasoningIn<'a>>,
    }
}

object! {
    /// A part of a message's content, of a reasoning item, or of an output.
    PartIn {
        "type" => kind: Str<'a>,
        "text" => text: Str<'a>,
        "refusal" => refusal: Str<'a>,
        "annotations" => annotations: Raw<'a>,
        "logprobs" => logprobs: Raw<'a>,
        "image_url" => image_url: Str<'a>,
        "file_id" => file_id: Str<'a>,
        "detail" => detail: Str<'a>,
        "file_data" => file_data: Str<'a>,
        "file_url" => file_url: Str<'a>,
        "filename" => filename: Str<'a>,
        "input_audio" => input_audio: Val<AudioIn<'a>>,
        "prompt_cache_breakpoint" => cache: Val<BreakpointIn<'a>>,
    }
}

object! {
    /// `input_audio`.
    AudioIn {
        "data" => data: Str<'a>,
        "format" => format: Str<'a>,
    }
}

object! {
    /// `prompt_cache_breakpoint`.
    BreakpointIn {
        "mode" => mode: Str<'a>,
        "ttl" => ttl: Str<'a>,
    }
}

object! {
    /// A tool.
    ToolIn {
        "type" => kind: Str<'a>,
        "name" => name: Str<'a>,
        "description" => description: Str<'a>,
        "parameters" => parameters: Raw<'a>,
        "strict" => strict: Val<bool>,
        "defer_loading" => defer_loading: Val<bool>,
        "format" => format: Raw<'a>,
        "tools" => tools: Raw<'a>,
        "execution" => execution: Str<'a>,
        "environment" => environment: Raw<'a>,
    }
}

object! {
    /// `tool_choice` as an object.
    ChoiceIn {
        "type" => kind: Str<'a>,
        "name" => name: Str<'a>,
        "namespace" => namespace: Str<'a>,
        "mode" => mode: Str<'a>,
        "tools" => tools: Val<Vec<Val<NamedIn<'a>>>>,
    }
}

object! {
    /// Something of which only type and name matter.
    NamedIn {
        "type" => kind: Str<'a>,
        "name" => name: Str<'a>,
    }
}

/// `input`: a text, or items.
#[derive(Debug)]
pub(super) enum InputIn<'a> {
    Text(Cow<'a, str>),
    Items(Vec<Val<ItemIn<'a>>>),
}

impl<'de> Shape<'de> for InputIn<'de> {
    const WHAT: &'static str = "a string or a list of items";

    fn text(text: Cow<'de, str>) -> Option<Self> {
        Some(Self::Text(text))
    }

    fn seq<A: SeqAccess<'de>>(seq: A) -> Result<Option<Self>, A::Error> {
        Ok(Shape::seq(seq)?.map(Self::Items))
    }
}

/// A message's `content` or an `output`: a text, or parts.
#[derive(Debug)]
pub(super) enum ContentIn<'a> {
    Text(Cow<'a, str>),
    Parts(Vec<Val<PartIn<'a>>>),
}

impl<'de> Shape<'de> for ContentIn<'de> {
    const WHAT: &'static str = "a string or a list of parts";

    fn text(text: Cow<'de, str>) -> Option<Self> {
        Some(Self::Text(text))
    }

    fn seq<A: SeqAccess<'de>>(seq: A) -> Result<Option<Self>, A::Error> {
        Ok(Shape::seq(seq)?.map(Self::Parts))
    }
}
