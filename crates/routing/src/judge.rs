//! Whether one account can take one request: the one judgement that both the plan and its explanation read.

use std::fmt;

use serde::Serialize;
use tollgate_base::{Rate, Timestamp, Usage};
use tollgate_pricing::{ModelPrice, Served, charge};
use tollgate_protocol::Protocol;

use crate::candidates::{Candidate, Name};
use crate::capability::Abilities;
use crate::catalog::Catalog;
use crate::condition::{AccountIndex, AwayReason, Condition, Health, Standing};
use crate::group::Policy;
use crate::plan::{PlanRequest, Pricing};
use crate::price::{PriceVersion, Prices};
use crate::speak::{Speech, spoken_with};

/// Why an account is not tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum PassedOver {
    /// It is disabled.
    Disabled,
    /// It has no address for any protocol.
    NoAddress,
    /// Its list of models has no place for the one asked for.
    ModelNotServed,
    /// The request belongs to another account and to no other.
    BoundElsewhere,
    /// It speaks no protocol that the request can be sent in.
    NoProtocol,
    /// It does not answer `count_tokens`.
    NoTokenCounting,
    /// The operator says that it cannot do what the request needs.
    Cannot {
        /// What that is.
        abilities: Abilities,
    },
    /// The model has no price there.
    Unpriced,
    /// It is left alone.
    Away {
        /// For what reason.
        reason: AwayReason,
        /// Until when; `None` where nobody knows.
        until: Option<Timestamp>,
    },
    /// The model cannot do there what the request needs, and another account can take it.
    Lacks {
        /// What that is.
        abilities: Abilities,
    },
    /// The prompt is too long for it, and another account can take it.
    ContextTooSmall {
        /// How many tokens prompt and answer may have together.
        context_window_tokens: u64,
    },
    /// The answer may become too long for it, and another account can take the request.
    AnswerTooLong {
        /// How many tokens an answer may have.
        max_output_tokens: u64,
    },
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disabled => f.write_str("disabled"),
            Self::NoAddress => f.write_str("has no address"),
            Self::ModelNotServed => f.write_str("does not serve the model"),
            Self::BoundElsewhere => f.write_str("the request belongs to another account"),
            Self::NoProtocol => f.write_str("speaks no protocol that the request can be sent in"),
            Self::NoTokenCounting => f.write_str("does not count tokens"),
            Self::Cannot { abilities } => write!(f, "cannot take: {abilities}"),
            Self::Unpriced => f.write_str("the model has no price there"),
            Self::Away { reason, .. } => f.write_str(match reason {
                AwayReason::RateLimited => "cooling: its provider said to wait",
                AwayReason::Broken => "cooling: it failed too often",
                AwayReason::TrialFull => "recovering: as many requests as may try it are under way",
                AwayReason::OverQuota => "a quota of it is used up",
                AwayReason::NeedsAttention => "needs attention: its credential was refused repeatedly",
                AwayReason::Refused => "cooling: its provider refused it",
            }),
            Self::Lacks { abilities } => write!(f, "the model cannot take there: {abilities}"),
            Self::ContextTooSmall { context_window_tokens } => {
                write!(f, "the prompt is longer than its {context_window_tokens} tokens")
            }
            Self::AnswerTooLong { max_output_tokens } => {
                write!(f, "its answers have at most {max_output_tokens} tokens")
            }
        }
    }
}

/// What a request would be at an account that can take it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Suited<'a> {
    pub(crate) protocol: Protocol,
    /// What it would be charged by; `None` where the default price holds, or none is asked for.
    pub(crate) price: Option<&'a PriceVersion>,
    /// What comparable requests cost there; only told where the policy asks.
    pub(crate) cost: u64,
    /// Whether it is passed over if another can take the request without a [shortfall](Judge::shortfall).
    pub(crate) falls_short: bool,
}

/// Judges the accounts of a group for one request.
pub(crate) struct Judge<'a, 'p> {
    catalog: &'a Catalog,
    health: &'p dyn Health,
    now: Timestamp,
    request: &'p PlanRequest<'a>,
    speech: Speech,
    /// The one account that may be asked; where that is not in the catalog, none.
    only: Option<Option<AccountIndex>>,
    /// For each of the names that the model has.
    prices: Vec<NamePrice<'a>>,
}

/// What a model costs under one of its names.
enum NamePrice<'a> {
    /// The same at every account.
    Everywhere(Option<Priced<'a>>),
    /// At some accounts something else.
    ByPlace(&'a Prices),
}

#[derive(Clone, Copy)]
struct Priced<'a> {
    version: Option<&'a PriceVersion>,
    /// What comparable requests cost before an account's rate.
    cost: u64,
}

impl<'a, 'p> Judge<'a, 'p> {
    /// For accounts at which the model has these names.
    pub(crate) fn new(
        catalog: &'a Catalog,
        health: &'p dyn Health,
        now: Timestamp,
        request: &'p PlanRequest<'a>,
        names: &[Name],
    ) -> Self {
        let only = request.only.map(|id| catalog.index_of(&id));
        let prices = names.iter().map(|name| name_price(catalog, request, name)).collect();
        Self { catalog, health, now, request, speech: request.speech(), only, prices }
    }

    /// Whether it can take the request, whatever its condition.
    #[inline]
    pub(crate) fn suits(&self, candidate: &Candidate, name: &Name) -> Result<Suited<'a>, PassedOver> {
        if self.only.is_some_and(|only| only != Some(candidate.at)) {
            return Err(PassedOver::BoundElsewhere);
        }
        let needs = &self.request.needs;
        let protocol =
            spoken_with(candidate.spoken, name.habits, self.speech).ok_or(PassedOver::NoProtocol)?;
        if needs.count_tokens && !candidate.counts_tokens {
            return Err(PassedOver::NoTokenCounting);
        }
        let abilities = needs.abilities.and(candidate.cannot);
        if !abilities.is_empty() {
            return Err(PassedOver::Cannot { abilities });
        }
        let priced = self.price(candidate, protocol).ok_or(PassedOver::Unpriced)?;
        Ok(Suited {
            protocol,
            price: priced.version,
            cost: priced.cost.saturating_mul(u64::from(candidate.rate.millionths())),
            falls_short: self.shortfall(candidate).is_some(),
        })
    }

    /// Its condition now.
    #[inline]
    pub(crate) fn condition(&self, candidate: &Candidate, name: &Name) -> Condition {
        let account = &self.catalog.accounts()[candidate.at.get()];
        self.health.condition(account, candidate.at, &name.text, self.now)
    }

    /// Why it may not be asked in this condition, if so.
    #[inline]
    pub(crate) fn away(&self, condition: &Condition) -> Option<PassedOver> {
        match condition.standing {
            Standing::Away { until, why } if until.is_none_or(|until| until > self.now) => {
                Some(PassedOver::Away { reason: why, until })
            }
            _ => None,
        }
    }

    /// Why it is passed over if another can take the request without this.
    #[inline]
    pub(crate) fn shortfall(&self, candidate: &Candidate) -> Option<PassedOver> {
        let needs = &self.request.needs;
        let abilities = needs.abilities.and(candidate.lacks);
        if !abilities.is_empty() {
            return Some(PassedOver::Lacks { abilities });
        }
        let context_window_tokens = candidate.context_window_tokens;
        // The prompt is estimated: only what is clearly too long is taken to be.
        if needs.prompt_tokens > context_window_tokens.saturating_add(context_window_tokens / 4) {
            return Some(PassedOver::ContextTooSmall { context_window_tokens });
        }
        let max_output_tokens = candidate.max_output_tokens;
        let too_long = needs.max_output_tokens.is_some_and(|asked| asked > max_output_tokens);
        too_long.then_some(PassedOver::AnswerTooLong { max_output_tokens })
    }

    #[inline]
    fn price(&self, candidate: &Candidate, protocol: Protocol) -> Option<Priced<'a>> {
        match self.prices.get(candidate.name as usize)? {
            NamePrice::Everywhere(priced) => *priced,
            NamePrice::ByPlace(prices) => {
                let account = &self.catalog.accounts()[candidate.at.get()];
                priced(self.request, prices.for_account(account, protocol, self.request.at))
            }
        }
    }
}

fn name_price<'a>(catalog: &'a Catalog, request: &PlanRequest<'a>, name: &Name) -> NamePrice<'a> {
    let model = name.priced_as.and_then(|at| catalog.models().get(at));
    match model {
        _ if matches!(request.pricing, Pricing::Free) => {
            NamePrice::Everywhere(Some(Priced { version: None, cost: 0 }))
        }
        Some(model) if model.prices.differ_by_place() => NamePrice::ByPlace(&model.prices),
        model => {
            let version = model.and_then(|model| model.prices.at(None, request.at));
            NamePrice::Everywhere(priced(request, version))
        }
    }
}

/// The price and the cost by it; the default price where there is none. `None` where that is missing too.
fn priced<'a>(request: &PlanRequest<'a>, version: Option<&'a PriceVersion>) -> Option<Priced<'a>> {
    let default = match request.pricing {
        Pricing::Charged { default } => default,
        Pricing::Free => None,
    };
    if version.is_none() && default.is_none() {
        return None;
    }
    let cost = match (request.group.policy, version, default) {
        (Policy::Cheapest, Some(version), _) => typical_cost(&version.at(request.at)),
        (Policy::Cheapest, None, Some(default)) => typical_cost(default),
        _ => 0,
    };
    Some(Priced { version, cost })
}

/// What prices are compared by: a conversation that goes on, most of it read from a cache.
const TYPICAL: Usage =
    Usage { input_tokens: 3_000, cache_read_tokens: 6_000, output_tokens: 1_000, ..Usage::NONE };

/// What a typical request costs, in nano-dollars; the largest number where that cannot be told.
fn typical_cost(price: &ModelPrice) -> u64 {
    let charged = charge(&TYPICAL, price, Served::default(), Rate::ONE, Rate::ONE);
    charged.ok().and_then(|charge| u64::try_from(charge.total.nanos()).ok()).unwrap_or(u64::MAX)
}
