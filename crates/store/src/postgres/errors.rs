//! What PostgreSQL's errors mean. Codes: PostgreSQL manual, appendix A.

use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;

use crate::error::StoreError;

/// Classes of codes that say "not now": connection, resources, operator intervention, system.
const NOT_NOW_CLASSES: [&str; 4] = ["08", "53", "57", "58"];

pub(super) fn from_postgres(error: &tokio_postgres::Error) -> StoreError {
    let Some(refusal) = error.as_db_error() else {
        // The connection broke, or never came about. The source says why.
        return StoreError::unavailable(with_source(error));
    };
    let said = format!("{} ({})", refusal.message(), refusal.code().code());
    match refusal.code() {
        &SqlState::UNIQUE_VIOLATION => StoreError::Conflict { what: said },
        &SqlState::FOREIGN_KEY_VIOLATION => StoreError::InUse { what: said },
        &SqlState::T_R_DEADLOCK_DETECTED
        | &SqlState::T_R_SERIALIZATION_FAILURE
        | &SqlState::LOCK_NOT_AVAILABLE
        | &SqlState::READ_ONLY_SQL_TRANSACTION
        | &SqlState::INVALID_PASSWORD
        | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION
        | &SqlState::INVALID_CATALOG_NAME => StoreError::unavailable(said),
        code if NOT_NOW_CLASSES.iter().any(|class| code.code().starts_with(class)) => {
            StoreError::unavailable(said)
        }
        _ => StoreError::Database { reason: said },
    }
}

pub(super) fn from_pool(error: &PoolError) -> StoreError {
    match error {
        PoolError::Backend(error) => from_postgres(error),
        other => StoreError::unavailable(other),
    }
}

/// The error and what caused it: `error connecting to server: Connection refused (os error 111)`.
fn with_source(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}
