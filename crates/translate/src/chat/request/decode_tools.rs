//! The tools of a Chat request, and the choice among them.

use super::decode::{missing, nested, required};
use super::decode_parts::{cache_control, object};
use super::decode_settings::{part_of, raw};
use super::read::{List, Str, wire};
use super::wire::{BodyIn, CustomIn, FunctionIn, ToolIn};
use crate::error::TranslateError;
use crate::ir::{Extra, Request, ServerTool, ToolChoice, ToolDefinition, ToolDefinitionKind};
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Reads tools, functions in the older form, and the choice.
pub(super) fn read<'a>(body: &mut BodyIn<'a>, request: &mut Request<'a>) -> Result<(), TranslateError> {
    for (at, read) in body.tools.take().map(|list| list.0).unwrap_or_default().into_iter().enumerate() {
        request.tools.push(tool(read, || format!("tools.{at}"))?);
    }
    for (at, read) in body.functions.take().map(|list| list.0).unwrap_or_default().into_iter().enumerate() {
        request.tools.push(function(read, Vec::new(), || format!("functions.{at}"))?);
    }
    request.parallel_tool_calls = body.parallel_tool_calls.take();
    request.tool_choice = match (body.tool_choice.take(), body.function_call.take()) {
        (Some(json), _) => Some(choice(json)?),
        (None, Some(json)) => Some(function_choice(json)?),
        (None, None) => None,
    };
    Ok(())
}

fn tool<'a>(mut read: ToolIn<'a>, place: impl Fn() -> String) -> Result<ToolDefinition<'a>, TranslateError> {
    let cache = read.cache_control.and_then(cache_control);
    let mut extras = std::mem::take(&mut read.extras);
    if let (Some(json), None) = (read.cache_control, cache) {
        extras.push(Extra { name: Cow::Borrowed("cache_control"), json: Cow::Borrowed(json) });
    }
    let kind = match read.kind {
        Some(Str(kind)) => kind,
        None if read.function.is_some() => Cow::Borrowed("function"),
        None => return Err(missing(format!("{}.type", place()))),
    };
    let mut made = match (&*kind, read.function, read.custom) {
        ("function", Some(read), _) => function(read, extras, || format!("{}.function", place()))?,
        ("custom", _, Some(read)) => custom(read, extras, || format!("{}.custom", place()))?,
        ("function" | "custom", _, _) => return Err(missing(format!("{}.{kind}", place()))),
        (_, read, _) => provided(kind, read, &extras)?,
    };
    made.cache = cache;
    Ok(made)
}

fn function<'a>(
    read: FunctionIn<'a>,
    mut extras: Vec<Extra<'a>>,
    place: impl Fn() -> String,
) -> Result<ToolDefinition<'a>, TranslateError> {
    nested("function", read.extras, &mut extras);
    let schema = read.parameters.filter(|json| json.get() != "null").map(Cow::Borrowed);
    if schema.as_ref().is_some_and(|schema| !schema.get().starts_with('{')) {
        return Err(TranslateError::bad_request(format!("{}.parameters", place()), "must be an object"));
    }
    Ok(ToolDefinition {
        name: required(read.name, || format!("{}.name", place()))?,
        namespace: None,
        description: read.description.map(|text| text.0),
        kind: ToolDefinitionKind::Function { schema, strict: read.strict },
        defer_loading: false,
        cache: None,
        extras,
    })
}

fn custom<'a>(
    read: CustomIn<'a>,
    mut extras: Vec<Extra<'a>>,
    place: impl Fn() -> String,
) -> Result<ToolDefinition<'a>, TranslateError> {
    nested("custom", read.extras, &mut extras);
    let format = read.format.map(|json| flat_format(json, || format!("{}.format", place()))).transpose()?;
    Ok(ToolDefinition {
        name: required(read.name, || format!("{}.name", place()))?,
        namespace: None,
        description: read.description.map(|text| text.0),
        kind: ToolDefinitionKind::Custom { format },
        defer_loading: false,
        cache: None,
        extras,
    })
}

wire! {
    /// A custom tool's format.
    CustomFormatIn, "an object" {
        "type" => kind: Str<'a>,
        "grammar" => grammar: GrammarIn<'a>,
    }
}

wire! {
    /// A grammar.
    GrammarIn, "an object" {
        "syntax" => syntax: Str<'a>,
        "definition" => definition: Str<'a>,
    }
}

/// A grammar as Responses writes it.
#[derive(Serialize)]
struct FlatGrammar<'a> {
    r#type: &'static str,
    syntax: &'a str,
    definition: &'a str,
}

fn flat_format<'a>(
    json: &'a RawValue,
    place: impl Fn() -> String,
) -> Result<Cow<'a, RawValue>, TranslateError> {
    let read: CustomFormatIn<'a> = part_of(&place(), json)?;
    if read.kind.is_none_or(|kind| kind.0 != "grammar") {
        return Ok(Cow::Borrowed(json));
    }
    let grammar = read.grammar.ok_or_else(|| missing(format!("{}.grammar", place())))?;
    let syntax = required(grammar.syntax, || format!("{}.grammar.syntax", place()))?;
    let definition = required(grammar.definition, || format!("{}.grammar.definition", place()))?;
    raw(&FlatGrammar { r#type: "grammar", syntax: &syntax, definition: &definition }).map(Cow::Owned)
}

/// A tool of the provider's own: put together again as it came.
fn provided<'a>(
    kind: Cow<'a, str>,
    function: Option<FunctionIn<'a>>,
    extras: &[Extra<'a>],
) -> Result<ToolDefinition<'a>, TranslateError> {
    let word = raw(&*kind)?;
    let function = function.map(|read| function_object(&read)).transpose()?;
    let members = std::iter::once(("type", &*word));
    let members = members.chain(function.as_deref().map(|json| ("function", json)));
    let members = members.chain(extras.iter().map(|extra| (&*extra.name, &*extra.json)));
    let json = Cow::Owned(object(members)?);
    let what = kind.starts_with("web_search").then_some(ServerTool::WebSearch);
    Ok(ToolDefinition {
        name: kind.clone(),
        namespace: None,
        description: None,
        kind: ToolDefinitionKind::Server { what, kind, json },
        defer_loading: false,
        cache: None,
        extras: Vec::new(),
    })
}

fn function_object(read: &FunctionIn<'_>) -> Result<Box<RawValue>, TranslateError> {
    let mut members = Vec::new();
    for (name, value) in [("name", &read.name), ("description", &read.description)] {
        if let Some(Str(value)) = value {
            members.push((name, raw(&**value)?));
        }
    }
    if let Some(strict) = read.strict {
        members.push(("strict", raw(&strict)?));
    }
    let members = members.iter().map(|(name, json)| (*name, &**json));
    let members = members.chain(read.parameters.map(|json| ("parameters", json)));
    object(members.chain(read.extras.iter().map(|extra| (&*extra.name, &*extra.json))))
}

wire! {
    /// `tool_choice` as an object, or one of the tools it allows.
    ChoiceIn, "a string or an object" {
        "type" => kind: Str<'a>,
        "function" => function: NamedIn<'a>,
        "custom" => custom: NamedIn<'a>,
        "allowed_tools" => allowed_tools: AllowedIn<'a>,
    }
}

wire! {
    /// What names a tool.
    NamedIn, "an object" {
        "name" => name: Str<'a>,
    }
}

wire! {
    /// `tool_choice.allowed_tools`.
    AllowedIn, "an object" {
        "mode" => mode: Str<'a>,
        "tools" => tools: List<ChoiceIn<'a>>,
    }
}

fn choice(json: &RawValue) -> Result<ToolChoice<'_>, TranslateError> {
    let place = "tool_choice";
    if json.get().starts_with('"') {
        let word: Str<'_> = part_of(place, json)?;
        return simple(&word.0)
            .ok_or_else(|| TranslateError::bad_request(place, "must be none, auto, required, or an object"));
    }
    let read: ChoiceIn<'_> = part_of(place, json)?;
    let kind = required(read.kind, || format!("{place}.type"))?;
    match &*kind {
        "function" => named(read.function, || format!("{place}.function")),
        "custom" => named(read.custom, || format!("{place}.custom")),
        "allowed_tools" => {
            let allowed = read.allowed_tools.ok_or_else(|| missing("tool_choice.allowed_tools"))?;
            allowed_tools(allowed, json)
        }
        word => match simple(word) {
            Some(choice) => Ok(choice),
            None => Ok(ToolChoice::Hosted { kind, json: Cow::Borrowed(json) }),
        },
    }
}

fn simple(word: &str) -> Option<ToolChoice<'static>> {
    match word {
        "auto" => Some(ToolChoice::Auto),
        "none" => Some(ToolChoice::None),
        "required" | "any" => Some(ToolChoice::Required),
        _ => None,
    }
}

fn named<'a>(
    read: Option<NamedIn<'a>>,
    place: impl Fn() -> String,
) -> Result<ToolChoice<'a>, TranslateError> {
    let read = read.ok_or_else(|| missing(place()))?;
    let name = required(read.name, || format!("{}.name", place()))?;
    Ok(ToolChoice::Named { name, namespace: None })
}

fn allowed_tools<'a>(read: AllowedIn<'a>, json: &'a RawValue) -> Result<ToolChoice<'a>, TranslateError> {
    let place = "tool_choice.allowed_tools";
    let required_mode = match read.mode.as_ref().map_or("auto", |mode| &*mode.0) {
        "auto" => false,
        "required" => true,
        _ => return Err(TranslateError::bad_request(format!("{place}.mode"), "must be auto or required")),
    };
    let tools = read.tools.ok_or_else(|| missing(format!("{place}.tools")))?;
    let mut names = Vec::with_capacity(tools.0.len());
    for (at, tool) in tools.0.into_iter().enumerate() {
        let named = tool.function.or(tool.custom).and_then(|named| named.name);
        names.push(required(named, || format!("{place}.tools.{at}.function.name"))?);
    }
    Ok(ToolChoice::Allowed { required: required_mode, names, json: Cow::Borrowed(json) })
}

/// The choice in the older form: a word, or a name.
fn function_choice(json: &RawValue) -> Result<ToolChoice<'_>, TranslateError> {
    let place = "function_call";
    if json.get().starts_with('"') {
        let word: Str<'_> = part_of(place, json)?;
        return simple(&word.0)
            .ok_or_else(|| TranslateError::bad_request(place, "must be none, auto, or an object"));
    }
    named(Some(part_of(place, json)?), || place.to_owned())
}
