//! Translates every request of `golden_requests/*.in` and compares with its `.out`. `UPDATE_GOLDEN=1` writes the `.out`
//! files anew; read each before committing it.
//!
//! A file's name begins with its direction: `m2c` is Messages to Chat, `r` is Responses. The first line of an `.in` file
//! names the upstream, `# model=M family=F account=A remembered=CALL:REASONING`; then comes the caller's body, and behind a
//! line `# history` the conversation it continues. `{{carrier FAMILY ACCOUNT MODEL KIND DATA TEXT}}` stands for reasoning
//! as the gate sealed it. An `.out` file holds the upstream's body, what was left out, and what the answer has to undo;
//! or why there is no such body.

#![allow(clippy::unwrap_used, clippy::panic)]

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tollgate_protocol::Protocol;
use tollgate_translate::carrier::{Cargo, CarrierKey, seal};
use tollgate_translate::family::Family;
use tollgate_translate::grammar::check_request;
use tollgate_translate::ir::{MadeBy, Proof};
use tollgate_translate::traits::ModelTraits;
use tollgate_translate::{ReasoningBack, Remembered, Target, WayBack, translate_request};

/// How many cases there are at least, so that a lost folder is seen.
const LEAST_CASES: usize = 240;

#[test]
fn every_request_comes_out_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden_requests");
    let mut cases: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "in"))
        .collect();
    cases.sort();
    assert!(cases.len() >= LEAST_CASES, "golden files are missing from {}", folder.display());
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for case in cases {
        let name = case.file_stem().unwrap().to_str().unwrap();
        let (got, broken) = run(name, &fs::read_to_string(&case).unwrap());
        wrong.extend(broken.map(|broken| format!("--- {name} breaks the grammar: {broken}")));
        let path = case.with_extension("out");
        if update {
            fs::write(&path, &got).unwrap();
        } else if fs::read_to_string(&path).unwrap_or_default() != got {
            wrong.push(format!("--- {}\n{got}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "differ from their .out files:\n{}", wrong.join("\n"));
}

/// What becomes of a case, and which rule of the target's protocol that breaks.
fn run(name: &str, case: &str) -> (String, Option<String>) {
    let (head, body) = case.split_once('\n').unwrap();
    let settings = Settings::read(head);
    let (body, history) = match body.split_once("\n# history\n") {
        Some((body, history)) => (with_carriers(body), Some(with_carriers(history))),
        None => (with_carriers(body), None),
    };
    let (from, to) = direction(name);
    let key = key();
    let target = Target {
        protocol: to,
        model: settings.model,
        traits: &ModelTraits::of(settings.model),
        family: settings.family,
        account: settings.account,
        key: &key,
        remembered: &settings,
    };
    match translate_request(from, body.as_bytes(), history.as_deref().map(str::as_bytes), &target) {
        Ok(prepared) => {
            let written: Value = serde_json::from_slice(&prepared.body).unwrap();
            let mut out = serde_json::to_string_pretty(&written).unwrap();
            let _ = write!(out, "\n# dropped={:?}\n# back={}\n", prepared.dropped, back(&prepared.back));
            // Other families' Chat has members of its own.
            let is_judged = to != Protocol::Chat || settings.family == Family::Openai;
            let broken = check_request(to, &prepared.body).err().filter(|_| is_judged);
            (out, broken.map(|broken| broken.to_string()))
        }
        Err(error) => (format!("# error: {error}\n"), None),
    }
}

fn direction(name: &str) -> (Protocol, Protocol) {
    let protocol = |letter: u8| match letter {
        b'm' => Protocol::Messages,
        b'c' => Protocol::Chat,
        b'r' => Protocol::Responses,
        _ => panic!("no direction in {name}"),
    };
    (protocol(name.as_bytes()[0]), protocol(name.as_bytes()[2]))
}

fn key() -> CarrierKey {
    CarrierKey::new(&[7; 32])
}

/// The upstream of a case.
#[derive(Default)]
struct Settings<'a> {
    model: &'a str,
    family: Family,
    account: &'a str,
    remembered: BTreeMap<&'a str, String>,
}

impl<'a> Settings<'a> {
    fn read(head: &'a str) -> Self {
        let mut settings = Self { account: "acc_1", ..Self::default() };
        for word in head.trim_start_matches('#').split_whitespace() {
            match word.split_once('=').unwrap() {
                ("model", model) => settings.model = model,
                ("family", family) => settings.family = family.parse().unwrap(),
                ("account", account) => settings.account = account,
                ("remembered", remembered) => {
                    let (call, text) = remembered.split_once(':').unwrap();
                    settings
                        .remembered
                        .insert(call, text.replace("__", "\u{0}").replace('_', " ").replace('\u{0}', "_"));
                }
                (other, _) => panic!("unknown setting: {other}"),
            }
        }
        settings
    }
}

impl Remembered for Settings<'_> {
    fn reasoning_of(&self, call_id: &str) -> Option<Arc<str>> {
        self.remembered.get(call_id).map(|text| with_carriers(text).into())
    }
}

/// Puts sealed reasoning where a case speaks of it.
fn with_carriers(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{{carrier ") {
        let (words, after) = behind.split_once("}}").unwrap();
        let words: Vec<&str> = words.splitn(6, ' ').collect();
        let [vendor, account, model, kind, data, said] = words[..] else { panic!("six words: {words:?}") };
        let data = data.to_owned().into();
        let proof = match kind {
            "signature" => Some(Proof::Signature(data)),
            "redacted" => Some(Proof::Redacted(data)),
            "encrypted" => Some(Proof::Encrypted(data)),
            _ => None,
        };
        let made_by = MadeBy { vendor: vendor.into(), account: account.into(), model: model.into() };
        let text = if said.is_empty() { Vec::new() } else { vec![said.into()] };
        out.push_str(before);
        let item_id = (kind == "encrypted").then(|| "rs_own".into());
        out.push_str(&seal(&key(), &Cargo { made_by, proof, item_id, text }).unwrap());
        rest = after;
    }
    out + rest
}

/// What an answer has to undo, without what is as always.
fn back(back: &WayBack) -> String {
    let mut out = Vec::new();
    let tools: BTreeMap<_, _> = back.tools.iter().collect();
    for (name, tool) in tools {
        let namespace = tool.namespace.as_deref().map(|space| format!("{space}/")).unwrap_or_default();
        out.push(format!("{name} is {namespace}{} {:?}", tool.name, tool.kind));
    }
    if !back.stop.is_empty() {
        out.push(format!("stop {:?}", back.stop));
    }
    if back.unfence {
        out.push("unfence".to_owned());
    }
    if back.reasoning != ReasoningBack::default() {
        out.push(format!("reasoning {:?}", back.reasoning));
    }
    out.join("; ")
}
