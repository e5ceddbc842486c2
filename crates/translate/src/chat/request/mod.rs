//! Chat requests: read into the intermediate representation, and written from it.
//!
//! Reading goes in two steps. `wire` takes the body apart in one pass, borrowing; the `decode` files give it meaning.
//! Writing goes in two steps as well: the `encode` files build the body out of borrowed pieces and settle what Chat
//! cannot say, `write` turns it into JSON.

mod blocks;
mod decode;
mod decode_parts;
mod decode_reasoning;
mod decode_settings;
mod decode_tools;
mod decode_turns;
mod encode;
mod encode_parts;
mod encode_reasoning;
mod encode_results;
mod encode_settings;
mod encode_tools;
mod encode_turns;
mod wire;
mod write;
mod write_parts;
mod write_tools;

use crate::json::read;

#[cfg(test)]
mod tests;

pub(crate) use decode::decode_request;
pub(crate) use encode::encode_request;
