//! Responses that the gate keeps itself.

use tollgate_base::{KeyId, Timestamp};
use tollgate_store::{KeptResponse, MAX_KEPT_BYTES, StoreError};

use super::TestDb;

fn kept(id: &str, key_id: KeyId, previous_id: Option<&str>, expires_at: i64) -> KeptResponse {
    KeptResponse {
        id: id.to_owned(),
        key_id,
        previous_id: previous_id.map(str::to_owned),
        input: format!(r#"[{{"role":"user","content":"to {id}"}}]"#).into_bytes(),
        response: format!(r#"{{"id":"{id}","output":[]}}"#).into_bytes(),
        created_at: Timestamp::from_micros(1),
        expires_at: Timestamp::from_micros(expires_at),
    }
}

pub(crate) async fn kept_responses_are_their_keys_own_until_they_expire(db: &TestDb) {
    let store = db.open().await;
    let (mine, other) = (KeyId::generate(), KeyId::generate());
    let at = Timestamp::from_micros;
    let response = kept("resp_a", mine, None, 10);
    store.keep_response(&response).await.unwrap();
    assert_eq!(store.kept_response("resp_a", mine, at(9)).await.unwrap(), Some(response));
    assert_eq!(store.kept_response("resp_a", mine, at(10)).await.unwrap(), None);
    assert_eq!(store.kept_response("resp_a", other, at(9)).await.unwrap(), None);
    assert!(!store.forget_kept_response("resp_a", other).await.unwrap());
    assert_eq!(store.expire_kept_responses(at(9)).await.unwrap(), 0);
    assert_eq!(store.expire_kept_responses(at(10)).await.unwrap(), 1);
    store.keep_response(&kept("resp_b", mine, None, 20)).await.unwrap();
    assert!(store.forget_kept_response("resp_b", mine).await.unwrap());
    assert!(!store.forget_kept_response("resp_b", mine).await.unwrap());
}

pub(crate) async fn a_conversation_is_whole_or_not_there(db: &TestDb) {
    let store = db.open().await;
    let key = KeyId::generate();
    let at = Timestamp::from_micros(1);
    let chain = [kept("r1", key, None, 10), kept("r2", key, Some("r1"), 10), kept("r3", key, Some("r2"), 10)];
    for response in &chain {
        store.keep_response(response).await.unwrap();
    }
    assert_eq!(store.kept_conversation("r3", key, at).await.unwrap().unwrap(), chain);
    store.forget_kept_response("r1", key).await.unwrap();
    assert_eq!(store.kept_conversation("r3", key, at).await.unwrap(), None);
    store.keep_response(&kept("r1", key, Some("r3"), 10)).await.unwrap();
    assert_eq!(store.kept_conversation("r3", key, at).await.unwrap(), None, "a circle has no beginning");
}

pub(crate) async fn kept_texts_are_sealed_and_bounded(db: &TestDb) {
    let store = db.open().await;
    let key = KeyId::generate();
    store.keep_response(&kept("resp_a", key, None, 10)).await.unwrap();
    let raw = db.raw_text("SELECT input || response FROM kept_responses").await;
    assert!(raw.starts_with("v1:") && !raw.contains("user"), "{raw}");
    let large = KeptResponse { input: vec![b' '; MAX_KEPT_BYTES], ..kept("resp_b", key, None, 10) };
    let refused = store.keep_response(&large).await;
    assert!(matches!(refused, Err(StoreError::Invalid { field: "response", .. })), "{refused:?}");
}
