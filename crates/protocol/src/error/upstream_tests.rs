//! Upstreams' error bodies in every shape, and what becomes of them.

use serde_json::json;

use super::*;
use crate::Protocol;

#[test]
fn upstream_answers_become_the_gates_errors() {
    let body = |message: &str| UpstreamErrorBody { message: message.into(), ..UpstreamErrorBody::default() };
    for (status, message, kind) in [
        (400, "temperature: Extra inputs are not permitted", ErrorKind::UpstreamRefused),
        (400, "Your credit balance is too low to access the API", ErrorKind::UpstreamOverloaded),
        (404, "model: nope", ErrorKind::UpstreamRefused),
        (413, "too large", ErrorKind::UpstreamRefused),
        (429, "rate limit of org-42", ErrorKind::AllCooling),
        (500, "oops", ErrorKind::UpstreamRefused),
        (503, "busy", ErrorKind::UpstreamOverloaded),
        (529, "busy", ErrorKind::UpstreamOverloaded),
        (504, "slow", ErrorKind::UpstreamTimeout),
        (301, "moved", ErrorKind::UpstreamInvalid),
        (600, "?", ErrorKind::UpstreamInvalid),
    ] {
        let error = ApiError::from_upstream(status, &body(message));
        assert_eq!(error.kind, kind, "{status} {message}");
        if kind == ErrorKind::UpstreamRefused {
            assert_eq!((error.status(Dialect::Chat), error.message.as_str()), (status, message));
        }
    }
}

#[test]
fn every_shape_of_error_body_is_read() {
    let (message, typed, code, param) = (Some("m"), Some("t"), Some("c"), Some("p"));
    for (json, expected) in [
        (r#"{"error":{"message":"m","type":"t","code":"c","param":"p"}}"#, (message, typed, code, param)),
        (
            r#"{"type":"error","error":{"type":"t","message":"m"},"request_id":"r"}"#,
            (message, typed, None, None),
        ),
        (
            r#"{"type":"error","error":{"type":"t","message":"m","details":{"error_code":"c"}}}"#,
            (message, typed, code, None),
        ),
        (r#"{"error":{"message":"m","code":1301}}"#, (message, None, Some("1301"), None)),
        (r#"{"error":"m"}"#, (message, None, None, None)),
        (r#"{"error":"Bad","message":"m is wrong"}"#, (Some("m is wrong"), None, None, None)),
        (r#"{"message":"m","code":"c"}"#, (message, None, code, None)),
        (r#"{"success":false,"code":"400","message":"m","data":null}"#, (message, None, Some("400"), None)),
        (r#"{"detail":"m"}"#, (message, None, None, None)),
        (r#"{"detail":[{"loc":["body","model"],"msg":"m"}]}"#, (Some("body.model: m"), None, None, None)),
        (r#"{"errors":[{"message":"m"}]}"#, (message, None, None, None)),
        (r#"[{"error":{"message":"m","code":400}}]"#, (message, None, Some("400"), None)),
        (r#"{"object":"error","message":"m","type":"t"}"#, (message, typed, None, None)),
        ("\"m\"", (message, None, None, None)),
        ("upstream connect error\r\n", (Some("upstream connect error"), None, None, None)),
    ] {
        for protocol in Protocol::ALL {
            let read = read_upstream_error(protocol, 400, json.as_bytes());
            let got = (
                Some(read.message.as_str()),
                read.error_type.as_deref(),
                read.code.as_deref(),
                read.param.as_deref(),
            );
            assert_eq!(got, expected, "{json}");
        }
    }
}

#[test]
fn what_cannot_be_read_gives_a_message_about_the_status() {
    for body in [
        "",
        "  ",
        "<html><body>502 Bad Gateway</body></html>",
        "<!DOCTYPE html>",
        "{\"error\":",
        "{}",
        "null",
        "17",
        "{\"error\":null}",
    ] {
        let read = read_upstream_error(Protocol::Chat, 502, body.as_bytes());
        assert_eq!(read.message, "The upstream provider answered with status 502.", "{body}");
        assert!(!read.native);
    }
    assert!(read_upstream_error(Protocol::Chat, 502, &[0xff, 0xfe]).message.contains("502"));
}

#[test]
fn messages_are_bounded_and_of_one_line() {
    let body = json!({"error": {"message": format!("a\n\u{7}{}", "é".repeat(5_000))}}).to_string();
    let read = read_upstream_error(Protocol::Chat, 400, body.as_bytes());
    assert_eq!(read.message.chars().count(), 2_000);
    assert!(!read.message.chars().any(char::is_control));
}

#[test]
fn only_the_protocols_own_form_is_native() {
    let chat = br#"{"error":{"message":"m","type":"t","param":null,"code":null}}"#;
    let messages = br#"{"type":"error","error":{"type":"t","message":"m"}}"#;
    assert!(read_upstream_error(Protocol::Chat, 400, chat).native);
    assert!(!read_upstream_error(Protocol::Messages, 400, chat).native);
    assert!(read_upstream_error(Protocol::Messages, 400, messages).native);
    assert!(!read_upstream_error(Protocol::Chat, 400, br#"{"message":"m"}"#).native);
}
