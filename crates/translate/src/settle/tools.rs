//! Tools and their calls as the target takes them: its kinds, its names.

use super::name::fitting;
use super::native::{self, Native};
use super::schema::is_strict;
use crate::back::{CallerTool, CallerToolKind, WayBack};
use crate::error::TranslateError;
use crate::ir::{
    CallKind, PartOfTurn, PastCall, Request, ServerTool, ToolChoice, ToolDefinition, ToolDefinitionKind,
};
use crate::json::member::undated;
use crate::json::{is_object, to_object};
use crate::notes::Notes;
use crate::policy;
use crate::target::Target;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_protocol::Protocol;

/// The arguments of a custom tool that is written as a function.
const CUSTOM_SCHEMA: &str =
    r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}"#;

/// Writes tools, earlier calls and the choice anew where the target has no such kind or name.
pub(super) fn settle(
    request: &mut Request<'_>,
    target: &Target<'_>,
    notes: &mut Notes,
    back: &mut WayBack,
) -> Result<(), TranslateError> {
    let custom_stays = takes_custom_tools(target);
    let mut kept = Vec::with_capacity(request.tools.len());
    let only_one = request.tools.len() == 1;
    let mut described = Described::default();
    for mut tool in std::mem::take(&mut request.tools) {
        if !settle_kind(&mut tool, request.protocol, target, custom_stays, only_one, notes, back)? {
            continue;
        }
        describe_namespace(&mut tool, target, &mut described);
        settle_strict(&mut tool, request.protocol, notes);
        rename(&mut tool, target, back);
        tool.defer_loading &= target.protocol == Protocol::Responses && target.traits.tool_search;
        kept.push(tool);
    }
    request.tools = kept;
    for turn in &mut request.turns {
        for part in &mut turn.parts {
            match &mut part.body {
                PartOfTurn::ToolCall(call) => settle_call(call, target, custom_stays)?,
                PartOfTurn::ToolResult(result) => settle_result(&mut result.kind, target, custom_stays),
                _ => {}
            }
        }
    }
    if let Some(ToolChoice::Named { name, namespace }) = &mut request.tool_choice {
        refit(name, namespace.take().as_deref(), target.protocol);
    }
    Ok(())
}

/// The namespace whose tools are being read, and what is said of it.
#[derive(Default)]
struct Described<'a> {
    namespace: Option<Cow<'a, str>>,
    description: Option<String>,
}

/// Puts what is said of a namespace in front of what is said of each of its tools: the target has no namespaces.
fn describe_namespace<'a>(tool: &mut ToolDefinition<'a>, target: &Target<'_>, described: &mut Described<'a>) {
    if target.protocol == Protocol::Responses {
        return;
    }
    if tool.namespace != described.namespace {
        *described = Described { namespace: tool.namespace.clone(), description: None };
    }
    // It stands at the first tool.
    if let Some(at) = tool.extras.iter().position(|extra| extra.name == "namespace.description") {
        let extra = tool.extras.remove(at);
        described.description = serde_json::from_str(extra.json.get()).ok();
    }
    if let Some(said) = described.description.as_deref().filter(|said| !said.trim().is_empty()) {
        tool.description = Some(Cow::Owned(match &tool.description {
            Some(own) => format!("{said}\n\n{own}"),
            None => said.to_owned(),
        }));
    }
}

/// Anthropic's strict tools may have properties that need not be there, OpenAI's may not.
fn settle_strict(tool: &mut ToolDefinition<'_>, from: Protocol, notes: &mut Notes) {
    if let ToolDefinitionKind::Function { schema, strict } = &mut tool.kind
        && from == Protocol::Messages
        && *strict == Some(true)
        && !schema.as_deref().is_some_and(is_strict)
    {
        *strict = None;
        notes.add("tools.strict");
    }
}

/// Gives a name that is spoken of the form it has at the target.
fn refit(name: &mut Cow<'_, str>, namespace: Option<&str>, target: Protocol) {
    let changed = match fitting(namespace, name, target) {
        Cow::Owned(changed) => changed,
        Cow::Borrowed(_) => return,
    };
    *name = Cow::Owned(changed);
}

fn takes_custom_tools(target: &Target<'_>) -> bool {
    match target.protocol {
        Protocol::Messages => false,
        Protocol::Chat => target.quirks().custom_tools && target.traits.custom_tools,
        Protocol::Responses => target.traits.custom_tools,
    }
}

/// Whether the tool can be told to the target at all, after it was given a kind that the target has.
fn settle_kind(
    tool: &mut ToolDefinition<'_>,
    from: Protocol,
    target: &Target<'_>,
    custom_stays: bool,
    only_one: bool,
    notes: &mut Notes,
    back: &mut WayBack,
) -> Result<bool, TranslateError> {
    match &tool.kind {
        ToolDefinitionKind::Function { .. } => {}
        ToolDefinitionKind::Custom { .. } if custom_stays => {}
        ToolDefinitionKind::Custom { format } => {
            let description = with_grammar(tool.description.take(), format.as_deref())?;
            tool.description = description;
            remember(tool, target, CallerToolKind::Custom, back);
            tool.kind = function(CUSTOM_SCHEMA)?;
        }
        ToolDefinitionKind::ClientNative { kind, json } => match native::by_definition(kind) {
            Some(native) => {
                let (schema, description) = own_words(json, native);
                if let Some(call) = native.call {
                    remember(tool, target, CallerToolKind::Native(call.to_owned()), back);
                }
                tool.kind = function(&schema)?;
                tool.description.get_or_insert(Cow::Owned(description));
            }
            None => return left_out(from, kind, target, notes),
        },
        ToolDefinitionKind::Server { what: Some(ServerTool::WebSearch), kind, .. } => {
            if target.protocol == Protocol::Chat || !target.traits.web_search {
                if only_one {
                    let why = "the model has no web search, and it is the only tool of the request";
                    return Err(TranslateError::refused("tools", why));
                }
                return left_out(from, kind, target, notes);
            }
        }
        ToolDefinitionKind::Server { kind, .. } => return left_out(from, kind, target, notes),
    }
    Ok(true)
}

fn left_out(
    from: Protocol,
    kind: &str,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<bool, TranslateError> {
    policy::settle(from, &format!("tools.{}", undated(kind)), target.protocol, notes)?;
    Ok(false)
}

fn function<'a>(schema: &str) -> Result<ToolDefinitionKind<'a>, TranslateError> {
    let schema = RawValue::from_string(schema.to_owned()).map_err(TranslateError::Encode)?;
    Ok(ToolDefinitionKind::Function { schema: Some(Cow::Owned(schema)), strict: None })
}

/// A custom tool's grammar is told in words where it cannot be enforced.
fn with_grammar<'a>(
    description: Option<Cow<'a, str>>,
    format: Option<&RawValue>,
) -> Result<Option<Cow<'a, str>>, TranslateError> {
    #[derive(serde::Deserialize)]
    struct Format<'f> {
        #[serde(borrow)]
        syntax: Option<Cow<'f, str>>,
        #[serde(borrow)]
        definition: Option<Cow<'f, str>>,
    }
    let Some(format) = format else { return Ok(description) };
    let format: Format<'_> = serde_json::from_str(format.get())
        .map_err(|_| TranslateError::bad_request("tools.format", "expected an object"))?;
    let Some(definition) = format.definition else { return Ok(description) };
    let syntax = format.syntax.unwrap_or(Cow::Borrowed("given"));
    let head = description.unwrap_or_default();
    let text = format!("{head}\n\n`input` has to match this {syntax} grammar:\n{definition}");
    Ok(Some(Cow::Owned(text.trim_start().to_owned())))
}

/// The schema and the description that a native tool's definition brings along, or the table's.
fn own_words(json: &RawValue, native: &Native) -> (String, String) {
    #[derive(serde::Deserialize)]
    struct Definition<'f> {
        #[serde(borrow)]
        parameters: Option<&'f RawValue>,
        #[serde(borrow)]
        description: Option<Cow<'f, str>>,
    }
    let own = serde_json::from_str::<Definition<'_>>(json.get()).ok();
    let schema = own.as_ref().and_then(|own| own.parameters).map_or(native.schema, RawValue::get).to_owned();
    let description = own.and_then(|own| own.description).unwrap_or(Cow::Borrowed(native.description));
    (schema, description.into_owned())
}

/// Gives the tool a name that fits, and remembers the caller's.
fn rename(tool: &mut ToolDefinition<'_>, target: &Target<'_>, back: &mut WayBack) {
    let fits = matches!(tool.kind, ToolDefinitionKind::Function { .. } | ToolDefinitionKind::Custom { .. });
    if !fits {
        return;
    }
    let name = fitting(tool.namespace.as_deref(), &tool.name, target.protocol);
    if tool.namespace.is_none() && name == tool.name {
        return;
    }
    let name = name.into_owned();
    if !back.tools.contains_key(&name) {
        let kind = match tool.kind {
            ToolDefinitionKind::Custom { .. } => CallerToolKind::Custom,
            _ => CallerToolKind::Function,
        };
        remember(tool, target, kind, back);
    }
    tool.name = Cow::Owned(name);
    tool.namespace = None;
}

fn remember(tool: &ToolDefinition<'_>, target: &Target<'_>, kind: CallerToolKind, back: &mut WayBack) {
    let name = fitting(tool.namespace.as_deref(), &tool.name, target.protocol).into_owned();
    let caller = CallerTool {
        name: tool.name.clone().into_owned(),
        namespace: tool.namespace.clone().map(Cow::into_owned),
        kind,
    };
    back.tools.insert(name, caller);
}

fn settle_call(
    call: &mut PastCall<'_>,
    target: &Target<'_>,
    custom_stays: bool,
) -> Result<(), TranslateError> {
    #[derive(Serialize)]
    struct Input<'a> {
        input: &'a str,
    }
    match &call.kind {
        // Many servers read what a model wrote, and fail at what is no object.
        CallKind::Function if !call.arguments.is_empty() && !is_object(&call.arguments) => {
            let object = to_object(&call.arguments).map_err(TranslateError::Encode)?;
            call.arguments = Cow::Owned(String::from(Box::<str>::from(object)));
        }
        CallKind::Function => {}
        CallKind::Custom if custom_stays => {}
        CallKind::Custom => {
            let input = serde_json::to_string(&Input { input: &call.arguments });
            call.arguments = Cow::Owned(input.map_err(TranslateError::Encode)?);
            call.kind = CallKind::Function;
        }
        CallKind::Native { kind } => {
            if let (Some(native), true) = (native::by_call(kind), call.name.is_empty()) {
                call.name = Cow::Borrowed(native.name);
            }
            call.kind = CallKind::Function;
        }
    }
    refit(&mut call.name, call.namespace.take().as_deref(), target.protocol);
    Ok(())
}

fn settle_result(kind: &mut CallKind<'_>, _target: &Target<'_>, custom_stays: bool) {
    if !(custom_stays && *kind == CallKind::Custom) {
        *kind = CallKind::Function;
    }
}
