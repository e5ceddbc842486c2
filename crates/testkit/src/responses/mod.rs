//! OpenAI Responses: reading requests, writing answers, keeping stored ones.
//!
//! Shapes are those of the official SDKs' types (`openai` 7.55.0, `resources/responses`).

mod items;
mod read;
mod shape;
mod store;
mod write;

pub(crate) use items::input_items;
pub(crate) use read::{count_tokens, previous, prompt, read};
pub(crate) use shape::Status;
pub(crate) use store::{Store, Stored};
pub(crate) use write::{compaction, error_event, events, json};
