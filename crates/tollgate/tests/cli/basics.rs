//! Configuration, check, completions, help and usage errors.

use std::fs;

use crate::support::Place;

/// 32 bytes in base64.
const MASTER_KEY: &str = "master_key=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

#[test]
fn check_accepts_the_defaults_and_a_good_file() {
    let place = Place::new();
    assert_eq!(place.ok(&["check"]), "configuration: ok\n");
    fs::write(place.path().join("t.toml"), "listen = '127.0.0.1:1'\n").unwrap();
    assert_eq!(place.ok(&["check", "--config", "t.toml"]), "configuration: ok\n");
    let shown = place.ok(&["check", "--config", "t.toml", "--show", "--set", MASTER_KEY]);
    assert!(shown.contains("listen = 127.0.0.1:1  (t.toml:1:10)\n"), "{shown}");
    assert!(shown.contains("master_key = (hidden)  (flag --set master_key)\n"), "{shown}");
}

#[test]
fn check_tries_what_can_be_tried_without_writing() {
    let place = Place::new();
    let said = place.fails(&["check", "--set", "master_key=abc"]);
    assert!(said.starts_with("`master_key`: master key: "), "{said}");
    let said = place.fails(&["check", "--set", "upstream.extra_ca_file=missing.pem"]);
    assert!(said.contains("missing.pem"), "{said}");
}

#[test]
fn check_names_what_is_wrong() {
    let place = Place::new();
    fs::write(place.path().join("t.toml"), "\n[log]\nlevle = 'info'\n").unwrap();
    assert_eq!(
        place.fails(&["check", "--config", "t.toml"]),
        "t.toml:3:1: unknown key `log.levle`; did you mean `log.level`?"
    );
    assert_eq!(
        place.fails(&["check", "--listen", "8787"]),
        "flag --listen: `listen`: expected an IP address and port such as `127.0.0.1:8787`, found `8787`"
    );
    let mut command = place.command(&["check"]);
    let output = command.env("TOLLGATE_LISTN", "127.0.0.1:1").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.contains("TOLLGATE_LISTN: unknown key `listn`; did you mean `TOLLGATE_LISTEN`?"), "{err}");
}

#[test]
fn the_environment_names_the_file_and_sets_keys() {
    let place = Place::new();
    fs::write(place.path().join("t.toml"), "listen = '127.0.0.1:1'\nconfig_poll_ms = 7\n").unwrap();
    let mut command = place.command(&["check", "--show"]);
    command.env("TOLLGATE_CONFIG", "t.toml").env("TOLLGATE_LISTEN", "127.0.0.1:2");
    let shown = String::from_utf8(command.output().unwrap().stdout).unwrap();
    assert!(shown.contains("listen = 127.0.0.1:2  (environment variable TOLLGATE_LISTEN)\n"), "{shown}");
    assert!(shown.contains("config_poll_ms = 7  (t.toml:2:18)\n"), "{shown}");
}

#[test]
fn check_opens_the_store_where_it_is_asked_to() {
    let place = Place::new();
    place.ok(&["check"]);
    assert!(!place.path().join("data").exists(), "check alone must not write");
    assert_eq!(place.ok(&["check", "--store"]), "configuration: ok\nstore: ok\n");
    assert!(place.path().join("data/tollgate.db").exists());
    fs::write(place.path().join("data/master.key"), "not a key").unwrap();
    let said = place.run(&["check", "--store"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.starts_with("error: data/master.key: master key: "), "{said:?}");
}

#[test]
fn every_shell_gets_its_completions() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = place.ok(&["completions", shell]);
        assert!(script.contains("tollgate") && script.contains("topup"), "{shell}: {script}");
    }
}

#[test]
fn usage_errors_have_their_own_exit_code() {
    let place = Place::new();
    for wrong in [
        &["frobnicate"][..],
        &[],
        &["user", "create"],
        &["user", "topup", "ann", "1e3"],
        &["group", "create", "g", "--platform", "gemini"],
        &["group", "create", "g", "--platform", "openai", "--map", "no-equals-sign"],
        &["key", "create", "k", "--user", "u", "--group", "g", "--expires", "soon"],
        &["model", "create", "m", "--input", "-1", "--output", "1"],
        &["account", "create", "a", "--platform", "openai", "--credential-stdin", "--credential-env", "X"],
    ] {
        let said = place.run(wrong);
        assert_eq!(said.code, Some(2), "{wrong:?}: {said:?}");
    }
    assert!(!place.path().join("data").exists(), "a usage error must not create a store");
}

#[test]
fn health_says_what_cannot_be_reached() {
    let place = Place::new();
    let said = place.fails(&["health", "--listen", "127.0.0.1:9"]);
    assert!(said.starts_with("http://127.0.0.1:9/healthz cannot be reached: "), "{said}");
}
