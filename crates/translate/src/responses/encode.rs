//! The intermediate representation into a whole response.

use super::item::{Body, Content, Item};
use super::object::Head;
use super::search::Found;
use super::{bare_id, response_id, stop};
use crate::answer::AnswerContext;
use crate::error::TranslateError;
use crate::ir::{Answer, Citation, Part, PartBody, Phase, RefusalDetails, ToolCall, ToolKind};
use crate::messages::{WEB_SEARCH, WEB_SEARCH_RESULT};
use crate::notes::Notes;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Encodes a whole answer. What Responses cannot say goes into `notes`. `is_own`: it comes from Responses.
pub(crate) fn encode(
    answer: &Answer<'_>,
    is_own: bool,
    ctx: &AnswerContext,
    notes: &mut Notes,
) -> Result<Vec<u8>, TranslateError> {
    let mut items = Items::new(&answer.id, is_own, ctx);
    for part in &answer.parts {
        items.add(part, notes)?;
    }
    let finish = &answer.finish;
    note_finish(finish.stop_sequence.is_some(), finish.refusal.as_ref(), notes);
    let in_words = items.refuse(finish.refusal.as_ref(), notes)?;
    let reason = stop::incomplete_reason(finish.stop, in_words);
    let mut head = Head::new(ctx);
    head.id = response_id(&answer.id, &ctx.request_id);
    head.service_tier = finish.service_tier;
    let output = items.written(reason.is_some())?;
    serde_json::to_vec(&head.ended(reason, &output, &finish.usage)).map_err(TranslateError::Encode)
}

/// Notes what of an answer's end has no place in Responses.
pub(super) fn note_finish(has_sequence: bool, refusal: Option<&RefusalDetails<'_>>, notes: &mut Notes) {
    if has_sequence {
        notes.add("stop_sequence");
    }
    if refusal.is_some_and(|refusal| refusal.category.is_some()) {
        notes.add("stop_details.category");
    }
}

/// The id of an item: the upstream's own if no other item has it, else one made of the answer's id and the item's place.
pub(super) fn item_id(
    upstream: Option<&str>,
    body: &Body,
    base: &str,
    index: usize,
    taken: impl Fn(&str) -> bool,
) -> String {
    match upstream {
        Some(own) if !own.is_empty() && !taken(own) => own.to_owned(),
        _ => format!("{}_{base}_{index}", body.id_prefix()),
    }
}

/// The call's own id, or one made for it: a result names its call, so every call needs one.
pub(super) fn call_id(own: &str, base: &str, index: usize) -> String {
    if own.is_empty() { format!("call_{base}_{index}") } else { own.to_owned() }
}

/// The phase of a message whose own is not known: Responses' own messages have none then.
pub(super) fn phase(is_own: bool, is_last: bool) -> Option<Phase> {
    (!is_own).then_some(if is_last { Phase::FinalAnswer } else { Phase::Commentary })
}

/// The items of an answer.
struct Items {
    base: String,
    is_own: bool,
    list: Vec<Item>,
    /// Something other than a refusal was said.
    spoke: bool,
    refused: bool,
}

impl Items {
    fn new(id: &str, is_own: bool, ctx: &AnswerContext) -> Self {
        let base = bare_id(id, &ctx.request_id).to_owned();
        Self { base, is_own, list: Vec::new(), spoke: false, refused: false }
    }

    fn add(&mut self, part: &Part<'_>, notes: &mut Notes) -> Result<(), TranslateError> {
        let item_id = part.item_id.as_deref();
        let body = match &part.body {
            PartBody::Text { text, citations } => {
                self.spoke |= !text.is_empty();
                return self.content(part, false, text, citations, notes);
            }
            PartBody::Refusal { text } => {
                self.refused = true;
                return self.content(part, true, text, &[], notes);
            }
            PartBody::Reasoning { text, raw, signature, encrypted } => {
                if signature.as_ref().is_some_and(|signature| !signature.is_empty()) {
                    notes.add("thinking.signature");
                }
                reasoning(text, *raw, encrypted.as_deref())
            }
            PartBody::ToolCall(call) => {
                self.spoke = true;
                self.call(call)
            }
            PartBody::ServerToolCall { id, name, input } if name == WEB_SEARCH => Body::Search {
                call_id: id.clone().into_owned(),
                input: input.clone().into_owned(),
                found: Found::default(),
            },
            PartBody::ServerToolResult { call_id, kind, content } if kind == WEB_SEARCH_RESULT => {
                self.found(call_id, content, notes);
                return Ok(());
            }
            PartBody::Redacted { .. } => return leave_out("redacted_thinking", notes),
            PartBody::ServerToolCall { .. } => return leave_out("server_tool_use", notes),
            PartBody::ServerToolResult { .. } => return leave_out("server_tool_result", notes),
            PartBody::Other { json, .. } if self.is_own && !json.is_empty() => {
                Body::Raw(RawValue::from_string(json.clone().into_owned()).map_err(TranslateError::Encode)?)
            }
            PartBody::Other { kind, .. } => {
                notes.add_block(kind);
                return Ok(());
            }
        };
        self.push(item_id, body);
        Ok(())
    }

    fn push(&mut self, upstream_id: Option<&str>, body: Body) {
        let taken = |id: &str| self.list.iter().any(|item| item.id == id);
        let id = item_id(upstream_id, &body, &self.base, self.list.len(), taken);
        self.list.push(Item { id, upstream_id: upstream_id.map(str::to_owned), body });
    }

    fn content(
        &mut self,
        part: &Part<'_>,
        is_refusal: bool,
        text: &str,
        citations: &[Citation<'_>],
        notes: &mut Notes,
    ) -> Result<(), TranslateError> {
        let item_id = part.item_id.as_deref();
        if !self.list.last().is_some_and(|last| last.takes(item_id)) {
            self.push(item_id, Body::Message { phase: part.phase, contents: Vec::new() });
        }
        let mut content = Content::new(is_refusal);
        text.clone_into(&mut content.text);
        for citation in citations {
            content.cite(citation, self.is_own, notes);
        }
        if let Some(Item { body: Body::Message { contents, .. }, .. }) = self.list.last_mut() {
            contents.push(content);
        }
        Ok(())
    }

    fn call(&self, call: &ToolCall<'_>) -> Body {
        Body::Call {
            call_id: call_id(&call.id, &self.base, self.list.len()),
            name: call.name.clone().into_owned(),
            namespace: call.namespace.clone().map(Cow::into_owned),
            kind: call.kind,
            arguments: match (call.kind, call.arguments.as_ref()) {
                (ToolKind::Function, "") => "{}".to_owned(),
                (_, arguments) => arguments.to_owned(),
            },
        }
    }

    fn found(&mut self, call_id: &str, content: &str, notes: &mut Notes) {
        let search = self.list.iter_mut().rev().find_map(|item| match &mut item.body {
            Body::Search { call_id: own, found, .. } if own == call_id => Some(found),
            _ => None,
        });
        match search {
            Some(found) => *found = Found::read(content, notes),
            None => notes.add("server_tool_result"),
        }
    }

    /// Says a refusal that no part said. Whether the answer is a refusal in words, and whole.
    fn refuse(
        &mut self,
        refusal: Option<&RefusalDetails<'_>>,
        notes: &mut Notes,
    ) -> Result<bool, TranslateError> {
        if self.refused {
            return Ok(true);
        }
        let Some(words) = refusal.and_then(|refusal| refusal.explanation.clone()) else {
            return Ok(false);
        };
        self.add(&PartBody::Refusal { text: words }.into(), notes)?;
        Ok(!self.spoke)
    }

    fn written(self, is_incomplete: bool) -> Result<Vec<Box<RawValue>>, TranslateError> {
        let last = self.list.len().saturating_sub(1);
        let items = self.list.iter().enumerate();
        items.map(|(n, item)| item.done(is_incomplete && n == last, phase(self.is_own, n == last))).collect()
    }
}

fn leave_out(name: &'static str, notes: &mut Notes) -> Result<(), TranslateError> {
    notes.add(name);
    Ok(())
}

fn reasoning(text: &[Cow<'_, str>], raw: bool, encrypted: Option<&str>) -> Body {
    let paragraphs: Vec<String> = text.iter().map(|paragraph| paragraph.clone().into_owned()).collect();
    let (summary, content) = if raw { (Vec::new(), paragraphs) } else { (paragraphs, Vec::new()) };
    Body::Reasoning { summary, content, encrypted: encrypted.map(str::to_owned) }
}
