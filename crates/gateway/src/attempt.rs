//! Phases 4 and 5: the accounts of the plan, one after the other, until one answers.
//!
//! Nothing has reached the caller while this runs, so any failure that is the account's or the network's own may be
//! hidden by the next account, and so may be that an account is at its limit. A refusal of the request itself is never
//! tried elsewhere, unless it is that the account's protocol cannot say something.

use std::borrow::Cow;

use bytes::Bytes;
use http::HeaderMap;
use tollgate_base::KeyId;
use tollgate_limits::Lease;
use tollgate_protocol::{ApiError, BYTES_PER_TOKEN, Endpoint, ErrorKind, Probe};
use tollgate_routing::failover::{Action, Scope, Step, Verdict};
use tollgate_routing::{Attempt, Plan};

use crate::ask::{Ask, Asking, Opened};
use crate::candidates::{Candidate, Candidates};
use crate::destination::Destination;
use crate::draft::Draft;
use crate::estimate::tokens_of_body;
use crate::limit::expected_tokens;
use crate::session::session_named;
use crate::state::Shared;
use crate::tries::Tries;
use crate::verdict::{Failure, Refused};

/// A call as it came in, ready to be sent to any account.
pub(crate) struct Call<'a> {
    pub(crate) endpoint: Endpoint,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a Bytes,
    pub(crate) probe: &'a Probe<'a>,
    /// The key it came with.
    pub(crate) key: KeyId,
    /// The caller's own name of its session.
    pub(crate) session: Option<Cow<'a, str>>,
    /// The conversation that it continues, where the gate keeps it: a JSON list of Responses items.
    pub(crate) history: Option<Bytes>,
    /// What its body, and the conversation before it, comes to by its size.
    pub(crate) prompt_tokens: u64,
    /// About how many tokens it will use that count towards limits.
    pub(crate) expected_tokens: u64,
}

impl<'a> Call<'a> {
    pub(crate) fn new(
        endpoint: Endpoint,
        headers: &'a HeaderMap,
        body: &'a Bytes,
        probe: &'a Probe<'a>,
        key: KeyId,
        history: Option<Bytes>,
    ) -> Self {
        let history_tokens = history.as_ref().map_or(0, |history| history.len() as u64 / BYTES_PER_TOKEN);
        let prompt_tokens = tokens_of_body(body).saturating_add(history_tokens);
        let expected_tokens = expected_tokens(probe, prompt_tokens);
        let session = session_named(probe, headers);
        Self { endpoint, headers, body, probe, key, session, history, prompt_tokens, expected_tokens }
    }
}

/// Tries the accounts in order, as far as `tries` go. `prepare` readies the draft for each: from then on the account may
/// have served the request, whether or not the caller is still there.
pub(crate) async fn run(
    asking: Asking<'_>,
    plan: Plan<'_>,
    draft: &mut Draft,
    tries: &mut Tries<'_>,
    prepare: impl Fn(&mut Draft, &Attempt<'_>),
) -> Result<Opened, Refused> {
    let Asking { shared, live, call, session } = asking;
    let mut last = None;
    let mut candidates = Candidates::new(live, plan, call.expected_tokens, session.wait());
    let mut next = candidates.next(shared).await;
    while let Some(found) = next {
        let candidate = match found {
            Ok(candidate) => candidate,
            Err(error) => {
                last = Some(telling(last, error.into()));
                break;
            }
        };
        let Candidate { attempt, destination, trying, lease } = candidate;
        let (reservation, places) = lease.map_or_else(Default::default, Lease::into_parts);
        draft.reserved().for_account(reservation);
        if let Some(record) = draft.record() {
            record.attempts += 1;
            record.account_id = Some(attempt.account.id);
            record.upstream_protocol = Some(attempt.protocol);
            record.upstream_model = Some(attempt.upstream_model.clone().into_owned());
        }
        prepare(draft, &attempt);
        let ask = Ask { asking, destination, attempt: &attempt };
        let failure = match ask.answered(draft, trying, places).await {
            Ok(opened) => {
                tries.answered();
                session.answered(shared, &attempt, candidates.bound_is_full(), opened.mark);
                return Ok(opened);
            }
            Err(failure) => failure,
        };
        let judged = match failure {
            Failure::Final(refused) => return Err(refused),
            Failure::Next(error) => {
                draft.attempt_failed(error.kind.as_str());
                last = Some(telling(last, error.into()));
                next = if tries.pass_over() { candidates.next(shared).await } else { None };
                continue;
            }
            Failure::Asked(judged) => *judged,
        };
        let kind = judged.refused.error().kind;
        tracing::info!(account = %attempt.account.name, %kind, action = %judged.verdict.action, "attempt failed");
        draft.attempt_failed(kind.as_str());
        last = Some(telling(last, judged.refused));
        let failed = FailedAttempt { attempt: &attempt, destination, verdict: &judged.verdict };
        next = after_failure(shared, tries, &mut candidates, &failed).await;
    }
    Err(last.unwrap_or_else(|| ApiError::of(ErrorKind::NoAccount).into()))
}

/// An account that was asked and failed.
struct FailedAttempt<'a, 'd> {
    attempt: &'d Attempt<'a>,
    destination: &'d Destination,
    verdict: &'d Verdict,
}

/// Who is asked after a failure, once the moment before that is over; `None` where the caller is told.
async fn after_failure<'a>(
    shared: &Shared,
    tries: &mut Tries<'_>,
    candidates: &mut Candidates<'a>,
    failed: &FailedAttempt<'a, '_>,
) -> Option<Result<Candidate<'a>, ApiError>> {
    let FailedAttempt { attempt, destination, verdict } = failed;
    candidates.failed();
    let host = attempt.account.provider_host(attempt.protocol);
    let next_is_near = candidates.next_host().is_some_and(|next| Some(next) == host);
    // What concerns one key leaves the account's others.
    let by_another_key = verdict.scope == Scope::Key && destination.has_several_keys();
    let may_stay = by_another_key || verdict.action == Action::RetrySame;
    let has_more = may_stay || candidates.has_more();
    let (wait, stays) = match tries.after(shared, verdict, next_is_near, has_more) {
        Step::Tell => return None,
        Step::Same(wait) => (wait, true),
        Step::Next(wait) => (wait, by_another_key),
    };
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    match stays.then(|| candidates.again(shared, attempt)).flatten() {
        Some(candidate) => Some(Ok(candidate)),
        None => candidates.next(shared).await,
    }
}

/// Of two failures the caller is told the one that says more: a rate limit names its end.
fn telling(previous: Option<Refused>, next: Refused) -> Refused {
    match previous {
        Some(previous)
            if previous.error().kind == ErrorKind::AllCooling
                && next.error().kind != ErrorKind::AllCooling =>
        {
            previous
        }
        _ => next,
    }
}
