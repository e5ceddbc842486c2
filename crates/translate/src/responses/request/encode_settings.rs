//! Settings of the intermediate representation into those of a Responses request.

use super::decode::OF_TEXT;
use super::encode::Encoder;
use crate::digest;
use crate::error::TranslateError;
use crate::ir::{Effort, Extra, OutputFormat, Request, Shown, ThinkingMode};
use crate::json::Extras;
use serde::ser::{Serialize, SerializeSeq, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_protocol::Protocol;

/// The longest `safety_identifier` and `prompt_cache_key`.
const IDENTIFIER_LIMIT_BYTES: usize = 64;
/// Where the second hash of a longer one starts.
const IDENTIFIER_START: u64 = 0x8422_2325_cbf2_9ce4;

/// `reasoning`.
#[derive(serde::Serialize)]
pub(super) struct ReasoningSettingsOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'static str>,
    #[serde(flatten)]
    extras: Extras<'a>,
}

/// `text`.
#[derive(serde::Serialize)]
pub(super) struct TextSettingsOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<FormatOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verbosity: Option<&'a str>,
    #[serde(flatten)]
    extras: Extras<'a>,
}

/// `text.format`.
#[derive(serde::Serialize)]
pub(super) struct FormatOut<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

/// What `include` asks for where the caller speaks another protocol.
pub(super) struct IncludeOut;

impl Serialize for IncludeOut {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(1))?;
        seq.serialize_element("reasoning.encrypted_content")?;
        seq.end()
    }
}

/// Settles how tokens are drawn and where they end, as far as there is no word for it.
pub(super) fn sampling(request: &Request<'_>, encoder: &mut Encoder<'_, '_>) -> Result<(), TranslateError> {
    let drawn = &request.sampling;
    let stop = if encoder.from == Protocol::Messages { "stop_sequences" } else { "stop" };
    for (said, field) in [
        (drawn.top_k.is_some(), "top_k"),
        (drawn.frequency_penalty.is_some(), "frequency_penalty"),
        (drawn.presence_penalty.is_some(), "presence_penalty"),
        (drawn.seed.is_some(), "seed"),
        (!request.stop.is_empty(), stop),
    ] {
        encoder.foreign.settle_some(said, field)?;
    }
    Ok(())
}

pub(super) fn encode_reasoning<'a>(
    request: &'a Request<'a>,
    encoder: &mut Encoder<'_, '_>,
) -> Result<Option<ReasoningSettingsOut<'a>>, TranslateError> {
    let settings = &request.reasoning;
    let mut extras = Extras::default();
    if encoder.is_own() {
        extras = Extras::all(&settings.extras);
    } else {
        let member = if encoder.from == Protocol::Messages { "thinking" } else { "reasoning" };
        encoder.foreign.extras(&format!("{member}."), &settings.extras)?;
    }
    // What an earlier setting was before an item changed it is among the extras, and stays where it was.
    let effort = settings.effort.filter(|_| !extras.has("effort")).map(Effort::as_str);
    let summary = match (settings.shown, settings.mode) {
        _ if extras.has("summary") => None,
        (Some(Shown::Summary | Shown::Updates), _) => Some("auto"),
        (Some(Shown::Concise), _) => Some("concise"),
        (Some(Shown::Detailed), _) => Some("detailed"),
        (Some(Shown::Omitted), _) => None,
        // The older way of thinking is always shown.
        (None, Some(ThinkingMode::Enabled { .. })) => Some("auto"),
        (None, _) => None,
    };
    let said = effort.is_some() || summary.is_some() || !extras.0.is_empty();
    Ok(said.then_some(ReasoningSettingsOut { effort, summary, extras }))
}

pub(super) fn encode_text<'a>(
    request: &'a Request<'a>,
    own: bool,
) -> Result<Option<TextSettingsOut<'a>>, TranslateError> {
    let mut extras = Extras::default();
    if own {
        let inner = request
            .extras
            .iter()
            .filter_map(|extra| extra.name.strip_prefix(OF_TEXT).map(|name| (name, extra.json.as_ref())));
        extras.0.extend(inner);
    }
    let format = request.format.as_ref().map(|format| encode_format(format, request.protocol));
    let verbosity = request.verbosity.as_deref();
    let said = format.is_some() || verbosity.is_some() || !extras.0.is_empty();
    Ok(said.then_some(TextSettingsOut { format, verbosity, extras }))
}

fn encode_format<'a>(format: &'a OutputFormat<'a>, from: Protocol) -> FormatOut<'a> {
    let bare = |kind| FormatOut { kind, name: None, description: None, schema: None, strict: None };
    match format {
        OutputFormat::Text => bare("text"),
        OutputFormat::JsonObject => bare("json_object"),
        OutputFormat::JsonSchema { name, description, schema, strict } => FormatOut {
            kind: "json_schema",
            name: Some(name.as_deref().unwrap_or("output")),
            description: description.as_deref(),
            schema: Some(schema),
            strict: match from {
                Protocol::Responses => *strict,
                // Messages' schemas are always followed exactly.
                Protocol::Messages => Some(strict.unwrap_or(true)),
                Protocol::Chat => Some(strict.unwrap_or(false)),
            },
        },
    }
}

/// An identifier of the caller's. What another protocol let be longer is told by a hash, the same each time.
pub(super) fn identifier(text: &str, own: bool) -> Cow<'_, str> {
    if own || text.len() <= IDENTIFIER_LIMIT_BYTES {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("id_{}", digest::hex(text, IDENTIFIER_START)))
}

/// The other members at the top.
pub(super) fn top_extras<'a>(
    request: &'a Request<'a>,
    encoder: &mut Encoder<'_, '_>,
) -> Result<Extras<'a>, TranslateError> {
    let mut out = Extras::default();
    for extra in &request.extras {
        let Extra { name, json } = extra;
        if encoder.is_own() {
            if !name.starts_with(OF_TEXT) {
                out.0.push((name, json));
            }
        } else {
            encoder.foreign.settle(name)?;
        }
    }
    out.0.extend(request.carried.iter().map(|Extra { name, json }| (name.as_ref(), json.as_ref())));
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_identifiers_are_told_by_a_stable_hash() {
        let long = "x".repeat(65);
        let hashed = identifier(&long, false);
        assert_eq!(hashed, identifier(&long, false));
        assert_eq!(hashed.len(), 35);
        assert_ne!(hashed, identifier(&"x".repeat(66), false));
        assert_eq!(identifier(&long, true), long);
        assert_eq!(identifier("me", false), "me");
    }
}
