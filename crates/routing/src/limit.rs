//! How much somebody may use: requests and tokens a minute, and requests at the same time.

use std::collections::HashMap;
use std::num::{NonZeroU32, NonZeroU64};

use tollgate_base::{AccountId, GroupId, KeyId, UserId};

use crate::words::word_enum;

word_enum!(
    /// The kind of thing that a limit is set on.
    LimitKind, "kind of limit" {
        /// One API key.
        Key = "key",
        /// A user: all keys of theirs together.
        User = "user",
        /// A group as a whole: all its keys together.
        Group = "group",
        /// Each key of a group by itself, where the key has no value of its own.
        EachKey = "each_key",
        /// An account at a provider.
        Account = "account",
        /// A model: everybody who asks for it together.
        Model = "model",
    }
);

/// What a limit is set on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitScope {
    /// One API key.
    Key(KeyId),
    /// A user: all keys of theirs together.
    User(UserId),
    /// A group as a whole: all its keys together.
    Group(GroupId),
    /// Each key of the group by itself, where the key has no value of its own.
    EachKey(GroupId),
    /// An account at a provider.
    Account(AccountId),
    /// A model by the name it has in the catalog: everybody who asks for it together.
    Model(String),
}

impl LimitScope {
    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> LimitKind {
        match self {
            Self::Key(_) => LimitKind::Key,
            Self::User(_) => LimitKind::User,
            Self::Group(_) => LimitKind::Group,
            Self::EachKey(_) => LimitKind::EachKey,
            Self::Account(_) => LimitKind::Account,
            Self::Model(_) => LimitKind::Model,
        }
    }

    /// The id in text; of a model its name.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Key(id) => id.to_string(),
            Self::User(id) => id.to_string(),
            Self::Group(id) | Self::EachKey(id) => id.to_string(),
            Self::Account(id) => id.to_string(),
            Self::Model(name) => name.clone(),
        }
    }

    /// The scope of this kind with this id; `None` if the id is not one of that kind.
    #[must_use]
    pub fn read(kind: LimitKind, id: &str) -> Option<Self> {
        Some(match kind {
            LimitKind::Key => Self::Key(id.parse().ok()?),
            LimitKind::User => Self::User(id.parse().ok()?),
            LimitKind::Group => Self::Group(id.parse().ok()?),
            LimitKind::EachKey => Self::EachKey(id.parse().ok()?),
            LimitKind::Account => Self::Account(id.parse().ok()?),
            LimitKind::Model => Self::Model(id.to_owned()),
        })
    }
}

/// How much may be used; `None` is as much as there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Allowance {
    /// Requests a minute.
    pub requests_per_minute: Option<NonZeroU32>,
    /// Tokens a minute.
    pub tokens_per_minute: Option<NonZeroU64>,
    /// Requests at the same time.
    pub concurrency: Option<NonZeroU32>,
}

impl Allowance {
    /// No limit at all.
    pub const UNLIMITED: Self =
        Self { requests_per_minute: None, tokens_per_minute: None, concurrency: None };

    /// Whether nothing is limited.
    #[must_use]
    pub const fn is_unlimited(&self) -> bool {
        self.requests_per_minute.is_none() && self.tokens_per_minute.is_none() && self.concurrency.is_none()
    }

    /// These values, and `default`'s for those that are not set.
    #[must_use]
    pub fn or(self, default: Self) -> Self {
        Self {
            requests_per_minute: self.requests_per_minute.or(default.requests_per_minute),
            tokens_per_minute: self.tokens_per_minute.or(default.tokens_per_minute),
            concurrency: self.concurrency.or(default.concurrency),
        }
    }
}

/// A limit as it is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// What it is set on.
    pub scope: LimitScope,
    /// How much that may use.
    pub allowance: Allowance,
}

/// The limits of groups, accounts and models, by what they are set on. Those of keys and users are read with the key.
#[derive(Debug, Clone, Default)]
pub struct LimitIndex {
    groups: HashMap<GroupId, Allowance>,
    each_key: HashMap<GroupId, Allowance>,
    accounts: HashMap<AccountId, Allowance>,
    models: HashMap<String, Allowance>,
}

impl LimitIndex {
    pub(crate) fn new(limits: Vec<Limit>) -> Self {
        let mut index = Self::default();
        for Limit { scope, allowance } in limits {
            let _replaced = match scope {
                LimitScope::Group(id) => index.groups.insert(id, allowance),
                LimitScope::EachKey(id) => index.each_key.insert(id, allowance),
                LimitScope::Account(id) => index.accounts.insert(id, allowance),
                LimitScope::Model(name) => index.models.insert(name, allowance),
                LimitScope::Key(_) | LimitScope::User(_) => None,
            };
        }
        index
    }

    /// What a group may use as a whole.
    #[must_use]
    pub fn group(&self, id: GroupId) -> Allowance {
        self.groups.get(&id).copied().unwrap_or_default()
    }

    /// What each key of a group may use that has no value of its own.
    #[must_use]
    pub fn each_key(&self, id: GroupId) -> Allowance {
        self.each_key.get(&id).copied().unwrap_or_default()
    }

    /// What an account may be used for.
    #[must_use]
    pub fn account(&self, id: AccountId) -> Allowance {
        self.accounts.get(&id).copied().unwrap_or_default()
    }

    /// What a model of the catalog may be used for.
    #[must_use]
    pub fn model(&self, name: &str) -> Allowance {
        self.models.get(name).copied().unwrap_or_default()
    }

    /// Whether any model is limited.
    #[must_use]
    pub fn has_models(&self) -> bool {
        !self.models.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowance(rpm: u32, tpm: u64, concurrency: u32) -> Allowance {
        Allowance {
            requests_per_minute: NonZeroU32::new(rpm),
            tokens_per_minute: NonZeroU64::new(tpm),
            concurrency: NonZeroU32::new(concurrency),
        }
    }

    #[test]
    fn an_own_value_goes_before_the_default() {
        let both = allowance(10, 0, 2).or(allowance(60, 1000, 0));
        assert_eq!(both, allowance(10, 1000, 2));
        assert!(allowance(0, 0, 0).is_unlimited() && !both.is_unlimited());
        assert_eq!(Allowance::UNLIMITED.or(both), both);
    }

    #[test]
    fn scopes_read_back_as_written() {
        for scope in [
            LimitScope::Key(KeyId::from_u128(1)),
            LimitScope::User(UserId::from_u128(2)),
            LimitScope::Group(GroupId::from_u128(3)),
            LimitScope::EachKey(GroupId::from_u128(3)),
            LimitScope::Account(AccountId::from_u128(4)),
            LimitScope::Model("claude-*".to_owned()),
        ] {
            assert_eq!(LimitScope::read(scope.kind(), &scope.id()), Some(scope));
        }
        assert_eq!(LimitScope::read(LimitKind::Key, &UserId::from_u128(1).to_string()), None);
    }

    #[test]
    fn each_limit_is_found_where_it_belongs() {
        let (group, account) = (GroupId::from_u128(1), AccountId::from_u128(1));
        let limit = |scope, rpm| Limit { scope, allowance: allowance(rpm, 0, 0) };
        let index = LimitIndex::new(vec![
            limit(LimitScope::Group(group), 1),
            limit(LimitScope::EachKey(group), 2),
            limit(LimitScope::Account(account), 3),
            limit(LimitScope::Model("m".to_owned()), 4),
            limit(LimitScope::Key(KeyId::from_u128(1)), 5),
        ]);
        let found = [index.group(group), index.each_key(group), index.account(account), index.model("m")];
        assert_eq!(found, [1, 2, 3, 4].map(|rpm| allowance(rpm, 0, 0)));
        assert!(index.has_models() && index.model("n").is_unlimited());
        assert!(index.group(GroupId::from_u128(2)).is_unlimited());
    }
}
