//! Top-level members that only the caller's protocol has: each as the policy table says.

use std::borrow::Cow;

use crate::error::TranslateError;
use crate::ir::Request;
use crate::notes::Notes;
use crate::policy::{self, Extra};
use tollgate_protocol::Protocol;

/// Moves to `request.carried` what the target takes under the same name; nothing is left in `request.extras`.
pub(super) fn settle(
    request: &mut Request<'_>,
    target: Protocol,
    notes: &mut Notes,
) -> Result<(), TranslateError> {
    let from = request.protocol;
    for extra in std::mem::take(&mut request.extras) {
        if policy::settle_value(from, &extra.name, extra.json.get(), target, notes)? == Extra::Kept {
            request.carried.push(extra);
        }
    }
    for extra in std::mem::take(&mut request.reasoning.extras) {
        policy::settle_value(from, &path(from, &extra.name), extra.json.get(), target, notes)?;
    }
    Ok(())
}

/// Where the caller wrote a member of the reasoning's settings. A Chat body has several objects of them, so its names
/// tell the whole path already.
fn path<'a>(from: Protocol, name: &'a str) -> Cow<'a, str> {
    match from {
        Protocol::Messages => Cow::Owned(format!("thinking.{name}")),
        Protocol::Responses => Cow::Owned(format!("reasoning.{name}")),
        Protocol::Chat => Cow::Borrowed(name),
    }
}
