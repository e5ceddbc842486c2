//! How often, and how long, a request may go on trying accounts, all its targets together.

use std::time::{Duration, Instant};

use crate::GatewayConfig;

/// The attempts that a request has left.
pub(crate) struct Tries {
    begun: Instant,
    budget: Duration,
    left: usize,
    /// Attempts that are kept for fallbacks.
    kept: usize,
    /// None was taken yet.
    is_untouched: bool,
}

impl Tries {
    /// All of them, of which so many are kept for fallbacks; the first target has at least one.
    pub(crate) fn new(config: &GatewayConfig, fallbacks: usize) -> Self {
        let left = config.max_attempts.max(1);
        Self {
            begun: Instant::now(),
            budget: config.failover_budget,
            left,
            kept: fallbacks.min(left - 1),
            is_untouched: true,
        }
    }

    /// Takes one, if there is one and time for it. The first of all needs no time.
    pub(crate) fn take(&mut self) -> bool {
        let in_time = self.is_untouched || self.begun.elapsed() < self.budget;
        let taken = self.left > self.kept && in_time;
        self.left -= usize::from(taken);
        self.is_untouched = false;
        taken
    }

    /// One of those that were kept may be used now.
    pub(crate) const fn release_kept(&mut self) {
        self.kept = self.kept.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tries(max_attempts: usize, budget: Duration, fallbacks: usize) -> Tries {
        Tries::new(
            &GatewayConfig { max_attempts, failover_budget: budget, ..GatewayConfig::default() },
            fallbacks,
        )
    }

    #[test]
    fn fallbacks_have_one_each() {
        let mut tries = tries(4, Duration::from_secs(60), 2);
        assert_eq!((0..4).filter(|_| tries.take()).count(), 2);
        tries.release_kept();
        assert!(tries.take() && !tries.take());
        tries.release_kept();
        assert!(tries.take() && !tries.take());
    }

    #[test]
    fn the_first_target_has_at_least_one() {
        let mut tries = tries(1, Duration::ZERO, 3);
        assert!(tries.take() && !tries.take());
    }

    #[test]
    fn time_runs_out() {
        let mut tries = tries(4, Duration::ZERO, 0);
        assert!(tries.take() && !tries.take());
    }
}
