//! What an answer comes to by its size, for upstreams that report no usage.
//!
//! A token is taken to be four bytes, as in the count of relayed streams. The numbers are marked as an estimate wherever
//! they go.

use crate::ir::{Answer, Delta, Finish, PartBody, PartStart, StreamEvent};
use tollgate_base::Usage;
use tollgate_protocol::tokens_of_bytes;

/// Counts one answer.
#[derive(Debug)]
pub(crate) struct Tally {
    input_tokens: u64,
    bytes: u64,
    reasoning_bytes: u64,
    in_reasoning: bool,
    /// The upstream reported its own numbers.
    reported: bool,
}

impl Tally {
    /// A count for an answer to a prompt of about `input_tokens`.
    pub(crate) const fn new(input_tokens: u64) -> Self {
        Self { input_tokens, bytes: 0, reasoning_bytes: 0, in_reasoning: false, reported: false }
    }

    /// The numbers so far that stand in for the upstream's; `None` if it reported its own.
    pub(crate) fn estimate(&self) -> Option<Usage> {
        (!self.reported).then(|| Usage {
            input_tokens: self.input_tokens,
            output_tokens: tokens_of_bytes(self.bytes),
            reasoning_tokens: tokens_of_bytes(self.reasoning_bytes),
            ..Usage::default()
        })
    }

    /// Counts an event; a finish without usage gets the count.
    pub(crate) fn event(&mut self, event: &mut StreamEvent<'_>) {
        match event {
            StreamEvent::PartStart { start, .. } => {
                self.in_reasoning = matches!(start, PartStart::Reasoning);
                if let PartStart::ToolCall { name, .. } = start {
                    self.add(name.len());
                }
            }
            StreamEvent::Delta { delta: Delta::Text(text) | Delta::Arguments(text), .. } => {
                self.add(text.len());
            }
            StreamEvent::Finish(finish) => self.finish(finish),
            _ => {}
        }
    }

    /// Counts a whole answer; one without usage gets the count.
    pub(crate) fn answer(&mut self, answer: &mut Answer<'_>) {
        for part in &answer.parts {
            self.in_reasoning = false;
            match &part.body {
                PartBody::Text { text, .. } | PartBody::Refusal { text } => self.add(text.len()),
                PartBody::Reasoning { text, .. } => {
                    self.in_reasoning = true;
                    text.iter().for_each(|text| self.add(text.len()));
                }
                PartBody::ToolCall(call) => self.add(call.name.len() + call.arguments.len()),
                _ => {}
            }
        }
        self.finish(&mut answer.finish);
    }

    fn add(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes as u64);
        if self.in_reasoning {
            self.reasoning_bytes = self.reasoning_bytes.saturating_add(bytes as u64);
        }
    }

    fn finish(&mut self, finish: &mut Finish<'_>) {
        self.reported = !finish.usage.is_empty();
        if let Some(estimate) = self.estimate() {
            finish.usage = estimate;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::PartId;

    #[test]
    fn an_answer_that_broke_off_counts_as_far_as_it_came() {
        let mut tally = Tally::new(10);
        let delta = Delta::Text("12345".into());
        tally.event(&mut StreamEvent::Delta { part: PartId(0), delta });
        let counted = Usage { input_tokens: 10, output_tokens: 2, ..Usage::default() };
        assert_eq!(tally.estimate(), Some(counted));
        let mut finish = Finish { usage: Usage { input_tokens: 7, ..Usage::default() }, ..Finish::default() };
        tally.finish(&mut finish);
        assert_eq!(tally.estimate(), None, "the upstream's own numbers count");
    }
}
