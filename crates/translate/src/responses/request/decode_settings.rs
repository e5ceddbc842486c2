//! Settings of a Responses request into the intermediate representation.

use super::decode::OF_TEXT;
use super::kept::Raw;
use super::path::Path;
use super::value::{Shape, Str, Val};
use super::wire::{FormatIn, ReasoningIn, TextIn};
use crate::error::TranslateError;
use crate::ir::{Effort, Extra, OutputFormat, ReasoningSettings, Request, RequestTier, Shown};
use crate::json::member::raw;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Reads `reasoning`. Words from the future are kept as they came.
pub(super) fn decode_reasoning<'a>(
    reasoning: Val<ReasoningIn<'a>>,
) -> Result<ReasoningSettings<'a>, TranslateError> {
    let path = Path::root("reasoning");
    let mut settings = ReasoningSettings::default();
    let Some(read) = reasoning.get(&path)? else { return Ok(settings) };
    settings.extras = read.extras;
    settings.effort = known(read.effort, &path.at("effort"), "effort", Effort::read, &mut settings.extras)?;
    settings.shown = known(read.summary, &path.at("summary"), "summary", shown, &mut settings.extras)?;
    Ok(settings)
}

/// A word as what it means; an unknown one is put aside.
fn known<'a, T>(
    word: Str<'a>,
    path: &Path<'_>,
    name: &'static str,
    read: fn(&str) -> Option<T>,
    extras: &mut Vec<Extra<'a>>,
) -> Result<Option<T>, TranslateError> {
    let Some(word) = word.get(path)? else { return Ok(None) };
    let value = read(&word);
    if value.is_none() {
        extras.push(Extra { name: name.into(), json: Cow::Owned(raw(&word)?) });
    }
    Ok(value)
}

fn shown(word: &str) -> Option<Shown> {
    Some(match word {
        "auto" => Shown::Summary,
        "concise" => Shown::Concise,
        "detailed" => Shown::Detailed,
        _ => return None,
    })
}

/// The effort that a `configuration_update` sets from here on.
pub(super) fn update_effort<'a>(
    read: ReasoningIn<'a>,
    path: &Path<'_>,
    request: &mut Request<'a>,
) -> Result<(), TranslateError> {
    let Some(word) = read.effort.get(&path.at("effort"))? else { return Ok(()) };
    let Some(new) = Effort::read(&word) else { return Ok(()) };
    let settings = &mut request.reasoning;
    let noted = settings.extras.iter().any(|extra| extra.name == "effort");
    if let (Some(old), false) = (settings.effort, noted) {
        // The same protocol keeps both where they stood: the prompt's cached beginning depends on it.
        let json = Cow::Owned(raw(old.as_str())?);
        settings.extras.push(Extra { name: "effort".into(), json });
    }
    settings.effort = Some(new);
    Ok(())
}

/// Reads `text`.
pub(super) fn decode_text<'a>(
    text: Val<TextIn<'a>>,
    request: &mut Request<'a>,
) -> Result<(), TranslateError> {
    let path = Path::root("text");
    let Some(read) = text.get(&path)? else { return Ok(()) };
    request.verbosity = read.verbosity.get(&path.at("verbosity"))?;
    for extra in read.extras {
        let name = format!("{OF_TEXT}{}", extra.name).into();
        request.extras.push(Extra { name, json: extra.json });
    }
    let Raw(Some(raw)) = read.format else { return Ok(()) };
    request.format = format(raw, &path.at("format"))?;
    if request.format.is_none() {
        request.extras.push(Extra { name: "text.format".into(), json: Cow::Borrowed(raw) });
    }
    Ok(())
}

/// Reads `text.format`; one of an unknown type is none.
fn format<'a>(raw: &'a RawValue, path: &Path<'_>) -> Result<Option<OutputFormat<'a>>, TranslateError> {
    let read: FormatIn<'a> = reread(raw, path)?;
    let kind = read.kind.need(&path.at("type"))?;
    Ok(Some(match kind.as_ref() {
        "text" => OutputFormat::Text,
        "json_object" => OutputFormat::JsonObject,
        "json_schema" => {
            let Raw(Some(schema)) = read.schema else {
                return Err(path.at("schema").wrong("is required"));
            };
            OutputFormat::JsonSchema {
                name: read.name.get(&path.at("name"))?,
                description: read.description.get(&path.at("description"))?,
                schema: Cow::Borrowed(schema),
                strict: read.strict.get(&path.at("strict"))?,
            }
        }
        _ => return Ok(None),
    }))
}

/// Reads what was kept raw.
pub(super) fn reread<'a, T: Shape<'a>>(raw: &'a RawValue, path: &Path<'_>) -> Result<T, TranslateError> {
    let read: Val<T> =
        serde_json::from_str(raw.get()).map_err(|_| path.wrong(format!("must be {}", T::WHAT)))?;
    read.need(path)
}

/// Reads `service_tier`. Tiers that only this protocol has are kept as they came.
pub(super) fn decode_tier<'a>(tier: Str<'a>, request: &mut Request<'a>) -> Result<(), TranslateError> {
    let path = Path::root("service_tier");
    request.service_tier = known(tier, &path, "service_tier", RequestTier::read_openai, &mut request.extras)?;
    Ok(())
}
