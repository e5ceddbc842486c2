//! What has to hold, whatever the seed.

use std::time::Duration;

use tollgate_base::Timestamp;

use super::run::BEGIN;
use super::{Provider, Random, Run, Terms, Trouble, seeds};
use crate::condition::Standing;

fn at(seconds: u64) -> Timestamp {
    BEGIN.after(Duration::from_secs(seconds))
}

/// The longest pause between two tries of an account that is broken, jitter included.
const PROBE_INTERVAL: Duration = Duration::from_millis(37_500);

const TROUBLES: [Trouble; 9] = [
    Trouble::Status(500),
    Trouble::Status(503),
    Trouble::Status(529),
    Trouble::Status(401),
    Trouble::Network,
    Trouble::Slow,
    Trouble::Failing(60),
    Trouble::Flapping,
    Trouble::Limited,
];

/// Two hundred accounts of which each has its own troubles, a third of them at any time; a provider with twenty of them
/// fails as a whole, and one falls silent.
fn troubled(random: &mut Random) -> Vec<Provider> {
    let mut providers = vec![Provider::default(); 200];
    for (at_position, provider) in providers.iter_mut().enumerate() {
        let mut second = random.between(5, 100);
        while second < 150 {
            let lasts = random.between(5, 60);
            let trouble = TROUBLES[random.between(0, TROUBLES.len() as u64 - 1) as usize];
            provider.troubles.push((at(second), at(second + lasts), trouble));
            second += lasts + random.between(40, 160);
        }
        match at_position {
            20..40 => provider.troubles.insert(0, (at(60), at(110), Trouble::Status(503))),
            60 => provider.troubles.insert(0, (at(40), at(120), Trouble::Silent)),
            _ => {}
        }
    }
    providers
}

#[test]
fn callers_hardly_notice_while_some_account_is_well() {
    for seed in seeds() {
        let mut random = Random(seed);
        let mut run = Run::new(troubled(&mut random), seed);
        run.run(Terms { requests_per_s: 60, seconds: 150 });
        let available = run.availability(BEGIN, at(150));
        assert!(available >= 9_990, "seed {seed}: {available} of 10,000");
    }
}

/// One account after the other fails and stays so, until one of a hundred is left.
#[test]
fn the_last_account_that_is_well_carries_all() {
    for seed in seeds() {
        let mut random = Random(seed);
        let mut providers = vec![Provider::default(); 100];
        for (position, provider) in providers.iter_mut().enumerate().skip(1) {
            let trouble = [Trouble::Status(500), Trouble::Network, Trouble::Status(529)][position % 3];
            provider.troubles.push((at(random.between(2, 100)), at(10_000), trouble));
        }
        let mut run = Run::new(providers, seed);
        run.run(Terms { requests_per_s: 60, seconds: 130 });
        assert!(run.providers[0].is_well(at(120)) && !run.providers[1].is_well(at(120)));
        let available = run.availability(BEGIN, at(130));
        assert!(available >= 9_990, "seed {seed}: {available} of 10,000");
    }
}

#[test]
fn a_full_outage_is_not_multiplied_and_ends_at_once() {
    for seed in seeds() {
        let outage = |trouble| Provider { troubles: vec![(at(20), at(90), trouble)], ..Provider::default() };
        for trouble in [Trouble::Status(503), Trouble::Network, Trouble::Failing(98)] {
            let mut run = Run::new(vec![outage(trouble); 40], seed);
            run.run(Terms { requests_per_s: 150, seconds: 140 });
            let during = run.came(at(20), at(90));
            let attempts: usize = during.iter().map(|outcome| outcome.attempts).sum();
            assert!(
                attempts * 10 <= during.len() * 11,
                "seed {seed} {trouble:?}: {attempts} of {}",
                during.len()
            );
            let after = run.availability(at(90).after(PROBE_INTERVAL), at(140));
            assert_eq!(after, 10_000, "seed {seed} {trouble:?}");
        }
    }
}

#[test]
fn an_account_that_is_well_again_is_back_within_its_interval() {
    for seed in seeds() {
        for trouble in [Trouble::Status(500), Trouble::Network, Trouble::Limited, Trouble::Status(529)] {
            let mut providers = vec![Provider::default(); 10];
            for provider in &mut providers[..3] {
                provider.troubles.push((at(10), at(130), trouble));
            }
            let mut run = Run::new(providers, seed);
            run.run(Terms { requests_per_s: 40, seconds: 200 });
            for (position, provider) in run.providers[..3].iter().enumerate() {
                let back = provider.answered.iter().find(|answered| **answered >= at(130));
                let took = back.expect("it came back").since(at(130));
                assert!(took <= PROBE_INTERVAL + Duration::from_secs(1), "seed {seed} {trouble:?}: {took:?}");
                assert_eq!(run.standing(position), Standing::Ready, "seed {seed} {trouble:?}");
            }
        }
    }
}

/// One account, and many callers who wait for it: at the end of its cool-down a few try it first.
#[test]
fn there_is_no_herd_after_a_cool_down() {
    for seed in seeds() {
        for trouble in [Trouble::Limited, Trouble::Status(500)] {
            let provider = Provider { troubles: vec![(at(5), at(35), trouble)], ..Provider::default() };
            let mut run = Run::new(vec![provider], seed);
            run.run(Terms { requests_per_s: 300, seconds: 80 });
            let came = &run.providers[0].came;
            let first = run.providers[0].answered.iter().find(|answered| **answered >= at(35));
            let first = *first.expect("it came back");
            // Until the first answer, at most three are there at a time, and an answer takes 150 ms.
            let instant = first.before(Duration::from_millis(150));
            let at_once = came.iter().filter(|came| (instant..first).contains(came)).count();
            assert!(at_once <= 3, "seed {seed} {trouble:?}: {at_once}");
            let soon = came.iter().filter(|came| (first..first.after(Duration::from_secs(5))).contains(came));
            assert!(soon.count() > 1_000, "seed {seed} {trouble:?}: it serves all again");
            assert!(!run.is_left_alone(0));
        }
    }
}

/// The same seed gives the same run.
#[test]
fn a_run_is_determined_by_its_seed() {
    let run = |seed| {
        let mut run = Run::new(troubled(&mut Random(seed)), seed);
        run.run(Terms { requests_per_s: 20, seconds: 60 });
        let attempts: Vec<usize> = run.outcomes.iter().map(|outcome| outcome.attempts).collect();
        (attempts, run.providers.iter().map(|provider| provider.came.len()).collect::<Vec<_>>())
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}
