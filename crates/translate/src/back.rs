//! What the translation of a request leaves for the translation of its answer: what was renamed, wrapped or taken over
//! on the way up has to be undone on the way down.

use std::collections::HashMap;

/// What to undo in the answer.
#[derive(Debug, Clone, Default)]
pub struct WayBack {
    /// The caller's tools by the names the upstream was given, where the two differ in more than nothing.
    pub tools: HashMap<String, CallerTool>,
    /// Stop sequences that the upstream cannot be given: the gate ends the text at the first of them.
    pub stop: Vec<String>,
    /// The answer's text is one JSON object that the upstream may have put into a code fence.
    pub unfence: bool,
    /// What becomes of the model's reasoning.
    pub reasoning: ReasoningBack,
}

/// One of the caller's tools, as the caller knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerTool {
    /// Its name.
    pub name: String,
    /// Its namespace (Responses).
    pub namespace: Option<String>,
    /// How it wants to be called.
    pub kind: CallerToolKind,
}

/// How a caller's tool wants to be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallerToolKind {
    /// As a function, with JSON.
    Function,
    /// As a custom tool: the member `input` of the arguments is its free text.
    Custom,
    /// By an item of its own, of this wire type: the arguments are its action.
    Native(String),
}

/// What becomes of the model's reasoning on its way to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReasoningBack {
    /// Its text is shown.
    #[default]
    Shown,
    /// Its text is left out and travels in the opaque member, so that it can come back.
    Carried,
    /// All of it is left out.
    Hidden,
}
