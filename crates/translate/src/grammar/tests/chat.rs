//! Streams of Chat.

use super::{Allowed, At, Behind, Case, Ended, In, check_cases, check_good};
use tollgate_protocol::Protocol;

const GOOD: &[&str] = &[
    r#"{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}"#,
    r#"{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}],"usage":null}"#,
    r#"{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"t","arguments":""}}]},"finish_reason":null}],"usage":null}"#,
    r#"{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]},"finish_reason":null}],"usage":null}"#,
    r#"{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"call_2","type":"custom","custom":{"name":"t","input":"free"}}]},"finish_reason":null}],"usage":null}"#,
    r#"{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}],"usage":null}"#,
    r#"{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7,"prompt_tokens_details":{"cached_tokens":5}}}"#,
    "[DONE]",
];

const ERROR: &str = r#"{"error":{"message":"m","type":"server_error","param":null,"code":null}}"#;

const SECOND: &str = r#"{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":1,"delta":{"role":"assistant","content":"x"},"finish_reason":"stop"}],"usage":null}"#;

pub(super) const CASES: &[Case] = &[
    ("no JSON", &[At(1, &["{"])], "json"),
    ("a named frame", &[At(1, &[r#"ping|{"type":"ping"}"#])], "event_name"),
    ("a chunk behind [DONE]", &[Behind(&[GOOD[1]])], "after_end"),
    ("two ends", &[Behind(&["[DONE]"])], "after_end"),
    ("[DONE] behind an error", &[At(6, &[ERROR])], "after_end"),
    ("no end", &[At(7, &[])], "cut"),
    ("an error without message", &[At(7, &[r#"{"error":{"type":"e"}}"#])], "error_shape"),
    ("another object", &[In(1, ".chunk", "")], "chunk_shape"),
    ("no id", &[In(0, "c1", "")], "chunk_shape"),
    ("no time", &[In(0, r#""created":1,"#, "")], "chunk_shape"),
    ("no choices", &[In(1, "choices", "choice")], "chunk_shape"),
    ("no delta", &[In(1, "delta", "message")], "chunk_shape"),
    ("text that is no string", &[In(1, r#""hi""#, "[]")], "chunk_shape"),
    ("another id", &[In(3, "c1", "c2")], "same_head"),
    ("another time", &[In(3, r#""created":1"#, r#""created":2"#)], "same_head"),
    ("another model", &[In(6, r#""m""#, r#""n""#)], "same_head"),
    ("no role", &[At(0, &[])], "role"),
    ("another role", &[In(0, "assistant", "user")], "role"),
    ("a choice without role", &[In(1, r#""index":0"#, r#""index":1"#)], "role"),
    ("a gap in the calls", &[In(4, r#""index":1"#, r#""index":2"#)], "call_index"),
    ("a call without index", &[In(4, r#""index":1,"#, "")], "call_index"),
    ("a call without id", &[In(2, r#""id":"call_1","#, "")], "call_first"),
    ("a call without type", &[In(2, r#""type":"function","#, "")], "call_first"),
    ("a call without name", &[In(2, r#""name":"t","#, "")], "call_first"),
    ("a call without arguments", &[In(2, r#","arguments":"""#, "")], "call_first"),
    ("one id twice", &[In(4, "call_2", "call_1")], "tool_id"),
    ("an id that comes again", &[In(3, r#"{"index":0,"f"#, r#"{"index":0,"id":"call_1","f"#)], "call_repeat"),
    ("a name that comes again", &[In(3, r#"{"arguments""#, r#"{"name":"t","arguments""#)], "call_repeat"),
    ("a piece without arguments", &[In(3, r#""arguments":"{}""#, "")], "call_repeat"),
    ("half of the arguments", &[In(3, "{}", "{")], "tool_input"),
    ("no arguments", &[At(3, &[])], "tool_input"),
    ("a delta behind the finish", &[At(6, &[GOOD[1], GOOD[6]])], "finish_once"),
    ("two finishes", &[At(6, &[GOOD[5], GOOD[6]])], "finish_once"),
    ("an unknown reason", &[In(5, "tool_calls", "tired")], "finish_reason"),
    ("stop with a call", &[In(5, "tool_calls", "stop")], "finish_reason"),
    ("tool_calls without a call", &[At(2, &[]), At(3, &[]), At(4, &[])], "finish_reason"),
    ("usage before the finish", &[At(5, &[GOOD[6], GOOD[5]]), At(6, &[])], "usage_chunk"),
    ("usage twice", &[At(6, &[GOOD[6], GOOD[6]])], "usage_chunk"),
    ("usage beside choices", &[In(1, r#""usage":null"#, r#""usage":{}"#)], "usage_chunk"),
    (
        "neither choices nor usage",
        &[At(6, &[r#"{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[]}"#])],
        "usage_chunk",
    ),
    ("usage that does not add up", &[In(6, "7", "8")], "usage"),
    ("more cached than sent", &[In(6, r#"cached_tokens":5"#, r#"cached_tokens":6"#)], "usage"),
    ("no usage", &[At(6, &[])], "usage_missing"),
    ("[DONE] before the finish", &[At(5, &[]), At(6, &[])], "done_place"),
    ("[DONE] alone", &[At(0, &["[DONE]"])], "done_place"),
];

#[test]
fn each_rule() {
    check_cases(Protocol::Chat, GOOD, CASES);
}

const ALLOWED: &[Allowed] = &[
    ("an error instead of the end", &[At(7, &[ERROR])], Ended::WithError),
    (
        "an error first",
        &[
            At(0, &[ERROR]),
            At(1, &[]),
            At(2, &[]),
            At(3, &[]),
            At(4, &[]),
            At(5, &[]),
            At(6, &[]),
            At(7, &[]),
        ],
        Ended::WithError,
    ),
    ("half of the arguments at the limit", &[In(3, "{}", "{"), In(5, "tool_calls", "length")], Ended::Well),
    ("two choices", &[At(1, &[SECOND])], Ended::Well),
];

#[test]
fn what_is_allowed() {
    check_good(Protocol::Chat, GOOD, ALLOWED);
}
