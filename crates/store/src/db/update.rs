//! An `UPDATE` of only those columns that a patch names.

use super::{Params, Value};

/// Collects the columns to set of one row.
pub(crate) struct Update {
    table: &'static str,
    columns: Vec<&'static str>,
    params: Params,
}

impl Update {
    /// An update of `table` in the row whose `key` column will be `$1`.
    pub(crate) fn new(table: &'static str, key: impl Into<Value>) -> Self {
        Self { table, columns: Vec::new(), params: vec![key.into()] }
    }

    /// Sets `column`, if there is something to set it to.
    pub(crate) fn set(mut self, column: &'static str, value: Option<impl Into<Value>>) -> Self {
        if let Some(value) = value {
            self.columns.push(column);
            self.params.push(value.into());
        }
        self
    }

    /// Statement and parameters, or `None` if nothing is to be set.
    pub(crate) fn build(self, key_column: &'static str) -> Option<(String, Params)> {
        if self.columns.is_empty() {
            return None;
        }
        let set: Vec<String> =
            self.columns.iter().enumerate().map(|(at, column)| format!("{column} = ${}", at + 2)).collect();
        let sql = format!("UPDATE {} SET {} WHERE {key_column} = $1", self.table, set.join(", "));
        Some((sql, self.params))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::params;

    #[test]
    fn sets_only_what_is_given() {
        let none: Option<&str> = None;
        let cleared: Option<Option<i64>> = Some(None);
        let update =
            Update::new("users", "u").set("name", Some("ann")).set("status", none).set("rate", cleared);
        let (sql, params) = update.build("id").unwrap();
        assert_eq!(sql, "UPDATE users SET name = $2, rate = $3 WHERE id = $1");
        assert_eq!(params, params!["u", "ann", Value::Null]);
        assert!(Update::new("users", "u").set("name", none).build("id").is_none());
    }
}
