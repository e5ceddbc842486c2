//! The accounts of a group that serve a model, with all that a plan needs of them and no request can change.
//!
//! They are gathered once for a snapshot and model, see `memo`: mappings, allow-lists and what is known of the model are
//! looked at then, and a plan reads numbers that lie side by side.

use std::collections::HashMap;

use tollgate_base::Rate;
use tollgate_translate::traits::{ModelTraits, StructuredOutput};

use crate::account::Account;
use crate::capability::{Abilities, Ability};
use crate::catalog::{Catalog, group_name};
use crate::condition::AccountIndex;
use crate::draw::{Reciprocal, mix};
use crate::group::Group;
use crate::judge::PassedOver;
use crate::speak::{Habits, Protocols};
use crate::user::Status;

/// The accounts of a group that serve a model.
#[derive(Debug, PartialEq, Eq, Default)]
pub(crate) struct Candidates {
    /// By priority and then id.
    pub(crate) list: Vec<Candidate>,
    /// The names that the model has at them.
    pub(crate) names: Vec<Name>,
    /// Whether the group has any account in use.
    pub(crate) has_accounts: bool,
    /// What not every one of them can do.
    pub(crate) restricted: Abilities,
    /// Whether requests to any of them are shaped.
    pub(crate) is_shaped: bool,
}

/// A model's name at a provider, and what is known of it there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) habits: Habits,
    /// What the model cannot do.
    lacks: Abilities,
    context_window_tokens: Option<u64>,
    max_output_tokens: Option<u64>,
    /// The model of the catalog that it is priced as, by position.
    pub(crate) priced_as: Option<usize>,
}

/// One account that serves the model.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) at: AccountIndex,
    /// Which of the [names](Candidates::names) the model has there.
    pub(crate) name: u32,
    pub(crate) priority: i32,
    pub(crate) weight: u32,
    pub(crate) rate: Rate,
    pub(crate) spoken: Protocols,
    pub(crate) counts_tokens: bool,
    /// What the operator says that the account cannot do.
    pub(crate) cannot: Abilities,
    /// What the model cannot do.
    pub(crate) lacks: Abilities,
    /// The largest number where nobody knows.
    pub(crate) context_window_tokens: u64,
    /// The largest number where nobody knows.
    pub(crate) max_output_tokens: u64,
    /// One over its weight.
    pub(crate) share: Reciprocal,
    /// Tells it apart from others in a draw.
    pub(crate) salt: u64,
}

impl Candidates {
    /// The candidates of a group of this catalog for a model by the caller's name.
    pub(crate) fn of(catalog: &Catalog, group: &Group, model: &str) -> Self {
        let passed_on = group_name(group, model);
        let mut gathering = Gathering::new(catalog, model, &passed_on);
        gathering.candidates.is_shaped = !group.shaping.is_empty();
        for (at, account) in catalog.accounts_of(&group.id) {
            gathering.candidates.has_accounts = true;
            // Who does not serve the model has no part in any plan for it.
            let _passed_over = gathering.add(at, account);
        }
        gathering.candidates
    }

    #[inline]
    pub(crate) fn name_of(&self, candidate: &Candidate) -> &Name {
        &self.names[candidate.name as usize]
    }
}

/// Candidates as they come together.
pub(crate) struct Gathering<'c> {
    catalog: &'c Catalog,
    requested: &'c str,
    passed_on: &'c str,
    known: HashMap<String, u32>,
    pub(crate) candidates: Candidates,
}

impl<'c> Gathering<'c> {
    /// For a model by the caller's name, which the group passes on under another.
    pub(crate) fn new(catalog: &'c Catalog, requested: &'c str, passed_on: &'c str) -> Self {
        Self { catalog, requested, passed_on, known: HashMap::new(), candidates: Candidates::default() }
    }

    /// Takes an account among the candidates, unless it does not serve the model to anybody.
    pub(crate) fn add(&mut self, at: AccountIndex, account: &Account) -> Result<(), PassedOver> {
        if account.status != Status::Enabled {
            return Err(PassedOver::Disabled);
        }
        if account.base_urls.is_empty() {
            return Err(PassedOver::NoAddress);
        }
        let mapped = account.model_mapping.resolve(self.passed_on);
        let upstream_model = mapped.as_deref().unwrap_or(self.passed_on);
        if !account.serves(upstream_model) {
            return Err(PassedOver::ModelNotServed);
        }
        let position = self.name(upstream_model);
        let name = &self.candidates.names[position as usize];
        let own = &account.capabilities;
        let context_window = own.context_window_tokens.map(u64::from).or(name.context_window_tokens);
        let max_output = own.max_output_tokens.map(u64::from).or(name.max_output_tokens);
        let id = account.id.as_u128();
        let candidate = Candidate {
            at,
            name: position,
            priority: account.priority,
            weight: account.weight,
            rate: account.rate,
            spoken: Protocols::of(&account.base_urls),
            counts_tokens: own.count_tokens,
            cannot: own.cannot,
            lacks: name.lacks,
            context_window_tokens: context_window.unwrap_or(u64::MAX),
            max_output_tokens: max_output.unwrap_or(u64::MAX),
            share: Reciprocal::new(account.weight),
            salt: mix((id >> 64) as u64 ^ id as u64),
        };
        self.candidates.is_shaped |= !account.shaping.is_empty();
        self.candidates.restricted = self.candidates.restricted.or(own.cannot).or(name.lacks);
        self.candidates.list.push(candidate);
        Ok(())
    }

    fn name(&mut self, upstream_model: &str) -> u32 {
        if let Some(known) = self.known.get(upstream_model) {
            return *known;
        }
        let traits = self.catalog.traits_for(self.requested, upstream_model);
        // There are no more names than accounts, and those are counted with 32 bits.
        let position = u32::try_from(self.candidates.names.len()).unwrap_or(u32::MAX);
        self.candidates.names.push(Name {
            text: upstream_model.to_owned(),
            habits: Habits::of(upstream_model, &traits),
            lacks: lacking(&traits),
            context_window_tokens: traits.context_window_tokens,
            max_output_tokens: traits.max_output_tokens,
            priced_as: self.catalog.priced_as(self.requested, upstream_model),
        });
        self.known.insert(upstream_model.to_owned(), position);
        position
    }
}

/// What a model cannot do.
fn lacking(traits: &ModelTraits) -> Abilities {
    Abilities::NONE
        .with_if(Ability::Vision, !traits.vision)
        .with_if(Ability::Documents, !traits.pdf)
        .with_if(Ability::Thinking, !traits.thinks())
        .with_if(Ability::StructuredOutput, traits.structured_output < StructuredOutput::JsonSchema)
}
