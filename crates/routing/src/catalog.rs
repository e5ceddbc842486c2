//! Everything the data plane reads, as one immutable snapshot with indexes.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tollgate_base::{AccountId, GroupId, Timestamp};
use tollgate_protocol::Protocol;
use tollgate_translate::traits::ModelTraits;

use crate::account::Account;
use crate::candidates::Candidates;
use crate::capability::Abilities;
use crate::condition::AccountIndex;
use crate::group::Group;
use crate::key::ApiKey;
use crate::limit::{Limit, LimitIndex};
use crate::memo::Memo;
use crate::model::Model;
use crate::pattern::{Pattern, admits};
use crate::price::PriceVersion;
use crate::user::Status;

/// What the store hands over to make a [`Catalog`] from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CatalogData {
    /// All groups.
    pub groups: Vec<Group>,
    /// All accounts.
    pub accounts: Vec<Account>,
    /// All models.
    pub models: Vec<Model>,
    /// The limits of groups, accounts and models.
    pub limits: Vec<Limit>,
    /// The configuration's version that this is.
    pub version: i64,
}

/// One version of the configuration. Look-ups are by index: none walks a list it need not.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    groups: HashMap<GroupId, GroupEntry>,
    accounts: Vec<Account>,
    account_index: HashMap<AccountId, usize>,
    models: Vec<Model>,
    exact_models: HashMap<String, usize>,
    /// Models whose name is a pattern, most specific first.
    wildcard_models: Vec<(Pattern, usize)>,
    limits: LimitIndex,
    version: i64,
    memo: Memo,
}

#[derive(Debug, Clone)]
struct GroupEntry {
    group: Group,
    /// Its enabled accounts, by priority and then id, as positions.
    accounts: Vec<usize>,
}

/// A model as a caller may ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedModel<'a> {
    /// The name to ask for. It differs from the model's own where a mapping or a pattern lies between.
    pub name: &'a str,
    /// The model that it is priced as.
    pub model: &'a Model,
}

impl Catalog {
    /// Indexes the data. A second group, account or model with the same id or name is left out (the store has none).
    #[must_use]
    pub fn new(data: CatalogData) -> Self {
        let CatalogData { groups, accounts, models, limits, version } = data;
        let mut account_index = HashMap::with_capacity(accounts.len());
        for (at, account) in accounts.iter().enumerate() {
            account_index.entry(account.id).or_insert(at);
        }
        let mut by_group = enabled_by_group(&accounts, &account_index);
        let mut entries = HashMap::with_capacity(groups.len());
        for group in groups {
            let accounts = by_group.remove(&group.id).unwrap_or_default();
            entries.entry(group.id).or_insert(GroupEntry { group, accounts });
        }
        let (exact_models, wildcard_models) = index_models(&models);
        let limits = LimitIndex::new(limits);
        Self {
            groups: entries,
            accounts,
            account_index,
            models,
            exact_models,
            wildcard_models,
            limits,
            version,
            memo: Memo::new(),
        }
    }

    /// The configuration's version that this is.
    #[must_use]
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// The group with this id.
    #[must_use]
    pub fn group(&self, id: &GroupId) -> Option<&Group> {
        self.groups.get(id).map(|entry| &entry.group)
    }

    /// The group whose accounts serve a model that a key of `group` asks for: where its routes lead, or itself. `None`
    /// where they lead to a group that is gone or disabled.
    #[must_use]
    pub fn serving_group<'a>(&'a self, group: &'a Group, model: &str) -> Option<&'a Group> {
        match group.routes.target(model) {
            None => Some(group),
            Some(target) => self.group(&target).filter(|target| target.status == Status::Enabled),
        }
    }

    /// The account with this id, enabled or not.
    #[must_use]
    pub fn account(&self, id: &AccountId) -> Option<&Account> {
        self.account_index.get(id).map(|at| &self.accounts[*at])
    }

    /// All accounts, enabled or not.
    #[must_use]
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// All models, those with patterns for names included.
    #[must_use]
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// Where the account with this id stands among [all](Self::accounts).
    #[must_use]
    pub fn index_of(&self, id: &AccountId) -> Option<AccountIndex> {
        self.account_index.get(id).copied().map(index)
    }

    /// A group's enabled accounts, by priority and then id, and where they stand among [all](Self::accounts).
    pub fn accounts_of(&self, group: &GroupId) -> impl ExactSizeIterator<Item = (AccountIndex, &Account)> {
        let positions = self.groups.get(group).map_or(&[][..], |entry| &entry.accounts);
        positions.iter().map(|at| (index(*at), &self.accounts[*at]))
    }

    /// The model whose price applies to a request.
    ///
    /// First by the name the caller asked for: the model of exactly that name, else the most specific pattern that
    /// matches it. Only if neither exists, by the upstream's name in the same way. So an alias is charged as the model
    /// it leads to unless it, or a pattern over it, has a price of its own. `None` means unpriced: refuse.
    #[must_use]
    pub fn price_for(&self, requested: &str, upstream: &str) -> Option<&Model> {
        self.priced_as(requested, upstream).map(|at| &self.models[at])
    }

    /// The same as a position among [`models`](Self::models).
    pub(crate) fn priced_as(&self, requested: &str, upstream: &str) -> Option<usize> {
        let by_requested = self.position_for(requested);
        if by_requested.is_some() || requested == upstream {
            by_requested
        } else {
            self.position_for(upstream)
        }
    }

    /// The price of a request that came in at a time and is answered by this account in this protocol; see
    /// [`price_for`](Self::price_for) for the model. `None` means unpriced, also where the price is yet to come.
    #[must_use]
    pub fn price_at(
        &self,
        requested: &str,
        upstream: &str,
        account: &Account,
        protocol: Protocol,
        at: Timestamp,
    ) -> Option<&PriceVersion> {
        self.price_for(requested, upstream)?.prices.for_account(account, protocol, at)
    }

    /// What the model with the provider's name `upstream` takes when asked for as `requested`.
    ///
    /// What its provider's name tells, and over that what the operator says of the model that
    /// [prices](Self::price_for) the request.
    #[must_use]
    pub fn traits_for(&self, requested: &str, upstream: &str) -> ModelTraits {
        let table = ModelTraits::of(upstream);
        let Some(model) = self.price_for(requested, upstream) else { return table };
        let known = ModelTraits {
            context_window_tokens: model.context_window_tokens.or(table.context_window_tokens),
            max_output_tokens: model.max_output_tokens.or(table.max_output_tokens),
            ..table
        };
        known.patched(model.traits.as_ref())
    }

    /// The limits of groups, accounts and models.
    #[must_use]
    pub const fn limits(&self) -> &LimitIndex {
        &self.limits
    }

    /// The model whose limit applies to a request: the one [priced](Self::price_for) by the name the caller asked for,
    /// else by the name that the group passes on. It is known before an account is chosen, so that no account has to
    /// be asked for a request that is refused.
    #[must_use]
    pub fn limited_model(&self, group: &Group, requested: &str) -> Option<&Model> {
        let passed_on = || Some(group_name(self.serving_group(group, requested)?, requested));
        self.model_for(requested).or_else(|| self.model_for(&passed_on()?))
    }

    /// The models that a key may ask for at this time, sorted by name.
    ///
    /// A name is listed if it is exact (a model's own, a route's, or on the left of the group's mapping or of that of
    /// a group that its routes lead to), the key's allow-list admits it, an enabled account of the group that serves it
    /// there speaks any protocol, and it has a price.
    #[must_use]
    pub fn models_for<'a>(&'a self, key: &ApiKey, at: Timestamp) -> Vec<ListedModel<'a>> {
        let Some(entry) = self.groups.get(&key.group_id) else {
            return Vec::new();
        };
        let own = self.exact_models.keys().map(String::as_str);
        let routes = &entry.group.routes;
        let targets = routes.iter().filter_map(|(_, target)| self.group(&target));
        let names = own
            .chain(entry.group.model_mapping.exact_names())
            .chain(routes.exact_names())
            .chain(targets.flat_map(|target| target.model_mapping.exact_names()));
        let mut listed = BTreeMap::new();
        for name in names.filter(|name| admits(&key.allowed_models, name)) {
            if let Some(model) = self.priced(entry, name, at) {
                listed.insert(name, model);
            }
        }
        listed.into_iter().map(|(name, model)| ListedModel { name, model }).collect()
    }

    /// The model of that name, if the key may ask for it at this time; also names that only a pattern gives a price.
    #[must_use]
    pub fn model_for_key<'a>(
        &'a self,
        key: &ApiKey,
        name: &'a str,
        at: Timestamp,
    ) -> Option<ListedModel<'a>> {
        let entry = self.groups.get(&key.group_id)?;
        if !admits(&key.allowed_models, name) {
            return None;
        }
        self.priced(entry, name, at).map(|model| ListedModel { name, model })
    }

    /// The model that `name` is priced as at the first account that serves it to the group's keys.
    fn priced(&self, entry: &GroupEntry, name: &str, at: Timestamp) -> Option<&Model> {
        let entry = self.groups.get(&self.serving_group(&entry.group, name)?.id)?;
        let passed_on = group_name(&entry.group, name);
        entry.accounts.iter().map(|at| &self.accounts[*at]).filter(|account| account.is_usable()).find_map(
            |account| {
                let upstream = account.model_mapping.resolve(&passed_on).unwrap_or(Cow::Borrowed(&passed_on));
                if !account.serves(&upstream) {
                    return None;
                }
                let model = self.price_for(name, &upstream)?;
                let spoken = |protocol: &Protocol| account.base_urls.get(*protocol).is_some();
                let mut spoken = Protocol::ALL.into_iter().filter(spoken);
                spoken
                    .any(|protocol| model.prices.for_account(account, protocol, at).is_some())
                    .then_some(model)
            },
        )
    }

    fn model_for(&self, name: &str) -> Option<&Model> {
        self.position_for(name).map(|at| &self.models[at])
    }

    fn position_for(&self, name: &str) -> Option<usize> {
        if let Some(at) = self.exact_models.get(name) {
            return Some(*at);
        }
        self.wildcard_models.iter().find(|(pattern, _)| pattern.matches(name)).map(|(_, at)| *at)
    }

    /// The accounts of a group that serve a model by the caller's name; gathered once.
    pub(crate) fn candidates(&self, group: &Group, model: &str) -> Arc<Candidates> {
        self.memo.get(group.id, model, || Candidates::of(self, group, model))
    }

    /// What not every account of a group that serves the model can do: only that has to be looked for in a request.
    #[must_use]
    pub fn restricted(&self, group: &Group, model: &str) -> Abilities {
        self.candidates(group, model).restricted
    }
}

/// No catalog in memory has more accounts than 32 bits count.
fn index(position: usize) -> AccountIndex {
    AccountIndex(u32::try_from(position).unwrap_or(u32::MAX))
}

/// The name that a group passes a model on under.
pub(crate) fn group_name<'n>(group: &'n Group, model: &'n str) -> Cow<'n, str> {
    group.model_mapping.resolve(model).unwrap_or(Cow::Borrowed(model))
}

fn enabled_by_group(accounts: &[Account], index: &HashMap<AccountId, usize>) -> HashMap<GroupId, Vec<usize>> {
    let mut order: Vec<usize> = index.values().copied().collect();
    order.retain(|at| accounts[*at].status == Status::Enabled);
    order.sort_unstable_by_key(|at| (accounts[*at].priority, accounts[*at].id));
    let mut by_group: HashMap<GroupId, Vec<usize>> = HashMap::new();
    for at in order {
        for group in &accounts[at].groups {
            let members = by_group.entry(*group).or_default();
            // A group named twice by an account is one after the other here.
            if members.last() != Some(&at) {
                members.push(at);
            }
        }
    }
    by_group
}

fn index_models(models: &[Model]) -> (HashMap<String, usize>, Vec<(Pattern, usize)>) {
    let mut exact = HashMap::with_capacity(models.len());
    let mut wildcard = Vec::new();
    for (at, model) in models.iter().enumerate() {
        match model.pattern() {
            Ok(pattern) if pattern.is_exact() => {
                exact.entry(model.name.clone()).or_insert(at);
            }
            Ok(pattern) => wildcard.push((pattern, at)),
            // Its name cannot be asked for, so there is nothing to find it by.
            Err(_) => {}
        }
    }
    wildcard.sort();
    wildcard.dedup_by(|later, first| later.0 == first.0);
    (exact, wildcard)
}

#[cfg(test)]
mod tests;
