//! Users.

use tollgate_base::{Money, Rate, Timestamp, UserId};
use tollgate_routing::Status;
use tollgate_store::{NewKey, NewUser, StoreError, UserPatch};

use super::{TestDb, dollars, group, record, user, world};

pub(crate) async fn creates_finds_and_lists(db: &TestDb) {
    let at = Timestamp::from_micros(1_234_567_890_123_456);
    let store = db.open_at(at).await;
    let rate = Rate::from_millionths(350_000);
    let new = NewUser { name: "Ann Lee".to_owned(), rate, balance: dollars("-0.000000001"), author: None };
    let made = store.create_user(new).await.unwrap();
    assert_eq!(made.user.created_at, at);
    assert_eq!(made.user.status, Status::Enabled);
    assert_eq!(made.user.rate, rate);
    assert_eq!(made.balance, Money::from_nanos(-1));
    assert_eq!(store.get_user(made.user.id).await.unwrap().as_ref(), Some(&made));
    assert_eq!(store.find_user_by_name("Ann Lee").await.unwrap().as_ref(), Some(&made));
    assert_eq!(store.find_user_by_name("ann lee").await.unwrap(), None);
    assert_eq!(store.get_user(UserId::generate()).await.unwrap(), None);
    user(&store, "Zoe", "0").await;
    user(&store, "Abe", "0").await;
    let names: Vec<String> =
        store.list_users().await.unwrap().into_iter().map(|found| found.user.name).collect();
    assert_eq!(names, ["Abe", "Ann Lee", "Zoe"]);
}

pub(crate) async fn user_names_are_checked_and_unique(db: &TestDb) {
    let store = db.open().await;
    let (ann, bob) = (user(&store, "ann", "0").await, user(&store, "bob", "0").await);
    let taken = StoreError::Conflict { what: "a user named `ann` already exists".to_owned() };
    let again = NewUser { name: "ann".to_owned(), ..NewUser::default() };
    assert_eq!(store.create_user(again).await, Err(taken.clone()));
    let rename = |name: &str| UserPatch { name: Some(name.to_owned()), ..UserPatch::default() };
    assert_eq!(store.update_user(bob, rename("ann")).await, Err(taken));
    assert_eq!(store.update_user(ann, rename("ann")).await.unwrap().user.name, "ann");
    for bad in ["", " ann", "a\nb", &"x".repeat(129)] {
        let refused = store.create_user(NewUser { name: bad.to_owned(), ..NewUser::default() }).await;
        assert!(matches!(refused, Err(StoreError::Invalid { field: "name", .. })), "{bad:?}: {refused:?}");
        assert!(matches!(store.update_user(bob, rename(bad)).await, Err(StoreError::Invalid { .. })));
    }
    assert_eq!(store.list_users().await.unwrap().len(), 2);
}

pub(crate) async fn patches_what_is_given(db: &TestDb) {
    let store = db.open().await;
    let id = user(&store, "ann", "3").await;
    let patch = UserPatch { status: Some(Status::Disabled), ..UserPatch::default() };
    let after = store.update_user(id, patch).await.unwrap();
    assert_eq!((after.user.status, after.user.name.as_str()), (Status::Disabled, "ann"));
    let patch = UserPatch {
        name: Some("anna".to_owned()),
        rate: Some(Rate::from_millionths(2_000_000)),
        status: Some(Status::Enabled),
    };
    let after = store.update_user(id, patch).await.unwrap();
    assert_eq!(store.get_user(id).await.unwrap(), Some(after.clone()));
    assert_eq!((after.user.name.as_str(), after.user.rate.millionths()), ("anna", 2_000_000));
    assert_eq!(after.balance, dollars("3"));
    assert_eq!(store.update_user(id, UserPatch::default()).await.unwrap(), after);
    let nobody = UserId::generate();
    let missing = StoreError::NotFound { what: format!("user {nobody}") };
    assert_eq!(store.update_user(nobody, UserPatch::default()).await, Err(missing.clone()));
    assert_eq!(store.remove_user(nobody).await, Err(missing));
}

pub(crate) async fn users_who_matter_cannot_be_removed(db: &TestDb) {
    let store = db.open().await;
    let refusal = async |id| match store.remove_user(id).await {
        Err(StoreError::InUse { what }) => what,
        other => panic!("{other:?}"),
    };
    let (key, _) = world(&store).await;
    assert!(refusal(key.user_id).await.ends_with("has balance entries and cannot be removed, only disabled"));
    store.settle(&[record(&key, "1")]).await.unwrap();
    assert!(refusal(key.user_id).await.ends_with("has usage records and cannot be removed, only disabled"));
    let bob = user(&store, "bob", "0").await;
    let group = group(&store, "other").await;
    let (bobs, _) = store.create_key(NewKey::new(bob, group.id, "k")).await.unwrap();
    assert!(refusal(bob).await.contains("has API keys"));
    store.remove_key(bobs.id).await.unwrap();
    store.remove_user(bob).await.unwrap();
    assert_eq!(store.get_user(bob).await.unwrap(), None);
    assert_eq!(store.list_users().await.unwrap().len(), 1);
}
