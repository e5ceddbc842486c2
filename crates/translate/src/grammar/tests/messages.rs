//! Streams of Messages.

use super::{Allowed, At, Behind, Case, Ended, In, check_cases, check_good};
use tollgate_protocol::Protocol;

pub(super) const GOOD: &[&str] = &[
    r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":0,"output_tokens":0}}}"#,
    r#"{"type":"ping"}"#,
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"s"}}"#,
    r#"{"type":"content_block_stop","index":0}"#,
    r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"t","input":{}}}"#,
    r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}"#,
    r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}}"#,
    r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"[1]}"}}"#,
    r#"{"type":"content_block_stop","index":1}"#,
    r#"{"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}}"#,
    r#"{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"hi"}}"#,
    r#"{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":""}}"#,
    r#"{"type":"content_block_delta","index":2,"delta":{"type":"citations_delta","citation":{"type":"page"}}}"#,
    r#"{"type":"content_block_stop","index":2}"#,
    r#"{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":3}}"#,
    r#"{"type":"message_stop"}"#,
];

const ERROR: &str = r#"{"type":"error","error":{"type":"api_error","message":"m"}}"#;
const DELTA: &str = r#"{"type":"message_delta","delta":{"stop_reason":"max_tokens","stop_sequence":null},"usage":{"output_tokens":3}}"#;

pub(super) const CASES: &[Case] = &[
    ("no JSON", &[In(1, "}", "")], "json"),
    ("a list", &[At(1, &["ping|[]"])], "json"),
    ("another name than type", &[At(1, &[r#"pong|{"type":"ping"}"#])], "event_name"),
    ("no name", &[At(1, &[r#"|{"type":"ping"}"#])], "event_name"),
    ("an unknown event", &[At(1, &[r#"{"type":"pong"}"#])], "unknown_event"),
    ("a ping behind the end", &[Behind(&[r#"{"type":"ping"}"#])], "after_end"),
    ("two ends", &[Behind(&[r#"{"type":"message_stop"}"#])], "after_end"),
    ("an error behind the end", &[Behind(&[ERROR])], "after_end"),
    ("an end behind an error", &[At(16, &[ERROR])], "after_end"),
    ("no end", &[At(17, &[])], "cut"),
    ("an error without type", &[At(17, &[r#"{"type":"error","error":{"message":"m"}}"#])], "error_shape"),
    ("an error without message", &[At(17, &[r#"{"type":"error","error":{"type":"e"}}"#])], "error_shape"),
    ("no start", &[At(0, &[])], "start_first"),
    ("two starts", &[At(1, &[GOOD[0]])], "start_once"),
    ("no id", &[In(0, "msg_1", "")], "start_shape"),
    ("no role", &[In(0, "assistant", "user")], "start_shape"),
    ("content at the start", &[In(0, "[]", "[{}]")], "start_shape"),
    (
        "a stop reason at the start",
        &[In(0, r#""stop_reason":null"#, r#""stop_reason":"end_turn""#)],
        "start_shape",
    ),
    ("no usage at the start", &[In(0, r#""output_tokens":0"#, "")], "json"),
    ("half a usage at the start", &[In(0, r#","output_tokens":0"#, "")], "usage"),
    (
        "usage that does not add up",
        &[In(
            0,
            r#""output_tokens":0"#,
            r#""output_tokens":0,"cache_creation_input_tokens":3,"cache_creation":{"ephemeral_5m_input_tokens":1,"ephemeral_1h_input_tokens":1}"#,
        )],
        "usage",
    ),
    ("no usage at the end", &[In(16, r#""output_tokens":3"#, "")], "usage"),
    ("a gap in the indexes", &[In(6, "1", "2")], "block_order"),
    ("a block in a block", &[At(10, &[])], "block_order"),
    (
        "a block behind message_delta",
        &[At(17, &[r#"{"type":"content_block_start","index":3,"content_block":{"type":"text","text":""}}"#])],
        "block_order",
    ),
    ("a block without a type", &[In(11, "text", "")], "block_shape"),
    ("text that begins with text", &[In(11, r#""text":"""#, r#""text":"x""#)], "block_shape"),
    ("thinking that begins signed", &[In(2, r#""signature":"""#, r#""signature":"x""#)], "block_shape"),
    ("input at the start", &[In(6, "{}", r#"{"a":1}"#)], "block_shape"),
    ("a call without name", &[In(6, r#""t""#, r#""""#)], "block_shape"),
    ("a delta outside a block", &[At(5, &[GOOD[5], GOOD[3]])], "delta_place"),
    ("a delta of another block", &[In(12, "2", "1")], "delta_place"),
    ("text in thinking", &[In(3, "thinking_delta", "text_delta")], "delta_kind"),
    ("a signature in text", &[In(12, "text_delta", "signature_delta")], "delta_kind"),
    ("a delta without text", &[In(12, r#""hi""#, "7")], "delta_shape"),
    ("a delta without type", &[In(12, r#""type":"text_delta","#, "")], "delta_shape"),
    ("no citation", &[In(14, r#"{"type":"page"}"#, "null")], "delta_shape"),
    ("no signature", &[At(4, &[])], "signature"),
    ("two signatures", &[At(4, &[GOOD[4], GOOD[4]])], "signature"),
    ("thinking behind the signature", &[At(4, &[GOOD[4], GOOD[3]])], "signature"),
    ("a stop outside a block", &[At(5, &[GOOD[5], GOOD[5]])], "stop_place"),
    ("a stop of another block", &[In(15, "2", "1")], "stop_place"),
    ("an id that is not taken back", &[In(6, "toolu_1", "f.t:1")], "tool_id"),
    ("no id of a call", &[In(6, "toolu_1", "")], "block_shape"),
    (
        "one id twice",
        &[At(
            11,
            &[
                r#"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_1","name":"t","input":{}}}"#,
            ],
        )],
        "tool_id",
    ),
    ("half an input", &[At(9, &[])], "tool_input"),
    ("an input that is no object", &[At(8, &[]), In(9, "[1]}", "[1]")], "tool_input"),
    ("message_delta in a block", &[At(15, &[])], "message_delta_place"),
    ("no message_delta", &[At(16, &[])], "message_stop_place"),
    ("an unknown reason", &[In(16, "tool_use", "tired")], "stop_reason"),
    ("no reason", &[In(16, r#""tool_use""#, "null")], "stop_reason"),
    ("end_turn with a call", &[In(16, "tool_use", "end_turn")], "stop_reason"),
    (
        "a sequence with another reason",
        &[In(16, r#""stop_sequence":null"#, r#""stop_sequence":"x""#)],
        "stop_reason",
    ),
    ("two reasons", &[At(16, &[GOOD[16], DELTA])], "stop_reason"),
    ("tool_use without a call", &[In(6, r#""tool_use""#, r#""server_tool_use""#)], "stop_reason"),
];

#[test]
fn each_rule() {
    check_cases(Protocol::Messages, GOOD, CASES);
}

const ALLOWED: &[Allowed] = &[
    ("an error instead of the end", &[At(16, &[]), At(17, &[ERROR])], Ended::WithError),
    (
        "an error inside a block",
        &[At(13, &[ERROR]), At(14, &[]), At(15, &[]), At(16, &[]), At(17, &[])],
        Ended::WithError,
    ),
    ("message_delta twice", &[At(16, &[GOOD[16], GOOD[16]])], Ended::Well),
    ("a ping first", &[At(0, &[GOOD[1], GOOD[0]])], Ended::Well),
    ("a ping before the end", &[At(17, &[GOOD[1], GOOD[17]])], Ended::Well),
    ("no input at all", &[At(7, &[]), At(8, &[]), At(9, &[])], Ended::Well),
    ("half an input at the limit", &[At(9, &[]), At(16, &[DELTA])], Ended::Well),
    ("thinking that is not shown", &[At(3, &[])], Ended::Well),
];

#[test]
fn what_is_allowed() {
    check_good(Protocol::Messages, GOOD, ALLOWED);
}
