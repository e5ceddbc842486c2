//! The form of the answer's text, where the target cannot promise it.

use super::schema::{closed, is_strict};
use crate::back::WayBack;
use crate::error::TranslateError;
use crate::ir::{OutputFormat, PartOfTurn, Request, Role, Turn};
use crate::json::compact;
use crate::notes::Notes;
use crate::target::Target;
use crate::traits::StructuredOutput;
use tollgate_protocol::Protocol;

const ONE_OBJECT: &str = "Reply with one JSON object only, without any text around it.";

/// Settles the format: native where the target has it, else asked for in words and mended on the way back.
pub(super) fn settle(
    request: &mut Request<'_>,
    target: &Target<'_>,
    notes: &mut Notes,
    back: &mut WayBack,
) -> Result<(), TranslateError> {
    let able = able(target);
    match request.format.take() {
        Some(OutputFormat::JsonSchema { name, description, schema, strict }) => match able {
            StructuredOutput::JsonSchema => {
                let (schema, strict) = match (target.protocol, request.protocol) {
                    (Protocol::Messages, _) => (closed(&schema, notes)?, strict),
                    // Anthropic follows every schema exactly, OpenAI some only.
                    (_, Protocol::Messages) => {
                        let strict = is_strict(&schema);
                        (schema, Some(strict))
                    }
                    _ => (schema, strict),
                };
                request.format = Some(OutputFormat::JsonSchema { name, description, schema, strict });
            }
            StructuredOutput::JsonObject | StructuredOutput::None => {
                notes.add("response_format.json_schema");
                ask(
                    request,
                    &format!("{ONE_OBJECT} It has to match this JSON schema:\n{}", compact(schema.get())),
                );
                back.unfence = true;
                request.format = (able == StructuredOutput::JsonObject).then_some(OutputFormat::JsonObject);
            }
        },
        Some(OutputFormat::JsonObject) => {
            if target.protocol == Protocol::Messages || able == StructuredOutput::None {
                ask(request, ONE_OBJECT);
                back.unfence = true;
            } else {
                request.format = Some(OutputFormat::JsonObject);
                ask_where_unsaid(request, target);
            }
        }
        Some(OutputFormat::Text) | None => {}
    }
    Ok(())
}

fn able(target: &Target<'_>) -> StructuredOutput {
    match target.protocol {
        Protocol::Chat => target.traits.structured_output.min(target.quirks().response_format),
        Protocol::Messages | Protocol::Responses => target.traits.structured_output,
    }
}

/// OpenAI refuses JSON mode where no message speaks of JSON; what Responses calls `instructions` is no message.
fn ask_where_unsaid(request: &mut Request<'_>, target: &Target<'_>) {
    let heads = request.turns.iter().take_while(|turn| turn.role.instructs()).count();
    let counted = if target.protocol == Protocol::Responses { heads } else { 0 };
    let says_json = |text: &str| text.as_bytes().windows(4).any(|word| word.eq_ignore_ascii_case(b"json"));
    let mut parts = request.turns.iter().skip(counted).flat_map(|turn| &turn.parts);
    if parts.any(|part| matches!(&part.body, PartOfTurn::Text { text, .. } if says_json(text))) {
        return;
    }
    if target.protocol != Protocol::Responses {
        ask(request, ONE_OBJECT);
        return;
    }
    let part = PartOfTurn::Text { text: ONE_OBJECT.into(), phase: None }.into();
    request.turns.push(Turn::new(Role::Developer, vec![part]));
}

/// Puts a line at the end of the instructions at the head of the conversation.
fn ask(request: &mut Request<'_>, line: &str) {
    let part = PartOfTurn::Text { text: line.to_owned().into(), phase: None }.into();
    let head = request.turns.iter().take_while(|turn| turn.role.instructs()).count();
    match head.checked_sub(1) {
        Some(last) => request.turns[last].parts.push(part),
        None => request.turns.insert(0, Turn::new(Role::System, vec![part])),
    }
}
