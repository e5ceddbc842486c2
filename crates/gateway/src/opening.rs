//! The beginning of an answer: enough of it is read to be sure that it is one, before the caller sees a byte.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use tokio::time::{Instant, timeout_at};
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
    /// A stream of which something is there, or that has been announced for a while.
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

/// How long the beginning of a stream is held back that only announces an answer. Most that fail do so at once behind it;
/// a model that thinks in silence keeps its caller from seeing the announcement for so long and no longer.
const PREAMBLE_PATIENCE: Duration = Duration::from_secs(1);

/// Reads on until there is something of an answer: output of the model, or the end of one without any.
///
/// What stands before it (`response.created`, `message_start`, a chunk with a role alone) says nothing yet: an error may
/// follow, and then this is no answer. It is held back until it is known, within [`PREAMBLE_PATIENCE`]; who waits for the
/// first word waits no longer for that.
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
    let mut opening = Opening::new(protocol, shared.config.max_event_bytes);
    let mut patience = None;
    while !opening.is_answer {
        let next = match patience {
            None => body.chunk().await,
            Some(until) => match timeout_at(until, body.chunk()).await {
                Ok(next) => next,
                Err(_) => break,
            },
        };
        let Some(chunk) = next else {
            opening.end()?;
            break;
        };
        opening.read(chunk.map_err(|error| body_error(&error))?)?;
        if opening.is_announced && patience.is_none() {
            patience = Some(Instant::now() + PREAMBLE_PATIENCE);
        }
    }
    let Opening { boundary, first, .. } = opening;
    Ok(OpenedAnswer::Stream { first, boundary, rest: body, in_flight })
}

/// A stream of which nothing has been passed on.
struct Opening {
    boundary: Boundary,
    frames: Decoder,
    /// A second observer reads these frames again when they are relayed; this one only judges the first.
    judge: StreamObserver,
    first: Vec<Bytes>,
    /// An event has come that is more than a keep-alive.
    is_announced: bool,
    is_answer: bool,
}

impl Opening {
    fn new(protocol: Protocol, limit_bytes: usize) -> Self {
        Self {
            boundary: Boundary::new(limit_bytes),
            frames: Decoder::new(limit_bytes),
            judge: StreamObserver::new(protocol),
            first: Vec::new(),
            is_announced: false,
            is_answer: false,
        }
    }

    fn read(&mut self, chunk: Bytes) -> Result<(), Met> {
        let invalid = |_| ApiError::of(ErrorKind::UpstreamInvalid);
        let complete = self.boundary.push(chunk).map_err(invalid)?.joined();
        self.frames.push(complete.clone()).map_err(invalid)?;
        self.first.push(complete);
        while let Some(frame) = self.frames.next_frame() {
            match self.judge.frame(frame.event_str().as_bytes(), &frame.data) {
                FrameKind::Comment | FrameKind::Ping => continue,
                // A stream that begins with an error is an error answer that came under a 200.
                FrameKind::Error(failure) => return Err(failure.into()),
                FrameKind::Terminal => self.is_answer = true,
                FrameKind::Content | FrameKind::Usage | FrameKind::Other => {}
            }
            self.is_announced = true;
            self.is_answer |= self.judge.observed().output_started;
            if self.is_answer {
                // What else has come already is the relay's.
                break;
            }
        }
        Ok(())
    }

    /// The stream is over, and nothing of an answer has come: a good end without output is one all the same.
    fn end(&mut self) -> Result<(), Met> {
        // The last event may lack its blank line.
        let rest = self.boundary.take_rest();
        self.judge.complete_bytes(&rest);
        self.first.push(rest);
        if let Some(failure) = self.judge.failed() {
            return Err(failure.clone().into());
        }
        if self.judge.terminal() {
            return Ok(());
        }
        let kind = if self.is_announced { ErrorKind::StreamCut } else { ErrorKind::UpstreamInvalid };
        Err(ApiError::of(kind).into())
    }
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    media.trim_start().to_ascii_lowercase().starts_with("text/event-stream")
}
