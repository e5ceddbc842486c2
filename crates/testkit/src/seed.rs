//! Where everything that looks random comes from: the seed and the request body, and nothing else.

/// 64 bits that depend on the seed and on every byte.
///
/// Eight bytes at a time with a folded multiply: quick enough for a 400 KB body. It is no cryptographic hash.
pub(crate) fn hash(seed: u64, bytes: &[u8]) -> u64 {
    let mut state = seed ^ 0x9e37_79b9_7f4a_7c15;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        state = fold(state ^ u64::from_le_bytes(word));
    }
    let mut word = [0; 8];
    let rest = chunks.remainder();
    word[..rest.len()].copy_from_slice(rest);
    state = fold(state ^ u64::from_le_bytes(word));
    fold(state ^ (bytes.len() as u64))
}

fn fold(value: u64) -> u64 {
    let product = u128::from(value ^ 0x2d35_8dcc_aa6c_78a5) * u128::from(0x8bb8_4b93_962e_acc9_u64);
    (product as u64) ^ ((product >> 64) as u64)
}

/// A small deterministic generator (SplitMix64, Steele, Lea and Flood 2014).
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(state: u64) -> Self {
        Self(state)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// `prefix` and `len` letters and digits, in the manner of the providers' ids.
    pub(crate) fn id(&mut self, prefix: &str, len: usize) -> String {
        const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let mut id = String::with_capacity(prefix.len() + len);
        id.push_str(prefix);
        for _ in 0..len {
            id.push(char::from(ALPHABET[(self.next() % 62) as usize]));
        }
        id
    }

    /// `count` plain words with a space between them and a full stop at the end.
    pub(crate) fn words(&mut self, count: usize) -> String {
        let mut text = String::with_capacity(count * 6);
        for index in 0..count {
            if index > 0 {
                text.push(' ');
            }
            text.push_str(WORDS[(self.next() % WORDS.len() as u64) as usize]);
        }
        if count > 0 {
            text.push('.');
        }
        text
    }
}

const WORDS: &[&str] = &[
    "amber", "basin", "cedar", "delta", "ember", "field", "grain", "harbor", "island", "juniper", "kettle",
    "lantern", "meadow", "needle", "orchard", "pebble", "quarry", "river", "saddle", "timber", "valley",
    "willow", "window", "yarrow",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_depends_on_seed_length_and_every_byte() {
        let base = hash(1, b"hello world, hello");
        assert_eq!(base, hash(1, b"hello world, hello"));
        assert_ne!(base, hash(2, b"hello world, hello"));
        assert_ne!(base, hash(1, b"hello world, hellp"));
        assert_ne!(base, hash(1, b"jello world, hello"));
        assert_ne!(hash(1, b"a"), hash(1, b"a\0"));
    }

    #[test]
    fn ids_and_words_have_the_asked_length() {
        let mut rng = Rng::new(7);
        let id = rng.id("msg_", 24);
        assert_eq!(id.len(), 28);
        assert_ne!(id, rng.id("msg_", 24));
        assert_eq!(rng.words(5).split(' ').count(), 5);
        assert_eq!(rng.words(0), "");
    }
}
