//! Why requests go where they go: the plan explained, with what this node knows of the accounts.

use tollgate_base::{AccountId, GroupId};
use tollgate_protocol::Protocol;
use tollgate_routing::{Explanation, Needs, PlanRequest, Pricing, explain};

use crate::conditions::Conditions;
use crate::state::Shared;

/// A request as somebody asks about it.
#[derive(Debug, Clone, Copy)]
pub struct RouteQuestion<'a> {
    /// The group of the key it would come with; its routes are followed.
    pub group: GroupId,
    /// The model as the caller would write it.
    pub model: &'a str,
    /// The protocol the caller would speak.
    pub protocol: Protocol,
    /// What it would need.
    pub needs: Needs,
    /// The account that its session would be bound to.
    pub sticky: Option<AccountId>,
}

/// What would become of each account of the group; `None` if there is no such group, or its routes lead to none that is in
/// use.
pub(crate) fn explained(shared: &Shared, question: &RouteQuestion<'_>) -> Option<Explanation> {
    let (live, now) = (shared.live(), shared.now());
    let group = live.catalog.group(&question.group)?;
    let request = PlanRequest {
        group: live.catalog.serving_group(group, question.model)?,
        model: question.model,
        protocol: question.protocol,
        translate: true,
        sticky: question.sticky,
        only: None,
        pick: shared.pick(),
        needs: question.needs,
        at: now,
        pricing: Pricing::Charged { default: shared.config.default_price.as_ref() },
    };
    Some(explain(&live.catalog, &Conditions::of(&live), now, &request).asked_of(group))
}
