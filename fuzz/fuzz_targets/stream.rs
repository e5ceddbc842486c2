//! Whatever an upstream streams, what goes out keeps the rules of the caller's protocol, ends as the upstream's stream
//! ended, and does not depend on how the bytes came.
//!
//! The first byte chooses the protocols, the second whether usage is asked for and where the stream is cut.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tollgate_protocol::Protocol::{Chat, Messages};
use tollgate_protocol::{ApiError, ErrorKind, Protocol, StreamErrorContext, render_stream_event};
use tollgate_sse::Decoder;
use tollgate_translate::grammar::{Ended, Grammar};
use tollgate_translate::{AnswerContext, StreamTranslator};

/// From what the upstream speaks to what the caller speaks.
const PAIRS: &[(Protocol, Protocol)] = &[(Messages, Chat), (Chat, Messages)];

const FRAME_LIMIT_BYTES: usize = 1 << 20;

fuzz_target!(|input: &[u8]| {
    let [pair, seed, stream @ ..] = input else { return };
    let (from, to) = PAIRS[usize::from(*pair) % PAIRS.len()];
    let include_usage = seed & 1 == 1;
    let whole = translate(from, to, include_usage, &[Bytes::copy_from_slice(stream)]);
    for seed in [*seed, 0] {
        let pieces = translate(from, to, include_usage, &cut(stream, seed));
        assert_eq!(pieces, whole, "another answer for other chunks");
    }
    let good = keeps(from, stream, Grammar::new(from)) == Some(Ended::Well);
    assert!(!good || whole.1, "a good stream did not end well");
    check(to, &whole, good);
});

/// What goes out, and whether it ended well.
type Made = (Vec<u8>, bool);

fn translate(from: Protocol, to: Protocol, include_usage: bool, chunks: &[Bytes]) -> Made {
    let ctx = AnswerContext {
        model: "model".to_owned(),
        created_at_s: 7,
        request_id: "req_1".to_owned(),
        include_usage,
    };
    let mut translator = StreamTranslator::new(from, to, ctx).expect("the pair is translated");
    let mut decoder = Decoder::new(FRAME_LIMIT_BYTES);
    let mut out = Vec::new();
    for chunk in chunks {
        decoder.push(chunk.clone()).expect("the input is shorter than a frame may be");
        while let Some(frame) = decoder.next_frame() {
            if translator.frame(frame.event_str(), &frame.data, &mut out).is_err() {
                return (out, false);
            }
        }
    }
    let written = out.len();
    let ended = translator.on_eof(&mut out);
    assert!(ended || out.len() == written, "a stream that was cut has been written to");
    (out, ended)
}

/// Holds what went out against the grammar, with the gate's error event where it did not end well.
fn check(to: Protocol, (out, ended): &Made, good: bool) {
    let mut out = out.clone();
    if !ended {
        let error = ApiError::of(ErrorKind::UpstreamInvalid);
        out.extend(render_stream_event(&error, to.dialect(), "req_1", &shown(to, &out)));
    }
    // What a bad upstream gives as a tool's input is passed on.
    let grammar = if good { Grammar::new(to) } else { Grammar::new(to).with_any_input() };
    let wanted = if *ended { Ended::Well } else { Ended::WithError };
    let text = || String::from_utf8_lossy(&out).into_owned();
    assert_eq!(keeps(to, &out, grammar), Some(wanted), "{}", text());
}

/// How a stream ends that keeps all rules.
fn keeps(protocol: Protocol, stream: &[u8], mut grammar: Grammar) -> Option<Ended> {
    for (event, data) in frames(stream)? {
        let kept = grammar.frame(&event, &data);
        if let Err(broken) = kept {
            explain(protocol, &broken.to_string());
            return None;
        }
    }
    grammar.end().ok()
}

/// Shown when an input that failed is run again.
fn explain(protocol: Protocol, broken: &str) {
    if std::env::var_os("EXPLAIN").is_some() {
        eprintln!("{protocol}: {broken}");
    }
}

/// The frames of a stream; nothing if bytes are left over.
fn frames(stream: &[u8]) -> Option<Vec<(String, Bytes)>> {
    let mut decoder = Decoder::new(FRAME_LIMIT_BYTES);
    decoder.push(Bytes::copy_from_slice(stream)).ok()?;
    let frames = std::iter::from_fn(|| decoder.next_frame());
    let frames = frames.map(|frame| (frame.event_str().to_owned(), frame.data)).collect();
    (decoder.pending() == 0).then_some(frames)
}

/// What the error event must fit in with.
fn shown(protocol: Protocol, out: &[u8]) -> StreamErrorContext {
    let mut context =
        StreamErrorContext { model: "model".to_owned(), created_at: 7, ..StreamErrorContext::default() };
    if protocol == Protocol::Responses {
        for (_, data) in frames(out).expect("whole frames are written") {
            let data: Value = serde_json::from_slice(&data).unwrap_or_default();
            context.next_sequence += u64::from(data["sequence_number"].is_number());
            context.response_id = context.response_id.or(data["response"]["id"].as_str().map(str::to_owned));
        }
    }
    context
}

/// Cuts a stream in chunks of 1 to 16 bytes by a fixed random sequence; seed 0: byte by byte.
fn cut(stream: &[u8], seed: u8) -> Vec<Bytes> {
    let mut rest = Bytes::copy_from_slice(stream);
    let mut state = u32::from(seed);
    let mut chunks = Vec::new();
    while !rest.is_empty() {
        state = state.wrapping_mul(1_664_525).wrapping_add(if seed == 0 { 0 } else { 1_013_904_223 });
        let size = (state >> 28) as usize + 1;
        chunks.push(rest.split_to(size.min(rest.len())));
    }
    chunks
}
