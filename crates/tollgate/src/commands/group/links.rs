//! The groups that a group leads to: by name for people, by id in the store.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::Serialize;
use tollgate_base::GroupId;
use tollgate_routing::{Fallback, FallbackOn, Fallbacks, Group, GroupRoutes, Pattern};
use tollgate_store::Store;

use crate::cli::FallbackWord;
use crate::commands::find;

/// The names of all groups.
pub(super) struct GroupNames(HashMap<GroupId, String>);

impl GroupNames {
    pub(super) async fn read(store: &Store) -> anyhow::Result<Self> {
        Ok(Self::of(&store.list_groups().await?))
    }

    pub(super) fn of(groups: &[Group]) -> Self {
        Self(groups.iter().map(|group| (group.id, group.name.clone())).collect())
    }

    fn name(&self, id: GroupId) -> String {
        self.0.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }

    /// Fallbacks with the names of their groups.
    pub(super) fn fallbacks(&self, fallbacks: &Fallbacks) -> Vec<FallbackView> {
        let view = |fallback: &Fallback| FallbackView {
            on: fallback.on.clone(),
            model: fallback.model.clone(),
            group: fallback.group.map(|id| self.name(id)),
        };
        fallbacks.iter().map(view).collect()
    }

    /// Patterns and the names of the groups they lead to.
    pub(super) fn routes(&self, routes: &GroupRoutes) -> BTreeMap<String, String> {
        routes.iter().map(|(pattern, target)| (pattern.to_string(), self.name(target))).collect()
    }
}

/// A fallback as it is printed: the form that it is written in.
#[derive(Debug, Serialize)]
pub(super) struct FallbackView {
    on: Vec<FallbackOn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
}

impl fmt::Display for FallbackView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let model = self.model.iter().map(|model| format!("model={model}"));
        let group = self.group.iter().map(|group| format!("group={group}"));
        let targets: Vec<String> = model.chain(group).collect();
        let on: Vec<&str> = self.on.iter().map(|on| on.as_str()).collect();
        write!(f, "{}:{}", on.join(","), targets.join(","))
    }
}

/// The fallbacks that were written with names or ids of groups.
pub(super) async fn fallbacks(store: &Store, written: Vec<FallbackWord>) -> anyhow::Result<Fallbacks> {
    let mut fallbacks = Vec::with_capacity(written.len());
    for FallbackWord { on, model, group } in written {
        let group = find::opt_group_id(store, group.as_deref()).await?;
        fallbacks.push(Fallback { on, model, group });
    }
    Ok(Fallbacks::new(fallbacks)?)
}

/// The routes that were written with names or ids of groups.
pub(super) async fn routes(store: &Store, written: Vec<(Pattern, String)>) -> anyhow::Result<GroupRoutes> {
    let mut routes = Vec::with_capacity(written.len());
    for (pattern, target) in written {
        routes.push((pattern, find::group(store, &target).await?.id));
    }
    Ok(GroupRoutes::new(routes)?)
}
