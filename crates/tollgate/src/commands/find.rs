//! Entities by what a person would call them: a name or an id.

use anyhow::{Context, bail};
use tollgate_base::{GroupId, KeyId, UserId};
use tollgate_routing::{Account, Group, Model};
use tollgate_store::{KeyFilter, Plan, Store, StoredKey, StoredUser};

/// The user with this id or name.
pub(super) async fn user(store: &Store, text: &str) -> anyhow::Result<StoredUser> {
    let found = match text.parse() {
        Ok(id) => store.get_user(id).await?,
        Err(_) => store.find_user_by_name(text).await?,
    };
    found.with_context(|| missing("user", text))
}

/// The group with this id or name.
pub(super) async fn group(store: &Store, text: &str) -> anyhow::Result<Group> {
    let found = match text.parse() {
        Ok(id) => store.get_group(id).await?,
        Err(_) => store.find_group_by_name(text).await?,
    };
    found.with_context(|| missing("group", text))
}

/// The account with this id or name.
pub(super) async fn account(store: &Store, text: &str) -> anyhow::Result<Account> {
    let found = match text.parse() {
        Ok(id) => store.get_account(id).await?,
        Err(_) => store.find_account_by_name(text).await?,
    };
    found.with_context(|| missing("account", text))
}

/// The plan with this id or name.
pub(super) async fn plan(store: &Store, text: &str) -> anyhow::Result<Plan> {
    let found = match text.parse() {
        Ok(id) => store.get_plan(id).await?,
        Err(_) => store.find_plan_by_name(text).await?,
    };
    found.with_context(|| missing("plan", text))
}

/// The model with this name.
pub(super) async fn model(store: &Store, name: &str) -> anyhow::Result<Model> {
    store.get_model(name).await?.with_context(|| missing("model", name))
}

/// The key with this id, name or hint. Names are unique only among one user's keys that are not revoked, so a name
/// that several keys have is refused.
pub(super) async fn key(store: &Store, text: &str) -> anyhow::Result<StoredKey> {
    if let Ok(id) = text.parse::<KeyId>() {
        return store.get_key(id).await?.with_context(|| missing("key", text));
    }
    let mut found = store.list_keys(KeyFilter::default()).await?;
    found.retain(|stored| stored.key.name == text || stored.key.hint == text);
    one_key(found, text)
}

fn one_key(mut found: Vec<StoredKey>, text: &str) -> anyhow::Result<StoredKey> {
    match found.len() {
        0 => bail!(missing("key", text)),
        1 => found.pop().with_context(|| missing("key", text)),
        _ => {
            let ids: Vec<String> = found.iter().map(|stored| stored.key.id.to_string()).collect();
            bail!("several keys are called `{text}`; name one by its id: {}", ids.join(", "))
        }
    }
}

/// The user's key with this id, name or hint.
pub(super) async fn key_of(store: &Store, user_text: &str, text: &str) -> anyhow::Result<StoredKey> {
    let user = user(store, user_text).await?.user;
    let filter = KeyFilter { user: Some(user.id), group: None };
    let mut found = store.list_keys(filter).await?;
    found.retain(|StoredKey { key, .. }| key.name == text || key.hint == text || key.id.to_string() == text);
    if found.is_empty() {
        bail!("user {} has no key `{text}`", user.name);
    }
    one_key(found, text)
}

/// The id of a user, where one is named.
pub(super) async fn opt_user_id(store: &Store, text: Option<&str>) -> anyhow::Result<Option<UserId>> {
    match text {
        Some(text) => Ok(Some(user(store, text).await?.user.id)),
        None => Ok(None),
    }
}

/// The id of a group, where one is named.
pub(super) async fn opt_group_id(store: &Store, text: Option<&str>) -> anyhow::Result<Option<GroupId>> {
    match text {
        Some(text) => Ok(Some(group(store, text).await?.id)),
        None => Ok(None),
    }
}

/// The id of a key, where one is named.
pub(super) async fn opt_key_id(store: &Store, text: Option<&str>) -> anyhow::Result<Option<KeyId>> {
    match text {
        Some(text) => Ok(Some(key(store, text).await?.key.id)),
        None => Ok(None),
    }
}

/// The ids of these groups.
pub(super) async fn group_ids(store: &Store, names: &[String]) -> anyhow::Result<Vec<GroupId>> {
    let mut ids = Vec::with_capacity(names.len());
    for name in names {
        ids.push(group(store, name).await?.id);
    }
    Ok(ids)
}

fn missing(kind: &str, text: &str) -> String {
    format!("there is no {kind} `{text}`")
}
