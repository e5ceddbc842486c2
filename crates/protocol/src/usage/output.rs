//! Counts the bytes of what the model says, for upstreams that report no usage and streams that break off before they do.
//!
//! Of a delta only the one string behind its member is looked at, found by its key; nothing is parsed. The count is that
//! of the decoded text: an escape counts as the bytes it stands for. Members that hold no output (signatures, citations,
//! encrypted reasoning, log probabilities) have other keys and count nothing. The beginning of the text is kept
//! ([`OutputHead`]): what a tokenizer makes of it tells what it would make of the whole.

use std::sync::LazyLock;

use memchr::memchr2;
use memchr::memmem::Finder;

use super::frames::values;
use super::head::OutputHead;

/// A rule of thumb for English and code with every current vocabulary.
pub const BYTES_PER_TOKEN: u64 = 4;

/// About how many tokens so many bytes of text are, rounded up.
#[must_use]
pub const fn tokens_of_bytes(bytes: u64) -> u64 {
    bytes.div_ceil(BYTES_PER_TOKEN)
}

struct Finders {
    delta: Finder<'static>,
    text: Finder<'static>,
    thinking: Finder<'static>,
    partial_json: Finder<'static>,
    name: Finder<'static>,
    tool_result: Finder<'static>,
    signature: Finder<'static>,
    data: Finder<'static>,
    content: Finder<'static>,
    refusal: Finder<'static>,
    arguments: Finder<'static>,
    input: Finder<'static>,
    reasoning: Finder<'static>,
    reasoning_content: Finder<'static>,
}

static FIND: LazyLock<Finders> = LazyLock::new(|| Finders {
    delta: Finder::new("\"delta\""),
    text: Finder::new("\"text\""),
    thinking: Finder::new("\"thinking\""),
    partial_json: Finder::new("\"partial_json\""),
    name: Finder::new("\"name\""),
    tool_result: Finder::new("_tool_result\""),
    signature: Finder::new("\"signature\""),
    data: Finder::new("\"data\""),
    content: Finder::new("\"content\""),
    refusal: Finder::new("\"refusal\""),
    arguments: Finder::new("\"arguments\""),
    input: Finder::new("\"input\""),
    reasoning: Finder::new("\"reasoning\""),
    reasoning_content: Finder::new("\"reasoning_content\""),
});

/// What stands between `"delta"` and the text in the words of Anthropic's own service.
const MESSAGES_HEADS: [&[u8]; 3] = [
    b":{\"type\":\"text_delta\",\"text\":\"",
    b":{\"type\":\"thinking_delta\",\"thinking\":\"",
    b":{\"type\":\"input_json_delta\",\"partial_json\":\"",
];
/// The same in most chunks of most vendors of Chat.
const CHAT_HEAD: &[u8] = b":{\"content\":\"";

/// Bytes of output in the data of a `content_block_delta`.
pub(super) fn messages_delta(data: &[u8], head: &mut OutputHead) -> u64 {
    let find = &*FIND;
    let delta = behind(&find.delta, data);
    if let Some(text) = MESSAGES_HEADS.iter().find_map(|head| delta.strip_prefix(*head)) {
        return said(text, head);
    }
    let keys = [&find.text, &find.thinking, &find.partial_json];
    keys.into_iter().map(|key| first(key, delta, head)).sum()
}

/// Bytes of output in the data of a `content_block_start`: the name of a call, or a text that some vendors send whole.
/// The results of server tools are none of the model's.
pub(super) fn messages_block(data: &[u8], head: &mut OutputHead) -> u64 {
    let find = &*FIND;
    if find.tool_result.find(data).is_some() {
        return 0;
    }
    [&find.name, &find.text, &find.thinking].into_iter().map(|key| first(key, data, head)).sum()
}

/// Whether a Messages event without output holds thinking all the same: its signature, or thinking that is not shown.
pub(super) fn messages_hidden(data: &[u8]) -> bool {
    let holds = |key| strings(key, data).next().is_some_and(|text| text_bytes(text) > 0);
    holds(&FIND.signature) || holds(&FIND.data)
}

/// Bytes of output in a chunk, over all its choices.
pub(super) fn chat_chunk(data: &[u8], head: &mut OutputHead) -> u64 {
    let find = &*FIND;
    let deltas = behind(&find.delta, data);
    if let Some(text) = deltas.strip_prefix(CHAT_HEAD)
        && !text.starts_with(b"\"")
    {
        return said(text, head);
    }
    let texts = [&find.content, &find.refusal, &find.name, &find.arguments, &find.input];
    // Some vendors send the same reasoning under both names.
    let bytes = |key| strings(key, deltas).map(text_bytes).sum::<u64>();
    let both = [&find.reasoning_content, &find.reasoning];
    let reasoning = both.into_iter().max_by_key(|key| bytes(key));
    reasoning.into_iter().chain(texts).map(|key| all(key, deltas, head)).sum()
}

/// Bytes of output in an event of a Responses stream with this name.
pub(super) fn responses_event(name: &[u8], data: &[u8], head: &mut OutputHead) -> u64 {
    if name == b"response.output_item.added" {
        return first(&FIND.name, data, head);
    }
    if !name.ends_with(b".delta") || name.ends_with(b"audio.delta") {
        return 0;
    }
    first(&FIND.delta, data, head)
}

/// What follows the first `key`; nothing if it is not there.
fn behind<'a>(key: &Finder<'static>, data: &'a [u8]) -> &'a [u8] {
    key.find(data).and_then(|at| data.get(at + key.needle().len()..)).unwrap_or_default()
}

/// Bytes of the first string that is a value of `key`.
fn first(key: &'static Finder<'static>, data: &[u8], head: &mut OutputHead) -> u64 {
    strings(key, data).next().map_or(0, |text| said(text, head))
}

/// Bytes of all strings that are values of `key`.
fn all(key: &'static Finder<'static>, data: &[u8], head: &mut OutputHead) -> u64 {
    strings(key, data).map(|text| said(text, head)).sum()
}

/// Bytes of the text in a JSON string, which `rest` begins inside of; the head takes it while it has room.
fn said(rest: &[u8], head: &mut OutputHead) -> u64 {
    if !head.is_full() {
        head.take(&rest[..encoded_bytes(rest)]);
    }
    text_bytes(rest)
}

/// How long a JSON string is before its closing quote, escapes as they are written.
fn encoded_bytes(rest: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = rest.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found;
        if rest[at] == b'"' {
            return at;
        }
        at += 2;
    }
    rest.len()
}

/// What follows the opening quote of each string that is a value of `key`.
fn strings<'a>(key: &'a Finder<'static>, data: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    values(key, data).filter_map(|value| value.strip_prefix(b"\""))
}

/// Bytes of the text in a JSON string, which `rest` begins inside of.
fn text_bytes(mut rest: &[u8]) -> u64 {
    let mut bytes = 0_usize;
    while let Some(at) = memchr2(b'"', b'\\', rest) {
        bytes += at;
        rest = &rest[at..];
        if rest[0] == b'"' {
            return bytes as u64;
        }
        let (decoded, encoded) = escape(rest);
        bytes += decoded;
        rest = rest.get(encoded..).unwrap_or_default();
    }
    (bytes + rest.len()) as u64
}

/// How many bytes of text the escape at the start of `rest` stands for, and how many it takes. Half a surrogate pair
/// stands for half of its four bytes.
fn escape(rest: &[u8]) -> (usize, usize) {
    if rest.get(1) != Some(&b'u') {
        return (1, 2);
    }
    let digits = rest.get(2..6).and_then(|digits| std::str::from_utf8(digits).ok());
    let decoded = match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
        Some(..=0x7f) => 1,
        Some(0x80..=0x7ff | 0xd800..=0xdfff) => 2,
        _ => 3,
    };
    (decoded, 6)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const TEXTS: [&str; 7] = [
        "Hello",
        "",
        "a \"quoted\" \\ back\\slash\\\"",
        "line\nline\ttab\u{1}",
        "Grüße, 世界 🎉",
        "\"text\":\"x\" \"delta\":{\"content\":\"y\"}",
        "\\",
    ];

    /// The same JSON with every character that is not ASCII escaped, as Python's writer has it.
    fn escaped(data: &Value) -> String {
        let mut out = String::new();
        for character in data.to_string().chars() {
            if character.is_ascii() {
                out.push(character);
                continue;
            }
            for unit in character.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
        out
    }

    /// The same JSON with spaces, and with members in serde_json's own order.
    fn spaced(data: &Value) -> String {
        serde_json::to_string_pretty(data).unwrap()
    }

    fn holds(count: impl Fn(&[u8], &mut OutputHead) -> u64, canonical: &str, expected: usize) {
        let data: Value = serde_json::from_str(canonical).unwrap();
        for written in [canonical.to_owned(), data.to_string(), escaped(&data), spaced(&data)] {
            let mut head = OutputHead::default();
            assert_eq!(count(written.as_bytes(), &mut head), expected as u64, "{written}");
            assert_eq!(head.as_str().len(), expected, "what is counted is what is kept: {written}");
        }
    }

    #[test]
    fn messages_deltas() {
        for text in TEXTS {
            let value = json!(text);
            for (kind, member) in
                [("text_delta", "text"), ("thinking_delta", "thinking"), ("input_json_delta", "partial_json")]
            {
                let delta = format!(r#"{{"type":"{kind}","{member}":{value}}}"#);
                let data = format!(r#"{{"type":"content_block_delta","index":0,"delta":{delta}}}"#);
                holds(messages_delta, &data, text.len());
            }
        }
        for silent in [
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"abc"}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{"type":"char_location","cited_text":"abc","document_title":"d"}}}"#,
            r#"{"type":"content_block_delta"}"#,
            "",
        ] {
            assert_eq!(messages_delta(silent.as_bytes(), &mut OutputHead::default()), 0, "{silent}");
        }
    }

    #[test]
    fn messages_blocks() {
        for (block, expected) in [
            (r#"{"type":"text","text":""}"#, 0),
            (r#"{"type":"thinking","thinking":"","signature":""}"#, 0),
            (r#"{"type":"redacted_thinking","data":"abc"}"#, 0),
            (r#"{"type":"tool_use","id":"toolu_1","name":"get_weather","input":{}}"#, 11),
            (r#"{"type":"text","text":"whole"}"#, 5),
            (
                r#"{"type":"mcp_tool_result","tool_use_id":"t","content":[{"type":"text","text":"theirs"}]}"#,
                0,
            ),
        ] {
            let data = format!(r#"{{"type":"content_block_start","index":0,"content_block":{block}}}"#);
            holds(messages_block, &data, expected);
        }
    }

    #[test]
    fn chat_chunks() {
        for text in TEXTS {
            let value = json!(text);
            for delta in [
                format!(r#"{{"content":{value}}}"#),
                format!(r#"{{"role":"assistant","content":{value}}}"#),
                format!(r#"{{"content":"","reasoning_content":{value}}}"#),
                format!(r#"{{"content":null,"reasoning":{value},"reasoning_content":{value}}}"#),
                format!(
                    r#"{{"reasoning":{value},"reasoning_details":[{{"type":"reasoning.text","text":{value}}}]}}"#
                ),
                format!(r#"{{"refusal":{value}}}"#),
                format!(r#"{{"tool_calls":[{{"index":0,"function":{{"arguments":{value}}}}}]}}"#),
                format!(r#"{{"tool_calls":[{{"index":0,"type":"custom","custom":{{"input":{value}}}}}]}}"#),
            ] {
                let data = format!(
                    r#"{{"id":"c","model":"m","choices":[{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":null}}]}}"#
                );
                holds(chat_chunk, &data, text.len());
            }
        }
        let call = r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"get","arguments":""}}]}}]}"#;
        assert_eq!(chat_chunk(call.as_bytes(), &mut OutputHead::default()), 3);
        let two = r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":"ab"}},{"index":1,"delta":{"role":"assistant","content":"cde"}}]}"#;
        assert_eq!(chat_chunk(two.as_bytes(), &mut OutputHead::default()), 5);
        let usage = r#"{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
        assert_eq!(chat_chunk(usage.as_bytes(), &mut OutputHead::default()), 0);
    }

    #[test]
    fn responses_events() {
        for text in TEXTS {
            for name in [
                "response.output_text.delta",
                "response.refusal.delta",
                "response.reasoning_text.delta",
                "response.reasoning_summary_text.delta",
                "response.function_call_arguments.delta",
                "response.custom_tool_call_input.delta",
            ] {
                let data = format!(
                    r#"{{"type":"{name}","item_id":"i","output_index":0,"delta":{},"logprobs":[]}}"#,
                    json!(text)
                );
                holds(|data, head| responses_event(name.as_bytes(), data, head), &data, text.len());
            }
        }
        for (name, data, expected) in [
            ("response.output_text.done", r#"{"text":"abc"}"#, 0),
            ("response.output_audio.delta", r#"{"delta":"AAAA"}"#, 0),
            (
                "response.output_item.added",
                r#"{"item":{"type":"function_call","name":"get","arguments":""}}"#,
                3,
            ),
            ("response.output_item.added", r#"{"item":{"type":"message","content":[]}}"#, 0),
        ] {
            assert_eq!(
                responses_event(name.as_bytes(), data.as_bytes(), &mut OutputHead::default()),
                expected,
                "{name}"
            );
        }
    }

    #[test]
    fn broken_strings_count_as_far_as_they_go() {
        for (rest, expected) in [("abc", 3), ("ab\\", 3), ("a\\u00", 4), ("a\\uzzzz\"", 4), ("", 0)] {
            assert_eq!(text_bytes(rest.as_bytes()), expected, "{rest}");
        }
    }
}
