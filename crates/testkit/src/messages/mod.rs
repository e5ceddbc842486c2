//! Anthropic Messages: reading requests, writing answers.
//!
//! Shapes are those of the official SDKs' types (`@anthropic-ai/sdk` 1.11.0, `resources/messages`).

mod read;
mod shape;
mod write;

pub(crate) use read::{count_tokens, prompt, read};
pub(crate) use write::{THOUGHT_ID, events, json};
