//! What stays the same on every turn of a conversation: what the model was told, its tools, and what was asked first.

use memchr::memmem;

use super::Span;
use super::inside::{elements, members, role_and_content, text_of};
use super::scan::{Kind, Scanner, Value};
use crate::Protocol;

/// Feeds the beginning of the conversation in `body` to a digest: system text, tools, and the turns up to the first of a
/// user. False: there is no turn of a user, so nothing tells the conversation.
///
/// Later turns of the same conversation feed the same bytes, whatever was appended to it, wherever the marks of caches
/// have moved and whether a text stands as a string or as the one block of a list; model, limits and the order of members
/// have no part in it. `history` is the conversation that a Responses request continues: a JSON list of items.
pub fn conversation_prefix(
    body: &[u8],
    protocol: Protocol,
    history: Option<&[u8]>,
    feed: &mut dyn FnMut(&[u8]),
) -> bool {
    let mut opening = Opening { told: None, tools: None, turns: None };
    members(body, 0, |key, value| {
        match (protocol, key) {
            (_, b"tools") => opening.tools = Some(value),
            (Protocol::Messages, b"system") | (Protocol::Responses, b"instructions") => {
                opening.told = Some(value);
            }
            (Protocol::Messages | Protocol::Chat, b"messages") | (Protocol::Responses, b"input") => {
                opening.turns = Some(value);
            }
            _ => {}
        }
        true
    });
    if let Some(told) = opening.told {
        feed(b"\0told");
        content(body, told, feed);
    }
    if let Some(tools) = opening.tools {
        feed(b"\0tools");
        without_marks(slice(body, tools.span), feed);
    }
    match (history, opening.turns) {
        (Some(history), _) => first_turns(history, Scanner::behind(history, 0), feed),
        (None, Some(turns)) => first_turns(body, Some(turns), feed),
        (None, None) => false,
    }
}

/// Where a conversation begins in its body.
struct Opening {
    told: Option<Value>,
    tools: Option<Value>,
    turns: Option<Value>,
}

/// Feeds the turns up to the first of a user.
fn first_turns(bytes: &[u8], turns: Option<Value>, feed: &mut dyn FnMut(&[u8])) -> bool {
    let Some(turns) = turns else { return false };
    if matches!(turns.kind, Kind::String { .. }) {
        feed(b"\0user");
        content(bytes, turns, feed);
        return true;
    }
    let mut found = false;
    elements(bytes, turns, |turn| {
        let (role, said) = role_and_content(bytes, turn);
        found = role == b"user";
        feed(b"\0");
        feed(role);
        match said {
            Some(said) => content(bytes, said, feed),
            None => without_marks(slice(bytes, turn.span), feed),
        }
        !found
    });
    found
}

/// Feeds what a message says: its texts alone, whether as a string or in blocks; other blocks as they are.
fn content(bytes: &[u8], said: Value, feed: &mut dyn FnMut(&[u8])) {
    if said.kind != Kind::Array {
        feed(b"\0");
        return feed(slice(bytes, said.span));
    }
    elements(bytes, said, |block| {
        let (mut kind, mut text) = (&b""[..], None);
        members(bytes, block.span.start, |key, value| {
            match key {
                b"type" => kind = text_of(bytes, value),
                b"text" => text = Some(value),
                _ => {}
            }
            true
        });
        feed(b"\0");
        match text {
            Some(text) if matches!(kind, b"text" | b"input_text") => feed(slice(bytes, text.span)),
            _ => without_marks(slice(bytes, block.span), feed),
        }
        true
    });
}

/// Feeds a piece of JSON without its members `cache_control`: clients move them along with the conversation.
fn without_marks(json: &[u8], feed: &mut dyn FnMut(&[u8])) {
    const MARK: &[u8] = b"\"cache_control\"";
    let mut from = 0;
    for at in memmem::find_iter(json, MARK) {
        if let Some(cut) = member_at(json, at, at + MARK.len()).filter(|cut| cut.start >= from) {
            feed(slice(json, Span { start: from, end: cut.start }));
            from = cut.end;
        }
    }
    feed(slice(json, Span { start: from, end: json.len() }));
}

/// The member whose name stands from `start` to `end`, with the comma that goes with it; `None`: it is no name.
fn member_at(json: &[u8], start: usize, end: usize) -> Option<Span> {
    let is_space = |byte: &u8| byte.is_ascii_whitespace();
    let before = json.get(..start)?.iter().rposition(|byte| !is_space(byte))?;
    let first = match json.get(before)? {
        b',' => false,
        b'{' => true,
        _ => return None,
    };
    let colon = end + json.get(end..)?.iter().position(|byte| !is_space(byte))?;
    if json.get(colon) != Some(&b':') {
        return None;
    }
    let value = Scanner::behind(json, colon + 1)?;
    if !first {
        return Some(Span { start: before, end: value.span.end });
    }
    let rest = json.get(value.span.end..)?;
    let comma = rest.iter().position(|byte| !is_space(byte)).filter(|at| rest.get(*at) == Some(&b','));
    let next = comma
        .and_then(|comma| Some(comma + 1 + rest.get(comma + 1..)?.iter().position(|byte| !is_space(byte))?));
    Some(Span { start, end: value.span.end + next.unwrap_or(0) })
}

fn slice(bytes: &[u8], span: Span) -> &[u8] {
    bytes.get(span.start..span.end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    fn prefix_of(body: &Json, protocol: Protocol) -> Option<Vec<u8>> {
        raw_prefix(&body.to_string(), protocol, None)
    }

    fn raw_prefix(body: &str, protocol: Protocol, history: Option<&str>) -> Option<Vec<u8>> {
        let mut fed = Vec::new();
        let history = history.map(str::as_bytes);
        conversation_prefix(body.as_bytes(), protocol, history, &mut |bytes| fed.extend_from_slice(bytes))
            .then_some(fed)
    }

    #[test]
    fn later_turns_of_a_conversation_have_the_prefix_of_the_first() {
        let tools = json!([{"name": "f", "input_schema": {"type": "object"}}]);
        let first = json!({"model": "a", "max_tokens": 5, "system": "be kind", "tools": tools,
            "messages": [{"role": "user", "content": "hi"}]});
        let marked = json!([{"name": "f", "cache_control": {"type": "ephemeral", "ttl": "1h"},
            "input_schema": {"type": "object"}}]);
        let later = json!({"messages": [
            {"role": "user", "content": [{"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}]},
            {"role": "assistant", "content": "ho"}, {"role": "user", "content": "and?"}],
            "tools": marked, "system": [{"cache_control": {}, "type": "text", "text": "be kind"}],
            "stream": true, "max_tokens": 9, "model": "b"});
        let prefix = prefix_of(&first, Protocol::Messages).unwrap();
        assert_eq!(prefix_of(&later, Protocol::Messages), Some(prefix));
    }

    #[test]
    fn chat_begins_with_its_instructions_and_responses_with_a_text_or_items() {
        let chat = |more: &[Json]| {
            let mut turns = vec![
                json!({"role": "system", "content": "s"}),
                json!({"role": "developer", "content": "d"}),
                json!({"role": "user", "content": "hi"}),
            ];
            turns.extend_from_slice(more);
            prefix_of(&json!({"messages": turns}), Protocol::Chat).unwrap()
        };
        assert_eq!(chat(&[]), chat(&[json!({"role": "assistant", "content": "ho"})]));
        let responses =
            |input: Json| prefix_of(&json!({"instructions": "i", "input": input}), Protocol::Responses);
        let items = json!([{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]},
            {"type": "message", "role": "assistant", "content": []}]);
        assert_eq!(responses(json!("hi")), responses(items.clone()));
        let continued = json!({"instructions": "i", "input": "and?", "previous_response_id": "resp_1"});
        let history = raw_prefix(&continued.to_string(), Protocol::Responses, Some(&items.to_string()));
        assert_eq!(history, responses(json!("hi")));
    }

    #[test]
    fn other_beginnings_have_other_prefixes() {
        let base = json!({"system": "s", "messages": [{"role": "user", "content": "hi"}]});
        let prefix = prefix_of(&base, Protocol::Messages).unwrap();
        for other in [
            json!({"system": "t", "messages": [{"role": "user", "content": "hi"}]}),
            json!({"system": "s", "messages": [{"role": "user", "content": "ho"}]}),
            json!({"messages": [{"role": "user", "content": "hi"}]}),
            json!({"system": "s", "tools": [{"name": "f"}], "messages": [{"role": "user", "content": "hi"}]}),
            json!({"system": "s", "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"},
                {"type": "image", "source": {"type": "url", "url": "u"}}]}]}),
        ] {
            assert_ne!(prefix_of(&other, Protocol::Messages), Some(prefix.clone()), "{other}");
        }
    }

    #[test]
    fn without_a_users_turn_there_is_none() {
        for body in [
            json!({"messages": []}),
            json!({"messages": [{"role": "system", "content": "s"}]}),
            json!({"messages": 7}),
            json!({"model": "m"}),
            json!([]),
        ] {
            assert_eq!(prefix_of(&body, Protocol::Chat), None, "{body}");
        }
        assert_eq!(raw_prefix("{\"messages\":[{", Protocol::Chat, None), None);
    }

    #[test]
    fn marks_are_cut_with_their_commas_and_only_where_they_are_members() {
        let cut = |json: &str| {
            let mut fed = Vec::new();
            without_marks(json.as_bytes(), &mut |bytes| fed.extend_from_slice(bytes));
            String::from_utf8(fed).unwrap()
        };
        for (json, expected) in [
            (r#"{"a":1,"cache_control":{"x":[1,2]}}"#, r#"{"a":1}"#),
            (r#"{"a": 1, "cache_control" : {}, "b": 2}"#, r#"{"a": 1, "b": 2}"#),
            (r#"{"cache_control":{}, "a":1}"#, r#"{"a":1}"#),
            (r#"{"cache_control":null}"#, "{}"),
            (r#"{"a":"\"cache_control\":{}"}"#, r#"{"a":"\"cache_control\":{}"}"#),
            (r#"{"a":"cache_control"}"#, r#"{"a":"cache_control"}"#),
            (r#"["cache_control",1]"#, r#"["cache_control",1]"#),
            (r#"{"a":",\"cache_control"}"#, r#"{"a":",\"cache_control"}"#),
            (r#"[{"cache_control":{}},{"b":1,"cache_control":{}}]"#, r#"[{},{"b":1}]"#),
        ] {
            assert_eq!(cut(json), expected);
        }
    }

    proptest! {
        #[test]
        fn appended_turns_and_marks_change_nothing(
            system in ".*", question in ".*", answer in ".*", marks in any::<[bool; 3]>(),
        ) {
            let block = |text: &str, is_marked: bool| {
                let mut block = json!({"type": "text", "text": text});
                if is_marked {
                    block["cache_control"] = json!({"type": "ephemeral"});
                }
                json!([block])
            };
            let body = |marks: [bool; 3], turns: usize| {
                let mut messages = vec![json!({"role": "user", "content": block(&question, marks[0])})];
                for _ in 1..turns {
                    messages.push(json!({"role": "assistant", "content": block(&answer, marks[1])}));
                }
                json!({"system": block(&system, marks[2]), "messages": messages})
            };
            let prefix = prefix_of(&body([false; 3], 1), Protocol::Messages);
            prop_assert!(prefix.is_some());
            prop_assert_eq!(prefix_of(&body(marks, 4), Protocol::Messages), prefix);
        }

        #[test]
        fn any_bytes_are_survived(body in any::<Vec<u8>>()) {
            conversation_prefix(&body, Protocol::Messages, Some(&body), &mut |_| {});
        }
    }
}
