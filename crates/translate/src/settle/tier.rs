//! Tiers, caching and other wishes that change neither prompt nor answer.

use crate::ir::{Request, RequestTier};
use crate::notes::Notes;
use crate::target::Target;
use tollgate_protocol::Protocol;

/// Leaves out the wishes that the target has no word for.
pub(super) fn settle(request: &mut Request<'_>, target: &Target<'_>, notes: &mut Notes) {
    let takes_tier = match target.protocol {
        // Anthropic sells its fast mode and priority apart from a request's tier.
        Protocol::Messages => {
            matches!(request.service_tier, Some(RequestTier::Auto | RequestTier::Standard))
        }
        Protocol::Chat => target.quirks().service_tier,
        Protocol::Responses => true,
    };
    if !takes_tier
        && let Some(tier) = request.service_tier.take()
        && !matches!(tier, RequestTier::Auto | RequestTier::Standard)
    {
        notes.add("service_tier");
    }
    let takes_verbosity = match target.protocol {
        Protocol::Messages => false,
        Protocol::Chat => target.traits.verbosity && target.quirks().verbosity,
        Protocol::Responses => target.traits.verbosity,
    };
    if !takes_verbosity
        && let Some(verbosity) = request.verbosity.take()
        && verbosity != "medium"
    {
        notes.add("verbosity");
    }
    if target.protocol == Protocol::Chat
        && !target.quirks().parallel_tool_calls
        && request.parallel_tool_calls.take() == Some(false)
    {
        notes.add("parallel_tool_calls");
    }
    if target.protocol != Protocol::Messages {
        // OpenAI caches by itself.
        request.auto_cache = None;
    }
}
