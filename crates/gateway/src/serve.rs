//! A request from its first header to its answer: which endpoint it names, and the phases in front of the upstream.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Request, Response, StatusCode};
use hyper::body::Incoming;
use tollgate_protocol::{ApiError, Dialect, Endpoint, ErrorKind, Probe, probe};

use crate::admit::{admit_model, admit_payment};
use crate::answer;
use crate::attempt::Call;
use crate::authenticate::{Identity, authenticate};
use crate::body;
use crate::draft::RequestTag;
use crate::generate::{Generation, generate};
use crate::respond::{self, AnswerStream};
use crate::route::{NoRoute, Route, dialect_of, route};
use crate::shape::Shape;
use crate::state::Shared;
use crate::verdict::Refused;
use crate::{client, count, figures, models, responses};

/// Answers one request.
pub(crate) async fn handle(
    shared: &Arc<Shared>,
    request: Request<Incoming>,
    peer: SocketAddr,
) -> Response<AnswerStream> {
    let started = Instant::now();
    let tag = RequestTag::new(shared.now());
    let (head, body) = request.into_parts();
    let found = route(&head.method, head.uri.path());
    let dialect = match &found {
        Ok(Route::Call(endpoint)) => endpoint.dialect(),
        _ => dialect_of(head.uri.path(), &head.headers),
    };
    let caller = Caller { tag, head, peer, dialect, started };
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
    match serve(shared, &mut caller, endpoint, body).await {
        Ok(response) => response,
        Err(Refused::Error(error)) => caller.refuse(&error),
        Err(Refused::Verbatim { status, headers, body, error }) => {
            if caller.dialect != endpoint.protocol().dialect() {
                return caller.refuse(&error);
            }
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            let headers = answer::answer_headers(&headers);
            respond::full(&caller.tag, status, headers, vec![body])
        }
    }
}

/// Phases 1 to 3, then on to the answer.
async fn serve(
    shared: &Arc<Shared>,
    caller: &mut Caller,
    endpoint: Endpoint,
    body: Incoming,
) -> Result<Response<AnswerStream>, Refused> {
    let live = shared.live();
    let address = caller.address(shared);
    let (identity, group) = match authenticate(shared, &live, caller.headers(), caller.dialect, address).await
    {
        Ok(authenticated) => authenticated,
        Err(error) => {
            body::discard(body, shared.config.max_body_bytes).await;
            return Err(error.into());
        }
    };
    let body = body::read(caller.headers(), body, &shared.config).await?;
    let probe = probe(&body, endpoint)?;
    let shape = Shape::of(endpoint, probe.style);
    caller.dialect = shape.dialect(endpoint);
    admit_model(&identity, &probe.model)?;
    admit_payment(&identity, group, shared.now())?;
    let history = kept_history(shared, &identity, &probe).await?;
    let call = Call {
        endpoint,
        headers: caller.headers(),
        body: &body,
        probe: &probe,
        key: identity.key.id,
        history,
    };
    if endpoint.counts_only() {
        return count::answer(shared, &live, caller, group, &call).await;
    }
    let request = Generation { live: &live, identity: &identity, group, address, call: &call, shape };
    generate(shared, caller, &request).await
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
