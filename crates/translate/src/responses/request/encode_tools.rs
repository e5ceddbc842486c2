//! Tools into those of a Responses request.

use super::decode::OF_NAMESPACE;
use super::decode_settings::reread;
use super::decode_tools::decode_tools;
use super::encode::Encoder;
use super::path::Path;
use super::shape_tools::{CustomOut, FiltersOut, FunctionOut, NamespaceOut, ToolOut, TypeOut, WebSearchOut};
use super::value::Val;
use super::wire::{ToolIn, ToolsItemIn};
use crate::error::TranslateError;
use crate::ir::{CallKind, PartOfTurn, Request, ServerTool, ToolDefinition, ToolDefinitionKind, TurnPart};
use crate::json::Extras;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashSet;

/// The schema of a function that takes nothing.
const NO_ARGUMENTS: &str = r#"{"type":"object","properties":{}}"#;

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

/// The members of a tool that are kept as they came; those of its namespace are written there.
fn own_members<'a>(tool: &'a ToolDefinition<'a>) -> Extras<'a> {
    let members = tool.extras.iter().filter(|extra| !extra.name.starts_with(OF_NAMESPACE));
    Extras(members.map(|extra| (extra.name.as_ref(), extra.json.as_ref())).collect())
}

fn encode_tool<'a>(
    tool: &'a ToolDefinition<'a>,
    searched: bool,
    encoder: &mut Encoder<'a, '_>,
) -> Result<Option<ToolOut<'a>>, TranslateError> {
    let own = encoder.is_own();
    let extras = if own { own_members(tool) } else { Extras::default() };
    // A deferred tool that nothing searches for is refused.
    let defer_loading = tool.defer_loading && (own || searched);
    if !own {
        encoder.foreign.extras("tools.", &tool.extras)?;
        encoder.foreign.settle_some(tool.cache.is_some(), "tools.cache_control")?;
        encoder.foreign.settle_some(tool.defer_loading && !searched, "tools.defer_loading")?;
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
                None => serde_json::from_str(NO_ARGUMENTS).ok(),
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
    let blocks = read.blocked_domains.filter(full).is_some();
    encoder.foreign.settle_some(blocks, "tools.web_search.blocked_domains")?;
    encoder.foreign.settle_some(read.max_uses.filter(full).is_some(), "tools.web_search.max_uses")?;
    let filters = read.allowed_domains.filter(full).map(|allowed_domains| FiltersOut { allowed_domains });
    let user_location = read.user_location.filter(full);
    Ok(WebSearchOut { kind: "web_search", filters, user_location })
}
