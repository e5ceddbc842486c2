//! Settings and tools as the target's model and family take them.
//!
//! Each pass changes the representation, notes what is less than was asked, and leaves in [`WayBack`] what the answer
//! has to undo. A caller's own protocol is left as it came: its provider judges its own words.

mod cache;
mod calls;
mod choice;
mod extras;
mod format;
mod ids;
mod kinds;
mod limits;
mod media;
mod name;
mod native;
mod prefill;
mod sampling;
mod schema;
mod stop;
mod thinking;
mod thinking_messages;
mod thinking_openai;
mod tier;
mod tools;

pub(crate) use media::picture;

use crate::back::WayBack;
use crate::error::TranslateError;
use crate::ir::Request;
use crate::notes::Notes;
use crate::target::Target;

/// Changes in `request` what the target does not take.
pub(crate) fn settle(
    request: &mut Request<'_>,
    target: &Target<'_>,
    notes: &mut Notes,
    back: &mut WayBack,
) -> Result<(), TranslateError> {
    if request.protocol == target.protocol {
        return Ok(());
    }
    media::settle(request, target)?;
    prefill::settle(request, target, notes)?;
    extras::settle(request, target.protocol, notes)?;
    tools::settle(request, target, notes, back)?;
    choice::settle(request, target, notes)?;
    ids::settle(request, target.protocol);
    limits::settle(request, target, notes)?;
    thinking::settle(request, target, notes);
    sampling::settle(request, target, notes);
    stop::settle(request, target, back);
    format::settle(request, target, notes, back)?;
    tier::settle(request, target, notes);
    cache::settle(request, target);
    Ok(())
}
