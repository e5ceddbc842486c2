//! Typed ids: a UUID version 7 behind a prefix that says what it names.
//!
//! In text an id is `<prefix>_<32 hex digits>`, for example `usr_0198f3c2a1b47c3e8d5f6a7b8c9d0e1f`. Version 7
//! ids sort by creation time, so rows that are written together lie together.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::money::serde_as_text;

/// A text that is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an id of the form {prefix}_<32 hex digits>")]
pub struct IdError {
    prefix: &'static str,
    text: String,
}

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// What the text form starts with, before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// A new id, later than every id this process made before.
            #[must_use]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }

            /// The id with the given 128 bits; for tests and for ids read back from storage.
            #[must_use]
            pub const fn from_u128(bits: u128) -> Self {
                Self(Uuid::from_u128(bits))
            }

            /// The id's 128 bits.
            #[must_use]
            pub const fn as_u128(&self) -> u128 {
                self.0.as_u128()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                // Ids are written several times a request: without the formatting machinery.
                let mut hex = [0_u8; 32];
                f.write_str(concat!($prefix, "_"))?;
                f.write_str(self.0.simple().encode_lower(&mut hex))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let wrong = || IdError { prefix: $prefix, text: text.to_owned() };
                let hex = text.strip_prefix(concat!($prefix, "_")).ok_or_else(wrong)?;
                if hex.len() != 32 {
                    return Err(wrong());
                }
                Uuid::try_parse(hex).map(Self).map_err(|_| wrong())
            }
        }

        serde_as_text!($name);
    };
}

typed_id!(
    /// A user: who pays.
    UserId, "usr"
);
typed_id!(
    /// An API key: what a caller shows.
    KeyId, "key"
);
typed_id!(
    /// A group: where a key's requests may go and at what rate.
    GroupId, "grp"
);
typed_id!(
    /// An account: one credential at one provider.
    AccountId, "acc"
);
typed_id!(
    /// One request of a caller; also the id of its usage record.
    RequestId, "req"
);
typed_id!(
    /// A quota: what may be spent in a window.
    QuotaId, "quo"
);
typed_id!(
    /// A plan: what subscriptions of it allow, and for how long.
    PlanId, "pln"
);
typed_id!(
    /// A subscription: a user's allowance in a group.
    SubscriptionId, "sub"
);
typed_id!(
    /// A voucher: a code that is redeemed once.
    VoucherId, "vch"
);
typed_id!(
    /// A run of the gate: another one each time a node starts.
    NodeId, "node"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips() {
        let id = UserId::generate();
        assert_eq!(id.to_string().parse::<UserId>().unwrap(), id);
        assert_eq!(UserId::from_u128(1).to_string(), "usr_00000000000000000000000000000001");
    }

    #[test]
    fn another_kind_of_id_is_refused() {
        let key = KeyId::generate().to_string();
        assert!(key.parse::<UserId>().unwrap_err().to_string().contains("usr_<32 hex digits>"));
        assert!("usr_12".parse::<UserId>().is_err());
        assert!("usr_zz000000000000000000000000000000".parse::<UserId>().is_err());
    }

    #[test]
    fn ids_sort_by_creation() {
        let ids: Vec<RequestId> = (0..100).map(|_| RequestId::generate()).collect();
        assert!(ids.is_sorted());
    }

    #[test]
    fn json_form_is_the_text_form() {
        let id = GroupId::from_u128(7);
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, format!("\"{id}\""));
        assert_eq!(serde_json::from_str::<GroupId>(&json).unwrap(), id);
    }
}
