//! Streams: what is read, how they end, what must not be mistaken, and that cutting makes no difference.

use proptest::prelude::*;

use super::*;

pub(super) fn watch(protocol: Protocol, stream: &str) -> StreamObserver {
    let mut observer = StreamObserver::new(protocol);
    observer.complete_bytes(stream.as_bytes());
    observer
}

pub(super) fn data_lines(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("data: {line}\n\n")).collect()
}

const MESSAGES: &str = concat!(
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"claude-x\",\
     \"content\":[],\"stop_reason\":null,\"usage\":{\"input_tokens\":25,\"cache_creation_input_tokens\":8,\
     \"cache_read_input_tokens\":4,\"cache_creation\":{\"ephemeral_5m_input_tokens\":3,\
     \"ephemeral_1h_input_tokens\":5},\"output_tokens\":1,\"service_tier\":\"standard\",\"speed\":\"fast\",\
     \"inference_geo\":\"us\"}}}\n\n",
    ": comment\n\n",
    "event: ping\ndata: {\"type\":\"ping\"}\n\n",
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\
     \"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\
     \"text\":\"event: error \\\"usage\\\":{\\\"output_tokens\\\":9999} \\\"message_stop\\\"\"}}\n\n",
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\
     \"stop_sequence\":null},\"usage\":{\"input_tokens\":null,\"output_tokens\":15,\
     \"server_tool_use\":{\"web_search_requests\":1}}}\n\n",
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
);

#[test]
fn messages_stream_merges_its_counts() {
    let observer = watch(Protocol::Messages, MESSAGES);
    assert_eq!(
        observer.observed(),
        &Observed {
            usage: Some(Usage {
                input_tokens: 25,
                output_tokens: 15,
                cache_write_5m_tokens: 3,
                cache_write_1h_tokens: 5,
                cache_read_tokens: 4,
                web_search_calls: 1,
                ..Usage::default()
            }),
            model: Some("claude-x".into()),
            id: Some("msg_1".into()),
            stop_reason: Some("end_turn".into()),
            service_tier: Some("standard".into()),
            speed: Some("fast".into()),
            inference_geo: Some("us".into()),
            output_started: true,
            usage_is_final: true,
            output_bytes: 58,
            output_head: observer.observed().output_head.clone(),
            ..Observed::default()
        }
    );
    assert!(observer.terminal() && observer.failed().is_none());
}

#[test]
fn messages_later_counts_win_and_are_not_added() {
    let observer = watch(
        Protocol::Messages,
        &data_lines(&[
            r#"{"type":"message_start","message":{"usage":{"input_tokens":0,"output_tokens":0}}}"#,
            r#"{"type":"message_delta","delta":{},"usage":{"output_tokens":5}}"#,
            r#"{"type":"message_delta","delta":{"stop_reason":"max_tokens"},"usage":{"input_tokens":7,"output_tokens":9,"cache_read_input_tokens":2}}"#,
        ]),
    );
    let expected = Usage { input_tokens: 7, output_tokens: 9, cache_read_tokens: 2, ..Usage::default() };
    assert_eq!(observer.observed().usage, Some(expected));
    assert_eq!(observer.observed().stop_reason.as_deref(), Some("max_tokens"));
    assert!(!observer.terminal(), "no message_stop");
}

#[test]
fn messages_frames_are_told_apart_with_and_without_event_names() {
    for (name, data, expected) in [
        ("content_block_delta", r#"{"type":"content_block_delta"}"#, FrameKind::Content),
        ("ping", r#"{"type":"ping"}"#, FrameKind::Ping),
        ("message_stop", r#"{"type":"message_stop"}"#, FrameKind::Terminal),
        ("message_start", r#"{"type":"message_start","message":{}}"#, FrameKind::Other),
        ("something_new", r#"{"type":"something_new"}"#, FrameKind::Other),
    ] {
        for event in [name, "", "message"] {
            let kind = StreamObserver::new(Protocol::Messages).frame(event.as_bytes(), data.as_bytes());
            assert_eq!(kind, expected, "{event} {data}");
        }
        let reordered = data.replacen('{', r#"{"index":0,"#, 1);
        let kind = StreamObserver::new(Protocol::Messages).frame(b"", reordered.as_bytes());
        assert_eq!(kind, expected, "{reordered}");
    }
    assert_eq!(StreamObserver::new(Protocol::Messages).frame(b"", b""), FrameKind::Comment);
}

#[test]
fn errors_inside_streams() {
    let overloaded = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    let chat = r#"{"error":{"message":"boom","type":"server_error","code":"server_is_overloaded"}}"#;
    let responses =
        r#"{"type":"error","code":"rate_limit_exceeded","message":"slow","param":null,"sequence_number":3}"#;
    for (protocol, event, data, status, message) in [
        (Protocol::Messages, "error", overloaded, 529, "Overloaded"),
        (Protocol::Messages, "", overloaded, 529, "Overloaded"),
        (Protocol::Messages, "", r#"{"error":{"message":"m"}}"#, 500, "m"),
        (Protocol::Chat, "", chat, 503, "boom"),
        (Protocol::Chat, "error", chat, 503, "boom"),
        (Protocol::Chat, "", r#"{"error":"text"}"#, 500, "text"),
        (Protocol::Chat, "", r#"{"error":{"message":"m","code":429},"choices":[]}"#, 429, "m"),
        (Protocol::Chat, "", r#"{"object":"error","message":"m","code":400}"#, 400, "m"),
        (Protocol::Responses, "error", responses, 429, "slow"),
        (Protocol::Responses, "", responses, 429, "slow"),
    ] {
        let mut observer = StreamObserver::new(protocol);
        let kind = observer.frame(event.as_bytes(), data.as_bytes());
        let failure = observer.failed().expect(data);
        assert_eq!((failure.status_hint, failure.message.as_str()), (status, message), "{data}");
        assert_eq!(kind, FrameKind::Error(failure.clone()));
        assert!(!observer.terminal(), "{data}");
    }
}

#[test]
fn an_error_in_mid_chat_is_found_after_the_fast_path_is_taken() {
    let observer = watch(
        Protocol::Chat,
        &data_lines(&[
            r#"{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"b"},"finish_reason":null}]}"#,
            r#"{"error":{"message":"boom"}}"#,
        ]),
    );
    assert_eq!(observer.failed().unwrap().message, "boom");
}

const CHAT: [&str; 6] = [
    r#"{"id":"c1","object":"chat.completion.chunk","model":"gpt-x","service_tier":"default","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}"#,
    r#"{"id":"c1","model":"gpt-x","choices":[{"index":0,"delta":{"content":"Hello"},"finish_reason":null}],"usage":null}"#,
    r#"{"id":"c1","model":"gpt-x","choices":[{"index":0,"delta":{"content":" \"usage\":{\"prompt_tokens\":9} \"error\":{\"message\":\"x\"} \"finish_reason\":\"stop\""},"finish_reason":null}],"usage":null}"#,
    r#"{"id":"c1","model":"gpt-x","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}],"usage":null}"#,
    r#"{"id":"c1","model":"gpt-x","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":22}}"#,
    "[DONE]",
];

#[test]
fn chat_stream() {
    let mut observer = StreamObserver::new(Protocol::Chat);
    let kinds: Vec<_> = CHAT.iter().map(|data| observer.frame(b"", data.as_bytes())).collect();
    use FrameKind::{Content, Terminal, Usage as UsageFrame};
    assert_eq!(kinds, [Content, Content, Content, Content, UsageFrame, Terminal]);
    assert_eq!(
        observer.observed(),
        &Observed {
            usage: Some(Usage { input_tokens: 11, output_tokens: 22, ..Usage::default() }),
            model: Some("gpt-x".into()),
            id: Some("c1".into()),
            stop_reason: Some("tool_calls".into()),
            service_tier: Some("default".into()),
            speed: None,
            inference_geo: None,
            output_started: true,
            usage_is_final: true,
            output_bytes: 80,
            output_head: observer.observed().output_head.clone(),
            ..Observed::default()
        }
    );
    assert!(observer.failed().is_none());
}

#[test]
fn text_that_looks_like_a_key_is_only_text() {
    // The last one ends in what a byte search takes for a key; the parse finds nothing there.
    for text in [
        r#"\"usage\":{\"prompt_tokens\":9}"#,
        r#"\"error\":{\"message\":\"x\"}"#,
        r#"\"finish_reason\":\"stop\""#,
        r#"say \"error"#,
        r#"\\\"usage\":{\"completion_tokens\":1}"#,
    ] {
        let chunk = format!(r#"{{"choices":[{{"index":0,"delta":{{"content":"{text}"}}}}]}}"#);
        let observer = watch(Protocol::Chat, &data_lines(&[CHAT[1], &chunk, &chunk]));
        assert!(observer.failed().is_none(), "{text}");
        assert!(!observer.terminal(), "{text}");
        assert_eq!(observer.observed().usage, None, "{text}");
    }
}

#[test]
fn nested_members_are_not_taken_for_the_chunks_own() {
    let chunk = r#"{"choices":[{"index":0,"delta":{"content":"a","meta":{"error":{"message":"x"},"usage":{"prompt_tokens":9}}}}]}"#;
    let observer = watch(Protocol::Chat, &data_lines(&[CHAT[1], chunk]));
    assert!(observer.failed().is_none());
    assert_eq!(observer.observed().usage, None);
}

#[test]
fn chat_streams_end_well_or_not() {
    let choice = |index: u32, finish: &str| {
        format!(r#"{{"choices":[{{"index":{index},"delta":{{"content":"a"}},"finish_reason":{finish}}}]}}"#)
    };
    let (open0, open1) = (choice(0, "null"), choice(1, "null"));
    let (end0, end1) = (choice(0, "\"stop\""), choice(1, "\"stop\""));
    for (chunks, terminal, ended) in [
        (vec![open0.as_str(), "[DONE]"], true, true),
        (vec![&open0, &end0], true, false),
        (vec![&open0, &open0], false, false),
        (vec![&open0, &open1, &end0], false, false),
        (vec![&open0, &open1, &end0, &end1], true, false),
        (vec![&open0, &open0, &open1, &end0], false, false),
        (vec![&choice(0, "\"\"")], false, false),
        (vec![" [DONE] "], true, true),
        (vec![], false, false),
    ] {
        let observer = watch(Protocol::Chat, &data_lines(&chunks));
        assert_eq!((observer.terminal(), observer.ended()), (terminal, ended), "{chunks:?}");
    }
}

#[test]
fn chat_usage_may_come_anywhere_and_the_later_wins() {
    let chunk = |finish: &str, usage: &str| {
        format!(
            r#"{{"choices":[{{"index":0,"delta":{{"content":"a"}},"finish_reason":{finish}}}],"usage":{usage}}}"#
        )
    };
    let every = [
        chunk(
            "null",
            r#"{"prompt_tokens":10,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":4}}"#,
        ),
        chunk("null", r#"{"prompt_tokens":10,"completion_tokens":2}"#),
        chunk("\"stop\"", r#"{"prompt_tokens":10,"completion_tokens":3}"#),
    ];
    let every: Vec<&str> = every.iter().map(String::as_str).collect();
    let observer = watch(Protocol::Chat, &data_lines(&every));
    let expected = Usage { input_tokens: 6, output_tokens: 3, cache_read_tokens: 4, ..Usage::default() };
    assert_eq!(observer.observed().usage, Some(expected));

    let two = [
        &chunk("\"stop\"", "null"),
        r#"{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#,
        r#"{"choices":[],"usage":{"prompt_tokens":8,"completion_tokens":9}}"#,
        r#"{"choices":[],"usage":{}}"#,
    ];
    let observer = watch(Protocol::Chat, &data_lines(&two));
    assert_eq!(
        observer.observed().usage,
        Some(Usage { input_tokens: 8, output_tokens: 9, ..Usage::default() })
    );
    let kind =
        StreamObserver::new(Protocol::Chat).frame(b"", br#"{"choices":[],"prompt_filter_results":[]}"#);
    assert_eq!(kind, FrameKind::Other);
}

fn responses_events(name: &str, end: &str) -> String {
    [
        (
            "response.created",
            r#""response":{"id":"resp_1","model":"gpt-x","status":"in_progress","usage":null}"#,
        ),
        ("response.output_item.added", r#""output_index":0,"item":{"type":"web_search_call"}"#),
        (
            "response.output_item.done",
            r#""item":{"type":"web_search_call","status":"completed","action":{"type":"search"}}"#,
        ),
        (
            "response.output_text.delta",
            r#""delta":"\"sequence_number\":99 \"web_search_call\" response.completed""#,
        ),
        (
            "response.output_item.done",
            r#""item":{"type":"message","content":[{"text":"\"web_search_call\""}]}"#,
        ),
        (name, end),
    ]
    .iter()
    .enumerate()
    .map(|(n, (name, rest))| {
        format!("event: {name}\ndata: {{\"type\":\"{name}\",\"sequence_number\":{n},{rest}}}\n\n")
    })
    .collect()
}

#[test]
fn responses_tools_are_counted_as_their_items_end() {
    let item = |item: &str| {
        format!(
            "event: response.output_item.done\ndata: {{\"type\":\"response.output_item.done\",\"item\":{item}}}\n\n"
        )
    };
    let items = [
        r#"{"type":"file_search_call","status":"completed"}"#,
        r#"{"type":"code_interpreter_call","container_id":"cntr_1"}"#,
        r#"{"type":"image_generation_call","status":"completed","result":"AAAA"}"#,
        r#"{"type":"message","content":[{"text":"\"file_search_call\""}]}"#,
    ];
    let end = "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"output\":[],\
               \"usage\":{\"input_tokens\":1}}}\n\n";
    let stream: String = items.map(item).into_iter().chain([end.to_owned()]).collect();
    let expected = Usage {
        input_tokens: 1,
        file_search_calls: 1,
        code_execution_calls: 1,
        generated_images: 1,
        ..Usage::default()
    };
    assert_eq!(watch(Protocol::Responses, &stream).observed().usage, Some(expected));
}

#[test]
fn responses_stream_completes() {
    let end = r#""response":{"id":"resp_1","model":"gpt-x","status":"completed","service_tier":"default","output":[],"usage":{"input_tokens":30,"input_tokens_details":{"cached_tokens":10},"output_tokens":5,"output_tokens_details":{"reasoning_tokens":2}}}"#;
    let observer = watch(Protocol::Responses, &responses_events("response.completed", end));
    let expected = Usage {
        input_tokens: 20,
        output_tokens: 5,
        cache_read_tokens: 10,
        reasoning_tokens: 2,
        web_search_calls: 1,
        ..Usage::default()
    };
    assert_eq!(
        observer.observed(),
        &Observed {
            usage: Some(expected),
            model: Some("gpt-x".into()),
            id: Some("resp_1".into()),
            stop_reason: Some("completed".into()),
            service_tier: Some("default".into()),
            speed: None,
            inference_geo: None,
            output_started: true,
            usage_is_final: true,
            output_bytes: 57,
            output_head: observer.observed().output_head.clone(),
            ..Observed::default()
        }
    );
    assert!(observer.terminal() && observer.failed().is_none());
    assert_eq!(observer.next_sequence(), 6);
}

#[test]
fn responses_streams_end_in_other_ways() {
    let end = r#""response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"usage":{"input_tokens":3}}"#;
    let observer = watch(Protocol::Responses, &responses_events("response.incomplete", end));
    assert!(observer.terminal() && observer.failed().is_none());
    assert_eq!(observer.observed().stop_reason.as_deref(), Some("max_output_tokens"));

    let end = r#""response":{"status":"failed","error":{"code":"server_is_overloaded","message":"busy"},"usage":{"input_tokens":3}}"#;
    let observer = watch(Protocol::Responses, &responses_events("response.failed", end));
    assert!(observer.terminal());
    let failure = observer.failed().unwrap();
    assert_eq!((failure.status_hint, failure.code.as_deref()), (503, Some("server_is_overloaded")));
    assert_eq!(observer.observed().usage.unwrap().input_tokens, 3);

    let cut: String = responses_events("response.in_progress", r#""response":{}"#);
    assert!(!watch(Protocol::Responses, &cut).terminal());
    let nameless = cut.replace("event: ", "x: ");
    assert_eq!(watch(Protocol::Responses, &nameless).observed(), watch(Protocol::Responses, &cut).observed());
}

#[test]
fn every_line_end_and_spacing_reads_the_same() {
    let whole = watch(Protocol::Messages, MESSAGES);
    for (from, to) in [("\n", "\r\n"), ("\n", "\r"), (": {", ":{"), ("\n\n", "\n\n: keep-alive\n\nid: 4\n")] {
        let observer = watch(Protocol::Messages, &MESSAGES.replace(from, to));
        assert_eq!(observer.observed(), whole.observed(), "{to:?}");
        assert!(observer.terminal());
    }
    let observer = watch(Protocol::Messages, &format!("\u{feff}{MESSAGES}"));
    assert_eq!(observer.observed(), whole.observed());
    let split = MESSAGES.replace(",\"usage\"", ",\ndata: \"usage\"");
    assert_ne!(split, MESSAGES);
    assert_eq!(watch(Protocol::Messages, &split).observed(), whole.observed());
}

fn whole_streams() -> Vec<(Protocol, String)> {
    let completed = r#""response":{"status":"completed","usage":{"input_tokens":3,"output_tokens":4}}"#;
    vec![
        (Protocol::Messages, MESSAGES.to_owned()),
        (Protocol::Messages, MESSAGES.replace('\n', "\r\n")),
        (Protocol::Chat, data_lines(&CHAT)),
        (Protocol::Responses, responses_events("response.completed", completed)),
    ]
}

/// The places where a relay may cut: behind a blank line, whose own CR and LF may come apart.
fn frame_ends(stream: &str) -> Vec<usize> {
    let ends = stream.match_indices("\n\n").map(|(at, _)| at + 2);
    ends.chain(stream.match_indices("\r\n\r\n").flat_map(|(at, _)| [at + 3, at + 4])).collect()
}

proptest! {
    #[test]
    fn batching_makes_no_difference(picks in prop::collection::vec(any::<bool>(), 0..40)) {
        for (protocol, stream) in whole_streams() {
            let mut ends = frame_ends(&stream);
            ends.sort_unstable();
            let mut observer = StreamObserver::new(protocol);
            let mut start = 0;
            for (end, _) in ends.iter().zip(picks.iter().chain(std::iter::repeat(&false))).filter(|(_, pick)| **pick) {
                observer.complete_bytes(&stream.as_bytes()[start..*end]);
                start = *end;
            }
            observer.complete_bytes(&stream.as_bytes()[start..]);
            let whole = watch(protocol, &stream);
            prop_assert_eq!(observer.observed(), whole.observed());
            prop_assert_eq!(observer.terminal(), whole.terminal());
            prop_assert_eq!(observer.next_sequence(), whole.next_sequence());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(
        pieces in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            prop::sample::select(vec![
                "data: ", "event: error\n", "event: message_delta\n", "\n\n", "\r", "{\"usage\":", "\"index\":9", "}",
                "\"sequence_number\":18446744073709551615", "{\"type\":\"", "[DONE]", "{\"error\":{", "\"model\":\"x\"",
            ]).prop_map(|text| text.as_bytes().to_vec()),
        ], 0..30)
    ) {
        let bytes = pieces.concat();
        for protocol in Protocol::ALL {
            let mut observer = StreamObserver::new(protocol);
            observer.complete_bytes(&bytes);
            observer.frame(&bytes, &bytes);
            let _ = observe_answer(protocol, &bytes);
            let frame = bytes::Bytes::copy_from_slice(&bytes);
            if let Some(parts) = crate::rename_model_in_frame(protocol, &frame, "to") {
                prop_assert!(frame.starts_with(&parts[0]) && frame.ends_with(&parts[2]));
            }
            let _ = crate::read_upstream_error(protocol, 500, &bytes);
        }
    }
}
