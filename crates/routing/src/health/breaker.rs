//! A circuit breaker: closed while all is well, open while something is left alone, and half open while a few requests
//! at a time try whether it is well again.

use std::time::Duration;

use tollgate_base::Timestamp;

use crate::condition::{AwayReason, Standing};
use crate::failover::jittered;

/// Failures in a row that open it.
const FAILURES_IN_A_ROW: u16 = 5;
/// What opens it too: this part of requests failing, of at least so many.
const ERROR_RATE: u32 = ONE / 2;
const LEAST_SAMPLES: u16 = 20;
/// The error rate is a moving average in which each request weighs so much.
const SAMPLE_WEIGHT: u32 = 16;
const ONE: u32 = 1 << 16;

/// How many requests may try at a time at first; each that succeeds doubles it.
const FIRST_TRIALS: u16 = 3;
/// More than that at a time is the usual state again.
const MOST_TRIALS: u16 = 16;
/// A trial that is silent for so long no longer keeps another one from being made.
const TRIAL_PATIENCE: Duration = Duration::from_secs(10);

/// Pauses before the first trial, which double each time that the trials fail.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
const FIRST_REFUSAL_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_REFUSAL_PAUSE: Duration = Duration::from_secs(300);
const FIRST_LIMIT_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_LIMIT_PAUSE: Duration = Duration::from_secs(60);

/// A breaker; see the module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Breaker {
    state: State,
    failures: u16,
    /// Of `ONE`.
    error_rate: u32,
    samples: u16,
    /// How often it opened since it was last closed.
    openings: u8,
    /// When it last opened. What began before says nothing about what came after.
    opened_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Closed,
    Open {
        until: Timestamp,
        why: AwayReason,
    },
    HalfOpen {
        at_a_time: u16,
        under_way: u16,
        last: Timestamp,
    },
}

/// A request that was let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun {
    /// When.
    pub at: Timestamp,
    /// Whether it is a trial.
    pub trial: bool,
}

impl Breaker {
    /// Whether it is closed and nothing counts against it.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.state == State::Closed && self.failures == 0 && self.error_rate == 0
    }

    /// How it stands.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Standing {
        match self.state {
            State::Closed => Standing::Ready,
            State::Open { until, why } if now < until => Standing::Away { until: Some(until), why },
            State::Open { .. } => Standing::Trial,
            State::HalfOpen { at_a_time, under_way, .. } if under_way < at_a_time => Standing::Trial,
            State::HalfOpen { last, .. } => match last.after(TRIAL_PATIENCE) {
                next if next <= now => Standing::Trial,
                next => Standing::Away { until: Some(next), why: AwayReason::TrialFull },
            },
        }
    }

    /// Lets a request through; `None` where it may not go.
    pub fn begin(&mut self, now: Timestamp) -> Option<Begun> {
        match self.standing(now) {
            Standing::Ready => return Some(Begun { at: now, trial: false }),
            Standing::Away { .. } => return None,
            Standing::Trial => {}
        }
        self.state = match self.state {
            State::HalfOpen { at_a_time, under_way, .. } => {
                State::HalfOpen { at_a_time, under_way: under_way.saturating_add(1), last: now }
            }
            _ => State::HalfOpen { at_a_time: FIRST_TRIALS, under_way: 1, last: now },
        };
        Some(Begun { at: now, trial: true })
    }

    /// Ends a pause that nobody asked for, so that a trial may be made now.
    pub fn cut_pause(&mut self, now: Timestamp) {
        if let State::Open { until, why } = &mut self.state
            && *why != AwayReason::RateLimited
        {
            *until = (*until).min(now);
        }
    }

    /// The request got a good answer.
    pub fn succeeded(&mut self, begun: Begun) {
        if self.is_stale(begun) {
            return;
        }
        self.failures = 0;
        self.sample(false);
        let State::HalfOpen { at_a_time, under_way, last } = self.state else { return };
        let at_a_time = at_a_time.saturating_mul(2);
        if at_a_time > MOST_TRIALS {
            *self = Self { opened_at: self.opened_at, ..Self::default() };
            return;
        }
        let under_way = under_way.saturating_sub(u16::from(begun.trial));
        self.state = State::HalfOpen { at_a_time, under_way, last };
    }

    /// The request failed.
    pub fn failed(&mut self, begun: Begun, now: Timestamp, bits: u64) {
        if self.is_stale(begun) {
            return;
        }
        self.failures = self.failures.saturating_add(1);
        self.sample(true);
        let often = self.samples >= LEAST_SAMPLES && self.error_rate >= ERROR_RATE;
        if self.state != State::Closed || self.failures >= FAILURES_IN_A_ROW || often {
            let pause = self.growing(FIRST_PAUSE, LONGEST_PAUSE);
            self.open(now, jittered_both_ways(pause, bits), AwayReason::Broken);
        }
    }

    /// The provider refused whoever asked. One refusal may be about this request alone, so the first pause is short.
    pub fn refused(&mut self, begun: Begun, now: Timestamp, bits: u64) {
        if self.is_stale(begun) {
            return;
        }
        let pause = self.growing(FIRST_REFUSAL_PAUSE, LONGEST_REFUSAL_PAUSE);
        self.open(now, jittered_both_ways(pause, bits), AwayReason::Refused);
    }

    /// The provider said to wait, perhaps for how long.
    pub fn limited(&mut self, begun: Begun, told: Option<Duration>, now: Timestamp, bits: u64) {
        let untold = || jittered_both_ways(self.growing(FIRST_LIMIT_PAUSE, LONGEST_LIMIT_PAUSE), bits);
        if told.is_none() && self.is_stale(begun) {
            return;
        }
        let pause = told.unwrap_or_else(untold);
        self.cool(now, pause, AwayReason::RateLimited);
    }

    /// Leaves it alone for so long, if it is not for longer already.
    pub fn cool(&mut self, now: Timestamp, pause: Duration, why: AwayReason) {
        match self.state {
            State::Open { until, .. } if until >= now.after(pause) => {}
            _ => self.open(now, pause, why),
        }
    }

    /// The request ended without telling anything.
    pub fn abandoned(&mut self, begun: Begun) {
        if begun.trial
            && !self.is_stale(begun)
            && let State::HalfOpen { under_way, .. } = &mut self.state
        {
            *under_way = under_way.saturating_sub(1);
        }
    }

    fn open(&mut self, now: Timestamp, pause: Duration, why: AwayReason) {
        // A pause of nothing would let in at once what was just refused.
        let until = now.after(pause.max(Duration::from_millis(1)));
        self.state = State::Open { until, why };
        self.openings = self.openings.saturating_add(1);
        self.opened_at = Some(now);
        (self.failures, self.error_rate, self.samples) = (0, 0, 0);
    }

    fn growing(&self, first: Duration, longest: Duration) -> Duration {
        first.saturating_mul(1 << self.openings.min(16)).min(longest)
    }

    fn sample(&mut self, failed: bool) {
        // Where nothing failed there is nothing to average.
        if !failed && self.error_rate == 0 {
            return;
        }
        let sample = if failed { ONE } else { 0 };
        self.error_rate = (self.error_rate * (SAMPLE_WEIGHT - 1) + sample) / SAMPLE_WEIGHT;
        self.samples = self.samples.saturating_add(1);
        if self.error_rate < ONE / 100 {
            (self.error_rate, self.samples) = (0, 0);
        }
    }

    fn is_stale(&self, begun: Begun) -> bool {
        self.opened_at.is_some_and(|opened| begun.at <= opened)
    }
}

/// Up to a quarter less or more.
fn jittered_both_ways(pause: Duration, bits: u64) -> Duration {
    let half = pause / 2;
    pause - pause / 4 + jittered(half, bits) * 2 - half
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const S: i64 = 1_000_000;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(1_000 * S + micros)
    }

    fn fail(breaker: &mut Breaker, now: Timestamp) {
        let begun = breaker.begin(now).unwrap();
        breaker.failed(begun, now, 1 << 63);
    }

    fn broken(now: Timestamp) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..FAILURES_IN_A_ROW {
            fail(&mut breaker, now);
        }
        breaker
    }

    fn until(breaker: &Breaker, now: Timestamp) -> Option<Duration> {
        match breaker.standing(now) {
            Standing::Away { until, .. } => Some(until.unwrap().since(now)),
            _ => None,
        }
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_an_answer_forgives_them() {
        let mut breaker = Breaker::default();
        for _ in 0..3 {
            for _ in 1..FAILURES_IN_A_ROW {
                fail(&mut breaker, at(0));
            }
            let begun = breaker.begin(at(0)).unwrap();
            breaker.succeeded(begun);
        }
        assert_eq!(breaker.standing(at(0)), Standing::Ready);
        assert_eq!(until(&broken(at(0)), at(0)), Some(FIRST_PAUSE));
    }

    #[test]
    fn it_opens_when_most_requests_fail() {
        let mut breaker = Breaker::default();
        // Three of four fail, never five in a row.
        let opened = (0..400).find(|n| {
            let Some(begun) = breaker.begin(at(0)) else { return true };
            if n % 4 == 0 {
                breaker.succeeded(begun);
            } else {
                breaker.failed(begun, at(0), 0);
            }
            false
        });
        assert!(opened.is_some_and(|n| (20..60).contains(&n)), "{opened:?}");
        // One of four fails, for ever.
        let mut breaker = Breaker::default();
        for n in 0..10_000 {
            let begun = breaker.begin(at(0)).unwrap();
            if n % 4 == 0 { breaker.failed(begun, at(0), 0) } else { breaker.succeeded(begun) }
        }
    }

    #[test]
    fn after_its_pause_a_few_try_and_each_success_lets_in_twice_as_many() {
        let mut breaker = broken(at(0));
        let now = at(2 * S);
        let begin = |breaker: &mut Breaker| {
            let mut begun = Vec::new();
            while let Some(one) = breaker.begin(now).filter(|one| one.trial) {
                begun.push(one);
            }
            begun
        };
        let first = begin(&mut breaker);
        assert_eq!(first.len(), 3);
        assert!(matches!(breaker.standing(now), Standing::Away { why: AwayReason::TrialFull, .. }));
        breaker.succeeded(first[0]);
        let second = begin(&mut breaker);
        assert_eq!(second.len(), 4, "six at a time, two are still under way");
        breaker.succeeded(first[1]);
        assert_eq!(begin(&mut breaker).len(), 7);
        breaker.succeeded(second[0]);
        assert_eq!(breaker.standing(now), Standing::Ready);
        // Trials that end late change nothing.
        breaker.abandoned(second[1]);
        breaker.succeeded(second[2]);
        assert!(breaker.is_clean());
    }

    #[test]
    fn a_trial_that_fails_opens_it_for_longer_and_counts_once() {
        let mut breaker = broken(at(0));
        let now = at(2 * S);
        let trials: Vec<Begun> = (0..3).map(|_| breaker.begin(now).unwrap()).collect();
        for trial in &trials {
            breaker.failed(*trial, now, 1 << 63);
        }
        assert_eq!(until(&breaker, now), Some(FIRST_PAUSE * 2), "three trials of one time are one failure");
        let mut now = now;
        for _ in 0..20 {
            now = now.after(LONGEST_PAUSE * 2);
            fail(&mut breaker, now);
        }
        assert_eq!(until(&breaker, now), Some(LONGEST_PAUSE));
    }

    #[test]
    fn what_began_before_it_opened_tells_nothing() {
        let mut breaker = Breaker::default();
        let old = breaker.begin(at(0)).unwrap();
        for _ in 0..FAILURES_IN_A_ROW {
            fail(&mut breaker, at(1));
        }
        let before = breaker.clone();
        breaker.succeeded(old);
        breaker.failed(old, at(2), 0);
        breaker.refused(old, at(2), 0);
        breaker.limited(old, None, at(2), 0);
        assert_eq!(breaker, before);
        breaker.limited(old, Some(Duration::from_secs(60)), at(2), 0);
        assert_eq!(
            until(&breaker, at(2)),
            Some(Duration::from_secs(60)),
            "a told end holds whoever heard it"
        );
    }

    #[test]
    fn a_silent_trial_does_not_keep_others_out_for_ever() {
        let mut breaker = broken(at(0));
        let now = at(2 * S);
        for _ in 0..3 {
            breaker.begin(now).unwrap();
        }
        assert_eq!(breaker.begin(now), None);
        assert_eq!(until(&breaker, now), Some(TRIAL_PATIENCE));
        let later = now.after(TRIAL_PATIENCE);
        assert!(breaker.begin(later).is_some());
        assert_eq!(breaker.begin(later), None, "one more at a time");
    }

    #[test]
    fn an_abandoned_trial_makes_room() {
        let mut breaker = broken(at(0));
        let now = at(2 * S);
        let trials: Vec<Begun> = (0..3).map(|_| breaker.begin(now).unwrap()).collect();
        breaker.abandoned(trials[0]);
        assert!(breaker.begin(now).is_some());
        assert_eq!(breaker.begin(now), None);
    }

    #[test]
    fn pauses_are_jittered_within_a_quarter() {
        for bits in [0, 1 << 63, u64::MAX] {
            let pause = jittered_both_ways(Duration::from_secs(8), bits);
            assert!((Duration::from_secs(6)..=Duration::from_secs(10)).contains(&pause), "{pause:?}");
        }
        assert_eq!(jittered_both_ways(Duration::from_secs(8), 0), Duration::from_secs(6));
    }

    #[derive(Debug, Clone, Copy)]
    enum Event {
        Wait(u32),
        Begin,
        Succeed,
        Fail,
        Refuse,
        Limit(Option<u32>),
        Abandon,
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            (0_u32..20_000).prop_map(Event::Wait),
            Just(Event::Begin),
            Just(Event::Begin),
            Just(Event::Succeed),
            Just(Event::Fail),
            Just(Event::Refuse),
            prop::option::of(0_u32..5_000).prop_map(Event::Limit),
            Just(Event::Abandon),
        ]
    }

    proptest! {
        /// Whatever happens: what is away says until when, it comes back in time, and never lets in more than it may.
        #[test]
        fn it_always_comes_back(events in prop::collection::vec(event(), 0..200), bits: u64) {
            let mut breaker = Breaker::default();
            let mut now = at(0);
            let mut under_way: Vec<Begun> = Vec::new();
            for event in events {
                let one = (!matches!(event, Event::Wait(_) | Event::Begin)).then(|| under_way.pop()).flatten();
                match (event, one) {
                    (Event::Wait(ms), _) => now = now.after(Duration::from_millis(u64::from(ms))),
                    (Event::Begin, _) => under_way.extend(breaker.begin(now)),
                    (Event::Succeed, Some(one)) => breaker.succeeded(one),
                    (Event::Fail, Some(one)) => breaker.failed(one, now, bits),
                    (Event::Refuse, Some(one)) => breaker.refused(one, now, bits),
                    (Event::Limit(told), Some(one)) => {
                        breaker.limited(one, told.map(|ms| Duration::from_millis(u64::from(ms))), now, bits);
                    }
                    (Event::Abandon, Some(one)) => breaker.abandoned(one),
                    _ => {}
                }
                if let Standing::Away { until, .. } = breaker.standing(now) {
                    let until = until.unwrap();
                    prop_assert!(until > now && until <= now.after(LONGEST_REFUSAL_PAUSE * 5 / 4));
                    prop_assert_eq!(breaker.begin(now), None);
                    let is_back = !matches!(breaker.standing(until), Standing::Away { .. });
                    prop_assert!(is_back);
                }
            }
        }
    }
}
