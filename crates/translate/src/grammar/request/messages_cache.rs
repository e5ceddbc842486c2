//! The cache breakpoints of a request to Messages.

use crate::grammar::read::{Check, is, need, only};
use serde_json::Value;

const MOST_BREAKPOINTS: usize = 4;

pub(super) fn check(body: &Value) -> Check {
    let mut found = Vec::new();
    for tool in body["tools"].as_array().into_iter().flatten() {
        found.push(&tool["cache_control"]);
    }
    blocks(&body["system"], &mut found)?;
    for message in body["messages"].as_array().into_iter().flatten() {
        blocks(&message["content"], &mut found)?;
    }
    found.push(&body["cache_control"]);
    found.retain(|breakpoint| !breakpoint.is_null());
    need(found.len() <= MOST_BREAKPOINTS, "cache_control", "more than 4 breakpoints")?;
    let mut short_seen = false;
    for breakpoint in found {
        is(breakpoint, "type", "ephemeral", "cache_control")?;
        only(breakpoint, &["type", "ttl", "scope"], "cache_control")?;
        let is_long = match breakpoint["ttl"].as_str() {
            None | Some("5m") => false,
            Some(ttl) => {
                need(ttl == "1h", "cache_control", format!("a ttl of `{ttl}`"))?;
                true
            }
        };
        need(!(is_long && short_seen), "cache_control", "1h behind 5m")?;
        short_seen |= !is_long;
    }
    Ok(())
}

/// Collects the breakpoints of blocks and of what is inside them.
fn blocks<'a>(content: &'a Value, found: &mut Vec<&'a Value>) -> Check {
    for block in content.as_array().into_iter().flatten() {
        let inner = &block["content"];
        for inside in inner.as_array().into_iter().flatten() {
            found.push(&inside["cache_control"]);
        }
        let breakpoint = &block["cache_control"];
        let thinks = matches!(block["type"].as_str(), Some("thinking" | "redacted_thinking"));
        need(breakpoint.is_null() || !thinks, "cache_control", "a breakpoint at thinking")?;
        found.push(breakpoint);
    }
    Ok(())
}
