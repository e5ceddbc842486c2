//! What a caller asks for, in words that belong to no protocol.
//!
//! A request is turns of parts, the tools, and settings. Whatever a protocol says beyond that is kept as it came, as an
//! [`Extra`]: an encoder of the same protocol writes it back, any other asks the policy table what becomes of it.

use super::{Extra, ReasoningSettings, ToolChoice, ToolDefinition, Turn};
use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_protocol::Protocol;

/// One request.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The protocol it came in: whose [`Extra`]s it holds.
    pub protocol: Protocol,
    /// The model as the caller named it.
    pub model: Cow<'a, str>,
    /// Whether the answer is to be streamed.
    pub stream: bool,
    /// The conversation in order, system text included where it stood.
    pub turns: Vec<Turn<'a>>,
    /// The tools the model may use.
    pub tools: Vec<ToolDefinition<'a>>,
    /// Which of them it may or must call.
    pub tool_choice: Option<ToolChoice<'a>>,
    /// Whether it may call several at once.
    pub parallel_tool_calls: Option<bool>,
    /// The most tokens of the answer, reasoning included.
    pub max_output_tokens: Option<u64>,
    /// How tokens are drawn.
    pub sampling: Sampling,
    /// Texts that end the answer.
    pub stop: Vec<Cow<'a, str>>,
    /// The form of the answer's text.
    pub format: Option<OutputFormat<'a>>,
    /// How long-winded the answer is: `low`, `medium` or `high`.
    pub verbosity: Option<Cow<'a, str>>,
    /// Whether and how hard the model thinks.
    pub reasoning: ReasoningSettings<'a>,
    /// Whom the caller serves. Messages `metadata.user_id`, else `safety_identifier`, else `user`.
    pub end_user: Option<Cow<'a, str>>,
    /// What binds requests with the same beginning together. Chat and Responses `prompt_cache_key`.
    pub cache_key: Option<Cow<'a, str>>,
    /// Messages' top-level `cache_control`: cache as far as possible.
    pub auto_cache: Option<CacheLifetime>,
    /// Which tier is to serve the request.
    pub service_tier: Option<RequestTier>,
    /// Chat's `stream_options.include_usage`.
    pub include_usage: Option<bool>,
    /// Everything else at the top level, in the words of `protocol`.
    pub extras: Vec<Extra<'a>>,
    /// How large its body was: about as large will be what is made of it.
    pub size_bytes: usize,
    /// Extras that every OpenAI protocol knows by the same name: written by any encoder.
    pub carried: Vec<Extra<'a>>,
}

impl<'a> Request<'a> {
    /// A request of nothing, to be filled.
    #[must_use]
    pub fn new(protocol: Protocol, model: Cow<'a, str>) -> Self {
        Self {
            protocol,
            model,
            stream: false,
            turns: Vec::new(),
            tools: Vec::new(),
            tool_choice: None,
            parallel_tool_calls: None,
            max_output_tokens: None,
            sampling: Sampling::default(),
            stop: Vec::new(),
            format: None,
            verbosity: None,
            reasoning: ReasoningSettings::default(),
            end_user: None,
            cache_key: None,
            auto_cache: None,
            service_tier: None,
            include_usage: None,
            extras: Vec::new(),
            size_bytes: 0,
            carried: Vec::new(),
        }
    }

    /// Takes an extra member out, so that its encoder can say it in its own way.
    pub(crate) fn take_extra(&mut self, name: &str) -> Option<Cow<'a, RawValue>> {
        let at = self.extras.iter().position(|extra| extra.name == name)?;
        Some(self.extras.remove(at).json)
    }
}

/// How tokens are drawn. What is absent is the model's own.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sampling {
    /// 0 to 1 in Messages, 0 to 2 in Chat and Responses.
    pub temperature: Option<f64>,
    /// 0 to 1.
    pub top_p: Option<f64>,
    /// How many candidates; Messages, and some providers of Chat.
    pub top_k: Option<u64>,
    /// -2 to 2; Chat.
    pub frequency_penalty: Option<f64>,
    /// -2 to 2; Chat.
    pub presence_penalty: Option<f64>,
    /// Chat.
    pub seed: Option<i64>,
}

/// The form of the answer's text.
#[derive(Debug, Clone)]
pub enum OutputFormat<'a> {
    /// Any text.
    Text,
    /// One JSON object of any shape.
    JsonObject,
    /// JSON by a schema.
    JsonSchema {
        /// The schema's name; Messages has none.
        name: Option<Cow<'a, str>>,
        /// What it is for.
        description: Option<Cow<'a, str>>,
        /// The schema.
        schema: Cow<'a, RawValue>,
        /// Whether the answer has to follow it exactly.
        strict: Option<bool>,
    },
}

/// How long a cached prompt lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CacheLifetime {
    /// The protocol's own default: five minutes at Anthropic.
    Default,
    /// Five minutes; OpenAI's `30m` is the nearest.
    Short,
    /// An hour; OpenAI's `12h` is the nearest.
    Long,
}

/// Which tier is to serve a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RequestTier {
    /// Whatever the account has. `auto` everywhere.
    Auto,
    /// No paid-for priority. Messages `standard_only`, OpenAI `default`.
    Standard,
    /// OpenAI `priority` (and `fast`); Messages `speed: "fast"`.
    Priority,
    /// OpenAI `flex`: cheaper and slower.
    Flex,
    /// OpenAI `scale`.
    Scale,
}
