//! The sandbox's own endpoints, under `/sandbox/`.

use http::{Method, Response};
use serde_json::{Value, json};

use crate::body::SandboxBody;
use crate::error::to_json;
use crate::respond::{self, Kind};
use crate::serve::Call;

/// `GET /sandbox/counts`, `GET /sandbox/requests`, `POST /sandbox/record`, `POST /sandbox/reset`.
pub(crate) fn answer(call: &Call) -> Response<SandboxBody> {
    let state = &call.state;
    let (status, json) = match (&call.head.method, call.head.uri.path()) {
        (&Method::GET, "/sandbox/counts") => (200, to_json(&state.ledger.snapshot())),
        (&Method::GET, "/sandbox/requests") => {
            let requests: Vec<Value> = state.recorder.all().iter().map(crate::Recorded::to_json).collect();
            (200, to_json(&json!({"recording": state.recorder.is_on(), "requests": requests})))
        }
        (&Method::POST, "/sandbox/record") => {
            let on = call.head.uri.query() != Some("off");
            state.recorder.switch(on);
            (200, to_json(&json!({"recording": on})))
        }
        (&Method::POST, "/sandbox/reset") => {
            state.reset();
            (200, to_json(&json!({"reset": true})))
        }
        _ => (404, to_json(&json!({"error": "no such sandbox endpoint"}))),
    };
    let body = SandboxBody::whole(json, call.handle.clone(), None);
    respond::response(None, status, Kind::Json, &call.request_id, body)
}
