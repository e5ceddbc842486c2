//! Counts, recording, keys and models.

use http::Method;
use serde_json::{Value, json};
use tollgate_testkit::{Counts, Outcome, Sandbox, SandboxConfig};

use crate::client::{APIS, Api, ask, get, post, sandbox, send};

#[tokio::test]
async fn the_counts_add_up() {
    let sandbox = sandbox().await;
    for api in APIS {
        for prompt in [
            "[[sandbox input=10 output=5]]",
            "[[sandbox status=500]]",
            "[[sandbox cut_after=2 input=10 output=5]]",
        ] {
            ask(&sandbox, api, prompt, true).await;
        }
    }
    let headers = [("authorization", "Bearer key-1"), ("idempotency-key", "once")];
    let body = Api::Chat.body("[[sandbox input=100]]", false).to_string();
    let reply = send(sandbox.addr(), Method::POST, "/v1/chat/completions", &headers, body).await.unwrap();

    let counts = sandbox.counts();
    assert_eq!(
        (counts.total.received, counts.total.answered, counts.total.refused, counts.total.cut),
        (10, 4, 3, 3)
    );
    assert_eq!((counts.total.usage.input_tokens, counts.total.unfinished.input_tokens), (130, 30));
    assert_eq!(counts.protocols["chat"].answered, 2);
    assert_eq!(counts.endpoints["/v1/messages"].cut, 1);
    assert_eq!(counts.credentials["key-1"].usage.input_tokens, 100);
    assert_eq!(counts.models["m"], counts.total);
    let last = counts.served.last().unwrap();
    assert_eq!((last.request_id.as_str(), last.outcome), (reply.header("x-request-id"), Outcome::Answered));
    assert_eq!((last.idempotency_key.as_deref(), last.usage.input_tokens), (Some("once"), 100));

    let json: Counts =
        serde_json::from_value(get(sandbox.addr(), "/sandbox/counts", &[]).await.json()).unwrap();
    assert_eq!(json, counts);
    send(sandbox.addr(), Method::POST, "/sandbox/reset", &[], String::new()).await.unwrap();
    assert_eq!(sandbox.counts(), Counts::default());
}

#[tokio::test]
async fn a_caller_that_leaves_is_counted() {
    let sandbox = sandbox().await;
    let request = ask(&sandbox, Api::Messages, "[[sandbox hang_after=2]]", true);
    assert!(tokio::time::timeout(std::time::Duration::from_millis(100), request).await.is_err());
    for _ in 0..100 {
        if sandbox.counts().total.abandoned == 1 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("not counted: {:?}", sandbox.counts().total);
}

#[tokio::test]
async fn requests_are_kept_byte_for_byte_when_asked() {
    let sandbox = sandbox().await;
    ask(&sandbox, Api::Chat, "before", false).await;
    assert!(sandbox.last_requests().is_empty());
    send(sandbox.addr(), Method::POST, "/sandbox/record", &[], String::new()).await.unwrap();
    let body =
        "{ \"model\" : \"m\",\n\t\"messages\":[{\"role\":\"user\",\"content\":\"\\u00e9\"}], \"x\": 1e2 }";
    send(sandbox.addr(), Method::POST, "/v1/chat/completions?a=b", &[("x-test", "1")], body.to_owned())
        .await
        .unwrap();
    let kept = sandbox.last_requests();
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].method.as_str(), kept[0].path.as_str()), ("POST", "/v1/chat/completions?a=b"));
    assert_eq!(
        (kept[0].body.as_ref(), &kept[0].headers["x-test"]),
        (body.as_bytes(), &http::HeaderValue::from_static("1"))
    );
    let listed = get(sandbox.addr(), "/sandbox/requests", &[]).await.json();
    assert_eq!((&listed["requests"][0]["body"], &listed["recording"]), (&json!(body), &json!(true)));
}

#[tokio::test]
async fn a_wrong_key_is_refused_in_the_dialect() {
    let config = SandboxConfig { api_key: Some("right".to_owned()), ..SandboxConfig::default() };
    let sandbox = Sandbox::start(config).await.unwrap();
    for api in APIS {
        let body = api.body("hi", false).to_string();
        for (headers, status) in [
            (vec![], 401),
            (vec![("x-api-key", "wrong")], 401),
            (vec![("x-api-key", "right")], 200),
            (vec![("authorization", "Bearer right")], 200),
        ] {
            let reply = send(sandbox.addr(), Method::POST, api.path(), &headers, body.clone()).await.unwrap();
            assert_eq!(reply.status, status, "{api:?} {headers:?}");
        }
    }
    let refused = ask(&sandbox, Api::Messages, "hi", false).await.json();
    assert_eq!(refused["error"]["type"], "authentication_error");
}

#[tokio::test]
async fn wrong_requests_are_refused() {
    let sandbox = sandbox().await;
    let reply =
        send(sandbox.addr(), Method::POST, "/v1/chat/completions", &[], "{".to_owned()).await.unwrap();
    assert_eq!(reply.status, 400);
    let mut body = Api::Chat.body("hi", false);
    body["style"] = json!("claude");
    let reply = post(sandbox.addr(), "/v1/chat/completions", &body).await.unwrap();
    assert!(reply.json()["error"]["message"].as_str().unwrap().contains("Extra inputs are not permitted"));
    let body = Api::Messages.body("hi", false).to_string();
    let headers = [("anthropic-version", "")];
    let reply = send(sandbox.addr(), Method::POST, "/v1/messages", &headers, body).await.unwrap();
    assert!(reply.json()["error"]["message"].as_str().unwrap().contains("anthropic-version"));
    assert_eq!(get(sandbox.addr(), "/v1/messages", &[]).await.status, 405);
    assert_eq!(get(sandbox.addr(), "/v2/messages", &[]).await.status, 404);
    let small =
        Sandbox::start(SandboxConfig { max_body_bytes: 100, ..SandboxConfig::default() }).await.unwrap();
    let reply = ask(&small, Api::Messages, &"x".repeat(200), false).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["error"]["type"]), (413, &json!("request_too_large")));
}

#[tokio::test]
async fn models_come_in_both_shapes() {
    let sandbox = sandbox().await;
    let openai = get(sandbox.addr(), "/v1/models", &[]).await.json();
    assert_eq!((&openai["object"], &openai["data"][0]["object"]), (&json!("list"), &json!("model")));
    let version = [("anthropic-version", "2023-06-01")];
    let claude = get(sandbox.addr(), "/v1/models?limit=2", &version).await.json();
    assert_eq!((&claude["has_more"], &claude["data"][0]["type"]), (&json!(true), &json!("model")));
    let one = get(sandbox.addr(), "/v1/models/ZHIPU%2FGLM-4.6", &[]).await.json();
    assert_eq!(one["id"], "ZHIPU/GLM-4.6");
    let missing = get(sandbox.addr(), "/v1/models/nope", &version).await;
    assert_eq!((missing.status.as_u16(), &missing.json()["error"]["type"]), (404, &json!("not_found_error")));
    let names: Vec<Value> =
        openai["data"].as_array().unwrap().iter().map(|model| model["id"].clone()).collect();
    assert_eq!(names.len(), SandboxConfig::default().models.len());
}
