//! One account fails, the next one serves, and the caller sees nothing of it.

use tollgate_base::Money;
use tollgate_gateway::GatewayConfig;
use tollgate_store::StreamEnd;

use crate::support::{Kind, Setup, World};

const TWO: fn() -> Setup = || Setup { accounts: 2, ..Setup::default() };

fn first_credential(kind: Kind) -> &'static str {
    if kind.is_messages() { "cred-anthropic-0" } else { "cred-openai-0" }
}

fn second_credential(kind: Kind) -> &'static str {
    if kind.is_messages() { "cred-anthropic-1" } else { "cred-openai-1" }
}

async fn second_account_serves(kind: Kind, fault: &str, stream: bool) {
    let world = World::start(TWO()).await;
    let directives = format!("words=4 input=31 {fault} account={}", first_credential(kind));
    let reply = kind.call(&world, &directives, stream).send(world.addr).await;
    assert_eq!(reply.status, 200, "{kind:?} {fault} {stream}: {}", reply.text());
    for trace in ["it broke", "overloaded", "<html", "authentication"] {
        assert!(!reply.text().contains(trace), "{kind:?} {fault}: {}", reply.text());
    }
    let counts = world.sandbox.counts();
    assert_eq!(counts.credentials[first_credential(kind)].received, 1, "{fault}");
    assert_eq!(counts.credentials[second_credential(kind)].answered, 1, "{fault}");
    let record = world.only_record().await;
    let second = world.accounts.iter().find(|account| account.credential.expose() == second_credential(kind));
    assert_eq!((record.attempts, record.account_id), (2, second.map(|account| account.id)), "{fault}");
    assert_eq!((record.status, record.error_kind.as_deref()), (200, None), "{fault}");
    assert_eq!(record.usage.input_tokens, 31, "{fault}");
}

#[tokio::test]
async fn the_next_account_serves() {
    for kind in Kind::NATIVE {
        for fault in [
            "status=401",
            "status=402",
            "status=403",
            "status=408",
            "status=429",
            "status=500 message='it broke'",
            "status=502",
            "status=503",
            "status=529",
            "status=400 message='Your credit balance is too low'",
            "reset",
            "html",
        ] {
            for stream in [false, true] {
                second_account_serves(kind, fault, stream).await;
            }
        }
        for fault in [
            "error_first",
            "error_first status=401",
            "eof_after=0",
            "cut_after=0",
            // Only the announcement of an answer has come.
            "error_after=1",
            "error_after=1 status=429",
            "cut_after=1",
            "eof_after=1",
        ] {
            second_account_serves(kind, fault, true).await;
        }
        for fault in ["bad_json", "cut_after=9", "eof_after=9"] {
            second_account_serves(kind, fault, false).await;
        }
    }
    for kind in [Kind::EnvelopeMessages, Kind::EnvelopeChat, Kind::StyleClaude] {
        second_account_serves(kind, "status=529", false).await;
        second_account_serves(kind, "error_first", true).await;
    }
}

#[tokio::test]
async fn a_refusal_of_the_request_is_not_tried_elsewhere() {
    let world = World::start(TWO()).await;
    for kind in Kind::ALL {
        for status in [400, 404, 413, 422] {
            let directives = format!("status={status} code=odd account={}", first_credential(kind));
            let reply = kind.call(&world, &directives, false).send(world.addr).await;
            assert_eq!(reply.status, status, "{kind:?}");
        }
        let counts = world.sandbox.counts();
        assert!(!counts.credentials.contains_key(second_credential(kind)), "{kind:?}");
    }
    assert!(world.finished().await.iter().all(|record| record.attempts == 1));
}

#[tokio::test]
async fn nothing_is_tried_after_the_first_word() {
    for kind in Kind::ALL {
        for fault in ["cut_after=8", "eof_after=8", "error_after=8"] {
            let world = World::start(TWO()).await;
            let directives = format!("words=20 {fault} account={}", first_credential(kind));
            let reply = kind.call(&world, &directives, true).send(world.addr).await;
            assert_eq!(reply.status, 200);
            assert!(reply.text().contains("error"), "{kind:?} {fault}: {}", reply.text());
            let counts = world.sandbox.counts();
            assert!(!counts.credentials.contains_key(second_credential(kind)), "{kind:?} {fault}");
            let record = world.only_record().await;
            assert_eq!(record.attempts, 1, "{kind:?} {fault}");
            assert!(matches!(record.stream_end, StreamEnd::UpstreamCut | StreamEnd::UpstreamError));
        }
    }
}

#[tokio::test]
async fn the_attempts_are_bounded() {
    let gateway = GatewayConfig { max_attempts: 3, ..Setup::default().gateway };
    let world = World::start(Setup { accounts: 5, gateway, ..Setup::default() }).await;
    let reply = Kind::Chat.call(&world, "status=500", false).send(world.addr).await;
    assert_eq!(reply.status, 500);
    assert_eq!(world.sandbox.counts().total.received, 3);
    let record = world.only_record().await;
    assert_eq!((record.attempts, record.cost), (3, Money::ZERO));
}

/// An account that refused its credential, or is at its limit, is left alone by the next request.
#[tokio::test]
async fn a_cooling_account_is_passed_over() {
    for kind in Kind::NATIVE {
        for fault in ["status=401", "status=429 retry_after=30"] {
            let world = World::start(TWO()).await;
            let directives = format!("{fault} account={}", first_credential(kind));
            kind.call(&world, &directives, false).send(world.addr).await.ok();
            kind.call(&world, &directives, false).send(world.addr).await.ok();
            let counts = world.sandbox.counts();
            assert_eq!(counts.credentials[first_credential(kind)].received, 1, "{fault}");
            let records = world.finished().await;
            assert_eq!(records.iter().map(|record| record.attempts).collect::<Vec<_>>(), [2, 1]);
        }
    }
}

/// Five failures in a row and an account rests for a second; one success and it starts anew.
#[tokio::test]
async fn failures_in_a_row_put_an_account_to_rest() {
    let world = World::start(TWO()).await;
    let kind = Kind::Chat;
    let directives = format!("status=500 account={}", first_credential(kind));
    for _ in 0..8 {
        kind.call(&world, &directives, false).send(world.addr).await.ok();
    }
    let counts = world.sandbox.counts();
    assert_eq!(counts.credentials[first_credential(kind)].received, 5);
    assert_eq!(counts.credentials[second_credential(kind)].received, 8);
}

/// Equal accounts share the work.
#[tokio::test]
async fn equal_accounts_share() {
    let world = World::start(Setup { accounts: 2, equal_accounts: true, ..Setup::default() }).await;
    for _ in 0..40 {
        Kind::Messages.call(&world, "words=1", false).send(world.addr).await.ok();
    }
    let counts = world.sandbox.counts();
    for credential in ["cred-anthropic-0", "cred-anthropic-1"] {
        let received = counts.credentials.get(credential).map_or(0, |tally| tally.received);
        assert!((8..=32).contains(&received), "{credential} got {received} of 40");
    }
}
