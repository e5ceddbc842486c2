//! Counting tokens: free, takes no slot, leaves no record and says nothing about an account's health.

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use tollgate_protocol::{
    ApiError, Endpoint, ErrorKind, forward_edits, is_account_fault, read_upstream_error,
};
use tollgate_routing::{Attempt, Group, Needs, PlanRequest, Platform, Pricing, TokenCounting};

use crate::answer::answer_headers;
use crate::attempt::Call;
use crate::destination::upstream_headers;
use crate::exchange::fetch;
use crate::plan::attempts;
use crate::respond::{self, AnswerStream};
use crate::serve::Caller;
use crate::state::{Live, Shared};
use crate::tokens;
use crate::verdict::Refused;

/// Answers a count, as the group has it: at the account, by the gate's own estimate, or not at all.
pub(crate) async fn answer(
    shared: &Shared,
    live: &Live,
    caller: &Caller,
    group: &Group,
    call: &Call<'_>,
) -> Result<Response<AnswerStream>, Refused> {
    match counting_of(group, call.endpoint) {
        TokenCounting::Off => Err(ApiError::of(ErrorKind::TokenCountingUnsupported).into()),
        TokenCounting::Estimate => Ok(respond::json(&caller.tag, estimate(call).await?)),
        TokenCounting::Native => forward(shared, live, caller, group, call).await,
    }
}

/// The group's setting, else the platform's habit: each platform counts in its own protocol.
fn counting_of(group: &Group, endpoint: Endpoint) -> TokenCounting {
    group.token_counting.unwrap_or(match (group.platform, endpoint) {
        (Platform::Anthropic, Endpoint::CountTokens) => TokenCounting::Native,
        (Platform::Openai, Endpoint::ResponsesInputTokens) => TokenCounting::Native,
        _ => TokenCounting::Off,
    })
}

async fn estimate(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let input_tokens = tokens::estimate_body(&call.probe.model, call.body.clone()).await?;
    Ok(match call.endpoint {
        Endpoint::ResponsesInputTokens => {
            format!(r#"{{"object":"response.input_tokens","input_tokens":{input_tokens}}}"#).into_bytes()
        }
        _ => format!(r#"{{"input_tokens":{input_tokens}}}"#).into_bytes(),
    })
}

async fn forward(
    shared: &Shared,
    live: &Live,
    caller: &Caller,
    group: &Group,
    call: &Call<'_>,
) -> Result<Response<AnswerStream>, Refused> {
    let wanted = PlanRequest {
        group,
        model: &call.probe.model,
        protocol: call.endpoint.protocol(),
        translate: false,
        sticky: None,
        only: None,
        pick: shared.pick(),
        needs: Needs { count_tokens: call.endpoint == Endpoint::CountTokens, ..Needs::default() },
        at: shared.now(),
        pricing: Pricing::Free,
    };
    let planned = match attempts(shared, live, &wanted) {
        // Nobody was asked to count, and what the model is served in has no count for this caller.
        Err(_) if group.token_counting.is_none() && is_translated(shared, live, &wanted) => {
            return Ok(respond::json(&caller.tag, estimate(call).await?));
        }
        planned => planned?,
    };
    let mut last = ApiError::of(ErrorKind::NoAccount);
    for attempt in planned.take(shared.config.max_attempts.max(1)) {
        match ask(shared, live, call, &attempt).await {
            Ok((status, headers, body)) => {
                return Ok(respond::full(&caller.tag, status, headers, vec![body]));
            }
            Err(refused @ Refused::Verbatim { .. }) => return Err(refused),
            Err(Refused::Error(error)) => last = error,
        }
    }
    Err(last.into())
}

/// Whether the model is served to this caller by translation only.
fn is_translated<'a>(shared: &Shared, live: &'a Live, wanted: &PlanRequest<'a>) -> bool {
    let translated = PlanRequest { translate: true, needs: Needs::default(), ..*wanted };
    attempts(shared, live, &translated)
        .is_ok_and(|mut found| found.all(|attempt| attempt.protocol != wanted.protocol))
}

/// Asks one account. What it says about itself is a reason to ask the next one and nothing more.
async fn ask(
    shared: &Shared,
    live: &Live,
    call: &Call<'_>,
    attempt: &Attempt<'_>,
) -> Result<(StatusCode, HeaderMap, Bytes), Refused> {
    let unusable = || ApiError::of(ErrorKind::NoAccount);
    let destination = live.destinations.get(&attempt.account.id).ok_or_else(unusable)?;
    let (endpoint, path) = destination.route(call.endpoint).ok_or_else(unusable)?;
    let head = tollgate_upstream::RequestHead {
        method: http::Method::POST,
        path_and_query: path.clone(),
        headers: upstream_headers(call.headers, attempt.protocol, destination),
    };
    let body = forward_edits(call.probe, call.endpoint, &attempt.upstream_model).apply(call.body);
    let (status, headers, body) = fetch(shared, endpoint, head, body).await?;
    if status.is_success() {
        if serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_err() {
            return Err(ApiError::of(ErrorKind::UpstreamInvalid).into());
        }
        return Ok((status, answer_headers(&headers), body));
    }
    let read = read_upstream_error(attempt.protocol, status.as_u16(), &body);
    let error = ApiError::from_upstream(status.as_u16(), &read);
    if status.is_client_error()
        && status.as_u16() != 429
        && read.native
        && !is_account_fault(status.as_u16(), &read)
    {
        return Err(Refused::Verbatim { status: status.as_u16(), headers, body, error });
    }
    Err(error.into())
}
