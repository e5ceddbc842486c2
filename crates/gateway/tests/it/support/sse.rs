//! Reading event streams in tests: by a reader of our own, not the one under test.

use serde_json::Value;

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) data: String,
}

impl Event {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("{error}: {}", self.data))
    }
}

/// The events of a stream with any line ends; comments are left out. Fails if the last event is not ended.
#[track_caller]
pub(crate) fn events(body: &[u8]) -> Vec<Event> {
    let text = std::str::from_utf8(body).unwrap().replace("\r\n", "\n").replace('\r', "\n");
    assert!(text.is_empty() || text.ends_with("\n\n"), "the stream ends inside an event: {text:?}");
    text.split("\n\n").filter_map(event).collect()
}

fn event(block: &str) -> Option<Event> {
    let field = |name: &str| {
        let lines = block.lines().filter_map(move |line| line.strip_prefix(name)?.strip_prefix(':'));
        let values: Vec<&str> = lines.map(|value| value.strip_prefix(' ').unwrap_or(value)).collect();
        (!values.is_empty()).then(|| values.join("\n"))
    };
    let data = field("data")?;
    Some(Event { name: field("event").unwrap_or_default(), data })
}

/// The data of each event, as JSON where it is not `[DONE]`.
#[track_caller]
pub(crate) fn chunks(body: &[u8]) -> Vec<Value> {
    let events = events(body);
    events.iter().filter(|event| event.data != "[DONE]").map(Event::json).collect()
}
