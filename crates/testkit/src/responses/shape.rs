//! The JSON shapes of Responses answers.

use serde::Serialize;
use serde_json::Value;
use tollgate_base::Usage;

use crate::reading::Body;
use crate::respond::CREATED_S;

/// How far a response is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    Queued,
    InProgress,
    Completed,
    Incomplete,
    Failed,
}

/// `Response`. Members the request may set come back as they were sent.
#[derive(Serialize)]
pub(super) struct Response<'a> {
    pub(super) id: &'a str,
    object: &'static str,
    created_at: i64,
    pub(super) status: Status,
    access_programs: (),
    background: bool,
    completed_at: Option<i64>,
    pub(super) error: Option<ErrorDetail<'a>>,
    pub(super) incomplete_details: Option<Incomplete>,
    instructions: Option<&'a Value>,
    max_output_tokens: Option<&'a Value>,
    max_tool_calls: Option<&'a Value>,
    metadata: Echo<'a>,
    model: &'a str,
    pub(super) output: &'a [Item],
    parallel_tool_calls: Echo<'a>,
    previous_response_id: Option<&'a Value>,
    prompt_cache_key: Option<&'a Value>,
    reasoning: Echo<'a>,
    safety_identifier: Option<&'a Value>,
    service_tier: &'static str,
    store: Echo<'a>,
    temperature: Echo<'a>,
    text: Echo<'a>,
    tool_choice: Echo<'a>,
    tools: Echo<'a>,
    top_logprobs: Option<&'a Value>,
    top_p: Echo<'a>,
    truncation: Echo<'a>,
    user: Option<&'a Value>,
    /// Left out altogether when no usage is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage: Option<Option<ResponseUsage>>,
    pub(super) tool_usage: Option<ToolUsage>,
}

/// A member that is echoed when the request has it and has a value of its own otherwise.
#[derive(Serialize)]
#[serde(untagged)]
enum Echo<'a> {
    Sent(&'a Value),
    Own(Value),
}

/// `Response.IncompleteDetails`.
#[derive(Serialize)]
pub(super) struct Incomplete {
    pub(super) reason: &'static str,
}

/// `ResponseError`.
#[derive(Serialize)]
pub(super) struct ErrorDetail<'a> {
    pub(super) code: &'a str,
    pub(super) message: &'a str,
}

/// `Response.ToolUsage`.
#[derive(Serialize)]
pub(super) struct ToolUsage {
    image_gen: ImageGen,
    web_search: WebSearch,
}

#[derive(Default, Serialize)]
struct ImageGen {
    input_tokens: u64,
    input_tokens_details: ImageTokens,
    output_tokens: u64,
    output_tokens_details: ImageTokens,
    total_tokens: u64,
}

#[derive(Default, Serialize)]
struct ImageTokens {
    image_tokens: u64,
    text_tokens: u64,
}

#[derive(Serialize)]
struct WebSearch {
    num_requests: u64,
}

impl ToolUsage {
    pub(super) fn new(usage: &Usage) -> Self {
        Self {
            image_gen: ImageGen::default(),
            web_search: WebSearch { num_requests: usage.web_search_calls },
        }
    }
}

/// `ResponseUsage`: the input holds what was read from and written to the cache.
#[derive(Clone, Serialize)]
pub(super) struct ResponseUsage {
    input_tokens: u64,
    input_tokens_details: InputDetails,
    output_tokens: u64,
    output_tokens_details: OutputDetails,
    total_tokens: u64,
}

#[derive(Clone, Serialize)]
struct InputDetails {
    cached_tokens: u64,
    cache_write_tokens: u64,
    cache_write_tokens_details: WriteDetails,
}

#[derive(Clone, Serialize)]
struct WriteDetails {
    ttl_30m_tokens: u64,
    ttl_12h_tokens: u64,
}

#[derive(Clone, Serialize)]
struct OutputDetails {
    reasoning_tokens: u64,
}

impl ResponseUsage {
    pub(super) fn new(usage: &Usage) -> Self {
        Self {
            input_tokens: usage.prompt_tokens(),
            input_tokens_details: InputDetails {
                cached_tokens: usage.cache_read_tokens,
                cache_write_tokens: usage.cache_write_5m_tokens + usage.cache_write_1h_tokens,
                cache_write_tokens_details: WriteDetails {
                    ttl_30m_tokens: usage.cache_write_5m_tokens,
                    ttl_12h_tokens: usage.cache_write_1h_tokens,
                },
            },
            output_tokens: usage.output_tokens,
            output_tokens_details: OutputDetails { reasoning_tokens: usage.reasoning_tokens },
            total_tokens: usage.total_tokens(),
        }
    }
}

/// `ResponseOutputItem`, as far as the sandbox makes them.
#[derive(Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Item {
    Message {
        id: String,
        status: Status,
        role: &'static str,
        content: Vec<Part>,
        phase: &'static str,
    },
    Reasoning {
        id: String,
        summary: Vec<SummaryPart>,
        #[serde(skip_serializing_if = "Option::is_none")]
        encrypted_content: Option<String>,
        status: Status,
    },
    FunctionCall {
        id: String,
        call_id: String,
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        namespace: Option<String>,
        arguments: String,
        status: Status,
    },
    CustomToolCall {
        id: String,
        call_id: String,
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        namespace: Option<String>,
        input: String,
        status: Status,
    },
    WebSearchCall {
        id: String,
        status: Status,
        action: SearchAction,
    },
    Compaction {
        id: String,
        encrypted_content: String,
    },
}

/// `ResponseOutputText` or `ResponseOutputRefusal`.
#[derive(Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Part {
    OutputText { text: String, annotations: Vec<Annotation>, logprobs: [(); 0] },
    Refusal { refusal: String },
}

/// `ResponseOutputText.URLCitation`.
#[derive(Clone, Serialize)]
pub(super) struct Annotation {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) url: String,
    pub(super) title: String,
    pub(super) start_index: usize,
    pub(super) end_index: usize,
}

/// `ResponseReasoningItem.Summary`.
#[derive(Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum SummaryPart {
    SummaryText { text: String },
}

/// `ResponseFunctionWebSearch.Search`.
#[derive(Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum SearchAction {
    Search { query: String, queries: Vec<String> },
}

impl<'a> Response<'a> {
    /// A response without output and usage, that echoes the request's members.
    pub(super) fn new(id: &'a str, model: &'a str, status: Status, body: &'a Body) -> Self {
        let sent = |name: &str| body.get(name).filter(|value| !value.is_null());
        let echo = |name: &str, own: Value| sent(name).map_or(Echo::Own(own), Echo::Sent);
        Self {
            id,
            object: "response",
            created_at: CREATED_S,
            status,
            access_programs: (),
            background: sent("background").and_then(Value::as_bool).unwrap_or(false),
            completed_at: (status == Status::Completed).then_some(CREATED_S + 1),
            error: None,
            incomplete_details: None,
            instructions: sent("instructions"),
            max_output_tokens: sent("max_output_tokens"),
            max_tool_calls: sent("max_tool_calls"),
            metadata: echo("metadata", Value::Object(Body::new())),
            model,
            output: &[],
            parallel_tool_calls: echo("parallel_tool_calls", Value::Bool(true)),
            previous_response_id: sent("previous_response_id"),
            prompt_cache_key: sent("prompt_cache_key"),
            reasoning: echo("reasoning", serde_json::json!({"effort": null, "summary": null})),
            safety_identifier: sent("safety_identifier"),
            service_tier: "default",
            store: echo("store", Value::Bool(true)),
            temperature: echo("temperature", serde_json::json!(1.0)),
            text: echo("text", serde_json::json!({"format": {"type": "text"}, "verbosity": "medium"})),
            tool_choice: echo("tool_choice", Value::String("auto".to_owned())),
            tools: echo("tools", Value::Array(Vec::new())),
            top_logprobs: sent("top_logprobs"),
            top_p: echo("top_p", serde_json::json!(1.0)),
            truncation: echo("truncation", Value::String("disabled".to_owned())),
            user: sent("user"),
            usage: Some(None),
            tool_usage: None,
        }
    }
}
