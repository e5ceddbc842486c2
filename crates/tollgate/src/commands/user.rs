//! `tollgate user`: who pays.

use std::collections::BTreeMap;

use serde::Serialize;
use tollgate_base::{Money, Rate, Timestamp};
use tollgate_routing::Status;
use tollgate_store::{BalanceEntry, NewUser, Store, StoredUser, UserPatch};

use super::{author, find, text};
use crate::cli::{UserArgs, UserCommand};
use crate::output::{Printer, View};

/// Runs the command on the store.
pub(crate) async fn run(args: UserArgs, store: &Store) -> anyhow::Result<()> {
    let printer = Printer::new(args.format.json);
    match args.command {
        UserCommand::Create { name, rate, balance, author } => {
            let author = Some(author::of(author));
            let created = store.create_user(NewUser { name, rate, balance, author }).await?;
            done(printer, "created", created)
        }
        UserCommand::List => {
            let users: Vec<UserView> = store.list_users().await?.into_iter().map(UserView::from).collect();
            Ok(printer.list(&users)?)
        }
        UserCommand::Show { user } => {
            let found = find::user(store, &user).await?;
            Ok(printer.one(&with_rates(store, found).await?)?)
        }
        UserCommand::Rate { user, group, rate, .. } => set_rate(store, printer, &user, &group, rate).await,
        UserCommand::Update { user, name, rate } => {
            update(store, printer, &user, "updated", UserPatch { name, rate, status: None }).await
        }
        UserCommand::Topup { user, amount, reason, author } => {
            topup(store, printer, &user, amount, &reason, &author::of(author)).await
        }
        UserCommand::Entries { user, limit } => {
            let id = find::user(store, &user).await?.user.id;
            let entries = store.list_balance_entries(id, limit).await?;
            let views: Vec<EntryView> = entries.into_iter().map(EntryView::from).collect();
            Ok(printer.list(&views)?)
        }
        UserCommand::Disable { user } => {
            let patch = UserPatch { status: Some(Status::Disabled), ..UserPatch::default() };
            update(store, printer, &user, "disabled", patch).await
        }
        UserCommand::Enable { user } => {
            let patch = UserPatch { status: Some(Status::Enabled), ..UserPatch::default() };
            update(store, printer, &user, "enabled", patch).await
        }
        UserCommand::Remove { user } => {
            let found = find::user(store, &user).await?.user;
            store.remove_user(found.id).await?;
            Ok(printer.removed("user", &found.name)?)
        }
    }
}

async fn update(
    store: &Store,
    printer: Printer,
    user: &str,
    verb: &str,
    patch: UserPatch,
) -> anyhow::Result<()> {
    let id = find::user(store, user).await?.user.id;
    done(printer, verb, store.update_user(id, patch).await?)
}

async fn topup(
    store: &Store,
    printer: Printer,
    user: &str,
    amount: Money,
    reason: &str,
    author: &str,
) -> anyhow::Result<()> {
    let mut found = find::user(store, user).await?;
    found.balance = store.adjust_balance(found.user.id, amount, reason, Some(author)).await?;
    let sentence = format!("user {} has a balance of {}", found.user.name, found.balance);
    Ok(printer.done(&sentence, &UserView::from(found))?)
}

/// Sets what a user pays in a group; `None` is the group's rate.
async fn set_rate(
    store: &Store,
    printer: Printer,
    user: &str,
    group: &str,
    rate: Option<Rate>,
) -> anyhow::Result<()> {
    let (found, group) = (find::user(store, user).await?, find::group(store, group).await?);
    store.set_user_rate(found.user.id, group.id, rate).await?;
    let sentence = match rate {
        Some(rate) => format!("user {} has a rate of {rate} in group {}", found.user.name, group.name),
        None => format!("user {} has the rate of group {}", found.user.name, group.name),
    };
    Ok(printer.done(&sentence, &with_rates(store, found).await?)?)
}

async fn with_rates(store: &Store, stored: StoredUser) -> anyhow::Result<UserView> {
    let mut group_rates = BTreeMap::new();
    for own in store.list_user_rates(stored.user.id).await? {
        let group = store.get_group(own.group_id).await?;
        group_rates.insert(group.map_or_else(|| own.group_id.to_string(), |group| group.name), own.rate);
    }
    Ok(UserView { group_rates: Some(group_rates), ..UserView::from(stored) })
}

fn done(printer: Printer, verb: &str, stored: StoredUser) -> anyhow::Result<()> {
    let sentence = format!("{verb} user {} ({})", stored.user.name, stored.user.id);
    Ok(printer.done(&sentence, &UserView::from(stored))?)
}

/// A user as it is printed.
#[derive(Debug, Serialize)]
struct UserView {
    id: String,
    name: String,
    status: Status,
    rate: Rate,
    /// What stands in for the rates of groups, by the groups' names; where one user is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    group_rates: Option<BTreeMap<String, Rate>>,
    balance: Money,
    held: Money,
    #[serde(serialize_with = "text::time_json")]
    created_at: Timestamp,
}

impl From<StoredUser> for UserView {
    fn from(stored: StoredUser) -> Self {
        let StoredUser { user, balance, held } = stored;
        Self {
            id: user.id.to_string(),
            name: user.name,
            status: user.status,
            rate: user.rate,
            group_rates: None,
            balance,
            held,
            created_at: user.created_at,
        }
    }
}

impl View for UserView {
    const COLUMNS: &'static [&'static str] = &["name", "status", "balance", "rate", "id"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.status.to_string(),
            self.balance.to_string(),
            self.rate.to_string(),
            self.id.clone(),
        ]
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        vec![
            ("id", self.id.clone()),
            ("name", self.name.clone()),
            ("status", self.status.to_string()),
            ("balance", self.balance.to_string()),
            ("rate", self.rate.to_string()),
            (
                "groups",
                text::list(
                    self.group_rates.iter().flatten().map(|(group, rate)| format!("{group}={rate}")),
                    "",
                ),
            ),
            ("created", text::time(self.created_at)),
        ]
    }
}

/// A change of a balance as it is printed.
#[derive(Debug, Serialize)]
pub(super) struct EntryView {
    id: String,
    #[serde(serialize_with = "text::time_json")]
    at: Timestamp,
    delta: Money,
    balance_after: Money,
    kind: &'static str,
    /// The reason of an adjustment, the id of a voucher.
    reason: String,
    author: Option<String>,
}

impl From<BalanceEntry> for EntryView {
    fn from(entry: BalanceEntry) -> Self {
        Self {
            id: entry.id,
            at: entry.at,
            delta: entry.delta,
            balance_after: entry.balance_after,
            kind: entry.kind.as_str(),
            reason: entry.reason,
            author: entry.author,
        }
    }
}

impl View for EntryView {
    const COLUMNS: &'static [&'static str] = &["time", "amount", "balance", "kind", "reason", "author"];

    fn cells(&self) -> Vec<String> {
        vec![
            text::time(self.at),
            self.delta.to_string(),
            self.balance_after.to_string(),
            self.kind.to_owned(),
            self.reason.clone(),
            self.author.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        Self::COLUMNS.iter().copied().zip(self.cells()).collect()
    }
}
