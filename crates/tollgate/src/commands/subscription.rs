//! `tollgate subscription`: a user's allowance in a group for a time.

mod view;

use anyhow::Context;
use jiff::tz::TimeZone;
use tollgate_base::{Clock, SubscriptionId};
use tollgate_store::{NewSubscription, Store, StoredSubscription, SubscriptionFilter};

pub(super) use self::view::Names;
use self::view::SubscriptionView;
use super::{find, plan};
use crate::cli::{SubscriptionArgs, SubscriptionCommand, SubscriptionFields};
use crate::clock::SystemClock;
use crate::output::Printer;

/// Runs the command on the store.
pub(crate) async fn run(args: SubscriptionArgs, store: &Store) -> anyhow::Result<()> {
    let printer = Printer::new(args.format.json);
    match args.command {
        SubscriptionCommand::Create(fields) => {
            let new = new_subscription(store, *fields).await?;
            let created = store.create_subscription(new).await?;
            done(store, printer, "created", created).await
        }
        SubscriptionCommand::List { user, group, active } => {
            let filter = SubscriptionFilter {
                user: find::opt_user_id(store, user.as_deref()).await?,
                group: find::opt_group_id(store, group.as_deref()).await?,
                active_at: active.then(|| SystemClock.now()),
            };
            let names = Names::read(store).await?;
            let found = store.list_subscriptions(filter).await?;
            let views: Vec<SubscriptionView> = found.into_iter().map(|stored| names.view(stored)).collect();
            Ok(printer.list(&views)?)
        }
        SubscriptionCommand::Show { subscription } => {
            let found = require(store, subscription).await?;
            Ok(printer.one(&Names::read(store).await?.view(found))?)
        }
        SubscriptionCommand::Renew { subscription, days } => {
            let renewed = store.renew_subscription(subscription, days).await?;
            done(store, printer, "renewed", renewed).await
        }
        SubscriptionCommand::Cancel { subscription } => {
            let cancelled = store.cancel_subscription(subscription).await?;
            done(store, printer, "cancelled", cancelled).await
        }
    }
}

async fn new_subscription(store: &Store, fields: SubscriptionFields) -> anyhow::Result<NewSubscription> {
    let user_id = find::user(store, &fields.user).await?.user.id;
    let starts_at = fields.starts.map(|starts| starts.resolve(&TimeZone::UTC)).transpose()?;
    if let Some(name) = fields.plan {
        let of_plan = NewSubscription::of(&find::plan(store, &name).await?, user_id);
        return Ok(NewSubscription { days: fields.days.unwrap_or(of_plan.days), starts_at, ..of_plan });
    }
    let group = fields.group.context("--plan or --group is needed")?;
    Ok(NewSubscription {
        user_id,
        group_id: find::group(store, &group).await?.id,
        plan_id: None,
        days: fields.days.context("--days is needed")?,
        starts_at,
        allowance: plan::amounts(&fields.allowance),
        time_zone: fields.allowance.time_zone,
    })
}

async fn require(store: &Store, id: SubscriptionId) -> anyhow::Result<StoredSubscription> {
    store.get_subscription(id).await?.with_context(|| format!("there is no subscription `{id}`"))
}

async fn done(store: &Store, printer: Printer, verb: &str, stored: StoredSubscription) -> anyhow::Result<()> {
    let view = Names::read(store).await?.view(stored);
    Ok(printer.done(&format!("{verb} {}", view.in_words()), &view)?)
}
