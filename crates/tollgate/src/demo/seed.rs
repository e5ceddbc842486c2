//! What the demo puts into the store, once, and keeps right on every start.

use std::collections::HashSet;

use tollgate_base::{GroupId, Money, Rate, Secret, UserId};
use tollgate_routing::{
    Account, Capabilities, KeyStatus, ModelMapping, Pattern, Platform, RoutingError, Status,
};
use tollgate_store::{AccountPatch, KeyFilter, NewAccount, NewGroup, NewKey, NewUser, Store};

use super::env_file::DemoKeys;
use super::prices;
use super::providers::{Provider, all_names};

const USER: &str = "demo";
const BALANCE: Money = Money::from_nanos(100_000_000_000);

/// The keys to show.
#[derive(Debug)]
pub(super) struct ReadyKeys {
    /// In the group `anthropic`.
    pub(super) anthropic: Secret<String>,
    /// In the group `openai`.
    pub(super) openai: Secret<String>,
}

/// Creates what is missing, points the accounts at `providers`, and makes sure that both keys are known.
///
/// What is there already is left as it is (balances, prices, rates), so an operator's changes outlive a restart.
pub(super) async fn prepare(
    store: &Store,
    providers: &[Provider],
    known: DemoKeys,
) -> anyhow::Result<ReadyKeys> {
    let user = user(store).await?;
    let anthropic = group(store, Platform::Anthropic).await?;
    let openai = group(store, Platform::Openai).await?;
    models(store).await?;
    accounts(store, providers, anthropic, openai).await?;
    Ok(ReadyKeys {
        anthropic: key(store, user, anthropic, "demo-anthropic", known.anthropic).await?,
        openai: key(store, user, openai, "demo-openai", known.openai).await?,
    })
}

async fn user(store: &Store) -> anyhow::Result<UserId> {
    if let Some(found) = store.find_user_by_name(USER).await? {
        return Ok(found.user.id);
    }
    let new = NewUser { name: USER.to_owned(), rate: Rate::ONE, balance: BALANCE, author: None };
    Ok(store.create_user(new).await?.user.id)
}

/// The group that has its platform's name.
async fn group(store: &Store, platform: Platform) -> anyhow::Result<GroupId> {
    if let Some(found) = store.find_group_by_name(platform.as_str()).await? {
        return Ok(found.id);
    }
    Ok(store.create_group(NewGroup::new(platform.as_str(), platform)).await?.id)
}

async fn models(store: &Store) -> anyhow::Result<()> {
    let present: HashSet<String> = store.list_models().await?.into_iter().map(|model| model.name).collect();
    for model in prices::models()?.into_iter().filter(|model| !present.contains(&model.name)) {
        store.create_model(model).await?;
    }
    Ok(())
}

/// Creates or updates the providers' accounts, and switches off those of the demo's other mode.
async fn accounts(
    store: &Store,
    providers: &[Provider],
    anthropic: GroupId,
    openai: GroupId,
) -> anyhow::Result<()> {
    let present = store.list_accounts().await?;
    for provider in providers {
        match present.iter().find(|account| account.name == provider.name) {
            Some(account) => refresh(store, account, provider).await?,
            None => {
                let group = match provider.platform {
                    Platform::Anthropic => anthropic,
                    Platform::Openai => openai,
                };
                store.create_account(new_account(provider, group)?).await?;
            }
        }
    }
    let used: HashSet<&str> = providers.iter().map(|provider| provider.name).collect();
    let ours: HashSet<&str> = all_names().filter(|name| !used.contains(name)).collect();
    for account in present.iter().filter(|account| ours.contains(account.name.as_str())) {
        if account.status == Status::Enabled {
            let patch = AccountPatch { status: Some(Status::Disabled), ..AccountPatch::default() };
            store.update_account(account.id, patch).await?;
        }
    }
    Ok(())
}

/// The sandbox has another port and a provider perhaps another key on each start; the rest is the operator's.
async fn refresh(store: &Store, account: &Account, provider: &Provider) -> anyhow::Result<()> {
    let is_sandbox = provider.variable.is_none();
    let patch = AccountPatch {
        base_urls: is_sandbox.then(|| provider.base_urls.clone()),
        credential: (account.credential != provider.credential).then(|| provider.credential.clone()),
        status: Some(Status::Enabled),
        ..AccountPatch::default()
    };
    store.update_account(account.id, patch).await?;
    Ok(())
}

fn new_account(provider: &Provider, group: GroupId) -> Result<NewAccount, RoutingError> {
    let models: Result<Vec<Pattern>, RoutingError> =
        provider.models.iter().map(|model| model.parse()).collect();
    let mapping: Result<Vec<(Pattern, String)>, RoutingError> =
        provider.mapping.iter().map(|(from, to)| Ok((from.parse()?, (*to).to_owned()))).collect();
    Ok(NewAccount {
        auth: provider.auth,
        models: models?,
        model_mapping: ModelMapping::new(mapping?)?,
        capabilities: Capabilities { count_tokens: provider.count_tokens, ..Capabilities::default() },
        groups: vec![group],
        ..NewAccount::new(
            provider.name,
            provider.platform,
            provider.base_urls.clone(),
            provider.credential.clone(),
        )
    })
}

/// The key called `name`: the known one if it still works, or else a new one in place of the old.
async fn key(
    store: &Store,
    user: UserId,
    group: GroupId,
    name: &str,
    known: Option<Secret<String>>,
) -> anyhow::Result<Secret<String>> {
    if let Some(known) = known
        && works(store, user, group, &known).await?
    {
        return Ok(known);
    }
    let filter = KeyFilter { user: Some(user), group: Some(group) };
    for stored in store.list_keys(filter).await? {
        if stored.key.name == name && stored.key.status != KeyStatus::Revoked {
            store.revoke_key(stored.key.id).await?;
        }
    }
    Ok(store.create_key(NewKey::new(user, group, name)).await?.1)
}

async fn works(store: &Store, user: UserId, group: GroupId, key: &Secret<String>) -> anyhow::Result<bool> {
    let record = store.authenticate(key.expose()).await?;
    Ok(record.is_some_and(|record| {
        record.key.user_id == user && record.key.group_id == group && record.key.status != KeyStatus::Revoked
    }))
}
