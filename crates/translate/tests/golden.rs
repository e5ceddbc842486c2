//! Runs every `golden/*.in` and compares with its `.out`. `UPDATE_GOLDEN=1` writes the `.out` files anew; read each
//! before committing it.
//!
//! The first line of an `.in` file says what to do: `# answer|envelope|stream FROM TO [include_usage] [echo]
//! [estimate]`; the rest is the upstream's body, or its event stream. The last line of an `.out` file says how it ended.

#![allow(clippy::unwrap_used, clippy::panic)]

use bytes::Bytes;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tollgate_protocol::Protocol;
use tollgate_translate::grammar::{Ended, Grammar, check_answer};
use tollgate_translate::{
    AnswerContext, ResponsesEcho, StreamTranslator, TranslateError, envelope_data, translate_answer,
};

/// The request that `echo` repeats.
const REQUEST: &[u8] = br#"{"model":"m","input":"hi","instructions":"Be brief.","tools":[{"type":"custom","name":"exec"}],
    "parallel_tool_calls":false,"reasoning":{"effort":"high","summary":"auto"},"store":false,"temperature":0.5}"#;

#[test]
fn every_case_comes_out_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut cases: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "in"))
        .collect();
    cases.sort();
    assert!(cases.len() >= 250, "the golden files are missing from {}", folder.display());
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for case in cases {
        let got = run(&fs::read_to_string(&case).unwrap());
        let path = case.with_extension("out");
        if update {
            fs::write(&path, &got).unwrap();
        } else if fs::read_to_string(&path).unwrap_or_default() != got {
            wrong.push(format!("--- {}\n{got}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "differ from their .out files:\n{}", wrong.join("\n"));
}

fn run(case: &str) -> String {
    let (head, body) = case.split_once('\n').unwrap();
    let mut words = head.trim_start_matches('#').split_whitespace();
    let kind = words.next().unwrap();
    let from: Protocol = words.next().unwrap().parse().unwrap();
    let to: Protocol = words.next().unwrap().parse().unwrap();
    let words: Vec<&str> = words.collect();
    let echo = words.contains(&"echo").then(|| Arc::new(ResponsesEcho::read(REQUEST)));
    let ctx = AnswerContext {
        model: "the-callers-name".to_owned(),
        created_at_s: 1_700_000_000,
        request_id: "req_1".to_owned(),
        include_usage: words.contains(&"include_usage"),
        responses_echo: echo,
        estimated_input_tokens: words.contains(&"estimate").then_some(77),
    };
    match kind {
        "answer" => {
            let made = translate_answer(from, to, body.as_bytes(), &ctx, None);
            if let Ok(made) = &made {
                // An input that is no JSON is the upstream's own.
                let kept = check_answer(to, &made.body).or_else(|broken| match broken.rule {
                    "tool_input" => Ok(()),
                    _ => Err(broken),
                });
                assert!(kept.is_ok(), "{kept:?}: {case}");
            }
            whole(made)
        }
        "envelope" => whole(envelope_data(from, body.as_bytes(), &ctx, None)),
        "stream" => stream(from, to, body, ctx),
        other => panic!("unknown kind of case: {other}"),
    }
}

fn whole(result: Result<tollgate_translate::Translated, TranslateError>) -> String {
    match result {
        Ok(done) => format!("{}\n# dropped={:?}\n", String::from_utf8(done.body).unwrap(), done.dropped),
        Err(error) => format!("# error: {}\n", words(&error)),
    }
}

fn stream(from: Protocol, to: Protocol, body: &str, ctx: AnswerContext) -> String {
    let mut translator = StreamTranslator::new(from, to, ctx, None);
    let mut decoder = tollgate_sse::Decoder::new(1 << 20);
    decoder.push(Bytes::copy_from_slice(body.as_bytes())).unwrap();
    let mut out = Vec::new();
    let mut failure = None;
    while let Some(frame) = decoder.next_frame() {
        if let Err(error) = translator.frame(frame.event_str(), &frame.data, &mut out) {
            failure = Some(error);
        }
    }
    let before = out.len();
    let ended = translator.on_eof(&mut out);
    assert!(ended || out.len() == before, "a cut stream was written to");
    keeps_the_rules(to, &out, ended);
    let mut text = String::from_utf8(out).unwrap();
    if let Some(error) = failure {
        text.push_str(&format!("# error: {}\n", words(&error)));
    }
    text.push_str(&format!("# ended={ended} dropped={:?}\n", translator.dropped()));
    text
}

/// Holds what was written against the grammar; an input that is no JSON is the upstream's own.
fn keeps_the_rules(to: Protocol, out: &[u8], ended: bool) {
    let mut grammar = Grammar::new(to).with_any_input();
    let mut decoder = tollgate_sse::Decoder::new(1 << 20);
    decoder.push(Bytes::copy_from_slice(out)).unwrap();
    while let Some(frame) = decoder.next_frame() {
        grammar.frame(frame.event_str(), &frame.data).unwrap();
    }
    assert_eq!(grammar.end().ok(), ended.then_some(Ended::Well));
}

fn words(error: &TranslateError) -> String {
    let TranslateError::UpstreamFailed { failure } = error else { return error.to_string() };
    let (kind, code) = (failure.error_type.as_deref(), failure.code.as_deref());
    format!("{error} (type {}, code {})", kind.unwrap_or("none"), code.unwrap_or("none"))
}
