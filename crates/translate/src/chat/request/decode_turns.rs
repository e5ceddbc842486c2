//! The messages of a Chat request, as turns.

use super::decode::{missing, required};
use super::decode_parts::parts;
use super::read::Str;
use super::wire::{CallIn, CalledIn, Content, MessageIn};
use crate::error::TranslateError;
use crate::ir::{CallKind, Extra, PartOfTurn, PastCall, Reasoning, Role, ToolResult, Turn, TurnPart};
use crate::json::{compact, non_empty};
use std::borrow::Cow;

/// Reads the messages.
pub(super) fn turns(messages: Vec<MessageIn<'_>>) -> Result<Vec<Turn<'_>>, TranslateError> {
    let mut conversation = Conversation { turns: Vec::with_capacity(messages.len()), ..Default::default() };
    for (index, message) in messages.into_iter().enumerate() {
        conversation.message(index, message)?;
    }
    Ok(conversation.turns)
}

#[derive(Default)]
struct Conversation<'a> {
    turns: Vec<Turn<'a>>,
    /// The last turn holds the results of tools, and the next result belongs to it.
    in_results: bool,
    /// Calls in the older form, which had no ids: names of functions and the ids made for them.
    nameless: Vec<(Cow<'a, str>, String)>,
}

impl<'a> Conversation<'a> {
    fn message(&mut self, index: usize, mut message: MessageIn<'a>) -> Result<(), TranslateError> {
        let Some(Str(role)) = message.role.take() else {
            return Err(missing(format!("messages.{index}.role")));
        };
        let role = match &*role {
            "system" => Role::System,
            "developer" => Role::Developer,
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "tool" => return self.tool(index, message),
            "function" => return self.function(index, message),
            _ => {
                let what = "must be one of system, developer, user, assistant, tool";
                return Err(TranslateError::bad_request(format!("messages.{index}.role"), what));
            }
        };
        self.in_results = false;
        if role != Role::Assistant {
            only_assistants(index, &message)?;
        }
        let mut turn = Turn::new(role, Vec::new());
        turn.name = message.name.take().map(|name| name.0);
        turn.extras = std::mem::take(&mut message.extras);
        turn.extras.retain(|extra| extra.name != "annotations" || extra.json.get() != "[]");
        let cache = message.cache_control.take();
        if role == Role::Assistant {
            self.assistant(index, message, &mut turn)?;
        } else {
            turn.parts = content(index, message.content)?;
        }
        if let Some(json) = cache {
            cache_last(json, &mut turn);
        }
        self.turns.push(turn);
        Ok(())
    }

    fn assistant(
        &mut self,
        index: usize,
        message: MessageIn<'a>,
        turn: &mut Turn<'a>,
    ) -> Result<(), TranslateError> {
        // Present and empty is not absent: some providers want it back even so.
        if let Some(Str(text)) = message.reasoning_content.or(message.reasoning) {
            let text = if text.is_empty() { Vec::new() } else { vec![text] };
            let reasoning = Reasoning { text, raw: true, ..Reasoning::default() };
            turn.parts.push(PartOfTurn::Reasoning(reasoning).into());
        }
        match message.content {
            Some(Content::Text(text)) if text.is_empty() => {}
            said => turn.parts.extend(content(index, said)?),
        }
        if let Some(Str(text)) = message.refusal
            && !text.is_empty()
        {
            turn.parts.push(PartOfTurn::Refusal { text }.into());
        }
        for (at, called) in message.tool_calls.map(|list| list.0).unwrap_or_default().into_iter().enumerate()
        {
            turn.parts.push(call(index, at, called)?);
        }
        if let Some(called) = message.function_call {
            let call = self.function_call(index, called)?;
            turn.parts.push(PartOfTurn::ToolCall(call).into());
        }
        Ok(())
    }

    fn function_call(&mut self, index: usize, called: CalledIn<'a>) -> Result<PastCall<'a>, TranslateError> {
        let name = required(called.name, || format!("messages.{index}.function_call.name"))?;
        let id = format!("call_function_{index}");
        self.nameless.push((name.clone(), id.clone()));
        Ok(PastCall {
            id: Cow::Owned(id),
            name,
            namespace: None,
            kind: CallKind::Function,
            arguments: called.arguments.map_or(Cow::Borrowed("{}"), |json| arguments(json.get())),
        })
    }

    /// A result. Its `name`, if there is one, is the call's, and is not read again.
    fn tool(&mut self, index: usize, message: MessageIn<'a>) -> Result<(), TranslateError> {
        let Some(id) = non_empty(message.tool_call_id) else {
            return Err(missing(format!("messages.{index}.tool_call_id")));
        };
        self.result(index, id, message.content, message.cache_control, message.extras)
    }

    /// A result in the older form, which names the function.
    fn function(&mut self, index: usize, message: MessageIn<'a>) -> Result<(), TranslateError> {
        let name = required(message.name, || format!("messages.{index}.name"))?;
        let id = match self.nameless.iter().position(|(called, _)| *called == name) {
            Some(at) => self.nameless.remove(at).1,
            None => format!("call_function_{index}"),
        };
        self.result(index, Cow::Owned(id), message.content, message.cache_control, message.extras)
    }

    fn result(
        &mut self,
        index: usize,
        call_id: Cow<'a, str>,
        said: Option<Content<'a>>,
        cache: Option<&'a serde_json::value::RawValue>,
        extras: Vec<Extra<'a>>,
    ) -> Result<(), TranslateError> {
        let content = content(index, said)?;
        let result = ToolResult { call_id, kind: CallKind::Function, content, is_error: false };
        let mut part = TurnPart::from(PartOfTurn::ToolResult(result));
        part.extras = extras;
        part.cache = cache.and_then(super::decode_parts::cache_control);
        if !self.in_results {
            self.turns.push(Turn::new(Role::User, Vec::new()));
            self.in_results = true;
        }
        if let Some(turn) = self.turns.last_mut() {
            turn.parts.push(part);
        }
        Ok(())
    }
}

/// What a message says; text that stands alone is one part.
fn content<'a>(index: usize, said: Option<Content<'a>>) -> Result<Vec<TurnPart<'a>>, TranslateError> {
    match said {
        None => Ok(Vec::new()),
        Some(Content::Text(text)) => Ok(vec![PartOfTurn::Text { text: text.into(), phase: None }.into()]),
        Some(Content::Parts(list)) => parts(list, |at| format!("messages.{index}.content.{at}")),
    }
}

fn call<'a>(index: usize, at: usize, called: CallIn<'a>) -> Result<TurnPart<'a>, TranslateError> {
    let place = || format!("messages.{index}.tool_calls.{at}");
    // A client that lost the id of a call has lost the one of its result as well; `repair` pairs them.
    let id = non_empty(called.id).unwrap_or_else(|| Cow::Owned(format!("call_{index}_{at}")));
    let custom = called.kind.as_ref().map_or(called.custom.is_some(), |kind| kind.0 == "custom");
    let (kind, name, arguments) = if custom {
        let Some(tool) = called.custom else { return Err(missing(format!("{}.custom", place()))) };
        let name = required(tool.name, || format!("{}.custom.name", place()))?;
        (CallKind::Custom, name, tool.input.unwrap_or_default().0)
    } else {
        if called.kind.as_ref().is_some_and(|kind| kind.0 != "function") {
            return Err(TranslateError::bad_request(
                format!("{}.type", place()),
                "must be function or custom",
            ));
        }
        let Some(tool) = called.function else { return Err(missing(format!("{}.function", place()))) };
        let name = required(tool.name, || format!("{}.function.name", place()))?;
        let given = tool.arguments.map_or(Cow::Borrowed(""), |json| arguments(json.get()));
        (CallKind::Function, name, given)
    };
    let body = PartOfTurn::ToolCall(PastCall { id, name, namespace: None, kind, arguments });
    Ok(TurnPart { item_id: None, cache: None, body, extras: called.extras })
}

/// Arguments as JSON text: a string holds it, some clients have the object itself.
fn arguments(json: &str) -> Cow<'_, str> {
    if !json.starts_with('"') {
        return compact(json);
    }
    serde_json::from_str::<Str<'_>>(json).unwrap_or_default().0
}

/// Members that only an assistant's message has.
fn only_assistants(index: usize, message: &MessageIn<'_>) -> Result<(), TranslateError> {
    let present = [
        ("tool_calls", message.tool_calls.as_ref().is_some_and(|list| !list.0.is_empty())),
        ("function_call", message.function_call.is_some()),
        ("refusal", message.refusal.is_some()),
        ("reasoning_content", message.reasoning_content.is_some()),
        ("reasoning", message.reasoning.is_some()),
    ];
    match present.into_iter().find(|(_, is_there)| *is_there) {
        Some((member, _)) => {
            let field = format!("messages.{index}.{member}");
            Err(TranslateError::bad_request(field, "is for messages of the assistant only"))
        }
        None => Ok(()),
    }
}

/// A mark on a whole message means everything up to its end.
fn cache_last<'a>(json: &'a serde_json::value::RawValue, turn: &mut Turn<'a>) {
    let cache = super::decode_parts::cache_control(json);
    match turn.parts.last_mut() {
        Some(last) if cache.is_some() => last.cache = last.cache.or(cache),
        _ => turn.extras.push(Extra { name: Cow::Borrowed("cache_control"), json: Cow::Borrowed(json) }),
    }
}
