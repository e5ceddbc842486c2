//! Which account a request goes to, by what it needs and by its group's policy.

use std::num::NonZeroU64;
use std::time::Duration;

use serde_json::{Value, json};
use tollgate_base::{Rate, Secret};
use tollgate_gateway::RouteQuestion;
use tollgate_protocol::{Dialect, Protocol};
use tollgate_routing::{
    Abilities, Ability, Account, Capabilities, Explanation, LimitScope, Needs, PassedOver, Policy, Verdict,
};
use tollgate_store::{AccountPatch, GroupPatch};

use crate::limits::{POLLED, limit};
use crate::support::error_table::read;
use crate::support::{Call, Kind, Reply, Setup, World, eventually};

async fn world(accounts: usize) -> World {
    World::start(Setup { accounts, ..Setup::default() }).await
}

/// The kind's account of this number.
fn account(world: &World, kind: Kind, number: usize) -> &Account {
    let group = world.group(kind).id;
    world.accounts.iter().filter(|account| account.groups.contains(&group)).nth(number).unwrap()
}

fn answered(world: &World, kind: Kind, number: usize) -> u64 {
    let credential: &Secret<String> = &account(world, kind, number).credential;
    world.sandbox.counts().credentials.get(credential.expose()).map_or(0, |counts| counts.answered)
}

async fn change(world: &World, kind: Kind, number: usize, patch: AccountPatch) {
    world.store.update_account(account(world, kind, number).id, patch).await.unwrap();
}

async fn restrict(world: &World, kind: Kind, number: usize, restrict: impl FnOnce(&mut Capabilities)) {
    let mut capabilities = account(world, kind, number).capabilities;
    restrict(&mut capabilities);
    change(world, kind, number, AccountPatch { capabilities: Some(capabilities), ..AccountPatch::default() })
        .await;
}

async fn set_policy(world: &World, kind: Kind, policy: Policy) {
    let patch = GroupPatch { policy: Some(policy), ..GroupPatch::default() };
    world.store.update_group(world.group(kind).id, patch).await.unwrap();
    tokio::time::sleep(POLLED).await;
}

/// A body with a picture in it.
fn with_picture(kind: Kind) -> Value {
    let mut body = kind.body(kind.model(), "", false);
    let data = "iVBORw0KGgo=";
    let url = format!("data:image/png;base64,{data}");
    let content = match kind.protocol() {
        Protocol::Messages => json!({"type": "image",
            "source": {"type": "base64", "media_type": "image/png", "data": data}}),
        Protocol::Chat => json!({"type": "image_url", "image_url": {"url": url}}),
        Protocol::Responses => json!({"type": "input_image", "image_url": url}),
    };
    let field = if kind == Kind::Responses { "input" } else { "messages" };
    body[field] = json!([{"role": "user", "content": [content]}]);
    body
}

async fn send(world: &World, kind: Kind, body: &Value) -> Reply {
    Call::json(kind.path(), body).bearer(world.key(kind)).send(world.addr).await
}

#[tokio::test]
async fn a_picture_goes_to_an_account_that_takes_it() {
    for kind in Kind::ALL {
        let world = world(2).await;
        restrict(&world, kind, 0, |own| own.cannot = Abilities::NONE.with(Ability::Vision)).await;
        tokio::time::sleep(POLLED).await;
        send(&world, kind, &with_picture(kind)).await.ok();
        assert_eq!([0, 1].map(|number| answered(&world, kind, number)), [0, 1], "{kind:?}");
        kind.call(&world, "", true).send(world.addr).await.ok();
        assert_eq!(
            [0, 1].map(|number| answered(&world, kind, number)),
            [1, 1],
            "{kind:?}: nothing is needed"
        );
        let records = world.finished().await;
        assert!(records.iter().all(|record| record.attempts == 1), "{records:?}");
    }
}

#[tokio::test]
async fn what_no_account_takes_is_refused_in_the_callers_dialect() {
    for kind in Kind::ALL {
        let world = world(1).await;
        restrict(&world, kind, 0, |own| own.cannot = Abilities::NONE.with(Ability::Vision)).await;
        tokio::time::sleep(POLLED).await;
        let refused = send(&world, kind, &with_picture(kind)).await;
        assert_eq!(refused.status, 400, "{kind:?}: {}", refused.text());
        assert!(refused.text().contains("vision"), "{}", refused.text());
        read(kind.dialect(), &refused.body);
        assert_eq!(world.sandbox.counts().total.received, 0);
        let record = world.only_record().await;
        assert!(!record.cost.is_positive(), "{record:?}");
    }
}

#[tokio::test]
async fn a_long_prompt_goes_where_it_fits() {
    let kind = Kind::Messages;
    let world = world(2).await;
    restrict(&world, kind, 0, |own| own.context_window_tokens = NonZeroU64::new(1_000)).await;
    tokio::time::sleep(POLLED).await;
    let long = kind.body(kind.model(), &"word ".repeat(2_000), false);
    send(&world, kind, &long).await.ok();
    assert_eq!([0, 1].map(|number| answered(&world, kind, number)), [0, 1]);
    // Where nobody is larger the provider may say so, in the words that clients know.
    change(
        &world,
        kind,
        1,
        AccountPatch { status: Some(tollgate_routing::Status::Disabled), ..AccountPatch::default() },
    )
    .await;
    tokio::time::sleep(POLLED).await;
    send(&world, kind, &long).await.ok();
    assert_eq!(answered(&world, kind, 0), 1);
}

#[tokio::test]
async fn the_cheapest_account_is_asked_first_and_another_when_it_fails() {
    for kind in Kind::NATIVE {
        let world = world(3).await;
        let rate = |text: &str| Some(text.parse::<Rate>().unwrap());
        change(&world, kind, 1, AccountPatch { rate: rate("0.5"), ..AccountPatch::default() }).await;
        change(&world, kind, 2, AccountPatch { rate: rate("0.2"), ..AccountPatch::default() }).await;
        set_policy(&world, kind, Policy::Cheapest).await;
        kind.call(&world, "", false).send(world.addr).await.ok();
        assert_eq!([0, 1, 2].map(|number| answered(&world, kind, number)), [0, 0, 1], "{kind:?}");
        let cheapest = account(&world, kind, 2).credential.expose().clone();
        let failing = format!("status=529 account={cheapest}");
        kind.call(&world, &failing, true).send(world.addr).await.ok();
        assert_eq!([0, 1, 2].map(|number| answered(&world, kind, number)), [0, 1, 1], "{kind:?}");
        let records = world.finished().await;
        assert_eq!(records.iter().map(|record| record.attempts).collect::<Vec<_>>(), [1, 2]);
    }
}

#[tokio::test]
async fn weights_decide_where_the_policy_says_so() {
    let kind = Kind::Chat;
    let world = World::start(Setup { accounts: 2, equal_accounts: true, ..Setup::default() }).await;
    change(&world, kind, 0, AccountPatch { weight: Some(0), ..AccountPatch::default() }).await;
    set_policy(&world, kind, Policy::Weighted).await;
    // One is busy, and goes on to be chosen for its weight.
    let busy = kind.call(&world, "slow_first_ms=1500", false);
    let addr = world.addr;
    let busy = tokio::spawn(async move { busy.send(addr).await });
    eventually("a request at the sandbox", || async {
        (world.sandbox.counts().total.received >= 1).then_some(())
    })
    .await;
    for _ in 0..4 {
        kind.call(&world, "", false).send(world.addr).await.ok();
    }
    busy.await.unwrap().ok();
    assert_eq!([0, 1].map(|number| answered(&world, kind, number)), [0, 5]);
}

fn explain(world: &World, kind: Kind, abilities: Abilities) -> Explanation {
    let question = RouteQuestion {
        group: world.group(kind).id,
        model: kind.model(),
        protocol: kind.protocol(),
        needs: Needs { abilities, ..Needs::default() },
        sticky: None,
    };
    world.gateway.explain(&question).unwrap()
}

fn verdicts(explanation: &Explanation) -> Vec<(&str, Verdict)> {
    explanation.accounts.iter().map(|account| (&*account.account, account.verdict.clone())).collect()
}

#[tokio::test]
async fn the_gate_explains_with_what_it_knows_of_the_accounts() {
    let kind = Kind::Messages;
    let world = world(4).await;
    assert_eq!(kind.dialect(), Dialect::Messages);
    restrict(&world, kind, 3, |own| own.cannot = Abilities::NONE.with(Ability::Tools)).await;
    limit(&world, LimitScope::Account(account(&world, kind, 1).id), 0, 0, 1).await;
    tokio::time::sleep(POLLED).await;
    // The first account is told to wait, and the next is full.
    let first = account(&world, kind, 0).credential.expose().clone();
    kind.call(&world, &format!("status=429 retry_after=60 account={first}"), false)
        .send(world.addr)
        .await
        .ok();
    let slow = kind.call(&world, "slow_first_ms=2000", false);
    let addr = world.addr;
    let slow = tokio::spawn(async move { slow.send(addr).await });
    eventually("a full account", || async {
        let explained = explain(&world, kind, Abilities::NONE.with(Ability::Tools));
        let found = verdicts(&explained);
        let places: Vec<_> = found
            .iter()
            .map(|(name, verdict)| match verdict {
                Verdict::Taken { place, full, in_flight, .. } => (*name, Some((*place, *full, *in_flight))),
                Verdict::PassedOver(_) => (*name, None),
            })
            .collect();
        let expected = [
            ("anthropic-2", Some((1, false, 0))),
            ("anthropic-1", Some((2, true, 1))),
            ("anthropic-0", None),
            ("anthropic-3", None),
        ];
        let away = found.iter().any(|(name, verdict)| {
            matches!(verdict, Verdict::PassedOver(PassedOver::Away { until: Some(_), .. }))
                && *name == "anthropic-0"
        });
        let lacking =
            Verdict::PassedOver(PassedOver::Cannot { abilities: Abilities::NONE.with(Ability::Tools) });
        (places == expected && away && found.contains(&("anthropic-3", lacking))).then_some(())
    })
    .await;
    tokio::time::timeout(Duration::from_secs(10), slow).await.unwrap().unwrap().ok();
    let json = serde_json::to_value(explain(&world, kind, Abilities::NONE)).unwrap();
    assert_eq!(json["accounts"][0]["verdict"], "taken");
    assert_eq!(json["policy"], "priority");
}
