//! Connections that read while the writer commits.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::connection::open_reader;
use super::statement::{query, script};
use crate::db::{Params, Row, Sql};
use crate::error::{Result, StoreError};

/// Readers at the same time; more wait.
const MAX_READERS: usize = 4;

/// A small pool of reading connections, opened when first needed.
pub(super) struct Readers {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(path: &Path) -> Self {
        let permits = Arc::new(Semaphore::new(MAX_READERS));
        Self { path: path.to_owned(), idle: Arc::default(), permits }
    }

    /// Rows of each statement, all from one snapshot of the database.
    pub(super) async fn query_all(&self, queries: Vec<(Sql, Params)>) -> Result<Vec<Vec<Row>>> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_| StoreError::unavailable("the store is closed"))?;
        let (idle, path) = (Arc::clone(&self.idle), self.path.clone());
        let read = move || {
            let _permit = permit;
            let free = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = free.map_or_else(|| open_reader(&path), Ok)?;
            let answers = read_all(&connection, &queries)?;
            // A connection that failed is closed instead, whatever state it is in.
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            Ok(answers)
        };
        tokio::task::spawn_blocking(read).await.map_err(StoreError::unavailable)?
    }

    pub(super) fn close(&self) {
        self.permits.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

fn read_all(connection: &Connection, queries: &[(Sql, Params)]) -> Result<Vec<Vec<Row>>> {
    if let [(sql, params)] = queries {
        return Ok(vec![query(connection, sql, params)?]);
    }
    script(connection, "BEGIN")?;
    let answers =
        queries.iter().map(|(sql, params)| query(connection, sql, params)).collect::<Result<_>>()?;
    script(connection, "COMMIT")?;
    Ok(answers)
}
