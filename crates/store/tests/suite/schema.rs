//! Opening: migrations and the master key.

use tollgate_base::Timestamp;
use tollgate_store::{Location, StoreError};

use super::models::price;
use super::{MASTER, OTHER_MASTER, TestDb, dollars, world};

pub(crate) async fn migrating_twice_changes_nothing(db: &TestDb) {
    let store = db.open().await;
    let (key, secret) = world(&store).await;
    store.close().await;
    let applied = "SELECT CAST(COUNT(*) AS TEXT) FROM schema_migrations";
    let before = db.raw_text(applied).await;
    let again = db.open().await;
    assert_eq!(db.raw_text(applied).await, before);
    assert_eq!(again.authenticate(secret.expose()).await.unwrap().unwrap().key, key);
    assert_eq!(again.user_balance(key.user_id).await.unwrap(), Some(dollars("10")));
}

pub(crate) async fn starting_together_migrates_once(db: &TestDb) {
    let (one, two, three) = tokio::join!(db.open_with(MASTER), db.open_with(MASTER), db.open_with(MASTER));
    for store in [one, two, three] {
        assert_eq!(store.unwrap().config_version().await.unwrap(), 0);
    }
}

pub(crate) async fn a_newer_schema_is_refused(db: &TestDb) {
    db.open().await.close().await;
    db.raw(
        "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (999, 'later', 'x', 0)",
    )
    .await;
    let refused = db.open_with(MASTER).await.unwrap_err();
    assert!(matches!(refused, StoreError::NewerSchema { found: 999, known: 1.. }), "{refused:?}");
    assert!(refused.to_string().contains("upgrade the program"), "{refused}");
}

pub(crate) async fn a_foreign_schema_is_refused(db: &TestDb) {
    db.open().await.close().await;
    db.raw("UPDATE schema_migrations SET checksum = 'x' WHERE version = 1").await;
    assert_eq!(db.open_with(MASTER).await.unwrap_err(), StoreError::ForeignSchema { version: 1 });
}

pub(crate) async fn another_master_key_is_refused(db: &TestDb) {
    let store = db.open().await;
    let (_, secret) = world(&store).await;
    assert_eq!(db.open_with(OTHER_MASTER).await.unwrap_err(), StoreError::WrongMasterKey);
    let again = db.open().await;
    assert!(again.authenticate(secret.expose()).await.unwrap().is_some());
}

pub(crate) async fn a_closed_store_says_so(db: &TestDb) {
    let store = db.open().await;
    let (key, _) = world(&store).await;
    store.ping().await.unwrap();
    store.close().await;
    assert!(matches!(store.ping().await, Err(StoreError::Unavailable { .. })));
    let refused = store.settle(&[super::record(&key, "1")]).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    assert_eq!(db.open().await.user_balance(key.user_id).await.unwrap(), Some(dollars("10")));
}

/// The migrations before prices had times and places.
const BEFORE_PRICES: [&str; 5] = [
    include_str!("../../migrations/0001_first.sql"),
    include_str!("../../migrations/0002_traits_and_family.sql"),
    include_str!("../../migrations/0003_kept_responses.sql"),
    include_str!("../../migrations/0004_service_tier.sql"),
    include_str!("../../migrations/0005_ledger.sql"),
];

/// What a database of that time has: a model with its second price, one that was removed, and what is written of them.
const OLD_ROWS: &str = r#"
INSERT INTO model_prices (version, model, price, created_at) VALUES
  (1, 'a', '{"input":"1","output":"2"}', 10), (2, 'gone', '{"input":"5","output":"6"}', 20),
  (3, 'a', '{"input":"3","output":"4"}', 30);
INSERT INTO models (name, owned_by, max_output_tokens, price_version, created_at, traits)
  VALUES ('a', 'me', 9, 3, 10, '{"vision":false}');
INSERT INTO groups (id, name, platform, status, rate, model_mapping, created_at)
  VALUES ('grp_00000000000000000000000000000001', 'g', 'openai', 'enabled', 1000000, '{}', 10);
"#;

pub(crate) async fn prices_of_an_earlier_schema_stay_in_force(db: &TestDb) {
    let (own, foreign, blob) = match &db.location {
        Location::Sqlite(path) => {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            ("sqlite", "postgres", "BLOB")
        }
        Location::Postgres(_) => ("postgres", "sqlite", "BYTEA"),
    };
    db.raw("CREATE TABLE schema_migrations (version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)").await;
    for (version, text) in (1..).zip(BEFORE_PRICES) {
        let mut parts = text.split("-- only: ");
        let mut sql = parts.next().unwrap().to_owned();
        for part in parts {
            let (inside, after) = part.split_once("-- end").unwrap();
            sql += inside.strip_prefix(own).unwrap_or_default();
            assert!(inside.starts_with(own) || inside.starts_with(foreign));
            sql += after;
        }
        db.raw(&sql.replace("{blob}", blob)).await;
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
        let sum: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        db.raw(&format!("INSERT INTO schema_migrations VALUES ({version}, 'old', '{sum}', 0)")).await;
    }
    db.raw(OLD_ROWS).await;
    let store = db.open().await;
    let models = store.list_models().await.unwrap();
    let [model] = &models[..] else { panic!("{models:?}") };
    let known = (model.name.as_str(), model.owned_by.as_deref(), model.max_output_tokens, model.created_at);
    assert_eq!(known, ("a", Some("me"), Some(9), Timestamp::from_micros(10)));
    assert_eq!(model.traits.unwrap().vision, Some(false));
    let current = model.price_at(Timestamp::from_micros(30)).unwrap();
    assert_eq!((current.version, current.price, current.place), (3, price("3", "4"), None));
    assert!(current.hours.is_empty());
    let found = async |version| store.find_price(version).await.unwrap().unwrap();
    let (first, gone) = (found(1).await, found(2).await);
    assert_eq!((first.version.from, first.withdrawn), (Timestamp::from_micros(10), false));
    assert_eq!((gone.model.as_str(), gone.withdrawn), ("gone", true));
    let group = store.find_group_by_name("g").await.unwrap().unwrap();
    assert!(group.peak_hours.is_empty());
}
