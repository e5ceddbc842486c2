//! OpenAI Chat Completions: wire shapes as read and as written, and the two decoders and two encoders.
//!
//! Source: <https://platform.openai.com/docs/api-reference/chat> and the `openai` SDK types; and what the many
//! providers with an "OpenAI-compatible" interface really send.

mod calls;
mod chunk;
mod decode;
mod encode;
mod join;
mod request;
mod stop;
mod stream_decode;
mod stream_encode;
mod usage;
mod wire;

pub(crate) use decode::decode;
pub(crate) use encode::{encode, encode_choice};
pub(crate) use request::{decode_request, encode_request};
pub(crate) use stop::{read_tier, tier_word};
pub(crate) use stream_decode::StreamDecoder;
pub(crate) use stream_encode::StreamEncoder;
pub(crate) use usage::{UsageOut, is_zero};

/// The id a Chat caller reads: the upstream's own, or one made from the request's.
pub(crate) fn completion_id(upstream: &str, request_id: &str) -> String {
    if upstream.is_empty() {
        return format!("chatcmpl-{request_id}");
    }
    upstream.to_owned()
}
