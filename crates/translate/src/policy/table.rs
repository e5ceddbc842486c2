//! The rows of the policy table.

use super::Fate::{Adapted, Carried, Dropped, Refused};
use super::Row;
use tollgate_protocol::Protocol::{Chat, Messages, Responses};

const NO_COUNTERPART: &str = "has no counterpart there";
const ANTHROPIC_ONLY: &str = "a feature of Anthropic's API";
const OPENAI_ONLY: &str = "a feature of OpenAI's API";
const CHANGES_SHAPE: &str = "the answer would lack what the caller asked to see";

/// Every row.
pub const TABLE: &[Row] = &[
    // ---- Messages
    Row {
        from: Messages,
        field: "container",
        at: &[(Chat, Dropped, ANTHROPIC_ONLY), (Responses, Dropped, ANTHROPIC_ONLY)],
        neutral: &[],
        sample: r#"{"container":"c_1"}"#,
    },
    Row {
        from: Messages,
        field: "context_management",
        at: &[
            (Chat, Dropped, "the whole conversation is sent, so nothing is missing from it"),
            (Responses, Dropped, "the whole conversation is sent, so nothing is missing from it"),
        ],
        neutral: &[],
        sample: r#"{"context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]}}"#,
    },
    Row {
        from: Messages,
        field: "mcp_servers",
        at: &[
            (Chat, Refused, "the model would lack the tools of these servers"),
            (Responses, Refused, "the model would lack the tools of these servers"),
        ],
        neutral: &["[]"],
        sample: r#"{"mcp_servers":[{"type":"url","url":"https://h","name":"n"}]}"#,
    },
    Row {
        from: Messages,
        field: "compaction",
        at: &[(Chat, Refused, CHANGES_SHAPE), (Responses, Refused, CHANGES_SHAPE)],
        neutral: &[],
        sample: r#"{"compaction":{"type":"summarize"}}"#,
    },
    Row {
        from: Messages,
        field: "thread",
        at: &[
            (Chat, Refused, "the conversation is kept at Anthropic"),
            (Responses, Refused, "the conversation is kept at Anthropic"),
        ],
        neutral: &[],
        sample: r#"{"thread":{"type":"continue","previous_message_id":"msg_1"}}"#,
    },
    Row {
        from: Messages,
        field: "inference_geo",
        at: &[
            (Chat, Refused, "where the model runs cannot be promised"),
            (Responses, Refused, "where the model runs cannot be promised"),
        ],
        neutral: &[r#""global""#],
        sample: r#"{"inference_geo":"us"}"#,
    },
    Row {
        from: Messages,
        field: "diagnostics",
        at: &[(Chat, Dropped, ANTHROPIC_ONLY), (Responses, Dropped, ANTHROPIC_ONLY)],
        neutral: &[],
        sample: r#"{"diagnostics":{"previous_message_id":"msg_1"}}"#,
    },
    Row {
        from: Messages,
        field: "fallbacks",
        at: &[
            (Chat, Dropped, "the group decides where a request goes"),
            (Responses, Dropped, "the group decides where a request goes"),
        ],
        neutral: &[],
        sample: r#"{"fallbacks":"default"}"#,
    },
    Row {
        from: Messages,
        field: "output_config.task_budget",
        at: &[(Chat, Dropped, NO_COUNTERPART), (Responses, Dropped, NO_COUNTERPART)],
        neutral: &[],
        sample: r#"{"output_config":{"task_budget":{"type":"tokens","total":50000}}}"#,
    },
    Row {
        from: Messages,
        field: "*.cache_control",
        at: &[
            (Chat, Adapted, "the provider caches by itself, or takes a mark of its own"),
            (Responses, Adapted, "the provider caches by itself, or takes a mark of its own"),
        ],
        neutral: &[],
        sample: r#"{"messages":[{"role":"user","content":[{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}]}]}"#,
    },
    Row {
        from: Messages,
        field: "*.caller",
        at: &[
            (Chat, Adapted, "the conversation tells who called"),
            (Responses, Adapted, "the conversation tells who called"),
        ],
        neutral: &[],
        sample: r#"{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{},"caller":{"type":"direct"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"y"}]}]}"#,
    },
    Row {
        from: Messages,
        field: "tools.eager_input_streaming",
        at: &[
            (Chat, Adapted, "arguments stream as the provider sends them"),
            (Responses, Adapted, "arguments stream as the provider sends them"),
        ],
        neutral: &[],
        sample: r#"{"tools":[{"name":"f","input_schema":{"type":"object","properties":{}},"eager_input_streaming":true}]}"#,
    },
    Row {
        from: Messages,
        field: "tools.defer_loading",
        at: &[
            (Chat, Adapted, "all tools are told at once"),
            (Responses, Adapted, "all tools are told at once where the model does not search for them"),
        ],
        neutral: &[],
        sample: r#"{"tools":[{"name":"f","input_schema":{"type":"object","properties":{}},"defer_loading":true}]}"#,
    },
    Row {
        from: Messages,
        field: "tools.input_examples",
        at: &[(Chat, Dropped, NO_COUNTERPART), (Responses, Dropped, NO_COUNTERPART)],
        neutral: &[],
        sample: r#"{"tools":[{"name":"f","input_schema":{"type":"object","properties":{}},"input_examples":[{}]}]}"#,
    },
    Row {
        from: Messages,
        field: "thinking.block_binding",
        at: &[
            (Chat, Adapted, "the gate knows whose reasoning may go where"),
            (Responses, Adapted, "the gate knows whose reasoning may go where"),
        ],
        neutral: &[],
        sample: r#"{"max_tokens":9000,"thinking":{"type":"adaptive","block_binding":{"prefix_mismatch_behavior":"drop_block"}}}"#,
    },
    Row {
        from: Messages,
        field: "messages.content.document.citations",
        at: &[
            (Chat, Dropped, "citations are Anthropic's"),
            (Responses, Dropped, "citations are Anthropic's"),
        ],
        neutral: &[],
        sample: r#"{"messages":[{"role":"user","content":[{"type":"document","source":{"type":"text","media_type":"text/plain","data":"d"},"citations":{"enabled":true}},{"type":"text","text":"x"}]}]}"#,
    },
    Row {
        from: Messages,
        field: "messages.output_config",
        at: &[
            (Chat, Adapted, "the last effort is that of the request"),
            (Responses, Adapted, "the last effort is that of the request"),
        ],
        neutral: &[],
        sample: r#"{"messages":[{"role":"user","content":"x","output_config":{"effort":"low"}}]}"#,
    },
    // ---- Chat
    Row {
        from: Chat,
        field: "n",
        at: &[
            (Messages, Refused, "one answer a request is all the protocol has"),
            (Responses, Refused, "one answer a request is all the protocol has"),
        ],
        neutral: &["1"],
        sample: r#"{"n":2}"#,
    },
    Row {
        from: Chat,
        field: "logprobs",
        at: &[(Messages, Refused, CHANGES_SHAPE), (Responses, Refused, CHANGES_SHAPE)],
        neutral: &["false"],
        sample: r#"{"logprobs":true}"#,
    },
    Row {
        from: Chat,
        field: "top_logprobs",
        at: &[(Messages, Refused, CHANGES_SHAPE), (Responses, Refused, CHANGES_SHAPE)],
        neutral: &["0"],
        sample: r#"{"top_logprobs":3}"#,
    },
    Row {
        from: Chat,
        field: "logit_bias",
        at: &[(Messages, Dropped, NO_COUNTERPART), (Responses, Dropped, NO_COUNTERPART)],
        neutral: &["{}"],
        sample: r#"{"logit_bias":{"1":-100}}"#,
    },
    Row {
        from: Chat,
        field: "modalities",
        at: &[(Messages, Refused, CHANGES_SHAPE), (Responses, Refused, CHANGES_SHAPE)],
        neutral: &[r#"["text"]"#],
        sample: r#"{"modalities":["text","audio"]}"#,
    },
    Row {
        from: Chat,
        field: "audio",
        at: &[(Messages, Refused, CHANGES_SHAPE), (Responses, Refused, CHANGES_SHAPE)],
        neutral: &[],
        sample: r#"{"audio":{"voice":"alloy","format":"wav"}}"#,
    },
    Row {
        from: Chat,
        field: "prediction",
        at: &[
            (Messages, Dropped, "it only makes the answer faster"),
            (Responses, Dropped, "it only makes the answer faster"),
        ],
        neutral: &[],
        sample: r#"{"prediction":{"type":"content","content":"x"}}"#,
    },
    Row {
        from: Chat,
        field: "metadata",
        at: &[(Messages, Dropped, OPENAI_ONLY), (Responses, Carried, "as it is")],
        neutral: &["{}"],
        sample: r#"{"metadata":{"a":"b"}}"#,
    },
    Row {
        from: Chat,
        field: "store",
        at: &[
            (Messages, Dropped, "completions are not kept"),
            (Responses, Dropped, "completions are not kept"),
        ],
        neutral: &["false"],
        sample: r#"{"store":true}"#,
    },
    Row {
        from: Chat,
        field: "web_search_options",
        at: &[
            (Messages, Refused, "ask with a web search tool instead"),
            (Responses, Refused, "ask with a web search tool instead"),
        ],
        neutral: &[],
        sample: r#"{"web_search_options":{}}"#,
    },
    Row {
        from: Chat,
        field: "prompt_cache_retention",
        at: &[(Messages, Dropped, OPENAI_ONLY), (Responses, Carried, "as it is")],
        neutral: &[],
        sample: r#"{"prompt_cache_retention":"24h"}"#,
    },
    Row {
        from: Chat,
        field: "prompt_cache_options",
        at: &[(Messages, Dropped, OPENAI_ONLY), (Responses, Carried, "as it is")],
        neutral: &[],
        sample: r#"{"prompt_cache_options":{"mode":"implicit"}}"#,
    },
    Row {
        from: Chat,
        field: "moderation",
        at: &[(Messages, Dropped, OPENAI_ONLY), (Responses, Carried, "as it is")],
        neutral: &[],
        sample: r#"{"moderation":{"model":"omni"}}"#,
    },
    Row {
        from: Chat,
        field: "stream_options.include_obfuscation",
        at: &[(Messages, Adapted, "nothing is obfuscated"), (Responses, Adapted, "nothing is obfuscated")],
        neutral: &[],
        sample: r#"{"stream":true,"stream_options":{"include_obfuscation":false}}"#,
    },
    Row {
        from: Chat,
        field: "messages.prefix",
        at: &[
            (Messages, Adapted, "an assistant turn that stands last is a beginning"),
            (Responses, Dropped, NO_COUNTERPART),
        ],
        neutral: &["false"],
        sample: r#"{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y","prefix":true}]}"#,
    },
    // ---- Responses
    Row {
        from: Responses,
        field: "background",
        at: &[
            (Messages, Refused, "the provider has to keep the response, and cannot"),
            (Chat, Refused, "the provider has to keep the response, and cannot"),
        ],
        neutral: &["false"],
        sample: r#"{"background":true}"#,
    },
    Row {
        from: Responses,
        field: "conversation",
        at: &[
            (Messages, Refused, "the conversation is kept at OpenAI"),
            (Chat, Refused, "the conversation is kept at OpenAI"),
        ],
        neutral: &[],
        sample: r#"{"conversation":"conv_1"}"#,
    },
    Row {
        from: Responses,
        field: "prompt",
        at: &[
            (Messages, Refused, "the prompt is kept at OpenAI"),
            (Chat, Refused, "the prompt is kept at OpenAI"),
        ],
        neutral: &[],
        sample: r#"{"prompt":{"id":"pmpt_1"}}"#,
    },
    Row {
        from: Responses,
        field: "include",
        at: &[
            (
                Messages,
                Adapted,
                "reasoning comes back in a carrier whether asked for or not; the rest has no counterpart",
            ),
            (
                Chat,
                Adapted,
                "reasoning comes back in a carrier whether asked for or not; the rest has no counterpart",
            ),
        ],
        neutral: &["[]"],
        sample: r#"{"include":["reasoning.encrypted_content"]}"#,
    },
    Row {
        from: Responses,
        field: "store",
        at: &[
            (Messages, Adapted, "the gate keeps the response itself"),
            (Chat, Adapted, "the gate keeps the response itself"),
        ],
        neutral: &["false"],
        sample: r#"{"store":true}"#,
    },
    Row {
        from: Responses,
        field: "previous_response_id",
        at: &[
            (Messages, Adapted, "the gate puts the conversation it kept in front"),
            (Chat, Adapted, "the gate puts the conversation it kept in front"),
        ],
        neutral: &[],
        sample: r#"{"previous_response_id":"resp_1"}"#,
    },
    Row {
        from: Responses,
        field: "metadata",
        at: &[
            (Messages, Adapted, "it is repeated in the answer, as the API does"),
            (Chat, Adapted, "it is repeated in the answer, as the API does"),
        ],
        neutral: &["{}"],
        sample: r#"{"metadata":{"a":"b"}}"#,
    },
    Row {
        from: Responses,
        field: "client_metadata",
        at: &[
            (Messages, Adapted, "what an agent tells of itself; no part of the prompt"),
            (Chat, Adapted, "what an agent tells of itself; no part of the prompt"),
        ],
        neutral: &[],
        sample: r#"{"client_metadata":{"a":"b"}}"#,
    },
    Row {
        from: Responses,
        field: "max_tool_calls",
        at: &[(Messages, Dropped, NO_COUNTERPART), (Chat, Dropped, NO_COUNTERPART)],
        neutral: &[],
        sample: r#"{"max_tool_calls":3}"#,
    },
    Row {
        from: Responses,
        field: "top_logprobs",
        at: &[(Messages, Refused, CHANGES_SHAPE), (Chat, Refused, CHANGES_SHAPE)],
        neutral: &["0"],
        sample: r#"{"top_logprobs":3}"#,
    },
    Row {
        from: Responses,
        field: "truncation",
        at: &[(Messages, Dropped, OPENAI_ONLY), (Chat, Dropped, OPENAI_ONLY)],
        neutral: &[r#""disabled""#],
        sample: r#"{"truncation":"auto"}"#,
    },
    Row {
        from: Responses,
        field: "context_management",
        at: &[
            (Messages, Dropped, "the whole conversation is sent"),
            (Chat, Dropped, "the whole conversation is sent"),
        ],
        neutral: &["[]"],
        sample: r#"{"context_management":[{"type":"compaction","compact_threshold":1000}]}"#,
    },
    Row {
        from: Responses,
        field: "prompt_cache_retention",
        at: &[(Messages, Dropped, OPENAI_ONLY), (Chat, Carried, "as it is")],
        neutral: &[],
        sample: r#"{"prompt_cache_retention":"24h"}"#,
    },
    Row {
        from: Responses,
        field: "prompt_cache_options",
        at: &[(Messages, Dropped, OPENAI_ONLY), (Chat, Carried, "as it is")],
        neutral: &[],
        sample: r#"{"prompt_cache_options":{"mode":"implicit"}}"#,
    },
    Row {
        from: Responses,
        field: "tools.web_search.external_web_access",
        at: &[(Messages, Dropped, "the search there is always live")],
        neutral: &["true"],
        sample: r#"{"tools":[{"type":"web_search","external_web_access":false}]}"#,
    },
    Row {
        from: Responses,
        field: "tools.web_search.search_context_size",
        at: &[(Messages, Dropped, "the search there has no such measure")],
        neutral: &["\"medium\""],
        sample: r#"{"tools":[{"type":"web_search","search_context_size":"high"}]}"#,
    },
    Row {
        from: Responses,
        field: "input.phase",
        at: &[
            (Messages, Adapted, "the order of text and calls tells it"),
            (Chat, Adapted, "the order of text and calls tells it"),
        ],
        neutral: &[],
        sample: r#"{"input":[{"type":"message","role":"user","content":"x"},{"type":"message","role":"assistant","phase":"commentary","content":[{"type":"output_text","text":"y"}]},{"type":"message","role":"user","content":"z"}]}"#,
    },
    Row {
        from: Responses,
        field: "stream_options.include_obfuscation",
        at: &[(Messages, Adapted, "nothing is obfuscated"), (Chat, Adapted, "nothing is obfuscated")],
        neutral: &[],
        sample: r#"{"stream":true,"stream_options":{"include_obfuscation":false}}"#,
    },
    Row {
        from: Responses,
        field: "stream_options",
        at: &[(Messages, Adapted, "nothing is obfuscated"), (Chat, Adapted, "nothing is obfuscated")],
        neutral: &[],
        sample: r#"{"stream":true,"stream_options":{}}"#,
    },
    Row {
        from: Responses,
        field: "moderation",
        at: &[(Messages, Dropped, OPENAI_ONLY), (Chat, Carried, "as it is")],
        neutral: &[],
        sample: r#"{"moderation":{"model":"omni"}}"#,
    },
];
