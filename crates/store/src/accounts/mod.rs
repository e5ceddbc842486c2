//! Accounts: credentials at providers, sealed at rest.

mod rows;
mod upkeep;

use tollgate_base::{AccountId, GroupId, Rate, Secret};
use tollgate_protocol::Protocol;
use tollgate_routing::failover::FailoverRules;
use tollgate_routing::{
    Account, AuthScheme, BaseUrls, Capabilities, ModelMapping, Pattern, Platform, ProbeTerms, Shaping,
    Status, Upkeep, check_base_url,
};
use tollgate_translate::family::Family;

use crate::db::params;
use crate::error::{Result, StoreError};
use crate::groups::check_shaping;
use crate::name::{check_name, check_opt_name};
use crate::store::Store;
use rows::{COLUMNS, MEMBERSHIPS, from_rows};

pub(crate) use rows::{all_from_rows, list_sql, memberships_sql};

/// An account to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// The name, unique among accounts.
    pub name: String,
    /// Whose habits it follows.
    pub platform: Platform,
    /// The provider family; `None` is told from the addresses.
    pub family: Option<Family>,
    /// Where it is.
    pub base_urls: BaseUrls,
    /// The provider's key.
    pub credential: Secret<String>,
    /// How the key is sent.
    pub auth: AuthScheme,
    /// The models it serves; empty is any.
    pub models: Vec<Pattern>,
    /// Names as the group passes them on -> the provider's names.
    pub model_mapping: ModelMapping,
    /// What it can do.
    pub capabilities: Capabilities,
    /// Accounts with a lower number are tried first.
    pub priority: i32,
    /// Its share among accounts of the same priority.
    pub weight: u32,
    /// What its provider charges, as a part of the list price.
    pub rate: Rate,
    /// The proxy it is reached through.
    pub proxy: Option<Secret<String>>,
    /// The groups it serves.
    pub groups: Vec<GroupId>,
    /// What is done when it fails, before the gate's own table.
    pub failover: FailoverRules,
    /// Whether it is probed.
    pub probe: Option<ProbeTerms>,
    /// The provider's organization that it belongs to; `None`: one of its own.
    pub organization: Option<String>,
    /// How requests are changed on their way to it.
    pub shaping: Shaping,
}

impl NewAccount {
    /// An account as the platform's own API takes it: nothing mapped, any model, no proxy, priority 0, weight 1.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        platform: Platform,
        base_urls: BaseUrls,
        credential: Secret<String>,
    ) -> Self {
        Self {
            name: name.into(),
            platform,
            family: None,
            base_urls,
            credential,
            auth: AuthScheme::default_for(platform),
            models: Vec::new(),
            model_mapping: ModelMapping::default(),
            capabilities: Capabilities::default_for(platform),
            priority: 0,
            weight: 1,
            rate: Rate::ONE,
            proxy: None,
            groups: Vec::new(),
            failover: FailoverRules::default(),
            probe: None,
            organization: None,
            shaping: Shaping::default(),
        }
    }
}

/// What to change of an account; `None` leaves it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountPatch {
    /// Another name.
    pub name: Option<String>,
    /// Another platform.
    pub platform: Option<Platform>,
    /// Another provider family; `Some(None)` is told from the addresses.
    pub family: Option<Option<Family>>,
    /// Other addresses, as a whole.
    pub base_urls: Option<BaseUrls>,
    /// Another key of the provider.
    pub credential: Option<Secret<String>>,
    /// Another way to send it.
    pub auth: Option<AuthScheme>,
    /// Other models.
    pub models: Option<Vec<Pattern>>,
    /// Another mapping, as a whole.
    pub model_mapping: Option<ModelMapping>,
    /// Other capabilities.
    pub capabilities: Option<Capabilities>,
    /// Another priority.
    pub priority: Option<i32>,
    /// Another weight.
    pub weight: Option<u32>,
    /// Another part of the list price.
    pub rate: Option<Rate>,
    /// Whether it is in use.
    pub status: Option<Status>,
    /// Another proxy; `Some(None)` is none.
    pub proxy: Option<Option<Secret<String>>>,
    /// Other groups, as a whole.
    pub groups: Option<Vec<GroupId>>,
    /// Other rules of failover, as a whole.
    pub failover: Option<FailoverRules>,
    /// Another probe; `Some(None)` is none.
    pub probe: Option<Option<ProbeTerms>>,
    /// One more key beside the first.
    pub add_key: Option<Secret<String>>,
    /// The key beside the first to remove, by its hint or `#number`.
    pub remove_key: Option<String>,
    /// Another organization; `Some(None)` is one of its own.
    pub organization: Option<Option<String>>,
    /// Other shaping, as a whole.
    pub shaping: Option<Shaping>,
}

impl Store {
    /// Creates an account.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a bad name, base URL, credential or shaping, [`StoreError::NotFound`] for a group that is
    /// not there, [`StoreError::Conflict`] if the name is taken.
    pub async fn create_account(&self, new: NewAccount) -> Result<Account> {
        check_name("name", &new.name)?;
        check_base_urls(&new.base_urls)?;
        check_secret("credential", &new.credential)?;
        check_opt_name("organization", new.organization.as_ref())?;
        new.proxy.as_ref().map_or(Ok(()), |proxy| check_secret("proxy", proxy))?;
        upkeep::check_probe(new.probe.as_ref())?;
        check_shaping(&new.shaping)?;
        let mut account = Account {
            id: AccountId::generate(),
            name: new.name,
            platform: new.platform,
            family: new.family,
            base_urls: new.base_urls,
            credential: new.credential,
            auth: new.auth,
            models: new.models,
            model_mapping: new.model_mapping,
            capabilities: new.capabilities,
            priority: new.priority,
            weight: new.weight,
            rate: new.rate,
            status: Status::Enabled,
            proxy: new.proxy,
            groups: new.groups,
            created_at: self.now(),
            upkeep: Upkeep { failover: new.failover, probe: new.probe, ..Upkeep::default() },
            organization: new.organization,
            shaping: new.shaping,
        };
        account.groups.sort_unstable();
        account.groups.dedup();
        let mut tx = self.begin_change().await?;
        let outcome = rows::insert(&mut tx, self.master(), &account).await;
        tx.finish(outcome).await?;
        Ok(account)
    }

    /// The account with this id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer, [`StoreError::Sealed`] if the credential was
    /// changed behind the store's back.
    pub async fn get_account(&self, id: AccountId) -> Result<Option<Account>> {
        let account = format!("SELECT {COLUMNS} FROM accounts WHERE id = $1");
        let groups = format!("{MEMBERSHIPS} WHERE account_id = $1 ORDER BY group_id");
        self.one_account(account, groups, || params![id]).await
    }

    /// The account with this name.
    ///
    /// # Errors
    /// As [`get_account`](Self::get_account).
    pub async fn find_account_by_name(&self, name: &str) -> Result<Option<Account>> {
        let account = format!("SELECT {COLUMNS} FROM accounts WHERE name = $1");
        let groups = format!(
            "{MEMBERSHIPS} WHERE account_id = (SELECT id FROM accounts WHERE name = $1) ORDER BY group_id"
        );
        self.one_account(account, groups, || params![name]).await
    }

    async fn one_account(
        &self,
        account: String,
        groups: String,
        params: impl Fn() -> crate::db::Params,
    ) -> Result<Option<Account>> {
        let queries = vec![(account.into(), params()), (groups.into(), params())];
        let answers = self.db().query_all(queries).await?;
        Ok(from_rows(self.master(), answers)?.pop())
    }

    /// All accounts by name.
    ///
    /// # Errors
    /// As [`get_account`](Self::get_account).
    pub async fn list_accounts(&self) -> Result<Vec<Account>> {
        let queries = vec![(list_sql(), params![]), (memberships_sql(), params![])];
        from_rows(self.master(), self.db().query_all(queries).await?)
    }

    /// Changes an account; the account after it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Invalid`], [`StoreError::Conflict`] if the name is taken.
    pub async fn update_account(&self, id: AccountId, patch: AccountPatch) -> Result<Account> {
        check_opt_name("name", patch.name.as_ref())?;
        patch.base_urls.as_ref().map_or(Ok(()), check_base_urls)?;
        patch.credential.as_ref().map_or(Ok(()), |secret| check_secret("credential", secret))?;
        patch.proxy.as_ref().and_then(Option::as_ref).map_or(Ok(()), |proxy| check_secret("proxy", proxy))?;
        upkeep::check(&patch)?;
        check_opt_name("organization", patch.organization.as_ref().and_then(Option::as_ref))?;
        patch.shaping.as_ref().map_or(Ok(()), check_shaping)?;
        let mut tx = self.begin_change().await?;
        let outcome = rows::update(&mut tx, self.master(), id, patch).await;
        tx.finish(outcome).await
    }

    /// Removes an account with its credential. Usage records keep its id; responses it made can no longer be asked
    /// for.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn remove_account(&self, id: AccountId) -> Result<()> {
        let mut tx = self.begin_change().await?;
        let outcome = rows::remove(&mut tx, id).await;
        tx.finish(outcome).await
    }
}

fn check_base_urls(urls: &BaseUrls) -> Result<()> {
    if urls.is_empty() {
        return Err(StoreError::invalid("base_urls", "name at least one base URL"));
    }
    for url in Protocol::ALL.into_iter().filter_map(|protocol| urls.get(protocol)) {
        check_base_url(url).map_err(|error| StoreError::invalid("base_urls", error.to_string()))?;
    }
    Ok(())
}

/// A secret goes into a header or a URL, where control characters and spaces cannot stand.
fn check_secret(field: &'static str, secret: &Secret<String>) -> Result<()> {
    let text = secret.expose();
    if text.is_empty() || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(StoreError::invalid(field, "must not be empty or hold spaces or control characters"));
    }
    Ok(())
}
