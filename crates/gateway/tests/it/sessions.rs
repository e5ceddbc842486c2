//! Sessions keep to their account: by whatever they are told, while it can be, and no longer.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tollgate_base::{ManualClock, Money, Rate, Timestamp};
use tollgate_routing::{LimitScope, Stickiness};
use tollgate_store::{NewKey, NewUser};

use crate::limits::{POLLED, limit};
use crate::support::error_table::check;
use crate::support::{Call, Kind, Reply, Setup, World, eventually};

const STICKY: Stickiness = Stickiness { ttl_s: 60, wait_ms: 400 };
const CLAUDE_CODE: &str = r#"{"device_id":"d","account_uuid":"","session_id":"NAME"}"#;

/// A world whose accounts are tried in order, or drawn.
async fn world(accounts: usize, equal_accounts: bool) -> World {
    World::start(Setup { accounts, equal_accounts, sticky: STICKY, ..Setup::default() }).await
}

/// The credentials that answered, in order.
fn answered_by(world: &World) -> Vec<String> {
    let served = world.sandbox.counts().served;
    served.into_iter().filter(|served| served.status == 200).map(|served| served.credential).collect()
}

fn distinct(credentials: &[String]) -> usize {
    credentials.iter().collect::<HashSet<_>>().len()
}

/// A way in which callers tell a session.
#[derive(Debug, Clone, Copy)]
enum Source {
    Header(&'static str),
    Member(&'static str),
    /// In a member, in Claude Code's forms.
    ClaudeCode(&'static str),
    ClaudeCodeBefore(&'static str),
}

impl Source {
    /// Those that a kind of call has.
    fn of(kind: Kind) -> Vec<Self> {
        let headers = [
            "x-claude-code-session-id",
            "x-session-id",
            "x-session-affinity",
            "session-id",
            "session_id",
            "conversation_id",
        ];
        let members: &[Self] = match kind {
            Kind::Messages => {
                &[Self::Member("metadata"), Self::ClaudeCode("metadata"), Self::ClaudeCodeBefore("metadata")]
            }
            Kind::Responses => &[
                Self::Member("prompt_cache_key"),
                Self::Member("conversation"),
                Self::Member("safety_identifier"),
                Self::Member("user"),
            ],
            _ => &[Self::Member("prompt_cache_key"), Self::Member("user"), Self::ClaudeCode("user")],
        };
        headers.map(Self::Header).into_iter().chain(members.iter().copied()).collect()
    }

    fn call(self, world: &World, kind: Kind, name: &str, prompt: &str) -> Call {
        let mut body = kind.body(kind.model(), prompt, false);
        let text = match self {
            Self::Header(header) => {
                return Call::json(kind.path(), &body).bearer(world.key(kind)).header(header, name);
            }
            Self::Member(_) => name.to_owned(),
            Self::ClaudeCode(_) => CLAUDE_CODE.replace("NAME", name),
            Self::ClaudeCodeBefore(_) => format!("user_{}_account__session_{name}", prompt.len()),
        };
        let (Self::Member(member)
        | Self::ClaudeCode(member)
        | Self::ClaudeCodeBefore(member)
        | Self::Header(member)) = self;
        body[member] = if member == "metadata" { json!({"user_id": text}) } else { json!(text) };
        Call::json(kind.path(), &body).bearer(world.key(kind))
    }
}

#[tokio::test]
async fn a_session_is_told_by_every_name_it_has() {
    for kind in Kind::NATIVE {
        let world = world(8, true).await;
        for (number, source) in Source::of(kind).into_iter().enumerate() {
            let name = format!("s{number}");
            let before = answered_by(&world).len();
            for turn in 0..4 {
                let prompt = format!("{} turn", "next ".repeat(turn));
                source.call(&world, kind, &name, &prompt).send(world.addr).await.ok();
            }
            let answered = answered_by(&world);
            assert_eq!(distinct(&answered[before..]), 1, "{kind:?} {source:?}: {answered:?}");
        }
        let all = answered_by(&world);
        assert!(distinct(&all) > 1, "{kind:?}: sessions are spread: {all:?}");
    }
}

/// The turns of a conversation, each with all that came before, and with what clients change on the way.
fn conversation(kind: Kind, subject: &str, turn: usize) -> Value {
    let mut turns = vec![json!({"role": "user", "content": format!("About {subject}.")})];
    for number in 0..turn {
        turns.push(json!({"role": "assistant", "content": format!("Answer {number}.")}));
        turns.push(json!({"role": "user", "content": format!("Question {number}.")}));
    }
    let tools = json!([{"name": "f", "input_schema": {"type": "object"}}]);
    match kind {
        Kind::Messages => {
            if turn > 0 {
                let mark = json!({"type": "ephemeral"});
                turns[0]["content"] =
                    json!([{"type": "text", "text": turns[0]["content"], "cache_control": mark}]);
            }
            json!({"model": kind.model(), "max_tokens": 100 + turn, "system": "Be kind.", "tools": tools,
                "messages": turns})
        }
        Kind::Chat => {
            turns.insert(0, json!({"role": "developer", "content": "Be kind."}));
            json!({"model": kind.model(), "messages": turns})
        }
        _ => json!({"model": kind.model(), "instructions": "Be kind.", "input": turns}),
    }
}

#[tokio::test]
async fn a_conversation_without_a_name_is_told_by_its_beginning() {
    for kind in Kind::NATIVE {
        let world = world(8, true).await;
        for subject in ["stones", "birds", "clouds", "doors", "songs"] {
            let before = answered_by(&world).len();
            for turn in 0..4 {
                let body = conversation(kind, subject, turn);
                Call::json(kind.path(), &body).bearer(world.key(kind)).send(world.addr).await.ok();
            }
            assert_eq!(distinct(&answered_by(&world)[before..]), 1, "{kind:?} {subject}");
        }
        assert!(distinct(&answered_by(&world)) > 1, "{kind:?}: conversations are spread");
    }
}

#[tokio::test]
async fn two_users_never_share_a_session() {
    let kind = Kind::Messages;
    let world = world(8, true).await;
    let new = NewUser {
        name: "other".to_owned(),
        rate: Rate::ONE,
        balance: Money::from_dollars(100).unwrap(),
        author: None,
    };
    let other = world.store.create_user(new).await.unwrap().user;
    let (_, other_key) =
        world.store.create_key(NewKey::new(other.id, world.anthropic.id, "theirs")).await.unwrap();
    let (_, second_key) = world.extra_key(kind, |_| {}).await;
    for number in 0..16 {
        let name = format!("same-{number}");
        for key in [world.key(kind), other_key.expose(), second_key.as_str()] {
            let mut body = kind.body(kind.model(), "Hello.", false);
            body["metadata"] = json!({"user_id": name});
            Call::json(kind.path(), &body).bearer(key).send(world.addr).await.ok();
        }
    }
    let answered = answered_by(&world);
    let is_apart = |turns: &[String]| turns[0] != turns[1];
    assert!(answered.chunks(3).any(is_apart), "{answered:?}");
    assert!(answered.chunks(3).all(|turns| turns[0] == turns[2]), "all keys of a user are one: {answered:?}");
}

fn named(world: &World, kind: Kind, directives: &str) -> Call {
    kind.call(world, directives, false).header("x-session-id", "s")
}

async fn turn(world: &World, kind: Kind, directives: &str) -> Reply {
    named(world, kind, directives).send(world.addr).await.ok()
}

fn credential(kind: Kind, number: usize) -> String {
    format!("cred-{}-{number}", if kind.is_messages() { "anthropic" } else { "openai" })
}

#[tokio::test]
async fn a_failing_account_is_left_for_good() {
    for kind in Kind::NATIVE {
        for fault in ["status=529", "status=429 retry_after=1", "reset", "status=401"] {
            let world = world(3, false).await;
            turn(&world, kind, "").await;
            turn(&world, kind, &format!("{fault} account={}", credential(kind, 0))).await;
            // Back by now, were it for its pause.
            tokio::time::sleep(Duration::from_millis(if fault == "status=529" { 0 } else { 1_100 })).await;
            for _ in 0..2 {
                turn(&world, kind, "").await;
            }
            let expected = [0, 1, 1, 1].map(|number| credential(kind, number));
            assert_eq!(answered_by(&world), expected, "{kind:?} {fault}");
        }
    }
}

#[tokio::test]
async fn a_session_is_remembered_from_its_last_use_on() {
    let kind = Kind::Chat;
    let clock = Arc::new(ManualClock::new(Timestamp::from_micros(1_700_000_000_000_000)));
    let setup = Setup { accounts: 2, sticky: STICKY, clock: Some(Arc::clone(&clock)), ..Setup::default() };
    let world = World::start(setup).await;
    turn(&world, kind, &format!("status=529 account={}", credential(kind, 0))).await;
    for pause_s in [59, 59, 61] {
        clock.advance(Duration::from_secs(pause_s));
        turn(&world, kind, "").await;
    }
    assert_eq!(answered_by(&world), [1, 1, 1, 0].map(|number| credential(kind, number)));
}

#[tokio::test]
async fn a_group_without_stickiness_plans_every_request_anew() {
    let kind = Kind::Chat;
    let world = World::start(Setup { accounts: 2, ..Setup::default() }).await;
    turn(&world, kind, &format!("status=529 account={}", credential(kind, 0))).await;
    turn(&world, kind, "").await;
    assert_eq!(answered_by(&world), [1, 0].map(|number| credential(kind, number)));
}

async fn limit_first(world: &World, kind: Kind) {
    let is_first = |account: &&tollgate_routing::Account| *account.credential.expose() == credential(kind, 0);
    let id = world.accounts.iter().find(is_first).unwrap().id;
    limit(world, LimitScope::Account(id), 0, 0, 1).await;
    tokio::time::sleep(POLLED).await;
}

async fn occupy(world: &World, kind: Kind, slow_ms: u64) -> tokio::task::JoinHandle<Reply> {
    let received = world.sandbox.counts().total.received;
    let call = kind.call(world, &format!("slow_first_ms={slow_ms}"), false).header("x-session-id", "another");
    let addr = world.addr;
    let occupying = tokio::spawn(async move { call.send(addr).await });
    eventually("a request at the sandbox", || async {
        (world.sandbox.counts().total.received > received).then_some(())
    })
    .await;
    occupying
}

#[tokio::test]
async fn a_busy_account_is_waited_for() {
    for kind in Kind::NATIVE {
        let world = world(2, false).await;
        limit_first(&world, kind).await;
        turn(&world, kind, "").await;
        let occupying = occupy(&world, kind, 250).await;
        turn(&world, kind, "").await;
        occupying.await.unwrap().ok();
        assert_eq!(answered_by(&world), [0, 0, 0].map(|number| credential(kind, number)), "{kind:?}");
    }
}

#[tokio::test]
async fn a_busy_account_keeps_its_session_when_another_serves_meanwhile() {
    for kind in Kind::NATIVE {
        let world = world(2, false).await;
        limit_first(&world, kind).await;
        turn(&world, kind, "").await;
        let occupying = occupy(&world, kind, 1_500).await;
        let begun = std::time::Instant::now();
        turn(&world, kind, "").await;
        assert!((350..1_200).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
        occupying.await.unwrap().ok();
        turn(&world, kind, "").await;
        let expected = [0, 1, 0, 0].map(|number| credential(kind, number));
        assert_eq!(answered_by(&world), expected, "{kind:?}");
        let records = world.finished().await;
        assert!(records.iter().all(|record| record.attempts == 1), "waiting is no attempt");
    }
}

#[tokio::test]
async fn requests_before_the_first_answer_go_the_same_way() {
    let kind = Kind::Messages;
    let world = world(8, true).await;
    let open = |world: &World| {
        let (call, addr) = (named(world, kind, "slow_first_ms=400"), world.addr);
        tokio::spawn(async move { call.send(addr).await })
    };
    let mut opened = Vec::new();
    for received in 1..=5 {
        opened.push(open(&world));
        eventually("a request at the sandbox", || async {
            (world.sandbox.counts().total.received >= received).then_some(())
        })
        .await;
    }
    for reply in opened {
        reply.await.unwrap().ok();
    }
    assert_eq!(distinct(&answered_by(&world)), 1);
}

#[tokio::test]
async fn counting_asks_the_sessions_account() {
    let kind = Kind::Messages;
    let world = world(8, true).await;
    turn(&world, kind, "").await;
    let body = json!({"model": kind.model(), "messages": [{"role": "user", "content": "Hello."}]});
    for _ in 0..4 {
        let call = Call::json("/v1/messages/count_tokens", &body).bearer(world.key(kind));
        call.header("x-session-id", "s").send(world.addr).await.ok();
    }
    let answered = answered_by(&world);
    assert_eq!((answered.len(), distinct(&answered)), (5, 1), "{answered:?}");
}

/// A stored response lives at one account, whatever its session is bound to.
#[tokio::test]
async fn a_stored_response_comes_before_the_session() {
    let kind = Kind::Responses;
    let world = world(2, false).await;
    let respond = |session: &'static str, prompt: &str, previous: Value| {
        let body = json!({"model": kind.model(), "input": prompt, "previous_response_id": previous});
        Call::json(kind.path(), &body).bearer(world.key(kind)).header("x-session-id", session)
    };
    let fault = format!("Hello. [[sandbox status=529 account={}]]", credential(kind, 0));
    let elsewhere = respond("other", &fault, Value::Null).send(world.addr).await.ok().json();
    respond("s", "Hello.", Value::Null).send(world.addr).await.ok();
    respond("s", "And?", elsewhere["id"].clone()).send(world.addr).await.ok();
    assert_eq!(answered_by(&world), [1, 0, 1].map(|number| credential(kind, number)));
    // Where its account is away, it fails clearly, though another could answer.
    let limited = "And? [[sandbox status=429 retry_after=30]]";
    for prompt in [limited, "And?"] {
        let refused = respond("s", prompt, elsewhere["id"].clone()).send(world.addr).await;
        check(&refused, kind.dialect(), "all_cooling", "");
        let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((28..=30).contains(&seconds), "{seconds}");
    }
    assert_eq!(world.sandbox.counts().total.received, 5);
}
