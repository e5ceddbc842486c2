//! Earlier calls and their results, as the target takes them.

use super::name::refit;
use super::native::{self};
use crate::error::TranslateError;
use crate::ir::{CallKind, PastCall};
use crate::json::{is_object, to_object};
use serde::Serialize;
use std::borrow::Cow;
use tollgate_protocol::Protocol;

/// Gives a call a kind and a name that the target has.
pub(super) fn settle_call(
    call: &mut PastCall<'_>,
    target: Protocol,
    custom_stays: bool,
) -> Result<(), TranslateError> {
    #[derive(Serialize)]
    struct Input<'a> {
        input: &'a str,
    }
    match &call.kind {
        // Many servers read what a model wrote, and fail at what is no object.
        CallKind::Function if !call.arguments.is_empty() && !is_object(&call.arguments) => {
            let object = to_object(&call.arguments).map_err(TranslateError::Encode)?;
            call.arguments = Cow::Owned(String::from(Box::<str>::from(object)));
        }
        CallKind::Function => {}
        CallKind::Custom if custom_stays => {}
        CallKind::Custom => {
            let input = serde_json::to_string(&Input { input: &call.arguments });
            call.arguments = Cow::Owned(input.map_err(TranslateError::Encode)?);
            call.kind = CallKind::Function;
        }
        CallKind::Native { kind } => {
            if let (Some(native), true) = (native::by_call(kind), call.name.is_empty()) {
                call.name = Cow::Borrowed(native.name);
            }
            call.kind = CallKind::Function;
        }
    }
    refit(&mut call.name, call.namespace.take().as_deref(), target);
    Ok(())
}

/// Gives a result the kind that its call was given.
pub(super) fn settle_result(kind: &mut CallKind<'_>, custom_stays: bool) {
    if !(custom_stays && *kind == CallKind::Custom) {
        *kind = CallKind::Function;
    }
}
