//! A conversation with reasoning that has to go on elsewhere: what another account signed stays behind.

use serde_json::{Value, json};
use tollgate_base::Secret;
use tollgate_routing::Stickiness;
use tollgate_store::{AccountPatch, UsageRecord};

use crate::support::{Call, Kind, Reply, Setup, World};

const STICKY: Stickiness = Stickiness { ttl_s: 60, wait_ms: 400 };

async fn world(sticky: Stickiness) -> World {
    World::start(Setup { accounts: 3, sticky, ..Setup::default() }).await
}

/// A conversation whose answers are kept as their protocol has it.
struct Talk {
    kind: Kind,
    model: &'static str,
    turns: Vec<Value>,
}

impl Talk {
    fn new(kind: Kind) -> Self {
        Self { kind, model: kind.model(), turns: Vec::new() }
    }

    fn body(&self) -> Value {
        match self.kind {
            Kind::Responses => json!({"model": self.model, "input": self.turns, "store": false,
                "include": ["reasoning.encrypted_content"]}),
            _ => json!({"model": self.model, "max_tokens": 4000, "messages": self.turns,
                "thinking": {"type": "adaptive"}, "metadata": {"user_id": "s"}}),
        }
    }

    /// Asks, and takes the answer into the conversation.
    async fn ask(&mut self, world: &World, directives: &str) -> Reply {
        self.turns.push(json!({"role": "user", "content": format!("Go on. [[sandbox {directives}]]")}));
        let reply = self.send(world, &self.body()).await;
        self.take(&reply);
        reply
    }

    async fn send(&self, world: &World, body: &Value) -> Reply {
        Call::json(self.kind.path(), body).bearer(world.key(self.kind)).send(world.addr).await.ok()
    }

    fn take(&mut self, reply: &Reply) {
        let mut answer = reply.json();
        match self.kind {
            Kind::Responses => self.turns.append(answer["output"].as_array_mut().unwrap()),
            _ => self.turns.push(json!({"role": "assistant", "content": answer["content"].take()})),
        }
    }

    /// How the sandbox refuses reasoning of another.
    fn refusal(&self) -> &'static str {
        match self.kind {
            Kind::Responses => "status=400 code=invalid_encrypted_content message='no'",
            _ => "status=400 message='messages.1.content.0: Invalid `signature` in `thinking` block'",
        }
    }

    fn word(&self) -> &'static str {
        if self.kind == Kind::Responses { "reasoning" } else { "thinking" }
    }
}

/// The protocols in which reasoning is signed.
const SIGNED: [Kind; 2] = [Kind::Messages, Kind::Responses];

fn first_fails(kind: Kind) -> String {
    format!(
        "thinking=5 status=529 account=cred-{}-0",
        if kind.is_messages() { "anthropic" } else { "openai" }
    )
}

/// How many pieces of signed reasoning the last request at the sandbox held.
fn last_sent(world: &World) -> usize {
    let body = world.sandbox.last_requests().last().unwrap().body.clone();
    let body = std::str::from_utf8(&body).unwrap();
    body.matches("\"signature\"").count() + body.matches("\"encrypted_content\"").count()
}

fn attempts(records: &[UsageRecord]) -> Vec<u32> {
    records.iter().map(|record| record.attempts).collect()
}

#[tokio::test]
async fn reasoning_of_the_account_before_stays_behind() {
    for kind in SIGNED {
        let world = world(STICKY).await;
        let mut talk = Talk::new(kind);
        for _ in 0..2 {
            let reply = talk.ask(&world, "thinking=5").await;
            assert_eq!(reply.header("tollgate-dropped"), None);
        }
        assert_eq!(last_sent(&world), 1, "{kind:?}: it goes back to who made it");
        let switched = talk.ask(&world, &first_fails(kind)).await;
        assert_eq!(switched.header("tollgate-dropped"), Some(talk.word()));
        assert_eq!(last_sent(&world), 0, "{kind:?}");
        for kept in 1..4 {
            let reply = talk.ask(&world, "thinking=5").await;
            assert_eq!(last_sent(&world), kept, "{kind:?}: what the new account made goes back to it");
            assert_eq!(reply.header("tollgate-dropped"), Some(talk.word()));
        }
        let records = world.finished().await;
        assert_eq!(attempts(&records), [1, 1, 2, 1, 1, 1], "{kind:?}");
        let noted: Vec<_> = records.iter().map(|record| record.dropped.as_deref()).collect();
        let word = Some(talk.word());
        assert_eq!(noted, [None, None, word, word, word, word], "{kind:?}");
        assert!(world.store.verify_ledger().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_tool_loop_goes_on_elsewhere_without_the_thinking_that_it_began_with() {
    let kind = Kind::Messages;
    let world = world(STICKY).await;
    let mut talk = Talk { model: "claude-haiku-4-5", ..Talk::new(kind) };
    let body = |talk: &Talk, directives: &str| {
        let mut body = talk.body();
        body["thinking"] = json!({"type": "enabled", "budget_tokens": 2000});
        body["tools"] = json!([{"name": "f", "input_schema": {"type": "object"}}]);
        if !directives.is_empty() {
            let result = body["messages"].as_array_mut().unwrap().last_mut().unwrap();
            result["content"]
                .as_array_mut()
                .unwrap()
                .push(json!({"type": "text", "text": format!("[[sandbox {directives}]]")}));
        }
        body
    };
    talk.turns.push(json!({"role": "user", "content": "Go. [[sandbox thinking=5 tool=f]]"}));
    let called = talk.send(&world, &body(&talk, "")).await;
    talk.take(&called);
    let call = called.json()["content"].as_array().unwrap().last().unwrap()["id"].clone();
    let result = json!({"type": "tool_result", "tool_use_id": call, "content": "ok"});
    talk.turns.push(json!({"role": "user", "content": [result]}));
    let switched = talk.send(&world, &body(&talk, &first_fails(kind))).await;
    assert_eq!(switched.header("tollgate-dropped"), Some("thinking"));
    let sent: Value = serde_json::from_slice(&world.sandbox.last_requests().last().unwrap().body).unwrap();
    assert_eq!(sent["thinking"], json!({"type": "disabled"}));
    assert_eq!(attempts(&world.finished().await), [1, 2]);
}

#[tokio::test]
async fn accounts_of_one_organization_take_each_others_reasoning() {
    for kind in SIGNED {
        let world = world(STICKY).await;
        let group = world.group(kind).id;
        for account in world.accounts.iter().filter(|account| account.groups.contains(&group)) {
            // The sandbox knows an organization by its credential.
            let patch = AccountPatch {
                organization: Some(Some("acme".to_owned())),
                credential: Some(Secret::from("cred-acme")),
                ..AccountPatch::default()
            };
            world.store.update_account(account.id, patch).await.unwrap();
        }
        tokio::time::sleep(crate::limits::POLLED).await;
        let mut talk = Talk::new(kind);
        talk.ask(&world, "thinking=5").await;
        let first = world.accounts.iter().find(|account| account.groups.contains(&group)).unwrap();
        let disabled =
            AccountPatch { status: Some(tollgate_routing::Status::Disabled), ..AccountPatch::default() };
        world.store.update_account(first.id, disabled).await.unwrap();
        tokio::time::sleep(crate::limits::POLLED).await;
        let reply = talk.ask(&world, "thinking=5").await;
        assert_eq!((last_sent(&world), reply.header("tollgate-dropped")), (1, None), "{kind:?}");
        let records = world.finished().await;
        assert_ne!(records[0].account_id, records[1].account_id);
        assert_eq!(attempts(&records), [1, 1], "{kind:?}");
    }
}

#[tokio::test]
async fn refused_reasoning_gets_one_repair() {
    for kind in SIGNED {
        // Nobody knows who made it, as after a restart.
        let world = world(Stickiness { ttl_s: 0, ..STICKY }).await;
        let mut talk = Talk::new(kind);
        talk.ask(&world, "thinking=5").await;
        let repaired = talk.ask(&world, &first_fails(kind)).await;
        assert_eq!(repaired.header("tollgate-dropped"), Some(talk.word()), "{kind:?}");
        let refusals = world.sandbox.counts().served.iter().filter(|served| served.status == 400).count();
        assert_eq!(refusals, 1, "{kind:?}");
        let records = world.finished().await;
        assert_eq!(attempts(&records), [1, 3], "{kind:?}: one failed, one refused, one answered");
        assert_eq!(records[1].dropped.as_deref(), Some(talk.word()));
        assert!(world.store.verify_ledger().await.unwrap().is_empty());
    }
}

/// A repaired conversation is known to be: the next turns are not refused again.
#[tokio::test]
async fn a_repaired_session_goes_on_without_refusals() {
    for kind in SIGNED {
        let world = world(STICKY).await;
        let mut talk = Talk::new(kind);
        talk.ask(&world, "thinking=5").await;
        // Another conversation of the same session moves it.
        let mut other = Talk::new(kind);
        if kind == Kind::Responses {
            other.turns.push(talk.turns[0].clone());
        }
        other.ask(&world, &first_fails(kind)).await;
        for _ in 0..3 {
            talk.ask(&world, "thinking=5").await;
        }
        assert_eq!(attempts(&world.finished().await), [1, 2, 2, 1, 1], "{kind:?}");
    }
}

#[tokio::test]
async fn after_one_repair_the_refusal_stands() {
    for kind in SIGNED {
        let world = world(STICKY).await;
        let mut talk = Talk::new(kind);
        talk.ask(&world, "thinking=5").await;
        let refusal = talk.refusal();
        for (has_reasoning, expected) in [(true, 2), (false, 1)] {
            let mut asked = if has_reasoning { talk.turns.clone() } else { Vec::new() };
            asked.push(json!({"role": "user", "content": format!("Go on. [[sandbox {refusal}]]")}));
            let body = Talk { turns: asked, ..Talk::new(kind) }.body();
            let received = world.sandbox.counts().total.received;
            let refused = Call::json(kind.path(), &body).bearer(world.key(kind)).send(world.addr).await;
            assert_eq!(refused.status, 400, "{kind:?} {}", refused.text());
            assert!(refused.text().contains("signature") || refused.text().contains("invalid_encrypted"));
            assert_eq!(world.sandbox.counts().total.received - received, expected, "{kind:?}");
        }
        assert_eq!(attempts(&world.finished().await), [1, 2, 1], "{kind:?}");
    }
}
