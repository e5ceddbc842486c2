//! What the probe reads at each endpoint and what it refuses.

use proptest::prelude::*;
use serde::de::IgnoredAny;

use super::*;
use crate::ErrorKind;

const MESSAGES: &str = r#""model":"m","messages":[],"max_tokens":1"#;
const CHAT: &str = r#""model":"m","messages":[]"#;

fn refused(body: impl AsRef<[u8]>, endpoint: Endpoint) -> (ErrorKind, String) {
    let error = probe(body.as_ref(), endpoint).expect_err(&String::from_utf8_lossy(body.as_ref()));
    (error.kind, error.message)
}

#[test]
fn reads_messages() {
    let body = br#" { "model" : "claude-x", "max_tokens":0, "messages":[{"model":1}], "stream":true,
        "metadata":{"x":[],"user_id":"{\"device\":1}"}, "tools":[ {} ], "service_tier":"auto", "n":"ignored"}"#;
    let read = probe(body, Endpoint::Messages).unwrap();
    assert_eq!(read.model, "claude-x");
    assert_eq!(&body[read.model_span.start..read.model_span.end], b"\"claude-x\"");
    assert_eq!((read.stream, read.max_tokens, read.n), (true, Some(0), 1));
    assert_eq!(read.user_id.as_deref(), Some("{\"device\":1}"));
    assert_eq!(read.service_tier.as_deref(), Some("auto"));
    let tools = read.tools.unwrap();
    assert_eq!(&body[tools.start..tools.end], b"[ {} ]");
    assert_eq!(read.members.open, 2);
    assert_eq!(read.members.count, 8);
}

#[test]
fn reads_chat() {
    let body = br#"{"style":"claude","model":"gpt","messages":[],"max_tokens":5,"max_completion_tokens":7,"n":3,
        "stream_options":{"include_obfuscation":false,"include_usage":false},"user":"u","safety_identifier":"s",
        "prompt_cache_key":"k","store":false,"tools":[ ],"metadata":{"user_id":1}}"#;
    let read = probe(body, Endpoint::Chat).unwrap();
    assert_eq!((read.stream, read.max_tokens, read.n), (false, Some(7), 3));
    assert_eq!(read.user_id.as_deref(), Some("s"));
    assert_eq!(read.session_hint.as_deref(), Some("k"));
    assert_eq!((read.store, read.style, read.include_usage), (Some(false), Some(Style::Claude), Some(false)));
    assert_eq!(read.tools, None);
    let style = read.members.style.unwrap();
    assert_eq!(&body[style.key.start..style.value.end], br#""style":"claude""#);
    assert_eq!((style.index, style.comma_before, style.comma_after), (0, None, Some(style.value.end)));
}

#[test]
fn the_newer_limit_wins_unless_it_is_null() {
    let table = [
        (r#""max_tokens":5,"max_completion_tokens":7"#, Some(7), r#""max_completion_tokens":7"#),
        (r#""max_completion_tokens":7,"max_tokens":5"#, Some(7), r#""max_completion_tokens":7"#),
        (r#""max_tokens":5,"max_completion_tokens":null"#, Some(5), r#""max_tokens":5"#),
        (r#""max_completion_tokens":null,"max_tokens":null"#, None, ""),
    ];
    for (limits, max_tokens, member) in table {
        let body = format!("{{{limits},{CHAT}}}");
        let read = probe(body.as_bytes(), Endpoint::Chat).unwrap();
        assert_eq!(read.max_tokens, max_tokens, "{limits}");
        let place = read.members.max_tokens.map_or("", |member| &body[member.key.start..member.value.end]);
        assert_eq!(place, member, "{limits}");
    }
}

#[test]
fn reads_responses() {
    let body =
        br#"{"model":"gpt","input":"hi","max_output_tokens":9,"previous_response_id":"resp_1","user":"u",
        "max_tokens":"ignored","prompt_cache_key":"k","store":true,"stream":true}"#;
    for endpoint in [Endpoint::Responses, Endpoint::ResponsesCompact, Endpoint::ResponsesInputTokens] {
        let read = probe(body, endpoint).unwrap();
        assert_eq!((read.max_tokens, read.store, read.stream), (Some(9), Some(true), true));
        assert_eq!(read.previous_response_id.as_deref(), Some("resp_1"));
        assert_eq!((read.user_id.as_deref(), read.session_hint.as_deref()), (Some("u"), Some("k")));
    }
    assert!(probe(br#"{"model":"gpt"}"#, Endpoint::Responses).is_ok());
}

#[test]
fn count_tokens_needs_no_limit_and_never_streams() {
    let body = br#"{"model":"m","messages":[],"stream":true,"temperature":1,"max_tokens":"x"}"#;
    let read = probe(body, Endpoint::CountTokens).unwrap();
    assert_eq!((read.stream, read.max_tokens), (false, None));
    let removed: Vec<_> = read.members.not_counted.iter().map(|member| member.index).collect();
    assert_eq!(removed, [2, 3, 4]);
}

#[test]
fn null_counts_as_absent() {
    let chat = format!(
        "{{{CHAT},\"stream\":null,\"stream_options\":null,\"style\":null,\"user\":null,\"n\":null,\"tools\":null,\
         \"store\":null,\"max_tokens\":null,\"max_completion_tokens\":null,\"service_tier\":null}}"
    );
    let read = probe(chat.as_bytes(), Endpoint::Chat).unwrap();
    assert_eq!((read.stream, read.style, read.user_id, read.n), (false, None, None, 1));
    assert_eq!((read.max_tokens, read.include_usage, read.store), (None, None, None));
    assert!(read.members.style.is_some() && read.members.stream_options.is_some());
    for metadata in ["null", "{}", "{\"user_id\":null}"] {
        let body = format!("{{{MESSAGES},\"metadata\":{metadata}}}");
        assert_eq!(probe(body.as_bytes(), Endpoint::Messages).unwrap().user_id, None);
    }
}

#[test]
fn names_are_compared_unescaped() {
    let body = br#"{"mod\u0065l":"\u006d","m\u0065ssages":[],"\ud800":1,"messages ":2,"Model":3}"#;
    assert_eq!(probe(body, Endpoint::Chat).unwrap().model, "m");
    let twice = br#"{"model":"cheap","messages":[],"mod\u0065l":"dear"}"#;
    let expected = (ErrorKind::InvalidField, "model: given more than once".to_owned());
    assert_eq!(refused(twice, Endpoint::Chat), expected);
}

#[test]
fn names_the_field_at_fault() {
    use Endpoint::{Chat, CountTokens, EnvelopeMessages, Messages, Responses};
    let table: &[(Endpoint, &str, &str)] = &[
        (Chat, r#"{"messages":[]}"#, "model: Field required"),
        (Chat, r#"{"model":null,"messages":[]}"#, "model: Field required"),
        (Chat, r#"{"model":1,"messages":[]}"#, "model: expected a string"),
        (Chat, r#"{"model":"","messages":[]}"#, "model: must not be empty"),
        (Chat, r#"{"model":"\ud800","messages":[]}"#, "model: holds half of a surrogate pair"),
        (Chat, r#"{"model":"m"}"#, "messages: Field required"),
        (Chat, r#"{"model":"m","messages":"hi"}"#, "messages: expected an array"),
        (Chat, r#"{"model":"m","messages":[],"stream":"true"}"#, "stream: expected a boolean"),
        (Chat, r#"{"model":"m","messages":[],"stream":1,"n":""}"#, "stream: expected a boolean"),
        (Chat, r#"{"model":"m","messages":[],"n":1.5}"#, "n: expected an integer of 0 or more"),
        (Chat, r#"{"model":"m","messages":[],"tools":{}}"#, "tools: expected an array"),
        (Chat, r#"{"model":"m","messages":[],"store":0}"#, "store: expected a boolean"),
        (Chat, r#"{"model":"m","messages":[],"style":"xml"}"#, "style: expected \"openai\" or \"claude\""),
        (Chat, r#"{"model":"m","messages":[],"style":true}"#, "style: expected a string"),
        (Chat, r#"{"model":"m","messages":[],"stream_options":[]}"#, "stream_options: expected an object"),
        (
            Chat,
            r#"{"model":"m","messages":[],"stream_options":{"include_usage":"yes"}}"#,
            "stream_options.include_usage: expected a boolean",
        ),
        (
            Chat,
            r#"{"model":"m","messages":[],"stream_options":{"include_usage":true,"include_\u0075sage":false}}"#,
            "stream_options.include_usage: given more than once",
        ),
        (Messages, r#"{"model":"m","messages":[]}"#, "max_tokens: Field required"),
        (EnvelopeMessages, r#"{"model":"m","messages":[],"max_tokens":null}"#, "max_tokens: Field required"),
        (
            Messages,
            r#"{"model":"m","messages":[],"max_tokens":-1}"#,
            "max_tokens: expected an integer of 0 or more",
        ),
        (
            Messages,
            r#"{"model":"m","messages":[],"max_tokens":"5"}"#,
            "max_tokens: expected an integer of 0 or more",
        ),
        (
            Messages,
            r#"{"model":"m","messages":[],"max_tokens":18446744073709551616}"#,
            "max_tokens: expected an integer of 0 or more",
        ),
        (Messages, r#"{"metadata":"x","model":"m"}"#, "metadata: expected an object"),
        (Messages, r#"{"metadata":{"user_id":7},"model":"m"}"#, "metadata.user_id: expected a string"),
        (Messages, r#"{"metadata":{"user_id":"a","user_id":"b"}}"#, "metadata.user_id: given more than once"),
        (Messages, r#"{"max_tokens":1,"max_tokens":2}"#, "max_tokens: given more than once"),
        (CountTokens, r#"{"model":"m","messages":[],"top_k":1,"top_k":2}"#, "top_k: given more than once"),
        (
            Responses,
            r#"{"model":"m","max_output_tokens":{}}"#,
            "max_output_tokens: expected an integer of 0 or more",
        ),
        (Responses, r#"{"model":"m","previous_response_id":1}"#, "previous_response_id: expected a string"),
    ];
    for (endpoint, body, message) in table {
        let error = probe(body.as_bytes(), *endpoint).expect_err(body);
        assert_eq!((error.kind, error.message.as_str()), (ErrorKind::InvalidField, *message), "{body}");
        assert_eq!(error.field.as_deref(), message.split(':').next(), "{body}");
    }
}

#[test]
fn bad_json_is_told_with_its_place() {
    let table: &[(&[u8], &str)] = &[
        (b"", "the body ends too early at line 1 column 1"),
        (b"[]", "expected an object at line 1 column 1"),
        (b" \"x\"", "expected an object at line 1 column 2"),
        (b"{\"model\":\"m\",\n \"messages\":[}", "expected a value at line 2 column 14"),
        (b"{\"model\":\"m\"} x", "expected nothing more at line 1 column 15"),
        ("{\"é\":\"é\",}".as_bytes(), "expected a member name at line 1 column 10"),
        (b"{\"a\":\"\xff\"}", "invalid UTF-8 at line 1 column 7"),
        // A field at fault does not hide that the body is no JSON.
        (b"{\"model\":1,\"stream\":", "the body ends too early at line 1 column 21"),
    ];
    for (body, place) in table {
        let expected = (ErrorKind::InvalidJson, format!("The request body is not valid JSON: {place}."));
        assert_eq!(refused(body, Endpoint::Chat), expected);
    }
}

#[test]
fn deep_nesting_is_refused_without_deep_recursion() {
    let nested =
        |depth: usize| format!("{{\"model\":\"m\",\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert!(probe(nested(256).as_bytes(), Endpoint::Responses).is_ok());
    for depth in [257, 5_000_000] {
        let (kind, message) = refused(nested(depth), Endpoint::Responses);
        assert_eq!(kind, ErrorKind::InvalidJson);
        assert!(message.contains("nested too deeply at line 1 column"), "{message}");
    }
}

/// JSON texts with all the grammar has, whitespace included.
fn json() -> impl Strategy<Value = String> {
    let number = "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,4})?";
    let string =
        "\"([a-z {}\\[\\],:\u{e9}\u{4e2d}\u{1f980}\u{7f}]|\\\\[\"\\\\/bfnrt]|\\\\u[0-9a-fA-F]{4}){0,40}\"";
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        number,
        string
    ];
    let spaced = (leaf, "[ \n\r\t]{0,2}").prop_map(|(leaf, space)| format!("{space}{leaf}{space}"));
    spaced.prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((string, inner), 0..5).prop_map(|members| {
                let members: Vec<_> = members.iter().map(|(key, value)| format!("{key}:{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

/// Bytes that JSON is made of, and some it is not.
fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![
        8 => prop::sample::select(b"{}[]:,\"\\u0123456789abcdefnrt+-.eE \n\t/".to_vec()),
        1 => any::<u8>(),
    ]
}

fn is_json(body: &[u8]) -> bool {
    // `IgnoredAny` checks the grammar but not the encoding; `Value` would also ask what machine types hold.
    std::str::from_utf8(body).is_ok() && serde_json::from_slice::<IgnoredAny>(body).is_ok()
}

/// Whether the probe takes the body for JSON, whatever it says about the fields.
fn accepts(body: &[u8]) -> bool {
    probe(body, Endpoint::Responses).err().is_none_or(|error| error.kind != ErrorKind::InvalidJson)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn takes_for_json_what_serde_json_does(value in json(), edits in prop::collection::vec((any::<prop::sample::Index>(), byte(), 0..3), 0..4)) {
        // What follows keeps the scanner from its slower way over the end of a body.
        let mut body = format!("{{\"x\":{value} }}{:64}", "").into_bytes();
        let text_len = body.len() - 64;
        prop_assert!(accepts(&body));
        prop_assert!(is_json(&body));
        for (index, byte, how) in edits {
            let at = index.index(text_len);
            match how {
                0 => body[at] = byte,
                1 => body.insert(at, byte),
                _ => drop(body.remove(at)),
            }
        }
        // Anything but an object is refused as such.
        prop_assume!(body.trim_ascii_start().first() == Some(&b'{'));
        prop_assert_eq!(accepts(&body), is_json(&body), "{}", String::from_utf8_lossy(&body));
    }

    #[test]
    fn takes_no_garbage(garbage in prop::collection::vec(byte(), 0..40)) {
        let mut body = b"{\"x\":".to_vec();
        body.extend(garbage);
        body.push(b'}');
        prop_assert_eq!(accepts(&body), is_json(&body), "{}", String::from_utf8_lossy(&body));
    }
}
