//! The error conditions in every dialect, as bodies and inside streams.

use serde_json::{Value, json};

use super::*;

fn body(error: &ApiError, dialect: Dialect) -> Value {
    serde_json::from_slice(&render_body(error, dialect, "req_1")).unwrap()
}

fn event(error: &ApiError, dialect: Dialect) -> (String, Value) {
    let context = StreamErrorContext {
        response_id: None,
        model: "gpt-5.5".into(),
        created_at: 1_700_000_000,
        next_sequence: 7,
    };
    let frame = String::from_utf8(render_stream_event(error, dialect, "req_1", &context)).unwrap();
    let frame = frame.strip_suffix("\n\n").expect("a frame ends with a blank line");
    let (name, data) = frame.split_once("data: ").unwrap();
    (name.trim_end().to_owned(), serde_json::from_str(data).unwrap())
}

fn refused(status: u16, error_type: Option<&str>, code: Option<&str>, message: &str) -> ApiError {
    let upstream = UpstreamVerdict {
        status,
        error_type: error_type.map(str::to_owned),
        code: code.map(str::to_owned),
        param: None,
    };
    ApiError::refused(message, upstream)
}

#[test]
fn every_condition_in_every_dialect() {
    use ErrorKind as K;
    // Kind, status and type in Messages, then status, type and code in Chat and Responses, then no-retry.
    for (kind, messages, openai, no_retry) in [
        (
            K::MissingKey,
            (401, "authentication_error"),
            (401, "invalid_request_error", "invalid_api_key"),
            true,
        ),
        (
            K::InvalidKey,
            (401, "authentication_error"),
            (401, "invalid_request_error", "invalid_api_key"),
            true,
        ),
        (
            K::RevokedKey,
            (401, "authentication_error"),
            (401, "invalid_request_error", "invalid_api_key"),
            true,
        ),
        (
            K::ExpiredKey,
            (401, "authentication_error"),
            (401, "invalid_request_error", "invalid_api_key"),
            true,
        ),
        (
            K::AddressNotAllowed,
            (403, "permission_error"),
            (403, "invalid_request_error", "address_not_allowed"),
            true,
        ),
        (K::UserDisabled, (403, "permission_error"), (403, "invalid_request_error", "user_disabled"), true),
        (K::GroupDisabled, (403, "permission_error"), (403, "invalid_request_error", "group_disabled"), true),
        (
            K::ModelNotAllowed,
            (403, "permission_error"),
            (403, "invalid_request_error", "model_not_found"),
            true,
        ),
        (K::ModelNotFound, (404, "not_found_error"), (404, "invalid_request_error", "model_not_found"), true),
        (
            K::InvalidJson,
            (400, "invalid_request_error"),
            (400, "invalid_request_error", "invalid_json"),
            true,
        ),
        (
            K::InvalidField,
            (400, "invalid_request_error"),
            (400, "invalid_request_error", "invalid_value"),
            true,
        ),
        (
            K::BodyTooLarge,
            (413, "request_too_large"),
            (413, "invalid_request_error", "request_too_large"),
            true,
        ),
        (
            K::MethodNotAllowed,
            (405, "invalid_request_error"),
            (405, "invalid_request_error", "method_not_allowed"),
            true,
        ),
        (K::NotFound, (404, "not_found_error"), (404, "invalid_request_error", "unknown_url"), true),
        (
            K::InsufficientBalance,
            (402, "billing_error"),
            (429, "insufficient_quota", "insufficient_quota"),
            true,
        ),
        (
            K::NoAccount,
            (529, "overloaded_error"),
            (503, "service_unavailable_error", "server_is_overloaded"),
            true,
        ),
        (K::RequestLimit, (429, "rate_limit_error"), (429, "requests", "rate_limit_exceeded"), false),
        (K::TokenLimit, (429, "rate_limit_error"), (429, "tokens", "rate_limit_exceeded"), false),
        (K::ConcurrencyLimit, (429, "rate_limit_error"), (429, "requests", "rate_limit_exceeded"), false),
        (K::AllCooling, (429, "rate_limit_error"), (429, "requests", "rate_limit_exceeded"), false),
        (K::UpstreamUnreachable, (502, "api_error"), (502, "server_error", "server_error"), false),
        (K::UpstreamTimeout, (504, "timeout_error"), (504, "server_error", "server_error"), false),
        (K::UpstreamInvalid, (502, "api_error"), (502, "server_error", "server_error"), false),
        (
            K::UpstreamOverloaded,
            (529, "overloaded_error"),
            (503, "service_unavailable_error", "server_is_overloaded"),
            false,
        ),
        (K::StreamCut, (502, "api_error"), (502, "server_error", "server_error"), false),
        (K::Internal, (500, "api_error"), (500, "server_error", "server_error"), false),
    ] {
        let error = ApiError::new(kind, "what happened");
        assert_eq!(error.status(Dialect::Messages), messages.0, "{kind}");
        assert_eq!(
            body(&error, Dialect::Messages),
            json!({"type":"error","error":{"type":messages.1,"message":"what happened"},"request_id":"req_1"}),
            "{kind}"
        );
        for dialect in [Dialect::Chat, Dialect::Responses] {
            assert_eq!(error.status(dialect), openai.0, "{kind}");
            assert_eq!(
                body(&error, dialect),
                json!({"error":{"message":"what happened","type":openai.1,"param":null,"code":openai.2}}),
                "{kind}"
            );
        }
        for dialect in Dialect::ALL {
            assert_eq!(error.should_retry(dialect), no_retry.then_some(false), "{kind}");
        }
    }
}

#[test]
fn the_envelope_has_the_real_status_as_its_code() {
    for (kind, status) in [
        (ErrorKind::InsufficientBalance, 402),
        (ErrorKind::NoAccount, 503),
        (ErrorKind::InvalidKey, 401),
        (ErrorKind::ModelNotFound, 404),
    ] {
        let error = ApiError::new(kind, "m");
        assert_eq!(error.status(Dialect::Envelope), status);
        assert_eq!(
            body(&error, Dialect::Envelope),
            json!({"success":false,"code":status.to_string(),"message":"m","data":null})
        );
    }
}

#[test]
fn statuses_differ_between_dialects_only_where_the_vendors_do() {
    for kind in ErrorKind::all() {
        let error = ApiError::of(kind);
        let statuses: Vec<u16> = Dialect::ALL.iter().map(|dialect| error.status(*dialect)).collect();
        let expected = match kind {
            ErrorKind::InsufficientBalance | ErrorKind::QuotaUsedUp | ErrorKind::NoSubscription => {
                vec![402, 429, 429, 402]
            }
            ErrorKind::NoAccount | ErrorKind::UpstreamOverloaded => vec![529, 503, 503, 503],
            _ => vec![statuses[0]; 4],
        };
        assert_eq!(statuses, expected, "{kind}");
        assert!(!error.message.is_empty());
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
    }
}

#[test]
fn token_counting_refusal_is_exact() {
    let error = ApiError::of(ErrorKind::TokenCountingUnsupported);
    assert_eq!(error.status(Dialect::Messages), 404);
    assert_eq!(
        String::from_utf8(render_body(&error, Dialect::Messages, "req_1")).unwrap(),
        r#"{"type":"error","error":{"type":"not_found_error","message":"Token counting is not supported for this platform"}}"#
    );
}

#[test]
fn fields_and_details_are_named() {
    let error = ApiError::invalid_field("messages[0].role", "expected a string");
    assert_eq!(body(&error, Dialect::Chat)["error"]["param"], "messages[0].role");
    assert_eq!(body(&error, Dialect::Messages)["error"]["message"], "messages[0].role: expected a string");
    let error = ApiError::about(ErrorKind::ModelNotFound, "ZHIPU/GLM-{4}.6");
    assert_eq!(error.field.as_deref(), Some("model"));
    assert!(error.message.contains("`ZHIPU/GLM-{4}.6`"), "{}", error.message);
    let error = ApiError::invalid_json("expected `,`", 3, 14);
    assert!(error.message.contains("expected `,` at line 3 column 14"), "{}", error.message);
}

#[test]
fn waits_are_capped_and_told_to_codex() {
    let error = ApiError::of(ErrorKind::AllCooling).retry_after(7);
    assert_eq!((error.retry_after_header_s(), error.should_retry(Dialect::Chat)), (Some(7), None));
    assert!(
        body(&error, Dialect::Responses)["error"]["message"]
            .as_str()
            .unwrap()
            .ends_with("Please try again in 7s.")
    );
    assert!(!body(&error, Dialect::Messages)["error"]["message"].as_str().unwrap().contains("try again in"));
    let limit = ApiError::about(ErrorKind::TokenLimit, "9 tokens per minute").retry_after(7);
    assert_eq!(
        body(&limit, Dialect::Chat)["error"]["message"],
        "Rate limit reached: 9 tokens per minute. Please try again in 7s."
    );
    let long = ApiError::of(ErrorKind::AllCooling).retry_after(3_600);
    assert_eq!((long.retry_after_header_s(), long.should_retry(Dialect::Chat)), (Some(60), Some(false)));
    assert_eq!(ApiError::of(ErrorKind::AllCooling).retry_after(0).retry_after_header_s(), Some(1));
}

#[test]
fn events_inside_streams() {
    let error = ApiError::of(ErrorKind::StreamCut);
    let (name, data) = event(&error, Dialect::Messages);
    assert_eq!((name.as_str(), &data), ("event: error", &body(&error, Dialect::Messages)));
    let (name, data) = event(&error, Dialect::Chat);
    assert_eq!((name.as_str(), &data), ("", &body(&error, Dialect::Chat)));
    let (name, data) = event(&error, Dialect::Envelope);
    assert_eq!(name, "");
    assert_eq!(
        (&data["success"], &data["code"], &data["data"]),
        (&json!(false), &json!("502"), &Value::Null)
    );
    assert_eq!(data["error"]["code"], "server_error");
    let (name, data) = event(&error, Dialect::Responses);
    assert_eq!(name, "event: response.failed");
    assert_eq!((&data["type"], &data["sequence_number"]), (&json!("response.failed"), &json!(7)));
    let response = &data["response"];
    assert_eq!(response["error"], json!({"code": "server_error", "message": error.message}));
    assert_eq!(
        json!([
            response["id"],
            response["object"],
            response["status"],
            response["model"],
            response["created_at"]
        ]),
        json!(["resp_req_1", "response", "failed", "gpt-5.5", 1_700_000_000])
    );
    assert_eq!(response["output"], json!([]));
}

#[test]
fn failed_responses_carry_the_code_that_clients_act_on() {
    for (error, code) in [
        (ApiError::of(ErrorKind::UpstreamOverloaded), "server_is_overloaded"),
        (ApiError::of(ErrorKind::AllCooling), "rate_limit_exceeded"),
        (ApiError::of(ErrorKind::InsufficientBalance), "insufficient_quota"),
        (ApiError::of(ErrorKind::UpstreamTimeout), "server_error"),
        (ApiError::of(ErrorKind::ModelNotFound), "invalid_prompt"),
        (refused(400, None, Some("context_length_exceeded"), "m"), "context_length_exceeded"),
        (
            refused(400, Some("invalid_request_error"), None, "prompt is too long: 9 tokens > 8 maximum"),
            "context_length_exceeded",
        ),
        (refused(400, Some("invalid_request_error"), None, "m"), "invalid_prompt"),
        (refused(500, None, None, "m"), "server_error"),
    ] {
        assert_eq!(event(&error, Dialect::Responses).1["response"]["error"]["code"], code);
    }
}

#[test]
fn an_upstream_verdict_is_kept() {
    let verdict = UpstreamVerdict {
        status: 422,
        error_type: Some("invalid_request_error".into()),
        code: Some("unsupported_parameter".into()),
        param: Some("temperature".into()),
    };
    let error = ApiError::refused("no temperature here", verdict);
    assert_eq!((error.status(Dialect::Chat), error.status(Dialect::Messages)), (422, 422));
    assert_eq!(
        body(&error, Dialect::Chat)["error"],
        json!({"message":"no temperature here","type":"invalid_request_error","param":"temperature",
            "code":"unsupported_parameter"})
    );
    assert_eq!(
        body(&error, Dialect::Messages)["error"],
        json!({"type":"invalid_request_error","message":"no temperature here",
            "details":{"error_code":"unsupported_parameter"}})
    );
}

#[test]
fn a_verdict_takes_the_nearest_form_in_another_dialect() {
    let overloaded = refused(529, Some("overloaded_error"), None, "m");
    assert_eq!(overloaded.status(Dialect::Chat), 503);
    assert_eq!(body(&overloaded, Dialect::Chat)["error"]["type"], "service_unavailable_error");
    assert_eq!(overloaded.status(Dialect::Messages), 529);
    let server = refused(500, Some("server_error"), Some("server_error"), "m");
    assert_eq!(body(&server, Dialect::Messages)["error"]["type"], "api_error");
    for (status, named) in [
        (400, "invalid_request_error"),
        (404, "not_found_error"),
        (409, "conflict_error"),
        (413, "request_too_large"),
    ] {
        let openais = refused(status, Some("invalid_request_error"), None, "m");
        assert_eq!(body(&openais, Dialect::Messages)["error"]["type"], named);
        assert_eq!(body(&openais, Dialect::Chat)["error"]["type"], "invalid_request_error");
    }
    let untyped = refused(404, None, None, "m");
    assert_eq!(body(&untyped, Dialect::Messages)["error"]["type"], "not_found_error");
    assert_eq!(body(&untyped, Dialect::Chat)["error"]["type"], "invalid_request_error");
}

#[test]
fn a_prompt_that_does_not_fit_is_said_in_each_vendors_words() {
    let openai = "This model's maximum context length is 128000 tokens. However, your messages resulted in 130500 tokens.";
    let error = refused(400, Some("invalid_request_error"), Some("context_length_exceeded"), openai);
    let shown = &body(&error, Dialect::Messages)["error"]["message"];
    assert_eq!(shown, "prompt is too long: 130500 tokens > 128000 maximum");
    assert_eq!(body(&error, Dialect::Chat)["error"]["message"], openai);
    let anthropic =
        refused(400, Some("invalid_request_error"), None, "prompt is too long: 9 tokens > 8 maximum");
    assert_eq!(body(&anthropic, Dialect::Chat)["error"]["code"], "context_length_exceeded");
    assert_eq!(body(&anthropic, Dialect::Messages)["error"]["message"], anthropic.message);
    let unnumbered = refused(400, None, Some("context_length_exceeded"), "too much");
    assert_eq!(body(&unnumbered, Dialect::Messages)["error"]["message"], "prompt is too long: too much");
}

#[test]
fn the_accounts_own_trouble_is_never_shown() {
    let secret = "your organization org-42";
    for (status, error_type, code) in [
        (401, Some("authentication_error"), None),
        (402, Some("billing_error"), None),
        (403, Some("permission_error"), None),
        (401, None, None),
        (429, Some("insufficient_quota"), Some("insufficient_quota")),
        (400, None, Some("credit_balance_exhausted")),
        (400, Some("billing_error"), None),
        (200, None, None),
        (302, None, None),
    ] {
        let shown = refused(status, error_type, code, secret);
        let body_read = UpstreamErrorBody {
            message: secret.into(),
            error_type: error_type.map(str::to_owned),
            code: code.map(str::to_owned),
            ..UpstreamErrorBody::default()
        };
        for error in [shown, ApiError::from_upstream(status, &body_read)] {
            for dialect in Dialect::ALL {
                let status = error.status(dialect);
                assert!([529, 503, 502].contains(&status), "{status}");
                assert!(!body(&error, dialect).to_string().contains("org-42"));
                assert!(!event(&error, dialect).1.to_string().contains("org-42"));
            }
        }
    }
}
