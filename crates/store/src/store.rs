//! Opening and closing the store.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tollgate_base::{Clock, Timestamp};

use crate::api_key::KeyHash;
use crate::db::{Db, params};
use crate::error::{Result, StoreError};
use crate::location::Location;
use crate::migrate::migrate;
use crate::postgres::Postgres;
use crate::secrets::{MasterKey, place};
use crate::sqlite::Sqlite;

/// The durable store. Cheap to clone; all clones share one database.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    db: Db,
    master: MasterKey,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database cannot be reached, [`StoreError::NewerSchema`] if a newer program
    /// wrote it, [`StoreError::WrongMasterKey`] if it was made with another master key.
    pub async fn open(location: &Location, master: MasterKey) -> Result<Self> {
        Self::open_with_clock(location, master, Arc::new(SystemClock)).await
    }

    /// As [`open`](Self::open), with a clock for the times of creation and change.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_with_clock(
        location: &Location,
        master: MasterKey,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let db = match location {
            Location::Sqlite(path) => Db::Sqlite(Sqlite::open(path).await?),
            Location::Postgres(url) => Db::Postgres(Postgres::open(url).await?),
        };
        migrate(&db, clock.now().micros()).await?;
        check_master_key(&db, &master).await?;
        Ok(Self(Arc::new(Inner { db, master, clock })))
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it does not.
    pub async fn ping(&self) -> Result<()> {
        self.config_version().await.map(drop)
    }

    /// Waits for the writes that were handed in, then lets the database go. Every later call fails.
    pub async fn close(&self) {
        self.db().close().await;
    }

    /// The hash that a presented key is kept and found under. Takes about a microsecond; for keys of caches.
    #[must_use]
    pub fn key_hash(&self, presented: &str) -> KeyHash {
        KeyHash(self.0.master.tag(presented.as_bytes()))
    }

    /// The key under which reasoning travels through callers and back; it stays the same as long as the master key does.
    #[must_use]
    pub fn carrier_key(&self) -> &[u8; 32] {
        self.0.master.carrier_key()
    }

    /// Whether the database is a file, so that everybody who uses it is on this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        matches!(self.db(), Db::Sqlite(_))
    }

    pub(crate) fn db(&self) -> &Db {
        &self.0.db
    }

    pub(crate) fn master(&self) -> &MasterKey {
        &self.0.master
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }
}

const CHECK_TEXT: &[u8] = b"tollgate";

/// Seals a known text at first start, and opens it at every later one: with the wrong key no credential could be
/// read and every API key would look unknown, so it is better not to start.
async fn check_master_key(db: &Db, master: &MasterKey) -> Result<()> {
    let place = place("master_key_check", "sealed", 1);
    db.execute(
        "INSERT INTO master_key_check (id, sealed) VALUES (1, $1) ON CONFLICT (id) DO NOTHING",
        params![master.seal(&place, CHECK_TEXT)?],
    )
    .await?;
    let row = db.query_one("SELECT sealed FROM master_key_check WHERE id = 1", params![]).await?;
    let sealed = row.ok_or_else(|| StoreError::corrupt("master_key_check is empty"))?.text()?;
    match master.open(&place, &sealed) {
        Ok(text) if text.expose() == CHECK_TEXT => Ok(()),
        _ => Err(StoreError::WrongMasterKey),
    }
}

/// The machine's clock.
struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is a Clock")]
    fn now(&self) -> Timestamp {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::default().after(elapsed)
    }
}
