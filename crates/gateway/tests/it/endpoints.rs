//! Every endpoint under every name.

use http::Method;

use crate::support::{Call, Kind, World};

#[tokio::test]
async fn aliases_are_the_same_endpoint() {
    let world = World::new().await;
    for (kind, alias) in [
        (Kind::Messages, "/api/anthropic/v1/messages"),
        (Kind::Messages, "/v1/messages/"),
        (Kind::Chat, "/chat/completions"),
        (Kind::Responses, "/responses"),
        (Kind::Responses, "/backend-api/codex/responses"),
    ] {
        for stream in [false, true] {
            let main = kind.call(&world, "words=3", stream);
            let aliased = Call { path: alias.to_owned(), ..main.clone() };
            let expected = main.send(world.addr).await.ok();
            assert_eq!(aliased.send(world.addr).await.ok().body, expected.body, "{alias}");
        }
    }
    for record in world.finished().await {
        assert!(
            ["/v1/messages", "/v1/chat/completions", "/v1/responses"].contains(&record.endpoint.as_str())
        );
    }
}

#[tokio::test]
async fn compaction_is_forwarded_and_charged() {
    let world = World::new().await;
    for path in ["/v1/responses/compact", "/responses/compact", "/backend-api/codex/responses/compact"] {
        let body = Kind::Responses.body(Kind::Responses.model(), "[[sandbox input=50 output=5]]", false);
        let call = Call::json(path, &body).bearer(world.key(Kind::Responses));
        let through = call.send(world.addr).await.ok();
        let direct = Call::json("/v1/responses/compact", &body).send(world.sandbox.addr()).await.ok();
        assert_eq!(through.body, direct.body);
    }
    let records = world.finished().await;
    assert_eq!(records.len(), 3);
    for record in records {
        assert_eq!(record.endpoint, "/v1/responses/compact");
        assert_eq!((record.usage.input_tokens, record.usage.output_tokens), (50, 5), "{record:?}");
        assert!(record.cost.nanos() > 0);
    }
}

#[tokio::test]
async fn health_needs_no_key() {
    let world = World::new().await;
    for path in ["/healthz", "/readyz", "/", "/api/hello"] {
        for method in [Method::GET, Method::HEAD] {
            let reply = Call::new(method.clone(), path).send(world.addr).await;
            assert_eq!(reply.status, 200, "{method} {path}");
            assert_eq!(reply.body.is_empty(), method == Method::HEAD);
        }
    }
}

#[tokio::test]
async fn http2_with_prior_knowledge_works() {
    use http_body_util::{BodyExt, Full};
    let world = World::new().await;
    let stream = tokio::net::TcpStream::connect(world.addr).await.unwrap();
    let io = hyper_util::rt::TokioIo::new(stream);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
    let connection = tokio::spawn(connection);
    for kind in Kind::ALL {
        for stream in [false, true] {
            let call = kind.call(&world, "words=4 split=1", stream);
            let mut request = http::Request::post(format!("http://{}{}", world.addr, call.path));
            *request.headers_mut().unwrap() = call.headers.clone();
            let request = request.body(Full::new(call.body.clone())).unwrap();
            let response = sender.send_request(request).await.unwrap();
            assert_eq!(response.status(), 200);
            let body = response.into_body().collect().await.unwrap().to_bytes();
            assert!(!body.is_empty());
        }
    }
    connection.abort();
    assert_eq!(world.finished().await.len(), 12);
}
