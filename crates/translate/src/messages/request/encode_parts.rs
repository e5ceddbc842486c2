//! The parts of a turn as content blocks.

use super::encode::Writer;
use super::write::{BlockOut, SaidOut};
use crate::error::TranslateError;
use crate::ir::{CallKind, PartOfTurn, PastCall, Proof, Reasoning, ToolResult, TurnPart, Wording};
use crate::json::{Extras, to_object};
use std::borrow::Cow;
use tollgate_protocol::Protocol;

/// Objects of a block whose unknown members are kept by their whole path.
const OBJECTS: [&str; 2] = ["source", "citations"];

impl<'r> Writer<'r, '_> {
    /// Adds a part to the blocks of a message.
    pub(super) fn part(
        &mut self,
        part: &'r TurnPart<'r>,
        blocks: &mut Vec<BlockOut<'r>>,
    ) -> Result<(), TranslateError> {
        if self.own
            && let PartOfTurn::ServerToolCall { json, .. }
            | PartOfTurn::ServerToolResult { json, .. }
            | PartOfTurn::Other { json, .. } = &part.body
        {
            blocks.push(BlockOut::Raw(json));
            return Ok(());
        }
        let Some(mut said) = self.said(part)? else { return Ok(()) };
        if self.own {
            said.extras = Extras::top(&part.extras, &OBJECTS);
        } else {
            let at = self.foreign.part("");
            self.foreign.extras(&at, &part.extras)?;
        }
        // Thinking takes no mark, and a mark that is written as it came is among the extras.
        let has_raw_mark = self.own && part.extras.iter().any(|extra| extra.name == "cache_control");
        if !has_raw_mark && !matches!(part.body, PartOfTurn::Reasoning(_)) {
            said.cache_control = self.mark(part.cache)?;
        }
        blocks.push(BlockOut::Said(said));
        Ok(())
    }

    /// A part as a block; none where a request of another protocol says what was left out before (`unsaid`).
    fn said(&mut self, part: &'r TurnPart<'r>) -> Result<Option<SaidOut<'r>>, TranslateError> {
        match &part.body {
            PartOfTurn::Text { text, phase } => {
                if phase.is_some() {
                    self.foreign.settle("input.phase")?;
                }
                Ok((!text.is_blank()).then(|| SaidOut::text(text.borrowed())))
            }
            PartOfTurn::Refusal { text } => Ok(Some(SaidOut::text(Wording::from(&**text)))),
            PartOfTurn::Image { source, detail } => self.image(source, detail.as_deref(), part).map(Some),
            PartOfTurn::Document(document) => self.document(document, part).map(Some),
            PartOfTurn::Audio { .. } => {
                let field = self.foreign.part("input_audio");
                Err(TranslateError::refused(field, "Messages takes no sound"))
            }
            PartOfTurn::Reasoning(reasoning) => self.reasoning(reasoning),
            PartOfTurn::ToolCall(call) => self.call(call).map(Some),
            PartOfTurn::ToolResult(result) => self.result(result).map(Some),
            PartOfTurn::ServerToolCall { .. }
            | PartOfTurn::ServerToolResult { .. }
            | PartOfTurn::Other { .. } => Ok(None),
        }
    }

    /// What came in this protocol without a proof is another vendor's, who judges it.
    fn reasoning(&mut self, reasoning: &'r Reasoning<'r>) -> Result<Option<SaidOut<'r>>, TranslateError> {
        let signature = match &reasoning.proof {
            Some(Proof::Redacted(data)) => {
                return Ok(Some(SaidOut {
                    r#type: "redacted_thinking",
                    data: Some(data),
                    ..SaidOut::default()
                }));
            }
            Some(Proof::Signature(signature)) => Some(&**signature),
            None if self.own => None,
            None | Some(Proof::Encrypted(_)) => {
                self.foreign.settle("messages.content.thinking")?;
                return Ok(None);
            }
        };
        let text = match reasoning.text.as_slice() {
            [only] => Cow::Borrowed(&**only),
            several => Cow::Owned(several.join("\n\n")),
        };
        Ok(Some(SaidOut { r#type: "thinking", thinking: Some(text), signature, ..SaidOut::default() }))
    }

    fn call(&mut self, call: &'r PastCall<'r>) -> Result<SaidOut<'r>, TranslateError> {
        if call.kind == CallKind::Custom {
            let field = match self.request.protocol {
                Protocol::Responses => "input.custom_tool_call",
                _ => "messages.tool_calls.custom",
            };
            return Err(TranslateError::refused(field, "Messages has no tools with free text"));
        }
        Ok(SaidOut {
            r#type: "tool_use",
            id: Some(&call.id),
            name: Some(full_name(call.namespace.as_deref(), &call.name)),
            input: Some(to_object(&call.arguments).map_err(TranslateError::Encode)?),
            ..SaidOut::default()
        })
    }

    fn result(&mut self, result: &'r ToolResult<'r>) -> Result<SaidOut<'r>, TranslateError> {
        Ok(SaidOut {
            r#type: "tool_result",
            tool_use_id: Some(&result.call_id),
            content: self.result_content(&result.content)?,
            is_error: result.is_error.then_some(true),
            ..SaidOut::default()
        })
    }
}

/// A tool's name with the namespace that Messages does not have.
pub(super) fn full_name<'r>(namespace: Option<&str>, name: &'r str) -> Cow<'r, str> {
    match namespace {
        Some(namespace) => Cow::Owned(format!("{namespace}__{name}")),
        None => Cow::Borrowed(name),
    }
}
