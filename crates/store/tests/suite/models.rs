//! Models and their prices.

use tollgate_base::{Money, Timestamp, TokenPrice};
use tollgate_pricing::{ContextTier, ContextTiers, ModelPrice, Multipliers};
use tollgate_routing::Model;
use tollgate_store::{ModelPatch, NewModel, NewPrice, StoreError};
use tollgate_translate::traits::{SamplingTrait, TraitsPatch};

use super::{TestDb, dollars};

pub(crate) fn price(input: &str, output: &str) -> ModelPrice {
    ModelPrice::new(input.parse().unwrap(), output.parse().unwrap())
}

/// Number and price of the newest version.
fn now(model: &Model) -> (i64, ModelPrice) {
    let newest = model.price_at(Timestamp::from_micros(i64::MAX)).unwrap();
    (newest.version, newest.price)
}

pub(crate) async fn models_keep_what_they_are_given(db: &TestDb) {
    let at = Timestamp::from_micros(77);
    let store = db.open_at(at).await;
    let full = ModelPrice {
        cache_write_5m: Some("3.75".parse().unwrap()),
        cache_write_1h: Some(TokenPrice::ZERO),
        cache_read: Some("0.075".parse().unwrap()),
        web_search_per_thousand: Some(dollars("10")),
        tiers: ContextTiers::new(&[ContextTier {
            above_prompt_tokens: 200_000,
            input: Some("6".parse().unwrap()),
            output: Some("22.5".parse().unwrap()),
            ..ContextTier::default()
        }])
        .unwrap(),
        multipliers: Multipliers { us: Some("1.1".parse().unwrap()), ..Multipliers::NONE },
        ..price("3", "15")
    };
    let new = NewModel {
        name: "ZHIPU/GLM-4.6".to_owned(),
        display_name: Some("GLM 4.6".to_owned()),
        owned_by: Some("zhipu".to_owned()),
        context_window_tokens: Some(200_000),
        max_output_tokens: Some(64_000),
        traits: Some(TraitsPatch {
            sampling: Some(SamplingTrait::Refused),
            efforts: Some(serde_json::from_str(r#"["low","max"]"#).unwrap()),
            vision: Some(false),
            context_window_tokens: Some(u64::MAX),
            ..TraitsPatch::default()
        }),
        price: full.into(),
    };
    let made = store.create_model(new).await.unwrap();
    assert_eq!((now(&made), made.created_at), ((1, full), at));
    assert_eq!(made.traits.unwrap().efforts.unwrap().iter().count(), 2);
    assert_eq!(store.get_model("ZHIPU/GLM-4.6").await.unwrap().as_ref(), Some(&made));
    let many = store.create_model(NewModel::new("deepseek-*", price("0.27", "1.1"))).await.unwrap();
    assert_eq!((many.display_name.as_ref(), many.traits, now(&many).0), (None, None, 2));
    assert_eq!(store.list_models().await.unwrap(), [made, many]);
    assert_eq!(store.get_model("deepseek-chat").await.unwrap(), None, "patterns are matched by routing");
}

pub(crate) async fn every_price_is_kept(db: &TestDb) {
    let store = db.open().await;
    store.create_model(NewModel::new("a", price("1", "2"))).await.unwrap();
    store.create_model(NewModel::new("b", price("1", "2"))).await.unwrap();
    let patch = |price| ModelPatch { price: Some(NewPrice::from(price)), ..ModelPatch::default() };
    let after = store.update_model("a", patch(price("3", "4"))).await.unwrap();
    assert_eq!(now(&after), (3, price("3", "4")));
    let same = store.update_model("a", patch(price("3", "4"))).await.unwrap();
    assert_eq!(now(&same).0, 3, "the same price is no new version");
    let facts = ModelPatch {
        display_name: Some(Some("A".to_owned())),
        max_output_tokens: Some(Some(1)),
        context_window_tokens: Some(None),
        ..ModelPatch::default()
    };
    let after = store.update_model("a", facts).await.unwrap();
    assert_eq!(
        (after.display_name.as_deref(), after.max_output_tokens, now(&after).0),
        (Some("A"), Some(1), 3)
    );
    let versions: Vec<i64> =
        store.list_prices("a").await.unwrap().into_iter().map(|found| found.version.version).collect();
    assert_eq!(versions, [1, 3]);
    store.remove_model("a").await.unwrap();
    let old = store.find_price(1).await.unwrap().unwrap();
    assert_eq!(
        (old.model.as_str(), old.version.price),
        ("a", price("1", "2")),
        "usage records name it for ever"
    );
    assert_eq!(store.find_price(99).await.unwrap(), None);
    let again = store.create_model(NewModel::new("a", price("5", "6"))).await.unwrap();
    assert_eq!(now(&again), (4, price("5", "6")), "versions are never used twice");
}

pub(crate) async fn traits_are_set_replaced_and_cleared(db: &TestDb) {
    let store = db.open().await;
    store.create_model(NewModel::new("a", price("1", "2"))).await.unwrap();
    let blind = TraitsPatch { vision: Some(false), ..TraitsPatch::default() };
    let plain = TraitsPatch { top_k: Some(false), ..TraitsPatch::default() };
    let before = store.config_version().await.unwrap();
    for said in [Some(blind), Some(plain), None] {
        let patch = ModelPatch { traits: Some(said), ..ModelPatch::default() };
        let after = store.update_model("a", patch).await.unwrap();
        assert_eq!((after.traits, now(&after).0), (said, 1));
        let other = ModelPatch { owned_by: Some(Some("o".to_owned())), ..ModelPatch::default() };
        assert_eq!(store.update_model("a", other).await.unwrap().traits, said, "another change leaves them");
        assert_eq!(store.catalog().await.unwrap().models[0].traits, said);
    }
    assert_eq!(store.config_version().await.unwrap(), before + 6, "gates are to notice");
    store.update_model("a", ModelPatch { traits: Some(Some(blind)), ..ModelPatch::default() }).await.unwrap();
    db.raw(r#"UPDATE models SET traits = '{"visions":false}' WHERE name = 'a'"#).await;
    let error = store.get_model("a").await.unwrap_err();
    assert!(error.to_string().contains("visions"), "{error}");
}

pub(crate) async fn what_is_wrong_with_a_model_is_said(db: &TestDb) {
    let store = db.open().await;
    store.create_model(NewModel::new("a", price("1", "2"))).await.unwrap();
    let taken = StoreError::Conflict { what: "a model named `a` already exists".to_owned() };
    assert_eq!(store.create_model(NewModel::new("a", price("1", "2"))).await, Err(taken));
    assert_eq!(store.list_prices("a").await.unwrap().len(), 1, "a refused model leaves no price");
    for bad in ["", "a b", "x**", "a\u{1}"] {
        let refused = store.create_model(NewModel::new(bad, price("1", "2"))).await;
        assert!(matches!(refused, Err(StoreError::Invalid { field: "name", .. })), "{bad}: {refused:?}");
    }
    let negative = ModelPrice { web_search_per_thousand: Some(Money::from_nanos(-1)), ..price("1", "2") };
    let patch = ModelPatch { price: Some(negative.into()), ..ModelPatch::default() };
    assert!(matches!(store.update_model("a", patch).await, Err(StoreError::Invalid { field: "price", .. })));
    let mute = TraitsPatch { max_output_tokens: Some(0), ..TraitsPatch::default() };
    let no_traits = |error: &StoreError| matches!(error, StoreError::Invalid { field: "traits", .. });
    let refused = store
        .create_model(NewModel { traits: Some(mute), ..NewModel::new("b", price("1", "2")) })
        .await
        .unwrap_err();
    assert!(no_traits(&refused) && refused.to_string().contains("`max_output_tokens`"), "{refused}");
    let patch = ModelPatch { traits: Some(Some(mute)), ..ModelPatch::default() };
    assert!(no_traits(&store.update_model("a", patch).await.unwrap_err()));
    let missing = StoreError::NotFound { what: "model `z`".to_owned() };
    assert_eq!(store.update_model("z", ModelPatch::default()).await, Err(missing.clone()));
    assert_eq!(store.remove_model("z").await, Err(missing));
}
