//! The intermediate representation into a Responses request.

use crate::error::TranslateError;
use crate::ir::Request;
use crate::notes::Notes;
use crate::target::Target;
use tollgate_protocol::Protocol;

/// Encodes a request. What Responses cannot say goes into `notes`.
pub(crate) fn encode_request(
    request: &Request<'_>,
    _target: &Target<'_>,
    _notes: &mut Notes,
) -> Result<Vec<u8>, TranslateError> {
    Err(TranslateError::Unsupported { from: request.protocol, to: Protocol::Responses })
}
