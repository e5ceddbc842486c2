//! Edits of a body that leave every other byte as it came.

use bytes::Bytes;

use crate::{Endpoint, Member, Members, Probe, Protocol, Span};

const INCLUDE_USAGE: &[u8] = br#""include_usage":true"#;
const OPTIONS_WITH_USAGE: &[u8] = br#"{"include_usage":true}"#;
const STREAM_OPTIONS_WITH_USAGE: &[u8] = br#""stream_options":{"include_usage":true}"#;

/// A set of edits of one body: spans and what stands there instead.
///
/// Spans should not overlap. Where two do, the one that starts later gives way where they meet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edits {
    /// Sorted by span, so that an insertion comes before what is replaced at the same place; insertions at the same
    /// place in the order they were added.
    splices: Vec<(Span, Bytes)>,
}

impl Edits {
    /// No edits.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the body stays as it is.
    pub fn is_empty(&self) -> bool {
        self.splices.is_empty()
    }

    /// The spans that are replaced, in order; an empty span is where something is inserted.
    pub fn spans(&self) -> impl Iterator<Item = Span> {
        self.splices.iter().map(|(span, _)| *span)
    }

    /// Puts `with` in place of `span`.
    pub fn replace(&mut self, span: Span, with: impl Into<Bytes>) {
        let place =
            self.splices.partition_point(|(other, _)| (other.start, other.end) <= (span.start, span.end));
        self.splices.insert(place, (span, with.into()));
    }

    /// Adds the edits of the same body that `other` has.
    pub fn merge(&mut self, other: &Self) {
        for (span, with) in &other.splices {
            self.replace(*span, with.clone());
        }
    }

    /// Inserts `with` before the byte at `at`.
    pub fn insert(&mut self, at: usize, with: impl Into<Bytes>) {
        self.replace(Span { start: at, end: at }, with);
    }

    /// Removes members of the body's object, each with one comma, so that what stays is an object.
    ///
    /// A member takes the comma before it if a member that stays comes before it, else the comma behind it.
    pub fn remove_members<'m>(&mut self, members: impl IntoIterator<Item = &'m Member>) {
        let mut removed: Vec<_> = members.into_iter().collect();
        removed.sort_unstable_by_key(|member| member.index);
        for (position, member) in removed.into_iter().enumerate() {
            let only_removed_before = usize::try_from(member.index).is_ok_and(|index| index == position);
            let span = match (only_removed_before, member.comma_before, member.comma_after) {
                (false, Some(comma), _) => Span { start: comma, end: member.value.end },
                (true, _, Some(comma)) => Span { start: member.key.start, end: comma + 1 },
                _ => Span { start: member.key.start, end: member.value.end },
            };
            self.replace(span, Bytes::new());
        }
    }

    /// Inserts a member, written as `"name":value`, as the first of the body's object. `staying` is the number of
    /// members that are there and not removed.
    pub fn insert_member(&mut self, members: &Members, staying: u32, member: &[u8]) {
        self.insert(members.open, first_member(member, staying == 0));
    }

    /// The edited body as slices, in order. What was not edited shares the memory of `body`.
    pub fn apply(&self, body: &Bytes) -> Vec<Bytes> {
        let mut parts = Vec::with_capacity(2 * self.splices.len() + 1);
        let mut keep = |part: Bytes| {
            if !part.is_empty() {
                parts.push(part);
            }
        };
        let mut at = 0;
        for (span, with) in &self.splices {
            let start = span.start.clamp(at, body.len());
            keep(body.slice(at..start));
            keep(with.clone());
            at = span.end.clamp(start, body.len());
        }
        keep(body.slice(at..));
        parts
    }

    /// The length in bytes of a body of `len` bytes once it is edited.
    pub fn len_after(&self, len: usize) -> usize {
        let (mut total, mut at) = (len, 0);
        for (span, with) in &self.splices {
            let start = span.start.clamp(at, len);
            at = span.end.clamp(start, len);
            total = total + with.len() - (at - start);
        }
        total
    }
}

/// What the upstream must not see as the caller wrote it: the model's name, `style`, a Chat stream without usage,
/// and what `count_tokens` does not take.
pub fn forward_edits(probe: &Probe<'_>, endpoint: Endpoint, upstream_model: &str) -> Edits {
    let mut edits = Edits::new();
    let members = &probe.members;
    if probe.model != upstream_model {
        edits.replace(probe.model_span, json_string(upstream_model));
    }
    edits.remove_members(members.style.iter().chain(&members.not_counted));
    if endpoint.protocol() == Protocol::Chat && probe.stream {
        ask_for_usage(&mut edits, probe);
    }
    edits
}

/// Has `stream_options.include_usage` say `true`, so that the stream can be billed.
fn ask_for_usage(edits: &mut Edits, probe: &Probe<'_>) {
    let members = &probe.members;
    match (members.options, members.stream_options) {
        _ if probe.include_usage == Some(true) => {}
        (Some(options), _) => match options.include_usage {
            Some(value) => edits.replace(value, Bytes::from_static(b"true")),
            None => edits.insert(options.open, first_member(INCLUDE_USAGE, options.is_empty)),
        },
        (None, Some(member)) => edits.replace(member.value, Bytes::from_static(OPTIONS_WITH_USAGE)),
        (None, None) => {
            let staying = members.count - u32::from(members.style.is_some());
            edits.insert_member(members, staying, STREAM_OPTIONS_WITH_USAGE);
        }
    }
}

/// A member as it is written in front of others, or alone.
fn first_member(member: &[u8], alone: bool) -> Bytes {
    let comma: &[u8] = if alone { b"" } else { b"," };
    Bytes::from([member, comma].concat())
}

fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe;

    fn edited(body: &str, endpoint: Endpoint, model: &str) -> String {
        let edits = forward_edits(&probe(body.as_bytes(), endpoint).unwrap(), endpoint, model);
        let body = Bytes::copy_from_slice(body.as_bytes());
        let out = edits.apply(&body).concat();
        assert_eq!(edits.len_after(body.len()), out.len());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn edits_only_what_it_must() {
        use Endpoint::{Chat, CountTokens, EnvelopeChat, Messages, Responses};
        let table = [
            // Nothing to do.
            (Messages, r#"{"model":"m","messages":[],"max_tokens":1,"stream":true,"style":"x"}"#, None),
            (Chat, r#"{ "model":"\u006d","messages":[] , "stream":false,"stream_options":null}"#, None),
            (
                Chat,
                r#"{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}}"#,
                None,
            ),
            (Responses, r#"{"model":"m","stream":true}"#, None),
            // `style` goes, with the comma that was its own.
            (
                Chat,
                r#"{"style":"claude", "model":"m","messages":[]}"#,
                Some(r#"{ "model":"m","messages":[]}"#),
            ),
            (
                Chat,
                r#"{"model":"m" , "style" : null ,"messages":[]}"#,
                Some(r#"{"model":"m"  ,"messages":[]}"#),
            ),
            (
                Chat,
                "{\"model\":\"m\",\"messages\":[],\n\"style\":\"openai\"\n}",
                Some("{\"model\":\"m\",\"messages\":[]\n}"),
            ),
            // A stream asks for usage.
            (
                Chat,
                r#"{ "model":"m","messages":[],"stream":true}"#,
                Some(r#"{"stream_options":{"include_usage":true}, "model":"m","messages":[],"stream":true}"#),
            ),
            (
                EnvelopeChat,
                r#"{"style":"openai","stream":true,"model":"m","messages":[]}"#,
                Some(r#"{"stream_options":{"include_usage":true},"stream":true,"model":"m","messages":[]}"#),
            ),
            (
                Chat,
                r#"{"model":"m","messages":[],"stream_options": null,"stream":true}"#,
                Some(r#"{"model":"m","messages":[],"stream_options": {"include_usage":true},"stream":true}"#),
            ),
            (
                Chat,
                r#"{"model":"m","messages":[],"stream_options":{ },"stream":true}"#,
                Some(r#"{"model":"m","messages":[],"stream_options":{"include_usage":true },"stream":true}"#),
            ),
            (
                Chat,
                r#"{"model":"m","messages":[],"stream_options":{ "a":1},"stream":true}"#,
                Some(
                    r#"{"model":"m","messages":[],"stream_options":{"include_usage":true, "a":1},"stream":true}"#,
                ),
            ),
            (
                Chat,
                r#"{"model":"m","messages":[],"stream_options":{"a":1,"include_usage":false},"stream":true}"#,
                Some(
                    r#"{"model":"m","messages":[],"stream_options":{"a":1,"include_usage":true},"stream":true}"#,
                ),
            ),
            (
                Chat,
                r#"{"model":"m","messages":[],"stream_options":{"include_\u0075sage":null},"stream":true}"#,
                Some(
                    r#"{"model":"m","messages":[],"stream_options":{"include_\u0075sage":true},"stream":true}"#,
                ),
            ),
            // What `count_tokens` does not take goes, wherever it stands.
            (
                CountTokens,
                r#"{"max_tokens":1,"stream":true,"model":"m","top_p":1,"top_k":2,"messages":[],"metadata":{}}"#,
                Some(r#"{"model":"m","messages":[]}"#),
            ),
            (
                CountTokens,
                r#"{"max_tokens":1, "model":"m","messages":[], "t\u006fp_p":1 }"#,
                Some(r#"{ "model":"m","messages":[] }"#),
            ),
        ];
        for (endpoint, body, expected) in table {
            assert_eq!(edited(body, endpoint, "m"), expected.unwrap_or(body), "{endpoint:?}");
        }
    }

    #[test]
    fn renames_the_model_as_a_json_string() {
        let body = r#"{"x":"m","model": "m" ,"messages":[]}"#;
        assert_eq!(edited(body, Endpoint::Chat, "a\"\\\n"), r#"{"x":"m","model": "a\"\\\n" ,"messages":[]}"#);
    }

    #[test]
    fn removing_every_member_leaves_an_empty_object() {
        let body = br#"{"model":"m","style":"openai","messages":[]}"#;
        let member = |key: Span, value: Span, index, comma_before, comma_after| Member {
            key,
            value,
            index,
            comma_before,
            comma_after,
        };
        let span = |start, end| Span { start, end };
        let members = [
            member(span(30, 40), span(41, 43), 2, Some(29), None),
            member(span(1, 8), span(9, 12), 0, None, Some(12)),
            member(span(13, 20), span(21, 29), 1, Some(12), Some(29)),
        ];
        let mut edits = Edits::new();
        edits.remove_members(&members);
        edits.insert_member(&Members { open: 1, ..Members::default() }, 0, b"\"a\":1");
        assert_eq!(edits.apply(&Bytes::from_static(body)).concat(), b"{\"a\":1}");
    }

    #[test]
    fn what_is_not_edited_is_not_copied() {
        let body = Bytes::from_static(b"0123456789");
        assert_eq!(Edits::new().apply(&body)[0].as_ptr(), body.as_ptr());
        let mut edits = Edits::new();
        edits.replace(Span { start: 7, end: 9 }, Bytes::new());
        edits.replace(Span { start: 2, end: 3 }, "two");
        edits.insert(2, "!");
        edits.insert(2, "?");
        let parts = edits.apply(&body);
        assert_eq!(parts, ["01", "!", "?", "two", "3456", "9"]);
        assert_eq!(parts[4].as_ptr(), body[3..].as_ptr());
    }

    #[test]
    fn overlapping_or_outlying_spans_do_not_panic() {
        let mut edits = Edits::new();
        edits.replace(Span { start: 2, end: 6 }, "a");
        edits.replace(Span { start: 4, end: 8 }, "b");
        edits.replace(Span { start: 20, end: 30 }, "c");
        assert_eq!(edits.apply(&Bytes::from_static(b"0123456789")).concat(), b"01ab89c");
        assert_eq!(edits.len_after(10), 7);
    }
}
