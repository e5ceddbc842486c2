//! Which account of a plan is asked next: in the plan's order, passing over those at their limit; then, when there is no
//! other, the first of those that gets room.

use tollgate_limits::{Cost, Lease, Limited, Subject};
use tollgate_protocol::ApiError;
use tollgate_routing::{Attempt, Plan};

use crate::limit::{account_refused, wait};
use crate::state::{Live, Shared};

/// The accounts of a plan that were not asked yet.
pub(crate) struct Candidates<'a> {
    rest: Plan<'a>,
    /// Passed over, because they were at their limit.
    full: Vec<Attempt<'a>>,
    cost: Cost,
}

impl<'a> Candidates<'a> {
    /// The accounts of this plan, for a request that will use about so many tokens.
    pub(crate) fn new(plan: Plan<'a>, tokens: u64) -> Self {
        Self { rest: plan, full: Vec::new(), cost: Cost::of(tokens) }
    }

    /// The next account, and what the request has of it where it is limited; `None` when there is none left.
    pub(crate) async fn next(
        &mut self,
        shared: &Shared,
        live: &Live,
    ) -> Option<Result<(Attempt<'a>, Option<Lease>), ApiError>> {
        for attempt in self.rest.by_ref() {
            let limited = limited(live, &attempt);
            if limited.allowance.is_unlimited() {
                return Some(Ok((attempt, None)));
            }
            match shared.limits.lease(&limited, self.cost) {
                Ok(lease) => return Some(Ok((attempt, Some(lease)))),
                Err(_) => self.full.push(attempt),
            }
        }
        if self.full.is_empty() {
            return None;
        }
        let full: Vec<Limited> = self.full.iter().map(|attempt| limited(live, attempt)).collect();
        Some(match Box::pin(shared.limits.first(&full, self.cost, wait(shared))).await {
            Ok((at, lease)) => Ok((self.full.remove(at), Some(lease))),
            Err(refusal) => Err(account_refused(refusal.as_ref())),
        })
    }
}

fn limited(live: &Live, attempt: &Attempt<'_>) -> Limited {
    let id = attempt.account.id;
    let allowance = live.catalog.limits().account(id);
    Limited { subject: Subject::Account(id), allowance, epoch: live.epoch }
}
