//! Reading usage back.

use tollgate_base::{KeyId, Money, RequestId, Timestamp, Usage, UserId};

use super::UsageRecord;
use super::columns::{column_list, from_row, usage};
use crate::db::{Params, Row, Value};
use crate::error::Result;
use crate::store::Store;

/// What is listed when no limit is given.
const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 10_000;

/// Which usage records are meant. Everything that is `None` does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UsageFilter {
    /// Of this user.
    pub user: Option<UserId>,
    /// Of this key.
    pub key: Option<KeyId>,
    /// At or after this time.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
    /// In a listing: older than this record, the last one of the page before.
    pub after: Option<UsageCursor>,
    /// In a listing: so many at most. 100 unless given, never more than 10,000.
    pub limit: Option<u32>,
}

/// A place in a listing of usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageCursor {
    /// The record's time.
    pub at: Timestamp,
    /// The record's id.
    pub id: RequestId,
}

impl From<&UsageRecord> for UsageCursor {
    fn from(record: &UsageRecord) -> Self {
        Self { at: record.at, id: record.id }
    }
}

/// Sums over usage records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UsageTotals {
    /// How many records.
    pub requests: u64,
    /// The tokens and calls of all of them.
    pub usage: Usage,
    /// What was charged for all of them.
    pub cost: Money,
}

impl Store {
    /// The matching records, newest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](crate::StoreError::Unavailable) if the database does not answer.
    pub async fn list_usage(&self, filter: UsageFilter) -> Result<Vec<UsageRecord>> {
        let (conditions, mut params) = filter.conditions();
        params.push(Value::from(filter.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT)));
        let (columns, limit) = (column_list(), params.len());
        let sql = format!(
            "SELECT {columns} FROM usage_records{conditions} ORDER BY at DESC, id DESC LIMIT ${limit}"
        );
        self.db().query(sql, params).await?.into_iter().map(from_row).collect()
    }

    /// Sums over the matching records; `after` and `limit` do not count.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](crate::StoreError::Unavailable) if the database does not answer.
    pub async fn usage_totals(&self, filter: UsageFilter) -> Result<UsageTotals> {
        let (conditions, params) = UsageFilter { after: None, ..filter }.conditions();
        let sql = format!("SELECT COUNT(*), {} FROM usage_records{conditions}", usage_sums());
        let row = self.db().query_one(sql, params).await?;
        row.map_or(Ok(UsageTotals::default()), totals)
    }

    /// One record.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](crate::StoreError::Unavailable) if the database does not answer.
    pub async fn find_usage(&self, id: RequestId) -> Result<Option<UsageRecord>> {
        let sql = format!("SELECT {} FROM usage_records WHERE id = $1", column_list());
        self.db().query_one(sql, vec![Value::from(id)]).await?.map(from_row).transpose()
    }
}

/// What is summed, in the order of [`totals`].
pub(super) const SUMMED: [&str; 15] = [
    "input_tokens",
    "output_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "cache_read_tokens",
    "reasoning_tokens",
    "web_search_calls",
    "input_audio_tokens",
    "output_audio_tokens",
    "input_image_tokens",
    "output_image_tokens",
    "generated_images",
    "file_search_calls",
    "code_execution_calls",
    "cost",
];

/// The sums of the buckets in the order of [`usage`], and of the cost.
pub(crate) fn usage_sums() -> String {
    SUMMED.map(|column| format!("CAST(COALESCE(SUM({column}), 0) AS BIGINT)")).join(", ")
}

/// The number of records, and the sums of [`SUMMED`].
pub(super) fn totals(mut row: Row) -> Result<UsageTotals> {
    Ok(UsageTotals { requests: row.number()?, usage: usage(&mut row)?, cost: row.money()? })
}

impl UsageFilter {
    /// ` WHERE …` with its parameters, or nothing.
    fn conditions(&self) -> (String, Params) {
        let mut conditions = Vec::new();
        let mut params = Params::new();
        let mut add = |condition: &str, value: Option<Value>| {
            if let Some(value) = value {
                params.push(value);
                conditions.push(format!("{condition} ${}", params.len()));
            }
        };
        add("user_id =", self.user.map(Value::from));
        add("key_id =", self.key.map(Value::from));
        add("at >=", self.from.map(Value::from));
        add("at <", self.until.map(Value::from));
        if let Some(cursor) = self.after {
            add("at <=", Some(Value::from(cursor.at)));
            params.push(Value::from(cursor.id));
            conditions.push(format!("(at < ${} OR id < ${})", params.len() - 1, params.len()));
        }
        if conditions.is_empty() {
            return (String::new(), params);
        }
        (format!(" WHERE {}", conditions.join(" AND ")), params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usage::StreamEnd;

    #[test]
    fn only_what_is_asked_becomes_a_condition() {
        assert_eq!(UsageFilter::default().conditions(), (String::new(), vec![]));
        let (at, id) = (Timestamp::from_micros(9), RequestId::from_u128(7));
        let filter = UsageFilter {
            user: Some(UserId::from_u128(1)),
            until: Some(at),
            after: Some(UsageCursor { at, id }),
            ..UsageFilter::default()
        };
        let (sql, params) = filter.conditions();
        assert_eq!(sql, " WHERE user_id = $1 AND at < $2 AND at <= $3 AND (at < $3 OR id < $4)");
        assert_eq!(params.len(), 4);
    }

    #[test]
    fn stream_ends_have_names_that_read_back() {
        for end in StreamEnd::ALL {
            assert_eq!(end.as_str().parse::<StreamEnd>(), Ok(end));
        }
        assert!("other".parse::<StreamEnd>().is_err());
    }
}
