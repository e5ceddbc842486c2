//! A Messages request into the intermediate representation.

use crate::error::TranslateError;
use crate::ir::Request;
use tollgate_protocol::Protocol;

/// Decodes a request's body.
pub(crate) fn decode_request(_body: &[u8]) -> Result<Request<'_>, TranslateError> {
    Err(TranslateError::Unsupported { from: Protocol::Messages, to: Protocol::Messages })
}
