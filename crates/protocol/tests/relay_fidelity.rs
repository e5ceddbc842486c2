//! What the upstream receives is what the caller sent, byte for byte, but for the few members the gate edits.
//!
//! The expected body is worked out here a second time and another way: from the list of members that `serde_json`
//! reads, each with its value as raw text.

// The helpers below are part of the tests.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt;

use bytes::Bytes;
use proptest::prelude::*;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use tollgate_protocol::{Edits, Endpoint, Protocol, forward_edits, probe};

const NOT_COUNTED: [&str; 11] = [
    "max_tokens",
    "stream",
    "stop_sequences",
    "temperature",
    "top_p",
    "top_k",
    "metadata",
    "service_tier",
    "inference_geo",
    "container",
    "diagnostics",
];

/// An object's members in order: names unescaped, values as written.
#[derive(Debug, Clone, PartialEq)]
struct Members(Vec<(String, String)>);

impl Members {
    fn read(json: &[u8]) -> Self {
        serde_json::from_slice(json)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(json)))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    members.push((key, value.get().to_owned()));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// Whether the gate removes a member at an endpoint.
fn is_removed(endpoint: Endpoint, name: &str) -> bool {
    match endpoint {
        Endpoint::CountTokens => NOT_COUNTED.contains(&name),
        _ => endpoint.protocol() == Protocol::Chat && name == "style",
    }
}

/// What the upstream should read.
fn expected(sent: &Members, endpoint: Endpoint, upstream_model: &str) -> Members {
    let mut members = sent.clone();
    members.0.retain(|(name, _)| !is_removed(endpoint, name));
    for (name, value) in &mut members.0 {
        if name == "model" && serde_json::from_str::<String>(value).unwrap() != upstream_model {
            *value = serde_json::to_string(upstream_model).unwrap();
        }
    }
    let asks_for_usage = endpoint.protocol() == Protocol::Chat && sent.get("stream") == Some("true");
    if !asks_for_usage {
        return members;
    }
    match members.0.iter_mut().find(|(name, _)| name == "stream_options") {
        None => members.0.insert(0, ("stream_options".to_owned(), r#"{"include_usage":true}"#.to_owned())),
        Some((_, value)) if value == "null" => *value = r#"{"include_usage":true}"#.to_owned(),
        // Its text is checked member by member.
        Some(_) => {}
    }
    members
}

/// Checks that `stream_options` that were sent as an object kept all their members, and now ask for usage.
fn check_options(sent: &Members, received: &mut Members) {
    let Some(before) = sent.get("stream_options").filter(|value| *value != "null") else {
        return;
    };
    let mut options = Members::read(before.as_bytes());
    match options.0.iter_mut().find(|(name, _)| name == "include_usage") {
        Some((_, value)) => *value = "true".to_owned(),
        None => options.0.insert(0, ("include_usage".to_owned(), "true".to_owned())),
    }
    let after = received.0.iter_mut().find(|(name, _)| name == "stream_options").unwrap();
    assert_eq!(Members::read(after.1.as_bytes()), options);
    after.1 = before.to_owned();
}

/// Checks that exactly the bytes outside the spans are passed on, uncopied and in order.
fn check_untouched(body: &Bytes, edits: &Edits, parts: &[Bytes]) {
    let base = body.as_ptr() as usize;
    let inside = |part: &&Bytes| (base..base + body.len()).contains(&(part.as_ptr() as usize));
    let passed: Vec<_> = parts.iter().filter(inside).collect();
    let mut gaps = Vec::new();
    let mut at = 0;
    for span in edits.spans() {
        gaps.push(at..span.start);
        at = span.end;
    }
    gaps.push(at..body.len());
    gaps.retain(|gap| !gap.is_empty());
    assert_eq!(passed.len(), gaps.len());
    for (part, gap) in passed.iter().zip(gaps) {
        assert_eq!(part.as_ptr() as usize - base, gap.start);
        assert_eq!(***part, body[gap]);
    }
}

/// Checks that a span covers no more than one thing the gate edits.
fn check_span(text: &str, sent: &Members, endpoint: Endpoint) {
    if text.is_empty() || sent.get("model") == Some(text) || matches!(text, "null" | "false") {
        return;
    }
    let text = text.trim().trim_start_matches(',').trim_end_matches(',');
    let Members(removed) = Members::read(format!("{{{text}}}").as_bytes());
    assert!(removed.len() == 1 && is_removed(endpoint, &removed[0].0), "{text}");
}

fn check(body: &str, endpoint: Endpoint, upstream_model: &str) {
    let probed = probe(body.as_bytes(), endpoint).unwrap_or_else(|error| panic!("{error}: {body}"));
    let edits = forward_edits(&probed, endpoint, upstream_model);
    let bytes = Bytes::copy_from_slice(body.as_bytes());
    let parts = edits.apply(&bytes);
    let forwarded = parts.concat();
    assert_eq!(forwarded.len(), edits.len_after(body.len()));

    let sent = Members::read(body.as_bytes());
    let mut received = Members::read(&forwarded);
    let streams_chat = endpoint.protocol() == Protocol::Chat && sent.get("stream") == Some("true");
    if streams_chat {
        check_options(&sent, &mut received);
    }
    assert_eq!(received, expected(&sent, endpoint, upstream_model), "{body}");

    check_untouched(&bytes, &edits, &parts);
    for span in edits.spans() {
        check_span(&body[span.start..span.end], &sent, endpoint);
    }
    if expected(&sent, endpoint, upstream_model) == sent && !streams_chat {
        assert!(edits.is_empty(), "{body}");
    }
}

#[test]
fn a_corpus_of_odd_bodies_is_forwarded_as_sent() {
    let corpus = [
        r#"{"model":"m","messages":[],"max_tokens":1}"#,
        "\r\n\t {\r\n\t\"max_tokens\" : 1 ,\n\n\"messages\"\t:\t[ ]\r,\"model\"\n:\n\"m\" }\n\n",
        r#"{"zz":1,"model":"m","aa":{"model":"x","style":"y"},"messages":[{"role":"user","content":"{\"model\":1}"}],"max_tokens":0}"#,
        r#"{"model":"m","messages":[],"max_tokens":1,"big":123456789012345678901234567890.5e400,"small":-0.0E-999,"int":18446744073709551616}"#,
        r#"{"model":"m","messages":[],"max_tokens":1,"unpaired":"\ud800\u0000","pair":"\uD83E\uDD80","slash":"\/","x":"\u00E9é中🦀"}"#,
        r#"{"m\u006fdel":"\u006d","mess\u0061ges":[],"max_tokens":1,"MODEL":"n","model ":"o","":[]}"#,
        r#"{"unknown":1,"unknown":2,"model":"ZHIPU/GLM-4.6","messages":[[]],"max_tokens":9007199254740993}"#,
        r#"{"style":"claude","stream":true,"model":"m","stream_options":{"include_obfuscation":false},"messages":[],"max_tokens":1}"#,
        r#"{"model":"m","messages":[],"max_tokens":1,"stream":true,"style":null,"stream_options":null}"#,
        r#"{"model":"m","messages":[],"max_tokens":1,"stream":true,"stream_options":{"include_usage" : true , "a":1}}"#,
        r#"{"temperature":0.30000000000000004,"model":"m","messages":[],"max_tokens":1,"top_p":1e0,"metadata":{"user_id":"\"é"},"stream":true}"#,
    ];
    for body in corpus {
        for endpoint in Endpoint::ALL {
            for upstream_model in ["m", "xiaomi/mimo-v2", "with \"quotes\" \\ and\nlines \u{1f980}"] {
                check(body, endpoint, upstream_model);
            }
        }
    }
}

fn space() -> impl Strategy<Value = String> {
    prop_oneof![3 => Just(String::new()), 1 => "[ \n\r\t]{1,3}"]
}

/// Any JSON value, as text.
fn value() -> impl Strategy<Value = String> {
    let string = "\"([a-z ,:{}\\[\\]\u{e9}\u{4e2d}\u{1f980}]|\\\\[\"\\\\/bfnrt]|\\\\u[0-9a-fA-F]{4}){0,20}\"";
    let number = "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?";
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        number,
        string
    ];
    let spaced = (space(), leaf, space()).prop_map(|(before, leaf, after)| format!("{before}{leaf}{after}"));
    spaced.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(inner, 0..4).prop_map(|items| {
                let members: Vec<_> = items.iter().map(|item| format!("\"model\" :{item}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

/// A member that may be there, written in one of some ways.
fn maybe(
    name: &'static str,
    values: &'static [&'static str],
) -> impl Strategy<Value = Option<(String, String)>> {
    let mut escaped = name.to_owned();
    let last = escaped.pop().unwrap();
    escaped.push_str(&format!("\\u{:04x}", u32::from(last)));
    let key = prop_oneof![3 => Just(name.to_owned()), 1 => Just(escaped)];
    prop::option::of(
        (key, prop::sample::select(values)).prop_map(|(key, value)| (format!("\"{key}\""), value.to_owned())),
    )
}

/// Bodies that every endpoint takes, as text.
fn body() -> impl Strategy<Value = String> {
    let known = (
        maybe("stream", &["true", "true", "false", "null"]),
        maybe("style", &["\"openai\"", "\"cl\\u0061ude\"", "null"]),
        maybe(
            "stream_options",
            &[
                "null",
                "{}",
                "{ \n}",
                "{\"include_usage\":true}",
                "{ \"include_usage\" : false }",
                "{\"a\":[1],\"include_usage\":null,\"b\":2}",
                "{\"x\":{\"include_usage\":5}}",
                "{\"include_\\u0075sage\":false,\"y\":1e999}",
            ],
        ),
        maybe("metadata", &["{}", "null", "{\"user_id\":\"\\u00e9\"}", "{\"k\":1.0,\"user_id\":null}"]),
        maybe("temperature", &["1", "0.10", "1E0"]),
        maybe("top_k", &["5", "[]"]),
        maybe("service_tier", &["\"auto\"", "null"]),
    )
        .prop_map(|(a, b, c, d, e, f, g)| [a, b, c, d, e, f, g].into_iter().flatten().collect::<Vec<_>>());
    let unknown = prop::collection::vec(("\"x[a-z\u{e9}\u{1f980}]{0,5}(\\\\n|\\\\u00e9)?\"", value()), 0..5);
    let model = prop::sample::select(
        &["\"m\"", "\"\\u006d\"", "\"gpt-5.5\"", "\"ZHIPU/GLM \\\"\u{e9}\\ud83e\\udd80\""][..],
    );
    (known, unknown, model, value())
        .prop_map(|(mut members, unknown, model, content)| {
            members.extend(unknown);
            members.push(("\"model\"".to_owned(), model.to_owned()));
            members.push(("\"max_tokens\"".to_owned(), "64".to_owned()));
            members.push(("\"messages\"".to_owned(), format!("[{content}]")));
            members
        })
        .prop_shuffle()
        .prop_flat_map(|members| {
            let count = members.len();
            (Just(members), prop::collection::vec((space(), space(), space(), space()), count))
        })
        .prop_map(|(members, spaces)| {
            let written: Vec<_> = members
                .iter()
                .zip(spaces)
                .map(|((key, value), (a, b, c, d))| format!("{a}{key}{b}:{c}{value}{d}"))
                .collect();
            format!("{{{}}}", written.join(","))
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_body_is_forwarded_as_sent(
        body in body(),
        endpoint in prop::sample::select(&Endpoint::ALL[..]),
        upstream_model in prop::sample::select(&["m", "claude-x", "a\"b\\c\n\u{e9}"][..]),
    ) {
        check(&body, endpoint, upstream_model);
    }
}
