//! Writing a body whose size is about known.

use crate::error::TranslateError;
use serde::Serialize;

/// What the other protocol's words may take more than the caller's.
const MORE_BYTES: usize = 1 << 10;

/// Writes `value` into a buffer that need not grow if it is about as large as `size_bytes`.
pub(crate) fn to_vec<T: Serialize>(value: &T, size_bytes: usize) -> Result<Vec<u8>, TranslateError> {
    let mut out = Vec::with_capacity(size_bytes + size_bytes / 8 + MORE_BYTES);
    serde_json::to_writer(&mut out, value).map_err(TranslateError::Encode)?;
    Ok(out)
}
