//! Gives a model its caller's name back in answers, when a mapping sent the request to the upstream under another.
//!
//! Only the string value of the one member changes; every other byte stays.

use bytes::Bytes;
use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Protocol;
use crate::usage::{field, split_line};

/// Writes the caller's name for the model into answers of one upstream request.
#[derive(Debug, Clone)]
pub struct ModelRenamer {
    protocol: Protocol,
    /// The name as a JSON string, quotes included.
    name: Bytes,
}

impl ModelRenamer {
    /// Renames to `to` in answers of an upstream that speaks `protocol`.
    #[must_use]
    pub fn new(protocol: Protocol, to: &str) -> Self {
        let name = serde_json::Value::from(to).to_string();
        Self { protocol, name: Bytes::from(name) }
    }

    /// The answer's body as slices in order. A body that is not a JSON object with a `model` text is one slice.
    #[must_use]
    pub fn answer(&self, body: &Bytes) -> Vec<Bytes> {
        let span = top_level_model(body);
        span.map_or_else(|| vec![body.clone()], |span| self.replaced(body, span))
    }

    /// The frame, blank line included, as slices in order, or `None` if it names no model.
    #[must_use]
    pub fn frame(&self, frame_raw: &Bytes) -> Option<Vec<Bytes>> {
        // Nearly every frame of Messages and Responses is told apart here.
        memmem::find(frame_raw, b"\"model\"")?;
        let data = Data::of(frame_raw)?;
        let (start, end) = match self.protocol {
            Protocol::Chat => top_level_model(&data.bytes),
            Protocol::Messages => message_model(&data.bytes),
            Protocol::Responses => response_model(&data.bytes),
        }?;
        Some(self.replaced(frame_raw, (data.in_frame(start), data.in_frame(end))))
    }

    fn replaced(&self, bytes: &Bytes, (start, end): (usize, usize)) -> Vec<Bytes> {
        vec![bytes.slice(..start), self.name.clone(), bytes.slice(end..)]
    }
}

/// See [`ModelRenamer::answer`].
#[must_use]
pub fn rename_model_in_answer(body: &Bytes, protocol: Protocol, to: &str) -> Vec<Bytes> {
    ModelRenamer::new(protocol, to).answer(body)
}

/// See [`ModelRenamer::frame`].
#[must_use]
pub fn rename_model_in_frame(protocol: Protocol, frame_raw: &Bytes, to: &str) -> Option<Vec<Bytes>> {
    ModelRenamer::new(protocol, to).frame(frame_raw)
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    model: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct MessageStart<'a> {
    #[serde(borrow)]
    message: Named<'a>,
}

#[derive(Deserialize)]
struct ResponseEvent<'a> {
    #[serde(borrow)]
    response: Named<'a>,
}

/// Where the text value of `model` stands in the object `json`.
fn top_level_model(json: &[u8]) -> Option<(usize, usize)> {
    serde_json::from_slice::<Named<'_>>(json).ok().and_then(|named| span(json, &named))
}

fn message_model(json: &[u8]) -> Option<(usize, usize)> {
    serde_json::from_slice::<MessageStart<'_>>(json).ok().and_then(|event| span(json, &event.message))
}

fn response_model(json: &[u8]) -> Option<(usize, usize)> {
    serde_json::from_slice::<ResponseEvent<'_>>(json).ok().and_then(|event| span(json, &event.response))
}

/// The borrowed value is a part of `json`, so its address tells its place.
fn span(json: &[u8], named: &Named<'_>) -> Option<(usize, usize)> {
    let value = named.model?.get();
    let start = value.as_ptr().addr().checked_sub(json.as_ptr().addr())?;
    value.starts_with('"').then_some((start, start + value.len()))
}

/// A frame's data, and where each of its lines stands in the frame.
struct Data<'a> {
    bytes: std::borrow::Cow<'a, [u8]>,
    /// Of each line: its start in the data and its start in the frame.
    lines: Vec<(usize, usize)>,
}

impl<'a> Data<'a> {
    fn of(frame: &'a [u8]) -> Option<Self> {
        let mut rest = frame;
        let mut found: Option<Self> = None;
        while !rest.is_empty() {
            let line_start = frame.len() - rest.len();
            let (line, after) = split_line(rest);
            rest = after;
            let Some(value) = field(line, b"data") else {
                continue;
            };
            let in_frame = line_start + line.len() - value.len();
            match &mut found {
                None => {
                    found = Some(Self { bytes: value.into(), lines: vec![(0, in_frame)] });
                }
                Some(data) => {
                    let joined = data.bytes.to_mut();
                    joined.push(b'\n');
                    data.lines.push((joined.len(), in_frame));
                    joined.extend_from_slice(value);
                }
            }
        }
        found
    }

    /// The place in the frame of a place in the data. A JSON string holds no line end, so both ends of one are in
    /// the same line.
    fn in_frame(&self, at: usize) -> usize {
        let line = self.lines.iter().rev().find(|(start, _)| *start <= at);
        line.map_or(at, |(start, in_frame)| at - start + in_frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(parts: &[Bytes]) -> String {
        String::from_utf8(parts.concat()).unwrap()
    }

    fn renamed(protocol: Protocol, frame: &str) -> Option<String> {
        let frame = Bytes::copy_from_slice(frame.as_bytes());
        rename_model_in_frame(protocol, &frame, "mine").map(|parts| joined(&parts))
    }

    #[test]
    fn answers_change_in_one_place_only() {
        for (body, expected) in [
            (r#"{"id":"a","model":"x","n":1.50}"#, r#"{"id":"a","model":"mine","n":1.50}"#),
            (
                r#"{ "choices":[{"model":"in"}], "model" : "x\"y" }"#,
                r#"{ "choices":[{"model":"in"}], "model" : "mine" }"#,
            ),
            (r#"{"m\u006fdel":"x"}"#, r#"{"m\u006fdel":"mine"}"#),
            (r#"{"model":null}"#, r#"{"model":null}"#),
            (r#"{"model":{"model":"x"}}"#, r#"{"model":{"model":"x"}}"#),
            (r#"{"content":"\"model\":\"x\""}"#, r#"{"content":"\"model\":\"x\""}"#),
            ("<html>\"model\":\"x\"</html>", "<html>\"model\":\"x\"</html>"),
            ("", ""),
        ] {
            for protocol in Protocol::ALL {
                let body = Bytes::copy_from_slice(body.as_bytes());
                assert_eq!(joined(&rename_model_in_answer(&body, protocol, "mine")), expected);
            }
        }
    }

    #[test]
    fn the_new_name_is_escaped() {
        let body = Bytes::from_static(br#"{"model":"x"}"#);
        let out = joined(&rename_model_in_answer(&body, Protocol::Chat, "a\"b\\c\u{1}"));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&out).unwrap()["model"], "a\"b\\c\u{1}");
    }

    #[test]
    fn frames_change_where_the_protocol_names_the_model() {
        use Protocol::{Chat, Messages, Responses};
        for (protocol, frame, expected) in [
            (
                Chat,
                "data: {\"model\":\"x\",\"choices\":[]}\n\n",
                "data: {\"model\":\"mine\",\"choices\":[]}\n\n",
            ),
            (Chat, ": hi\r\ndata:{\"model\":\"x\"}\r\n\r\n", ": hi\r\ndata:{\"model\":\"mine\"}\r\n\r\n"),
            (
                Messages,
                "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"x\",\"id\":\"m\"}}\n\n",
                "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"mine\",\"id\":\"m\"}}\n\n",
            ),
            (
                Responses,
                "data: {\"model\":\"keep\",\"response\":{\"model\":\"x\"}}\r\r",
                "data: {\"model\":\"keep\",\"response\":{\"model\":\"mine\"}}\r\r",
            ),
        ] {
            assert_eq!(renamed(protocol, frame).as_deref(), Some(expected));
        }
        for (protocol, frame) in [
            (Chat, "data: [DONE]\n\n"),
            (Chat, "data: {\"choices\":[{\"delta\":{\"content\":\"\\\"model\\\":\\\"x\\\"\"}}]}\n\n"),
            (Messages, "event: content_block_delta\ndata: {\"delta\":{\"model\":\"x\"}}\n\n"),
            (Messages, "data: {\"message\":\"the \\\"model\"}\n\n"),
            (Responses, "data: {\"model\":\"x\"}\n\n"),
            (Chat, ": \"model\"\n\n"),
        ] {
            assert_eq!(renamed(protocol, frame), None, "{frame}");
        }
    }

    #[test]
    fn a_frame_of_several_data_lines_is_renamed_in_place() {
        let frame =
            "event: x\ndata: {\"id\":1,\r\ndata: \"model\":\ndata:  \"x\",\r\nid: 7\ndata: \"n\":2}\n\n";
        let expected =
            "event: x\ndata: {\"id\":1,\r\ndata: \"model\":\ndata:  \"mine\",\r\nid: 7\ndata: \"n\":2}\n\n";
        assert_eq!(renamed(Protocol::Chat, frame).as_deref(), Some(expected));
    }
}
