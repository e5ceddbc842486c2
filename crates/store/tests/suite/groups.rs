//! Groups.

use tollgate_base::{GroupId, Money, Rate};
use tollgate_routing::{
    Funding, GroupRoutes, HoldMode, ModelMapping, OnDisconnect, Platform, Policy, Status, TokenCounting,
};
use tollgate_store::{GroupPatch, KeyPatch, NewGroup, StoreError};

use super::{TestDb, accounts, dollars, group, world};

fn mapping(pairs: &[(&str, &str)]) -> ModelMapping {
    ModelMapping::new(pairs.iter().map(|(from, to)| (from.parse().unwrap(), (*to).to_owned())).collect())
        .unwrap()
}

pub(crate) async fn groups_keep_what_they_are_given(db: &TestDb) {
    let store = db.open().await;
    let made = store
        .create_group(NewGroup {
            name: "glm".to_owned(),
            platform: Platform::Openai,
            rate: Rate::from_millionths(1_333_300),
            model_mapping: mapping(&[("ZHIPU/GLM-*", "glm-*"), ("gpt-4o", "gpt-5")]),
            token_counting: Some(TokenCounting::Estimate),
            hold: HoldMode::Input,
            credit_line: dollars("2.5"),
            on_disconnect: OnDisconnect::Cancel,
            funding: Funding::BalanceFirst,
            shaping: accounts::shaping(r#"{"system_prefix":"Be kind."}"#),
            policy: Policy::Fastest,
            ..NewGroup::new("", Platform::Openai)
        })
        .await
        .unwrap();
    assert_eq!(store.get_group(made.id).await.unwrap().as_ref(), Some(&made));
    assert_eq!(store.find_group_by_name("glm").await.unwrap().as_ref(), Some(&made));
    assert_eq!(made.model_mapping.resolve("ZHIPU/GLM-4.6").as_deref(), Some("glm-4.6"));
    let plain = group(&store, "anthropic").await;
    assert_eq!(plain.token_counting, None);
    assert!(plain.shaping.is_empty() && !made.shaping.is_empty());
    let habits = (plain.hold, plain.credit_line, plain.on_disconnect);
    assert_eq!(habits, (HoldMode::Full, Money::ZERO, OnDisconnect::Drain));
    assert_eq!((plain.funding, plain.policy), (Funding::SubscriptionFirst, Policy::Priority));
    assert_eq!(made.policy, Policy::Fastest);
    assert_eq!(store.list_groups().await.unwrap(), [plain, made]);
    assert_eq!(store.get_group(GroupId::generate()).await.unwrap(), None);
    let again = store.create_group(NewGroup::new("glm", Platform::Openai)).await;
    assert_eq!(again, Err(StoreError::Conflict { what: "a group named `glm` already exists".to_owned() }));
    let nameless = store.create_group(NewGroup::new("", Platform::Openai)).await;
    assert!(matches!(nameless, Err(StoreError::Invalid { field: "name", .. })));
    let indebted = NewGroup { credit_line: dollars("-1"), ..NewGroup::new("indebted", Platform::Openai) };
    let refused = store.create_group(indebted).await;
    assert!(matches!(refused, Err(StoreError::Invalid { field: "credit_line", .. })));
}

pub(crate) async fn groups_are_changed_field_by_field(db: &TestDb) {
    let store = db.open().await;
    let made = group(&store, "main").await;
    let patch = GroupPatch {
        token_counting: Some(Some(TokenCounting::Off)),
        model_mapping: Some(mapping(&[("a", "b")])),
        status: Some(Status::Disabled),
        hold: Some(HoldMode::None),
        credit_line: Some(dollars("1")),
        policy: Some(Policy::Cheapest),
        ..GroupPatch::default()
    };
    let after = store.update_group(made.id, patch).await.unwrap();
    assert_eq!(after.token_counting, Some(TokenCounting::Off));
    assert_eq!(after.model_mapping, mapping(&[("a", "b")]));
    assert_eq!(after.status, Status::Disabled);
    let habits = (after.hold, after.credit_line, after.on_disconnect);
    assert_eq!(habits, (HoldMode::None, dollars("1"), OnDisconnect::Drain));
    assert_eq!(after.policy, Policy::Cheapest);
    assert_eq!((&after.name, after.platform, after.rate), (&made.name, made.platform, made.rate));
    let patch = GroupPatch {
        name: Some("other".to_owned()),
        platform: Some(Platform::Openai),
        rate: Some(Rate::from_millionths(1)),
        token_counting: Some(None),
        on_disconnect: Some(OnDisconnect::Cancel),
        funding: Some(Funding::Subscription),
        ..GroupPatch::default()
    };
    let after = store.update_group(made.id, patch).await.unwrap();
    assert_eq!(after.token_counting, None);
    assert_eq!((after.name.as_str(), after.platform), ("other", Platform::Openai));
    assert_eq!((after.credit_line, after.on_disconnect), (dollars("1"), OnDisconnect::Cancel));
    assert_eq!(after.policy, Policy::Cheapest);
    assert_eq!(after.funding, Funding::Subscription);
    let unusable = accounts::shaping(r#"{"status":{"200":500}}"#);
    let shaped = GroupPatch { shaping: Some(unusable), ..GroupPatch::default() };
    let refused = store.update_group(made.id, shaped).await;
    assert!(matches!(refused, Err(StoreError::Invalid { field: "shaping", .. })));
    let indebted = GroupPatch { credit_line: Some(dollars("-1")), ..GroupPatch::default() };
    let refused = store.update_group(made.id, indebted).await;
    assert!(matches!(refused, Err(StoreError::Invalid { field: "credit_line", .. })));
    assert_eq!(store.get_group(made.id).await.unwrap(), Some(after));
    group(&store, "main").await;
    let taken = GroupPatch { name: Some("main".to_owned()), ..GroupPatch::default() };
    assert!(matches!(store.update_group(made.id, taken).await, Err(StoreError::Conflict { .. })));
    let nothing = store.update_group(GroupId::generate(), GroupPatch::default()).await;
    assert!(matches!(nothing, Err(StoreError::NotFound { .. })));
}

fn routes(pairs: &[(&str, GroupId)]) -> GroupRoutes {
    GroupRoutes::new(pairs.iter().map(|(pattern, id)| (pattern.parse().unwrap(), *id)).collect()).unwrap()
}

pub(crate) async fn routes_are_one_step_long(db: &TestDb) {
    let store = db.open().await;
    let (target, other) = (group(&store, "target").await, group(&store, "other").await);
    let new = NewGroup {
        routes: routes(&[("claude-*", target.id), ("gpt-5", other.id)]),
        ..NewGroup::new("composite", Platform::Openai)
    };
    let composite = store.create_group(new.clone()).await.unwrap();
    assert_eq!(composite.routes, new.routes);
    assert_eq!(store.get_group(composite.id).await.unwrap(), Some(composite.clone()));

    let refused = async |id, to: GroupId| {
        let patch = GroupPatch { routes: Some(routes(&[("m", to)])), ..GroupPatch::default() };
        store.update_group(id, patch).await.unwrap_err()
    };
    for (id, to, word) in [
        (other.id, other.id, "itself"),
        (other.id, composite.id, "has routes itself"),
        (target.id, group(&store, "third").await.id, "leads here"),
    ] {
        let error = refused(id, to).await;
        assert!(matches!(error, StoreError::Invalid { field: "routes", .. }), "{error}");
        assert!(error.to_string().contains(word), "{error}");
    }
    assert!(matches!(refused(other.id, GroupId::generate()).await, StoreError::NotFound { .. }));

    let Err(StoreError::InUse { what }) = store.remove_group(target.id).await else { panic!("removed") };
    assert!(what.contains("composite"), "{what}");
    let none = GroupPatch { routes: Some(GroupRoutes::default()), ..GroupPatch::default() };
    assert!(store.update_group(composite.id, none).await.unwrap().routes.is_empty());
    store.remove_group(target.id).await.unwrap();
}

pub(crate) async fn groups_of_keys_stay(db: &TestDb) {
    let store = db.open().await;
    let (key, _) = world(&store).await;
    let other = group(&store, "other").await;
    let account = accounts::account(&store, "acc", &[key.group_id, other.id]).await;
    let Err(StoreError::InUse { what }) = store.remove_group(key.group_id).await else { panic!("removed") };
    assert!(what.contains("1 API key"), "{what}");
    let patch = KeyPatch { group_id: Some(other.id), ..KeyPatch::default() };
    assert_eq!(store.update_key(key.id, patch).await.unwrap().group_id, other.id);
    store.remove_group(key.group_id).await.unwrap();
    assert_eq!(store.get_account(account.id).await.unwrap().unwrap().groups, [other.id]);
    assert!(matches!(store.remove_group(key.group_id).await, Err(StoreError::NotFound { .. })));
}
