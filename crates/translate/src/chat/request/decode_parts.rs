//! The parts of a Chat message's content.

use super::decode::nested;
use super::decode::{missing, required};
use super::decode_settings::{part_of, raw};
use super::read::{Str, wire};
use super::wire::{FileIn, ImageIn, PartIn};
use crate::data_url::{self, Address};
use crate::error::TranslateError;
use crate::ir::{CacheLifetime, Document, Extra, PartOfTurn, Source, TurnPart};
pub(super) use crate::json::member::object;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Reads the parts of a list; `place` names one by its index.
pub(super) fn parts<'a>(
    list: Vec<PartIn<'a>>,
    place: impl Fn(usize) -> String,
) -> Result<Vec<TurnPart<'a>>, TranslateError> {
    let mut made = Vec::with_capacity(list.len());
    for (at, read) in list.into_iter().enumerate() {
        made.push(part(read, || place(at))?);
    }
    Ok(made)
}

fn part<'a>(mut read: PartIn<'a>, place: impl Fn() -> String) -> Result<TurnPart<'a>, TranslateError> {
    let marks = [
        ("cache_control", read.cache_control, read.cache_control.and_then(cache_control)),
        (
            "prompt_cache_breakpoint",
            read.prompt_cache_breakpoint,
            read.prompt_cache_breakpoint.and_then(breakpoint),
        ),
    ];
    let cache = marks.iter().find_map(|(_, _, cache)| *cache);
    let mut extras = std::mem::take(&mut read.extras);
    for (name, json, understood) in marks {
        if let (Some(json), None) = (json, understood) {
            extras.push(Extra { name: Cow::Borrowed(name), json: Cow::Borrowed(json) });
        }
    }
    let body = body(read, &mut extras, place)?;
    Ok(TurnPart { item_id: None, cache, body, extras })
}

/// A part's own words. Parts of an unknown type that have a known member are what that member says.
fn body<'a>(
    read: PartIn<'a>,
    extras: &mut Vec<Extra<'a>>,
    place: impl Fn() -> String,
) -> Result<PartOfTurn<'a>, TranslateError> {
    let kind = match &read.kind {
        Some(kind) => kind.0.clone(),
        None if read.text.is_some() => Cow::Borrowed("text"),
        None => Cow::Borrowed(""),
    };
    match (&*kind, read) {
        ("text", PartIn { text, .. }) => {
            let text = text.ok_or_else(|| missing(format!("{}.text", place())))?.0.into();
            Ok(PartOfTurn::Text { text, phase: None })
        }
        ("refusal", PartIn { refusal, .. }) => {
            let text = refusal.ok_or_else(|| missing(format!("{}.refusal", place())))?.0;
            Ok(PartOfTurn::Refusal { text })
        }
        (_, PartIn { image_url: Some(image), .. }) => {
            image_of(image.0, extras, || format!("{}.image_url", place()))
        }
        (_, PartIn { file: Some(file), .. }) => file_of(file, extras, || format!("{}.file", place())),
        (_, PartIn { input_audio: Some(audio), .. }) => {
            nested("input_audio", audio.extras, extras);
            let data = required(audio.data, || format!("{}.input_audio.data", place()))?;
            let format = required(audio.format, || format!("{}.input_audio.format", place()))?;
            Ok(PartOfTurn::Audio { data, format })
        }
        ("image_url" | "file" | "input_audio", _) => Err(missing(format!("{}.{kind}", place()))),
        ("", _) => Err(missing(format!("{}.type", place()))),
        (_, PartIn { text, refusal, .. }) => other(kind, text, refusal, &std::mem::take(extras)),
    }
}

fn image_of<'a>(
    image: ImageIn<'a>,
    extras: &mut Vec<Extra<'a>>,
    place: impl Fn() -> String,
) -> Result<PartOfTurn<'a>, TranslateError> {
    nested("image_url", image.extras, extras);
    let url = required(image.url, || format!("{}.url", place()))?;
    let source = match data_url::parse(url) {
        Address::Base64 { media_type, data } => Source::Base64 { media_type, data },
        Address::Malformed => {
            return Err(TranslateError::bad_request(format!("{}.url", place()), data_url::MALFORMED));
        }
        Address::Other(url) if url.contains("://") => Source::Url(url),
        Address::Other(_) => {
            let what = "must be an http(s) address or a data: URL";
            return Err(TranslateError::bad_request(format!("{}.url", place()), what));
        }
    };
    Ok(PartOfTurn::Image { source, detail: image.detail.map(|detail| detail.0) })
}

fn file_of<'a>(
    file: FileIn<'a>,
    extras: &mut Vec<Extra<'a>>,
    place: impl Fn() -> String,
) -> Result<PartOfTurn<'a>, TranslateError> {
    nested("file", file.extras, extras);
    let title = file.filename.map(|name| name.0);
    let source = match (file.file_id, file.file_data) {
        (Some(Str(id)), None) => Source::FileId(id),
        (None, Some(Str(data))) => match data_url::parse(data) {
            Address::Base64 { media_type, data } => Source::Base64 { media_type, data },
            Address::Malformed => {
                let place = format!("{}.file_data", place());
                return Err(TranslateError::bad_request(place, data_url::MALFORMED));
            }
            Address::Other(url) if url.starts_with("http://") || url.starts_with("https://") => {
                Source::Url(url)
            }
            Address::Other(data) => {
                let media_type = data_url::media_type_of(&data, title.as_deref());
                Source::Base64 { media_type: Cow::Borrowed(media_type), data }
            }
        },
        (Some(_), Some(_)) => {
            let what = "must have file_id or file_data, not both";
            return Err(TranslateError::bad_request(place(), what));
        }
        (None, None) => return Err(TranslateError::bad_request(place(), "must have file_id or file_data")),
    };
    Ok(PartOfTurn::Document(Document { source, title, context: None, citations: false }))
}

/// A part that only its own provider knows, put together again.
fn other<'a>(
    kind: Cow<'a, str>,
    text: Option<Str<'a>>,
    refusal: Option<Str<'a>>,
    extras: &[Extra<'a>],
) -> Result<PartOfTurn<'a>, TranslateError> {
    let mut members = vec![("type", raw(&*kind)?)];
    for (name, value) in [("text", text), ("refusal", refusal)] {
        if let Some(Str(value)) = value {
            members.push((name, raw(&*value)?));
        }
    }
    let members = members.iter().map(|(name, json)| (*name, &**json));
    let members = members.chain(extras.iter().map(|extra| (&*extra.name, &*extra.json)));
    Ok(PartOfTurn::Other { kind, json: Cow::Owned(object(members)?) })
}

wire! {
    /// `cache_control`, as Messages has it.
    CacheControlIn, "an object" {
        "type" => kind: Str<'a>,
        "ttl" => ttl: Str<'a>,
    }
}

wire! {
    /// `prompt_cache_breakpoint`.
    BreakpointIn, "an object" {
        "mode" => mode: Str<'a>,
        "ttl" => ttl: Str<'a>,
    }
}

/// A mark in Messages' words; none if it is not understood.
pub(super) fn cache_control(json: &RawValue) -> Option<CacheLifetime> {
    let read: CacheControlIn<'_> = part_of("", json).ok()?;
    (read.kind?.0 == "ephemeral").then(|| match read.ttl.as_ref().map(|ttl| &*ttl.0) {
        Some("1h") => CacheLifetime::Long,
        Some("5m") => CacheLifetime::Short,
        _ => CacheLifetime::Default,
    })
}

/// A mark in OpenAI's words; none if it is not understood.
fn breakpoint(json: &RawValue) -> Option<CacheLifetime> {
    let read: BreakpointIn<'_> = part_of("", json).ok()?;
    (read.mode?.0 == "explicit").then(|| match read.ttl.as_ref().map(|ttl| &*ttl.0) {
        Some("12h") => CacheLifetime::Long,
        Some("30m") => CacheLifetime::Short,
        _ => CacheLifetime::Default,
    })
}
