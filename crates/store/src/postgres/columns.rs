//! Many rows as one array a column, for `UNNEST`.

use std::borrow::Cow;

use tokio_postgres::types::ToSql;

use crate::db::{Cell, Kind};

/// `$1::TEXT[], $2::BIGINT[], …`
pub(super) fn arrays(columns: &[(&str, Kind)]) -> String {
    let array = |(at, (_, kind)): (usize, &(&str, Kind))| match kind {
        Kind::Int => format!("${}::BIGINT[]", at + 1),
        Kind::Text => format!("${}::TEXT[]", at + 1),
    };
    columns.iter().enumerate().map(array).collect::<Vec<_>>().join(", ")
}

/// One column of all rows.
pub(super) enum Column<'a> {
    Int(Vec<Option<i64>>),
    Text(Vec<Option<Cow<'a, str>>>),
}

impl<'a> Column<'a> {
    fn new(kind: Kind, rows: usize) -> Self {
        match kind {
            Kind::Int => Self::Int(Vec::with_capacity(rows)),
            Kind::Text => Self::Text(Vec::with_capacity(rows)),
        }
    }

    fn push(&mut self, cell: Cell<'a>) {
        match (self, cell) {
            (Self::Int(values), Cell::Int(value)) => values.push(Some(value)),
            (Self::Text(values), Cell::Text(value)) => values.push(Some(value)),
            // A cell that is not of its column's kind would shift nothing and fail on NOT NULL.
            (Self::Int(values), Cell::Null | Cell::Text(_)) => values.push(None),
            (Self::Text(values), Cell::Null | Cell::Int(_)) => values.push(None),
        }
    }

    fn bound(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Int(values) => values,
            Self::Text(values) => values,
        }
    }
}

/// Rows turned on their side.
pub(super) fn turned<'a, const N: usize>(
    columns: &[(&str, Kind); N],
    rows: impl ExactSizeIterator<Item = [Cell<'a>; N]>,
) -> Vec<Column<'a>> {
    let mut turned: Vec<Column<'a>> =
        columns.iter().map(|(_, kind)| Column::new(*kind, rows.len())).collect();
    for cells in rows {
        for (column, cell) in turned.iter_mut().zip(cells) {
            column.push(cell);
        }
    }
    turned
}

/// The columns as parameters.
pub(super) fn bound<'c>(columns: &'c [Column<'_>]) -> Vec<&'c (dyn ToSql + Sync)> {
    columns.iter().map(Column::bound).collect()
}
