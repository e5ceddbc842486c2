//! `tollgate plan`: what subscriptions are made from.

use std::collections::HashMap;

use serde::Serialize;
use tollgate_base::{GroupId, Money, Timestamp};
use tollgate_store::{Allowance, NewPlan, Plan, PlanPatch, Store};

use super::{find, text};
use crate::cli::{AllowanceFields, PlanArgs, PlanClear, PlanCommand};
use crate::output::{Printer, View};

/// Runs the command on the store.
pub(crate) async fn run(args: PlanArgs, store: &Store) -> anyhow::Result<()> {
    let printer = Printer::new(args.format.json);
    match args.command {
        PlanCommand::Create { name, group, days, allowance } => {
            let group_id = find::group(store, &group).await?.id;
            let time_zone = allowance.time_zone.clone();
            let new = NewPlan { name, group_id, days, allowance: amounts(&allowance), time_zone };
            done(store, printer, "created", store.create_plan(new).await?).await
        }
        PlanCommand::List => {
            let names = group_names(store).await?;
            let plans = store.list_plans().await?;
            let views: Vec<PlanView> = plans.into_iter().map(|plan| PlanView::new(plan, &names)).collect();
            Ok(printer.list(&views)?)
        }
        PlanCommand::Show { plan } => {
            let names = group_names(store).await?;
            Ok(printer.one(&PlanView::new(find::plan(store, &plan).await?, &names))?)
        }
        PlanCommand::Update { plan, name, days, allowance, clear } => {
            let old = find::plan(store, &plan).await?;
            let patch = patch(&old, name, days, allowance, &clear);
            done(store, printer, "updated", store.update_plan(old.id, patch).await?).await
        }
        PlanCommand::Remove { plan } => {
            let found = find::plan(store, &plan).await?;
            store.remove_plan(found.id).await?;
            Ok(printer.removed("plan", &found.name)?)
        }
    }
}

/// The amounts that the flags name.
pub(super) fn amounts(fields: &AllowanceFields) -> Allowance {
    Allowance { day: fields.day, week: fields.week, month: fields.month }
}

fn patch(
    old: &Plan,
    name: Option<String>,
    days: Option<u32>,
    fields: AllowanceFields,
    clear: &[PlanClear],
) -> PlanPatch {
    let bound = |given: Option<Money>, old: Option<Money>, what: PlanClear| {
        given.or_else(|| old.filter(|_| !clear.contains(&what)))
    };
    let allowance = Allowance {
        day: bound(fields.day, old.allowance.day, PlanClear::Day),
        week: bound(fields.week, old.allowance.week, PlanClear::Week),
        month: bound(fields.month, old.allowance.month, PlanClear::Month),
    };
    let time_zone =
        fields.time_zone.map(Some).or_else(|| clear.contains(&PlanClear::TimeZone).then_some(None));
    PlanPatch { name, days, allowance: Some(allowance), time_zone }
}

async fn group_names(store: &Store) -> anyhow::Result<HashMap<GroupId, String>> {
    Ok(store.list_groups().await?.into_iter().map(|group| (group.id, group.name)).collect())
}

async fn done(store: &Store, printer: Printer, verb: &str, plan: Plan) -> anyhow::Result<()> {
    let sentence = format!("{verb} plan {} ({})", plan.name, plan.id);
    let names = group_names(store).await?;
    Ok(printer.done(&sentence, &PlanView::new(plan, &names))?)
}

/// A plan as it is printed.
#[derive(Debug, Serialize)]
struct PlanView {
    id: String,
    name: String,
    group: String,
    group_id: String,
    days: u32,
    day: Option<Money>,
    week: Option<Money>,
    month: Option<Money>,
    time_zone: Option<String>,
    #[serde(serialize_with = "text::time_json")]
    created_at: Timestamp,
}

impl PlanView {
    fn new(plan: Plan, groups: &HashMap<GroupId, String>) -> Self {
        let Allowance { day, week, month } = plan.allowance;
        Self {
            id: plan.id.to_string(),
            name: plan.name,
            group: groups.get(&plan.group_id).cloned().unwrap_or_default(),
            group_id: plan.group_id.to_string(),
            days: plan.days,
            day,
            week,
            month,
            time_zone: plan.time_zone,
            created_at: plan.created_at,
        }
    }
}

impl View for PlanView {
    const COLUMNS: &'static [&'static str] = &["name", "group", "days", "a day", "a week", "a month", "id"];

    fn cells(&self) -> Vec<String> {
        let bound =
            |amount: Option<Money>| amount.map_or_else(|| "-".to_owned(), |amount| amount.to_string());
        vec![
            self.name.clone(),
            self.group.clone(),
            self.days.to_string(),
            bound(self.day),
            bound(self.week),
            bound(self.month),
            self.id.clone(),
        ]
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        vec![
            ("id", self.id.clone()),
            ("name", self.name.clone()),
            ("group", format!("{} ({})", self.group, self.group_id)),
            ("days", self.days.to_string()),
            ("a day", text::opt(self.day.as_ref())),
            ("a week", text::opt(self.week.as_ref())),
            ("a month", text::opt(self.month.as_ref())),
            ("periods", self.time_zone.clone().unwrap_or_else(|| "from the subscription's begin".to_owned())),
            ("created", text::time(self.created_at)),
        ]
    }
}
