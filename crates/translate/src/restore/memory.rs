//! What the gate remembers of an answer for callers that cannot send reasoning back.

use super::thought::{Thought, Way};
use std::sync::Arc;

/// More calls or pieces of reasoning than this are not remembered.
const LIMIT: usize = 128;
/// More text than this is not remembered.
const LIMIT_BYTES: usize = 2 << 20;

/// One turn's reasoning, to be found by any of its tool calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recollection {
    /// The ids of the turn's tool calls, as the caller knows them.
    pub call_ids: Vec<String>,
    /// The reasoning: as plain text, or as carriers, one a line, if its maker wants a proof.
    pub carrier_or_text: Arc<str>,
}

/// Gathers one turn.
#[derive(Debug, Default)]
pub(super) struct Memory {
    call_ids: Vec<String>,
    texts: Vec<String>,
    carriers: Vec<String>,
    has_proof: bool,
}

impl Memory {
    pub(super) fn call(&mut self, id: &str) {
        if self.call_ids.len() < LIMIT {
            self.call_ids.push(id.to_owned());
        }
    }

    pub(super) fn thought(&mut self, thought: &Thought, way: &Way) {
        if self.texts.len() >= LIMIT {
            return;
        }
        self.has_proof |= thought.proof.is_some();
        if !thought.text.is_empty() {
            self.texts.push(thought.text.clone());
        }
        self.carriers.extend(thought.proof.as_ref().and_then(|_| thought.carrier(way, true)));
    }

    pub(super) fn recollect(&self) -> Option<Recollection> {
        let text = if self.has_proof { self.carriers.join("\n") } else { self.texts.join("\n\n") };
        if self.call_ids.is_empty() || text.is_empty() || text.len() > LIMIT_BYTES {
            return None;
        }
        Some(Recollection { call_ids: self.call_ids.clone(), carrier_or_text: text.into() })
    }
}
