//! `GET /v1/dashboard/billing/subscription` and `/usage`: the figures of OpenAI's old dashboard, as tools still read them.
//!
//! What they show as left is `hard_limit_usd` less `total_usage` (in cents), whatever days they ask for, and gates of this
//! kind answer so that it is: both figures are of the one thing that bounds the key the most. Only `daily_costs` are of the
//! days that are asked for.

use jiff::Timestamp as Instant;
use serde::Serialize;
use tollgate_store::DayUsage;

use super::ask::Ask;
use super::number::{Cents, Dollars};
use super::period::date;
use super::standing::{Line, Standing};
use super::sums::OTHER_MODELS;

/// What tools are shown where nothing bounds a key: 100 million dollars, as other gates do.
const NO_LIMIT: Line = Line { limit: Dollars(100_000_000_000_000_000), used: Dollars(0) };

/// The limits.
#[derive(Serialize)]
pub(super) struct BillingSubscription {
    object: &'static str,
    has_payment_method: bool,
    soft_limit_usd: Dollars,
    hard_limit_usd: Dollars,
    system_hard_limit_usd: Dollars,
    /// In seconds since 1970; 0 for no end.
    access_until: i64,
}

impl BillingSubscription {
    pub(super) fn new(standing: &Standing) -> Self {
        let limit = standing.tightest().unwrap_or(NO_LIMIT).limit;
        Self {
            object: "billing_subscription",
            has_payment_method: true,
            soft_limit_usd: limit,
            hard_limit_usd: limit,
            system_hard_limit_usd: limit,
            access_until: standing.ends_at().map_or(0, |at| at.seconds()),
        }
    }
}

/// What was used.
#[derive(Serialize)]
pub(super) struct BillingUsage<'a> {
    object: &'static str,
    daily_costs: Vec<DailyCost<'a>>,
    total_usage: Cents,
}

#[derive(Serialize)]
struct DailyCost<'a> {
    /// When the day began, in seconds since 1970.
    timestamp: i64,
    line_items: Vec<LineItem<'a>>,
}

#[derive(Serialize)]
struct LineItem<'a> {
    name: &'a str,
    /// In cents, as the total.
    cost: Cents,
}

impl<'a> BillingUsage<'a> {
    pub(super) fn new(standing: &Standing, ask: &Ask, days: &'a [DayUsage]) -> Self {
        let asked: Vec<&DayUsage> = days.iter().filter(|one| ask.days.holds(one.day)).collect();
        let daily_costs = asked.chunk_by(|one, next| one.day == next.day).map(|of_day| DailyCost {
            timestamp: begin(of_day[0].day, ask),
            line_items: of_day.iter().map(|one| LineItem::new(one)).collect(),
        });
        Self {
            object: "list",
            daily_costs: daily_costs.collect(),
            total_usage: Cents(standing.tightest().unwrap_or(NO_LIMIT).used),
        }
    }
}

impl<'a> LineItem<'a> {
    fn new(one: &'a DayUsage) -> Self {
        Self { name: one.model.as_deref().unwrap_or(OTHER_MODELS), cost: Cents(one.totals.cost.into()) }
    }
}

fn begin(day: i64, ask: &Ask) -> i64 {
    let midnight = date(day).to_zoned(ask.time_zone.clone()).and_then(|midnight| midnight.start_of_day());
    midnight.map_or(Instant::UNIX_EPOCH, |midnight| midnight.timestamp()).as_second()
}
