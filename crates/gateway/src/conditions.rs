//! How accounts stand on this node, as the plan is told it: their health, their quotas, and whether they have room.
//!
//! All of it lies in lists by the account's place in the catalog, since a plan asks for every account of a group.

use std::sync::Arc;

use tollgate_base::Timestamp;
use tollgate_routing::{Account, AccountIndex, AwayReason, Catalog, Condition, Health, Standing};

use crate::health::AccountHealth;
use crate::quotas::{NEVER, SharedQuota, used_up_until};
use crate::state::Live;

/// What bounds an account.
pub(crate) struct AccountBounds {
    quotas: Arc<[SharedQuota]>,
    /// How many requests it may serve at the same time.
    concurrency: u32,
}

/// The bounds of the catalog's accounts, in its order; `quotas` are in the same.
pub(crate) fn bounds(catalog: &Catalog, quotas: Vec<Arc<[SharedQuota]>>) -> Vec<AccountBounds> {
    let accounts = catalog.accounts().iter().zip(quotas);
    accounts
        .map(|(account, quotas)| {
            let allowance = catalog.limits().account(account.id);
            AccountBounds {
                quotas,
                concurrency: allowance.concurrency.map_or(u32::MAX, std::num::NonZero::get),
            }
        })
        .collect()
}

/// The accounts' conditions now.
pub(crate) struct Conditions<'a> {
    health: &'a [Arc<AccountHealth>],
    bounds: &'a [AccountBounds],
    nobody_else: bool,
}

impl<'a> Conditions<'a> {
    pub(crate) fn of(live: &'a Live) -> Self {
        Self { health: &live.health, bounds: &live.bounds, nobody_else: false }
    }

    /// The same where nobody else is left. Accounts count too that are passed over only while there are others: those that as
    /// many requests as may try them are trying, since these are over within moments, and those that said that they do not
    /// have the model, since who asks for it gets their own words.
    pub(crate) const fn where_nobody_else_is(self) -> Self {
        Self { nobody_else: true, ..self }
    }

    fn known(&self, at: AccountIndex, model: &str, now: Timestamp) -> Condition {
        let Some(health) = self.health.get(at.get()) else { return Condition::READY };
        let known = health.condition(model, now);
        match known.standing {
            Standing::Away { why, .. }
                if self.nobody_else && (why == AwayReason::TrialFull || health.lacks(model, now)) =>
            {
                Condition { standing: Standing::Trial, ..known }
            }
            _ => known,
        }
    }
}

impl Health for Conditions<'_> {
    fn condition(&self, _: &Account, at: AccountIndex, model: &str, now: Timestamp) -> Condition {
        let known = self.known(at, model, now);
        let Some(bounds) = self.bounds.get(at.get()) else { return known };
        let is_full = known.is_full || known.in_flight >= bounds.concurrency;
        let standing = match used_up_until(&bounds.quotas, now) {
            Some(until) => longer(known.standing, until),
            None => known.standing,
        };
        Condition { standing, is_full, ..known }
    }
}

/// The account's own standing, or that its quota is used up: whichever lasts longer.
fn longer(own: Standing, used_up_until: Timestamp) -> Standing {
    match own {
        Standing::Away { until: None, .. } => own,
        Standing::Away { until: Some(until), .. } if until > used_up_until => own,
        _ => Standing::Away {
            until: (used_up_until != NEVER).then_some(used_up_until),
            why: AwayReason::OverQuota,
        },
    }
}
