//! The response object as written, in each state of its life.

use super::echo::EchoOut;
use super::usage::{ToolUsageOut, UsageOut};
use crate::answer::AnswerContext;
use crate::chat::tier_word;
use crate::ir::ServiceTier;
use serde::Serialize;
use serde_json::value::RawValue;
use std::sync::Arc;
use tollgate_base::Usage;

use super::ResponsesEcho;

/// What stays the same on all objects of one answer.
#[derive(Debug)]
pub(super) struct Head {
    /// The id the caller reads.
    pub(super) id: String,
    model: String,
    created_at: i64,
    echo: Arc<ResponsesEcho>,
    pub(super) service_tier: Option<ServiceTier>,
}

impl Head {
    pub(super) fn new(ctx: &AnswerContext) -> Self {
        Self {
            id: String::new(),
            model: ctx.model.clone(),
            created_at: ctx.created_at_s,
            echo: ctx.responses_echo.clone().unwrap_or_default(),
            service_tier: None,
        }
    }

    /// The object while the model works.
    pub(super) fn in_progress(&self) -> ResponseOut<'_> {
        self.object("in_progress", None, &[], None)
    }

    /// The object at the end.
    pub(super) fn ended<'a>(
        &'a self,
        incomplete_reason: Option<&'static str>,
        output: &'a [Box<RawValue>],
        usage: &Usage,
    ) -> ResponseOut<'a> {
        let status = if incomplete_reason.is_some() { "incomplete" } else { "completed" };
        self.object(status, incomplete_reason, output, Some(usage))
    }

    fn object<'a>(
        &'a self,
        status: &'static str,
        incomplete_reason: Option<&'static str>,
        output: &'a [Box<RawValue>],
        usage: Option<&Usage>,
    ) -> ResponseOut<'a> {
        ResponseOut {
            id: &self.id,
            object: "response",
            created_at: self.created_at,
            status,
            error: (),
            incomplete_details: incomplete_reason.map(|reason| IncompleteOut { reason }),
            model: &self.model,
            output,
            echo: self.echo.members(self.service_tier.and_then(tier_word)),
            usage: usage.map(UsageOut::from),
            tool_usage: usage.and_then(ToolUsageOut::new),
        }
    }
}

/// A response object.
#[derive(Serialize)]
pub(super) struct ResponseOut<'a> {
    id: &'a str,
    object: &'static str,
    created_at: i64,
    status: &'static str,
    error: (),
    incomplete_details: Option<IncompleteOut>,
    model: &'a str,
    output: &'a [Box<RawValue>],
    #[serde(flatten)]
    echo: EchoOut<'a>,
    usage: Option<UsageOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_usage: Option<ToolUsageOut>,
}

#[derive(Serialize)]
struct IncompleteOut {
    reason: &'static str,
}
