//! The inside of JSON strings: most of an agent's conversation.

use std::borrow::Cow;

use wide::u8x16;

/// How many bytes [`specials`] looks at.
pub(super) const BLOCK: usize = 64;

/// Whether a byte cannot stand for itself inside a string: a quote, a backslash or a control character.
pub(super) const fn is_special(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < 0x20
}

/// A bit for each special byte, the first byte's lowest.
#[inline(always)]
pub(super) fn specials(block: &[u8; BLOCK]) -> u64 {
    let (parts, _) = block.as_chunks::<16>();
    parts.iter().rev().fold(0, |bits, part| bits << 16 | u64::from(specials_of_16(*part)))
}

/// As [`specials`], for 16 bytes.
#[inline(always)]
pub(super) fn specials_of_16(part: [u8; 16]) -> u32 {
    let bytes = u8x16::from(part);
    let quote = bytes.simd_eq(u8x16::splat(b'"'));
    let backslash = bytes.simd_eq(u8x16::splat(b'\\'));
    let control = bytes.min(u8x16::splat(0x1f)).simd_eq(bytes);
    (quote | backslash | control).to_bitmask()
}

/// What a string says. `quoted` is a valid JSON string with its quotes; `None` if an escape in it is half of a
/// surrogate pair, which no Unicode text can hold.
pub(super) fn unescape(quoted: &str, escaped: bool) -> Option<Cow<'_, str>> {
    if escaped {
        return serde_json::from_str(quoted).ok().map(Cow::Owned);
    }
    quoted.get(1..quoted.len().saturating_sub(1)).map(Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_exactly_the_special_bytes() {
        let mut block = [0; BLOCK];
        for seed in 0..=u16::MAX {
            for (place, byte) in block.iter_mut().enumerate() {
                // Every pair of neighbours comes up.
                *byte = if place % 2 == 0 { seed as u8 } else { (seed >> 8) as u8 };
            }
            let expected =
                (0..BLOCK).filter(|&place| is_special(block[place])).fold(0, |bits, place| bits | 1 << place);
            assert_eq!(specials(&block), expected, "{block:?}");
        }
    }

    #[test]
    fn marks_each_place() {
        for place in 0..BLOCK {
            let mut block = [b'a'; BLOCK];
            block[place] = b'"';
            assert_eq!(specials(&block), 1 << place);
        }
    }

    #[test]
    fn unescapes_only_when_needed() {
        assert!(matches!(unescape("\"model\"", false), Some(Cow::Borrowed("model"))));
        assert_eq!(unescape(r#""mod\u0065l""#, true).as_deref(), Some("model"));
        assert_eq!(unescape(r#""\ud83e\udd80""#, true).as_deref(), Some("\u{1f980}"));
        assert_eq!(unescape(r#""\ud83e""#, true), None);
    }
}
