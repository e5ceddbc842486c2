//! Which account of a plan is asked next: in the plan's order, passing over those at their limit; then, when there is no
//! other, the first of those that gets room. The account of the request's session is waited for first, for a short time.

use std::time::Duration;

use tokio::time::Instant;
use tollgate_limits::{Cost, Lease, Limited, Subject, Wait};
use tollgate_protocol::ApiError;
use tollgate_routing::{Attempt, Reason};

use crate::limit::{account_refused, wait};
use crate::state::{Live, Shared};

/// The accounts of a plan that were not asked yet.
pub(crate) struct Candidates<'a> {
    rest: std::slice::Iter<'a, Attempt<'a>>,
    /// Passed over, because they were at their limit.
    full: Vec<&'a Attempt<'a>>,
    cost: Cost,
    /// How long the session's account is waited for.
    sticky_wait: Duration,
    /// The session's account was passed over for being at its limit.
    bound_is_full: bool,
}

impl<'a> Candidates<'a> {
    /// The accounts of these attempts, for a request that will use about so many tokens.
    pub(crate) fn new(attempts: &'a [Attempt<'a>], tokens: u64, sticky_wait: Duration) -> Self {
        // Where there is no other, it is waited for like any.
        let sticky_wait = if attempts.len() > 1 { sticky_wait } else { Duration::ZERO };
        let cost = Cost::of(tokens);
        Self { rest: attempts.iter(), full: Vec::new(), cost, sticky_wait, bound_is_full: false }
    }

    /// Whether the session's account was passed over for being at its limit, and for nothing else.
    pub(crate) const fn bound_is_full(&self) -> bool {
        self.bound_is_full
    }

    /// The next account, and what the request has of it where it is limited; `None` when there is none left.
    pub(crate) async fn next(
        &mut self,
        shared: &Shared,
        live: &Live,
    ) -> Option<Result<(&'a Attempt<'a>, Option<Lease>), ApiError>> {
        for attempt in self.rest.by_ref() {
            let limited = limited(live, attempt);
            if limited.allowance.is_unlimited() {
                return Some(Ok((attempt, None)));
            }
            match shared.limits.lease(&limited, self.cost) {
                Ok(lease) => return Some(Ok((attempt, Some(lease)))),
                Err(_) if attempt.reason == Reason::Sticky => {
                    if let Some(lease) = wait_for(shared, &limited, self.cost, self.sticky_wait).await {
                        return Some(Ok((attempt, Some(lease))));
                    }
                    self.bound_is_full = true;
                    self.full.push(attempt);
                }
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

/// Room at this account, if it gets some in time.
async fn wait_for(shared: &Shared, limited: &Limited, cost: Cost, wait: Duration) -> Option<Lease> {
    if wait.is_zero() {
        return None;
    }
    let wait = Wait { until: Instant::now() + wait, queue: shared.config.slot_queue };
    let waiting = Box::pin(shared.limits.first(std::slice::from_ref(limited), cost, wait));
    waiting.await.ok().map(|(_, lease)| lease)
}

fn limited(live: &Live, attempt: &Attempt<'_>) -> Limited {
    let id = attempt.account.id;
    let allowance = live.catalog.limits().account(id);
    Limited { subject: Subject::Account(id), allowance, epoch: live.epoch }
}
