//! Web searches: one item in Responses, a call and its result in the representation, which has Messages' form.
//!
//! The call's input is the item's `action` without its sources; Messages' own input `{"query": …}` is the same with
//! less. The sources are the result.

use super::wire::ItemIn;
use crate::ir::PartBody;
use crate::json::{Text, into_cow, non_empty};
use crate::messages::{WEB_SEARCH, WEB_SEARCH_RESULT};
use crate::notes::Notes;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use std::borrow::Cow;

#[derive(Deserialize, Serialize, Default)]
struct Action<'a> {
    #[serde(borrow, rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<Text<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    query: Option<Text<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    queries: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    url: Option<Text<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pattern: Option<Text<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    sources: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct SourceIn<'a> {
    #[serde(borrow)]
    url: Option<Text<'a>>,
    #[serde(borrow)]
    title: Option<Text<'a>>,
    #[serde(borrow)]
    encrypted_content: Option<Text<'a>>,
}

/// A result as Messages has it.
#[derive(Serialize)]
struct ResultOut<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: &'a str,
    title: &'a str,
    encrypted_content: &'static str,
    page_age: Option<()>,
}

#[derive(Serialize)]
struct ResultErrorOut {
    #[serde(rename = "type")]
    kind: &'static str,
    error_code: &'static str,
}

/// The two parts of a `web_search_call` item.
pub(super) fn read(item: ItemIn<'_>) -> Result<[PartBody<'_>; 2], serde_json::Error> {
    let id = into_cow(item.id);
    let action = item.action.map_or("{}", RawValue::get);
    let mut action: Action<'_> = serde_json::from_str(action).unwrap_or_default();
    let sources = sources(action.sources.take());
    let failed = item.status.is_some_and(|status| status.as_str() == "failed");
    let content = if failed {
        let kind = "web_search_tool_result_error";
        serde_json::to_string(&ResultErrorOut { kind, error_code: "unavailable" })?
    } else {
        let results: Vec<_> = sources.iter().map(result).collect();
        serde_json::to_string(&results)?
    };
    let input = Cow::Owned(serde_json::to_string(&action)?);
    let call = PartBody::ServerToolCall { id: id.clone(), name: Cow::Borrowed(WEB_SEARCH), input };
    let kind = Cow::Borrowed(WEB_SEARCH_RESULT);
    Ok([call, PartBody::ServerToolResult { call_id: id, kind, content: Cow::Owned(content) }])
}

fn result<'a>(source: &'a SourceIn<'_>) -> ResultOut<'a> {
    ResultOut {
        kind: "web_search_result",
        url: source.url.as_ref().map_or("", Text::as_str),
        title: source.title.as_ref().map_or("", Text::as_str),
        encrypted_content: "",
        page_age: None,
    }
}

fn sources(raw: Option<&RawValue>) -> Vec<SourceIn<'_>> {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

/// What a search found, as Responses says it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Found {
    pub(super) failed: bool,
    urls: Vec<String>,
}

impl Found {
    /// Reads a result's content. What Responses has no place for goes into `notes`.
    pub(super) fn read(content: &str, notes: &mut Notes) -> Self {
        let Ok(results) = serde_json::from_str::<Vec<SourceIn<'_>>>(content) else {
            return Self { failed: true, urls: Vec::new() };
        };
        let has_more = results.iter().any(|result| {
            [&result.title, &result.encrypted_content]
                .into_iter()
                .flatten()
                .any(|text| !text.as_str().is_empty())
        });
        if has_more {
            notes.add("web_search_tool_result.content");
        }
        let urls = results.into_iter().filter_map(|result| non_empty(result.url)).map(Cow::into_owned);
        Self { failed: false, urls: urls.collect() }
    }
}

#[derive(Serialize)]
struct SourceOut<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: &'a str,
}

/// The `action` of a search with this input and these findings.
pub(super) fn action(input: &str, found: &Found) -> Result<Box<RawValue>, serde_json::Error> {
    let mut action: Action<'_> = serde_json::from_str(input).unwrap_or_default();
    let queries;
    if action.kind.is_none() {
        action.kind = Some(Text(Cow::Borrowed("search")));
        if let (Some(query), None) = (&action.query, action.queries) {
            queries = to_raw_value(&[query])?;
            action.queries = Some(&queries);
        }
    }
    let sources: Vec<_> = found.urls.iter().map(|url| SourceOut { kind: "url", url }).collect();
    let sources = to_raw_value(&sources)?;
    if !found.urls.is_empty() {
        action.sources = Some(&sources);
    }
    to_raw_value(&action)
}
