//! How a key is bounded, in the members that a client of `GET /v1/usage` looks at first; which of them there are tells it.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::Serialize;
use tollgate_base::Timestamp;
use tollgate_ledger::{Period, Window};
use tollgate_store::Subscription;

use super::number::Dollars;
use super::period::text;
use super::standing::{Bound, Pays, Standing};
use super::sums::Lately;

/// The unit of every amount.
const UNIT: &str = "USD";
/// What clients take for no limit.
const NO_LIMIT: Dollars = Dollars(-1_000_000_000);

/// One of the forms: a key with quotas of its own, one that a subscription pays for, one that the balance bounds.
#[derive(Serialize, Default)]
pub(super) struct Form {
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

/// What clients call the periods of a subscription.
const PERIODS: [(Period, &str); 3] =
    [(Period::Day, "daily"), (Period::Week, "weekly"), (Period::Month, "monthly")];

/// Whether a subscription has a quota for each of those periods.
pub(super) fn has_every_period(bounds: &[Bound]) -> bool {
    PERIODS.iter().all(|(period, _)| of_period(bounds, *period).is_some())
}

impl Form {
    /// `plan_name` is what a subscription is shown as.
    pub(super) fn new(standing: &Standing, plan_name: &str, lately: Lately, zone: &TimeZone) -> Self {
        if !standing.of_key.is_empty() {
            return Self::limited(&standing.of_key, zone);
        }
        match &standing.pays {
            Pays::Subscription(subscription, bounds) => {
                let tightest = bounds.iter().map(|bound| bound.line.left().or_nothing()).min();
                Self {
                    plan_name: Some(plan_name.to_owned()),
                    remaining: Some(tightest.unwrap_or(NO_LIMIT)),
                    unit: Some(UNIT),
                    subscription: Some(SubscriptionForm::new(subscription, bounds, lately, zone)),
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
    fn new(subscription: &Subscription, bounds: &[Bound], lately: Lately, zone: &TimeZone) -> Self {
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
        Self { periods, unlimited: bounds.is_empty(), starts_at, expires_at }
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
