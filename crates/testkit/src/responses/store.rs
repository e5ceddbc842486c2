//! The last responses that were to be stored.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::error::ProviderError;
use crate::strict::Kept;

/// One stored response.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) id: String,
    /// The whole response object.
    pub(crate) body: Value,
    /// Oldest first.
    pub(crate) input_items: Vec<Value>,
    pub(crate) background: bool,
    /// What a request that continues it has in its prompt.
    pub(crate) total_tokens: u64,
}

/// A bounded number of stored responses; the oldest goes first.
#[derive(Debug, Default)]
pub(crate) struct Store {
    kept: VecDeque<Stored>,
    limit: usize,
}

impl Store {
    pub(crate) fn new(limit: usize) -> Self {
        Self { kept: VecDeque::new(), limit }
    }

    pub(crate) fn keep(&mut self, stored: Stored) {
        self.kept.retain(|other| other.id != stored.id);
        self.kept.push_back(stored);
        while self.kept.len() > self.limit {
            self.kept.pop_front();
        }
    }

    pub(crate) fn clear(&mut self) {
        self.kept.clear();
    }

    pub(crate) fn get(&self, id: &str) -> Result<&Stored, ProviderError> {
        self.kept.iter().find(|stored| stored.id == id).ok_or_else(|| not_found(id))
    }

    /// Forgets it; the answer says so.
    pub(crate) fn delete(&mut self, id: &str) -> Result<Value, ProviderError> {
        self.get(id)?;
        self.kept.retain(|stored| stored.id != id);
        Ok(json!({"id": id, "object": "response", "deleted": true}))
    }

    /// Only background responses can be cancelled.
    pub(crate) fn cancel(&mut self, id: &str) -> Result<Value, ProviderError> {
        let stored = self.kept.iter_mut().find(|stored| stored.id == id).ok_or_else(|| not_found(id))?;
        if !stored.background {
            return Err(ProviderError::invalid("Cannot cancel a synchronous response."));
        }
        stored.body["status"] = json!("cancelled");
        Ok(stored.body.clone())
    }

    /// The tokens of the response that a request continues.
    pub(crate) fn previous_tokens(&self, id: Option<&str>) -> Result<u64, ProviderError> {
        let Some(id) = id else {
            return Ok(0);
        };
        match self.get(id) {
            Ok(stored) => Ok(stored.total_tokens),
            Err(_) => {
                let text = format!("Previous response with id '{id}' not found.");
                Err(ProviderError::field("previous_response_id", text).code("previous_response_not_found"))
            }
        }
    }

    /// What is known of stored items and of the response that a request continues.
    pub(crate) fn known(&self, previous: Option<&str>) -> Kept {
        let output = |stored: &Stored| stored.body["output"].as_array().cloned().unwrap_or_default();
        let text = |item: &Value, name: &str| item[name].as_str().map(str::to_owned);
        let continued = previous.and_then(|id| self.get(id).ok());
        Kept {
            calls: continued
                .iter()
                .flat_map(|stored| output(stored))
                .filter_map(|item| text(&item, "call_id"))
                .collect(),
            items: self
                .kept
                .iter()
                .flat_map(|stored| output(stored).into_iter().chain(stored.input_items.iter().cloned()))
                .filter_map(|item| text(&item, "id"))
                .collect(),
        }
    }

    /// A page of input items: newest first unless `order=asc`.
    pub(crate) fn page(&self, id: &str, query: &str) -> Result<Value, ProviderError> {
        let asked = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let mut items = self.get(id)?.input_items.clone();
        if asked("order") != Some("asc") {
            items.reverse();
        }
        if let Some(after) = asked("after") {
            let start = items.iter().position(|item| item["id"] == after).map_or(items.len(), |at| at + 1);
            items.drain(..start);
        }
        let limit = asked("limit").and_then(|limit| limit.parse().ok()).unwrap_or(20_usize).clamp(1, 100);
        let has_more = items.len() > limit;
        items.truncate(limit);
        let edge = |item: Option<&Value>| item.map_or(json!(""), |item| item["id"].clone());
        let (first_id, last_id) = (edge(items.first()), edge(items.last()));
        Ok(
            json!({"object": "list", "data": items, "first_id": first_id, "last_id": last_id, "has_more": has_more}),
        )
    }
}

fn not_found(id: &str) -> ProviderError {
    ProviderError::not_found(format!("Response with id '{id}' not found."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(id: &str) -> Stored {
        let input_items = (0..3).map(|index| json!({"id": format!("msg_{index}")})).collect();
        Stored {
            id: id.to_owned(),
            body: json!({"id": id}),
            input_items,
            background: id == "bg",
            total_tokens: 7,
        }
    }

    #[test]
    fn the_oldest_goes_first() {
        let mut store = Store::new(2);
        for id in ["a", "b", "bg"] {
            store.keep(stored(id));
        }
        assert!(store.get("a").is_err());
        assert_eq!(store.previous_tokens(Some("b")).unwrap(), 7);
        assert_eq!(
            store.previous_tokens(Some("a")).unwrap_err().code.as_deref(),
            Some("previous_response_not_found")
        );
        assert_eq!(store.cancel("b").unwrap_err().status, 400);
        assert_eq!(store.cancel("bg").unwrap()["status"], "cancelled");
        assert_eq!(store.delete("b").unwrap()["deleted"], true);
        assert!(store.delete("b").is_err());
    }

    #[test]
    fn pages_in_both_orders() {
        let mut store = Store::new(2);
        store.keep(stored("a"));
        let page = store.page("a", "limit=2").unwrap();
        assert_eq!(
            (&page["first_id"], &page["last_id"], &page["has_more"]),
            (&json!("msg_2"), &json!("msg_1"), &json!(true))
        );
        let page = store.page("a", "order=asc&after=msg_1").unwrap();
        assert_eq!((page["data"].as_array().unwrap().len(), &page["first_id"]), (1, &json!("msg_2")));
    }
}
