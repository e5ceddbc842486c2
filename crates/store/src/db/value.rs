//! The few kinds of value that both databases hold alike.

use std::fmt::Display;

use serde::Serialize;
use tollgate_base::{
    AccountId, GroupId, KeyId, Money, NodeId, PlanId, QuotaId, Rate, RequestId, SubscriptionId, Timestamp,
    UserId, VoucherId,
};

use crate::error::{Result, StoreError};

/// One value of a row or one bound parameter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// No value.
    Null,
    /// `BIGINT`: numbers, booleans (0, 1), times in microseconds, money in nano-dollars.
    Int(i64),
    /// `TEXT`: names, ids, words, JSON.
    Text(String),
    /// `BLOB` in SQLite, `BYTEA` in PostgreSQL.
    Blob(Vec<u8>),
}

/// Bound parameters, `$1` first.
pub(crate) type Params = Vec<Value>;

impl Value {
    /// The text form of anything that has one.
    pub(crate) fn display(value: impl Display) -> Self {
        Self::Text(value.to_string())
    }

    /// A value kept as JSON text.
    pub(crate) fn json(value: &impl Serialize) -> Result<Self> {
        serde_json::to_string(value).map(Self::Text).map_err(|error| StoreError::corrupt(error.to_string()))
    }

    /// A count; what no count reaches is held at the end of the range.
    pub(crate) fn count(value: u64) -> Self {
        Self::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Int(i64::from(value))
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Int(i64::from(value))
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::count(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Int(i64::from(value))
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::from(value.to_owned())
    }
}

/// PostgreSQL cannot hold a NUL in a text: it becomes U+FFFD, in both databases.
impl From<String> for Value {
    fn from(value: String) -> Self {
        if value.as_bytes().contains(&0) {
            return Self::Text(value.replace('\0', "\u{fffd}"));
        }
        Self::Text(value)
    }
}

impl From<Money> for Value {
    fn from(value: Money) -> Self {
        Self::Int(value.nanos())
    }
}

impl From<Rate> for Value {
    fn from(value: Rate) -> Self {
        Self::Int(i64::from(value.millionths()))
    }
}

impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        Self::Int(value.micros())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

macro_rules! ids {
    ($($id:ty),*) => {$(
        impl From<$id> for Value {
            fn from(id: $id) -> Self {
                Self::display(id)
            }
        }
    )*};
}

ids!(UserId, KeyId, GroupId, AccountId, RequestId, NodeId, QuotaId, PlanId, SubscriptionId, VoucherId);

/// `params![a, b]`: the bound parameters `$1`, `$2`.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        vec![$($crate::db::Value::from($value)),*]
    };
}
pub(crate) use params;
