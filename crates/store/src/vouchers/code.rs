//! The code of a voucher: `TG-` and sixteen characters, which hold 80 random bits.
//!
//! The alphabet is Crockford's base 32 (<https://www.crockford.com/base32.html>): no I, L, O and U. Whoever reads an O
//! or an I where a 0 or a 1 stands is understood all the same.

use aws_lc_rs::rand;
use tollgate_base::Secret;
use zeroize::Zeroizing;

use crate::error::{Result, StoreError};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const PREFIX: &str = "TG";
const CHARACTERS: usize = 16;
const GROUP: usize = 4;

/// A new code.
pub(super) fn generate() -> Result<Secret<String>> {
    // A byte a character, of which five bits count: every character is as likely.
    let mut bytes = Zeroizing::new([0_u8; CHARACTERS]);
    let no_randomness =
        |_| StoreError::MasterKey { reason: "the system has no randomness to give".to_owned() };
    rand::fill(bytes.as_mut_slice()).map_err(no_randomness)?;
    let mut code = PREFIX.to_owned();
    for group in bytes.chunks(GROUP) {
        code.push('-');
        code.extend(
            group.iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32))).map(|c| char::from(*c)),
        );
    }
    Ok(Secret::new(code))
}

/// What may be shown of a code, to tell it from others: `TG-…-WXYZ`.
pub(super) fn hint(code: &Secret<String>) -> String {
    let end = code.expose().rsplit('-').next().unwrap_or_default();
    format!("{PREFIX}-…-{end}")
}

/// The sixteen characters that count, or `None` if the text cannot be a code.
pub(super) fn normalize(text: &str) -> Option<Secret<String>> {
    // Nobody types more than this, and what is longer is not worth a look.
    if text.len() > 64 {
        return None;
    }
    let significant = text.chars().filter(|c| !matches!(c, '-' | ' ')).map(|c| c.to_ascii_uppercase());
    let all: Zeroizing<String> = Zeroizing::new(significant.collect());
    let characters = match all.strip_prefix(PREFIX) {
        Some(rest) if rest.len() == CHARACTERS => rest,
        _ => all.as_str(),
    };
    let read = |c: char| match c {
        'O' => Some('0'),
        'I' | 'L' => Some('1'),
        c => u8::try_from(c).is_ok_and(|byte| ALPHABET.contains(&byte)).then_some(c),
    };
    let plain: Option<String> = characters.chars().map(read).collect();
    plain.filter(|plain| plain.len() == CHARACTERS).map(Secret::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(text: &str) -> Option<String> {
        normalize(text).map(|code| code.expose().clone())
    }

    #[test]
    fn codes_have_the_stated_form_and_differ() {
        let (one, other) = (generate().unwrap(), generate().unwrap());
        let groups: Vec<&str> = one.expose().split('-').collect();
        assert_eq!((groups[0], groups.len()), ("TG", 5));
        assert!(groups[1..].iter().all(|group| group.len() == 4), "{groups:?}");
        assert_ne!(one, other);
        assert_eq!(hint(&one), format!("TG-…-{}", groups[4]));
        assert_eq!(plain(one.expose()), Some(groups[1..].concat()));
    }

    #[test]
    fn codes_are_read_however_they_are_typed() {
        let expected = Some("0123ABCDEFGH1110".to_owned());
        for text in [
            "TG-0123-ABCD-EFGH-1110",
            "tg-0123-abcd-efgh-1110",
            "0123ABCDEFGH1110",
            " tg 0123 abcd efgh 1110 ",
            "TG-O123-ABCD-EFGH-ILlo",
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
        // A code may itself begin with the prefix's letters.
        assert_eq!(plain("TG-TG23-ABCD-EFGH-1110"), Some("TG23ABCDEFGH1110".to_owned()));
        assert_eq!(plain("TG23ABCDEFGH1110"), Some("TG23ABCDEFGH1110".to_owned()));
        for text in
            ["", "TG", "TG-0123-ABCD-EFGH-111", "TG-0123-ABCD-EFGH-111U", "TG-0123-ABCD-EFGH-1110-0", "é"]
        {
            assert_eq!(plain(text), None, "{text}");
        }
        assert_eq!(plain(&"-".repeat(100)), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,80}") {
            if let Some(plain) = plain(&text) {
                prop_assert!(plain.len() == CHARACTERS && plain.bytes().all(|byte| ALPHABET.contains(&byte)));
            }
        }
    }
}
