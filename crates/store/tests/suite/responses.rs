//! Who made a response.

use tollgate_base::{AccountId, GroupId, KeyId, Timestamp};
use tollgate_store::{ResponseOwner, StoreError};

use super::TestDb;

fn owner(expires_at: i64) -> ResponseOwner {
    ResponseOwner {
        key_id: KeyId::generate(),
        account_id: AccountId::generate(),
        group_id: GroupId::generate(),
        created_at: Timestamp::from_micros(1),
        expires_at: Timestamp::from_micros(expires_at),
    }
}

pub(crate) async fn owners_are_found_until_they_expire(db: &TestDb) {
    let store = db.open().await;
    let owners = [owner(10), owner(20), owner(30)];
    for (id, owner) in ["resp_a", "resp_b", "resp_c"].into_iter().zip(owners) {
        store.remember_response(id, owner).await.unwrap();
    }
    assert_eq!(store.find_response("resp_b").await.unwrap(), Some(owners[1]));
    assert_eq!(store.find_response("resp_x").await.unwrap(), None);
    assert_eq!(store.expire_responses(Timestamp::from_micros(9)).await.unwrap(), 0);
    assert_eq!(store.expire_responses(Timestamp::from_micros(20)).await.unwrap(), 2);
    assert_eq!(store.find_response("resp_b").await.unwrap(), None);
    assert_eq!(store.find_response("resp_c").await.unwrap(), Some(owners[2]));
    assert!(store.forget_response("resp_c").await.unwrap());
    assert!(!store.forget_response("resp_c").await.unwrap());
    assert_eq!(store.find_response("resp_c").await.unwrap(), None);
}

pub(crate) async fn a_later_owner_counts(db: &TestDb) {
    let store = db.open().await;
    let (first, second) = (owner(10), owner(20));
    store.remember_response("resp_a", first).await.unwrap();
    store.remember_response("resp_a", second).await.unwrap();
    assert_eq!(store.find_response("resp_a").await.unwrap(), Some(second));
    let long = "r".repeat(513);
    for bad in ["", &long] {
        let refused = store.remember_response(bad, first).await;
        assert!(matches!(refused, Err(StoreError::Invalid { field: "id", .. })));
        assert_eq!(store.find_response(bad).await.unwrap(), None);
        assert!(!store.forget_response(bad).await.unwrap());
    }
}
