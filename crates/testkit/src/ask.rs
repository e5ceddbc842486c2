//! A request as the script sees it: the same for all three protocols.

use serde_json::Value;

/// The protocol of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Api {
    Messages,
    Chat,
    Responses,
}

impl Api {
    pub(crate) const ALL: [Self; 3] = [Self::Messages, Self::Chat, Self::Responses];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Chat => "chat",
            Self::Responses => "responses",
        }
    }
}

/// What the request says, as far as the answer depends on it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask {
    pub(crate) model: String,
    pub(crate) stream: bool,
    /// All text of the last user message: where directives are looked for.
    pub(crate) prompt: String,
    /// The last text of that message: what is echoed.
    pub(crate) echo: String,
    /// The text of the last user message that holds a directive, if that is not the last user message.
    pub(crate) earlier: String,
    /// How many tool results came after it (or after the last user message).
    pub(crate) answered: usize,
    /// What the tool results of the last turn say.
    pub(crate) results: Vec<String>,
    /// Images in the whole request.
    pub(crate) images: usize,
    pub(crate) tools: Vec<Tool>,
    pub(crate) choice: Choice,
    pub(crate) prompt_tokens: u64,
    pub(crate) max_tokens: Option<u64>,
    pub(crate) stops: Vec<String>,
    /// The form the text must have.
    pub(crate) format: Format,
    /// Chat: how many choices.
    pub(crate) n: usize,
    /// Chat streams: whether a usage chunk was asked for.
    pub(crate) include_usage: bool,
    /// Messages: thinking text is left out, only its signature is sent.
    pub(crate) hide_thinking: bool,
}

/// A tool the answer may call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) namespace: Option<String>,
    pub(crate) kind: ToolKind,
}

/// How a tool takes its input.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ToolKind {
    /// JSON by this schema.
    Function(Value),
    /// Free text.
    Custom,
}

/// What the request says about calling tools.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Choice {
    #[default]
    Auto,
    None,
    Any,
    Named(String),
}

/// What the text of the answer must be.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum Format {
    #[default]
    Text,
    AnyJson,
    Schema(Value),
}

impl Ask {
    /// The tool of this name: `name`, `namespace.name` or `namespace__name`.
    pub(crate) fn tool(&self, name: &str) -> Option<&Tool> {
        self.tools.iter().find(|tool| tool.is_called(name))
    }
}

impl Tool {
    pub(crate) fn function(name: &str, schema: &Value) -> Self {
        Self { name: name.to_owned(), namespace: None, kind: ToolKind::Function(schema.clone()) }
    }

    fn is_called(&self, name: &str) -> bool {
        if self.name == name {
            return true;
        }
        let Some(rest) = self.namespace.as_deref().and_then(|space| name.strip_prefix(space)) else {
            return false;
        };
        [".", "__"].iter().any(|mark| rest.strip_prefix(mark) == Some(&self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaced_tools_answer_to_both_names() {
        let tool =
            Tool { name: "exec".to_owned(), namespace: Some("functions".to_owned()), kind: ToolKind::Custom };
        for (name, found) in [
            ("exec", true),
            ("functions.exec", true),
            ("functions__exec", true),
            ("functionsexec", false),
            ("other.exec", false),
        ] {
            assert_eq!(tool.is_called(name), found, "{name}");
        }
    }
}
