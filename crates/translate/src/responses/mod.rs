//! OpenAI Responses: wire shapes as read and as written, decoders and encoders.
//!
//! Source: <https://platform.openai.com/docs/api-reference/responses> and the `openai` SDK types.

mod request_decode;
mod request_encode;

pub(crate) use request_decode::decode_request;
pub(crate) use request_encode::encode_request;
