//! The model list, in both shapes.

use serde_json::{Value, json};

use crate::error::ProviderError;
use crate::respond::CREATED_S;

const CREATED_AT: &str = "2026-11-01T00:00:00Z";

/// The list: Anthropic's form with its paging, or OpenAI's.
pub(crate) fn list(names: &[String], query: &str, anthropic: bool) -> Value {
    if !anthropic {
        let data: Vec<Value> = names.iter().map(|name| openai(name)).collect();
        return json!({"object": "list", "data": data});
    }
    let asked = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let place = |id: &str| names.iter().position(|name| name == id);
    let start = asked("after_id").and_then(place).map_or(0, |at| at + 1);
    let end = asked("before_id").and_then(place).unwrap_or(names.len()).max(start);
    let limit = asked("limit").and_then(|limit| limit.parse().ok()).unwrap_or(20_usize).clamp(1, 1000);
    let page = &names[start..end.min(start.saturating_add(limit))];
    json!({
        "data": page.iter().map(|name| claude(name)).collect::<Vec<_>>(),
        "has_more": start + page.len() < end,
        "first_id": page.first(),
        "last_id": page.last(),
    })
}

/// One model.
pub(crate) fn one(names: &[String], id: &str, anthropic: bool) -> Result<Value, ProviderError> {
    if !names.iter().any(|name| name == id) {
        let text =
            if anthropic { format!("model: {id}") } else { format!("The model '{id}' does not exist") };
        return Err(ProviderError::not_found(text).code("model_not_found"));
    }
    Ok(if anthropic { claude(id) } else { openai(id) })
}

fn openai(id: &str) -> Value {
    json!({"id": id, "object": "model", "created": CREATED_S, "owned_by": "sandbox"})
}

/// `ModelInfo`, as a current model that can do everything.
fn claude(id: &str) -> Value {
    let line = ["haiku", "sonnet", "opus", "fable", "mythos"].into_iter().find(|line| id.contains(line));
    let yes = || json!({"supported": true});
    json!({
        "type": "model",
        "id": id,
        "display_name": id,
        "created_at": CREATED_AT,
        "lifecycle": "active",
        "line": line,
        "max_input_tokens": 1_000_000,
        "max_tokens": 128_000,
        "deprecated_at": null,
        "retires_at": null,
        "capabilities": {
            "batch": yes(),
            "citations": yes(),
            "code_execution": yes(),
            "context_management": {
                "supported": true,
                "clear_thinking_20251015": yes(),
                "clear_tool_uses_20250919": yes(),
                "compact_20260112": yes(),
            },
            "effort": {"supported": true, "low": yes(), "medium": yes(), "high": yes(), "xhigh": yes(), "max": yes()},
            "image_input": yes(),
            "pdf_input": yes(),
            "server_tools": {"supported": true, "code_execution": yes(), "web_search": yes()},
            "structured_outputs": yes(),
            "thinking": {
                "supported": true,
                "types": {"adaptive": yes(), "between_tools": yes(), "disabled": yes(), "enabled": yes()},
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_page_by_page() {
        let names: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
        let page = list(&names, "limit=2", true);
        assert_eq!(
            (&page["first_id"], &page["last_id"], &page["has_more"]),
            (&json!("a"), &json!("b"), &json!(true))
        );
        let page = list(&names, "after_id=b", true);
        assert_eq!((&page["first_id"], &page["has_more"]), (&json!("c"), &json!(false)));
        assert_eq!(list(&names, "", false)["data"].as_array().unwrap().len(), 3);
        assert_eq!(one(&names, "z", true).unwrap_err().status, 404);
        assert_eq!(one(&names, "b", false).unwrap()["id"], "b");
    }
}
