//! Settings of the intermediate representation into those of a Responses request.

use super::decode::OF_TEXT;
use super::decode_settings::effort_word;
use super::encode::Encoder;
use super::shape::ExtrasOut;
use crate::error::TranslateError;
use crate::ir::{Effort, Extra, OutputFormat, Request, RequestTier, Shown, ThinkingMode};
use serde::ser::{Serialize, SerializeSeq, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_protocol::Protocol;

/// The longest `safety_identifier` and `prompt_cache_key`.
const IDENTIFIER_LIMIT: usize = 64;

/// `reasoning`.
#[derive(serde::Serialize)]
pub(super) struct ReasoningSettingsOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'static str>,
    #[serde(flatten)]
    extras: ExtrasOut<'a>,
}

/// `text`.
#[derive(serde::Serialize)]
pub(super) struct TextSettingsOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<FormatOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verbosity: Option<&'a str>,
    #[serde(flatten)]
    extras: ExtrasOut<'a>,
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
        if said {
            encoder.leave_out(field)?;
        }
    }
    Ok(())
}

pub(super) fn encode_reasoning<'a>(
    request: &'a Request<'a>,
    encoder: &mut Encoder<'_, '_>,
) -> Result<Option<ReasoningSettingsOut<'a>>, TranslateError> {
    let settings = &request.reasoning;
    let mut extras = ExtrasOut::default();
    if encoder.is_own() {
        extras = ExtrasOut::of(&settings.extras);
    } else {
        let member = if encoder.from == Protocol::Messages { "thinking" } else { "reasoning" };
        for extra in &settings.extras {
            encoder.leave_out(&format!("{member}.{}", extra.name))?;
        }
    }
    // What an earlier setting was before an item changed it is among the extras, and stays where it was.
    let effort = settings.effort.filter(|_| !extras.has("effort")).map(|effort: Effort| effort_word(effort));
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
    let mut extras = ExtrasOut::default();
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
    if own || text.len() <= IDENTIFIER_LIMIT {
        return Cow::Borrowed(text);
    }
    // FNV-1a: stable between versions and machines, and nothing rests on its strength.
    let hash = |start: u64| {
        text.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    };
    Cow::Owned(format!("id_{:016x}{:016x}", hash(0xcbf2_9ce4_8422_2325), hash(0x8422_2325_cbf2_9ce4)))
}

pub(super) const fn tier_word(tier: RequestTier) -> &'static str {
    match tier {
        RequestTier::Auto => "auto",
        RequestTier::Standard => "default",
        RequestTier::Priority => "priority",
        RequestTier::Flex => "flex",
        RequestTier::Scale => "scale",
    }
}

/// The other members at the top.
pub(super) fn top_extras<'a>(
    request: &'a Request<'a>,
    encoder: &mut Encoder<'_, '_>,
) -> Result<ExtrasOut<'a>, TranslateError> {
    let mut out = ExtrasOut::default();
    for extra in &request.extras {
        let Extra { name, json } = extra;
        if encoder.is_own() {
            if !name.starts_with(OF_TEXT) {
                out.0.push((name, json));
            }
        } else {
            encoder.leave_out(name)?;
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
