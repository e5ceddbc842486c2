//! Which account of a plan is asked next: in the plan's order, passing over those at their limit and those that are left
//! alone by now; then, when there is no other, the first of the full ones that gets room. The account of the request's
//! session is waited for first, for a short time.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tollgate_limits::{Cost, Lease, Limited, Subject, Wait};
use tollgate_protocol::{ApiError, ErrorKind};
use tollgate_routing::failover::Untried;
use tollgate_routing::{Attempt, AwayReason, Plan, Reason, Standing};

use crate::destination::Destination;
use crate::health::Trying;
use crate::limit::{account_refused, wait};
use crate::state::{Live, Shared};

/// How long a request waits for others that try an account which is recovering, and how often it looks.
const LONGEST_TRIAL_WAIT: Duration = Duration::from_secs(5);
const TRIAL_POLL: Duration = Duration::from_millis(20);

/// The accounts of a plan that were not asked yet.
pub(crate) struct Candidates<'a> {
    live: &'a Live,
    untried: Untried<'a>,
    /// Passed over, because they were at their limit.
    full: Vec<Attempt<'a>>,
    /// Passed over, because they are left alone since the plan was made, or as many requests as may try them are under way.
    left_alone: Vec<Attempt<'a>>,
    cost: Cost,
    /// How long the session's account is waited for.
    sticky_wait: Duration,
    /// The session's account was passed over for being at its limit.
    bound_is_full: bool,
}

/// An account that may be asked now, and what the request has of it.
pub(crate) struct Candidate<'a> {
    pub(crate) attempt: Attempt<'a>,
    pub(crate) destination: &'a Arc<Destination>,
    pub(crate) trying: Trying<'a>,
    /// Where the account is limited.
    pub(crate) lease: Option<Lease>,
}

impl<'a> Candidates<'a> {
    /// The accounts of this plan, for a request that will use about so many tokens.
    pub(crate) fn new(live: &'a Live, plan: Plan<'a>, tokens: u64, sticky_wait: Duration) -> Self {
        Self {
            live,
            // Where there is no other, it is waited for like any.
            sticky_wait: if plan.len() > 1 { sticky_wait } else { Duration::ZERO },
            untried: Untried::new(plan),
            full: Vec::new(),
            left_alone: Vec::new(),
            cost: Cost::of(tokens),
            bound_is_full: false,
        }
    }

    /// Whether the session's account was passed over for being at its limit, and for nothing else.
    pub(crate) const fn bound_is_full(&self) -> bool {
        self.bound_is_full
    }

    /// The next account; `None` when there is none left.
    pub(crate) async fn next(&mut self, shared: &Shared) -> Option<Result<Candidate<'a>, ApiError>> {
        while let Some(attempt) = self.next_untried(shared) {
            match self.ask(shared, &attempt) {
                Ok(candidate) => return Some(Ok(candidate)),
                Err(Passed::AtItsLimit) if attempt.reason == Reason::Sticky => {
                    if let Some(candidate) = self.wait_for(shared, &attempt).await {
                        return Some(Ok(candidate));
                    }
                    self.bound_is_full = true;
                    self.full.push(attempt);
                }
                Err(Passed::AtItsLimit) => self.full.push(attempt),
                Err(Passed::LeftAlone) => self.left_alone.push(attempt),
                Err(Passed::Unusable) => {}
            }
        }
        while !self.full.is_empty() {
            let full: Vec<Limited> = self.full.iter().map(|attempt| limited(self.live, attempt)).collect();
            match Box::pin(shared.limits.first(&full, self.cost, wait(shared))).await {
                Ok((at, lease)) => {
                    let attempt = self.full.remove(at);
                    match self.begin(shared, &attempt, Some(lease)) {
                        Ok(candidate) => return Some(Ok(candidate)),
                        Err(_) => self.left_alone.push(attempt),
                    }
                }
                Err(refusal) => return Some(Err(account_refused(refusal.as_ref()))),
            }
        }
        let left_alone = std::mem::take(&mut self.left_alone);
        if left_alone.is_empty() {
            None
        } else {
            Some(Box::pin(self.wait_for_trial(shared, left_alone)).await)
        }
    }

    /// The session's account, if it gets room in time.
    async fn wait_for(&self, shared: &Shared, attempt: &Attempt<'a>) -> Option<Candidate<'a>> {
        if self.sticky_wait.is_zero() {
            return None;
        }
        let wait = Wait { until: Instant::now() + self.sticky_wait, queue: shared.config.slot_queue };
        let limited = limited(self.live, attempt);
        let waiting = Box::pin(shared.limits.first(std::slice::from_ref(&limited), self.cost, wait));
        let (_, lease) = waiting.await.ok()?;
        self.begin(shared, attempt, Some(lease)).ok()
    }

    /// The first of those that are recovering that takes another request: where there is nobody else, a caller waits for
    /// the trials before it, which are over within moments or show that the account is not well.
    async fn wait_for_trial(
        &self,
        shared: &Shared,
        mut recovering: Vec<Attempt<'a>>,
    ) -> Result<Candidate<'a>, ApiError> {
        let until = Instant::now() + shared.config.slot_wait.min(LONGEST_TRIAL_WAIT);
        while Instant::now() < until && !recovering.is_empty() {
            tokio::time::sleep(TRIAL_POLL).await;
            recovering.retain(|attempt| self.is_recovering(shared, attempt));
            for attempt in &recovering {
                if let Ok(candidate) = self.ask(shared, attempt) {
                    return Ok(candidate);
                }
            }
        }
        Err(ApiError::of(ErrorKind::AllCooling).retry_after(1))
    }

    fn is_recovering(&self, shared: &Shared, attempt: &Attempt<'_>) -> bool {
        let destination = self.live.destinations.get(&attempt.account.id);
        let standing =
            destination.map(|to| to.health.condition(&attempt.upstream_model, shared.now()).standing);
        matches!(
            standing,
            Some(Standing::Ready | Standing::Trial | Standing::Away { why: AwayReason::TrialFull, .. })
        )
    }

    /// The account of an attempt once more, if it may be asked.
    pub(crate) fn again(&self, shared: &Shared, attempt: &Attempt<'a>) -> Option<Candidate<'a>> {
        self.ask(shared, attempt).ok()
    }

    /// Whether there are accounts that may still be asked.
    pub(crate) fn has_more(&self) -> bool {
        self.untried.has_more() || !self.full.is_empty() || !self.left_alone.is_empty()
    }

    /// One of them was asked and failed.
    pub(crate) const fn failed(&mut self) {
        self.untried.failed();
    }

    /// The host of the next account in the plan's order.
    pub(crate) fn next_host(&mut self) -> Option<&'a str> {
        let next = self.untried.peek()?;
        next.account.provider_host(next.protocol)
    }

    fn next_untried(&mut self, shared: &Shared) -> Option<Attempt<'a>> {
        let live = self.live;
        self.untried.next(|attempt| {
            let destination = live.destinations.get(&attempt.account.id);
            destination.is_some_and(|to| to.health.is_recovering(&attempt.upstream_model, shared.now()))
        })
    }

    fn ask(&self, shared: &Shared, attempt: &Attempt<'a>) -> Result<Candidate<'a>, Passed> {
        let limited = limited(self.live, attempt);
        if limited.allowance.is_unlimited() {
            return self.begin(shared, attempt, None);
        }
        let lease = shared.limits.lease(&limited, self.cost).map_err(|_| Passed::AtItsLimit)?;
        self.begin(shared, attempt, Some(lease))
    }

    fn begin(
        &self,
        shared: &Shared,
        attempt: &Attempt<'a>,
        lease: Option<Lease>,
    ) -> Result<Candidate<'a>, Passed> {
        let destination = self.live.destinations.get(&attempt.account.id).ok_or(Passed::Unusable)?;
        let trying = destination.health.begin(attempt.upstream_model.clone(), shared.now());
        let trying = trying.ok_or(Passed::LeftAlone)?;
        Ok(Candidate { attempt: attempt.clone(), destination, trying, lease })
    }
}

/// Why an account is not asked now.
enum Passed {
    AtItsLimit,
    LeftAlone,
    Unusable,
}

fn limited(live: &Live, attempt: &Attempt<'_>) -> Limited {
    let id = attempt.account.id;
    let allowance = live.catalog.limits().account(id);
    Limited { subject: Subject::Account(id), allowance, epoch: live.epoch }
}
