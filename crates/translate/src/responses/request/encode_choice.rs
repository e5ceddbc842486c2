//! The choice of tools into that of a Responses request.

use super::encode::Encoder;
use super::shape_tools::{AllowedOut, ChoiceOut, NamedOut};
use crate::error::TranslateError;
use crate::ir::{Request, ServerTool, ToolChoice, ToolDefinition, ToolDefinitionKind};

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

pub(super) fn left_out<'a>(encoder: &mut Encoder<'a, '_>) -> Result<Option<ChoiceOut<'a>>, TranslateError> {
    encoder.foreign.settle("tool_choice")?;
    Ok(None)
}

/// A tool as a choice names it; none if it was left out.
pub(super) fn named<'a>(
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
