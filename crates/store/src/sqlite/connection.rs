//! Opening SQLite connections, and what SQLite's errors mean.

use std::fs::OpenOptions;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, ffi};

use crate::error::{Result, StoreError};

/// How long a connection waits for another process to end its write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Prepared statements kept per connection; more than the store has.
const STATEMENTS: usize = 128;

/// How the writer's connection is set. 16 MiB of pages, so that inserts all over an index seldom read the file; and a
/// log of up to 16 MiB, since a page that many commits change is copied back into the file once per checkpoint.
const WRITER: &str = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
     PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 4096";

/// The connection that writes. Makes the file (readable by its owner only) and its folder if they are missing.
pub(super) fn open_writer(path: &Path) -> Result<Connection> {
    make_private_file(path)
        .map_err(|error| StoreError::unavailable(format!("{}: {error}", path.display())))?;
    let connection = open(path)?;
    let mode: String = connection
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .map_err(|error| from_sqlite(&error))?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(StoreError::unavailable(format!(
            "{}: this file system cannot hold a write-ahead log",
            path.display()
        )));
    }
    connection.execute_batch(WRITER).map_err(|error| from_sqlite(&error))?;
    Ok(connection)
}

/// A connection that cannot write.
pub(super) fn open_reader(path: &Path) -> Result<Connection> {
    let connection = open(path)?;
    connection.execute_batch("PRAGMA query_only = ON").map_err(|error| from_sqlite(&error))?;
    Ok(connection)
}

fn open(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path).map_err(|error| from_sqlite(&error))?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(|error| from_sqlite(&error))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// SQLite gives its log files the mode of the database file, so that one has to be private from the start.
fn make_private_file(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// What an error of SQLite means to a caller of the store.
pub(super) fn from_sqlite(error: &rusqlite::Error) -> StoreError {
    let rusqlite::Error::SqliteFailure(code, _) = error else {
        return StoreError::Database { reason: error.to_string() };
    };
    match (code.extended_code, code.code) {
        (ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY, _) => {
            StoreError::Conflict { what: error.to_string() }
        }
        (ffi::SQLITE_CONSTRAINT_FOREIGNKEY, _) => StoreError::InUse { what: error.to_string() },
        (_, ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => StoreError::corrupt(error.to_string()),
        (
            _,
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::DiskFull
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::OutOfMemory
            | ErrorCode::SystemIoFailure,
        ) => StoreError::unavailable(error),
        _ => StoreError::Database { reason: error.to_string() },
    }
}
