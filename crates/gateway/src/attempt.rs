//! Phases 4 and 5: the accounts of the plan, one after the other, until one answers.
//!
//! Nothing has reached the caller while this runs, so any failure that is the account's or the network's own may be
//! hidden by the next account, and so may be that an account is at its limit. A refusal of the request itself is never
//! tried elsewhere, unless it is that the account's protocol cannot say something.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, Method};
use tollgate_base::KeyId;
use tollgate_limits::{Lease, Places};
use tollgate_protocol::{ApiError, BYTES_PER_TOKEN, Endpoint, ErrorKind, Probe, Protocol};
use tollgate_routing::Attempt;
use tollgate_routing::failover::{Action, Pursuit, Scope, Step, Verdict};
use tollgate_upstream::RequestHead;

use crate::candidates::{Candidate, Candidates};
use crate::destination::Destination;
use crate::draft::Draft;
use crate::estimate::tokens_of_body;
use crate::health::{InFlight, Trying};
use crate::limit::expected_tokens;
use crate::opening::{OpenedAnswer, open_stream, read_whole};
use crate::outgoing::{self, Translation};
use crate::retries::Retries;
use crate::state::{Live, Shared};
use crate::upkeep;
use crate::verdict::{Failure, Met, Refused, network_failure, refused_by_upstream};

/// A call as it came in, ready to be sent to any account.
pub(crate) struct Call<'a> {
    pub(crate) endpoint: Endpoint,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a Bytes,
    pub(crate) probe: &'a Probe<'a>,
    /// The key it came with.
    pub(crate) key: KeyId,
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
        Self { endpoint, headers, body, probe, key, history, prompt_tokens, expected_tokens }
    }
}

/// An account answered with success.
pub(crate) struct Opened {
    pub(crate) destination: Arc<Destination>,
    pub(crate) protocol: Protocol,
    pub(crate) upstream_model: String,
    pub(crate) headers: HeaderMap,
    pub(crate) answer: OpenedAnswer,
    /// Set when the request was translated.
    pub(crate) translation: Option<Translation>,
}

/// Tries the accounts in order. `prepare` readies the draft for each: from then on the account may have served the
/// request, whether or not the caller is still there.
pub(crate) async fn run(
    shared: &Arc<Shared>,
    live: &Live,
    attempts: &[Attempt<'_>],
    call: &Call<'_>,
    draft: &mut Draft,
    retries: &Retries<'_>,
    prepare: impl Fn(&mut Draft, &Attempt<'_>),
) -> Result<Opened, Refused> {
    let mut pursuit = Pursuit::new(shared.bounds(), shared.now());
    let mut last = None;
    let mut retried = false;
    let mut candidates = Candidates::new(live, attempts, call.expected_tokens);
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
        prepare(draft, attempt);
        let failure = match try_account(shared, live, destination, attempt, call, draft, trying, places).await
        {
            Ok(opened) => {
                if retried {
                    retries.give_back();
                }
                return Ok(opened);
            }
            Err(failure) => failure,
        };
        let judged = match failure {
            Failure::Final(refused) => return Err(refused),
            Failure::Next(error) => {
                last = Some(telling(last, error.into()));
                next = candidates.next(shared).await;
                continue;
            }
            Failure::Asked(judged) => *judged,
        };
        let kind = judged.refused.error().kind;
        tracing::info!(account = %attempt.account.name, %kind, action = %judged.verdict.action, "attempt failed");
        last = Some(telling(last, judged.refused));
        retried = true;
        let asked = Asked { attempt, destination, verdict: &judged.verdict };
        next = after_failure(shared, &mut pursuit, &mut candidates, retries, &asked).await;
    }
    Err(last.unwrap_or_else(|| ApiError::of(ErrorKind::NoAccount).into()))
}

/// An account that was asked and failed.
struct Asked<'a, 'd> {
    attempt: &'a Attempt<'a>,
    destination: &'d Destination,
    verdict: &'d Verdict,
}

/// Who is asked after a failure, once the moment before that is over; `None` where the caller is told.
async fn after_failure<'a>(
    shared: &Shared,
    pursuit: &mut Pursuit,
    candidates: &mut Candidates<'a>,
    retries: &Retries<'_>,
    asked: &Asked<'a, '_>,
) -> Option<Result<Candidate<'a>, ApiError>> {
    let Asked { attempt, destination, verdict } = asked;
    candidates.failed();
    let host = attempt.account.provider_host(attempt.protocol);
    let next_is_near = candidates.next_host().is_some_and(|next| Some(next) == host);
    // What concerns one key leaves the account's others.
    let by_another_key = verdict.scope == Scope::Key && destination.has_several_keys();
    let may_stay = by_another_key || verdict.action == Action::RetrySame;
    let now = shared.now();
    // Where nobody is left to ask, nothing is taken of the budget.
    let may_retry = || (may_stay || candidates.has_more()) && retries.take(now);
    let (wait, stays) = match pursuit.after(verdict, next_is_near, now, shared.pick(), may_retry) {
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

#[allow(clippy::too_many_arguments, reason = "an attempt is all of this, and has one caller")]
async fn try_account(
    shared: &Arc<Shared>,
    live: &Live,
    destination: &Arc<Destination>,
    attempt: &Attempt<'_>,
    call: &Call<'_>,
    draft: &mut Draft,
    trying: Trying<'_>,
    places: Places,
) -> Result<Opened, Failure> {
    let outgoing = outgoing::write(shared, live, destination, attempt, call)?;
    let Some((endpoint, path)) = destination.route(outgoing.endpoint) else {
        return Err(Failure::Next(ApiError::of(ErrorKind::NoAccount)));
    };
    let mut headers = outgoing.headers;
    destination.authorize(&mut headers, trying.key());
    let head = RequestHead { method: Method::POST, path_and_query: path.clone(), headers };
    let in_flight = InFlight::begin(&destination.health, places);
    let asked = Instant::now();
    match open(shared, endpoint, head, outgoing.body, attempt, call, draft, in_flight).await {
        Ok((headers, answer)) => {
            upkeep::succeeded(shared, attempt.account, trying, asked.elapsed());
            draft.first_byte();
            Ok(Opened {
                destination: Arc::clone(destination),
                protocol: attempt.protocol,
                upstream_model: attempt.upstream_model.clone().into_owned(),
                headers,
                answer,
                translation: outgoing.translation,
            })
        }
        Err(met) => {
            let mut judged = met.judged(attempt.account, &attempt.upstream_model);
            upkeep::failed(shared, attempt.account, trying, &judged);
            if attempt.protocol != call.endpoint.protocol() {
                judged.refused = judged.refused.in_the_gates_words();
            }
            Err(Failure::Asked(judged))
        }
    }
}

/// Sends the request and reads on until it is sure that there is an answer.
#[allow(clippy::too_many_arguments, reason = "an attempt is all of this, and has one caller")]
async fn open(
    shared: &Shared,
    endpoint: &tollgate_upstream::Endpoint,
    head: RequestHead,
    body: Vec<Bytes>,
    attempt: &Attempt<'_>,
    call: &Call<'_>,
    draft: &mut Draft,
    in_flight: InFlight,
) -> Result<(HeaderMap, OpenedAnswer), Met> {
    let answer = shared.upstream.send(endpoint, head, body).await;
    let answer = answer.map_err(|error| network_failure(&error))?;
    if let Some(record) = draft.record() {
        record.upstream_request_id = upstream_request_id(&answer.headers);
    }
    if !answer.status.is_success() {
        return Err(refused_by_upstream(attempt.protocol, answer, shared.now()).await);
    }
    let headers = answer.headers;
    let opened = if call.probe.stream && !call.endpoint.counts_only() {
        open_stream(shared, attempt.protocol, &headers, answer.body, in_flight).await?
    } else {
        read_whole(shared, attempt.protocol, answer.body, draft, in_flight).await?
    };
    Ok((headers, opened))
}

fn upstream_request_id(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("request-id").or_else(|| headers.get("x-request-id"))?;
    value.to_str().ok().map(|id| id.chars().take(200).collect())
}
