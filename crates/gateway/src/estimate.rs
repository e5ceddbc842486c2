//! What a request's body comes to in tokens by its size alone: for upstreams that do not count, and for the beginning of
//! streams whose upstream counts at their end.
//!
//! Every request is looked at so, whether or not its estimate will be wanted: by then its body is gone. So a body is not
//! read but sampled, and only what looks like encoded data is walked through.

use memchr::{memchr2, memrchr3};
use tollgate_protocol::BYTES_PER_TOKEN;

/// About a full-size picture at either family.
const TOKENS_PER_ATTACHMENT: usize = 1_500;
/// A smaller body holds no attachment that would matter, and is not searched for any.
const SEARCHED_FROM_BYTES: usize = 64 << 10;
/// Nor do shorter runs of encoded data matter.
const ATTACHMENT_MIN_BYTES: usize = 4 << 10;
const STRIDE_BYTES: usize = 2 << 10;
/// So many letters and digits in a row are no text.
const SAMPLE_BYTES: usize = 64;

/// About how many tokens the body is; attachments count flat, whatever their size.
pub(crate) fn tokens_of_body(body: &[u8]) -> u64 {
    if body.len() < SEARCHED_FROM_BYTES {
        return body.len() as u64 / BYTES_PER_TOKEN;
    }
    let (mut attachments, mut encoded_bytes, mut at) = (0, 0, 0);
    while let Some(sample) = body.get(at..at + SAMPLE_BYTES) {
        let run = if is_encoded(sample) { run_around(body, at) } else { at..at };
        if run.len() >= ATTACHMENT_MIN_BYTES {
            attachments += 1;
            encoded_bytes += run.len();
        }
        at = run.end.max(at + STRIDE_BYTES);
    }
    let text_bytes = body.len().saturating_sub(encoded_bytes) as u64;
    text_bytes / BYTES_PER_TOKEN + (attachments * TOKENS_PER_ATTACHMENT) as u64
}

/// Base64 of either alphabet, with slashes escaped or not.
fn is_encoded(sample: &[u8]) -> bool {
    sample.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=-_\\".contains(byte))
}

/// The data that lies at `at`: up to the quotes around it, or to the comma before it in a data URL.
fn run_around(body: &[u8], at: usize) -> std::ops::Range<usize> {
    let (before, behind) = body.split_at(at);
    let start = memrchr3(b'"', b',', b' ', before).map_or(0, |mark| mark + 1);
    let end = memchr2(b'"', b' ', behind).map_or(body.len(), |length| at + length);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_counts_by_its_size_and_pictures_flat() {
        assert_eq!(tokens_of_body(&[b'x'; 400]), 100);
        let data = "A+/b".repeat(250_000);
        for body in [
            format!(r#"{{"source":{{"type":"base64","data":"{data}"}}}}"#),
            format!(r#"{{"image_url":"data:image/png;base64,{data}"}}"#),
            format!(r#"{{"image_url":"data:image/png;base64,{}"}}"#, data.replace('/', "\\/")),
        ] {
            let tokens = tokens_of_body(body.as_bytes());
            assert!((1_500..1_520).contains(&tokens), "{tokens}");
        }
        let two = format!(r#"{{"data":"{data}"}},{{"data": "{data}"}}"#);
        assert!((3_000..3_020).contains(&tokens_of_body(two.as_bytes())));
        let cut = format!(r#"{{"data":"{data}"#);
        assert!((1_500..1_520).contains(&tokens_of_body(cut.as_bytes())));
    }

    #[test]
    fn long_texts_are_no_pictures() {
        for text in [
            "The quick brown fox. ",
            "fn main() { let x = vec![1]; }\\n",
            "世界",
            &"f".repeat(256),
            "\"a\":1,",
        ] {
            let mut body = String::new();
            while body.len() < 200_000 {
                body.push_str(text);
                if text.starts_with('f') {
                    body.push(' ');
                }
            }
            assert_eq!(tokens_of_body(body.as_bytes()), body.len() as u64 / 4, "{text}");
        }
    }
}
