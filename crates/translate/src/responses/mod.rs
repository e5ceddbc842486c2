//! OpenAI Responses: wire shapes as read and as written, decoders and encoders.
//!
//! Source: <https://platform.openai.com/docs/api-reference/responses> and the `openai` SDK types.

mod request;

pub(crate) use request::{decode_request, encode_request};
