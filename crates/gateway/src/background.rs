//! Background responses: the caller has an id, the provider is still at work, and what it uses is known later.
//!
//! Such a request stays open here until the provider says that it is done, and is settled then. A caller who asks for
//! the response, or deletes it, makes the gate look at once.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method};
use serde::Deserialize;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tollgate_protocol::{Endpoint, Observed, Protocol, observe_answer};
use tollgate_store::StreamEnd;
use tollgate_upstream::RequestHead;

use crate::destination::{Destination, upstream_headers};
use crate::draft::{Draft, Ending};
use crate::exchange::{self, STATUS_OK};
use crate::state::Shared;

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How long a response may take; what is not done by then is settled as unknown.
const LONGEST_WORK: Duration = Duration::from_secs(2 * 3600);
/// How long a caller's deletion waits for the settlement of what it deletes.
const DELETION_WAIT: Duration = Duration::from_secs(5);

/// The responses that are at work, by id.
#[derive(Default)]
pub(crate) struct AtWork(papaya::HashMap<String, Arc<Watched>>);

#[derive(Default)]
struct Watched {
    look: Notify,
    settled: CancellationToken,
}

impl AtWork {
    /// Has the response looked at now, because its caller did.
    pub(crate) fn look(&self, id: &str) {
        if let Some(watched) = self.0.pin().get(id) {
            watched.look.notify_one();
        }
    }

    /// As [`look`](Self::look), and waits a little for it to be settled: behind a deletion there is nothing to look at.
    pub(crate) async fn settle_before_deletion(&self, id: &str) {
        let Some(watched) = self.0.pin().get(id).cloned() else { return };
        watched.look.notify_one();
        // A response still at work is deleted all the same; its record says that its cost is unknown.
        let _ = tokio::time::timeout(DELETION_WAIT, watched.settled.cancelled()).await;
    }
}

/// Whether the answer is that of a response still at work.
pub(crate) fn is_at_work(protocol: Protocol, body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Stage<'a> {
        #[serde(borrow)]
        status: Option<&'a str>,
    }
    protocol == Protocol::Responses
        && serde_json::from_slice::<Stage<'_>>(body)
            .is_ok_and(|stage| matches!(stage.status, Some("queued" | "in_progress")))
}

/// Settles a response when its provider is done with it.
pub(crate) fn settle_later(
    shared: Arc<Shared>,
    destination: Arc<Destination>,
    sent: HeaderMap,
    observed: Observed,
    draft: Draft,
) {
    let Some(id) = observed.id.clone() else { return };
    draft.announce(&id);
    let watched = Arc::new(Watched::default());
    shared.at_work.0.pin().insert(id.clone(), Arc::clone(&watched));
    tokio::spawn(async move {
        let done = watch(&shared, &destination, &sent, &id, &watched).await;
        draft.close(Ending::observed(STATUS_OK, StreamEnd::None, done.unwrap_or(observed)));
        shared.at_work.0.pin().remove(&id);
        watched.settled.cancel();
    });
}

/// Looks again and again; `None` if the end was not seen.
async fn watch(
    shared: &Shared,
    destination: &Destination,
    sent: &HeaderMap,
    id: &str,
    watched: &Watched,
) -> Option<Observed> {
    let deadline = Instant::now() + LONGEST_WORK;
    let mut pause = FIRST_PAUSE;
    while Instant::now() < deadline {
        tokio::select! {
            () = shared.ending.cancelled() => return None,
            () = watched.look.notified() => {}
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
        }
        match fetch(shared, destination, sent, id).await {
            Some(body) if !is_at_work(Protocol::Responses, &body) => {
                return observe_answer(Protocol::Responses, &body).ok();
            }
            // Not done, or not to be had at the moment.
            _ => {}
        }
    }
    None
}

async fn fetch(shared: &Shared, destination: &Destination, sent: &HeaderMap, id: &str) -> Option<Bytes> {
    let (endpoint, path) = destination.route(Endpoint::Responses)?;
    let head = RequestHead {
        method: Method::GET,
        path_and_query: PathAndQuery::try_from(format!("{path}/{id}")).ok()?,
        headers: upstream_headers(sent, Protocol::Responses, destination),
    };
    let (status, _, body) = exchange::fetch(shared, endpoint, head, Vec::new()).await.ok()?;
    status.is_success().then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_responses_are_at_work() {
        for (protocol, body, expected) in [
            (Protocol::Responses, r#"{"id":"r","status":"queued"}"#, true),
            (Protocol::Responses, r#"{"status":"in_progress","id":"r"}"#, true),
            (Protocol::Responses, r#"{"status":"completed"}"#, false),
            (Protocol::Responses, r#"{"status":null}"#, false),
            (Protocol::Responses, "not json", false),
            (Protocol::Chat, r#"{"status":"queued"}"#, false),
        ] {
            assert_eq!(is_at_work(protocol, body.as_bytes()), expected, "{body}");
        }
    }
}
