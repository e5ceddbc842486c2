//! Which tools may be called, where the target has no such choice.

use crate::error::TranslateError;
use crate::ir::{Request, ToolChoice};
use crate::notes::Notes;
use crate::target::Target;
use crate::traits::ForcedToolChoice;
use std::borrow::Cow;
use tollgate_protocol::Protocol;

/// Settles the choice; it may leave tools out.
pub(super) fn settle(
    request: &mut Request<'_>,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<(), TranslateError> {
    if request.tools.is_empty() {
        // A choice without tools is refused by some and means nothing.
        request.tool_choice = None;
        request.parallel_tool_calls = None;
        return Ok(());
    }
    match request.tool_choice.take() {
        Some(ToolChoice::Allowed { required, names, .. }) => {
            keep_only(request, &names, target);
            request.tool_choice = Some(if required { ToolChoice::Required } else { ToolChoice::Auto });
        }
        Some(ToolChoice::Hosted { kind, .. }) => {
            let why = format!("a call of `{kind}` cannot be forced there");
            return Err(TranslateError::refused("tool_choice", why));
        }
        choice => request.tool_choice = choice,
    }
    if forcing_is_refused(target) {
        unforce(request, notes);
    }
    if request.parallel_tool_calls == Some(false) && target.protocol == Protocol::Messages {
        request.tool_choice.get_or_insert(ToolChoice::Auto);
    }
    Ok(())
}

/// Leaves only the named tools. They were renamed already, the names in the choice were not.
fn keep_only(request: &mut Request<'_>, names: &[Cow<'_, str>], target: &Target<'_>) {
    let fitting: Vec<_> =
        names.iter().map(|name| super::name::fitting(None, name, target.protocol)).collect();
    request.tools.retain(|tool| fitting.contains(&tool.name));
}

/// Where only thinking stands in the way, thinking gives way.
fn forcing_is_refused(target: &Target<'_>) -> bool {
    let by_family = target.protocol == Protocol::Chat && !target.quirks().forced_tool_choice;
    by_family || target.traits.forced_tool_choice == ForcedToolChoice::Refused
}

/// What comes nearest to a call that cannot be forced: only that tool to choose from.
fn unforce(request: &mut Request<'_>, notes: &mut Notes) {
    match request.tool_choice.take() {
        Some(ToolChoice::Required) => {
            notes.add("tool_choice");
            request.tool_choice = Some(ToolChoice::Auto);
        }
        Some(ToolChoice::Named { name, .. }) => {
            notes.add("tool_choice");
            request.tools.retain(|tool| tool.name == name);
            request.tool_choice = Some(ToolChoice::Auto);
        }
        choice => request.tool_choice = choice,
    }
}
