//! Looking into a body that was probed: members of an object, elements of a list, without a tree.

use super::scan::{Kind, Scanner, Value};

/// Shows each member of the object that begins at `at` (behind any whitespace), until `see` says that it is enough. The
/// name is shown as it is written, without its quotes: an escaped one is nobody's.
pub(super) fn members(bytes: &[u8], at: usize, mut see: impl FnMut(&[u8], Value) -> bool) {
    let mut scanner = Scanner::at(bytes, at);
    let Ok(mut walk) = scanner.open_object() else { return };
    while let Ok(Some(key)) = scanner.next_member(&mut walk) {
        let Ok(value) = scanner.value() else { return };
        let name = bytes.get(key.span.start + 1..key.span.end - 1).unwrap_or_default();
        if !see(name, value) || scanner.end_member(&mut walk).is_err() {
            return;
        }
    }
}

/// Shows each element of a list, until `see` says that it is enough; nothing of what is no list.
pub(super) fn elements(bytes: &[u8], list: Value, mut see: impl FnMut(Value) -> bool) {
    if list.kind != Kind::Array {
        return;
    }
    let mut scanner = Scanner::at(bytes, list.span.start + 1);
    if scanner.peek() == Some(b']') {
        return;
    }
    while let Ok(value) = scanner.value() {
        if !see(value) || scanner.peek() != Some(b',') {
            return;
        }
        scanner.at += 1;
    }
}

/// The inside of a string, as it is written; nothing of what is no string.
pub(super) fn text_of(bytes: &[u8], value: Value) -> &[u8] {
    match value.kind {
        Kind::String { .. } => bytes.get(value.span.start + 1..value.span.end - 1).unwrap_or_default(),
        _ => &[],
    }
}

/// `role` and `content` of a turn, as they are written.
pub(super) fn role_and_content(bytes: &[u8], turn: Value) -> (&[u8], Option<Value>) {
    let (mut role, mut said) = (&b""[..], None);
    members(bytes, turn.span.start, |key, value| {
        match key {
            b"role" => role = text_of(bytes, value),
            b"content" => said = Some(value),
            _ => {}
        }
        true
    });
    (role, said)
}
