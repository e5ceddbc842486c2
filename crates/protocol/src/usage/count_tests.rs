//! Streams: what is counted of their output, and which usage is the last word.

use super::stream_tests::{data_lines, watch};
use super::*;

/// What each event adds to the count, and whether the usage is the last word behind it.
#[track_caller]
fn counts(protocol: Protocol, frames: &[(&str, u64, bool)]) {
    let mut observer = StreamObserver::new(protocol);
    let mut sum = 0;
    for (data, bytes, is_final) in frames {
        observer.frame(b"", data.as_bytes());
        sum += bytes;
        let observed = observer.observed();
        assert_eq!((observed.output_bytes, observed.usage_is_final), (sum, *is_final), "{data}");
    }
}

#[test]
fn messages_output_is_counted_until_the_last_word() {
    let delta = |delta: &str| format!(r#"{{"type":"content_block_delta","index":0,"delta":{delta}}}"#);
    counts(
        Protocol::Messages,
        &[
            (
                r#"{"type":"message_start","message":{"usage":{"input_tokens":9,"output_tokens":1}}}"#,
                0,
                false,
            ),
            (
                r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}"#,
                0,
                false,
            ),
            (&delta(r#"{"type":"thinking_delta","thinking":"hm\n"}"#), 3, false),
            (&delta(r#"{"type":"signature_delta","signature":"abcdef"}"#), 0, false),
            (r#"{"type":"ping"}"#, 0, false),
            (&delta(r#"{"type":"text_delta","text":"世界"}"#), 6, false),
            (
                r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"get","input":{}}}"#,
                3,
                false,
            ),
            (&delta(r#"{"type":"input_json_delta","partial_json":"{\"a\":1}"}"#), 7, false),
            (r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"}}"#, 0, false),
            (r#"{"type":"message_delta","delta":{},"usage":{"output_tokens":5}}"#, 0, true),
            (r#"{"type":"message_stop"}"#, 0, true),
        ],
    );
}

#[test]
fn chat_output_is_counted_until_the_last_word() {
    let chunk = |delta: &str, finish: &str, usage: &str| {
        format!(r#"{{"choices":[{{"index":0,"delta":{delta},"finish_reason":{finish}}}],"usage":{usage}}}"#)
    };
    let usage = r#"{"prompt_tokens":1,"completion_tokens":2}"#;
    let last = format!(r#"{{"choices":[],"usage":{usage}}}"#);
    counts(
        Protocol::Chat,
        &[
            (&chunk(r#"{"role":"assistant","content":""}"#, "null", "null"), 0, false),
            (&chunk(r#"{"reasoning_content":"hm"}"#, "null", "null"), 2, false),
            (&chunk(r#"{"content":"\u00e9"}"#, "null", "null"), 2, false),
            (&chunk(r#"{"content":"abc"}"#, "null", usage), 3, false),
            (
                &chunk(
                    r#"{"tool_calls":[{"index":0,"function":{"name":"f","arguments":"{}"}}]}"#,
                    "null",
                    "null",
                ),
                3,
                false,
            ),
            (&chunk("{}", "\"tool_calls\"", "null"), 0, false),
            (&last, 0, true),
            ("[DONE]", 0, true),
        ],
    );
    // With usage in each chunk the finish may come behind the last of it.
    counts(
        Protocol::Chat,
        &[
            (&chunk(r#"{"content":"abc"}"#, "null", usage), 3, false),
            (&chunk("{}", "\"stop\"", "null"), 0, true),
        ],
    );
}

#[test]
fn responses_output_is_counted_until_the_last_word() {
    counts(
        Protocol::Responses,
        &[
            (r#"{"type":"response.created","response":{"id":"r","usage":null}}"#, 0, false),
            (
                r#"{"type":"response.output_item.added","item":{"type":"function_call","name":"get"}}"#,
                3,
                false,
            ),
            (r#"{"type":"response.reasoning_summary_text.delta","delta":"hm"}"#, 2, false),
            (r#"{"type":"response.function_call_arguments.delta","delta":"{\"a\":1}"}"#, 7, false),
            (r#"{"type":"response.output_text.delta","delta":"abc"}"#, 3, false),
            (r#"{"type":"response.output_text.done","text":"abc"}"#, 0, false),
            (
                r#"{"type":"response.completed","response":{"usage":{"input_tokens":1,"output_tokens":2}}}"#,
                0,
                true,
            ),
        ],
    );
    counts(
        Protocol::Responses,
        &[(
            r#"{"type":"response.failed","response":{"usage":null,"error":{"code":"server_error"}}}"#,
            0,
            false,
        )],
    );
}

/// A part that opened empty is no output; thinking that is not shown is.
#[test]
fn output_starts_with_the_first_of_it() {
    for (protocol, data, expected) in [
        (
            Protocol::Messages,
            r#"{"type":"content_block_start","content_block":{"type":"text","text":""}}"#,
            false,
        ),
        (
            Protocol::Messages,
            r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":""}}"#,
            false,
        ),
        (
            Protocol::Messages,
            r#"{"type":"content_block_delta","delta":{"type":"signature_delta","signature":"s"}}"#,
            true,
        ),
        (
            Protocol::Messages,
            r#"{"type":"content_block_start","content_block":{"type":"redacted_thinking","data":"d"}}"#,
            true,
        ),
        (Protocol::Chat, r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#, false),
        (
            Protocol::Responses,
            r#"{"type":"response.output_item.added","item":{"type":"message","content":[]}}"#,
            false,
        ),
        (Protocol::Responses, r#"{"type":"response.output_item.done","item":{"type":"reasoning"}}"#, true),
    ] {
        let mut observer = StreamObserver::new(protocol);
        observer.frame(b"", data.as_bytes());
        let observed = observer.observed();
        assert_eq!(observed.output_started, expected, "{data}");
        assert_eq!(observed.output_bytes, 0, "{data}");
    }
}

#[test]
fn the_passes_of_a_stream_are_its_usage() {
    let observer = watch(
        Protocol::Messages,
        &data_lines(&[
            r#"{"type":"message_start","message":{"usage":{"input_tokens":5,"output_tokens":1}}}"#,
            r#"{"type":"message_delta","delta":{},"usage":{"output_tokens":6,"server_tool_use":{"web_search_requests":1},
                "iterations":[{"type":"compaction","model":"claude-a","input_tokens":100,"output_tokens":20},
                {"type":"message","input_tokens":3,"output_tokens":2}]}}"#
                .replace('\n', " ")
                .as_str(),
        ]),
    );
    let observed = observer.observed();
    let expected = Usage { input_tokens: 103, output_tokens: 22, web_search_calls: 1, ..Usage::default() };
    assert_eq!((observed.usage, observed.usage_is_final), (Some(expected), true));
    let passes: Vec<_> =
        observed.passes.iter().map(|pass| (pass.model.as_deref(), pass.usage.input_tokens)).collect();
    assert_eq!(passes, [(Some("claude-a"), 100), (None, 3)], "the top level is no pass");
}
