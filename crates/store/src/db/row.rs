//! A row that was read, taken apart column by column in the order of its `SELECT`.

use std::fmt::Display;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use tollgate_base::{Money, Rate, Timestamp};

use super::Value;
use crate::error::{Result, StoreError};

/// One row. Each call takes the next column.
#[derive(Debug)]
pub(crate) struct Row {
    columns: std::vec::IntoIter<Value>,
    taken: usize,
}

impl Row {
    pub(crate) fn new(columns: Vec<Value>) -> Self {
        Self { columns: columns.into_iter(), taken: 0 }
    }

    fn wrong(&self, problem: impl Display) -> StoreError {
        StoreError::corrupt(format!("column {}: {problem}", self.taken))
    }

    fn next(&mut self) -> Result<Value> {
        self.taken += 1;
        self.columns.next().ok_or_else(|| self.wrong("missing"))
    }

    pub(crate) fn opt_int(&mut self) -> Result<Option<i64>> {
        match self.next()? {
            Value::Null => Ok(None),
            Value::Int(value) => Ok(Some(value)),
            Value::Text(_) | Value::Blob(_) => Err(self.wrong("expected a number")),
        }
    }

    pub(crate) fn int(&mut self) -> Result<i64> {
        self.opt_int()?.ok_or_else(|| self.wrong("expected a number, found nothing"))
    }

    pub(crate) fn opt_text(&mut self) -> Result<Option<String>> {
        match self.next()? {
            Value::Null => Ok(None),
            Value::Text(value) => Ok(Some(value)),
            Value::Int(_) | Value::Blob(_) => Err(self.wrong("expected a text")),
        }
    }

    pub(crate) fn text(&mut self) -> Result<String> {
        self.opt_text()?.ok_or_else(|| self.wrong("expected a text, found nothing"))
    }

    /// A number of a narrower kind, such as a count or a port.
    pub(crate) fn number<T: TryFrom<i64>>(&mut self) -> Result<T> {
        let value = self.int()?;
        T::try_from(value).map_err(|_| self.wrong(format!("{value} is out of range")))
    }

    pub(crate) fn opt_number<T: TryFrom<i64>>(&mut self) -> Result<Option<T>> {
        let Some(value) = self.opt_int()? else {
            return Ok(None);
        };
        T::try_from(value).map(Some).map_err(|_| self.wrong(format!("{value} is out of range")))
    }

    pub(crate) fn boolean(&mut self) -> Result<bool> {
        match self.int()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(self.wrong(format!("expected 0 or 1, found {other}"))),
        }
    }

    /// A value kept as the text it displays as: an id, a status.
    pub(crate) fn parsed<T: FromStr<Err: Display>>(&mut self) -> Result<T> {
        let text = self.text()?;
        text.parse().map_err(|error| self.wrong(error))
    }

    pub(crate) fn opt_parsed<T: FromStr<Err: Display>>(&mut self) -> Result<Option<T>> {
        let Some(text) = self.opt_text()? else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|error| self.wrong(error))
    }

    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> Result<T> {
        let text = self.text()?;
        serde_json::from_str(&text).map_err(|error| self.wrong(error))
    }

    pub(crate) fn opt_json<T: DeserializeOwned>(&mut self) -> Result<Option<T>> {
        let Some(text) = self.opt_text()? else {
            return Ok(None);
        };
        serde_json::from_str(&text).map(Some).map_err(|error| self.wrong(error))
    }

    pub(crate) fn money(&mut self) -> Result<Money> {
        self.int().map(Money::from_nanos)
    }

    pub(crate) fn rate(&mut self) -> Result<Rate> {
        self.number().map(Rate::from_millionths)
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp> {
        self.int().map(Timestamp::from_micros)
    }

    pub(crate) fn opt_time(&mut self) -> Result<Option<Timestamp>> {
        Ok(self.opt_int()?.map(Timestamp::from_micros))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_base::UserId;

    #[test]
    fn columns_come_in_order() {
        let id = UserId::from_u128(3);
        let mut row =
            Row::new(vec![Value::Int(1), Value::Null, Value::display(id), Value::Text("[1,2]".to_owned())]);
        assert!(row.boolean().unwrap());
        assert_eq!(row.opt_text().unwrap(), None);
        assert_eq!(row.parsed::<UserId>().unwrap(), id);
        assert_eq!(row.json::<Vec<u8>>().unwrap(), [1, 2]);
        assert_eq!(row.int().unwrap_err(), StoreError::corrupt("column 5: missing"));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let wrong = |value: Value| Row::new(vec![value]);
        assert!(wrong(Value::Null).text().unwrap_err().to_string().contains("column 1"));
        assert!(
            wrong(Value::Int(-1)).number::<u32>().unwrap_err().to_string().contains("-1 is out of range")
        );
        assert!(wrong(Value::Int(2)).boolean().is_err());
        assert!(wrong(Value::Blob(vec![1])).text().is_err());
        assert!(wrong(Value::Text("usr_x".to_owned())).parsed::<UserId>().is_err());
    }
}
