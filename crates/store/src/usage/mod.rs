//! Usage records: one a request, with what was used and what was charged.

mod by_day;
mod columns;
mod query;
mod served;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tollgate_base::{
    AccountId, GroupId, KeyId, Money, Rate, RequestId, SubscriptionId, Timestamp, Usage, UserId,
};
use tollgate_pricing::CostParts;
use tollgate_protocol::Protocol;

pub use by_day::{DayUsage, LocalStretch, UsageOf};
pub(crate) use columns::{COLUMNS, cells, column_list, usage};
pub(crate) use query::usage_sums;
pub use query::{UsageCursor, UsageFilter, UsageTotals};
pub use served::ServedUsage;

use crate::error::{Result, StoreError};
use crate::quotas::QuotaOwner;

/// What one request used, how it went, and what was charged for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageRecord {
    /// The request's id. A second record of the same id is not written and not charged.
    pub id: RequestId,
    /// When the request came in.
    pub at: Timestamp,
    /// Who pays.
    pub user_id: UserId,
    /// The key that was shown.
    pub key_id: KeyId,
    /// The key's group.
    pub group_id: GroupId,
    /// The account that served it, if one did.
    pub account_id: Option<AccountId>,
    /// The endpoint's name, for example `messages`.
    pub endpoint: String,
    /// What the caller spoke.
    pub client_protocol: Protocol,
    /// What the upstream spoke, if one was asked.
    pub upstream_protocol: Option<Protocol>,
    /// The model as the caller wrote it.
    pub requested_model: String,
    /// The model that the upstream was asked for.
    pub upstream_model: Option<String>,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// Tokens and calls in disjoint buckets.
    pub usage: Usage,
    /// What is charged: to the subscription, else to the balance.
    pub cost: Money,
    /// The cost by bucket, each rounded by itself.
    pub parts: CostParts,
    /// The group's rate at the time.
    pub group_rate: Rate,
    /// The user's rate at the time.
    pub user_rate: Rate,
    /// The price that was charged; see [`Store::find_price`](crate::Store::find_price). 0 if none was.
    pub price_version: i64,
    /// The HTTP status the caller got.
    pub status: u16,
    /// The error's kind, if it failed.
    pub error_kind: Option<String>,
    /// Why the model stopped, in the upstream's word.
    pub stop_reason: Option<String>,
    /// How the stream ended.
    pub stream_end: StreamEnd,
    /// Milliseconds to the first byte of the upstream's answer.
    pub first_byte_ms: Option<u64>,
    /// Milliseconds from first to last byte of the exchange.
    pub total_ms: u64,
    /// How many accounts were tried.
    pub attempts: u32,
    /// Whether the usage was counted by the gate, since the upstream reported none.
    pub estimated: bool,
    /// The caller's network address.
    pub client_address: String,
    /// The caller's `user-agent`.
    pub client_agent: Option<String>,
    /// The caller's own user, from `metadata.user_id` and the like.
    pub client_user: Option<String>,
    /// The caller's session, where it names one.
    pub session: Option<String>,
    /// The upstream's id of the request.
    pub upstream_request_id: Option<String>,
    /// What a translation had to leave out.
    pub dropped: Option<String>,
    /// The tier, speed and region that the answer named: `fast+us`; `None` for the standard.
    pub service_tier: Option<String>,
    /// What was held for it; `None` if nothing was.
    pub held: Option<Money>,
    /// Whether it was closed by recovery, after its node was lost, and not by the request itself.
    pub recovered: bool,
    /// The subscription that pays for it; `None` where the balance does.
    #[serde(default)]
    pub subscription_id: Option<SubscriptionId>,
    /// What it costs at its account: by the list price and the account's own rate, whatever the caller is charged.
    #[serde(default)]
    pub account_cost: Money,
}

impl UsageRecord {
    /// Everybody whose quotas it counts in.
    pub fn charged_owners(&self) -> impl Iterator<Item = QuotaOwner> + use<> {
        let always = [QuotaOwner::Key(self.key_id), QuotaOwner::User(self.user_id)];
        let account = self.account_id.map(QuotaOwner::Account);
        always.into_iter().chain(account).chain(self.subscription_id.map(QuotaOwner::Subscription))
    }

    /// What it costs one of those.
    #[must_use]
    pub const fn cost_to(&self, owner: QuotaOwner) -> Money {
        match owner {
            QuotaOwner::Account(_) => self.account_cost,
            QuotaOwner::Key(_) | QuotaOwner::User(_) | QuotaOwner::Subscription(_) => self.cost,
        }
    }
}

/// How a streamed answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamEnd {
    /// It was no stream.
    #[default]
    None,
    /// With the protocol's terminal event.
    Complete,
    /// The upstream's bytes ended before the terminal event.
    UpstreamCut,
    /// The upstream sent an error within the stream.
    UpstreamError,
    /// The caller left.
    ClientGone,
}

impl StreamEnd {
    const ALL: [Self; 5] =
        [Self::None, Self::Complete, Self::UpstreamCut, Self::UpstreamError, Self::ClientGone];

    /// The name in records and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Complete => "complete",
            Self::UpstreamCut => "upstream_cut",
            Self::UpstreamError => "upstream_error",
            Self::ClientGone => "client_gone",
        }
    }
}

impl fmt::Display for StreamEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for StreamEnd {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|end| end.as_str() == text);
        found.ok_or_else(|| StoreError::corrupt(format!("`{text}` is not the end of a stream")))
    }
}

/// A record with something in every field, different for every number.
#[cfg(test)]
pub(crate) fn sample(number: u64) -> UsageRecord {
    let text = |what: &str| format!("{what}-{number}");
    let money = |nanos: i64| Money::from_nanos(nanos);
    UsageRecord {
        id: RequestId::from_u128(u128::from(number)),
        at: Timestamp::from_micros(1_000_000),
        user_id: UserId::from_u128(1),
        key_id: KeyId::from_u128(2),
        group_id: GroupId::from_u128(3),
        account_id: Some(AccountId::from_u128(4)),
        endpoint: text("messages"),
        client_protocol: Protocol::Messages,
        upstream_protocol: Some(Protocol::Chat),
        requested_model: text("model"),
        upstream_model: Some(text("upstream")),
        stream: true,
        usage: Usage {
            input_tokens: number,
            output_tokens: 2,
            cache_write_5m_tokens: 3,
            cache_write_1h_tokens: 4,
            cache_read_tokens: 5,
            reasoning_tokens: 6,
            web_search_calls: 7,
            input_audio_tokens: 8,
            output_audio_tokens: 9,
            input_image_tokens: 10,
            output_image_tokens: 11,
            generated_images: 12,
            file_search_calls: 13,
            code_execution_calls: 14,
        },
        cost: money(21),
        parts: CostParts {
            input: money(1),
            output: money(2),
            cache_write_5m: money(3),
            cache_write_1h: money(4),
            cache_read: money(5),
            web_search: money(6),
            reasoning: money(7),
            audio: money(8),
            images: money(9),
            tools: money(10),
            request: money(11),
        },
        group_rate: Rate::ONE,
        user_rate: Rate::from_millionths(350_000),
        price_version: 8,
        status: 200,
        error_kind: Some(text("error")),
        stop_reason: Some(text("stop")),
        stream_end: StreamEnd::Complete,
        first_byte_ms: Some(9),
        total_ms: 10,
        attempts: 2,
        estimated: true,
        client_address: text("127.0.0.1"),
        client_agent: Some(text("agent")),
        client_user: Some(text("user")),
        session: Some(text("session")),
        upstream_request_id: Some(text("upstream-request")),
        dropped: Some(text("dropped")),
        service_tier: Some(text("tier")),
        held: Some(money(34)),
        recovered: true,
        subscription_id: Some(SubscriptionId::from_u128(5)),
        account_cost: money(55),
    }
}
