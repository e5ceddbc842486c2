//! What accounts and models can take, against what requests need.

use std::num::NonZeroU64;

use super::*;
use crate::capability::Ability;

fn cannot(id: u128, ability: Ability) -> Account {
    with(id, |a| a.capabilities.cannot = Abilities::NONE.with(ability))
}

fn needing<'a>(group: &'a Group, model: &'a str, abilities: &[Ability]) -> PlanRequest<'a> {
    let needs = Needs { abilities: abilities.iter().copied().collect(), ..Needs::default() };
    PlanRequest { needs, ..request(group, model) }
}

#[test]
fn what_the_operator_says_is_final() {
    for ability in Ability::ALL.iter().copied() {
        let group = group(1);
        let catalog = catalog(vec![cannot(1, ability), with(2, |a| a.priority = 5)]);
        let needs = needing(&group, "m", &[ability]);
        assert_eq!(ids(&catalog, &Fake::default(), &needs), [2], "{ability}");
        assert_eq!(ids(&catalog, &Fake::default(), &request(&group, "m")), [1, 2], "nothing is needed");
        assert!(catalog.restricted(&group, "m").contains(ability));
        let alone = self::catalog(vec![cannot(1, ability)]);
        let lacking = Abilities::NONE.with(ability);
        let refused = planned(&alone, &Fake::default(), &needs);
        assert_eq!(refused, Err(PlanError::Incapable { lacking }), "{ability}");
    }
}

#[test]
fn what_is_known_of_a_model_counts_while_another_account_is_better() {
    // One account calls the model by a name that is known not to see.
    let blind = with(1, |a| a.model_mapping = mapping(&[("m", "deepseek-chat")]));
    let seeing = with(2, |a| a.priority = 5);
    let group = group(1);
    let both = catalog(vec![blind.clone(), seeing]);
    let needs = needing(&group, "m", &[Ability::Vision]);
    assert_eq!(ids(&both, &Fake::default(), &request(&group, "m")), [1, 2]);
    assert_eq!(ids(&both, &Fake::default(), &needs), [2]);
    // It is better to wait for the account that sees than to be answered by one that does not.
    let away = Fake { cooling: HashMap::from([(2, 5_000)]), ..Fake::default() };
    let until = Some(Timestamp::from_micros(5_000));
    assert_eq!(planned(&both, &away, &needs), Err(PlanError::AllCooling { until }));
    // Where no account is better the provider may say it, or the translation.
    let alone = catalog(vec![blind]);
    assert_eq!(ids(&alone, &Fake::default(), &needs), [1]);
}

#[test]
fn an_account_that_is_too_small_is_passed_over_while_another_is_not() {
    let small = with(1, |a| {
        a.capabilities.context_window_tokens = NonZeroU64::new(10_000);
        a.capabilities.max_output_tokens = NonZeroU64::new(1_000);
    });
    let group = group(1);
    let both = catalog(vec![small.clone(), with(2, |a| a.priority = 5)]);
    let sized = |prompt_tokens, max_output_tokens| PlanRequest {
        needs: Needs { prompt_tokens, max_output_tokens, ..Needs::default() },
        ..request(&group, "m")
    };
    for (prompt, output, expected) in [
        (10_000, None, &[1, 2][..]),
        (12_500, Some(1_000), &[1, 2]),
        (12_501, None, &[2]),
        (10, Some(1_001), &[2]),
    ] {
        assert_eq!(ids(&both, &Fake::default(), &sized(prompt, output)), expected, "{prompt} {output:?}");
    }
    let alone = catalog(vec![small]);
    assert_eq!(ids(&alone, &Fake::default(), &sized(1_000_000, Some(64_000))), [1], "the provider says it");
}

#[test]
fn candidates_are_remembered_as_they_would_be_gathered_anew() {
    let mut group = group(1);
    group.model_mapping = mapping(&[("alias-*", "*")]);
    let accounts = vec![
        account(1),
        with(2, |a| a.model_mapping = mapping(&[("m*", "deepseek-*")])),
        with(3, |a| a.models = patterns(&["claude-*"])),
        cannot(4, Ability::Tools),
    ];
    let catalog = catalog_of(group.clone(), accounts);
    for model in ["m", "alias-m", "claude-x", "m", "nobody's", "alias-m"] {
        let remembered = catalog.candidates(&group, model);
        assert_eq!(*remembered, Candidates::of(&catalog, &group, model), "{model}");
        assert!(Arc::ptr_eq(&remembered, &catalog.candidates(&group, model)), "{model}");
    }
    let endless = "x".repeat(10_000);
    let (first, second) = (catalog.candidates(&group, &endless), catalog.candidates(&group, &endless));
    assert!(first == second && !Arc::ptr_eq(&first, &second), "a name of that length is not kept");
}
