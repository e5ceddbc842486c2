//! Stored responses: calls on them go to the account that made them, for the key that asked.

use http::Method;
use serde_json::{Value, json};
use tollgate_protocol::Dialect;

use crate::support::error_table::{check, request_id};
use crate::support::{Call, Kind, Reply, Setup, World};

const FOUR: fn() -> Setup = || Setup { accounts: 4, equal_accounts: true, ..Setup::default() };

async fn create(world: &World, extra: Value) -> Reply {
    let mut body = json!({"model": "gpt-5.5", "input": "Remember this."});
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    Call::json("/v1/responses", &body).bearer(world.key(Kind::Responses)).send(world.addr).await
}

fn id_of(reply: &Reply) -> String {
    reply.json()["id"].as_str().unwrap().to_owned()
}

/// The credential and path of the last request at the sandbox.
fn last(world: &World) -> (String, String) {
    let last = world.sandbox.last_requests().pop().unwrap();
    (last.headers["authorization"].to_str().unwrap().to_owned(), last.path)
}

/// The credentials and paths of all requests at the sandbox about one response.
fn asked(world: &World, id: &str) -> Vec<(String, String)> {
    let requests = world.sandbox.last_requests().into_iter().filter(|request| request.path.contains(id));
    requests
        .map(|request| (request.headers["authorization"].to_str().unwrap().to_owned(), request.path))
        .collect()
}

async fn on(world: &World, method: Method, path: String) -> Reply {
    Call::new(method, path).bearer(world.key(Kind::Responses)).send(world.addr).await
}

#[tokio::test]
async fn calls_go_to_the_account_that_made_it() {
    let world = World::start(FOUR()).await;
    let mut makers = std::collections::HashSet::new();
    for number in 0..12 {
        let made =
            create(&world, json!({"input": format!("number {number}"), "background": true})).await.ok();
        let id = id_of(&made);
        let maker = last(&world).0;
        for (method, sub) in [
            (Method::GET, ""),
            (Method::GET, "/input_items"),
            (Method::POST, "/cancel"),
            (Method::DELETE, ""),
        ] {
            for prefix in ["/v1/responses", "/responses"] {
                if method == Method::DELETE && prefix == "/responses" {
                    continue;
                }
                let reply = on(&world, method.clone(), format!("{prefix}/{id}{sub}")).await.ok();
                request_id(&reply);
                // The gate itself looks at background responses too, so this call need not be the last one.
                let about_it = asked(&world, &id);
                assert!(about_it.iter().all(|(credential, _)| *credential == maker), "{about_it:?}");
                assert!(about_it.iter().any(|(_, path)| *path == format!("/v1/responses/{id}{sub}")));
            }
        }
        makers.insert(maker);
    }
    assert!(makers.len() > 1, "the responses were made by different accounts");
}

#[tokio::test]
async fn a_background_response_is_charged_when_it_is_done() {
    let world = World::new().await;
    let made = create(&world, json!({"background": true})).await.ok();
    assert_eq!(made.json()["status"], "queued");
    let id = id_of(&made);
    // Deleting it at once does not make it free.
    on(&world, Method::DELETE, format!("/v1/responses/{id}")).await.ok();
    let served = world.served(1).await;
    let record = world.only_record().await;
    assert!(record.usage.output_tokens > 0 && record.cost.is_positive(), "{record:?}");
    assert_eq!((record.usage, record.estimated), (served[0].usage, false));
}

#[tokio::test]
async fn what_the_account_says_comes_back_as_it_is() {
    let world = World::new().await;
    let id = id_of(&create(&world, json!({})).await.ok());
    let path = format!("/v1/responses/{id}");
    for (method, path) in [
        (Method::GET, path.clone()),
        (Method::GET, format!("{path}/input_items?limit=5&order=asc")),
        (Method::GET, format!("{path}/input_items?after=none")),
    ] {
        let through = on(&world, method.clone(), path.clone()).await.ok();
        assert_eq!(last(&world).1, path, "the query goes along");
        let direct = Call::new(method, path.clone()).send(world.sandbox.addr()).await.ok();
        assert_eq!(through.body, direct.body, "{path}");
    }
    let refused = on(&world, Method::POST, format!("{path}/cancel")).await;
    assert_eq!(refused.status, 400, "only background responses can be cancelled");
    assert_eq!(refused.json()["error"]["message"], "Cannot cancel a synchronous response.");
}

#[tokio::test]
async fn a_deleted_response_is_gone() {
    let world = World::new().await;
    let id = id_of(&create(&world, json!({})).await.ok());
    let deleted = on(&world, Method::DELETE, format!("/v1/responses/{id}")).await.ok();
    assert_eq!(deleted.json()["deleted"], true);
    let asked = world.sandbox.counts().total.received;
    let reply = on(&world, Method::GET, format!("/v1/responses/{id}")).await;
    check(&reply, Dialect::Responses, "response_not_found", &id);
    assert_eq!(world.sandbox.counts().total.received, asked, "the gate knows by itself");
}

#[tokio::test]
async fn unknown_and_foreign_responses_do_not_exist() {
    let world = World::new().await;
    let id = id_of(&create(&world, json!({})).await.ok());
    let (_, other) = world.extra_key(Kind::Responses, |_| {}).await;
    let before = world.sandbox.counts().total.received;
    for (method, sub) in
        [(Method::GET, ""), (Method::DELETE, ""), (Method::POST, "/cancel"), (Method::GET, "/input_items")]
    {
        let call = Call::new(method.clone(), format!("/v1/responses/{id}{sub}"));
        check(
            &call.clone().bearer(&other).send(world.addr).await,
            Dialect::Responses,
            "response_not_found",
            &id,
        );
        check(&call.send(world.addr).await, Dialect::Responses, "missing_key", "");
        let reply = on(&world, method, format!("/v1/responses/resp_nobody{sub}")).await;
        check(&reply, Dialect::Responses, "response_not_found", "resp_nobody");
    }
    let body = json!({"model": "gpt-5.5", "input": "x", "previous_response_id": id});
    let reply = Call::json("/v1/responses", &body).bearer(&other).send(world.addr).await;
    check(&reply, Dialect::Responses, "response_not_found", &id);
    assert_eq!(world.sandbox.counts().total.received, before, "nobody is asked about them");
}

#[tokio::test]
async fn a_streamed_response_can_be_fetched() {
    let world = World::new().await;
    let reply = create(&world, json!({"stream": true})).await.ok();
    let first = crate::support::sse::events(&reply.body)[0].json();
    let id = first["response"]["id"].as_str().unwrap();
    let fetched = on(&world, Method::GET, format!("/v1/responses/{id}")).await.ok();
    assert_eq!(fetched.json()["id"], id);
}

#[tokio::test]
async fn a_response_that_is_not_stored_is_not_known() {
    let world = World::new().await;
    let id = id_of(&create(&world, json!({"store": false})).await.ok());
    let reply = on(&world, Method::GET, format!("/v1/responses/{id}")).await;
    check(&reply, Dialect::Responses, "response_not_found", &id);
}

#[tokio::test]
async fn the_next_turn_goes_to_the_same_account() {
    let world = World::start(FOUR()).await;
    for number in 0..8 {
        let mut id = id_of(&create(&world, json!({"input": format!("start {number}")})).await.ok());
        let maker = last(&world).0;
        for turn in 0..3 {
            let extra = json!({"input": format!("{number} {turn}"), "previous_response_id": id});
            id = id_of(&create(&world, extra).await.ok());
            assert_eq!(last(&world).0, maker);
        }
    }
}

/// No other account knows the response, so there is nowhere else to go.
#[tokio::test]
async fn a_pinned_turn_is_not_tried_elsewhere() {
    let world = World::start(Setup { accounts: 2, ..Setup::default() }).await;
    let id = id_of(&create(&world, json!({})).await.ok());
    let extra = json!({"input": "[[sandbox status=529]]", "previous_response_id": id});
    check(&create(&world, extra).await, Dialect::Responses, "upstream_overloaded", "");
    assert_eq!(world.sandbox.counts().total.received, 2);
    let extra = json!({"input": "[[sandbox status=429 retry_after=9]]", "previous_response_id": id});
    check(&create(&world, extra).await, Dialect::Responses, "all_cooling", "");
    let reply = create(&world, json!({"previous_response_id": id})).await;
    check(&reply, Dialect::Responses, "all_cooling", "");
    create(&world, json!({})).await.ok();
}

/// An id that the gate does not know may still be the account's own, made before or elsewhere.
#[tokio::test]
async fn an_unknown_previous_response_is_the_upstreams_to_judge() {
    let world = World::new().await;
    let reply = create(&world, json!({"previous_response_id": "resp_never"})).await;
    assert_eq!(reply.status, 400);
    assert_eq!(reply.json()["error"]["code"], "previous_response_not_found");
}

#[tokio::test]
async fn the_owner_is_known_after_a_restart() {
    let world = World::new().await;
    let id = id_of(&create(&world, json!({})).await.ok());
    world.gateway.finish().await;
    let owner = world.store.find_response(&id).await.unwrap().expect("the owner is stored");
    assert_eq!(owner.group_id, world.openai.id);
    let records = world.finished().await;
    assert_eq!((records[0].key_id, records[0].account_id), (owner.key_id, Some(owner.account_id)));
}

#[tokio::test]
async fn an_accounts_trouble_with_a_stored_response_is_not_shown() {
    let world = World::new().await;
    let id = id_of(&create(&world, json!({})).await.ok());
    for fault in ["status=401", "status=403", "status=429 code=insufficient_quota"] {
        let call = Call::get(format!("/v1/responses/{id}")).bearer(world.key(Kind::Responses));
        let reply = call.header("x-sandbox", &fault.replace(' ', "; ")).send(world.addr).await;
        check(&reply, Dialect::Responses, "upstream_overloaded", "");
    }
}
