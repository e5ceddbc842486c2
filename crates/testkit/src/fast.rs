//! Prepared answers, for benchmarks: the request is looked at, not read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use memchr::memmem;
use tollgate_base::Usage;

use crate::SandboxConfig;
use crate::answer::{Answer, Part, Stop};
use crate::ask::{Api, Ask};
use crate::body::{Prepared, SandboxBody};
use crate::counts::{Outcome, Ticket};
use crate::directive::{Bench, Faults, Shape};
use crate::reading::Body;
use crate::respond::{self, Kind};
use crate::route::Endpoint;
use crate::seal::Seal;
use crate::seed::Rng;
use crate::serve::Call;
use crate::wire::{self, Step};
use crate::{chat, messages, responses};

/// How much of each end of a body is looked at.
const WINDOW_BYTES: usize = 2048;
/// How many prepared answers are kept; beyond it all are made anew.
const MAX_PREPARED: usize = 1024;
/// Words in a prepared plain answer.
const PLAIN_WORDS: usize = 20;
/// What every prepared answer reports.
const USAGE: Usage = Usage { input_tokens: 256, output_tokens: 64, ..Usage::NONE };

type PreparedKey = (Api, String, Option<usize>);

/// Prepared answers by protocol, model and number of events (none: a plain answer).
#[derive(Debug)]
pub(crate) struct Fast {
    prepared: Mutex<HashMap<PreparedKey, Arc<[Bytes]>>>,
    events: usize,
    interval: Duration,
    seed: u64,
}

/// What a glance at the body tells.
#[derive(Debug, Default, PartialEq, Eq)]
struct Glance {
    model: String,
    stream: bool,
    bench: Bench,
}

impl Fast {
    pub(crate) fn new(config: &SandboxConfig) -> Self {
        Self {
            prepared: Mutex::default(),
            events: config.fast_events,
            interval: config.fast_interval,
            seed: config.seed,
        }
    }

    /// The prepared answer of a request that generates; `None` for other endpoints.
    pub(crate) fn answer(&self, call: &Call) -> Option<Response<SandboxBody>> {
        if !matches!(call.endpoint, Endpoint::Messages | Endpoint::Chat | Endpoint::Responses) {
            return None;
        }
        let glance = glance(&call.body);
        let ticket = call.ticket(&glance.model);
        Some(self.prepared(call, &glance.model, glance.stream, glance.bench, ticket))
    }

    /// A prepared answer.
    pub(crate) fn prepared(
        &self,
        call: &Call,
        model: &str,
        stream: bool,
        bench: Bench,
        mut ticket: Ticket,
    ) -> Response<SandboxBody> {
        let api = call.dialect();
        ticket.set(200, stream, USAGE, Outcome::Answered);
        let (kind, body) = if stream {
            let frames = self.frames(api, model, Some(bench.events.unwrap_or(self.events)));
            let prepared = Prepared::new(frames, bench.interval.unwrap_or(self.interval));
            (Kind::Stream, SandboxBody::prepared(prepared, call.handle.clone(), Some(ticket)))
        } else {
            let frames = self.frames(api, model, None);
            let whole = frames.first().cloned().unwrap_or_default();
            (Kind::Json, SandboxBody::whole(whole, call.handle.clone(), Some(ticket)))
        };
        respond::response(Some(api), 200, kind, &call.request_id, body)
    }

    fn frames(&self, api: Api, model: &str, events: Option<usize>) -> Arc<[Bytes]> {
        let key = (api, model.to_owned(), events);
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(frames) = prepared.get(&key) {
            return Arc::clone(frames);
        }
        if prepared.len() >= MAX_PREPARED {
            prepared.clear();
        }
        let frames = self.make(api, model, events);
        prepared.insert(key, Arc::clone(&frames));
        frames
    }

    fn make(&self, api: Api, model: &str, events: Option<usize>) -> Arc<[Bytes]> {
        let mut rng = Rng::new(self.seed);
        let words = (0..events.unwrap_or(PLAIN_WORDS)).map(|_| format!("{} ", rng.words(1))).collect();
        let answer = Answer {
            id_state: self.seed,
            seal: Seal::default(),
            parts: vec![Part::Text(words)],
            stop: Stop::EndTurn,
            stop_sequence: None,
            usage: USAGE,
        };
        let ask = Ask {
            model: model.to_owned(),
            stream: events.is_some(),
            n: 1,
            include_usage: true,
            ..Ask::default()
        };
        let (body, shape) = (Body::new(), Shape::default());
        if events.is_none() {
            let json = match api {
                Api::Messages => messages::json(&ask, &answer, &shape),
                Api::Chat => chat::json(&ask, &answer, &shape),
                Api::Responses => responses::json(&ask, &answer, &body, &shape, None).1,
            };
            return Arc::from([Bytes::from(json)]);
        }
        let all = match api {
            Api::Messages => messages::events(&ask, &answer, &shape),
            Api::Chat => chat::events(&ask, &answer, &shape),
            Api::Responses => responses::events(&ask, &answer, &body, &shape),
        };
        let stream = wire::stream_steps(api, all, &Faults::default(), |_| Vec::new());
        stream
            .steps
            .into_iter()
            .filter_map(|step| if let Step::Send(bytes) = step { Some(bytes) } else { None })
            .collect()
    }
}

/// Model, stream and directives, as far as they stand near an end of the body.
fn glance(body: &[u8]) -> Glance {
    let head = &body[..body.len().min(WINDOW_BYTES)];
    let tail = &body[body.len().saturating_sub(WINDOW_BYTES).max(head.len())..];
    let ends = [head, tail];
    let find = |name: &str| ends.iter().find_map(|end| after(end, name));
    let member =
        |name: &str| find(name).map(|rest| rest.trim_ascii_start()).and_then(|rest| rest.strip_prefix(b":"));
    let number = |name: &str| find(name).and_then(leading_number);
    let model = member("\"model\"").map(<[u8]>::trim_ascii_start).and_then(|rest| rest.strip_prefix(b"\""));
    let model = model.and_then(|rest| rest.split(|byte| *byte == b'"').next()).unwrap_or(b"sandbox");
    let mut glance = Glance {
        model: String::from_utf8_lossy(model).into_owned(),
        stream: member("\"stream\"").is_some_and(|rest| rest.trim_ascii_start().starts_with(b"true")),
        bench: Bench::default(),
    };
    if find("[[sandbox").is_some() {
        glance.bench.events = number("events=").and_then(|events| usize::try_from(events).ok());
        glance.bench.interval = number("interval_us=").map(Duration::from_micros);
    }
    glance
}

/// What follows the first `name`.
fn after<'a>(bytes: &'a [u8], name: &str) -> Option<&'a [u8]> {
    memmem::find(bytes, name.as_bytes()).map(|at| &bytes[at + name.len()..])
}

fn leading_number(bytes: &[u8]) -> Option<u64> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&bytes[..digits]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glance_finds_members_at_both_ends() {
        let long = "x".repeat(10_000);
        let body = format!(
            r#"{{"model": "gpt-5.5", "input":"{long} [[sandbox events=7 interval_us=250]]", "stream" : true}}"#
        );
        let expected = Glance {
            model: "gpt-5.5".to_owned(),
            stream: true,
            bench: Bench { events: Some(7), interval: Some(Duration::from_micros(250)) },
        };
        assert_eq!(glance(body.as_bytes()), expected);
        assert_eq!(glance(b"{}").model, "sandbox");
        assert!(!glance(br#"{"stream":false}"#).stream);
    }

    #[test]
    fn prepared_streams_have_the_asked_events() {
        let fast = Fast::new(&SandboxConfig::default());
        // message_start, block start, 7 deltas, block stop, message_delta, message_stop
        assert_eq!(fast.frames(Api::Messages, "m", Some(7)).len(), 12);
        assert_eq!(fast.frames(Api::Chat, "m", None).len(), 1);
    }
}
