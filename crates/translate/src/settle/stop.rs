//! Stop sequences that the target cannot be given: the gate finds them in the answer itself.

use crate::back::WayBack;
use crate::ir::Request;
use crate::target::Target;
use tollgate_protocol::Protocol;

/// Leaves in the request as many as the target takes; the others go to the way back, so that none is lost.
pub(super) fn settle(request: &mut Request<'_>, target: &Target<'_>, back: &mut WayBack) {
    let stop = std::mem::take(&mut request.stop);
    let most = most(target);
    for sequence in stop {
        // Messages refuses sequences of whitespace alone.
        let refused = target.protocol == Protocol::Messages && sequence.trim().is_empty();
        if sequence.is_empty() {
            continue;
        }
        if refused || request.stop.len() >= most {
            back.stop.push(sequence.into_owned());
        } else {
            request.stop.push(sequence);
        }
    }
}

fn most(target: &Target<'_>) -> usize {
    match target.protocol {
        Protocol::Messages => usize::MAX,
        Protocol::Chat if target.traits.stop => usize::from(target.quirks().stop_max),
        Protocol::Chat | Protocol::Responses => 0,
    }
}
