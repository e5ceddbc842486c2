//! Blocks that only Messages has, as parts.

use super::encode::Encoder;
use super::shape_parts::{ImageOut, PartOut, TextOut, UrlOut};
use crate::error::TranslateError;
use crate::json::{Extras, Text, into_cow};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct SearchResultIn<'a> {
    #[serde(borrow)]
    source: Option<Text<'a>>,
    #[serde(borrow)]
    title: Option<Text<'a>>,
    #[serde(borrow)]
    content: Option<Text<'a>>,
}

/// A search result as text: title, source, and what was found; none if nothing was.
pub(super) fn search_result(json: &RawValue) -> Option<String> {
    let read: SearchResultIn<'_> = serde_json::from_str(json.get()).ok()?;
    let found = into_cow(read.content);
    if found.is_empty() {
        return None;
    }
    let head = [into_cow(read.title), into_cow(read.source)];
    let mut lines: Vec<&str> = head.iter().map(AsRef::as_ref).filter(|line| !line.is_empty()).collect();
    if !lines.is_empty() {
        lines.push("");
    }
    lines.push(&found);
    Some(lines.join("\n"))
}

/// A tool that a search found, by its name.
pub(super) fn tool_reference(json: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct ReferenceIn<'a> {
        #[serde(borrow)]
        tool_name: Option<Text<'a>>,
    }
    let read: ReferenceIn<'_> = serde_json::from_str(json.get()).ok()?;
    read.tool_name.map(|name| format!("Tool: {}", name.0))
}

#[derive(Deserialize)]
struct BlockIn<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    source: Option<SourceIn<'a>>,
}

#[derive(Deserialize)]
struct SourceIn<'a> {
    #[serde(borrow)]
    media_type: Option<Text<'a>>,
    #[serde(borrow)]
    data: Option<Text<'a>>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
}

/// The content of a document that is made of blocks.
pub(super) fn blocks<'a>(
    json: &'a RawValue,
    encoder: &mut Encoder<'a, '_>,
) -> Result<Vec<PartOut<'a>>, TranslateError> {
    const FIELD: &str = "messages.content.document.source.content";
    if json.get().starts_with('"') {
        let text: Text<'a> = serde_json::from_str(json.get()).unwrap_or_default();
        return Ok(vec![PartOut::Text(TextOut::plain("input_text", text.0))]);
    }
    let read: Vec<BlockIn<'a>> = serde_json::from_str(json.get())
        .map_err(|_| TranslateError::bad_request(FIELD, "must be a list of text and image blocks"))?;
    let mut parts = Vec::with_capacity(read.len());
    for block in read {
        if let Some(text) = block.text {
            parts.push(PartOut::Text(TextOut::plain("input_text", text.0)));
            continue;
        }
        match block.source.and_then(address) {
            Some(image_url) => parts.push(PartOut::Image(ImageOut {
                kind: "input_image",
                image_url: Some(image_url),
                file_id: None,
                detail: Some("auto"),
                cache: None,
                extras: Extras::default(),
            })),
            None => encoder.foreign.settle(&format!("{FIELD}.{}", into_cow(block.kind)))?,
        }
    }
    Ok(parts)
}

fn address(source: SourceIn<'_>) -> Option<UrlOut<'_>> {
    match (source.data, source.media_type, source.url) {
        (Some(data), Some(media_type), _) => Some(UrlOut::Data { media_type: media_type.0, data: data.0 }),
        (_, _, Some(url)) => Some(UrlOut::Plain(url.0)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_result_is_title_source_and_text() {
        let read = |json: &str| search_result(serde_json::from_str(json).unwrap());
        let json = r#"{"type":"search_result","source":"https://a","title":"A","content":[{"type":"text","text":"b"}]}"#;
        assert_eq!(read(json).unwrap(), "A\nhttps://a\n\nb");
        assert_eq!(read(r#"{"content":[{"type":"text","text":"b"}]}"#).unwrap(), "b");
        assert_eq!(read(r#"{"title":"A","content":[]}"#), None);
    }
}
