//! The grammar of one item of a Responses stream.

use super::answer;
use super::kept::{Joined, fingerprint};
use super::read::{Check, broken, filled, is, is_json_object, list, need, number, text};
use serde_json::Value;

/// How many parts one item may have.
const MAX_PARTS: usize = 10_000;

/// One item.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) call_id: Option<String>,
    /// The fingerprint of the item as it was done.
    pub(super) done: Option<u64>,
    /// It is a function call whose arguments are no JSON object.
    pub(super) bad_input: bool,
    kind: String,
    name: Option<String>,
    content: Vec<Part>,
    summary: Vec<Part>,
    input: Joined,
    input_done: bool,
}

/// One part of an item's content or summary.
#[derive(Debug)]
struct Part {
    kind: PartKind,
    text: Joined,
    text_done: bool,
    annotations: u64,
    /// The fingerprint of the part as it was done.
    done: Option<u64>,
}

/// What a part is: its type, the member with its text, and the name its events have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PartKind {
    word: &'static str,
    member: &'static str,
    events: &'static str,
}

const PART_KINDS: [PartKind; 4] = [
    PartKind { word: "output_text", member: "text", events: "output_text" },
    PartKind { word: "refusal", member: "refusal", events: "refusal" },
    PartKind { word: "reasoning_text", member: "text", events: "reasoning_text" },
    PartKind { word: "summary_text", member: "text", events: "reasoning_summary_text" },
];

/// Items whose input comes in pieces: type, events, member.
const INPUTS: [(&str, &str, &str); 4] = [
    ("function_call", "function_call_arguments", "arguments"),
    ("custom_tool_call", "custom_tool_call_input", "input"),
    ("mcp_call", "mcp_call_arguments", "arguments"),
    ("code_interpreter_call", "code_interpreter_call_code", "code"),
];

/// Items whose content and summary come in parts; of any other item, also one that nobody knows yet, they come whole.
const IN_PARTS: [&str; 2] = ["message", "reasoning"];

/// Items that tell of their progress, and the words they use.
const PROGRESS: [(&str, &[&str]); 6] = [
    ("web_search_call", &["in_progress", "searching", "completed"]),
    ("file_search_call", &["in_progress", "searching", "completed"]),
    ("code_interpreter_call", &["in_progress", "interpreting", "completed"]),
    ("image_generation_call", &["in_progress", "generating", "partial_image", "completed"]),
    ("mcp_call", &["in_progress", "completed", "failed"]),
    ("mcp_list_tools", &["in_progress", "completed", "failed"]),
];

impl Item {
    /// An item as it is added: empty, so that an accumulator adds nothing twice.
    pub(super) fn new(item: &Value) -> Check<Self> {
        answer::responses_item(item)?;
        let in_parts = item["type"].as_str().is_some_and(|kind| IN_PARTS.contains(&kind));
        for member in ["content", "summary"].into_iter().filter(|_| in_parts) {
            let is_empty = item[member].as_array().is_none_or(Vec::is_empty);
            need(is_empty, "item_shape", format!("`{member}` is not empty at the start"))?;
        }
        // What a provider ran is told whole where it came whole.
        let calls_back = matches!(item["type"].as_str(), Some("function_call" | "custom_tool_call"));
        for member in ["arguments", "input"].into_iter().filter(|_| calls_back) {
            let is_empty = item[member].as_str().is_none_or(str::is_empty);
            need(is_empty, "item_shape", format!("`{member}` is not empty at the start"))?;
        }
        let owned = |member: &str| item[member].as_str().map(str::to_owned);
        Ok(Self {
            id: owned("id").unwrap_or_default(),
            call_id: owned("call_id"),
            done: None,
            bad_input: false,
            kind: owned("type").unwrap_or_default(),
            name: owned("name"),
            content: Vec::new(),
            summary: Vec::new(),
            input: Joined::default(),
            input_done: false,
        })
    }

    /// An event inside the item; `named` is its type without `response.`.
    pub(super) fn event(&mut self, named: &str, data: &Value) -> Check {
        match named {
            "content_part.added" => self.part_added(data, "content_index"),
            "content_part.done" => self.part_done(data, "content_index"),
            "reasoning_summary_part.added" => self.part_added(data, "summary_index"),
            "reasoning_summary_part.done" => self.part_done(data, "summary_index"),
            "output_text.annotation.added" => self.annotation(data),
            _ => {
                let Some((events, what)) = named.rsplit_once('.') else {
                    return broken("unknown_event", format!("`{named}`"));
                };
                self.piece(events, what, data)
            }
        }
    }

    fn piece(&mut self, events: &str, what: &str, data: &Value) -> Check {
        if let Some(kind) = PART_KINDS.iter().find(|kind| kind.events == events) {
            let index = if kind.word == "summary_text" { "summary_index" } else { "content_index" };
            return self.part(data, index)?.piece(kind, what, data);
        }
        if let Some((kind, _, member)) = INPUTS.iter().find(|(_, of, _)| *of == events) {
            need(self.kind == *kind, "item_kind", format!("`{events}` in a {}", self.kind))?;
            return self.input_piece(what, member, data);
        }
        match PROGRESS.iter().find(|(kind, _)| *kind == events) {
            Some((kind, words)) if words.contains(&what) => {
                need(self.kind == *kind, "item_kind", format!("`{events}` in a {}", self.kind))
            }
            _ => broken("unknown_event", format!("`{events}.{what}`")),
        }
    }

    fn input_piece(&mut self, what: &str, member: &str, data: &Value) -> Check {
        need(!self.input_done, "input_done", "input after it was done")?;
        match what {
            "delta" => self.input.push(text(data, "delta", "delta_shape")?),
            "done" => {
                let whole = text(data, member, "delta_shape")?;
                need(self.input.equals(whole), "joined", format!("`{member}` is not its deltas joined"))?;
                self.input_done = true;
            }
            _ => return broken("unknown_event", format!("`{what}` of an input")),
        }
        Ok(())
    }

    fn parts(&mut self, index: &str) -> &mut Vec<Part> {
        if index == "summary_index" { &mut self.summary } else { &mut self.content }
    }

    /// The open part that an event names.
    fn part(&mut self, data: &Value, index: &str) -> Check<&mut Part> {
        let at = number(data, index, "part_place")?;
        match self.parts(index).get_mut(usize::try_from(at).unwrap_or(usize::MAX)) {
            Some(part) if part.done.is_none() => Ok(part),
            _ => broken("part_place", format!("part {at} is not open")),
        }
    }

    fn part_added(&mut self, data: &Value, index: &str) -> Check {
        let part = &data["part"];
        let word = text(part, "type", "part_shape")?;
        let fits = match (self.kind.as_str(), index) {
            ("message", "content_index") => matches!(word, "output_text" | "refusal"),
            ("reasoning", "content_index") => word == "reasoning_text",
            ("reasoning", _) => word == "summary_text",
            _ => false,
        };
        need(fits, "part_kind", format!("a part `{word}` in a {}", self.kind))?;
        answer::responses_part(part)?;
        let Some(kind) = PART_KINDS.iter().find(|kind| kind.word == word) else { return Ok(()) };
        need(part[kind.member] == "", "part_shape", "a part is not empty at the start")?;
        let at = number(data, index, "part_order")?;
        let parts = self.parts(index);
        need(at == parts.len() as u64, "part_order", format!("part {at} is not number {}", parts.len()))?;
        need(parts.len() < MAX_PARTS, "part_order", "too many parts")?;
        let text = Joined::default();
        parts.push(Part { kind: *kind, text, text_done: false, annotations: 0, done: None });
        Ok(())
    }

    fn part_done(&mut self, data: &Value, index: &str) -> Check {
        let open = self.part(data, index)?;
        let part = &data["part"];
        is(part, "type", open.kind.word, "part_kind")?;
        answer::responses_part(part)?;
        need(open.text_done, "text_done", "a part is done before its text")?;
        let same = open.text.equals(text(part, open.kind.member, "part_shape")?);
        need(same, "joined", "a part's text is not its deltas joined")?;
        let annotations = part["annotations"].as_array().map_or(0, Vec::len) as u64;
        need(annotations == open.annotations, "annotations", "not the annotations that were added")?;
        open.done = Some(fingerprint(part));
        Ok(())
    }

    fn annotation(&mut self, data: &Value) -> Check {
        let part = self.part(data, "content_index")?;
        need(part.kind.word == "output_text", "part_kind", "an annotation of what is no text")?;
        let at = number(data, "annotation_index", "annotations")?;
        need(at == part.annotations, "annotations", format!("{at} is not number {}", part.annotations))?;
        filled(&data["annotation"], "type", "annotations")?;
        part.annotations += 1;
        Ok(())
    }

    /// The item is done: it is what its events said.
    pub(super) fn finish(&mut self, item: &Value) -> Check {
        answer::responses_item(item)?;
        is(item, "id", &self.id, "item_same")?;
        is(item, "type", &self.kind, "item_same")?;
        need(item["call_id"].as_str() == self.call_id.as_deref(), "item_same", "`call_id` changed")?;
        need(item["name"].as_str() == self.name.as_deref(), "item_same", "`name` changed")?;
        need(item["status"] != "in_progress", "item_shape", "a done item is in progress")?;
        if IN_PARTS.contains(&self.kind.as_str()) {
            same_parts(&self.content, item, "content")?;
            same_parts(&self.summary, item, "summary")?;
        }
        // What a provider ran may be told whole, without events for its input.
        let calls_back = matches!(self.kind.as_str(), "function_call" | "custom_tool_call");
        if let Some((_, _, member)) = INPUTS.iter().find(|(kind, ..)| *kind == self.kind)
            && (calls_back || self.input_done)
        {
            need(self.input_done, "input_done", "an item is done before its input")?;
            let same = self.input.equals(item[*member].as_str().unwrap_or_default());
            need(same, "item_same", format!("`{member}` is not what was said"))?;
        }
        self.bad_input = self.kind == "function_call" && self.input.fails(is_json_object);
        self.done = Some(fingerprint(item));
        Ok(())
    }
}

impl Part {
    fn piece(&mut self, kind: &PartKind, what: &str, data: &Value) -> Check {
        need(self.kind == *kind, "part_kind", format!("`{}` in a part {}", kind.events, self.kind.word))?;
        need(!self.text_done, "text_done", "text after it was done")?;
        match what {
            "delta" => self.text.push(text(data, "delta", "delta_shape")?),
            "done" => {
                let whole = text(data, kind.member, "delta_shape")?;
                need(self.text.equals(whole), "joined", "a text is not its deltas joined")?;
                self.text_done = true;
            }
            _ => return broken("unknown_event", format!("`{what}` of a text")),
        }
        Ok(())
    }
}

/// Whether a done item has the parts that were done.
fn same_parts(parts: &[Part], item: &Value, member: &'static str) -> Check {
    let said = if item[member].is_null() { &[] } else { list(item, member, "item_shape")? };
    need(said.len() == parts.len(), "item_same", format!("`{member}` has not the parts that were sent"))?;
    for (at, (said, part)) in said.iter().zip(parts).enumerate() {
        need(part.done.is_some(), "part_open", format!("part {at} of `{member}` was never done"))?;
        need(part.done == Some(fingerprint(said)), "item_same", format!("part {at} is not what was done"))?;
    }
    Ok(())
}
