//! `tollgate model`: models and prices.

mod import;
mod price;
mod traits;

use serde::Serialize;
use tollgate_base::Timestamp;
use tollgate_pricing::{HourlyRates, ModelPrice};
use tollgate_routing::{Model, PriceVersion};
use tollgate_store::{ModelPatch, NewModel, NewPrice, Store};
use tollgate_translate::traits::{ModelTraits, TraitsPatch};

use super::{find, now, text};
use crate::cli::{ModelArgs, ModelCommand, ModelFields};
use crate::output::{Printer, View};

/// Runs the command on the store.
pub(crate) async fn run(args: ModelArgs, store: &Store) -> anyhow::Result<()> {
    let printer = Printer::new(args.format.json);
    match args.command {
        ModelCommand::Create { name, fields } => {
            done(printer, "created", store.create_model(new_model(name, fields)?).await?)
        }
        ModelCommand::List => {
            let models: Vec<ModelView> =
                store.list_models().await?.into_iter().map(ModelView::from).collect();
            Ok(printer.list(&models)?)
        }
        ModelCommand::Show { model } => Ok(printer.one(&ModelView::from(find::model(store, &model).await?))?),
        ModelCommand::Update { model, fields, no_traits, place, clear, clear_coming } => {
            let old = find::model(store, &model).await?;
            if clear_coming {
                store.clear_coming_prices(&model).await?;
            }
            let price = if clear {
                price::clear(store, &model, &place).await?;
                None
            } else {
                price::changed(store, &old, &fields.price, &place).await?
            };
            let patch = patch(price, fields, no_traits)?;
            done(printer, "updated", store.update_model(&model, patch).await?)
        }
        ModelCommand::Prices { model } => price::list(store, printer, &model).await,
        ModelCommand::ImportPrices(which) => import::run(which, args.format.json, store).await,
        ModelCommand::Remove { model } => {
            find::model(store, &model).await?;
            store.remove_model(&model).await?;
            Ok(printer.removed("model", &model)?)
        }
    }
}

fn new_model(name: String, fields: ModelFields) -> anyhow::Result<NewModel> {
    Ok(NewModel {
        price: price::first(&fields.price, None)?,
        name,
        display_name: fields.display_name,
        owned_by: fields.owned_by,
        context_window_tokens: fields.context_window,
        max_output_tokens: fields.max_output,
        traits: fields.traits.as_deref().map(traits::read).transpose()?,
    })
}

fn patch(price: Option<NewPrice>, fields: ModelFields, no_traits: bool) -> anyhow::Result<ModelPatch> {
    let traits = fields.traits.as_deref().map(traits::read).transpose()?;
    Ok(ModelPatch {
        price,
        display_name: fields.display_name.map(Some),
        owned_by: fields.owned_by.map(Some),
        context_window_tokens: fields.context_window.map(Some),
        max_output_tokens: fields.max_output.map(Some),
        traits: (no_traits || traits.is_some()).then_some(traits),
    })
}

fn done(printer: Printer, verb: &str, model: Model) -> anyhow::Result<()> {
    let newest = model.prices.iter().map(|price| price.version).max();
    let newest = newest.map_or_else(|| "no price".to_owned(), |version| format!("price version {version}"));
    let sentence = format!("{verb} model {} ({newest})", model.name);
    Ok(printer.done(&sentence, &ModelView::from(model))?)
}

/// A model as it is printed.
#[derive(Debug, Serialize)]
struct ModelView {
    name: String,
    display_name: Option<String>,
    owned_by: Option<String>,
    context_window_tokens: Option<u64>,
    max_output_tokens: Option<u64>,
    traits: Option<TraitsPatch>,
    /// What the gate goes by where the provider calls it so too; a pattern's depend on the name that is called.
    effective_traits: Option<ModelTraits>,
    /// What it costs now, everywhere that has no price of its own.
    price: Option<ModelPrice>,
    price_version: Option<i64>,
    hours: HourlyRates,
    /// What it costs in places of their own, and what it will cost.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    other_prices: Vec<price::VersionView>,
    #[serde(serialize_with = "text::time_json")]
    created_at: Timestamp,
}

impl From<Model> for ModelView {
    fn from(model: Model) -> Self {
        let is_exact = model.pattern().is_ok_and(|pattern| pattern.is_exact());
        let effective = || ModelTraits::of(&model.name).patched(model.traits.as_ref());
        let now = now();
        let current = model.price_at(now).cloned();
        let is_other = |price: &&PriceVersion| {
            let is_own = price.place.is_some() && model.prices.at(price.place, now) == Some(*price);
            is_own || price.from > now
        };
        Self {
            effective_traits: is_exact.then(effective),
            traits: model.traits,
            name: model.name,
            display_name: model.display_name,
            owned_by: model.owned_by,
            context_window_tokens: model.context_window_tokens,
            max_output_tokens: model.max_output_tokens,
            price: current.as_ref().map(|current| current.price),
            price_version: current.as_ref().map(|current| current.version),
            hours: current.map(|current| current.hours).unwrap_or_default(),
            other_prices: model
                .prices
                .iter()
                .filter(is_other)
                .cloned()
                .map(price::VersionView::from)
                .collect(),
            created_at: model.created_at,
        }
    }
}

impl View for ModelView {
    const COLUMNS: &'static [&'static str] = &["name", "input", "output", "cache read", "owner"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.price.map_or_else(String::new, |price| price.input.to_string()),
            self.price.map_or_else(String::new, |price| price.output.to_string()),
            self.price.map_or_else(String::new, |price| price::or(price.cache_read, "x0.1")),
            text::opt(self.owned_by.as_ref()),
        ]
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        let mut details = vec![
            ("name", self.name.clone()),
            ("display name", text::opt(self.display_name.as_ref())),
            ("owner", text::opt(self.owned_by.as_ref())),
            ("context window", text::opt(self.context_window_tokens.as_ref())),
            ("max output", text::opt(self.max_output_tokens.as_ref())),
        ];
        details.extend(self.price.iter().flat_map(price::details));
        details.extend([
            ("hours", self.hours.to_string()),
            ("price version", text::opt(self.price_version.as_ref())),
            (
                "more prices",
                self.other_prices.iter().map(price::VersionView::line).collect::<Vec<_>>().join("\n"),
            ),
            ("created", text::time(self.created_at)),
            ("set traits", self.traits.as_ref().map_or_else(String::new, traits::lines)),
            ("traits", self.effective_traits.as_ref().map_or_else(String::new, traits::lines)),
        ]);
        details
    }
}
