//! Items of tools that the provider runs, written again for readers of the same protocol.
//!
//! They are known only once they are complete. What providers stream of them is said in one piece, so that a reader who
//! adds pieces up has it once.

use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use std::collections::BTreeMap;

/// What is streamed of an item: the member, and the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Streamed {
    pub(super) member: &'static str,
    pub(super) delta: &'static str,
    pub(super) done: &'static str,
}

const CODE: Streamed = Streamed {
    member: "code",
    delta: "response.code_interpreter_call_code.delta",
    done: "response.code_interpreter_call_code.done",
};
const ARGUMENTS: Streamed = Streamed {
    member: "arguments",
    delta: "response.mcp_call_arguments.delta",
    done: "response.mcp_call_arguments.done",
};

/// What is streamed of this item, and its text; none if nothing is.
pub(super) fn streamed(item: &RawValue) -> Option<(Streamed, String)> {
    #[derive(Deserialize)]
    struct Item {
        #[serde(rename = "type")]
        kind: String,
        code: Option<String>,
        arguments: Option<String>,
    }
    let item: Item = serde_json::from_str(item.get()).ok()?;
    let (streamed, text) = match item.kind.as_str() {
        "code_interpreter_call" => (CODE, item.code?),
        "mcp_call" => (ARGUMENTS, item.arguments?),
        _ => return None,
    };
    (!text.is_empty()).then_some((streamed, text))
}

/// The item as it begins: without what is streamed of it.
pub(super) fn begun(item: &RawValue) -> Result<Box<RawValue>, serde_json::Error> {
    let Some((streamed, _)) = streamed(item) else {
        return Ok(item.to_owned());
    };
    let mut members: BTreeMap<&str, &RawValue> = serde_json::from_str(item.get())?;
    let empty = to_raw_value("")?;
    members.insert(streamed.member, &empty);
    to_raw_value(&members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_arguments_are_streamed_and_nothing_else() {
        for (item, member, begins) in [
            (
                r#"{"type":"code_interpreter_call","id":"c","code":"1+1"}"#,
                Some("code"),
                r#"{"code":"","id":"c","type":"code_interpreter_call"}"#,
            ),
            (
                r#"{"type":"mcp_call","id":"m","arguments":"{}"}"#,
                Some("arguments"),
                r#"{"arguments":"","id":"m","type":"mcp_call"}"#,
            ),
            (
                r#"{"type":"code_interpreter_call","id":"c","code":null}"#,
                None,
                r#"{"type":"code_interpreter_call","id":"c","code":null}"#,
            ),
            (r#"{"type":"compaction","id":"x"}"#, None, r#"{"type":"compaction","id":"x"}"#),
        ] {
            let raw: &RawValue = serde_json::from_str(item).unwrap();
            assert_eq!(streamed(raw).map(|(streamed, _)| streamed.member), member);
            assert_eq!(begun(raw).unwrap().get(), begins);
        }
    }
}
