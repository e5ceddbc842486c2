//! What can go wrong in the store.

/// An error of the store. It never holds a secret or a database URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// What was to be changed does not exist.
    #[error("{what} does not exist")]
    NotFound {
        /// What was looked for, for example "user usr_0198…".
        what: String,
    },
    /// Something with the same unique name already exists, or the present state forbids the change.
    #[error("{what}")]
    Conflict {
        /// The whole sentence, for example "a user named `ann` already exists".
        what: String,
    },
    /// It cannot be removed while something else needs it.
    #[error("{what}")]
    InUse {
        /// The whole sentence: what needs it, and what can be done instead.
        what: String,
    },
    /// A value that the store does not accept.
    #[error("{field}: {reason}")]
    Invalid {
        /// The field's name.
        field: &'static str,
        /// Why the value is refused.
        reason: String,
    },
    /// The database did not answer or could not take the write now. Trying again later may help.
    #[error("the database is not available: {reason}")]
    Unavailable {
        /// What the driver said.
        reason: String,
    },
    /// The database was written by a newer version of the program.
    #[error(
        "the database has schema version {found}, this program knows versions up to {known}: upgrade the program"
    )]
    NewerSchema {
        /// The newest migration found in the database.
        found: i64,
        /// The newest migration this program has.
        known: i64,
    },
    /// A migration that was applied to the database differs from the one of the same number in this program.
    #[error("migration {version} in the database is not the one of this program")]
    ForeignSchema {
        /// The migration's number.
        version: i64,
    },
    /// The database was made with another master key, so neither its keys nor its credentials can be read.
    #[error("this database was made with another master key")]
    WrongMasterKey,
    /// The master key's file or text cannot be used.
    #[error("master key: {reason}")]
    MasterKey {
        /// Why, without the key.
        reason: String,
    },
    /// A sealed value cannot be opened: other master key, moved to another row, or changed.
    #[error("a sealed value cannot be opened: it was changed, moved, or sealed under another master key")]
    Sealed,
    /// The database holds something that this program did not write.
    #[error("unexpected data in the database: {reason}")]
    Corrupt {
        /// What was found where.
        reason: String,
    },
    /// The database refused a statement; an error of the program.
    #[error("the database refused a statement: {reason}")]
    Database {
        /// What the driver said.
        reason: String,
    },
}

/// Results of the store.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

impl StoreError {
    pub(crate) fn unavailable(reason: impl std::fmt::Display) -> Self {
        Self::Unavailable { reason: reason.to_string() }
    }

    pub(crate) fn corrupt(reason: impl Into<String>) -> Self {
        Self::Corrupt { reason: reason.into() }
    }

    pub(crate) fn not_found(kind: &str, id: impl std::fmt::Display) -> Self {
        Self::NotFound { what: format!("{kind} {id}") }
    }

    pub(crate) fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid { field, reason: reason.into() }
    }

    /// Says what a driver's bare "unique constraint" means here; leaves other errors as they are.
    pub(crate) fn name_conflict(self, what: impl FnOnce() -> String) -> Self {
        match self {
            Self::Conflict { .. } => Self::Conflict { what: what() },
            other => other,
        }
    }
}
