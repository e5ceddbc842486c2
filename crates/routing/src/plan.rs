//! The plan: which accounts a request may try, in which order, and why.

use std::borrow::Cow;
use std::sync::Arc;

use tollgate_base::{AccountId, Timestamp};
use tollgate_pricing::ModelPrice;
use tollgate_protocol::Protocol;

use crate::account::Account;
use crate::candidates::Candidates;
use crate::capability::{Abilities, Ability, Needs};
use crate::catalog::Catalog;
use crate::condition::Health;
use crate::group::Group;
use crate::judge::{Judge, PassedOver};
use crate::price::PriceVersion;
use crate::rank::{Drawing, Order, Ranked, Ranking, Reason};
use crate::speak::{Speech, spoken_with};

/// What a plan is made for.
#[derive(Debug, Clone, Copy)]
pub struct PlanRequest<'a> {
    /// The group whose accounts serve, as the catalog has it: the key's own, or where its routes lead, see
    /// [`Catalog::serving_group`](crate::Catalog::serving_group).
    pub group: &'a Group,
    /// The model as the caller wrote it.
    pub model: &'a str,
    /// The protocol the caller speaks.
    pub protocol: Protocol,
    /// Whether accounts that speak another protocol only may be tried too, behind those that speak the caller's.
    pub translate: bool,
    /// The account that the session is bound to.
    pub sticky: Option<AccountId>,
    /// The one account that may be tried, where what the request refers to lives there.
    pub only: Option<AccountId>,
    /// A random number of the caller's; it decides between equals, so that the plan itself is pure.
    pub pick: u64,
    /// What it needs.
    pub needs: Needs,
    /// When it came in: the price of that time holds.
    pub at: Timestamp,
    /// Whether it is paid for.
    pub pricing: Pricing<'a>,
}

impl PlanRequest<'_> {
    pub(crate) const fn speech(&self) -> Speech {
        Speech {
            caller: self.protocol,
            translate: self.translate,
            tools: self.needs.abilities.contains(Ability::Tools),
        }
    }
}

/// Whether a request is paid for.
#[derive(Debug, Clone, Copy)]
pub enum Pricing<'a> {
    /// It costs nothing, and needs no price.
    Free,
    /// It is charged: only accounts at which the model has a price can take it.
    Charged {
        /// The price of models that have none of their own.
        default: Option<&'a ModelPrice>,
    },
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
    /// The operator says of every account that it cannot do what the request needs.
    #[error("no account of the group that serves the model can take: {lacking}")]
    Incapable {
        /// What is missing.
        lacking: Abilities,
    },
    /// The model has no price at any account that could take it.
    #[error("the model has no price")]
    Unpriced,
}

/// The accounts that can take a request, in the order to try them: an iterator that puts them in order as far as it is
/// read. A new one is never empty.
#[derive(Debug)]
pub struct Plan<'a> {
    catalog: &'a Catalog,
    request: PlanRequest<'a>,
    candidates: Arc<Candidates>,
    order: Order,
    offers: Offers<'a>,
    next: usize,
}

/// The accounts that can take a request, in the order to try them; never empty.
///
/// A candidate is an enabled account of the group that speaks the caller's protocol (or, where translation is allowed,
/// any), serves the model (its allow-list is held against the name after the group's and then its own mapping) at a price,
/// can do what is needed, and is not left alone. One whose model lacks something, or is too small, is a candidate only if no
/// account of the group is better, whatever its condition.
///
/// The account that the session is bound to comes first; then those that have room; among them those that speak the
/// caller's protocol; and then it is for the group's [policy](crate::Policy). The same inputs give the same plan.
///
/// Nothing is allocated for each account but a few numbers in one list.
///
/// # Errors
/// [`PlanError`].
pub fn plan<'a>(
    catalog: &'a Catalog,
    health: &dyn Health,
    now: Timestamp,
    request: &PlanRequest<'a>,
) -> Result<Plan<'a>, PlanError> {
    let candidates = catalog.candidates(request.group, request.model);
    let judge = Judge::new(catalog, health, now, request, &candidates.names);
    let ranking = ranking(catalog, request);
    let mut found = Found::new(&candidates);
    let mut offers = [Offers::default(), Offers::default()];
    let mut ranked = Vec::with_capacity(candidates.list.len());
    for (position, candidate) in candidates.list.iter().enumerate() {
        let name = candidates.name_of(candidate);
        let suited = match judge.suits(candidate, name) {
            Ok(suited) => suited,
            Err(why) => {
                found.passed_over(why);
                continue;
            }
        };
        found.fits |= !suited.falls_short;
        let condition = judge.condition(candidate, name);
        if let Some(why) = judge.away(&condition) {
            found.passed_over(why);
            continue;
        }
        offers[usize::from(suited.falls_short)].note(candidate.name, suited.price);
        ranked.push(Ranked::new(&ranking, position, candidate, &suited, &condition));
    }
    if found.fits {
        ranked.retain(|ranked| !ranked.falls_short());
    }
    if ranked.is_empty() {
        return Err(found.error());
    }
    let [fitting, short] = offers;
    Ok(Plan {
        catalog,
        request: *request,
        order: Order::new(ranked, request.group.policy, drawing(request, &candidates)),
        candidates,
        offers: if found.fits { fitting } else { short },
        next: 0,
    })
}

/// What a request is ranked by.
pub(crate) fn ranking(catalog: &Catalog, request: &PlanRequest<'_>) -> Ranking {
    Ranking {
        policy: request.group.policy,
        protocol: request.protocol,
        sticky: request.sticky.and_then(|id| catalog.index_of(&id)),
    }
}

/// The draw that decides between equals.
pub(crate) fn drawing<'c>(request: &PlanRequest<'_>, candidates: &'c Candidates) -> Drawing<'c> {
    Drawing { pick: request.pick, candidates: &candidates.list }
}

impl<'a> Plan<'a> {
    /// The account to try next, without going on to the one behind it.
    pub fn peek(&mut self) -> Option<Attempt<'a>> {
        let drawing = drawing(&self.request, &self.candidates);
        let (ranked, reason) = self.order.get(self.next, drawing)?;
        self.attempt(&ranked, reason)
    }

    /// What any of its attempts, those made already included, may be charged by: the model's name at the provider and its
    /// price, `None` for the default. One may come more than once, but not once for every account.
    pub fn offers(&self) -> impl Iterator<Item = (&str, Option<&'a PriceVersion>)> {
        self.offers.0.iter().map(|(name, price)| (&*self.candidates.names[*name as usize].text, *price))
    }

    /// The model that it was made for.
    #[must_use]
    pub const fn model(&self) -> &'a str {
        self.request.model
    }

    /// Whether requests to any of its accounts are shaped, so that what they may cost depends on the account.
    #[must_use]
    pub fn is_shaped(&self) -> bool {
        self.candidates.is_shaped
    }

    /// All its attempts, those made already included, in no order. For what concerns every account; it costs as many.
    pub fn attempts(&self) -> impl Iterator<Item = Attempt<'a>> {
        self.order.all().filter_map(|ranked| self.attempt(&ranked, Reason::Priority))
    }

    fn attempt(&self, ranked: &Ranked, reason: Reason) -> Option<Attempt<'a>> {
        let candidate = self.candidates.list.get(ranked.candidate as usize)?;
        let name = self.candidates.name_of(candidate);
        let upstream_model = if name.text == self.request.model {
            Cow::Borrowed(self.request.model)
        } else {
            Cow::Owned(name.text.clone())
        };
        Some(Attempt {
            account: self.catalog.accounts().get(candidate.at.get())?,
            upstream_model,
            protocol: spoken_with(candidate.spoken, name.habits, self.request.speech())?,
            reason,
            in_flight: ranked.in_flight,
            group: self.request.group,
            model: self.request.model,
        })
    }
}

impl<'a> Iterator for Plan<'a> {
    type Item = Attempt<'a>;

    fn next(&mut self) -> Option<Attempt<'a>> {
        let attempt = self.peek()?;
        self.next += 1;
        Some(attempt)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.order.len() - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Plan<'_> {}

/// The names and prices that a plan's attempts may be charged by.
#[derive(Debug, Default)]
struct Offers<'a>(Vec<(u32, Option<&'a PriceVersion>)>);

impl<'a> Offers<'a> {
    /// How many are looked through for one that is known; more would cost more than they save.
    const LOOKED_AT: usize = 16;

    #[inline]
    fn note(&mut self, name: u32, price: Option<&'a PriceVersion>) {
        // One version is one object of the catalog.
        let same = |other: &PriceVersion| price.is_some_and(|price| std::ptr::eq(price, other));
        let known =
            |(known, at): &(u32, Option<&PriceVersion>)| *known == name && at.map_or(price.is_none(), same);
        if !self.0.iter().rev().take(Self::LOOKED_AT).any(known) {
            self.0.push((name, price));
        }
    }
}

/// What was seen on the way, to tell the caller why nothing is left.
struct Found {
    has_accounts: bool,
    serving: bool,
    /// Somebody can take the request without falling short, whatever the condition.
    fits: bool,
    away: bool,
    back_at: Option<Timestamp>,
    unpriced: bool,
    lacking: Abilities,
}

impl Found {
    fn new(candidates: &Candidates) -> Self {
        Self {
            has_accounts: candidates.has_accounts,
            serving: !candidates.list.is_empty(),
            fits: false,
            away: false,
            back_at: None,
            unpriced: false,
            lacking: Abilities::NONE,
        }
    }

    fn passed_over(&mut self, why: PassedOver) {
        match why {
            PassedOver::Away { until, .. } => {
                self.away = true;
                self.back_at = self.back_at.into_iter().chain(until).min();
            }
            PassedOver::Unpriced => self.unpriced = true,
            PassedOver::Cannot { abilities } => self.lacking = self.lacking.or(abilities),
            _ => {}
        }
    }

    const fn error(&self) -> PlanError {
        match self {
            Self { away: true, .. } => PlanError::AllCooling { until: self.back_at },
            Self { unpriced: true, .. } => PlanError::Unpriced,
            Self { lacking, .. } if !lacking.is_empty() => PlanError::Incapable { lacking: *lacking },
            Self { serving: false, has_accounts: true, .. } => PlanError::ModelNotFound,
            _ => PlanError::NoAccount,
        }
    }
}

#[cfg(test)]
mod tests;
