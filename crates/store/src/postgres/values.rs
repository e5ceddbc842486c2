//! Values to and from PostgreSQL's types.

use std::error::Error;

use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::db::{Params, Row, Value};
use crate::error::{Result, StoreError};

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(value) if *kind == Type::INT8 => value.to_sql(kind, out),
            Self::Text(value) if *kind == Type::TEXT => value.to_sql(kind, out),
            Self::Blob(value) if *kind == Type::BYTEA => value.to_sql(kind, out),
            // The value itself is not shown: it may be what nobody should read in a log.
            Self::Int(_) => Err(format!("a number cannot be bound as {kind}").into()),
            Self::Text(_) => Err(format!("a text cannot be bound as {kind}").into()),
            Self::Blob(_) => Err(format!("bytes cannot be bound as {kind}").into()),
        }
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA].contains(kind)
    }

    to_sql_checked!();
}

pub(super) fn borrowed(params: &Params) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|value| -> &(dyn ToSql + Sync) { value }).collect()
}

pub(super) fn rows(found: &[tokio_postgres::Row]) -> Result<Vec<Row>> {
    found.iter().map(row).collect()
}

fn row(found: &tokio_postgres::Row) -> Result<Row> {
    let columns = found.columns().iter().enumerate();
    columns.map(|(at, column)| value(found, at, column.type_())).collect::<Result<_>>().map(Row::new)
}

fn value(row: &tokio_postgres::Row, at: usize, kind: &Type) -> Result<Value> {
    let read = match *kind {
        Type::INT8 => row.try_get::<_, Option<i64>>(at).map(|value| value.map(Value::Int)),
        Type::TEXT => row.try_get::<_, Option<String>>(at).map(|value| value.map(Value::Text)),
        Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(at).map(|value| value.map(Value::Blob)),
        _ => {
            return Err(StoreError::corrupt(format!("column {}: the type {kind} is not expected", at + 1)));
        }
    };
    read.map(|value| value.unwrap_or(Value::Null)).map_err(|error| StoreError::corrupt(error.to_string()))
}
