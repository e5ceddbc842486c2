//! What is charged follows the price and the rate that were in force when the request came in, at the account that answers.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tollgate_base::{Clock, ManualClock, Money, Rate, Timestamp, TokenPrice, Usage};
use tollgate_gateway::GatewayConfig;
use tollgate_pricing::{HourlyRates, ModelPrice};
use tollgate_routing::PricePlace;
use tollgate_store::{GroupPatch, ModelPatch, NewPrice, UsageRecord};

use crate::settle::{cost, price};
use crate::settle_served::provider;
use crate::support::{Call, Kind, Setup, World};

/// 2026-11-27, a Friday, at midnight in UTC.
const FRIDAY: Timestamp = Timestamp::from_micros(1_795_737_600_000_000);
const HOUR: Duration = Duration::from_secs(3600);

fn rate(text: &str) -> Rate {
    text.parse().unwrap()
}

fn dollars(input: u64, output: u64) -> ModelPrice {
    let dollars = |dollars: u64| TokenPrice::from_nanos_per_million(dollars * 1_000_000_000);
    ModelPrice::new(dollars(input), dollars(output))
}

fn hours(from: &str, to: &str, rate: &str) -> HourlyRates {
    let one = json!([{"time_zone": "UTC", "from": from, "to": to, "rate": rate}]);
    serde_json::from_value(one).unwrap()
}

/// A world whose clock is turned by hand.
async fn at_midnight(setup: Setup) -> (World, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(FRIDAY));
    let world = World::start(Setup { clock: Some(Arc::clone(&clock)), ..setup }).await;
    (world, clock)
}

async fn set_price(world: &World, kind: Kind, price: NewPrice) -> i64 {
    let patch = ModelPatch { price: Some(price), ..ModelPatch::default() };
    let model = world.store.update_model(kind.model(), patch).await.unwrap();
    settled_in().await;
    model.prices.iter().map(|price| price.version).max().unwrap()
}

/// Several polls of the configuration.
async fn settled_in() {
    tokio::time::sleep(Duration::from_millis(150)).await;
}

fn charged(record: &UsageRecord, price: &ModelPrice) -> bool {
    record.cost == cost(&record.usage, price, record.group_rate, record.user_rate)
}

const USAGE: &str = "words=2 input=1009 output=503";

#[tokio::test]
async fn a_request_is_charged_what_was_in_force_when_it_came() {
    for kind in Kind::NATIVE {
        let (world, clock) = at_midnight(Setup::default()).await;
        let before = world.store.get_model(kind.model()).await.unwrap().unwrap();
        let before = before.price_at(FRIDAY).unwrap().version;
        let coming = NewPrice { from: Some(FRIDAY.after(HOUR)), ..dollars(7, 11).into() };
        let after = set_price(&world, kind, coming).await;
        let snapshot = world.store.config_version().await.unwrap();

        clock.advance(HOUR - Duration::from_micros(1));
        let (call, addr) = (kind.call(&world, &format!("slow_first_ms=400 {USAGE}"), true), world.addr);
        let early = tokio::spawn(async move { call.send(addr).await.ok() });
        settled_in().await;
        clock.advance(Duration::from_micros(1));
        kind.call(&world, USAGE, false).send(world.addr).await.ok();
        early.await.unwrap();
        assert_eq!(world.store.config_version().await.unwrap(), snapshot, "nobody changed anything");

        let mut records = world.finished().await;
        records.sort_by_key(|record| record.at);
        let versions: Vec<i64> = records.iter().map(|record| record.price_version).collect();
        assert_eq!(versions, [before, after], "{kind:?}");
        assert!(charged(&records[0], &price(kind)) && charged(&records[1], &dollars(7, 11)), "{records:?}");
    }
}

#[tokio::test]
async fn an_account_may_have_a_price_of_its_own() {
    let kind = Kind::Chat;
    let (world, _) = at_midnight(Setup { accounts: 2, ..Setup::default() }).await;
    let account = |number: usize| {
        let name = format!("openai-{number}");
        world.accounts.iter().find(|account| account.name == name).unwrap().id
    };
    let place = Some(PricePlace::Account(account(1)));
    let own = set_price(&world, kind, NewPrice { place, ..dollars(1, 2).into() }).await;
    kind.call(&world, USAGE, false).send(world.addr).await.ok();
    let failing = format!("{USAGE} status=500 account=cred-openai-0");
    kind.call(&world, &failing, false).send(world.addr).await.ok();
    let records = world.finished().await;
    let [first, second] = &records[..] else { panic!("{records:?}") };
    assert_eq!((first.account_id, second.account_id), (Some(account(0)), Some(account(1))));
    assert!(charged(first, &price(kind)) && first.price_version < own, "{first:?}");
    assert!(charged(second, &dollars(1, 2)) && second.price_version == own, "{second:?}");
    // Both may have been charged by either price, so the dearer was held.
    assert_eq!(first.held.map(Money::is_positive), Some(true));
    assert!(second.held >= first.held, "{records:?}");
    assert_eq!(world.store.verify_ledger().await.unwrap(), []);
}

#[tokio::test]
async fn the_dearest_account_is_held_for() {
    let kind = Kind::Chat;
    let balance = Money::from_dollars(10_000).unwrap();
    let (world, _) = at_midnight(Setup { accounts: 2, balance, ..Setup::default() }).await;
    kind.call(&world, USAGE, false).send(world.addr).await.ok();
    let dear = world.accounts.iter().find(|account| account.name == "openai-1").unwrap();
    let place = Some(PricePlace::Account(dear.id));
    set_price(&world, kind, NewPrice { place, ..dollars(100, 1_000).into() }).await;
    kind.call(&world, USAGE, false).send(world.addr).await.ok();
    let records = world.finished().await;
    let held = |at: usize| records[at].held.unwrap().nanos();
    assert!(held(1) > 50 * held(0), "{} {}", held(0), held(1));
    assert_eq!(records[0].cost, records[1].cost, "the cheap one answered both");
}

#[tokio::test]
async fn hours_change_prices_and_rates() {
    let kind = Kind::Messages;
    let (world, clock) = at_midnight(Setup { group_rate: rate("0.5"), ..Setup::default() }).await;
    let peak = GroupPatch { peak_hours: Some(hours("10:00", "12:00", "1.5")), ..GroupPatch::default() };
    world.store.update_group(world.anthropic.id, peak).await.unwrap();
    let night = hours("11:00", "01:00", "0.25");
    set_price(&world, kind, NewPrice { hours: night, ..dollars(4, 8).into() }).await;
    // What was factor and group rate at midnight, 9, 10 and 11 o'clock.
    let expected = [(0, "0.25", "0.5"), (9, "1", "0.5"), (1, "1", "1.5"), (1, "0.25", "1.5")];
    for (hours, ..) in expected {
        clock.advance(HOUR * hours);
        kind.call(&world, USAGE, false).send(world.addr).await.ok();
    }
    let records = world.finished().await;
    assert_eq!(records.len(), expected.len());
    for (record, (_, factor, group)) in records.iter().zip(expected) {
        assert_eq!(record.group_rate, rate(group));
        // The factor is on tokens, of which alone the request had some.
        let whole = Usage { input_tokens: 1009, output_tokens: 503, ..Usage::default() };
        assert_eq!(record.usage, whole);
        assert_eq!(record.cost, cost(&whole, &dollars(4, 8), rate(factor), rate(group)), "{factor} {group}");
    }
    let held: Vec<i64> = records.iter().map(|record| record.held.unwrap().nanos()).collect();
    assert_eq!([held[1], held[2], held[3]], [4 * held[0], 12 * held[0], 3 * held[0]], "the same moment");
}

#[tokio::test]
async fn a_users_rate_in_a_group_replaces_the_groups() {
    let kind = Kind::Messages;
    let setup = Setup { group_rate: rate("2"), user_rate: rate("0.5"), ..Setup::default() };
    let (world, _) = at_midnight(setup).await;
    let peak = GroupPatch { peak_hours: Some(hours("00:00", "24:00", "3")), ..GroupPatch::default() };
    world.store.update_group(world.anthropic.id, peak).await.unwrap();
    let (user, group) = (world.user.id, world.anthropic.id);
    for own in [None, Some(rate("0.1")), None] {
        if own.is_some() || !world.store.list_user_rates(user).await.unwrap().is_empty() {
            world.store.set_user_rate(user, group, own).await.unwrap();
        }
        settled_in().await;
        kind.call(&world, USAGE, false).send(world.addr).await.ok();
    }
    let records = world.finished().await;
    let rates: Vec<_> = records.iter().map(|record| (record.group_rate, record.user_rate)).collect();
    assert_eq!(rates, ["3", "0.1", "3"].map(|group| (rate(group), rate("0.5"))));
    assert!(records.iter().all(|record| charged(record, &price(kind))), "{records:?}");
    let held = |at: usize| records[at].held.unwrap().nanos();
    assert_eq!((held(0), held(2)), (30 * held(1), 30 * held(1)));
}

/// The record of a request that a provider gave this answer to, and what was charged by a price of a dollar for everything.
async fn answered(kind: Kind, tools: Value, body: &'static str) -> UsageRecord {
    let price = ModelPrice {
        input_audio: Some(dollars(10, 0).input),
        output_audio: Some(dollars(20, 0).input),
        request: Some(Money::from_nanos(1)),
        ..dollars(1, 2)
    };
    let setup = Setup {
        base_url: Some(provider("application/json", body).await),
        gateway: GatewayConfig { default_price: Some(price), ..Setup::default().gateway },
        ..Setup::default()
    };
    let world = World::start(setup).await;
    let mut request = kind.body("unpriced-1", "x", false);
    request["tools"] = tools;
    Call::json(kind.path(), &request).bearer(world.key(kind)).send(world.addr).await.ok();
    let record = world.only_record().await;
    assert!(record.held.unwrap() >= Money::from_nanos(1));
    record
}

#[tokio::test]
async fn sound_is_charged_apart() {
    let body = r#"{"id":"chatcmpl-1","object":"chat.completion","model":"m","choices":[{"index":0,
        "message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":100,
        "completion_tokens":50,"total_tokens":150,"prompt_tokens_details":{"audio_tokens":60},
        "completion_tokens_details":{"audio_tokens":30}}}"#;
    let record = answered(Kind::Chat, json!([]), body).await;
    let expected = Usage {
        input_tokens: 40,
        input_audio_tokens: 60,
        output_tokens: 20,
        output_audio_tokens: 30,
        ..Usage::default()
    };
    assert_eq!(record.usage, expected);
    // 40 x 1 + 20 x 2 + 60 x 10 + 30 x 20, in millionths of a dollar, and one nano-dollar for the request.
    assert_eq!(record.cost, Money::from_nanos(1_280_000 + 1));
    assert_eq!(
        (record.parts.audio, record.parts.request),
        (Money::from_nanos(1_200_000), Money::from_nanos(1))
    );
}

#[tokio::test]
async fn a_providers_own_tools_are_charged_each() {
    let body = r#"{"id":"resp_1","object":"response","status":"completed","model":"m","output":[
        {"type":"file_search_call","id":"fs_1","status":"completed"},
        {"type":"code_interpreter_call","id":"ci_1","status":"completed","container_id":"cntr_1"},
        {"type":"code_interpreter_call","id":"ci_2","status":"completed","container_id":"cntr_1"},
        {"type":"image_generation_call","id":"ig_1","status":"completed","result":"AAAA"},
        {"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text",
        "text":"x","annotations":[]}]}],"usage":{"input_tokens":100,"output_tokens":10,"total_tokens":110}}"#;
    let named = |names: [&str; 3]| json!(names.map(|name| json!({"type": name})));
    let record =
        answered(Kind::Responses, named(["file_search", "code_interpreter", "image_generation"]), body).await;
    let usage = record.usage;
    assert_eq!((usage.file_search_calls, usage.code_execution_calls, usage.generated_images), (1, 1, 1));
    // 0.25 cents, 3 cents and 16.7 cents beside 100 x 1 + 10 x 2 millionths, and the request.
    assert_eq!(
        (record.parts.tools, record.parts.images),
        (Money::from_nanos(32_500_000), Money::from_nanos(167_000_000))
    );
    assert_eq!(record.cost, Money::from_nanos(199_500_000 + 120_000 + 1));
    // Ten of each were held for, beside the few bytes in which the requests differ; none of what has another name.
    let others = named(["file_searcher", "code_interpreters", "image_generations"]);
    let without = answered(Kind::Responses, others, body).await;
    let held = |record: &UsageRecord| record.held.unwrap().nanos();
    let calls = held(&record) - held(&without);
    assert!(calls.abs_diff(10 * 199_500_000) < 100_000, "{calls}");
}

#[test]
fn the_clock_begins_on_a_friday() {
    assert_eq!(ManualClock::new(FRIDAY).now().seconds() / 86_400 % 7, 1, "the epoch was a Thursday");
}
