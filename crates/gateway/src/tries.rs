//! How far a request goes on trying accounts, all its targets together: within its own bounds and the retry budget.

use tollgate_routing::failover::{Pursuit, Step, Verdict};
use tollgate_routing::{FallbackOn, Group};

use crate::retries::Retries;
use crate::state::Shared;

/// The attempts of one request.
pub(crate) struct Tries<'a> {
    pursuit: Pursuit,
    retries: Retries<'a>,
    /// The attempt that is under way was taken from the budget.
    from_budget: bool,
}

impl<'a> Tries<'a> {
    /// Those of a request of a group with so many fallbacks.
    pub(crate) fn new(shared: &'a Shared, group: &Group, fallbacks: usize) -> Self {
        let pursuit = Pursuit::new(shared.bounds(), shared.now()).keeping(fallbacks);
        Self { pursuit, retries: shared.retries.request(group.id), from_budget: false }
    }

    /// What comes after an account's failure. Where nobody is left to ask, nothing is taken of the budget.
    pub(crate) fn after(
        &mut self,
        shared: &Shared,
        verdict: &Verdict,
        next_is_near: bool,
        has_more: bool,
    ) -> Step {
        let (retries, now) = (&self.retries, shared.now());
        let may_retry = || has_more && retries.take(now);
        let step = self.pursuit.after(verdict, next_is_near, now, shared.pick(), may_retry);
        self.from_budget |= step != Step::Tell;
        step
    }

    /// Whether another account may be looked at after one that could not be asked.
    pub(crate) const fn pass_over(&mut self) -> bool {
        self.pursuit.pass_over()
    }

    /// Whether a fallback may be gone to. Only an outage multiplies, so only what follows one is taken from the budget.
    pub(crate) fn fall_back(&mut self, shared: &Shared, on: FallbackOn) -> bool {
        let (retries, now) = (&self.retries, shared.now());
        let from_budget = on == FallbackOn::Overload;
        let falls_back = self.pursuit.fall_back(now, || !from_budget || retries.take(now));
        self.from_budget |= falls_back && from_budget;
        falls_back
    }

    /// An account has answered: a retry that was worth it costs nothing.
    pub(crate) fn answered(&mut self) {
        if std::mem::take(&mut self.from_budget) {
            self.retries.give_back();
        }
    }
}
