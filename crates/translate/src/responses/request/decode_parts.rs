//! Parts of messages, of outputs and of reasoning into the intermediate representation.

use super::decode_items::{At, rest};
use super::decode_settings::reread;
use super::path::Path;
use super::value::Val;
use super::wire::{BreakpointIn, ContentIn, ItemIn, PartIn};
use crate::data_url::{self, Address};
use crate::error::TranslateError;
use crate::ir::{CacheLifetime, Document, Extra, PartOfTurn, Proof, Reasoning, Source, TurnPart};
use crate::json::member::raw;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Reads the `content` of a message, or the `output` of a function.
pub(super) fn content<'a>(
    said: ContentIn<'a>,
    member: &'static str,
    at: &mut At<'_, 'a>,
) -> Result<Vec<TurnPart<'a>>, TranslateError> {
    let here = at.path.at(member);
    let list = match said {
        ContentIn::Text(text) => return Ok(vec![PartOfTurn::Text { text: text.into(), phase: None }.into()]),
        ContentIn::Parts(list) => list,
    };
    let mut parts = Vec::with_capacity(list.len());
    let mut whole: Option<Vec<&'a RawValue>> = None;
    for (index, read) in list.into_iter().enumerate() {
        let path = here.index(index);
        let read = read.need(&path)?;
        if let Some(part) = part(read, &path)? {
            parts.push(part);
            continue;
        }
        if whole.is_none() {
            whole = Some(raw_parts(at.raw()?, member, &here)?);
        }
        let raw = whole.as_deref().and_then(|list| list.get(index)).copied();
        let raw = raw.ok_or_else(|| here.wrong("is there twice"))?;
        parts.push(unknown(raw, &path)?);
    }
    Ok(parts)
}

/// The parts of `member` as they came.
fn raw_parts<'a>(
    item: &'a RawValue,
    member: &str,
    path: &Path<'_>,
) -> Result<Vec<&'a RawValue>, TranslateError> {
    #[derive(serde::Deserialize)]
    struct Item<'a> {
        #[serde(borrow)]
        content: Option<Vec<&'a RawValue>>,
        #[serde(borrow)]
        output: Option<&'a RawValue>,
    }
    let twice = || path.wrong("is there twice");
    let item: Item<'a> = serde_json::from_str(item.get()).map_err(|_| twice())?;
    if member == "content" {
        return item.content.ok_or_else(twice);
    }
    let output = item.output.ok_or_else(twice)?;
    serde_json::from_str(output.get()).map_err(|_| twice())
}

fn unknown<'a>(raw: &'a RawValue, path: &Path<'_>) -> Result<TurnPart<'a>, TranslateError> {
    let read: PartIn<'a> = reread(raw, path)?;
    let kind = read.kind.need(&path.at("type"))?;
    Ok(PartOfTurn::Other { kind, json: Cow::Borrowed(raw) }.into())
}

/// Reads a part; none if its type is unknown.
pub(super) fn part<'a>(
    mut read: PartIn<'a>,
    path: &Path<'_>,
) -> Result<Option<TurnPart<'a>>, TranslateError> {
    let kind = read.kind.take().need(&path.at("type"))?;
    let body = match kind.as_ref() {
        "input_text" | "output_text" | "text" => {
            PartOfTurn::Text { text: read.text.take().need(&path.at("text"))?.into(), phase: None }
        }
        "refusal" => PartOfTurn::Refusal { text: read.refusal.take().need(&path.at("refusal"))? },
        "input_image" | "computer_screenshot" => image(&mut read, path)?,
        "input_file" => PartOfTurn::Document(file(&mut read, path)?),
        "input_audio" => {
            let path = path.at("input_audio");
            let audio = read.input_audio.take().need(&path)?;
            PartOfTurn::Audio {
                data: audio.data.need(&path.at("data"))?,
                format: audio.format.need(&path.at("format"))?,
            }
        }
        _ => return Ok(None),
    };
    let cache = breakpoint(read.cache.take(), path)?;
    Ok(Some(TurnPart { item_id: None, cache, body, extras: left_over(read, path)? }))
}

/// What a part has beside the members of its type.
fn left_over<'a>(read: PartIn<'a>, path: &Path<'_>) -> Result<Vec<Extra<'a>>, TranslateError> {
    let mut extras = read.extras;
    read.annotations.keep_list("annotations", &mut extras);
    read.logprobs.keep_list("logprobs", &mut extras);
    for (name, value) in [
        ("text", read.text),
        ("refusal", read.refusal),
        ("image_url", read.image_url),
        ("file_id", read.file_id),
        ("detail", read.detail),
        ("file_data", read.file_data),
        ("file_url", read.file_url),
        ("filename", read.filename),
    ] {
        if let Some(text) = value.get(&path.at(name))? {
            extras.push(Extra { name: name.into(), json: Cow::Owned(raw(&text)?) });
        }
    }
    Ok(extras)
}

fn image<'a>(read: &mut PartIn<'a>, path: &Path<'_>) -> Result<PartOfTurn<'a>, TranslateError> {
    let url = read.image_url.take().get(&path.at("image_url"))?;
    let file_id = match url {
        None => read.file_id.take().get(&path.at("file_id"))?,
        Some(_) => None,
    };
    let source = match (url, file_id) {
        (Some(url), _) => source(url, &path.at("image_url"))?,
        (None, Some(id)) => Source::FileId(id),
        (None, None) => return Err(path.at("image_url").wrong("is required, or `file_id`")),
    };
    let detail = read.detail.take().get(&path.at("detail"))?.filter(|detail| detail != "auto");
    Ok(PartOfTurn::Image { source, detail })
}

fn file<'a>(read: &mut PartIn<'a>, path: &Path<'_>) -> Result<Document<'a>, TranslateError> {
    let title = read.filename.take().get(&path.at("filename"))?;
    let data = read.file_data.take().get(&path.at("file_data"))?;
    let source = match data {
        Some(data) => match source(data, &path.at("file_data"))? {
            Source::Url(data) => {
                let media_type = data_url::media_type_of(&data, title.as_deref()).into();
                Source::Base64 { media_type, data }
            }
            source => source,
        },
        None => match read.file_url.take().get(&path.at("file_url"))? {
            Some(url) => source(url, &path.at("file_url"))?,
            None => match read.file_id.take().get(&path.at("file_id"))? {
                Some(id) => Source::FileId(id),
                None => return Err(path.at("file_data").wrong("is required, or `file_url`, or `file_id`")),
            },
        },
    };
    Ok(Document { source, title, context: None, citations: false })
}

/// The source at an address, which may be the data itself.
fn source<'a>(url: Cow<'a, str>, path: &Path<'_>) -> Result<Source<'a>, TranslateError> {
    match data_url::parse(url) {
        Address::Base64 { media_type, data } => Ok(Source::Base64 { media_type, data }),
        Address::Malformed => Err(path.wrong(data_url::MALFORMED)),
        Address::Other(url) => Ok(Source::Url(url)),
    }
}

fn breakpoint(
    cache: Val<BreakpointIn<'_>>,
    path: &Path<'_>,
) -> Result<Option<CacheLifetime>, TranslateError> {
    let path = path.at("prompt_cache_breakpoint");
    let Some(read) = cache.get(&path)? else { return Ok(None) };
    let ttl = read.ttl.get(&path.at("ttl"))?;
    match ttl.as_deref() {
        None => Ok(Some(CacheLifetime::Default)),
        Some("30m") => Ok(Some(CacheLifetime::Short)),
        Some("12h") => Ok(Some(CacheLifetime::Long)),
        Some(_) => Err(path.at("ttl").wrong("must be `30m` or `12h`")),
    }
}

/// Reads a reasoning item. Its summary is its text; raw reasoning is that only where there is no summary.
pub(super) fn reasoning<'a>(mut item: ItemIn<'a>, path: &Path<'_>) -> Result<TurnPart<'a>, TranslateError> {
    let id = item.id.take().get(&path.at("id"))?;
    let proof = item.encrypted_content.take().get(&path.at("encrypted_content"))?.map(Proof::Encrypted);
    let summary_path = path.at("summary");
    let summary = texts(item.summary.take().get(&summary_path)?.unwrap_or_default(), &summary_path)?;
    let content_path = path.at("content");
    let content = match item.content.take().get(&content_path)? {
        None => Vec::new(),
        Some(ContentIn::Parts(parts)) => texts(parts, &content_path)?,
        Some(_) => return Err(content_path.wrong("must be a list")),
    };
    let mut extras = rest(item, path)?;
    let raw = summary.is_empty() && !content.is_empty();
    if !summary.is_empty() && !content.is_empty() {
        extras.push(Extra { name: "content".into(), json: Cow::Owned(raw_content(&content)?) });
    }
    let text = if raw { content } else { summary };
    let body = PartOfTurn::Reasoning(Reasoning { text, raw, proof, made_by: None });
    Ok(TurnPart { item_id: id, cache: None, body, extras })
}

fn texts<'a>(parts: Vec<Val<PartIn<'a>>>, path: &Path<'_>) -> Result<Vec<Cow<'a, str>>, TranslateError> {
    let mut texts = Vec::with_capacity(parts.len());
    for (index, part) in parts.into_iter().enumerate() {
        let path = path.index(index);
        texts.push(part.need(&path)?.text.need(&path.at("text"))?);
    }
    Ok(texts)
}

fn raw_content(texts: &[Cow<'_, str>]) -> Result<Box<RawValue>, TranslateError> {
    #[derive(serde::Serialize)]
    struct Content<'a> {
        #[serde(rename = "type")]
        kind: &'static str,
        text: &'a str,
    }
    let parts: Vec<_> = texts.iter().map(|text| Content { kind: "reasoning_text", text }).collect();
    serde_json::value::to_raw_value(&parts).map_err(TranslateError::Encode)
}
