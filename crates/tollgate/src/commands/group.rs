//! `tollgate group`: where a key's requests may go.

mod links;

use std::collections::BTreeMap;

use serde::Serialize;
use tollgate_base::{Money, Rate, Timestamp};
use tollgate_pricing::HourlyRates;
use tollgate_routing::{
    Funding, Group, HoldMode, ModelMapping, OnDisconnect, Platform, Policy, Shaping, Status, Stickiness,
    TokenCounting,
};
use tollgate_store::{GroupPatch, NewGroup, Store};

use self::links::{FallbackView, GroupNames};
use super::{find, shaping, text};
use crate::cli::{GroupArgs, GroupClear, GroupCommand, GroupFields};
use crate::output::{Printer, View};

/// Runs the command on the store.
pub(crate) async fn run(args: GroupArgs, store: &Store) -> anyhow::Result<()> {
    let printer = Printer::new(args.format.json);
    match args.command {
        GroupCommand::Create { name, platform, fields } => {
            let routes = links::routes(store, fields.routes).await?;
            let fallbacks = links::fallbacks(store, fields.fallbacks).await?;
            let new = NewGroup {
                rate: fields.rate.unwrap_or_default(),
                model_mapping: ModelMapping::new(fields.mapping)?,
                token_counting: fields.token_counting.and_then(Option::from),
                hold: fields.hold.map(HoldMode::from).unwrap_or_default(),
                credit_line: fields.credit_line.unwrap_or_default(),
                on_disconnect: fields.on_disconnect.map(OnDisconnect::from).unwrap_or_default(),
                funding: fields.funding.map(Funding::from).unwrap_or_default(),
                peak_hours: fields.peak_hours.unwrap_or_default(),
                sticky: Stickiness {
                    ttl_s: fields.sticky_ttl.unwrap_or(Stickiness::default().ttl_s),
                    wait_ms: fields.sticky_wait.unwrap_or(Stickiness::default().wait_ms),
                },
                routes,
                shaping: shaping::read(fields.shaping.as_deref())?.unwrap_or_default(),
                fallbacks,
                policy: fields.policy.unwrap_or_default(),
                ..NewGroup::new(name, platform)
            };
            done(store, printer, "created", store.create_group(new).await?).await
        }
        GroupCommand::List => {
            let groups = store.list_groups().await?;
            let names = GroupNames::of(&groups);
            let groups: Vec<GroupView> =
                groups.into_iter().map(|group| GroupView::new(group, &names)).collect();
            Ok(printer.list(&groups)?)
        }
        GroupCommand::Show { group } => {
            let names = GroupNames::read(store).await?;
            Ok(printer.one(&GroupView::new(find::group(store, &group).await?, &names))?)
        }
        GroupCommand::Update { group, name, fields, clear } => {
            let patch = patch(store, name, fields, &clear).await?;
            update(store, printer, &group, "updated", patch).await
        }
        GroupCommand::Disable { group } => {
            let patch = GroupPatch { status: Some(Status::Disabled), ..GroupPatch::default() };
            update(store, printer, &group, "disabled", patch).await
        }
        GroupCommand::Enable { group } => {
            let patch = GroupPatch { status: Some(Status::Enabled), ..GroupPatch::default() };
            update(store, printer, &group, "enabled", patch).await
        }
        GroupCommand::Remove { group } => {
            let found = find::group(store, &group).await?;
            store.remove_group(found.id).await?;
            Ok(printer.removed("group", &found.name)?)
        }
    }
}

async fn patch(
    store: &Store,
    name: Option<String>,
    fields: GroupFields,
    clear: &[GroupClear],
) -> anyhow::Result<GroupPatch> {
    let replaced = !fields.mapping.is_empty() || clear.contains(&GroupClear::Map);
    let rerouted = !fields.routes.is_empty() || clear.contains(&GroupClear::Routes);
    let routes = links::routes(store, fields.routes).await?;
    let other_fallbacks = !fields.fallbacks.is_empty() || clear.contains(&GroupClear::Fallbacks);
    let fallbacks = links::fallbacks(store, fields.fallbacks).await?;
    Ok(GroupPatch {
        name,
        rate: fields.rate,
        model_mapping: replaced.then(|| ModelMapping::new(fields.mapping)).transpose()?,
        token_counting: fields.token_counting.map(Option::from),
        hold: fields.hold.map(HoldMode::from),
        credit_line: fields.credit_line,
        on_disconnect: fields.on_disconnect.map(OnDisconnect::from),
        funding: fields.funding.map(Funding::from),
        peak_hours: fields
            .peak_hours
            .or_else(|| clear.contains(&GroupClear::PeakHours).then(HourlyRates::default)),
        sticky_ttl_s: fields.sticky_ttl,
        sticky_wait_ms: fields.sticky_wait,
        routes: rerouted.then_some(routes),
        shaping: shaping::read(fields.shaping.as_deref())?
            .or_else(|| clear.contains(&GroupClear::Shaping).then(Shaping::default)),
        fallbacks: other_fallbacks.then_some(fallbacks),
        policy: fields.policy,
        ..GroupPatch::default()
    })
}

async fn update(
    store: &Store,
    printer: Printer,
    group: &str,
    verb: &str,
    patch: GroupPatch,
) -> anyhow::Result<()> {
    let id = find::group(store, group).await?.id;
    done(store, printer, verb, store.update_group(id, patch).await?).await
}

async fn done(store: &Store, printer: Printer, verb: &str, group: Group) -> anyhow::Result<()> {
    let sentence = format!("{verb} group {} ({})", group.name, group.id);
    let names = GroupNames::read(store).await?;
    Ok(printer.done(&sentence, &GroupView::new(group, &names))?)
}

/// A group as it is printed.
#[derive(Debug, Serialize)]
struct GroupView {
    id: String,
    name: String,
    platform: Platform,
    status: Status,
    rate: Rate,
    model_mapping: ModelMapping,
    token_counting: TokenCounting,
    hold: HoldMode,
    credit_line: Money,
    on_disconnect: OnDisconnect,
    funding: Funding,
    peak_hours: HourlyRates,
    #[serde(serialize_with = "text::time_json")]
    created_at: Timestamp,
    sticky_ttl_s: u32,
    sticky_wait_ms: u32,
    /// Patterns of models, and the names of the groups that serve them.
    routes: BTreeMap<String, String>,
    shaping: Shaping,
    fallbacks: Vec<FallbackView>,
    policy: Policy,
}

impl GroupView {
    fn new(group: Group, names: &GroupNames) -> Self {
        Self {
            id: group.id.to_string(),
            token_counting: group.effective_token_counting(),
            name: group.name,
            platform: group.platform,
            status: group.status,
            rate: group.rate,
            model_mapping: group.model_mapping,
            hold: group.hold,
            credit_line: group.credit_line,
            on_disconnect: group.on_disconnect,
            funding: group.funding,
            peak_hours: group.peak_hours,
            created_at: group.created_at,
            sticky_ttl_s: group.sticky.ttl_s,
            sticky_wait_ms: group.sticky.wait_ms,
            routes: names.routes(&group.routes),
            shaping: group.shaping,
            fallbacks: names.fallbacks(&group.fallbacks),
            policy: group.policy,
        }
    }
}

impl View for GroupView {
    const COLUMNS: &'static [&'static str] = &["name", "platform", "status", "rate", "id"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.platform.to_string(),
            self.status.to_string(),
            self.rate.to_string(),
            self.id.clone(),
        ]
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        vec![
            ("id", self.id.clone()),
            ("name", self.name.clone()),
            ("platform", self.platform.to_string()),
            ("status", self.status.to_string()),
            ("rate", self.rate.to_string()),
            ("peak hours", self.peak_hours.to_string()),
            ("map", text::mapping(&self.model_mapping)),
            ("token counting", self.token_counting.to_string()),
            ("hold", self.hold.to_string()),
            ("credit line", self.credit_line.to_string()),
            ("on disconnect", self.on_disconnect.to_string()),
            ("funding", self.funding.to_string()),
            ("policy", self.policy.to_string()),
            ("created", text::time(self.created_at)),
            ("sticky ttl", text::millis(u64::from(self.sticky_ttl_s) * 1_000)),
            ("sticky wait", text::millis(u64::from(self.sticky_wait_ms))),
            ("routes", text::list(self.routes.iter().map(|(from, to)| format!("{from}={to}")), "")),
            ("shaping", shaping::words(&self.shaping)),
            ("fallbacks", text::list(&self.fallbacks, "")),
        ]
    }
}
