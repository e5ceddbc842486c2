//! A tool loop told in advance: `steps='[...]'`, one element for each round.
//!
//! Which step a request is at follows from the tool results that came after the directive: the first step whose calls
//! are not all answered. So it works the same in every protocol, and however results are grouped on their way.

use serde::Deserialize;
use serde_json::Value;

/// What one round answers.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Step {
    pub(crate) thinking: Option<Thinking>,
    pub(crate) redacted: bool,
    pub(crate) text: Option<String>,
    pub(crate) calls: Vec<Planned>,
    /// The same as one element of `calls`.
    pub(crate) tool: Option<String>,
    pub(crate) args: Option<Value>,
}

/// Thinking: so many words, or this text.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Thinking {
    Words(usize),
    Text(String),
}

/// A call of a round.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Planned {
    pub(crate) tool: String,
    /// A string is the input as it is; anything else is written as JSON. Without it they come from the tool's schema.
    #[serde(default)]
    pub(crate) args: Option<Value>,
    /// Thinking before this call.
    #[serde(default)]
    pub(crate) thinking: Option<Thinking>,
}

/// Reads the list.
pub(crate) fn read(text: &str) -> Result<Vec<Step>, String> {
    let mut steps: Vec<Step> =
        serde_json::from_str(text).map_err(|error| format!("`steps` needs a JSON list of steps: {error}"))?;
    for step in &mut steps {
        if let Some(tool) = step.tool.take() {
            step.calls.insert(0, Planned { tool, args: step.args.take(), thinking: None });
        }
        if step.args.is_some() {
            return Err("`steps` has a step with `args` and no `tool`".to_owned());
        }
    }
    Ok(steps)
}

/// The step of a request that brings so many results; `None` when all are done.
pub(crate) fn at(steps: &[Step], mut answered: usize) -> Option<&Step> {
    for step in steps {
        if step.calls.is_empty() || answered < step.calls.len() {
            return Some(step);
        }
        answered -= step.calls.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_results_tell_the_step() {
        let text = r#"[{"tool":"Read","args":{"a":1}},{"thinking":3,"calls":[{"tool":"A"},{"tool":"B","args":"x","thinking":"hm"}]},{"text":"done"}]"#;
        let steps = read(text).unwrap();
        let number =
            |answered| at(&steps, answered).and_then(|step| steps.iter().position(|other| other == step));
        assert_eq!([0, 1, 2, 3, 4].map(number), [0, 1, 1, 2, 2].map(Some));
        assert_eq!(at(&steps[..1], 1), None);
        assert_eq!(steps[0].calls[0].args, Some(serde_json::json!({"a": 1})));
        assert_eq!(steps[1].calls[1].thinking, Some(Thinking::Text("hm".to_owned())));
    }

    #[test]
    fn what_is_no_list_of_steps_is_refused() {
        for text in ["", "{}", r#"[{"tol":"x"}]"#, r#"[{"args":{}}]"#, r#"[{"calls":[{"args":{}}]}]"#] {
            assert!(read(text).unwrap_err().contains("`steps`"), "{text}");
        }
    }
}
