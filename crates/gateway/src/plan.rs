//! Phase 4: the accounts that may be tried, in order, or why there are none.

use tollgate_base::Timestamp;
use tollgate_pricing::ModelPrice;
use tollgate_protocol::{ApiError, Endpoint, ErrorKind};
use tollgate_routing::{Attempt, Needs, Plan, PlanError, PlanRequest, PriceVersion, Pricing, plan};

use crate::conditions::Conditions;
use crate::generate::Generation;
use crate::needs::needs_of;
use crate::responses;
use crate::state::{Live, Shared};

/// The plan for a request: the accounts that serve its model at a price, in order.
pub(crate) async fn plan_attempts<'a>(
    shared: &'a Shared,
    request: &Generation<'a>,
) -> Result<Plan<'a>, ApiError> {
    let probe = request.call.probe;
    let pinned = match &probe.previous_response_id {
        // A stored response lives at one account; no other knows it.
        Some(id) if request.call.history.is_none() => {
            responses::owner_for(shared, &request.identity.key, id).await?
        }
        _ => None,
    };
    let pinned = pinned.map(|owner| owner.account_id);
    let wanted = PlanRequest {
        group: request.group,
        model: &probe.model,
        protocol: request.call.endpoint.protocol(),
        translate: is_translatable(request.call.endpoint),
        sticky: pinned,
        only: pinned,
        pick: shared.pick(),
        needs: needs_of(request.call, request.live.catalog.restricted(request.group, &probe.model)),
        at: request.at,
        pricing: Pricing::Charged { default: shared.config.default_price.as_ref() },
    };
    attempts(shared, request.live, &wanted)
}

/// Whether a call may go to an account of another protocol. Compaction is Responses' own.
const fn is_translatable(endpoint: Endpoint) -> bool {
    !matches!(endpoint, Endpoint::ResponsesCompact)
}

/// The plan, or why there is none, in the gate's words.
pub(crate) fn attempts<'a>(
    shared: &Shared,
    live: &'a Live,
    wanted: &PlanRequest<'a>,
) -> Result<Plan<'a>, ApiError> {
    let now = shared.now();
    plan(&live.catalog, &Conditions::of(live), now, wanted).map_err(|error| match error {
        PlanError::ModelNotFound => ApiError::about(ErrorKind::ModelNotFound, wanted.model),
        PlanError::NoAccount => {
            served_elsewhere(shared, live, wanted).unwrap_or_else(|| ApiError::of(ErrorKind::NoAccount))
        }
        PlanError::AllCooling { until } => cooling(until, now),
        PlanError::Unpriced => ApiError::about(ErrorKind::ModelUnpriced, wanted.model),
        PlanError::Incapable { lacking } => {
            ApiError::invalid_field("model", &format!("no account that serves it here can take: {lacking}"))
        }
    })
}

/// The error for a model that the group serves, but in another protocol: it names where.
fn served_elsewhere<'a>(shared: &Shared, live: &'a Live, wanted: &PlanRequest<'a>) -> Option<ApiError> {
    let endpoints = [Endpoint::Messages, Endpoint::Chat, Endpoint::Responses];
    let serves = |endpoint: &Endpoint| {
        let elsewhere = PlanRequest {
            protocol: endpoint.protocol(),
            needs: Needs { count_tokens: false, ..wanted.needs },
            sticky: None,
            ..*wanted
        };
        let planned = plan(&live.catalog, &Conditions::of(live), shared.now(), &elsewhere);
        endpoint.protocol() != wanted.protocol && matches!(planned, Ok(_) | Err(PlanError::AllCooling { .. }))
    };
    let places: Vec<&str> = endpoints.into_iter().filter(serves).map(Endpoint::path).collect();
    let message = format!("The model `{}` is served on {} only.", wanted.model, places.join(" and "));
    (!places.is_empty()).then(|| ApiError::new(ErrorKind::ModelNotFound, message).field("model"))
}

fn cooling(until: Option<Timestamp>, now: Timestamp) -> ApiError {
    let error = ApiError::of(ErrorKind::AllCooling);
    let Some(until) = until else { return error };
    let seconds = until.since(now).as_millis().div_ceil(1000);
    error.retry_after(u32::try_from(seconds).unwrap_or(u32::MAX).max(1))
}

/// What the request is charged by if this attempt answers it, and the version of that price: what was in force when the
/// request came in, however long it takes.
pub(crate) fn price_of(
    shared: &Shared,
    request: &Generation<'_>,
    attempt: &Attempt<'_>,
) -> Option<(ModelPrice, i64)> {
    let (model, upstream_model) = (&request.call.probe.model, &attempt.upstream_model);
    let version =
        request.live.catalog.price_at(model, upstream_model, attempt.account, attempt.protocol, request.at);
    charged_by(shared, version, request.at)
}

/// The price of that version for a request that came in at this time, and its number; without one the default price.
pub(crate) fn charged_by(
    shared: &Shared,
    version: Option<&PriceVersion>,
    at: Timestamp,
) -> Option<(ModelPrice, i64)> {
    match version {
        Some(version) => Some((version.at(at), version.version)),
        None => shared.config.default_price.map(|price| (price, 0)),
    }
}
