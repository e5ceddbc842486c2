//! Shaping as the commands read and show it: a file of JSON.

use std::path::Path;

use anyhow::Context;
use tollgate_routing::Shaping;

/// Larger than any shaping that can be saved.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// The shaping in a file, if one is named.
pub(super) fn read(file: Option<&Path>) -> anyhow::Result<Option<Shaping>> {
    let Some(path) = file else { return Ok(None) };
    let shown = path.display();
    let about = std::fs::metadata(path).with_context(|| format!("{shown} cannot be read"))?;
    anyhow::ensure!(about.len() <= MAX_FILE_BYTES, "{shown} is larger than 1 MiB");
    let text = std::fs::read_to_string(path).with_context(|| format!("{shown} cannot be read"))?;
    let shaping: Shaping = serde_json::from_str(&text).with_context(|| format!("{shown} is not shaping"))?;
    shaping.check()?;
    Ok(Some(shaping))
}

/// Shaping in one line; nothing where it changes nothing.
pub(super) fn words(shaping: &Shaping) -> String {
    if shaping.is_empty() {
        return String::new();
    }
    serde_json::to_string(shaping).unwrap_or_default()
}
