//! The tools of a request, and which of them may be called.

use super::{CacheLifetime, Extra};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A tool that the model may use.
#[derive(Debug, Clone)]
pub struct ToolDefinition<'a> {
    /// Its name. Tools without one (OpenAI's hosted tools) have their wire type here.
    pub name: Cow<'a, str>,
    /// The namespace it stands in (Responses).
    pub namespace: Option<Cow<'a, str>>,
    /// What it is for.
    pub description: Option<Cow<'a, str>>,
    /// What it is.
    pub kind: ToolDefinitionKind<'a>,
    /// Whether it is told to the model only when searched for.
    pub defer_loading: bool,
    /// The prompt up to and with this tool is to be cached.
    pub cache: Option<CacheLifetime>,
    /// Other members of the definition.
    pub extras: Vec<Extra<'a>>,
}

/// What a tool is.
#[derive(Debug, Clone)]
pub enum ToolDefinitionKind<'a> {
    /// Run by the caller, with JSON arguments.
    Function {
        /// The JSON schema of the arguments; none: no arguments.
        schema: Option<Cow<'a, RawValue>>,
        /// Whether arguments have to follow the schema exactly.
        strict: Option<bool>,
    },
    /// Run by the caller, with free text.
    Custom {
        /// Chat's and Responses' `format`: text, or a grammar. As Responses writes it (flat).
        format: Option<Cow<'a, RawValue>>,
    },
    /// Run by the caller, known to the model by its wire type (`bash_20250124`, `local_shell`, `apply_patch`).
    ClientNative {
        /// The wire type.
        kind: Cow<'a, str>,
        /// The whole definition as it came.
        json: Cow<'a, RawValue>,
    },
    /// Run by the provider.
    Server {
        /// What it does, where more than one protocol has such a tool.
        what: Option<ServerTool>,
        /// The wire type, e.g. `web_search_20260209`, `code_interpreter`.
        kind: Cow<'a, str>,
        /// The whole definition as it came.
        json: Cow<'a, RawValue>,
    },
}

/// Tools run by providers that more than one protocol has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServerTool {
    /// Searches the web.
    WebSearch,
    /// Searches among deferred tools.
    ToolSearch,
    /// Runs code.
    CodeExecution,
}

/// Which tools the model may or must call.
#[derive(Debug, Clone)]
pub enum ToolChoice<'a> {
    /// As it likes.
    Auto,
    /// None.
    None,
    /// At least one. Messages `any`, OpenAI `required`.
    Required,
    /// This one.
    Named {
        /// Its name.
        name: Cow<'a, str>,
        /// Its namespace.
        namespace: Option<Cow<'a, str>>,
    },
    /// Only these.
    Allowed {
        /// Whether one of them must be called.
        required: bool,
        /// Their names.
        names: Vec<Cow<'a, str>>,
        /// The whole choice as it came.
        json: Cow<'a, RawValue>,
    },
    /// A tool run by the provider.
    Hosted {
        /// Its wire type.
        kind: Cow<'a, str>,
        /// The whole choice as it came.
        json: Cow<'a, RawValue>,
    },
}
