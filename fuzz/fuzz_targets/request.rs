//! What a strict provider takes, the gate takes, and both read the same: a body that keeps the rules of its protocol is
//! one that the probe reads. Whatever a caller asks for, its translation is refused or keeps the rules of the upstream's
//! protocol, and can be read again.
//!
//! The first byte chooses the protocol of the body, the second the upstream.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use std::sync::LazyLock;
use tollgate_protocol::{Endpoint, ErrorKind, Protocol, probe};
use tollgate_translate::carrier::CarrierKey;
use tollgate_translate::family::Family;
use tollgate_translate::grammar::check_request;
use tollgate_translate::traits::ModelTraits;
use tollgate_translate::{Forgetful, Target, translate_request};

/// Models and the families that serve them.
const UPSTREAMS: [(&str, Family); 6] = [
    ("gpt-5.5", Family::Openai),
    ("claude-opus-5-5", Family::Anthropic),
    ("claude-sonnet-4-5", Family::Anthropic),
    ("deepseek-chat", Family::Deepseek),
    ("deepseek-chat", Family::Generic),
    ("gpt-4o", Family::Openai),
];

static KEY: LazyLock<CarrierKey> = LazyLock::new(|| CarrierKey::new(&[7; 32]));

fuzz_target!(|input: &[u8]| {
    let [choice, upstream, body @ ..] = input else { return };
    let protocol = Protocol::ALL[usize::from(*choice) % Protocol::ALL.len()];
    probed(protocol, body);
    let (model, family) = UPSTREAMS[usize::from(*upstream) % UPSTREAMS.len()];
    for to in Protocol::ALL {
        translated(protocol, to, body, model, family);
    }
});

fn probed(protocol: Protocol, body: &[u8]) {
    let endpoint = match protocol {
        Protocol::Messages => Endpoint::Messages,
        Protocol::Chat => Endpoint::Chat,
        Protocol::Responses => Endpoint::Responses,
    };
    let read = probe(body, endpoint);
    match (check_request(protocol, body), &read) {
        (Err(broken), Err(error)) if broken.rule == "json" => {
            assert!(matches!(error.kind, ErrorKind::InvalidJson | ErrorKind::InvalidField), "{error}");
        }
        (Err(broken), Ok(_)) => assert!(broken.rule != "json" || is_odd(body), "{broken}"),
        (Ok(()), Ok(probe)) => {
            let value: Value = serde_json::from_slice(body).expect("the check has read it");
            assert_eq!(value["model"], *probe.model);
            assert_eq!(value["stream"] == true, probe.stream);
        }
        // The probe is stricter about what it bills by.
        (Ok(()), Err(error)) => assert_eq!(error.kind, ErrorKind::InvalidField, "{error}"),
        (Err(_), Err(_)) => {}
    }
}

fn translated(from: Protocol, to: Protocol, body: &[u8], model: &str, family: Family) {
    let traits = ModelTraits::of(model);
    let target =
        Target { protocol: to, model, traits: &traits, family, account: "a", key: &KEY, remembered: &Forgetful };
    let Ok(prepared) = translate_request(from, body, None, &target) else { return };
    let shown = || String::from_utf8_lossy(&prepared.body).into_owned();
    // Other families have members and ranges of their own.
    let strict = match to {
        Protocol::Messages => family == Family::Anthropic,
        Protocol::Chat | Protocol::Responses => family == Family::Openai,
    };
    if from != to && strict {
        let kept = check_request(to, &prepared.body);
        assert_eq!(kept, Ok(()), "{from} to {to} for {model}: {}", shown());
    }
    let again = translate_request(to, &prepared.body, None, &target).map(drop).map_err(|error| error.to_string());
    assert_eq!(again, Ok(()), "{from} to {to} for {model}, again: {}", shown());
}

/// The probe skips what it does not read: halves of surrogate pairs, numbers out of range, deep nesting.
fn is_odd(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_err()
}
