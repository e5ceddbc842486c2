//! Phase 4: the accounts that may be tried, in order, or why there are none.

use std::sync::Arc;

use tollgate_base::Timestamp;
use tollgate_pricing::ModelPrice;
use tollgate_protocol::{ApiError, Endpoint, ErrorKind};
use tollgate_routing::{
    Account, AccountIndex, Attempt, AwayReason, Condition, Fallback, Group, Health, Need, PlanError,
    PlanRequest, Standing, Status, plan,
};
use tollgate_store::{QuotaOwner, ResponseOwner};

use crate::generate::Generation;
use crate::health::AccountHealth;
use crate::quotas::{NEVER, Quotas};
use crate::responses;
use crate::session::Session;
use crate::state::{Live, Shared};

/// The attempts for a request: at accounts that serve its model, in order, where the model has a price.
pub(crate) async fn plan_attempts<'a>(
    shared: &Shared,
    request: &Generation<'a>,
    session: &Session,
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
        sticky: pinned.as_ref().map(|owner| owner.account_id).or_else(|| session.account()),
        pick: shared.pick(),
        need: Need::None,
    };
    let mut attempts = attempts(shared, request.live, &wanted)?;
    if let Some(owner) = pinned {
        // A stored response lives at one account; no other knows it.
        attempts.retain(|attempt| attempt.account.id == owner.account_id);
        if attempts.is_empty() {
            return Err(unavailable(shared, request.live, &owner, &probe.model));
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
    let mut conditions = conditions(shared, live);
    let planned = plan(&live.catalog, &conditions, now, wanted);
    let planned = match planned {
        Err(PlanError::AllCooling { .. }) => {
            conditions.nobody_else = true;
            plan(&live.catalog, &conditions, now, wanted)
        }
        other => other,
    };
    planned.map_err(|error| match error {
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
        let planned = plan(&live.catalog, &conditions(shared, live), now, &elsewhere);
        endpoint.protocol() != wanted.protocol && matches!(planned, Ok(_) | Err(PlanError::AllCooling { .. }))
    };
    let places: Vec<&str> = endpoints.into_iter().filter(serves).map(Endpoint::path).collect();
    let message = format!("The model `{}` is served on {} only.", wanted.model, places.join(" and "));
    (!places.is_empty()).then(|| ApiError::new(ErrorKind::ModelNotFound, message).field("model"))
}

/// Why the one account that could serve the request cannot.
fn unavailable(shared: &Shared, live: &Live, owner: &ResponseOwner, model: &str) -> ApiError {
    let now = shared.now();
    let catalog = &live.catalog;
    let found = catalog.account(&owner.account_id).zip(catalog.index_of(&owner.account_id));
    let condition = found.map(|(account, at)| conditions(shared, live).condition(account, at, model, now));
    match condition.map(|condition| condition.standing) {
        Some(Standing::Away { until, .. }) => cooling(until, now),
        _ => ApiError::of(ErrorKind::NoAccount),
    }
}

/// The accounts' health and quotas together: one whose quota is used up is left alone until it counts anew.
struct Conditions<'a> {
    health: &'a [Arc<AccountHealth>],
    quotas: &'a Quotas,
    /// Accounts count too that are passed over only while there are others: those that as many requests as may try them are
    /// trying, since these are over within moments, and those that said that they do not have the model, since who asks for
    /// it gets their own words.
    nobody_else: bool,
}

fn conditions<'a>(shared: &'a Shared, live: &'a Live) -> Conditions<'a> {
    Conditions { health: &live.health, quotas: shared.wallets.quotas(), nobody_else: false }
}

impl Health for Conditions<'_> {
    fn condition(&self, account: &Account, at: AccountIndex, model: &str, now: Timestamp) -> Condition {
        let health = self.health.get(at.get());
        let mut known = health.map_or(Condition::READY, |health| health.condition(model, now));
        if self.nobody_else
            && let Standing::Away { why, .. } = known.standing
            && (why == AwayReason::TrialFull || health.is_some_and(|health| health.lacks(model, now)))
        {
            known.standing = Standing::Trial;
        }
        let owner = QuotaOwner::Account(account.id);
        let Some(until) = self.quotas.used_up_until(owner, now) else { return known };
        let until = (until != NEVER).then_some(until);
        let standing = match known.standing {
            // The longer of the two counts.
            Standing::Away { until: Some(other), .. } if until.is_some_and(|until| until < other) => {
                known.standing
            }
            Standing::Away { until: None, .. } => known.standing,
            _ => Standing::Away { until, why: AwayReason::OverQuota },
        };
        Condition { standing, ..known }
    }
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
    let priced = request.live.catalog.price_at(model, upstream_model, account, *protocol, request.at);
    match priced {
        Some(price) => Some((price.at(request.at), price.version)),
        None => shared.config.default_price.map(|price| (price, 0)),
    }
}
