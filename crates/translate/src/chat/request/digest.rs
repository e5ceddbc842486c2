//! A short stand-in for a long id.

/// The most characters OpenAI takes for an id of a user, or for a cache key.
const LIMIT_CHARS: usize = 64;

/// `id` itself if it is short enough, else a digest of it: the same id always has the same one, and that is all it has
/// to do.
pub(super) fn shortened(id: &str) -> std::borrow::Cow<'_, str> {
    if id.chars().count() <= LIMIT_CHARS {
        return id.into();
    }
    format!("{:016x}{:016x}", fnv1a(0xcbf2_9ce4_8422_2325, id), fnv1a(0x6c62_272e_07bb_0142, id)).into()
}

/// FNV-1a of 64 bits from a start.
fn fnv1a(start: u64, text: &str) -> u64 {
    text.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_ids_are_shortened_and_always_alike() {
        assert_eq!(shortened("user_1"), "user_1");
        let long = "x".repeat(65);
        assert_eq!(shortened(&long).len(), 32);
        assert_eq!(shortened(&long), shortened(&long));
        assert_ne!(shortened(&long), shortened(&"y".repeat(65)));
        assert_eq!(shortened(&"é".repeat(64)), "é".repeat(64));
    }
}
