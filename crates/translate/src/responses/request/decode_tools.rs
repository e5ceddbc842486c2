//! Tools and the choice of tools of a Responses request into the intermediate representation.

use super::decode::OF_NAMESPACE;
use super::decode_settings::reread;
use super::kept::Raw;
use super::path::Path;
use super::value::Val;
use super::wire::{ChoiceIn, NamedIn, ToolIn};
use crate::error::TranslateError;
use crate::ir::{Extra, ServerTool, ToolChoice, ToolDefinition, ToolDefinitionKind};
use crate::json::member::raw;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Adds `tools` to `to`, those of a namespace one by one.
pub(super) fn decode_tools<'a>(
    tools: Vec<Val<ToolIn<'a>>>,
    path: &Path<'_>,
    to: &mut Vec<ToolDefinition<'a>>,
) -> Result<(), TranslateError> {
    for (index, tool) in tools.into_iter().enumerate() {
        let path = path.index(index);
        let tool = tool.need(&path)?;
        if tool.kind.as_str() == Some("namespace") {
            namespace(tool, &path, to)?;
        } else {
            to.push(decode_tool(tool, &path)?);
        }
    }
    Ok(())
}

fn namespace<'a>(
    tool: ToolIn<'a>,
    path: &Path<'_>,
    to: &mut Vec<ToolDefinition<'a>>,
) -> Result<(), TranslateError> {
    let name = tool.name.need(&path.at("name"))?;
    let mut extras = tool.extras;
    if let Some(text) = tool.description.get(&path.at("description"))? {
        let json = Cow::Owned(raw(&text)?);
        extras.insert(0, Extra { name: "description".into(), json });
    }
    let tools_path = path.at("tools");
    let Raw(Some(raw)) = tool.tools else { return Err(tools_path.wrong("is required")) };
    let inner: Vec<Val<ToolIn<'a>>> = reread(raw, &tools_path)?;
    let first = to.len();
    for (index, tool) in inner.into_iter().enumerate() {
        let path = tools_path.index(index);
        let mut tool = decode_tool(tool.need(&path)?, &path)?;
        tool.namespace = Some(name.clone());
        to.push(tool);
    }
    if let Some(tool) = to.get_mut(first) {
        for extra in extras {
            let name = format!("{OF_NAMESPACE}{}", extra.name).into();
            tool.extras.push(Extra { name, json: extra.json });
        }
    }
    Ok(())
}

fn decode_tool<'a>(mut tool: ToolIn<'a>, path: &Path<'_>) -> Result<ToolDefinition<'a>, TranslateError> {
    let kind = tool.kind.take().need(&path.at("type"))?;
    let defined = match kind.as_ref() {
        "function" => {
            if tool.parameters.0.is_some_and(|raw| !raw.get().starts_with('{')) {
                return Err(path.at("parameters").wrong("must be an object"));
            }
            ToolDefinitionKind::Function {
                schema: tool.parameters.0.map(Cow::Borrowed),
                strict: tool.strict.take().get(&path.at("strict"))?,
            }
        }
        "custom" => ToolDefinitionKind::Custom { format: tool.format.0.map(Cow::Borrowed) },
        _ => return native(kind, &tool, path),
    };
    let mut extras = std::mem::take(&mut tool.extras);
    if matches!(defined, ToolDefinitionKind::Function { .. }) {
        tool.format.keep("format", &mut extras);
    } else {
        tool.parameters.keep("parameters", &mut extras);
    }
    tool.environment.keep("environment", &mut extras);
    Ok(ToolDefinition {
        name: tool.name.need(&path.at("name"))?,
        namespace: None,
        description: tool.description.get(&path.at("description"))?,
        kind: defined,
        defer_loading: tool.defer_loading.get(&path.at("defer_loading"))?.unwrap_or(false),
        cache: None,
        extras,
    })
}

/// A tool that the model knows by its type.
fn native<'a>(
    kind: Cow<'a, str>,
    tool: &ToolIn<'a>,
    path: &Path<'_>,
) -> Result<ToolDefinition<'a>, TranslateError> {
    for (wrong, name) in [
        (matches!(tool.name, Val::Wrong), "name"),
        (matches!(tool.description, Val::Wrong), "description"),
        (matches!(tool.strict, Val::Wrong), "strict"),
        (matches!(tool.defer_loading, Val::Wrong), "defer_loading"),
        (matches!(tool.execution, Val::Wrong), "execution"),
    ] {
        if wrong {
            return Err(path.at(name).wrong("has the wrong type"));
        }
    }
    let json = Whole { kind: &kind, tool };
    let json = Cow::Owned(serde_json::value::to_raw_value(&json).map_err(TranslateError::Encode)?);
    let by_caller = match kind.as_ref() {
        "tool_search" => tool.execution.as_str() == Some("client"),
        "shell" => !in_container(tool.environment)?,
        "computer" | "computer_use_preview" | "local_shell" | "apply_patch" => true,
        _ => false,
    };
    let description = match &tool.description {
        Val::Is(text) => Some(text.clone()),
        _ => None,
    };
    Ok(ToolDefinition {
        name: kind.clone(),
        namespace: None,
        description,
        defer_loading: matches!(tool.defer_loading, Val::Is(true)),
        cache: None,
        extras: Vec::new(),
        kind: if by_caller {
            ToolDefinitionKind::ClientNative { kind, json }
        } else {
            ToolDefinitionKind::Server { what: what(&kind), kind, json }
        },
    })
}

/// Whether a shell stands in a container of the provider's.
fn in_container(environment: Raw<'_>) -> Result<bool, TranslateError> {
    let Raw(Some(raw)) = environment else { return Ok(false) };
    let read: NamedIn<'_> = reread(raw, &Path::root("environment"))?;
    Ok(read.kind.as_str().is_some_and(|kind| kind.starts_with("container_")))
}

fn what(kind: &str) -> Option<ServerTool> {
    match kind {
        "tool_search" => Some(ServerTool::ToolSearch),
        "code_interpreter" | "shell" => Some(ServerTool::CodeExecution),
        _ if kind.starts_with("web_search") => Some(ServerTool::WebSearch),
        _ => None,
    }
}

/// A definition as it came. Its members have been read apart, because its type may come last.
struct Whole<'t, 'a> {
    kind: &'t str,
    tool: &'t ToolIn<'a>,
}

impl Serialize for Whole<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tool = self.tool;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", self.kind)?;
        for (name, text) in
            [("name", &tool.name), ("description", &tool.description), ("execution", &tool.execution)]
        {
            if let Some(text) = text.as_str() {
                map.serialize_entry(name, text)?;
            }
        }
        for (name, value) in [("strict", &tool.strict), ("defer_loading", &tool.defer_loading)] {
            if let Val::Is(value) = value {
                map.serialize_entry(name, value)?;
            }
        }
        for (name, raw) in [
            ("parameters", tool.parameters),
            ("format", tool.format),
            ("tools", tool.tools),
            ("environment", tool.environment),
        ] {
            if let Raw(Some(raw)) = raw {
                map.serialize_entry(name, raw)?;
            }
        }
        for extra in &tool.extras {
            map.serialize_entry(extra.name.as_ref(), extra.json.as_ref())?;
        }
        map.end()
    }
}

/// Reads `tool_choice`.
pub(super) fn decode_choice(raw: Raw<'_>) -> Result<Option<ToolChoice<'_>>, TranslateError> {
    let path = Path::root("tool_choice");
    let Raw(Some(raw)) = raw else { return Ok(None) };
    if raw.get().starts_with('"') {
        let word: Cow<'_, str> = reread(raw, &path)?;
        return match word.as_ref() {
            "auto" => Ok(Some(ToolChoice::Auto)),
            "none" => Ok(Some(ToolChoice::None)),
            "required" => Ok(Some(ToolChoice::Required)),
            _ => Err(path.wrong("must be `auto`, `none`, `required` or an object")),
        };
    }
    choice_object(raw, &path).map(Some)
}

fn choice_object<'a>(raw: &'a RawValue, path: &Path<'_>) -> Result<ToolChoice<'a>, TranslateError> {
    let read: ChoiceIn<'a> = reread(raw, path)?;
    let kind = read.kind.need(&path.at("type"))?;
    Ok(match kind.as_ref() {
        "function" | "custom" => ToolChoice::Named {
            name: read.name.need(&path.at("name"))?,
            namespace: read.namespace.get(&path.at("namespace"))?,
        },
        "shell" | "local_shell" | "apply_patch" => ToolChoice::Named { name: kind, namespace: None },
        "allowed_tools" => {
            let tools_path = path.at("tools");
            let mode = read.mode.need(&path.at("mode"))?;
            let required = match mode.as_ref() {
                "auto" => false,
                "required" => true,
                _ => return Err(path.at("mode").wrong("must be `auto` or `required`")),
            };
            let names = allowed(read.tools.need(&tools_path)?, &tools_path)?;
            ToolChoice::Allowed { required, names, json: Cow::Borrowed(raw) }
        }
        _ => ToolChoice::Hosted { kind, json: Cow::Borrowed(raw) },
    })
}

fn allowed<'a>(tools: Vec<Val<NamedIn<'a>>>, path: &Path<'_>) -> Result<Vec<Cow<'a, str>>, TranslateError> {
    let mut names = Vec::with_capacity(tools.len());
    for (index, tool) in tools.into_iter().enumerate() {
        let path = path.index(index);
        let tool = tool.need(&path)?;
        let kind = tool.kind.need(&path.at("type"))?;
        names.push(match kind.as_ref() {
            "function" | "custom" => tool.name.need(&path.at("name"))?,
            _ => kind,
        });
    }
    Ok(names)
}
