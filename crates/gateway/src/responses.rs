//! Calls on a stored response: they go to the account that made it, and only its own key may make them.

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Method, Response, StatusCode};
use hyper::body::Incoming;
use tollgate_protocol::{ApiError, ErrorKind, Protocol, read_upstream_error};
use tollgate_routing::{ApiKey, ResponseSub, UpstreamPath};
use tollgate_store::ResponseOwner;

use crate::answer::answer_headers;
use crate::authenticate::{authenticate, store_error};
use crate::body;
use crate::destination::upstream_headers;
use crate::exchange::fetch;
use crate::respond::{self, AnswerStream};
use crate::route::StoredAction;
use crate::serve::Caller;
use crate::state::Shared;

/// Answers a call on the stored response `id`.
pub(crate) async fn answer(
    shared: &Shared,
    caller: &Caller,
    id: &str,
    action: StoredAction,
    body: Incoming,
) -> Response<AnswerStream> {
    match forward(shared, caller, id, action, body).await {
        Ok(response) => response,
        Err(error) => caller.refuse(&error),
    }
}

async fn forward(
    shared: &Shared,
    caller: &Caller,
    id: &str,
    action: StoredAction,
    body: Incoming,
) -> Result<Response<AnswerStream>, ApiError> {
    let live = shared.live();
    let address = caller.address(shared);
    let (identity, _) = authenticate(shared, &live, caller.headers(), caller.dialect, address).await?;
    let body = body::read(caller.headers(), body, &shared.config).await?;
    if let Some(kept) = shared.kept.find(id, identity.key.id, shared.now()).await? {
        return Ok(respond::json(&caller.tag, shared.kept.answer(&kept, action).await?));
    }
    let owner = owner_for(shared, &identity.key, id).await?;
    let owner = owner.ok_or_else(|| ApiError::about(ErrorKind::ResponseNotFound, id))?;
    if action == StoredAction::Delete {
        shared.at_work.settle_before_deletion(id).await;
    }
    let gone = || ApiError::of(ErrorKind::NoAccount);
    let account = live.catalog.account(&owner.account_id).ok_or_else(gone)?;
    let destination = live.destinations.get(&owner.account_id).ok_or_else(gone)?;
    let endpoint = destination.responses_endpoint().ok_or_else(gone)?;
    let (method, sub) = match action {
        StoredAction::Get => (Method::GET, None),
        StoredAction::Delete => (Method::DELETE, None),
        StoredAction::Cancel => (Method::POST, Some(ResponseSub::Cancel)),
        StoredAction::InputItems => (Method::GET, Some(ResponseSub::InputItems)),
    };
    let url = account.url_for(Protocol::Responses, &UpstreamPath::Response { id, sub }).ok_or_else(gone)?;
    let head = tollgate_upstream::RequestHead {
        method,
        path_and_query: path_with_query(&url, caller.head.uri.query())?,
        headers: upstream_headers(caller.headers(), Protocol::Responses, destination),
    };
    let body = if body.is_empty() { Vec::new() } else { vec![body] };
    let (status, headers, body) = fetch(shared, endpoint, head, body).await?;
    finish(shared, caller, id, action, status, &headers, body).await
}

async fn finish(
    shared: &Shared,
    caller: &Caller,
    id: &str,
    action: StoredAction,
    status: StatusCode,
    headers: &http::HeaderMap,
    body: Bytes,
) -> Result<Response<AnswerStream>, ApiError> {
    if !status.is_success() {
        let read = read_upstream_error(Protocol::Responses, status.as_u16(), &body);
        if status.as_u16() != 404 || !read.native {
            return Err(ApiError::from_upstream(status.as_u16(), &read));
        }
    }
    shared.at_work.look(id);
    if status.is_success() && action == StoredAction::Delete {
        // Marked rather than removed: its owner may still be on its way to the store.
        if let Some(owner) = shared.response_owners.get(id) {
            let forgotten = ResponseOwner { expires_at: shared.now(), ..owner };
            shared.response_owners.insert(id.to_owned(), forgotten);
        }
        shared.store.forget_response(id).await.map_err(store_error)?;
    }
    Ok(respond::full(&caller.tag, status, answer_headers(headers), vec![body]))
}

/// Who made the response, if it was made for this key and is still known.
pub(crate) async fn owner_for(
    shared: &Shared,
    key: &ApiKey,
    id: &str,
) -> Result<Option<ResponseOwner>, ApiError> {
    let owner = match shared.response_owners.get(id) {
        Some(owner) => Some(owner),
        None => shared.store.find_response(id).await.map_err(store_error)?,
    };
    match owner {
        // To anyone else it does not exist.
        Some(owner) if owner.key_id != key.id => Err(ApiError::about(ErrorKind::ResponseNotFound, id)),
        Some(owner) if owner.expires_at <= shared.now() => Ok(None),
        owner => Ok(owner),
    }
}

fn path_with_query(url: &str, query: Option<&str>) -> Result<PathAndQuery, ApiError> {
    let internal = |_| ApiError::of(ErrorKind::Internal);
    let uri: http::Uri = url.parse().map_err(|_| ApiError::of(ErrorKind::Internal))?;
    match query {
        Some(query) => format!("{}?{query}", uri.path()).parse().map_err(internal),
        None => uri.path().parse().map_err(internal),
    }
}
