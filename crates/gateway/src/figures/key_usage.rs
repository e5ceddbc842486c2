//! `GET /v1/usage`: what is left for a key and what it used, in the form that clients of sub2api read.
//!
//! The form was established from such clients: what they require, refuse and expect. Some are strict: `rate_limits` may
//! name no window but `5h`, `1d` and `7d`; a key without a total has neither `remaining` nor `unit`; a subscription has all
//! three usages; -1 is no limit. What does not fit stands in members of our own: `quotas`, `wallet`, `period`.

use jiff::tz::TimeZone;
use serde::Serialize;
use tollgate_store::{DayUsage, QuotaOwner};

use super::ask::Ask;
use super::key_form::Form;
use super::number::Dollars;
use super::period::text;
use super::standing::{Bound, Standing};
use super::sums::{Lately, Used};

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
    #[serde(flatten)]
    used: Used<'a>,
}

/// A quota of any kind, as it is.
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
            used: Used::new(ask, days),
        }
    }
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
