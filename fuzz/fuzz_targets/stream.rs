//! Whatever an upstream streams, what goes out keeps the rules of the caller's protocol, ends as the upstream's stream
//! ended, and does not depend on how the bytes came.
//!
//! The first byte chooses the protocols, the second what the answer takes from its request, the third what of the
//! request's translation is undone (0: nothing), the fourth where the stream is cut.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use std::collections::HashMap;
use tollgate_protocol::{ApiError, ErrorKind, Protocol, StreamErrorContext, render_stream_event};
use tollgate_sse::Decoder;
use tollgate_translate::carrier::CarrierKey;
use tollgate_translate::grammar::{Ended, Grammar};
use tollgate_translate::ir::MadeBy;
use tollgate_translate::{
    AnswerContext, CallerTool, CallerToolKind, ReasoningBack, Restorer, StreamTranslator, WayBack,
};

const FRAME_LIMIT_BYTES: usize = 1 << 20;

fuzz_target!(|input: &[u8]| {
    let [pair, asked, undone, seed, stream @ ..] = input else { return };
    let protocol = |number: u8| Protocol::ALL[usize::from(number) % Protocol::ALL.len()];
    let case = Case { from: protocol(pair / 3), to: protocol(pair % 3), asked: *asked, undone: *undone };
    let whole = case.translate(&[Bytes::copy_from_slice(stream)]);
    for seed in [*seed, 0] {
        assert_eq!(case.translate(&cut(stream, seed)), whole, "another answer for other chunks");
    }
    let good = ending(stream, Grammar::new(case.from)) == Ok(Ended::Well);
    assert!(!good || whole.ended, "a good stream did not end well");
    // What a bad upstream gives as a tool's input is passed on.
    let grammar = if good { Grammar::new(case.to) } else { Grammar::new(case.to).with_any_input() };
    if whole.out.is_empty() {
        return;
    }
    let wanted = if whole.ended { Ended::Well } else { Ended::WithError };
    assert_eq!(ending(&whole.out, grammar), Ok(wanted), "{}", String::from_utf8_lossy(&whole.out));
});

#[derive(Debug, Clone, Copy)]
struct Case {
    from: Protocol,
    to: Protocol,
    asked: u8,
    undone: u8,
}

/// What goes out, with the gate's error event where the stream did not end well.
#[derive(Debug, PartialEq)]
struct Made {
    out: Vec<u8>,
    ended: bool,
}

impl Case {
    fn translate(&self, chunks: &[Bytes]) -> Made {
        let mut translator = StreamTranslator::new(self.from, self.to, self.context(), self.restorer());
        let mut decoder = Decoder::new(FRAME_LIMIT_BYTES);
        let mut out = Vec::new();
        for chunk in chunks {
            decoder.push(chunk.clone()).expect("the input is shorter than a frame may be");
            while let Some(frame) = decoder.next_frame() {
                if translator.frame(frame.event_str(), &frame.data, &mut out).is_err() {
                    self.fail(&translator, &mut out);
                    return Made { out, ended: false };
                }
            }
        }
        let written = out.len();
        let ended = translator.on_eof(&mut out);
        assert!(ended || out.len() == written, "a stream that was cut has been written to");
        if ended {
            translator.keepalive(&mut out).expect("a comment is written");
        } else {
            self.fail(&translator, &mut out);
        }
        Made { out, ended }
    }

    /// Ends a stream as the gate does; one that has not begun is an answer of another status.
    fn fail(&self, translator: &StreamTranslator, out: &mut Vec<u8>) {
        if !translator.is_started() {
            assert!(out.is_empty(), "a stream says something before it has begun");
            return;
        }
        let context = StreamErrorContext {
            response_id: translator.response_id().map(str::to_owned),
            model: "model".to_owned(),
            created_at: 7,
            next_sequence: translator.next_sequence(),
        };
        let error = ApiError::of(ErrorKind::UpstreamInvalid);
        out.extend(render_stream_event(&error, self.to.dialect(), "req_1", &context));
    }

    fn context(&self) -> AnswerContext {
        AnswerContext {
            model: "model".to_owned(),
            created_at_s: 7,
            request_id: "req_1".to_owned(),
            include_usage: self.asked & 1 != 0,
            estimated_input_tokens: (self.asked & 2 != 0).then_some(77),
            responses_echo: None,
        }
    }

    fn restorer(&self) -> Option<Restorer> {
        let asks = |bit: u8| self.undone & (1 << bit) != 0;
        let back = WayBack {
            tools: if asks(0) { tools() } else { HashMap::new() },
            stop: if asks(1) { vec!["END".to_owned(), "b".to_owned()] } else { Vec::new() },
            unfence: asks(2),
            reasoning: match self.undone >> 4 & 3 {
                0 | 1 => ReasoningBack::Shown,
                2 => ReasoningBack::Carried,
                _ => ReasoningBack::Hidden,
            },
        };
        let maker = MadeBy { vendor: "v".into(), account: "a".into(), model: "m".into() };
        let key = CarrierKey::new(&[7; 32]);
        (self.undone != 0).then(|| Restorer::new(back, maker, key, self.from, self.to))
    }
}

/// The tools of the caller by the names that the seeds call them by.
fn tools() -> HashMap<String, CallerTool> {
    let native = |word: &str| CallerToolKind::Native(word.to_owned());
    let tools = [
        ("a", CallerToolKind::Custom),
        ("weather", CallerToolKind::Custom),
        ("b", CallerToolKind::Function),
        ("same", native("local_shell")),
        ("c", native("apply_patch")),
        ("one", native("shell")),
        ("two", native("tool_search")),
        ("three", native("computer")),
    ];
    let tool = |(name, kind): (&str, CallerToolKind)| {
        let namespace = (kind == CallerToolKind::Function).then(|| "space".to_owned());
        (name.to_owned(), CallerTool { name: format!("own.{name}"), namespace, kind })
    };
    tools.into_iter().map(tool).collect()
}

/// How a stream ends by its grammar.
fn ending(stream: &[u8], mut grammar: Grammar) -> Result<Ended, String> {
    let mut decoder = Decoder::new(FRAME_LIMIT_BYTES);
    decoder.push(Bytes::copy_from_slice(stream)).map_err(|error| error.to_string())?;
    while let Some(frame) = decoder.next_frame() {
        grammar.frame(frame.event_str(), &frame.data).map_err(|broken| broken.to_string())?;
    }
    if decoder.pending() > 0 {
        return Err("half a frame".to_owned());
    }
    grammar.end().map_err(|broken| broken.to_string())
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
