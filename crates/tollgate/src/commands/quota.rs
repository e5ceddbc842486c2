//! `tollgate quota`: what may be spent in a window of time.

use std::collections::HashMap;

use anyhow::{Context, bail};
use serde::Serialize;
use tollgate_base::{Clock, Money, Timestamp};
use tollgate_store::{KeyFilter, Quota, QuotaOwner, Store, StoredQuota, Window};

use super::{find, text};
use crate::cli::{OwnerFields, QuotaArgs, QuotaCommand};
use crate::clock::SystemClock;
use crate::output::{Printer, View};

/// Runs the command on the store.
pub(crate) async fn run(args: QuotaArgs, store: &Store) -> anyhow::Result<()> {
    let printer = Printer::new(args.format.json);
    match args.command {
        QuotaCommand::Set { owner, window, time_zone, amount } => {
            let window = read_window(&window, time_zone.as_deref())?;
            let owner = find_owner(store, &owner)
                .await?
                .context("whose quota? Give --key, --user, --account or --subscription")?;
            done(store, printer, "set", store.set_quota(owner, window, amount).await?).await
        }
        QuotaCommand::List { owner } => {
            let owner = find_owner(store, &owner).await?;
            let names = OwnerNames::read(store).await?;
            let quotas = store.list_quotas(owner).await?;
            let views: Vec<QuotaView> = quotas.into_iter().map(|stored| names.view(stored)).collect();
            Ok(printer.list(&views)?)
        }
        QuotaCommand::Reset { quota } => done(store, printer, "reset", store.reset_quota(quota).await?).await,
        QuotaCommand::Remove { quota } => {
            store.remove_quota(quota).await?;
            Ok(printer.removed("quota", &quota.to_string())?)
        }
    }
}

async fn done(store: &Store, printer: Printer, verb: &str, stored: StoredQuota) -> anyhow::Result<()> {
    let view = OwnerNames::read(store).await?.view(stored);
    let QuotaView { id, of, owner, state, .. } = &view;
    let QuotaState { window, amount, .. } = state;
    let sentence = format!("{verb} quota {id} of {of} {owner}: {amount} ({window})");
    Ok(printer.done(&sentence, &view)?)
}

/// The window that the words name. A period of the calendar begins somewhere, and nowhere by default: a bound must not
/// depend on what somebody did not say.
fn read_window(text: &str, time_zone: Option<&str>) -> anyhow::Result<Window> {
    let is_period = matches!(text, "day" | "week" | "month");
    match time_zone {
        Some(zone) if is_period => Ok(format!("{text} {zone}").parse()?),
        Some(_) => {
            bail!("--time-zone is for the windows day, week and month; `{text}` does not depend on it")
        }
        None if is_period => {
            bail!("--window {text} needs --time-zone: where a {text} begins, such as Europe/Berlin or UTC")
        }
        None => Ok(text.parse()?),
    }
}

async fn find_owner(store: &Store, fields: &OwnerFields) -> anyhow::Result<Option<QuotaOwner>> {
    let OwnerFields { key, user, account, subscription } = fields;
    Ok(match (key, user, account, subscription) {
        (Some(key), Some(user), ..) => Some(QuotaOwner::Key(find::key_of(store, user, key).await?.key.id)),
        (Some(key), ..) => Some(QuotaOwner::Key(find::key(store, key).await?.key.id)),
        (_, Some(user), ..) => Some(QuotaOwner::User(find::user(store, user).await?.user.id)),
        (_, _, Some(account), _) => Some(QuotaOwner::Account(find::account(store, account).await?.id)),
        (_, _, _, Some(subscription)) => Some(QuotaOwner::Subscription(*subscription)),
        _ => None,
    })
}

/// The names of those who have quotas, by id.
struct OwnerNames(HashMap<QuotaOwner, String>);

impl OwnerNames {
    async fn read(store: &Store) -> anyhow::Result<Self> {
        let mut names = HashMap::new();
        for stored in store.list_users().await? {
            names.insert(QuotaOwner::User(stored.user.id), stored.user.name);
        }
        for stored in store.list_keys(KeyFilter::default()).await? {
            names.insert(QuotaOwner::Key(stored.key.id), stored.key.name);
        }
        for account in store.list_accounts().await? {
            names.insert(QuotaOwner::Account(account.id), account.name);
        }
        Ok(Self(names))
    }

    fn view(&self, stored: StoredQuota) -> QuotaView {
        let StoredQuota { id, owner, quota, created_at } = stored;
        let of = match owner {
            QuotaOwner::Key(_) => "key",
            QuotaOwner::User(_) => "user",
            QuotaOwner::Account(_) => "account",
            QuotaOwner::Subscription(_) => "subscription",
        };
        QuotaView {
            id: id.to_string(),
            of,
            owner: self.0.get(&owner).cloned().unwrap_or_else(|| owner.to_string()),
            owner_id: owner.to_string(),
            state: QuotaState::at(&quota, SystemClock.now()),
            created_at,
        }
    }
}

/// What a quota allows, and what of it is gone, as it is printed.
#[derive(Debug, Serialize)]
pub(super) struct QuotaState {
    pub(super) window: String,
    pub(super) amount: Money,
    pub(super) used: Money,
    pub(super) held: Money,
    /// Negative where more was used than there is.
    pub(super) left: Money,
    #[serde(serialize_with = "text::opt_time_json")]
    pub(super) starts_at: Option<Timestamp>,
    /// When it is full again; missing for never, and where its next window begins with the next request.
    #[serde(serialize_with = "text::opt_time_json")]
    pub(super) resets_at: Option<Timestamp>,
}

impl QuotaState {
    /// As a request would find it now: a window that is over counts no more.
    pub(super) fn at(quota: &Quota, now: Timestamp) -> Self {
        let mut quota = quota.clone();
        let waits = quota.span.is_over(now) && matches!(quota.window, Window::Rolling { .. });
        quota.roll(now);
        let shown = |time: Timestamp| Some(time).filter(|_| !waits);
        let wallet = quota.wallet(now);
        Self {
            window: quota.window.to_string(),
            amount: quota.amount,
            used: quota.used,
            held: quota.held,
            left: wallet.balance.checked_sub(wallet.held).unwrap_or(wallet.balance),
            starts_at: shown(quota.span.starts_at),
            resets_at: quota.resets_at().and_then(shown),
        }
    }
}

/// A quota as it is printed.
#[derive(Debug, Serialize)]
struct QuotaView {
    id: String,
    /// What its owner is.
    of: &'static str,
    owner: String,
    owner_id: String,
    #[serde(flatten)]
    state: QuotaState,
    #[serde(serialize_with = "text::time_json")]
    created_at: Timestamp,
}

impl View for QuotaView {
    const COLUMNS: &'static [&'static str] =
        &["of", "owner", "window", "amount", "used", "held", "left", "full again", "id"];

    fn cells(&self) -> Vec<String> {
        let QuotaState { window, amount, used, held, left, resets_at, .. } = &self.state;
        vec![
            self.of.to_owned(),
            self.owner.clone(),
            window.clone(),
            amount.to_string(),
            used.to_string(),
            held.to_string(),
            left.to_string(),
            text::opt_time(*resets_at, "-"),
            self.id.clone(),
        ]
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        Self::COLUMNS.iter().copied().zip(self.cells()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_of_the_calendar_needs_its_place() {
        let read = |text: &str, zone| read_window(text, zone).map(|window| window.to_string());
        for (text, zone, expected) in [
            ("5h", None, "5h"),
            ("1d", None, "1d"),
            ("total", None, "total"),
            ("month", Some("Europe/Berlin"), "month Europe/Berlin"),
        ] {
            assert_eq!(read(text, zone).unwrap(), expected);
        }
        let wrong = |text: &str, zone| read(text, zone).unwrap_err().to_string();
        assert_eq!(
            wrong("day", None),
            "--window day needs --time-zone: where a day begins, such as Europe/Berlin or UTC"
        );
        assert!(wrong("5h", Some("UTC")).starts_with("--time-zone is for the windows day, week and month"));
        assert!(wrong("5m", None).starts_with("`5m` is not a window"));
    }

    #[test]
    fn a_window_that_is_over_is_shown_as_full() {
        let hour = |hours: i64| Timestamp::from_micros(hours * 3_600_000_000);
        let one = Money::from_nanos(1);
        let mut quota = Quota::begin(Money::from_nanos(3), "5h".parse().unwrap(), hour(100));
        quota.charge(one, hour(101)).unwrap();
        let now = QuotaState::at(&quota, hour(102));
        assert_eq!((now.used, now.left, now.resets_at), (one, Money::from_nanos(2), Some(hour(106))));
        let later = QuotaState::at(&quota, hour(106));
        assert_eq!((later.used, later.left, later.resets_at), (Money::ZERO, Money::from_nanos(3), None));
    }
}
