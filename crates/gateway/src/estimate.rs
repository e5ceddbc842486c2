//! What a request's body comes to in tokens by its size alone: for upstreams that do not count, and for the beginning of
//! streams whose upstream counts at their end.

use memchr::{memchr, memmem};

/// A rule of thumb for JSON full of English and code.
const BYTES_PER_TOKEN: usize = 4;
/// About a full-size picture at either family.
const TOKENS_PER_ATTACHMENT: usize = 1_500;
/// What stands in front of encoded data: in a data URL, and in a block of Messages.
const DATA_MARKS: [&[u8]; 3] = [b";base64,", b"\"data\":\"", b"\"data\": \""];

/// A smaller body holds no attachment that would matter, and is not searched for any.
const SEARCHED_FROM_BYTES: usize = 64 << 10;

/// About how many tokens the body is; attachments count flat, whatever their size.
pub(crate) fn tokens_of_body(body: &[u8]) -> u64 {
    if body.len() < SEARCHED_FROM_BYTES {
        return (body.len() / BYTES_PER_TOKEN) as u64;
    }
    let (mut attachments, mut encoded_bytes) = (0, 0);
    for mark in DATA_MARKS {
        let mut from = 0;
        while let Some(at) = body.get(from..).and_then(|rest| memmem::find(rest, mark)) {
            let start = from + at + mark.len();
            let rest = body.get(start..).unwrap_or_default();
            let length = memchr(b'"', rest).unwrap_or(rest.len());
            attachments += 1;
            encoded_bytes += length;
            from = start + length;
        }
    }
    let text_bytes = body.len().saturating_sub(encoded_bytes);
    (text_bytes / BYTES_PER_TOKEN + attachments * TOKENS_PER_ATTACHMENT) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_counts_by_its_size_and_pictures_flat() {
        assert_eq!(tokens_of_body(&[b'x'; 400]), 100);
        let data = "A".repeat(1_000_000);
        for body in [
            format!(r#"{{"source":{{"type":"base64","data":"{data}"}}}}"#),
            format!(r#"{{"image_url":"data:image/png;base64,{data}"}}"#),
        ] {
            let tokens = tokens_of_body(body.as_bytes());
            assert!((1_500..1_520).contains(&tokens), "{tokens}");
        }
        let cut = [b"x".repeat(SEARCHED_FROM_BYTES), br#""data":""#.to_vec()].concat();
        assert_eq!(tokens_of_body(&cut), (cut.len() / 4 + 1_500) as u64);
    }
}
