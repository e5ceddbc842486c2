//! A whole response into the intermediate representation.

use super::wire::ResponseIn;
use super::{item_decode, stop};
use crate::chat::read_tier;
use crate::error::TranslateError;
use crate::ir::{Answer, Finish, Part, PartBody, RefusalDetails, StopReason};
use crate::json::{Text, into_cow};
use crate::meter::Meter;
use crate::notes::Notes;
use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_protocol::Protocol;

/// Decodes a 200 answer's body. What the representation cannot hold goes into `notes`.
pub(crate) fn decode<'a>(body: &'a [u8], notes: &mut Notes) -> Result<Answer<'a>, TranslateError> {
    let response: ResponseIn<'a> =
        serde_json::from_slice(body).map_err(|e| TranslateError::bad_json(Protocol::Responses, &e))?;
    let status = response.status.as_ref().map_or("completed", Text::as_str);
    if response.error.is_some() || status == "failed" {
        return Err(TranslateError::upstream_failed(Protocol::Responses, body));
    }
    // Work in the background has a status of its own and no usage yet.
    if matches!(status, "queued" | "in_progress" | "cancelled") && response.usage.is_none() {
        return Err(TranslateError::malformed(Protocol::Responses, "the response is not at its end"));
    }
    let is_incomplete = status == "incomplete";
    let reason = if is_incomplete { response.incomplete_reason() } else { String::new() };
    let Some(output) = response.output else {
        return Err(TranslateError::malformed(Protocol::Responses, "`output` is missing"));
    };
    let mut meter = Meter::new(Protocol::Responses);
    meter.read_answer(body);
    let parts = parts(output, notes)?;
    let has_calls = parts.iter().any(|part| matches!(part.body, PartBody::ToolCall(_)));
    let words = refusal_words(&parts);
    let stop = stop::read(is_incomplete, &reason, has_calls, words.is_some());
    Ok(Answer {
        id: into_cow(response.id),
        model: into_cow(response.model),
        created_at_s: response.created_at.0.and_then(|created| i64::try_from(created).ok()),
        finish: Finish {
            stop,
            stop_sequence: None,
            refusal: (stop == StopReason::Refusal)
                .then_some(RefusalDetails { category: None, explanation: words }),
            usage: meter.usage(),
            service_tier: response.service_tier.and_then(|tier| read_tier(tier.as_str())),
        },
        parts,
    })
}

fn parts<'a>(output: Vec<&'a RawValue>, notes: &mut Notes) -> Result<Vec<Part<'a>>, TranslateError> {
    let mut parts = Vec::with_capacity(output.len());
    for raw in output {
        for (_, mut part) in item_decode::read(raw, notes)?.parts {
            if item_decode::says_anything(&mut part.body) {
                parts.push(part);
            }
        }
    }
    Ok(parts)
}

fn refusal_words<'a>(parts: &[Part<'a>]) -> Option<Cow<'a, str>> {
    let mut words: Option<Cow<'a, str>> = None;
    for part in parts {
        if let PartBody::Refusal { text } = &part.body {
            match &mut words {
                Some(words) => words.to_mut().push_str(text),
                None => words = Some(text.clone()),
            }
        }
    }
    words
}
