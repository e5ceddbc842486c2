//! One request over its attempts: how often, how long and after what moment another one is made.

use std::time::Duration;

use tollgate_base::Timestamp;

use super::rule::Action;
use super::table::Verdict;
use super::topic::Topic;

/// The first moment that is waited before an account, or its overloaded provider, is asked again. It doubles.
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const LONGEST_BACKOFF: Duration = Duration::from_secs(2);

/// How far a request is pursued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// How many attempts it may make.
    pub attempts: usize,
    /// How long it may go on making them.
    pub time: Duration,
}

/// What comes after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The same account again, after so long.
    Same(Duration),
    /// The next account, after so long.
    Next(Duration),
    /// The failure is told.
    Tell,
}

/// A request that is being tried.
#[derive(Debug, Clone)]
pub struct Pursuit {
    bounds: Bounds,
    began: Timestamp,
    made: usize,
    /// Attempts that are kept for fallbacks.
    kept: usize,
    /// How often the account that is being asked was asked again.
    again: u8,
    waits: u32,
}

impl Pursuit {
    /// A request whose first attempt is about to be made.
    #[must_use]
    pub const fn new(bounds: Bounds, now: Timestamp) -> Self {
        Self { bounds, began: now, made: 1, kept: 0, again: 0, waits: 0 }
    }

    /// The same with one attempt kept for each of so many fallbacks, as far as there are so many behind the first.
    #[must_use]
    pub fn keeping(mut self, fallbacks: usize) -> Self {
        self.kept = fallbacks.min(self.bounds.attempts.saturating_sub(self.made));
        self
    }

    /// Goes on to another account than the one that could not be asked at all, which counts as an attempt: finding that out
    /// may cost as much. `false` if the request is at its bounds.
    pub const fn pass_over(&mut self) -> bool {
        let goes_on = self.made + self.kept < self.bounds.attempts;
        self.made += goes_on as usize;
        goes_on
    }

    /// Begins anew at a fallback, with one of the attempts that were kept; `false` if the request is at its bounds.
    /// `may_retry` takes from the retry budget.
    pub fn fall_back(&mut self, now: Timestamp, may_retry: impl FnOnce() -> bool) -> bool {
        self.kept = self.kept.saturating_sub(1);
        let in_time = now.since(self.began) < self.bounds.time;
        if self.made + self.kept >= self.bounds.attempts || !in_time || !may_retry() {
            return false;
        }
        self.made += 1;
        self.again = 0;
        true
    }

    /// What comes after this failure. `may_retry` takes from the retry budget, and is asked only if another attempt is
    /// within the request's own bounds; `next_is_near` tells whether the next account is at the same provider.
    pub fn after(
        &mut self,
        verdict: &Verdict,
        next_is_near: bool,
        now: Timestamp,
        bits: u64,
        may_retry: impl FnOnce() -> bool,
    ) -> Step {
        if verdict.action == Action::Stop || self.made + self.kept >= self.bounds.attempts {
            return Step::Tell;
        }
        let same = verdict.action == Action::RetrySame && self.again < verdict.times;
        let overloaded = verdict.topic == Some(Topic::Overload) && next_is_near;
        let wait = if same || overloaded { self.backoff(bits) } else { Duration::ZERO };
        let spent = now.since(self.began).saturating_add(wait);
        if spent >= self.bounds.time || !may_retry() {
            return Step::Tell;
        }
        self.made += 1;
        self.waits += u32::from(!wait.is_zero());
        self.again = if same { self.again + 1 } else { 0 };
        if same { Step::Same(wait) } else { Step::Next(wait) }
    }

    fn backoff(&self, bits: u64) -> Duration {
        jittered(FIRST_BACKOFF.saturating_mul(1 << self.waits.min(8)).min(LONGEST_BACKOFF), bits)
    }
}

/// Between half of a duration and all of it, as random bits decide.
#[must_use]
pub fn jittered(duration: Duration, bits: u64) -> Duration {
    let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    let half = micros / 2;
    // Multiplied instead of divided: the upper bits of the product are uniform below `half`.
    let more = (u128::from(half) * u128::from(bits)) >> 64;
    Duration::from_micros(micros - half + u64::try_from(more).unwrap_or(half))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failover::{Cooling, Scope};
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::from_micros(5_000_000);
    const BOUNDS: Bounds = Bounds { attempts: 4, time: Duration::from_secs(60) };

    fn verdict(action: Action, times: u8, topic: Option<Topic>) -> Verdict {
        Verdict { action, times, cooling: Cooling::Failure, scope: Scope::Account, topic }
    }

    fn step(pursuit: &mut Pursuit, verdict: &Verdict) -> Step {
        pursuit.after(verdict, true, NOW, u64::MAX, || true)
    }

    #[test]
    fn attempts_are_bounded() {
        let next = verdict(Action::Next, 0, None);
        let mut pursuit = Pursuit::new(BOUNDS, NOW);
        let steps: Vec<Step> = (0..4).map(|_| step(&mut pursuit, &next)).collect();
        let at_once = Step::Next(Duration::ZERO);
        assert_eq!(steps, [at_once, at_once, at_once, Step::Tell]);
    }

    #[test]
    fn who_cannot_be_asked_counts_as_well() {
        let mut pursuit = Pursuit::new(BOUNDS, NOW).keeping(1);
        assert!(pursuit.pass_over() && pursuit.pass_over() && !pursuit.pass_over());
        assert_eq!(step(&mut pursuit, &verdict(Action::Next, 0, None)), Step::Tell);
    }

    #[test]
    fn fallbacks_have_one_attempt_each() {
        let next = verdict(Action::Next, 0, None);
        let mut pursuit = Pursuit::new(BOUNDS, NOW).keeping(2);
        assert_eq!(
            [step(&mut pursuit, &next), step(&mut pursuit, &next)],
            [Step::Next(Duration::ZERO), Step::Tell]
        );
        for _ in 0..2 {
            assert!(pursuit.fall_back(NOW, || true));
            assert_eq!(step(&mut pursuit, &next), Step::Tell);
        }
        assert!(!pursuit.fall_back(NOW, || true), "there were but four");
        let mut lone = Pursuit::new(Bounds { attempts: 1, ..BOUNDS }, NOW).keeping(3);
        assert!(!lone.fall_back(NOW, || true), "the first has at least one");
        let mut late = Pursuit::new(BOUNDS, NOW).keeping(1);
        assert!(!late.fall_back(NOW.after(BOUNDS.time), || true));
        assert!(!Pursuit::new(BOUNDS, NOW).keeping(1).fall_back(NOW, || false));
    }

    #[test]
    fn the_same_account_is_asked_again_after_a_growing_moment_and_then_the_next() {
        let again = verdict(Action::RetrySame, 2, None);
        let mut pursuit = Pursuit::new(BOUNDS, NOW);
        let steps: Vec<Step> = (0..3).map(|_| step(&mut pursuit, &again)).collect();
        let (Step::Same(first), Step::Same(second)) = (steps[0], steps[1]) else { panic!("{steps:?}") };
        assert!(first >= Duration::from_millis(50) && first <= Duration::from_millis(100), "{first:?}");
        assert!(second > first, "{second:?}");
        assert_eq!(steps[2], Step::Next(Duration::ZERO));
    }

    #[test]
    fn an_overloaded_provider_gets_a_moment_and_another_provider_does_not_wait() {
        let overload = verdict(Action::Next, 0, Some(Topic::Overload));
        let near = Pursuit::new(BOUNDS, NOW).after(&overload, true, NOW, 0, || true);
        assert_eq!(near, Step::Next(Duration::from_millis(50)));
        let far = Pursuit::new(BOUNDS, NOW).after(&overload, false, NOW, 0, || true);
        assert_eq!(far, Step::Next(Duration::ZERO));
    }

    #[test]
    fn stop_time_and_budget_end_it() {
        let next = verdict(Action::Next, 0, None);
        let late = NOW.after(BOUNDS.time);
        let end =
            |verdict: &Verdict, now, may| Pursuit::new(BOUNDS, NOW).after(verdict, false, now, 0, || may);
        assert_eq!(end(&verdict(Action::Stop, 0, None), NOW, true), Step::Tell);
        assert_eq!(end(&next, late, true), Step::Tell);
        assert_eq!(end(&next, NOW, false), Step::Tell);
        let mut asked = false;
        let _ = Pursuit::new(Bounds { attempts: 1, ..BOUNDS }, NOW).after(&next, false, NOW, 0, || {
            asked = true;
            true
        });
        assert!(!asked, "a request at its own bound takes nothing of the budget");
    }

    proptest! {
        #[test]
        fn jitter_stays_in_the_upper_half(micros in 0_u64..1 << 50, bits: u64) {
            let duration = Duration::from_micros(micros);
            let jittered = jittered(duration, bits);
            prop_assert!(jittered <= duration && jittered >= duration / 2);
        }
    }
}
