//! Opening: migrations and the master key.

use tollgate_store::StoreError;

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
