//! What a request asks of the sandbox: content of the answer, faults, and to whom the faults apply.

use std::time::Duration;

use http::{HeaderName, HeaderValue};

mod vendor;

pub(crate) use vendor::{Reasoning, Vendor};

use crate::answer::Stop;
use crate::keys::Pair;
use crate::steps::{self, Step};

/// Everything one request asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Directives {
    pub(crate) content: Content,
    pub(crate) faults: Faults,
    pub(crate) scope: Scope,
    /// Answer from a prepared body, as in fast mode.
    pub(crate) bench: Option<Bench>,
}

/// What the answer holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Content {
    pub(crate) text: Option<String>,
    pub(crate) words: Option<usize>,
    pub(crate) thinking: Option<usize>,
    /// Thinking before each part, not only before the first.
    pub(crate) interleave: bool,
    /// Thinking that is not shown.
    pub(crate) redacted: bool,
    /// A web search with so many results that the text cites.
    pub(crate) citations: usize,
    /// What to answer at each round of a tool loop.
    pub(crate) steps: Option<Vec<Step>>,
    pub(crate) refusal: bool,
    pub(crate) image: bool,
    pub(crate) tool: Option<String>,
    pub(crate) tools: Option<usize>,
    pub(crate) args: Option<String>,
    pub(crate) searches: u64,
    pub(crate) stop: Option<Stop>,
    pub(crate) huge: Option<usize>,
    pub(crate) echo_headers: bool,
    pub(crate) echo_body: bool,
    pub(crate) cache_read: u64,
    pub(crate) cache_write: u64,
    pub(crate) cache_write_1h: u64,
    /// Instead of the counted tokens.
    pub(crate) input: Option<u64>,
    pub(crate) output: Option<u64>,
}

/// How the answer misbehaves.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Faults {
    pub(crate) status: Option<u16>,
    pub(crate) retry_after: Option<String>,
    pub(crate) error_type: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) slow_first: Duration,
    pub(crate) slow_body: Duration,
    pub(crate) slow_event: Duration,
    pub(crate) html: bool,
    pub(crate) bad_json: bool,
    pub(crate) hang: bool,
    pub(crate) reset: bool,
    /// Where a stream stops being well: after so many events (bytes in an answer that is no stream).
    pub(crate) break_off: Option<(usize, BreakOff)>,
    pub(crate) error_form: Option<ErrorForm>,
    pub(crate) shape: Shape,
}

/// How a stream ends early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BreakOff {
    /// The connection is reset.
    Cut,
    /// The body ends as if it were whole, without its terminal event.
    Eof,
    /// An error event, then the end.
    Error,
    /// Silence for ever.
    Hang,
}

/// Which event tells of an error in a Responses stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorForm {
    Error,
    Failed,
}

/// Odd but legal, or at least seen, ways to write an answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Shape {
    pub(crate) no_usage: bool,
    pub(crate) duplicate_usage: bool,
    pub(crate) usage_in_finish: bool,
    pub(crate) chunks: Option<Chunks>,
    pub(crate) line_end: LineEnd,
    pub(crate) no_space: bool,
    /// Bytes a write.
    pub(crate) split: Option<usize>,
    pub(crate) comments: bool,
    /// Events between two keep-alives.
    pub(crate) ping: Option<usize>,
    pub(crate) extra_event: bool,
    /// How vendors of Chat deviate.
    pub(crate) vendor: Vendor,
}

/// A stream pressed into one or two pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chunks {
    One,
    Two,
}

/// What ends a line of the event stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum LineEnd {
    #[default]
    Lf,
    CrLf,
    Cr,
}

/// Which requests the faults apply to.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Scope {
    pub(crate) times: Option<u64>,
    pub(crate) id: String,
    pub(crate) account: Option<String>,
}

/// A prepared stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Bench {
    pub(crate) events: Option<usize>,
    pub(crate) interval: Option<Duration>,
}

impl Directives {
    /// Reads pairs in order; a later one wins. An unknown key or a wrong value is an error that names it.
    pub(crate) fn read(pairs: &[Pair]) -> Result<Self, String> {
        let mut directives = Self::default();
        for pair in pairs {
            directives.apply(pair)?;
        }
        if directives.scope.times.is_some() && directives.scope.id.is_empty() {
            return Err("`times` needs an `id` to count by".to_owned());
        }
        Ok(directives)
    }

    fn apply(&mut self, pair: &Pair) -> Result<(), String> {
        if self.content.apply(pair)? || self.faults.apply(pair)? || self.faults.shape.apply(pair)? {
            return Ok(());
        }
        match pair.key.as_str() {
            "times" => self.scope.times = Some(number(pair)?),
            "id" => self.scope.id = text(pair)?,
            "account" => self.scope.account = Some(text(pair)?),
            "bench" => self.bench = Some(self.bench.unwrap_or_default()),
            "events" => self.bench.get_or_insert_default().events = Some(size(pair)?),
            "interval_us" => {
                self.bench.get_or_insert_default().interval = Some(Duration::from_micros(number(pair)?));
            }
            other => return Err(format!("unknown sandbox directive `{other}`")),
        }
        Ok(())
    }
}

impl Content {
    fn apply(&mut self, pair: &Pair) -> Result<bool, String> {
        match pair.key.as_str() {
            "text" => self.text = Some(text(pair)?),
            "words" => self.words = Some(size(pair)?),
            "thinking" => self.thinking = Some(size(pair)?),
            "interleave" => self.interleave = flag(pair)?,
            "redacted" => self.redacted = flag(pair)?,
            "citations" => self.citations = size(pair)?,
            "steps" => self.steps = Some(steps::read(&text(pair)?)?),
            "refusal" => self.refusal = flag(pair)?,
            "image" => self.image = flag(pair)?,
            "tool" => self.tool = Some(text(pair)?),
            "tools" => self.tools = Some(size(pair)?),
            "args" => self.args = Some(text(pair)?),
            "searches" => self.searches = number(pair)?,
            "stop" => self.stop = Some(Stop::read(&text(pair)?)?),
            "huge" => self.huge = Some(size(pair)?),
            "echo_headers" => self.echo_headers = flag(pair)?,
            "echo_body" => self.echo_body = flag(pair)?,
            "cache_read" => self.cache_read = number(pair)?,
            "cache_write" => self.cache_write = number(pair)?,
            "cache_write_1h" => self.cache_write_1h = number(pair)?,
            "input" => self.input = Some(number(pair)?),
            "output" => self.output = Some(number(pair)?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl Faults {
    fn apply(&mut self, pair: &Pair) -> Result<bool, String> {
        match pair.key.as_str() {
            "status" => self.status = Some(status(pair)?),
            "retry_after" => self.retry_after = Some(text(pair)?),
            "error_type" => self.error_type = Some(text(pair)?),
            "code" => self.code = Some(text(pair)?),
            "message" => self.message = Some(text(pair)?),
            "header" => self.headers.push(header(pair)?),
            "slow_first_ms" => self.slow_first = millis(pair)?,
            "slow_body_ms" => self.slow_body = millis(pair)?,
            "slow_event_ms" => self.slow_event = millis(pair)?,
            "html" => self.html = flag(pair)?,
            "bad_json" => self.bad_json = flag(pair)?,
            "hang" => self.hang = flag(pair)?,
            "reset" => self.reset = flag(pair)?,
            "cut_after" => self.break_off = Some((size(pair)?, BreakOff::Cut)),
            "eof_after" => self.break_off = Some((size(pair)?, BreakOff::Eof)),
            "hang_after" => self.break_off = Some((size(pair)?, BreakOff::Hang)),
            "error_after" => self.break_off = Some((size(pair)?, BreakOff::Error)),
            "error_first" => self.break_off = flag(pair)?.then_some((0, BreakOff::Error)),
            "error_event" => {
                self.error_form = Some(match text(pair)?.as_str() {
                    "error" => ErrorForm::Error,
                    "failed" => ErrorForm::Failed,
                    _ => return Err("`error_event` is `error` or `failed`".to_owned()),
                });
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl Shape {
    fn apply(&mut self, pair: &Pair) -> Result<bool, String> {
        match pair.key.as_str() {
            "no_usage" => self.no_usage = flag(pair)?,
            "duplicate_usage" => self.duplicate_usage = flag(pair)?,
            "usage_in_finish" => self.usage_in_finish = flag(pair)?,
            "chunks" => {
                self.chunks = Some(match size(pair)? {
                    1 => Chunks::One,
                    2 => Chunks::Two,
                    _ => return Err("`chunks` is 1 or 2".to_owned()),
                });
            }
            "crlf" => self.line_end = if flag(pair)? { LineEnd::CrLf } else { LineEnd::Lf },
            "cr" => self.line_end = if flag(pair)? { LineEnd::Cr } else { LineEnd::Lf },
            "no_space" => self.no_space = flag(pair)?,
            "split" => self.split = Some(size(pair)?.max(1)),
            "comments" => self.comments = flag(pair)?,
            "ping" => self.ping = Some(size(pair)?.max(1)),
            "extra_event" => self.extra_event = flag(pair)?,
            "family" => self.family(&text(pair)?)?,
            _ => return self.vendor.apply(pair),
        }
        Ok(true)
    }
}

fn text(pair: &Pair) -> Result<String, String> {
    pair.value.clone().ok_or_else(|| format!("`{}` needs a value", pair.key))
}

fn number(pair: &Pair) -> Result<u64, String> {
    text(pair)?.parse().map_err(|_| format!("`{}` needs a whole number", pair.key))
}

fn size(pair: &Pair) -> Result<usize, String> {
    text(pair)?.parse().map_err(|_| format!("`{}` needs a whole number", pair.key))
}

fn millis(pair: &Pair) -> Result<Duration, String> {
    number(pair).map(Duration::from_millis)
}

fn status(pair: &Pair) -> Result<u16, String> {
    let code = text(pair)?.parse().ok().filter(|code| (200..=599).contains(code));
    code.ok_or_else(|| format!("`{}` needs an HTTP status from 200 to 599", pair.key))
}

/// `refusal`, `refusal=true` and `refusal=1` ask for it; `=false` and `=0` do not.
fn flag(pair: &Pair) -> Result<bool, String> {
    match pair.value.as_deref() {
        None | Some("true" | "1") => Ok(true),
        Some("false" | "0") => Ok(false),
        Some(_) => Err(format!("`{}` is a flag", pair.key)),
    }
}

fn header(pair: &Pair) -> Result<(HeaderName, HeaderValue), String> {
    let line = text(pair)?;
    let wrong = || format!("`header` needs \"name: value\", not `{line}`");
    let (name, value) = line.split_once(':').ok_or_else(wrong)?;
    let name = HeaderName::try_from(name.trim()).map_err(|_| wrong())?;
    let value = HeaderValue::try_from(value.trim()).map_err(|_| wrong())?;
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys;

    fn read(text: &str) -> Result<Directives, String> {
        Directives::read(&keys::in_header(text)?)
    }

    #[test]
    fn keys_land_where_they_belong() {
        let got = read("words=7 thinking=3 cache_read=10 status=529 retry_after=2 cut_after=4 crlf split=1 times=2 id=a account=k").unwrap();
        assert_eq!(got.content.words, Some(7));
        assert_eq!(got.content.thinking, Some(3));
        assert_eq!(got.content.cache_read, 10);
        assert_eq!(got.faults.status, Some(529));
        assert_eq!(got.faults.retry_after.as_deref(), Some("2"));
        assert_eq!(got.faults.break_off, Some((4, BreakOff::Cut)));
        assert_eq!(got.faults.shape.line_end, LineEnd::CrLf);
        assert_eq!(got.faults.shape.split, Some(1));
        assert_eq!(got.scope, Scope { times: Some(2), id: "a".to_owned(), account: Some("k".to_owned()) });
    }

    #[test]
    fn wrong_values_are_named() {
        for (text, part) in [
            ("wrods=5", "`wrods`"),
            ("words", "`words`"),
            ("words=x", "`words`"),
            ("status=99", "`status`"),
            ("chunks=3", "`chunks`"),
            ("refusal=maybe", "`refusal`"),
            ("stop=never", "never"),
            ("header=x", "`header`"),
            ("family=x", "`family`"),
            ("reasoning_field=x", "`reasoning_field`"),
            ("steps=x", "`steps`"),
            ("times=2", "`times`"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn headers_add_up_and_events_imply_bench() {
        let got = read(r#"header="x-a: 1"; header="x-b: 2"; events=5; interval_us=100"#).unwrap();
        assert_eq!(got.faults.headers.len(), 2);
        assert_eq!(got.bench, Some(Bench { events: Some(5), interval: Some(Duration::from_micros(100)) }));
    }
}
