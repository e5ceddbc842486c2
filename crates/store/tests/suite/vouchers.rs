//! Vouchers: made in number, redeemed once, and what each refusal says.

use std::collections::BTreeSet;
use std::time::Duration;

use tollgate_base::{PlanId, Timestamp, UserId, VoucherId};
use tollgate_store::{
    EntryKind, LedgerProblem, NewVouchers, Redeemed, Store, StoreError, SubscriptionFilter, Voucher,
    VoucherFilter, VoucherStatus, VoucherValue,
};

use super::plans::plan;
use super::{TestDb, dollars, user};

const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

fn new(value: VoucherValue, count: u32) -> NewVouchers {
    NewVouchers { value, count, expires_at: None, batch: "spring".to_owned() }
}

fn money(amount: &str) -> VoucherValue {
    VoucherValue::Money(dollars(amount))
}

/// A voucher and its code.
async fn one(store: &Store, value: VoucherValue) -> (Voucher, String) {
    let (voucher, code) = store.create_vouchers(&new(value, 1)).await.unwrap().pop().unwrap();
    (voucher, code.expose().clone())
}

pub(crate) async fn a_voucher_for_money_is_redeemed_once(db: &TestDb) {
    let store = db.open_at(NOW).await;
    let ann = user(&store, "ann", "1").await;
    let (voucher, code) = one(&store, money("25")).await;
    assert_eq!((voucher.status, voucher.value), (VoucherStatus::Unused, money("25")));
    let listed = store.list_vouchers(VoucherFilter::default()).await.unwrap();
    assert_eq!(listed.first(), Some(&voucher));
    assert!(voucher.hint.ends_with(&code[code.len() - 4..]) && voucher.hint.len() < code.len());

    let before = store.config_version().await.unwrap();
    let typed = code.to_lowercase().replace('-', " ");
    let redeemed = store.redeem_voucher(ann, &typed).await.unwrap();
    assert_eq!(redeemed, Redeemed::Money { amount: dollars("25"), balance: dollars("26") });
    assert_eq!(store.config_version().await.unwrap(), before + 1);
    let entry = store.list_balance_entries(ann, 1).await.unwrap().pop().unwrap();
    assert_eq!(
        (entry.kind, entry.reason, entry.delta),
        (EntryKind::Voucher, voucher.id.to_string(), dollars("25"))
    );
    let after = store.list_vouchers(VoucherFilter::default()).await.unwrap().pop().unwrap();
    let used = (after.status, after.redeemed_at, after.redeemed_by);
    assert_eq!(used, (VoucherStatus::Redeemed, Some(NOW), Some(ann)));
    let again = store.redeem_voucher(ann, &code).await;
    assert!(matches!(again, Err(StoreError::Conflict { .. })), "{again:?}");
    assert_eq!(store.user_balance(ann).await.unwrap(), Some(dollars("26")));
    assert_eq!(store.verify_ledger().await.unwrap(), []);
    let stored = db.raw_text("SELECT hint FROM vouchers").await;
    assert_eq!(stored, voucher.hint);
}

pub(crate) async fn a_voucher_for_a_plan_makes_or_renews(db: &TestDb) {
    let store = db.open_at(NOW).await;
    let (ann, pro) = (user(&store, "ann", "0").await, plan(&store, "pro").await);
    let value = VoucherValue::Plan(pro.id);
    let days = |days: u64| NOW.after(Duration::from_secs(days * 86_400));
    let mut ends = Vec::new();
    for _ in 0..2 {
        let (_, code) = one(&store, value).await;
        match store.redeem_voucher(ann, &code).await.unwrap() {
            Redeemed::Subscription(stored) => {
                ends.push((stored.subscription.expires_at, stored.quotas.len()));
            }
            Redeemed::Money { .. } => panic!("it is for a plan"),
        }
    }
    assert_eq!(ends, [(days(30), 2), (days(60), 2)]);
    let all = store.list_subscriptions(SubscriptionFilter::default()).await.unwrap();
    assert_eq!(all.len(), 1, "the second one renews the first");
    // What was cancelled is over: the next voucher makes another one.
    store.cancel_subscription(all[0].subscription.id).await.unwrap();
    let (_, code) = one(&store, value).await;
    store.redeem_voucher(ann, &code).await.unwrap();
    assert_eq!(store.list_subscriptions(SubscriptionFilter::default()).await.unwrap().len(), 2);
    assert_eq!(store.user_balance(ann).await.unwrap(), Some(dollars("0")));
    assert!(store.list_balance_entries(ann, 10).await.unwrap().is_empty());
    let said = store.remove_user(ann).await.unwrap_err().to_string();
    assert!(said.contains("has subscriptions"), "{said}");
}

pub(crate) async fn each_refusal_has_its_words(db: &TestDb) {
    let store = db.open_at(NOW).await;
    let ann = user(&store, "ann", "0").await;
    let said = async |code: &str| store.redeem_voucher(ann, code).await.unwrap_err().to_string();
    let (_, used) = one(&store, money("1")).await;
    store.redeem_voucher(ann, &used).await.unwrap();
    let (revoked, revoked_code) = one(&store, money("1")).await;
    let withdrawn = store.revoke_voucher(revoked.id).await.unwrap();
    assert_eq!(withdrawn.status, VoucherStatus::Revoked);
    assert_eq!(store.revoke_voucher(revoked.id).await.unwrap(), withdrawn);
    let ending = NewVouchers { expires_at: Some(NOW), ..new(money("1"), 1) };
    let (_, expired) = store.create_vouchers(&ending).await.unwrap().pop().unwrap();
    let (spare, _) = one(&store, money("1")).await;
    assert_eq!(said(&used).await, "this voucher was redeemed already");
    assert_eq!(said(&revoked_code).await, "this voucher was revoked");
    assert_eq!(said(expired.expose()).await, "this voucher has expired");
    for unknown in ["TG-0000-0000-0000-0000", "nonsense", "", &spare.id.to_string()] {
        assert_eq!(said(unknown).await, "this voucher code does not exist", "{unknown}");
    }
    let nobody = UserId::generate();
    let refused = store.redeem_voucher(nobody, &used).await.unwrap_err().to_string();
    assert_eq!(refused, format!("user {nobody} does not exist"));
    assert_eq!(store.user_balance(ann).await.unwrap(), Some(dollars("1")));

    let used = store.list_vouchers(VoucherFilter::default()).await.unwrap().remove(0);
    let said = store.revoke_voucher(used.id).await.unwrap_err().to_string();
    assert_eq!(said, format!("voucher {} was redeemed already and cannot be revoked", used.id));
    assert!(matches!(store.revoke_voucher(VoucherId::generate()).await, Err(StoreError::NotFound { .. })));
}

pub(crate) async fn many_at_once_redeem_once(db: &TestDb) {
    let stores = [db.open_at(NOW).await, db.open_at(NOW).await];
    let users = [user(&stores[0], "ann", "0").await, user(&stores[0], "bob", "0").await];
    let codes: Vec<String> = stores[0]
        .create_vouchers(&new(money("1"), 5))
        .await
        .unwrap()
        .into_iter()
        .map(|(_, code)| code.expose().clone())
        .collect();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..100_usize {
        let (store, user) = (stores[number % 2].clone(), users[number / 2 % 2]);
        let code = codes[number % codes.len()].clone();
        tasks.spawn(async move { store.redeem_voucher(user, &code).await });
    }
    let outcomes = tasks.join_all().await;
    let redeemed = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let used = Err(StoreError::Conflict { what: "this voucher was redeemed already".to_owned() });
    assert_eq!(redeemed, codes.len());
    assert!(outcomes.iter().filter(|outcome| outcome.is_err()).all(|outcome| *outcome == used));
    let mut sum = 0;
    for user in users {
        sum += stores[1].user_balance(user).await.unwrap().unwrap().nanos();
    }
    assert_eq!(sum, dollars("5").nanos());
    assert_eq!(stores[0].verify_ledger().await.unwrap(), []);
}

pub(crate) async fn thousands_are_made_and_withdrawn_together(db: &TestDb) {
    let store = db.open_at(NOW).await;
    let ann = user(&store, "ann", "0").await;
    let made = store.create_vouchers(&new(money("0.5"), 1_234)).await.unwrap();
    let codes: BTreeSet<&str> = made.iter().map(|(_, code)| code.expose().as_str()).collect();
    assert_eq!(codes.len(), 1_234);
    store.redeem_voucher(ann, made[1_233].1.expose()).await.unwrap();
    let other = NewVouchers { batch: "other".to_owned(), expires_at: Some(NOW), ..new(money("1"), 2) };
    store.create_vouchers(&other).await.unwrap();
    let count = async |batch: Option<&str>, unused_at| {
        let filter = VoucherFilter { batch: batch.map(str::to_owned), unused_at };
        store.list_vouchers(filter).await.unwrap().len()
    };
    assert_eq!(count(None, None).await, 1_236);
    assert_eq!(count(Some("spring"), Some(NOW)).await, 1_233);
    assert_eq!(count(Some("other"), Some(NOW)).await, 0, "they have expired");
    assert_eq!(store.revoke_vouchers("spring").await.unwrap(), 1_233);
    assert_eq!(count(None, Some(NOW)).await, 0);
    assert_eq!(store.revoke_vouchers("spring").await.unwrap(), 0);
    let said = store.revoke_vouchers("autumn").await.unwrap_err().to_string();
    assert_eq!(said, "voucher batch `autumn` does not exist");
}

pub(crate) async fn what_is_wrong_with_vouchers_is_said(db: &TestDb) {
    let store = db.open_at(NOW).await;
    let said = async |new: NewVouchers| store.create_vouchers(&new).await.unwrap_err().to_string();
    for count in [0, 10_001] {
        assert_eq!(said(new(money("1"), count)).await, "count: must be from 1 to 10000");
    }
    for amount in ["0", "-1"] {
        assert_eq!(said(new(money(amount), 1)).await, "amount: must be above zero");
    }
    let unnamed = NewVouchers { batch: String::new(), ..new(money("1"), 1) };
    assert_eq!(said(unnamed).await, "batch: must not be empty");
    let gone = PlanId::generate();
    assert_eq!(said(new(VoucherValue::Plan(gone), 1)).await, format!("plan {gone} does not exist"));
    assert_eq!(store.list_vouchers(VoucherFilter::default()).await.unwrap(), []);
    let pro = plan(&store, "pro").await;
    one(&store, VoucherValue::Plan(pro.id)).await;
    let said = store.remove_plan(pro.id).await.unwrap_err().to_string();
    assert_eq!(said, format!("plan {} has 1 voucher(s) and cannot be removed", pro.id));
}

pub(crate) async fn what_a_voucher_brought_is_verified(db: &TestDb) {
    let store = db.open_at(NOW).await;
    let (ann, bob) = (user(&store, "ann", "0").await, user(&store, "bob", "0").await);
    let mut ids = Vec::new();
    for who in [ann, ann, bob] {
        let (voucher, code) = one(&store, money("5")).await;
        store.redeem_voucher(who, &code).await.unwrap();
        ids.push(voucher.id);
    }
    assert_eq!(store.verify_ledger().await.unwrap(), []);
    db.raw(&format!("UPDATE vouchers SET amount = 7000000000 WHERE id = '{}'", ids[0])).await;
    db.raw(&format!("UPDATE vouchers SET status = 'unused' WHERE id = '{}'", ids[1])).await;
    db.raw(&format!("UPDATE vouchers SET redeemed_by = '{ann}' WHERE id = '{}'", ids[2])).await;
    let wrong = |at: usize, worth: &str, paid: &str| LedgerProblem::Voucher {
        id: ids[at].to_string(),
        worth: dollars(worth),
        paid: dollars(paid),
    };
    let mut expected = vec![wrong(0, "7", "5"), wrong(1, "0", "5"), wrong(2, "0", "5"), wrong(2, "5", "0")];
    let mut found = store.verify_ledger().await.unwrap();
    for problems in [&mut expected, &mut found] {
        problems.sort_by_key(ToString::to_string);
    }
    assert_eq!(found, expected);
}
