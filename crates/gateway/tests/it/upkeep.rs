//! What keeps accounts going: rules of failover, keys that take turns, marks, probes, trials and the retry budget.

use std::sync::Arc;
use std::time::Duration;

use tollgate_base::{ManualClock, Secret, Timestamp};
use tollgate_gateway::GatewayConfig;
use tollgate_routing::failover::{BudgetTerms, FailoverRules};
use tollgate_routing::{Account, ProbeTerms};
use tollgate_store::AccountPatch;

use crate::limits::POLLED;
use crate::support::{Kind, Setup, World, eventually};

const KIND: Kind = Kind::Messages;

fn setup(accounts: usize) -> Setup {
    Setup { accounts, ..Setup::default() }
}

fn account(world: &World, number: usize) -> &Account {
    let named = |account: &&Account| account.name == format!("anthropic-{number}");
    world.accounts.iter().find(named).unwrap()
}

async fn change(world: &World, number: usize, patch: AccountPatch) {
    world.store.update_account(account(world, number).id, patch).await.unwrap();
    tokio::time::sleep(POLLED).await;
}

async fn rules(world: &World, number: usize, rules: &[&str]) {
    let rules = FailoverRules::new(rules.iter().map(|rule| rule.parse().unwrap()).collect()).unwrap();
    change(world, number, AccountPatch { failover: Some(rules), ..AccountPatch::default() }).await;
}

fn received(world: &World, credential: &str) -> u64 {
    world.sandbox.counts().credentials.get(credential).map_or(0, |tally| tally.received)
}

const FIRST: &str = "cred-anthropic-0";
const SECOND: &str = "cred-anthropic-1";

#[tokio::test]
async fn an_accounts_rules_come_before_the_table() {
    for stream in [false, true] {
        let world = World::start(setup(2)).await;
        let table = ["status=400 keyword='try elsewhere' action=next", "status=529 action=stop cool=60"];
        rules(&world, 0, &table).await;
        let ask = async |fault: &str| {
            KIND.call(&world, &format!("{fault} account={FIRST}"), stream).send(world.addr).await
        };
        assert_eq!(ask("status=400 message='Please Try Elsewhere'").await.status, 200);
        assert_eq!(ask("status=400 message='no'").await.status, 400);
        assert_eq!((received(&world, FIRST), received(&world, SECOND)), (2, 1));
        assert_eq!(ask("status=529").await.status, 529, "it is told");
        assert_eq!((received(&world, FIRST), received(&world, SECOND)), (3, 1));
        assert_eq!(ask("").await.status, 200);
        assert_eq!((received(&world, FIRST), received(&world, SECOND)), (3, 2), "and it is left alone");
    }
}

#[tokio::test]
async fn the_same_account_is_asked_again_where_a_rule_says_so() {
    for kind in Kind::NATIVE {
        let world = World::start(setup(1)).await;
        let all = world.accounts.iter().map(|account| account.id);
        for id in all {
            let rules = FailoverRules::new(vec!["status=5xx action=retry_same times=2".parse().unwrap()]);
            let patch = AccountPatch { failover: Some(rules.unwrap()), ..AccountPatch::default() };
            world.store.update_account(id, patch).await.unwrap();
        }
        tokio::time::sleep(POLLED).await;
        let reply = kind.call(&world, "status=500 times=2 id=again", false).send(world.addr).await;
        assert_eq!(reply.status, 200, "{kind:?}: {}", reply.text());
        let record = world.only_record().await;
        assert_eq!((record.attempts, record.status), (3, 200), "{kind:?}");
    }
}

#[tokio::test]
async fn a_model_that_one_account_lacks_is_asked_of_the_other() {
    let world = World::start(setup(2)).await;
    let fault = format!("status=404 code=model_not_found message='model: not here' account={FIRST}");
    for _ in 0..3 {
        assert_eq!(KIND.call(&world, &fault, false).send(world.addr).await.status, 200);
    }
    assert_eq!((received(&world, FIRST), received(&world, SECOND)), (1, 3));
    let other = KIND.call_with(world.key(KIND), "claude-haiku-4-5", "", false).send(world.addr).await;
    assert_eq!((other.status, received(&world, FIRST)), (200, 2), "its other models are as they were");
}

#[tokio::test]
async fn keys_take_turns_and_one_at_its_limit_is_passed_over() {
    let world = World::start(setup(1)).await;
    let add = |secret: &str| AccountPatch { add_key: Some(Secret::from(secret)), ..AccountPatch::default() };
    change(&world, 0, add("second-key")).await;
    change(&world, 0, add("third-key")).await;
    let ask = async |directives: &str| {
        KIND.call(&world, directives, false).send(world.addr).await.ok();
    };
    for _ in 0..6 {
        ask("").await;
    }
    let counts = || [FIRST, "second-key", "third-key"].map(|key| received(&world, key));
    assert_eq!(counts(), [2, 2, 2]);
    // Whoever meets the limit of a key is served by the next one, and the key is left alone.
    for _ in 0..3 {
        ask("status=429 retry_after=60 account=second-key").await;
    }
    assert_eq!(counts(), [4, 3, 3]);
    let records = world.finished().await;
    assert_eq!(records.iter().filter(|record| record.attempts == 2).count(), 1);
    assert!(records.iter().all(|record| record.account_id == Some(account(&world, 0).id)));
}

#[tokio::test]
async fn where_all_keys_are_at_their_limit_the_account_is() {
    let world = World::start(setup(2)).await;
    let patch = AccountPatch { add_key: Some(Secret::from("second-key")), ..AccountPatch::default() };
    change(&world, 0, patch).await;
    for key in [FIRST, "second-key"] {
        let fault = format!("status=401 account={key}");
        KIND.call(&world, &fault, false).send(world.addr).await.ok();
    }
    KIND.call(&world, "", false).send(world.addr).await.ok();
    assert_eq!([FIRST, "second-key", SECOND].map(|key| received(&world, key)), [1, 2, 2]);
}

#[tokio::test]
async fn a_credential_refused_over_minutes_is_marked_and_the_mark_goes_with_the_next_answer() {
    let clock = Arc::new(ManualClock::new(Timestamp::from_micros(1_795_809_600_000_000)));
    let world = World::start(Setup { clock: Some(Arc::clone(&clock)), ..setup(2) }).await;
    let fault = format!("status=401 message='invalid x-api-key {FIRST}' account={FIRST}");
    let mark =
        || async { world.store.get_account(account(&world, 0).id).await.unwrap().unwrap().upkeep.attention };
    for minute in 0..3 {
        assert_eq!(mark().await, None, "{minute}");
        for _ in 0..3 {
            KIND.call(&world, &fault, false).send(world.addr).await.ok();
        }
        clock.advance(Duration::from_secs(61));
    }
    let marked = eventually("a mark", mark).await;
    assert_eq!(marked.words, "invalid x-api-key …");
    let before = received(&world, FIRST);
    KIND.call(&world, "", false).send(world.addr).await.ok();
    assert_eq!(received(&world, FIRST), before, "it is passed over");
    clock.advance(Duration::from_secs(301));
    tokio::time::sleep(POLLED).await;
    KIND.call(&world, "", false).send(world.addr).await.ok();
    assert_eq!(received(&world, FIRST), before + 1, "and tried now and then");
    eventually("the mark gone", || async { mark().await.is_none().then_some(()) }).await;
}

#[tokio::test]
async fn a_mark_that_an_operator_takes_away_lets_the_account_in_again() {
    let clock = Arc::new(ManualClock::new(Timestamp::from_micros(1_795_809_600_000_000)));
    let world = World::start(Setup { clock: Some(clock), ..setup(2) }).await;
    let id = account(&world, 0).id;
    let attention = tollgate_routing::Attention { since: Timestamp::default(), words: "revoked".to_owned() };
    // As another node would.
    world.store.mark_attention(id, &attention).await.unwrap();
    tokio::time::sleep(POLLED).await;
    KIND.call(&world, "", false).send(world.addr).await.ok();
    assert_eq!(received(&world, FIRST), 0);
    world.store.clear_attention(id).await.unwrap();
    tokio::time::sleep(POLLED).await;
    KIND.call(&world, "", false).send(world.addr).await.ok();
    assert_eq!(received(&world, FIRST), 1);
}

#[tokio::test]
async fn a_probe_finds_an_account_well_without_a_caller() {
    let clock = Arc::new(ManualClock::new(Timestamp::from_micros(1_795_809_600_000_000)));
    let world = World::start(Setup { clock: Some(Arc::clone(&clock)), ..setup(1) }).await;
    let probe = ProbeTerms { every_s: 10, model: "claude-haiku-4-5".to_owned(), always: false };
    change(&world, 0, AccountPatch { probe: Some(Some(probe)), ..AccountPatch::default() }).await;
    for _ in 0..5 {
        KIND.call(&world, "status=500", false).send(world.addr).await;
    }
    assert_eq!(KIND.call(&world, "", false).send(world.addr).await.status, 429, "it is left alone");
    // Each look makes one try due; its trials let the account in again.
    let probes = || {
        let models = world.sandbox.counts().models;
        models.get("claude-haiku-4-5").map_or(0, |tally| tally.answered)
    };
    eventually("probes", || async {
        clock.advance(Duration::from_secs(11));
        tokio::time::sleep(Duration::from_millis(300)).await;
        (probes() >= 3).then_some(())
    })
    .await;
    KIND.call(&world, "", false).send(world.addr).await.ok();
    // It is well, so nobody probes it any more; and no probe was charged.
    let after = probes();
    clock.advance(Duration::from_secs(60));
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(probes() <= after + 1, "{} {after}", probes());
    let records = world.finished().await;
    assert!(records.iter().all(|record| record.requested_model != "claude-haiku-4-5"));
}

#[tokio::test]
async fn without_a_budget_the_first_failure_is_told() {
    let retry_budget = BudgetTerms { percent: 0, floor_per_s: 0 };
    let gateway = GatewayConfig { retry_budget, ..Setup::default().gateway };
    let world = World::start(Setup { gateway, ..setup(2) }).await;
    let reply = KIND.call(&world, &format!("status=529 account={FIRST}"), false).send(world.addr).await;
    assert_eq!(reply.status, 529);
    assert_eq!(world.only_record().await.attempts, 1);
}

/// After a cool-down the callers of a lone account wait for the few that try it, and none is turned away.
#[tokio::test]
async fn callers_wait_for_the_trials_of_a_lone_account() {
    let world = Arc::new(World::start(setup(1)).await);
    KIND.call(&world, "status=429 retry_after=1", false).send(world.addr).await;
    assert_eq!(KIND.call(&world, "", false).send(world.addr).await.status, 429);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let calls = (0..12).map(|_| {
        let (call, addr) = (KIND.call(&world, "slow_first_ms=150", false), world.addr);
        tokio::spawn(async move { call.send(addr).await.status })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap(), 200);
    }
}
