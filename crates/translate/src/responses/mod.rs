//! OpenAI Responses: wire shapes as read and as written, decoders and encoders.
//!
//! Source: <https://platform.openai.com/docs/api-reference/responses> and the `openai` SDK types.

mod annotation;
mod decode;
mod echo;
mod encode;
mod event;
mod hosted;
mod item;
mod item_call;
mod item_decode;
mod native;
mod object;
mod request;
mod search;
mod stop;
mod stream_decode;
mod stream_delta;
mod stream_encode;
mod stream_end;
mod stream_inside;
mod stream_item;
mod stream_parts;
mod stream_rest;
mod stream_said;
mod stream_write;
mod usage;
mod wire;

pub use echo::ResponsesEcho;

pub(crate) use decode::decode;
pub(crate) use encode::encode;
pub(crate) use request::{decode_request, encode_request};
pub(crate) use stream_decode::StreamDecoder;
pub(crate) use stream_encode::StreamEncoder;

/// The id of the answer without the prefix that tells its protocol; the request's id if it has none.
fn bare_id<'a>(upstream: &'a str, request_id: &'a str) -> &'a str {
    let prefixes = ["resp_", "chatcmpl-", "msg_"];
    let bare = prefixes.into_iter().find_map(|prefix| upstream.strip_prefix(prefix)).unwrap_or(upstream);
    if bare.is_empty() { request_id } else { bare }
}

/// The id a Responses client reads: one that begins with `resp_`, from which the upstream's own can still be told.
fn response_id(upstream: &str, request_id: &str) -> String {
    format!("resp_{}", bare_id(upstream, request_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_begin_with_resp_and_stay_recognisable() {
        for (upstream, want) in [
            ("resp_1", "resp_1"),
            ("chatcmpl-1", "resp_1"),
            ("msg_1", "resp_1"),
            ("gen-1", "resp_gen-1"),
            ("", "resp_req_9"),
        ] {
            assert_eq!(response_id(upstream, "req_9"), want);
        }
    }
}
