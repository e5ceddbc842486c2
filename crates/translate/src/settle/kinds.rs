//! The kind that a tool gets where the target does not have its own.

use super::native::{self, Native};
use super::tools::remember;
use crate::back::{CallerToolKind, WayBack};
use crate::error::TranslateError;
use crate::ir::{ServerTool, ToolDefinition, ToolDefinitionKind};
use crate::json::member::undated;
use crate::notes::Notes;
use crate::policy;
use crate::target::Target;
use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_protocol::Protocol;

/// The arguments of a custom tool that is written as a function.
const CUSTOM_SCHEMA: &str =
    r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}"#;

/// Whether the target has custom tools.
pub(super) fn takes_custom_tools(target: &Target<'_>) -> bool {
    match target.protocol {
        Protocol::Messages => false,
        Protocol::Chat => target.quirks().custom_tools && target.traits.custom_tools,
        Protocol::Responses => target.traits.custom_tools,
    }
}

/// What the kinds of a request's tools are settled by.
pub(super) struct Kinds<'t> {
    pub(super) from: Protocol,
    pub(super) target: &'t Target<'t>,
    /// Whether custom tools stay what they are.
    pub(super) custom_stays: bool,
    /// Whether the request has no other tool.
    pub(super) only_one: bool,
}

impl Kinds<'_> {
    /// Whether the tool can be told to the target at all, after it was given a kind that the target has.
    pub(super) fn settle(
        &self,
        tool: &mut ToolDefinition<'_>,
        notes: &mut Notes,
        back: &mut WayBack,
    ) -> Result<bool, TranslateError> {
        match &tool.kind {
            ToolDefinitionKind::Function { .. } => {}
            ToolDefinitionKind::Custom { .. } if self.custom_stays => {}
            ToolDefinitionKind::Custom { format } => {
                let description = with_grammar(tool.description.take(), format.as_deref())?;
                tool.description = description;
                remember(tool, self.target, CallerToolKind::Custom, back);
                tool.kind = function(CUSTOM_SCHEMA)?;
            }
            ToolDefinitionKind::ClientNative { kind, json } => match native::by_definition(kind) {
                Some(native) => {
                    let (schema, description) = own_words(json, native);
                    if let Some(call) = native.call {
                        remember(tool, self.target, CallerToolKind::Native(call.to_owned()), back);
                    }
                    tool.kind = function(&schema)?;
                    tool.description.get_or_insert(Cow::Owned(description));
                }
                None => return self.leave_out(kind, notes),
            },
            ToolDefinitionKind::Server { what: Some(ServerTool::WebSearch), kind, .. } => {
                if self.target.protocol == Protocol::Chat || !self.target.traits.web_search {
                    return self.leave_out_search(kind, notes);
                }
            }
            ToolDefinitionKind::Server { kind, .. } => return self.leave_out(kind, notes),
        }
        Ok(true)
    }

    fn leave_out_search(&self, kind: &str, notes: &mut Notes) -> Result<bool, TranslateError> {
        if self.only_one {
            let why = "the model has no web search, and it is the only tool of the request";
            return Err(TranslateError::refused("tools", why));
        }
        self.leave_out(kind, notes)
    }

    fn leave_out(&self, kind: &str, notes: &mut Notes) -> Result<bool, TranslateError> {
        policy::settle(self.from, &format!("tools.{}", undated(kind)), self.target.protocol, notes)?;
        Ok(false)
    }
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
