//! Which tools may be called, where the target has no such choice.

use crate::error::TranslateError;
use crate::ir::{Effort, Request, ThinkingMode, ToolChoice, ToolDefinition};
use crate::notes::Notes;
use crate::target::Target;
use crate::traits::{Disabling, ForcedToolChoice};
use std::borrow::Cow;
use tollgate_protocol::Protocol;

/// Settles the choice; it may leave tools out.
pub(super) fn settle(
    request: &mut Request<'_>,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<(), TranslateError> {
    if let Some(ToolChoice::Named { name, namespace }) = &request.tool_choice {
        is_there(name, namespace.as_deref(), &request.tools)?;
    }
    if request.tools.is_empty() {
        // A choice without tools is refused by some, and asks for nothing unless it asks for a call.
        if matches!(
            request.tool_choice.take(),
            Some(ToolChoice::Required | ToolChoice::Allowed { required: true, .. })
        ) {
            notes.add("tool_choice");
        }
        request.parallel_tool_calls = None;
        return Ok(());
    }
    match request.tool_choice.take() {
        Some(ToolChoice::Allowed { required, names, .. }) => {
            keep_only(request, &names, target);
            if request.tools.is_empty() {
                return Err(TranslateError::refused(
                    "tool_choice",
                    "none of the tools it allows is among the tools",
                ));
            }
            request.tool_choice = Some(if required { ToolChoice::Required } else { ToolChoice::Auto });
        }
        Some(ToolChoice::Hosted { kind, .. }) => {
            let why = format!("a call of `{kind}` cannot be forced there");
            return Err(TranslateError::refused("tool_choice", why));
        }
        choice => request.tool_choice = choice,
    }
    if matches!(request.tool_choice, Some(ToolChoice::Required | ToolChoice::Named { .. })) {
        force(request, target, notes);
    }
    if request.parallel_tool_calls == Some(false) && target.protocol == Protocol::Messages {
        request.tool_choice.get_or_insert(ToolChoice::Auto);
    }
    Ok(())
}

/// A call that nobody can make cannot be forced: the tool was never there, or the target has none of its kind.
fn is_there(name: &str, namespace: Option<&str>, tools: &[ToolDefinition<'_>]) -> Result<(), TranslateError> {
    if tools.iter().any(|tool| tool.name == name && tool.namespace.as_deref() == namespace) {
        return Ok(());
    }
    let why = format!("`{name}` is not among the tools, or no tool that the upstream has");
    Err(TranslateError::refused("tool_choice", why))
}

/// Leaves only the named tools. They were renamed already, the names in the choice were not.
fn keep_only(request: &mut Request<'_>, names: &[Cow<'_, str>], target: &Target<'_>) {
    let fitting: Vec<_> =
        names.iter().map(|name| super::name::fitting(None, name, target.protocol)).collect();
    request.tools.retain(|tool| fitting.contains(&tool.name));
}

/// Settles a choice that forces a call.
fn force(request: &mut Request<'_>, target: &Target<'_>, notes: &mut Notes) {
    let by_family = match target.protocol {
        Protocol::Chat => target.quirks().forced_tool_choice,
        Protocol::Messages | Protocol::Responses => ForcedToolChoice::Accepted,
    };
    match by_family.max(target.traits.forced_tool_choice) {
        ForcedToolChoice::Accepted => {}
        ForcedToolChoice::RequiredOnly => only_named(request),
        ForcedToolChoice::NotWithThinking => {
            if target.traits.thinks_with(&request.reasoning) && !think_not(request, target, notes) {
                unforce(request, notes);
            }
        }
        ForcedToolChoice::Refused => unforce(request, notes),
    }
}

/// One tool by its name is some tool of only that one.
fn only_named(request: &mut Request<'_>) {
    if let Some(ToolChoice::Named { name, .. }) = &request.tool_choice {
        request.tools.retain(|tool| tool.name == *name);
        request.tool_choice = Some(ToolChoice::Required);
    }
}

/// Switches thinking off for the forced call, which the caller asked for more plainly. False: it cannot be.
fn think_not(request: &mut Request<'_>, target: &Target<'_>, notes: &mut Notes) -> bool {
    if target.traits.disabling == Disabling::Never {
        return false;
    }
    let said = &mut request.reasoning;
    if said.mode.is_some() || said.effort.is_some() {
        notes.add("reasoning_effort");
    }
    let unasked = target.traits.thinks_unasked;
    said.mode = unasked.then_some(ThinkingMode::Disabled);
    said.effort = unasked.then_some(Effort::None);
    true
}

/// What comes nearest to a call that cannot be forced: only that tool to choose from.
fn unforce(request: &mut Request<'_>, notes: &mut Notes) {
    notes.add("tool_choice");
    only_named(request);
    request.tool_choice = Some(ToolChoice::Auto);
}
