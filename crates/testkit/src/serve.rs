//! One request from its head to its answer.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use tollgate_base::Usage;

use crate::ask::Api;
use crate::body::SandboxBody;
use crate::connection::Handle;
use crate::control;
use crate::counts::{Outcome, Served, Ticket};
use crate::endpoints;
use crate::error::ProviderError;
use crate::record::Recorded;
use crate::respond::{self, Kind};
use crate::route::{self, Endpoint};
use crate::seal::Seal;
use crate::state::State;

/// A request with its whole body.
pub(crate) struct Call {
    pub(crate) state: Arc<State>,
    pub(crate) head: Parts,
    pub(crate) body: Bytes,
    pub(crate) endpoint: Endpoint,
    /// The response id or model name in the path.
    pub(crate) id: String,
    pub(crate) credential: String,
    pub(crate) request_id: String,
    pub(crate) handle: Handle,
}

/// Answers a request; an error closes the connection without an answer.
pub(crate) async fn handle(
    state: Arc<State>,
    handle: Handle,
    request: Request<Incoming>,
) -> io::Result<Response<SandboxBody>> {
    let (head, body) = request.into_parts();
    let (endpoint, id) = route::find(head.uri.path());
    let credential = credential(&head.headers, endpoint.api());
    let request_id = state.request_id();
    let mut call = Call { state, head, body: Bytes::new(), endpoint, id, credential, request_id, handle };
    match read_body(body, call.state.config.max_body_bytes).await? {
        Some(body) => call.body = body,
        None => return Ok(call.refuse(call.ticket(""), &too_large())),
    }
    if call.head.uri.path().starts_with("/sandbox/") {
        return Ok(control::answer(&call));
    }
    call.record();
    if let Err(error) = call.check_key() {
        return Ok(call.refuse(call.ticket(""), &error));
    }
    if let Some(fast) = &call.state.fast
        && let Some(response) = fast.answer(&call)
    {
        return Ok(response);
    }
    endpoints::answer(call).await
}

/// The whole body; `None` when it is too long, an error when the caller left.
async fn read_body(body: Incoming, limit: usize) -> io::Result<Option<Bytes>> {
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(Some(collected.to_bytes())),
        Err(error) if error.is::<LengthLimitError>() => Ok(None),
        Err(error) => Err(io::Error::other(error)),
    }
}

fn too_large() -> ProviderError {
    ProviderError {
        status: 413,
        message: "Request exceeds the maximum size".to_owned(),
        ..ProviderError::default()
    }
}

/// What the caller shows: either header; when both come, `x-api-key` on Messages and `Authorization` elsewhere.
fn credential(headers: &HeaderMap, api: Option<Api>) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let key = text("x-api-key");
    let bearer = text("authorization")
        .and_then(|value| value.strip_prefix("Bearer ").or(value.strip_prefix("bearer ")));
    let chosen = if api == Some(Api::Messages) { key.or(bearer) } else { bearer.or(key) };
    chosen.unwrap_or_default().to_owned()
}

impl Call {
    /// Counts the request.
    pub(crate) fn ticket(&self, model: &str) -> Ticket {
        let served = Served {
            request_id: self.request_id.clone(),
            idempotency_key: self.idempotency_key(),
            endpoint: self.endpoint.path().to_owned(),
            model: model.to_owned(),
            credential: self.credential.clone(),
            stream: false,
            status: 0,
            outcome: Outcome::Answered,
            usage: Usage::default(),
        };
        Ticket::open(&self.state.ledger, self.endpoint, served)
    }

    fn idempotency_key(&self) -> Option<String> {
        let names = ["idempotency-key", "x-client-request-id", "x-request-id"];
        let value = names.iter().find_map(|name| self.head.headers.get(*name))?;
        value.to_str().ok().map(str::to_owned)
    }

    fn record(&self) {
        if !self.state.recorder.is_on() {
            return;
        }
        self.state.recorder.keep(Recorded {
            method: self.head.method.to_string(),
            path: self.head.uri.path_and_query().map_or_else(String::new, ToString::to_string),
            headers: self.head.headers.clone(),
            body: self.body.clone(),
        });
    }

    /// What the caller's reasoning is sealed with.
    pub(crate) fn seal(&self) -> Seal {
        Seal { seed: self.state.config.seed, credential: self.credential.clone() }
    }

    fn check_key(&self) -> Result<(), ProviderError> {
        let Some(wanted) = &self.state.config.api_key else {
            return Ok(());
        };
        if *wanted == self.credential || self.endpoint == Endpoint::Hello {
            return Ok(());
        }
        let message = match (self.endpoint.api(), self.credential.is_empty()) {
            (Some(Api::Messages), true) => "x-api-key header is required",
            (Some(Api::Messages), false) => "invalid x-api-key",
            (_, true) => "You didn't provide an API key.",
            (_, false) => "Incorrect API key provided.",
        };
        let error = ProviderError { status: 401, message: message.to_owned(), ..ProviderError::default() };
        Err(error.code("invalid_api_key"))
    }

    /// The dialect of errors where the endpoint belongs to no protocol: by the header only Anthropic's clients send.
    pub(crate) fn dialect(&self) -> Api {
        let anthropic = self.head.headers.contains_key("anthropic-version");
        self.endpoint.api().unwrap_or(if anthropic { Api::Messages } else { Api::Chat })
    }

    /// An error answer.
    pub(crate) fn refuse(&self, mut ticket: Ticket, error: &ProviderError) -> Response<SandboxBody> {
        let api = self.dialect();
        ticket.set(error.status, false, Usage::default(), Outcome::Refused);
        let body = SandboxBody::whole(error.body(api, &self.request_id), self.handle.clone(), Some(ticket));
        respond::response(Some(api), error.status, Kind::Json, &self.request_id, body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_credential_is_found_in_either_header() {
        let headers = |pairs: &[(&'static str, &'static str)]| -> HeaderMap {
            pairs
                .iter()
                .map(|(name, value)| {
                    (http::HeaderName::from_static(name), http::HeaderValue::from_static(value))
                })
                .collect()
        };
        let both = headers(&[("x-api-key", "a"), ("authorization", "Bearer b")]);
        assert_eq!(credential(&both, Some(Api::Messages)), "a");
        assert_eq!(credential(&both, Some(Api::Chat)), "b");
        assert_eq!(credential(&headers(&[("x-api-key", "a")]), Some(Api::Chat)), "a");
        assert_eq!(credential(&headers(&[("authorization", "Bearer b")]), Some(Api::Messages)), "b");
        assert_eq!(credential(&HeaderMap::new(), None), "");
    }
}
