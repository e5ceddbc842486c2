//! What a whole text, item or paragraph says that its stream has not said yet.

use super::stream_item::{Items, slot};
use crate::error::TranslateError;
use crate::ir::{Delta, Emit, Part, PartBody};
use crate::notes::Notes;
use std::borrow::Cow;

impl Items {
    /// Says what of a part has not been said, and ends it.
    pub(super) fn complete(
        &mut self,
        at: usize,
        key: u64,
        part: Part<'_>,
        notes: &mut Notes,
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        self.start(at, key, &part, emit)?;
        match part.body {
            PartBody::Text { text, citations } => {
                self.rest_of(at, key, &text, Delta::Text, emit)?;
                let said = slot(&mut self.list, at, key).map_or(0, |slot| slot.citations);
                for citation in citations.into_iter().skip(said) {
                    self.more(at, key, Delta::Citation(citation), emit)?;
                }
            }
            PartBody::Refusal { text } => {
                self.rest_of_refusal(at, key, &text, emit)?;
            }
            PartBody::Reasoning { text, raw, encrypted, .. } => {
                self.rest_of_reasoning(at, &text, raw, notes, emit)?;
                if let Some(encrypted) = encrypted {
                    self.more(at, key, Delta::Encrypted(encrypted), emit)?;
                }
            }
            PartBody::ToolCall(call) => self.rest_of(at, key, &call.arguments, Delta::Arguments, emit)?,
            PartBody::ServerToolCall { input, .. } => {
                self.rest_of(at, key, &input, Delta::Arguments, emit)?;
            }
            PartBody::Redacted { .. } | PartBody::ServerToolResult { .. } | PartBody::Other { .. } => {}
        }
        self.end(at, Some(key), emit)
    }

    /// Says what of a whole text, or of whole arguments, has not been said.
    pub(super) fn rest_of<'t>(
        &mut self,
        at: usize,
        key: u64,
        whole: &'t str,
        delta: fn(Cow<'t, str>) -> Delta<'t>,
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        let rest = self.rest(at, key, whole);
        if rest.is_empty() {
            return Ok(());
        }
        self.more(at, key, delta(Cow::Borrowed(rest)), emit)
    }

    /// Says what of a whole refusal has not been said.
    pub(super) fn rest_of_refusal(
        &mut self,
        at: usize,
        key: u64,
        text: &str,
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        let rest = self.rest(at, key, text);
        if rest.is_empty() {
            return Ok(());
        }
        self.refuse(at, key, Cow::Borrowed(rest), emit)
    }

    fn rest_of_reasoning(
        &mut self,
        at: usize,
        text: &[Cow<'_, str>],
        raw: bool,
        notes: &mut Notes,
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        for (paragraph, whole) in (0..).zip(text) {
            self.rest_of_paragraph(at, paragraph, whole, raw, notes, emit)?;
        }
        Ok(())
    }

    /// Says what of a whole paragraph of reasoning has not been said.
    pub(super) fn rest_of_paragraph(
        &mut self,
        at: usize,
        paragraph: u64,
        whole: &str,
        raw: bool,
        notes: &mut Notes,
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        let Some(slot) = slot(&mut self.list, at, 0) else { return Ok(()) };
        let said = if slot.spoke && slot.paragraph == paragraph { slot.said } else { 0 };
        let rest = whole.get(said..).unwrap_or_default();
        self.reason(at, paragraph, raw, Cow::Borrowed(rest), notes, emit)
    }

    /// What of a whole text has not been said.
    fn rest<'t>(&self, at: usize, key: u64, whole: &'t str) -> &'t str {
        let slots = self.list.get(at).map_or(&[][..], |item| &item.slots);
        let said = slots.iter().find(|slot| slot.key == key).map_or(0, |slot| slot.said);
        whole.get(said..).unwrap_or_default()
    }
}
