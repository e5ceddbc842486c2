//! Streams of Responses.

use super::{Allowed, At, Behind, Case, Ended, In, check_cases, check_good};
use tollgate_protocol::Protocol;

const GOOD: &[&str] = &[
    r#"{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","created_at":1,"model":"m","status":"in_progress","output":[],"tools":[],"error":null,"incomplete_details":null}}"#,
    r#"{"type":"response.in_progress","sequence_number":1,"response":{"id":"resp_1","object":"response","created_at":1,"model":"m","status":"in_progress","output":[],"tools":[],"error":null,"incomplete_details":null}}"#,
    r#"{"type":"response.output_item.added","sequence_number":2,"output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[]}}"#,
    r#"{"type":"response.reasoning_summary_part.added","sequence_number":3,"item_id":"rs_1","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":""}}"#,
    r#"{"type":"response.reasoning_summary_text.delta","sequence_number":4,"item_id":"rs_1","output_index":0,"summary_index":0,"delta":"hm"}"#,
    r#"{"type":"response.reasoning_summary_text.done","sequence_number":5,"item_id":"rs_1","output_index":0,"summary_index":0,"text":"hm"}"#,
    r#"{"type":"response.reasoning_summary_part.done","sequence_number":6,"item_id":"rs_1","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":"hm"}}"#,
    r#"{"type":"response.content_part.added","sequence_number":7,"item_id":"rs_1","output_index":0,"content_index":0,"part":{"type":"reasoning_text","text":""}}"#,
    r#"{"type":"response.reasoning_text.delta","sequence_number":8,"item_id":"rs_1","output_index":0,"content_index":0,"delta":"raw"}"#,
    r#"{"type":"response.reasoning_text.done","sequence_number":9,"item_id":"rs_1","output_index":0,"content_index":0,"text":"raw"}"#,
    r#"{"type":"response.content_part.done","sequence_number":10,"item_id":"rs_1","output_index":0,"content_index":0,"part":{"type":"reasoning_text","text":"raw"}}"#,
    r#"{"type":"response.output_item.done","sequence_number":11,"output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],"content":[{"type":"reasoning_text","text":"raw"}],"encrypted_content":"e"}}"#,
    r#"{"type":"response.output_item.added","sequence_number":12,"output_index":1,"item":{"type":"message","id":"msg_1","role":"assistant","status":"in_progress","content":[]}}"#,
    r#"{"type":"response.content_part.added","sequence_number":13,"item_id":"msg_1","output_index":1,"content_index":0,"part":{"type":"output_text","text":"","annotations":[]}}"#,
    r#"{"type":"response.output_text.delta","sequence_number":14,"item_id":"msg_1","output_index":1,"content_index":0,"delta":"h"}"#,
    r#"{"type":"response.output_text.delta","sequence_number":15,"item_id":"msg_1","output_index":1,"content_index":0,"delta":"i"}"#,
    r#"{"type":"response.output_text.annotation.added","sequence_number":16,"item_id":"msg_1","output_index":1,"content_index":0,"annotation_index":0,"annotation":{"type":"url_citation"}}"#,
    r#"{"type":"response.output_text.done","sequence_number":17,"item_id":"msg_1","output_index":1,"content_index":0,"text":"hi"}"#,
    r#"{"type":"response.content_part.done","sequence_number":18,"item_id":"msg_1","output_index":1,"content_index":0,"part":{"type":"output_text","text":"hi","annotations":[{"type":"url_citation"}]}}"#,
    r#"{"type":"response.content_part.added","sequence_number":19,"item_id":"msg_1","output_index":1,"content_index":1,"part":{"type":"refusal","refusal":""}}"#,
    r#"{"type":"response.refusal.delta","sequence_number":20,"item_id":"msg_1","output_index":1,"content_index":1,"delta":"no"}"#,
    r#"{"type":"response.refusal.done","sequence_number":21,"item_id":"msg_1","output_index":1,"content_index":1,"refusal":"no"}"#,
    r#"{"type":"response.content_part.done","sequence_number":22,"item_id":"msg_1","output_index":1,"content_index":1,"part":{"type":"refusal","refusal":"no"}}"#,
    r#"{"type":"response.output_item.done","sequence_number":23,"output_index":1,"item":{"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hi","annotations":[{"type":"url_citation"}]},{"type":"refusal","refusal":"no"}]}}"#,
    r#"{"type":"response.output_item.added","sequence_number":24,"output_index":2,"item":{"type":"function_call","id":"fc_1","call_id":"call_1","name":"t","arguments":"","status":"in_progress"}}"#,
    r#"{"type":"response.function_call_arguments.delta","sequence_number":25,"item_id":"fc_1","output_index":2,"delta":"{}"}"#,
    r#"{"type":"response.function_call_arguments.done","sequence_number":26,"item_id":"fc_1","output_index":2,"arguments":"{}"}"#,
    r#"{"type":"response.output_item.done","sequence_number":27,"output_index":2,"item":{"type":"function_call","id":"fc_1","call_id":"call_1","name":"t","arguments":"{}","status":"completed"}}"#,
    r#"{"type":"response.output_item.added","sequence_number":28,"output_index":3,"item":{"type":"custom_tool_call","id":"ctc_1","call_id":"call_2","name":"t","input":""}}"#,
    r#"{"type":"response.custom_tool_call_input.delta","sequence_number":29,"item_id":"ctc_1","output_index":3,"delta":"free"}"#,
    r#"{"type":"response.custom_tool_call_input.done","sequence_number":30,"item_id":"ctc_1","output_index":3,"input":"free"}"#,
    r#"{"type":"response.output_item.done","sequence_number":31,"output_index":3,"item":{"type":"custom_tool_call","id":"ctc_1","call_id":"call_2","name":"t","input":"free"}}"#,
    r#"{"type":"response.output_item.added","sequence_number":32,"output_index":4,"item":{"type":"web_search_call","id":"ws_1","status":"in_progress"}}"#,
    r#"{"type":"response.web_search_call.searching","sequence_number":33,"item_id":"ws_1","output_index":4}"#,
    r#"{"type":"response.output_item.done","sequence_number":34,"output_index":4,"item":{"type":"web_search_call","id":"ws_1","status":"completed"}}"#,
    r#"{"type":"response.completed","sequence_number":35,"response":{"id":"resp_1","object":"response","created_at":1,"model":"m","status":"completed","output":[{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],"content":[{"type":"reasoning_text","text":"raw"}],"encrypted_content":"e"},{"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hi","annotations":[{"type":"url_citation"}]},{"type":"refusal","refusal":"no"}]},{"type":"function_call","id":"fc_1","call_id":"call_1","name":"t","arguments":"{}","status":"completed"},{"type":"custom_tool_call","id":"ctc_1","call_id":"call_2","name":"t","input":"free"},{"type":"web_search_call","id":"ws_1","status":"completed"}],"tools":[],"error":null,"incomplete_details":null,"usage":{"input_tokens":5,"input_tokens_details":{"cached_tokens":1},"output_tokens":2,"output_tokens_details":{"reasoning_tokens":1},"total_tokens":7}}}"#,
];

pub(super) const CASES: &[Case] = &[
    ("no JSON", &[At(1, &[r#"{"#])], "json"),
    (
        "another name than type",
        &[At(
            1,
            &[
                r#"response.created|{"type":"response.in_progress","sequence_number":1,"response":{"id":"resp_1","object":"response","created_at":1,"model":"m","status":"in_progress","output":[],"tools":[],"error":null,"incomplete_details":null}}"#,
            ],
        )],
        "event_name",
    ),
    (
        "an event that nobody knows",
        &[At(
            33,
            &[
                r#"{"type":"response.web_search_call.failed","sequence_number":33,"item_id":"ws_1","output_index":4}"#,
            ],
        )],
        "unknown_event",
    ),
    (
        "an event of a kind that nobody knows",
        &[At(
            33,
            &[r#"{"type":"response.song.delta","sequence_number":33,"item_id":"ws_1","output_index":4}"#],
        )],
        "unknown_event",
    ),
    (
        "two ends",
        &[Behind(&[
            r#"{"type":"response.failed","sequence_number":36,"response":{"id":"resp_1","object":"response","created_at":1,"model":"m","status":"failed","output":[],"tools":[],"error":{"code":"server_error","message":"m"},"incomplete_details":null}}"#,
        ])],
        "after_end",
    ),
    ("no end", &[At(35, &[])], "cut"),
    (
        "a failure that says nothing",
        &[At(
            35,
            &[
                r#"{"type":"response.failed","sequence_number":35,"response":{"id":"resp_1","object":"response","created_at":1,"model":"m","status":"failed","output":[],"tools":[],"error":{"message":"m"},"incomplete_details":null}}"#,
            ],
        )],
        "error_shape",
    ),
    (
        "an error that says nothing",
        &[At(35, &[r#"{"type":"error","sequence_number":35,"code":null,"param":null}"#])],
        "error_shape",
    ),
    ("a gap in the sequence", &[In(4, r#""sequence_number":4"#, r#""sequence_number":5"#)], "sequence"),
    ("no sequence", &[In(4, r#""sequence_number":4,"#, r#""#)], "sequence"),
    (
        "a number twice",
        &[At(
            1,
            &[
                r#"{"type":"response.in_progress","sequence_number":1,"response":{"id":"resp_1","object":"response","created_at":1,"model":"m","status":"in_progress","output":[],"tools":[],"error":null,"incomplete_details":null}}"#,
                r#"{"type":"response.in_progress","sequence_number":1,"response":{"id":"resp_1","object":"response","created_at":1,"model":"m","status":"in_progress","output":[],"tools":[],"error":null,"incomplete_details":null}}"#,
            ],
        )],
        "sequence",
    ),
    (
        "not created first",
        &[At(
            0,
            &[
                r#"{"type":"response.in_progress","sequence_number":0,"response":{"id":"resp_1","object":"response","created_at":1,"model":"m","status":"in_progress","output":[],"tools":[],"error":null,"incomplete_details":null}}"#,
            ],
        )],
        "created_first",
    ),
    ("created twice", &[In(1, r#"response.in_progress"#, r#"response.created"#)], "created_once"),
    ("no id", &[In(0, r#"resp_1"#, r#""#)], "response_shape"),
    ("no tools", &[In(0, r#""tools":[],"#, r#""#)], "response_shape"),
    ("output at the start", &[In(0, r#""output":[]"#, r#""output":[{}]"#)], "response_shape"),
    ("another id", &[In(1, r#"resp_1"#, r#"resp_2"#)], "same_head"),
    ("another model at the end", &[In(35, r#""model":"m""#, r#""model":"n""#)], "same_head"),
    ("created as completed", &[In(0, r#"in_progress"#, r#"completed"#)], "status"),
    ("completed in progress", &[In(35, r#""status":"completed""#, r#""status":"in_progress""#)], "status"),
    ("completed with an error", &[In(35, r#""error":null"#, r#""error":{}"#)], "status"),
    (
        "incomplete without a reason",
        &[
            In(35, r#"response.completed"#, r#"response.incomplete"#),
            In(35, r#""status":"completed""#, r#""status":"incomplete""#),
        ],
        "status",
    ),
    (
        "queued late",
        &[At(
            2,
            &[
                r#"{"type":"response.queued","sequence_number":2,"response":{"id":"resp_1","object":"response","created_at":1,"model":"m","status":"queued","output":[],"tools":[],"error":null,"incomplete_details":null}}"#,
            ],
        )],
        "queued_late",
    ),
    (
        "items before in_progress",
        &[At(1, &[r#"{"type":"keepalive","sequence_number":1}"#])],
        "in_progress_first",
    ),
    ("a gap in the items", &[In(12, r#""output_index":1"#, r#""output_index":2"#)], "item_order"),
    ("an item twice", &[In(12, r#""output_index":1"#, r#""output_index":0"#)], "item_order"),
    ("an item without id", &[In(12, r#"msg_1"#, r#""#)], "item_shape"),
    ("an item without a type", &[In(32, r#""type":"web_search_call""#, r#""type":"""#)], "item_shape"),
    (
        "a message with content at the start",
        &[In(12, r#""content":[]"#, r#""content":[{"type":"refusal","refusal":""}]"#)],
        "item_shape",
    ),
    ("arguments at the start", &[In(24, r#""arguments":"""#, r#""arguments":"{}""#)], "item_shape"),
    ("a done item in progress", &[In(34, r#"completed"#, r#"in_progress"#)], "item_shape"),
    ("a call without name", &[In(24, r#""name":"t","#, r#""#)], "item_shape"),
    ("one id for two items", &[In(12, r#"msg_1"#, r#"rs_1"#)], "item_id"),
    ("one id for two calls", &[In(28, r#"call_2"#, r#"call_1"#)], "tool_id"),
    ("an event of no item", &[In(33, r#""output_index":4"#, r#""output_index":5"#)], "item_place"),
    ("an event of another item", &[In(14, r#"msg_1"#, r#"rs_1"#)], "item_place"),
    (
        "an event behind the item",
        &[At(
            12,
            &[
                r#"{"type":"response.reasoning_summary_text.delta","sequence_number":12,"item_id":"rs_1","output_index":0,"summary_index":0,"delta":"x"}"#,
            ],
        )],
        "item_place",
    ),
    ("an event without item", &[In(33, r#""item_id":"ws_1","#, r#""#)], "item_place"),
    (
        "arguments of a custom call",
        &[In(29, r#"custom_tool_call_input"#, r#"function_call_arguments"#)],
        "item_kind",
    ),
    ("progress of another item", &[In(33, r#"web_search_call"#, r#"file_search_call"#)], "item_kind"),
    ("another text in the item", &[In(23, r#""text":"hi""#, r#""text":"ho""#)], "item_same"),
    ("another name in the item", &[In(27, r#""name":"t""#, r#""name":"u""#)], "item_same"),
    ("another id in the item", &[In(27, r#""id":"fc_1""#, r#""id":"fc_2""#)], "item_same"),
    ("other arguments in the item", &[In(27, r#"{}"#, r#"{ }"#)], "item_same"),
    ("an item without its summary", &[In(11, r#"{"type":"summary_text","text":"hm"}"#, r#""#)], "item_same"),
    ("an item that is never done", &[At(34, &[r#"{"type":"keepalive","sequence_number":34}"#])], "item_done"),
    (
        "no output at the end",
        &[In(35, r#",{"type":"web_search_call","id":"ws_1","status":"completed"}"#, r#""#)],
        "output",
    ),
    (
        "another order at the end",
        &[In(
            35,
            r#"{"type":"function_call","id":"fc_1","call_id":"call_1","name":"t","arguments":"{}","status":"completed"},{"type":"custom_tool_call","id":"ctc_1","call_id":"call_2","name":"t","input":"free"}"#,
            r#"{"type":"custom_tool_call","id":"ctc_1","call_id":"call_2","name":"t","input":"free"},{"type":"function_call","id":"fc_1","call_id":"call_1","name":"t","arguments":"{}","status":"completed"}"#,
        )],
        "output",
    ),
    ("another text at the end", &[In(35, r#""text":"hi""#, r#""text":"ho""#)], "output"),
    ("a gap in the parts", &[In(19, r#""content_index":1"#, r#""content_index":2"#)], "part_order"),
    ("a part that was not added", &[In(14, r#""content_index":0"#, r#""content_index":1"#)], "part_place"),
    ("a summary that was not added", &[In(4, r#""summary_index":0"#, r#""summary_index":1"#)], "part_place"),
    ("a refusal in text", &[In(14, r#"output_text"#, r#"refusal"#)], "part_kind"),
    (
        "reasoning in a message",
        &[In(
            13,
            r#"{"type":"output_text","text":"","annotations":[]}"#,
            r#"{"type":"reasoning_text","text":""}"#,
        )],
        "part_kind",
    ),
    (
        "a part that is done as another",
        &[In(
            22,
            r#"{"type":"refusal","refusal":"no"}"#,
            r#"{"type":"output_text","text":"no","annotations":[]}"#,
        )],
        "part_kind",
    ),
    ("a part without annotations", &[In(13, r#","annotations":[]"#, r#""#)], "part_shape"),
    ("a part that begins with text", &[In(13, r#""text":"""#, r#""text":"h""#)], "part_shape"),
    ("a part that is never done", &[At(22, &[r#"{"type":"keepalive","sequence_number":22}"#])], "part_open"),
    (
        "text behind its end",
        &[At(
            18,
            &[
                r#"{"type":"response.output_text.delta","sequence_number":18,"item_id":"msg_1","output_index":1,"content_index":0,"delta":"x"}"#,
            ],
        )],
        "text_done",
    ),
    (
        "a part without the end of its text",
        &[At(17, &[r#"{"type":"keepalive","sequence_number":17}"#])],
        "text_done",
    ),
    ("another text when done", &[In(17, r#"hi"#, r#"ho"#)], "joined"),
    ("another text in the part", &[In(18, r#"hi"#, r#"ho"#)], "joined"),
    ("other arguments when done", &[In(26, r#"{}"#, r#"{ }"#)], "joined"),
    ("another input when done", &[In(30, r#"free"#, r#"dear"#)], "joined"),
    ("a delta without text", &[In(14, r#""delta":"h""#, r#""delta":null"#)], "delta_shape"),
    (
        "a gap in the annotations",
        &[In(16, r#""annotation_index":0"#, r#""annotation_index":1"#)],
        "annotations",
    ),
    (
        "an annotation that is lost",
        &[At(16, &[r#"{"type":"keepalive","sequence_number":16}"#])],
        "annotations",
    ),
    ("no end of the arguments", &[At(26, &[r#"{"type":"keepalive","sequence_number":26}"#])], "input_done"),
    (
        "two ends of the arguments",
        &[At(
            25,
            &[
                r#"{"type":"response.function_call_arguments.done","sequence_number":25,"item_id":"fc_1","output_index":2,"arguments":""}"#,
            ],
        )],
        "input_done",
    ),
    (
        "half of the arguments",
        &[
            In(25, r#"{}"#, r#"{"#),
            In(26, r#"{}"#, r#"{"#),
            In(27, r#"{}"#, r#"{"#),
            In(35, r#""arguments":"{}""#, r#""arguments":"{""#),
        ],
        "tool_input",
    ),
    ("usage that does not add up", &[In(35, r#""total_tokens":7"#, r#""total_tokens":8"#)], "usage"),
    (
        "no usage",
        &[In(
            35,
            r#","usage":{"input_tokens":5,"input_tokens_details":{"cached_tokens":1},"output_tokens":2,"output_tokens_details":{"reasoning_tokens":1},"total_tokens":7}"#,
            r#""#,
        )],
        "usage",
    ),
];

#[test]
fn each_rule() {
    check_cases(Protocol::Responses, GOOD, CASES);
}

const ALLOWED: &[Allowed] = &[
    (
        "incomplete, with half of the arguments",
        &[
            In(35, r#"response.completed"#, r#"response.incomplete"#),
            In(35, r#""status":"completed""#, r#""status":"incomplete""#),
            In(35, r#""incomplete_details":null"#, r#""incomplete_details":{"reason":"max_output_tokens"}"#),
            In(25, r#"{}"#, r#"{"#),
            In(26, r#"{}"#, r#"{"#),
            In(27, r#"{}"#, r#"{"#),
            In(35, r#""arguments":"{}""#, r#""arguments":"{""#),
        ],
        Ended::Well,
    ),
    (
        "a failure",
        &[At(
            35,
            &[
                r#"{"type":"response.failed","sequence_number":35,"response":{"id":"resp_1","object":"response","created_at":1,"model":"m","status":"failed","output":[],"tools":[],"error":{"code":"server_error","message":"m"},"incomplete_details":null}}"#,
            ],
        )],
        Ended::WithError,
    ),
    (
        "a failure inside an item",
        &[
            At(
                14,
                &[
                    r#"{"type":"response.failed","sequence_number":14,"response":{"id":"resp_1","object":"response","created_at":1,"model":"m","status":"failed","output":[],"tools":[],"error":{"code":"server_error","message":"m"},"incomplete_details":null}}"#,
                ],
            ),
            At(15, &[]),
            At(16, &[]),
            At(17, &[]),
            At(18, &[]),
            At(19, &[]),
            At(20, &[]),
            At(21, &[]),
            At(22, &[]),
            At(23, &[]),
            At(24, &[]),
            At(25, &[]),
            At(26, &[]),
            At(27, &[]),
            At(28, &[]),
            At(29, &[]),
            At(30, &[]),
            At(31, &[]),
            At(32, &[]),
            At(33, &[]),
            At(34, &[]),
            At(35, &[]),
        ],
        Ended::WithError,
    ),
    (
        "an error event",
        &[At(35, &[r#"{"type":"error","sequence_number":35,"code":null,"message":"m","param":null}"#])],
        Ended::WithError,
    ),
    (
        "a repeated response.in_progress",
        &[At(
            33,
            &[
                r#"{"type":"response.in_progress","sequence_number":33,"response":{"id":"resp_1","object":"response","created_at":1,"model":"m","status":"in_progress","output":[],"tools":[],"error":null,"incomplete_details":null}}"#,
            ],
        )],
        Ended::Well,
    ),
];

#[test]
fn what_is_allowed() {
    check_good(Protocol::Responses, GOOD, ALLOWED);
}
