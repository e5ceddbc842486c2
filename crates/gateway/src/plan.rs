//! Phase 4: the accounts that may be tried, in order, or why there are none.

use tollgate_base::Timestamp;
use tollgate_pricing::ModelPrice;
use tollgate_protocol::{ApiError, Endpoint, ErrorKind};
use tollgate_routing::{
    Attempt, Fallback, Group, Needs, Plan, PlanError, PlanRequest, PriceVersion, Pricing, Status, plan,
};

use crate::conditions::Conditions;
use crate::generate::Generation;
use crate::needs::needs_of;
use crate::responses;
use crate::session::Session;
use crate::state::{Live, Shared};

/// The plan for a request: the accounts that serve its model at a price, in order.
pub(crate) async fn plan_attempts<'a>(
    shared: &'a Shared,
    request: &Generation<'a>,
    session: &Session,
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
    let serving = serving_group(request.live, request.group, &probe.model)?;
    let wanted = PlanRequest {
        sticky: pinned.or_else(|| session.account()),
        only: pinned,
        ..wanted(shared, request, serving, &probe.model)
    };
    attempts(shared, request.live, &wanted)
}

/// The plan for what a group falls back to; none where nobody can be asked, or nobody knows a price.
pub(crate) fn plan_fallback<'a>(
    shared: &'a Shared,
    request: &Generation<'a>,
    fallback: &'a Fallback,
) -> Option<Plan<'a>> {
    let live = request.live;
    let model = fallback.model.as_deref().unwrap_or(&request.call.probe.model);
    let group = fallback.group.map_or(Some(request.group), |id| live.catalog.group(&id));
    let enabled = group.filter(|group| group.status == Status::Enabled);
    let serving = enabled.and_then(|group| live.catalog.serving_group(group, model))?;
    attempts(shared, live, &wanted(shared, request, serving, model)).ok()
}

/// What a plan for this request is made for, at the accounts of a group and for a model.
fn wanted<'a>(
    shared: &'a Shared,
    request: &Generation<'a>,
    serving: &'a Group,
    model: &'a str,
) -> PlanRequest<'a> {
    PlanRequest {
        group: serving,
        model,
        protocol: request.call.endpoint.protocol(),
        translate: is_translatable(request.call.endpoint),
        sticky: None,
        only: None,
        pick: shared.pick(),
        needs: needs_of(request.call, request.live.catalog.restricted(serving, model)),
        at: request.at,
        pricing: Pricing::Charged { default: shared.config.default_price.as_ref() },
    }
}

/// The group whose accounts serve a model to the keys of `group`.
pub(crate) fn serving_group<'a>(
    live: &'a Live,
    group: &'a Group,
    model: &str,
) -> Result<&'a Group, ApiError> {
    live.catalog.serving_group(group, model).ok_or_else(|| ApiError::of(ErrorKind::NoAccount))
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
    let conditions = Conditions::of(live);
    let planned = match plan(&live.catalog, &conditions, now, wanted) {
        Err(PlanError::AllCooling { .. }) => {
            plan(&live.catalog, &conditions.where_nobody_else_is(), now, wanted)
        }
        planned => planned,
    };
    planned.map_err(|error| match error {
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
    let Attempt { account, upstream_model, protocol, model, .. } = attempt;
    let version = request.live.catalog.price_at(model, upstream_model, account, *protocol, request.at);
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
