//! The gate's own refusals, in every dialect, held against the table of `docs/errors.md`.

use std::time::Duration;

use http::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tollgate_base::{Money, Timestamp};
use tollgate_gateway::GatewayConfig;
use tollgate_protocol::{Dialect, Protocol};
use tollgate_routing::{KeyStatus, Status};
use tollgate_store::{GroupPatch, KeyPatch, UserPatch};

use crate::support::error_table::{check, read, request_id, row};
use crate::support::{Call, Kind, Setup, World, eventually};

#[tokio::test]
async fn no_key_and_wrong_key() {
    let world = World::new().await;
    for kind in Kind::ALL {
        let reply = kind.call_with("", kind.model(), "", false).send(world.addr).await;
        check(&reply, kind.early_dialect(), "missing_key", "");
        for wrong in ["tg-nope", "sk-ant-api03-x", "\"", "a b c"] {
            let reply = kind.call_with(wrong, kind.model(), "", false).send(world.addr).await;
            check(&reply, kind.early_dialect(), "invalid_key", "");
        }
    }
    assert_eq!(world.finished().await, [], "a stranger leaves no record");
}

#[tokio::test]
async fn keys_that_no_longer_work() {
    let world = World::new().await;
    for kind in Kind::ALL {
        let dialect = kind.early_dialect();
        let (revoked, secret) = world.extra_key(kind, |_| {}).await;
        world.store.revoke_key(revoked.id).await.unwrap();
        let reply = kind.call_with(&secret, kind.model(), "", false).send(world.addr).await;
        check(&reply, dialect, "revoked_key", "");

        let (disabled, secret) = world.extra_key(kind, |_| {}).await;
        let off = KeyPatch { status: Some(KeyStatus::Disabled), ..KeyPatch::default() };
        world.store.update_key(disabled.id, off).await.unwrap();
        let reply = kind.call_with(&secret, kind.model(), "", false).send(world.addr).await;
        check(&reply, dialect, "revoked_key", "");

        let past = Timestamp::from_micros(1_000_000);
        let (_, secret) = world.extra_key(kind, |new| new.expires_at = Some(past)).await;
        let reply = kind.call_with(&secret, kind.model(), "", false).send(world.addr).await;
        check(&reply, dialect, "expired_key", "");
    }
}

#[tokio::test]
async fn addresses_off_the_list_are_named() {
    let world = World::new().await;
    for kind in Kind::ALL {
        let elsewhere = vec!["203.0.113.0/24".parse().unwrap()];
        let (_, secret) = world.extra_key(kind, |new| new.allowed_addresses = elsewhere).await;
        let reply = kind.call_with(&secret, kind.model(), "", false).send(world.addr).await;
        check(&reply, kind.early_dialect(), "address_not_allowed", "127.0.0.1");

        let here = vec!["127.0.0.0/8".parse().unwrap()];
        let (_, secret) = world.extra_key(kind, |new| new.allowed_addresses = here).await;
        kind.call_with(&secret, kind.model(), "", false).send(world.addr).await.ok();
    }
}

#[tokio::test]
async fn a_proxy_is_believed_only_when_trusted() {
    let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let trusting =
        Setup { gateway: GatewayConfig { trusted_proxies, ..Setup::default().gateway }, ..Setup::default() };
    for (setup, expected) in [(Setup::default(), 403), (trusting, 200)] {
        let world = World::start(setup).await;
        let behind = vec!["203.0.113.7/32".parse().unwrap()];
        let (_, secret) = world.extra_key(Kind::Chat, |new| new.allowed_addresses = behind).await;
        let call = Kind::Chat.call_with(&secret, Kind::Chat.model(), "", false);
        let reply = call.header("x-forwarded-for", "198.51.100.1, 203.0.113.7").send(world.addr).await;
        assert_eq!(reply.status, expected, "{}", reply.text());
    }
}

#[tokio::test]
async fn disabled_user() {
    let world = World::new().await;
    let off = UserPatch { status: Some(Status::Disabled), ..UserPatch::default() };
    world.store.update_user(world.user.id, off).await.unwrap();
    for kind in Kind::ALL {
        let reply = kind.call(&world, "", false).send(world.addr).await;
        check(&reply, kind.early_dialect(), "user_disabled", "");
    }
}

#[tokio::test]
async fn disabled_group() {
    let world = World::new().await;
    for group in [&world.anthropic, &world.openai] {
        let off = GroupPatch { status: Some(Status::Disabled), ..GroupPatch::default() };
        world.store.update_group(group.id, off).await.unwrap();
    }
    for kind in Kind::ALL {
        let reply = eventually("the group is disabled", || async {
            let reply = kind.call(&world, "", false).send(world.addr).await;
            (reply.status != 200).then_some(reply)
        })
        .await;
        check(&reply, kind.early_dialect(), "group_disabled", "");
    }
}

#[tokio::test]
async fn models_are_named_as_the_caller_wrote_them() {
    let world = World::new().await;
    for kind in Kind::ALL {
        let only = vec!["claude-haiku-*".parse().unwrap(), "gpt-6-*".parse().unwrap()];
        let (_, secret) = world.extra_key(kind, |new| new.allowed_models = only).await;
        let reply = kind.call_with(&secret, kind.model(), "", false).send(world.addr).await;
        check(&reply, kind.dialect(), "model_not_allowed", kind.model());

        for unknown in ["No/Such-Modèl", "gemini-3 \"x\"", "GPT-5.5"] {
            let reply = kind.call_with(world.key(kind), unknown, "", false).send(world.addr).await;
            check(&reply, kind.dialect(), "model_not_found", unknown);
        }
        let reply = kind.call_with(world.key(kind), "unpriced-1", "", false).send(world.addr).await;
        check(&reply, kind.dialect(), "model_unpriced", "unpriced-1");
    }
    let reply = Kind::Chat.call_with(world.key(Kind::Chat), "gpt-0", "x=\"", false);
    let reply = reply.send(world.addr).await;
    assert_eq!(reply.status, 404, "the model is looked up before the sandbox is asked");
    assert_eq!(reply.json()["error"]["param"], "model");
    assert_eq!(world.sandbox.counts().total.received, 0);
}

#[tokio::test]
async fn bad_json_says_where() {
    let world = World::new().await;
    for kind in Kind::ALL {
        for (body, place) in [
            ("", "line 1 column 1"),
            ("null", "line 1 column 1"),
            ("[1]", "line 1 column 1"),
            ("{\"model\": \"m\",\n  \"messages\": [}", "line 2 column 16"),
            ("{\"model\": \"m\",\r\n\t\"é\": tru}", "line 2 column 7"),
            ("{\"model\":\"m\"} x", "line 1 column 15"),
            ("{\"model\":\"\u{1}\"}", "line 1 column 11"),
            ("{\"model\":01}", "line 1 column 11"),
        ] {
            let call = Call::post(kind.path(), body).bearer(world.key(kind));
            let reply = call.send(world.addr).await;
            check(&reply, kind.early_dialect(), "invalid_json", place);
        }
        let call = Call::post(kind.path(), &b"{\"model\":\"\xff\"}"[..]).bearer(world.key(kind));
        check(&call.send(world.addr).await, kind.early_dialect(), "invalid_json", "line 1 column 11");
    }
}

#[tokio::test]
async fn bad_fields_are_named() {
    let world = World::new().await;
    let good = json!([{"role": "user", "content": "x"}]);
    for kind in Kind::ALL {
        let mut cases = vec![
            (json!({"messages": good, "input": "x", "max_tokens": 1}), "model"),
            (json!({"model": 5, "messages": good, "input": "x", "max_tokens": 1}), "model"),
            (json!({"model": null, "messages": good, "input": "x", "max_tokens": 1}), "model"),
            (json!({"model": "m", "messages": good, "max_tokens": 1, "stream": "yes"}), "stream"),
        ];
        if kind != Kind::Responses {
            cases.push((json!({"model": "m", "max_tokens": 1}), "messages"));
            cases.push((json!({"model": "m", "max_tokens": 1, "messages": "x"}), "messages"));
        }
        if kind.is_messages() {
            cases.push((json!({"model": "m", "messages": good}), "max_tokens"));
            cases.push((json!({"model": "m", "messages": good, "max_tokens": "9"}), "max_tokens"));
            cases.push((json!({"model": "m", "messages": good, "max_tokens": -1}), "max_tokens"));
        }
        for (body, field) in cases {
            let reply = Call::json(kind.path(), &body).bearer(world.key(kind)).send(world.addr).await;
            let dialect = kind.early_dialect();
            check(&reply, dialect, "invalid_field", field);
            if matches!(dialect, Dialect::Chat | Dialect::Responses) {
                assert_eq!(read(dialect, &reply.body).param.as_deref(), Some(field), "{body}");
            }
        }
        let twice = r#"{"model":"gpt-5.5","mod\u0065l":"gpt-6-sol","messages":[],"max_tokens":1}"#;
        let reply = Call::post(kind.path(), twice).bearer(world.key(kind)).send(world.addr).await;
        check(&reply, kind.early_dialect(), "invalid_field", "model");
    }
    let body = json!({"model": "gpt-5.5", "messages": good, "style": "gemini"});
    let reply = Call::json("/v1/chat/completions", &body).bearer(world.key(Kind::Chat));
    let reply = reply.send(world.addr).await;
    check(&reply, Dialect::Chat, "invalid_field", "style");
    let message = read(Dialect::Chat, &reply.body).message;
    assert!(message.contains("openai") && message.contains("claude"), "the styles are listed: {message}");
    assert_eq!(world.sandbox.counts().total.received, 0);
}

#[tokio::test]
async fn encodings_that_cannot_be_undone() {
    let world = World::new().await;
    for kind in Kind::ALL {
        let call = kind.call(&world, "", false);
        let reply = call.clone().header("content-encoding", "lzma").send(world.addr).await;
        check(&reply, kind.early_dialect(), "unsupported_encoding", "lzma");
        for encoding in ["gzip", "deflate", "br", "zstd"] {
            let reply = call.clone().header("content-encoding", encoding).send(world.addr).await;
            check(&reply, kind.early_dialect(), "bad_encoded_body", "");
        }
    }
}

#[tokio::test]
async fn methods_and_paths() {
    let world = World::new().await;
    for kind in Kind::ALL {
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let call = Call::new(method.clone(), kind.path()).bearer(world.key(kind));
            let reply = call.send(world.addr).await;
            check(&reply, kind.early_dialect(), "method_not_allowed", method.as_str());
            assert_eq!(reply.header("allow"), Some("POST"));
        }
    }
    for (method, path, allow) in [
        (Method::POST, "/v1/models", "GET, HEAD"),
        (Method::PUT, "/v1/responses/resp_1", "GET, DELETE"),
        (Method::GET, "/v1/responses/resp_1/cancel", "POST"),
        (Method::POST, "/healthz", "GET, HEAD"),
    ] {
        let reply = Call::new(method, path).send(world.addr).await;
        assert_eq!((reply.status, reply.header("allow")), (405, Some(allow)), "{path}");
    }
    for (path, dialect) in [
        ("/v1/messages/batches", Dialect::Messages),
        ("/api/anthropic/v1/messages/x", Dialect::Messages),
        ("/api/anthropic/v1/nothing", Dialect::Messages),
        ("/v1/nothing", Dialect::Chat),
        ("/v2", Dialect::Chat),
        ("/v1/responses/a/b/c", Dialect::Responses),
        ("/api/v1/nothing", Dialect::Envelope),
    ] {
        let reply = Call::post(path, "{}").send(world.addr).await;
        check(&reply, dialect, "not_found", path);
    }
}

#[tokio::test]
async fn balance_used_up() {
    let world = World::start(Setup { balance: Money::ZERO, ..Setup::default() }).await;
    for kind in Kind::ALL {
        for stream in [false, true] {
            let reply = kind.call(&world, "", stream).send(world.addr).await;
            check(&reply, kind.dialect(), "insufficient_balance", "");
        }
    }
    assert_eq!(world.sandbox.counts().total.received, 0, "nobody is asked for a caller who cannot pay");
}

#[tokio::test]
async fn no_account_at_all() {
    let world = World::start(Setup { accounts: 0, ..Setup::default() }).await;
    for kind in Kind::ALL {
        let reply = kind.call(&world, "", false).send(world.addr).await;
        check(&reply, kind.dialect(), "no_account", "");
    }
    let records = world.finished().await;
    assert_eq!(records.len(), Kind::ALL.len());
    for record in records {
        assert_eq!((record.error_kind.as_deref(), record.cost), (Some("no_account"), Money::ZERO));
    }
}

/// Compaction is Responses' own and is not translated: the refusal says where the model is.
#[tokio::test]
async fn a_call_that_is_not_translated_says_where_the_model_is() {
    for (speaks, served) in [
        (&[Protocol::Messages][..], "/v1/messages"),
        (&[Protocol::Chat], "/v1/chat/completions"),
        (&[Protocol::Messages, Protocol::Chat], "/v1/messages and /v1/chat/completions"),
    ] {
        let world = World::start(Setup { speaks, accounts: speaks.len(), ..Setup::default() }).await;
        let body = json!({"model": "gpt-5.5", "input": "x"});
        let call = Call::json("/v1/responses/compact", &body).bearer(world.key(Kind::Responses));
        let reply = call.send(world.addr).await;
        assert_eq!(reply.status, 404, "{}", reply.text());
        let message = reply.json()["error"]["message"].as_str().unwrap().to_owned();
        assert_eq!(message, format!("The model `gpt-5.5` is served on {served} only."));
        assert_eq!(world.sandbox.counts().total.received, 0);
        Kind::Responses.call(&world, "", false).send(world.addr).await.ok();
    }
}

#[tokio::test]
async fn store_that_does_not_answer() {
    let world = World::new().await;
    world.store.close().await;
    for kind in Kind::ALL {
        let reply = kind.call(&world, "", false).send(world.addr).await;
        check(&reply, kind.early_dialect(), "store_unavailable", "");
        assert_eq!(reply.header("retry-after"), Some("1"));
    }
    check(&Call::get("/readyz").send(world.addr).await, Dialect::Chat, "store_unavailable", "");
    Call::get("/healthz").send(world.addr).await.ok();
}

fn small_bodies() -> Setup {
    let gateway =
        GatewayConfig { max_body_bytes: 64 << 10, max_decoded_bytes: 128 << 10, ..Setup::default().gateway };
    Setup { gateway, ..Setup::default() }
}

#[tokio::test]
async fn too_large() {
    let world = World::start(small_bodies()).await;
    for kind in Kind::ALL {
        let body = kind.body(kind.model(), &"x".repeat(70 << 10), false);
        let reply = Call::json(kind.path(), &body).bearer(world.key(kind)).send(world.addr).await;
        check(&reply, kind.early_dialect(), "body_too_large", "65536");
        let body = kind.body(kind.model(), &"x".repeat(60 << 10), false);
        Call::json(kind.path(), &body).bearer(world.key(kind)).send(world.addr).await.ok();
    }
}

/// Writes a request without looking at the answer before all of it is written, as blocking clients do.
async fn write_then_read(world: &World, head: String, piece: &[u8], pieces: usize) -> String {
    let mut stream = TcpStream::connect(world.addr).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..pieces {
        stream.write_all(piece).await.expect("the gate closed while the caller was sending");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("the answer was lost in a reset");
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn the_refusal_of_a_large_body_reaches_a_caller_who_is_still_sending() {
    let world = World::start(small_bodies()).await;
    let key = world.key(Kind::Messages);
    let start = format!("POST /v1/messages HTTP/1.1\r\nhost: g\r\nx-api-key: {key}\r\nconnection: close\r\n");
    let status = row("body_too_large").status(Dialect::Messages);
    let announced = format!("{start}content-length: {}\r\n\r\n", 200 << 10);
    let answer = write_then_read(&world, announced, &[b'x'; 10 << 10], 20).await;
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    assert!(answer.contains("request_too_large"), "{answer}");

    let chunk = [b"2800\r\n", &[b'x'; 10 << 10][..], b"\r\n"].concat();
    let chunked = format!("{start}transfer-encoding: chunked\r\n\r\n");
    let mut stream = TcpStream::connect(world.addr).await.unwrap();
    stream.write_all(chunked.as_bytes()).await.unwrap();
    for _ in 0..20 {
        stream.write_all(&chunk).await.expect("the gate closed while the caller was sending");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
}

/// A refusal that needs no body is given before it is read, and must not be lost in a reset either.
#[tokio::test]
async fn early_refusals_reach_a_caller_who_is_still_sending() {
    let world = World::new().await;
    for (path, key, status) in
        [("/v1/messages", "tg-wrong", 401), ("/v1/nothing", "tg-wrong", 404), ("/healthz", "", 405)]
    {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: g\r\nx-api-key: {key}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            4 << 20
        );
        let answer = write_then_read(&world, head, &[b' '; 64 << 10], 64).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
    }
}

#[tokio::test]
async fn every_answer_has_both_ids() {
    let world = World::new().await;
    let mut seen = std::collections::HashSet::new();
    for call in [Call::get("/healthz"), Call::get("/readyz"), Call::get("/"), Call::get("/v1/models")] {
        assert!(seen.insert(request_id(&call.send(world.addr).await)));
    }
    for kind in Kind::ALL {
        for stream in [false, true] {
            let reply = kind.call(&world, "words=2", stream).send(world.addr).await.ok();
            assert!(seen.insert(request_id(&reply)), "an id came twice");
        }
    }
    let records = world.finished().await;
    assert!(records.iter().all(|record| seen.contains(&record.id.to_string())), "ids are the records' own");
}
