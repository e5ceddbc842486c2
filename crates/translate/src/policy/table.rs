//! The rows of the policy table, by the protocol whose field it is.

use super::Fate::{self, Adapted, Carried, Dropped, Refused};
use super::Row;
use tollgate_protocol::Protocol::{self, Chat, Messages, Responses};

const NO_COUNTERPART: &str = "has no counterpart there";
const ANTHROPIC_ONLY: &str = "a feature of Anthropic's API";
const OPENAI_ONLY: &str = "a feature of OpenAI's API";
const CHANGES_SHAPE: &str = "the answer would lack what the caller asked to see";

/// A row about a field, to be filled.
const fn row(from: Protocol, field: &'static str) -> Row {
    Row { from, field, at: &[], neutral: &[], sample: "" }
}

impl Row {
    /// The row with what becomes of the field.
    const fn at(mut self, at: &'static [(Protocol, Fate, &'static str)]) -> Self {
        self.at = at;
        self
    }

    /// The row with the values that ask for nothing.
    const fn neutral(mut self, values: &'static [&'static str]) -> Self {
        self.neutral = values;
        self
    }

    /// The row with members of a request that hold the field.
    const fn sample(mut self, members: &'static str) -> Self {
        self.sample = members;
        self
    }
}

/// The same at both targets.
macro_rules! both {
    ($one:ident, $other:ident, $fate:ident, $why:expr) => {
        &[($one, $fate, $why), ($other, $fate, $why)]
    };
}

/// Every row. Samples are longer than lines.
#[rustfmt::skip]
pub const TABLE: &[Row] = &[
    // ---- Messages
    row(Messages, "container")
        .at(both!(Chat, Responses, Dropped, ANTHROPIC_ONLY))
        .sample(r#"{"container":"c_1"}"#),
    row(Messages, "context_management")
        .at(both!(Chat, Responses, Dropped, "the whole conversation is sent, so nothing is missing from it"))
        .sample(r#"{"context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]}}"#),
    row(Messages, "mcp_servers").neutral(&["[]"])
        .at(both!(Chat, Responses, Refused, "the model would lack the tools of these servers"))
        .sample(r#"{"mcp_servers":[{"type":"url","url":"https://h","name":"n"}]}"#),
    row(Messages, "compaction")
        .at(both!(Chat, Responses, Refused, CHANGES_SHAPE))
        .sample(r#"{"compaction":{"type":"summarize"}}"#),
    row(Messages, "thread")
        .at(both!(Chat, Responses, Refused, "the conversation is kept at Anthropic"))
        .sample(r#"{"thread":{"type":"continue","previous_message_id":"msg_1"}}"#),
    row(Messages, "inference_geo").neutral(&[r#""global""#])
        .at(both!(Chat, Responses, Refused, "where the model runs cannot be promised"))
        .sample(r#"{"inference_geo":"us"}"#),
    row(Messages, "diagnostics")
        .at(both!(Chat, Responses, Dropped, ANTHROPIC_ONLY))
        .sample(r#"{"diagnostics":{"previous_message_id":"msg_1"}}"#),
    row(Messages, "fallbacks")
        .at(both!(Chat, Responses, Dropped, "the group decides where a request goes"))
        .sample(r#"{"fallbacks":"default"}"#),
    row(Messages, "output_config.task_budget")
        .at(both!(Chat, Responses, Dropped, NO_COUNTERPART))
        .sample(r#"{"output_config":{"task_budget":{"type":"tokens","total":50000}}}"#),
    row(Messages, "*.cache_control")
        .at(both!(Chat, Responses, Adapted, "the provider caches by itself, or takes a mark of its own"))
        .sample(r#"{"messages":[{"role":"user","content":[{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}]}]}"#),
    row(Messages, "*.caller")
        .at(both!(Chat, Responses, Adapted, "the conversation tells who called"))
        .sample(r#"{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{},"caller":{"type":"direct"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"y"}]}]}"#),
    row(Messages, "tools.eager_input_streaming")
        .at(both!(Chat, Responses, Adapted, "arguments stream as the provider sends them"))
        .sample(r#"{"tools":[{"name":"f","input_schema":{"type":"object","properties":{}},"eager_input_streaming":true}]}"#),
    row(Messages, "tools.defer_loading")
        .at(&[
            (Chat, Adapted, "all tools are told at once"),
            (Responses, Adapted, "all tools are told at once where the model does not search for them"),
        ])
        .sample(r#"{"tools":[{"name":"f","input_schema":{"type":"object","properties":{}},"defer_loading":true}]}"#),
    row(Messages, "tools.input_examples")
        .at(both!(Chat, Responses, Dropped, NO_COUNTERPART))
        .sample(r#"{"tools":[{"name":"f","input_schema":{"type":"object","properties":{}},"input_examples":[{}]}]}"#),
    row(Messages, "thinking.block_binding")
        .at(both!(Chat, Responses, Adapted, "the gate knows whose reasoning may go where"))
        .sample(r#"{"max_tokens":9000,"thinking":{"type":"adaptive","block_binding":{"prefix_mismatch_behavior":"drop_block"}}}"#),
    row(Messages, "messages.content.document.citations")
        .at(both!(Chat, Responses, Dropped, "citations are Anthropic's"))
        .sample(r#"{"messages":[{"role":"user","content":[{"type":"document","source":{"type":"text","media_type":"text/plain","data":"d"},"citations":{"enabled":true}},{"type":"text","text":"x"}]}]}"#),
    row(Messages, "messages.output_config")
        .at(both!(Chat, Responses, Adapted, "the last effort is that of the request"))
        .sample(r#"{"messages":[{"role":"user","content":"x","output_config":{"effort":"low"}}]}"#),
    // ---- Chat
    row(Chat, "n").neutral(&["1"])
        .at(both!(Messages, Responses, Refused, "one answer a request is all the protocol has"))
        .sample(r#"{"n":2}"#),
    row(Chat, "logprobs").neutral(&["false"])
        .at(both!(Messages, Responses, Refused, CHANGES_SHAPE))
        .sample(r#"{"logprobs":true}"#),
    row(Chat, "top_logprobs").neutral(&["0"])
        .at(both!(Messages, Responses, Refused, CHANGES_SHAPE))
        .sample(r#"{"top_logprobs":3}"#),
    row(Chat, "logit_bias").neutral(&["{}"])
        .at(both!(Messages, Responses, Dropped, NO_COUNTERPART))
        .sample(r#"{"logit_bias":{"1":-100}}"#),
    row(Chat, "modalities").neutral(&[r#"["text"]"#])
        .at(both!(Messages, Responses, Refused, CHANGES_SHAPE))
        .sample(r#"{"modalities":["text","audio"]}"#),
    row(Chat, "audio")
        .at(both!(Messages, Responses, Refused, CHANGES_SHAPE))
        .sample(r#"{"audio":{"voice":"alloy","format":"wav"}}"#),
    row(Chat, "prediction")
        .at(both!(Messages, Responses, Dropped, "it only makes the answer faster"))
        .sample(r#"{"prediction":{"type":"content","content":"x"}}"#),
    row(Chat, "metadata").neutral(&["{}"])
        .at(&[(Messages, Dropped, OPENAI_ONLY), (Responses, Carried, "as it is")])
        .sample(r#"{"metadata":{"a":"b"}}"#),
    row(Chat, "store").neutral(&["false"])
        .at(both!(Messages, Responses, Dropped, "completions are not kept"))
        .sample(r#"{"store":true}"#),
    row(Chat, "web_search_options")
        .at(both!(Messages, Responses, Refused, "ask with a web search tool instead"))
        .sample(r#"{"web_search_options":{}}"#),
    row(Chat, "prompt_cache_retention")
        .at(&[(Messages, Dropped, OPENAI_ONLY), (Responses, Carried, "as it is")])
        .sample(r#"{"prompt_cache_retention":"24h"}"#),
    row(Chat, "prompt_cache_options")
        .at(&[(Messages, Dropped, OPENAI_ONLY), (Responses, Carried, "as it is")])
        .sample(r#"{"prompt_cache_options":{"mode":"implicit"}}"#),
    row(Chat, "moderation")
        .at(&[(Messages, Dropped, OPENAI_ONLY), (Responses, Carried, "as it is")])
        .sample(r#"{"moderation":{"model":"omni"}}"#),
    row(Chat, "stream_options.include_obfuscation")
        .at(both!(Messages, Responses, Adapted, "nothing is obfuscated"))
        .sample(r#"{"stream":true,"stream_options":{"include_obfuscation":false}}"#),
    row(Chat, "messages.prefix").neutral(&["false"])
        .at(&[
            (Messages, Adapted, "an assistant turn that stands last is a beginning"),
            (Responses, Dropped, NO_COUNTERPART),
        ])
        .sample(r#"{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y","prefix":true}]}"#),
    // ---- Responses
    row(Responses, "background").neutral(&["false"])
        .at(both!(Messages, Chat, Refused, "the provider has to keep the response, and cannot"))
        .sample(r#"{"background":true}"#),
    row(Responses, "conversation")
        .at(both!(Messages, Chat, Refused, "the conversation is kept at OpenAI"))
        .sample(r#"{"conversation":"conv_1"}"#),
    row(Responses, "prompt")
        .at(both!(Messages, Chat, Refused, "the prompt is kept at OpenAI"))
        .sample(r#"{"prompt":{"id":"pmpt_1"}}"#),
    row(Responses, "include").neutral(&["[]"])
        .at(both!(Messages, Chat, Adapted, "reasoning comes back in a carrier whether asked for or not; the rest has no counterpart"))
        .sample(r#"{"include":["reasoning.encrypted_content"]}"#),
    row(Responses, "store").neutral(&["false"])
        .at(both!(Messages, Chat, Adapted, "the gate keeps the response itself"))
        .sample(r#"{"store":true}"#),
    row(Responses, "previous_response_id")
        .at(both!(Messages, Chat, Adapted, "the gate puts the conversation it kept in front"))
        .sample(r#"{"previous_response_id":"resp_1"}"#),
    row(Responses, "metadata").neutral(&["{}"])
        .at(both!(Messages, Chat, Adapted, "it is repeated in the answer, as the API does"))
        .sample(r#"{"metadata":{"a":"b"}}"#),
    row(Responses, "client_metadata")
        .at(both!(Messages, Chat, Adapted, "what an agent tells of itself; no part of the prompt"))
        .sample(r#"{"client_metadata":{"a":"b"}}"#),
    row(Responses, "max_tool_calls")
        .at(both!(Messages, Chat, Dropped, NO_COUNTERPART))
        .sample(r#"{"max_tool_calls":3}"#),
    row(Responses, "top_logprobs").neutral(&["0"])
        .at(both!(Messages, Chat, Refused, CHANGES_SHAPE))
        .sample(r#"{"top_logprobs":3}"#),
    row(Responses, "truncation").neutral(&[r#""disabled""#])
        .at(both!(Messages, Chat, Dropped, OPENAI_ONLY))
        .sample(r#"{"truncation":"auto"}"#),
    row(Responses, "context_management").neutral(&["[]"])
        .at(both!(Messages, Chat, Dropped, "the whole conversation is sent"))
        .sample(r#"{"context_management":[{"type":"compaction","compact_threshold":1000}]}"#),
    row(Responses, "prompt_cache_retention")
        .at(&[(Messages, Dropped, OPENAI_ONLY), (Chat, Carried, "as it is")])
        .sample(r#"{"prompt_cache_retention":"24h"}"#),
    row(Responses, "prompt_cache_options")
        .at(&[(Messages, Dropped, OPENAI_ONLY), (Chat, Carried, "as it is")])
        .sample(r#"{"prompt_cache_options":{"mode":"implicit"}}"#),
    row(Responses, "tools.web_search.external_web_access").neutral(&["true"])
        .at(&[(Messages, Dropped, "the search there is always live")])
        .sample(r#"{"tools":[{"type":"web_search","external_web_access":false}]}"#),
    row(Responses, "tools.web_search.search_context_size").neutral(&["\"medium\""])
        .at(&[(Messages, Dropped, "the search there has no such measure")])
        .sample(r#"{"tools":[{"type":"web_search","search_context_size":"high"}]}"#),
    row(Responses, "input.phase")
        .at(both!(Messages, Chat, Adapted, "the order of text and calls tells it"))
        .sample(r#"{"input":[{"type":"message","role":"user","content":"x"},{"type":"message","role":"assistant","phase":"commentary","content":[{"type":"output_text","text":"y"}]},{"type":"message","role":"user","content":"z"}]}"#),
    row(Responses, "stream_options.include_obfuscation")
        .at(both!(Messages, Chat, Adapted, "nothing is obfuscated"))
        .sample(r#"{"stream":true,"stream_options":{"include_obfuscation":false}}"#),
    row(Responses, "stream_options")
        .at(both!(Messages, Chat, Adapted, "nothing is obfuscated"))
        .sample(r#"{"stream":true,"stream_options":{}}"#),
    row(Responses, "moderation")
        .at(&[(Messages, Dropped, OPENAI_ONLY), (Chat, Carried, "as it is")])
        .sample(r#"{"moderation":{"model":"omni"}}"#),
];
