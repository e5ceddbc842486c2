//! The free text of a custom tool, read from the JSON arguments `{"input":"..."}` of the function that stands for it, in
//! whatever pieces they come.

/// What may stand before the text; longer is not what was asked for.
const HEAD_LIMIT_BYTES: usize = 1024;

/// Reads the arguments of one call.
#[derive(Debug, Default)]
pub(super) struct InputReader {
    state: State,
    /// Before the text: everything so far. Inside: the beginning of an escape.
    held: String,
    /// The first half of a character that JSON writes in two.
    high: Option<u16>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// `{"input":"` is not complete.
    #[default]
    Head,
    /// Inside the string.
    Inside,
    /// Behind it.
    Behind,
    /// These are other arguments: they go as they are.
    Raw,
}

impl InputReader {
    /// Takes more of the arguments and gives the text that follows from it.
    pub(super) fn push(&mut self, piece: &str) -> String {
        let mut said = String::with_capacity(piece.len());
        match self.state {
            State::Head => {
                self.held.push_str(piece);
                self.head(&mut said);
            }
            State::Inside => self.inside(piece, &mut said),
            State::Behind => {}
            State::Raw => said.push_str(piece),
        }
        said
    }

    /// The arguments are over: gives what was held back.
    pub(super) fn end(mut self) -> String {
        let mut said = String::new();
        match self.state {
            State::Head | State::Raw => return self.held,
            State::Inside | State::Behind => self.close_half(&mut said),
        }
        said
    }

    fn head(&mut self, said: &mut String) {
        match text_behind_head(&self.held) {
            Head::Unfinished if self.held.len() <= HEAD_LIMIT_BYTES => {}
            Head::Text(at) => {
                let text = self.held.split_off(at);
                self.held.clear();
                self.state = State::Inside;
                self.inside(&text, said);
            }
            Head::Unfinished | Head::Other => {
                self.state = State::Raw;
                said.push_str(&std::mem::take(&mut self.held));
            }
        }
    }

    fn inside(&mut self, piece: &str, said: &mut String) {
        let mut rest = piece;
        while !rest.is_empty() && self.state == State::Inside {
            if self.held.is_empty() {
                let plain = rest.find(['"', '\\']).unwrap_or(rest.len());
                let (text, more) = rest.split_at(plain);
                if !text.is_empty() {
                    self.close_half(said);
                    said.push_str(text);
                }
                rest = more;
            }
            let Some(c) = rest.chars().next() else {
                return;
            };
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
            self.mark(c, said);
        }
    }

    /// Takes a quote, or one more character of an escape.
    fn mark(&mut self, c: char, said: &mut String) {
        if self.held.is_empty() && c == '"' {
            self.close_half(said);
            self.state = State::Behind;
            return;
        }
        self.held.push(c);
        let is_complete = match self.held.as_bytes() {
            [b'\\'] => false,
            [b'\\', b'u', digits @ ..] => {
                digits.len() >= 4 || digits.last().is_some_and(|digit| !digit.is_ascii_hexdigit())
            }
            _ => true,
        };
        if is_complete {
            let escape = std::mem::take(&mut self.held);
            self.escape(&escape, said);
        }
    }

    fn escape(&mut self, escape: &str, said: &mut String) {
        let body = escape.get(1..).unwrap_or_default();
        if let Some(digits) = body.strip_prefix('u') {
            match u16::from_str_radix(digits, 16) {
                Ok(unit) if digits.len() == 4 => self.unit(unit, said),
                _ => {
                    self.close_half(said);
                    said.push_str(escape);
                }
            }
            return;
        }
        self.close_half(said);
        match body {
            "n" => said.push('\n'),
            "r" => said.push('\r'),
            "t" => said.push('\t'),
            "b" => said.push('\u{8}'),
            "f" => said.push('\u{c}'),
            "\"" | "\\" | "/" => said.push_str(body),
            // No JSON, but what the model meant.
            _ => said.push_str(escape),
        }
    }

    /// One UTF-16 unit: a character, or half of one.
    fn unit(&mut self, unit: u16, said: &mut String) {
        if let Some(high) = self.high.take() {
            match char::decode_utf16([high, unit]).next() {
                Some(Ok(c)) => return said.push(c),
                _ => said.push(char::REPLACEMENT_CHARACTER),
            }
        }
        match unit {
            0xD800..=0xDBFF => self.high = Some(unit),
            _ => said.push(char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER)),
        }
    }

    /// The other half of a character did not come.
    fn close_half(&mut self, said: &mut String) {
        if self.high.take().is_some() {
            said.push(char::REPLACEMENT_CHARACTER);
        }
    }
}

enum Head {
    Unfinished,
    /// The text begins here.
    Text(usize),
    Other,
}

/// Where the text begins in arguments that begin as `held`.
fn text_behind_head(held: &str) -> Head {
    let mut rest = held;
    for token in ["{", "\"input\"", ":", "\""] {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        match rest.strip_prefix(token) {
            Some(more) => rest = more,
            None if token.starts_with(rest) => return Head::Unfinished,
            None => return Head::Other,
        }
    }
    Head::Text(held.len() - rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(pieces: &[&str]) -> String {
        let mut reader = InputReader::default();
        let mut said: String = pieces.iter().map(|piece| reader.push(piece)).collect();
        said.push_str(&reader.end());
        said
    }

    /// Every character a piece of its own.
    fn read_slowly(text: &str) -> String {
        let pieces: Vec<String> = text.chars().map(String::from).collect();
        read(&pieces.iter().map(String::as_str).collect::<Vec<_>>())
    }

    #[test]
    fn text_is_unescaped_wherever_it_is_cut() {
        let cases = [
            (r#"{"input":"*** Begin Patch\n+a \"b\" \\ \/"}"#, "*** Begin Patch\n+a \"b\" \\ /"),
            (r#" { "input" : "\uD83D\uDE00\u00fc" } "#, "\u{1F600}ü"),
            (r#"{"input":"\uD83Dx\uDE00\uD83D"}"#, "\u{FFFD}x\u{FFFD}\u{FFFD}"),
            (r#"{"input":"\uD83D\n"}"#, "\u{FFFD}\n"),
            (r#"{"input":""}"#, ""),
            (r#"{"input":"a","more":"b"}"#, "a"),
            (r#"{"input":"unfinished"#, "unfinished"),
        ];
        for (arguments, text) in cases {
            assert_eq!(read(&[arguments]), text);
            assert_eq!(read_slowly(arguments), text);
        }
    }

    #[test]
    fn other_arguments_go_as_they_are() {
        for arguments in [r#"{"text":"a"}"#, "*** Begin Patch", "{}", "", r#"{"input":{"a":1}}"#, "{\"inp"] {
            assert_eq!(read(&[arguments]), arguments);
            assert_eq!(read_slowly(arguments), arguments);
        }
        let blank = " ".repeat(HEAD_LIMIT_BYTES + 1);
        assert_eq!(read(&[&blank, "{"]), format!("{blank}{{"));
    }

    #[test]
    fn text_goes_on_as_it_comes() {
        let mut reader = InputReader::default();
        assert_eq!(reader.push("{\"input\": \"abc\\"), "abc");
        assert_eq!(reader.push("nd"), "\nd");
    }

    proptest! {
        #[test]
        fn any_text_is_read_back(text in any::<String>()) {
            let arguments = serde_json::json!({ "input": text }).to_string();
            prop_assert_eq!(&read(&[&arguments]), &text);
            prop_assert_eq!(read_slowly(&arguments), text);
        }
    }
}
