//! Stored responses: get, delete, cancel, input items, continuation.

use http::Method;
use serde_json::{Value, json};

use crate::client::{Api, ask, get, post, sandbox, send};

#[tokio::test]
async fn a_response_can_be_fetched_until_it_is_deleted() {
    let sandbox = sandbox().await;
    let made = ask(&sandbox, Api::Responses, "keep me", false).await.json();
    let path = format!("/v1/responses/{}", made["id"].as_str().unwrap());
    assert_eq!(get(sandbox.addr(), &path, &[]).await.json(), made);
    let items = get(sandbox.addr(), &format!("{path}/input_items"), &[]).await.json();
    assert_eq!(items["data"][0]["content"][0], json!({"type": "input_text", "text": "keep me"}));
    let cancelled =
        send(sandbox.addr(), Method::POST, &format!("{path}/cancel"), &[], String::new()).await.unwrap();
    assert_eq!(cancelled.status, 400, "only background responses can be cancelled");
    let gone = send(sandbox.addr(), Method::DELETE, &path, &[], String::new()).await.unwrap();
    assert_eq!(gone.json()["deleted"], true);
    assert_eq!(get(sandbox.addr(), &path, &[]).await.status, 404);
}

#[tokio::test]
async fn streamed_responses_are_stored_too_unless_told_not_to() {
    let sandbox = sandbox().await;
    let id =
        |events: &[crate::client::Event]| events[0].json()["response"]["id"].as_str().unwrap().to_owned();
    let streamed = id(&ask(&sandbox, Api::Responses, "keep me", true).await.events());
    assert_eq!(get(sandbox.addr(), &format!("/v1/responses/{streamed}"), &[]).await.status, 200);
    let mut body = Api::Responses.body("forget me", true);
    body["store"] = Value::from(false);
    let forgotten = id(&post(sandbox.addr(), "/v1/responses", &body).await.unwrap().events());
    assert_eq!(get(sandbox.addr(), &format!("/v1/responses/{forgotten}"), &[]).await.status, 404);
}

#[tokio::test]
async fn a_continued_response_counts_what_came_before() {
    let sandbox = sandbox().await;
    let first = ask(&sandbox, Api::Responses, "one", false).await.json();
    let body = json!({"model": "m", "input": "four", "previous_response_id": first["id"]});
    let second = post(sandbox.addr(), "/v1/responses", &body).await.unwrap().json();
    let before = first["usage"]["total_tokens"].as_u64().unwrap();
    assert_eq!(second["usage"]["input_tokens"], before + 1);
    assert_eq!(second["previous_response_id"], first["id"]);
    let body = json!({"model": "m", "input": "x", "previous_response_id": "resp_nope"});
    let refused = post(sandbox.addr(), "/v1/responses", &body).await.unwrap();
    assert_eq!(refused.json()["error"]["code"], "previous_response_not_found");
}

#[tokio::test]
async fn background_responses_are_queued_and_can_be_cancelled() {
    let sandbox = sandbox().await;
    let mut body = Api::Responses.body("later", false);
    body["background"] = Value::from(true);
    let queued = post(sandbox.addr(), "/v1/responses", &body).await.unwrap().json();
    assert_eq!((&queued["status"], &queued["output"]), (&json!("queued"), &json!([])));
    let path = format!("/v1/responses/{}", queued["id"].as_str().unwrap());
    assert_eq!(get(sandbox.addr(), &path, &[]).await.json()["status"], "completed");
    let cancelled =
        send(sandbox.addr(), Method::POST, &format!("{path}/cancel"), &[], String::new()).await.unwrap();
    assert_eq!(cancelled.json()["status"], "cancelled");
}

#[tokio::test]
async fn compaction_gives_one_item_back() {
    let sandbox = sandbox().await;
    let body = json!({"model": "m", "input": "a long story"});
    let compacted = post(sandbox.addr(), "/v1/responses/compact", &body).await.unwrap().json();
    assert_eq!(
        (&compacted["object"], &compacted["output"][0]["type"]),
        (&json!("response.compaction"), &json!("compaction"))
    );
    assert_eq!(compacted["usage"]["input_tokens"], 3);
}
