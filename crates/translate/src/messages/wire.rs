//! What is read of a Messages answer or event. Fields that are not read are left alone.

use crate::ir::{Citation, RefusalDetails};
use crate::json::{Count, Text, compact, into_cow, non_empty};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A whole message, and the `message` of `message_start`.
#[derive(Deserialize)]
pub(super) struct MessageIn<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) model: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) content: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    pub(super) stop_reason: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) stop_sequence: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) stop_details: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) usage: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
}

/// A content block, whole or as it starts.
#[derive(Deserialize, Default)]
pub(super) struct BlockIn<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) citations: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) thinking: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) signature: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) data: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) input: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) tool_use_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) content: Option<&'a RawValue>,
}

/// Any event of a stream.
#[derive(Deserialize)]
pub(super) struct EventIn<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(default)]
    pub(super) index: Count,
    #[serde(borrow)]
    pub(super) delta: Option<DeltaIn<'a>>,
    #[serde(borrow)]
    pub(super) content_block: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) message: Option<MessageIn<'a>>,
    #[serde(borrow)]
    pub(super) usage: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
}

/// The `delta` of `content_block_delta` and of `message_delta`.
#[derive(Deserialize, Default)]
pub(super) struct DeltaIn<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) text: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) thinking: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) signature: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) partial_json: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) citation: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) stop_reason: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) stop_sequence: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) stop_details: Option<&'a RawValue>,
}

/// `stop_details`, set with the stop reason `refusal`.
#[derive(Deserialize, Default)]
struct StopDetailsIn<'a> {
    #[serde(borrow)]
    category: Option<Text<'a>>,
    #[serde(borrow)]
    explanation: Option<Text<'a>>,
}

/// Reads `stop_details`.
pub(super) fn refusal(raw: Option<&RawValue>) -> RefusalDetails<'_> {
    let details: StopDetailsIn<'_> =
        raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    RefusalDetails { category: non_empty(details.category), explanation: non_empty(details.explanation) }
}

#[derive(Deserialize)]
struct CitationIn<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
    #[serde(borrow)]
    title: Option<Text<'a>>,
    #[serde(borrow)]
    cited_text: Option<Text<'a>>,
    #[serde(borrow)]
    encrypted_index: Option<Text<'a>>,
}

/// Reads one citation; one that cannot be read is one of an unknown kind.
pub(super) fn citation(raw: &RawValue) -> Citation<'_> {
    let Ok(citation) = serde_json::from_str::<CitationIn<'_>>(raw.get()) else {
        return Citation::Other { kind: "unknown".into(), json: "".into() };
    };
    let kind = into_cow(citation.kind);
    match (kind.as_ref(), non_empty(citation.url)) {
        ("web_search_result_location", Some(url)) => Citation::Url {
            url,
            title: non_empty(citation.title),
            range: None,
            quote: non_empty(citation.cited_text),
            proof: non_empty(citation.encrypted_index),
        },
        _ => Citation::Other { kind, json: compact(raw.get()) },
    }
}

/// Reads a block's `citations`: a list or null in answers.
pub(super) fn citations(raw: Option<&RawValue>) -> Vec<Citation<'_>> {
    let Some(raw) = raw else { return Vec::new() };
    let list: Vec<&RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
    list.into_iter().map(citation).collect()
}
