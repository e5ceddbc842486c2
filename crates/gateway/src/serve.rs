//! A request from its first header to its answer: which endpoint it names, and the phases in front of the upstream.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Request, Response, StatusCode};
use hyper::body::Incoming;
use tollgate_limits::Who;
use tollgate_protocol::{ApiError, Dialect, Endpoint, ErrorKind, Probe, probe};

use crate::admit::{admit_model, admit_payment};
use crate::answer;
use crate::attempt::Call;
use crate::authenticate::{Identity, authenticate};
use crate::body;
use crate::draft::RequestTag;
use crate::generate::{Generation, generate};
use crate::limit::{admit, concerned};
use crate::respond::{self, AnswerStream};
use crate::route::{NoRoute, Route, dialect_of, route};
use crate::shape::Shape;
use crate::state::Shared;
use crate::verdict::Refused;
use crate::waiting::Early;
use crate::{client, count, figures, limit_headers, models, responses};

/// Answers one request.
pub(crate) async fn handle(
    shared: &Arc<Shared>,
    request: Request<Incoming>,
    peer: SocketAddr,
    early: Option<Arc<Early>>,
) -> Response<AnswerStream> {
    let started = Instant::now();
    let tag = RequestTag::new(shared.now());
    let (head, body) = request.into_parts();
    let found = route(&head.method, head.uri.path());
    let dialect = match &found {
        Ok(Route::Call(endpoint)) => endpoint.dialect(),
        _ => dialect_of(head.uri.path(), &head.headers),
    };
    let caller = Caller { tag, head, peer, dialect, started, who: Who::default(), early };
    match found {
        Ok(Route::Call(endpoint)) => call(shared, caller, endpoint, body).await,
        Ok(Route::Models { id, envelope }) => models::answer(shared, &caller, id.as_deref(), envelope).await,
        Ok(Route::Figures(figures)) => figures::answer(shared, &caller, figures).await,
        Ok(Route::StoredResponse { id, action }) => {
            responses::answer(shared, &caller, &id, action, body).await
        }
        Ok(Route::Health | Route::Hello) => respond::json(&caller.tag, br#"{"status":"ok"}"#.to_vec()),
        Ok(Route::Ready) => ready(shared, &caller).await,
        Err(NoRoute::Path) => {
            body::discard(body, shared.config.max_body_bytes).await;
            let error = ApiError::about(ErrorKind::NotFound, caller.head.uri.path());
            respond::error(&caller.tag, dialect, &error)
        }
        Err(NoRoute::Method(allowed)) => {
            body::discard(body, shared.config.max_body_bytes).await;
            let error = ApiError::about(ErrorKind::MethodNotAllowed, caller.head.method.as_str());
            respond::method_not_allowed(&caller.tag, dialect, &error, allowed)
        }
    }
}

/// Who asks, how, and since when.
pub(crate) struct Caller {
    pub(crate) tag: RequestTag,
    pub(crate) head: Parts,
    pub(crate) peer: SocketAddr,
    pub(crate) dialect: Dialect,
    pub(crate) started: Instant,
    /// Whose limits concern the request, once that is known.
    pub(crate) who: Who,
    /// Lets a stream begin before there is an answer; `None` where none does.
    pub(crate) early: Option<Arc<Early>>,
}

impl Caller {
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    pub(crate) fn address(&self, shared: &Shared) -> IpAddr {
        client::address(self.headers(), self.peer, &shared.config.trusted_proxies)
    }

    pub(crate) fn refuse(&self, error: &ApiError) -> Response<AnswerStream> {
        respond::error(&self.tag, self.dialect, error)
    }
}

async fn ready(shared: &Shared, caller: &Caller) -> Response<AnswerStream> {
    let error = if shared.is_draining() {
        ApiError::of(ErrorKind::ShuttingDown)
    } else if shared.settler.is_stuck() {
        ApiError::of(ErrorKind::StoreUnavailable)
    } else {
        match shared.store.ping().await {
            Ok(()) => return respond::json(&caller.tag, br#"{"status":"ready"}"#.to_vec()),
            Err(_) => ApiError::of(ErrorKind::StoreUnavailable),
        }
    };
    caller.refuse(&error)
}

/// A request with a body, whatever becomes of it.
async fn call(
    shared: &Arc<Shared>,
    mut caller: Caller,
    endpoint: Endpoint,
    body: Incoming,
) -> Response<AnswerStream> {
    let mut response = match serve(shared, &mut caller, endpoint, body).await {
        Ok(response) => response,
        Err(Refused::Verbatim { status, headers, body, error })
            if caller.dialect == endpoint.protocol().dialect() =>
        {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            let headers = answer::answer_headers(&headers);
            let mut response = respond::full(&caller.tag, status, headers, vec![body]);
            response.extensions_mut().insert(error);
            response
        }
        Err(Refused::Error(error) | Refused::Verbatim { error, .. }) => caller.refuse(&error),
    };
    if !caller.who.is_empty() {
        let standing = shared.limits.standing(&caller.who);
        limit_headers::add(response.headers_mut(), caller.dialect, &standing, shared.now());
    }
    response
}

/// Phases 1 to 3, then on to the answer.
async fn serve(
    shared: &Arc<Shared>,
    caller: &mut Caller,
    endpoint: Endpoint,
    body: Incoming,
) -> Result<Response<AnswerStream>, Refused> {
    let live = shared.live();
    let (address, dialect) = (caller.address(shared), caller.dialect);
    let (identity, group) = match authenticate(shared, &live, caller.headers(), dialect, address).await {
        Ok(authenticated) => authenticated,
        Err(error) => {
            body::discard(body, shared.config.max_body_bytes).await;
            return Err(error.into());
        }
    };
    caller.who = concerned(&live, &identity, group, None);
    let body = body::read(caller.headers(), body, &shared.config).await?;
    let probe = probe(&body, endpoint)?;
    let shape = Shape::of(endpoint, probe.style);
    caller.dialect = shape.dialect(endpoint);
    admit_model(&identity, &probe.model)?;
    admit_payment(&identity, group, shared.now())?;
    caller.who = concerned(&live, &identity, group, Some(&probe.model));
    let history = kept_history(shared, &identity, &probe).await?;
    let key = identity.key.id;
    let call = Call::new(endpoint, caller.headers(), &body, &probe, key, history);
    if endpoint.counts_only() {
        return count::answer(shared, &live, caller, group, &call, identity.user.id).await;
    }
    let (newer_live, newer_identity);
    let at = caller.tag.at;
    let mut request = Generation { live: &live, identity: &identity, group, address, call: &call, shape, at };
    let admission = admit(shared, &caller.who, call.expected_tokens).await?;
    if admission.as_ref().is_some_and(|admission| admission.waited) {
        // Key, user, group and accounts may be others by now.
        newer_live = shared.live();
        let again = authenticate(shared, &newer_live, caller.headers(), dialect, address).await?;
        newer_identity = again.0;
        admit_model(&newer_identity, &probe.model)?;
        admit_payment(&newer_identity, again.1, shared.now())?;
        request = Generation { live: &newer_live, identity: &newer_identity, group: again.1, ..request };
    }
    generate(shared, caller, &request, admission).await
}

/// The conversation that a request continues, where the gate keeps it.
async fn kept_history(
    shared: &Shared,
    identity: &Identity,
    probe: &Probe<'_>,
) -> Result<Option<Bytes>, ApiError> {
    match &probe.previous_response_id {
        Some(id) => shared.kept.conversation(id, identity.key.id, shared.now()).await,
        None => Ok(None),
    }
}
