//! Users: who pays.

use serde::{Deserialize, Serialize};
use tollgate_base::{Rate, Timestamp, UserId};

use crate::words::word_enum;

word_enum!(
    /// Whether a user, a group or an account is in use.
    Status, "status" {
        /// In use.
        Enabled = "enabled",
        /// Switched off by the operator.
        Disabled = "disabled",
    }
);

/// A user. The balance lives in the store, not here: it changes with every request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The name, unique among users.
    pub name: String,
    /// Whether the user's keys work.
    pub status: Status,
    /// What the user's charges are multiplied by, beside the group's rate.
    pub rate: Rate,
    /// When the user was created.
    pub created_at: Timestamp,
}
