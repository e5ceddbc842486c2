//! How many tokens a request's prompt can have, told by its bytes.

use memchr::{memchr, memmem};

/// What providers put in front of a prompt that has tools, and other text that nobody sees. Anthropic documents up to 804
/// tokens for `tool_choice: any` (<https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview>).
const UNSEEN_TOKENS: u64 = 1_024;
/// More than a picture or a page costs at most providers. A long document can cost more; its window bounds it.
const ATTACHMENT_TOKENS: u64 = 8_192;
/// What stands in front of encoded data: in a data URL, and in a block of Messages.
const DATA_MARKS: [&[u8]; 3] = [b";base64,", b"\"data\":\"", b"\"data\": \""];
/// A smaller body holds no attachment whose bytes would matter.
const SEARCHED_FROM_BYTES: usize = 32 << 10;

/// The most tokens that a prompt of so many bytes can have: one for each, since no token is shorter.
#[must_use]
pub const fn prompt_tokens_by_size(body_bytes: usize) -> u64 {
    body_bytes as u64 + UNSEEN_TOKENS
}

/// As [`prompt_tokens_by_size`], but attachments count flat: their data is far longer than what a model makes of it.
#[must_use]
pub fn most_prompt_tokens(body: &[u8]) -> u64 {
    let (attachments, encoded_bytes) = attachments(body);
    prompt_tokens_by_size(body.len() - encoded_bytes) + attachments * ATTACHMENT_TOKENS
}

/// How many pieces of encoded data there are, and how many bytes they have together.
fn attachments(body: &[u8]) -> (u64, usize) {
    if body.len() < SEARCHED_FROM_BYTES {
        return (0, 0);
    }
    let (mut count, mut bytes) = (0, 0);
    for mark in DATA_MARKS {
        let mut from = 0;
        while let Some(at) = body.get(from..).and_then(|rest| memmem::find(rest, mark)) {
            let start = from + at + mark.len();
            let rest = body.get(start..).unwrap_or_default();
            let length = memchr(b'"', rest).unwrap_or(rest.len());
            count += 1;
            bytes += length;
            from = start + length;
        }
    }
    (count, bytes.min(body.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_bounded_by_its_bytes_and_pictures_flat() {
        assert_eq!(most_prompt_tokens(&[b'x'; 400]), 400 + UNSEEN_TOKENS);
        let data = "A".repeat(1_000_000);
        for body in [
            format!(r#"{{"source":{{"type":"base64","data":"{data}"}}}}"#),
            format!(r#"{{"image_url":"data:image/png;base64,{data}"}}"#),
        ] {
            let most = most_prompt_tokens(body.as_bytes());
            assert_eq!(most, (body.len() - data.len()) as u64 + ATTACHMENT_TOKENS + UNSEEN_TOKENS);
        }
    }
}
