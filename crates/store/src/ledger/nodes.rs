//! Nodes: the runs of the gate that share this database, and whether they live.
//!
//! A node counts up its beat. One whose beat stands still for long is lost, and its holds are closed by another. Beats
//! are counted and not timed, so that the nodes' clocks need not agree.

use tollgate_base::NodeId;

use crate::db::{Row, params};
use crate::error::Result;
use crate::store::Store;

impl Store {
    /// Makes a run known, with a beat of 0. One that is known stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](crate::StoreError::Unavailable) if the database does not answer.
    pub async fn register_node(&self, node: NodeId) -> Result<()> {
        let sql = "INSERT INTO nodes (id, beat, started_at) VALUES ($1, 0, $2) ON CONFLICT (id) DO NOTHING";
        self.db().execute(sql, params![node, self.now()]).await.map(drop)
    }

    /// Counts up a run's beat. A run that was forgotten becomes known again.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](crate::StoreError::Unavailable) if the database does not answer.
    pub async fn beat_node(&self, node: NodeId) -> Result<()> {
        let sql = "INSERT INTO nodes (id, beat, started_at) VALUES ($1, 1, $2) \
                   ON CONFLICT (id) DO UPDATE SET beat = nodes.beat + 1";
        self.db().execute(sql, params![node, self.now()]).await.map(drop)
    }

    /// Every known run by id, which is by age, with its beat.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](crate::StoreError::Unavailable) if the database does not answer.
    pub async fn nodes(&self) -> Result<Vec<(NodeId, i64)>> {
        let rows = self.db().query("SELECT id, beat FROM nodes ORDER BY id", params![]).await?;
        rows.into_iter().map(|mut row: Row| Ok((row.parsed()?, row.int()?))).collect()
    }

    /// Forgets a run that has no open holds; one that has stays known.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](crate::StoreError::Unavailable) if the database does not answer.
    pub async fn forget_node(&self, node: NodeId) -> Result<()> {
        let sql = "DELETE FROM nodes WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM holds WHERE node = $1)";
        self.db().execute(sql, params![node]).await.map(drop)
    }
}
