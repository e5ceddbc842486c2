//! Marks at the end of prompts to be cached, where the target knows any.

use crate::family::CacheMark;
use crate::ir::{CacheLifetime, PartOfTurn, Request};
use crate::target::Target;
use tollgate_protocol::Protocol;

/// How many marks a request may have: OpenAI's and Anthropic's number.
const MARKS: usize = 4;

/// Takes off the marks that the model does not know. Providers that have none cache by themselves, so nothing is lost.
pub(super) fn settle(request: &mut Request<'_>, target: &Target<'_>) {
    let most = match (target.protocol, target.quirks().cache) {
        // Its encoder counts them in its own order.
        (Protocol::Messages, _) => return,
        (Protocol::Chat, CacheMark::CacheControl) => MARKS,
        (Protocol::Responses, _) | (Protocol::Chat, CacheMark::Breakpoint)
            if target.traits.cache_breakpoints =>
        {
            MARKS
        }
        _ => 0,
    };
    let mut left = most;
    let mut keep = |mark: &mut Option<CacheLifetime>| {
        if mark.is_some() {
            match left.checked_sub(1) {
                Some(fewer) => left = fewer,
                None => *mark = None,
            }
        }
    };
    // The last marks reach the furthest.
    for part in request.turns.iter_mut().rev().flat_map(|turn| turn.parts.iter_mut().rev()) {
        keep(&mut part.cache);
        if let PartOfTurn::ToolResult(result) = &mut part.body {
            result.content.iter_mut().rev().for_each(|part| keep(&mut part.cache));
        }
    }
    request.tools.iter_mut().rev().for_each(|tool| keep(&mut tool.cache));
}
