//! API keys.

use tollgate_base::{GroupId, KeyId, Timestamp, UserId};
use tollgate_routing::{KeyStatus, Status};
use tollgate_store::{KeyFilter, KeyPatch, NewKey, StoreError, UserPatch};

use super::{TestDb, dollars, group, record, user, world};

pub(crate) async fn a_key_is_known_by_what_was_shown_once(db: &TestDb) {
    let store = db.open().await;
    let (key, secret) = world(&store).await;
    let found = store.authenticate(secret.expose()).await.unwrap().unwrap();
    assert_eq!(found.key, key);
    assert_eq!((found.user.name.as_str(), found.wallet.balance), ("ann", dollars("10")));
    let shown = secret.expose();
    assert!(shown.starts_with("tg-") && shown.len() == 46, "{}", shown.len());
    assert_eq!(key.hint, format!("{}…{}", &shown[..5], &shown[42..]));
    for other in ["", "tg-", &shown[..45], &format!("{shown} "), &shown.to_uppercase()] {
        assert_eq!(store.authenticate(other).await.unwrap(), None, "{other}");
    }
    assert_ne!(store.key_hash(shown), store.key_hash("tg-"));
    let columns = match &db.location {
        tollgate_store::Location::Sqlite(_) => "hex(hash)",
        tollgate_store::Location::Postgres(_) => "upper(encode(hash, 'hex'))",
    };
    let stored = db.raw_text(&format!("SELECT {columns} FROM api_keys")).await;
    let hash: String = store.key_hash(shown).0.iter().map(|byte| format!("{byte:02X}")).collect();
    assert_eq!(stored, hash, "only the keyed hash is stored");
    // What changes later is seen by the next look-up.
    let patch = UserPatch { status: Some(Status::Disabled), ..UserPatch::default() };
    store.update_user(key.user_id, patch).await.unwrap();
    assert_eq!(store.authenticate(shown).await.unwrap().unwrap().user.status, Status::Disabled);
}

pub(crate) async fn a_key_keeps_what_it_was_given(db: &TestDb) {
    let store = db.open().await;
    let owner = user(&store, "ann", "0").await;
    let (main, other) = (group(&store, "main").await, group(&store, "other").await);
    let new = NewKey {
        expires_at: Some(Timestamp::from_micros(1_800_000_000_000_000)),
        allowed_models: vec!["claude-*".parse().unwrap(), "ZHIPU/GLM-4.6".parse().unwrap()],
        allowed_addresses: vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::1/128".parse().unwrap()],
        ..NewKey::new(owner, main.id, "ci")
    };
    let (key, _) = store.create_key(new.clone()).await.unwrap();
    assert_eq!(key.allowed_models, new.allowed_models);
    assert_eq!(key.allowed_addresses, new.allowed_addresses);
    let stored = store.get_key(key.id).await.unwrap().unwrap();
    assert_eq!((&stored.key, stored.last_used_at), (&key, None));
    assert_eq!(store.find_key_by_name(owner, "ci").await.unwrap(), Some(stored.clone()));
    let patch = KeyPatch {
        name: Some("build".to_owned()),
        group_id: Some(other.id),
        status: Some(KeyStatus::Disabled),
        expires_at: Some(None),
        allowed_models: Some(vec![]),
        allowed_addresses: Some(vec![]),
    };
    let after = store.update_key(key.id, patch).await.unwrap();
    assert_eq!((after.name.as_str(), after.group_id, after.status), ("build", other.id, KeyStatus::Disabled));
    assert_eq!((after.expires_at, after.allowed_models.len(), after.allowed_addresses.len()), (None, 0, 0));
    assert_eq!((&after.hint, after.created_at), (&key.hint, key.created_at));
    assert_eq!(store.update_key(key.id, KeyPatch::default()).await.unwrap(), after);
    let elsewhere = KeyPatch { group_id: Some(GroupId::generate()), ..KeyPatch::default() };
    assert!(matches!(store.update_key(key.id, elsewhere).await, Err(StoreError::NotFound { .. })));
    let nobodys = store.update_key(KeyId::generate(), KeyPatch::default()).await;
    assert!(matches!(nobodys, Err(StoreError::NotFound { .. })));
}

pub(crate) async fn a_revoked_key_stays_revoked(db: &TestDb) {
    let store = db.open().await;
    let (key, secret) = world(&store).await;
    assert_eq!(store.revoke_key(key.id).await.unwrap().status, KeyStatus::Revoked);
    assert_eq!(store.revoke_key(key.id).await.unwrap().status, KeyStatus::Revoked);
    let found = store.authenticate(secret.expose()).await.unwrap().unwrap();
    assert_eq!(found.key.status, KeyStatus::Revoked, "it is found, so that the answer can say why");
    let patch = KeyPatch { status: Some(KeyStatus::Enabled), ..KeyPatch::default() };
    let Err(StoreError::Conflict { what }) = store.update_key(key.id, patch).await else { panic!("changed") };
    assert!(what.contains("is revoked"), "{what}");
    let nobodys = store.revoke_key(KeyId::generate()).await;
    assert!(matches!(nobodys, Err(StoreError::NotFound { .. })), "{nobodys:?}");
}

pub(crate) async fn key_names_are_unique_until_revoked(db: &TestDb) {
    let store = db.open().await;
    let (key, _) = world(&store).await;
    let bob = user(&store, "bob", "0").await;
    store.create_key(NewKey::new(bob, key.group_id, "laptop")).await.unwrap();
    let again = NewKey::new(key.user_id, key.group_id, "laptop");
    let taken = StoreError::Conflict { what: "the user already has a key named `laptop`".to_owned() };
    assert_eq!(store.create_key(again.clone()).await, Err(taken.clone()));
    let (second, _) = store.create_key(NewKey::new(key.user_id, key.group_id, "phone")).await.unwrap();
    let rename = KeyPatch { name: Some("laptop".to_owned()), ..KeyPatch::default() };
    assert_eq!(store.update_key(second.id, rename).await, Err(taken));
    store.revoke_key(key.id).await.unwrap();
    let (new, _) = store.create_key(again).await.unwrap();
    let found = store.find_key_by_name(key.user_id, "laptop").await.unwrap().unwrap();
    assert_eq!(found.key, new, "the revoked one is not meant");
    let of_ann = KeyFilter { user: Some(key.user_id), group: None };
    let ids: Vec<KeyId> =
        store.list_keys(of_ann).await.unwrap().into_iter().map(|found| found.key.id).collect();
    assert_eq!(ids, [key.id, new.id, second.id]);
    let of_both = KeyFilter { user: Some(bob), group: Some(key.group_id) };
    assert_eq!(store.list_keys(of_both).await.unwrap().len(), 1);
    assert_eq!(store.list_keys(KeyFilter { user: None, group: Some(key.group_id) }).await.unwrap().len(), 4);
    assert_eq!(
        store.list_keys(KeyFilter { user: None, group: Some(GroupId::generate()) }).await.unwrap(),
        []
    );
    assert_eq!(store.list_keys(KeyFilter::default()).await.unwrap().len(), 4);
}

pub(crate) async fn keys_need_their_user_and_group(db: &TestDb) {
    let store = db.open().await;
    let (key, _) = world(&store).await;
    let (nobody, nowhere) = (UserId::generate(), GroupId::generate());
    let orphan = store.create_key(NewKey::new(nobody, key.group_id, "k")).await;
    assert_eq!(orphan, Err(StoreError::NotFound { what: format!("user {nobody}") }));
    let lost = store.create_key(NewKey::new(key.user_id, nowhere, "k")).await;
    assert_eq!(lost, Err(StoreError::NotFound { what: format!("group {nowhere}") }));
    let nameless = store.create_key(NewKey::new(key.user_id, key.group_id, "")).await;
    assert!(matches!(nameless, Err(StoreError::Invalid { field: "name", .. })), "{nameless:?}");
    assert_eq!(store.list_keys(KeyFilter::default()).await.unwrap().len(), 1);
}

pub(crate) async fn last_use_only_moves_forward(db: &TestDb) {
    let store = db.open().await;
    let (key, _) = world(&store).await;
    let (second, _) = store.create_key(NewKey::new(key.user_id, key.group_id, "phone")).await.unwrap();
    let version = store.config_version().await.unwrap();
    let at = Timestamp::from_micros;
    store.touch_keys(&[]).await.unwrap();
    store.touch_keys(&[(key.id, at(20)), (second.id, at(5)), (KeyId::generate(), at(9))]).await.unwrap();
    store.touch_keys(&[(second.id, at(7)), (key.id, at(10))]).await.unwrap();
    let used = async |id| store.get_key(id).await.unwrap().unwrap().last_used_at;
    assert_eq!(used(key.id).await, Some(at(20)));
    assert_eq!(used(second.id).await, Some(at(7)));
    assert_eq!(store.config_version().await.unwrap(), version, "nothing that a gate has to read again");
}

pub(crate) async fn used_keys_cannot_be_removed(db: &TestDb) {
    let store = db.open().await;
    let (key, secret) = world(&store).await;
    let (second, _) = store.create_key(NewKey::new(key.user_id, key.group_id, "phone")).await.unwrap();
    store.settle(&[record(&key, "0")]).await.unwrap();
    let Err(StoreError::InUse { what }) = store.remove_key(key.id).await else { panic!("removed") };
    assert!(what.ends_with("cannot be removed, only revoked"), "{what}");
    assert!(store.authenticate(secret.expose()).await.unwrap().is_some());
    store.remove_key(second.id).await.unwrap();
    assert_eq!(store.get_key(second.id).await.unwrap(), None);
    assert!(matches!(store.remove_key(second.id).await, Err(StoreError::NotFound { .. })));
}
