//! The JSON shapes of Chat Completions answers and chunks.

use serde::Serialize;
use tollgate_base::Usage;

/// `ChatCompletion`.
#[derive(Serialize)]
pub(super) struct Completion<'a> {
    pub(super) id: &'a str,
    pub(super) object: &'static str,
    pub(super) created: i64,
    pub(super) model: &'a str,
    pub(super) choices: Vec<Choice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage: Option<CompletionUsage>,
    pub(super) service_tier: &'static str,
    pub(super) system_fingerprint: &'static str,
}

/// `ChatCompletion.Choice`.
#[derive(Serialize)]
pub(super) struct Choice {
    pub(super) index: usize,
    pub(super) message: Message,
    pub(super) logprobs: (),
    pub(super) finish_reason: &'static str,
}

/// `ChatCompletionMessage`.
#[derive(Serialize)]
pub(super) struct Message {
    pub(super) role: &'static str,
    pub(super) content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning_content: Option<String>,
    pub(super) refusal: Option<String>,
    pub(super) annotations: Vec<Annotation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tool_calls: Vec<ToolCall>,
}

/// `ChatCompletionMessage.Annotation`.
#[derive(Clone, Serialize)]
pub(super) struct Annotation {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) url_citation: UrlCitation,
}

#[derive(Clone, Serialize)]
pub(super) struct UrlCitation {
    pub(super) start_index: usize,
    pub(super) end_index: usize,
    pub(super) title: String,
    pub(super) url: String,
}

/// A tool call, whole or as a delta (then with `index`).
#[derive(Serialize)]
pub(super) struct ToolCall {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) function: Option<Function>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) custom: Option<Custom>,
}

#[derive(Serialize)]
pub(super) struct Function {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    pub(super) arguments: String,
}

#[derive(Serialize)]
pub(super) struct Custom {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    pub(super) input: String,
}

/// `ChatCompletionChunk`.
#[derive(Serialize)]
pub(super) struct Chunk<'a> {
    pub(super) id: &'a str,
    pub(super) object: &'static str,
    pub(super) created: i64,
    pub(super) model: &'a str,
    pub(super) service_tier: &'static str,
    pub(super) system_fingerprint: &'static str,
    pub(super) choices: Vec<ChunkChoice>,
    /// Missing; or null; or counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage: Option<Option<CompletionUsage>>,
}

/// `ChatCompletionChunk.Choice`.
#[derive(Serialize)]
pub(super) struct ChunkChoice {
    pub(super) index: usize,
    pub(super) delta: Delta,
    pub(super) logprobs: (),
    pub(super) finish_reason: Option<&'static str>,
}

/// `ChatCompletionChunk.Choice.Delta`.
#[derive(Default, Serialize)]
pub(super) struct Delta {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refusal: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) annotations: Vec<Annotation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tool_calls: Vec<ToolCall>,
}

/// `CompletionUsage`: the prompt holds what was read from and written to the cache.
#[derive(Clone, Serialize)]
pub(super) struct CompletionUsage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: PromptDetails,
    completion_tokens_details: CompletionDetails,
}

#[derive(Clone, Serialize)]
struct PromptDetails {
    cached_tokens: u64,
    cache_write_tokens: u64,
    audio_tokens: u64,
}

#[derive(Clone, Serialize)]
struct CompletionDetails {
    reasoning_tokens: u64,
    audio_tokens: u64,
    accepted_prediction_tokens: u64,
    rejected_prediction_tokens: u64,
}

impl CompletionUsage {
    pub(super) fn new(usage: &Usage) -> Self {
        Self {
            prompt_tokens: usage.prompt_tokens(),
            completion_tokens: usage.output_tokens,
            total_tokens: usage.total_tokens(),
            prompt_tokens_details: PromptDetails {
                cached_tokens: usage.cache_read_tokens,
                cache_write_tokens: usage.cache_write_5m_tokens + usage.cache_write_1h_tokens,
                audio_tokens: 0,
            },
            completion_tokens_details: CompletionDetails {
                reasoning_tokens: usage.reasoning_tokens,
                audio_tokens: 0,
                accepted_prediction_tokens: 0,
                rejected_prediction_tokens: 0,
            },
        }
    }
}
