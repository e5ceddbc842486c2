//! What the node knows of accounts, as the plan is told it.

use tollgate_base::Timestamp;

use crate::account::Account;
use crate::words::word_enum;

/// An account's position in the catalog ([`Catalog::accounts`](crate::Catalog::accounts)): dense, so that what is known
/// of accounts can be kept in a list; another catalog has other positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountIndex(pub u32);

impl AccountIndex {
    /// The position as an index into a list.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0 as usize
    }
}

/// What is known of accounts.
pub trait Health {
    /// The condition of an account for calls of a model, by the provider's name of it.
    fn condition(
        &self,
        account: &Account,
        at: AccountIndex,
        upstream_model: &str,
        now: Timestamp,
    ) -> Condition;
}

/// How an account stands at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition {
    /// Whether it may be asked.
    pub standing: Standing,
    /// The requests that it is serving.
    pub in_flight: u32,
    /// Whether a limit of its own has no room for another request now.
    pub is_full: bool,
    /// How long its answers take to begin: a moving average that follows every rise at once; 0 where nothing is known.
    pub first_byte_micros: u32,
}

impl Condition {
    /// Ready, idle and unknown otherwise.
    pub const READY: Self =
        Self { standing: Standing::Ready, in_flight: 0, is_full: false, first_byte_micros: 0 };
}

/// Whether an account may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    Ready,
    /// It is recovering: a few requests at a time may go to it, and there is room for this one.
    Trial,
    /// It is left alone.
    Away {
        /// Until when; `None` where nobody knows. A time that is past is as good as [`Standing::Ready`].
        until: Option<Timestamp>,
        /// Why.
        why: AwayReason,
    },
}

word_enum!(
    /// Why an account is left alone.
    AwayReason, "reason to leave an account alone" {
        /// Its provider said to wait.
        RateLimited = "rate_limited",
        /// It failed too often.
        Broken = "broken",
        /// It is recovering, and as many requests as may try it are under way.
        TrialFull = "trial_full",
        /// A quota of it is used up.
        OverQuota = "over_quota",
        /// Its credential was refused again and again; somebody has to look at it.
        NeedsAttention = "needs_attention",
        /// Its provider refused the account itself a moment ago.
        Refused = "refused",
    }
);
