//! OpenAI Chat Completions: reading requests, writing answers.
//!
//! Shapes are those of the official SDKs' types (`openai` 7.55.0, `resources/chat/completions`), with the
//! `reasoning_content` that other vendors of this protocol send.

mod read;
mod shape;
mod vendor;
mod write;

pub(crate) use read::read;
pub(crate) use vendor::{bare_error, wants_reasoning_back};
pub(crate) use write::{THOUGHT_ID, empty_delta, events, json};
