//! Ids of calls as the target takes them.

use crate::ids::{fit, unfit};
use crate::ir::{PartOfTurn, Request};
use std::borrow::Cow;
use tollgate_protocol::Protocol;

/// Gives an upstream back its own ids, and fits ids that it would refuse.
pub(super) fn settle(request: &mut Request<'_>, target: Protocol) {
    for part in request.turns.iter_mut().flat_map(|turn| &mut turn.parts) {
        let id = match &mut part.body {
            PartOfTurn::ToolCall(call) => &mut call.id,
            PartOfTurn::ToolResult(result) => &mut result.call_id,
            _ => continue,
        };
        let own = unfit(id).into_owned();
        let fitted = fit(&own, target);
        if fitted != id.as_ref() {
            *id = Cow::Owned(fitted.into_owned());
        }
    }
}
