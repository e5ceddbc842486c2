//! Who changes a balance from the command line.

use crate::cli::AuthorFields;

/// The author that is named, else the system's user who runs the command: `cli:ann`.
pub(super) fn of(fields: AuthorFields) -> String {
    fields
        .author
        .unwrap_or_else(|| format!("cli:{}", whoami::username().unwrap_or_else(|_| "unknown".to_owned())))
}
