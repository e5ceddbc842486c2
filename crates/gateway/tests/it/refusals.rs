//! What callers see of an upstream that fails before its answer begins, in every dialect.

use std::time::Duration;

use serde_json::json;
use tollgate_base::Money;
use tollgate_gateway::GatewayConfig;
use tollgate_protocol::Dialect;
use tollgate_upstream::Timeouts;

use crate::support::error_table::{check, read, request_id};
use crate::support::{Kind, Reply, Setup, World};

/// What the sandbox says about the gate's account must not be in any answer.
fn shows_nothing_of_the_account(reply: &Reply) {
    for secret in ["cred-", "org-sandbox", "Incorrect API key", "credit balance", "does not have permission"]
    {
        assert!(!reply.text().contains(secret), "{}", reply.text());
    }
    for (name, _) in &reply.headers {
        let name = name.as_str();
        let of_account = name.contains("ratelimit") || name.contains("organization") || name == "set-cookie";
        assert!(!of_account, "{name} is the account's");
    }
}

#[tokio::test]
async fn an_accounts_own_trouble_is_never_the_callers() {
    const FAULTS: [&str; 7] = [
        "status=401",
        "status=402",
        "status=403",
        "status=529",
        "status=503",
        "status=400 error_type=invalid_request_error message='Your credit balance is too low to access the API'",
        "status=429 error_type=insufficient_quota code=insufficient_quota",
    ];
    // Each fault puts an account to rest, so there is one for each.
    let gateway = GatewayConfig { max_attempts: 1, ..Setup::default().gateway };
    for kind in Kind::ALL {
        let setup = Setup { gateway: gateway.clone(), accounts: 2 * FAULTS.len(), ..Setup::default() };
        let world = World::start(setup).await;
        for stream in [false, true] {
            for fault in FAULTS {
                let reply = kind.call(&world, fault, stream).send(world.addr).await;
                check(&reply, kind.dialect(), "upstream_overloaded", "");
                shows_nothing_of_the_account(&reply);
            }
        }
        let records = world.finished().await;
        assert_eq!(records.len(), 2 * FAULTS.len());
        for record in records {
            assert_eq!(record.error_kind.as_deref(), Some("upstream_overloaded"));
            assert_eq!((record.cost, record.attempts), (Money::ZERO, 1));
        }
    }
}

#[tokio::test]
async fn a_rate_limit_tells_when_the_account_is_back() {
    for kind in Kind::ALL {
        let world = World::new().await;
        let call = kind.call(&world, "status=429 retry_after=7", false);
        let reply = call.send(world.addr).await;
        check(&reply, kind.dialect(), "all_cooling", "");
        assert_eq!(reply.header("retry-after"), Some("7"));
        shows_nothing_of_the_account(&reply);

        let again = kind.call(&world, "", false).send(world.addr).await;
        check(&again, kind.dialect(), "all_cooling", "");
        let wait: u32 = again.header("retry-after").expect("retry-after").parse().unwrap();
        assert!((5..=7).contains(&wait), "{wait}");
        assert_eq!(world.sandbox.counts().total.received, 1, "a cooling account is left alone");
    }
}

#[tokio::test]
async fn a_long_rate_limit_is_not_promised_to_end() {
    for kind in Kind::ALL {
        let world = World::new().await;
        for directives in ["status=429 retry_after=900", ""] {
            let reply = kind.call(&world, directives, false).send(world.addr).await;
            let status = if kind.dialect() == Dialect::Envelope { 429 } else { reply.status };
            assert_eq!(status, 429);
            assert_eq!(reply.header("retry-after"), Some("60"));
            assert_eq!(reply.header("x-should-retry"), Some("false"));
        }
    }
}

#[tokio::test]
async fn a_date_in_retry_after_is_understood() {
    let world = World::new().await;
    let directives = "status=429 retry_after=\"Wed, 01 Jan 2098 00:00:00 GMT\"";
    let reply = Kind::Messages.call(&world, directives, false).send(world.addr).await;
    assert_eq!((reply.status, reply.header("retry-after")), (429, Some("60")));
    assert_eq!(reply.header("x-should-retry"), Some("false"), "decades are not within seconds");
}

#[tokio::test]
async fn a_refusal_of_the_request_is_the_upstreams_own() {
    let world = World::new().await;
    for kind in Kind::ALL {
        for stream in [false, true] {
            for status in [400, 404, 413, 422] {
                let fault =
                    format!("status={status} message='max_tokens: too much of it' header='x-note: 7'");
                let reply = kind.call(&world, &fault, stream).send(world.addr).await;
                assert_eq!(reply.status, status, "{}", reply.text());
                let shown = read(kind.dialect(), &reply.body);
                assert_eq!(shown.message, "max_tokens: too much of it");
                request_id(&reply);
                shows_nothing_of_the_account(&reply);
                if Kind::NATIVE.contains(&kind) {
                    assert_eq!(reply.header("x-note"), Some("7"), "headers pass");
                }
            }
        }
    }
    for record in world.finished().await {
        assert_eq!(record.error_kind.as_deref(), Some("upstream_refused"));
        assert_eq!((record.cost, record.attempts), (Money::ZERO, 1));
    }
}

#[tokio::test]
async fn a_refusal_in_the_callers_dialect_is_passed_on_byte_for_byte() {
    let world = World::new().await;
    for kind in Kind::NATIVE {
        let fault = "status=400 code=odd_code message='spaced  out'";
        let reply = kind.call(&world, fault, false).send(world.addr).await;
        let served = world.served(1).await;
        let upstream_id = &served.last().unwrap().request_id;
        let expected = match kind {
            Kind::Messages => json!({"type": "error",
                "error": {"type": "invalid_request_error", "message": "spaced  out"},
                "request_id": upstream_id}),
            _ => json!({"error": {"message": "spaced  out", "type": "invalid_request_error",
                "param": null, "code": "odd_code"}}),
        };
        assert_eq!(reply.json(), expected);
        assert_eq!(reply.status, 400);
    }
}

#[tokio::test]
async fn an_upstreams_500_keeps_its_words() {
    for kind in Kind::ALL {
        let world = World::new().await;
        let reply = kind.call(&world, "status=500 message='it broke'", false).send(world.addr).await;
        assert_eq!(reply.status, 500);
        assert_eq!(read(kind.dialect(), &reply.body).message, "it broke");
        assert_eq!(reply.header("x-should-retry"), None, "another try may succeed");
    }
}

#[tokio::test]
async fn unreachable() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let world = World::start(Setup { base_url: Some(base_url), ..Setup::default() }).await;
    for kind in [Kind::Messages, Kind::Chat] {
        for stream in [false, true] {
            let reply = kind.call(&world, "", stream).send(world.addr).await;
            check(&reply, kind.dialect(), "upstream_unreachable", "");
            assert!(!reply.text().contains("127.0.0.1"), "addresses of upstreams are not shown");
        }
    }
}

#[tokio::test]
async fn unreachable_in_every_dialect() {
    for kind in Kind::ALL {
        let world = World::new().await;
        let reply = kind.call(&world, "reset", false).send(world.addr).await;
        check(&reply, kind.dialect(), "upstream_unreachable", "");
        let record = world.only_record().await;
        assert_eq!((record.error_kind.as_deref(), record.cost), (Some("upstream_unreachable"), Money::ZERO));
    }
}

fn impatient() -> Setup {
    let timeouts = Timeouts {
        first_byte: Duration::from_millis(150),
        idle: Duration::from_millis(150),
        ..Timeouts::default()
    };
    Setup { timeouts, ..Setup::default() }
}

#[tokio::test]
async fn timed_out() {
    for kind in Kind::ALL {
        let world = World::start(impatient()).await;
        for (fault, stream) in
            [("hang", false), ("hang", true), ("hang_after=0", true), ("hang_after=20", false)]
        {
            let reply = kind.call(&world, fault, stream).send(world.addr).await;
            check(&reply, kind.dialect(), "upstream_timeout", "");
        }
        for record in world.finished().await {
            assert_eq!((record.error_kind.as_deref(), record.cost), (Some("upstream_timeout"), Money::ZERO));
        }
    }
}

#[tokio::test]
async fn answers_that_are_none() {
    for kind in Kind::ALL {
        for (fault, stream) in [
            ("html", false),
            ("html", true),
            ("bad_json", false),
            ("eof_after=0", true),
            ("eof_after=0", false),
            ("status=302", false),
        ] {
            let world = World::new().await;
            let reply = kind.call(&world, fault, stream).send(world.addr).await;
            check(&reply, kind.dialect(), "upstream_invalid", "");
            let record = world.only_record().await;
            assert_eq!(record.cost, Money::ZERO, "{kind:?} {fault} {stream}");
        }
    }
}

#[tokio::test]
async fn an_answer_cut_in_the_middle() {
    for kind in Kind::ALL {
        let world = World::new().await;
        let reply = kind.call(&world, "cut_after=20", false).send(world.addr).await;
        let context = reply.text().to_owned();
        assert!(reply.status == 502 || reply.status == 504, "{context}");
        read(kind.dialect(), &reply.body);
        let record = world.only_record().await;
        assert_eq!((record.status, record.cost), (reply.status, Money::ZERO));
    }
}

/// A stream that begins with an error is an error answer: the caller gets a status, not a 200.
#[tokio::test]
async fn error_as_the_first_event() {
    for kind in Kind::ALL {
        let world = World::new().await;
        let reply = kind.call(&world, "error_first", true).send(world.addr).await;
        check(&reply, kind.dialect(), "upstream_overloaded", "");

        let world = World::new().await;
        let fault = "error_first status=400 code=invalid_prompt message='no such voice'";
        let reply = kind.call(&world, fault, true).send(world.addr).await;
        assert_eq!(reply.status, 400, "{}", reply.text());
        assert_eq!(read(kind.dialect(), &reply.body).message, "no such voice");
        assert_eq!(world.only_record().await.cost, Money::ZERO);
    }
}
