//! Sums of what was used, as `GET /v1/usage` shows them: today, by day, by model.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;
use tollgate_base::Money;
use tollgate_store::{DayUsage, UsageTotals};

use super::ask::Ask;
use super::number::Dollars;
use super::period::{date, number};

/// What stands for the models that have no name of their own in the sums.
pub(super) const OTHER_MODELS: &str = "other";

/// Everything that is summed, in the asked days and today.
#[derive(Serialize)]
pub(super) struct Used<'a> {
    usage: TodayAndTotal,
    daily_usage: Vec<DaySums>,
    model_stats: Vec<ModelSums<'a>>,
}

#[derive(Serialize)]
struct TodayAndTotal {
    today: Sums,
    total: Sums,
}

#[derive(Serialize)]
struct DaySums {
    date: String,
    #[serde(flatten)]
    sums: Sums,
}

#[derive(Serialize)]
struct ModelSums<'a> {
    model: &'a str,
    #[serde(flatten)]
    sums: Sums,
}

/// Sums over requests. Tokens written to a cache have two names, since clients read one in days and the other in models.
#[derive(Serialize)]
struct Sums {
    requests: u64,
    /// All of the prompt that no cache was involved in.
    input_tokens: u64,
    /// All that was generated.
    output_tokens: u64,
    cache_creation_tokens: u64,
    cache_write_tokens: u64,
    cache_read_tokens: u64,
    total_tokens: u64,
    /// The same as `actual_cost`: what the list price would have been is not kept.
    cost: Dollars,
    actual_cost: Dollars,
}

impl From<&UsageTotals> for Sums {
    fn from(totals: &UsageTotals) -> Self {
        let usage = &totals.usage;
        let written = usage.cache_write_5m_tokens.saturating_add(usage.cache_write_1h_tokens);
        let cached = written.saturating_add(usage.cache_read_tokens);
        let (prompt, total) = (usage.prompt_tokens(), usage.total_tokens());
        Self {
            requests: totals.requests,
            input_tokens: prompt.saturating_sub(cached),
            output_tokens: total.saturating_sub(prompt),
            cache_creation_tokens: written,
            cache_write_tokens: written,
            cache_read_tokens: usage.cache_read_tokens,
            total_tokens: total,
            cost: totals.cost.into(),
            actual_cost: totals.cost.into(),
        }
    }
}

impl<'a> Used<'a> {
    pub(super) fn new(ask: &Ask, days: &'a [DayUsage]) -> Self {
        let asked = || days.iter().filter(|one| ask.days.holds(one.day));
        let today = days.iter().filter(|one| one.day == number(ask.today));
        let of_day = |(day, totals): (i64, UsageTotals)| DaySums {
            date: date(day).to_string(),
            sums: Sums::from(&totals),
        };
        Self {
            usage: TodayAndTotal { today: Sums::from(&sum(today)), total: Sums::from(&sum(asked())) },
            daily_usage: by(asked(), |one| one.day).into_iter().map(of_day).collect(),
            model_stats: models(asked()),
        }
    }
}

/// The models, the one that cost the most first.
fn models<'a>(days: impl Iterator<Item = &'a DayUsage>) -> Vec<ModelSums<'a>> {
    let mut models: Vec<_> = by(days, |one| one.model.as_deref()).into_iter().collect();
    models.sort_by_key(|(name, totals)| (name.is_none(), Reverse((totals.cost, totals.requests))));
    let sums = |(name, totals): &(Option<&'a str>, UsageTotals)| ModelSums {
        model: name.unwrap_or(OTHER_MODELS),
        sums: totals.into(),
    };
    models.iter().map(sums).collect()
}

fn sum<'a>(days: impl Iterator<Item = &'a DayUsage>) -> UsageTotals {
    let mut totals = UsageTotals::default();
    days.for_each(|one| totals.add(&one.totals));
    totals
}

fn by<'a, K: Ord>(
    days: impl Iterator<Item = &'a DayUsage>,
    key: impl Fn(&'a DayUsage) -> K,
) -> BTreeMap<K, UsageTotals> {
    let mut sums: BTreeMap<K, UsageTotals> = BTreeMap::new();
    days.for_each(|one| sums.entry(key(one)).or_default().add(&one.totals));
    sums
}

/// What a subscription paid for in the last day, week and month; for periods that have no quota to tell it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lately {
    pub(super) day: Money,
    pub(super) week: Money,
    pub(super) month: Money,
}

impl Lately {
    /// The days that have to be read: the last thirty.
    pub(super) const DAYS: i64 = 30;

    pub(super) fn new(days: &[DayUsage], today: i64) -> Self {
        let since = |count: i64| sum(days.iter().filter(|one| one.day > today - count)).cost;
        Self { day: since(1), week: since(7), month: since(Self::DAYS) }
    }
}
