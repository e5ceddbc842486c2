//! Parts of turns into the parts of messages and outputs.

use super::blocks::{blocks, search_result, tool_reference};
use super::encode::Encoder;
use super::encode_items::part_extras;
use super::shape_parts::{
    AudioOut, AudioPartOut, BreakpointOut, FileOut, ImageOut, PartOut, RefusalOut, TextOut, UrlOut,
};
use crate::error::TranslateError;
use crate::ir::{CacheLifetime, Document, PartOfTurn, Source, TurnPart};
use crate::json::Extras;
use std::borrow::Cow;
use tollgate_protocol::Protocol;

/// Where a part is to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In a message to the model.
    Input,
    /// In a message of the model.
    Assistant,
    /// In the output of a tool.
    Output,
}

impl Place {
    const fn text(self) -> &'static str {
        match self {
            Self::Input | Self::Output => "input_text",
            Self::Assistant => "output_text",
        }
    }
}

/// The parts that say what `from` says; none if it is left out.
pub(super) fn part<'a>(
    from: &'a TurnPart<'a>,
    place: Place,
    encoder: &mut Encoder<'a, '_>,
) -> Result<Vec<PartOut<'a>>, TranslateError> {
    part_extras(from, encoder)?;
    let mut cache = from.cache.map(breakpoint);
    if place == Place::Assistant && cache.is_some() {
        encoder.foreign.settle(&format!("{}.cache_control", field(encoder.from, &from.body)))?;
        cache = None;
    }
    let extras = Extras::default();
    Ok(vec![match &from.body {
        PartOfTurn::Text { text, .. } if text.is_empty() && !encoder.is_own() => return Ok(Vec::new()),
        PartOfTurn::Text { text, .. } => {
            PartOut::Text(TextOut { cache, ..TextOut::plain(place.text(), text.borrowed()) })
        }
        PartOfTurn::Refusal { text } if place == Place::Assistant => {
            PartOut::Refusal(RefusalOut { kind: "refusal", refusal: text, extras })
        }
        PartOfTurn::Refusal { text } => PartOut::Text(TextOut::plain(place.text(), &**text)),
        PartOfTurn::Image { source, detail } if place != Place::Assistant || encoder.is_own() => {
            image(source, detail.as_deref(), cache, encoder)?
        }
        PartOfTurn::Document(document) if place != Place::Assistant || encoder.is_own() => {
            return file(document, cache, encoder);
        }
        PartOfTurn::Audio { data, format } if place != Place::Assistant || encoder.is_own() => {
            PartOut::Audio(AudioPartOut {
                kind: "input_audio",
                input_audio: AudioOut { data, format },
                extras,
            })
        }
        PartOfTurn::Other { json, .. } if encoder.is_own() => PartOut::Raw(json),
        PartOfTurn::Other { kind, json } if kind == "search_result" => match search_result(json) {
            Some(text) => PartOut::Text(TextOut { cache, ..TextOut::plain(place.text(), text) }),
            None => return left_out(from, encoder),
        },
        PartOfTurn::Other { kind, json } if kind == "tool_reference" => match tool_reference(json) {
            Some(text) => PartOut::Text(TextOut { cache, ..TextOut::plain(place.text(), text) }),
            None => return left_out(from, encoder),
        },
        _ => return left_out(from, encoder),
    }])
}

fn left_out<'a>(
    from: &'a TurnPart<'a>,
    encoder: &mut Encoder<'a, '_>,
) -> Result<Vec<PartOut<'a>>, TranslateError> {
    encoder.foreign.settle(&field(encoder.from, &from.body))?;
    Ok(Vec::new())
}

pub(super) const fn breakpoint(cache: CacheLifetime) -> BreakpointOut {
    let ttl = match cache {
        CacheLifetime::Default => None,
        CacheLifetime::Short => Some("30m"),
        CacheLifetime::Long => Some("12h"),
    };
    BreakpointOut { mode: "explicit", ttl }
}

/// How `from`'s protocol writes the place of such a part.
pub(super) fn field(from: Protocol, body: &PartOfTurn<'_>) -> String {
    let (messages, chat) = match body {
        PartOfTurn::Text { .. } => ("text", "text"),
        PartOfTurn::Image { .. } => ("image", "image_url"),
        PartOfTurn::Document(_) => ("document", "file"),
        PartOfTurn::Audio { .. } => ("audio", "input_audio"),
        PartOfTurn::Reasoning(_) => ("thinking", "reasoning_content"),
        PartOfTurn::ToolCall(_) => ("tool_use", "tool_calls"),
        PartOfTurn::ToolResult(_) => ("tool_result", "tool"),
        PartOfTurn::Refusal { .. } => ("refusal", "refusal"),
        PartOfTurn::ServerToolCall { .. } => ("server_tool_use", "server_tool_call"),
        PartOfTurn::ServerToolResult { kind, .. } | PartOfTurn::Other { kind, .. } => {
            (kind.as_ref(), kind.as_ref())
        }
    };
    match from {
        Protocol::Messages => format!("messages.content.{messages}"),
        Protocol::Chat => format!("messages.content.{chat}"),
        Protocol::Responses => format!("input.content.{messages}"),
    }
}

fn image<'a>(
    source: &'a Source<'a>,
    detail: Option<&'a str>,
    cache: Option<BreakpointOut>,
    encoder: &mut Encoder<'a, '_>,
) -> Result<PartOut<'a>, TranslateError> {
    let (image_url, file_id) = match source {
        Source::Base64 { media_type, data } => (Some(data_url(media_type, data)), None),
        Source::Url(url) => (Some(UrlOut::Plain(Cow::Borrowed(url))), None),
        Source::FileId(id) => (None, Some(own_file(id, "image", encoder)?)),
        Source::Text(_) | Source::Blocks(_) => {
            return Err(TranslateError::bad_request("messages.content.image", "must be a picture"));
        }
    };
    let detail = Some(detail.unwrap_or("auto"));
    let extras = Extras::default();
    Ok(PartOut::Image(ImageOut { kind: "input_image", image_url, file_id, detail, cache, extras }))
}

fn data_url<'a>(media_type: &'a str, data: &'a str) -> UrlOut<'a> {
    UrlOut::Data { media_type: Cow::Borrowed(media_type), data: Cow::Borrowed(data) }
}

/// A file of this protocol's own store; another provider's files are not there.
fn own_file<'a>(id: &'a str, what: &str, encoder: &Encoder<'a, '_>) -> Result<&'a str, TranslateError> {
    if encoder.is_own() {
        return Ok(id);
    }
    let field = match (encoder.from, what) {
        (Protocol::Messages, _) => format!("messages.content.{what}.source.file_id"),
        _ => "messages.content.file.file_id".to_owned(),
    };
    Err(TranslateError::refused(field, "files of one provider cannot be read by another: send the bytes"))
}

fn file<'a>(
    document: &'a Document<'a>,
    cache: Option<BreakpointOut>,
    encoder: &mut Encoder<'a, '_>,
) -> Result<Vec<PartOut<'a>>, TranslateError> {
    if document.citations {
        encoder.foreign.settle("messages.content.document.citations")?;
    }
    let title = document.title.as_deref();
    let mut parts = Vec::new();
    if let Some(context) = document.context.as_deref().filter(|context| !context.is_empty()) {
        parts.push(PartOut::Text(TextOut::plain("input_text", context)));
    }
    let mut out = FileOut {
        kind: "input_file",
        filename: title,
        file_data: None,
        file_url: None,
        file_id: None,
        cache,
        extras: Extras::default(),
    };
    match &document.source {
        Source::Base64 { media_type, data } => {
            out.filename = title.or_else(|| default_name(media_type, encoder.is_own()));
            out.file_data = Some(data_url(media_type, data));
        }
        Source::Url(url) => {
            // The address names the file.
            out.filename = title.filter(|_| encoder.is_own());
            if let Some(title) = title.filter(|_| !encoder.is_own()) {
                parts.push(PartOut::Text(TextOut::plain("input_text", title)));
            }
            out.file_url = Some(url);
        }
        Source::FileId(id) => out.file_id = Some(own_file(id, "document", encoder)?),
        Source::Text(text) => {
            let text = match title {
                Some(title) => Cow::Owned(format!("{title}\n\n{text}")),
                None => Cow::Borrowed(text.as_ref()),
            };
            parts.push(PartOut::Text(TextOut { cache, ..TextOut::plain("input_text", text) }));
            return Ok(parts);
        }
        Source::Blocks(json) => {
            if let Some(title) = title {
                parts.push(PartOut::Text(TextOut::plain("input_text", title)));
            }
            parts.extend(blocks(json, encoder)?);
            return Ok(parts);
        }
    }
    parts.push(PartOut::File(out));
    Ok(parts)
}

/// Files in the request need a name here, in other protocols they need none.
fn default_name(media_type: &str, own: bool) -> Option<&'static str> {
    match media_type {
        _ if own => None,
        "text/plain" => Some("document.txt"),
        _ => Some("document.pdf"),
    }
}
