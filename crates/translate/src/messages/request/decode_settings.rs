//! What a Messages request says of length, sampling, thinking, form and service.

use super::decode_blocks::cache_control;
use super::wire::{BodyIn, FormatIn, OutputConfigIn, ThinkingIn};
use crate::error::TranslateError;
use crate::ir::{Effort, Extra, OutputFormat, Request, RequestTier, Shown, ThinkingMode};
use crate::json::member::{missing, nested, part_of, raw, required};
use crate::json::read::Str;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Reads the settings.
pub(super) fn read_settings<'a>(
    body: &mut BodyIn<'a>,
    request: &mut Request<'a>,
) -> Result<(), TranslateError> {
    request.stream = body.stream.unwrap_or_default();
    request.max_output_tokens = body.max_tokens.map(|limit| limit.0);
    request.sampling.temperature = body.temperature.map(|number| number.0);
    request.sampling.top_p = body.top_p.map(|number| number.0);
    request.sampling.top_k = body.top_k.map(|number| number.0);
    let stop = body.stop_sequences.take().map(|list| list.0).unwrap_or_default();
    request.stop = stop.into_iter().map(|text| text.0).collect();
    let (auto_cache, extra) = cache_control(body.cache_control.take());
    request.auto_cache = auto_cache;
    request.extras.extend(extra);
    if let Some(metadata) = body.metadata.take() {
        request.end_user = metadata.user_id.map(|id| id.0);
        nested("metadata", metadata.extras, &mut request.extras);
    }
    if let Some(thinking) = body.thinking.take() {
        read_thinking(thinking, request)?;
    }
    if let Some(config) = body.output_config.take() {
        read_config(config, request)?;
    }
    if let Some(format) = body.output_format.take().filter(|_| request.format.is_none()) {
        read_format(format, "output_format", request)?;
    }
    read_service(body, request)
}

fn read_thinking<'a>(thinking: ThinkingIn<'a>, request: &mut Request<'a>) -> Result<(), TranslateError> {
    let settings = &mut request.reasoning;
    let kind = required(thinking.kind, || "thinking.type".to_owned())?;
    settings.mode = Some(match (&*kind, thinking.budget_tokens) {
        ("adaptive", _) => ThinkingMode::Adaptive,
        ("enabled", Some(budget)) => ThinkingMode::Enabled { budget_tokens: budget.0 },
        ("enabled", None) => return Err(missing("thinking.budget_tokens")),
        ("disabled", _) => ThinkingMode::Disabled,
        ("between_tools", _) => ThinkingMode::BetweenTools,
        _ => {
            let what = "must be one of adaptive, enabled, disabled, between_tools";
            return Err(TranslateError::bad_request("thinking.type", what));
        }
    });
    settings.extras.extend(thinking.extras);
    if let Some(Str(word)) = thinking.display {
        settings.shown = match &*word {
            "omitted" => Some(Shown::Omitted),
            "summarized" => Some(Shown::Summary),
            "updates" => Some(Shown::Updates),
            _ => {
                let json = Cow::Owned(raw(&*word)?);
                settings.extras.push(Extra { name: Cow::Borrowed("display"), json });
                None
            }
        };
    }
    Ok(())
}

fn read_config<'a>(config: OutputConfigIn<'a>, request: &mut Request<'a>) -> Result<(), TranslateError> {
    if let Some(Str(word)) = config.effort {
        request.reasoning.effort = Some(match &*word {
            "low" => Effort::Low,
            "medium" => Effort::Medium,
            "high" => Effort::High,
            "xhigh" => Effort::Xhigh,
            "max" => Effort::Max,
            _ => {
                let what = "must be one of low, medium, high, xhigh, max";
                return Err(TranslateError::bad_request("output_config.effort", what));
            }
        });
    }
    if let Some(format) = config.format {
        read_format(format, "output_config.format", request)?;
    }
    nested("output_config", config.extras, &mut request.extras);
    Ok(())
}

fn read_format<'a>(
    json: &'a RawValue,
    place: &'static str,
    request: &mut Request<'a>,
) -> Result<(), TranslateError> {
    let read: FormatIn<'a> = part_of(place, json)?;
    let kind = required(read.kind, || format!("{place}.type"))?;
    if kind != "json_schema" {
        request.extras.push(Extra { name: Cow::Borrowed(place), json: Cow::Borrowed(json) });
        return Ok(());
    }
    let schema = read.schema.ok_or_else(|| missing(format!("{place}.schema")))?;
    if !schema.get().starts_with('{') {
        return Err(TranslateError::bad_request(format!("{place}.schema"), "must be an object"));
    }
    nested("output_config.format", read.extras, &mut request.extras);
    request.format = Some(OutputFormat::JsonSchema {
        name: None,
        description: None,
        schema: Cow::Borrowed(schema),
        strict: None,
    });
    Ok(())
}

fn read_service<'a>(body: &mut BodyIn<'a>, request: &mut Request<'a>) -> Result<(), TranslateError> {
    let mut keep = |name: &'static str, word: &str| -> Result<(), TranslateError> {
        request.extras.push(Extra { name: Cow::Borrowed(name), json: Cow::Owned(raw(word)?) });
        Ok(())
    };
    let mut tier = None;
    match body.speed.take() {
        Some(Str(word)) if word == "fast" => tier = Some(RequestTier::Priority),
        Some(Str(word)) if word != "standard" => keep("speed", &word)?,
        _ => {}
    }
    if let Some(Str(word)) = body.service_tier.take() {
        match (&*word, tier) {
            ("auto", None) => tier = Some(RequestTier::Auto),
            ("standard_only", None) => tier = Some(RequestTier::Standard),
            ("auto", Some(_)) => {}
            _ => keep("service_tier", &word)?,
        }
    }
    request.service_tier = tier;
    Ok(())
}
