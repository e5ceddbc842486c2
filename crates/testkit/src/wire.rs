//! Events as bytes, and the misbehaviours of a stream: a pure function from events to steps.

use std::time::Duration;

use bytes::Bytes;

use crate::ask::Api;
use crate::directive::{BreakOff, Chunks, Faults, LineEnd, Shape};

/// One event of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// Empty: no `event:` line.
    pub(crate) name: &'static str,
    /// One line of JSON, or `[DONE]`.
    pub(crate) data: Vec<u8>,
}

/// What a body does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Send(Bytes),
    /// Let what was sent leave before going on.
    Flush,
    /// What was sent leaves, then a pause.
    Wait(Duration),
    /// Silence until the client leaves.
    Hang,
    /// Reset the connection.
    Cut,
}

/// How long a cut waits, so that what was sent before it is on its way.
const BEFORE_CUT: Duration = Duration::from_millis(100);

/// A stream's steps.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StreamSteps {
    pub(crate) steps: Vec<Step>,
    /// It ends before its end.
    pub(crate) broken: bool,
}

/// The steps of a stream. `error` writes the error event that takes the place of the event with that number.
pub(crate) fn stream_steps(
    api: Api,
    mut events: Vec<Event>,
    faults: &Faults,
    error: impl FnOnce(usize) -> Vec<Event>,
) -> StreamSteps {
    let shape = &faults.shape;
    if shape.extra_event {
        add_extra(api, &mut events);
    }
    if let Some(every) = shape.ping {
        add_pings(api, &mut events, every);
    }
    let broken = faults.break_off.filter(|(after, _)| *after < events.len());
    if let Some((after, kind)) = broken {
        events.truncate(after);
        if kind == BreakOff::Error {
            events.extend(error(after));
        }
    }
    if api == Api::Responses {
        number(&mut events);
    }
    if faults.bad_json {
        let middle = events.len() / 2;
        if let Some(event) = events.get_mut(middle) {
            event.data.truncate(event.data.len() / 2);
        }
    }
    let mut steps = pace(frames(api, &events, shape), faults);
    end_badly(&mut steps, broken.map(|(_, kind)| kind));
    StreamSteps { steps, broken: broken.is_some() }
}

/// The steps of an answer that is no stream; it breaks off after so many bytes. With the length that is
/// announced: the full one, also when the body is cut before it.
pub(crate) fn body_steps(mut body: Vec<u8>, faults: &Faults) -> (Vec<Step>, Option<u64>) {
    if faults.bad_json {
        body.truncate(body.len() / 2);
    }
    let length = body.len() as u64;
    let broken = faults.break_off.filter(|(_, kind)| *kind != BreakOff::Error);
    if let Some((after, _)) = broken {
        body.truncate(after);
    }
    let mut steps = pace(vec![body.into()], faults);
    end_badly(&mut steps, broken.map(|(_, kind)| kind));
    (steps, broken.is_none_or(|(_, kind)| kind != BreakOff::Eof).then_some(length))
}

fn end_badly(steps: &mut Vec<Step>, how: Option<BreakOff>) {
    match how {
        Some(BreakOff::Cut) => steps.extend([Step::Wait(BEFORE_CUT), Step::Cut]),
        Some(BreakOff::Hang) => steps.push(Step::Hang),
        Some(BreakOff::Eof | BreakOff::Error) | None => {}
    }
}

/// Waits and splits.
fn pace(frames: Vec<Bytes>, faults: &Faults) -> Vec<Step> {
    let mut steps = Vec::with_capacity(frames.len());
    if !faults.slow_body.is_zero() {
        steps.push(Step::Wait(faults.slow_body));
    }
    for mut frame in frames {
        if !faults.slow_event.is_zero() {
            steps.push(Step::Wait(faults.slow_event));
        }
        let Some(size) = faults.shape.split else {
            steps.push(Step::Send(frame));
            continue;
        };
        while !frame.is_empty() {
            let piece = frame.split_to(size.min(frame.len()));
            steps.extend([Step::Send(piece), Step::Flush]);
        }
    }
    // The end of the body flushes by itself.
    if steps.last() == Some(&Step::Flush) {
        steps.pop();
    }
    steps
}

/// The events as bytes: one frame an event, or one or two for the whole stream.
fn frames(api: Api, events: &[Event], shape: &Shape) -> Vec<Bytes> {
    let frame = |(index, event): (usize, &Event)| {
        let mut out = Vec::with_capacity(event.data.len() + 64);
        if shape.comments {
            write_line(&mut out, &format!(": comment {index}"), b"", shape.line_end);
            end_line(&mut out, shape.line_end);
        }
        write_event(&mut out, event, shape);
        out
    };
    let frames = events.iter().enumerate().map(frame);
    match shape.chunks {
        // A Chat stream is already pressed into one or two chunks; each is an event of its own.
        Some(_) if api == Api::Chat => frames.map(Bytes::from).collect(),
        Some(Chunks::One) => vec![frames.flatten().collect()],
        Some(Chunks::Two) => {
            let frames: Vec<Vec<u8>> = frames.collect();
            let (first, second) = frames.split_at(frames.len() / 2);
            vec![first.concat().into(), second.concat().into()]
        }
        None => frames.map(Bytes::from).collect(),
    }
}

fn write_event(out: &mut Vec<u8>, event: &Event, shape: &Shape) {
    let colon = |name: &str| if shape.no_space { format!("{name}:") } else { format!("{name}: ") };
    if !event.name.is_empty() {
        write_line(out, &colon("event"), event.name.as_bytes(), shape.line_end);
    }
    write_line(out, &colon("data"), &event.data, shape.line_end);
    end_line(out, shape.line_end);
}

fn write_line(out: &mut Vec<u8>, field: &str, value: &[u8], end: LineEnd) {
    out.extend_from_slice(field.as_bytes());
    out.extend_from_slice(value);
    end_line(out, end);
}

fn end_line(out: &mut Vec<u8>, end: LineEnd) {
    out.extend_from_slice(match end {
        LineEnd::Lf => b"\n",
        LineEnd::CrLf => b"\r\n",
        LineEnd::Cr => b"\r",
    });
}

/// An event of a type nobody knows after the first event and before the last.
fn add_extra(api: Api, events: &mut Vec<Event>) {
    let extra = match api {
        Api::Messages => {
            Event { name: "sandbox_extra", data: br#"{"type":"sandbox_extra","note":"ignore me"}"#.to_vec() }
        }
        Api::Responses => Event {
            name: "response.sandbox_extra",
            data: br#"{"type":"response.sandbox_extra","note":"ignore me"}"#.to_vec(),
        },
        Api::Chat => {
            Event { name: "", data: br#"{"choices":[],"sandbox_extra":{"note":"ignore me"}}"#.to_vec() }
        }
    };
    let last = events.len().saturating_sub(1);
    events.insert(last, extra.clone());
    events.insert(1.min(last), extra);
}

/// The dialect's own keep-alive after every so many events, but not between the last ones: a Chat client takes the
/// last `usage` it sees, null or not.
fn add_pings(api: Api, events: &mut Vec<Event>, every: usize) {
    let ping = match api {
        Api::Messages => Event { name: "ping", data: br#"{"type":"ping"}"#.to_vec() },
        Api::Responses => match events.iter().find(|event| event.name == "response.in_progress") {
            Some(event) => event.clone(),
            None => return,
        },
        Api::Chat => match events.first() {
            Some(first) => Event { name: "", data: crate::chat::empty_delta(&first.data) },
            None => return,
        },
    };
    let mut spaced = Vec::with_capacity(events.len() + events.len() / every);
    let last = events.len().saturating_sub(3);
    for (index, event) in events.drain(..).enumerate() {
        spaced.push(event);
        if (index + 1) % every == 0 && index < last {
            spaced.push(ping.clone());
        }
    }
    *events = spaced;
}

/// Gives every event of a Responses stream its `sequence_number`, as its last member.
fn number(events: &mut [Event]) {
    for (number, event) in events.iter_mut().enumerate() {
        if event.data.last() == Some(&b'}') {
            event.data.pop();
            event.data.extend_from_slice(format!(",\"sequence_number\":{number}}}").as_bytes());
        }
    }
}

#[cfg(test)]
mod tests;
