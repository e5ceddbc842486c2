//! What is wrong with a body, and how the caller is told.

use crate::{ApiError, ErrorKind};

/// A body that is not JSON, or not an object: what was expected, at which byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) what: &'static str,
}

impl Fault {
    /// The error for the caller. Lines and columns count from 1; a column is a character.
    pub(super) fn into_error(self, body: &[u8]) -> ApiError {
        let before = &body[..self.at.min(body.len())];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let column = before[line_start..].iter().filter(|&&byte| byte & 0xc0 != 0x80).count() + 1;
        ApiError::invalid_json(self.what, line, column)
    }

    /// The fault of a body that is not UTF-8.
    pub(super) fn not_utf8(body: &[u8]) -> Self {
        let at = std::str::from_utf8(body).err().map_or(0, |error| error.valid_up_to());
        Self { at, what: "invalid UTF-8" }
    }
}

/// A valid body with a field the gate cannot use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FieldFault {
    /// The field as a path, such as `metadata.user_id`.
    pub(super) field: &'static str,
    pub(super) what: &'static str,
}

impl FieldFault {
    pub(super) fn into_error(self) -> ApiError {
        let Self { field, what } = self;
        ApiError::new(ErrorKind::InvalidField, format!("{field}: {what}")).field(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_line_and_column_from_1() {
        let body = "{\n  \"é\": x\r\n}".as_bytes();
        for (at, place) in
            [(0, "line 1 column 1"), (2, "line 2 column 1"), (9, "line 2 column 7"), (99, "line 3 column 2")]
        {
            let message = Fault { at, what: "expected a value" }.into_error(body).message;
            assert_eq!(message, format!("The request body is not valid JSON: expected a value at {place}."));
        }
    }
}
