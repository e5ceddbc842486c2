//! Why the gate cannot start.

use tollgate_store::StoreError;

/// Why the gate cannot start.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The store cannot be read.
    #[error("the store cannot be read: {0}")]
    Store(#[from] StoreError),
    /// The journal's folder cannot be read or written.
    #[error("the journal cannot be used: {0}")]
    Journal(std::io::Error),
}
