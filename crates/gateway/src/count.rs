//! Counting tokens: free, takes no slot, leaves no record and says nothing about an account's health.

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use tollgate_base::UserId;
use tollgate_protocol::{ApiError, Endpoint, ErrorKind, forward_edits};
use tollgate_routing::failover::{Action, Step};
use tollgate_routing::{Attempt, Group, Needs, PlanRequest, Platform, Pricing, TokenCounting};

use crate::answer::answer_headers;
use crate::attempt::Call;
use crate::destination::upstream_headers;
use crate::exchange::fetch;
use crate::outgoing::leave_out;
use crate::plan::{attempts, serving_group};
use crate::respond::{self, AnswerStream};
use crate::serve::Caller;
use crate::session::Session;
use crate::shaping::InForce;
use crate::state::{Live, Shared};
use crate::tokens;
use crate::tries::Tries;
use crate::verdict::{Met, Refused, refusal};

/// Answers a count, as the group has it: at the account, by the gate's own estimate, or not at all.
pub(crate) async fn answer(
    shared: &Shared,
    live: &Live,
    caller: &Caller,
    group: &Group,
    call: &Call<'_>,
    user: UserId,
) -> Result<Response<AnswerStream>, Refused> {
    let serving = serving_group(live, group, &call.probe.model)?;
    match counting_of(group, serving, call.endpoint) {
        TokenCounting::Off => Err(ApiError::of(ErrorKind::TokenCountingUnsupported).into()),
        TokenCounting::Estimate => Ok(respond::json(&caller.tag, estimate(call).await?)),
        TokenCounting::Native => forward(shared, live, caller, (group, serving), call, user).await,
    }
}

/// The group's setting, else that of the group that serves the model, else its platform's habit: each platform counts in
/// its own protocol.
fn counting_of(group: &Group, serving: &Group, endpoint: Endpoint) -> TokenCounting {
    let set = group.token_counting.or(serving.token_counting);
    set.unwrap_or(match (serving.platform, endpoint) {
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
    (group, serving): (&Group, &Group),
    call: &Call<'_>,
    user: UserId,
) -> Result<Response<AnswerStream>, Refused> {
    let session = Session::of(shared, live, user, group, call);
    let wanted = PlanRequest {
        group: serving,
        model: &call.probe.model,
        protocol: call.endpoint.protocol(),
        translate: false,
        sticky: session.account(),
        only: None,
        pick: shared.pick(),
        needs: Needs { count_tokens: call.endpoint == Endpoint::CountTokens, ..Needs::default() },
        at: shared.now(),
        pricing: Pricing::Free,
    };
    let is_unset = group.token_counting.is_none() && serving.token_counting.is_none();
    let mut planned = match attempts(shared, live, &wanted) {
        // Nobody was asked to count, and what the model is served in has no count for this caller.
        Err(_) if is_unset && is_translated(shared, live, &wanted) => {
            return Ok(respond::json(&caller.tag, estimate(call).await?));
        }
        planned => planned?,
    };
    let mut tries = Tries::new(shared, group, 0);
    let mut last = None;
    let mut next = planned.next();
    while let Some(attempt) = &next {
        let met = match ask(shared, live, call, &session, attempt).await {
            Ok((status, headers, body)) => {
                tries.answered();
                return Ok(respond::full(&caller.tag, status, headers, vec![body]));
            }
            Err(met) => met,
        };
        // The account's state is not changed by it: what is said about counting need not hold for answers.
        let judged = met.judged(attempt.account, &attempt.upstream_model);
        let has_more = judged.verdict.action == Action::RetrySame || planned.len() > 0;
        let step = tries.after(shared, &judged.verdict, false, has_more);
        last = Some(judged.refused);
        match step {
            Step::Tell => break,
            Step::Same(wait) => tokio::time::sleep(wait).await,
            Step::Next(_) => next = planned.next(),
        }
    }
    Err(last.unwrap_or_else(|| ApiError::of(ErrorKind::NoAccount).into()))
}

/// Whether the model is served to this caller by translation only.
fn is_translated<'a>(shared: &Shared, live: &'a Live, wanted: &PlanRequest<'a>) -> bool {
    let translated = PlanRequest { translate: true, needs: Needs::default(), ..*wanted };
    attempts(shared, live, &translated)
        .is_ok_and(|mut found| found.all(|attempt| attempt.protocol != wanted.protocol))
}

/// Asks one account.
async fn ask(
    shared: &Shared,
    live: &Live,
    call: &Call<'_>,
    session: &Session,
    attempt: &Attempt<'_>,
) -> Result<(StatusCode, HeaderMap, Bytes), Met> {
    let unusable = || ApiError::of(ErrorKind::NoAccount);
    let destination = live.destinations.get(&attempt.account.id).ok_or_else(unusable)?;
    let (endpoint, path) = destination.route(call.endpoint).ok_or_else(unusable)?;
    let mut head = tollgate_upstream::RequestHead {
        method: http::Method::POST,
        path_and_query: path.clone(),
        headers: upstream_headers(call.headers, attempt.protocol, destination),
    };
    let mut edits = forward_edits(call.probe, call.endpoint, &attempt.upstream_model);
    if let Some(foreign) = leave_out(call, session.foreign_to(live, attempt)) {
        edits.merge(&foreign.edits);
    }
    let mut body = edits.apply(call.body);
    if let Some(shaping) = InForce::of(attempt) {
        shaping.shape_count(&mut head.headers, &mut body);
    }
    let (status, headers, body) = fetch(shared, endpoint, head, body).await?;
    if !status.is_success() {
        return Err(refusal(attempt.protocol, status.as_u16(), headers, body, shared.now()));
    }
    if serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_err() {
        return Err(ApiError::of(ErrorKind::UpstreamInvalid).into());
    }
    Ok((status, answer_headers(&headers), body))
}
