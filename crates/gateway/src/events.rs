//! Live events: what happens to requests, told to whoever listens, as it happens.
//!
//! Nobody waits for a listener. One that is slow loses the oldest events and is told how many. Without listeners a request
//! asks once, when it begins, whether there is one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde::Serialize;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tollgate_base::{AccountId, GroupId, KeyId, Money, RequestId, Timestamp, Usage, UserId};
use tollgate_protocol::Protocol;
use tollgate_routing::Attempt;
use tollgate_store::{StreamEnd, UsageRecord};

/// How many events a listener may be behind.
const BACKLOG: usize = 1_024;

/// Something that happened to a request.
///
/// In JSON it is one flat object: `request_id`, `at` (microseconds since 1970), `type`, and the fields of that type. No
/// prompts, answers, credentials or addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// The request, by the id that its caller and its usage record have.
    pub request_id: RequestId,
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum What {
    /// The request was let in.
    Start {
        /// Whose key.
        user_id: UserId,
        /// Which key.
        key_id: KeyId,
        /// The key's group.
        group_id: GroupId,
        /// The path that was called.
        endpoint: String,
        /// The caller's protocol.
        protocol: Protocol,
        /// The model as the caller wrote it.
        model: String,
        /// Whether a stream is asked for.
        stream: bool,
    },
    /// An account is asked.
    Attempt {
        /// Counts the request's attempts, from 1.
        number: u32,
        /// Which account.
        account_id: AccountId,
        /// The model by the provider's name.
        model: String,
        /// The protocol that is spoken with it.
        protocol: Protocol,
        /// Why it is its turn.
        reason: &'static str,
    },
    /// An account failed, and another one, or the same again, is asked next.
    Switch {
        /// Which failed.
        from: AccountId,
        /// Which is asked next.
        to: AccountId,
        /// Why, as an error's kind; `refusal` where a group falls back from one.
        why: &'static str,
    },
    /// The first of an answer has come.
    FirstByte {
        /// Since the request came in.
        elapsed_ms: u64,
    },
    /// The request is over, as its usage record says.
    End {
        /// The HTTP status.
        status: u16,
        /// How its stream ended.
        stream_end: StreamEnd,
        /// What went wrong.
        error_kind: Option<String>,
        /// The account that was asked last.
        account_id: Option<AccountId>,
        /// How many accounts were asked.
        attempts: u32,
        /// What it consumed.
        usage: Usage,
        /// Whether any of that is an estimate.
        estimated: bool,
        /// What it is charged.
        cost: Money,
        /// How long the caller waited for the first of the answer.
        first_byte_ms: Option<u64>,
        /// How long all of it took.
        total_ms: u64,
    },
}

/// The events of a gate.
pub(crate) struct Events {
    sender: broadcast::Sender<Arc<Event>>,
    listeners: AtomicUsize,
}

impl Default for Events {
    fn default() -> Self {
        Self { sender: broadcast::channel(BACKLOG).0, listeners: AtomicUsize::new(0) }
    }
}

impl Events {
    pub(crate) fn subscribe(self: &Arc<Self>) -> Subscription {
        self.listeners.fetch_add(1, Ordering::Relaxed);
        Subscription { receiver: self.sender.subscribe(), events: Arc::clone(self) }
    }

    fn has_listeners(&self) -> bool {
        self.listeners.load(Ordering::Relaxed) > 0
    }
}

/// What a listener hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// An event.
    Event(Arc<Event>),
    /// So many events are lost: the listener was too slow.
    Lost(u64),
}

/// A listener. It hears of requests that begin while it listens.
pub struct Subscription {
    receiver: broadcast::Receiver<Arc<Event>>,
    events: Arc<Events>,
}

impl Subscription {
    /// The next event, when there is one; `None` when there will be no more.
    pub async fn next(&mut self) -> Option<Heard> {
        match self.receiver.recv().await {
            Ok(event) => Some(Heard::Event(event)),
            Err(RecvError::Lagged(count)) => Some(Heard::Lost(count)),
            Err(RecvError::Closed) => None,
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.events.listeners.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A request that is watched.
pub(crate) struct Watch {
    events: Arc<Events>,
    started: Instant,
    failed: Option<(AccountId, &'static str)>,
}

impl Watch {
    /// Watches a request from its start, if anybody listens.
    pub(crate) fn begin(events: &Arc<Events>, record: &UsageRecord, started: Instant) -> Option<Box<Self>> {
        if !events.has_listeners() {
            return None;
        }
        let watch = Self { events: Arc::clone(events), started, failed: None };
        watch.tell(record, || What::Start {
            user_id: record.user_id,
            key_id: record.key_id,
            group_id: record.group_id,
            endpoint: record.endpoint.clone(),
            protocol: record.client_protocol,
            model: record.requested_model.clone(),
            stream: record.stream,
        });
        Some(Box::new(watch))
    }

    /// An account is about to be asked.
    pub(crate) fn attempt(&mut self, record: &UsageRecord, attempt: &Attempt<'_>) {
        if let Some((from, why)) = self.failed.take() {
            self.tell(record, || What::Switch { from, to: attempt.account.id, why });
        }
        self.tell(record, || What::Attempt {
            number: record.attempts,
            account_id: attempt.account.id,
            model: attempt.upstream_model.clone().into_owned(),
            protocol: attempt.protocol,
            reason: attempt.reason.as_str(),
        });
    }

    /// The account that was asked last did not serve.
    pub(crate) fn failed(&mut self, record: &UsageRecord, why: &'static str) {
        self.failed = record.account_id.map(|account| (account, why));
    }

    pub(crate) fn first_byte(&self, record: &UsageRecord, elapsed_ms: u64) {
        self.tell(record, || What::FirstByte { elapsed_ms });
    }

    pub(crate) fn end(&self, record: &UsageRecord) {
        self.tell(record, || What::End {
            status: record.status,
            stream_end: record.stream_end,
            error_kind: record.error_kind.clone(),
            account_id: record.account_id,
            attempts: record.attempts,
            usage: record.usage,
            estimated: record.estimated,
            cost: record.cost,
            first_byte_ms: record.first_byte_ms,
            total_ms: record.total_ms,
        });
    }

    fn tell(&self, record: &UsageRecord, what: impl FnOnce() -> What) {
        if self.events.has_listeners() {
            let at = record.at.after(self.started.elapsed());
            // That the last listener has just left is no error.
            let _ = self.events.sender.send(Arc::new(Event { request_id: record.id, at, what: what() }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(events: &Events, elapsed_ms: u64) {
        let what = What::FirstByte { elapsed_ms };
        let event = Event { request_id: RequestId::from_u128(1), at: Timestamp::from_micros(7), what };
        let _ = events.sender.send(Arc::new(event));
    }

    #[tokio::test]
    async fn a_slow_listener_is_told_what_it_lost() {
        let events = Arc::new(Events::default());
        let (mut slow, mut other) = (events.subscribe(), events.subscribe());
        let sent = BACKLOG as u64 + 100;
        for elapsed_ms in 0..sent {
            send(&events, elapsed_ms);
            assert!(matches!(other.next().await, Some(Heard::Event(_))), "the other one loses nothing");
        }
        let Some(Heard::Lost(lost)) = slow.next().await else { panic!("nothing was lost") };
        let Some(Heard::Event(first)) = slow.next().await else { panic!("no event") };
        assert_eq!(first.what, What::FirstByte { elapsed_ms: lost });
        assert!(lost >= 100, "{lost}");
    }

    #[test]
    fn listeners_are_counted() {
        let events = Arc::new(Events::default());
        assert!(!events.has_listeners());
        let listener = events.subscribe();
        assert!(events.has_listeners());
        drop(listener);
        assert!(!events.has_listeners());
    }

    #[tokio::test]
    async fn an_event_is_one_flat_object() {
        let events = Arc::new(Events::default());
        let mut listener = events.subscribe();
        send(&events, 5);
        let Some(Heard::Event(event)) = listener.next().await else { panic!("no event") };
        let id = RequestId::from_u128(1);
        let json = format!(r#"{{"request_id":"{id}","at":7,"type":"first_byte","elapsed_ms":5}}"#);
        assert_eq!(serde_json::to_string(&*event).unwrap(), json);
    }
}
