//! What holds of every plan, over random groups.

use proptest::prelude::*;
use tollgate_base::{Rate, TokenPrice};

use super::*;
use crate::capability::Ability;
use crate::explain::{Verdict, explain};
use crate::group::Policy;
use crate::model::Model;
use crate::price::Prices;
use crate::testing::{model, price_version};

/// An account and the condition it is in.
#[derive(Debug, Clone)]
struct Found {
    account: Account,
    cooling_until: Option<i64>,
    in_flight: u32,
    is_full: bool,
    first_byte_micros: u32,
}

fn any_account(id: u128) -> impl Strategy<Value = Found> {
    (
        (0..3_i32, 0..4_u32, prop::bool::weighted(0.9), prop::bool::weighted(0.9), any::<bool>()),
        (prop::sample::select(vec!["m", "*", "other", "m*"]), prop::option::weighted(0.3, 0..2_000_i64)),
        (0..5_u32, prop::bool::weighted(0.2), 0..4_u32, prop::bool::weighted(0.3), 1..4_u32),
    )
        .prop_map(move |(kind, (models, cooling_until), state)| {
            let (priority, weight, enabled, here, chat) = kind;
            let (in_flight, is_full, first_byte_micros, blind, rate) = state;
            let account = with(id, |a| {
                a.priority = priority;
                a.weight = weight;
                a.rate = Rate::from_millionths(rate * 500_000);
                a.status = if enabled { Status::Enabled } else { Status::Disabled };
                a.groups = vec![GroupId::from_u128(if here { 1 } else { 2 })];
                a.models = patterns(&[models]);
                if blind {
                    a.capabilities.cannot = Abilities::NONE.with(Ability::Vision);
                }
                if !chat {
                    a.base_urls = BaseUrls { messages: Some("https://h".into()), ..BaseUrls::default() };
                }
            });
            Found { account, cooling_until, in_flight, is_full, first_byte_micros }
        })
}

/// What a request may be, beside the group's policy.
fn any_request() -> impl Strategy<Value = (Policy, u64, Option<u128>, bool, bool)> {
    (
        prop::sample::select(Policy::ALL),
        any::<u64>(),
        prop::option::of(1..30_u128),
        any::<bool>(),
        prop::bool::weighted(0.3),
    )
}

fn fake(found: &[Found]) -> Fake {
    let by_id = |found: &Found| found.account.id.as_u128();
    Fake {
        cooling: found.iter().filter_map(|f| Some((by_id(f), f.cooling_until?))).collect(),
        in_flight: found.iter().map(|f| (by_id(f), f.in_flight)).collect(),
        full: found.iter().filter(|f| f.is_full).map(by_id).collect(),
        first_byte_micros: found.iter().map(|f| (by_id(f), f.first_byte_micros)).collect(),
        ..Fake::default()
    }
}

/// Dear enough that rates make a difference.
fn priced_model() -> Model {
    let mut version = price_version();
    version.price.input = TokenPrice::from_nanos_per_million(1_000_000_000);
    Model { prices: Prices::new(vec![version]), ..model("m") }
}

/// Whether an account may be in a plan, told from its settings alone.
fn fits(found: &Found, translate: bool, sees: bool) -> bool {
    let account = &found.account;
    account.status == Status::Enabled
        && account.groups == [GroupId::from_u128(1)]
        && (translate || account.base_urls.chat.is_some())
        && account.serves("m")
        && !(sees && account.capabilities.cannot.contains(Ability::Vision))
        && found.cooling_until.is_none_or(|until| until <= NOW.micros())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    #[test]
    fn a_plan_holds_all_that_fit_in_a_lawful_order(
        found in (1..=24_u128).map(any_account).collect::<Vec<_>>(),
        (policy, pick, sticky, translate, sees) in any_request(),
    ) {
        let group = Group { policy, ..group(1) };
        let health = fake(&found);
        let accounts = found.iter().map(|found| found.account.clone()).collect();
        let models = vec![priced_model()];
        let catalog = Catalog::new(CatalogData {
            groups: vec![group.clone()], accounts, models, version: 1, ..CatalogData::default()
        });
        let needs = Needs {
            abilities: Abilities::NONE.with_if(Ability::Vision, sees),
            ..Needs::default()
        };
        let wanted = PlanRequest {
            pick,
            sticky: sticky.map(AccountId::from_u128),
            translate,
            needs,
            pricing: Pricing::Charged { default: None },
            ..request(&group, "m")
        };
        let attempts = planned(&catalog, &health, &wanted);
        prop_assert_eq!(&attempts, &planned(&catalog, &health, &wanted), "same inputs, same plan");

        let mut fitting: Vec<u128> = found
            .iter()
            .filter(|found| fits(found, translate, sees))
            .map(|found| found.account.id.as_u128())
            .collect();
        prop_assert_eq!(attempts.is_ok(), !fitting.is_empty());
        let attempts = attempts.unwrap_or_default();
        let mut ids: Vec<u128> = attempts.iter().map(|attempt| attempt.account.id.as_u128()).collect();

        // The explanation tells the same, and of every account of the group.
        let explained = explain(&catalog, &health, NOW, &wanted);
        let taken: Vec<_> = explained
            .accounts
            .iter()
            .filter_map(|explained| match explained.verdict {
                Verdict::Taken { place, reason, protocol, .. } => {
                    Some((place, explained.id, reason, protocol))
                }
                Verdict::PassedOver(_) => None,
            })
            .collect();
        let told: Vec<_> = (1..)
            .zip(&attempts)
            .map(|(place, attempt)| (place, attempt.account.id, attempt.reason, attempt.protocol))
            .collect();
        prop_assert_eq!(taken, told);
        let members = found.iter().filter(|found| found.account.groups == [group.id]).count();
        prop_assert_eq!(explained.accounts.len(), members);

        let bound = sticky.filter(|sticky| fitting.contains(sticky));
        if let Some(bound) = bound {
            prop_assert_eq!((ids[0], attempts[0].reason), (bound, Reason::Sticky));
        }
        let rest = &attempts[usize::from(bound.is_some())..];
        prop_assert!(rest.iter().all(|attempt| attempt.reason != Reason::Sticky));
        for pair in rest.windows(2) {
            let key = |attempt: &Attempt<'_>| {
                let account = attempt.account;
                let is_full = health.full.contains(&account.id.as_u128());
                let translated = attempt.protocol != Protocol::Chat;
                let own = match policy {
                    Policy::Cheapest => (account.rate.millionths(), account.priority),
                    Policy::Priority | Policy::Weighted | Policy::Fastest => (0, account.priority),
                };
                (is_full, translated, own, account.weight == 0)
            };
            let (first, second) = (key(&pair[0]), key(&pair[1]));
            prop_assert!(first <= second, "{:?} before {:?}", first, second);
            let has_load = matches!(policy, Policy::Priority | Policy::Cheapest);
            if first == second && has_load {
                let (a, b) = (pair[0].account, pair[1].account);
                let (load_a, load_b) = (pair[0].in_flight * b.weight, pair[1].in_flight * a.weight);
                prop_assert!(load_a <= load_b || a.weight == 0);
            }
        }
        ids.sort_unstable();
        fitting.sort_unstable();
        prop_assert_eq!(ids, fitting);
    }

    #[test]
    fn an_order_made_as_it_is_read_is_the_whole_order(
        found in (1..=40_u128).map(any_account).collect::<Vec<_>>(),
        (policy, pick, ..) in any_request(),
    ) {
        let group = Group { policy, ..group(1) };
        let catalog = catalog_of(group.clone(), found.iter().map(|found| found.account.clone()).collect());
        let wanted = PlanRequest { pick, translate: true, ..request(&group, "m") };
        if let Ok(plan) = plan(&catalog, &fake(&found), NOW, &wanted) {
            let (mut order, candidates) = (plan.order, plan.candidates);
            let drawing = drawing(&wanted, &candidates);
            let mut whole = order.sorted(drawing);
            for place in 0..=order.len() {
                let lazy = order.get(place, drawing).map(|(ranked, reason)| (ranked.candidate, reason));
                let sorted = whole.get(place, drawing).map(|(ranked, reason)| (ranked.candidate, reason));
                prop_assert_eq!(lazy, sorted, "place {}", place);
            }
        }
    }
}
