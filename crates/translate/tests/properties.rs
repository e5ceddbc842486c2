//! What holds for every answer: a stream says what the whole answer says, a round trip keeps what both protocols can
//! say, and whatever an upstream sends, what goes out obeys its protocol's grammar.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use proptest::prelude::*;
use serde_json::{Value, json as value};
use support::said::{Said, said};
use support::{Event, Made, bytes, chat, ctx, json, messages, responses, translate};
use tollgate_protocol::Protocol::{Chat, Messages, Responses};
use tollgate_protocol::{Protocol, observe_answer};
use tollgate_translate::grammar::{Broken, Ended, Grammar, check_answer};
use tollgate_translate::{StreamTranslator, envelope_data, translate_answer};

const ALL: [Protocol; 3] = [Messages, Chat, Responses];

fn pairs() -> impl Iterator<Item = (Protocol, Protocol)> {
    ALL.into_iter().flat_map(|from| ALL.into_iter().map(move |to| (from, to)))
}

fn body(said: &Said, protocol: Protocol) -> Value {
    match protocol {
        Messages => said.messages_body(),
        Chat => said.chat_body(),
        Responses => said.responses_body(),
    }
}

fn frames(said: &Said, protocol: Protocol) -> Vec<Event> {
    match protocol {
        Messages => said.messages_stream(),
        Chat => said.chat_stream(),
        Responses => said.responses_stream(),
    }
}

fn whole(from: Protocol, to: Protocol, body: &Value) -> Value {
    let made = translate_answer(from, to, body.to_string().as_bytes(), &ctx(true), None).unwrap().body;
    json(std::str::from_utf8(&made).unwrap())
}

fn stream(from: Protocol, to: Protocol, frames: &[Event]) -> Vec<Event> {
    let made = translate(from, to, frames);
    assert!(made.ended, "a good stream did not end well: {:?}", made.failure);
    made.events
}

/// How a stream ends by its grammar.
fn ending(protocol: Protocol, frames: &[Event]) -> Result<Ended, Broken> {
    let mut grammar = Grammar::new(protocol);
    for (event, data) in frames {
        grammar.frame(event, data.as_bytes())?;
    }
    grammar.end()
}

/// What a client makes of a stream; checks the grammar.
fn accumulate(protocol: Protocol, events: &[Event], complete: bool) -> Option<Value> {
    match protocol {
        Messages => messages::accumulate(events, complete),
        Chat => chat::accumulate(events, complete),
        Responses => responses::accumulate(events, complete),
    }
}

/// What an answer means, whole or put together from a stream: arguments are compared as JSON, since whole answers have
/// them compact, streams as the upstream wrote them.
fn meaning(protocol: Protocol, answer: &Value) -> Value {
    match protocol {
        Messages => answer.clone(),
        Chat if answer.get("choices").is_some() => read_arguments(chat::of_answer(answer)),
        Chat => read_arguments(answer.clone()),
        Responses => responses::meaning(answer),
    }
}

fn read_arguments(mut completion: Value) -> Value {
    let calls = completion["message"]["tool_calls"].as_array_mut();
    for call in calls.into_iter().flatten() {
        let text = call["function"]["arguments"].as_str().unwrap();
        call["function"]["arguments"] = json(text);
    }
    completion
}

/// `PROPTEST_CASES` asks for more, or fewer, cases.
fn config(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(cases),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(128))]

    #[test]
    fn a_stream_says_what_the_answer_says(said in said()) {
        for (from, to) in pairs() {
            let streamed = accumulate(to, &stream(from, to, &frames(&said, from)), true).unwrap();
            let whole = whole(from, to, &body(&said, from));
            prop_assert_eq!(meaning(to, &streamed), meaning(to, &whole), "{} to {}", from, to);
        }
    }

    #[test]
    fn what_keeps_every_rule_comes_out_keeping_every_rule(said in said().prop_map(Said::in_full)) {
        for (from, to) in pairs() {
            let (body, frames) = (body(&said, from), frames(&said, from));
            prop_assert_eq!(check_answer(from, body.to_string().as_bytes()), Ok(()));
            prop_assert_eq!(check_answer(to, whole(from, to, &body).to_string().as_bytes()), Ok(()));
            prop_assert_eq!(ending(from, &frames), Ok(Ended::Well));
            prop_assert_eq!(ending(to, &stream(from, to, &frames)), Ok(Ended::Well));
        }
    }

    #[test]
    fn every_direction_says_what_was_said(said in said()) {
        for (from, to) in pairs() {
            let got = meaning(to, &whole(from, to, &body(&said, from)));
            let want = meaning(to, &body(&said, to));
            same_answer(to, &got, &want)?;
        }
    }

    #[test]
    fn there_and_back_keeps_everything(said in said()) {
        for (from, to) in pairs() {
            let own = body(&said, from);
            let want = meaning(from, &own);
            let back = whole(to, from, &whole(from, to, &own));
            same_answer(from, &meaning(from, &back), &want)?;
            let there = stream(from, to, &frames(&said, from));
            let back = accumulate(from, &stream(to, from, &there), true).unwrap();
            same_answer(from, &meaning(from, &back), &want)?;
        }
    }

    #[test]
    fn any_split_of_the_bytes_gives_the_same(said in said(), cuts in prop::collection::vec(any::<usize>(), 0..8)) {
        for (from, to) in pairs() {
            let frames = frames(&said, from);
            let bytes = bytes(&frames);
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
            at.sort_unstable();
            let mut translator = StreamTranslator::new(from, to, ctx(true), None);
            let mut decoder = tollgate_sse::Decoder::new(1 << 20);
            let mut out = Vec::new();
            let mut start = 0;
            for end in at.into_iter().chain([bytes.len()]) {
                decoder.push(bytes::Bytes::copy_from_slice(&bytes[start..end])).unwrap();
                start = end;
                while let Some(frame) = decoder.next_frame() {
                    translator.frame(frame.event_str(), &frame.data, &mut out).unwrap();
                }
            }
            prop_assert!(translator.on_eof(&mut out));
            prop_assert_eq!(support::events(&out), stream(from, to, &frames));
        }
    }

    #[test]
    fn a_cut_stream_never_looks_whole(said in said(), cut in any::<usize>()) {
        for (from, to) in pairs() {
            // Chat's last three frames are the finish chunk, the usage chunk and [DONE]; the first ends the answer.
            let least = if from == Chat { 3 } else { 1 };
            let frames = frames(&said, from);
            let kept = cut % (frames.len() - least + 1);
            let made = translate(from, to, &frames[..kept]);
            prop_assert!(!made.ended);
            check(to, &made);
        }
    }

    #[test]
    fn the_envelope_has_the_same_message(said in said()) {
        for from in [Messages, Responses] {
            let body = body(&said, from);
            let data = envelope_data(from, body.to_string().as_bytes(), &ctx(true), None).unwrap().body;
            let data = json(std::str::from_utf8(&data).unwrap());
            let completion = whole(from, Chat, &body);
            let text = said.text.clone().unwrap_or_default();
            prop_assert_eq!(&data["choices"][0]["message"]["content"], &value!(text));
            prop_assert_eq!(
                &data["choices"][0]["message"]["tool_calls"],
                &completion["choices"][0]["message"]["tool_calls"]
            );
            prop_assert_eq!(&data["usage"], &completion["usage"]);
        }
    }
}

/// Compares what both protocols of a direction can say, and all that is counted.
fn same_answer(protocol: Protocol, got: &Value, want: &Value) -> Result<(), TestCaseError> {
    let members: &[&str] = match protocol {
        Messages => return same_message(got, want),
        Chat => &["created", "model", "message", "finish_reason"],
        Responses => &["object", "created_at", "model", "status", "incomplete_details", "output", "error"],
    };
    for member in members {
        prop_assert_eq!(&got[member], &want[member], "{}", member);
    }
    for (member, count) in want["usage"].as_object().unwrap() {
        match count.as_object() {
            None => prop_assert_eq!(&got["usage"][member], count),
            Some(details) => {
                for (detail, count) in details {
                    prop_assert_eq!(&got["usage"][member][detail], count, "{}", detail);
                }
            }
        }
    }
    Ok(())
}

fn same_message(back: &Value, body: &Value) -> Result<(), TestCaseError> {
    for member in ["type", "role", "model", "content", "stop_reason", "stop_sequence"] {
        prop_assert_eq!(&back[member], &body[member], "{}", member);
    }
    for member in ["input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"]
    {
        prop_assert_eq!(&back["usage"][member], &body["usage"][member], "{}", member);
    }
    Ok(())
}

/// Checks what was written against the target's grammar.
fn check(to: Protocol, made: &Made) {
    accumulate(to, &made.events, made.ended);
}

/// A frame of a stream with something wrong: dropped, doubled, out of place, or with a member changed.
fn spoil(frames: &mut Vec<Event>, changes: &[(usize, u8, usize)]) {
    let odd = [
        value!(null),
        value!(7),
        value!(-1),
        value!(""),
        value!("x"),
        value!([]),
        value!({}),
        value!({"a": [1]}),
        value!(true),
        value!(1e300),
        value!("tool_use"),
        value!("input_json_delta"),
        value!([{}]),
        value!([null]),
    ];
    for &(at, what, other) in changes {
        let len = frames.len();
        if len == 0 {
            return;
        }
        let at = at % len;
        match what % 6 {
            0 => drop(frames.remove(at)),
            1 => frames.insert(at, frames[other % len].clone()),
            2 => frames.swap(at, other % len),
            3 => frames[at].0 = frames[other % len].0.clone(),
            4 => {
                let end = (0..=other % (frames[at].1.len() + 1)).rev();
                let cut = end.into_iter().find(|&end| frames[at].1.is_char_boundary(end)).unwrap();
                frames[at].1.truncate(cut);
            }
            _ => {
                let Ok(mut data) = serde_json::from_str::<Value>(&frames[at].1) else {
                    continue;
                };
                change(&mut data, other, &odd[(other / 7) % odd.len()]);
                frames[at].1 = data.to_string();
            }
        }
    }
}

/// Replaces one member somewhere inside.
fn change(data: &mut Value, way: usize, odd: &Value) {
    let deeper = way / 5;
    match data {
        Value::Object(map) if !map.is_empty() && !way.is_multiple_of(5) => {
            let key = map.keys().nth(way % map.len()).unwrap().clone();
            change(&mut map[&key], deeper, odd);
        }
        Value::Array(list) if !list.is_empty() && !way.is_multiple_of(5) => {
            let at = way % list.len();
            change(&mut list[at], deeper, odd);
        }
        other => *other = odd.clone(),
    }
}

type Changes = Vec<(usize, u8, usize)>;

fn changes() -> impl Strategy<Value = Changes> {
    prop::collection::vec((any::<usize>(), any::<u8>(), any::<usize>()), 1..6)
}

proptest! {
    #![proptest_config(config(384))]

    #[test]
    fn whatever_comes_in_what_goes_out_is_well_formed(said in said(), changes in changes()) {
        for (from, to) in pairs() {
            let mut frames = frames(&said, from);
            spoil(&mut frames, &changes);
            check(to, &translate(from, to, &frames));
        }
    }

    #[test]
    fn arbitrary_frames_never_panic(
        frames in prop::collection::vec(("[a-z_]{0,6}|content_block_delta|error|response\\.completed", "\\PC{0,40}"), 0..6),
        body in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        for (from, to) in pairs() {
            check(to, &translate(from, to, &frames));
            let _ = translate_answer(from, to, &body, &ctx(true), None);
            let _ = envelope_data(from, &body, &ctx(true), None);
        }
    }

    #[test]
    fn spoiled_answers_keep_the_rules(said in said(), changes in changes()) {
        for (from, to) in pairs() {
            let body = body(&said, from);
            let mut frames = vec![(String::new(), body.to_string())];
            spoil(&mut frames, &changes);
            let Some((_, data)) = frames.first() else { continue };
            if let Ok(made) = translate_answer(from, to, data.as_bytes(), &ctx(true), None).map(|made| made.body) {
                // A Messages upstream's input may be anything; Chat has it as text.
                let kept = check_answer(to, &made).map_err(|broken| broken.rule);
                prop_assert!(matches!(kept, Ok(()) | Err("tool_input")), "{:?}", check_answer(to, &made));
            }
        }
    }

    /// What the caller is shown and what is billed come from two readers: they agree.
    #[test]
    fn usage_is_read_as_it_is_billed(
        members in prop::collection::btree_map(prop::sample::select(USAGE_MEMBERS), 0..5000_u32, 0..9),
    ) {
        let mut usage = value!({});
        for (path, count) in members {
            match path.split_once('.') {
                None => usage[path] = value!(count),
                Some((outer, inner)) => usage[outer][inner] = value!(count),
            }
        }
        let body = value!({"choices": [{"index": 0, "message": {"content": "x"}}], "usage": usage});
        if let Some(billed) = billed(Chat, &body) {
            let shown = &whole(Chat, Messages, &body)["usage"];
            prop_assert_eq!(&shown["input_tokens"], billed.input_tokens);
            prop_assert_eq!(&shown["cache_read_input_tokens"], billed.cache_read_tokens);
            prop_assert_eq!(&shown["cache_creation"]["ephemeral_5m_input_tokens"], billed.cache_write_5m_tokens);
            prop_assert_eq!(&shown["cache_creation"]["ephemeral_1h_input_tokens"], billed.cache_write_1h_tokens);
            prop_assert_eq!(&shown["output_tokens"], billed.output_tokens);
        }
        let body = value!({"type": "message", "content": [], "usage": usage});
        if let Some(billed) = billed(Messages, &body) {
            let shown = &whole(Messages, Chat, &body)["usage"];
            prop_assert_eq!(&shown["prompt_tokens"], billed.prompt_tokens());
            prop_assert_eq!(&shown["total_tokens"], billed.total_tokens());
            prop_assert_eq!(&shown["prompt_tokens_details"]["cached_tokens"], billed.cache_read_tokens);
        }
    }
}

/// What the observer bills of an answer, if it counts at all.
fn billed(protocol: Protocol, body: &Value) -> Option<tollgate_base::Usage> {
    observe_answer(protocol, body.to_string().as_bytes()).unwrap().usage
}

const USAGE_MEMBERS: &[&str] = &[
    "prompt_tokens",
    "completion_tokens",
    "prompt_cache_hit_tokens",
    "prompt_cache_miss_tokens",
    "cached_tokens",
    "prompt_tokens_details.cached_tokens",
    "prompt_tokens_details.cache_write_tokens",
    "input_tokens_details.cached_tokens",
    "completion_tokens_details.reasoning_tokens",
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "cache_creation.ephemeral_5m_input_tokens",
    "cache_creation.ephemeral_1h_input_tokens",
    "output_tokens_details.thinking_tokens",
];

/// The generator itself: parallel calls do interleave, or the properties above would prove little.
#[test]
fn generated_calls_interleave() {
    let call = |id: &str| support::said::Call {
        id: id.to_owned(),
        name: "n".to_owned(),
        arguments: value!({"a": "bcdefg"}),
    };
    let said = Said {
        thinking: None,
        text: None,
        calls: vec![call("a"), call("b")],
        cut_by_limit: false,
        tokens: [0; 5],
        cuts: vec![5, 6, 3, 8, 7, 2, 9, 4, 1, 12, 13, 10, 11, 15, 14, 16],
    };
    let order: Vec<u64> = said
        .chat_stream()
        .iter()
        .filter_map(|(_, data)| serde_json::from_str::<Value>(data).ok())
        .filter_map(|chunk| chunk["choices"][0]["delta"]["tool_calls"][0]["index"].as_u64())
        .collect();
    let changes = order.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!(changes >= 2, "{order:?}");
}
