//! Where a key stands: all that bounds what it can still spend, and what is left of each.

use std::iter::once;

use tollgate_base::{Money, Timestamp};
use tollgate_ledger::Window;
use tollgate_routing::Group;
use tollgate_store::{KeyRecord, QuotaOwner, StoredQuota, Subscription, Wallet};

use super::number::Dollars;

/// A key's quotas, its user's, and what pays for its next request.
pub(super) struct Standing {
    pub(super) expires_at: Option<Timestamp>,
    pub(super) wallet: Wallet,
    pub(super) credit_line: Money,
    /// All that was ever charged to the balance.
    charged: Money,
    pub(super) of_key: Vec<Bound>,
    pub(super) of_user: Vec<Bound>,
    pub(super) pays: Pays,
    pub(super) status: Status,
}

/// What the next request is paid from.
pub(super) enum Pays {
    Balance,
    Subscription(Subscription, Vec<Bound>),
    /// The group takes subscriptions only, and there is none.
    Nothing,
}

/// Whether a key's next request would be paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Active,
    /// Nothing is left of something that bounds it.
    Exhausted,
    Expired,
}

impl Status {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Exhausted => "quota_exhausted",
            Self::Expired => "expired",
        }
    }
}

/// A quota as it is now.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    pub(super) owner: QuotaOwner,
    pub(super) window: Window,
    pub(super) line: Line,
    pub(super) held: Money,
    /// When its window began; `None` for one that begins with its first request and has had none.
    pub(super) starts_at: Option<Timestamp>,
    pub(super) resets_at: Option<Timestamp>,
}

/// A limit, and what is used of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) limit: Dollars,
    pub(super) used: Dollars,
}

impl Line {
    /// What is left; below zero where more was used.
    pub(super) fn left(self) -> Dollars {
        Dollars(self.limit.0 - self.used.0)
    }
}

impl Bound {
    fn new(stored: StoredQuota, now: Timestamp) -> Self {
        let StoredQuota { owner, mut quota, .. } = stored;
        // A window of this kind begins with a request, not with somebody looking.
        let waits = matches!(quota.window, Window::Rolling { .. }) && quota.span.is_over(now);
        quota.roll(now);
        Self {
            owner,
            line: Line { limit: quota.amount.into(), used: quota.used.into() },
            held: quota.held,
            starts_at: (!waits).then_some(quota.span.starts_at),
            resets_at: quota.resets_at().filter(|_| !waits),
            window: quota.window,
        }
    }

    fn all(stored: Vec<StoredQuota>, now: Timestamp) -> Vec<Self> {
        stored.into_iter().map(|stored| Self::new(stored, now)).collect()
    }
}

impl Standing {
    /// What the store has of a key, as it is now.
    pub(super) fn new(record: KeyRecord, charged: Money, group: &Group, now: Timestamp) -> Self {
        let KeyRecord { key, wallet, quotas, subscriptions, .. } = record;
        let (of_key, of_user) =
            Bound::all(quotas, now).into_iter().partition(|bound| bound.owner == QuotaOwner::Key(key.id));
        let active = subscriptions.into_iter().filter(|(subscription, _)| subscription.is_active(now));
        let active = active.map(|(one, quotas)| Pays::Subscription(one, Bound::all(quotas, now)));
        let mut standing = Self {
            expires_at: key.expires_at,
            wallet,
            credit_line: group.credit_line,
            charged,
            of_key,
            of_user,
            pays: Pays::Nothing,
            status: Status::Active,
        };
        standing.pays =
            standing.first_that_has_something(group.funding.order(Pays::Balance, active.collect()));
        standing.status = if key.expires_at.is_some_and(|end| end <= now) {
            Status::Expired
        } else if standing.tightest().is_some_and(|line| line.left().0 <= 0) {
            Status::Exhausted
        } else {
            Status::Active
        };
        standing
    }

    /// What a request would be paid from, else what it would be refused by.
    fn first_that_has_something(&self, mut ways: Vec<Pays>) -> Pays {
        let has_something = |pays: &Pays| self.lines_of(pays).iter().all(|line| line.left().0 > 0);
        let at = ways.iter().position(has_something).unwrap_or(0);
        if ways.is_empty() { Pays::Nothing } else { ways.swap_remove(at) }
    }

    /// What was paid in and what of it was charged; the credit line is part of the limit.
    pub(super) fn balance(&self) -> Line {
        let used = Dollars::from(self.charged);
        let [balance, credit] = [self.wallet.balance, self.credit_line].map(|money| Dollars::from(money).0);
        Line { limit: Dollars(used.0 + balance + credit), used }
    }

    fn lines_of(&self, pays: &Pays) -> Vec<Line> {
        match pays {
            Pays::Balance => vec![self.balance()],
            Pays::Subscription(_, bounds) => bounds.iter().map(|bound| bound.line).collect(),
            Pays::Nothing => vec![Line { limit: Dollars(0), used: Dollars(0) }],
        }
    }

    /// What bounds the key the most; `None` for a subscription without a quota that is not bounded by anything else.
    pub(super) fn tightest(&self) -> Option<Line> {
        let quotas = self.of_key.iter().chain(&self.of_user).map(|bound| bound.line);
        quotas.chain(self.lines_of(&self.pays)).min_by_key(|line| line.left())
    }

    /// From when on the key, or the subscription that pays, is no longer of use.
    pub(super) fn ends_at(&self) -> Option<Timestamp> {
        let subscription = match &self.pays {
            Pays::Subscription(subscription, _) => Some(subscription.expires_at),
            Pays::Balance | Pays::Nothing => None,
        };
        self.expires_at.into_iter().chain(subscription).min()
    }

    /// The quotas that a caller may see all of: the key's, its user's and those of the subscription that pays.
    pub(super) fn bounds(&self) -> impl Iterator<Item = &Bound> {
        let of_subscription = match &self.pays {
            Pays::Subscription(_, bounds) => bounds.as_slice(),
            Pays::Balance | Pays::Nothing => &[],
        };
        once(self.of_key.as_slice()).chain([self.of_user.as_slice(), of_subscription]).flatten()
    }
}
