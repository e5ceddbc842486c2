//! The plan: which accounts a request may try, in which order, and why.

use std::borrow::Cow;

use tollgate_base::{AccountId, Timestamp};
use tollgate_protocol::Protocol;

use crate::account::Account;
use crate::catalog::{Catalog, group_name};
use crate::condition::{Health, Standing};
use crate::group::Group;
use crate::rank::{Reason, rank};
use crate::speak::spoken_with;

/// What a request needs beyond an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Need {
    /// Nothing.
    #[default]
    None,
    /// `count_tokens` answered by the upstream.
    CountTokens,
}

/// What a plan is made for.
#[derive(Debug, Clone, Copy)]
pub struct PlanRequest<'a> {
    /// The group whose accounts serve: the key's own, or where its routes lead, see
    /// [`Catalog::serving_group`](crate::Catalog::serving_group).
    pub group: &'a Group,
    /// The model as the caller wrote it.
    pub model: &'a str,
    /// The protocol the caller speaks.
    pub protocol: Protocol,
    /// Whether accounts that speak another protocol only may be tried too, behind those that speak the caller's.
    pub translate: bool,
    /// Whether it brings tools.
    pub tools: bool,
    /// The account that the session is bound to.
    pub sticky: Option<AccountId>,
    /// A random number of the caller's; it decides between equals, so that the plan itself is pure.
    pub pick: u64,
    /// What it needs.
    pub need: Need,
}

/// One account to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt<'a> {
    /// The account.
    pub account: &'a Account,
    /// The model's name there: the caller's, after the group's mapping and then the account's.
    pub upstream_model: Cow<'a, str>,
    /// The protocol to speak with it.
    pub protocol: Protocol,
    /// Why it has its place.
    pub reason: Reason,
    /// The requests it was serving when the plan was made.
    pub in_flight: u32,
    /// The group that it serves here.
    pub group: &'a Group,
    /// The model that the plan was made for.
    pub model: &'a str,
}

/// Why there is nothing to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The group has accounts, but none of them serves the model in any protocol.
    #[error("no account of the group serves the model")]
    ModelNotFound,
    /// The group has no account in use, or those that serve the model lack the protocol or what else is needed.
    #[error("no account of the group can take the request")]
    NoAccount,
    /// Every account that could take it is being left alone.
    #[error("every account that could take the request is cooling down")]
    AllCooling {
        /// When the first of them is back; `None` where nobody knows.
        until: Option<Timestamp>,
    },
}

/// The accounts that can take a request, in the order to try them; never empty.
///
/// A candidate is an enabled account of the group that speaks the caller's protocol (or, where translation is allowed,
/// any), serves the model (its allow-list is held against the name after the group's and then its own mapping), has
/// what is needed, and is not cooling. The account that the session is bound to comes first; then those that speak the
/// caller's protocol, then the others; among them by priority, within a priority by requests in flight per weight, and
/// equals by a draw in proportion to their weights. The same inputs give the same plan.
///
/// Nothing is allocated but the result, and names where a mapping has to fill a `*`.
///
/// # Errors
/// [`PlanError`].
pub fn plan<'a>(
    catalog: &'a Catalog,
    health: &dyn Health,
    now: Timestamp,
    request: &PlanRequest<'a>,
) -> Result<Vec<Attempt<'a>>, PlanError> {
    let passed_on = group_name(request.group, request.model);
    let accounts = catalog.accounts_of(&request.group.id);
    let mut attempts = Vec::with_capacity(accounts.len());
    let mut found = Found { accounts: accounts.len() != 0, serving: false, away: false, back_at: None };
    for (at, account) in accounts {
        let upstream_model = account.model_mapping.resolve(&passed_on).unwrap_or_else(|| passed_on.clone());
        if !account.is_usable() || !account.serves(&upstream_model) {
            continue;
        }
        found.serving = true;
        let Some(protocol) = capable_protocol(account, request, &upstream_model) else {
            continue;
        };
        let condition = health.condition(account, at, &upstream_model, now);
        if let Standing::Away { until, .. } = condition.standing
            && until.is_none_or(|until| until > now)
        {
            found.away(until);
            continue;
        }
        attempts.push(Attempt {
            account,
            upstream_model,
            protocol,
            reason: Reason::Priority,
            in_flight: condition.in_flight,
            group: request.group,
            model: request.model,
        });
    }
    if attempts.is_empty() {
        return Err(found.error());
    }
    rank(&mut attempts, request.pick);
    // Stable, so each half keeps its order.
    attempts.sort_by_key(|attempt| attempt.protocol != request.protocol);
    if let Some(account) = request.sticky {
        put_first(&mut attempts, account);
    }
    Ok(attempts)
}

/// The protocol to speak with an account, if it can take the request.
fn capable_protocol(account: &Account, request: &PlanRequest<'_>, upstream_model: &str) -> Option<Protocol> {
    let needed = match request.need {
        Need::None => true,
        Need::CountTokens => account.capabilities.count_tokens,
    };
    if !needed {
        return None;
    }
    spoken_with(account, request, upstream_model)
}

fn put_first(attempts: &mut [Attempt<'_>], account: AccountId) {
    if let Some(at) = attempts.iter().position(|attempt| attempt.account.id == account) {
        attempts[at].reason = Reason::Sticky;
        attempts[..=at].rotate_right(1);
    }
}

/// What was seen on the way, to tell the caller why nothing is left.
struct Found {
    accounts: bool,
    serving: bool,
    away: bool,
    back_at: Option<Timestamp>,
}

impl Found {
    fn away(&mut self, until: Option<Timestamp>) {
        self.away = true;
        self.back_at = self.back_at.into_iter().chain(until).min();
    }

    const fn error(&self) -> PlanError {
        match (self.away, self.serving, self.accounts) {
            (true, _, _) => PlanError::AllCooling { until: self.back_at },
            (false, false, true) => PlanError::ModelNotFound,
            _ => PlanError::NoAccount,
        }
    }
}

#[cfg(test)]
mod tests;
