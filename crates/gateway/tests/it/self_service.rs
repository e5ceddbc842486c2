//! What a key's holder is told about it: what is left, and what was used.

use std::time::Duration;

use serde_json::{Value, json};
use tollgate_base::{Money, SubscriptionId, Timestamp};
use tollgate_protocol::Dialect;
use tollgate_routing::{KeyStatus, Status};
use tollgate_store::{Allowance, GroupPatch, KeyPatch, NewSubscription, QuotaOwner, UserPatch};

use crate::support::error_table::{check, request_id};
use crate::support::{Call, Kind, Reply, Setup, World, eventually};

const USAGE: &str = "/v1/usage";
const LIMITS: &str = "/v1/dashboard/billing/subscription";
const SPENT: &str = "/v1/dashboard/billing/usage";

fn dollars(text: &str) -> Money {
    text.parse().unwrap()
}

async fn get(world: &World, key: &str, path: &str) -> Reply {
    Call::get(path).bearer(key).send(world.addr).await
}

async fn usage_of(world: &World, key: &str) -> Value {
    get(world, key, USAGE).await.ok().json()
}

/// A message of 1,000 tokens in and 100 out, which costs 0.0045 dollars; until the record is written.
async fn spend(world: &World, key: &str, records: usize) {
    let call = Kind::Messages.call_with(key, Kind::Messages.model(), "input=1000 output=100", false);
    call.send(world.addr).await.ok();
    world.records(records).await;
}

async fn set(world: &World, owner: QuotaOwner, window: &str, amount: &str) {
    world.store.set_quota(owner, window.parse().unwrap(), dollars(amount)).await.unwrap();
    learned().await;
}

/// Until the gate has heard of a change.
async fn learned() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// An amount as it was written.
fn amount(value: &Value) -> Money {
    assert!(value.is_number(), "{value}");
    dollars(&value.to_string())
}

/// What OpenAI's old dashboard shows as left.
async fn left_on_the_dashboard(world: &World, key: &str) -> Money {
    let limits = get(world, key, LIMITS).await.ok().json();
    let days = format!("{SPENT}?start_date=2026-01-01&end_date=2026-01-31");
    let used_cents = amount(&get(world, key, &days).await.ok().json()["total_usage"]);
    let used = Money::from_nanos(used_cents.nanos() / 100);
    amount(&limits["hard_limit_usd"]).checked_sub(used).unwrap()
}

fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}

#[tokio::test]
async fn a_key_that_the_balance_bounds() {
    let world = World::new().await;
    let key = world.key(Kind::Messages);
    spend(&world, key, 1).await;
    let reply = get(&world, key, USAGE).await.ok();
    request_id(&reply);
    // In the very digits: a number that went through a float would show others.
    assert!(reply.text().contains(r#""balance":99.9955,"#), "{}", reply.text());
    let usage = reply.json();
    let head = json!({"isValid": usage["isValid"], "mode": usage["mode"], "status": usage["status"],
        "planName": usage["planName"], "remaining": usage["remaining"], "unit": usage["unit"]});
    assert_eq!(
        head,
        json!({"isValid": true, "mode": "unrestricted", "status": "active", "planName": "Balance",
            "remaining": 99.9955, "unit": "USD"})
    );
    assert_eq!(usage["wallet"], json!({"balance": 99.9955, "held": 0, "credit_line": 0}));
    for absent in ["quota", "rate_limits", "subscription", "expires_at"] {
        assert!(usage.get(absent).is_none(), "{absent}");
    }
    let sums = json!({"requests": 1, "input_tokens": 1000, "output_tokens": 100, "cache_creation_tokens": 0,
        "cache_write_tokens": 0, "cache_read_tokens": 0, "total_tokens": 1100, "cost": 0.0045, "actual_cost": 0.0045});
    assert_eq!(usage["usage"], json!({"today": sums, "total": sums}));
    let with = |name: &str, value: &str| {
        let mut sums = sums.clone();
        sums[name] = value.into();
        sums
    };
    assert_eq!(usage["daily_usage"], json!([with("date", &today())]));
    assert_eq!(usage["model_stats"], json!([with("model", Kind::Messages.model())]));
    assert_eq!(usage["period"]["end_date"], today());
    assert_eq!(left_on_the_dashboard(&world, key).await, dollars("99.9955"));
    assert_eq!(world.finished().await.len(), 1, "asking writes nothing");
    assert_eq!(world.balance().await, dollars("99.9955"));
    assert!(world.store.open_holds(tollgate_store::HoldFilter::All, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn every_key_has_figures_of_its_own() {
    let world = World::new().await;
    let (_, other) = world.extra_key(Kind::Messages, |_| {}).await;
    spend(&world, world.key(Kind::Messages), 1).await;
    let usage = usage_of(&world, &other).await;
    assert_eq!((&usage["remaining"], &usage["usage"]["total"]["requests"]), (&json!(99.9955), &json!(0)));
    assert_eq!((&usage["daily_usage"], &usage["model_stats"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn a_key_with_quotas_of_its_own() {
    let world = World::new().await;
    let (key, secret) = world.extra_key(Kind::Messages, |_| {}).await;
    set(&world, QuotaOwner::Key(key.id), "total", "5").await;
    set(&world, QuotaOwner::Key(key.id), "5h", "1").await;
    set(&world, QuotaOwner::Key(key.id), "month Europe/Berlin", "4").await;
    set(&world, QuotaOwner::User(world.user.id), "7d", "0.5").await;

    let unused = usage_of(&world, &secret).await;
    assert_eq!(
        (&unused["mode"], &unused["remaining"], &unused["unit"]),
        (&json!("quota_limited"), &json!(5), &json!("USD"))
    );
    assert_eq!(unused["quota"], json!({"limit": 5, "used": 0, "remaining": 5, "unit": "USD"}));
    assert_eq!(
        unused["rate_limits"],
        json!([{"window": "5h", "limit": 1, "used": 0, "remaining": 1, "window_start": null}])
    );

    spend(&world, &secret, 1).await;
    let usage = eventually("the figures are new", || async {
        let usage = usage_of(&world, &secret).await;
        (usage["quota"]["used"] != json!(0)).then_some(usage)
    })
    .await;
    assert_eq!(usage["quota"], json!({"limit": 5, "used": 0.0045, "remaining": 4.9955, "unit": "USD"}));
    let five_hours = &usage["rate_limits"][0];
    assert_eq!((&five_hours["used"], &five_hours["remaining"]), (&json!(0.0045), &json!(0.9955)));
    let moment = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let length = moment(&five_hours["reset_at"]).duration_since(moment(&five_hours["window_start"]));
    assert_eq!(length.as_hours(), 5);
    for absent in ["balance", "wallet", "subscription", "planName"] {
        assert!(
            usage.get(absent).is_none(),
            "who has a key with quotas is not shown its user's balance: {absent}"
        );
    }
    let own: Vec<Value> = usage["quotas"]
        .as_array()
        .unwrap()
        .iter()
        .map(|quota| json!([quota["of"], quota["window"], quota["remaining"]]))
        .collect();
    assert_eq!(
        own,
        [
            json!(["key", "total", 4.9955]),
            json!(["key", "5h", 0.9955]),
            json!(["key", "month Europe/Berlin", 3.9955]),
            json!(["user", "7d", 0.4955])
        ]
    );
    assert_eq!(
        left_on_the_dashboard(&world, &secret).await,
        dollars("0.4955"),
        "the user's quota is the tightest"
    );
    let limits = get(&world, &secret, LIMITS).await.ok().json();
    assert_eq!(
        limits,
        json!({"object": "billing_subscription", "has_payment_method": true, "soft_limit_usd": 0.5,
            "hard_limit_usd": 0.5, "system_hard_limit_usd": 0.5, "access_until": 0})
    );
}

/// Strict clients know three windows, and take `remaining` for the rest of a total.
#[tokio::test]
async fn windows_that_clients_do_not_know() {
    let world = World::new().await;
    let (key, secret) = world.extra_key(Kind::Messages, |_| {}).await;
    set(&world, QuotaOwner::Key(key.id), "1d", "2").await;
    let usage = usage_of(&world, &secret).await;
    assert_eq!(usage["rate_limits"][0]["window"], "1d");
    for absent in ["quota", "remaining", "unit"] {
        assert!(usage.get(absent).is_none(), "{absent}");
    }
    let (key, secret) = world.extra_key(Kind::Messages, |_| {}).await;
    set(&world, QuotaOwner::Key(key.id), "day UTC", "2").await;
    set(&world, QuotaOwner::Key(key.id), "12h", "1").await;
    let usage = usage_of(&world, &secret).await;
    assert_eq!((&usage["rate_limits"], &usage["quota"]["limit"]), (&json!([]), &json!(1)));
}

#[tokio::test]
async fn a_used_up_quota_and_an_expired_key_are_told() {
    let world = World::new().await;
    let (key, secret) = world.extra_key(Kind::Messages, |_| {}).await;
    set(&world, QuotaOwner::Key(key.id), "total", "0").await;
    let refused = Kind::Messages.call_with(&secret, Kind::Messages.model(), "words=1", false);
    assert_eq!(refused.send(world.addr).await.status, 402);
    let usage = usage_of(&world, &secret).await;
    assert_eq!((&usage["status"], &usage["remaining"]), (&json!("quota_exhausted"), &json!(0)));
    assert_eq!(left_on_the_dashboard(&world, &secret).await, dollars("0"));

    let (_, secret) = world
        .extra_key(Kind::Messages, |new| new.expires_at = Some(Timestamp::from_micros(1_700_000_000_000_000)))
        .await;
    let refused = Kind::Messages.call_with(&secret, Kind::Messages.model(), "words=1", false);
    check(&refused.send(world.addr).await, Dialect::Messages, "expired_key", "");
    let usage = usage_of(&world, &secret).await;
    assert_eq!((&usage["status"], &usage["isValid"]), (&json!("expired"), &json!(true)));
    assert_eq!(usage["expires_at"], "2023-11-14T22:13:20.000000+00:00");
    let limits = get(&world, &secret, LIMITS).await.ok().json();
    assert_eq!(limits["access_until"], 1_700_000_000);
}

#[tokio::test]
async fn a_drained_balance_is_told() {
    let world = World::start(Setup { balance: dollars("1"), ..Setup::default() }).await;
    let key = world.key(Kind::Messages);
    world.store.adjust_balance(world.user.id, dollars("-2"), "owed", None).await.unwrap();
    learned().await;
    assert_eq!(Kind::Messages.call(&world, "words=1", false).send(world.addr).await.status, 402);
    let usage = usage_of(&world, key).await;
    assert_eq!(
        (&usage["status"], &usage["remaining"], &usage["balance"]),
        (&json!("quota_exhausted"), &json!(0), &json!(0))
    );
    assert_eq!(usage["wallet"]["balance"], -1, "-1 in `remaining` would be taken for no limit");
    assert_eq!(left_on_the_dashboard(&world, key).await, dollars("-1"));

    let patch = GroupPatch { credit_line: Some(dollars("1.5")), ..GroupPatch::default() };
    world.store.update_group(world.anthropic.id, patch).await.unwrap();
    learned().await;
    let usage = usage_of(&world, key).await;
    assert_eq!((&usage["status"], &usage["remaining"]), (&json!("active"), &json!(0.5)), "there is credit");
    assert_eq!(left_on_the_dashboard(&world, key).await, dollars("0.5"));
}

/// A subscription of a month of the caller's, in the group of Claude's models.
async fn subscribe(world: &World) -> SubscriptionId {
    let yesterday = jiff::Timestamp::now().as_microsecond() - 86_400_000_000;
    let new = NewSubscription {
        user_id: world.user.id,
        group_id: world.anthropic.id,
        plan_id: None,
        days: 31,
        starts_at: Some(Timestamp::from_micros(yesterday)),
        allowance: Allowance::default(),
        time_zone: None,
    };
    let created = world.store.create_subscription(new).await.unwrap();
    learned().await;
    created.subscription.id
}

#[tokio::test]
async fn a_key_that_a_subscription_pays_for() {
    let world = World::new().await;
    let key = world.key(Kind::Messages);
    let id = subscribe(&world).await;
    let usage = usage_of(&world, key).await;
    let subscription = &usage["subscription"];
    assert_eq!((&usage["remaining"], &subscription["unlimited"]), (&json!(-1), &json!(true)), "no quota yet");
    assert_eq!(left_on_the_dashboard(&world, key).await, dollars("100000000"));

    set(&world, QuotaOwner::Subscription(id), "day UTC", "1").await;
    set(&world, QuotaOwner::Subscription(id), "week 2026-01-01T00:00:00Z", "3").await;
    spend(&world, key, 1).await;
    assert_eq!(world.balance().await, dollars("100"), "the balance is untouched");
    let usage = eventually("the figures are new", || async {
        let usage = usage_of(&world, key).await;
        (usage["subscription"]["monthly_usage_usd"] != json!(0)).then_some(usage)
    })
    .await;
    let head = [&usage["mode"], &usage["planName"], &usage["remaining"], &usage["unit"], &usage["status"]];
    assert_eq!(
        head,
        [&json!("unrestricted"), &json!("anthropic"), &json!(0.9955), &json!("USD"), &json!("active")]
    );
    assert!(usage.get("balance").is_none() && usage.get("quota").is_none());
    let subscription = &usage["subscription"];
    for (period, limit) in [("daily", json!(1)), ("weekly", json!(3)), ("monthly", Value::Null)] {
        assert_eq!(subscription[format!("{period}_limit_usd")], limit);
        assert_eq!(subscription[format!("{period}_usage_usd")], 0.0045, "{period}: with or without a quota");
    }
    let week = subscription["weekly_window_start"].as_str().unwrap();
    assert!(week.ends_with("T00:00:00.000000+00:00") || week > today().as_str(), "{week}");
    assert!(subscription["daily_reset_at"].is_string() && subscription["monthly_reset_at"].is_null());
    assert!(subscription["expires_at"].is_string());
    assert_eq!(left_on_the_dashboard(&world, key).await, dollars("0.9955"));

    set(&world, QuotaOwner::Subscription(id), "day UTC", "0").await;
    let usage = usage_of(&world, key).await;
    assert_eq!((&usage["planName"], &usage["balance"]), (&json!("Balance"), &json!(100)), "it pays now");
    let patch =
        GroupPatch { funding: Some(tollgate_routing::Funding::Subscription), ..GroupPatch::default() };
    world.store.update_group(world.anthropic.id, patch).await.unwrap();
    learned().await;
    let usage = usage_of(&world, key).await;
    assert_eq!((&usage["remaining"], &usage["status"]), (&json!(0), &json!("quota_exhausted")));
    world.store.cancel_subscription(id).await.unwrap();
    learned().await;
    let usage = usage_of(&world, key).await;
    assert_eq!((&usage["planName"], &usage["balance"]), (&json!("No subscription"), &json!(0)));
}

#[tokio::test]
async fn who_may_not_ask() {
    let world = World::new().await;
    for path in [USAGE, LIMITS, SPENT, "/dashboard/billing/usage"] {
        check(&Call::get(path).send(world.addr).await, Dialect::Chat, "missing_key", "");
        check(&get(&world, "tg-unknown", path).await, Dialect::Chat, "invalid_key", "");
    }
    let (key, secret) = world.extra_key(Kind::Messages, |_| {}).await;
    get(&world, &secret, USAGE).await.ok();
    let patch = KeyPatch { status: Some(KeyStatus::Disabled), ..KeyPatch::default() };
    world.store.update_key(key.id, patch).await.unwrap();
    learned().await;
    check(&get(&world, &secret, USAGE).await, Dialect::Chat, "revoked_key", "");
    world.store.revoke_key(key.id).await.unwrap();
    learned().await;
    check(&get(&world, &secret, USAGE).await, Dialect::Chat, "revoked_key", "");

    let elsewhere = |new: &mut tollgate_store::NewKey| {
        new.expires_at = Some(Timestamp::from_micros(1));
        new.allowed_addresses = vec!["10.0.0.0/8".parse().unwrap()];
    };
    let (_, secret) = world.extra_key(Kind::Messages, elsewhere).await;
    check(&get(&world, &secret, USAGE).await, Dialect::Chat, "address_not_allowed", "127.0.0.1");

    let patch = UserPatch { status: Some(Status::Disabled), ..UserPatch::default() };
    world.store.update_user(world.user.id, patch).await.unwrap();
    learned().await;
    check(&get(&world, world.key(Kind::Chat), LIMITS).await, Dialect::Chat, "user_disabled", "");
}

#[tokio::test]
async fn what_is_asked_wrongly_is_named_in_the_callers_dialect() {
    let world = World::new().await;
    let key = world.key(Kind::Messages);
    for (query, field) in [
        ("days=0", "days"),
        ("days=102", "days"),
        ("timezone=Mars/Base", "timezone"),
        ("start_date=2026-13-01", "start_date"),
        ("end_date=soon", "end_date"),
        ("start_date=2026-03-02&end_date=2026-03-01", "start_date"),
        ("start_date=2026-01-01&end_date=2026-06-01", "start_date"),
    ] {
        check(&get(&world, key, &format!("{USAGE}?{query}")).await, Dialect::Chat, "invalid_field", field);
        check(&get(&world, key, &format!("{SPENT}?{query}")).await, Dialect::Chat, "invalid_field", field);
        check(
            &get(&world, key, &format!("/api{USAGE}?{query}")).await,
            Dialect::Envelope,
            "invalid_field",
            field,
        );
        let claude = Call::get(format!("{USAGE}?{query}")).header("x-api-key", key);
        let claude = claude.header("anthropic-version", "2023-06-01").send(world.addr).await;
        check(&claude, Dialect::Messages, "invalid_field", field);
    }
    let posted = Call::json(USAGE, &json!({})).bearer(key).send(world.addr).await;
    assert_eq!((posted.status, posted.header("allow")), (405, Some("GET, HEAD")));
}

#[tokio::test]
async fn the_envelope_holds_the_same_figures() {
    let world = World::new().await;
    let key = world.key(Kind::Messages);
    let plain = get(&world, key, USAGE).await.ok();
    let wrapped = get(&world, key, "/api/v1/usage").await.ok();
    let expected =
        format!(r#"{{"success":true,"code":"200","message":"successful","data":{}}}"#, plain.text());
    assert_eq!(wrapped.text(), expected);
}

/// Days, models and totals of records that lie where clocks change, at both ends of their days.
#[tokio::test]
async fn days_are_of_the_callers_time_zone() {
    let world = World::new().await;
    let key = world.key(Kind::Messages);
    for records in 1..=4 {
        spend(&world, key, records).await;
    }
    let records = world.finished().await;
    // 2026-03-08 in New York goes from 05:00 to 04:00 UTC of the next day, and has 23 hours.
    for (record, at) in records.iter().zip([
        "2026-03-08T04:59:59.999999Z",
        "2026-03-08T05:00:00Z",
        "2026-03-09T03:59:59.999999Z",
        "2026-03-09T04:00:00Z",
    ]) {
        let (at, id) = (at.parse::<jiff::Timestamp>().unwrap().as_microsecond(), record.id);
        world.raw(&format!("UPDATE usage_records SET at = {at} WHERE id = '{id}'"));
    }
    let asked = "start_date=2026-03-08&end_date=2026-03-09&timezone=America%2FNew_York";
    let usage = get(&world, key, &format!("{USAGE}?{asked}")).await.ok().json();
    let days: Vec<Value> = usage["daily_usage"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| json!([day["date"], day["requests"], day["total_tokens"], day["actual_cost"]]))
        .collect();
    assert_eq!(days, [json!(["2026-03-08", 2, 2200, 0.009]), json!(["2026-03-09", 1, 1100, 0.0045])]);
    assert_eq!(usage["model_stats"][0]["requests"], 3);
    assert_eq!(
        (&usage["usage"]["total"]["cost"], &usage["usage"]["today"]["cost"]),
        (&json!(0.0135), &json!(0))
    );
    let period =
        json!({"start_date": "2026-03-08", "end_date": "2026-03-09", "timezone": "America/New_York"});
    assert_eq!(usage["period"], period);

    let spent = get(&world, key, &format!("{SPENT}?{asked}")).await.ok().json();
    let item = |cost: f64| json!([{"name": Kind::Messages.model(), "cost": cost}]);
    assert_eq!(
        spent,
        json!({"object": "list", "total_usage": 1.8, "daily_costs": [
            {"timestamp": 1_772_946_000, "line_items": item(0.9)},
            {"timestamp": 1_773_028_800, "line_items": item(0.45)},
        ]})
    );
    let utc =
        get(&world, key, &format!("{USAGE}?start_date=2026-03-08&end_date=2026-03-08")).await.ok().json();
    assert_eq!(utc["usage"]["total"]["requests"], 2);
}

/// A client that polls is answered from memory; what an operator changes shows at once.
#[tokio::test]
async fn figures_are_kept_for_a_moment() {
    let world = World::new().await;
    let key = world.key(Kind::Messages);
    assert_eq!(usage_of(&world, key).await["usage"]["total"]["requests"], 0);
    spend(&world, key, 1).await;
    assert_eq!(usage_of(&world, key).await["usage"]["total"]["requests"], 0, "it was just asked for");
    world.store.adjust_balance(world.user.id, dollars("1"), "thanks", None).await.unwrap();
    learned().await;
    assert_eq!(usage_of(&world, key).await["remaining"], 100.9955);
    eventually("the figures are new", || async {
        (usage_of(&world, key).await["usage"]["total"]["requests"] == 1).then_some(())
    })
    .await;
}
