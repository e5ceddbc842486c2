//! The beginning of an answer: enough of it is read to be sure that it is one, before the caller sees a byte.

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use tollgate_protocol::{
    ApiError, ErrorKind, FrameKind, Observed, Protocol, StreamObserver, answer_failure, observe_answer,
};
use tollgate_sse::{Boundary, Decoder};
use tollgate_upstream::AnswerBody;

use crate::draft::Draft;
use crate::exchange::{Collecting, DrainLimits, body_error};
use crate::health::InFlight;
use crate::state::Shared;
use crate::verdict::Met;

/// What the account answered.
pub(crate) enum OpenedAnswer {
    /// The whole answer.
    Whole { body: Bytes, observed: Observed },
    /// A stream whose first real event is there.
    Stream { first: Vec<Bytes>, boundary: Boundary, rest: AnswerBody, in_flight: InFlight },
}

/// Reads a whole answer and checks that it is one.
pub(crate) async fn read_whole(
    shared: &Shared,
    protocol: Protocol,
    body: AnswerBody,
    draft: &mut Draft,
    in_flight: InFlight,
) -> Result<OpenedAnswer, Met> {
    let limits = DrainLimits::of(shared, draft.on_disconnect());
    let body = Collecting::new(body, protocol, draft, limits, in_flight).finish().await?;
    let observed = observe_answer(protocol, &body).map_err(|_| ApiError::of(ErrorKind::UpstreamInvalid))?;
    // Some vendors send an error under a 200; what was used and will be charged is never taken for one.
    if observed.usage.is_none()
        && let Some(failure) = answer_failure(protocol, &body)
    {
        return Err(failure.into());
    }
    Ok(OpenedAnswer::Whole { body, observed })
}

/// Reads on until the first event that is more than a keep-alive.
pub(crate) async fn open_stream(
    shared: &Shared,
    protocol: Protocol,
    headers: &HeaderMap,
    mut body: AnswerBody,
    in_flight: InFlight,
) -> Result<OpenedAnswer, Met> {
    if !is_event_stream(headers) {
        return Err(ApiError::of(ErrorKind::UpstreamInvalid).into());
    }
    let limit_bytes = shared.config.max_event_bytes;
    let mut boundary = Boundary::new(limit_bytes);
    let mut frames = Decoder::new(limit_bytes);
    // A second observer reads these frames again when they are relayed; this one only judges the first.
    let mut judge = StreamObserver::new(protocol);
    let mut first = Vec::new();
    while let Some(chunk) = body.chunk().await {
        let chunk = chunk.map_err(|error| body_error(&error))?;
        let invalid = |_| ApiError::of(ErrorKind::UpstreamInvalid);
        let complete = boundary.push(chunk).map_err(invalid)?.joined();
        frames.push(complete.clone()).map_err(invalid)?;
        first.push(complete);
        while let Some(frame) = frames.next_frame() {
            match judge.frame(frame.event_str().as_bytes(), &frame.data) {
                FrameKind::Comment | FrameKind::Ping => {}
                // A stream that begins with an error is an error answer that came under a 200.
                FrameKind::Error(failure) => return Err(failure.into()),
                _ => {
                    return Ok(OpenedAnswer::Stream { first, boundary, rest: body, in_flight });
                }
            }
        }
    }
    Err(ApiError::of(ErrorKind::UpstreamInvalid).into())
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    media.trim_start().to_ascii_lowercase().starts_with("text/event-stream")
}
