//! An account as it is printed: without its credential, and without what its proxy's URL may hide.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use tollgate_base::{GroupId, Rate, Timestamp};
use tollgate_protocol::Protocol;
use tollgate_routing::{
    Account, AuthScheme, BaseUrls, Capabilities, ModelMapping, Platform, Shaping, Status, Upkeep,
};
use tollgate_store::Store;
use tollgate_translate::family::Family;

use crate::commands::{shaping, text};
use crate::output::View;

/// The names of groups, to show instead of ids.
pub(super) struct GroupNames(HashMap<GroupId, String>);

impl GroupNames {
    pub(super) async fn read(store: &Store) -> anyhow::Result<Self> {
        Ok(Self(store.list_groups().await?.into_iter().map(|group| (group.id, group.name)).collect()))
    }

    pub(super) fn view(&self, account: Account) -> AccountView {
        let name_of = |id: &GroupId| self.0.get(id).cloned().unwrap_or_else(|| id.to_string());
        let spoken = |protocol: &Protocol| account.base_urls.get(*protocol).is_some();
        let families = Protocol::ALL.into_iter().filter(spoken);
        let effective_families =
            families.map(|protocol| (protocol.as_str(), account.family_for(protocol))).collect();
        let groups = account.groups.iter().map(name_of).collect();
        AccountView {
            id: account.id.to_string(),
            name: account.name,
            platform: account.platform,
            family: account.family,
            effective_families,
            status: account.status,
            base_urls: account.base_urls,
            auth: account.auth,
            models: account.models.iter().map(ToString::to_string).collect(),
            model_mapping: account.model_mapping,
            capabilities: account.capabilities,
            priority: account.priority,
            weight: account.weight,
            rate: account.rate,
            proxy: account.proxy.is_some(),
            groups,
            created_at: account.created_at,
            organization: account.organization,
            upkeep: account.upkeep,
            shaping: account.shaping,
        }
    }
}

/// An account as it is printed.
#[derive(Debug, Serialize)]
pub(super) struct AccountView {
    id: String,
    name: String,
    platform: Platform,
    /// As the operator named it.
    family: Option<Family>,
    /// As the gate takes it, by protocol.
    effective_families: BTreeMap<&'static str, Family>,
    status: Status,
    base_urls: BaseUrls,
    auth: AuthScheme,
    models: Vec<String>,
    model_mapping: ModelMapping,
    capabilities: Capabilities,
    priority: i32,
    weight: u32,
    /// What its provider charges, as a part of the list price.
    rate: Rate,
    /// Whether there is one; its URL may hold a password.
    proxy: bool,
    groups: Vec<String>,
    #[serde(serialize_with = "text::time_json")]
    created_at: Timestamp,
    /// As the operator calls it; none: one of its own.
    organization: Option<String>,
    #[serde(flatten)]
    upkeep: Upkeep,
    shaping: Shaping,
}

impl AccountView {
    fn status_words(&self) -> String {
        let marked = if self.upkeep.attention.is_some() { ", needs attention" } else { "" };
        format!("{}{marked}", self.status)
    }

    fn further_keys(&self) -> String {
        text::list(self.upkeep.further_keys.iter().map(|key| format!("#{} {}", key.number, key.hint)), "none")
    }

    fn probe_words(&self) -> String {
        self.upkeep.probe.as_ref().map_or("no".to_owned(), |probe| {
            let when = if probe.always { "" } else { " while it is left alone" };
            format!("{} every {} s{when}", probe.model, probe.every_s)
        })
    }

    fn attention_words(&self) -> String {
        let attention = self.upkeep.attention.as_ref();
        attention.map_or("no".to_owned(), |mark| format!("since {}: {}", text::time(mark.since), mark.words))
    }

    /// The family that was named, or those that the addresses tell.
    fn family_words(&self) -> String {
        if let Some(family) = self.family {
            return family.to_string();
        }
        let mut told: Vec<Family> = self.effective_families.values().copied().collect();
        told.sort_unstable();
        told.dedup();
        format!("auto: {}", text::list(told, "unknown"))
    }
}

impl View for AccountView {
    const COLUMNS: &'static [&'static str] =
        &["name", "platform", "status", "groups", "priority", "models", "id"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.platform.to_string(),
            self.status_words(),
            text::list(&self.groups, "-"),
            self.priority.to_string(),
            text::list(&self.models, "any"),
            self.id.clone(),
        ]
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        let yes_no = |value: bool| if value { "yes" } else { "no" }.to_owned();
        vec![
            ("id", self.id.clone()),
            ("name", self.name.clone()),
            ("platform", self.platform.to_string()),
            ("family", self.family_words()),
            ("status", self.status.to_string()),
            ("messages at", text::opt(self.base_urls.messages.as_ref())),
            ("chat at", text::opt(self.base_urls.chat.as_ref())),
            ("responses at", text::opt(self.base_urls.responses.as_ref())),
            ("auth", self.auth.to_string()),
            ("models", text::list(&self.models, "any")),
            ("map", text::mapping(&self.model_mapping)),
            ("counts tokens", yes_no(self.capabilities.count_tokens)),
            ("cannot", self.capabilities.cannot.to_string()),
            ("context", text::opt(self.capabilities.context_window_tokens.as_ref())),
            ("max output", text::opt(self.capabilities.max_output_tokens.as_ref())),
            ("groups", text::list(&self.groups, "none")),
            ("priority", self.priority.to_string()),
            ("weight", self.weight.to_string()),
            ("rate", self.rate.to_string()),
            ("proxy", yes_no(self.proxy)),
            ("created", text::time(self.created_at)),
            ("organization", self.organization.clone().unwrap_or_else(|| "its own".to_owned())),
            ("further keys", self.further_keys()),
            ("failover", text::list(self.upkeep.failover.rules(), "the gate's table")),
            ("probe", self.probe_words()),
            ("attention", self.attention_words()),
            ("shaping", shaping::words(&self.shaping)),
        ]
    }
}
