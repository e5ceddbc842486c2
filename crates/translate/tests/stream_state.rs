//! What a translator says of its stream, so that the gate can keep it alive and end it where it broke.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use tollgate_protocol::Protocol::{self, Chat, Messages, Responses};
use tollgate_translate::{AnswerContext, ResponsesEcho, StreamTranslator, TranslateError, translate_answer};

fn ctx() -> AnswerContext {
    AnswerContext {
        model: "m".to_owned(),
        created_at_s: 7,
        request_id: "req_1".to_owned(),
        estimated_input_tokens: Some(55),
        ..AnswerContext::default()
    }
}

fn chat_to(to: Protocol) -> StreamTranslator {
    StreamTranslator::new(Chat, to, ctx(), None)
}

const FIRST: &str =
    r#"{"id":"chatcmpl-9","choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"}}]}"#;

fn keepalive(translator: &mut StreamTranslator) -> String {
    let mut out = Vec::new();
    translator.keepalive(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_stream_tells_its_id_once_it_has_one() {
    for (to, id) in [(Messages, "msg_9"), (Chat, "chatcmpl-9"), (Responses, "resp_9")] {
        let mut translator = chat_to(to);
        assert!(!translator.is_started());
        assert_eq!(translator.response_id(), None);
        translator.frame("", FIRST.as_bytes(), &mut Vec::new()).unwrap();
        assert!(translator.is_started());
        assert_eq!(translator.response_id(), Some(id));
    }
}

#[test]
fn a_failure_has_the_number_behind_the_last_event() {
    let mut translator = chat_to(Responses);
    assert_eq!(translator.next_sequence(), 0);
    let mut out = Vec::new();
    translator.frame("", FIRST.as_bytes(), &mut out).unwrap();
    let failed = translator.frame("error", br#"{"error":{"message":"m"}}"#, &mut out);
    assert!(matches!(failed, Err(TranslateError::UpstreamFailed { .. })));
    // created, in_progress, item, part, delta.
    assert_eq!(translator.next_sequence(), 5);
    assert!(String::from_utf8(out).unwrap().contains("\"sequence_number\":4"));
}

#[test]
fn behind_the_end_only_comments_keep_a_stream_alive() {
    for to in [Messages, Chat, Responses] {
        let mut translator = chat_to(to);
        let mut out = Vec::new();
        let finish = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
        for data in [FIRST, finish, "[DONE]"] {
            translator.frame("", data.as_bytes(), &mut out).unwrap();
        }
        assert!(keepalive(&mut translator).starts_with(": "), "{to}");
    }
}

#[test]
fn every_dialect_is_kept_alive_in_its_own_way() {
    for (to, before, after) in [
        (Messages, "event: ping\n", "event: ping\n"),
        (Chat, ": ping\n", ": ping\n"),
        (Responses, ": ping\n", "event: response.in_progress\n"),
    ] {
        let mut translator = chat_to(to);
        assert!(keepalive(&mut translator).starts_with(before), "{to}");
        translator.frame("", FIRST.as_bytes(), &mut Vec::new()).unwrap();
        assert!(keepalive(&mut translator).starts_with(after), "{to}");
    }
}

#[test]
fn keepalives_are_numbered_and_stop_at_the_end() {
    let mut translator = chat_to(Responses);
    translator.frame("", FIRST.as_bytes(), &mut Vec::new()).unwrap();
    assert!(keepalive(&mut translator).contains("\"sequence_number\":5"));
    let mut out = Vec::new();
    let last = br#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
    translator.frame("", last, &mut out).unwrap();
    assert!(translator.on_eof(&mut out));
    assert!(String::from_utf8(out).unwrap().contains("response.completed"));
    assert_eq!(keepalive(&mut translator), ": ping\n\n");
}

#[test]
fn nothing_but_comments_follows_the_end() {
    for to in [Messages, Chat, Responses] {
        let mut whole = chat_to(to);
        for frame in [FIRST, r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#, "[DONE]"] {
            whole.frame("", frame.as_bytes(), &mut Vec::new()).unwrap();
        }
        let mut failed = chat_to(to);
        failed.frame("", b"{", &mut Vec::new()).unwrap_err();
        assert_eq!(
            (keepalive(&mut whole), keepalive(&mut failed)),
            (": ping\n\n".into(), ": ping\n\n".into())
        );
    }
}

#[test]
fn a_messages_stream_begins_with_the_estimate() {
    let mut out = Vec::new();
    chat_to(Messages).frame("", FIRST.as_bytes(), &mut out).unwrap();
    assert!(String::from_utf8(out).unwrap().contains("\"input_tokens\":55"));
}

#[test]
fn text_that_has_to_be_repeated_is_bounded() {
    let mut translator = chat_to(Responses);
    let chunk = format!(r#"{{"choices":[{{"index":0,"delta":{{"content":"{}"}}}}]}}"#, "x".repeat(8 << 20));
    let mut out = Vec::new();
    let refused = (0..5).find_map(|_| {
        out.clear();
        translator.frame("", chunk.as_bytes(), &mut out).err()
    });
    assert!(matches!(refused, Some(TranslateError::TooMuchHeld { unit: "bytes", .. })));
    assert!(!translator.on_eof(&mut out));
}

#[test]
fn a_response_repeats_its_request() {
    let body = br#"{"model":"m","instructions":"Be brief.","tools":[{"type":"custom","name":"exec"}],"store":false}"#;
    let ctx = AnswerContext { responses_echo: Some(Arc::new(ResponsesEcho::read(body))), ..ctx() };
    let answer = br#"{"choices":[{"index":0,"message":{"content":"x"},"finish_reason":"stop"}]}"#;
    let made =
        String::from_utf8(translate_answer(Chat, Responses, answer, &ctx, None).unwrap().body).unwrap();
    for member in [
        r#""instructions":"Be brief.""#,
        r#""tools":[{"type":"custom","name":"exec"}]"#,
        r#""store":false"#,
        r#""tool_choice":"auto""#,
    ] {
        assert!(made.contains(member), "{member} is not in {made}");
    }
}
