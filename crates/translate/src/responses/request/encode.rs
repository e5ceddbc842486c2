//! The intermediate representation into a Responses request.

use super::encode_choice::encode_choice;
use super::encode_items::encode_turns;
use super::encode_settings::{
    IncludeOut, ReasoningSettingsOut, TextSettingsOut, encode_reasoning, encode_text, identifier, sampling,
    top_extras,
};
use super::encode_tools::encode_tools;
use super::shape::ItemOut;
use super::shape_tools::{ChoiceOut, ToolOut};
use crate::error::TranslateError;
use crate::ir::{CallKind, PartOfTurn, Request, RequestTier};
use crate::json::{Extras, to_vec};
use crate::notes::Notes;
use crate::policy::Foreign;
use crate::target::Target;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::HashMap;
use tollgate_protocol::Protocol;

#[derive(Serialize)]
struct BodyOut<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<Cow<'a, str>>,
    input: Vec<ItemOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<ToolOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<ChoiceOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<ReasoningSettingsOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<TextSettingsOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_key: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    safety_identifier: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    include: Option<IncludeOut>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    #[serde(flatten)]
    extras: Extras<'a>,
}

/// What the encoding of every part needs to know.
pub(super) struct Encoder<'a, 'n> {
    pub(super) from: Protocol,
    /// How the tools called so far take their arguments, where one of them is no function.
    pub(super) calls: HashMap<&'a str, &'a CallKind<'a>>,
    pub(super) foreign: Foreign<'n>,
}

impl<'a, 'n> Encoder<'a, 'n> {
    fn new(request: &'a Request<'a>, notes: &'n mut Notes) -> Self {
        let parts = request.turns.iter().flat_map(|turn| &turn.parts);
        let calls = parts.filter_map(|part| match &part.body {
            PartOfTurn::ToolCall(call) if call.kind != CallKind::Function => {
                Some((call.id.as_ref(), &call.kind))
            }
            _ => None,
        });
        let foreign = Foreign::new(request.protocol, Protocol::Responses, notes);
        Self { from: request.protocol, calls: calls.collect(), foreign }
    }

    /// Whether the request came in this protocol: whether its extras are this protocol's own.
    pub(super) fn is_own(&self) -> bool {
        self.from == Protocol::Responses
    }
}

/// Encodes a request. What Responses cannot say goes into `notes`.
pub(crate) fn encode_request(
    request: &Request<'_>,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<Vec<u8>, TranslateError> {
    encode_for(request, target.model, target.traits.thinks(), notes)
}

/// Encodes a request for `model`; `thinks` is whether it has reasoning to give back.
pub(super) fn encode_for(
    request: &Request<'_>,
    model: &str,
    thinks: bool,
    notes: &mut Notes,
) -> Result<Vec<u8>, TranslateError> {
    let mut encoder = Encoder::new(request, notes);
    let own = encoder.is_own();
    let (instructions, input) = encode_turns(&request.turns, &mut encoder)?;
    let tools = encode_tools(request, &mut encoder)?;
    let tool_choice = encode_choice(request, !tools.is_empty(), &mut encoder)?;
    sampling(request, &mut encoder)?;
    let body = BodyOut {
        model,
        instructions,
        input,
        tools,
        tool_choice,
        parallel_tool_calls: request.parallel_tool_calls,
        max_output_tokens: request.max_output_tokens,
        temperature: request.sampling.temperature,
        top_p: request.sampling.top_p,
        reasoning: encode_reasoning(request, &mut encoder)?,
        text: encode_text(request, own)?,
        prompt_cache_key: request.cache_key.as_deref().map(|key| identifier(key, own)),
        safety_identifier: request.end_user.as_deref().map(|user| identifier(user, own)),
        service_tier: request.service_tier.map(RequestTier::openai_word),
        // The caller knows nothing of the provider's store, and its reasoning has to come back another way.
        store: (!own).then_some(false),
        include: (!own && thinks).then_some(IncludeOut),
        stream: request.stream,
        extras: top_extras(request, &mut encoder)?,
    };
    to_vec(&body, request.size_bytes)
}
