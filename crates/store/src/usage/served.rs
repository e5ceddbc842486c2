//! What accounts served, by day and model: the gate's side of a reconciliation with a provider.

use tollgate_base::{AccountId, Money, Timestamp, Usage};

use super::columns::usage;
use super::query::usage_sums;
use crate::db::{Params, Row, Sql, Value};
use crate::error::{Result, StoreError};
use crate::store::Store;

/// More than a year; each is a statement of its own.
const MOST_DAYS: usize = 400;

/// What accounts served of one model in one stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedUsage {
    /// The model that the upstream was asked for.
    pub model: String,
    /// How many requests.
    pub requests: u64,
    /// Their tokens and calls.
    pub usage: Usage,
    /// What they cost at their accounts; see [`UsageRecord::account_cost`](crate::UsageRecord::account_cost).
    pub account_cost: Money,
}

impl Store {
    /// What these accounts (none named: all) served of each model in each of these stretches of time: from the first moment
    /// on, before the second. All of one moment; a request belongs to where it came in.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for more than 400 stretches, [`StoreError::Unavailable`] if the database does not answer.
    pub async fn served_usage(
        &self,
        accounts: &[AccountId],
        days: &[(Timestamp, Timestamp)],
    ) -> Result<Vec<Vec<ServedUsage>>> {
        if days.len() > MOST_DAYS {
            return Err(StoreError::invalid("days", format!("must be at most {MOST_DAYS}")));
        }
        let queries = days.iter().map(|(from, until)| query(accounts, *from, *until)).collect();
        let answers = self.db().query_all(queries).await?;
        answers.into_iter().map(|rows| rows.into_iter().map(from_row).collect()).collect()
    }
}

fn query(accounts: &[AccountId], from: Timestamp, until: Timestamp) -> (Sql, Params) {
    let mut params = vec![Value::from(from), Value::from(until)];
    let whose = if accounts.is_empty() {
        "IS NOT NULL".to_owned()
    } else {
        let places: Vec<String> = (3..accounts.len() + 3).map(|place| format!("${place}")).collect();
        params.extend(accounts.iter().map(|account| Value::from(*account)));
        format!("IN ({})", places.join(", "))
    };
    let sums = usage_sums();
    let sql = format!(
        "SELECT COALESCE(upstream_model, requested_model), COUNT(*), {sums}, \
                CAST(COALESCE(SUM(account_cost), 0) AS BIGINT) \
           FROM usage_records WHERE at >= $1 AND at < $2 AND account_id {whose} \
          GROUP BY COALESCE(upstream_model, requested_model)"
    );
    (Sql::from(sql), params)
}

fn from_row(mut row: Row) -> Result<ServedUsage> {
    let (model, requests, usage) = (row.text()?, row.number()?, usage(&mut row)?);
    let _cost_to_the_caller = row.money()?;
    Ok(ServedUsage { model, requests, usage, account_cost: row.money()? })
}
