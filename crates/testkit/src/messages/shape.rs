//! The JSON shapes of Messages answers and stream events.

use serde::Serialize;
use serde_json::Value;
use tollgate_base::Usage;

/// `Message`.
#[derive(Serialize)]
pub(super) struct Message<'a> {
    pub(super) id: &'a str,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) role: &'static str,
    pub(super) model: &'a str,
    pub(super) content: Vec<Block>,
    pub(super) stop_reason: Option<&'static str>,
    pub(super) stop_sequence: Option<&'a str>,
    pub(super) stop_details: Option<StopDetails>,
    pub(super) container: (),
    pub(super) diagnostics: (),
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage: Option<FullUsage>,
}

/// `ContentBlock`, as far as the sandbox makes them.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block {
    Text { text: String, citations: Option<Vec<Citation>> },
    Thinking { thinking: String, signature: String },
    RedactedThinking { data: String },
    ToolUse { id: String, name: String, input: Value, caller: Caller },
    ServerToolUse { id: String, name: &'static str, input: Value, caller: Caller },
    WebSearchToolResult { tool_use_id: String, content: Vec<SearchResult>, caller: Caller },
}

/// `CitationsWebSearchResultLocation`.
#[derive(Clone, Serialize)]
pub(super) struct Citation {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) cited_text: String,
    pub(super) encrypted_index: String,
    pub(super) title: String,
    pub(super) url: String,
}

/// `WebSearchResultBlock`.
#[derive(Serialize)]
pub(super) struct SearchResult {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) title: String,
    pub(super) url: String,
    pub(super) encrypted_content: String,
    pub(super) page_age: (),
}

/// `DirectCaller`.
#[derive(Serialize)]
pub(super) struct Caller {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
}

/// `RefusalStopDetails`.
#[derive(Serialize)]
pub(super) struct StopDetails {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) category: Option<&'static str>,
    pub(super) explanation: Option<String>,
}

/// `Usage`.
#[derive(Serialize)]
pub(super) struct FullUsage {
    #[serde(flatten)]
    pub(super) counted: DeltaUsage,
    cache_creation: CacheCreation,
    inference_geo: &'static str,
    service_tier: &'static str,
    speed: &'static str,
}

/// `MessageDeltaUsage`: cumulative.
#[derive(Serialize)]
pub(super) struct DeltaUsage {
    input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    pub(super) output_tokens: u64,
    output_tokens_details: OutputDetails,
    server_tool_use: Option<ServerToolUse>,
}

#[derive(Serialize)]
struct CacheCreation {
    ephemeral_5m_input_tokens: u64,
    ephemeral_1h_input_tokens: u64,
}

#[derive(Serialize)]
struct OutputDetails {
    thinking_tokens: u64,
}

#[derive(Serialize)]
struct ServerToolUse {
    web_search_requests: u64,
    web_fetch_requests: u64,
}

impl DeltaUsage {
    pub(super) fn new(usage: &Usage) -> Self {
        let searches = usage.web_search_calls;
        Self {
            input_tokens: usage.input_tokens,
            cache_creation_input_tokens: usage.cache_write_5m_tokens + usage.cache_write_1h_tokens,
            cache_read_input_tokens: usage.cache_read_tokens,
            output_tokens: usage.output_tokens,
            output_tokens_details: OutputDetails { thinking_tokens: usage.reasoning_tokens },
            server_tool_use: (searches > 0)
                .then_some(ServerToolUse { web_search_requests: searches, web_fetch_requests: 0 }),
        }
    }
}

impl FullUsage {
    pub(super) fn new(usage: &Usage) -> Self {
        Self {
            counted: DeltaUsage::new(usage),
            cache_creation: CacheCreation {
                ephemeral_5m_input_tokens: usage.cache_write_5m_tokens,
                ephemeral_1h_input_tokens: usage.cache_write_1h_tokens,
            },
            inference_geo: "global",
            service_tier: "standard",
            speed: "standard",
        }
    }

    /// What the first event of a stream knows: the prompt, and next to no output.
    pub(super) fn at_start(usage: &Usage) -> Self {
        let started = Usage {
            output_tokens: usage.output_tokens.min(1),
            reasoning_tokens: 0,
            web_search_calls: 0,
            ..*usage
        };
        Self::new(&started)
    }
}

/// One stream event's data.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Data<'a> {
    MessageStart {
        message: Message<'a>,
    },
    ContentBlockStart {
        index: usize,
        content_block: Block,
    },
    ContentBlockDelta {
        index: usize,
        delta: Delta<'a>,
    },
    ContentBlockStop {
        index: usize,
    },
    MessageDelta {
        delta: End<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        usage: Option<DeltaUsage>,
    },
    MessageStop,
}

/// `RawContentBlockDelta`.
#[derive(Serialize)]
#[serde(tag = "type")]
pub(super) enum Delta<'a> {
    #[serde(rename = "text_delta")]
    Text { text: &'a str },
    #[serde(rename = "input_json_delta")]
    InputJson { partial_json: &'a str },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: &'a str },
    #[serde(rename = "signature_delta")]
    Signature { signature: &'a str },
    #[serde(rename = "citations_delta")]
    Citations { citation: Citation },
}

/// `RawMessageDeltaEvent.Delta`.
#[derive(Serialize)]
pub(super) struct End<'a> {
    pub(super) stop_reason: &'static str,
    pub(super) stop_sequence: Option<&'a str>,
    pub(super) stop_details: Option<StopDetails>,
    pub(super) container: (),
}
