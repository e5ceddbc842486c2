//! Anthropic Messages: wire shapes as read and as written, and the two decoders and two encoders.
//!
//! Source: <https://platform.claude.com/docs/en/api/messages> and the `anthropic` SDK types.

mod block;
mod citation;
mod decode;
mod encode;
mod event;
mod request;
mod stop;
mod stream_decode;
mod stream_encode;
mod usage;
mod wire;

pub(crate) use decode::decode;
pub(crate) use encode::{WEB_SEARCH, WEB_SEARCH_RESULT, encode};
pub(crate) use request::{decode_request, encode_request, is_billing_header, leave_unsaid};
pub(crate) use stream_decode::StreamDecoder;
pub(crate) use stream_encode::StreamEncoder;

/// The id a Messages client reads: one that begins with `msg_`, from which the upstream's own can still be told.
fn message_id(upstream: &str, request_id: &str) -> String {
    let own = if upstream.is_empty() { request_id } else { upstream };
    if own.starts_with("msg_") {
        return own.to_owned();
    }
    let bare = own.strip_prefix("chatcmpl-").or_else(|| own.strip_prefix("resp_"));
    format!("msg_{}", bare.unwrap_or(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_begin_with_msg_and_stay_recognisable() {
        for (upstream, want) in [
            ("msg_1", "msg_1"),
            ("chatcmpl-1", "msg_1"),
            ("resp_1", "msg_1"),
            ("gen-1", "msg_gen-1"),
            ("", "msg_req_9"),
        ] {
            assert_eq!(message_id(upstream, "req_9"), want);
        }
    }
}
