//! Running one statement on a SQLite connection.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement, ToSql};

use super::connection::from_sqlite;
use crate::db::{Params, Row, Value};
use crate::error::{Result, StoreError};

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Blob(value) => ValueRef::Blob(value),
        }))
    }
}

/// `$1` as SQLite's `?1`. SQLite takes `$1` for a name and would number it by where it comes first in the text.
pub(super) fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
}

pub(super) fn query(connection: &Connection, sql: &str, params: &Params) -> Result<Vec<Row>> {
    let run = || {
        let mut statement = connection.prepare_cached(&numbered(sql))?;
        let columns = statement.column_count();
        bind(&mut statement, params)?;
        let mut found = Vec::new();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            found.push((0..columns).map(|at| row.get_ref(at).map(owned)).collect::<rusqlite::Result<_>>()?);
        }
        Ok(found)
    };
    let found: Vec<Result<Vec<Value>>> = run().map_err(|error| from_sqlite(&error))?;
    found.into_iter().map(|columns| columns.map(Row::new)).collect()
}

pub(super) fn execute(connection: &Connection, sql: &str, params: &Params) -> Result<u64> {
    let run = || {
        let mut statement = connection.prepare_cached(&numbered(sql))?;
        bind(&mut statement, params)?;
        statement.raw_execute()
    };
    let changed = run().map_err(|error| from_sqlite(&error))?;
    Ok(u64::try_from(changed).unwrap_or(u64::MAX))
}

pub(super) fn script(connection: &Connection, sql: &str) -> Result<()> {
    connection.execute_batch(sql).map_err(|error| from_sqlite(&error))
}

fn bind(statement: &mut Statement<'_>, params: &Params) -> rusqlite::Result<()> {
    for (at, param) in params.iter().enumerate() {
        statement.raw_bind_parameter(at + 1, param)?;
    }
    Ok(())
}

fn owned(value: ValueRef<'_>) -> Result<Value> {
    match value {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(value) => Ok(Value::Int(value)),
        ValueRef::Text(bytes) => {
            let text = std::str::from_utf8(bytes).map_err(|_| StoreError::corrupt("a text is not UTF-8"))?;
            Ok(Value::Text(text.to_owned()))
        }
        ValueRef::Blob(bytes) => Ok(Value::Blob(bytes.to_owned())),
        ValueRef::Real(_) => Err(StoreError::corrupt("a floating-point number where none belongs")),
    }
}
