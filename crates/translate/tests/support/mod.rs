//! What the property tests share: checkers of each protocol's grammar, accumulators as the SDKs have them, and
//! generated answers.

pub(crate) mod chat;
pub(crate) mod messages;
pub(crate) mod responses;
pub(crate) mod said;

use bytes::Bytes;
use serde_json::Value;
use tollgate_protocol::Protocol;
use tollgate_translate::{AnswerContext, StreamTranslator, TranslateError};

pub(crate) fn ctx(include_usage: bool) -> AnswerContext {
    AnswerContext {
        model: "m".to_owned(),
        created_at_s: 7,
        request_id: "req_1".to_owned(),
        include_usage,
        ..AnswerContext::default()
    }
}

/// One frame of a stream as read: the event's name and its data; comments are left out.
pub(crate) type Event = (String, String);

/// Reads well-formed frames; panics on bytes that are left over.
pub(crate) fn events(bytes: &[u8]) -> Vec<Event> {
    let mut decoder = tollgate_sse::Decoder::new(usize::MAX / 4);
    decoder.push(Bytes::copy_from_slice(bytes)).unwrap();
    let mut events = Vec::new();
    while let Some(frame) = decoder.next_frame() {
        if frame.has_data {
            let data = String::from_utf8(frame.data.to_vec()).unwrap();
            events.push((frame.event_str().to_owned(), data));
        }
    }
    assert_eq!(decoder.pending(), 0, "an unfinished frame was written");
    events
}

/// What a translator made of a stream.
pub(crate) struct Made {
    pub(crate) events: Vec<Event>,
    pub(crate) ended: bool,
    pub(crate) failure: Option<TranslateError>,
}

pub(crate) fn translate(from: Protocol, to: Protocol, frames: &[Event]) -> Made {
    let mut translator = StreamTranslator::new(from, to, ctx(true), None);
    let mut out = Vec::new();
    let mut failure = None;
    for (event, data) in frames {
        let result = translator.frame(event, data.as_bytes(), &mut out);
        failure = failure.or(result.err());
    }
    let before = out.len();
    let ended = translator.on_eof(&mut out);
    assert!(ended || out.len() == before, "a cut stream was written to");
    assert!(!(ended && failure.is_some()), "a failed stream ended well");
    Made { events: events(&out), ended, failure }
}

/// Frames as bytes of a stream.
pub(crate) fn bytes(frames: &[Event]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (event, data) in frames {
        tollgate_sse::write_event(&mut bytes, Some(event), data.as_bytes());
    }
    bytes
}

pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
