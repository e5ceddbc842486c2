//! The plan: who is in it, in which order, and why.

use std::collections::{HashMap, HashSet};

use tollgate_base::GroupId;

use super::*;
use crate::account::BaseUrls;
use crate::catalog::CatalogData;
use crate::condition::{AccountIndex, AwayReason, Condition, Standing};
use crate::testing::{account, group, mapping, patterns};
use crate::user::Status;

mod capabilities;
mod laws;
mod policies;

const NOW: Timestamp = Timestamp::from_micros(1_000);

#[derive(Default)]
struct Fake {
    cooling: HashMap<u128, i64>,
    in_flight: HashMap<u128, u32>,
    full: HashSet<u128>,
    trial: HashSet<u128>,
    first_byte_micros: HashMap<u128, u32>,
}

impl Health for Fake {
    fn condition(&self, account: &Account, _: AccountIndex, _: &str, _: Timestamp) -> Condition {
        let id = account.id.as_u128();
        let standing = match self.cooling.get(&id) {
            Some(micros) => {
                Standing::Away { until: Some(Timestamp::from_micros(*micros)), why: AwayReason::RateLimited }
            }
            None if self.trial.contains(&id) => Standing::Trial,
            None => Standing::Ready,
        };
        Condition {
            standing,
            in_flight: self.in_flight.get(&id).copied().unwrap_or(0),
            is_full: self.full.contains(&id),
            first_byte_micros: self.first_byte_micros.get(&id).copied().unwrap_or(0),
        }
    }
}

fn catalog(accounts: Vec<Account>) -> Catalog {
    catalog_of(group(1), accounts)
}

fn catalog_of(group: Group, accounts: Vec<Account>) -> Catalog {
    Catalog::new(CatalogData { groups: vec![group], accounts, version: 1, ..CatalogData::default() })
}

fn request<'a>(group: &'a Group, model: &'a str) -> PlanRequest<'a> {
    PlanRequest {
        group,
        model,
        protocol: Protocol::Chat,
        translate: false,
        sticky: None,
        only: None,
        pick: 1,
        needs: Needs::default(),
        at: NOW,
        pricing: Pricing::Free,
    }
}

/// The whole plan.
fn planned<'a>(
    catalog: &'a Catalog,
    health: &dyn Health,
    request: &PlanRequest<'a>,
) -> Result<Vec<Attempt<'a>>, PlanError> {
    let plan = plan(catalog, health, NOW, request)?;
    let left = plan.len();
    let attempts: Vec<_> = plan.collect();
    assert_eq!(attempts.len(), left);
    Ok(attempts)
}

/// The accounts of the whole plan, which is not empty.
fn ids(catalog: &Catalog, health: &Fake, request: &PlanRequest<'_>) -> Vec<u128> {
    planned(catalog, health, request).unwrap().iter().map(|attempt| attempt.account.id.as_u128()).collect()
}

fn order(attempts: &[Attempt<'_>]) -> Vec<(u128, Reason)> {
    attempts.iter().map(|attempt| (attempt.account.id.as_u128(), attempt.reason)).collect()
}

fn with(id: u128, change: impl FnOnce(&mut Account)) -> Account {
    let mut account = account(id);
    change(&mut account);
    account
}

#[test]
fn priority_then_load_then_weight_with_reasons() {
    let catalog = catalog(vec![
        with(1, |a| a.priority = 5),
        with(2, |a| a.weight = 4),
        with(3, |a| a.weight = 1),
        with(4, |a| a.weight = 0),
        with(5, |a| a.priority = -1),
    ]);
    let group = group(1);
    // 2 serves 6 at weight 4, so it is less loaded than 3 with 2 at weight 1.
    let health = Fake { in_flight: HashMap::from([(2, 6), (3, 2), (4, 0)]), ..Fake::default() };
    let attempts = planned(&catalog, &health, &request(&group, "m")).unwrap();
    let expected = [
        (5, Reason::Priority),
        (2, Reason::LeastLoaded),
        (3, Reason::LeastLoaded),
        (4, Reason::LeastLoaded),
        (1, Reason::Priority),
    ];
    assert_eq!(order(&attempts), expected);
    assert_eq!(attempts[1].in_flight, 6);
    assert!(attempts.iter().all(|attempt| attempt.protocol == Protocol::Chat));
}

#[test]
fn the_sticky_account_is_first_unless_it_cannot_be() {
    let catalog = catalog(vec![
        with(1, |_| {}),
        with(2, |a| a.priority = 9),
        with(3, |a| a.models = patterns(&["other"])),
        with(4, |a| a.priority = 10),
    ]);
    let group = group(1);
    let cooling = Fake { cooling: HashMap::from([(4, 2_000)]), ..Fake::default() };
    for (sticky, first) in [(2, (2, Reason::Sticky)), (1, (1, Reason::Sticky))] {
        let wanted = PlanRequest { sticky: Some(AccountId::from_u128(sticky)), ..request(&group, "m") };
        let attempts = planned(&catalog, &cooling, &wanted).unwrap();
        assert_eq!(order(&attempts)[0], first);
        assert_eq!(attempts.len(), 2, "the others follow");
    }
    for unusable in [3, 4, 99] {
        let wanted = PlanRequest { sticky: Some(AccountId::from_u128(unusable)), ..request(&group, "m") };
        let attempts = planned(&catalog, &cooling, &wanted).unwrap();
        assert_eq!(order(&attempts), [(1, Reason::Priority), (2, Reason::Priority)], "{unusable}");
    }
}

#[test]
fn names_go_through_the_groups_mapping_and_then_the_accounts() {
    let mut mapped = group(1);
    mapped.model_mapping = mapping(&[("ZHIPU/*", "zhipu-*"), ("alias", "middle")]);
    let accounts = vec![
        with(1, |a| {
            a.model_mapping = mapping(&[("zhipu-GLM-*", "glm-*"), ("middle", "last")]);
            a.models = patterns(&["glm-*", "last"]);
        }),
        with(2, |a| a.priority = 1),
    ];
    let catalog = catalog_of(mapped.clone(), accounts);
    for (model, first, second) in [("ZHIPU/GLM-4.6", "glm-4.6", "zhipu-GLM-4.6"), ("alias", "last", "middle")]
    {
        let attempts = planned(&catalog, &Fake::default(), &request(&mapped, model)).unwrap();
        let names: Vec<&str> = attempts.iter().map(|attempt| &*attempt.upstream_model).collect();
        assert_eq!(names, [first, second]);
    }
    // Account 1 does not serve a name that no mapping knows.
    let attempts = planned(&catalog, &Fake::default(), &request(&mapped, "gpt-5")).unwrap();
    assert_eq!(order(&attempts), [(2, Reason::Priority)]);
    assert!(matches!(attempts[0].upstream_model, Cow::Borrowed("gpt-5")), "an unmapped name is not copied");
}

#[test]
fn says_why_there_is_nothing() {
    let messages_only = |id| {
        with(id, |a| a.base_urls = BaseUrls { messages: Some("https://h".into()), ..BaseUrls::default() })
    };
    let other_model = |id| with(id, |a| a.models = patterns(&["other"]));
    let off = |id| with(id, |a| a.status = Status::Disabled);
    let elsewhere = |id| with(id, |a| a.groups = vec![GroupId::from_u128(2)]);
    let mute = |id| with(id, |a| a.base_urls = BaseUrls::default());
    let cooling = Fake { cooling: HashMap::from([(8, 3_000), (9, 2_000)]), ..Fake::default() };
    let until = |micros| PlanError::AllCooling { until: Some(Timestamp::from_micros(micros)) };
    for (what, accounts, expected) in [
        ("no account", vec![], PlanError::NoAccount),
        ("all disabled", vec![off(1)], PlanError::NoAccount),
        ("all elsewhere", vec![elsewhere(1)], PlanError::NoAccount),
        ("another model", vec![other_model(1)], PlanError::ModelNotFound),
        ("no address", vec![mute(1)], PlanError::ModelNotFound),
        ("another protocol", vec![messages_only(1), other_model(2)], PlanError::NoAccount),
        ("cooling", vec![account(8), account(9), other_model(2)], until(2_000)),
        ("cooling beside another protocol", vec![account(8), messages_only(1)], until(3_000)),
    ] {
        let found =
            planned(&catalog(accounts), &cooling, &request(&group(1), "m")).map(|attempts| attempts.len());
        assert_eq!(found, Err(expected), "{what}");
    }
}

#[test]
fn an_account_is_back_when_its_pause_is_over() {
    let catalog = catalog(vec![account(1)]);
    for (until, served) in [(999, true), (1_000, true), (1_001, false)] {
        let health = Fake { cooling: HashMap::from([(1, until)]), ..Fake::default() };
        assert_eq!(planned(&catalog, &health, &request(&group(1), "m")).is_ok(), served, "{until}");
    }
}

#[test]
fn counting_tokens_needs_an_account_that_does() {
    let group = group(1);
    let need =
        PlanRequest { needs: Needs { count_tokens: true, ..Needs::default() }, ..request(&group, "m") };
    let catalog = catalog(vec![account(1), with(2, |a| a.capabilities.count_tokens = true)]);
    assert_eq!(order(&planned(&catalog, &Fake::default(), &need).unwrap()), [(2, Reason::Priority)]);
    let without = self::catalog(vec![account(1)]);
    assert_eq!(planned(&without, &Fake::default(), &need), Err(PlanError::NoAccount));
}

/// How often each account is in each place over many picks.
fn places(weights: &[u32], picks: u64) -> Vec<Vec<u32>> {
    let accounts = (1_u128..).zip(weights).map(|(id, weight)| with(id, |a| a.weight = *weight)).collect();
    let (catalog, group) = (catalog(accounts), group(1));
    let mut counts = vec![vec![0; weights.len()]; weights.len()];
    for pick in 0..picks {
        let wanted = PlanRequest { pick, ..request(&group, "m") };
        for (place, attempt) in planned(&catalog, &Fake::default(), &wanted).unwrap().iter().enumerate() {
            counts[place][usize::try_from(attempt.account.id.as_u128()).unwrap() - 1] += 1;
        }
    }
    counts
}

#[test]
fn equals_are_drawn_in_proportion_to_weight() {
    const PICKS: u64 = 60_000;
    let counts = places(&[1, 2, 3, 0], PICKS);
    // Five standard deviations of a share of 1/2 over 60,000 draws are about 612.
    for (account, expected) in [10_000_i64, 20_000, 30_000, 0].iter().enumerate() {
        let seen = i64::from(counts[0][account]);
        assert!((seen - expected).abs() < 612, "account {account}: {seen} times first, expected {expected}");
    }
    // Second: 2 after 1 in 1/6 x 2/5, after 3 in 1/2 x 2/3; together 2/5.
    assert!((i64::from(counts[1][1]) - 24_000).abs() < 612, "{:?}", counts[1]);
    assert_eq!(counts[3], [0, 0, 0, 60_000], "no weight, last place");
}

#[test]
fn a_failing_account_is_not_replaced_by_one_neighbour() {
    let counts = places(&[1; 6], 6_000);
    // Whoever is first, the second place goes to everyone alike.
    for seen in &counts[1] {
        assert!((800..1_200).contains(seen), "{:?}", counts[1]);
    }
}

#[test]
fn many_equals_are_all_in_the_plan() {
    let catalog = catalog((1..=1_000).map(account).collect());
    let group = group(1);
    let attempts = planned(&catalog, &Fake::default(), &request(&group, "m")).unwrap();
    let mut ids: Vec<u128> = attempts.iter().map(|attempt| attempt.account.id.as_u128()).collect();
    ids.sort_unstable();
    assert_eq!(ids, (1..=1_000).collect::<Vec<_>>());
}

#[test]
fn accounts_that_need_translation_come_behind_those_that_do_not() {
    let messages_only = |a: &mut Account| {
        a.base_urls = BaseUrls { messages: Some("https://h".into()), ..BaseUrls::default() };
    };
    let catalog = catalog(vec![
        with(1, |a| {
            messages_only(a);
            a.priority = -9;
        }),
        with(2, |_| {}),
    ]);
    let group = group(1);
    let native = planned(&catalog, &Fake::default(), &request(&group, "m")).unwrap();
    assert_eq!(order(&native), [(2, Reason::Priority)]);
    let wanted = PlanRequest { translate: true, ..request(&group, "m") };
    let all = planned(&catalog, &Fake::default(), &wanted).unwrap();
    assert_eq!(order(&all), [(2, Reason::NativeProtocol), (1, Reason::NativeProtocol)]);
    assert_eq!(all[1].protocol, Protocol::Messages);
    let bound = PlanRequest { sticky: Some(AccountId::from_u128(1)), ..wanted };
    let bound = planned(&catalog, &Fake::default(), &bound).unwrap();
    assert_eq!(order(&bound), [(1, Reason::Sticky), (2, Reason::Priority)]);
}
