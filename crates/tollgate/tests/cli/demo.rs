//! The demo as a user meets it: start, read `demo.env`, ask, stop, start again.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::support::Place;

/// A running demo; killed when a test fails before it stops it.
struct Demo {
    child: Child,
    printed: String,
}

impl Demo {
    /// Starts on a free port and waits until it says that it is ready.
    fn start(place: &Place) -> Self {
        let mut command = place.command(&["demo", "--listen", "127.0.0.1:0", "--log", "warn"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut printed = String::new();
        while !printed.contains("Ready.") {
            let line = lines.next().expect("the demo ended before it was ready").unwrap();
            printed.push_str(&line);
            printed.push('\n');
        }
        Self { child, printed }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    fn wait(&mut self) -> ExitStatus {
        let patience = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(patience.elapsed() < Duration::from_secs(20), "the demo did not stop");
            #[expect(clippy::disallowed_methods, reason = "there is no runtime here to block")]
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A value of `demo.env`.
fn env(place: &Place, name: &str) -> String {
    let text = fs::read_to_string(place.path().join("data/demo.env")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    line.unwrap_or_else(|| panic!("{name} is not in {text}")).to_owned()
}

/// One exchange; status line and body together.
fn exchange(base_url: &str, head: &str, body: &str) -> String {
    let address = base_url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let length = body.len();
    let request =
        format!("{head}host: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn starts_serves_stops_and_starts_again() {
    let place = Place::new();
    let mut demo = Demo::start(&place);
    let file = place.path().join("data/demo.env");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let (base_url, anthropic) = (env(&place, "TOLLGATE_BASE_URL"), env(&place, "TOLLGATE_KEY_ANTHROPIC"));
    let openai = env(&place, "TOLLGATE_KEY_OPENAI");
    assert!(base_url.starts_with("http://127.0.0.1:") && !base_url.ends_with(":0"), "{base_url}");
    for value in [&base_url, &anthropic, &openai] {
        assert!(demo.printed.contains(value.as_str()), "{value} is not in\n{}", demo.printed);
    }
    assert!(exchange(&base_url, "GET /healthz HTTP/1.1\r\n", "").starts_with("HTTP/1.1 200 "));
    let listen = base_url.trim_start_matches("http://");
    assert_eq!(place.ok(&["health", "--listen", listen]), "ok\n");
    assert_eq!(place.ok(&["health", "--ready", "--listen", listen]), "ok\n");

    demo.signal("TERM");
    assert_eq!(demo.wait().code(), Some(0));
    assert!(TcpStream::connect(listen).is_err(), "a stopped demo must not accept");

    let mut again = Demo::start(&place);
    assert_eq!(env(&place, "TOLLGATE_KEY_ANTHROPIC"), anthropic, "the keys stay");
    assert_eq!(env(&place, "TOLLGATE_KEY_OPENAI"), openai);
    let users = place.json(&["user", "list"]);
    assert_eq!(users.as_array().unwrap().len(), 1);
    assert_eq!(users[0]["balance"], "100");
    assert_eq!(place.json(&["account", "list"]).as_array().unwrap().len(), 2);
    again.signal("INT");
    assert_eq!(again.wait().code(), Some(0));
}

#[test]
fn answers_and_charges() {
    let place = Place::new();
    let mut demo = Demo::start(&place);
    let base_url = env(&place, "TOLLGATE_BASE_URL");
    let calls = [
        (
            "TOLLGATE_KEY_ANTHROPIC",
            "/v1/messages",
            r#"{"model":"claude-sonnet-5-5","max_tokens":64,"messages":[{"role":"user","content":"Hello"}]}"#,
        ),
        (
            "TOLLGATE_KEY_OPENAI",
            "/v1/chat/completions",
            r#"{"model":"gpt-5.5","messages":[{"role":"user","content":"Hello"}]}"#,
        ),
        ("TOLLGATE_KEY_OPENAI", "/v1/responses", r#"{"model":"ZHIPU/GLM-4.6","input":"Hello"}"#),
    ];
    for (key, path, body) in calls {
        let key = env(&place, key);
        let head = format!(
            "POST {path} HTTP/1.1\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n"
        );
        let answer = exchange(&base_url, &head, body);
        assert!(answer.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
    }
    demo.signal("TERM");
    assert_eq!(demo.wait().code(), Some(0));

    let records = place.json(&["usage"]);
    assert_eq!(records.as_array().unwrap().len(), calls.len(), "settled before the exit");
    let nanos = |value: &serde_json::Value| {
        let text = value.as_str().unwrap();
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        format!("{whole}{fraction:0<9}").parse::<i64>().unwrap()
    };
    let charged: i64 = records.as_array().unwrap().iter().map(|record| nanos(&record["cost"])).sum();
    assert!(charged > 0);
    assert_eq!(nanos(&place.json(&["user", "show", "demo"])["balance"]), 100_000_000_000 - charged);
    assert_eq!(nanos(&place.json(&["usage", "--totals"])["cost"]), charged);
}

#[test]
fn a_second_signal_ends_at_once() {
    let place = Place::new();
    let mut demo = Demo::start(&place);
    let (base_url, key) = (env(&place, "TOLLGATE_BASE_URL"), env(&place, "TOLLGATE_KEY_ANTHROPIC"));
    let mut open = TcpStream::connect(base_url.trim_start_matches("http://")).unwrap();
    // Half a body keeps the request, and so the drain, open.
    let half = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\nexpect: 100-continue\r\ncontent-length: 99\r\n\r\n"
    );
    open.write_all(half.as_bytes()).unwrap();
    let mut go_on = [0; 12];
    open.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100", "the gate has begun to read");
    demo.signal("TERM");
    let sent = Instant::now();
    // The listening socket closes once the first signal is handled.
    while TcpStream::connect(base_url.trim_start_matches("http://")).is_ok() {
        assert!(sent.elapsed() < Duration::from_secs(20), "the first signal was not handled");
    }
    assert_eq!(demo.child.try_wait().unwrap(), None, "an open request is waited for");
    demo.signal("TERM");
    assert_eq!(demo.wait().code(), Some(130));
}

#[test]
fn lost_keys_are_revoked_and_replaced() {
    let place = Place::new();
    let mut demo = Demo::start(&place);
    let old = env(&place, "TOLLGATE_KEY_OPENAI");
    demo.signal("TERM");
    demo.wait();
    fs::remove_file(place.path().join("data/demo.env")).unwrap();
    let mut again = Demo::start(&place);
    assert_ne!(env(&place, "TOLLGATE_KEY_OPENAI"), old);
    let keys = place.json(&["key", "list"]);
    let with_status =
        |status: &str| keys.as_array().unwrap().iter().filter(|key| key["status"] == status).count();
    assert_eq!((with_status("enabled"), with_status("revoked")), (2, 2));
    again.signal("TERM");
    assert_eq!(again.wait().code(), Some(0));
}

#[test]
fn without_a_providers_key_real_says_which_are_looked_for() {
    let place = Place::new();
    let said = place.fails(&["demo", "--real", "--listen", "127.0.0.1:0"]);
    assert!(
        said.contains("ANTHROPIC_API_KEY, OPENAI_API_KEY, DEEPSEEK_API_KEY, ZHIPU_API_KEY, MIMO_API_KEY"),
        "{said}"
    );
    assert!(!place.path().join("data").exists(), "nothing may be written");
}

#[test]
fn a_taken_port_is_told() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = place.fails(&["serve", "--listen", &address]);
    assert!(
        said.starts_with(&format!("cannot listen on {address} (--listen picks another address): ")),
        "{said}"
    );
}
