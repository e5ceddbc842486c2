//! A Responses request into the intermediate representation.

use crate::error::TranslateError;
use crate::ir::Request;
use tollgate_protocol::Protocol;

/// Decodes a request's body; the items of `history`, a JSON list, come before its own input.
pub(crate) fn decode_request<'a>(
    _body: &'a [u8],
    _history: Option<&'a [u8]>,
) -> Result<Request<'a>, TranslateError> {
    Err(TranslateError::Unsupported { from: Protocol::Responses, to: Protocol::Responses })
}
