//! `tollgate usage`: what was used and charged.

use serde::Serialize;
use tollgate_base::{Money, Rate, Timestamp, Usage};
use tollgate_pricing::CostParts;
use tollgate_store::{Store, UsageFilter, UsageRecord, UsageTotals};

use super::{find, text};
use crate::cli::UsageArgs;
use crate::output::{Printer, View};

/// Prints records, or their sums.
pub(crate) async fn run(args: UsageArgs, store: &Store) -> anyhow::Result<()> {
    let printer = Printer::new(args.format.json);
    let filter = UsageFilter {
        user: find::opt_user_id(store, args.user.as_deref()).await?,
        key: find::opt_key_id(store, args.key.as_deref()).await?,
        limit: Some(args.limit),
        ..UsageFilter::default()
    };
    if args.totals {
        printer.one(&TotalsView::from(store.usage_totals(filter).await?))?;
        return Ok(());
    }
    let records: Vec<UsageView> = store.list_usage(filter).await?.into_iter().map(UsageView::from).collect();
    printer.list(&records)?;
    Ok(())
}

/// A usage record as it is printed.
#[derive(Debug, Serialize)]
struct UsageView {
    id: String,
    #[serde(serialize_with = "text::time_json")]
    at: Timestamp,
    user_id: String,
    key_id: String,
    group_id: String,
    account_id: Option<String>,
    endpoint: String,
    client_protocol: String,
    upstream_protocol: Option<String>,
    requested_model: String,
    upstream_model: Option<String>,
    stream: bool,
    usage: Usage,
    cost: Money,
    cost_parts: CostPartsView,
    group_rate: Rate,
    user_rate: Rate,
    price_version: i64,
    status: u16,
    error_kind: Option<String>,
    stop_reason: Option<String>,
    stream_end: String,
    first_byte_ms: Option<u64>,
    total_ms: u64,
    attempts: u32,
    estimated: bool,
    client_address: String,
    client_agent: Option<String>,
    client_user: Option<String>,
    session: Option<String>,
    upstream_request_id: Option<String>,
    dropped: Option<String>,
    service_tier: Option<String>,
    held: Option<Money>,
    recovered: bool,
    subscription_id: Option<String>,
    account_cost: Money,
}

#[derive(Debug, Serialize)]
struct CostPartsView {
    input: Money,
    output: Money,
    cache_write_5m: Money,
    cache_write_1h: Money,
    cache_read: Money,
    web_search: Money,
    reasoning: Money,
    audio: Money,
    images: Money,
    tools: Money,
    request: Money,
}

impl From<CostParts> for CostPartsView {
    fn from(parts: CostParts) -> Self {
        Self {
            input: parts.input,
            output: parts.output,
            cache_write_5m: parts.cache_write_5m,
            cache_write_1h: parts.cache_write_1h,
            cache_read: parts.cache_read,
            web_search: parts.web_search,
            reasoning: parts.reasoning,
            audio: parts.audio,
            images: parts.images,
            tools: parts.tools,
            request: parts.request,
        }
    }
}

impl From<UsageRecord> for UsageView {
    fn from(record: UsageRecord) -> Self {
        Self {
            id: record.id.to_string(),
            at: record.at,
            user_id: record.user_id.to_string(),
            key_id: record.key_id.to_string(),
            group_id: record.group_id.to_string(),
            account_id: record.account_id.map(|id| id.to_string()),
            endpoint: record.endpoint,
            client_protocol: record.client_protocol.to_string(),
            upstream_protocol: record.upstream_protocol.map(|protocol| protocol.to_string()),
            requested_model: record.requested_model,
            upstream_model: record.upstream_model,
            stream: record.stream,
            usage: record.usage,
            cost: record.cost,
            cost_parts: record.parts.into(),
            group_rate: record.group_rate,
            user_rate: record.user_rate,
            price_version: record.price_version,
            status: record.status,
            error_kind: record.error_kind,
            stop_reason: record.stop_reason,
            stream_end: record.stream_end.to_string(),
            first_byte_ms: record.first_byte_ms,
            total_ms: record.total_ms,
            attempts: record.attempts,
            estimated: record.estimated,
            client_address: record.client_address,
            client_agent: record.client_agent,
            client_user: record.client_user,
            session: record.session,
            upstream_request_id: record.upstream_request_id,
            dropped: record.dropped,
            service_tier: record.service_tier,
            held: record.held,
            recovered: record.recovered,
            subscription_id: record.subscription_id.map(|id| id.to_string()),
            account_cost: record.account_cost,
        }
    }
}

impl View for UsageView {
    const COLUMNS: &'static [&'static str] =
        &["time", "model", "status", "input", "cached", "output", "cost", "ms"];

    fn cells(&self) -> Vec<String> {
        let cached = self.usage.cache_read_tokens
            + self.usage.cache_write_5m_tokens
            + self.usage.cache_write_1h_tokens;
        vec![
            text::time(self.at),
            self.requested_model.clone(),
            self.status.to_string(),
            self.usage.input_tokens.to_string(),
            cached.to_string(),
            self.usage.output_tokens.to_string(),
            self.cost.to_string(),
            self.total_ms.to_string(),
        ]
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        Self::COLUMNS.iter().copied().zip(self.cells()).collect()
    }
}

/// Sums as they are printed.
#[derive(Debug, Serialize)]
struct TotalsView {
    requests: u64,
    usage: Usage,
    cost: Money,
}

impl From<UsageTotals> for TotalsView {
    fn from(totals: UsageTotals) -> Self {
        Self { requests: totals.requests, usage: totals.usage, cost: totals.cost }
    }
}

impl View for TotalsView {
    const COLUMNS: &'static [&'static str] =
        &["requests", "input", "cache write", "cache read", "output", "cost"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.requests.to_string(),
            self.usage.input_tokens.to_string(),
            (self.usage.cache_write_5m_tokens + self.usage.cache_write_1h_tokens).to_string(),
            self.usage.cache_read_tokens.to_string(),
            self.usage.output_tokens.to_string(),
            self.cost.to_string(),
        ]
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        Self::COLUMNS.iter().copied().zip(self.cells()).collect()
    }
}
