//! Every misbehaviour, as a client sees it.

use std::time::{Duration, Instant};

use http::Method;
use serde_json::json;

use crate::client::{APIS, Api, ask, is_terminated, post, sandbox, send};

#[tokio::test]
async fn refusals_come_in_the_dialect() {
    let sandbox = sandbox().await;
    for (status, kind, openai_kind, code) in [
        (400, "invalid_request_error", "invalid_request_error", json!(null)),
        (401, "authentication_error", "invalid_request_error", json!("invalid_api_key")),
        (404, "not_found_error", "invalid_request_error", json!("model_not_found")),
        (429, "rate_limit_error", "requests", json!("rate_limit_exceeded")),
        (500, "api_error", "server_error", json!("server_error")),
        (529, "overloaded_error", "service_unavailable_error", json!("server_is_overloaded")),
    ] {
        let prompt = format!("[[sandbox status={status} retry_after=7 message=\"said so\"]]");
        for api in APIS {
            let reply = ask(&sandbox, api, &prompt, true).await;
            assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (status, "7"));
            let error = reply.json()["error"].clone();
            assert_eq!(error["message"], "said so");
            assert_eq!(error["type"], if api == Api::Messages { kind } else { openai_kind });
            if api != Api::Messages {
                assert_eq!(error["code"], code);
            }
        }
    }
}

#[tokio::test]
async fn headers_and_types_are_as_asked() {
    let sandbox = sandbox().await;
    let prompt = r#"[[sandbox status=429 error_type=insufficient_quota code=insufficient_quota header="x-should-retry: false"]]"#;
    let reply = ask(&sandbox, Api::Chat, prompt, false).await;
    assert_eq!((reply.header("x-should-retry"), reply.header("retry-after")), ("false", ""));
    assert_eq!(reply.json()["error"]["code"], "insufficient_quota");
    let moved = ask(&sandbox, Api::Chat, r#"[[sandbox status=302 header="location: /x"]]"#, false).await;
    assert_eq!((moved.status.as_u16(), moved.header("location")), (302, "/x"));
}

#[tokio::test]
async fn the_header_says_the_same_as_the_prompt() {
    let sandbox = sandbox().await;
    let body = Api::Chat.body("plain", false).to_string();
    let headers = [("x-sandbox", "status=503; retry_after=1")];
    let reply = send(sandbox.addr(), Method::POST, "/v1/chat/completions", &headers, body).await.unwrap();
    assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (503, "1"));
    let reply = send(sandbox.addr(), Method::GET, "/v1/models", &headers, String::new()).await.unwrap();
    assert_eq!(reply.status, 503);
}

#[tokio::test]
async fn unknown_directives_are_refused_by_name() {
    let sandbox = sandbox().await;
    for api in APIS {
        let reply = ask(&sandbox, api, "[[sandbox sttaus=500]]", false).await;
        assert_eq!(reply.status, 400);
        assert!(reply.json()["error"]["message"].as_str().unwrap().contains("`sttaus`"));
    }
}

#[tokio::test]
async fn only_the_last_user_text_is_looked_at() {
    let sandbox = sandbox().await;
    let bad = "[[sandbox status=500]]";
    let messages = json!([
        {"role": "user", "content": bad},
        {"role": "assistant", "content": bad},
        {"role": "user", "content": "fine"}
    ]);
    let body = json!({"model": "m", "max_tokens": 9, "system": bad, "messages": messages});
    assert_eq!(post(sandbox.addr(), "/v1/messages", &body).await.unwrap().status, 200);
    let body = json!({"model": "m", "messages": messages});
    assert_eq!(post(sandbox.addr(), "/v1/chat/completions", &body).await.unwrap().status, 200);
    let body = json!({"model": "m", "instructions": bad, "input": messages});
    assert_eq!(post(sandbox.addr(), "/v1/responses", &body).await.unwrap().status, 200);
}

#[tokio::test]
async fn faults_stop_after_so_many_times() {
    let sandbox = sandbox().await;
    for api in APIS {
        let mut seen = Vec::new();
        for _ in 0..4 {
            seen.push(
                ask(&sandbox, api, "[[sandbox status=529 times=2 id=abc]]", false).await.status.as_u16(),
            );
        }
        assert_eq!(seen, [529, 529, 200, 200], "{api:?}");
    }
    sandbox.reset();
    assert_eq!(ask(&sandbox, Api::Chat, "[[sandbox status=529 times=1 id=abc]]", false).await.status, 529);
}

#[tokio::test]
async fn faults_can_be_for_one_account() {
    let sandbox = sandbox().await;
    let body = Api::Messages.body("[[sandbox status=401 account=bad]]", false).to_string();
    for (headers, status) in [
        ([("x-api-key", "bad")], 401),
        ([("authorization", "Bearer bad")], 401),
        ([("x-api-key", "good")], 200),
    ] {
        let reply = send(sandbox.addr(), Method::POST, "/v1/messages", &headers, body.clone()).await.unwrap();
        assert_eq!(reply.status, status, "{headers:?}");
    }
}

#[tokio::test]
async fn a_cut_resets_after_what_was_sent() {
    let sandbox = sandbox().await;
    for api in APIS {
        let reply = ask(&sandbox, api, "[[sandbox cut_after=4]]", true).await;
        assert_eq!(reply.events().len(), 4, "{api:?}");
        let error = reply.error.expect("a broken body");
        assert!(format!("{error:?}").contains("ConnectionReset"), "{error:?}");
    }
    let plain = ask(&sandbox, Api::Chat, "[[sandbox cut_after=10]]", false).await;
    assert_eq!(plain.text().len(), 10);
    assert!(plain.error.is_some() && plain.header("content-length").parse::<usize>().unwrap() > 10);
}

#[tokio::test]
async fn an_early_end_looks_like_an_end() {
    let sandbox = sandbox().await;
    for api in APIS {
        let reply = ask(&sandbox, api, "[[sandbox eof_after=5]]", true).await;
        assert!(reply.error.is_none());
        assert_eq!(reply.events().len(), 5);
        assert!(!is_terminated(api, &reply.events()));
    }
}

#[tokio::test]
async fn errors_come_first_or_in_the_middle_of_a_stream() {
    let sandbox = sandbox().await;
    let name = |prompt: &'static str, api| {
        let sandbox = &sandbox;
        async move {
            let reply = ask(sandbox, api, prompt, true).await;
            assert_eq!(reply.status, 200);
            let events = reply.events();
            let last = events.last().unwrap();
            (events.len(), last.name.clone(), last.json())
        }
    };
    let (count, event, data) = name("[[sandbox error_first]]", Api::Messages).await;
    assert_eq!((count, event.as_str(), &data["error"]["type"]), (1, "error", &json!("overloaded_error")));
    let (count, event, data) = name("[[sandbox error_after=3 status=500]]", Api::Chat).await;
    assert_eq!((count, event.as_str(), &data["error"]["type"]), (4, "", &json!("server_error")));
    let (count, event, data) = name("[[sandbox error_first]]", Api::Responses).await;
    assert_eq!((count, event.as_str(), &data["code"]), (1, "error", &json!("server_is_overloaded")));
    let (_, event, data) = name("[[sandbox error_after=3 code=rate_limit_exceeded]]", Api::Responses).await;
    assert_eq!((event.as_str(), &data["sequence_number"]), ("response.failed", &json!(3)));
    assert_eq!(data["response"]["error"]["code"], "rate_limit_exceeded");
    let (_, event, _) = name("[[sandbox error_after=3 error_event=error]]", Api::Responses).await;
    assert_eq!(event, "error");
    let plain = ask(&sandbox, Api::Chat, "[[sandbox error_first]]", false).await;
    assert_eq!(plain.status, 529);
}

#[tokio::test]
async fn bodies_can_be_no_answer_at_all() {
    let sandbox = sandbox().await;
    for api in APIS {
        let html = ask(&sandbox, api, "[[sandbox html]]", true).await;
        assert_eq!((html.status.as_u16(), html.header("content-type")), (200, "text/html; charset=utf-8"));
        assert!(html.text().starts_with("<!DOCTYPE html>"));
        let bad = ask(&sandbox, api, "[[sandbox bad_json]]", false).await;
        assert!(serde_json::from_str::<serde_json::Value>(&bad.text()).is_err());
        let stream = ask(&sandbox, api, "[[sandbox bad_json]]", true).await;
        let broken =
            stream.events().iter().filter(|event| event.data != "[DONE]" && event.json().is_null()).count();
        assert_eq!(broken, 1);
    }
}

#[tokio::test]
async fn a_reset_gives_no_answer() {
    let sandbox = sandbox().await;
    for api in APIS {
        let error =
            post(sandbox.addr(), api.path(), &api.body("[[sandbox reset]]", false)).await.unwrap_err();
        assert!(format!("{error:?}").contains("ConnectionReset"), "{error:?}");
    }
    assert_eq!(sandbox.counts().total.cut, 3);
}

#[tokio::test]
async fn hanging_and_slow_answers_take_their_time() {
    let sandbox = sandbox().await;
    let patience = Duration::from_millis(100);
    let hang = ask(&sandbox, Api::Chat, "[[sandbox hang]]", false);
    assert!(tokio::time::timeout(patience, hang).await.is_err());
    let silence = ask(&sandbox, Api::Chat, "[[sandbox hang_after=2]]", true);
    assert!(tokio::time::timeout(patience, silence).await.is_err());
    for (prompt, least_ms) in
        [("[[sandbox slow_first_ms=60]]", 60), ("[[sandbox words=2 slow_event_ms=20]]", 80)]
    {
        let start = Instant::now();
        ask(&sandbox, Api::Chat, prompt, true).await;
        assert!(start.elapsed() >= Duration::from_millis(least_ms), "{prompt}");
    }
}
