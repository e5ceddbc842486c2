//! The answer in the shape the caller asked for: relayed, renamed, in the envelope, or in the other protocol.

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use tollgate_protocol::{
    ApiError, Dialect, Endpoint, ErrorKind, Protocol, Style, forward_response_headers,
    rename_model_in_answer, wrap,
};
use tollgate_sse::Boundary;
use tollgate_store::StreamEnd;
use tollgate_translate::{
    AnswerContext, StreamTranslator, TranslateError, Translated, envelope_data_noted, translate_answer_noted,
};
use tollgate_upstream::AnswerBody;

use crate::attempt::Opened;
use crate::background::{is_at_work, settle_later};
use crate::draft::{Draft, Ending, RequestTag};
use crate::exchange::{DrainLimits, STATUS_OK};
use crate::health::InFlight;
use crate::opening::OpenedAnswer;
use crate::relay::{StreamContext, StreamRelay};
use crate::respond::{self, AnswerStream};
use crate::state::Shared;
use crate::stream_edit::StreamEdit;

/// The shape in which a caller wants its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The upstream's own.
    Native,
    /// A Chat answer written as a Messages answer (`style: "claude"`).
    Claude,
    /// The envelope around a Messages answer that is written as a Chat answer.
    EnvelopeOfMessages,
    /// The envelope around a Chat answer.
    EnvelopeOfChat,
}

impl Shape {
    pub(crate) fn of(endpoint: Endpoint, style: Option<Style>) -> Self {
        match (endpoint, style) {
            (Endpoint::EnvelopeMessages, _) => Self::EnvelopeOfMessages,
            (Endpoint::EnvelopeChat, _) => Self::EnvelopeOfChat,
            (Endpoint::Chat, Some(Style::Claude)) => Self::Claude,
            _ => Self::Native,
        }
    }

    /// The dialect in which errors of such a request are written.
    pub(crate) fn dialect(self, endpoint: Endpoint) -> Dialect {
        if self == Self::Claude { Dialect::Messages } else { endpoint.dialect() }
    }
}

/// What the answer has to know of its request.
pub(crate) struct Asked<'a> {
    pub(crate) headers: &'a HeaderMap,
    pub(crate) shape: Shape,
    pub(crate) dialect: Dialect,
    /// The model as the caller wrote it.
    pub(crate) model: String,
    /// The gate asked the upstream for the usage chunk; the caller did not.
    pub(crate) hide_usage: bool,
}

/// Writes the answer of an account that was opened, and settles it or leaves that to the stream.
pub(crate) fn respond(
    shared: &Arc<Shared>,
    tag: &RequestTag,
    asked: Asked<'_>,
    opened: Opened,
    mut draft: Draft,
) -> Result<Response<AnswerStream>, ApiError> {
    let renamed = (opened.upstream_model != asked.model).then(|| asked.model.clone());
    let mut headers = answer_headers(&opened.headers);
    match opened.answer {
        OpenedAnswer::Whole { body, observed } => {
            let written = whole(tag, &asked, opened.protocol, &body, renamed.as_deref());
            if let Ok(written) = &written {
                note_dropped(&mut headers, &mut draft, &written.dropped);
            }
            if observed.usage.is_none() && is_at_work(opened.protocol, &body) {
                settle_later(Arc::clone(shared), opened.destination, asked.headers.clone(), observed, draft);
            } else {
                // The upstream has served it: whatever happened to the answer here, it is charged.
                draft.close(Ending::observed(STATUS_OK, StreamEnd::None, observed));
            }
            Ok(respond::full(tag, StatusCode::OK, headers, written?.slices))
        }
        OpenedAnswer::Stream { first, boundary, rest } => {
            let edit = edit(shared, tag, &asked, opened.protocol, renamed)?;
            let streamed = Streamed { first, boundary, rest, in_flight: opened.in_flight };
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
        limits: DrainLimits::of(shared),
    };
    let Streamed { first, boundary, rest, in_flight } = streamed;
    StreamRelay::new(rest, boundary, first, edit, context, draft, in_flight)
}

/// A whole answer as it goes out, and what of the upstream's it cannot carry.
#[derive(Default)]
struct Written {
    slices: Vec<Bytes>,
    dropped: Vec<String>,
}

fn whole(
    tag: &RequestTag,
    asked: &Asked<'_>,
    protocol: Protocol,
    body: &Bytes,
    renamed: Option<&str>,
) -> Result<Written, ApiError> {
    let own = || match renamed {
        Some(model) => rename_model_in_answer(body, protocol, model),
        None => vec![body.clone()],
    };
    let translated = match asked.shape {
        Shape::Native => return Ok(Written { slices: own(), ..Written::default() }),
        Shape::EnvelopeOfChat => {
            let wrapped = wrap(&own().concat());
            return Ok(Written { slices: vec![Bytes::from(wrapped)], ..Written::default() });
        }
        Shape::Claude => translate_answer_noted(protocol, Protocol::Messages, body, &context(tag, asked)),
        Shape::EnvelopeOfMessages => envelope_data_noted(protocol, body, &context(tag, asked))
            .map(|data| Translated { body: wrap(&data.body), dropped: data.dropped }),
    };
    let Translated { body, dropped } = translated.map_err(untranslatable)?;
    Ok(Written { slices: vec![Bytes::from(body)], dropped })
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
    draft.dropped(names);
}

fn edit(
    shared: &Shared,
    tag: &RequestTag,
    asked: &Asked<'_>,
    protocol: Protocol,
    renamed: Option<String>,
) -> Result<Option<StreamEdit>, ApiError> {
    let limit_bytes = shared.config.max_event_bytes;
    let target = match asked.shape {
        Shape::Native | Shape::EnvelopeOfChat => {
            return Ok(StreamEdit::touch(protocol, renamed, asked.hide_usage, limit_bytes));
        }
        Shape::Claude => Protocol::Messages,
        Shape::EnvelopeOfMessages => Protocol::Chat,
    };
    let translator = StreamTranslator::new(protocol, target, context(tag, asked));
    Ok(Some(StreamEdit::translate(translator, limit_bytes)))
}

fn context(tag: &RequestTag, asked: &Asked<'_>) -> AnswerContext {
    AnswerContext {
        model: asked.model.clone(),
        created_at_s: tag.at.seconds(),
        request_id: tag.text.to_string(),
        include_usage: !asked.hide_usage,
        ..AnswerContext::default()
    }
}

/// What a failed translation is called towards the caller.
#[allow(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
pub(crate) fn untranslatable(error: TranslateError) -> ApiError {
    tracing::warn!(%error, "an upstream answer could not be translated");
    match error {
        TranslateError::UpstreamFailed { failure } => failure.to_error(),
        _ => ApiError::of(ErrorKind::UpstreamInvalid),
    }
}

/// The upstream's headers, less its connection's and its account's own.
pub(crate) fn answer_headers(upstream: &HeaderMap) -> HeaderMap {
    let mut headers = forward_response_headers(upstream);
    headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    headers
}
