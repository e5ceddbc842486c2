//! Translation of requests: decode, settle what the upstream cannot take, encode.

use crate::back::WayBack;
use crate::error::TranslateError;
use crate::ir::Request;
use crate::notes::Notes;
use crate::target::Target;
use crate::{chat, messages, reasoning, repair, responses, settle};
use tollgate_protocol::Protocol;

/// A request ready for its upstream.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The JSON body.
    pub body: Vec<u8>,
    /// What the upstream's protocol or model could not be told: each name once, e.g. `temperature`, `top_k`.
    pub dropped: Vec<String>,
    /// What the translation of the answer has to undo.
    pub back: WayBack,
}

/// Translates a request's body.
///
/// `history` is the conversation that a Responses request continues by `previous_response_id`, a JSON list of items.
/// `from` and the target's protocol may be the same: the request is then read and written anew, which settles what the
/// upstream would refuse (reasoning of another provider above all).
///
/// # Errors
/// [`TranslateError::BadRequest`] if the body is not what `from` promises, [`TranslateError::Refused`] if it asks for
/// something that the target cannot do and that must not be left out.
pub fn translate_request(
    from: Protocol,
    body: &[u8],
    history: Option<&[u8]>,
    target: &Target<'_>,
) -> Result<Prepared, TranslateError> {
    let mut notes = Notes::default();
    let mut back = WayBack::default();
    let mut request = decode(from, body, history)?;
    request.size_bytes = body.len() + history.map_or(0, <[u8]>::len);
    reasoning::settle(&mut request, target, &mut notes, &mut back);
    settle::settle(&mut request, target, &mut notes, &mut back)?;
    repair::repair(&mut request, target, &mut notes)?;
    let body = match target.protocol {
        Protocol::Messages => messages::encode_request(&request, target, &mut notes)?,
        Protocol::Chat => chat::encode_request(&request, target, &mut notes)?,
        Protocol::Responses => responses::encode_request(&request, target, &mut notes)?,
    };
    Ok(Prepared { body, dropped: notes.to_strings(), back })
}

/// Reads a request's body into the representation: what it asks, whatever its protocol.
///
/// # Errors
/// As [`translate_request`].
pub fn decode<'a>(
    from: Protocol,
    body: &'a [u8],
    history: Option<&'a [u8]>,
) -> Result<Request<'a>, TranslateError> {
    match from {
        Protocol::Messages => messages::decode_request(body),
        Protocol::Chat => chat::decode_request(body),
        Protocol::Responses => responses::decode_request(body, history),
    }
}
