//! Restores whole answers, as the events of a stream are restored.

use super::input::InputReader;
use super::text::TextFilter;
use super::thought::Thought;
use super::{Restorer, fit_id, restore_tool};
use crate::back::{CallerToolKind, ReasoningBack};
use crate::ir::{Answer, Delta, Part, PartBody, ToolCall, ToolKind};
use std::borrow::Cow;

impl Restorer {
    /// Restores a whole answer.
    pub fn answer(&mut self, answer: &mut Answer<'_>) {
        if self.is_idle {
            return;
        }
        answer.parts.retain_mut(|part| self.stopped_by.is_none() && self.part(part));
        self.finish(&mut answer.finish);
    }

    /// Restores one part. False: it is left out.
    fn part(&mut self, part: &mut Part<'_>) -> bool {
        match &mut part.body {
            PartBody::Text { text, .. } => {
                self.whole_text(text);
                true
            }
            PartBody::ToolCall(call) => {
                self.call(call);
                true
            }
            PartBody::Reasoning { .. } | PartBody::Redacted { .. } => {
                self.reasoning(&mut part.body, part.item_id.as_deref())
            }
            _ => true,
        }
    }

    fn whole_text(&mut self, text: &mut Cow<'_, str>) {
        if self.back.stop.is_empty() && !self.back.unfence {
            return;
        }
        let mut filter = TextFilter::new(&self.back.stop, self.back.unfence);
        let mut said = filter.push(text);
        self.stopped_by = filter.stopped_by().map(str::to_owned);
        said.push_str(&filter.end());
        *text = Cow::Owned(said);
    }

    fn call(&mut self, call: &mut ToolCall<'_>) {
        fit_id(&mut call.id, self.to);
        if self.way.is_remembered() {
            self.memory.call(&call.id);
        }
        let Some(tool) = self.back.tools.get(&*call.name) else {
            return;
        };
        if tool.kind == CallerToolKind::Custom && call.kind == ToolKind::Function {
            let mut reader = InputReader::default();
            let mut text = reader.push(&call.arguments);
            text.push_str(&reader.end());
            call.arguments = Cow::Owned(text);
        }
        restore_tool(tool, &mut call.name, &mut call.namespace, &mut call.kind);
    }

    fn reasoning(&mut self, body: &mut PartBody<'_>, item_id: Option<&str>) -> bool {
        let mut thought = match &*body {
            PartBody::Reasoning { text, signature, encrypted, .. } => {
                Thought::whole(text, signature.as_deref(), encrypted.as_deref())
            }
            PartBody::Redacted { data } => Thought::redacted(data),
            _ => return true,
        };
        thought.item_id = item_id.map(|id| Cow::Owned(id.to_owned()));
        if self.way.is_remembered() {
            self.memory.thought(&thought, &self.way);
        }
        if thought.is_silent(&self.way) {
            return false;
        }
        let proof = thought.proof_delta(&self.way);
        if proof.is_some() && matches!(body, PartBody::Redacted { .. }) {
            *body = PartBody::Reasoning { text: Vec::new(), raw: false, signature: None, encrypted: None };
        }
        let PartBody::Reasoning { text, signature, encrypted, .. } = body else {
            return true;
        };
        if self.way.back == ReasoningBack::Carried {
            text.clear();
        }
        if self.way.is_carried() {
            (*signature, *encrypted) = match proof {
                Some(Delta::Signature(carrier)) => (Some(carrier), None),
                Some(Delta::Encrypted(carrier)) => (None, Some(carrier)),
                _ => (None, None),
            };
        }
        true
    }
}
