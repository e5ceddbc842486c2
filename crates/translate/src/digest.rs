//! A digest for names that are too long for the target: the same in every request, so that prompt caches stay warm.

/// Where FNV-1a starts.
pub(crate) const START: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a of 64 bits: the same in every version and on every machine; it tells a request's few names apart and need not
/// resist anybody.
pub(crate) fn fnv1a(start: u64, text: &str) -> u64 {
    text.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// 32 hexadecimal digits for a text, of two hashes: the second from `start`.
pub(crate) fn hex(text: &str, start: u64) -> String {
    format!("{:016x}{:016x}", fnv1a(START, text), fnv1a(start, text))
}
