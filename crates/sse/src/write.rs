//! Frames out.

use memchr::memchr2;

/// Appends one frame: the event's name if there is one, then the data. Data of several lines becomes several `data`
/// fields (LF, CRLF and CR all read back as LF). Line ends in the name are left out.
pub fn write_event(out: &mut Vec<u8>, event: Option<&str>, data: &[u8]) {
    out.reserve(data.len() + event.map_or(0, str::len) + 16);
    if let Some(name) = event.filter(|name| !name.is_empty()) {
        out.extend_from_slice(b"event: ");
        out.extend(name.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')));
        out.push(b'\n');
    }
    write_lines(out, b"data: ", data);
    out.push(b'\n');
}

/// Appends a comment as a frame of its own, which a client reads past: a keep-alive.
pub fn write_comment(out: &mut Vec<u8>, text: &str) {
    write_lines(out, b": ", text.as_bytes());
    out.push(b'\n');
}

fn write_lines(out: &mut Vec<u8>, prefix: &[u8], mut text: &[u8]) {
    loop {
        let end = memchr2(b'\n', b'\r', text);
        out.extend_from_slice(prefix);
        out.extend_from_slice(&text[..end.unwrap_or(text.len())]);
        out.push(b'\n');
        let Some(end) = end else { return };
        let is_pair = text[end..].starts_with(b"\r\n");
        text = &text[end + if is_pair { 2 } else { 1 }..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_frames() {
        let table: &[(Option<&str>, &str, &str)] = &[
            (None, "{}", "data: {}\n\n"),
            (Some("ping"), "{}", "event: ping\ndata: {}\n\n"),
            (Some(""), "x", "data: x\n\n"),
            (Some("a\nb\r"), "x", "event: ab\ndata: x\n\n"),
            (None, "", "data: \n\n"),
            (None, "a\nb\r\nc\rd", "data: a\ndata: b\ndata: c\ndata: d\n\n"),
            (None, "a\n", "data: a\ndata: \n\n"),
        ];
        for (event, data, frame) in table {
            let mut out = Vec::new();
            write_event(&mut out, *event, data.as_bytes());
            assert_eq!(String::from_utf8(out).unwrap(), *frame);
        }
    }

    #[test]
    fn writes_comments() {
        let mut out = Vec::new();
        write_comment(&mut out, "keep\nalive");
        assert_eq!(out, b": keep\n: alive\n\n");
    }
}
