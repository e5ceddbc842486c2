//! What a strict provider takes, the gate takes, and both read the same: a body that keeps the rules of its protocol is
//! one that the probe reads.
//!
//! The first byte chooses the protocol.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tollgate_protocol::{Endpoint, ErrorKind, Protocol, probe};
use tollgate_translate::grammar::check_request;

fuzz_target!(|input: &[u8]| {
    let Some((&choice, body)) = input.split_first() else { return };
    let protocol = Protocol::ALL[usize::from(choice) % Protocol::ALL.len()];
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
});

/// The probe skips what it does not read: halves of surrogate pairs, numbers out of range, deep nesting.
fn is_odd(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_err()
}
