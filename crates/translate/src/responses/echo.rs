//! What a response repeats of its request.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A member longer than this is not repeated; the whole of a request is bounded by the gate.
const MEMBER_LIMIT_BYTES: usize = 1 << 20;

/// The members of a Responses request that the response repeats, as the caller wrote them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ResponsesEcho {
    instructions: Option<Box<RawValue>>,
    tools: Option<Box<RawValue>>,
    tool_choice: Option<Box<RawValue>>,
    parallel_tool_calls: Option<Box<RawValue>>,
    reasoning: Option<Box<RawValue>>,
    text: Option<Box<RawValue>>,
    temperature: Option<Box<RawValue>>,
    top_p: Option<Box<RawValue>>,
    max_output_tokens: Option<Box<RawValue>>,
    max_tool_calls: Option<Box<RawValue>>,
    metadata: Option<Box<RawValue>>,
    previous_response_id: Option<Box<RawValue>>,
    prompt_cache_key: Option<Box<RawValue>>,
    safety_identifier: Option<Box<RawValue>>,
    user: Option<Box<RawValue>>,
    service_tier: Option<Box<RawValue>>,
    store: Option<Box<RawValue>>,
    truncation: Option<Box<RawValue>>,
    background: Option<Box<RawValue>>,
    top_logprobs: Option<Box<RawValue>>,
}

impl ResponsesEcho {
    /// Reads the members out of a request's body. Of a body that cannot be read nothing is repeated: whoever serves the
    /// request has refused it before.
    #[must_use]
    pub fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }

    /// The members with the API's defaults for those that the request left out. `service_tier` is the one that served
    /// the request, if it is known.
    pub(super) fn members<'a>(&'a self, service_tier: Option<&'static str>) -> EchoOut<'a> {
        let of = |member: &'a Option<Box<RawValue>>, default: &'static str| match member {
            Some(raw) if raw.get().len() <= MEMBER_LIMIT_BYTES => Member::Asked(raw),
            _ => Member::Default(default),
        };
        EchoOut {
            instructions: of(&self.instructions, "null"),
            max_output_tokens: of(&self.max_output_tokens, "null"),
            max_tool_calls: of(&self.max_tool_calls, "null"),
            parallel_tool_calls: of(&self.parallel_tool_calls, "true"),
            previous_response_id: of(&self.previous_response_id, "null"),
            prompt_cache_key: of(&self.prompt_cache_key, "null"),
            reasoning: of(&self.reasoning, r#"{"effort":null,"summary":null}"#),
            safety_identifier: of(&self.safety_identifier, "null"),
            service_tier: match service_tier {
                Some("priority") => Member::Default("\"priority\""),
                Some("flex") => Member::Default("\"flex\""),
                Some(_) => Member::Default("\"default\""),
                None => of(&self.service_tier, "\"default\""),
            },
            store: of(&self.store, "true"),
            temperature: of(&self.temperature, "1.0"),
            text: of(&self.text, r#"{"format":{"type":"text"}}"#),
            tool_choice: of(&self.tool_choice, "\"auto\""),
            tools: of(&self.tools, "[]"),
            top_logprobs: of(&self.top_logprobs, "0"),
            top_p: of(&self.top_p, "1.0"),
            truncation: of(&self.truncation, "\"disabled\""),
            background: of(&self.background, "false"),
            user: of(&self.user, "null"),
            metadata: of(&self.metadata, "{}"),
        }
    }
}

/// The repeated members as written.
#[derive(Serialize)]
pub(super) struct EchoOut<'a> {
    background: Member<'a>,
    instructions: Member<'a>,
    max_output_tokens: Member<'a>,
    max_tool_calls: Member<'a>,
    metadata: Member<'a>,
    parallel_tool_calls: Member<'a>,
    previous_response_id: Member<'a>,
    prompt_cache_key: Member<'a>,
    reasoning: Member<'a>,
    safety_identifier: Member<'a>,
    service_tier: Member<'a>,
    store: Member<'a>,
    temperature: Member<'a>,
    text: Member<'a>,
    tool_choice: Member<'a>,
    tools: Member<'a>,
    top_logprobs: Member<'a>,
    top_p: Member<'a>,
    truncation: Member<'a>,
    user: Member<'a>,
}

/// One repeated member: what the caller wrote, or the API's default as JSON text.
enum Member<'a> {
    Asked(&'a RawValue),
    Default(&'static str),
}

impl Serialize for Member<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Asked(raw) => raw.serialize(serializer),
            Self::Default(json) => {
                let raw: &RawValue = serde_json::from_str(json).map_err(serde::ser::Error::custom)?;
                raw.serialize(serializer)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(body: &str, tier: Option<&'static str>) -> serde_json::Value {
        let echo = ResponsesEcho::read(body.as_bytes());
        serde_json::to_value(echo.members(tier)).unwrap()
    }

    #[test]
    fn what_was_asked_is_repeated_and_the_rest_has_defaults() {
        let body = r#"{"model":"m","input":"x","tools":[{"type":"custom","name":"a"}],"temperature":0.20,
            "service_tier":"flex","metadata":null,"reasoning":{"effort":"high"}}"#;
        let out = written(body, None);
        assert_eq!(out["tools"][0]["name"], "a");
        assert_eq!(out["temperature"], 0.2);
        assert_eq!(out["service_tier"], "flex");
        assert_eq!(out["metadata"], serde_json::json!({}));
        assert_eq!(out["reasoning"]["effort"], "high");
        assert_eq!((&out["tool_choice"], &out["store"]), (&"auto".into(), &true.into()));
        assert_eq!(written(body, Some("priority"))["service_tier"], "priority");
        assert_eq!(written("not json", None)["parallel_tool_calls"], true);
    }

    #[test]
    fn a_huge_member_is_not_repeated() {
        let body = format!(r#"{{"instructions":"{}"}}"#, "x".repeat(MEMBER_LIMIT_BYTES));
        assert_eq!(written(&body, None)["instructions"], serde_json::Value::Null);
    }
}
