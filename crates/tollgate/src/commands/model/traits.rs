//! What an operator says of a model's traits: reading it, and showing what comes of it.

use std::io::Read;

use anyhow::{Context, anyhow, ensure};
use serde::Serialize;
use serde_json::{Map, Value};
use tollgate_translate::traits::TraitsPatch;

/// Every trait set takes not nearly as much; a wrong file is noticed here.
const MAX_BYTES: u64 = 64 << 10;

/// The traits in `argument`: JSON, or with `@` in front the file that holds it.
pub(super) fn read(argument: &str) -> anyhow::Result<TraitsPatch> {
    let Some(path) = argument.strip_prefix('@') else {
        return parse(argument).context("--traits");
    };
    let text = file(path).with_context(|| format!("--traits: {path}"))?;
    parse(&text).with_context(|| format!("--traits: {path}"))
}

fn file(path: &str) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = std::fs::File::open(path)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    ensure!(u64::try_from(read)? <= MAX_BYTES, "too long for traits");
    Ok(text)
}

fn parse(text: &str) -> anyhow::Result<TraitsPatch> {
    // A list would be read as the members in order.
    ensure!(text.trim_start().starts_with('{'), "expected a JSON object, such as {{\"vision\":false}}");
    serde_json::from_str(text).map_err(|error| match wrong_member(text) {
        Some((name, problem)) => anyhow!("{name}: {problem}"),
        None => anyhow!(error),
    })
}

/// The first member that cannot be, and why: JSON's own errors tell a line and a column, but no name.
fn wrong_member(text: &str) -> Option<(String, serde_json::Error)> {
    let members: Map<String, Value> = serde_json::from_str(text).ok()?;
    members.into_iter().find_map(|(name, value)| {
        let alone = Value::Object(Map::from_iter([(name.clone(), value)]));
        serde_json::from_value::<TraitsPatch>(alone).err().map(|problem| (name, problem))
    })
}

/// One trait a line; nothing of what is not set.
pub(super) fn lines(traits: &impl Serialize) -> String {
    let Ok(Value::Object(members)) = serde_json::to_value(traits) else {
        return String::new();
    };
    let lines: Vec<String> =
        members.iter().map(|(name, value)| format!("{name}: {}", words(value))).collect();
    lines.join("\n")
}

fn words(value: &Value) -> String {
    match value {
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Null => "unknown".to_owned(),
        Value::String(word) => word.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_member_is_named() {
        for (text, begin) in [
            (r#"{"visions":true}"#, "--traits: visions: unknown field `visions`, expected one of"),
            (r#"{"top_k":true,"vision":"no"}"#, "--traits: vision: invalid type: string \"no\""),
            (r#"{"efforts":["huge"]}"#, "--traits: efforts: `huge` is no effort"),
            (r#"{"disabling":"sometimes"}"#, "--traits: disabling: unknown variant `sometimes`"),
            (r#"{"max_output_tokens":-1}"#, "--traits: max_output_tokens: invalid value"),
            (r#"{"vision":true,"vision":true}"#, "--traits: duplicate field `vision`"),
            (r#"{"vision""#, "--traits: EOF while parsing"),
            ("[]", "--traits: expected a JSON object"),
            ("@nowhere.json", "--traits: nowhere.json: "),
        ] {
            let error = format!("{:#}", read(text).unwrap_err());
            assert!(error.starts_with(begin), "{text}: {error}");
        }
    }

    #[test]
    fn traits_are_shown_line_by_line() {
        let traits = read(r#"{"vision":false,"efforts":["low","max"],"disabling":"up_to_high"}"#).unwrap();
        assert_eq!(lines(&traits), "disabling: up_to_high\nefforts: low, max\nvision: no");
        assert_eq!(lines(&TraitsPatch::default()), "");
    }
}
