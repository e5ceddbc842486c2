//! What each policy does with accounts that are alike in all else.

use tollgate_base::{Rate, TokenPrice};

use super::*;
use crate::group::Policy;
use crate::model::Model;
use crate::price::{PricePlace, PriceVersion, Prices};
use crate::testing::{model, price_version};

fn with_policy(policy: Policy) -> Group {
    Group { policy, ..group(1) }
}

/// How often each account comes first over many picks.
fn firsts(catalog: &Catalog, health: &Fake, group: &Group, accounts: usize, picks: u64) -> Vec<u64> {
    let mut counts = vec![0; accounts];
    for count in 0..picks {
        // As the gateway picks.
        let pick = count.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let wanted = PlanRequest { pick, ..request(group, "m") };
        let first = plan(catalog, health, NOW, &wanted).unwrap().next().unwrap();
        counts[usize::try_from(first.account.id.as_u128()).unwrap() - 1] += 1;
    }
    counts
}

/// The sum of squared deviations over the expected counts, in thousandths.
fn chi_square_thousandths(counts: &[u64], weights: &[u64]) -> u64 {
    let (picks, total): (u64, u64) = (counts.iter().sum(), weights.iter().sum());
    let part = |(seen, weight): (&u64, &u64)| {
        let expected = picks * weight / total;
        let off = seen.abs_diff(expected);
        off * off * 1_000 / expected
    };
    counts.iter().zip(weights).map(part).sum()
}

#[test]
fn weighted_keeps_the_weights_whatever_the_load() {
    let weights = [1, 2, 3, 5, 9, 20, 60];
    let accounts = (1_u128..).zip(weights).map(|(id, weight)| with(id, |a| a.weight = weight)).collect();
    let group = with_policy(Policy::Weighted);
    let catalog = catalog_of(group.clone(), accounts);
    let health = Fake { in_flight: (1..=7).map(|id| (id, 50)).collect(), ..Fake::default() };
    let counts = firsts(&catalog, &health, &group, weights.len(), 100_000);
    // With six degrees of freedom one run in ten thousand goes beyond 27.9.
    let chi_square = chi_square_thousandths(&counts, &weights.map(u64::from));
    assert!(chi_square < 27_900, "{counts:?}: {chi_square}");
}

#[test]
fn the_draw_is_fair_among_many_equals() {
    let catalog = catalog((1..=100).map(account).collect());
    let counts = firsts(&catalog, &Fake::default(), &group(1), 100, 100_000);
    // With 99 degrees of freedom one run in ten thousand goes beyond 161.
    let chi_square = chi_square_thousandths(&counts, &[1; 100]);
    assert!(chi_square < 161_000, "{counts:?}: {chi_square}");
}

#[test]
fn priority_separates_levels_where_weights_are_drawn() {
    let group = with_policy(Policy::Weighted);
    let accounts = vec![
        with(1, |a| a.priority = 1),
        with(2, |a| a.weight = 0),
        with(3, |a| a.weight = 7),
        with(4, |a| a.priority = -1),
    ];
    let catalog = catalog_of(group.clone(), accounts);
    let attempts = planned(&catalog, &Fake::default(), &request(&group, "m")).unwrap();
    let expected =
        [(4, Reason::Priority), (3, Reason::WeightedDraw), (2, Reason::WeightedDraw), (1, Reason::Priority)];
    assert_eq!(order(&attempts), expected);
}

fn priced(prices: Vec<PriceVersion>) -> Model {
    Model { prices: Prices::new(prices), ..model("m") }
}

fn price(version: i64, place: Option<PricePlace>, dollars: u64) -> PriceVersion {
    let mut priced = PriceVersion { version, place, ..price_version() };
    priced.price.input = TokenPrice::from_nanos_per_million(dollars * 1_000_000_000);
    priced
}

fn catalog_with(group: &Group, accounts: Vec<Account>, models: Vec<Model>) -> Catalog {
    Catalog::new(CatalogData {
        groups: vec![group.clone()],
        accounts,
        models,
        version: 1,
        ..CatalogData::default()
    })
}

fn charged<'a>(group: &'a Group) -> PlanRequest<'a> {
    PlanRequest { pricing: Pricing::Charged { default: None }, ..request(group, "m") }
}

#[test]
fn cheapest_goes_by_price_and_rate_then_priority_then_load() {
    let group = with_policy(Policy::Cheapest);
    let rate = |text: &str| text.parse::<Rate>().unwrap();
    let accounts = vec![
        with(1, |a| a.priority = -5),
        with(2, |a| a.rate = rate("0.8")),
        with(3, |_| {}),
        with(4, |_| {}),
        // A price of its own, and a discount on it.
        with(5, |a| a.rate = rate("0.5")),
    ];
    let fifth = PricePlace::Account(accounts[4].id);
    let model = priced(vec![price(1, None, 10), price(2, Some(fifth), 18)]);
    let catalog = catalog_with(&group, accounts, vec![model]);
    let health = Fake { in_flight: HashMap::from([(3, 2), (4, 1)]), ..Fake::default() };
    let attempts = planned(&catalog, &health, &charged(&group)).unwrap();
    let expected = [
        (2, Reason::Cheapest),
        (5, Reason::Cheapest),
        (1, Reason::Priority),
        (4, Reason::LeastLoaded),
        (3, Reason::LeastLoaded),
    ];
    assert_eq!(order(&attempts), expected);
    let plan = plan(&catalog, &health, NOW, &charged(&group)).unwrap();
    let offers: Vec<_> = plan.offers().map(|(name, price)| (name, price.unwrap().version)).collect();
    assert_eq!(offers, [("m", 1), ("m", 2)], "all that any of them may be charged by");
}

#[test]
fn an_account_without_a_price_is_no_candidate_unless_there_is_a_default() {
    let group = with_policy(Policy::Cheapest);
    let second = PricePlace::Account(account(2).id);
    let models = vec![priced(vec![price(1, Some(second), 10)])];
    let catalog = catalog_with(&group, vec![account(1), account(2)], models);
    assert_eq!(ids(&catalog, &Fake::default(), &charged(&group)), [2]);
    let default = price_version().price;
    let wanted =
        PlanRequest { pricing: Pricing::Charged { default: Some(&default) }, ..request(&group, "m") };
    assert_eq!(ids(&catalog, &Fake::default(), &wanted), [1, 2], "the default is cheaper here");
    let none = catalog_with(&group, vec![account(1)], vec![]);
    assert_eq!(planned(&none, &Fake::default(), &charged(&group)), Err(PlanError::Unpriced));
    assert_eq!(ids(&none, &Fake::default(), &request(&group, "m")), [1], "what is free needs no price");
}

#[test]
fn fastest_takes_the_better_of_two() {
    let group = with_policy(Policy::Fastest);
    let catalog = catalog_of(group.clone(), (1..=2).map(account).collect());
    for (micros, in_flight, expected) in [
        ([900, 300], [0, 0], 2),
        ([900, 300], [0, 3], 1),
        ([900, 0], [0, 0], 2),
        // One that is unknown is tried, but not by everybody at the same time.
        ([900, 0], [0, 1], 1),
    ] {
        let health = Fake {
            first_byte_micros: (1..).zip(micros).collect(),
            in_flight: (1..).zip(in_flight).collect(),
            ..Fake::default()
        };
        for pick in 0..20 {
            let wanted = PlanRequest { pick, ..request(&group, "m") };
            let attempts = planned(&catalog, &health, &wanted).unwrap();
            assert_eq!(order(&attempts)[0], (expected, Reason::Fastest), "{micros:?} {in_flight:?}");
        }
    }
}

#[test]
fn fastest_does_not_send_everybody_to_the_fastest() {
    let group = with_policy(Policy::Fastest);
    let catalog = catalog_of(group.clone(), (1..=10).map(account).collect());
    let first_byte_micros = (1..=10).map(|id| (id, 1_000 * u32::try_from(id).unwrap())).collect();
    let health = Fake { first_byte_micros, ..Fake::default() };
    let counts = firsts(&catalog, &health, &group, 10, 45_000);
    // Of all 45 pairs the fastest is in nine, the next the best of eight, and the slowest of none.
    let expected: Vec<u64> = (0..10).map(|place| 9_000 - place * 1_000).collect();
    for (seen, expected) in counts.iter().zip(expected) {
        assert!(seen.abs_diff(expected) < 450, "{counts:?}");
    }
    assert_eq!(counts[9], 0);
}

#[test]
fn those_with_room_come_before_full_ones_and_native_ones_before_translated() {
    for policy in Policy::ALL {
        let group = with_policy(*policy);
        let messages_only = |a: &mut Account| {
            a.base_urls = BaseUrls { messages: Some("https://h".into()), ..BaseUrls::default() };
            a.priority = -3;
        };
        let accounts = vec![account(1), with(2, messages_only), account(3), with(4, messages_only)];
        let catalog = catalog_of(group.clone(), accounts);
        let health = Fake { full: HashSet::from([1, 2]), trial: HashSet::from([3]), ..Fake::default() };
        let wanted = PlanRequest { translate: true, ..request(&group, "m") };
        let attempts = planned(&catalog, &health, &wanted).unwrap();
        let expected = [
            (3, Reason::NativeProtocol),
            (4, Reason::NativeProtocol),
            (1, Reason::NativeProtocol),
            (2, Reason::NativeProtocol),
        ];
        assert_eq!(order(&attempts), expected, "{policy}");
        // Whoever the session is bound to comes first all the same.
        let bound = PlanRequest { sticky: Some(AccountId::from_u128(2)), ..wanted };
        assert_eq!(ids(&catalog, &health, &bound), [2, 3, 4, 1], "{policy}");
    }
}

#[test]
fn a_request_that_belongs_to_one_account_goes_to_no_other() {
    let catalog = catalog(vec![account(1), account(2)]);
    let group = group(1);
    let only = |id| PlanRequest { only: Some(AccountId::from_u128(id)), ..request(&group, "m") };
    assert_eq!(ids(&catalog, &Fake::default(), &only(2)), [2]);
    assert_eq!(planned(&catalog, &Fake::default(), &only(9)), Err(PlanError::NoAccount));
    let away = Fake { cooling: HashMap::from([(2, 5_000)]), ..Fake::default() };
    let until = Some(Timestamp::from_micros(5_000));
    assert_eq!(planned(&catalog, &away, &only(2)), Err(PlanError::AllCooling { until }));
}
