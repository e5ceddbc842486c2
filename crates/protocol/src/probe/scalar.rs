//! The scanner's way over strings, numbers and words.

use super::scan::{Scan, Scanner};
use super::string::{BLOCK, is_special, specials, specials_of_16};

impl Scanner<'_> {
    /// Passes over a string from its opening quote on; whether it holds an escape.
    pub(super) fn string(&mut self) -> Scan<bool> {
        let bytes = self.bytes;
        self.at += 1;
        if self.short_string() {
            return Ok(false);
        }
        let mut escaped = false;
        while let Some(block) = bytes.get(self.at..).and_then(<[u8]>::first_chunk::<BLOCK>) {
            let start = self.at;
            let mut end = BLOCK;
            let mut specials = specials(block);
            while specials != 0 {
                let place = specials.trailing_zeros() as usize;
                self.at = start + place;
                if block[place % BLOCK] == b'"' {
                    self.at += 1;
                    return Ok(escaped);
                }
                escaped = true;
                let length = self.escape()?;
                end = place + length;
                // In two steps: an escape may end behind the block.
                specials &= (u64::MAX << place) << length;
            }
            self.at = start + end.max(BLOCK);
        }
        // Near the end of the body.
        while let Some(&byte) = bytes.get(self.at) {
            if byte == b'"' {
                self.at += 1;
                return Ok(escaped);
            } else if is_special(byte) {
                self.at += self.escape()?;
                escaped = true;
            } else {
                self.at += 1;
            }
        }
        Err(self.invalid("unfinished string"))
    }

    /// Passes over a string that ends within a few bytes and has no escape, as most names do; `true` if it was one.
    /// Otherwise it passes over the plain bytes it saw.
    #[inline(always)]
    fn short_string(&mut self) -> bool {
        let Some(head) = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk) else { return false };
        let specials = specials_of_16(*head);
        if specials == 0 {
            self.at += head.len();
            return false;
        }
        let place = specials.trailing_zeros() as usize;
        let ends = head[place] == b'"';
        self.at += place + usize::from(ends);
        ends
    }

    /// The length of the escape at the scanner's position, which is at a backslash or a control character.
    #[inline(always)]
    fn escape(&mut self) -> Scan<usize> {
        match self.bytes.get(self.at..).unwrap_or_default() {
            [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => Ok(2),
            [b'\\', b'u', digits @ ..] => match digits.first_chunk::<4>() {
                Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => Ok(6),
                _ => Err(self.invalid("expected four hexadecimal digits after '\\u'")),
            },
            [b'\\', ..] => Err(self.invalid("invalid escape in a string")),
            _ => Err(self.invalid("a control character must be escaped in a string")),
        }
    }

    pub(super) fn number(&mut self) -> Scan<()> {
        self.skip_if(b"-");
        if !self.skip_if(b"0") {
            self.digits()?;
        }
        if self.skip_if(b".") {
            self.digits()?;
        }
        if self.skip_if(b"eE") {
            self.skip_if(b"+-");
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Scan<()> {
        let rest = &self.bytes[self.at..];
        let len = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        if len == 0 {
            return Err(self.invalid("expected a digit"));
        }
        self.at += len;
        Ok(())
    }

    fn skip_if(&mut self, any_of: &[u8]) -> bool {
        let found = self.bytes.get(self.at).is_some_and(|byte| any_of.contains(byte));
        self.at += usize::from(found);
        found
    }

    pub(super) fn word(&mut self, word: &str) -> Scan<()> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.invalid("expected a value"));
        }
        self.at += word.len();
        Ok(())
    }
}
