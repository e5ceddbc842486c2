//! How directives are written: `key`, `key=value`, `key="quoted"`, `key='quoted'`.
//!
//! In a prompt they stand in `[[sandbox ...]]`; in the `x-sandbox` header the pairs are separated by semicolons. Both
//! separators are accepted in both places.

/// One key with its value; a bare key has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) key: String,
    pub(crate) value: Option<String>,
}

const OPEN: &str = "[[sandbox";

/// The pairs of all `[[sandbox ...]]` in a text, in order.
pub(crate) fn in_text(text: &str) -> Result<Vec<Pair>, String> {
    let mut pairs = Vec::new();
    let mut rest = text;
    while let Some(start) = find_open(rest) {
        let mut cursor = Cursor { text: &rest[start + OPEN.len()..] };
        cursor.pairs(&mut pairs, true)?;
        rest = cursor.text;
    }
    Ok(pairs)
}

/// The pairs of a header value.
pub(crate) fn in_header(value: &str) -> Result<Vec<Pair>, String> {
    let mut pairs = Vec::new();
    Cursor { text: value }.pairs(&mut pairs, false)?;
    Ok(pairs)
}

/// The text without its directives, for answers that echo the prompt.
pub(crate) fn strip(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = find_open(rest) {
        let mut cursor = Cursor { text: &rest[start + OPEN.len()..] };
        if cursor.pairs(&mut Vec::new(), true).is_err() {
            break;
        }
        kept.push_str(&rest[..start]);
        rest = cursor.text;
    }
    kept.push_str(rest);
    kept
}

/// What a web search for a prompt would ask.
pub(crate) fn query(prompt: &str) -> String {
    strip(prompt).split_whitespace().take(8).collect::<Vec<_>>().join(" ")
}

/// Whether a text holds a directive.
pub(crate) fn is_in(text: &str) -> bool {
    find_open(text).is_some()
}

/// Where a directive opens: the marker must be followed by a separator or the end.
fn find_open(text: &str) -> Option<usize> {
    text.match_indices(OPEN).map(|(at, _)| at).find(|at| {
        let after = &text[at + OPEN.len()..];
        after.starts_with("]]") || after.starts_with(is_separator)
    })
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || c == ';'
}

struct Cursor<'a> {
    text: &'a str,
}

impl Cursor<'_> {
    /// Reads pairs up to the closing brackets, or up to the end of a header.
    fn pairs(&mut self, pairs: &mut Vec<Pair>, bracketed: bool) -> Result<(), String> {
        loop {
            self.text = self.text.trim_start_matches(is_separator);
            if bracketed && let Some(rest) = self.text.strip_prefix("]]") {
                self.text = rest;
                return Ok(());
            }
            if self.text.is_empty() {
                return if bracketed {
                    Err("a sandbox directive is not closed by `]]`".to_owned())
                } else {
                    Ok(())
                };
            }
            pairs.push(self.pair()?);
        }
    }

    fn pair(&mut self) -> Result<Pair, String> {
        let end = self.word_end(|c| c == '=');
        let key = self.take(end).to_owned();
        if key.is_empty() {
            return Err("a sandbox directive has a value without a key".to_owned());
        }
        let Some(rest) = self.text.strip_prefix('=') else {
            return Ok(Pair { key, value: None });
        };
        self.text = rest;
        let value = match rest.chars().next() {
            Some('"') => self.double_quoted(&key)?,
            Some('\'') => self.single_quoted(&key)?,
            _ => {
                let end = self.word_end(|_| false);
                self.take(end).to_owned()
            }
        };
        Ok(Pair { key, value: Some(value) })
    }

    /// Where the bare word at the front ends.
    fn word_end(&self, also: impl Fn(char) -> bool) -> usize {
        let stop = self.text.find(|c| is_separator(c) || also(c)).unwrap_or(self.text.len());
        self.text.find("]]").map_or(stop, |close| close.min(stop))
    }

    fn take(&mut self, end: usize) -> &str {
        let (word, rest) = self.text.split_at(end);
        self.text = rest;
        word
    }

    /// Backslash takes the next character as it is, except that `\n`, `\r` and `\t` are those characters.
    fn double_quoted(&mut self, key: &str) -> Result<String, String> {
        let mut value = String::new();
        let mut chars = self.text.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.text = &self.text[at + 1..];
                    return Ok(value);
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, 'r')) => value.push('\r'),
                    Some((_, 't')) => value.push('\t'),
                    Some((_, other)) => value.push(other),
                    None => break,
                },
                other => value.push(other),
            }
        }
        Err(format!("the value of `{key}` has no closing quote"))
    }

    /// Nothing is special inside single quotes: made for JSON.
    fn single_quoted(&mut self, key: &str) -> Result<String, String> {
        let inner = &self.text[1..];
        let end = inner.find('\'').ok_or_else(|| format!("the value of `{key}` has no closing quote"))?;
        let value = inner[..end].to_owned();
        self.text = &inner[end + 1..];
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(pairs: &[Pair]) -> Vec<(&str, Option<&str>)> {
        pairs.iter().map(|pair| (pair.key.as_str(), pair.value.as_deref())).collect()
    }

    #[test]
    fn reads_pairs_flags_and_quotes() {
        let pairs = in_text(
            r#"hi [[sandbox words=5 refusal text="a \"b\" ]] c\n"]] and [[sandbox args='{"a":[[1]]}' ]]"#,
        )
        .unwrap();
        assert_eq!(
            flat(&pairs),
            [
                ("words", Some("5")),
                ("refusal", None),
                ("text", Some("a \"b\" ]] c\n")),
                ("args", Some(r#"{"a":[[1]]}"#))
            ]
        );
    }

    #[test]
    fn header_form_is_the_same_with_semicolons() {
        let pairs = in_header("status=529; retry_after=2 ;html").unwrap();
        assert_eq!(flat(&pairs), [("status", Some("529")), ("retry_after", Some("2")), ("html", None)]);
        assert!(in_header("").unwrap().is_empty());
    }

    #[test]
    fn other_brackets_are_plain_text() {
        for text in ["", "[[sandboxed x=1]]", "[sandbox x=1]", "[[ sandbox ]]"] {
            assert_eq!(in_text(text).unwrap(), [], "{text}");
        }
        assert_eq!(in_text("[[sandbox]]").unwrap(), []);
    }

    #[test]
    fn broken_directives_are_errors() {
        for text in ["[[sandbox words=5", "[[sandbox text=\"a]]", "[[sandbox args='a]]", "[[sandbox =5]]"] {
            assert!(in_text(text).is_err(), "{text}");
        }
    }

    #[test]
    fn strip_leaves_the_prompt() {
        assert_eq!(strip("a [[sandbox words=5]]b[[sandbox x]]"), "a b");
        assert_eq!(strip("a [[sandbox words=5"), "a [[sandbox words=5");
    }
}
