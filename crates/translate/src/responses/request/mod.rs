//! Responses requests: wire shapes as read and as written, the decoder and the encoder.

mod blocks;
mod decode;
mod decode_calls;
mod decode_items;
mod decode_parts;
mod decode_settings;
mod decode_tools;
mod encode;
mod encode_calls;
mod encode_choice;
mod encode_instructions;
mod encode_items;
mod encode_parts;
mod encode_settings;
mod encode_tools;
mod history;
mod kept;
mod path;
mod shape;
mod shape_parts;
mod shape_tools;
mod value;
mod wire;

#[cfg(test)]
mod tests;

pub(crate) use decode::decode_request;
pub(crate) use encode::encode_request;
