//! Requests.

use super::{BodyCase, check_bodies, check_request};
use tollgate_protocol::Protocol;

const MESSAGES_GOOD: &str = r#"{"model":"m","max_tokens":4096,"stream":true,"temperature":1,"stop_sequences":["x"],"metadata":{"user_id":"u"},
"thinking":{"type":"enabled","budget_tokens":1024},"tool_choice":{"type":"auto"},"output_config":{"effort":"low","format":{"type":"json_schema","schema":{}}},
"tools":[{"name":"t","input_schema":{"type":"object"}},{"name":"u","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral","ttl":"1h"}},{"type":"web_search_20250305","name":"web_search"}],
"system":[{"type":"text","text":"be good","cache_control":{"type":"ephemeral"}}],
"messages":[{"role":"user","content":"hi"},{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}},{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"AA=="}}]},
{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"s"},{"type":"tool_use","id":"toolu_1","name":"t","input":{}},{"type":"tool_use","id":"toolu_2","name":"u","input":{}}]},
{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_2","content":[{"type":"text","text":"ok","cache_control":{"type":"ephemeral"}}]},{"type":"tool_result","tool_use_id":"toolu_1","content":""},{"type":"text","text":"go on","cache_control":{"type":"ephemeral"}}]},
{"role":"system","content":"be brief"},{"role":"assistant","content":"well"}]}"#;

const MESSAGES: &[BodyCase] = &[
    ("an unknown member", &[(r#""stream":true"#, r#""flow":true"#)], "unknown_member"),
    (
        "an unknown member of a block",
        &[(r#""signature":"s""#, r#""signature":"s","index":0"#)],
        "unknown_member",
    ),
    (
        "an unknown member of a message",
        &[(r#"{"role":"user","content":"hi"}"#, r#"{"role":"user","content":"hi","name":"n"}"#)],
        "unknown_member",
    ),
    ("no max_tokens", &[(r#""max_tokens":4096,"#, "")], "required"),
    ("no model", &[(r#""model":"m","#, "")], "required"),
    ("stream as text", &[(r#""stream":true"#, r#""stream":"yes""#)], "member_type"),
    ("too hot", &[(r#""temperature":1"#, r#""temperature":1.1"#)], "range"),
    ("a blank stop sequence", &[(r#"["x"]"#, r#"[" "]"#)], "stop"),
    ("an unknown effort", &[("low", "lazy")], "word"),
    ("a format without schema", &[(r#","schema":{}"#, "")], "format"),
    ("a small budget", &[("1024", "1023")], "thinking"),
    ("a budget as large as max_tokens", &[("4096", "1024")], "thinking"),
    ("a forced tool beside thinking", &[(r#"{"type":"auto"}"#, r#"{"type":"any"}"#)], "thinking"),
    ("a choice of no tool", &[(r#"{"type":"auto"}"#, r#"{"type":"tool","name":"v"}"#)], "tool_choice"),
    ("two tools of one name", &[(r#"{"name":"u""#, r#"{"name":"t""#)], "tool_name"),
    ("a schema of a list", &[(r#"{"type":"object"}"#, r#"{"type":"array"}"#)], "tool_shape"),
    ("an empty system block", &[("be good", "")], "empty_text"),
    ("a blank text", &[("go on", " ")], "empty_text"),
    (
        "an empty message",
        &[(r#"{"role":"user","content":"hi"}"#, r#"{"role":"user","content":[]}"#)],
        "empty_turn",
    ),
    (
        "an assistant first",
        &[(r#"{"role":"user","content":"hi"}"#, r#"{"role":"assistant","content":"hi"}"#)],
        "first_turn",
    ),
    (
        "an unknown role",
        &[(r#"{"role":"user","content":"hi"}"#, r#"{"role":"tool","content":"hi"}"#)],
        "role",
    ),
    (
        "thinking of the user",
        &[(
            r#"{"type":"text","text":"go on","cache_control":{"type":"ephemeral"}}"#,
            r#"{"type":"thinking","thinking":"","signature":"s"}"#,
        )],
        "block_role",
    ),
    ("thinking without a signature", &[(r#""signature":"s""#, r#""signature":"""#)], "block_shape"),
    ("an odd id", &[("toolu_1", "t.1")], "tool_id"),
    ("an id twice", &[(r#""id":"toolu_2""#, r#""id":"toolu_1""#)], "tool_id"),
    (
        "a call without result",
        &[(r#"{"type":"tool_result","tool_use_id":"toolu_1","content":""},"#, "")],
        "tool_results",
    ),
    (
        "a result without call",
        &[(r#""tool_use_id":"toolu_1""#, r#""tool_use_id":"toolu_3""#)],
        "tool_results",
    ),
    (
        "a result twice",
        &[(
            r#""tool_use_id":"toolu_1","content":""}"#,
            r#""tool_use_id":"toolu_1","content":""},{"type":"tool_result","tool_use_id":"toolu_1","content":""}"#,
        )],
        "tool_results",
    ),
    (
        "text before the results",
        &[(
            r#""content":[{"type":"tool_result""#,
            r#""content":[{"type":"text","text":"x"},{"type":"tool_result""#,
        )],
        "tool_results",
    ),
    (
        "calls without a turn behind them",
        &[(
            r#"{"role":"system","content":"be brief"},{"role":"assistant","content":"well"}"#,
            r#"{"role":"assistant","content":[{"type":"tool_use","id":"toolu_9","name":"t","input":{}}]}"#,
        )],
        "tool_results",
    ),
    (
        "a system message behind an assistant",
        &[(
            r#"{"role":"assistant","content":"well"}"#,
            r#"{"role":"assistant","content":"well"},{"role":"system","content":"x"}"#,
        )],
        "system_place",
    ),
    (
        "a system message before a user",
        &[(r#"{"role":"assistant","content":"well"}"#, r#"{"role":"user","content":"well"}"#)],
        "system_place",
    ),
    ("an image that is not read", &[("image/png", "image/bmp")], "media_type"),
    ("a document that is not read", &[("application/pdf", "text/html")], "media_type"),
    (
        "five breakpoints",
        &[(r#""system":["#, r#""cache_control":{"type":"ephemeral"},"system":["#)],
        "cache_control",
    ),
    (
        "long behind short",
        &[(
            r#""text":"go on","cache_control":{"type":"ephemeral""#,
            r#""text":"go on","cache_control":{"type":"ephemeral","ttl":"1h""#,
        )],
        "cache_control",
    ),
    (
        "a breakpoint at thinking",
        &[(r#""signature":"s""#, r#""signature":"s","cache_control":{"type":"ephemeral"}"#)],
        "cache_control",
    ),
    ("max_tokens of 0", &[("4096", "0"), (r#""thinking":{"type":"enabled","budget_tokens":1024},"#, "")], ""),
];

const CHAT_GOOD: &str = r#"{"model":"m","stream":true,"stream_options":{"include_usage":true},"max_completion_tokens":9,"stop":["a","b"],"reasoning_effort":"low","parallel_tool_calls":true,
"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{}}},"tool_choice":"auto",
"tools":[{"type":"function","function":{"name":"t","parameters":{}}},{"type":"custom","custom":{"name":"c"}}],
"messages":[{"role":"system","content":"be good"},{"role":"user","content":[{"type":"text","text":"hi"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]},
{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"t","arguments":"{}"}},{"id":"call_2","type":"custom","custom":{"name":"c","input":"x"}}]},
{"role":"tool","tool_call_id":"call_2","content":"ok"},{"role":"tool","tool_call_id":"call_1","content":[{"type":"text","text":"ok"}]},{"role":"user","content":"thanks"}]}"#;

const CHAT: &[BodyCase] = &[
    ("an unknown member", &[(r#""stream":true"#, r#""stream":true,"top_k":1"#)], "unknown_member"),
    ("no messages", &[(r#""messages""#, r#""metadata":{},"input""#)], "unknown_member"),
    ("no model", &[(r#""model":"m","#, "")], "required"),
    ("too many stops", &[(r#"["a","b"]"#, r#"["a","b","c","d","e"]"#)], "stop"),
    ("options without a stream", &[(r#""stream":true,"#, "")], "stream_options"),
    (
        "two limits",
        &[(r#""max_completion_tokens":9"#, r#""max_completion_tokens":9,"max_tokens":9"#)],
        "max_tokens",
    ),
    ("an unknown effort", &[("low", "lazy")], "word"),
    ("no limit at all", &[(r#""max_completion_tokens":9"#, r#""max_completion_tokens":0"#)], "range"),
    ("a format without schema", &[(r#","schema":{}"#, "")], "format"),
    (
        "a long name",
        &[(
            r#""name":"t","parameters""#,
            r#""name":"ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt","parameters""#,
        )],
        "tool_name",
    ),
    ("an odd name", &[(r#""name":"t","parameters""#, r#""name":"t.t","parameters""#)], "tool_name"),
    (
        "an unknown tool",
        &[(r#"{"type":"custom","custom":{"name":"c"}}"#, r#"{"type":"web_search"}"#)],
        "tool_shape",
    ),
    (
        "a choice of no tool",
        &[(r#""tool_choice":"auto""#, r#""tool_choice":{"type":"function","function":{"name":"v"}}"#)],
        "tool_choice",
    ),
    (
        "parallel without tools",
        &[(
            r#""tools":[{"type":"function","function":{"name":"t","parameters":{}}},{"type":"custom","custom":{"name":"c"}}],"#,
            "",
        )],
        "parallel_tool_calls",
    ),
    (
        "an image of the system",
        &[(
            r#"{"role":"system","content":"be good"}"#,
            r#"{"role":"system","content":[{"type":"image_url","image_url":{"url":"https://a"}}]}"#,
        )],
        "block_role",
    ),
    (
        "an image of a tool",
        &[(r#"[{"type":"text","text":"ok"}]"#, r#"[{"type":"image_url","image_url":{"url":"https://a"}}]"#)],
        "block_role",
    ),
    ("an image that is not read", &[("image/png", "image/bmp")], "media_type"),
    ("an unknown role", &[(r#""role":"system""#, r#""role":"boss""#)], "role"),
    (
        "an assistant that says nothing",
        &[(r#"{"role":"user","content":"thanks"}"#, r#"{"role":"assistant","content":null}"#)],
        "empty_turn",
    ),
    (
        "a call without result",
        &[(r#"{"role":"tool","tool_call_id":"call_2","content":"ok"},"#, "")],
        "tool_results",
    ),
    (
        "a result without call",
        &[(r#""tool_call_id":"call_2""#, r#""tool_call_id":"call_3""#)],
        "tool_results",
    ),
    (
        "a result twice",
        &[(
            r#"{"role":"user","content":"thanks"}"#,
            r#"{"role":"tool","tool_call_id":"call_1","content":"ok"}"#,
        )],
        "tool_results",
    ),
    (
        "a user between",
        &[(
            r#"{"role":"tool","tool_call_id":"call_1""#,
            r#"{"role":"user","content":"x"},{"role":"tool","tool_call_id":"call_1""#,
        )],
        "tool_results",
    ),
    ("an id twice", &[(r#""id":"call_2""#, r#""id":"call_1""#)], "tool_id"),
    ("arguments that are no object", &[(r#""arguments":"{}""#, r#""arguments":"""#)], "tool_input"),
];

const RESPONSES_GOOD: &str = r#"{"model":"m","stream":true,"store":false,"include":["reasoning.encrypted_content"],"max_output_tokens":16,"reasoning":{"effort":"low","summary":"auto"},
"text":{"format":{"type":"json_schema","name":"n","schema":{}}},"tool_choice":{"type":"function","name":"t"},
"tools":[{"type":"function","name":"t","parameters":{}},{"type":"custom","name":"c"},{"type":"web_search"}],
"input":[{"role":"user","content":"hi"},{"type":"message","role":"user","content":[{"type":"input_image","image_url":"https://a"}]},{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"e"},
{"type":"function_call","id":"fc_1","call_id":"call_1","name":"t","arguments":"{}"},{"type":"custom_tool_call","call_id":"call_2","name":"c","input":"x"},
{"type":"custom_tool_call_output","call_id":"call_2","output":"ok"},{"type":"function_call_output","call_id":"call_1","output":[{"type":"input_text","text":"ok"}]},
{"type":"message","id":"msg_1","role":"assistant","content":[{"type":"output_text","text":"so","annotations":[]}]}]}"#;

const RESPONSES: &[BodyCase] = &[
    ("an unknown member", &[(r#""store":false"#, r#""save":false"#)], "unknown_member"),
    ("no model", &[(r#""model":"m","#, "")], "required"),
    ("store as text", &[(r#""store":false"#, r#""store":"no""#)], "member_type"),
    ("an unknown include", &[("reasoning.encrypted_content", "everything")], "include"),
    ("too small a limit", &[("16", "15")], "range"),
    ("an unknown summary", &[(r#""auto""#, r#""long""#)], "word"),
    ("a format without name", &[(r#""name":"n","#, "")], "tool_name"),
    ("a format without schema", &[(r#","schema":{}"#, "")], "format"),
    (
        "a choice of no tool",
        &[(r#"{"type":"function","name":"t"}"#, r#"{"type":"function","name":"v"}"#)],
        "tool_choice",
    ),
    ("an unknown tool", &[(r#"{"type":"web_search"}"#, r#"{"type":"song"}"#)], "tool_shape"),
    (
        "two tools of one name",
        &[(r#"{"type":"custom","name":"c"}"#, r#"{"type":"custom","name":"t"}"#)],
        "tool_name",
    ),
    (
        "both ways to go on",
        &[(r#""store":false"#, r#""previous_response_id":"resp_1","conversation":"conv_1""#)],
        "conversation",
    ),
    ("options without a stream", &[(r#""stream":true"#, r#""stream_options":{}"#)], "stream_options"),
    ("an unknown item", &[(r#""type":"reasoning""#, r#""type":"song""#)], "item_shape"),
    ("reasoning without summary", &[(r#""summary":[],"#, "")], "item_shape"),
    ("an item's id twice", &[("msg_1", "rs_1")], "item_id"),
    (
        "a call's id twice",
        &[(r#""call_id":"call_2","name""#, r#""call_id":"call_1","name""#)],
        "tool_results",
    ),
    (
        "a call without output",
        &[(r#"{"type":"custom_tool_call_output","call_id":"call_2","output":"ok"},"#, "")],
        "tool_results",
    ),
    (
        "an output without call",
        &[(r#"{"type":"custom_tool_call","call_id":"call_2","name":"c","input":"x"},"#, "")],
        "tool_results",
    ),
    (
        "an output of a kept call",
        &[
            (r#"{"type":"custom_tool_call","call_id":"call_2","name":"c","input":"x"},"#, ""),
            (r#""store":false"#, r#""previous_response_id":"resp_1""#),
        ],
        "",
    ),
    ("an output of another kind", &[("custom_tool_call_output", "function_call_output")], "tool_results"),
    (
        "a user's words as output",
        &[(r#"{"type":"input_image","image_url":"https://a"}"#, r#"{"type":"output_text","text":"x"}"#)],
        "block_role",
    ),
    (
        "an unknown role",
        &[(r#"{"role":"user","content":"hi"}"#, r#"{"role":"tool","content":"hi"}"#)],
        "role",
    ),
    ("an image that is nowhere", &[("https://a", "a")], "media_type"),
];

pub(super) const CASES: &[&[BodyCase]] = &[MESSAGES, CHAT, RESPONSES];

#[test]
fn each_rule() {
    check_bodies(check_request, Protocol::Messages, MESSAGES_GOOD, MESSAGES);
    check_bodies(check_request, Protocol::Chat, CHAT_GOOD, CHAT);
    check_bodies(check_request, Protocol::Responses, RESPONSES_GOOD, RESPONSES);
}
