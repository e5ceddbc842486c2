//! The accounts of a plan that were not asked yet, in the order that they are.

use std::collections::VecDeque;

use crate::plan::{Attempt, Plan};

/// What is left of a plan.
///
/// The plan's order holds for the first attempt. A request that failed once is no longer used to try whether an account has
/// recovered while there are others: its caller has waited already, and after a great outage most accounts are recovering.
#[derive(Debug)]
pub struct Untried<'a> {
    rest: Plan<'a>,
    recovering: VecDeque<Attempt<'a>>,
    is_first: bool,
}

impl<'a> Untried<'a> {
    /// All of a plan.
    #[must_use]
    pub const fn new(plan: Plan<'a>) -> Self {
        Self { rest: plan, recovering: VecDeque::new(), is_first: true }
    }

    /// The next account to ask. `is_recovering` tells of those that only a few requests at a time may go to.
    pub fn next(&mut self, is_recovering: impl Fn(&Attempt<'_>) -> bool) -> Option<Attempt<'a>> {
        let put_off = !self.is_first;
        for attempt in self.rest.by_ref() {
            if put_off && is_recovering(&attempt) {
                self.recovering.push_back(attempt);
            } else {
                return Some(attempt);
            }
        }
        self.recovering.pop_front()
    }

    /// Another account was asked and failed.
    pub const fn failed(&mut self) {
        self.is_first = false;
    }

    /// Whether there are any.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.rest.len() > 0 || !self.recovering.is_empty()
    }

    /// The account that comes next in the plan's order.
    #[must_use]
    pub fn peek(&mut self) -> Option<Attempt<'a>> {
        self.rest.peek()
    }
}
