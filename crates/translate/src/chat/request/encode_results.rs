//! Results of tools as Chat's tool messages, which hold text only at most providers.

use super::encode::Writer;
use super::write::MessageOut;
use super::write_parts::{ContentOut, PartOut, SaidOut};
use crate::error::TranslateError;
use crate::ir::{PartOfTurn, Source, ToolResult, TurnPart};

impl<'r> Writer<'r, '_> {
    /// The message of one result. Pictures and files that it cannot hold are added to `later`, the user's message behind
    /// all results.
    pub(super) fn result(
        &mut self,
        part: &'r TurnPart<'r>,
        result: &'r ToolResult<'r>,
        later: &mut Vec<PartOut<'r>>,
    ) -> Result<MessageOut<'r>, TranslateError> {
        let mut parts = Vec::with_capacity(result.content.len());
        let holds_all = self.habits.tool_images || (self.own && self.lists());
        let mut moved = 0;
        for inner in &result.content {
            if holds_all || !is_picture_or_file(inner) {
                self.part(inner, &mut parts)?;
                continue;
            }
            moved += 1;
            let what = if matches!(inner.body, PartOfTurn::Image { .. }) { "image" } else { "document" };
            let label = format!("{what} {moved} of tool call {}", result.call_id);
            parts.push(SaidOut::Text { text: format!("[{label} follows]").into() }.into());
            later.push(SaidOut::Text { text: format!("[{label}]").into() }.into());
            self.part(inner, later)?;
        }
        if result.is_error {
            mark_error(&mut parts);
        }
        if part.cache.is_some()
            && let Some(PartOut::Said { cache_control, prompt_cache_breakpoint, .. }) = parts.last_mut()
        {
            let (control, breakpoint) = self.marks(part.cache);
            *cache_control = cache_control.take().or(control);
            *prompt_cache_breakpoint = prompt_cache_breakpoint.take().or(breakpoint);
        }
        let extras = self.part_extras(part)?;
        let content: ContentOut<'r> = self.content(parts);
        Ok(MessageOut { tool_call_id: Some(&result.call_id), extras, ..MessageOut::new("tool", content) })
    }
}

/// Whether a part cannot be text.
fn is_picture_or_file(part: &TurnPart<'_>) -> bool {
    match &part.body {
        PartOfTurn::Image { .. } | PartOfTurn::Audio { .. } => true,
        PartOfTurn::Document(document) => !matches!(document.source, Source::Text(_) | Source::Blocks(_)),
        _ => false,
    }
}

/// Chat has no member for a failure, so the text says it.
fn mark_error(parts: &mut Vec<PartOut<'_>>) {
    for part in parts.iter_mut() {
        if let PartOut::Said { said: SaidOut::Text { text }, .. } = part {
            *text = format!("Error: {text}").into();
            return;
        }
    }
    parts.insert(0, SaidOut::Text { text: "Error".into() }.into());
}
