//! Groups that lead to other groups: what they name has to be there, and routes are one step long.

use tollgate_base::GroupId;
use tollgate_routing::{Fallbacks, Group, GroupRoutes};

use crate::db::{Row, Tx, params};
use crate::error::{Result, StoreError};

/// A group and where it leads.
struct Link {
    id: GroupId,
    name: String,
    routes: GroupRoutes,
    fallbacks: Fallbacks,
}

fn link(mut row: Row) -> Result<Link> {
    Ok(Link { id: row.parsed()?, name: row.text()?, routes: row.json()?, fallbacks: row.json()? })
}

async fn links(tx: &mut Tx) -> Result<Vec<Link>> {
    let rows = tx.query("SELECT id, name, routes, fallbacks FROM groups ORDER BY name", params![]).await?;
    rows.into_iter().map(link).collect()
}

/// Fails unless everything that the group leads to is there and leads no further.
pub(crate) async fn check(tx: &mut Tx, group: &Group) -> Result<()> {
    if group.routes.is_empty() && group.fallbacks.is_empty() {
        return Ok(());
    }
    let links = links(tx).await?;
    for target in group.fallbacks.iter().filter_map(|fallback| fallback.group) {
        if !links.iter().any(|link| link.id == target) {
            return Err(StoreError::not_found("group", target));
        }
    }
    if group.routes.is_empty() {
        return Ok(());
    }
    let bad = |reason: String| Err(StoreError::invalid("routes", reason));
    for (pattern, target) in group.routes.iter() {
        if target == group.id {
            return bad(format!("`{pattern}` leads to the group itself"));
        }
        let Some(target) = links.iter().find(|link| link.id == target) else {
            return Err(StoreError::not_found("group", target));
        };
        if !target.routes.is_empty() {
            return bad(format!("`{pattern}` leads to group `{}`, which has routes itself", target.name));
        }
    }
    match links.iter().find(|link| link.routes_to(group.id)) {
        Some(link) => bad(format!("group `{}` leads here, and routes are one step long", link.name)),
        None => Ok(()),
    }
}

/// The names of the groups that lead to this one.
pub(crate) async fn leading_to(tx: &mut Tx, id: GroupId) -> Result<Vec<String>> {
    let links = links(tx).await?;
    Ok(links.into_iter().filter(|link| link.leads_to(id)).map(|link| link.name).collect())
}

impl Link {
    fn routes_to(&self, id: GroupId) -> bool {
        self.routes.iter().any(|(_, target)| target == id)
    }

    fn leads_to(&self, id: GroupId) -> bool {
        self.id != id
            && (self.routes_to(id) || self.fallbacks.iter().any(|fallback| fallback.group == Some(id)))
    }
}
