//! Words of the operator's in front of the caller's system prompt, as each protocol says it.
//!
//! The words are the same for every request, and what follows them is what the caller wrote, cache marks included: a
//! prefix that providers cache stays one.

use bytes::Bytes;

use super::scan::{Kind, children, kind, named, root, slice};
use crate::{Edits, Member, Protocol, Span};

/// Puts `prefix` before the system prompt of a body in `protocol`; `None` if it is there already, or the body is none.
#[must_use]
pub fn put_before_system(body: &Bytes, protocol: Protocol, prefix: &str) -> Option<Bytes> {
    let text = std::str::from_utf8(body).ok()?;
    let body_span = root(text).filter(|span| kind(text, *span) == Kind::Object)?;
    let mut edits = Edits::new();
    match protocol {
        Protocol::Messages => in_member(text, body_span, "system", prefix, &mut edits),
        Protocol::Responses => in_member(text, body_span, "instructions", prefix, &mut edits),
        Protocol::Chat => in_messages(text, body_span, prefix, &mut edits),
    }
    (!edits.is_empty()).then(|| Bytes::from(edits.apply(body).concat()))
}

/// Puts it into a member that is a text or a list of blocks, or is not there yet.
fn in_member(text: &str, object: Span, name: &str, prefix: &str, edits: &mut Edits) {
    match named(text, object, name).first() {
        Some(member) => in_value(text, member.value, prefix, edits),
        None => {
            let comma = if children(text, object).is_empty() { "" } else { "," };
            edits.insert(object.start + 1, format!("\"{name}\":{}{comma}", json_string(prefix)));
        }
    }
}

fn in_value(text: &str, value: Span, prefix: &str, edits: &mut Edits) {
    match kind(text, value) {
        Kind::String => {
            if begins_with(text, value, prefix) {
                return;
            }
            let written = json_string(prefix);
            let inner = &written[1..written.len() - 1];
            let apart = if slice(text, value) == "\"\"" { "" } else { "\\n\\n" };
            edits.insert(value.start + 1, format!("{inner}{apart}"));
        }
        Kind::Array => {
            let blocks = children(text, value);
            if blocks.first().is_some_and(|block| block_begins_with(text, block, prefix)) {
                return;
            }
            let comma = if blocks.is_empty() { "" } else { "," };
            let block = format!("{{\"type\":\"text\",\"text\":{}}}{comma}", json_string(prefix));
            edits.insert(value.start + 1, block);
        }
        Kind::Null => edits.replace(value, json_string(prefix)),
        Kind::Object | Kind::Scalar => {}
    }
}

/// Chat has its system prompt in the first message, under either of two names.
fn in_messages(text: &str, body: Span, prefix: &str, edits: &mut Edits) {
    let members = named(text, body, "messages");
    let Some(list) = members.first().map(|member| member.value) else { return };
    if kind(text, list) != Kind::Array {
        return;
    }
    let messages = children(text, list);
    if let Some(first) = messages.first().filter(|first| is_system(text, first)) {
        in_member(text, first.value, "content", prefix, edits);
        return;
    }
    let comma = if messages.is_empty() { "" } else { "," };
    let message = format!("{{\"role\":\"system\",\"content\":{}}}{comma}", json_string(prefix));
    edits.insert(list.start + 1, message);
}

fn is_system(text: &str, message: &Member) -> bool {
    let role = named(text, message.value, "role");
    role.first().is_some_and(|role| matches!(slice(text, role.value), "\"system\"" | "\"developer\""))
}

fn block_begins_with(text: &str, block: &Member, prefix: &str) -> bool {
    named(text, block.value, "text").first().is_some_and(|words| begins_with(text, words.value, prefix))
}

fn begins_with(text: &str, string: Span, prefix: &str) -> bool {
    serde_json::from_str::<String>(slice(text, string)).is_ok_and(|words| words.starts_with(prefix))
}

fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(body: &str, protocol: Protocol, prefix: &str) -> String {
        let body = Bytes::from(body.to_owned());
        let after = put_before_system(&body, protocol, prefix).unwrap_or(body);
        serde_json::from_slice::<serde_json::Value>(&after).unwrap();
        String::from_utf8(after.to_vec()).unwrap()
    }

    #[test]
    fn each_protocol_has_its_form() {
        use Protocol::{Chat, Messages, Responses};
        for (protocol, body, expected) in [
            (Messages, r#"{"model":"m"}"#, r#"{"system":"P\"","model":"m"}"#),
            (Messages, r#"{"system":"S"}"#, r#"{"system":"P\"\n\nS"}"#),
            (Messages, r#"{"system":""}"#, r#"{"system":"P\""}"#),
            (Messages, r#"{"system":null}"#, r#"{"system":"P\""}"#),
            (
                Messages,
                r#"{"system":[{"type":"text","text":"S","cache_control":{"type":"ephemeral"}}]}"#,
                r#"{"system":[{"type":"text","text":"P\""},{"type":"text","text":"S","cache_control":{"type":"ephemeral"}}]}"#,
            ),
            (Messages, r#"{"system":[]}"#, r#"{"system":[{"type":"text","text":"P\""}]}"#),
            (
                Chat,
                r#"{"messages":[{"role":"user","content":"U"}]}"#,
                r#"{"messages":[{"role":"system","content":"P\""},{"role":"user","content":"U"}]}"#,
            ),
            (
                Chat,
                r#"{"messages":[{"content":"S","role":"developer"}]}"#,
                r#"{"messages":[{"content":"P\"\n\nS","role":"developer"}]}"#,
            ),
            (
                Chat,
                r#"{"messages":[{"role":"system","content":[{"type":"text","text":"S"}]}]}"#,
                r#"{"messages":[{"role":"system","content":[{"type":"text","text":"P\""},{"type":"text","text":"S"}]}]}"#,
            ),
            (Responses, r#"{"input":"x"}"#, r#"{"instructions":"P\"","input":"x"}"#),
            (Responses, r#"{"instructions":"S"}"#, r#"{"instructions":"P\"\n\nS"}"#),
        ] {
            assert_eq!(put(body, protocol, "P\""), expected);
            assert_eq!(put(expected, protocol, "P\""), expected, "not twice");
        }
    }

    #[test]
    fn what_is_no_request_stays() {
        for body in ["[]", "7", r#"{"messages":"x"}"#, r#"{"messages":{}}"#] {
            assert_eq!(put(body, Protocol::Chat, "P"), body);
        }
        assert_eq!(put_before_system(&Bytes::from_static(b"{\"a"), Protocol::Messages, "P"), None);
    }
}
