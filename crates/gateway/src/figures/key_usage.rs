//! `GET /v1/usage`: what is left for a key and what it used, in the form that clients of sub2api read.
//!
//! The form was established from such clients: what they require, refuse and expect. Some are strict: `rate_limits` may name
//! no window but `5h`, `1d` and `7d`; a key without a total has neither `remaining` nor `unit`; a subscription has all three
//! usages; -1 is a subscription without limits. So what does not fit stands in members of our own: `quotas`, `wallet`, `period`.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::Serialize;
use tollgate_base::{Money, Timestamp};
use tollgate_ledger::{Period, Window};
use tollgate_store::{DayUsage, QuotaOwner, Subscription, UsageTotals};

use super::ask::Ask;
use super::number::Dollars;
use super::period::{date, number, text};
use super::standing::{Bound, Pays, Standing};

/// The unit of every amount.
const UNIT: &str = "USD";
/// What stands for the models that have no name of their own in the sums.
pub(super) const OTHER_MODELS: &str = "other";

/// The whole answer.
#[derive(Serialize)]
pub(super) struct KeyUsage<'a> {
    #[serde(rename = "isValid")]
    is_valid: bool,
    mode: &'static str,
    status: &'static str,
    #[serde(flatten)]
    form: Form,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    quotas: Vec<OwnQuota>,
    period: AskedPeriod<'a>,
    usage: TodayAndTotal,
    daily_usage: Vec<DaySums>,
    model_stats: Vec<ModelSums<'a>>,
}

/// What a client looks at first; which members there are tells it how the key is bounded.
#[derive(Serialize, Default)]
struct Form {
    #[serde(rename = "planName", skip_serializing_if = "Option::is_none")]
    plan_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining: Option<Dollars>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quota: Option<Quota>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_limits: Option<Vec<RateLimit>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    balance: Option<Dollars>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription: Option<SubscriptionForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wallet: Option<WalletForm>,
}

#[derive(Serialize)]
struct Quota {
    limit: Dollars,
    used: Dollars,
    remaining: Dollars,
    unit: &'static str,
}

#[derive(Serialize)]
struct RateLimit {
    window: String,
    limit: Dollars,
    used: Dollars,
    remaining: Dollars,
    /// Always there: some clients take its absence for a broken answer.
    window_start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reset_at: Option<String>,
}

#[derive(Serialize)]
struct SubscriptionForm {
    #[serde(flatten)]
    periods: BTreeMap<String, Shown>,
    unlimited: bool,
    starts_at: String,
    expires_at: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Shown {
    Amount(Option<Dollars>),
    Moment(Option<String>),
}

#[derive(Serialize)]
struct WalletForm {
    balance: Dollars,
    held: Dollars,
    credit_line: Dollars,
}

#[derive(Serialize)]
struct OwnQuota {
    of: &'static str,
    window: String,
    limit: Dollars,
    used: Dollars,
    held: Dollars,
    remaining: Dollars,
    starts_at: Option<String>,
    resets_at: Option<String>,
}

#[derive(Serialize)]
struct AskedPeriod<'a> {
    start_date: String,
    end_date: String,
    timezone: &'a str,
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
    input_tokens: u64,
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
        Self {
            requests: totals.requests,
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cache_creation_tokens: written,
            cache_write_tokens: written,
            cache_read_tokens: usage.cache_read_tokens,
            total_tokens: usage.total_tokens(),
            cost: totals.cost.into(),
            actual_cost: totals.cost.into(),
        }
    }
}

/// What a subscription paid for in the last day, week and month; for periods that have no quota to tell it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lately {
    day: Money,
    week: Money,
    month: Money,
}

impl Lately {
    /// The days that have to be read: the last thirty.
    pub(super) const DAYS: i64 = 30;

    pub(super) fn new(days: &[DayUsage], today: i64) -> Self {
        let since = |count: i64| sum(days.iter().filter(|one| one.day > today - count)).cost;
        Self { day: since(1), week: since(7), month: since(Self::DAYS) }
    }
}

/// What clients call the periods of a subscription.
const PERIODS: [(Period, &str); 3] =
    [(Period::Day, "daily"), (Period::Week, "weekly"), (Period::Month, "monthly")];

/// Whether a subscription has a quota for each of those periods.
pub(super) fn has_every_period(bounds: &[Bound]) -> bool {
    PERIODS.iter().all(|(period, _)| of_period(bounds, *period).is_some())
}

impl<'a> KeyUsage<'a> {
    /// Writes the answer. `plan_name` is what a subscription is shown as.
    pub(super) fn new(
        standing: &Standing,
        plan_name: &str,
        lately: Lately,
        ask: &'a Ask,
        days: &'a [DayUsage],
    ) -> Self {
        let zone = &ask.time_zone;
        let asked = || days.iter().filter(|one| ask.days.holds(one.day));
        let today = days.iter().filter(|one| one.day == number(ask.today));
        Self {
            is_valid: true,
            mode: if standing.of_key.is_empty() { "unrestricted" } else { "quota_limited" },
            status: standing.status.as_str(),
            form: Form::new(standing, plan_name, lately, zone),
            expires_at: standing.expires_at.map(|at| text(at, zone)),
            quotas: standing.bounds().map(|bound| OwnQuota::new(bound, zone)).collect(),
            period: AskedPeriod {
                start_date: ask.days.first.to_string(),
                end_date: ask.days.last.to_string(),
                timezone: ask.zone_name(),
            },
            usage: TodayAndTotal { today: Sums::from(&sum(today)), total: Sums::from(&sum(asked())) },
            daily_usage: by(asked(), |one| one.day)
                .iter()
                .map(|(day, totals)| DaySums { date: date(*day).to_string(), sums: totals.into() })
                .collect(),
            model_stats: models(asked()),
        }
    }
}

/// The models, the one that cost the most first.
fn models<'a>(days: impl Iterator<Item = &'a DayUsage>) -> Vec<ModelSums<'a>> {
    let mut models: Vec<_> = by(days, |one| one.model.as_deref()).into_iter().collect();
    models.sort_by_key(|(name, totals)| (name.is_none(), std::cmp::Reverse((totals.cost, totals.requests))));
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

impl Form {
    fn new(standing: &Standing, plan_name: &str, lately: Lately, zone: &TimeZone) -> Self {
        if !standing.of_key.is_empty() {
            return Self::limited(&standing.of_key, zone);
        }
        match &standing.pays {
            Pays::Subscription(subscription, bounds) => {
                let unlimited = bounds.is_empty();
                let tightest = bounds.iter().map(|bound| bound.line.left().or_nothing()).min();
                Self {
                    plan_name: Some(plan_name.to_owned()),
                    remaining: Some(tightest.unwrap_or(Dollars(-1_000_000_000))),
                    unit: Some(UNIT),
                    subscription: Some(SubscriptionForm::new(subscription, bounds, lately, unlimited, zone)),
                    ..Self::wallet(standing)
                }
            }
            Pays::Balance => {
                let left = standing.balance().left().or_nothing();
                Self::paid_in("Balance", left, standing)
            }
            Pays::Nothing => Self::paid_in("No subscription", Dollars(0), standing),
        }
    }

    /// A key with quotas of its own.
    fn limited(bounds: &[Bound], zone: &TimeZone) -> Self {
        let rate_limits: Vec<RateLimit> =
            bounds.iter().filter_map(|bound| RateLimit::new(bound, zone)).collect();
        let total = bounds.iter().find(|bound| bound.window == Window::Total);
        // Where no quota has a window that clients know, the tightest one is shown as if it were the total.
        let tightest = || bounds.iter().min_by_key(|bound| bound.line.left());
        let shown = if rate_limits.is_empty() { total.or_else(tightest) } else { total };
        let quota = shown.map(|bound| Quota {
            limit: bound.line.limit,
            used: bound.line.used,
            remaining: bound.line.left().or_nothing(),
            unit: UNIT,
        });
        Self {
            remaining: quota.as_ref().map(|quota| quota.remaining),
            unit: quota.as_ref().map(|quota| quota.unit),
            quota,
            rate_limits: Some(rate_limits),
            ..Self::default()
        }
    }

    /// A key that is bounded by the balance. Clients take -1 for no limit, so nothing below zero is shown.
    fn paid_in(plan_name: &str, left: Dollars, standing: &Standing) -> Self {
        Self {
            plan_name: Some(plan_name.to_owned()),
            remaining: Some(left),
            unit: Some(UNIT),
            balance: Some(left),
            ..Self::wallet(standing)
        }
    }

    fn wallet(standing: &Standing) -> Self {
        let (wallet, credit_line) = (standing.wallet, standing.credit_line.into());
        let wallet = WalletForm { balance: wallet.balance.into(), held: wallet.held.into(), credit_line };
        Self { wallet: Some(wallet), ..Self::default() }
    }
}

impl RateLimit {
    /// `None` for a window that clients do not know.
    fn new(bound: &Bound, zone: &TimeZone) -> Option<Self> {
        let window = bound.window.to_string();
        ["5h", "1d", "7d"].contains(&window.as_str()).then(|| Self {
            window,
            limit: bound.line.limit,
            used: bound.line.used,
            remaining: bound.line.left().or_nothing(),
            window_start: bound.starts_at.map(|at| text(at, zone)),
            reset_at: bound.resets_at.map(|at| text(at, zone)),
        })
    }
}

impl SubscriptionForm {
    fn new(
        subscription: &Subscription,
        bounds: &[Bound],
        lately: Lately,
        unlimited: bool,
        zone: &TimeZone,
    ) -> Self {
        let moment = |at: Option<Timestamp>| Shown::Moment(at.map(|at| text(at, zone)));
        let mut periods = BTreeMap::new();
        for ((period, name), lately) in PERIODS.into_iter().zip([lately.day, lately.week, lately.month]) {
            let bound = of_period(bounds, period);
            let used = bound.map_or(lately.into(), |bound| bound.line.used);
            periods.insert(format!("{name}_usage_usd"), Shown::Amount(Some(used)));
            periods.insert(format!("{name}_limit_usd"), Shown::Amount(bound.map(|bound| bound.line.limit)));
            periods.insert(format!("{name}_window_start"), moment(bound.and_then(|bound| bound.starts_at)));
            periods.insert(format!("{name}_reset_at"), moment(bound.and_then(|bound| bound.resets_at)));
        }
        let [starts_at, expires_at] =
            [subscription.starts_at, subscription.expires_at].map(|at| text(at, zone));
        Self { periods, unlimited, starts_at, expires_at }
    }
}

/// The tightest quota of a period.
fn of_period(bounds: &[Bound], wanted: Period) -> Option<&Bound> {
    let hours = match wanted {
        Period::Day => 24,
        Period::Week => 24 * 7,
        Period::Month => 24 * 30,
    };
    let fits = |bound: &&Bound| match &bound.window {
        Window::Calendar { period, .. } | Window::Anchored { period, .. } => *period == wanted,
        Window::Rolling { hours: length } => *length == hours,
        Window::Total => false,
    };
    bounds.iter().filter(fits).min_by_key(|bound| bound.line.left())
}

impl OwnQuota {
    fn new(bound: &Bound, zone: &TimeZone) -> Self {
        Self {
            of: match bound.owner {
                QuotaOwner::Key(_) => "key",
                QuotaOwner::User(_) => "user",
                QuotaOwner::Subscription(_) => "subscription",
                QuotaOwner::Account(_) => "account",
            },
            window: bound.window.to_string(),
            limit: bound.line.limit,
            used: bound.line.used,
            held: bound.held.into(),
            remaining: bound.line.left().or_nothing(),
            starts_at: bound.starts_at.map(|at| text(at, zone)),
            resets_at: bound.resets_at.map(|at| text(at, zone)),
        }
    }
}
