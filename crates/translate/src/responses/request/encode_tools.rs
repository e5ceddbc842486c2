//! Tools, and the choice of them, into those of a Responses request.

use super::decode::OF_NAMESPACE;
use super::decode_settings::reread;
use super::decode_tools::decode_tools;
use super::encode::Encoder;
use super::value::{Path, Val};
use super::wire::{ToolIn, ToolsItemIn};
use crate::error::TranslateError;
use crate::ir::{
    CallKind, PartOfTurn, Request, ServerTool, ToolChoice, ToolDefinition, ToolDefinitionKind, TurnPart,
};
use crate::json::Extras;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashSet;

/// A tool.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum ToolOut<'a> {
    Raw(&'a RawValue),
    Function(FunctionOut<'a>),
    Custom(CustomOut<'a>),
    Namespace(NamespaceOut<'a>),
    WebSearch(WebSearchOut<'a>),
    Bare(TypeOut<'a>),
}

#[derive(Serialize)]
pub(super) struct FunctionOut<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    parameters: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    defer_loading: bool,
    #[serde(flatten)]
    extras: Extras<'a>,
}

#[derive(Serialize)]
pub(super) struct CustomOut<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    defer_loading: bool,
    #[serde(flatten)]
    extras: Extras<'a>,
}

#[derive(Serialize)]
pub(super) struct NamespaceOut<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'a str,
    #[serde(flatten)]
    extras: Extras<'a>,
    tools: Vec<ToolOut<'a>>,
}

#[derive(Serialize)]
pub(super) struct WebSearchOut<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    filters: Option<FiltersOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_location: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct FiltersOut<'a> {
    allowed_domains: &'a RawValue,
}

#[derive(Serialize)]
pub(super) struct TypeOut<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
}

/// Encodes the tools.
pub(super) fn encode_tools<'a>(
    request: &'a Request<'a>,
    encoder: &mut Encoder<'a, '_>,
) -> Result<Vec<ToolOut<'a>>, TranslateError> {
    let in_items = if encoder.is_own() { tools_of_items(request) } else { HashSet::new() };
    let searched = request.tools.iter().any(searches_tools);
    let mut out: Vec<ToolOut<'a>> = Vec::with_capacity(request.tools.len());
    for tool in &request.tools {
        if in_items.contains(&(tool.namespace.as_deref().map(Cow::Borrowed), Cow::Borrowed(&*tool.name))) {
            continue;
        }
        let Some(made) = encode_tool(tool, searched, encoder)? else { continue };
        let Some(namespace) = tool.namespace.as_deref() else {
            out.push(made);
            continue;
        };
        match out.last_mut() {
            Some(ToolOut::Namespace(last)) if last.name == namespace => last.tools.push(made),
            _ => out.push(ToolOut::Namespace(NamespaceOut {
                kind: "namespace",
                name: namespace,
                extras: Extras(of_namespace(tool)),
                tools: vec![made],
            })),
        }
    }
    Ok(out)
}

fn searches_tools(tool: &ToolDefinition<'_>) -> bool {
    match &tool.kind {
        ToolDefinitionKind::Server { what, .. } => *what == Some(ServerTool::ToolSearch),
        ToolDefinitionKind::ClientNative { kind, .. } => kind == "tool_search",
        _ => false,
    }
}

fn of_namespace<'a>(tool: &'a ToolDefinition<'a>) -> Vec<(&'a str, &'a RawValue)> {
    let inner = tool
        .extras
        .iter()
        .filter_map(|extra| extra.name.strip_prefix(OF_NAMESPACE).map(|name| (name, extra.json.as_ref())));
    inner.collect()
}

type Names<'a> = HashSet<(Option<Cow<'a, str>>, Cow<'a, str>)>;

/// The tools that items of the conversation bring: they stay in their items.
fn tools_of_items<'a>(request: &'a Request<'a>) -> Names<'a> {
    let parts = request.turns.iter().flat_map(|turn| &turn.parts);
    let mut found = Vec::new();
    for part in parts {
        for list in tool_list(part).into_iter().flatten() {
            // They have been read once already.
            let _ = decode_tools(list, &Path::root("input"), &mut found);
        }
    }
    found.into_iter().map(|tool| (tool.namespace, tool.name)).collect()
}

fn tool_list<'a>(part: &'a TurnPart<'a>) -> Option<Option<Vec<Val<ToolIn<'a>>>>> {
    let path = Path::root("tools");
    match &part.body {
        PartOfTurn::Other { kind, json } | PartOfTurn::ServerToolResult { kind, json, .. }
            if kind == "additional_tools" || kind == "tool_search_output" =>
        {
            let read: ToolsItemIn<'a> = reread(json, &path).ok()?;
            Some(read.tools.get(&path).ok()?)
        }
        PartOfTurn::ToolResult(gave) => match (&gave.kind, gave.content.as_slice()) {
            (CallKind::Native { kind }, [TurnPart { body: PartOfTurn::Text { text, .. }, .. }])
                if kind == "tool_search_output" =>
            {
                let read: Val<Vec<Val<ToolIn<'a>>>> = serde_json::from_str(text).ok()?;
                Some(read.get(&path).ok()?)
            }
            _ => None,
        },
        _ => None,
    }
}

fn encode_tool<'a>(
    tool: &'a ToolDefinition<'a>,
    searched: bool,
    encoder: &mut Encoder<'a, '_>,
) -> Result<Option<ToolOut<'a>>, TranslateError> {
    let own = encoder.is_own();
    let mut extras = Extras::default();
    let mut defer_loading = tool.defer_loading;
    if own {
        let members = tool.extras.iter().filter(|extra| !extra.name.starts_with(OF_NAMESPACE));
        extras.0.extend(members.map(|extra| (extra.name.as_ref(), extra.json.as_ref())));
    } else {
        encoder.foreign.extras("tools.", &tool.extras)?;
        if tool.cache.is_some() {
            encoder.foreign.settle("tools.cache_control")?;
        }
        // A deferred tool that nothing searches for is refused.
        if defer_loading && !searched {
            encoder.foreign.settle("tools.defer_loading")?;
            defer_loading = false;
        }
    }
    let description = tool.description.as_deref();
    Ok(Some(match &tool.kind {
        ToolDefinitionKind::Function { schema, strict } => ToolOut::Function(FunctionOut {
            kind: "function",
            name: &tool.name,
            description,
            parameters: match schema {
                Some(schema) => Some(schema),
                None if own => None,
                None => serde_json::from_str(r#"{"type":"object","properties":{}}"#).ok(),
            },
            // Unsaid it would be taken for true.
            strict: if own { *strict } else { Some(strict.unwrap_or(false)) },
            defer_loading,
            extras,
        }),
        ToolDefinitionKind::Custom { format } => ToolOut::Custom(CustomOut {
            kind: "custom",
            name: &tool.name,
            description,
            format: format.as_deref(),
            defer_loading,
            extras,
        }),
        ToolDefinitionKind::ClientNative { json, .. } | ToolDefinitionKind::Server { json, .. } if own => {
            ToolOut::Raw(json)
        }
        ToolDefinitionKind::Server { what: Some(ServerTool::WebSearch), json, .. } => {
            ToolOut::WebSearch(web_search(json, encoder)?)
        }
        ToolDefinitionKind::Server { what: Some(ServerTool::ToolSearch), .. } => {
            ToolOut::Bare(TypeOut { kind: "tool_search" })
        }
        ToolDefinitionKind::ClientNative { kind, .. } | ToolDefinitionKind::Server { kind, .. } => {
            encoder.foreign.settle(&format!("tools.{kind}"))?;
            return Ok(None);
        }
    }))
}

#[derive(Deserialize)]
struct WebSearchIn<'a> {
    #[serde(borrow)]
    allowed_domains: Option<&'a RawValue>,
    #[serde(borrow)]
    blocked_domains: Option<&'a RawValue>,
    #[serde(borrow)]
    user_location: Option<&'a RawValue>,
    #[serde(borrow)]
    max_uses: Option<&'a RawValue>,
}

/// Messages' web search.
fn web_search<'a>(
    json: &'a RawValue,
    encoder: &mut Encoder<'a, '_>,
) -> Result<WebSearchOut<'a>, TranslateError> {
    let read: WebSearchIn<'a> = serde_json::from_str(json.get())
        .map_err(|_| TranslateError::bad_request("tools", "must be objects"))?;
    let full = |raw: &&RawValue| !matches!(raw.get(), "[]" | "null");
    for (said, field) in [
        (read.blocked_domains.filter(full), "tools.web_search.blocked_domains"),
        (read.max_uses.filter(full), "tools.web_search.max_uses"),
    ] {
        if said.is_some() {
            encoder.foreign.settle(field)?;
        }
    }
    let filters = read.allowed_domains.filter(full).map(|allowed_domains| FiltersOut { allowed_domains });
    let user_location = read.user_location.filter(full);
    Ok(WebSearchOut { kind: "web_search", filters, user_location })
}

/// `tool_choice`.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum ChoiceOut<'a> {
    Word(&'static str),
    Raw(&'a RawValue),
    Named(NamedOut<'a>),
    Allowed(AllowedOut<'a>),
}

#[derive(Serialize)]
pub(super) struct NamedOut<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct AllowedOut<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    mode: &'static str,
    tools: Vec<NamedOut<'a>>,
}

/// Encodes the choice of tools.
pub(super) fn encode_choice<'a>(
    request: &'a Request<'a>,
    has_tools: bool,
    encoder: &mut Encoder<'a, '_>,
) -> Result<Option<ChoiceOut<'a>>, TranslateError> {
    let own = encoder.is_own();
    let Some(choice) = &request.tool_choice else { return Ok(None) };
    if !has_tools && !own {
        // A choice among no tools is refused; the usual ones say nothing then.
        if !matches!(choice, ToolChoice::Auto | ToolChoice::None) {
            encoder.foreign.settle("tool_choice")?;
        }
        return Ok(None);
    }
    Ok(Some(match choice {
        ToolChoice::Auto => ChoiceOut::Word("auto"),
        ToolChoice::None => ChoiceOut::Word("none"),
        ToolChoice::Required => ChoiceOut::Word("required"),
        ToolChoice::Named { name, namespace } => match named(name, namespace.as_deref(), request, own) {
            Some(named) => ChoiceOut::Named(named),
            None => return left_out(encoder),
        },
        ToolChoice::Allowed { json, .. } | ToolChoice::Hosted { json, .. } if own => ChoiceOut::Raw(json),
        ToolChoice::Allowed { required, names, .. } => ChoiceOut::Allowed(AllowedOut {
            kind: "allowed_tools",
            mode: if *required { "required" } else { "auto" },
            tools: names.iter().filter_map(|name| named(name, None, request, own)).collect(),
        }),
        ToolChoice::Hosted { .. } => return left_out(encoder),
    }))
}

fn left_out<'a>(encoder: &mut Encoder<'a, '_>) -> Result<Option<ChoiceOut<'a>>, TranslateError> {
    encoder.foreign.settle("tool_choice")?;
    Ok(None)
}

/// A tool as a choice names it; none if it was left out.
fn named<'a>(
    name: &'a str,
    namespace: Option<&'a str>,
    request: &'a Request<'a>,
    own: bool,
) -> Option<NamedOut<'a>> {
    let is = |tool: &&ToolDefinition<'_>| tool.name == name && tool.namespace.as_deref() == namespace;
    let tool = request.tools.iter().find(is);
    let by_type = |kind| NamedOut { kind, name: None, namespace: None };
    Some(match tool.map(|tool| &tool.kind) {
        Some(ToolDefinitionKind::Custom { .. }) => NamedOut { kind: "custom", name: Some(name), namespace },
        Some(ToolDefinitionKind::ClientNative { kind, .. } | ToolDefinitionKind::Server { kind, .. })
            if own =>
        {
            by_type(kind.as_ref())
        }
        Some(ToolDefinitionKind::Server { what: Some(ServerTool::WebSearch), .. }) => by_type("web_search"),
        Some(ToolDefinitionKind::ClientNative { .. } | ToolDefinitionKind::Server { .. }) => return None,
        Some(ToolDefinitionKind::Function { .. }) | None => {
            NamedOut { kind: "function", name: Some(name), namespace }
        }
    })
}
