//! What may be a name.

use crate::error::{Result, StoreError};

const MAX_CHARACTERS: usize = 128;

/// Accepts a name that is not empty, has at most 128 characters, no control characters and no spaces at its ends.
pub(crate) fn check_name(field: &'static str, name: &str) -> Result<()> {
    let refuse = |reason: &str| Err(StoreError::invalid(field, reason));
    if name.is_empty() {
        return refuse("must not be empty");
    }
    if name.chars().count() > MAX_CHARACTERS {
        return refuse("must not be longer than 128 characters");
    }
    if name.chars().any(char::is_control) {
        return refuse("must not hold control characters");
    }
    if name.trim() != name {
        return refuse("must not begin or end with a space");
    }
    Ok(())
}

/// [`check_name`] for a field that need not be there.
pub(crate) fn check_opt_name(field: &'static str, name: Option<&String>) -> Result<()> {
    name.map_or(Ok(()), |name| check_name(field, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_within_bounds() {
        for good in ["a", "Ann Lee", "ZHIPU/GLM-4.6", "名前", &"é".repeat(128)] {
            assert_eq!(check_name("name", good), Ok(()), "{good}");
        }
        for bad in ["", " ", " a", "a ", "a\nb", "a\u{0}", "\u{7f}", &"é".repeat(129)] {
            assert!(check_name("name", bad).unwrap_err().to_string().starts_with("name: must not"), "{bad}");
        }
    }
}
