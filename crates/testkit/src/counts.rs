//! What the sandbox served, by its own count.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tollgate_base::Usage;

use crate::ask::Api;
use crate::route::Endpoint;

/// A snapshot of everything counted since the start or the last reset. Requests to `/sandbox/...` are not counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// All requests.
    pub total: Tally,
    /// By protocol: `messages`, `chat`, `responses`.
    pub protocols: BTreeMap<String, Tally>,
    /// By path, with `{id}` for ids; `other` for paths that do not exist.
    pub endpoints: BTreeMap<String, Tally>,
    /// By the credential the caller showed; empty for none.
    pub credentials: BTreeMap<String, Tally>,
    /// By the model the request named; empty for none.
    pub models: BTreeMap<String, Tally>,
    /// The last finished requests, oldest first.
    pub served: Vec<Served>,
}

/// Requests by how they ended, and the tokens in them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Requests whose body was read.
    pub received: u64,
    /// Answers sent to their end.
    pub answered: u64,
    /// Answers with an error status.
    pub refused: u64,
    /// Answers that the sandbox broke off: reset, ended early or ended with an error event.
    pub cut: u64,
    /// Answers whose caller left before their end.
    pub abandoned: u64,
    /// Tokens of the answered requests.
    pub usage: Usage,
    /// Tokens that cut and abandoned answers would have reported.
    pub unfinished: Usage,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Sent to its end.
    Answered,
    /// An error status.
    Refused,
    /// Broken off by the sandbox.
    Cut,
    /// The caller left first.
    Abandoned,
}

/// One finished request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Served {
    /// What the answer's `request-id` or `x-request-id` said.
    pub request_id: String,
    /// The caller's `idempotency-key`, or else its `x-client-request-id` or `x-request-id`.
    pub idempotency_key: Option<String>,
    /// The path, as in [`Counts::endpoints`].
    pub endpoint: String,
    /// The model the request named.
    pub model: String,
    /// The credential the caller showed.
    pub credential: String,
    /// Whether the answer was a stream.
    pub stream: bool,
    /// The HTTP status; 0 when the connection was closed without one.
    pub status: u16,
    /// How it ended.
    pub outcome: Outcome,
    /// What the answer reports, or would have reported.
    pub usage: Usage,
}

/// How many credentials and models are told apart; what comes later is counted in the totals only.
const MAX_NAMES: usize = 4096;

#[derive(Debug, Default)]
struct Inner {
    total: Tally,
    protocols: [Tally; Api::ALL.len()],
    endpoints: [Tally; Endpoint::ALL.len()],
    credentials: HashMap<String, Tally>,
    models: HashMap<String, Tally>,
    served: VecDeque<Served>,
}

/// Where requests are counted.
#[derive(Debug)]
pub(crate) struct Ledger {
    inner: Mutex<Inner>,
    log_limit: usize,
}

impl Ledger {
    pub(crate) fn new(log_limit: usize) -> Self {
        Self { inner: Mutex::default(), log_limit }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn reset(&self) {
        *self.lock() = Inner::default();
    }

    pub(crate) fn snapshot(&self) -> Counts {
        let inner = self.lock();
        let used = |tally: &&Tally| **tally != Tally::default();
        let named = |(name, tally): (&str, &Tally)| (name.to_owned(), tally.clone());
        let protocols = Api::ALL.iter().map(|api| api.name()).zip(&inner.protocols);
        let endpoints = Endpoint::ALL.iter().map(|endpoint| endpoint.path()).zip(&inner.endpoints);
        Counts {
            total: inner.total.clone(),
            protocols: protocols.filter(|(_, tally)| used(tally)).map(named).collect(),
            endpoints: endpoints.filter(|(_, tally)| used(tally)).map(named).collect(),
            credentials: inner
                .credentials
                .iter()
                .map(|(name, tally)| (name.clone(), tally.clone()))
                .collect(),
            models: inner.models.iter().map(|(name, tally)| (name.clone(), tally.clone())).collect(),
            served: inner.served.iter().cloned().collect(),
        }
    }

    fn end(&self, endpoint: Endpoint, served: Served) {
        let mut inner = self.lock();
        inner.each(endpoint, &served.credential, &served.model, |tally| {
            tally.end(served.outcome, &served.usage);
        });
        if self.log_limit == 0 {
            return;
        }
        if inner.served.len() >= self.log_limit {
            inner.served.pop_front();
        }
        inner.served.push_back(served);
    }
}

impl Inner {
    fn each(&mut self, endpoint: Endpoint, credential: &str, model: &str, mut apply: impl FnMut(&mut Tally)) {
        apply(&mut self.total);
        apply(&mut self.endpoints[endpoint as usize]);
        if let Some(api) = endpoint.api() {
            apply(&mut self.protocols[api as usize]);
        }
        for (names, name) in [(&mut self.credentials, credential), (&mut self.models, model)] {
            if let Some(tally) = names.get_mut(name) {
                apply(tally);
            } else if names.len() < MAX_NAMES {
                apply(names.entry(name.to_owned()).or_default());
            }
        }
    }
}

impl Tally {
    fn end(&mut self, outcome: Outcome, usage: &Usage) {
        match outcome {
            Outcome::Answered => {
                self.answered += 1;
                add(&mut self.usage, usage);
            }
            Outcome::Refused => self.refused += 1,
            Outcome::Cut => {
                self.cut += 1;
                add(&mut self.unfinished, usage);
            }
            Outcome::Abandoned => {
                self.abandoned += 1;
                add(&mut self.unfinished, usage);
            }
        }
    }
}

fn add(sum: &mut Usage, more: &Usage) {
    sum.input_tokens += more.input_tokens;
    sum.output_tokens += more.output_tokens;
    sum.cache_write_5m_tokens += more.cache_write_5m_tokens;
    sum.cache_write_1h_tokens += more.cache_write_1h_tokens;
    sum.cache_read_tokens += more.cache_read_tokens;
    sum.reasoning_tokens += more.reasoning_tokens;
    sum.web_search_calls += more.web_search_calls;
}

/// A request that is being answered; dropped before its end it counts as abandoned.
#[derive(Debug)]
pub(crate) struct Ticket {
    ledger: Arc<Ledger>,
    endpoint: Endpoint,
    served: Option<Served>,
    at_end: Outcome,
}

impl Ticket {
    /// Counts the request as received.
    pub(crate) fn open(ledger: &Arc<Ledger>, endpoint: Endpoint, served: Served) -> Self {
        ledger.lock().each(endpoint, &served.credential, &served.model, |tally| tally.received += 1);
        let at_end = served.outcome;
        Self { ledger: Arc::clone(ledger), endpoint, served: Some(served), at_end }
    }

    /// What is known once the answer is.
    pub(crate) fn set(&mut self, status: u16, stream: bool, usage: Usage, at_end: Outcome) {
        self.at_end = at_end;
        if let Some(served) = &mut self.served {
            (served.status, served.stream, served.usage) = (status, stream, usage);
        }
    }

    /// The answer went out to its end, good or bad.
    pub(crate) fn end(&mut self) {
        self.end_as(self.at_end);
    }

    /// The answer ended so.
    pub(crate) fn end_as(&mut self, outcome: Outcome) {
        if let Some(served) = self.served.take() {
            self.ledger.end(self.endpoint, Served { outcome, ..served });
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.end_as(Outcome::Abandoned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(ledger: &Arc<Ledger>, id: u64) -> Ticket {
        let served = Served {
            request_id: format!("req_{id}"),
            idempotency_key: None,
            endpoint: Endpoint::Chat.path().to_owned(),
            model: "m".to_owned(),
            credential: "k".to_owned(),
            stream: false,
            status: 200,
            outcome: Outcome::Answered,
            usage: Usage { input_tokens: 3, ..Usage::default() },
        };
        Ticket::open(ledger, Endpoint::Chat, served)
    }

    #[test]
    fn every_request_ends_once() {
        let ledger = Arc::new(Ledger::new(2));
        let mut answered = ticket(&ledger, 1);
        answered.end();
        answered.end_as(Outcome::Cut);
        drop(answered);
        drop(ticket(&ledger, 2));
        ticket(&ledger, 3).end_as(Outcome::Cut);
        let counts = ledger.snapshot();
        let tally = &counts.credentials["k"];
        assert_eq!((tally.received, tally.answered, tally.abandoned, tally.cut), (3, 1, 1, 1));
        assert_eq!((tally.usage.input_tokens, tally.unfinished.input_tokens), (3, 6));
        assert_eq!(counts.models["m"], counts.total);
        assert_eq!(counts.protocols["chat"], counts.endpoints["/v1/chat/completions"]);
        assert_eq!(
            counts.served.iter().map(|one| one.request_id.as_str()).collect::<Vec<_>>(),
            ["req_2", "req_3"]
        );
        ledger.reset();
        assert_eq!(ledger.snapshot(), Counts::default());
    }
}
