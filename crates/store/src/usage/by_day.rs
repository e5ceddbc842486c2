//! Sums of usage by day and model, for whoever asks about one key or one subscription.

use tollgate_base::{KeyId, Money, SubscriptionId, Timestamp, UserId};

use super::query::{SUMMED, UsageTotals, totals};
use crate::db::{Params, Row, Value, params};
use crate::error::Result;
use crate::store::Store;

/// The models with names of their own; callers choose what they ask for, so there may be any number.
const MOST_MODELS: usize = 20;
const DAY_MICROS: i64 = 86_400_000_000;

/// Whose usage is summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UsageOf {
    /// What was asked for with a key.
    Key(KeyId),
    /// What a subscription paid for.
    Subscription(SubscriptionId),
}

/// A stretch of time in which clocks somewhere were one offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalStretch {
    /// The first moment in it; not before 1970.
    pub from: Timestamp,
    /// The first moment behind it.
    pub until: Timestamp,
    /// What those clocks showed less UTC, in seconds.
    pub offset_s: i32,
}

/// The usage of one model on one local day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayUsage {
    /// The day, counted from 1970-01-01.
    pub day: i64,
    /// The model as callers wrote it; `None` for all but the twenty that cost the most in the whole of the time.
    pub model: Option<String>,
    /// What was used.
    pub totals: UsageTotals,
}

impl UsageTotals {
    /// Adds other sums to these; they stay at the end of their range.
    pub fn add(&mut self, other: &Self) {
        let Self { requests, usage, cost } = other;
        self.requests = self.requests.saturating_add(*requests);
        self.cost = self.cost.checked_add(*cost).unwrap_or(Money::MAX);
        self.usage = self.usage.plus(usage);
    }
}

impl Store {
    /// What was used in these stretches, by local day and model, in order of the days; days without a record are left
    /// out. Reads only what the user's records of that time are, by their index.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](crate::StoreError::Unavailable) if the database does not answer.
    pub async fn usage_by_day(
        &self,
        user: UserId,
        of: UsageOf,
        stretches: &[LocalStretch],
    ) -> Result<Vec<DayUsage>> {
        if stretches.is_empty() {
            return Ok(Vec::new());
        }
        let (sql, params) = by_day(user, of, stretches);
        self.db().query(sql, params).await?.into_iter().map(from_row).collect()
    }

    /// All that was ever charged to a user's balance: what was paid in, less what is left.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](crate::StoreError::Unavailable) if the database does not answer.
    pub async fn charged_to_balance(&self, user: UserId) -> Result<Money> {
        let sql = "SELECT CAST((SELECT COALESCE(SUM(delta), 0) FROM balance_entries WHERE user_id = $1) \
                               - balance AS BIGINT) FROM users WHERE id = $1";
        let row = self.db().query_one(sql, params![user]).await?;
        row.map_or(Ok(Money::ZERO), |mut row| row.money())
    }
}

/// One pass over the records. A day on which the clocks change lies in two stretches and is added up in the end.
fn by_day(user: UserId, of: UsageOf, stretches: &[LocalStretch]) -> (String, Params) {
    let (column, id) = match of {
        UsageOf::Key(id) => ("key_id", Value::from(id)),
        UsageOf::Subscription(id) => ("subscription_id", Value::from(id)),
    };
    let mut params = vec![Value::from(user), id];
    let sums = |wrap: fn(&str) -> String| SUMMED.map(wrap).join(", ");
    let columns = SUMMED.join(", ");
    let each = sums(|column| format!("SUM({column})"));
    let mut parts = Vec::with_capacity(stretches.len());
    for LocalStretch { from, until, offset_s } in stretches {
        let offset_micros = i64::from(*offset_s) * 1_000_000;
        params.extend(params![*from, *until, offset_micros]);
        let at = params.len();
        let (from, until, offset) = (at - 2, at - 1, at);
        parts.push(format!(
            "SELECT (at + ${offset}) / {DAY_MICROS}, requested_model, COUNT(*), {each} FROM usage_records \
              WHERE user_id = $1 AND at >= ${from} AND at < ${until} AND {column} = $2 GROUP BY 1, 2"
        ));
    }
    let parts = parts.join(" UNION ALL ");
    let all = sums(|column| format!("CAST(SUM({column}) AS BIGINT)"));
    let sql = format!(
        "WITH used (day, model, requests, {columns}) AS MATERIALIZED ({parts}), \
              named AS (SELECT model AS name FROM used GROUP BY model \
                         ORDER BY SUM(cost) DESC, SUM(requests) DESC, model LIMIT {MOST_MODELS}) \
         SELECT day, name, CAST(SUM(requests) AS BIGINT), {all} \
           FROM used LEFT JOIN named ON name = model GROUP BY day, name ORDER BY day, name"
    );
    (sql, params)
}

fn from_row(mut row: Row) -> Result<DayUsage> {
    Ok(DayUsage { day: row.int()?, model: row.opt_text()?, totals: totals(row)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Location, MasterKey};

    #[tokio::test]
    async fn nothing_but_the_asked_time_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let master = MasterKey::from_base64("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=").unwrap();
        let store = Store::open(&Location::Sqlite(folder.path().join("t.db")), master).await.unwrap();
        let stretch = |from, until| LocalStretch {
            from: Timestamp::from_micros(from),
            until: Timestamp::from_micros(until),
            offset_s: 0,
        };
        let stretches = [stretch(1, 2), stretch(2, 3)];
        for of in [UsageOf::Key(KeyId::from_u128(1)), UsageOf::Subscription(SubscriptionId::from_u128(1))] {
            let (sql, params) = by_day(UserId::from_u128(1), of, &stretches);
            let plan = store.db().query(format!("EXPLAIN QUERY PLAN {sql}"), params).await.unwrap();
            let reads: Vec<String> = plan
                .into_iter()
                .map(|mut row| {
                    let _ids = [row.int(), row.int(), row.int()];
                    row.text().unwrap()
                })
                .filter(|step| step.contains("usage_records"))
                .collect();
            let by_index =
                "SEARCH usage_records USING INDEX usage_records_user_at (user_id=? AND at>? AND at<?)";
            assert_eq!(reads, [by_index, by_index]);
        }
    }
}
