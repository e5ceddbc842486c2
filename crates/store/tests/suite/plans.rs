//! Plans: created, changed, removed.

use tollgate_base::{GroupId, PlanId};
use tollgate_store::{Allowance, NewPlan, NewSubscription, Plan, PlanPatch, Store, StoreError};

use super::{TestDb, dollars, group, user};

/// A plan of thirty days with 5 dollars a day and 50 a month.
pub(crate) fn new_plan(name: &str, group_id: GroupId) -> NewPlan {
    let allowance = Allowance { day: Some(dollars("5")), week: None, month: Some(dollars("50")) };
    NewPlan { name: name.to_owned(), group_id, days: 30, allowance, time_zone: None }
}

pub(crate) async fn plan(store: &Store, name: &str) -> Plan {
    let group = group(store, &format!("group of {name}")).await;
    store.create_plan(new_plan(name, group.id)).await.unwrap()
}

pub(crate) async fn plans_keep_what_they_are_given(db: &TestDb) {
    let store = db.open().await;
    let before = store.config_version().await.unwrap();
    let pro = plan(&store, "pro").await;
    assert_eq!(store.config_version().await.unwrap(), before + 2, "the group and the plan");
    assert_eq!(store.get_plan(pro.id).await.unwrap(), Some(pro.clone()));
    assert_eq!(store.find_plan_by_name("pro").await.unwrap(), Some(pro.clone()));
    let basic = plan(&store, "basic").await;
    assert_eq!(store.list_plans().await.unwrap(), [basic, pro.clone()]);
    let patch = PlanPatch {
        name: Some("pro 2".to_owned()),
        days: Some(31),
        allowance: Some(Allowance { week: Some(dollars("20")), ..Allowance::default() }),
        time_zone: Some(Some("Europe/Berlin".to_owned())),
    };
    let changed = store.update_plan(pro.id, patch).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.days, changed.allowance.day), ("pro 2", 31, None));
    assert_eq!(changed.time_zone.as_deref(), Some("Europe/Berlin"));
    let back = PlanPatch { time_zone: Some(None), ..PlanPatch::default() };
    let changed = store.update_plan(pro.id, back).await.unwrap();
    assert_eq!((changed.time_zone, changed.allowance.week), (None, Some(dollars("20"))));
    store.remove_plan(pro.id).await.unwrap();
    assert_eq!(store.get_plan(pro.id).await.unwrap(), None);
}

pub(crate) async fn what_is_wrong_with_a_plan_is_said(db: &TestDb) {
    let store = db.open().await;
    let pro = plan(&store, "pro").await;
    let wrong = async |change: fn(&mut NewPlan)| {
        let mut new = new_plan("other", pro.group_id);
        change(&mut new);
        store.create_plan(new).await.unwrap_err().to_string()
    };
    assert_eq!(wrong(|new| new.name.clear()).await, "name: must not be empty");
    assert_eq!(wrong(|new| new.days = 0).await, "days: must be from 1 to 3660");
    assert_eq!(wrong(|new| new.days = 3661).await, "days: must be from 1 to 3660");
    assert_eq!(wrong(|new| new.allowance.week = Some(dollars("-1"))).await, "week: must not be negative");
    // A moment is where an anchored window begins, and no time zone.
    for zone in ["Berlin/Europe", "", "2026-01-31T10:00:00Z"] {
        let new = NewPlan { time_zone: Some(zone.to_owned()), ..new_plan("other", pro.group_id) };
        let said = store.create_plan(new).await.unwrap_err().to_string();
        let expected =
            format!("time_zone: `{zone}` is not a time zone: use a name such as `Europe/Berlin` or `UTC`");
        assert_eq!(said, expected);
    }
    assert_eq!(wrong(|new| new.name = "pro".to_owned()).await, "a plan named `pro` already exists");
    assert!(wrong(|new| new.group_id = GroupId::from_u128(1)).await.ends_with("does not exist"));
    let longer = PlanPatch { days: Some(9999), ..PlanPatch::default() };
    assert!(matches!(
        store.update_plan(pro.id, longer).await,
        Err(StoreError::Invalid { field: "days", .. })
    ));
    let nothing = store.update_plan(PlanId::generate(), PlanPatch::default()).await;
    assert!(matches!(nothing, Err(StoreError::NotFound { .. })));
    assert!(matches!(store.remove_plan(PlanId::generate()).await, Err(StoreError::NotFound { .. })));
}

pub(crate) async fn used_plans_stay(db: &TestDb) {
    let store = db.open().await;
    let pro = plan(&store, "pro").await;
    let ann = user(&store, "ann", "0").await;
    store.create_subscription(NewSubscription::of(&pro, ann)).await.unwrap();
    let said = store.remove_plan(pro.id).await.unwrap_err().to_string();
    assert_eq!(said, format!("plan {} has 1 subscription(s) and cannot be removed", pro.id));
}
