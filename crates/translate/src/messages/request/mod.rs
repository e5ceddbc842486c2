//! Messages requests: read into the intermediate representation, and written from it.
//!
//! Reading goes in two steps. `wire` takes the body apart, borrowing, and leaves each block as JSON, because some are kept
//! as they came; the `decode` files give it meaning. Writing goes in two steps as well: the `encode` files build the body
//! out of borrowed pieces and settle what Messages cannot say, `write` turns it into JSON.

mod block;
mod decode;
mod decode_blocks;
mod decode_settings;
mod decode_source;
mod decode_tools;
mod encode;
mod encode_parts;
mod encode_settings;
mod encode_source;
mod encode_tools;
mod encode_turns;
mod unsaid;
mod wire;
mod write;

#[cfg(test)]
mod tests;

pub(crate) use decode::decode_request;
pub(crate) use encode::encode_request;
pub(crate) use unsaid::leave_unsaid;

/// How Claude Code's own accounting begins, which is no part of the prompt.
const BILLING_HEADER: &str = "x-anthropic-billing-header:";

/// Whether a block of the system text is Claude Code's own accounting.
pub(crate) fn is_billing_header(text: &str) -> bool {
    text.trim_start().starts_with(BILLING_HEADER)
}
