//! `tollgate limit`: how much keys, users, groups, accounts and models may use.

use std::num::{NonZeroU32, NonZeroU64};

use anyhow::{Context, bail};
use serde::Serialize;
use tollgate_routing::{Allowance, Limit, LimitKind, LimitScope};
use tollgate_store::{LimitPatch, Store, StoredLimit};

use super::find;
use crate::cli::{LimitArgs, LimitClear, LimitCommand, LimitFields, LimitTarget};
use crate::output::{Printer, View};

/// Runs the command on the store.
pub(crate) async fn run(args: LimitArgs, store: &Store) -> anyhow::Result<()> {
    let printer = Printer::new(args.format.json);
    match args.command {
        LimitCommand::Set { target, fields, clear } => {
            let (scope, name) = find_target(store, &target).await?;
            let patch = patch(&fields, &clear)?;
            let limit = store.set_limit(scope, patch).await?;
            let verb = if limit.allowance.is_unlimited() { "lifted the limits of" } else { "limited" };
            let view = LimitView::of(StoredLimit { limit, name });
            Ok(printer.done(&format!("{verb} {}: {}", view.target(), view.values()), &view)?)
        }
        LimitCommand::List => {
            let views: Vec<LimitView> = store.list_limits().await?.into_iter().map(LimitView::of).collect();
            Ok(printer.list(&views)?)
        }
        LimitCommand::Show { target } => {
            let (scope, name) = find_target(store, &target).await?;
            let allowance = store.get_limit(&scope).await?;
            Ok(printer.one(&LimitView::of(StoredLimit { limit: Limit { scope, allowance }, name }))?)
        }
        LimitCommand::Remove { target } => {
            let (scope, name) = find_target(store, &target).await?;
            let view = LimitView::of(StoredLimit {
                limit: Limit { scope: scope.clone(), allowance: Allowance::UNLIMITED },
                name,
            });
            if store.get_limit(&scope).await?.is_unlimited() {
                bail!("{} has no limit", view.target());
            }
            store.remove_limit(&scope).await?;
            Ok(printer.removed("limit", &view.target())?)
        }
    }
}

/// What the flags name, and what it is called.
async fn find_target(store: &Store, target: &LimitTarget) -> anyhow::Result<(LimitScope, String)> {
    if let Some(text) = &target.key {
        let key = match &target.user {
            Some(user) => find::key_of(store, user, text).await?,
            None => find::key(store, text).await?,
        };
        return Ok((LimitScope::Key(key.key.id), key.key.name));
    }
    if let Some(text) = &target.user {
        let user = find::user(store, text).await?.user;
        return Ok((LimitScope::User(user.id), user.name));
    }
    if let Some(text) = &target.group {
        let group = find::group(store, text).await?;
        let scope = if target.each_key { LimitScope::EachKey(group.id) } else { LimitScope::Group(group.id) };
        return Ok((scope, group.name));
    }
    if let Some(text) = &target.account {
        let account = find::account(store, text).await?;
        return Ok((LimitScope::Account(account.id), account.name));
    }
    let name = target.model.as_deref().context("name a key, user, group, account or model")?;
    let model = find::model(store, name).await?;
    Ok((LimitScope::Model(model.name.clone()), model.name))
}

fn patch(fields: &LimitFields, clear: &[LimitClear]) -> anyhow::Result<LimitPatch> {
    let cleared = |what| clear.contains(&what);
    let patch = LimitPatch {
        requests_per_minute: change(fields.rpm, cleared(LimitClear::Rpm), "rpm")?,
        tokens_per_minute: change(fields.tpm, cleared(LimitClear::Tpm), "tpm")?,
        concurrency: change(fields.concurrency, cleared(LimitClear::Concurrency), "concurrency")?,
    };
    if patch == LimitPatch::default() {
        bail!("name what to limit: --rpm, --tpm or --concurrency, or --clear one of them");
    }
    Ok(patch)
}

fn change<T>(value: Option<T>, clear: bool, name: &str) -> anyhow::Result<Option<Option<T>>> {
    match (value, clear) {
        (Some(_), true) => bail!("--{name} and --clear {name} contradict each other"),
        (Some(value), false) => Ok(Some(Some(value))),
        (None, true) => Ok(Some(None)),
        (None, false) => Ok(None),
    }
}

/// A limit as it is printed.
#[derive(Debug, Serialize)]
struct LimitView {
    scope: LimitKind,
    name: String,
    id: String,
    requests_per_minute: Option<NonZeroU32>,
    tokens_per_minute: Option<NonZeroU64>,
    concurrency: Option<NonZeroU32>,
}

impl LimitView {
    fn of(stored: StoredLimit) -> Self {
        let StoredLimit { limit: Limit { scope, allowance }, name } = stored;
        Self {
            scope: scope.kind(),
            name,
            id: scope.id(),
            requests_per_minute: allowance.requests_per_minute,
            tokens_per_minute: allowance.tokens_per_minute,
            concurrency: allowance.concurrency,
        }
    }

    /// What is limited, in words.
    fn target(&self) -> String {
        match self.scope {
            LimitKind::EachKey => format!("each key of group {}", self.name),
            kind => format!("{kind} {}", self.name),
        }
    }

    fn values(&self) -> String {
        let parts = [
            self.requests_per_minute.map(|limit| format!("{limit} requests per minute")),
            self.tokens_per_minute.map(|limit| format!("{limit} tokens per minute")),
            self.concurrency.map(|limit| format!("{limit} at the same time")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { "no limit".to_owned() } else { parts.join(", ") }
    }
}

fn number<T: ToString>(limit: Option<T>) -> String {
    limit.map_or_else(|| "-".to_owned(), |limit| limit.to_string())
}

impl View for LimitView {
    const COLUMNS: &'static [&'static str] = &["scope", "name", "rpm", "tpm", "concurrency", "id"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.scope.to_string(),
            self.name.clone(),
            number(self.requests_per_minute),
            number(self.tokens_per_minute),
            number(self.concurrency),
            self.id.clone(),
        ]
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        vec![
            ("scope", self.scope.to_string()),
            ("name", self.name.clone()),
            ("id", self.id.clone()),
            ("requests per minute", number(self.requests_per_minute)),
            ("tokens per minute", number(self.tokens_per_minute)),
            ("concurrency", number(self.concurrency)),
        ]
    }
}
