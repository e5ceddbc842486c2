//! The answer as it goes out: relayed, renamed, in the envelope, or in another protocol.

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use tollgate_protocol::{
    ApiError, Protocol, forward_response_headers, forward_translated_response_headers,
    rename_model_in_answer, wrap,
};
use tollgate_sse::Boundary;
use tollgate_store::StreamEnd;
use tollgate_upstream::AnswerBody;

use crate::ask::Opened;
use crate::background::{is_at_work, settle_later};
use crate::draft::{Draft, Ending, RequestTag};
use crate::exchange::{DrainLimits, STATUS_OK};
use crate::health::InFlight;
use crate::opening::OpenedAnswer;
use crate::relay::{StreamContext, StreamRelay};
use crate::respond::{self, AnswerStream};
use crate::rewrite::{Rewrite, Rewritten};
use crate::shape::{Asked, Shape};
use crate::state::Shared;
use crate::stream_edit::StreamEdit;

/// Writes the answer of an account that was opened, and settles it or leaves that to the stream.
pub(crate) fn respond(
    shared: &Arc<Shared>,
    tag: &RequestTag,
    asked: Asked<'_>,
    opened: Opened,
    mut draft: Draft,
) -> Result<Response<AnswerStream>, ApiError> {
    let renamed = (opened.upstream_model != asked.model).then(|| asked.model.clone());
    let mut headers = if opened.protocol == asked.endpoint.protocol() {
        answer_headers(&opened.headers)
    } else {
        translated_answer_headers(&opened.headers)
    };
    let mut dropped: Vec<String> = opened.left_out.iter().map(|name| (*name).to_owned()).collect();
    dropped.extend(opened.replaced);
    if let Some(made) = &opened.translation {
        let others: Vec<String> =
            made.dropped.iter().filter(|name| !dropped.contains(name)).cloned().collect();
        dropped.extend(others);
    }
    let rewrite = Rewrite::wanted(shared, tag, &asked, opened.protocol, opened.translation);
    match opened.answer {
        OpenedAnswer::Whole { body, observed } => {
            let written = match rewrite {
                Some(rewrite) => rewrite.whole(asked.shape, &body),
                None => Ok(relayed(asked.shape, opened.protocol, &body, renamed.as_deref())),
            };
            if let Ok(written) = &written {
                dropped.extend(written.dropped.iter().cloned());
            }
            note_dropped(&mut headers, &mut draft, &dropped);
            if observed.usage.is_none() && is_at_work(opened.protocol, &body) {
                settle_later(Arc::clone(shared), opened.destination, asked.headers.clone(), observed, draft);
            } else {
                // The upstream has served it: whatever happened to the answer here, it is charged.
                let estimate = written.as_ref().ok().and_then(|written| written.estimate);
                draft.close(Ending::observed(STATUS_OK, StreamEnd::None, observed).or_estimated(estimate));
            }
            Ok(respond::full(tag, StatusCode::OK, headers, vec![written?.body]))
        }
        OpenedAnswer::Stream { first, boundary, rest, in_flight } => {
            note_dropped(&mut headers, &mut draft, &dropped);
            let limit_bytes = shared.config.max_event_bytes;
            let edit = match rewrite {
                Some(rewrite) => Some(StreamEdit::rewrite(rewrite, limit_bytes)),
                None => StreamEdit::touch(opened.protocol, renamed, asked.hide_usage, limit_bytes),
            };
            let streamed = Streamed { first, boundary, rest, in_flight };
            let relay = relay(shared, tag, asked, opened.protocol, edit, streamed, draft);
            Ok(respond::events(tag, headers, relay))
        }
    }
}

struct Streamed {
    first: Vec<Bytes>,
    boundary: Boundary,
    rest: AnswerBody,
    in_flight: InFlight,
}

fn relay(
    shared: &Shared,
    tag: &RequestTag,
    asked: Asked<'_>,
    protocol: Protocol,
    edit: Option<StreamEdit>,
    streamed: Streamed,
    draft: Draft,
) -> StreamRelay {
    let context = StreamContext {
        dialect: asked.dialect,
        protocol,
        request_id: tag.text.clone(),
        model: asked.model,
        created_at_s: tag.at.seconds(),
        keepalive_after: shared.config.keepalive_after,
        limits: DrainLimits::of(shared, draft.on_disconnect()),
    };
    let Streamed { first, boundary, rest, in_flight } = streamed;
    StreamRelay::new(rest, boundary, first, edit, context, draft, in_flight)
}

/// A whole answer in the upstream's own words, but for the model's name.
fn relayed(shape: Shape, protocol: Protocol, body: &Bytes, renamed: Option<&str>) -> Rewritten {
    let own = match renamed {
        Some(model) => rename_model_in_answer(body, protocol, model),
        None => vec![body.clone()],
    };
    let body = match (shape, own.as_slice()) {
        (Shape::Envelope, _) => Bytes::from(wrap(&own.concat())),
        (_, [whole]) => whole.clone(),
        _ => Bytes::from(own.concat()),
    };
    Rewritten { body, dropped: Vec::new(), estimate: None }
}

/// Says what was dropped, to the caller and in the record.
fn note_dropped(headers: &mut HeaderMap, draft: &mut Draft, dropped: &[String]) {
    if dropped.is_empty() {
        return;
    }
    let names = dropped.join(",");
    if let Ok(value) = HeaderValue::from_str(&names) {
        headers.insert("tollgate-dropped", value);
    }
    draft.dropped(dropped);
}

/// The upstream's headers, less its connection's and its account's own.
pub(crate) fn answer_headers(upstream: &HeaderMap) -> HeaderMap {
    with_content_type(forward_response_headers(upstream))
}

/// The same towards a caller of another protocol.
fn translated_answer_headers(upstream: &HeaderMap) -> HeaderMap {
    with_content_type(forward_translated_response_headers(upstream))
}

fn with_content_type(mut headers: HeaderMap) -> HeaderMap {
    headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    headers
}
