//! `tollgate group`: where a key's requests may go.

use serde::Serialize;
use tollgate_base::{Money, Rate, Timestamp};
use tollgate_pricing::HourlyRates;
use tollgate_routing::{
    Funding, Group, HoldMode, ModelMapping, OnDisconnect, Platform, Policy, Status, TokenCounting,
};
use tollgate_store::{GroupPatch, NewGroup, Store};

use super::{find, text};
use crate::cli::{GroupArgs, GroupClear, GroupCommand, GroupFields};
use crate::output::{Printer, View};

/// Runs the command on the store.
pub(crate) async fn run(args: GroupArgs, store: &Store) -> anyhow::Result<()> {
    let printer = Printer::new(args.format.json);
    match args.command {
        GroupCommand::Create { name, platform, fields } => {
            let new = NewGroup {
                rate: fields.rate.unwrap_or_default(),
                model_mapping: ModelMapping::new(fields.mapping)?,
                token_counting: fields.token_counting.and_then(Option::from),
                hold: fields.hold.map(HoldMode::from).unwrap_or_default(),
                credit_line: fields.credit_line.unwrap_or_default(),
                on_disconnect: fields.on_disconnect.map(OnDisconnect::from).unwrap_or_default(),
                funding: fields.funding.map(Funding::from).unwrap_or_default(),
                peak_hours: fields.peak_hours.unwrap_or_default(),
                policy: fields.policy.unwrap_or_default(),
                ..NewGroup::new(name, platform)
            };
            done(printer, "created", store.create_group(new).await?)
        }
        GroupCommand::List => {
            let groups: Vec<GroupView> =
                store.list_groups().await?.into_iter().map(GroupView::from).collect();
            Ok(printer.list(&groups)?)
        }
        GroupCommand::Show { group } => Ok(printer.one(&GroupView::from(find::group(store, &group).await?))?),
        GroupCommand::Update { group, name, fields, clear } => {
            update(store, printer, &group, "updated", patch(name, fields, &clear)?).await
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

fn patch(name: Option<String>, fields: GroupFields, clear: &[GroupClear]) -> anyhow::Result<GroupPatch> {
    let replaced = !fields.mapping.is_empty() || clear.contains(&GroupClear::Map);
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
    done(printer, verb, store.update_group(id, patch).await?)
}

fn done(printer: Printer, verb: &str, group: Group) -> anyhow::Result<()> {
    let sentence = format!("{verb} group {} ({})", group.name, group.id);
    Ok(printer.done(&sentence, &GroupView::from(group))?)
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
    policy: Policy,
}

impl From<Group> for GroupView {
    fn from(group: Group) -> Self {
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
        ]
    }
}
