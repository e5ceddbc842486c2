//! Citations as Messages writes them.
//!
//! Only a native web search gives citations in Messages, so those of an answer without one are left out: a client could
//! not send them back.

use crate::ir::Citation;
use serde::Serialize;
use serde_json::value::RawValue;

/// One citation as written.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum CitationOut<'a> {
    /// Of a page on the web.
    Web(WebOut<'a>),
    /// Of another kind, as it came.
    Raw(Box<RawValue>),
}

#[derive(Serialize)]
pub(super) struct WebOut<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: &'a str,
    title: &'a str,
    encrypted_index: &'a str,
    cited_text: &'a str,
}

impl<'a> CitationOut<'a> {
    /// The citation, unless Messages cannot say it. `is_own`: it comes from Messages; `searched`: the answer has a web
    /// search.
    pub(super) fn new(citation: &'a Citation<'_>, is_own: bool, searched: bool) -> Option<Self> {
        match citation {
            Citation::Url { url, title, quote, proof, .. } if is_own || searched => Some(Self::Web(WebOut {
                kind: "web_search_result_location",
                url,
                title: title.as_deref().unwrap_or_default(),
                encrypted_index: proof.as_deref().unwrap_or_default(),
                cited_text: quote.as_deref().unwrap_or_default(),
            })),
            Citation::Other { json, .. } if is_own && !json.is_empty() => {
                RawValue::from_string(json.clone().into_owned()).ok().map(Self::Raw)
            }
            _ => None,
        }
    }
}
