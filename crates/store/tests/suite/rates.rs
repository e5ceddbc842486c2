//! What users pay in groups instead of the groups' rates.

use tollgate_base::{GroupId, Rate, UserId};
use tollgate_pricing::HourlyRates;
use tollgate_store::{GroupPatch, GroupRate, KeyPatch, StoreError};

use super::{TestDb, group, user, world};

fn rate(text: &str) -> Rate {
    text.parse().unwrap()
}

pub(crate) async fn a_users_rate_in_a_group_comes_with_the_key(db: &TestDb) {
    let store = db.open().await;
    let (key, secret) = world(&store).await;
    let (bob, other) = (user(&store, "bob", "0").await, group(&store, "other").await);
    let found = async || store.authenticate(secret.expose()).await.unwrap().unwrap().group_rate;
    assert_eq!(found().await, None);
    store.set_user_rate(bob, key.group_id, Some(rate("9"))).await.unwrap();
    store.set_user_rate(key.user_id, other.id, Some(rate("0.25"))).await.unwrap();
    assert_eq!(found().await, None, "neither another user's nor another group's");
    let before = store.config_version().await.unwrap();
    for own in ["0.5", "0"] {
        store.set_user_rate(key.user_id, key.group_id, Some(rate(own))).await.unwrap();
        assert_eq!(found().await, Some(rate(own)));
    }
    assert_eq!(store.config_version().await.unwrap(), before + 2, "gates are to notice");
    let mut expected = [(key.group_id, "0"), (other.id, "0.25")]
        .map(|(group_id, own)| GroupRate { group_id, rate: rate(own) });
    expected.sort_by_key(|own| own.group_id.to_string());
    assert_eq!(store.list_user_rates(key.user_id).await.unwrap(), expected);

    store.update_key(key.id, KeyPatch { group_id: Some(other.id), ..KeyPatch::default() }).await.unwrap();
    assert_eq!(found().await, Some(rate("0.25")), "that of the key's group");
    store.set_user_rate(key.user_id, other.id, None).await.unwrap();
    assert_eq!(found().await, None);
    let missing = |refused| assert!(matches!(refused, Err(StoreError::NotFound { .. })), "{refused:?}");
    missing(store.set_user_rate(key.user_id, other.id, None).await);
    missing(store.set_user_rate(UserId::generate(), other.id, Some(rate("1"))).await);
    missing(store.set_user_rate(bob, GroupId::generate(), Some(rate("1"))).await);
    // Neither a user nor a group is kept by such a rate.
    store.remove_group(key.group_id).await.unwrap();
    assert_eq!(store.list_user_rates(bob).await.unwrap(), []);
    store.set_user_rate(bob, other.id, Some(rate("2"))).await.unwrap();
    store.remove_user(bob).await.unwrap();
}

pub(crate) async fn groups_have_other_rates_by_the_hour(db: &TestDb) {
    let store = db.open().await;
    let made = group(&store, "day").await;
    let peak: HourlyRates = serde_json::from_str(
        r#"[{"time_zone":"Asia/Shanghai","from":"09:00","to":"18:00","days":["mon"],"rate":"1.5"}]"#,
    )
    .unwrap();
    let patch = |peak_hours: &HourlyRates| GroupPatch {
        peak_hours: Some(peak_hours.clone()),
        ..GroupPatch::default()
    };
    let after = store.update_group(made.id, patch(&peak)).await.unwrap();
    assert_eq!(after.peak_hours, peak);
    assert_eq!(store.catalog().await.unwrap().groups, [after]);
    let none = HourlyRates::default();
    assert_eq!(store.update_group(made.id, patch(&none)).await.unwrap().peak_hours, none);
}
