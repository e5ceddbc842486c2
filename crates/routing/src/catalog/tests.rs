//! What a catalog finds.

use tollgate_base::{AccountId, GroupId, Timestamp};
use tollgate_translate::traits::TraitsPatch;

use super::*;
use crate::account::BaseUrls;
use crate::price::{PriceVersion, Prices};
use crate::routes::GroupRoutes;
use crate::testing::{account, api_key, group, mapping, model, patterns, price_version};

const NOW: Timestamp = Timestamp::from_micros(1_000);

fn catalog(groups: Vec<Group>, accounts: Vec<Account>, models: &[&str]) -> Catalog {
    let models = models.iter().map(|name| model(name)).collect();
    Catalog::new(CatalogData { groups, accounts, models, limits: Vec::new(), version: 7 })
}

fn names(catalog: &Catalog, key: &ApiKey) -> Vec<String> {
    catalog.models_for(key, NOW).iter().map(|listed| listed.name.to_owned()).collect()
}

#[test]
fn prices_by_the_requested_name_first() {
    let catalog = catalog(
        vec![],
        vec![],
        &["claude-opus-5", "claude-*", "claude-opus-*", "glm-4.6", "ZHIPU/*", "not a name"],
    );
    for (requested, upstream, priced_as) in [
        ("claude-opus-5", "glm-4.6", Some("claude-opus-5")),
        ("claude-opus-6", "glm-4.6", Some("claude-opus-*")),
        ("claude-haiku", "claude-haiku", Some("claude-*")),
        ("ZHIPU/GLM-4.6", "glm-4.6", Some("ZHIPU/*")),
        ("alias", "glm-4.6", Some("glm-4.6")),
        ("alias", "claude-sonnet", Some("claude-*")),
        ("alias", "unknown", None),
        ("not a name", "not a name", None),
        ("claude", "claude", None),
    ] {
        let found = catalog.price_for(requested, upstream).map(|model| model.name.as_str());
        assert_eq!(found, priced_as, "{requested} -> {upstream}");
    }
}

/// Group 1 is composite: Claude comes from group 2, all of `glm-*` from group 3, which is disabled.
fn composite() -> Catalog {
    let routes = vec![
        ("claude-*".parse().unwrap(), GroupId::from_u128(2)),
        ("sonnet".parse().unwrap(), GroupId::from_u128(2)),
        ("glm-*".parse().unwrap(), GroupId::from_u128(3)),
    ];
    let own = Group { routes: GroupRoutes::new(routes).unwrap(), ..group(1) };
    let claude =
        Group { model_mapping: mapping(&[("sonnet", "claude-x"), ("opus", "claude-x")]), ..group(2) };
    let glm = Group { status: Status::Disabled, ..group(3) };
    let at = |id: u128, models: &[&str]| Account {
        groups: vec![GroupId::from_u128(id)],
        models: patterns(models),
        ..account(id)
    };
    let accounts = vec![at(1, &["gpt-*", "claude-old"]), at(2, &["claude-x"]), at(3, &["glm-*"])];
    catalog(vec![own, claude, glm], accounts, &["gpt-5", "claude-x", "claude-old", "glm-5"])
}

#[test]
fn routes_lead_to_the_group_that_serves() {
    let catalog = composite();
    let own = catalog.group(&GroupId::from_u128(1)).unwrap();
    for (model, serving) in
        [("gpt-5", Some(1)), ("claude-old", Some(2)), ("sonnet", Some(2)), ("opus", Some(1)), ("glm-5", None)]
    {
        let found = catalog.serving_group(own, model).map(|group| group.id.as_u128());
        assert_eq!(found, serving, "{model}");
    }
    let limited = catalog.limited_model(own, "sonnet").map(|model| model.name.as_str());
    assert_eq!(limited, Some("claude-x"), "the target's mapping holds");
}

#[test]
fn models_behind_routes_are_listed() {
    let catalog = composite();
    assert_eq!(names(&catalog, &api_key(1, 1)), ["claude-x", "gpt-5", "sonnet"]);
    assert_eq!(names(&catalog, &api_key(1, 2)), ["claude-x", "opus", "sonnet"]);
    let key = api_key(1, 1);
    let listed = |name| catalog.model_for_key(&key, name, NOW).map(|listed| listed.model.name.as_str());
    assert_eq!((listed("sonnet"), listed("claude-old"), listed("glm-5")), (Some("claude-x"), None, None));
}

#[test]
fn traits_are_the_upstream_names_and_then_the_operators() {
    let blind = Model {
        traits: Some(TraitsPatch { vision: Some(false), ..TraitsPatch::default() }),
        ..model("alias")
    };
    let capped = Model {
        traits: Some(TraitsPatch { max_output_tokens: Some(99), ..TraitsPatch::default() }),
        ..model("claude-*")
    };
    let models = vec![blind, capped, model("claude-opus-5-5")];
    let catalog = Catalog::new(CatalogData { models, ..CatalogData::default() });
    let table = ModelTraits::of("claude-opus-5-5");
    assert!(table.vision && table.max_output_tokens != Some(99), "the test needs both to differ");

    let with_alias = ModelTraits { vision: false, ..table };
    assert_eq!(catalog.traits_for("alias", "claude-opus-5-5"), with_alias);
    assert_eq!(catalog.traits_for("claude-opus-5-5", "claude-opus-5-5"), table, "the entry says nothing");
    let capped = ModelTraits { max_output_tokens: Some(99), ..ModelTraits::of("claude-haiku-4-5") };
    assert_eq!(catalog.traits_for("claude-haiku-4-5", "claude-haiku-4-5"), capped, "a pattern's word");
    assert_eq!(catalog.traits_for("other", "claude-haiku-4-5"), capped, "priced by the upstream's name");
    assert_eq!(catalog.traits_for("unpriced", "glm-4.6"), ModelTraits::of("glm-4.6"));
}

#[test]
fn accounts_of_a_group_are_the_enabled_ones_in_order() {
    let mut accounts: Vec<Account> = (1..=5).map(account).collect();
    accounts[0].priority = 9;
    accounts[1].status = Status::Disabled;
    accounts[2].groups = vec![GroupId::from_u128(2)];
    accounts[3].groups = vec![GroupId::from_u128(1), GroupId::from_u128(2), GroupId::from_u128(1)];
    let catalog = catalog(vec![group(1), group(2), group(3)], accounts, &[]);
    let ids = |group: u128| -> Vec<u128> {
        catalog.accounts_of(&GroupId::from_u128(group)).map(|(_, account)| account.id.as_u128()).collect()
    };
    assert_eq!(ids(1), [4, 5, 1]);
    assert_eq!(ids(2), [3, 4]);
    assert_eq!(ids(3), [0_u128; 0]);
    assert_eq!(ids(4), [0_u128; 0], "no such group");
    assert_eq!(catalog.account(&AccountId::from_u128(2)).unwrap().status, Status::Disabled);
    assert_eq!(catalog.group(&GroupId::from_u128(2)).unwrap().name, "group2");
    assert!(catalog.group(&GroupId::from_u128(4)).is_none());
    assert_eq!(catalog.version(), 7);
}

#[test]
fn lists_what_the_group_serves_and_the_key_may_use() {
    let mut aliased = group(1);
    aliased.model_mapping = mapping(&[
        ("fast", "gpt-5-mini"),
        ("unpriced", "unknown"),
        ("unserved", "claude-opus-5"),
        ("ZHIPU/GLM-*", "glm-*"),
        ("gpt-old", "gpt-5"),
    ]);
    let mut serving = account(1);
    serving.models = patterns(&["gpt-*", "glm-*", "unknown"]);
    let mut off = account(2);
    off.status = Status::Disabled;
    let mut mute = account(3);
    mute.base_urls = BaseUrls::default();
    let models = ["gpt-5", "gpt-5-mini", "gpt-old", "claude-opus-5", "ZHIPU/GLM-4.6", "gpt-*"];
    let catalog = catalog(vec![aliased, group(2)], vec![serving, off, mute], &models);

    let mut key = api_key(1, 1);
    assert_eq!(names(&catalog, &key), ["ZHIPU/GLM-4.6", "fast", "gpt-5", "gpt-5-mini", "gpt-old"]);
    let fast = catalog.models_for(&key, NOW)[1];
    assert_eq!(fast.model.name, "gpt-5-mini", "an alias is priced as what it leads to");

    key.allowed_models = patterns(&["gpt-5", "fast", "claude-*"]);
    assert_eq!(names(&catalog, &key), ["fast", "gpt-5"]);
    assert_eq!(names(&catalog, &api_key(1, 2)), [""; 0], "a group without accounts");
    assert_eq!(names(&catalog, &api_key(1, 9)), [""; 0], "no such group");
}

#[test]
fn one_model_is_found_also_by_a_pattern_price() {
    let mut serving = account(1);
    serving.models = patterns(&["gpt-*"]);
    let catalog = catalog(vec![group(1)], vec![serving], &["gpt-*", "claude-*"]);
    let mut key = api_key(1, 1);
    assert_eq!(names(&catalog, &key), [""; 0], "patterns are not listed");
    assert_eq!(catalog.model_for_key(&key, "gpt-9", NOW).unwrap().model.name, "gpt-*");
    assert_eq!(catalog.model_for_key(&key, "gpt-9", NOW).unwrap().name, "gpt-9");
    assert_eq!(catalog.model_for_key(&key, "claude-9", NOW), None, "nobody serves it");
    key.allowed_models = patterns(&["gpt-8"]);
    assert_eq!(catalog.model_for_key(&key, "gpt-9", NOW), None, "not for this key");
}

#[test]
fn a_model_is_listed_from_when_on_it_has_a_price() {
    let later = PriceVersion { from: NOW, ..price_version() };
    let models = vec![Model { prices: Prices::new(vec![later]), ..model("gpt-5") }];
    let data = CatalogData {
        groups: vec![group(1)],
        accounts: vec![account(1)],
        models,
        limits: Vec::new(),
        version: 1,
    };
    let (catalog, key) = (Catalog::new(data), api_key(1, 1));
    let before = Timestamp::from_micros(999);
    assert_eq!((catalog.models_for(&key, before).len(), catalog.models_for(&key, NOW).len()), (0, 1));
    assert_eq!(catalog.model_for_key(&key, "gpt-5", before), None);
    let price = |at| catalog.price_at("gpt-5", "gpt-5", &account(1), Protocol::Chat, at);
    assert_eq!((price(before), price(NOW).map(|price| price.version)), (None, Some(1)));
}

#[test]
fn the_accounts_mapping_comes_after_the_groups() {
    let mut mapped = group(1);
    mapped.model_mapping = mapping(&[("alias", "middle")]);
    let mut serving = account(1);
    serving.model_mapping = mapping(&[("middle", "final")]);
    serving.models = patterns(&["final"]);
    let catalog = catalog(vec![mapped], vec![serving], &["final", "middle"]);
    let listed = catalog.models_for(&api_key(1, 1), NOW);
    let pairs: Vec<_> = listed.iter().map(|listed| (listed.name, listed.model.name.as_str())).collect();
    assert_eq!(pairs, [("alias", "final"), ("final", "final"), ("middle", "middle")]);
}

#[test]
fn of_two_with_one_id_or_name_the_first_stays() {
    let second = Account { name: "second".into(), ..account(1) };
    let second_model = Model { owned_by: Some("second".into()), ..model("m") };
    let data = CatalogData {
        groups: vec![group(1), Group { name: "second".into(), ..group(1) }],
        accounts: vec![account(1), second],
        models: vec![model("m"), second_model],
        limits: Vec::new(),
        version: 1,
    };
    let catalog = Catalog::new(data);
    let members: Vec<_> =
        catalog.accounts_of(&GroupId::from_u128(1)).map(|(_, account)| account.name.as_str()).collect();
    assert_eq!(members, ["account1"]);
    assert_eq!(catalog.group(&GroupId::from_u128(1)).unwrap().name, "group1");
    assert_eq!(catalog.price_for("m", "m").unwrap().owned_by, None);
}

#[test]
fn the_limited_model_is_the_one_asked_for_or_what_the_group_makes_of_it() {
    let group =
        Group { model_mapping: mapping(&[("sonnet", "claude-sonnet-5-5"), ("own", "other")]), ..group(1) };
    let catalog = catalog(vec![], vec![], &["claude-*", "own"]);
    for (requested, expected) in [
        ("claude-sonnet-5-5", Some("claude-*")),
        ("sonnet", Some("claude-*")),
        ("own", Some("own")),
        ("gpt", None),
    ] {
        let found = catalog.limited_model(&group, requested).map(|model| model.name.as_str());
        assert_eq!(found, expected, "{requested}");
    }
}
