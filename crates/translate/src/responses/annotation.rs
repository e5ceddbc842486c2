//! Annotations: the sources of a text.

use crate::ir::Citation;
use crate::json::{Count, Text, compact, into_cow, non_empty};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

#[derive(Deserialize)]
struct AnnotationIn<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    url: Option<Text<'a>>,
    #[serde(borrow)]
    title: Option<Text<'a>>,
    #[serde(default)]
    start_index: Count,
    #[serde(default)]
    end_index: Count,
}

/// Reads one annotation; one that cannot be read is one of an unknown kind.
pub(super) fn read(raw: &RawValue) -> Citation<'_> {
    let Ok(annotation) = serde_json::from_str::<AnnotationIn<'_>>(raw.get()) else {
        return Citation::Other { kind: "unknown".into(), json: "".into() };
    };
    let kind = into_cow(annotation.kind);
    match (kind.as_ref(), non_empty(annotation.url)) {
        ("url_citation", Some(url)) => Citation::Url {
            url,
            title: non_empty(annotation.title),
            range: annotation.start_index.0.zip(annotation.end_index.0).map(|(start, end)| start..end),
            quote: None,
            proof: None,
        },
        _ => Citation::Other { kind, json: compact(raw.get()) },
    }
}

/// Reads a text's `annotations`: a list or null.
pub(super) fn read_all(raw: Option<&RawValue>) -> Vec<Citation<'_>> {
    let list: Vec<&RawValue> = raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    list.into_iter().map(read).collect()
}

#[derive(Serialize)]
struct UrlCitationOut<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    start_index: u64,
    end_index: u64,
    url: &'a str,
    title: &'a str,
}

/// Writes a citation of a text of so many characters. None if Responses has no word for it. `is_own`: it comes from
/// Responses.
pub(super) fn write(citation: &Citation<'_>, chars: u64, is_own: bool) -> Option<Box<RawValue>> {
    match citation {
        Citation::Url { url, title, range, .. } => {
            let range = range.clone().unwrap_or(0..chars);
            let title = title.as_deref().unwrap_or_default();
            let written = UrlCitationOut {
                kind: "url_citation",
                start_index: range.start,
                end_index: range.end,
                url,
                title,
            };
            to_raw_value(&written).ok()
        }
        Citation::Other { json, .. } if is_own && !json.is_empty() => {
            RawValue::from_string(json.clone().into_owned()).ok()
        }
        Citation::Other { .. } => None,
    }
}
