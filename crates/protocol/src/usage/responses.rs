//! OpenAI Responses: <https://platform.openai.com/docs/api-reference/responses-streaming>.

use serde::Deserialize;
use tollgate_base::Usage;

use super::failure::StreamFailure;
use super::frames::{has_tool_item, leading_type, sequence_number};
use super::observer::Common;
use super::openai::OpenAiUsage;
use super::tools::{Item, ToolCalls};
use super::wire::{Count, List, Maybe, Object, Text};
use super::{FrameKind, Observed, output};
use crate::Protocol;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Response<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    model: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    service_tier: Text<'a>,
    #[serde(borrow)]
    incomplete_details: Object<Incomplete<'a>>,
    #[serde(borrow)]
    error: Maybe<ResponseError<'a>>,
    usage: Maybe<OpenAiUsage>,
    #[serde(borrow)]
    output: List<Item<'a>>,
    tool_usage: Object<ToolUsage>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Incomplete<'a> {
    #[serde(borrow)]
    reason: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ResponseError<'a> {
    #[serde(borrow)]
    code: Text<'a>,
    #[serde(borrow, rename = "type")]
    error_type: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ToolUsage {
    web_search: Object<WebSearchUsage>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WebSearchUsage {
    num_requests: Count,
}

/// What has to be remembered between events.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress {
    /// What the provider's tools did in the finished items.
    calls: ToolCalls,
}

/// Reads a whole answer, of `/v1/responses` or of `/v1/responses/compact`.
pub(super) fn answer(body: &[u8]) -> Result<Observed, serde_json::Error> {
    let response: Object<Response<'_>> = serde_json::from_slice(body)?;
    let mut observed = Observed { output_started: !response.0.output.0.is_empty(), ..Observed::default() };
    take(&response.0, &ToolCalls::default(), &mut observed);
    take_stop(&response.0, &mut observed);
    Ok(observed)
}

fn take(response: &Response<'_>, seen: &ToolCalls, observed: &mut Observed) {
    response.id.update(&mut observed.id);
    response.model.update(&mut observed.model);
    response.service_tier.update(&mut observed.service_tier);
    if let Some(usage) = response.usage.0.as_ref().filter(|usage| usage.is_counted()) {
        let mut listed = ToolCalls::default();
        response.output.0.iter().for_each(|item| listed.add(item));
        let counted = seen.or_more(&listed);
        let searches = response.tool_usage.0.web_search.0.num_requests.0;
        observed.usage = Some(Usage {
            web_search_calls: searches.unwrap_or(counted.web_searches),
            file_search_calls: counted.file_searches,
            code_execution_calls: counted.containers(),
            generated_images: counted.images,
            ..usage.usage()
        });
    }
}

fn take_stop(response: &Response<'_>, observed: &mut Observed) {
    response.status.update(&mut observed.stop_reason);
    response.incomplete_details.0.reason.update(&mut observed.stop_reason);
}

/// The members of stream events that are read. Events differ in which of them they have.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Event<'a> {
    #[serde(borrow, rename = "type")]
    event_type: Text<'a>,
    #[serde(borrow)]
    response: Object<Response<'a>>,
    #[serde(borrow)]
    item: Object<Item<'a>>,
}

/// Reads one frame of a stream. The name of the event decides; without one, the `type` in the data.
pub(super) fn frame(progress: &mut Progress, event: &[u8], data: &[u8], common: &mut Common) -> FrameKind {
    if let Some(number) = sequence_number(data) {
        common.next_sequence = common.next_sequence.max(number.saturating_add(1));
    }
    if !event.is_empty() && event != b"message" {
        return named(progress, event, data, common);
    }
    if let Some(name) = leading_type(data) {
        return named(progress, name, data, common);
    }
    match serde_json::from_slice::<Object<Event<'_>>>(data) {
        Ok(Object(Event { event_type: Text(Some(name)), .. })) => {
            named(progress, name.as_bytes(), data, common)
        }
        _ => FrameKind::Other,
    }
}

fn named(progress: &mut Progress, name: &[u8], data: &[u8], common: &mut Common) -> FrameKind {
    match name {
        b"response.created" | b"response.in_progress" | b"response.queued" => {
            if common.observed.id.is_none()
                && let Ok(Object(event)) = serde_json::from_slice::<Object<Event<'_>>>(data)
            {
                take(&event.response.0, &progress.calls, &mut common.observed);
            }
            FrameKind::Other
        }
        b"response.completed" | b"response.incomplete" | b"response.cancelled" | b"response.failed" => {
            end(progress, name, data, common)
        }
        b"error" => common.fail(StreamFailure::read(Protocol::Responses, data)),
        b"ping" | b"keepalive" => FrameKind::Ping,
        b"response.output_item.done" => {
            common.observed.output_started = true;
            if has_tool_item(data)
                && let Ok(Object(event)) = serde_json::from_slice::<Object<Event<'_>>>(data)
            {
                progress.calls.add(&event.item.0);
            }
            FrameKind::Content
        }
        _ if name.starts_with(b"response.") => {
            common.output(|head| output::responses_event(name, data, head));
            FrameKind::Content
        }
        _ => FrameKind::Other,
    }
}

/// A terminal event counts by its name even if its data cannot be read: the client sees the end too.
fn end(progress: &Progress, name: &[u8], data: &[u8], common: &mut Common) -> FrameKind {
    common.terminal = true;
    let event = serde_json::from_slice::<Object<Event<'_>>>(data).map(|event| event.0).unwrap_or_default();
    take(&event.response.0, &progress.calls, &mut common.observed);
    take_stop(&event.response.0, &mut common.observed);
    common.observed.usage_is_final = event.response.0.usage.0.is_some_and(|usage| usage.is_counted());
    if name != b"response.failed" {
        return FrameKind::Terminal;
    }
    let error = event.response.0.error.0.unwrap_or_default();
    common.fail(StreamFailure::new(error.error_type.owned(), error.code.owned(), error.message.owned()))
}
