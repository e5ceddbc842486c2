//! A validating JSON scanner: one pass, no tree, no recursion, no allocation.
//!
//! It accepts what [RFC 8259](https://www.rfc-editor.org/rfc/rfc8259) calls JSON text, given that the body is valid
//! UTF-8, in at most [`MAX_DEPTH`](super::stack::MAX_DEPTH) levels. Like the grammar, it does not ask whether a `\u` escape is half of a
//! surrogate pair or whether a number fits a machine type: the upstream says what it can hold.

use super::Span;
use super::fault::Fault;
use super::stack::Stack;

/// What kind of value was passed over, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Object,
    Array,
    /// Whether there is a backslash in it.
    String {
        escaped: bool,
    },
    Number,
    Bool(bool),
    Null,
}

/// A member's name: the span with its quotes, and whether there is a backslash in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub(super) span: Span,
    pub(super) escaped: bool,
}

/// How far an object that is read member by member has been read.
#[derive(Debug)]
pub(super) struct Walk {
    /// Right behind the opening brace.
    pub(super) open: usize,
    /// Members that ended so far.
    pub(super) members: u32,
    /// The comma before the member that is being read.
    pub(super) comma: Option<usize>,
    closed: bool,
}

/// The body is not JSON; the scanner's [`fault`](Scanner::fault) says why. Empty, so that results fit a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Invalid;

pub(super) type Scan<T> = Result<T, Invalid>;

/// A position in a body.
pub(super) struct Scanner<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    what: &'static str,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { bytes: text.as_bytes(), at: 0, what: "" }
    }

    /// A scanner at a place inside of a body that was scanned before.
    pub(super) const fn at(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, what: "" }
    }

    /// The value that begins at `at`, behind any whitespace.
    pub(super) fn behind(bytes: &'a [u8], at: usize) -> Option<Value> {
        Self::at(bytes, at).value().ok()
    }

    /// The next byte behind any whitespace, which is skipped.
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.bytes.get(self.at)?;
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    /// The offset of the next byte.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Enters an object, to read it with [`next_member`](Self::next_member) and [`end_member`](Self::end_member).
    pub(super) fn open_object(&mut self) -> Scan<Walk> {
        if self.peek() != Some(b'{') {
            return Err(self.invalid("expected an object"));
        }
        self.at += 1;
        Ok(Walk { open: self.at, members: 0, comma: None, closed: false })
    }

    /// The name of the next member, the scanner then being before its value; `None` behind the closing brace.
    pub(super) fn next_member(&mut self, walk: &mut Walk) -> Scan<Option<Key>> {
        if walk.closed {
            return Ok(None);
        }
        if walk.members == 0 && self.peek() == Some(b'}') {
            self.at += 1;
            walk.closed = true;
            return Ok(None);
        }
        self.key().map(Some)
    }

    /// Ends a member whose value has been read. Gives the comma behind it, if it was not the last.
    pub(super) fn end_member(&mut self, walk: &mut Walk) -> Scan<Option<usize>> {
        let next = self.peek();
        walk.comma = match next {
            Some(b',') => Some(self.at),
            Some(b'}') => None,
            _ => return Err(self.invalid("expected ',' or '}'")),
        };
        walk.closed = walk.comma.is_none();
        walk.members += 1;
        self.at += 1;
        Ok(walk.comma)
    }

    /// Nothing but whitespace may follow the body's value.
    pub(super) fn end_of_body(&mut self) -> Scan<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.invalid("expected nothing more")),
        }
    }

    /// Passes over one value of any kind.
    pub(super) fn value(&mut self) -> Scan<Value> {
        self.peek();
        let start = self.at;
        let kind = self.scalar_or_open()?;
        if matches!(kind, Kind::Object | Kind::Array) {
            self.containers(kind)?;
        }
        Ok(Value { kind, span: Span { start, end: self.at } })
    }

    /// Passes over the rest of a container whose opening bracket has been passed.
    fn containers(&mut self, outermost: Kind) -> Scan<()> {
        let mut open = Stack::new();
        let mut kind = outermost;
        loop {
            if matches!(kind, Kind::Object | Kind::Array) {
                let in_object = kind == Kind::Object;
                if !open.push(in_object) {
                    return Err(self.invalid("nested too deeply"));
                }
                if self.peek() == Some(if in_object { b'}' } else { b']' }) {
                    self.at += 1;
                    open.pop();
                } else {
                    kind = self.element(in_object)?;
                    continue;
                }
            }
            let Some(in_object) = self.next_element(&mut open)? else {
                return Ok(());
            };
            kind = self.element(in_object)?;
        }
    }

    /// Behind a value: closes what closes here and stops behind a comma. Gives whether the comma is in an object;
    /// `None` if all is closed.
    fn next_element(&mut self, open: &mut Stack) -> Scan<Option<bool>> {
        while let Some(in_object) = open.top() {
            match (self.peek(), in_object) {
                (Some(b','), _) => {
                    self.at += 1;
                    return Ok(Some(in_object));
                }
                (Some(b'}'), true) | (Some(b']'), false) => {
                    self.at += 1;
                    open.pop();
                }
                (_, true) => return Err(self.invalid("expected ',' or '}'")),
                (_, false) => return Err(self.invalid("expected ',' or ']'")),
            }
        }
        Ok(None)
    }

    /// An array's element or an object's member, up to its end or its opening bracket.
    fn element(&mut self, in_object: bool) -> Scan<Kind> {
        if in_object {
            self.key()?;
        }
        self.scalar_or_open()
    }

    /// Passes over a scalar, or over the opening bracket of a container.
    fn scalar_or_open(&mut self) -> Scan<Kind> {
        match self.peek() {
            Some(b'"') => self.string().map(|escaped| Kind::String { escaped }),
            Some(b'{') => {
                self.at += 1;
                Ok(Kind::Object)
            }
            Some(b'[') => {
                self.at += 1;
                Ok(Kind::Array)
            }
            Some(b'-' | b'0'..=b'9') => self.number().map(|()| Kind::Number),
            Some(b't') => self.word("true").map(|()| Kind::Bool(true)),
            Some(b'f') => self.word("false").map(|()| Kind::Bool(false)),
            Some(b'n') => self.word("null").map(|()| Kind::Null),
            _ => Err(self.invalid("expected a value")),
        }
    }

    /// A member's name and the colon behind it.
    fn key(&mut self) -> Scan<Key> {
        if self.peek() != Some(b'"') {
            return Err(self.invalid("expected a member name"));
        }
        let start = self.at;
        let escaped = self.string()?;
        let span = Span { start, end: self.at };
        if self.peek() != Some(b':') {
            return Err(self.invalid("expected ':'"));
        }
        self.at += 1;
        Ok(Key { span, escaped })
    }

    /// Why the scan stopped.
    pub(super) fn fault(&self) -> Fault {
        Fault { at: self.at, what: self.what }
    }

    #[cold]
    pub(super) fn invalid(&mut self, what: &'static str) -> Invalid {
        let is_end = self.at >= self.bytes.len() && what.starts_with("expected");
        self.what = if is_end { "the body ends too early" } else { what };
        Invalid
    }
}

#[cfg(test)]
mod tests {
    use super::super::stack::MAX_DEPTH;
    use super::*;

    fn whole(text: &str) -> Result<Kind, Fault> {
        let mut scanner = Scanner::new(text);
        let kind = scanner.value().and_then(|value| scanner.end_of_body().map(|()| value.kind));
        kind.map_err(|Invalid| scanner.fault())
    }

    #[test]
    fn accepts_json() {
        let escaped = Kind::String { escaped: true };
        let table = [
            ("null", Kind::Null),
            (" true\n", Kind::Bool(true)),
            ("false", Kind::Bool(false)),
            ("0", Kind::Number),
            ("-0.5e+10", Kind::Number),
            ("1E400", Kind::Number),
            ("123456789012345678901234567890", Kind::Number),
            (r#""""#, Kind::String { escaped: false }),
            (r#""\"\\\/\b\f\n\r\t\u00e9""#, escaped),
            (r#""\ud800""#, escaped),
            ("\"\u{7f}\u{e9}\u{1f980}\"", Kind::String { escaped: false }),
            ("[]", Kind::Array),
            ("[ ]", Kind::Array),
            ("[[],[[]],{}]", Kind::Array),
            ("{}", Kind::Object),
            ("{ \"\" : { } , \"a\":[1 ,2]\t}\r\n", Kind::Object),
        ];
        for (text, kind) in table {
            assert_eq!(whole(text), Ok(kind), "{text}");
            assert!(serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_json() {
        let table = [
            ("", 0),
            (" ", 1),
            ("nul", 0),
            ("True", 0),
            ("+1", 0),
            ("01", 1),
            ("-", 1),
            ("1.", 2),
            (".5", 0),
            ("1e", 2),
            ("1e+", 3),
            ("1 2", 2),
            ("\"a", 2),
            ("\"\\", 1),
            ("\"\\x\"", 1),
            ("\"\\u12g4\"", 1),
            ("\"\\u123", 1),
            ("\"a\nb\"", 2),
            ("\"\0\"", 1),
            ("[", 1),
            ("[,]", 1),
            ("[1,]", 3),
            ("[1 2]", 3),
            ("[1}", 2),
            ("]", 0),
            ("{", 1),
            ("{,}", 1),
            ("{a:1}", 1),
            ("{\"a\"}", 4),
            ("{\"a\":}", 5),
            ("{\"a\":1,}", 7),
            ("{\"a\":1]", 6),
            ("{\"a\":1 \"b\":2}", 7),
            ("{'a':1}", 1),
            ("{}}", 2),
            ("\u{feff}{}", 0),
            ("{}\0", 2),
            ("\u{a0}1", 0),
        ];
        for (text, at) in table {
            assert_eq!(whole(text).map_err(|fault| fault.at), Err(at), "{text:?}");
            assert!(serde_json::from_str::<serde::de::IgnoredAny>(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn escapes_are_found_across_the_blocks_of_a_long_string() {
        for before in 0..200 {
            for (escape, is_valid) in
                [(r#"\\"#, true), (r#"\""#, true), (r"\u0022", true), (r"\x", false), (r"\u002", false)]
            {
                for behind in [0, 100] {
                    let text = format!("\"{}{escape}g{}\"", "a".repeat(before), "b".repeat(behind));
                    assert_eq!(whole(&text).is_ok(), is_valid, "{text}");
                }
            }
        }
    }

    #[test]
    fn bounds_the_depth() {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let nested = |depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
            assert!(whole(&nested(MAX_DEPTH)).is_ok());
            assert_eq!(whole(&nested(MAX_DEPTH + 1)).map_err(|fault| fault.what), Err("nested too deeply"));
            assert!(whole(&nested(1_000_000)).is_err());
        }
        let mixed = format!("{}1{}", "[{\"a\":".repeat(128), "}]".repeat(128));
        assert_eq!(whole(&mixed), Ok(Kind::Array));
    }
}
