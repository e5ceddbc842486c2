//! Settings and tools as the target's model takes them.

use crate::back::WayBack;
use crate::error::TranslateError;
use crate::ir::Request;
use crate::notes::Notes;
use crate::target::Target;

/// Changes in `request` what the target's model or family does not take.
pub(crate) fn settle(
    _request: &mut Request<'_>,
    _target: &Target<'_>,
    _notes: &mut Notes,
    _back: &mut WayBack,
) -> Result<(), TranslateError> {
    Ok(())
}
