//! The usage record of a request as it begins: everything that is known before an account is asked.

use http::header::USER_AGENT;
use tollgate_base::{Money, Usage};
use tollgate_pricing::CostParts;
use tollgate_store::{StreamEnd, UsageRecord};

use crate::generate::Generation;
use crate::serve::Caller;

/// What a record keeps of texts that the caller chooses.
const MAX_CALLER_TEXT_CHARS: usize = 512;

/// A record in which nothing has happened yet.
pub(crate) fn new_record(caller: &Caller, request: &Generation<'_>) -> UsageRecord {
    let Generation { identity, group, call, .. } = request;
    let probe = call.probe;
    let agent = caller.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    UsageRecord {
        id: caller.tag.id,
        at: request.at,
        user_id: identity.user.id,
        key_id: identity.key.id,
        group_id: group.id,
        account_id: None,
        endpoint: call.endpoint.path().to_owned(),
        client_protocol: call.endpoint.protocol(),
        upstream_protocol: None,
        requested_model: probe.model.clone().into_owned(),
        upstream_model: None,
        stream: probe.stream,
        usage: Usage::default(),
        cost: Money::ZERO,
        parts: CostParts::default(),
        group_rate: identity.group_rate(group, request.at),
        user_rate: identity.user.rate,
        price_version: 0,
        status: 0,
        error_kind: None,
        stop_reason: None,
        stream_end: StreamEnd::None,
        first_byte_ms: None,
        total_ms: 0,
        attempts: 0,
        estimated: false,
        client_address: request.address.to_string(),
        client_agent: agent.map(bounded),
        client_user: probe.user_id.as_deref().map(bounded),
        session: call.session.as_deref().map(bounded),
        upstream_request_id: None,
        dropped: None,
        service_tier: None,
        held: None,
        recovered: false,
        subscription_id: None,
        account_cost: Money::ZERO,
    }
}

fn bounded(text: &str) -> String {
    match text.char_indices().nth(MAX_CALLER_TEXT_CHARS) {
        Some((end, _)) => text[..end].to_owned(),
        None => text.to_owned(),
    }
}
