//! What reaches the upstream: the caller's bytes and headers, but for what the gate has to change.

use async_compression::tokio::bufread::{
    BrotliEncoder, DeflateEncoder, GzipEncoder, ZlibEncoder, ZstdEncoder,
};
use bytes::Bytes;
use http::HeaderMap;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tokio::io::{AsyncRead, AsyncReadExt};
use tollgate_gateway::GatewayConfig;
use tollgate_protocol::Dialect;

use crate::support::error_table::check;
use crate::support::{Call, Kind, Setup, World};

/// The last request that reached the sandbox.
fn received(world: &World) -> (HeaderMap, Bytes) {
    let last = world.sandbox.last_requests().pop().expect("nothing reached the upstream");
    (last.headers, last.body)
}

/// Sends a body and gives what the upstream received.
async fn through(world: &World, kind: Kind, body: impl Into<Bytes>) -> Bytes {
    let before = world.sandbox.counts().total.received;
    let call = Call::post(kind.path(), body).bearer(world.key(kind));
    let reply = call.send(world.addr).await;
    let after = world.sandbox.counts().total.received;
    assert_eq!(after, before + 1, "the gate refused it: {}", reply.text());
    received(world).1
}

/// Bodies with everything that a gate could be tempted to normalize; `MODEL` stands for the model's JSON string.
const ODD: [&str; 13] = [
    "{\"model\":MODEL,\"max_tokens\":16,\"input\":\"x\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}",
    " \n\t\r{ \"messages\" : [ { \"role\" :\t\"user\" , \"content\":\"x\" } ] ,\r\n \"input\":\"x\", \"max_tokens\" : 16 , \"model\" : MODEL } \n\n",
    "{\"a\":123456789012345678901234567890.50e-300,\"b\":-0,\"c\":1E+2,\"d\":0.10000000000000000000001,\"model\":MODEL,\"max_tokens\":16,\"input\":\"x\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}",
    "{\"mod\\u0065l\":MODEL,\"max_tokens\":16,\"\\u0069nput\":\"x\",\"m\\u0065ssages\":[{\"role\":\"user\",\"content\":\"\\u00e9\\ud83d\\ude00\\/\\b\\f\\u0000\"}]}",
    "{\"model\":MODEL,\"max_tokens\":16,\"input\":\"é 漢字 😀 \u{2028}\u{feff}\u{7f}\",\"messages\":[{\"role\":\"user\",\"content\":\"é 漢字 😀 \u{2028}\u{feff}\u{7f}\"}]}",
    "{\"max_tokens\":16,\"input\":\"x\",\"messages\":[{\"role\":\"user\",\"content\":\"x\",\"twice\":1,\"twice\":2}],\"unknown\":{\"a\":1,\"a\":{\"model\":\"no\"}},\"model\":MODEL}",
    "{\"\":\"\",\"model\":MODEL,\"max_tokens\":16,\"input\":\"x\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\" \":[],\"o\":{},\"n\":null,\"t\":true,\"f\":false}",
    "{\"deep\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[{}]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]],\"model\":MODEL,\"max_tokens\":16,\"input\":\"x\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}",
    "{\"model\":MODEL,\"max_tokens\":16,\"metadata\":{\"user_id\":\"u\",\"more\":[1]},\"user\":\"u\",\"input\":\"x\",\"messages\":[{\"role\":\"user\",\"content\":\"{\\\"model\\\":\\\"inner\\\"}\"}]}",
    "{\"model\":MODEL,\"max_tokens\":16,\"tools\":[],\"temperature\":1.0,\"top_p\":1e0,\"stop\":null,\"input\":\"x\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}",
    "{\"model\":MODEL,\"max_tokens\":16,\"stream\":false,\"input\":\"x\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}",
    "{\"service_tier\":\"auto\",\"store\":false,\"n\":1,\"prompt_cache_key\":\"k\",\"model\":MODEL,\"max_tokens\":16,\"input\":\"x\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}",
    "{\"x\":\"\\\\\",\"y\":\"\\\"model\\\":\",\"model\":MODEL,\"max_tokens\":16,\"input\":\"\\\\\\\"\",\"messages\":[{\"role\":\"user\",\"content\":\"\\\\\\\"\"}]}",
];

#[tokio::test]
async fn odd_bodies_pass_unchanged() {
    let world = World::new().await;
    for kind in Kind::NATIVE {
        let plain = kind.model();
        let escaped: String = plain.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
        for model in [plain.to_owned(), escaped] {
            for body in ODD {
                let body = body.replace("MODEL", &format!("\"{model}\""));
                assert_eq!(through(&world, kind, body.clone()).await, body, "{kind:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_mapped_model_changes_its_own_bytes_only() {
    let setup = Setup {
        group_mapping: &[("gpt-5.5", "glm-x"), ("claude-sonnet-5-5", "glm-x")],
        account_mapping: &[("glm-*", "ZHIPU/*-\"q\"")],
        ..Setup::default()
    };
    let world = World::start(setup).await;
    for kind in Kind::NATIVE {
        for body in ODD {
            let sent = body.replace("MODEL", &format!("\"{}\"", kind.model()));
            let expected = body.replace("MODEL", r#""ZHIPU/x-\"q\"""#);
            assert_eq!(through(&world, kind, sent).await, expected, "{kind:?}");
        }
    }
    let records = world.finished().await;
    assert!(records.iter().all(|record| record.upstream_model.as_deref() == Some("ZHIPU/x-\"q\"")));
    assert!(records.iter().all(|record| record.requested_model == record_model(record.client_protocol)));
}

fn record_model(protocol: tollgate_protocol::Protocol) -> &'static str {
    if protocol == tollgate_protocol::Protocol::Messages {
        Kind::Messages.model()
    } else {
        Kind::Chat.model()
    }
}

#[tokio::test]
async fn chat_streams_ask_for_usage_and_style_stays_here() {
    let world = World::new().await;
    let rest = r#""model":"gpt-5.5", "messages":[{"role":"user","content":"x"}]"#;
    for (sent, expected) in [
        (
            format!("{{ {rest},\"stream\":true}}"),
            format!("{{\"stream_options\":{{\"include_usage\":true}}, {rest},\"stream\":true}}"),
        ),
        (
            format!("{{{rest},\"stream\":true,\"stream_options\":{{\"include_usage\" : false}}}}"),
            format!("{{{rest},\"stream\":true,\"stream_options\":{{\"include_usage\" : true}}}}"),
        ),
        (
            format!("{{{rest},\"stream\":true,\"stream_options\": null}}"),
            format!("{{{rest},\"stream\":true,\"stream_options\": {{\"include_usage\":true}}}}"),
        ),
        (
            format!("{{{rest},\"stream\":true,\"stream_options\":{{\"include_usage\":true}}}}"),
            format!("{{{rest},\"stream\":true,\"stream_options\":{{\"include_usage\":true}}}}"),
        ),
        (format!("{{{rest},\"style\":\"openai\"}}"), format!("{{{rest}}}")),
        (format!("{{\"style\": \"claude\", {rest}}}"), format!("{{ {rest}}}")),
    ] {
        assert_eq!(through(&world, Kind::Chat, sent.clone()).await, expected, "{sent}");
    }
}

#[tokio::test]
async fn a_large_body_passes_unchanged() {
    let world = World::new().await;
    for kind in Kind::NATIVE {
        let mut body = kind.body(kind.model(), "[[sandbox words=1]]", false);
        body["padding"] = "é\\\"\n".repeat(100_000).into();
        let body = body.to_string();
        assert_eq!(through(&world, kind, body.clone()).await, body);
    }
}

/// A random JSON value with random whitespace, number forms and escapes, as text.
fn json_text() -> impl Strategy<Value = String> {
    let space = || prop_oneof![Just(""), Just(" "), Just("\n\t"), Just("\r\n  ")];
    let string = prop_oneof![
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        any::<Vec<u16>>().prop_map(|units| {
            let text = String::from_utf16_lossy(&units);
            let escaped = text.encode_utf16().map(|unit| format!("\\u{unit:04X}"));
            format!("\"{}\"", escaped.collect::<String>())
        }),
    ];
    let leaf = prop_oneof![
        string.clone(),
        Just("null".to_owned()),
        Just("true".to_owned()),
        (any::<i64>(), 0..400_u32, any::<i16>()).prop_map(|(int, frac, exp)| format!("{int}.{frac}e{exp}")),
        any::<u64>().prop_map(|int| format!("{int}0000000000")),
    ];
    leaf.prop_recursive(4, 24, 5, move |inner| {
        let list = proptest::collection::vec((space(), inner.clone()), 0..5);
        let members = proptest::collection::vec((space(), string.clone(), space(), inner), 0..5);
        prop_oneof![
            list.prop_map(|items| {
                let items: Vec<_> =
                    items.iter().map(|(space, item)| format!("{space}{item}{space}")).collect();
                format!("[{}]", items.join(","))
            }),
            members.prop_map(|members| {
                let member = |(a, name, b, value): &(&str, String, &str, String)| {
                    format!("{a}{name}{b}:{a}{value}{b}")
                };
                format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

/// Whatever else a body holds passes as it is; the sandbox may not like it, but it must get it.
#[tokio::test]
async fn random_members_pass_unchanged() {
    let setup = Setup { account_mapping: &[("gpt-5.5", "gpt-mapped")], ..Setup::default() };
    let world = World::start(setup).await;
    let mut runner = TestRunner::deterministic();
    let strategy = (json_text(), json_text(), 0..3_usize);
    for _ in 0..96 {
        let (first, second, kind) = strategy.new_tree(&mut runner).unwrap().current();
        let kind = Kind::NATIVE[kind];
        let body = |model: &str| {
            format!(
                "{{\"extra_1\" :{first} ,\"model\":\"{model}\",\"max_tokens\":9,\"input\":\"x\",\"messages\":[{{\"role\":\"user\",\"content\":\"x\"}}],\"extra_2\":{second}}}"
            )
        };
        let mapped = if kind == Kind::Messages { kind.model() } else { "gpt-mapped" };
        assert_eq!(through(&world, kind, body(kind.model())).await, body(mapped), "{kind:?}");
    }
}

#[tokio::test]
async fn headers_pass_but_for_what_is_not_the_upstreams() {
    let world = World::new().await;
    for kind in Kind::NATIVE {
        let call = kind
            .call(&world, "words=1", false)
            .header("anthropic-beta", "context-1m-2025-08-07,never-heard-of-1")
            .header("anthropic-beta", "second-line")
            .header("openai-beta", "responses=v1")
            .header("idempotency-key", "idem-1")
            .header("x-unknown-thing", "  kept é as is".trim())
            .header("user-agent", "tester/1.0")
            .header("connection", "keep-alive, x-hop")
            .header("keep-alive", "timeout=5")
            .header("x-hop", "gone")
            .header("te", "trailers")
            .header("proxy-authorization", "Basic gone")
            .header("cookie", "session=gone")
            .header("x-stainless-lang", "gone")
            .header("x-stainless-retry-count", "gone")
            .header("x-forwarded-for", "203.0.113.9")
            .header("accept-encoding", "gzip, br");
        call.send(world.addr).await.ok();
        let (headers, _) = received(&world);
        let all = |name: &str| -> Vec<&[u8]> { headers.get_all(name).iter().map(|v| v.as_bytes()).collect() };
        assert_eq!(
            all("anthropic-beta"),
            [&b"context-1m-2025-08-07,never-heard-of-1"[..], b"second-line"],
            "{kind:?}"
        );
        assert_eq!(all("openai-beta"), [b"responses=v1"]);
        assert_eq!(all("idempotency-key"), [b"idem-1"]);
        assert_eq!(all("x-unknown-thing"), ["kept é as is".as_bytes()]);
        assert_eq!(all("user-agent"), [b"tester/1.0"]);
        assert_eq!(all("content-type"), [b"application/json"]);
        assert_eq!(all("host"), [world.sandbox.addr().to_string().as_bytes()]);
        for gone in [
            "cookie",
            "keep-alive",
            "x-hop",
            "te",
            "proxy-authorization",
            "x-stainless-lang",
            "x-stainless-retry-count",
            "x-forwarded-for",
        ] {
            assert_eq!(all(gone), Vec::<&[u8]>::new(), "{gone}");
        }
        let secret = world.key(kind);
        let everything = format!("{headers:?}");
        assert!(!everything.contains(secret), "the caller's key went upstream");
    }
}

#[tokio::test]
async fn the_accounts_credential_takes_the_callers_place() {
    let world = World::new().await;
    for (kind, name, value) in [
        (Kind::Messages, "x-api-key", "cred-anthropic-0"),
        (Kind::Chat, "authorization", "Bearer cred-openai-0"),
        (Kind::Responses, "authorization", "Bearer cred-openai-0"),
    ] {
        // The caller shows its key in both headers.
        let call = kind.call(&world, "words=1", false).header("x-api-key", world.key(kind));
        call.send(world.addr).await.ok();
        let (headers, _) = received(&world);
        let shown: Vec<_> =
            ["x-api-key", "authorization"].iter().flat_map(|name| headers.get_all(*name)).collect();
        assert_eq!(shown, [value], "{kind:?}");
        assert_eq!(headers[name], value);
    }
}

#[tokio::test]
async fn both_key_headers_work_and_the_familys_own_wins() {
    let world = World::new().await;
    for kind in Kind::ALL {
        let key = world.key(kind);
        let call = kind.call_with("", kind.model(), "words=1", false);
        call.clone().header("x-api-key", key).send(world.addr).await.ok();
        call.clone().bearer(key).send(world.addr).await.ok();
        let (right, wrong) = if kind == Kind::Messages { ("x", "b") } else { ("b", "x") };
        let with = |x: &str| if x == right { key } else { "tg-wrong" };
        let reply = call.clone().header("x-api-key", with("x")).bearer(with("b")).send(world.addr).await;
        assert_eq!(reply.status, 200, "{kind:?}");
        let with = |x: &str| if x == wrong { key } else { "tg-wrong" };
        let reply = call.header("x-api-key", with("x")).bearer(with("b")).send(world.addr).await;
        assert_eq!(reply.status, 401, "{kind:?}");
    }
}

#[tokio::test]
async fn the_anthropic_version_is_kept_or_set() {
    let world = World::new().await;
    let call = Kind::Messages.call(&world, "words=1", false);
    call.send(world.addr).await.ok();
    assert_eq!(received(&world).0["anthropic-version"], "2023-06-01");
    for version in ["2023-06-01", "2026-10-21"] {
        call.clone().header("anthropic-version", version).send(world.addr).await.ok();
        let (headers, _) = received(&world);
        assert_eq!(headers.get_all("anthropic-version").iter().collect::<Vec<_>>(), [version]);
    }
    Kind::Chat.call(&world, "words=1", false).send(world.addr).await.ok();
    assert!(!received(&world).0.contains_key("anthropic-version"), "OpenAI's upstreams do not know it");
}

#[tokio::test]
async fn beta_in_the_query_is_ignored() {
    let world = World::new().await;
    let mut call = Kind::Messages.call(&world, "words=1", false);
    call.path = "/v1/messages?beta=true".to_owned();
    call.send(world.addr).await.ok();
}

async fn pack(mut encoder: impl AsyncRead + Unpin) -> Vec<u8> {
    let mut out = Vec::new();
    encoder.read_to_end(&mut out).await.unwrap();
    out
}

async fn packed(encoding: &str, text: &[u8]) -> Vec<u8> {
    match encoding {
        "gzip" | "x-gzip" => pack(GzipEncoder::new(text)).await,
        "deflate" => pack(ZlibEncoder::new(text)).await,
        "raw deflate" => pack(DeflateEncoder::new(text)).await,
        "br" => pack(BrotliEncoder::new(text)).await,
        "zstd" => pack(ZstdEncoder::new(text)).await,
        "gzip, br" => pack(BrotliEncoder::new(&pack(GzipEncoder::new(text)).await[..])).await,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn encoded_bodies_reach_the_upstream_decoded() {
    let world = World::new().await;
    for kind in Kind::NATIVE {
        let body = kind.body(kind.model(), &"[[sandbox words=1]] é".repeat(200), false).to_string();
        for encoding in ["gzip", "x-gzip", "deflate", "raw deflate", "br", "zstd", "gzip, br"] {
            let call = Call::post(kind.path(), packed(encoding, body.as_bytes()).await);
            let header = encoding.trim_start_matches("raw ");
            let call = call.bearer(world.key(kind)).header("content-encoding", header);
            call.send(world.addr).await.ok();
            let (headers, received) = received(&world);
            assert_eq!(received, body, "{encoding}");
            assert!(!headers.contains_key("content-encoding"), "{encoding}");
            assert_eq!(headers["content-length"], body.len().to_string(), "{encoding}");
        }
    }
}

#[tokio::test]
async fn a_small_body_may_not_unpack_to_a_huge_one() {
    let gateway = GatewayConfig { max_decoded_bytes: 1 << 20, ..Setup::default().gateway };
    let world = World::start(Setup { gateway, ..Setup::default() }).await;
    let mut bomb = b"{\"x\":\"".to_vec();
    bomb.resize(64 << 20, b'a');
    for encoding in ["gzip", "deflate", "br", "zstd"] {
        let body = packed(encoding, &bomb).await;
        assert!(body.len() < 1 << 20, "{encoding}: it has to be small as sent");
        let call = Call::post("/v1/messages", body).bearer(world.key(Kind::Messages));
        let reply = call.header("content-encoding", encoding).send(world.addr).await;
        check(&reply, Dialect::Messages, "body_too_large", "1048576");
    }
}
