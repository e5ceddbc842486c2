//! The plan in words: for every account of the group whether a request may try it, at which place, and why.

use serde::Serialize;
use tollgate_base::{AccountId, Timestamp};
use tollgate_protocol::Protocol;

use crate::account::Account;
use crate::candidates::{Candidates, Gathering};
use crate::catalog::{Catalog, group_name};
use crate::condition::{AccountIndex, Condition, Health, Standing};
use crate::group::{Group, Policy};
use crate::judge::{Judge, PassedOver, Suited};
use crate::plan::{PlanRequest, drawing, ranking};
use crate::rank::{Order, Ranked, Reason};
use crate::shaping::Shaping;
use crate::user::Status;

/// Every account of a group, as a request finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The name of the group whose accounts serve.
    pub group: String,
    /// The name of the group that was asked, where its routes lead to another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routed_from: Option<String>,
    /// Its policy.
    pub policy: Policy,
    /// The model as the caller wrote it.
    pub model: String,
    /// The name that the group passes it on under.
    pub passed_on: String,
    /// The protocol the caller speaks.
    pub protocol: Protocol,
    /// How the group shapes what goes out; the account's shaping comes after it.
    #[serde(skip_serializing_if = "Shaping::is_empty")]
    pub shaping: Shaping,
    /// Those that may be tried in order, then those that are passed over.
    pub accounts: Vec<Explained>,
}

/// One account, as a request finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// The account's name.
    pub account: String,
    /// Its id.
    pub id: AccountId,
    /// The model's name there.
    pub upstream_model: String,
    /// How what goes to it is shaped.
    #[serde(skip_serializing_if = "Shaping::is_empty")]
    pub shaping: Shaping,
    /// What became of it.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// What became of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It may be tried.
    Taken {
        /// Its place, from 1 on.
        place: usize,
        /// Why it has this place.
        reason: Reason,
        /// The protocol spoken with it.
        protocol: Protocol,
        /// Whether that is another than the caller's.
        translated: bool,
        /// The requests it is serving.
        in_flight: u32,
        /// Whether it has no room for another.
        full: bool,
        /// Whether it is recovering and the request would be a trial.
        trial: bool,
        /// Why it would be passed over if another account could take the request.
        falls_short: Option<PassedOver>,
    },
    /// It is not tried.
    PassedOver(PassedOver),
}

/// What [`plan`](crate::plan) does with each account of the group, those that are disabled included.
#[must_use]
pub fn explain(
    catalog: &Catalog,
    health: &dyn Health,
    now: Timestamp,
    request: &PlanRequest<'_>,
) -> Explanation {
    let passed_on = group_name(request.group, request.model);
    let mut gathering = Gathering::new(catalog, request.model, &passed_on);
    let mut out = Vec::new();
    for (at, account) in members(catalog, request.group) {
        if let Err(why) = gathering.add(at, account) {
            out.push((account, None, why));
        }
    }
    let candidates = gathering.candidates;
    let judge = Judge::new(catalog, health, now, request, &candidates.names);
    let ranking = ranking(catalog, request);
    let mut taken: Vec<Taken<'_>> = Vec::new();
    let mut fits = false;
    for (position, candidate) in candidates.list.iter().enumerate() {
        let name = candidates.name_of(candidate);
        let account = &catalog.accounts()[candidate.at.get()];
        let judged = judge.suits(candidate, name).and_then(|suited| {
            fits |= !suited.falls_short;
            let condition = judge.condition(candidate, name);
            judge.away(&condition).map_or(Ok((suited, condition)), Err)
        });
        match judged {
            Ok((suited, condition)) => {
                let ranked = Ranked::new(&ranking, position, candidate, &suited, &condition);
                let shortfall = judge.shortfall(candidate);
                let upstream_model = &name.text;
                taken.push(Taken { account, upstream_model, suited, shortfall, condition, ranked });
            }
            Err(why) => out.push((account, Some(&*name.text), why)),
        }
    }
    taken.retain(|taken| match taken.shortfall {
        Some(why) if fits => {
            out.push((taken.account, Some(taken.upstream_model), why));
            false
        }
        _ => true,
    });
    let passed_over = out.into_iter().map(|(account, name, why)| {
        let mapped = account.model_mapping.resolve(&passed_on);
        let upstream_model = name.or(mapped.as_deref()).unwrap_or(&passed_on);
        explained(account, upstream_model, Verdict::PassedOver(why))
    });
    let accounts = in_order(&taken, request, &candidates).into_iter().chain(passed_over).collect();
    Explanation {
        group: request.group.name.clone(),
        routed_from: None,
        policy: request.group.policy,
        model: request.model.to_owned(),
        passed_on: passed_on.to_string(),
        protocol: request.protocol,
        shaping: request.group.shaping.clone(),
        accounts,
    }
}

impl Explanation {
    /// The same for a key of `group`, whose routes may have led here.
    #[must_use]
    pub fn asked_of(self, group: &Group) -> Self {
        Self { routed_from: (self.group != group.name).then(|| group.name.clone()), ..self }
    }
}

/// The group's accounts: those in use in the order of [`Candidates`](crate::candidates::Candidates), then the others.
fn members<'a>(catalog: &'a Catalog, group: &'a Group) -> impl Iterator<Item = (AccountIndex, &'a Account)> {
    let disabled =
        |account: &&Account| account.status != Status::Enabled && account.groups.contains(&group.id);
    let disabled = catalog.accounts().iter().filter(disabled);
    let disabled = disabled.filter_map(|account| Some((catalog.index_of(&account.id)?, account)));
    catalog.accounts_of(&group.id).chain(disabled)
}

/// An account that may be tried.
struct Taken<'a> {
    account: &'a Account,
    upstream_model: &'a str,
    suited: Suited<'a>,
    shortfall: Option<PassedOver>,
    condition: Condition,
    ranked: Ranked,
}

fn in_order(taken: &[Taken<'_>], request: &PlanRequest<'_>, candidates: &Candidates) -> Vec<Explained> {
    let drawing = drawing(request, candidates);
    let mut order =
        Order::whole(taken.iter().map(|taken| taken.ranked).collect(), request.group.policy, drawing);
    let places = (0..order.len())
        .map_while(|at| order.get(at, drawing).map(|(ranked, reason)| (at + 1, ranked, reason)));
    let places: Vec<_> = places.collect();
    let found = |candidate| taken.iter().find(|taken| taken.ranked.candidate == candidate);
    places
        .into_iter()
        .filter_map(|(place, ranked, reason)| {
            let Taken { account, upstream_model, suited, shortfall, condition, .. } =
                found(ranked.candidate)?;
            let verdict = Verdict::Taken {
                place,
                reason,
                protocol: suited.protocol,
                translated: suited.protocol != request.protocol,
                in_flight: condition.in_flight,
                full: condition.is_full,
                trial: condition.standing == Standing::Trial,
                falls_short: *shortfall,
            };
            Some(explained(account, upstream_model, verdict))
        })
        .collect()
}

fn explained(account: &Account, upstream_model: &str, verdict: Verdict) -> Explained {
    Explained {
        account: account.name.clone(),
        id: account.id,
        upstream_model: upstream_model.to_owned(),
        shaping: account.shaping.clone(),
        verdict,
    }
}
