//! What is read of a response or an event. Fields that are not read are left alone.

use crate::ir::Phase;
use crate::json::{Count, Text};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A whole response, and the `response` of events.
#[derive(Deserialize, Default)]
pub(super) struct ResponseIn<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) model: Option<Text<'a>>,
    #[serde(default)]
    pub(super) created_at: Count,
    #[serde(borrow)]
    pub(super) status: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) output: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    pub(super) incomplete_details: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) usage: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) service_tier: Option<Text<'a>>,
}

impl ResponseIn<'_> {
    /// Why the response is incomplete; empty if it does not say.
    pub(super) fn incomplete_reason(&self) -> String {
        #[derive(Deserialize)]
        struct Details<'a> {
            #[serde(borrow)]
            reason: Option<Text<'a>>,
        }
        let details =
            self.incomplete_details.and_then(|raw| serde_json::from_str::<Details<'_>>(raw.get()).ok());
        details.and_then(|details| details.reason).map(|reason| reason.0.into_owned()).unwrap_or_default()
    }
}

/// An output item of any type.
#[derive(Deserialize, Default)]
pub(super) struct ItemIn<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) status: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) phase: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) call_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) namespace: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) arguments: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) input: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) content: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) summary: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) encrypted_content: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) action: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) actions: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) operation: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) execution: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) environment: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) pending_safety_checks: Option<&'a RawValue>,
}

impl ItemIn<'_> {
    pub(super) fn phase(&self) -> Option<Phase> {
        Phase::read(self.phase.as_ref()?.as_str())
    }
}

/// A piece of a message's content, of a summary, or of raw reasoning.
#[derive(Deserialize, Default)]
pub(super) struct PieceIn<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) refusal: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) annotations: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) logprobs: Option<&'a RawValue>,
}

/// Any event of a stream.
#[derive(Deserialize)]
pub(super) struct EventIn<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(default)]
    pub(super) output_index: Count,
    #[serde(default)]
    pub(super) content_index: Count,
    #[serde(default)]
    pub(super) summary_index: Count,
    #[serde(borrow)]
    pub(super) item_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) delta: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) refusal: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) arguments: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) input: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) annotation: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) logprobs: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) part: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) item: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) response: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
}

/// Reads a list, or a text that stands for a list of one; anything else is an empty list.
pub(super) fn pieces(raw: Option<&RawValue>) -> Vec<PieceIn<'_>> {
    let Some(raw) = raw else { return Vec::new() };
    if raw.get().starts_with('"') {
        let text = serde_json::from_str::<Text<'_>>(raw.get()).ok();
        return vec![PieceIn { text, ..PieceIn::default() }];
    }
    let list: Vec<&RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
    list.into_iter().map(|raw| serde_json::from_str(raw.get()).unwrap_or_default()).collect()
}

/// Whether a list holds anything.
pub(super) fn is_filled(raw: Option<&RawValue>) -> bool {
    raw.is_some_and(|raw| !matches!(raw.get(), "[]" | "null" | "{}" | "\"\""))
}
