//! Requests kept as they came, for tests that look at what reached the provider.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};

/// A request as the sandbox received it.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The method, in capitals.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// All headers, credentials too.
    pub headers: HeaderMap,
    /// The body, byte for byte.
    pub body: Bytes,
}

/// How many bytes of bodies are kept; the oldest requests go first.
const MAX_BYTES: usize = 256 * 1024 * 1024;

#[derive(Debug, Default)]
pub(crate) struct Recorder {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    on: bool,
    limit: usize,
    bytes: usize,
    kept: VecDeque<Recorded>,
}

impl Recorder {
    pub(crate) fn new(on: bool, limit: usize) -> Self {
        Self { inner: Mutex::new(Inner { on, limit, ..Inner::default() }) }
    }

    fn with<T>(&self, apply: impl FnOnce(&mut Inner) -> T) -> T {
        apply(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn switch(&self, on: bool) {
        self.with(|inner| inner.on = on);
    }

    pub(crate) fn is_on(&self) -> bool {
        self.with(|inner| inner.on)
    }

    pub(crate) fn clear(&self) {
        self.with(|inner| (inner.kept, inner.bytes) = (VecDeque::new(), 0));
    }

    pub(crate) fn keep(&self, recorded: Recorded) {
        self.with(|inner| {
            inner.bytes += recorded.body.len();
            inner.kept.push_back(recorded);
            while inner.kept.len() > inner.limit || inner.bytes > MAX_BYTES {
                let Some(gone) = inner.kept.pop_front() else { break };
                inner.bytes -= gone.body.len();
            }
        });
    }

    pub(crate) fn all(&self) -> Vec<Recorded> {
        self.with(|inner| inner.kept.iter().cloned().collect())
    }
}

impl Recorded {
    /// For `GET /sandbox/requests`: the body as text, with the replacement character where it is no UTF-8.
    pub(crate) fn to_json(&self) -> Value {
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]));
        json!({
            "method": self.method,
            "path": self.path,
            "headers": headers.collect::<Vec<_>>(),
            "body": String::from_utf8_lossy(&self.body),
            "body_bytes": self.body.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_last_requests() {
        let recorder = Recorder::new(true, 2);
        for path in ["/a", "/b", "/c"] {
            recorder.keep(Recorded {
                method: "GET".to_owned(),
                path: path.to_owned(),
                headers: HeaderMap::new(),
                body: Bytes::new(),
            });
        }
        assert_eq!(recorder.all().iter().map(|one| one.path.as_str()).collect::<Vec<_>>(), ["/b", "/c"]);
        recorder.clear();
        assert!(recorder.all().is_empty() && recorder.is_on());
    }
}
