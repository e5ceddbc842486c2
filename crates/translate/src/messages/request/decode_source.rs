//! Where the images and documents of a Messages request are.

use super::block::BlockIn;
use crate::error::TranslateError;
use crate::ir::{Document, Extra, PartOfTurn, Source};
use crate::json::member::{missing, nested, required};
use crate::json::read::Str;
use std::borrow::Cow;

/// An image.
pub(super) fn image<'a>(
    read: &mut BlockIn<'a>,
    extras: &mut Vec<Extra<'a>>,
    place: impl Fn() -> String,
) -> Result<PartOfTurn<'a>, TranslateError> {
    let source = source(read, extras, &place)?;
    if matches!(source, Source::Text(_) | Source::Blocks(_)) {
        let what = "must be one of base64, url, file";
        return Err(TranslateError::bad_request(format!("{}.source.type", place()), what));
    }
    Ok(PartOfTurn::Image { source, detail: None })
}

/// A document.
pub(super) fn document<'a>(
    read: &mut BlockIn<'a>,
    extras: &mut Vec<Extra<'a>>,
    place: impl Fn() -> String,
) -> Result<PartOfTurn<'a>, TranslateError> {
    let source = source(read, extras, &place)?;
    let title = read.title.take().map(|Str(text)| text);
    let context = read.context.take().map(|Str(text)| text);
    let citations = match read.citations.take() {
        None => false,
        Some(read) => {
            nested("citations", read.extras, extras);
            read.enabled.unwrap_or_default()
        }
    };
    Ok(PartOfTurn::Document(Document { source, title, context, citations }))
}

fn source<'a>(
    read: &mut BlockIn<'a>,
    extras: &mut Vec<Extra<'a>>,
    place: impl Fn() -> String,
) -> Result<Source<'a>, TranslateError> {
    let place = |member: &str| format!("{}.source{member}", place());
    let read = read.source.take().ok_or_else(|| missing(place("")))?;
    nested("source", read.extras, extras);
    let kind = required(read.kind, || place(".type"))?;
    Ok(match &*kind {
        "base64" => Source::Base64 {
            media_type: required(read.media_type, || place(".media_type"))?,
            data: required(read.data, || place(".data"))?,
        },
        "url" => Source::Url(required(read.url, || place(".url"))?),
        "file" => Source::FileId(required(read.file_id, || place(".file_id"))?),
        "text" => Source::Text(read.data.ok_or_else(|| missing(place(".data")))?.0),
        "content" => Source::Blocks(Cow::Borrowed(read.content.ok_or_else(|| missing(place(".content")))?)),
        _ => {
            let what = "must be one of base64, url, file, text, content";
            return Err(TranslateError::bad_request(place(".type"), what));
        }
    })
}
