//! Phase 4: the accounts that may be tried, in order, or why there are none.

use tollgate_base::{AccountId, Timestamp};
use tollgate_pricing::ModelPrice;
use tollgate_protocol::{ApiError, Endpoint, ErrorKind};
use tollgate_routing::{Attempt, Fallback, Group, Health, Need, PlanError, PlanRequest, Status, plan};
use tollgate_store::{QuotaOwner, ResponseOwner};

use crate::generate::Generation;
use crate::health::HealthBook;
use crate::quotas::Quotas;
use crate::responses;
use crate::state::{Live, Shared};

/// The attempts for a request: at accounts that serve its model, in order, where the model has a price.
pub(crate) async fn plan_attempts<'a>(
    shared: &Shared,
    request: &Generation<'a>,
) -> Result<Vec<Attempt<'a>>, ApiError> {
    let probe = request.call.probe;
    let pinned = match &probe.previous_response_id {
        Some(id) if request.call.history.is_none() => {
            responses::owner_for(shared, &request.identity.key, id).await?
        }
        _ => None,
    };
    let wanted = PlanRequest {
        group: serving_group(request.live, request.group, &probe.model)?,
        model: &probe.model,
        protocol: request.call.endpoint.protocol(),
        translate: is_translatable(request.call.endpoint),
        tools: probe.tools.is_some(),
        sticky: pinned.as_ref().map(|owner| owner.account_id),
        pick: shared.pick(),
        need: Need::None,
    };
    let mut attempts = attempts(shared, request.live, &wanted)?;
    if let Some(owner) = pinned {
        // A stored response lives at one account; no other knows it.
        attempts.retain(|attempt| attempt.account.id == owner.account_id);
        if attempts.is_empty() {
            return Err(unavailable(shared, &owner));
        }
    }
    attempts.retain(|attempt| price_of(shared, request, attempt).is_some());
    if attempts.is_empty() {
        return Err(ApiError::about(ErrorKind::ModelUnpriced, &probe.model));
    }
    Ok(attempts)
}

/// The attempts for what a group falls back to; none where nobody can be asked, or nobody knows a price.
pub(crate) fn plan_fallback<'a>(
    shared: &Shared,
    request: &Generation<'a>,
    fallback: &'a Fallback,
) -> Vec<Attempt<'a>> {
    let (live, probe) = (request.live, request.call.probe);
    let model = fallback.model.as_deref().unwrap_or(&probe.model);
    let group = fallback.group.map_or(Some(request.group), |id| live.catalog.group(&id));
    let enabled = group.filter(|group| group.status == Status::Enabled);
    let Some(serving) = enabled.and_then(|group| live.catalog.serving_group(group, model)) else {
        return Vec::new();
    };
    let wanted = PlanRequest {
        group: serving,
        model,
        protocol: request.call.endpoint.protocol(),
        translate: is_translatable(request.call.endpoint),
        tools: probe.tools.is_some(),
        sticky: None,
        pick: shared.pick(),
        need: Need::None,
    };
    let mut planned = attempts(shared, live, &wanted).unwrap_or_default();
    planned.retain(|attempt| price_of(shared, request, attempt).is_some());
    planned
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
) -> Result<Vec<Attempt<'a>>, ApiError> {
    let now = shared.now();
    plan(&live.catalog, &condition(shared, now), now, wanted).map_err(|error| match error {
        PlanError::ModelNotFound => ApiError::about(ErrorKind::ModelNotFound, wanted.model),
        PlanError::NoAccount => {
            served_elsewhere(shared, live, wanted).unwrap_or_else(|| ApiError::of(ErrorKind::NoAccount))
        }
        PlanError::AllCooling { until } => cooling(until, now),
    })
}

/// The error for a model that the group serves, but in another protocol: it names where.
fn served_elsewhere<'a>(shared: &Shared, live: &'a Live, wanted: &PlanRequest<'a>) -> Option<ApiError> {
    let endpoints = [Endpoint::Messages, Endpoint::Chat, Endpoint::Responses];
    let serves = |endpoint: &Endpoint| {
        let elsewhere =
            PlanRequest { protocol: endpoint.protocol(), need: Need::None, sticky: None, ..*wanted };
        let now = shared.now();
        let planned = plan(&live.catalog, &condition(shared, now), now, &elsewhere);
        endpoint.protocol() != wanted.protocol && matches!(planned, Ok(_) | Err(PlanError::AllCooling { .. }))
    };
    let places: Vec<&str> = endpoints.into_iter().filter(serves).map(Endpoint::path).collect();
    let message = format!("The model `{}` is served on {} only.", wanted.model, places.join(" and "));
    (!places.is_empty()).then(|| ApiError::new(ErrorKind::ModelNotFound, message).field("model"))
}

/// Why the one account that could serve the request cannot.
fn unavailable(shared: &Shared, owner: &ResponseOwner) -> ApiError {
    let now = shared.now();
    match condition(shared, now).cooling_until(&owner.account_id) {
        Some(until) if until > now => cooling(until, now),
        _ => ApiError::of(ErrorKind::NoAccount),
    }
}

/// The accounts' health and quotas together: one whose quota is used up is left alone until it counts anew.
struct Condition<'a> {
    health: &'a HealthBook,
    quotas: &'a Quotas,
    now: Timestamp,
}

fn condition(shared: &Shared, now: Timestamp) -> Condition<'_> {
    Condition { health: &shared.health, quotas: shared.wallets.quotas(), now }
}

impl Health for Condition<'_> {
    fn cooling_until(&self, account: &AccountId) -> Option<Timestamp> {
        let used_up = self.quotas.used_up_until(QuotaOwner::Account(*account), self.now);
        used_up.max(self.health.cooling_until(account))
    }

    fn in_flight(&self, account: &AccountId) -> u32 {
        self.health.in_flight(account)
    }
}

fn cooling(until: Timestamp, now: Timestamp) -> ApiError {
    let seconds = until.since(now).as_millis().div_ceil(1000);
    ApiError::of(ErrorKind::AllCooling).retry_after(u32::try_from(seconds).unwrap_or(u32::MAX).max(1))
}

/// What the request is charged by if this attempt answers it, and the version of that price: what was in force when the
/// request came in, however long it takes.
pub(crate) fn price_of(
    shared: &Shared,
    request: &Generation<'_>,
    attempt: &Attempt<'_>,
) -> Option<(ModelPrice, i64)> {
    let Attempt { account, upstream_model, protocol, model, .. } = attempt;
    let priced = request.live.catalog.price_at(model, upstream_model, account, *protocol, request.at);
    match priced {
        Some(price) => Some((price.at(request.at), price.version)),
        None => shared.config.default_price.map(|price| (price, 0)),
    }
}
