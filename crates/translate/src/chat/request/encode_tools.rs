//! Tools, and the choice among them, as Chat writes them.

use super::decode_settings::part_of;
use super::encode::Writer;
use super::encode_turns::full_name;
use super::read::{Str, wire};
use super::write::Extras;
use super::write_tools::{
    AllowedOut, ChoiceOut, CustomFormatOut, CustomOut, FunctionOut, GrammarOut, NameOut, NamedOut, ToolOut,
};
use crate::error::TranslateError;
use crate::ir::{ToolChoice, ToolDefinition, ToolDefinitionKind};
use crate::json::member::{required, undated};
use serde_json::value::RawValue;

/// Objects of a tool whose unknown members are kept by their whole path.
const OBJECTS: [&str; 2] = ["function", "custom"];

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
        let choice = match &request.tool_choice {
            // A choice among no tools is refused by most servers. What forces a call is not left out unsaid.
            Some(choice) if tools.is_empty() => {
                if !matches!(choice, ToolChoice::Auto | ToolChoice::None) {
                    self.foreign.settle("tool_choice")?;
                }
                None
            }
            Some(choice) => self.choice(choice)?,
            None => None,
        };
        Ok((tools, choice))
    }

    /// Where a choice among some tools cannot be said, the others are not told at all.
    fn may_be_called(&self, tool: &ToolDefinition<'_>) -> bool {
        match &self.request.tool_choice {
            Some(ToolChoice::Allowed { names, .. }) if !self.habits.allowed_tools => {
                names.contains(&tool.name)
            }
            _ => true,
        }
    }

    fn tool(&mut self, tool: &'r ToolDefinition<'r>) -> Result<Option<ToolOut<'r>>, TranslateError> {
        let name = full_name(tool.namespace.as_deref(), &tool.name);
        let description = tool.description.as_deref();
        let (kind, function, custom) = match &tool.kind {
            ToolDefinitionKind::Function { schema, strict } => {
                let strict = self.strict(*strict)?;
                let parameters = schema.as_deref();
                let extras = self.tool_extras_of("function", tool);
                ("function", Some(FunctionOut { name, description, parameters, strict, extras }), None)
            }
            ToolDefinitionKind::Custom { format } => {
                let format = format.as_deref().map(nested_format).transpose()?;
                let extras = self.tool_extras_of("custom", tool);
                ("custom", None, Some(CustomOut { name, description, format, extras }))
            }
            ToolDefinitionKind::ClientNative { json, .. } | ToolDefinitionKind::Server { json, .. }
                if self.own =>
            {
                return Ok(Some(ToolOut::Raw(json)));
            }
            ToolDefinitionKind::ClientNative { kind, .. } | ToolDefinitionKind::Server { kind, .. } => {
                self.foreign.settle(&format!("tools.{}", undated(kind)))?;
                return Ok(None);
            }
        };
        if tool.defer_loading {
            self.foreign.settle("tools.defer_loading")?;
        }
        let extras = if self.own {
            Extras::top(&tool.extras, &OBJECTS)
        } else {
            self.foreign.extras("tools.", &tool.extras)?;
            Extras::default()
        };
        let (cache_control, _) = self.marks(tool.cache);
        Ok(Some(ToolOut::Said { r#type: kind, function, custom, cache_control, extras }))
    }

    fn tool_extras_of(&self, object: &str, tool: &'r ToolDefinition<'r>) -> Extras<'r> {
        if self.own { Extras::of(object, &tool.extras) } else { Extras::default() }
    }

    fn strict(&mut self, strict: Option<bool>) -> Result<Option<bool>, TranslateError> {
        if self.habits.strict {
            return Ok(strict);
        }
        if strict == Some(true) {
            self.foreign.settle("tools.strict")?;
        }
        Ok(None)
    }

    fn choice(&mut self, choice: &'r ToolChoice<'r>) -> Result<Option<ChoiceOut<'r>>, TranslateError> {
        Ok(Some(match choice {
            ToolChoice::Auto => ChoiceOut::Word("auto"),
            ToolChoice::None => ChoiceOut::Word("none"),
            ToolChoice::Required => ChoiceOut::Word("required"),
            ToolChoice::Named { name, namespace } => ChoiceOut::Named(self.named(namespace.as_deref(), name)),
            ToolChoice::Allowed { required, .. } if !self.habits.allowed_tools => {
                ChoiceOut::Word(if *required { "required" } else { "auto" })
            }
            ToolChoice::Allowed { required, names, .. } => {
                let mode = if *required { "required" } else { "auto" };
                let tools = names.iter().map(|name| self.named(None, name)).collect();
                ChoiceOut::Allowed { r#type: "allowed_tools", allowed_tools: AllowedOut { mode, tools } }
            }
            ToolChoice::Hosted { json, .. } if self.own => ChoiceOut::Raw(json),
            ToolChoice::Hosted { .. } => {
                self.foreign.settle("tool_choice")?;
                return Ok(None);
            }
        }))
    }

    /// A tool by its name, which Chat says together with its type.
    fn named(&self, namespace: Option<&str>, name: &'r str) -> NamedOut<'r> {
        let tool = self.request.tools.iter().find(|tool| tool.name == name);
        let namespace = namespace.or_else(|| tool.and_then(|tool| tool.namespace.as_deref()));
        let named = NameOut { name: full_name(namespace, name) };
        match tool.map(|tool| &tool.kind) {
            Some(ToolDefinitionKind::Custom { .. }) => NamedOut::Custom { custom: named },
            _ => NamedOut::Function { function: named },
        }
    }
}

wire! {
    /// A custom tool's format, as Responses writes it.
    FlatFormatIn, "an object" {
        "type" => kind: Str<'a>,
        "syntax" => syntax: Str<'a>,
        "definition" => definition: Str<'a>,
    }
}

fn nested_format(json: &RawValue) -> Result<CustomFormatOut<'_>, TranslateError> {
    let read: FlatFormatIn<'_> = part_of("tools.format", json)?;
    if read.kind.is_none_or(|kind| kind.0 != "grammar") {
        return Ok(CustomFormatOut::Raw(json));
    }
    let syntax = required(read.syntax, || "tools.format.syntax".to_owned())?;
    let definition = required(read.definition, || "tools.format.definition".to_owned())?;
    Ok(CustomFormatOut::Grammar { r#type: "grammar", grammar: GrammarOut { syntax, definition } })
}
