//! `tollgate account`: credentials at providers.

mod credential;
mod view;

use std::num::NonZeroU64;

use anyhow::Context;
use tollgate_base::Secret;
use tollgate_routing::failover::FailoverRules;
use tollgate_routing::{
    Abilities, Ability, Account, BaseUrls, Capabilities, ModelMapping, Platform, ProbeTerms, Shaping, Status,
};
use tollgate_store::{AccountPatch, NewAccount, Store};

use self::view::{AccountView, GroupNames};
use super::{find, shaping};
use crate::cli::{AccountArgs, AccountClear, AccountCommand, AccountFields, BaseUrlFields, CredentialFields};
use crate::output::Printer;

/// Runs the command on the store.
pub(crate) async fn run(args: AccountArgs, store: &Store) -> anyhow::Result<()> {
    let printer = Printer::new(args.format.json);
    match args.command {
        AccountCommand::Create { name, platform, urls, credential, fields } => {
            let new = new_account(store, name, platform, urls, &credential, fields).await?;
            done(store, printer, "created", store.create_account(new).await?).await
        }
        AccountCommand::List => {
            let names = GroupNames::read(store).await?;
            let accounts = store.list_accounts().await?;
            let views: Vec<AccountView> = accounts.into_iter().map(|account| names.view(account)).collect();
            Ok(printer.list(&views)?)
        }
        AccountCommand::Show { account } => {
            let names = GroupNames::read(store).await?;
            Ok(printer.one(&names.view(find::account(store, &account).await?))?)
        }
        AccountCommand::Update { account, name, urls, credential, fields, keys, clear } => {
            let old = find::account(store, &account).await?;
            let patch = patch(store, &old, name, urls, &credential, fields, &clear).await?;
            let add_key = credential::read_further(&keys)?;
            let patch = AccountPatch { add_key, remove_key: keys.remove_credential, ..patch };
            done(store, printer, "updated", store.update_account(old.id, patch).await?).await
        }
        AccountCommand::Disable { account } => {
            set_status(store, printer, &account, "disabled", Status::Disabled).await
        }
        AccountCommand::Enable { account } => {
            set_status(store, printer, &account, "enabled", Status::Enabled).await
        }
        AccountCommand::Remove { account } => {
            let found = find::account(store, &account).await?;
            store.remove_account(found.id).await?;
            Ok(printer.removed("account", &found.name)?)
        }
        AccountCommand::ClearAttention { account } => {
            let id = find::account(store, &account).await?.id;
            done(store, printer, "cleared", store.clear_attention(id).await?).await
        }
    }
}

async fn new_account(
    store: &Store,
    name: String,
    platform: Platform,
    urls: BaseUrlFields,
    credential: &CredentialFields,
    fields: AccountFields,
) -> anyhow::Result<NewAccount> {
    let base_urls = changed_urls(BaseUrls::default(), urls, platform, &[]);
    anyhow::ensure!(!base_urls.is_empty(), "--base-url is needed: where the provider is");
    let credential = credential::read(credential)?
        .context("a credential is needed: --credential-env, --credential-file or --credential-stdin")?;
    let defaults = NewAccount::new(name, platform, base_urls, credential);
    let probe = probe(&fields);
    let capabilities = capabilities(defaults.capabilities, &fields, &[]);
    Ok(NewAccount {
        family: fields.family.and_then(|word| word.0),
        auth: fields.auth.unwrap_or(defaults.auth),
        models: fields.models,
        model_mapping: ModelMapping::new(fields.mapping)?,
        capabilities,
        priority: fields.priority.unwrap_or(defaults.priority),
        weight: fields.weight.unwrap_or(defaults.weight),
        rate: fields.rate.unwrap_or(defaults.rate),
        proxy: fields.proxy.map(Secret::new),
        groups: find::group_ids(store, &fields.groups).await?,
        organization: fields.organization,
        failover: FailoverRules::new(fields.failover)?,
        probe,
        shaping: shaping::read(fields.shaping.as_deref())?.unwrap_or_default(),
        ..defaults
    })
}

async fn patch(
    store: &Store,
    old: &Account,
    name: Option<String>,
    urls: BaseUrlFields,
    credential: &CredentialFields,
    fields: AccountFields,
    clear: &[AccountClear],
) -> anyhow::Result<AccountPatch> {
    let replaced = |given: bool, what: AccountClear| given || clear.contains(&what);
    let base_urls = changed_urls(old.base_urls.clone(), urls, old.platform, clear);
    let groups = find::group_ids(store, &fields.groups).await?;
    let capabilities = capabilities(old.capabilities, &fields, clear);
    let (models, mapping) = (!fields.models.is_empty(), !fields.mapping.is_empty());
    let proxy = replaced(fields.proxy.is_some(), AccountClear::Proxy);
    let failover = replaced(!fields.failover.is_empty(), AccountClear::Failover);
    let probe = probe(&fields);
    Ok(AccountPatch {
        name,
        base_urls: (base_urls != old.base_urls).then_some(base_urls),
        credential: credential::read(credential)?,
        family: fields.family.map(|word| word.0),
        auth: fields.auth,
        models: replaced(models, AccountClear::Models).then_some(fields.models),
        model_mapping: replaced(mapping, AccountClear::Map)
            .then(|| ModelMapping::new(fields.mapping))
            .transpose()?,
        capabilities: (capabilities != old.capabilities).then_some(capabilities),
        priority: fields.priority,
        weight: fields.weight,
        rate: fields.rate,
        proxy: proxy.then(|| fields.proxy.map(Secret::new)),
        groups: replaced(!groups.is_empty(), AccountClear::Groups).then_some(groups),
        organization: replaced(fields.organization.is_some(), AccountClear::Organization)
            .then_some(fields.organization),
        failover: failover.then(|| FailoverRules::new(fields.failover)).transpose()?,
        probe: replaced(probe.is_some(), AccountClear::Probe).then_some(probe),
        shaping: shaping::read(fields.shaping.as_deref())?
            .or_else(|| clear.contains(&AccountClear::Shaping).then(Shaping::default)),
        ..AccountPatch::default()
    })
}

fn probe(fields: &AccountFields) -> Option<ProbeTerms> {
    let (every_s, model) = fields.probe_every.zip(fields.probe_model.clone())?;
    Some(ProbeTerms { every_s, model, always: fields.probe_always })
}

/// The capabilities after the flags.
fn capabilities(old: Capabilities, fields: &AccountFields, clear: &[AccountClear]) -> Capabilities {
    let kept = |value: Option<NonZeroU64>, what: AccountClear| value.filter(|_| !clear.contains(&what));
    let cannot = match fields.cannot.as_slice() {
        [] if clear.contains(&AccountClear::Cannot) => Abilities::NONE,
        [] => old.cannot,
        given => given.iter().copied().map(Ability::from).collect(),
    };
    Capabilities {
        count_tokens: fields.count_tokens.unwrap_or(old.count_tokens),
        cannot,
        context_window_tokens: fields
            .context_window
            .or_else(|| kept(old.context_window_tokens, AccountClear::ContextWindow)),
        max_output_tokens: fields.max_output.or_else(|| kept(old.max_output_tokens, AccountClear::MaxOutput)),
    }
}

/// The base URLs after the flags: the one for all protocols of the platform first, then each protocol's own.
fn changed_urls(old: BaseUrls, urls: BaseUrlFields, platform: Platform, clear: &[AccountClear]) -> BaseUrls {
    let kept = |url: Option<String>, what: AccountClear| url.filter(|_| !clear.contains(&what));
    let for_all = |speaks: bool| urls.base_url.clone().filter(|_| speaks);
    let (anthropic, openai) = (platform == Platform::Anthropic, platform == Platform::Openai);
    BaseUrls {
        messages: urls
            .base_url_messages
            .or_else(|| for_all(anthropic))
            .or_else(|| kept(old.messages, AccountClear::BaseUrlMessages)),
        chat: urls
            .base_url_chat
            .or_else(|| for_all(openai))
            .or_else(|| kept(old.chat, AccountClear::BaseUrlChat)),
        responses: urls
            .base_url_responses
            .or_else(|| for_all(openai))
            .or_else(|| kept(old.responses, AccountClear::BaseUrlResponses)),
    }
}

async fn set_status(
    store: &Store,
    printer: Printer,
    account: &str,
    verb: &str,
    status: Status,
) -> anyhow::Result<()> {
    let id = find::account(store, account).await?.id;
    let patch = AccountPatch { status: Some(status), ..AccountPatch::default() };
    done(store, printer, verb, store.update_account(id, patch).await?).await
}

async fn done(store: &Store, printer: Printer, verb: &str, account: Account) -> anyhow::Result<()> {
    let sentence = format!("{verb} account {} ({})", account.name, account.id);
    let names = GroupNames::read(store).await?;
    Ok(printer.done(&sentence, &names.view(account))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(all: Option<&str>, chat: Option<&str>) -> BaseUrlFields {
        BaseUrlFields {
            base_url: all.map(str::to_owned),
            base_url_messages: None,
            base_url_chat: chat.map(str::to_owned),
            base_url_responses: None,
        }
    }

    #[test]
    fn one_url_serves_every_protocol_of_the_platform() {
        let urls = changed_urls(BaseUrls::default(), fields(Some("a"), Some("c")), Platform::Openai, &[]);
        assert_eq!(urls, BaseUrls { messages: None, chat: Some("c".into()), responses: Some("a".into()) });
        let urls = changed_urls(BaseUrls::default(), fields(Some("a"), None), Platform::Anthropic, &[]);
        assert_eq!(urls, BaseUrls { messages: Some("a".into()), ..BaseUrls::default() });
    }

    #[test]
    fn urls_are_kept_unless_changed_or_cleared() {
        let old =
            BaseUrls { messages: Some("m".into()), chat: Some("c".into()), responses: Some("r".into()) };
        let urls =
            changed_urls(old, fields(None, Some("new")), Platform::Openai, &[AccountClear::BaseUrlResponses]);
        assert_eq!(urls, BaseUrls { messages: Some("m".into()), chat: Some("new".into()), responses: None });
    }
}
