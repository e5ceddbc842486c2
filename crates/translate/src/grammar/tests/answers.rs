//! Whole answers.

use super::{BodyCase, check_answer, check_bodies};
use tollgate_protocol::Protocol;

const MESSAGES_GOOD: &str = r#"{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"thinking","thinking":"","signature":"s"},{"type":"text","text":"hi"},{"type":"tool_use","id":"toolu_1","name":"t","input":{}},{"type":"tool_use","id":"toolu_2","name":"t","input":{}}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":2}}"#;

const MESSAGES: &[BodyCase] = &[
    ("no JSON", &[("{", "")], "json"),
    ("no id", &[("msg_1", "")], "message_shape"),
    ("no content", &[(r#""content""#, r#""kontent""#)], "message_shape"),
    ("no stop sequence", &[(r#","stop_sequence":null"#, "")], "message_shape"),
    ("input that is text", &[("{}", r#""{}""#)], "block_shape"),
    ("thinking without signature", &[(r#","signature":"s""#, "")], "block_shape"),
    ("an id twice", &[("toolu_2", "toolu_1")], "tool_id"),
    ("an odd id", &[("toolu_2", "t.2")], "tool_id"),
    ("end_turn with calls", &[(r#""stop_reason":"tool_use""#, r#""stop_reason":"end_turn""#)], "stop_reason"),
    ("no usage", &[(r#""input_tokens":1,"#, "")], "usage"),
];

const CHAT_GOOD: &str = r#"{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"t","arguments":"{}"}},{"id":"call_2","type":"custom","custom":{"name":"t","input":"x"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}"#;

const CHAT: &[BodyCase] = &[
    ("another object", &[("chat.completion", "chat")], "completion_shape"),
    ("no content member", &[(r#""content":null,"#, "")], "completion_shape"),
    ("no choices", &[("choices", "choice")], "completion_shape"),
    ("another role", &[("assistant", "user")], "role"),
    ("an unnamed call", &[(r#""name":"t""#, r#""name":"""#)], "call_shape"),
    ("an unknown call", &[(r#""custom","#, r#""song","#)], "call_shape"),
    ("an id twice", &[("call_2", "call_1")], "tool_id"),
    ("arguments that are no object", &[("{}", "[]")], "tool_input"),
    (
        "arguments that were cut off",
        &[("{}", "{"), (r#""finish_reason":"tool_calls""#, r#""finish_reason":"length""#)],
        "",
    ),
    ("stop with calls", &[(r#""finish_reason":"tool_calls""#, r#""finish_reason":"stop""#)], "finish_reason"),
    ("a wrong total", &[(r#""total_tokens":3"#, r#""total_tokens":4"#)], "usage"),
];

const RESPONSES_GOOD: &str = r#"{"id":"resp_1","object":"response","created_at":1,"model":"m","status":"completed","error":null,"incomplete_details":null,"tools":[],"output":[{"type":"reasoning","id":"rs_1","summary":[]},{"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hi","annotations":[]}]},{"type":"function_call","id":"fc_1","call_id":"call_1","name":"t","arguments":"{}"},{"type":"custom_tool_call","id":"ctc_1","call_id":"call_2","name":"t","input":"x"}],"usage":{"input_tokens":1,"input_tokens_details":{"cached_tokens":0},"output_tokens":2,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":3}}"#;

const RESPONSES: &[BodyCase] = &[
    ("another object", &[(r#""response""#, r#""song""#)], "response_shape"),
    ("no output", &[(r#""output":["#, r#""outputs":["#)], "response_shape"),
    ("an unknown status", &[(r#""status":"completed""#, r#""status":"tired""#)], "response_shape"),
    ("failed without an error", &[(r#""status":"completed""#, r#""status":"failed""#)], "error_shape"),
    ("incomplete without a reason", &[(r#""status":"completed""#, r#""status":"incomplete""#)], "status"),
    ("an item without id", &[("rs_1", "")], "item_shape"),
    ("an unknown part", &[("output_text", "song")], "part_shape"),
    ("an item's id twice", &[("msg_1", "rs_1")], "item_id"),
    ("a call's id twice", &[("call_2", "call_1")], "tool_id"),
    ("arguments that are no object", &[(r#""{}""#, r#""""#)], "tool_input"),
    ("a wrong total", &[(r#""total_tokens":3"#, r#""total_tokens":4"#)], "usage"),
    ("no details", &[(r#"{"cached_tokens":0}"#, "{}")], "usage"),
];

pub(super) const CASES: &[&[BodyCase]] = &[MESSAGES, CHAT, RESPONSES];

#[test]
fn each_rule() {
    check_bodies(check_answer, Protocol::Messages, MESSAGES_GOOD, MESSAGES);
    check_bodies(check_answer, Protocol::Chat, CHAT_GOOD, CHAT);
    check_bodies(check_answer, Protocol::Responses, RESPONSES_GOOD, RESPONSES);
}
