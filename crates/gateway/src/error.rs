//! Why the gate cannot start.

use tollgate_store::StoreError;

/// Why the gate cannot start.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The store cannot be read.
    #[error("the store cannot be read: {0}")]
    Store(#[from] StoreError),
    /// Another gate runs on the same database, which takes one at a time.
    #[error("another gate is running on this database; a SQLite database takes one at a time")]
    InUse,
    /// The journal's folder cannot be read or written.
    #[error("the journal cannot be used: {0}")]
    Journal(std::io::Error),
}
