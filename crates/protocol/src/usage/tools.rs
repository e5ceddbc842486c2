//! What a Responses provider's own tools did, told by the items of its output.

use serde::Deserialize;

use super::wire::{Object, Text};

/// An item of the output, as far as it tells of a tool.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Item<'a> {
    #[serde(borrow, rename = "type")]
    item_type: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    action: Object<Action<'a>>,
    #[serde(borrow)]
    container_id: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Action<'a> {
    #[serde(borrow, rename = "type")]
    action_type: Text<'a>,
}

/// More containers than this in one answer are not told apart: each call beyond them counts.
const CONTAINERS_MAX: usize = 64;

/// Calls that are paid for. One that failed is not.
#[derive(Debug, Clone, Default)]
pub(super) struct ToolCalls {
    pub(super) web_searches: u64,
    pub(super) file_searches: u64,
    pub(super) images: u64,
    /// Containers that code ran in: OpenAI charges for each, however often code runs in it.
    named_containers: Vec<String>,
    /// Runs of code in containers without a name.
    unnamed_containers: u64,
}

impl ToolCalls {
    /// Counts an item.
    pub(super) fn add(&mut self, item: &Item<'_>) {
        if item.status.as_str() == Some("failed") {
            return;
        }
        match item.item_type.as_str() {
            // Opening or searching within a page is free.
            Some("web_search_call")
                if matches!(item.action.0.action_type.as_str(), None | Some("search")) =>
            {
                self.web_searches += 1;
            }
            Some("file_search_call") => self.file_searches += 1,
            Some("image_generation_call") => self.images += 1,
            Some("code_interpreter_call") => self.ran_code(item.container_id.as_str()),
            _ => {}
        }
    }

    fn ran_code(&mut self, container: Option<&str>) {
        match container {
            Some(id) if self.named_containers.iter().any(|known| known == id) => {}
            Some(id) if self.named_containers.len() < CONTAINERS_MAX => {
                self.named_containers.push(id.to_owned());
            }
            _ => self.unnamed_containers += 1,
        }
    }

    /// How many containers code ran in.
    pub(super) fn containers(&self) -> u64 {
        self.unnamed_containers.saturating_add(self.named_containers.len() as u64)
    }

    /// The larger count of each kind: the end of a stream lists its items again, or does not.
    pub(super) fn or_more(&self, other: &Self) -> Self {
        let more_code = if self.containers() >= other.containers() { self } else { other };
        Self {
            web_searches: self.web_searches.max(other.web_searches),
            file_searches: self.file_searches.max(other.file_searches),
            images: self.images.max(other.images),
            named_containers: more_code.named_containers.clone(),
            unnamed_containers: more_code.unnamed_containers,
        }
    }
}
