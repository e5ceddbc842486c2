//! Tools as the target takes them: `kinds` gives each a kind that it has, this file a name that fits.

use super::calls::{settle_call, settle_result};
use super::kinds::{Kinds, takes_custom_tools};
use super::name::{fitting, refit};
use super::schema::is_strict;
use crate::back::{CallerTool, CallerToolKind, WayBack};
use crate::error::TranslateError;
use crate::ir::{PartOfTurn, Request, ToolChoice, ToolDefinition, ToolDefinitionKind};
use crate::notes::Notes;
use crate::target::Target;
use std::borrow::Cow;
use std::collections::HashSet;
use tollgate_protocol::Protocol;

/// Writes tools, earlier calls and the choice anew where the target has no such kind or name.
pub(super) fn settle(
    request: &mut Request<'_>,
    target: &Target<'_>,
    notes: &mut Notes,
    back: &mut WayBack,
) -> Result<(), TranslateError> {
    let custom_stays = takes_custom_tools(target);
    let kinds = Kinds { from: request.protocol, target, custom_stays, only_one: request.tools.len() == 1 };
    let mut kept = Vec::with_capacity(request.tools.len());
    let mut described = Described::default();
    let mut natives = HashSet::new();
    for mut tool in std::mem::take(&mut request.tools) {
        let is_native = matches!(tool.kind, ToolDefinitionKind::ClientNative { .. });
        if !kinds.settle(&mut tool, notes, back)? {
            continue;
        }
        // One that was named twice is the same tool, and would be two of one name where it is a function.
        if is_native && !natives.insert(tool.name.clone()) {
            continue;
        }
        describe_namespace(&mut tool, target, &mut described);
        settle_strict(&mut tool, request.protocol, notes);
        rename(&mut tool, target, back);
        tool.defer_loading &= target.protocol == Protocol::Responses && target.traits.tool_search;
        kept.push(tool);
    }
    request.tools = kept;
    for turn in &mut request.turns {
        for part in &mut turn.parts {
            match &mut part.body {
                PartOfTurn::ToolCall(call) => settle_call(call, target.protocol, custom_stays)?,
                PartOfTurn::ToolResult(result) => settle_result(&mut result.kind, custom_stays),
                _ => {}
            }
        }
    }
    if let Some(ToolChoice::Named { name, namespace }) = &mut request.tool_choice {
        refit(name, namespace.take().as_deref(), target.protocol);
    }
    Ok(())
}

/// The namespace whose tools are being read, and what is said of it.
#[derive(Default)]
struct Described<'a> {
    namespace: Option<Cow<'a, str>>,
    description: Option<String>,
}

/// Puts what is said of a namespace in front of what is said of each of its tools: the target has no namespaces.
fn describe_namespace<'a>(tool: &mut ToolDefinition<'a>, target: &Target<'_>, described: &mut Described<'a>) {
    if target.protocol == Protocol::Responses {
        return;
    }
    if tool.namespace != described.namespace {
        *described = Described { namespace: tool.namespace.clone(), description: None };
    }
    // It stands at the first tool.
    if let Some(at) = tool.extras.iter().position(|extra| extra.name == "namespace.description") {
        let extra = tool.extras.remove(at);
        described.description = serde_json::from_str(extra.json.get()).ok();
    }
    if let Some(said) = described.description.as_deref().filter(|said| !said.trim().is_empty()) {
        tool.description = Some(Cow::Owned(match &tool.description {
            Some(own) => format!("{said}\n\n{own}"),
            None => said.to_owned(),
        }));
    }
}

/// Anthropic's strict tools may have properties that need not be there, OpenAI's may not.
fn settle_strict(tool: &mut ToolDefinition<'_>, from: Protocol, notes: &mut Notes) {
    if let ToolDefinitionKind::Function { schema, strict } = &mut tool.kind
        && from == Protocol::Messages
        && *strict == Some(true)
        && !schema.as_deref().is_some_and(is_strict)
    {
        *strict = None;
        notes.add("tools.strict");
    }
}

/// Gives the tool a name that fits, and remembers the caller's.
fn rename(tool: &mut ToolDefinition<'_>, target: &Target<'_>, back: &mut WayBack) {
    let fits = matches!(tool.kind, ToolDefinitionKind::Function { .. } | ToolDefinitionKind::Custom { .. });
    if !fits {
        return;
    }
    let name = fitting(tool.namespace.as_deref(), &tool.name, target.protocol);
    if tool.namespace.is_none() && name == tool.name {
        return;
    }
    let name = name.into_owned();
    if !back.tools.contains_key(&name) {
        let kind = match tool.kind {
            ToolDefinitionKind::Custom { .. } => CallerToolKind::Custom,
            _ => CallerToolKind::Function,
        };
        remember(tool, target, kind, back);
    }
    tool.name = Cow::Owned(name);
    tool.namespace = None;
}

pub(super) fn remember(
    tool: &ToolDefinition<'_>,
    target: &Target<'_>,
    kind: CallerToolKind,
    back: &mut WayBack,
) {
    let name = fitting(tool.namespace.as_deref(), &tool.name, target.protocol).into_owned();
    let caller = CallerTool {
        name: tool.name.clone().into_owned(),
        namespace: tool.namespace.clone().map(Cow::into_owned),
        kind,
    };
    back.tools.insert(name, caller);
}
