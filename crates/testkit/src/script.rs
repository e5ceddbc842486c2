//! From what is asked to what is answered: the plan of an answer, its stop reason and its usage.

use serde_json::{Value, json};
use tollgate_base::Usage;

use crate::answer::{Answer, Call, Part, Source, Stop, pieces};
use crate::ask::{Ask, Choice, Format, Tool, ToolKind};
use crate::directive::Content;
use crate::seal::Seal;
use crate::seed::{self, Rng};
use crate::steps::{self, Step, Thinking};
use crate::{keys, schema, tokens};

/// What an echoing answer may show of the request.
pub(crate) struct Received<'a> {
    pub(crate) headers: &'a http::HeaderMap,
    pub(crate) body: &'a [u8],
}

/// What a redacted thinking block counts as: its text is not there to be counted.
const REDACTED_TOKENS: u64 = 10;

/// The answer to a request. Ids depend on the whole body, words on the prompt alone: so plain and streamed answers
/// say the same.
pub(crate) fn answer(ask: &Ask, content: &Content, received: &Received<'_>, seal: &Seal) -> Answer {
    let mut rng = Rng::new(seed::hash(seal.seed, ask.prompt.as_bytes()));
    let step = content.steps.as_deref().and_then(|all| steps::at(all, ask.answered));
    let (parts, end) = match step {
        _ if ask.max_tokens == Some(0) => (Vec::new(), End::of(Stop::MaxTokens)),
        Some(step) => planned(ask, step, &mut rng),
        None => asked(ask, content, received, &mut rng),
    };
    Answer {
        id_state: seed::hash(seal.seed, received.body),
        seal: seal.clone(),
        stop: content.stop.unwrap_or(end.stop),
        stop_sequence: end.sequence,
        usage: usage(ask, content, &parts),
        parts,
    }
}

/// What the directives ask for.
fn asked(ask: &Ask, content: &Content, received: &Received<'_>, rng: &mut Rng) -> (Vec<Part>, End) {
    let mut parts = Vec::new();
    if let Some(count) = content.thinking {
        parts.push(thought(count, rng));
    }
    parts.extend(content.redacted.then_some(Part::Redacted));
    parts.extend(searches(content));
    let calls = calls(ask, content);
    let mut end = End::of(Stop::EndTurn);
    if content.refusal {
        let why = content.text.clone().unwrap_or_else(|| "The sandbox was asked to refuse this.".to_owned());
        parts.push(Part::Refusal(why));
        end.stop = Stop::Refusal;
    } else if calls.is_empty() || content.text.is_some() || content.words.is_some() {
        let mut words = text(ask, content, received, rng);
        end = shorten(&mut words, ask, spent(&parts));
        parts.push(Part::Text(text_pieces(&words, content)));
    }
    if !calls.is_empty() {
        parts.extend(calls.into_iter().map(Part::Call));
        end.stop = Stop::ToolUse;
    }
    match content.thinking {
        Some(count) if content.interleave => (interleaved(parts, count, rng), end),
        _ => (parts, end),
    }
}

/// One step of a tool loop.
fn planned(ask: &Ask, step: &Step, rng: &mut Rng) -> (Vec<Part>, End) {
    let mut parts: Vec<Part> = step.thinking.iter().map(|thinking| planned_thought(thinking, rng)).collect();
    parts.extend(step.redacted.then_some(Part::Redacted));
    let mut end = End::of(Stop::EndTurn);
    if step.calls.is_empty() || step.text.is_some() {
        let mut words = step.text.clone().unwrap_or_else(|| rng.words(5));
        end = shorten(&mut words, ask, spent(&parts));
        parts.push(Part::Text(pieces(&words)));
    }
    for planned in &step.calls {
        parts.extend(planned.thinking.iter().map(|thinking| planned_thought(thinking, rng)));
        let tool = ask.tool(&planned.tool);
        let args = planned.args.as_ref().map(|args| input_of(tool, args));
        parts.push(Part::Call(call(tool, &planned.tool, args)));
        end.stop = Stop::ToolUse;
    }
    (parts, end)
}

/// The input of a planned call. Free text for a tool that wants JSON, as a custom tool is where there are none, becomes
/// its only argument.
fn input_of(tool: Option<&Tool>, args: &Value) -> String {
    let Value::String(text) = args else {
        return args.to_string();
    };
    match tool.map(|tool| &tool.kind) {
        Some(ToolKind::Function(schema)) => {
            let required = schema.get("required").and_then(|names| names.get(0)).and_then(Value::as_str);
            json!({ required.unwrap_or("input"): text }).to_string()
        }
        _ => text.clone(),
    }
}

fn thought(count: usize, rng: &mut Rng) -> Part {
    Part::Thinking(pieces(&rng.words(count.max(1))))
}

fn planned_thought(thinking: &Thinking, rng: &mut Rng) -> Part {
    match thinking {
        Thinking::Words(count) => thought(*count, rng),
        Thinking::Text(text) => Part::Thinking(pieces(text)),
    }
}

/// Thinking before each part that is none itself.
fn interleaved(parts: Vec<Part>, count: usize, rng: &mut Rng) -> Vec<Part> {
    let mut spread = Vec::with_capacity(parts.len() * 2);
    for part in parts {
        let thinks = |part: &Part| matches!(part, Part::Thinking(_) | Part::Redacted);
        if !thinks(&part) && !spread.last().is_some_and(thinks) {
            spread.push(thought(count, rng));
        }
        spread.push(part);
    }
    spread
}

/// The searches; the first shows what it found when the text is to cite it.
fn searches(content: &Content) -> Vec<Part> {
    let mut parts = Vec::new();
    if content.citations > 0 {
        let source = |number| Source {
            url: format!("https://example.com/{number}"),
            title: format!("Example page {number}"),
        };
        parts.push(Part::Found((1..=content.citations).map(source).collect()));
    }
    while (parts.len() as u64) < content.searches {
        parts.push(Part::Search);
    }
    parts
}

struct End {
    stop: Stop,
    sequence: Option<String>,
}

impl End {
    const fn of(stop: Stop) -> Self {
        Self { stop, sequence: None }
    }
}

/// The calls a directive or the request's own tool choice asks for.
fn calls(ask: &Ask, content: &Content) -> Vec<Call> {
    let count = content.tools.unwrap_or(1);
    if let Some(name) = &content.tool {
        return (0..count).map(|_| call(ask.tool(name), name, content.args.clone())).collect();
    }
    let forced: Vec<&Tool> = match (&ask.choice, content.tools) {
        (Choice::None, _) => Vec::new(),
        (Choice::Named(name), _) => match ask.tool(name) {
            Some(tool) => vec![tool],
            None => return vec![call(None, name, content.args.clone())],
        },
        (Choice::Any, _) | (Choice::Auto, Some(_)) => ask.tools.iter().collect(),
        (Choice::Auto, None) => Vec::new(),
    };
    forced
        .iter()
        .cycle()
        .take(if forced.is_empty() { 0 } else { count })
        .map(|tool| call(Some(tool), &tool.name, content.args.clone()))
        .collect()
}

fn call(tool: Option<&Tool>, name: &str, args: Option<String>) -> Call {
    let custom = tool.is_some_and(|tool| tool.kind == ToolKind::Custom);
    let made = || match tool.map(|tool| &tool.kind) {
        Some(ToolKind::Function(schema)) => schema::sample(schema).to_string(),
        Some(ToolKind::Custom) => format!("sample input for {name}"),
        None => "{}".to_owned(),
    };
    Call {
        name: tool.map_or(name, |tool| &tool.name).to_owned(),
        namespace: tool.and_then(|tool| tool.namespace.clone()),
        custom,
        input: args.unwrap_or_else(made),
    }
}

/// The text of the answer, whole.
fn text(ask: &Ask, content: &Content, received: &Received<'_>, rng: &mut Rng) -> String {
    if let Some(text) = &content.text {
        return text.clone();
    }
    if content.echo_body {
        return String::from_utf8_lossy(received.body).into_owned();
    }
    if content.echo_headers {
        return headers_json(received.headers);
    }
    if content.image {
        return match ask.images {
            1 => "The sandbox saw 1 image.".to_owned(),
            count => format!("The sandbox saw {count} images."),
        };
    }
    if let Some(count) = content.words {
        return rng.words(count);
    }
    match &ask.format {
        Format::Text => {}
        Format::AnyJson => return r#"{"answer":"Hello from the sandbox."}"#.to_owned(),
        Format::Schema(schema) => return schema::sample(schema).to_string(),
    }
    friendly(ask, rng)
}

/// About twenty words that mention the tool result or the prompt.
fn friendly(ask: &Ask, rng: &mut Rng) -> String {
    if !ask.results.is_empty() {
        let result = excerpt(&ask.results.join(" "));
        return format!(
            "The tool answered: \"{result}\". That is all the sandbox needed to know, so it ends its turn here. {}",
            rng.words(4)
        );
    }
    let prompt = excerpt(&keys::strip(&ask.echo));
    if prompt.is_empty() {
        return format!(
            "Hello from the sandbox. There was nothing to repeat, so here are some words: {}",
            rng.words(6)
        );
    }
    format!(
        "Hello from the sandbox. You wrote: \"{prompt}\". Here are some words in return: {}",
        rng.words(6)
    )
}

/// The first words of a text, on one line.
fn excerpt(text: &str) -> String {
    let mut words = text.split_whitespace();
    let mut kept = words.by_ref().take(8).collect::<Vec<_>>().join(" ");
    let cut = kept.len() > 120;
    if cut {
        kept.truncate(kept.floor_char_boundary(120));
    }
    if cut || words.next().is_some() {
        kept.push('…');
    }
    kept
}

fn headers_json(headers: &http::HeaderMap) -> String {
    let list = headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        Value::Array(vec![Value::String(name.as_str().to_owned()), Value::String(value)])
    });
    Value::Array(list.collect()).to_string()
}

/// Obeys the caller's stop sequences and its token limit.
fn shorten(text: &mut String, ask: &Ask, spent: u64) -> End {
    let hits = ask.stops.iter().filter(|stop| !stop.is_empty());
    let first = hits.filter_map(|stop| text.find(stop.as_str()).map(|at| (at, stop))).min();
    let mut end = End::of(Stop::EndTurn);
    if let Some((at, stop)) = first {
        text.truncate(at);
        end = End { stop: Stop::Sequence, sequence: Some(stop.clone()) };
    }
    let room = ask.max_tokens.map(|limit| limit.saturating_sub(spent).max(1));
    if let Some(room) = room.filter(|room| tokens::of_text(text) > *room) {
        let bytes = usize::try_from(room.saturating_mul(4)).unwrap_or(usize::MAX);
        text.truncate(text.floor_char_boundary(bytes));
        end = End::of(Stop::MaxTokens);
    }
    end
}

fn text_pieces(text: &str, content: &Content) -> Vec<String> {
    let mut all = pieces(text);
    // One piece, so that it travels in one event.
    all.extend(content.huge.map(|bytes| "x".repeat(bytes)));
    all
}

/// Tokens of the parts made so far.
fn spent(parts: &[Part]) -> u64 {
    parts.iter().map(part_tokens).sum()
}

fn part_tokens(part: &Part) -> u64 {
    let bytes = match part {
        Part::Thinking(pieces) | Part::Text(pieces) => pieces.iter().map(String::len).sum(),
        Part::Refusal(text) => text.len(),
        Part::Call(call) => call.name.len() + call.input.len(),
        Part::Redacted => return REDACTED_TOKENS,
        Part::Search | Part::Found(_) => 0,
    };
    tokens::of_bytes(bytes as u64)
}

fn usage(ask: &Ask, content: &Content, parts: &[Part]) -> Usage {
    let thinking = parts.iter().filter(|part| matches!(part, Part::Thinking(_) | Part::Redacted));
    let searches = parts.iter().filter(|part| matches!(part, Part::Search | Part::Found(_)));
    let choices = ask.n.max(1) as u64;
    let output = content.output.unwrap_or_else(|| spent(parts) * choices);
    let reasoning: u64 = thinking.map(part_tokens).sum();
    Usage {
        input_tokens: content.input.unwrap_or(ask.prompt_tokens),
        output_tokens: output,
        cache_write_5m_tokens: content.cache_write,
        cache_write_1h_tokens: content.cache_write_1h,
        cache_read_tokens: content.cache_read,
        reasoning_tokens: (reasoning * choices).min(output),
        web_search_calls: searches.count() as u64,
        ..Usage::NONE
    }
}

#[cfg(test)]
mod tests;
