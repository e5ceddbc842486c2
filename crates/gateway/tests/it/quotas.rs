//! What a key, a user or an account may spend in a window of time.

use std::time::Duration;

use tollgate_base::Money;
use tollgate_routing::Funding;
use tollgate_store::{Allowance, GroupPatch, NewSubscription, QuotaOwner, StoredQuota, StoredSubscription};

use crate::support::error_table::check;
use crate::support::{Call, Kind, Setup, World};

fn dollars(text: &str) -> Money {
    text.parse().unwrap()
}

async fn set(world: &World, owner: QuotaOwner, window: &str, amount: &str) -> StoredQuota {
    let quota = world.store.set_quota(owner, window.parse().unwrap(), dollars(amount)).await.unwrap();
    learned().await;
    quota
}

/// Until the gate has heard of a change.
async fn learned() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}

async fn is_used(world: &World, quota: &StoredQuota) -> Money {
    let all = world.store.list_quotas(Some(quota.owner)).await.unwrap();
    all.into_iter().find(|stored| stored.id == quota.id).unwrap().quota.used
}

#[tokio::test]
async fn a_used_up_quota_refuses_its_key_alone_and_in_every_dialect() {
    for kind in Kind::ALL {
        let world = World::new().await;
        let (key, secret) = world.extra_key(kind, |new| new.name = "bounded".to_owned()).await;
        let quota = set(&world, QuotaOwner::Key(key.id), "5h", "2").await;
        let call = || kind.call_with(&secret, kind.model(), "input=100000 output=200000", false);
        assert_eq!(call().send(world.addr).await.status, 200, "{kind:?}");
        // What the first has cost, 2.1 dollars and more, is known before the next is admitted.
        world.records(1).await;
        let refused = call().send(world.addr).await;
        check(&refused, kind.dialect(), "quota_used_up", "this API key, 2 dollars in 5h, until 20");
        assert_eq!(kind.call(&world, "output=10", false).send(world.addr).await.status, 200, "another key");
        let records = world.finished().await;
        let spent =
            records.iter().find(|record| record.key_id == key.id && record.status == 200).unwrap().cost;
        assert_eq!(is_used(&world, &quota).await, spent);
        assert!(world.store.verify_ledger().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn many_at_once_stay_within_a_quota() {
    let world = World::new().await;
    // A request can cost 1.5 cents of output and some tenths of a cent of input.
    let quota = set(&world, QuotaOwner::User(world.user.id), "total", "0.07").await;
    let calls = (0..60).map(|_| {
        let (call, addr) =
            (Kind::Messages.call(&world, "slow_first_ms=3000 input=10 output=10", false), world.addr);
        tokio::spawn(async move { call.send(addr).await.status })
    });
    let mut served = 0;
    for call in calls.collect::<Vec<_>>() {
        served += usize::from(call.await.unwrap() == 200);
    }
    assert_eq!(served, 3);
    let records = world.finished().await;
    let spent: i64 = records.iter().map(|record| record.cost.nanos()).sum();
    assert_eq!(is_used(&world, &quota).await.nanos(), spent);
    assert!(world.store.verify_ledger().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_account_over_its_quota_is_passed_over() {
    let world = World::start(Setup { accounts: 2, ..Setup::default() }).await;
    let first = world.accounts.iter().find(|account| account.name == "anthropic-0").unwrap();
    let quota = set(&world, QuotaOwner::Account(first.id), "1d", "0.05").await;
    for at_least in 1..=3 {
        let reply = Kind::Messages.call(&world, "input=10000 output=5000", false).send(world.addr).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        world.records(at_least).await;
    }
    let records = world.finished().await;
    let at_first: Vec<bool> = records.iter().map(|record| record.account_id == Some(first.id)).collect();
    assert_eq!(at_first, [true, false, false]);
    assert_eq!(is_used(&world, &quota).await, records[0].account_cost);
    assert!(world.store.verify_ledger().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_account_costs_what_its_provider_charges() {
    let world = World::start(Setup { group_rate: "2".parse().unwrap(), ..Setup::default() }).await;
    let patch = tollgate_store::AccountPatch { rate: Some("0.5".parse().unwrap()), ..Default::default() };
    world.store.update_account(world.accounts[0].id, patch).await.unwrap();
    learned().await;
    Kind::Messages.call(&world, "input=1000 output=1000", false).send(world.addr).await.ok();
    let record = world.only_record().await;
    assert_eq!((record.cost, record.account_cost), (dollars("0.036"), dollars("0.009")));
}

#[tokio::test]
async fn a_quota_that_is_raised_or_removed_is_so_at_once() {
    let world = World::new().await;
    let owner = QuotaOwner::User(world.user.id);
    let quota = set(&world, owner, "total", "0").await;
    let status = || async { Kind::Messages.call(&world, "output=10", false).send(world.addr).await.status };
    assert_eq!(status().await, 402);
    set(&world, owner, "total", "1").await;
    assert_eq!(status().await, 200);
    set(&world, owner, "total", "0").await;
    assert_eq!(status().await, 402);
    world.store.remove_quota(quota.id).await.unwrap();
    learned().await;
    assert_eq!(status().await, 200);
}

#[tokio::test]
async fn counting_tokens_looks_at_quotas_and_writes_nothing() {
    let world = World::new().await;
    let body = Kind::Messages.body(Kind::Messages.model(), "How long is this?", false);
    let count = || async {
        let call = Call::json("/v1/messages/count_tokens", &body).bearer(world.key(Kind::Messages));
        call.send(world.addr).await.status
    };
    assert_eq!(count().await, 200);
    set(&world, QuotaOwner::User(world.user.id), "total", "0").await;
    assert_eq!(count().await, 402);
    assert!(world.finished().await.is_empty());
}

/// A subscription of the caller in the group of Messages, with so many dollars a day.
async fn subscribe(world: &World, day: &str) -> StoredSubscription {
    let new = NewSubscription {
        user_id: world.user.id,
        group_id: world.anthropic.id,
        plan_id: None,
        days: 30,
        starts_at: None,
        allowance: Allowance { day: Some(dollars(day)), ..Allowance::default() },
        time_zone: None,
    };
    let subscription = world.store.create_subscription(new).await.unwrap();
    learned().await;
    subscription
}

#[tokio::test]
async fn a_subscription_pays_while_it_has_enough_and_then_the_balance() {
    let world = World::start(Setup { balance: dollars("1"), ..Setup::default() }).await;
    let subscription = subscribe(&world, "0.05").await;
    for at_least in 1..=3 {
        // Each costs three cents, and can cost a little more than a cent and a half.
        Kind::Messages.call(&world, "input=5000 output=1000", false).send(world.addr).await.ok();
        world.records(at_least).await;
    }
    let records = world.finished().await;
    let id = Some(subscription.subscription.id);
    let paid_by: Vec<_> = records.iter().map(|record| record.subscription_id).collect();
    assert_eq!(paid_by, [id, id, None]);
    assert_eq!(world.balance().await, dollars("0.97"));
    let quotas = world.store.list_quotas(Some(QuotaOwner::Subscription(subscription.subscription.id))).await;
    assert_eq!(quotas.unwrap()[0].quota.used, dollars("0.06"));
    assert!(world.store.verify_ledger().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_group_says_what_pays() {
    let world = World::start(Setup { balance: dollars("0.001"), ..Setup::default() }).await;
    let call = || async {
        let reply = Kind::Messages.call(&world, "input=10 output=10", false).send(world.addr).await;
        (reply.status, reply.json()["error"]["message"].as_str().unwrap_or_default().to_owned())
    };
    let fund = async |funding: Funding| {
        let patch = GroupPatch { funding: Some(funding), ..GroupPatch::default() };
        world.store.update_group(world.anthropic.id, patch).await.unwrap();
        learned().await;
    };
    fund(Funding::Subscription).await;
    assert_eq!(
        call().await,
        (402, "This API key's group needs a subscription, and none is active.".to_owned())
    );
    let subscription = subscribe(&world, "1").await;
    assert_eq!(call().await.0, 200);
    fund(Funding::Balance).await;
    assert_eq!(call().await.0, 402, "the balance has too little");
    fund(Funding::BalanceFirst).await;
    assert_eq!(call().await.0, 200, "the balance has too little, the subscription enough");
    world.store.cancel_subscription(subscription.subscription.id).await.unwrap();
    learned().await;
    assert_eq!(call().await.0, 402);
    assert_eq!(world.balance().await, dollars("0.001"), "the subscription has paid for all");
}
