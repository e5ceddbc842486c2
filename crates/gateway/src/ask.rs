//! One account asked: the request is written for it and sent, and enough of its answer read to be sure that it is one.

use std::sync::Arc;
use std::time::Instant;

use http::{HeaderMap, Method, StatusCode};
use tollgate_limits::Places;
use tollgate_protocol::{ApiError, ErrorKind, Protocol, is_reasoning_refused};
use tollgate_routing::Attempt;
use tollgate_upstream::{Answer, RequestHead};

use crate::attempt::Call;
use crate::destination::Destination;
use crate::draft::Draft;
use crate::health::{InFlight, Trying};
use crate::opening::{OpenedAnswer, open_stream, read_whole};
use crate::outgoing::{self, Leave, Outgoing, Translation};
use crate::session::Session;
use crate::shaping::InForce;
use crate::state::{Live, Shared};
use crate::upkeep;
use crate::verdict::{Failure, Met, network_failure, refused_by_upstream};

/// An account answered with success.
pub(crate) struct Opened {
    pub(crate) destination: Arc<Destination>,
    pub(crate) protocol: Protocol,
    pub(crate) upstream_model: String,
    pub(crate) headers: HeaderMap,
    pub(crate) answer: OpenedAnswer,
    /// Set when the request was translated.
    pub(crate) translation: Option<Translation>,
    /// The reasoning that was left out, by its names in the request.
    pub(crate) left_out: Vec<&'static str>,
    /// What marks how far the request's reasoning is foreign to the account.
    pub(crate) mark: Option<u64>,
    /// What of the caller's the operator's shaping replaced.
    pub(crate) replaced: Vec<String>,
}

/// What is asked, of whichever account.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) shared: &'a Arc<Shared>,
    /// The configuration that the request came in under.
    pub(crate) live: &'a Live,
    pub(crate) call: &'a Call<'a>,
    pub(crate) session: &'a Session,
}

/// A request and the account that it goes to.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) asking: Asking<'a>,
    pub(crate) destination: &'a Arc<Destination>,
    pub(crate) attempt: &'a Attempt<'a>,
}

impl Ask<'_> {
    /// The account's answer, once it is sure that it is one. What came of it is noted of the account.
    pub(crate) async fn answered(
        self,
        draft: &mut Draft,
        trying: Trying<'_>,
        places: Places,
    ) -> Result<Opened, Failure> {
        let Self { asking: Asking { shared, live, call, session }, destination, attempt } = self;
        let leave = Leave::Foreign(session.foreign_to(live, attempt));
        let mut outgoing = outgoing::write(&self, &leave)?;
        if destination.route(outgoing.endpoint).is_none() {
            return Err(Failure::Next(ApiError::of(ErrorKind::NoAccount)));
        }
        let in_flight = InFlight::begin(&destination.health, places);
        let sent_at = Instant::now();
        match self.open(&mut outgoing, draft, &trying, in_flight).await {
            Ok((headers, answer)) => {
                upkeep::succeeded(shared, attempt.account, trying, sent_at.elapsed());
                draft.first_byte();
                Ok(Opened {
                    destination: Arc::clone(destination),
                    protocol: attempt.protocol,
                    upstream_model: attempt.upstream_model.clone().into_owned(),
                    headers,
                    answer,
                    translation: outgoing.translation,
                    mark: outgoing.left_out.as_ref().map(|left_out| left_out.last),
                    left_out: outgoing.left_out.map_or_else(Vec::new, |left_out| left_out.names),
                    replaced: outgoing.replaced,
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

    /// Sends the request and reads on until it is sure that there is an answer. Reasoning that the upstream does not take
    /// is left out once.
    async fn open(
        &self,
        outgoing: &mut Outgoing,
        draft: &mut Draft,
        trying: &Trying<'_>,
        in_flight: InFlight,
    ) -> Result<(HeaderMap, OpenedAnswer), Met> {
        let (Asking { shared, call, .. }, protocol) = (self.asking, self.attempt.protocol);
        let answer = match self.send(outgoing, draft, trying).await {
            Err(met) if is_reasoning_refused(met.error()) => {
                *outgoing = self.without_reasoning().ok_or(met)?;
                if let Some(record) = draft.record() {
                    record.attempts += 1;
                }
                self.send(outgoing, draft, trying).await?
            }
            answer => answer?,
        };
        let headers = answer.headers;
        let opened = if call.probe.stream && !call.endpoint.counts_only() {
            open_stream(shared, protocol, &headers, answer.body, in_flight).await?
        } else {
            read_whole(shared, protocol, answer.body, draft, in_flight).await?
        };
        Ok((headers, opened))
    }

    /// Sends what was written; its answer, if that is a success.
    async fn send(
        &self,
        outgoing: &mut Outgoing,
        draft: &mut Draft,
        trying: &Trying<'_>,
    ) -> Result<Answer, Met> {
        let route = self.destination.route(outgoing.endpoint);
        let (endpoint, path) = route.ok_or_else(|| ApiError::of(ErrorKind::NoAccount))?;
        let mut headers = std::mem::take(&mut outgoing.headers);
        self.destination.authorize(&mut headers, trying.key());
        let head = RequestHead { method: Method::POST, path_and_query: path.clone(), headers };
        let shared = self.asking.shared;
        let answer = shared.upstream.send(endpoint, head, std::mem::take(&mut outgoing.body)).await;
        let mut answer = answer.map_err(|error| network_failure(&error))?;
        if let Some(record) = draft.record() {
            record.upstream_request_id = upstream_request_id(&answer.headers);
        }
        if !answer.status.is_success() {
            if let Some(shaping) = InForce::of(self.attempt) {
                let taken_for = shaping.status(answer.status.as_u16());
                answer.status = StatusCode::from_u16(taken_for).unwrap_or(answer.status);
            }
            return Err(refused_by_upstream(self.attempt.protocol, answer, shared.now()).await);
        }
        Ok(answer)
    }

    /// The same request without any reasoning, for the one repair that a refusal of it gets; `None` if there is nothing to
    /// leave out.
    fn without_reasoning(&self) -> Option<Outgoing> {
        let outgoing = outgoing::write(self, &Leave::All).ok()?;
        outgoing.left_out.as_ref()?;
        tracing::info!(account = %self.attempt.account.name, "signed reasoning was refused and is left out");
        Some(outgoing)
    }
}

fn upstream_request_id(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("request-id").or_else(|| headers.get("x-request-id"))?;
    value.to_str().ok().map(|id| id.chars().take(200).collect())
}
