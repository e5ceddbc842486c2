//! API keys: what a caller shows.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use tollgate_base::{GroupId, KeyId, Timestamp, UserId};

use crate::pattern::Pattern;
use crate::words::word_enum;

word_enum!(
    /// Whether a key works.
    KeyStatus, "key status" {
        /// It works, unless it has expired.
        Enabled = "enabled",
        /// Switched off; may be switched on again.
        Disabled = "disabled",
        /// Withdrawn for good.
        Revoked = "revoked",
    }
);

/// An API key. The secret itself is kept only as a keyed hash, in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// The id.
    pub id: KeyId,
    /// Who pays.
    pub user_id: UserId,
    /// Where its requests go.
    pub group_id: GroupId,
    /// The name, unique among the user's keys.
    pub name: String,
    /// The key's first and last characters, to recognise it by: `tg-ab…wxyz`.
    pub hint: String,
    /// Whether it works.
    pub status: KeyStatus,
    /// From when on it no longer works; `None` is never.
    pub expires_at: Option<Timestamp>,
    /// The models it may ask for, by the names callers use; empty is any.
    pub allowed_models: Vec<Pattern>,
    /// The addresses it may be used from; empty is any.
    pub allowed_addresses: Vec<IpNet>,
    /// When it was created.
    pub created_at: Timestamp,
}
