//! Prices that hold from a time on, and in a place.

use std::sync::Arc;
use std::time::Duration;

use tollgate_base::{AccountId, Clock, ManualClock, Secret, Timestamp};
use tollgate_pricing::HourlyRates;
use tollgate_routing::{Account, BaseUrls, Model, Platform, PricePlace};
use tollgate_store::{MasterKey, ModelPatch, NewAccount, NewModel, NewPrice, Store, StoreError};
use tollgate_translate::family::Family;

use super::models::price;
use super::{MASTER, TestDb};

const HOUR: Duration = Duration::from_secs(3600);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

/// A store whose clock stands at 100,000 seconds.
async fn with_clock(db: &TestDb) -> (Store, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(at(100_000)));
    let shared: Arc<dyn Clock> = Arc::clone(&clock) as _;
    let master = MasterKey::from_base64(MASTER).unwrap();
    (Store::open_with_clock(&db.location, master, shared).await.unwrap(), clock)
}

fn from(seconds: i64, input: &str) -> NewPrice {
    NewPrice { from: Some(at(seconds)), ..price(input, "9").into() }
}

fn at_place(place: PricePlace, input: &str) -> NewPrice {
    NewPrice { place: Some(place), ..price(input, "9").into() }
}

async fn set(store: &Store, price: NewPrice) -> Result<Model, StoreError> {
    store.update_model("m", ModelPatch { price: Some(price), ..ModelPatch::default() }).await
}

/// The versions that gates are handed, in the order in which they begin.
async fn handed_out(store: &Store) -> Vec<i64> {
    let catalog = store.catalog().await.unwrap();
    let found = store.get_model("m").await.unwrap().unwrap();
    assert_eq!(catalog.models, std::slice::from_ref(&found));
    assert_eq!(store.list_models().await.unwrap(), std::slice::from_ref(&found));
    found.prices.iter().map(|price| price.version).collect()
}

fn in_force(model: &Model, seconds: i64) -> Option<i64> {
    model.price_at(at(seconds)).map(|price| price.version)
}

pub(crate) async fn prices_begin_when_they_are_to(db: &TestDb) {
    let (store, clock) = with_clock(db).await;
    store.create_model(NewModel::new("m", price("1", "9"))).await.unwrap();
    set(&store, from(200_000, "2")).await.unwrap();
    let model = set(&store, from(150_000, "3")).await.unwrap();
    let then = [99_999, 100_000, 149_999, 150_000, 199_999, 200_000].map(|second| in_force(&model, second));
    assert_eq!(then, [None, Some(1), Some(1), Some(3), Some(3), Some(2)]);
    assert_eq!(handed_out(&store).await, [1, 3, 2], "what is and what comes");

    // What would hold anyway is no new version; a change of the hours is one.
    set(&store, from(160_000, "3")).await.unwrap();
    let hours: HourlyRates =
        serde_json::from_str(r#"[{"time_zone":"Europe/Berlin","from":"22:00","to":"06:00","rate":"0.5"}]"#)
            .unwrap();
    let model = set(&store, NewPrice { hours: hours.clone(), ..from(160_000, "3") }).await.unwrap();
    assert_eq!(model.price_at(at(160_000)).map(|price| (price.version, &price.hours)), Some((4, &hours)));

    // A price is needed for an hour after the next has begun, and then no more.
    clock.advance(Duration::from_secs(50_000) + HOUR - Duration::from_secs(1));
    assert_eq!(handed_out(&store).await, [1, 3, 4, 2]);
    clock.advance(Duration::from_secs(1));
    assert_eq!(handed_out(&store).await, [3, 4, 2]);
    assert_eq!(store.list_prices("m").await.unwrap().len(), 4);
    let early = store.find_price(1).await.unwrap().unwrap();
    assert_eq!((early.version.from, early.withdrawn), (at(100_000), false));

    let past = set(&store, from(150_000, "5")).await.unwrap_err();
    assert!(matches!(past, StoreError::Invalid { field: "from", .. }), "{past:?}");
    let fine: HourlyRates =
        serde_json::from_str(r#"[{"time_zone":"UTC","from":"22:00","to":"06:00","rate":"0.0001"}]"#).unwrap();
    let refused = set(&store, NewPrice { hours: fine, ..price("5", "9").into() }).await.unwrap_err();
    assert!(matches!(refused, StoreError::Invalid { field: "price", .. }), "{refused:?}");
}

pub(crate) async fn coming_prices_can_be_called_off(db: &TestDb) {
    let (store, _) = with_clock(db).await;
    store.create_model(NewModel::new("m", price("1", "9"))).await.unwrap();
    set(&store, from(200_000, "2")).await.unwrap();
    let before = store.config_version().await.unwrap();
    store.clear_coming_prices("m").await.unwrap();
    assert_eq!(store.config_version().await.unwrap(), before + 1, "gates are to notice");
    assert_eq!(handed_out(&store).await, [1]);
    assert!(matches!(store.clear_coming_prices("m").await, Err(StoreError::NotFound { .. })));
    assert!(store.find_price(2).await.unwrap().unwrap().withdrawn);
    // The same again is a version of its own.
    set(&store, from(200_000, "2")).await.unwrap();
    assert_eq!(handed_out(&store).await, [1, 3]);
    // A removed model's prices are not those of one that comes after it.
    store.remove_model("m").await.unwrap();
    store.create_model(NewModel::new("m", price("7", "9"))).await.unwrap();
    assert_eq!(handed_out(&store).await, [4]);
    assert!(matches!(store.clear_coming_prices("x").await, Err(StoreError::NotFound { .. })));
}

async fn account(store: &Store, name: &str) -> Account {
    let urls = BaseUrls { chat: Some("https://api.example".to_owned()), ..BaseUrls::default() };
    let new = NewAccount::new(name, Platform::Openai, urls, Secret::from("secret"));
    store.create_account(new).await.unwrap()
}

pub(crate) async fn places_have_prices_of_their_own(db: &TestDb) {
    let (store, _) = with_clock(db).await;
    let cheap = account(&store, "cheap").await;
    let (there, family) = (PricePlace::Account(cheap.id), PricePlace::Family(Family::Deepseek));
    let nowhere = NewModel { price: at_place(there, "1"), ..NewModel::new("m", price("1", "9")) };
    assert!(matches!(store.create_model(nowhere).await, Err(StoreError::Invalid { field: "place", .. })));
    store.create_model(NewModel::new("m", price("3", "9"))).await.unwrap();
    set(&store, at_place(there, "1")).await.unwrap();
    set(&store, at_place(there, "1")).await.unwrap();
    let model = set(&store, at_place(family, "2")).await.unwrap();
    let version = |model: &Model, place| model.prices.at(place, at(100_000)).map(|price| price.version);
    let all = |model: &Model| [None, Some(there), Some(family)].map(|place| version(model, place));
    assert_eq!(all(&model), [Some(1), Some(2), Some(3)]);
    assert_eq!(handed_out(&store).await, [1, 2, 3]);

    store.clear_price("m", family).await.unwrap();
    assert!(matches!(store.clear_price("m", family).await, Err(StoreError::NotFound { .. })));
    assert_eq!(handed_out(&store).await, [1, 2]);
    let unknown = PricePlace::Account(AccountId::generate());
    assert!(matches!(set(&store, at_place(unknown, "1")).await, Err(StoreError::NotFound { .. })));
    // What an account cost goes with it.
    store.remove_account(cheap.id).await.unwrap();
    assert_eq!(handed_out(&store).await, [1]);
    assert!(store.find_price(2).await.unwrap().unwrap().withdrawn);
}
