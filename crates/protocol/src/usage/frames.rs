//! Looks at raw stream bytes: cuts them into frames, and tells by a byte search which frames need parsing.
//!
//! A search is only a filter. A JSON key cannot hide in a string value, where its quotes would be escaped, but it
//! may stand in a place that does not matter; the parse that follows decides.

use std::sync::LazyLock;

use memchr::memchr2;
use memchr::memmem::Finder;

struct Finders {
    choices: Finder<'static>,
    finish_reason: Finder<'static>,
    usage: Finder<'static>,
    error: Finder<'static>,
    index: Finder<'static>,
    sequence_number: Finder<'static>,
    tool_calls: [Finder<'static>; 4],
}

static FIND: LazyLock<Finders> = LazyLock::new(|| Finders {
    choices: Finder::new("\"choices\""),
    finish_reason: Finder::new("\"finish_reason\""),
    usage: Finder::new("\"usage\""),
    error: Finder::new("\"error\""),
    index: Finder::new("\"index\""),
    sequence_number: Finder::new("\"sequence_number\""),
    tool_calls: [
        Finder::new("\"web_search_call\""),
        Finder::new("\"file_search_call\""),
        Finder::new("\"code_interpreter_call\""),
        Finder::new("\"image_generation_call\""),
    ],
});

/// Calls `each` with the event name and the data of every frame in `bytes` that has data.
///
/// Line ends may be LF, CRLF or CR. Data of several lines is joined in `scratch`; one line, the usual case, is
/// borrowed. A frame that `bytes` ends in the middle of counts as whole: the caller hands over whole frames.
pub(super) fn for_each_frame(bytes: &[u8], scratch: &mut Vec<u8>, mut each: impl FnMut(&[u8], &[u8])) {
    let mut event: &[u8] = b"";
    let mut data: Option<&[u8]> = None;
    let mut joined = false;
    let mut rest = bytes;
    while !rest.is_empty() {
        let (line, after) = split_line(rest);
        rest = after;
        if line.is_empty() {
            if let Some(single) = data.take() {
                each(event, if joined { scratch } else { single });
            }
            (event, joined) = (b"", false);
        } else if let Some(value) = field(line, b"data") {
            match data {
                None => data = Some(value),
                Some(first) => {
                    if !joined {
                        scratch.clear();
                        scratch.extend_from_slice(first);
                        joined = true;
                    }
                    scratch.push(b'\n');
                    scratch.extend_from_slice(value);
                }
            }
        } else if let Some(value) = field(line, b"event") {
            event = value;
        }
    }
    if let Some(single) = data {
        each(event, if joined { scratch } else { single });
    }
}

/// The first line without its end, and what follows.
pub(crate) fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let Some(end) = memchr2(b'\n', b'\r', bytes) else {
        return (bytes, b"");
    };
    let (line, rest) = bytes.split_at(end);
    (line, rest.strip_prefix(b"\r\n").unwrap_or(&rest[1..]))
}

/// The value of a line `name: value`; the space may be missing.
pub(crate) fn field<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let rest = line.strip_prefix(name)?;
    if rest.is_empty() {
        return Some(rest);
    }
    let value = rest.strip_prefix(b":")?;
    Some(value.strip_prefix(b" ").unwrap_or(value))
}

/// `data` without white space around it.
pub(super) const fn trimmed(data: &[u8]) -> &[u8] {
    data.trim_ascii()
}

/// The value of `type` if it is the first member of an object, as every known sender writes it.
pub(super) fn leading_type(data: &[u8]) -> Option<&[u8]> {
    let rest = data.strip_prefix(b"{\"type\":")?;
    let rest = rest.strip_prefix(b" ").unwrap_or(rest).strip_prefix(b"\"")?;
    let end = memchr2(b'"', b'\\', rest)?;
    (rest[end] == b'"').then(|| &rest[..end])
}

/// Whether a Chat chunk only carries on: no finish reason, usage or error, and no choice but the first.
pub(super) fn chat_chunk_is_plain(data: &[u8]) -> bool {
    let find = &*FIND;
    find.choices.find(data).is_some()
        && values(&find.finish_reason, data)
            .all(|value| value.starts_with(b"null") || value.starts_with(b"\"\""))
        && values(&find.usage, data).all(|value| value.starts_with(b"null"))
        && values(&find.error, data).all(|value| value.starts_with(b"null"))
        && values(&find.index, data)
            .all(|value| value.starts_with(b"0") && !value.get(1).is_some_and(u8::is_ascii_digit))
}

/// The number of a Responses event.
pub(super) fn sequence_number(data: &[u8]) -> Option<u64> {
    let value = values(&FIND.sequence_number, data).next()?;
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&value[..digits]).ok()?.parse().ok()
}

/// Whether the data may hold an item of a tool that the provider runs and charges for.
pub(super) fn has_tool_item(data: &[u8]) -> bool {
    FIND.tool_calls.iter().any(|call| call.find(data).is_some())
}

/// What follows each `"key":` in `data`.
pub(super) fn values<'a>(key: &'a Finder<'static>, data: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    key.find_iter(data).filter_map(|at| {
        let rest = data[at + key.needle().len()..].trim_ascii_start();
        rest.strip_prefix(b":").map(<[u8]>::trim_ascii_start)
    })
}
