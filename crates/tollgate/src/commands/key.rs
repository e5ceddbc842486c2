//! `tollgate key`: what callers show.

use std::collections::HashMap;

use serde::Serialize;
use tollgate_base::{Clock, GroupId, Timestamp, UserId};
use tollgate_routing::KeyStatus;
use tollgate_store::{KeyFilter, KeyPatch, NewKey, Store, StoredKey};

use super::{find, text};
use crate::cli::{KeyArgs, KeyClear, KeyCommand, KeyFields};
use crate::clock::SystemClock;
use crate::output::{self, Printer, View};

/// Runs the command on the store.
pub(crate) async fn run(args: KeyArgs, store: &Store) -> anyhow::Result<()> {
    let json = args.format.json;
    let printer = Printer::new(json);
    match args.command {
        KeyCommand::Create { name, user, group, fields } => {
            create(store, json, name, &user, &group, fields).await
        }
        KeyCommand::List { user, group } => {
            let filter = KeyFilter {
                user: find::opt_user_id(store, user.as_deref()).await?,
                group: find::opt_group_id(store, group.as_deref()).await?,
            };
            list(store, printer, filter).await
        }
        KeyCommand::Show { key } => {
            let names = Names::read(store).await?;
            Ok(printer.one(&names.view(find::key(store, &key).await?, None))?)
        }
        KeyCommand::Update { key, name, group, fields, clear } => {
            let group_id = find::opt_group_id(store, group.as_deref()).await?;
            let patch = KeyPatch { name, group_id, ..patch(fields, &clear)? };
            update(store, printer, &key, "updated", patch).await
        }
        KeyCommand::Disable { key } => {
            set_status(store, printer, &key, "disabled", KeyStatus::Disabled).await
        }
        KeyCommand::Enable { key } => set_status(store, printer, &key, "enabled", KeyStatus::Enabled).await,
        KeyCommand::Revoke { key } => {
            let found = find::key(store, &key).await?;
            let key = store.revoke_key(found.key.id).await?;
            done(store, printer, "revoked", StoredKey { key, ..found }).await
        }
        KeyCommand::Remove { key } => {
            let found = find::key(store, &key).await?.key;
            store.remove_key(found.id).await?;
            Ok(printer.removed("key", &found.name)?)
        }
    }
}

async fn create(
    store: &Store,
    json: bool,
    name: String,
    user: &str,
    group: &str,
    fields: KeyFields,
) -> anyhow::Result<()> {
    let new = NewKey {
        user_id: find::user(store, user).await?.user.id,
        group_id: find::group(store, group).await?.id,
        name,
        expires_at: fields.expires.map_or(Ok(None), |expiry| expiry.resolve(SystemClock.now()))?,
        allowed_models: fields.models,
        allowed_addresses: fields.addresses,
    };
    let (key, secret) = store.create_key(new).await?;
    if json {
        let names = Names::read(store).await?;
        let stored = StoredKey { key, last_used_at: None };
        return Ok(output::json(&names.view(stored, Some(secret.expose().clone())))?);
    }
    output::line(&format!("created key {} ({}); it is shown only now:", key.name, key.id))?;
    Ok(output::line(secret.expose())?)
}

async fn list(store: &Store, printer: Printer, filter: KeyFilter) -> anyhow::Result<()> {
    let names = Names::read(store).await?;
    let keys = store.list_keys(filter).await?;
    let views: Vec<KeyView> = keys.into_iter().map(|stored| names.view(stored, None)).collect();
    Ok(printer.list(&views)?)
}

fn patch(fields: KeyFields, clear: &[KeyClear]) -> anyhow::Result<KeyPatch> {
    let models = !fields.models.is_empty() || clear.contains(&KeyClear::Models);
    let addresses = !fields.addresses.is_empty() || clear.contains(&KeyClear::Addresses);
    Ok(KeyPatch {
        expires_at: fields.expires.map(|expiry| expiry.resolve(SystemClock.now())).transpose()?,
        allowed_models: models.then_some(fields.models),
        allowed_addresses: addresses.then_some(fields.addresses),
        ..KeyPatch::default()
    })
}

async fn set_status(
    store: &Store,
    printer: Printer,
    key: &str,
    verb: &str,
    status: KeyStatus,
) -> anyhow::Result<()> {
    update(store, printer, key, verb, KeyPatch { status: Some(status), ..KeyPatch::default() }).await
}

async fn update(
    store: &Store,
    printer: Printer,
    key: &str,
    verb: &str,
    patch: KeyPatch,
) -> anyhow::Result<()> {
    let found = find::key(store, key).await?;
    let key = store.update_key(found.key.id, patch).await?;
    done(store, printer, verb, StoredKey { key, ..found }).await
}

async fn done(store: &Store, printer: Printer, verb: &str, stored: StoredKey) -> anyhow::Result<()> {
    let sentence = format!("{verb} key {} ({})", stored.key.name, stored.key.id);
    let names = Names::read(store).await?;
    Ok(printer.done(&sentence, &names.view(stored, None))?)
}

/// The names of users and groups, to show instead of ids.
struct Names {
    users: HashMap<UserId, String>,
    groups: HashMap<GroupId, String>,
}

impl Names {
    async fn read(store: &Store) -> anyhow::Result<Self> {
        let users =
            store.list_users().await?.into_iter().map(|stored| (stored.user.id, stored.user.name)).collect();
        let groups = store.list_groups().await?.into_iter().map(|group| (group.id, group.name)).collect();
        Ok(Self { users, groups })
    }

    fn view(&self, stored: StoredKey, secret: Option<String>) -> KeyView {
        let StoredKey { key, last_used_at } = stored;
        KeyView {
            id: key.id.to_string(),
            key: secret,
            name: key.name,
            hint: key.hint,
            status: key.status,
            user: self.users.get(&key.user_id).cloned().unwrap_or_default(),
            user_id: key.user_id.to_string(),
            group: self.groups.get(&key.group_id).cloned().unwrap_or_default(),
            group_id: key.group_id.to_string(),
            allowed_models: key.allowed_models.iter().map(ToString::to_string).collect(),
            allowed_addresses: key.allowed_addresses.iter().map(ToString::to_string).collect(),
            expires_at: key.expires_at,
            last_used_at,
            created_at: key.created_at,
        }
    }
}

/// A key as it is printed.
#[derive(Debug, Serialize)]
struct KeyView {
    id: String,
    /// The key itself, only where it was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    name: String,
    hint: String,
    status: KeyStatus,
    user: String,
    user_id: String,
    group: String,
    group_id: String,
    allowed_models: Vec<String>,
    allowed_addresses: Vec<String>,
    #[serde(serialize_with = "text::opt_time_json")]
    expires_at: Option<Timestamp>,
    #[serde(serialize_with = "text::opt_time_json")]
    last_used_at: Option<Timestamp>,
    #[serde(serialize_with = "text::time_json")]
    created_at: Timestamp,
}

impl View for KeyView {
    const COLUMNS: &'static [&'static str] = &["name", "key", "status", "user", "group", "expires", "id"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.hint.clone(),
            self.status.to_string(),
            self.user.clone(),
            self.group.clone(),
            text::opt_time(self.expires_at, "never"),
            self.id.clone(),
        ]
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        vec![
            ("id", self.id.clone()),
            ("name", self.name.clone()),
            ("key", self.hint.clone()),
            ("status", self.status.to_string()),
            ("user", format!("{} ({})", self.user, self.user_id)),
            ("group", format!("{} ({})", self.group, self.group_id)),
            ("models", text::list(&self.allowed_models, "any")),
            ("addresses", text::list(&self.allowed_addresses, "any")),
            ("expires", text::opt_time(self.expires_at, "never")),
            ("last used", text::opt_time(self.last_used_at, "never")),
            ("created", text::time(self.created_at)),
        ]
    }
}
