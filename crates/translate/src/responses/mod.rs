//! OpenAI Responses: wire shapes as read and as written, decoders and encoders.
//!
//! Source: <https://platform.openai.com/docs/api-reference/responses> and the `openai` SDK types.

mod request_decode;
mod request_decode_calls;
mod request_decode_items;
mod request_decode_parts;
mod request_decode_settings;
mod request_decode_tools;
mod request_encode;
mod request_encode_calls;
mod request_encode_items;
mod request_encode_parts;
mod request_encode_settings;
mod request_encode_tools;
mod request_foreign;
mod request_shape;
mod request_value;
mod request_wire;

pub(crate) use request_decode::decode_request;
pub(crate) use request_encode::encode_request;

#[cfg(test)]
mod request_tests;
