//! Responses that the gate keeps itself, because the upstream that made them keeps none.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use tollgate_base::{KeyId, Timestamp};

use crate::db::{Row, params};
use crate::error::{Result, StoreError};
use crate::responses::can_be_an_id;
use crate::secrets::place;
use crate::store::Store;

/// The most that is kept of one response, before compression.
pub const MAX_KEPT_BYTES: usize = 16 << 20;
/// How many responses one conversation may be made of.
const MAX_CHAIN: usize = 1_000;

/// A kept response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptResponse {
    /// The response's id.
    pub id: String,
    /// The key that asked for it: to anyone else it does not exist.
    pub key_id: KeyId,
    /// The response that it continued.
    pub previous_id: Option<String>,
    /// The items of its input, a JSON list, without those of the responses before it.
    pub input: Vec<u8>,
    /// The response, a JSON object.
    pub response: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is gone.
    pub expires_at: Timestamp,
}

const COLUMNS: &str = "id, key_id, previous_id, input, response, created_at, expires_at";

impl Store {
    /// Keeps a response. If the id comes again, the later response counts.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if the id is empty or longer than 512 bytes, or the response larger than
    /// [`MAX_KEPT_BYTES`].
    pub async fn keep_response(&self, kept: &KeptResponse) -> Result<()> {
        let KeptResponse { id, key_id, previous_id, input, response, created_at, expires_at } = kept;
        if !can_be_an_id(id) {
            return Err(StoreError::invalid("id", "not the id of a response"));
        }
        if input.len() + response.len() > MAX_KEPT_BYTES {
            return Err(StoreError::invalid("response", "too large to be kept"));
        }
        let sql = "INSERT INTO kept_responses (id, key_id, previous_id, input, response, created_at, expires_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7) \
                   ON CONFLICT (id) DO UPDATE SET key_id = excluded.key_id, previous_id = excluded.previous_id, \
                     input = excluded.input, response = excluded.response, created_at = excluded.created_at, \
                     expires_at = excluded.expires_at";
        let input = self.seal_kept("input", id, input)?;
        let response = self.seal_kept("response", id, response)?;
        let params =
            params![id.as_str(), *key_id, previous_id.clone(), input, response, *created_at, *expires_at];
        self.db().execute(sql, params).await.map(drop)
    }

    /// The kept response `id` of a key, if its time is not over at `now`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn kept_response(&self, id: &str, key: KeyId, now: Timestamp) -> Result<Option<KeptResponse>> {
        if !can_be_an_id(id) {
            return Ok(None);
        }
        let sql =
            format!("SELECT {COLUMNS} FROM kept_responses WHERE id = $1 AND key_id = $2 AND expires_at > $3");
        let row = self.db().query_one(sql, params![id, key, now]).await?;
        row.map(|row| self.kept_from_row(row)).transpose()
    }

    /// The kept response `id` and those it continued, the first one first; `None` if one of them is not there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn kept_conversation(
        &self,
        id: &str,
        key: KeyId,
        now: Timestamp,
    ) -> Result<Option<Vec<KeptResponse>>> {
        let mut chain = Vec::new();
        let mut next = Some(id.to_owned());
        while let Some(id) = next {
            let Some(kept) = self.kept_response(&id, key, now).await? else { return Ok(None) };
            next = kept.previous_id.clone();
            chain.push(kept);
            if chain.len() > MAX_CHAIN {
                return Ok(None);
            }
        }
        chain.reverse();
        Ok(Some(chain))
    }

    /// Forgets the kept response `id` of a key; whether it was there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn forget_kept_response(&self, id: &str, key: KeyId) -> Result<bool> {
        let sql = "DELETE FROM kept_responses WHERE id = $1 AND key_id = $2";
        Ok(can_be_an_id(id) && self.db().execute(sql, params![id, key]).await? > 0)
    }

    /// Forgets every kept response whose time is over at `now`; how many those were.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn expire_kept_responses(&self, now: Timestamp) -> Result<u64> {
        self.db().execute("DELETE FROM kept_responses WHERE expires_at <= $1", params![now]).await
    }

    fn seal_kept(&self, column: &str, id: &str, text: &[u8]) -> Result<String> {
        self.master().seal(&place("kept_responses", column, id), &compress(text)?)
    }

    fn open_kept(&self, column: &str, id: &str, sealed: &str) -> Result<Vec<u8>> {
        decompress(self.master().open(&place("kept_responses", column, id), sealed)?.expose())
    }

    fn kept_from_row(&self, mut row: Row) -> Result<KeptResponse> {
        let id = row.text()?;
        let (key_id, previous_id) = (row.parsed()?, row.opt_text()?);
        let (input, response) = (row.text()?, row.text()?);
        Ok(KeptResponse {
            key_id,
            previous_id,
            input: self.open_kept("input", &id, &input)?,
            response: self.open_kept("response", &id, &response)?,
            created_at: row.time()?,
            expires_at: row.time()?,
            id,
        })
    }
}

fn compress(text: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    let written = encoder.write_all(text).and_then(|()| encoder.finish());
    written.map_err(|error| StoreError::corrupt(error.to_string()))
}

fn decompress(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    let read = DeflateDecoder::new(bytes).take(MAX_KEPT_BYTES as u64).read_to_end(&mut text);
    read.map_err(|error| StoreError::corrupt(error.to_string()))?;
    Ok(text)
}
