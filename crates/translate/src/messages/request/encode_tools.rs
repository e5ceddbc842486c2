//! Tools, and the choice among them, as Messages writes them.

use super::encode::Writer;
use super::encode_parts::full_name;
use super::write::{ChoiceOut, ToolOut};
use crate::error::TranslateError;
use crate::ir::{ServerTool, ToolChoice, ToolDefinition, ToolDefinitionKind};
use crate::json::Extras;
use crate::json::member::{part_of, undated};
use crate::json::read::wire;
use crate::messages::WEB_SEARCH;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The search of the web that every model has that searches at all.
const WEB_SEARCH_TYPE: &str = "web_search_20250305";

/// The schema of a tool without arguments.
const NO_ARGUMENTS: &str = r#"{"type":"object","properties":{}}"#;

impl<'r> Writer<'r, '_> {
    /// The tools and the choice among them.
    pub(super) fn tools(&mut self) -> Result<(Vec<ToolOut<'r>>, Option<ChoiceOut<'r>>), TranslateError> {
        let request = self.request;
        let mut tools = Vec::with_capacity(request.tools.len());
        for tool in &request.tools {
            if self.may_be_called(tool) {
                tools.extend(self.tool(tool)?);
            }
        }
        let choice = self.choice(!tools.is_empty())?;
        Ok((tools, choice))
    }

    /// A choice among some tools cannot be said, so the others are not told at all.
    fn may_be_called(&self, tool: &ToolDefinition<'_>) -> bool {
        match &self.request.tool_choice {
            Some(ToolChoice::Allowed { names, .. }) => names.contains(&tool.name),
            _ => true,
        }
    }

    fn tool(&mut self, tool: &'r ToolDefinition<'r>) -> Result<Option<ToolOut<'r>>, TranslateError> {
        let (schema, strict) = match &tool.kind {
            ToolDefinitionKind::Function { schema, strict } => (schema.as_deref(), *strict),
            ToolDefinitionKind::ClientNative { json, .. } | ToolDefinitionKind::Server { json, .. }
                if self.own =>
            {
                return Ok(Some(ToolOut::Raw(json)));
            }
            ToolDefinitionKind::Server { what: Some(ServerTool::WebSearch), json, .. } => {
                return self.web_search(tool, json).map(Some);
            }
            ToolDefinitionKind::ClientNative { kind, .. } | ToolDefinitionKind::Server { kind, .. } => {
                self.foreign.settle(&format!("tools.{}", undated(kind)))?;
                return Ok(None);
            }
            ToolDefinitionKind::Custom { .. } => {
                return Err(TranslateError::refused("tools.custom", "Messages has no tools with free text"));
            }
        };
        let has_raw_mark = self.own && tool.extras.iter().any(|extra| extra.name == "cache_control");
        let extras = if self.own {
            Extras::top(&tool.extras, &[])
        } else {
            self.foreign.extras("tools.", &tool.extras)?;
            Extras::default()
        };
        Ok(Some(ToolOut::Function {
            name: full_name(tool.namespace.as_deref(), &tool.name),
            description: tool.description.as_deref(),
            input_schema: match schema {
                Some(schema) if self.own => Cow::Borrowed(schema),
                Some(schema) => of_object(schema)?,
                None => Cow::Owned(no_arguments()?),
            },
            strict: strict.filter(|strict| self.own || *strict),
            defer_loading: tool.defer_loading,
            cache_control: if has_raw_mark { None } else { self.mark(tool.cache)? },
            extras,
        }))
    }

    /// OpenAI's search as Anthropic's, with what both have.
    fn web_search(
        &mut self,
        tool: &'r ToolDefinition<'r>,
        json: &'r RawValue,
    ) -> Result<ToolOut<'r>, TranslateError> {
        let read: SearchIn<'r> = part_of("tools.web_search", json)?;
        let filters = read.filters.unwrap_or_default();
        self.foreign.values("tools.web_search.", &read.extras)?;
        self.foreign.values("tools.web_search.filters.", &filters.extras)?;
        // Only one of the two is taken.
        let blocked_domains = filters.blocked_domains.filter(|_| filters.allowed_domains.is_none());
        if filters.blocked_domains.is_some() && blocked_domains.is_none() {
            self.foreign.settle("tools.web_search.filters.blocked_domains")?;
        }
        Ok(ToolOut::WebSearch {
            r#type: WEB_SEARCH_TYPE,
            name: WEB_SEARCH,
            allowed_domains: filters.allowed_domains,
            blocked_domains,
            user_location: read.user_location,
            cache_control: self.mark(tool.cache)?,
        })
    }

    fn choice(&mut self, any_tools: bool) -> Result<Option<ChoiceOut<'r>>, TranslateError> {
        let request = self.request;
        let one_by_one = (request.parallel_tool_calls == Some(false)).then_some(true);
        let (kind, name) = match &request.tool_choice {
            // A choice among no tools is refused. What forces a call is not left out unsaid.
            Some(choice) if !any_tools && !self.own => {
                if !matches!(choice, ToolChoice::Auto | ToolChoice::None) {
                    self.foreign.settle("tool_choice")?;
                }
                return Ok(None);
            }
            Some(ToolChoice::Auto) => ("auto", None),
            Some(ToolChoice::None) => ("none", None),
            Some(ToolChoice::Required) => ("any", None),
            Some(ToolChoice::Allowed { required, .. }) => (if *required { "any" } else { "auto" }, None),
            Some(ToolChoice::Named { name, namespace }) => {
                ("tool", Some(full_name(namespace.as_deref(), name)))
            }
            Some(ToolChoice::Hosted { kind, .. }) if kind.starts_with(WEB_SEARCH) => {
                ("tool", Some(Cow::Borrowed(WEB_SEARCH)))
            }
            Some(ToolChoice::Hosted { .. }) => {
                self.foreign.settle("tool_choice")?;
                return Ok(None);
            }
            None if one_by_one.is_some() && any_tools => ("auto", None),
            None => return Ok(None),
        };
        let extras = if self.own { Extras::of("tool_choice", &request.extras) } else { Extras::default() };
        let disable_parallel_tool_use = one_by_one.filter(|_| kind != "none");
        Ok(Some(ChoiceOut { r#type: kind, name, disable_parallel_tool_use, extras }))
    }
}

/// A schema that says it is one of an object, as Messages insists; elsewhere that goes without saying.
fn of_object(schema: &RawValue) -> Result<Cow<'_, RawValue>, TranslateError> {
    #[derive(serde::Deserialize)]
    struct Typed {
        #[serde(rename = "type", default, deserialize_with = "some")]
        kind: Option<Value>,
    }
    fn some<'de, D: serde::Deserializer<'de>>(kind: D) -> Result<Option<Value>, D::Error> {
        serde::Deserialize::deserialize(kind).map(Some)
    }
    let typed = serde_json::from_str::<Typed>(schema.get()).map(|typed| typed.kind);
    match (typed, schema.get().strip_prefix('{')) {
        (Ok(Some(kind)), Some(_)) if kind == "object" => Ok(Cow::Borrowed(schema)),
        (Ok(None), Some(rest)) => {
            let comma = if rest.trim_start().starts_with('}') { "" } else { "," };
            let typed = format!("{{\"type\":\"object\"{comma}{rest}");
            RawValue::from_string(typed).map(Cow::Owned).map_err(TranslateError::Encode)
        }
        _ => Err(TranslateError::refused("tools.parameters", "Messages takes the schema of an object only")),
    }
}

fn no_arguments() -> Result<Box<RawValue>, TranslateError> {
    RawValue::from_string(NO_ARGUMENTS.to_owned()).map_err(TranslateError::Encode)
}

wire! {
    /// OpenAI's search of the web.
    SearchIn, "a tool" {
        "type" => kind: &'a RawValue,
        "filters" => filters: FiltersIn<'a>,
        "user_location" => user_location: &'a RawValue,
    }
}

wire! {
    /// Where it may search.
    FiltersIn, "an object" {
        "allowed_domains" => allowed_domains: &'a RawValue,
        "blocked_domains" => blocked_domains: &'a RawValue,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_without_a_type_is_one_of_an_object() {
        for (schema, want) in [
            ("{}", Some(r#"{"type":"object"}"#)),
            (r#"{"properties":{}}"#, Some(r#"{"type":"object","properties":{}}"#)),
            (r#"{"type": "object"}"#, Some(r#"{"type": "object"}"#)),
            (r#"{"type":"string"}"#, None),
            (r#"{"type":null}"#, None),
            ("[]", None),
            ("true", None),
        ] {
            let schema: &RawValue = serde_json::from_str(schema).unwrap();
            assert_eq!(of_object(schema).ok().as_deref().map(RawValue::get), want);
        }
    }
}
