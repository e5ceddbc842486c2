//! `tollgate route`: where a request would go, and why.

use anyhow::Context;
use serde::Serialize;
use tollgate_pricing::ModelPrice;
use tollgate_protocol::Protocol;
use tollgate_routing::{
    Abilities, Ability, Account, AccountIndex, Catalog, Condition, Explained, Explanation, Health, Needs,
    PassedOver, PlanRequest, Platform, Pricing, Verdict, check_model, explain,
};
use tollgate_store::Store;

use super::{find, now, shaping, text};
use crate::cli::{ExplainFields, RouteArgs, RouteCommand, RouteFrom};
use crate::output::{self, View};

/// What the configuration alone cannot tell.
const UNKNOWN: &str = "What a running gate knows of accounts (load, cool-downs, limits, quotas, sessions) is not known here: \
                       each is taken to be ready and idle.";

/// Runs the command on the store; `default_price` is that of models without one of their own.
pub(crate) async fn run(
    args: RouteArgs,
    store: &Store,
    default_price: Option<ModelPrice>,
) -> anyhow::Result<()> {
    let RouteCommand::Explain(fields) = args.command;
    let explanation = explained(store, &fields, default_price.as_ref()).await?;
    if args.format.json {
        return Ok(output::json(&Answer { explanation, health: "unknown" })?);
    }
    let lines: Vec<Line> = explanation.accounts.iter().map(Line::of).collect();
    output::line(&headline(&explanation))?;
    output::line(&output::table_of(&lines))?;
    for shaped in shapings(&explanation) {
        output::line(&shaped)?;
    }
    Ok(output::line(&format!("\n{UNKNOWN}"))?)
}

/// The explanation as JSON, which says that it is made without what a running gate knows.
#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    explanation: Explanation,
    health: &'static str,
}

/// Accounts of which nothing is known.
struct Unknown;

impl Health for Unknown {
    fn condition(&self, _: &Account, _: AccountIndex, _: &str, _: tollgate_base::Timestamp) -> Condition {
        Condition::READY
    }
}

async fn explained(
    store: &Store,
    fields: &ExplainFields,
    default_price: Option<&ModelPrice>,
) -> anyhow::Result<Explanation> {
    let group = group_of(store, &fields.from, &fields.model).await?;
    let sticky = match &fields.bound_to {
        Some(account) => Some(find::account(store, account).await?.id),
        None => None,
    };
    let catalog = Catalog::new(store.catalog().await?);
    let group = catalog.group(&group).context("the group was removed a moment ago")?;
    let serving = catalog.serving_group(group, &fields.model);
    let serving = serving.with_context(|| {
        format!("the routes of {} lead this model to a group that is disabled", group.name)
    })?;
    let request = PlanRequest {
        group: serving,
        model: &fields.model,
        protocol: fields.protocol.unwrap_or(match group.platform {
            Platform::Anthropic => Protocol::Messages,
            Platform::Openai => Protocol::Chat,
        }),
        translate: true,
        sticky,
        only: None,
        pick: 0,
        needs: needs(fields),
        at: now(),
        pricing: Pricing::Charged { default: default_price },
    };
    Ok(explain(&catalog, &Unknown, now(), &request).asked_of(group))
}

/// The group asked about; of a key the group that it is bound to, if the key may ask for the model.
async fn group_of(store: &Store, from: &RouteFrom, model: &str) -> anyhow::Result<tollgate_base::GroupId> {
    if let Some(group) = &from.group {
        return Ok(find::group(store, group).await?.id);
    }
    let key = find::key(store, from.key.as_deref().unwrap_or_default()).await?.key;
    check_model(&key, model)
        .map_err(|_| anyhow::anyhow!("the key {} may not ask for the model `{model}`", key.name))?;
    Ok(key.group_id)
}

fn needs(fields: &ExplainFields) -> Needs {
    Needs {
        abilities: Abilities::NONE
            .with_if(Ability::Tools, fields.tools)
            .with_if(Ability::Vision, fields.images)
            .with_if(Ability::Documents, fields.documents)
            .with_if(Ability::Thinking, fields.thinking)
            .with_if(Ability::StructuredOutput, fields.schema),
        count_tokens: false,
        prompt_tokens: fields.prompt_tokens,
        max_output_tokens: fields.max_tokens,
    }
}

/// What is changed on its way out, by the group and then by accounts.
fn shapings(explanation: &Explanation) -> Vec<String> {
    let group = (format!("\nshaped by the group {}", explanation.group), &explanation.shaping);
    let accounts = explanation.accounts.iter();
    let accounts = accounts.map(|one| (format!("\nshaped for the account {}", one.account), &one.shaping));
    let all = std::iter::once(group).chain(accounts).filter(|(_, shaping)| !shaping.is_empty());
    all.map(|(whose, shaping)| format!("{whose}: {}", shaping::words(shaping))).collect()
}

fn headline(explanation: &Explanation) -> String {
    let Explanation { group, routed_from, policy, model, passed_on, protocol, .. } = explanation;
    let routed =
        routed_from.as_ref().map(|from| format!("group {from}, whose routes lead to ")).unwrap_or_default();
    let mapped = if passed_on == model { String::new() } else { format!(", passed on as {passed_on}") };
    format!("{routed}group {group} (policy {policy}), model {model}{mapped}, asked for in {protocol}")
}

/// One account as a line of the table.
#[derive(Debug, Serialize)]
struct Line {
    place: String,
    account: String,
    upstream_model: String,
    protocol: String,
    why: String,
}

impl Line {
    fn of(explained: &Explained) -> Self {
        let (place, protocol, why) = match &explained.verdict {
            Verdict::Taken { place, protocol, reason, falls_short, .. } => {
                (place.to_string(), protocol.to_string(), taken(reason, falls_short.as_ref()))
            }
            Verdict::PassedOver(why) => (String::from("-"), String::from("-"), passed_over(why)),
        };
        Self {
            place,
            account: explained.account.clone(),
            upstream_model: explained.upstream_model.clone(),
            protocol,
            why,
        }
    }
}

fn taken(reason: &impl ToString, falls_short: Option<&PassedOver>) -> String {
    let reason = reason.to_string().replace('_', " ");
    match falls_short {
        Some(shortfall) => format!("{reason} (no account is better: {shortfall})"),
        None => reason,
    }
}

fn passed_over(why: &PassedOver) -> String {
    match why {
        PassedOver::Away { until: Some(until), .. } => format!("{why}, until {}", text::time(*until)),
        _ => why.to_string(),
    }
}

impl View for Line {
    const COLUMNS: &'static [&'static str] = &["place", "account", "model there", "protocol", "why"];

    fn cells(&self) -> Vec<String> {
        let Self { place, account, upstream_model, protocol, why } = self;
        [place, account, upstream_model, protocol, why].map(String::clone).to_vec()
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        Self::COLUMNS.iter().copied().zip(self.cells()).collect()
    }
}
