//! A request whose signed reasoning was refused, mended: the same without any.

use tollgate_protocol::is_reasoning_refused;
use tollgate_routing::Attempt;

use crate::attempt::Call;
use crate::destination::Destination;
use crate::outgoing::{self, Leave, Outgoing};
use crate::state::{Live, Shared};
use crate::verdict::Refused;

/// Whether the upstream refused the request for reasoning in it that it does not take.
pub(crate) fn is_wanted(refused: &Refused) -> bool {
    let (Refused::Error(error) | Refused::Verbatim { error, .. }) = refused;
    is_reasoning_refused(error)
}

/// The request without any reasoning; `None` if there is none that could be left out.
pub(crate) fn without_reasoning(
    shared: &Shared,
    live: &Live,
    destination: &Destination,
    attempt: &Attempt<'_>,
    call: &Call<'_>,
) -> Option<Outgoing> {
    let outgoing = outgoing::write(shared, live, destination, attempt, call, &Leave::All).ok()?;
    outgoing.left_out.as_ref()?;
    tracing::info!(account = %attempt.account.name, "signed reasoning was refused and is left out");
    Some(outgoing)
}
