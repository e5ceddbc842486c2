//! Earlier reasoning in a request: opened, held against its next reader, refilled where the caller left it out.

use crate::back::WayBack;
use crate::ir::Request;
use crate::notes::Notes;
use crate::target::Target;

/// Decides what becomes of the reasoning in `request` at `target`.
pub(crate) fn settle(
    _request: &mut Request<'_>,
    _target: &Target<'_>,
    _notes: &mut Notes,
    _back: &mut WayBack,
) {
}
