//! The probe takes for JSON exactly what `serde_json` does, reads the same model, and what is forwarded is still
//! JSON with the upstream's model in it.
//!
//! The first byte chooses the endpoint.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use tollgate_protocol::{Endpoint, ErrorKind, Probe, forward_edits, probe};

const UPSTREAM_MODEL: &str = "up\"stream\\\u{e9}";

fuzz_target!(|input: &[u8]| {
    let Some((&choice, body)) = input.split_first() else { return };
    let endpoint = Endpoint::ALL[usize::from(choice) % Endpoint::ALL.len()];
    match probe(body, endpoint) {
        Ok(read) => check_forwarded(body, endpoint, &read),
        Err(error) if error.kind == ErrorKind::InvalidField => assert!(is_json(body), "{error}"),
        Err(error) => {
            assert_eq!(error.kind, ErrorKind::InvalidJson);
            let is_object = body.trim_ascii_start().first() == Some(&b'{');
            let is_deep = error.message.contains("nested too deeply");
            assert!(!is_json(body) || !is_object || is_deep, "{error}");
        }
    }
});

fn is_json(body: &[u8]) -> bool {
    std::str::from_utf8(body).is_ok() && serde_json::from_slice::<IgnoredAny>(body).is_ok()
}

fn check_forwarded(body: &[u8], endpoint: Endpoint, read: &Probe<'_>) {
    assert!(is_json(body));
    let body = Bytes::copy_from_slice(body);
    let span = read.model_span;
    assert_eq!(
        serde_json::from_slice::<String>(&body[span.start..span.end]).ok().as_deref(),
        Some(&*read.model)
    );

    let edits = forward_edits(read, endpoint, UPSTREAM_MODEL);
    let forwarded = edits.apply(&body).concat();
    assert_eq!(forwarded.len(), edits.len_after(body.len()));
    assert!(is_json(&forwarded), "{}", String::from_utf8_lossy(&forwarded));

    let again = probe(&forwarded, endpoint).expect("what is forwarded is valid");
    assert_eq!(again.model, UPSTREAM_MODEL);
    assert_eq!((again.style, again.members.not_counted.len()), (None, 0));
    let streams_chat = matches!(endpoint, Endpoint::Chat | Endpoint::EnvelopeChat) && read.stream;
    assert!(!streams_chat || again.include_usage == Some(true));
    assert!(forward_edits(&again, endpoint, UPSTREAM_MODEL).is_empty());

    // A map cannot be read if a name holds half of a surrogate pair.
    if let Ok(members) = serde_json::from_slice::<BTreeMap<String, &RawValue>>(&body) {
        let model = members.get("model").and_then(|model| serde_json::from_str::<String>(model.get()).ok());
        assert_eq!(model.as_deref(), Some(&*read.model));
    }
}
