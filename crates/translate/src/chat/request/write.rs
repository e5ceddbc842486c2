//! A Chat request as it is written.

use super::write_parts::ContentOut;
use super::write_tools::{ChoiceOut, ToolOut};
pub(super) use crate::json::Extras;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The body.
#[derive(Serialize)]
pub(super) struct BodyOut<'a> {
    pub(super) model: &'a str,
    pub(super) messages: Vec<MessageOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tools: Vec<ToolOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_choice: Option<ChoiceOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parallel_tool_calls: Option<bool>,
    #[serde(flatten)]
    pub(super) settings: SettingsOut<'a>,
    #[serde(flatten)]
    pub(super) reasoning: ReasoningOut<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stream: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stream_options: Option<StreamOptionsOut<'a>>,
    #[serde(flatten)]
    pub(super) extras: Extras<'a>,
}

/// Length, sampling, form and service.
#[derive(Serialize, Default)]
pub(super) struct SettingsOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_completion_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) top_k: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seed: Option<i64>,
    #[serde(skip_serializing_if = "<[Cow<'_, str>]>::is_empty")]
    pub(super) stop: &'a [Cow<'a, str>],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) response_format: Option<FormatOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) verbosity: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) safety_identifier: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prompt_cache_key: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service_tier: Option<&'static str>,
}

/// How reasoning is asked for; providers have several ways.
#[derive(Serialize, Default)]
pub(super) struct ReasoningOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning_effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thinking: Option<ThinkingOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) enable_thinking: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thinking_budget: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning: Option<ReasoningObjectOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) chat_template_kwargs: Option<TemplateArgumentsOut>,
}

#[derive(Serialize)]
pub(super) struct ThinkingOut<'a> {
    pub(super) r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) budget_tokens: Option<u64>,
    #[serde(flatten)]
    pub(super) extras: Extras<'a>,
}

#[derive(Serialize, Default)]
pub(super) struct ReasoningObjectOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exclude: Option<bool>,
    #[serde(flatten)]
    pub(super) extras: Extras<'a>,
}

#[derive(Serialize)]
pub(super) struct TemplateArgumentsOut {
    pub(super) enable_thinking: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning_effort: Option<&'static str>,
}

#[derive(Serialize)]
pub(super) struct StreamOptionsOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) include_usage: Option<bool>,
    #[serde(flatten)]
    pub(super) extras: Extras<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum FormatOut<'a> {
    Text,
    JsonObject,
    JsonSchema { json_schema: SchemaOut<'a> },
}

#[derive(Serialize)]
pub(super) struct SchemaOut<'a> {
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<&'a str>,
    pub(super) schema: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) strict: Option<bool>,
    #[serde(flatten)]
    pub(super) extras: Extras<'a>,
}

/// A message.
#[derive(Serialize)]
pub(super) struct MessageOut<'a> {
    pub(super) role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_call_id: Option<&'a str>,
    pub(super) content: ContentOut<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning_content: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refusal: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tool_calls: Vec<CallOut<'a>>,
    #[serde(flatten)]
    pub(super) extras: Extras<'a>,
}

impl<'a> MessageOut<'a> {
    /// A message of a role that says something, and no more.
    pub(super) fn new(role: &'static str, content: ContentOut<'a>) -> Self {
        Self {
            role,
            name: None,
            tool_call_id: None,
            content,
            reasoning_content: None,
            reasoning: None,
            refusal: None,
            tool_calls: Vec::new(),
            extras: Extras::default(),
        }
    }
}

/// A tool call.
#[derive(Serialize)]
pub(super) struct CallOut<'a> {
    pub(super) id: &'a str,
    pub(super) r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) function: Option<CalledOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) custom: Option<CalledCustomOut<'a>>,
    #[serde(flatten)]
    pub(super) extras: Extras<'a>,
}

#[derive(Serialize)]
pub(super) struct CalledOut<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) arguments: &'a str,
}

#[derive(Serialize)]
pub(super) struct CalledCustomOut<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) input: &'a str,
}
