//! The grammar of a Responses stream: its life, and which item an event belongs to.

use super::kept::{Ids, fingerprint};
use super::read::{Check, broken, filled, is, list, need, number, object, parse, text};
use super::responses_item::Item;
use super::{Ended, answer};
use serde_json::Value;

/// How many items one stream may have.
const MAX_ITEMS: usize = 10_000;

/// What every response object of a stream must repeat.
const REPEATED: [&str; 3] = ["id", "created_at", "model"];

#[derive(Debug, Default)]
pub(super) struct Stream {
    next_sequence: u64,
    head: Option<[Value; 3]>,
    in_progress: bool,
    items: Vec<Item>,
    ids: Ids,
    call_ids: Ids,
    ended: Option<Ended>,
}

impl Stream {
    pub(super) fn frame(&mut self, event: &str, data: &[u8]) -> Check {
        need(self.ended.is_none(), "after_end", format!("`{event}` after the end"))?;
        let data = parse(data)?;
        is(&data, "type", event, "event_name")?;
        let sequence = number(&data, "sequence_number", "sequence")?;
        need(sequence == self.next_sequence, "sequence", format!("{sequence}, not {}", self.next_sequence))?;
        self.next_sequence += 1;
        let named = event.strip_prefix("response.").unwrap_or(event);
        match named {
            "error" => return self.error(&data),
            "created" => return self.created(&data),
            _ => {}
        }
        need(self.head.is_some(), "created_first", format!("`{event}` before response.created"))?;
        match named {
            "keepalive" => Ok(()),
            "queued" => self.running(&data, "queued"),
            "in_progress" => self.running(&data, "in_progress"),
            "completed" | "incomplete" | "failed" => self.terminal(&data, named),
            "output_item.added" => self.item_added(&data),
            "output_item.done" => {
                let item = self.item(&data, None)?;
                item.finish(&data["item"])
            }
            other => {
                let id = filled(&data, "item_id", "item_place")?;
                self.item(&data, Some(id))?.event(other, &data)
            }
        }
    }

    pub(super) fn end(&self) -> Check<Ended> {
        match self.ended {
            Some(ended) => Ok(ended),
            None => broken("cut", "no terminal event and no error"),
        }
    }

    fn error(&mut self, data: &Value) -> Check {
        text(data, "message", "error_shape")?;
        self.ended = Some(Ended::WithError);
        Ok(())
    }

    fn created(&mut self, data: &Value) -> Check {
        need(self.head.is_none(), "created_once", "a second response.created")?;
        let response = self.response(data)?;
        let is_new = matches!(response["status"].as_str(), Some("in_progress" | "queued"));
        need(is_new, "status", "a created response has another status than in_progress")?;
        need(
            list(response, "output", "response_shape")?.is_empty(),
            "response_shape",
            "`output` is not empty",
        )
    }

    /// The response in an event, which is always the same one.
    fn response<'a>(&mut self, data: &'a Value) -> Check<&'a Value> {
        let response = &data["response"];
        answer::responses_head(response)?;
        let head = REPEATED.map(|member| response[member].clone());
        let before = self.head.get_or_insert_with(|| head.clone());
        match REPEATED.iter().zip(before.iter().zip(&head)).find(|(_, (old, new))| old != new) {
            Some((member, _)) => broken("same_head", format!("`{member}` changed")),
            None => Ok(response),
        }
    }

    fn running(&mut self, data: &Value, status: &str) -> Check {
        let response = self.response(data)?;
        is(response, "status", status, "status")?;
        need(status != "queued" || !self.in_progress, "queued_late", "queued after in_progress")?;
        self.in_progress |= status == "in_progress";
        Ok(())
    }

    fn terminal(&mut self, data: &Value, status: &str) -> Check {
        let response = self.response(data)?;
        is(response, "status", status, "status")?;
        self.ended = Some(if status == "failed" { Ended::WithError } else { Ended::Well });
        answer::responses_end(response)?;
        if status == "failed" {
            return Ok(());
        }
        need(self.in_progress, "in_progress_first", "no response.in_progress was sent")?;
        let output = list(response, "output", "output")?;
        need(output.len() == self.items.len(), "output", "not the items that were sent")?;
        for (at, (said, item)) in output.iter().zip(&self.items).enumerate() {
            need(item.done.is_some(), "item_done", format!("item {at} was never done"))?;
            need(item.done == Some(fingerprint(said)), "output", format!("item {at} is not what was done"))?;
        }
        // Where generation was cut off, so was the input.
        let bad = status == "completed" && self.items.iter().any(|item| item.bad_input);
        need(!bad, "tool_input", "a function's arguments are no JSON object")
    }

    fn item_added(&mut self, data: &Value) -> Check {
        need(self.in_progress, "in_progress_first", "an item before response.in_progress")?;
        let index = number(data, "output_index", "item_order")?;
        let expected = self.items.len();
        need(index == expected as u64, "item_order", format!("item {index} is not number {expected}"))?;
        need(expected < MAX_ITEMS, "item_order", "too many items")?;
        object(data, "item", "item_shape")?;
        let item = Item::new(&data["item"])?;
        need(self.ids.add(&item.id), "item_id", "an item's id comes twice")?;
        if let Some(call_id) = &item.call_id {
            need(self.call_ids.add(call_id), "tool_id", format!("`{call_id}` comes twice"))?;
        }
        self.items.push(item);
        Ok(())
    }

    /// The open item that an event names by its index, and by its id where it has one.
    fn item(&mut self, data: &Value, id: Option<&str>) -> Check<&mut Item> {
        let index = number(data, "output_index", "item_place")?;
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        let Some(item) = self.items.get_mut(at) else {
            return broken("item_place", format!("item {index} was not added"));
        };
        need(item.done.is_none(), "item_place", format!("item {index} is done"))?;
        need(id.is_none_or(|id| id == item.id), "item_place", format!("item {index} has another id"))?;
        Ok(item)
    }
}
