//! The accounts of a plan that were not asked yet, in the order that they are.

use crate::plan::Attempt;

/// What is left of a plan.
///
/// The plan's order holds for the first attempt. A request that failed once is no longer used to try whether an account has
/// recovered while there are others: its caller has waited already, and after a great outage most accounts are recovering.
#[derive(Debug)]
pub struct Untried<'a> {
    rest: std::slice::Iter<'a, Attempt<'a>>,
    recovering: Vec<&'a Attempt<'a>>,
    is_first: bool,
}

impl<'a> Untried<'a> {
    /// All of a plan.
    #[must_use]
    pub fn new(attempts: &'a [Attempt<'a>]) -> Self {
        Self { rest: attempts.iter(), recovering: Vec::new(), is_first: true }
    }

    /// The next account to ask. `is_recovering` tells of those that only a few requests at a time may go to.
    pub fn next(&mut self, is_recovering: impl Fn(&Attempt<'_>) -> bool) -> Option<&'a Attempt<'a>> {
        let put_off = !self.is_first;
        for attempt in self.rest.by_ref() {
            if put_off && is_recovering(attempt) {
                self.recovering.push(attempt);
            } else {
                return Some(attempt);
            }
        }
        (!self.recovering.is_empty()).then(|| self.recovering.remove(0))
    }

    /// Another account was asked and failed.
    pub const fn failed(&mut self) {
        self.is_first = false;
    }

    /// Whether there are any.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.peek().is_some() || !self.recovering.is_empty()
    }

    /// The account that comes next in the plan's order.
    #[must_use]
    pub fn peek(&self) -> Option<&'a Attempt<'a>> {
        self.rest.as_slice().first()
    }
}
