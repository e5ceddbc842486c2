//! What a Chat request says of length, sampling, form and service.

use super::decode::nested;
use super::read::Str;
use super::read::wire;
use super::wire::BodyIn;
use crate::error::TranslateError;
use crate::ir::{Extra, OutputFormat, Request, RequestTier, Sampling};
pub(super) use crate::json::member::{part_of, raw};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Reads the settings.
pub(super) fn read<'a>(body: &mut BodyIn<'a>, request: &mut Request<'a>) -> Result<(), TranslateError> {
    let limit = body.max_completion_tokens.take().or(body.max_tokens.take());
    request.max_output_tokens = limit.map(|limit| limit.0);
    request.sampling = Sampling {
        temperature: body.temperature.map(|number| number.0),
        top_p: body.top_p.map(|number| number.0),
        // Some servers take -1 for "all of them".
        top_k: body.top_k.and_then(|number| u64::try_from(number.0).ok()),
        frequency_penalty: body.frequency_penalty.map(|number| number.0),
        presence_penalty: body.presence_penalty.map(|number| number.0),
        seed: body.seed.map(|number| number.0),
    };
    request.stop = body.stop.take().map(|stop| stop.0).unwrap_or_default();
    request.verbosity = body.verbosity.take().map(|word| word.0);
    request.cache_key = body.prompt_cache_key.take().map(|key| key.0);
    let user = body.user.take().map(|user| user.0);
    request.end_user = match (body.safety_identifier.take(), user) {
        (Some(Str(id)), Some(user)) if id != user => {
            request.extras.push(Extra { name: Cow::Borrowed("user"), json: Cow::Owned(raw(&*user)?) });
            Some(id)
        }
        (Some(Str(id)), _) => Some(id),
        (None, user) => user,
    };
    if let Some(Str(tier)) = body.service_tier.take() {
        read_tier(&tier, request)?;
    }
    match body.response_format.take() {
        Some(format) => read_format(format, request),
        None => Ok(()),
    }
}

fn read_tier(tier: &str, request: &mut Request<'_>) -> Result<(), TranslateError> {
    request.service_tier = RequestTier::read_openai(tier);
    if request.service_tier.is_none() {
        request.extras.push(Extra { name: Cow::Borrowed("service_tier"), json: Cow::Owned(raw(tier)?) });
    }
    Ok(())
}

wire! {
    /// `response_format`.
    FormatIn, "an object" {
        "type" => kind: Str<'a>,
        "json_schema" => json_schema: SchemaIn<'a>,
    }
}

wire! {
    /// `response_format.json_schema`.
    SchemaIn, "an object" {
        "name" => name: Str<'a>,
        "description" => description: Str<'a>,
        "schema" => schema: &'a RawValue,
        "strict" => strict: bool,
    }
}

/// The forms that other vendors have (a grammar, a regular expression) are kept as they came.
fn read_format<'a>(json: &'a RawValue, request: &mut Request<'a>) -> Result<(), TranslateError> {
    let read: FormatIn<'a> = part_of("response_format", json)?;
    let kind = super::decode::required(read.kind, || "response_format.type".to_owned())?;
    request.format = match (&*kind, read.json_schema) {
        ("text", _) => Some(OutputFormat::Text),
        ("json_object", _) => Some(OutputFormat::JsonObject),
        ("json_schema", None) => return Err(super::decode::missing("response_format.json_schema")),
        ("json_schema", Some(read)) => {
            nested("response_format.json_schema", read.extras, &mut request.extras);
            let schema = match read.schema {
                Some(schema) => Cow::Borrowed(schema),
                None => return Err(super::decode::missing("response_format.json_schema.schema")),
            };
            Some(OutputFormat::JsonSchema {
                name: read.name.map(|name| name.0),
                description: read.description.map(|text| text.0),
                schema,
                strict: read.strict,
            })
        }
        _ => {
            let name = Cow::Borrowed("response_format");
            request.extras.push(Extra { name, json: Cow::Borrowed(json) });
            None
        }
    };
    Ok(())
}
