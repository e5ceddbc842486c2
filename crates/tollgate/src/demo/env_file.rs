//! `demo.env`: the base URL and the full keys, for clients, scripts and the demo's own next start.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tollgate_base::Secret;

const BASE_URL: &str = "TOLLGATE_BASE_URL";
const KEY_ANTHROPIC: &str = "TOLLGATE_KEY_ANTHROPIC";
const KEY_OPENAI: &str = "TOLLGATE_KEY_OPENAI";

/// The demo's two keys, as far as they are known.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct DemoKeys {
    /// The key in the group `anthropic`.
    pub(super) anthropic: Option<Secret<String>>,
    /// The key in the group `openai`.
    pub(super) openai: Option<Secret<String>>,
}

/// Where the file is.
pub(super) fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("demo.env")
}

/// The keys an earlier start wrote; none if there is no file.
pub(super) fn read(path: &Path) -> io::Result<DemoKeys> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(parse(&text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(DemoKeys::default()),
        Err(error) => Err(error),
    }
}

/// Writes the file for its owner only. It is replaced as a whole, so a reader never sees half of it.
pub(super) fn write(
    path: &Path,
    base_url: &str,
    anthropic: &Secret<String>,
    openai: &Secret<String>,
) -> io::Result<()> {
    let text = format!(
        "{BASE_URL}={base_url}\n{KEY_ANTHROPIC}={}\n{KEY_OPENAI}={}\n",
        anthropic.expose(),
        openai.expose()
    );
    let next = path.with_extension("env.next");
    // A leftover keeps its old mode when it is only truncated.
    match fs::remove_file(&next) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&next)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&next, path)
}

fn parse(text: &str) -> DemoKeys {
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix('='))?;
        Some(line.trim()).filter(|value| !value.is_empty()).map(Secret::from)
    };
    DemoKeys { anthropic: value(KEY_ANTHROPIC), openai: value(KEY_OPENAI) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_written_is_read_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = path(folder.path());
        assert_eq!(read(&path).unwrap(), DemoKeys::default());
        fs::write(&path, "TOLLGATE_KEY_ANTHROPIC=old\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        write(&path, "http://127.0.0.1:1", &"tg-a".into(), &"tg-b".into()).unwrap();
        let keys = DemoKeys { anthropic: Some("tg-a".into()), openai: Some("tg-b".into()) };
        assert_eq!(read(&path).unwrap(), keys);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(fs::read_to_string(&path).unwrap().starts_with("TOLLGATE_BASE_URL=http://127.0.0.1:1\n"));
    }

    #[test]
    fn empty_and_missing_keys_are_none() {
        assert_eq!(parse("TOLLGATE_KEY_ANTHROPIC=\nOTHER=1\n"), DemoKeys::default());
        assert_eq!(parse("TOLLGATE_KEY_OPENAI = x"), DemoKeys::default());
    }
}
