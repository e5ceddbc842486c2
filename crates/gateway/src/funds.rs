//! What a key's requests are paid from: its user's balance or a subscription, within the quotas of both key and user.

use std::sync::Arc;

use tollgate_base::{KeyId, Money, QuotaId, SubscriptionId, Timestamp, UserId};
use tollgate_protocol::{ApiError, ErrorKind};
use tollgate_routing::Group;
use tollgate_store::{QuotaOwner, StoredQuota, Subscription, Wallet};

use crate::quotas::SharedQuota;
use crate::wallets::{SharedWallet, Wallets};

/// All that a key's requests may be paid from, and what bounds them.
pub(crate) struct Funds {
    wallet: SharedWallet,
    /// Those of the key, and those of its user.
    bounds: [Arc<[SharedQuota]>; 2],
    /// The one that expires first before the others.
    subscriptions: Vec<Allowance>,
}

/// A subscription and its own quotas.
struct Allowance {
    subscription: Subscription,
    quotas: Arc<[SharedQuota]>,
}

/// One way to pay for a request.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    Balance,
    Subscription(&'a Subscription, &'a [SharedQuota]),
}

impl Source<'_> {
    /// The subscription that pays, if one does.
    pub(crate) fn subscription_id(&self) -> Option<SubscriptionId> {
        match self {
            Self::Balance => None,
            Self::Subscription(subscription, _) => Some(subscription.id),
        }
    }

    fn quotas(&self) -> &[SharedQuota] {
        match self {
            Self::Balance => &[],
            Self::Subscription(_, quotas) => quotas,
        }
    }
}

impl Funds {
    /// Takes in what was just read from the store of a key and its user.
    pub(crate) fn read(
        wallets: &Wallets,
        (key, user): (KeyId, UserId),
        wallet: Wallet,
        quotas: Vec<StoredQuota>,
        subscriptions: Vec<(Subscription, Vec<StoredQuota>)>,
    ) -> Self {
        let known = wallets.quotas();
        let (of_key, of_user): (Vec<_>, Vec<_>) =
            quotas.into_iter().partition(|stored| stored.owner == QuotaOwner::Key(key));
        let subscriptions = subscriptions.into_iter().map(|(subscription, quotas)| {
            let quotas = known.read(QuotaOwner::Subscription(subscription.id), quotas);
            Allowance { subscription, quotas }
        });
        Self {
            wallet: wallets.read(user, wallet),
            bounds: [known.read(QuotaOwner::Key(key), of_key), known.read(QuotaOwner::User(user), of_user)],
            subscriptions: subscriptions.collect(),
        }
    }

    /// The ways to pay in a group at a time, in the order that they are tried.
    pub(crate) fn sources(&self, group: &Group, now: Timestamp) -> Vec<Source<'_>> {
        let active = self.subscriptions.iter().filter(|allowance| allowance.subscription.is_active(now));
        let subscriptions = active.map(|held| Source::Subscription(&held.subscription, &held.quotas));
        group.funding.order(Source::Balance, subscriptions.collect())
    }

    /// Checks that there is anything to pay with, holds not considered, as far as this node knows; the first source that
    /// has something.
    pub(crate) fn check(&self, group: &Group, now: Timestamp) -> Result<Source<'_>, ApiError> {
        if let Some(used_up) = self.bounds().find(|quota| quota.is_used_up(now)) {
            return Err(quota_used_up(used_up));
        }
        let mut refused = ApiError::of(ErrorKind::NoSubscription);
        for source in self.sources(group, now) {
            let balance = || self.wallet.lock().balance().checked_add(group.credit_line);
            match source {
                Source::Balance if balance().is_none_or(Money::is_positive) => return Ok(source),
                Source::Balance => refused = ApiError::of(ErrorKind::InsufficientBalance),
                Source::Subscription(_, quotas) => match quotas.iter().find(|quota| quota.is_used_up(now)) {
                    None => return Ok(source),
                    Some(used_up) => refused = quota_used_up(used_up),
                },
            }
        }
        Err(refused)
    }

    /// Promises `amount` to a request from this source and within every quota, or nothing of any; who is short.
    pub(crate) fn promise(
        &self,
        source: Source<'_>,
        amount: Money,
        group: &Group,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let quotas = || self.bounds().chain(source.quotas());
        for (at, quota) in quotas().enumerate() {
            if !quota.promise(amount, now) {
                quotas().take(at).for_each(|promised| promised.kept(amount));
                return Err(quota_used_up(quota));
            }
        }
        if matches!(source, Source::Balance) && !self.wallet.lock().promise(amount, group.credit_line) {
            quotas().for_each(|promised| promised.kept(amount));
            return Err(ApiError::of(ErrorKind::InsufficientBalance));
        }
        Ok(())
    }

    /// The quotas that a hold from this source is counted in.
    pub(crate) fn quota_ids(&self, source: Source<'_>) -> Vec<QuotaId> {
        self.bounds().chain(source.quotas()).map(SharedQuota::id).collect()
    }

    fn bounds(&self) -> impl Iterator<Item = &SharedQuota> {
        self.bounds.iter().flat_map(|quotas| quotas.iter())
    }
}

fn quota_used_up(quota: &SharedQuota) -> ApiError {
    ApiError::about(ErrorKind::QuotaUsedUp, &quota.in_words())
}
