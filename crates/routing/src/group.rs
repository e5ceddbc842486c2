//! Groups: where a key's requests may go, and at what rate.

use serde::{Deserialize, Serialize};
use tollgate_base::{GroupId, Money, Rate, Timestamp};
use tollgate_pricing::HourlyRates;

use crate::fallback::Fallbacks;
use crate::mapping::ModelMapping;
use crate::routes::GroupRoutes;
use crate::shaping::Shaping;
use crate::stickiness::Stickiness;
use crate::user::Status;
use crate::words::word_enum;

word_enum!(
    /// Which provider's habits a group or an account follows.
    Platform, "platform" {
        /// Anthropic, and providers that speak Messages.
        Anthropic = "anthropic",
        /// OpenAI, and providers that speak Chat Completions or Responses.
        Openai = "openai",
    }
);

word_enum!(
    /// How `count_tokens` is answered.
    TokenCounting, "way of counting tokens" {
        /// Asked of the upstream.
        Native = "native",
        /// Counted here.
        Estimate = "estimate",
        /// Refused with 404.
        Off = "off",
    }
);

word_enum!(
    /// How much of a request's most possible cost is held before it is answered.
    #[derive(Default)]
    HoldMode, "way of holding" {
        /// The prompt and the longest answer: a balance cannot be overspent.
        #[default]
        Full = "full",
        /// The prompt only: many requests at a time may overspend by their answers.
        Input = "input",
        /// Nothing: it is enough that something is available.
        None = "none",
    }
);

word_enum!(
    /// What becomes of an upstream's answer when its caller has left.
    #[derive(Default)]
    OnDisconnect, "way of going on without a caller" {
        /// It is read to its end, within bounds, so that its usage is exact.
        #[default]
        Drain = "drain",
        /// It is broken off, and what was counted is charged as an estimate.
        Cancel = "cancel",
    }
);

word_enum!(
    /// What pays for a request: the balance, or a subscription that its user has in the group.
    #[derive(Default)]
    Funding, "way of paying" {
        /// A subscription while one has enough left, else the balance.
        #[default]
        SubscriptionFirst = "subscription_first",
        /// The balance while it has enough, else a subscription.
        BalanceFirst = "balance_first",
        /// Subscriptions only.
        Subscription = "subscription",
        /// The balance only.
        Balance = "balance",
    }
);

word_enum!(
    /// In which order a group's accounts are tried.
    #[derive(Default)]
    Policy, "policy" {
        /// By priority, then the least loaded for its weight, then a weighted draw.
        #[default]
        Priority = "priority",
        /// By priority, then a weighted draw, whatever their load.
        Weighted = "weighted",
        /// By what a request costs there, then by priority and load.
        Cheapest = "cheapest",
        /// By priority, then of two that are drawn the one that answers sooner.
        Fastest = "fastest",
    }
);

impl Platform {
    /// How `count_tokens` is answered where a group does not say: Anthropic is asked, elsewhere it is refused.
    #[must_use]
    pub const fn default_token_counting(self) -> TokenCounting {
        match self {
            Self::Anthropic => TokenCounting::Native,
            Self::Openai => TokenCounting::Off,
        }
    }
}

impl Funding {
    /// The ways to pay in the order that they are tried, of the balance and the subscriptions that there are.
    #[must_use]
    pub fn order<T>(self, balance: T, mut subscriptions: Vec<T>) -> Vec<T> {
        match self {
            Self::SubscriptionFirst => subscriptions.push(balance),
            Self::BalanceFirst => subscriptions.insert(0, balance),
            Self::Subscription => {}
            Self::Balance => return vec![balance],
        }
        subscriptions
    }
}

/// A group of accounts that keys are bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The id.
    pub id: GroupId,
    /// The name, unique among groups.
    pub name: String,
    /// Whose habits the group follows.
    pub platform: Platform,
    /// Whether the group's keys work.
    pub status: Status,
    /// What its charges are multiplied by, beside the user's rate.
    pub rate: Rate,
    /// Callers' model names -> names that its accounts understand; applied before an account's own mapping.
    pub model_mapping: ModelMapping,
    /// How `count_tokens` is answered; `None` is the platform's default.
    pub token_counting: Option<TokenCounting>,
    /// How much is held for a request.
    pub hold: HoldMode,
    /// How far below zero a hold may take what is available; never negative.
    pub credit_line: Money,
    /// What becomes of an answer whose caller has left.
    pub on_disconnect: OnDisconnect,
    /// What pays.
    pub funding: Funding,
    /// What stands in for its rate in some hours.
    pub peak_hours: HourlyRates,
    /// When it was created.
    pub created_at: Timestamp,
    /// How its sessions keep to an account.
    pub sticky: Stickiness,
    /// Models that the accounts of other groups serve.
    pub routes: GroupRoutes,
    /// How what it serves is changed on its way out.
    pub shaping: Shaping,
    /// Where its requests go that could not be served.
    pub fallbacks: Fallbacks,
    /// In which order its accounts are tried.
    pub policy: Policy,
}

impl Group {
    /// What the charge of a request that came in at this time is multiplied by, beside the user's rate.
    #[must_use]
    pub fn rate_at(&self, at: Timestamp) -> Rate {
        self.peak_hours.at(at).unwrap_or(self.rate)
    }

    /// How `count_tokens` is answered, the platform's default included.
    #[must_use]
    pub fn effective_token_counting(&self) -> TokenCounting {
        self.token_counting.unwrap_or_else(|| self.platform.default_token_counting())
    }
}
