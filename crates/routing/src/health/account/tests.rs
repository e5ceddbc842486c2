//! What a failure does to an account, its models and its keys.

use super::*;
use crate::failover::{Action, Cause, Failed, decide};
use tollgate_protocol::UpstreamErrorBody;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros((1_000 + seconds) * 1_000_000)
}

fn verdict_of(cause: Cause, code: &str, message: &str) -> Verdict {
    let code = Some(code).filter(|code| !code.is_empty()).map(str::to_owned);
    let body = UpstreamErrorBody { message: message.into(), code, ..Default::default() };
    decide(&[], &Failed { cause, body: &body, model: "m" })
}

fn status(status: u16) -> Verdict {
    verdict_of(Cause::Status(status), "", "")
}

fn fail(
    state: &mut AccountState,
    model: &str,
    verdict: &Verdict,
    told: Option<u64>,
    now: Timestamp,
) -> Noticed {
    let permit = state.begin(model, now).expect("it may go");
    state.failed(permit, model, verdict, told.map(Duration::from_secs), now, 1 << 63)
}

fn succeed(state: &mut AccountState, model: &str, now: Timestamp) -> Noticed {
    let permit = state.begin(model, now).expect("it may go");
    state.succeeded(permit, model)
}

fn away(state: &AccountState, model: &str, now: Timestamp) -> Option<(u64, AwayReason)> {
    match state.standing(model, now) {
        Standing::Away { until, why } => Some((until.unwrap().since(now).as_secs(), why)),
        _ => None,
    }
}

#[test]
fn a_rate_limit_is_the_accounts_and_one_that_names_the_model_is_the_models() {
    let mut state = AccountState::default();
    fail(&mut state, "m", &status(429), Some(30), at(0));
    assert_eq!(away(&state, "m", at(0)), Some((30, AwayReason::RateLimited)));
    assert_eq!(away(&state, "other", at(0)), Some((30, AwayReason::RateLimited)));

    let mut state = AccountState::default();
    fail(&mut state, "m", &verdict_of(Cause::Status(429), "", "limit reached for m"), Some(30), at(0));
    assert_eq!(away(&state, "m", at(0)), Some((30, AwayReason::RateLimited)));
    assert_eq!(state.standing("other", at(0)), Standing::Ready);
}

#[test]
fn overloads_of_a_model_leave_the_others_alone_and_are_forgotten_when_it_is_well() {
    let mut state = AccountState::default();
    for _ in 0..5 {
        fail(&mut state, "m", &status(529), None, at(0));
    }
    assert_eq!(away(&state, "m", at(0)), Some((1, AwayReason::Broken)));
    assert_eq!(state.standing("other", at(0)), Standing::Ready);
    for _ in 0..3 {
        succeed(&mut state, "m", at(5));
    }
    assert!(state.is_clean());
}

#[test]
fn an_overload_that_names_its_end_is_obeyed_at_once() {
    let mut state = AccountState::default();
    fail(&mut state, "m", &status(503), Some(7), at(0));
    assert_eq!(away(&state, "m", at(0)), Some((7, AwayReason::RateLimited)));
}

#[test]
fn a_missing_model_is_not_asked_for_again_for_a_while() {
    let mut state = AccountState::default();
    fail(&mut state, "m", &verdict_of(Cause::Status(404), "model_not_found", ""), None, at(0));
    assert!(state.lacks("m", at(59)) && !state.lacks("m", at(60)) && !state.lacks("other", at(0)));
    assert_eq!(away(&state, "m", at(0)), Some((60, AwayReason::Refused)));
    assert!(state.begin("m", at(0)).is_some(), "who has no other account gets its own words");
}

#[test]
fn a_refused_request_says_nothing_about_the_account() {
    let mut state = AccountState::default();
    for _ in 0..100 {
        fail(&mut state, "m", &status(400), None, at(0));
    }
    assert!(state.is_clean());
}

#[test]
fn models_with_trouble_are_bounded() {
    let mut state = AccountState::default();
    for n in 0..500 {
        let model = format!("m{n}");
        fail(&mut state, &model, &verdict_of(Cause::Status(404), "model_not_found", ""), None, at(n));
    }
    assert_eq!(state.models.len(), MAX_MODELS);
    assert!(state.lacks("m499", at(499)));
}

#[test]
fn keys_take_turns_and_are_left_alone_one_by_one() {
    let mut state = AccountState::default();
    state.set_keys(&[7, 8, 9]);
    let keys: Vec<usize> = (0..6).map(|_| state.begin("m", at(0)).unwrap().key).collect();
    assert_eq!(keys, [0, 1, 2, 0, 1, 2]);
    // The first key is at its limit: the other two go on.
    fail(&mut state, "m", &status(429), Some(60), at(0));
    let keys: Vec<usize> = (0..4).map(|_| state.begin("m", at(0)).unwrap().key).collect();
    assert_eq!(keys, [1, 2, 1, 2]);
    assert_eq!(state.standing("m", at(0)), Standing::Ready);
    fail(&mut state, "m", &status(401), None, at(0));
    fail(&mut state, "m", &status(402), None, at(0));
    assert!(
        matches!(away(&state, "m", at(0)), Some((2, AwayReason::Refused))),
        "all are away, the first for 2 s"
    );
    assert_eq!(state.begin("m", at(0)), None);
    // The key that is back first is tried first.
    assert_eq!(state.begin("m", at(3)).unwrap().key, 1);
    // What is known of a key stays its own when another one is removed.
    state.set_keys(&[8, 7]);
    assert_eq!(state.begin("m", at(3)).unwrap().key, 0);
    state.set_keys(&[7]);
    assert_eq!(state.begin("m", at(3)).unwrap().key, 0);
    assert!(!state.has_several_keys());
}

#[test]
fn a_failure_of_the_account_concerns_all_its_keys() {
    let mut state = AccountState::default();
    state.set_keys(&[7, 8]);
    for _ in 0..5 {
        fail(&mut state, "m", &status(500), None, at(0));
    }
    assert_eq!(away(&state, "m", at(0)), Some((1, AwayReason::Broken)));
}

#[test]
fn a_credential_refused_over_minutes_needs_attention_until_it_is_taken() {
    let mut state = AccountState::default();
    let mut told = Vec::new();
    let mut now = 0;
    while told.is_empty() {
        if !matches!(state.standing("m", at(now)), Standing::Away { .. })
            && fail(&mut state, "m", &status(401), None, at(now)) == Noticed::NeedsAttention
        {
            told.push(now);
        }
        now += 1;
        assert!(now < 1_000, "it was never noticed");
    }
    assert!((120..600).contains(&told[0]), "{told:?}");
    assert!(matches!(away(&state, "m", at(told[0])), Some((300, AwayReason::NeedsAttention))));
    let later = told[0] + 301;
    assert_eq!(state.standing("m", at(later)), Standing::Trial, "it is tried now and then");
    assert_eq!(fail(&mut state, "m", &status(401), None, at(later)), Noticed::Nothing);
    assert!(matches!(away(&state, "m", at(later)), Some((_, AwayReason::NeedsAttention))));
    let back = later + 400;
    assert_eq!(succeed(&mut state, "m", at(back)), Noticed::Recovered);
    assert!(!state.needs_attention());
}

#[test]
fn a_probe_may_go_while_an_account_is_left_alone_unless_its_provider_said_for_how_long() {
    let mut state = AccountState::default();
    for _ in 0..5 {
        fail(&mut state, "m", &status(500), None, at(0));
    }
    assert_eq!(state.begin("m", at(0)), None);
    let probe = state.begin_probe("m", at(1)).unwrap();
    state.failed(probe, "m", &status(500), None, at(1), 1 << 63);
    assert_eq!(away(&state, "m", at(1)), Some((2, AwayReason::Broken)));
    let probe = state.begin_probe("m", at(2)).unwrap();
    state.succeeded(probe, "m");
    assert_eq!(state.standing("m", at(2)), Standing::Trial);
    let mut state = AccountState::default();
    fail(&mut state, "m", &status(429), Some(30), at(0));
    assert_eq!(state.begin_probe("m", at(1)), None);
}

#[test]
fn what_others_know_is_taken_over() {
    let mut state = AccountState::default();
    state.learn(Kept::NeedsAttention, at(0));
    assert!(matches!(away(&state, "m", at(0)), Some((300, AwayReason::NeedsAttention))));
    state.learn(Kept::Cleared, at(1));
    assert!(state.is_clean());
}

#[test]
fn trials_of_an_account_are_given_back_when_a_model_is_to_blame() {
    let mut state = AccountState::default();
    fail(&mut state, "m", &status(429), Some(10), at(0));
    for _ in 0..10 {
        // A model that overloads does not use up the trials of its account.
        let Some(permit) = state.begin("m", at(11)) else { break };
        state.failed(permit, "m", &status(529), None, at(11), 0);
    }
    assert_eq!(state.standing("other", at(11)), Standing::Trial);
    let permit = state.begin("other", at(11)).unwrap();
    assert!(permit.is_trial());
    state.abandoned(permit, "other");
    assert_eq!(Action::Next, status(429).action);
}
