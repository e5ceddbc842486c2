//! How the sessions of a group keep to an account.

use serde::{Deserialize, Serialize};

/// How the sessions of a group keep to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stickiness {
    /// How long after its last request a session is remembered, in seconds; 0: sessions keep to no account.
    pub ttl_s: u32,
    /// How long a request waits for its session's account while that is at its limit, in milliseconds.
    pub wait_ms: u32,
}

impl Stickiness {
    /// The longest time to remember a session: 30 days.
    pub const MAX_TTL_S: u32 = 30 * 24 * 3600;
    /// The longest time to wait for an account.
    pub const MAX_WAIT_MS: u32 = 60_000;

    /// Whether sessions keep to an account at all.
    #[must_use]
    pub const fn is_on(self) -> bool {
        self.ttl_s > 0
    }
}

impl Default for Stickiness {
    fn default() -> Self {
        Self { ttl_s: 3600, wait_ms: 3_000 }
    }
}
