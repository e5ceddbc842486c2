//! Tools that one protocol's models know by their wire type, written out as functions for models that do not.
//!
//! Sources: Anthropic's documentation of the bash, text editor and memory tools; the `openai` SDK's types
//! `FunctionShellTool`, `LocalShellCall`, `ApplyPatchToolCall`.

/// A tool that its caller runs and that can be written as a function.
pub(super) struct Native {
    /// What the definition's wire type begins with.
    pub(super) prefix: &'static str,
    /// The wire type of its calls, where they are items of their own (Responses).
    pub(super) call: Option<&'static str>,
    /// The function's name, where the definition gives none.
    pub(super) name: &'static str,
    /// What the model is told of it.
    pub(super) description: &'static str,
    /// The JSON schema of its arguments.
    pub(super) schema: &'static str,
}

/// Every such tool.
const TABLE: &[Native] = &[
    Native {
        prefix: "bash_",
        call: None,
        name: "bash",
        description: "Runs a command in a persistent bash session and returns what it printed. `restart` begins a new session.",
        schema: r#"{"type":"object","properties":{"command":{"type":"string"},"restart":{"type":"boolean"}}}"#,
    },
    Native {
        prefix: "text_editor_",
        call: None,
        name: "str_replace_based_edit_tool",
        description: "Views and edits text files. `view` shows a file or directory, `create` writes a file, `str_replace` replaces one exact occurrence, `insert` puts text behind a line.",
        schema: r#"{"type":"object","properties":{"command":{"type":"string","enum":["view","create","str_replace","insert"]},"path":{"type":"string"},"file_text":{"type":"string"},"old_str":{"type":"string"},"new_str":{"type":"string"},"insert_line":{"type":"integer"},"insert_text":{"type":"string"},"view_range":{"type":"array","items":{"type":"integer"}}},"required":["command","path"]}"#,
    },
    Native {
        prefix: "memory_",
        call: None,
        name: "memory",
        description: "Keeps notes in files under /memories across conversations.",
        schema: r#"{"type":"object","properties":{"command":{"type":"string","enum":["view","create","str_replace","insert","delete","rename"]},"path":{"type":"string"},"file_text":{"type":"string"},"old_str":{"type":"string"},"new_str":{"type":"string"},"insert_line":{"type":"integer"},"insert_text":{"type":"string"},"old_path":{"type":"string"},"new_path":{"type":"string"},"view_range":{"type":"array","items":{"type":"integer"}}},"required":["command"]}"#,
    },
    Native {
        prefix: "local_shell",
        call: Some("local_shell_call"),
        name: "local_shell",
        description: "Runs a command on the caller's machine and returns what it printed.",
        schema: r#"{"type":"object","properties":{"type":{"type":"string","enum":["exec"]},"command":{"type":"array","items":{"type":"string"}},"working_directory":{"type":"string"},"timeout_ms":{"type":"integer"},"env":{"type":"object","additionalProperties":{"type":"string"}},"user":{"type":"string"}},"required":["type","command","env"]}"#,
    },
    Native {
        prefix: "shell",
        call: Some("shell_call"),
        name: "shell",
        description: "Runs shell commands on the caller's machine, one after the other, and returns what they printed.",
        schema: r#"{"type":"object","properties":{"commands":{"type":"array","items":{"type":"string"}},"timeout_ms":{"type":"integer"},"max_output_length":{"type":"integer"}},"required":["commands"]}"#,
    },
    Native {
        prefix: "apply_patch",
        call: Some("apply_patch_call"),
        name: "apply_patch",
        description: "Creates, updates or deletes one file. `diff` is a V4A diff: lines to keep begin with a space, lines to remove with `-`, lines to add with `+`, each hunk under a line that begins with `@@`.",
        schema: r#"{"type":"object","properties":{"type":{"type":"string","enum":["create_file","update_file","delete_file"]},"path":{"type":"string"},"diff":{"type":"string"}},"required":["type","path"]}"#,
    },
    Native {
        prefix: "tool_search",
        call: Some("tool_search_call"),
        name: "tool_search",
        description: "Searches for further tools by what they are for.",
        schema: r#"{"type":"object","properties":{"query":{"type":"string"}},"required":["query"]}"#,
    },
];

/// The tool of a definition's wire type.
pub(super) fn by_definition(kind: &str) -> Option<&'static Native> {
    TABLE.iter().find(|native| kind.starts_with(native.prefix))
}

/// The tool whose calls are items of this wire type.
pub(super) fn by_call(kind: &str) -> Option<&'static Native> {
    TABLE.iter().find(|native| native.call == Some(kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::RawValue;

    #[test]
    fn every_schema_is_json_and_every_tool_is_found() {
        for native in TABLE {
            assert!(serde_json::from_str::<&RawValue>(native.schema).is_ok(), "{}", native.name);
            assert_eq!(by_definition(native.prefix).map(|found| found.name), Some(native.name));
            if let Some(call) = native.call {
                assert_eq!(by_call(call).map(|found| found.name), Some(native.name));
            }
        }
        assert!(by_definition("computer_20250124").is_none());
    }
}
