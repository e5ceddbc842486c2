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
use tollgate_routing::{Attempt, Plan};
use tollgate_upstream::RequestHead;

use crate::candidates::Candidates;
use crate::destination::Destination;
use crate::draft::Draft;
use crate::estimate::tokens_of_body;
use crate::health::InFlight;
use crate::limit::expected_tokens;
use crate::opening::{OpenedAnswer, open_stream, read_whole};
use crate::outgoing::{self, Translation};
use crate::state::{Live, Shared};
use crate::verdict::{Failure, Refused, network_failure, refused_by_upstream};

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
    /// What its body comes to by its size.
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
        let prompt_tokens = tokens_of_body(body);
        let history_tokens = history.as_ref().map_or(0, |history| history.len() as u64 / BYTES_PER_TOKEN);
        let expected_tokens = expected_tokens(probe, prompt_tokens.saturating_add(history_tokens));
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
    shared: &Shared,
    live: &Live,
    plan: Plan<'_>,
    call: &Call<'_>,
    draft: &mut Draft,
    prepare: impl Fn(&mut Draft, &Attempt<'_>),
) -> Result<Opened, Refused> {
    let started = Instant::now();
    let mut last = None;
    let mut candidates = Candidates::new(plan, call.expected_tokens);
    for _ in 0..shared.config.max_attempts.max(1) {
        if last.is_some() && started.elapsed() >= shared.config.failover_budget {
            break;
        }
        let (attempt, lease) = match candidates.next(shared, live).await {
            Some(Ok(next)) => next,
            Some(Err(error)) => {
                last = Some(worse_last(last, error));
                break;
            }
            None => break,
        };
        let Some(destination) = live.destinations.get(&attempt.account.id) else {
            continue;
        };
        let (reservation, places) = lease.map_or_else(Default::default, Lease::into_parts);
        draft.reserved().for_account(reservation);
        if let Some(record) = draft.record() {
            record.attempts += 1;
            record.account_id = Some(attempt.account.id);
            record.upstream_protocol = Some(attempt.protocol);
            record.upstream_model = Some(attempt.upstream_model.clone().into_owned());
        }
        prepare(draft, &attempt);
        match try_account(shared, live, destination, &attempt, call, draft, places).await {
            Ok(opened) => return Ok(opened),
            Err(Failure::Final(refused)) => return Err(refused),
            Err(Failure::Next(error)) => {
                tracing::info!(account = %attempt.account.name, kind = %error.kind, "attempt failed");
                last = Some(worse_last(last, error));
            }
        }
    }
    Err(last.unwrap_or_else(|| ApiError::of(ErrorKind::NoAccount)).into())
}

/// Of two failures the caller is told the one that says more: a rate limit names its end.
fn worse_last(previous: Option<ApiError>, next: ApiError) -> ApiError {
    match previous {
        Some(previous) if previous.kind == ErrorKind::AllCooling && next.kind != ErrorKind::AllCooling => {
            previous
        }
        _ => next,
    }
}

async fn try_account(
    shared: &Shared,
    live: &Live,
    destination: &Arc<Destination>,
    attempt: &Attempt<'_>,
    call: &Call<'_>,
    draft: &mut Draft,
    places: Places,
) -> Result<Opened, Failure> {
    let outgoing = outgoing::write(shared, live, destination, attempt, call)?;
    let Some((endpoint, path)) = destination.route(outgoing.endpoint) else {
        return Err(Failure::Next(ApiError::of(ErrorKind::NoAccount)));
    };
    let in_flight = InFlight::begin(&destination.health, places);
    let head = RequestHead { method: Method::POST, path_and_query: path.clone(), headers: outgoing.headers };
    let answer = shared.upstream.send(endpoint, head, outgoing.body).await;
    let answer = answer.map_err(|error| network_failure(shared, &in_flight, &error))?;
    if let Some(record) = draft.record() {
        record.upstream_request_id = upstream_request_id(&answer.headers);
    }
    if !answer.status.is_success() {
        let failure = refused_by_upstream(shared, &in_flight, attempt.protocol, answer).await;
        let foreign = attempt.protocol != call.endpoint.protocol();
        return Err(if foreign { failure.in_the_gates_words() } else { failure });
    }
    let headers = answer.headers;
    let opened = if call.probe.stream && !call.endpoint.counts_only() {
        open_stream(shared, attempt.protocol, &headers, answer.body, in_flight).await
    } else {
        read_whole(shared, attempt.protocol, answer.body, draft, in_flight).await
    };
    let answer = opened.map_err(|error| {
        destination.health.failed(shared.now());
        Failure::Next(error)
    })?;
    destination.health.succeeded();
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

fn upstream_request_id(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("request-id").or_else(|| headers.get("x-request-id"))?;
    value.to_str().ok().map(|id| id.chars().take(200).collect())
}
