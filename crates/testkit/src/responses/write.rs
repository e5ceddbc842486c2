//! An answer written as a response, whole or as the full sequence of events.

use serde::Serialize;

use super::items;
use super::shape::{
    Annotation, ErrorDetail, Incomplete, Item, Part, Response, ResponseUsage, Status, SummaryPart, ToolUsage,
};
use crate::answer::{Answer, Stop, input_pieces, pieces};
use crate::ask::Ask;
use crate::directive::Shape;
use crate::error::{ProviderError, to_json};
use crate::reading::Body;
use crate::respond::CREATED_S;
use crate::seed::Rng;
use crate::wire::Event;

/// The whole answer and its id. With `status` the response is shown at that stage instead of at its end.
pub(crate) fn json(
    ask: &Ask,
    answer: &Answer,
    body: &Body,
    shape: &Shape,
    status: Option<Status>,
) -> (String, Vec<u8>) {
    let mut ids = Rng::new(answer.id_state);
    let id = ids.id("resp_", 48);
    let output = items::output(ask, answer, &mut ids);
    let response = match status {
        Some(status) => Response::new(&id, &ask.model, status, body),
        None => finished(&id, ask, answer, body, &output, shape),
    };
    let json = to_json(&response);
    (id, json)
}

/// The answer as events; their sequence numbers are added when the stream is complete.
pub(crate) fn events(ask: &Ask, answer: &Answer, body: &Body, shape: &Shape) -> Vec<Event> {
    let mut ids = Rng::new(answer.id_state);
    let id = ids.id("resp_", 48);
    let output = items::output(ask, answer, &mut ids);
    let mut stream = Stream { events: Vec::new(), whole: shape.chunks.is_some() };
    let started = Response::new(&id, &ask.model, Status::InProgress, body);
    stream.response("response.created", &started);
    stream.response("response.in_progress", &started);
    for (index, item) in output.iter().enumerate() {
        stream.item(index, item);
    }
    let finished = finished(&id, ask, answer, body, &output, shape);
    let name =
        if finished.status == Status::Incomplete { "response.incomplete" } else { "response.completed" };
    stream.response(name, &finished);
    stream.events
}

/// The event that tells of a failure: `error`, or `response.failed` with the response so far.
pub(crate) fn error_event(
    ask: &Ask,
    answer: &Answer,
    body: &Body,
    error: &ProviderError,
    failed: bool,
) -> Event {
    let code = error.code.as_deref().unwrap_or("server_error");
    if !failed {
        let data = ErrorData { kind: "error", code, message: &error.message, param: error.param.as_deref() };
        return Event { name: "error", data: to_json(&data) };
    }
    let id = Rng::new(answer.id_state).id("resp_", 48);
    let detail = Some(ErrorDetail { code, message: &error.message });
    let mut response = Response::new(&id, &ask.model, Status::Failed, body);
    response.error = detail;
    Event {
        name: "response.failed",
        data: to_json(&ResponseData { kind: "response.failed", response: &response }),
    }
}

/// The answer of `POST /v1/responses/compact`.
pub(crate) fn compaction(answer: &Answer) -> Vec<u8> {
    let mut ids = Rng::new(answer.id_state);
    let id = ids.id("resp_", 48);
    let item = Item::Compaction { id: ids.id("cmp_", 48), encrypted_content: ids.id("gAAAAA", 400) + "==" };
    to_json(&Compacted {
        id: &id,
        object: "response.compaction",
        created_at: CREATED_S,
        output: [item],
        usage: ResponseUsage::new(&answer.usage),
    })
}

fn finished<'a>(
    id: &'a str,
    ask: &'a Ask,
    answer: &Answer,
    body: &'a Body,
    output: &'a [Item],
    shape: &Shape,
) -> Response<'a> {
    let reason = incomplete_reason(answer);
    let status = if reason.is_some() { Status::Incomplete } else { Status::Completed };
    let mut response = Response::new(id, &ask.model, status, body);
    response.output = output;
    response.incomplete_details = reason.map(|reason| Incomplete { reason });
    response.usage = (!shape.no_usage).then(|| Some(ResponseUsage::new(&answer.usage)));
    response.tool_usage = Some(ToolUsage::new(&answer.usage));
    response
}

/// A refusal that says why is a whole answer; one that does not was filtered.
fn incomplete_reason(answer: &Answer) -> Option<&'static str> {
    let refuses = answer.parts.iter().any(|part| matches!(part, crate::answer::Part::Refusal(_)));
    match answer.stop {
        Stop::MaxTokens | Stop::ContextWindow => Some("max_output_tokens"),
        Stop::Refusal if !refuses => Some("content_filter"),
        _ => None,
    }
}

#[derive(Serialize)]
struct Compacted<'a> {
    id: &'a str,
    object: &'static str,
    created_at: i64,
    output: [Item; 1],
    usage: ResponseUsage,
}

#[derive(Serialize)]
struct ErrorData<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    code: &'a str,
    message: &'a str,
    param: Option<&'a str>,
}

#[derive(Serialize)]
struct ResponseData<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    response: &'a Response<'a>,
}

#[derive(Serialize)]
struct ItemData<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    output_index: usize,
    item: &'a Item,
}

/// Where an event belongs; `content_index` in text, `summary_index` in reasoning, neither in calls.
#[derive(Clone, Copy, Serialize)]
struct Place<'a> {
    item_id: &'a str,
    output_index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary_index: Option<usize>,
}

/// An event about a part of an item; each has the members that are not `None`.
#[derive(Default, Serialize)]
struct PartData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    delta: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<&'a Part>,
    #[serde(rename = "part", skip_serializing_if = "Option::is_none")]
    summary: Option<&'a SummaryPart>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<[(); 0]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotation_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotation: Option<&'a Annotation>,
}

#[derive(Serialize)]
struct Placed<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    place: Place<'a>,
    #[serde(flatten)]
    data: PartData<'a>,
}

struct Stream {
    events: Vec<Event>,
    /// Each text in one delta.
    whole: bool,
}

impl Stream {
    fn response(&mut self, kind: &'static str, response: &Response<'_>) {
        self.events.push(Event { name: kind, data: to_json(&ResponseData { kind, response }) });
    }

    fn placed(&mut self, kind: &'static str, place: Place<'_>, data: PartData<'_>) {
        self.events.push(Event { name: kind, data: to_json(&Placed { kind, place, data }) });
    }

    fn item(&mut self, output_index: usize, item: &Item) {
        let added = "response.output_item.added";
        let opened = item.opened();
        self.events.push(Event {
            name: added,
            data: to_json(&ItemData { kind: added, output_index, item: &opened }),
        });
        self.inside(output_index, item);
        let done = "response.output_item.done";
        self.events.push(Event { name: done, data: to_json(&ItemData { kind: done, output_index, item }) });
    }

    fn inside(&mut self, output_index: usize, item: &Item) {
        let place = Place { item_id: item.id(), output_index, content_index: None, summary_index: None };
        match item {
            Item::Message { content, .. } => {
                for (index, part) in content.iter().enumerate() {
                    self.content(Place { content_index: Some(index), ..place }, part);
                }
            }
            Item::Reasoning { summary, .. } => {
                for (index, part) in summary.iter().enumerate() {
                    self.summary(Place { summary_index: Some(index), ..place }, part);
                }
            }
            Item::FunctionCall { arguments, .. } => {
                self.deltas("response.function_call_arguments.delta", place, input_pieces(arguments), false);
                let data = PartData { arguments: Some(arguments), ..PartData::default() };
                self.placed("response.function_call_arguments.done", place, data);
            }
            Item::CustomToolCall { input, .. } => {
                self.deltas("response.custom_tool_call_input.delta", place, input_pieces(input), false);
                let data = PartData { input: Some(input), ..PartData::default() };
                self.placed("response.custom_tool_call_input.done", place, data);
            }
            Item::WebSearchCall { .. } => {
                for kind in ["in_progress", "searching", "completed"] {
                    self.placed(web_search_kind(kind), place, PartData::default());
                }
            }
            Item::Compaction { .. } => {}
        }
    }

    fn content(&mut self, place: Place<'_>, part: &Part) {
        let empty = match part {
            Part::OutputText { .. } => {
                Part::OutputText { text: String::new(), annotations: Vec::new(), logprobs: [] }
            }
            Part::Refusal { .. } => Part::Refusal { refusal: String::new() },
        };
        let added = PartData { part: Some(&empty), ..PartData::default() };
        self.placed("response.content_part.added", place, added);
        match part {
            Part::OutputText { text, annotations, .. } => {
                self.deltas("response.output_text.delta", place, pieces(text), true);
                for (annotation_index, annotation) in annotations.iter().enumerate() {
                    let data = PartData {
                        annotation_index: Some(annotation_index),
                        annotation: Some(annotation),
                        ..PartData::default()
                    };
                    self.placed("response.output_text.annotation.added", place, data);
                }
                let data = PartData { text: Some(text), logprobs: Some([]), ..PartData::default() };
                self.placed("response.output_text.done", place, data);
            }
            Part::Refusal { refusal } => {
                self.deltas("response.refusal.delta", place, pieces(refusal), false);
                let data = PartData { refusal: Some(refusal), ..PartData::default() };
                self.placed("response.refusal.done", place, data);
            }
        }
        let done = PartData { part: Some(part), ..PartData::default() };
        self.placed("response.content_part.done", place, done);
    }

    fn summary(&mut self, place: Place<'_>, part: &SummaryPart) {
        let SummaryPart::SummaryText { text } = part;
        let empty = SummaryPart::SummaryText { text: String::new() };
        let added = PartData { summary: Some(&empty), ..PartData::default() };
        self.placed("response.reasoning_summary_part.added", place, added);
        self.deltas("response.reasoning_summary_text.delta", place, pieces(text), false);
        let data = PartData { text: Some(text), ..PartData::default() };
        self.placed("response.reasoning_summary_text.done", place, data);
        let done = PartData { summary: Some(part), ..PartData::default() };
        self.placed("response.reasoning_summary_part.done", place, done);
    }

    fn deltas(&mut self, kind: &'static str, place: Place<'_>, pieces: Vec<String>, logprobs: bool) {
        let pieces = if self.whole { vec![pieces.concat()] } else { pieces };
        for piece in &pieces {
            let data =
                PartData { delta: Some(piece), logprobs: logprobs.then_some([]), ..PartData::default() };
            self.placed(kind, place, data);
        }
    }
}

fn web_search_kind(stage: &str) -> &'static str {
    match stage {
        "in_progress" => "response.web_search_call.in_progress",
        "searching" => "response.web_search_call.searching",
        _ => "response.web_search_call.completed",
    }
}
