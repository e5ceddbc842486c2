//! A subscription as it is printed.

use std::collections::HashMap;

use serde::Serialize;
use tollgate_base::{Clock, GroupId, PlanId, Timestamp, UserId};
use tollgate_store::{Store, StoredSubscription, Subscription, SubscriptionStatus};

use crate::clock::SystemClock;
use crate::commands::quota::QuotaState;
use crate::commands::text;
use crate::output::View;

/// The names of users, groups and plans, to show instead of ids.
pub(in crate::commands) struct Names {
    users: HashMap<UserId, String>,
    groups: HashMap<GroupId, String>,
    plans: HashMap<PlanId, String>,
}

impl Names {
    pub(in crate::commands) async fn read(store: &Store) -> anyhow::Result<Self> {
        let users = store.list_users().await?.into_iter().map(|stored| (stored.user.id, stored.user.name));
        let groups = store.list_groups().await?.into_iter().map(|group| (group.id, group.name));
        let plans = store.list_plans().await?.into_iter().map(|plan| (plan.id, plan.name));
        Ok(Self { users: users.collect(), groups: groups.collect(), plans: plans.collect() })
    }

    pub(in crate::commands) fn view(&self, stored: StoredSubscription) -> SubscriptionView {
        let now = SystemClock.now();
        let StoredSubscription { subscription, quotas } = stored;
        SubscriptionView {
            id: subscription.id.to_string(),
            status: status(&subscription, now),
            user: self.users.get(&subscription.user_id).cloned().unwrap_or_default(),
            user_id: subscription.user_id.to_string(),
            group: self.groups.get(&subscription.group_id).cloned().unwrap_or_default(),
            group_id: subscription.group_id.to_string(),
            plan: subscription.plan_id.and_then(|plan| self.plans.get(&plan).cloned()),
            plan_id: subscription.plan_id.map(|plan| plan.to_string()),
            starts_at: subscription.starts_at,
            expires_at: subscription.expires_at,
            // A window that has not begun is shown as it will be.
            windows: quotas
                .iter()
                .map(|stored| QuotaState::at(&stored.quota, now.max(subscription.starts_at)))
                .collect(),
            created_at: subscription.created_at,
        }
    }
}

fn status(subscription: &Subscription, now: Timestamp) -> &'static str {
    match subscription.status {
        SubscriptionStatus::Cancelled => "cancelled",
        SubscriptionStatus::Active if subscription.expires_at <= now => "expired",
        SubscriptionStatus::Active if subscription.starts_at > now => "waiting",
        SubscriptionStatus::Active => "active",
    }
}

/// A subscription as it is printed.
#[derive(Debug, Serialize)]
pub(in crate::commands) struct SubscriptionView {
    id: String,
    /// `active`, `waiting` for its begin, `expired` or `cancelled`.
    status: &'static str,
    user: String,
    user_id: String,
    group: String,
    group_id: String,
    plan: Option<String>,
    plan_id: Option<String>,
    #[serde(serialize_with = "text::time_json")]
    starts_at: Timestamp,
    #[serde(serialize_with = "text::time_json")]
    expires_at: Timestamp,
    windows: Vec<QuotaState>,
    #[serde(serialize_with = "text::time_json")]
    created_at: Timestamp,
}

impl SubscriptionView {
    /// Which one, whose and how long.
    pub(in crate::commands) fn in_words(&self) -> String {
        let Self { id, user, group, .. } = self;
        let ends = text::time(self.expires_at);
        format!("subscription {id} of user {user} in group {group}; it ends {ends}")
    }

    fn windows(&self) -> String {
        let line = |state: &QuotaState| {
            let QuotaState { window, amount, used, held, resets_at, .. } = state;
            let resets = text::opt_time(*resets_at, "never");
            format!("{window}: {used} of {amount} used, {held} held, full again {resets}")
        };
        match self.windows.is_empty() {
            true => "nothing bounds it".to_owned(),
            false => self.windows.iter().map(line).collect::<Vec<_>>().join("\n"),
        }
    }
}

impl View for SubscriptionView {
    const COLUMNS: &'static [&'static str] = &["user", "group", "plan", "status", "starts", "expires", "id"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.user.clone(),
            self.group.clone(),
            self.plan.clone().unwrap_or_else(|| "-".to_owned()),
            self.status.to_owned(),
            text::time(self.starts_at),
            text::time(self.expires_at),
            self.id.clone(),
        ]
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        vec![
            ("id", self.id.clone()),
            ("status", self.status.to_owned()),
            ("user", format!("{} ({})", self.user, self.user_id)),
            ("group", format!("{} ({})", self.group, self.group_id)),
            ("plan", self.plan.clone().unwrap_or_default()),
            ("starts", text::time(self.starts_at)),
            ("expires", text::time(self.expires_at)),
            ("windows", self.windows()),
            ("created", text::time(self.created_at)),
        ]
    }
}
