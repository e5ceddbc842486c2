//! The configuration reference, `docs/configuration.md`, written from the keys' definitions.

use std::fmt::Write;

use super::section::{Key, Section};
use super::tree::Config;

const HEAD: &str = "\
<!-- Written by: cargo run -- check --reference > docs/configuration.md -->

# Configuration

Every key has a default, so `tollgate serve` runs without any of this. Sources, later over earlier:

1. the defaults below;
2. a TOML file: `--config tollgate.toml`, or the path in `TOLLGATE_CONFIG`;
3. the environment: `TOLLGATE_` and the key in upper case, with two underscores for each dot, so
   `upstream.connect_timeout_ms` is `TOLLGATE_UPSTREAM__CONNECT_TIMEOUT_MS`;
4. `--set key=value`, any number of times;
5. the flags `--listen`, `--data-dir`, `--database-url` and `--log`.

In the environment and after `--set`, a list is its items joined by commas, and empty text unsets an optional key.
An unknown key is an error, in every source. `tollgate check` validates all of it without starting, and
`tollgate check --show` prints each key's value and where it came from.

```toml
# tollgate.toml
listen = \"0.0.0.0:8787\"
data_dir = \"/var/lib/tollgate\"
trusted_proxies = [\"10.0.0.0/8\"]

[log]
format = \"json\"

[upstream]
first_byte_timeout_ms = 300000
```

These variables are read by other programs and are no keys: `TOLLGATE_CONFIG`, and `TOLLGATE_BASE_URL`,
`TOLLGATE_KEY_ANTHROPIC` and `TOLLGATE_KEY_OPENAI` from `demo.env`. What Kubernetes sets for a service called
`tollgate` (`TOLLGATE_PORT...`, `TOLLGATE_SERVICE_...`) is passed over.
";

/// The whole page.
pub(crate) fn page() -> String {
    let keys = Config::keys();
    let mut sections = Vec::new();
    Config::sections("", &mut sections);
    let mut page = HEAD.to_owned();
    section_text(&mut page, "Top level", "", &keys, "");
    for (prefix, about) in sections {
        section_text(&mut page, &format!("`[{prefix}]`"), about, &keys, &prefix);
    }
    page
}

fn section_text(page: &mut String, title: &str, about: &str, keys: &[Key], prefix: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(page, "\n## {title}\n");
    if !about.is_empty() {
        let _ = writeln!(page, "{}\n", about.trim());
    }
    page.push_str("| key | type | default | meaning |\n|---|---|---|---|\n");
    for key in keys {
        if key.path.rsplit_once('.').map_or("", |(section, _)| section) != prefix {
            continue;
        }
        let default = if key.default.is_empty() { "none".to_owned() } else { format!("`{}`", key.default) };
        let _ = writeln!(
            page,
            "| `{}`<br>`{}` | {} | {default} | {} |",
            key.path,
            key.env_name(),
            key.kind,
            key.meaning
        );
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn reference_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, super::page()).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == super::page(),
            "docs/configuration.md is stale: UPDATE_DOCS=1 cargo test writes it"
        );
    }
}
