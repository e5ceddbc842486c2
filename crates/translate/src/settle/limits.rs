//! How long the answer may be.

use crate::error::TranslateError;
use crate::ir::Request;
use crate::notes::Notes;
use crate::target::Target;
use tollgate_protocol::Protocol;

/// The least that OpenAI's Responses takes for `max_output_tokens`.
const LEAST_OF_RESPONSES: u64 = 16;

/// Clamps the limit to the model's own, and gives Messages the one it requires.
///
/// # Errors
/// A limit of none, which only Anthropic understands (it warms the cache).
pub(super) fn settle(
    request: &mut Request<'_>,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<(), TranslateError> {
    if request.max_output_tokens == Some(0) {
        return Err(TranslateError::refused("max_tokens", "only Anthropic warms a cache without an answer"));
    }
    if target.protocol == Protocol::Messages {
        request.max_output_tokens.get_or_insert(target.traits.default_max_tokens());
    }
    let Some(asked) = request.max_output_tokens else { return Ok(()) };
    let most = target.traits.max_output_tokens.unwrap_or(u64::MAX);
    let least = if target.protocol == Protocol::Responses { LEAST_OF_RESPONSES } else { 1 };
    let settled = asked.min(most).max(least);
    if settled != asked {
        notes.add("max_tokens");
    }
    request.max_output_tokens = Some(settled);
    Ok(())
}
