//! Composite groups: the accounts of other groups serve, the key's own group pays.

use serde_json::json;
use tollgate_base::Rate;
use tollgate_routing::{Group, GroupRoutes, Platform, Status};
use tollgate_store::{GroupPatch, NewGroup};

use crate::settle::{cost, price};
use crate::support::error_table::check;
use crate::support::kind::{CLAUDE, GPT};
use crate::support::{Call, Kind, Setup, World, eventually};

/// A group without accounts: Claude comes from one group of the world, GPT and the alias from the other.
async fn composite(world: &World, rate: Rate) -> (Group, String) {
    let routes = [("claude-*", &world.anthropic), ("gpt-*", &world.openai), ("alias", &world.openai)];
    let routes = routes.map(|(pattern, group)| (pattern.parse().unwrap(), group.id)).to_vec();
    let routes = GroupRoutes::new(routes).unwrap();
    let new = NewGroup { rate, routes, ..NewGroup::new("composite", Platform::Openai) };
    let group = world.store.create_group(new).await.unwrap();
    let key = world.key_in(&group).await;
    (group, key)
}

async fn served(world: &World, kind: Kind, key: &str, model: &str) {
    eventually("the route is in force", || async {
        let reply = kind.call_with(key, model, "words=2", false).send(world.addr).await;
        (reply.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_target_serves_and_the_keys_group_pays() {
    const MAPPING: &[(&str, &str)] = &[("alias", "gpt-5.5")];
    let world = World::start(Setup { group_mapping: MAPPING, ..Setup::default() }).await;
    let rate: Rate = "2.5".parse().unwrap();
    let (group, key) = composite(&world, rate).await;
    served(&world, Kind::Messages, &key, CLAUDE).await;
    served(&world, Kind::Chat, &key, GPT).await;
    served(&world, Kind::Chat, &key, "alias").await;
    // Claude is Anthropic's also for who speaks Chat.
    served(&world, Kind::Chat, &key, CLAUDE).await;
    let records = world.finished().await;
    let records: Vec<_> = records.iter().filter(|record| record.status == 200).collect();
    let expected = [
        (Kind::Messages, "anthropic-0", CLAUDE),
        (Kind::Chat, "openai-0", GPT),
        (Kind::Chat, "openai-0", GPT),
        (Kind::Messages, "anthropic-0", CLAUDE),
    ];
    assert_eq!(records.len(), expected.len());
    for (record, (priced_as, account, upstream_model)) in records.iter().zip(expected) {
        let served = world.accounts.iter().find(|known| Some(known.id) == record.account_id).unwrap();
        assert_eq!(served.name, account);
        assert_eq!(record.upstream_model.as_deref(), Some(upstream_model));
        assert_eq!((record.group_id, record.group_rate), (group.id, rate));
        assert_eq!(record.cost, cost(&record.usage, &price(priced_as), rate, Rate::ONE));
        assert!(record.held.is_some_and(|held| held >= record.cost));
    }
}

#[tokio::test]
async fn models_and_counts_follow_routes() {
    const MAPPING: &[(&str, &str)] = &[("alias", "gpt-5.5")];
    let world = World::start(Setup { group_mapping: MAPPING, ..Setup::default() }).await;
    let (_, key) = composite(&world, Rate::ONE).await;
    served(&world, Kind::Chat, &key, "alias").await;
    let list = Call::get("/v1/models").bearer(&key).send(world.addr).await.ok().json();
    let ids: Vec<&str> =
        list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["alias", "claude-haiku-4-5", "claude-sonnet-5-5", "gpt-5.5", "gpt-6-sol"]);

    let body = json!({"model": CLAUDE, "messages": [{"role": "user", "content": "How long is this?"}]});
    let count = Call::json("/v1/messages/count_tokens", &body).bearer(&key);
    let counted = count.send(world.addr).await.ok().json();
    assert!(counted["input_tokens"].as_u64().unwrap() > 0, "{counted}");
    assert_eq!(world.sandbox.counts().credentials["cred-anthropic-0"].received, 1);
}

#[tokio::test]
async fn what_no_route_leads_to_is_not_served() {
    let world = World::new().await;
    let (_, key) = composite(&world, Rate::ONE).await;
    served(&world, Kind::Chat, &key, GPT).await;
    let reply = Kind::Chat.call_with(&key, "glm-5", "", false).send(world.addr).await;
    check(&reply, Kind::Chat.dialect(), "no_account", "");
    let off = GroupPatch { status: Some(Status::Disabled), ..GroupPatch::default() };
    world.store.update_group(world.openai.id, off).await.unwrap();
    let reply = eventually("the target is disabled", || async {
        let reply = Kind::Chat.call_with(&key, GPT, "words=1", false).send(world.addr).await;
        (reply.status != 200).then_some(reply)
    })
    .await;
    check(&reply, Kind::Chat.dialect(), "no_account", "");
    Kind::Messages.call_with(&key, CLAUDE, "words=1", false).send(world.addr).await.ok();
}
