//! Which account made a response.

use tollgate_base::{AccountId, GroupId, KeyId, Timestamp};

use crate::db::{Row, params};
use crate::error::{Result, StoreError};
use crate::store::Store;

/// No provider's response id is nearly as long.
const MAX_ID_BYTES: usize = 512;

/// Who made a response and where: later requests about it are this key's alone and go to this account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponseOwner {
    /// The key that asked for it.
    pub key_id: KeyId,
    /// The account that made it.
    pub account_id: AccountId,
    /// The key's group at the time.
    pub group_id: GroupId,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on nobody is remembered as its owner.
    pub expires_at: Timestamp,
}

impl Store {
    /// Remembers who made the response `id`. If the id comes again, the later owner counts.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if the id is empty or longer than 512 bytes.
    pub async fn remember_response(&self, id: &str, owner: ResponseOwner) -> Result<()> {
        self.remember_responses(&[(id.to_owned(), owner)]).await
    }

    /// As [`remember_response`](Self::remember_response), for many in one transaction.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if an id is empty or longer than 512 bytes; then none is remembered.
    pub async fn remember_responses(&self, responses: &[(String, ResponseOwner)]) -> Result<()> {
        if responses.iter().any(|(id, _)| !can_be_an_id(id)) {
            return Err(StoreError::invalid("id", "not the id of a response"));
        }
        let sql = "INSERT INTO response_owners (id, key_id, account_id, group_id, created_at, expires_at) \
                   VALUES ($1, $2, $3, $4, $5, $6) \
                   ON CONFLICT (id) DO UPDATE SET key_id = excluded.key_id, account_id = excluded.account_id, \
                     group_id = excluded.group_id, created_at = excluded.created_at, expires_at = excluded.expires_at";
        let statement = |(id, owner): &(String, ResponseOwner)| {
            let ResponseOwner { key_id, account_id, group_id, created_at, expires_at } = *owner;
            let params = params![id.as_str(), key_id, account_id, group_id, created_at, expires_at];
            (sql.into(), params)
        };
        self.db().execute_all(responses.iter().map(statement).collect()).await.map(drop)
    }

    /// Who made the response. An owner whose time is over is found until [`expire_responses`](Self::expire_responses)
    /// has run: compare `expires_at` where it matters.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn find_response(&self, id: &str) -> Result<Option<ResponseOwner>> {
        if !can_be_an_id(id) {
            return Ok(None);
        }
        let sql =
            "SELECT key_id, account_id, group_id, created_at, expires_at FROM response_owners WHERE id = $1";
        self.db().query_one(sql, params![id]).await?.map(from_row).transpose()
    }

    /// Forgets a response; whether it was known.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn forget_response(&self, id: &str) -> Result<bool> {
        if !can_be_an_id(id) {
            return Ok(false);
        }
        let gone = self.db().execute("DELETE FROM response_owners WHERE id = $1", params![id]).await?;
        Ok(gone > 0)
    }

    /// Forgets every response whose time is over at `now`; how many those were.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn expire_responses(&self, now: Timestamp) -> Result<u64> {
        self.db().execute("DELETE FROM response_owners WHERE expires_at <= $1", params![now]).await
    }
}

pub(crate) fn can_be_an_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= MAX_ID_BYTES
}

fn from_row(mut row: Row) -> Result<ResponseOwner> {
    Ok(ResponseOwner {
        key_id: row.parsed()?,
        account_id: row.parsed()?,
        group_id: row.parsed()?,
        created_at: row.time()?,
        expires_at: row.time()?,
    })
}
