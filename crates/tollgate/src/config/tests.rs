//! Precedence, and each way a configuration can be wrong.

use std::io::Write;

use super::value::Setting;
use super::{Config, Section, Sources};

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// What is wrong with a file of this text, the file's own path cut off.
fn file_errors(text: &str) -> Vec<String> {
    let file = file(text);
    let sources = Sources { file: Some(file.path().to_owned()), ..Sources::default() };
    let shown = sources.load().unwrap_err().to_string();
    let prefix = file.path().display().to_string();
    shown.lines().map(|line| line.strip_prefix(&prefix).unwrap_or(line).to_owned()).collect()
}

#[test]
fn defaults_are_all_readable() {
    let (config, effective) = Sources::default().load().unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8787");
    assert_eq!(config.limits.max_body_bytes.get(), 67_108_864);
    assert_eq!(config.shutdown.drain_timeout_ms.duration().as_secs(), 30);
    assert_eq!(effective.len(), Config::keys().len());
    assert!(effective.iter().all(|key| key.place.is_none()));
}

#[test]
fn later_sources_win() {
    let file =
        file("listen = '127.0.0.1:1'\ndata_dir = 'from-file'\n[log]\nformat = 'json'\nlevel = 'warn'\n");
    let sources = Sources {
        file: Some(file.path().to_owned()),
        environment: environment(&[
            ("TOLLGATE_LISTEN", "127.0.0.1:2"),
            ("TOLLGATE_LOG__LEVEL", "debug"),
            ("TOLLGATE_UPSTREAM__CONNECT_TIMEOUT_MS", "77"),
            ("HOME", "/nowhere"),
        ]),
        assignments: vec!["listen=127.0.0.1:3".into(), "log.level=error".into()],
        flags: vec![("--listen", "listen", "127.0.0.1:4".into())],
    };
    let (config, effective) = sources.load().unwrap();
    assert_eq!(config.listen.port(), 4);
    assert_eq!(config.log.level.as_str(), "error");
    assert_eq!(config.log.format, super::LogFormat::Json);
    assert_eq!(config.data_dir.to_str(), Some("from-file"));
    assert_eq!(config.upstream.connect_timeout_ms.duration().as_millis(), 77);
    let place = |path: &str| effective.iter().find(|key| key.path == path).and_then(|key| key.place.clone());
    assert_eq!(place("listen").unwrap().to_string(), "flag --listen");
    assert_eq!(place("log.level").unwrap().to_string(), "flag --set log.level");
    assert!(place("data_dir").unwrap().to_string().ends_with(":2:12"));
}

#[test]
fn an_unknown_key_in_the_file_is_named_with_its_place_and_a_suggestion() {
    assert_eq!(
        file_errors("listn = '127.0.0.1:1'\n[upstream]\n  conect_timeout_ms = 5\n"),
        [
            ":1:1: unknown key `listn`; did you mean `listen`?",
            ":3:3: unknown key `upstream.conect_timeout_ms`; did you mean `upstream.connect_timeout_ms`?",
        ]
    );
    assert_eq!(file_errors("[qqqqq]\nzzz = 1\n"), [":1:2: unknown key `qqqqq`"]);
}

#[test]
fn an_unknown_key_elsewhere_is_suggested_in_the_form_of_its_source() {
    let errors = |sources: Sources| sources.load().unwrap_err().to_string();
    assert_eq!(
        errors(Sources {
            environment: environment(&[("TOLLGATE_UPSTREAM_CONNECT_TIMEOUT_MS", "5")]),
            ..Sources::default()
        }),
        "environment variable TOLLGATE_UPSTREAM_CONNECT_TIMEOUT_MS: unknown key \
         `upstream_connect_timeout_ms`; did you mean `TOLLGATE_UPSTREAM__CONNECT_TIMEOUT_MS`?"
    );
    assert_eq!(
        errors(Sources {
            assignments: vec!["limits.max_body=5".into(), "listen".into()],
            ..Sources::default()
        }),
        "flag --set limits.max_body: unknown key `limits.max_body`; did you mean `limits.max_body_bytes`?\n\
         flag --set listen: expected key=value"
    );
}

#[test]
fn a_wrong_type_names_the_path_and_what_was_expected() {
    assert_eq!(
        file_errors("listen = 8787\n[limits]\nmax_body_bytes = \"big\"\n[log]\nformat = 'xml'\n"),
        [
            ":1:10: `listen`: expected an IP address and port such as `127.0.0.1:8787`, found the integer 8787",
            ":5:10: `log.format`: expected `text` or `json`, found the string \"xml\"",
            ":3:18: `limits.max_body_bytes`: expected an integer of at least 1, found the string \"big\"",
        ]
    );
    assert_eq!(file_errors("log = 'info'\n"), [":1:7: `log`: expected a table, found the string \"info\""]);
    assert_eq!(
        file_errors("[listen]\nport = 1\n"),
        [":1:1: `listen`: expected an IP address and port such as `127.0.0.1:8787`, found a table"]
    );
}

#[test]
fn broken_toml_and_missing_files_are_told() {
    let errors = file_errors("listen = \n");
    assert!(errors[0].starts_with(":1:"), "{errors:?}");
    assert!(file_errors("listen = 'a'\nlisten = 'b'\n")[0].starts_with(":2:1: duplicate key"));
    let missing = Sources { file: Some("/nowhere/tollgate.toml".into()), ..Sources::default() };
    assert!(missing.load().unwrap_err().to_string().starts_with("cannot read /nowhere/tollgate.toml: "));
}

#[test]
fn keys_that_do_not_fit_together_are_refused() {
    for (assignments, message) in [
        (
            vec!["master_key=a", "master_key_file=b"],
            "`master_key_file`: cannot be set together with `master_key`",
        ),
        (vec!["default_price.input=3"], "`default_price`: `input` and `output` go together"),
        (vec!["default_price.cache_read=3"], "`default_price`: the other prices need `input` and `output`"),
        (
            vec!["database_url=mysql://secret"],
            "`database_url`: expected a URL that starts with postgres:// or sqlite:",
        ),
        (
            vec!["limits.max_decoded_bytes=1"],
            "`limits.max_decoded_bytes`: must not be less than `limits.max_body_bytes`",
        ),
    ] {
        let sources = Sources {
            assignments: assignments.into_iter().map(str::to_owned).collect(),
            ..Sources::default()
        };
        assert_eq!(sources.load().unwrap_err().to_string(), message);
    }
}

#[test]
fn secrets_are_never_shown() {
    let sources = Sources {
        assignments: vec!["database_url=postgres://u:hunter2@h/d".into(), "master_key=hunter3".into()],
        ..Sources::default()
    };
    let (config, effective) = sources.load().unwrap();
    let shown = format!("{config:?} {effective:?}");
    assert!(!shown.contains("hunter"), "{shown}");
    let wrong = file_errors("master_key = ['hunter4']\n");
    assert_eq!(wrong.len(), 1);
    assert!(!wrong[0].contains("hunter"), "{wrong:?}");
}

#[test]
fn variables_that_are_no_keys_are_passed_over() {
    let sources = Sources {
        environment: environment(&[
            ("TOLLGATE_CONFIG", "x.toml"),
            ("TOLLGATE_KEY_OPENAI", "tg-1"),
            ("TOLLGATE_BASE_URL", "http://127.0.0.1:1"),
            ("TOLLGATE_PORT", "tcp://10.0.0.1:8787"),
            ("TOLLGATE_PORT_8787_TCP_ADDR", "10.0.0.1"),
            ("TOLLGATE_SERVICE_HOST", "10.0.0.1"),
        ]),
        ..Sources::default()
    };
    assert!(sources.load().is_ok());
}

#[test]
fn every_key_can_be_set_from_every_source() {
    for key in Config::keys() {
        let value = if key.default.is_empty() { sample(key.kind) } else { key.default };
        let by_flag = Sources { assignments: vec![format!("{}={value}", key.path)], ..Sources::default() };
        let by_environment =
            Sources { environment: environment(&[(&key.env_name(), value)]), ..Sources::default() };
        for sources in [by_flag, by_environment] {
            let wrong = match sources.load() {
                Ok(_) => continue,
                Err(error) => error.to_string(),
            };
            assert!(
                key.path.starts_with("default_price.") && wrong.starts_with("`default_price`"),
                "{}: {wrong}",
                key.path
            );
        }
    }
    let mut sections = Vec::new();
    Config::sections("", &mut sections);
    assert!(sections.iter().any(|(prefix, _)| prefix == "upstream"));
}

fn sample(kind: &str) -> &'static str {
    match kind {
        <Vec<ipnet::IpNet> as Setting>::KIND => "10.0.0.0/8",
        "decimal" => "3",
        "secret text" => "postgres://host/name",
        _ => "some/path",
    }
}
