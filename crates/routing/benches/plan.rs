//! What a plan costs: CPU time of one, in groups of several sizes and by each policy, first attempt included.
//!
//! `cargo bench -p tollgate-routing --bench plan`. A plan waits for nothing, so the time that passes is the CPU's but for what
//! else the machine does: the least of many short rounds is printed beside the mean of the CPU time that the kernel counts
//! (Linux's `/proc/thread-self/schedstat`).
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and fails by panicking")]

use std::hint::black_box;
use std::time::Instant;

use tollgate_base::{AccountId, GroupId, Money, Rate, Secret, Timestamp, TokenPrice};
use tollgate_pricing::{HourlyRates, ModelPrice};
use tollgate_protocol::Protocol;
use tollgate_routing::{
    Account, AccountIndex, AuthScheme, BaseUrls, Capabilities, Catalog, CatalogData, Condition, Fallbacks,
    Funding, Group, GroupRoutes, Health, HoldMode, Model, ModelMapping, Needs, OnDisconnect, PlanRequest,
    Platform, Policy, PriceVersion, Prices, Pricing, Shaping, Standing, Status, Stickiness, Upkeep, plan,
};

const SIZES: [u128; 4] = [1, 10, 100, 1_000];
const ROUNDS: usize = 200;
const PLANS_IN_A_ROUND: u64 = 50;
const CREATED: Timestamp = Timestamp::from_micros(0);
const NOW: Timestamp = Timestamp::from_micros(1_000_000);
const MODEL: &str = "claude-sonnet-5-5";

/// What is known of each account, as the gateway has it: one entry for each, by its place in the catalog.
struct Known(Vec<Condition>);

impl Health for Known {
    fn condition(&self, _: &Account, at: AccountIndex, _: &str, _: Timestamp) -> Condition {
        self.0[at.get()]
    }
}

/// Nanoseconds of one plan.
#[derive(Clone, Copy)]
struct Cost {
    least: u128,
    mean_cpu: u128,
}

fn main() {
    println!(
        "{:>9} {:>6} {:>10} {:>11} {:>11} {:>18}",
        "accounts", "", "policy", "least, µs", "CPU, µs", "all read: CPU, µs"
    );
    for (is_busy, accounts) in [true, false].into_iter().flat_map(|busy| SIZES.map(|size| (busy, size))) {
        for policy in Policy::ALL.iter().copied() {
            let measured = |read| measured(accounts, policy, is_busy, read);
            let (first, all) = (measured(1), measured(usize::MAX));
            let (least, cpu, all) = (micros(first.least), micros(first.mean_cpu), micros(all.mean_cpu));
            let state = if is_busy { "busy" } else { "idle" };
            println!("{accounts:>9} {state:>6} {policy:>10} {least:>11} {cpu:>11} {all:>18}");
        }
    }
    println!("the first plan for a model, 1000 accounts: {} µs", micros(gathered(1_000)));
}

/// One plan and so many of its attempts.
fn measured(accounts: u128, policy: Policy, is_busy: bool, read: usize) -> Cost {
    let group = group(policy);
    let catalog = catalog(accounts, &group);
    let known = known(accounts, is_busy);
    let mut pick = 0_u64;
    let mut round = || {
        let begin = Instant::now();
        for _ in 0..PLANS_IN_A_ROUND {
            pick = pick.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let planned = plan(&catalog, &known, NOW, &request(&group, pick)).unwrap();
            planned.take(read).for_each(|attempt| drop(black_box(attempt)));
        }
        begin.elapsed().as_nanos() / u128::from(PLANS_IN_A_ROUND)
    };
    round();
    let begin = cpu_nanos();
    let least = (0..ROUNDS).map(|_| round()).min().unwrap_or(0);
    let mean_cpu = (cpu_nanos() - begin) / (ROUNDS as u128 * u128::from(PLANS_IN_A_ROUND));
    Cost { least, mean_cpu }
}

/// Nanoseconds of the first plan of a catalog, which gathers the candidates; the least of all rounds.
fn gathered(accounts: u128) -> u128 {
    let group = group(Policy::Priority);
    let known = known(accounts, true);
    let round = |_| {
        let catalog = catalog(accounts, &group);
        let begin = Instant::now();
        black_box(plan(&catalog, &known, NOW, &request(&group, 1)).unwrap().next());
        begin.elapsed().as_nanos()
    };
    (0..ROUNDS).map(round).min().unwrap_or(0)
}

/// The CPU time of this thread so far.
fn cpu_nanos() -> u128 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split_whitespace().next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0)
}

fn micros(nanos: u128) -> String {
    format!("{}.{:02}", nanos / 1_000, nanos % 1_000 / 10)
}

fn request(group: &Group, pick: u64) -> PlanRequest<'_> {
    PlanRequest {
        group,
        model: MODEL,
        protocol: Protocol::Messages,
        translate: true,
        sticky: None,
        only: None,
        pick,
        needs: Needs { prompt_tokens: 20_000, max_output_tokens: Some(8_000), ..Needs::default() },
        at: NOW,
        pricing: Pricing::Charged { default: None },
    }
}

/// All accounts idle, so that the draw alone decides; or busy: they serve up to three requests, one in ten is full, one in
/// twenty cools.
fn known(accounts: u128, is_busy: bool) -> Known {
    if !is_busy {
        return Known((0..accounts).map(|_| Condition::READY).collect());
    }
    let condition = |at: u128| {
        let spread = u32::try_from(at.wrapping_mul(7_919) % 1_000).unwrap();
        let standing = match spread % 20 {
            7 => Standing::Away {
                until: Some(NOW.after(std::time::Duration::from_secs(1))),
                why: tollgate_routing::AwayReason::RateLimited,
            },
            _ => Standing::Ready,
        };
        Condition {
            standing,
            in_flight: spread % 4,
            is_full: spread % 10 == 3,
            first_byte_micros: 300_000 + spread,
        }
    };
    Known((0..accounts).map(condition).collect())
}

fn catalog(accounts: u128, group: &Group) -> Catalog {
    let price = ModelPrice::new(
        TokenPrice::from_nanos_per_million(3_000_000_000),
        TokenPrice::from_nanos_per_million(15_000_000_000),
    );
    let version =
        PriceVersion { version: 1, place: None, from: CREATED, price, hours: HourlyRates::default() };
    let model = Model {
        name: "claude-*".to_owned(),
        display_name: None,
        owned_by: None,
        context_window_tokens: None,
        max_output_tokens: None,
        traits: None,
        prices: Prices::new(vec![version]),
        created_at: CREATED,
    };
    Catalog::new(CatalogData {
        groups: vec![group.clone()],
        accounts: (0..accounts).map(|id| account(id, group.id)).collect(),
        models: vec![model],
        limits: Vec::new(),
        version: 1,
    })
}

fn group(policy: Policy) -> Group {
    Group {
        id: GroupId::from_u128(1),
        name: "group".to_owned(),
        platform: Platform::Anthropic,
        status: Status::Enabled,
        rate: Rate::ONE,
        model_mapping: ModelMapping::default(),
        token_counting: None,
        hold: HoldMode::Full,
        credit_line: Money::ZERO,
        on_disconnect: OnDisconnect::Drain,
        funding: Funding::default(),
        peak_hours: HourlyRates::default(),
        created_at: CREATED,
        sticky: Stickiness::default(),
        routes: GroupRoutes::default(),
        shaping: Shaping::default(),
        fallbacks: Fallbacks::default(),
        policy,
    }
}

/// Accounts of several weights and two priorities, with a list of models each.
fn account(id: u128, group: GroupId) -> Account {
    let small = u32::try_from(id % 4).unwrap();
    Account {
        id: AccountId::from_u128(id.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)),
        name: format!("account{id}"),
        platform: Platform::Anthropic,
        family: None,
        base_urls: BaseUrls { messages: Some("https://api.example".into()), ..BaseUrls::default() },
        credential: Secret::from("secret"),
        auth: AuthScheme::XApiKey,
        models: vec!["claude-*".parse().unwrap()],
        model_mapping: ModelMapping::default(),
        capabilities: Capabilities::default_for(Platform::Anthropic),
        priority: i32::from(id.is_multiple_of(3)),
        weight: 1 + small,
        rate: Rate::from_millionths(800_000 + small * 50_000),
        status: Status::Enabled,
        proxy: None,
        groups: vec![group],
        created_at: CREATED,
        shaping: Shaping::default(),
        organization: None,
        upkeep: Upkeep::default(),
    }
}
