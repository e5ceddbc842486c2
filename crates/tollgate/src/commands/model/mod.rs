//! `tollgate model`: models and prices.

mod import;
mod traits;

use anyhow::Context;
use serde::Serialize;
use tollgate_base::{Timestamp, TokenPrice};
use tollgate_pricing::{ContextTier, ModelPrice};
use tollgate_routing::Model;
use tollgate_store::{ModelPatch, NewModel, Store};
use tollgate_translate::traits::{ModelTraits, TraitsPatch};

use super::{find, text};
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
        ModelCommand::Update { model, fields, no_traits } => {
            let old = find::model(store, &model).await?;
            done(printer, "updated", store.update_model(&model, patch(&old, fields, no_traits)?).await?)
        }
        ModelCommand::ImportPrices(which) => import::run(which, args.format.json, store).await,
        ModelCommand::Remove { model } => {
            find::model(store, &model).await?;
            store.remove_model(&model).await?;
            Ok(printer.removed("model", &model)?)
        }
    }
}

fn new_model(name: String, fields: ModelFields) -> anyhow::Result<NewModel> {
    let input = fields.input.context("--input is needed: a model without a price would be free")?;
    let output = fields.output.context("--output is needed: a model without a price would be free")?;
    Ok(NewModel {
        price: changed_price(ModelPrice::new(input, output), &fields),
        name,
        display_name: fields.display_name,
        owned_by: fields.owned_by,
        context_window_tokens: fields.context_window,
        max_output_tokens: fields.max_output,
        traits: fields.traits.as_deref().map(traits::read).transpose()?,
    })
}

fn patch(old: &Model, fields: ModelFields, no_traits: bool) -> anyhow::Result<ModelPatch> {
    let price = changed_price(old.price, &fields);
    let traits = fields.traits.as_deref().map(traits::read).transpose()?;
    Ok(ModelPatch {
        price: (price != old.price).then_some(price),
        display_name: fields.display_name.map(Some),
        owned_by: fields.owned_by.map(Some),
        context_window_tokens: fields.context_window.map(Some),
        max_output_tokens: fields.max_output.map(Some),
        traits: (no_traits || traits.is_some()).then_some(traits),
    })
}

fn changed_price(old: ModelPrice, fields: &ModelFields) -> ModelPrice {
    ModelPrice {
        input: fields.input.unwrap_or(old.input),
        output: fields.output.unwrap_or(old.output),
        cache_write_5m: fields.cache_write_5m.or(old.cache_write_5m),
        cache_write_1h: fields.cache_write_1h.or(old.cache_write_1h),
        cache_read: fields.cache_read.or(old.cache_read),
        web_search_per_thousand: fields.web_search.or(old.web_search_per_thousand),
        reasoning: fields.reasoning.or(old.reasoning),
        input_audio: fields.input_audio.or(old.input_audio),
        output_audio: fields.output_audio.or(old.output_audio),
        input_image: fields.input_image.or(old.input_image),
        output_image: fields.output_image.or(old.output_image),
        generated_image: fields.generated_image.or(old.generated_image),
        file_search_per_thousand: fields.file_search.or(old.file_search_per_thousand),
        code_execution: fields.code_execution.or(old.code_execution),
        request: fields.per_request.or(old.request),
        tiers: fields.tiers.unwrap_or(old.tiers),
        multipliers: fields.multipliers.unwrap_or(old.multipliers),
    }
}

fn done(printer: Printer, verb: &str, model: Model) -> anyhow::Result<()> {
    let sentence = format!("{verb} model {} (price version {})", model.name, model.price_version);
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
    price: ModelPrice,
    price_version: i64,
    #[serde(serialize_with = "text::time_json")]
    created_at: Timestamp,
}

impl From<Model> for ModelView {
    fn from(model: Model) -> Self {
        let is_exact = model.pattern().is_ok_and(|pattern| pattern.is_exact());
        let effective = || ModelTraits::of(&model.name).patched(model.traits.as_ref());
        Self {
            effective_traits: is_exact.then(effective),
            traits: model.traits,
            name: model.name,
            display_name: model.display_name,
            owned_by: model.owned_by,
            context_window_tokens: model.context_window_tokens,
            max_output_tokens: model.max_output_tokens,
            price: model.price,
            price_version: model.price_version,
            created_at: model.created_at,
        }
    }
}

impl ModelView {
    fn price_or(&self, price: Option<TokenPrice>, default: &str) -> String {
        price.map_or_else(|| default.to_owned(), |price| price.to_string())
    }
}

/// What else has a price of its own, one a line.
fn other_prices(price: &ModelPrice) -> String {
    let tokens = [
        ("reasoning", price.reasoning),
        ("input audio", price.input_audio),
        ("output audio", price.output_audio),
        ("input image", price.input_image),
        ("output image", price.output_image),
    ];
    let counted = [
        ("a generated image", price.generated_image),
        ("1000 file searches", price.file_search_per_thousand),
        ("a run of code", price.code_execution),
        ("a request", price.request),
    ];
    let tokens = tokens.iter().filter_map(|(name, price)| price.map(|price| format!("{name}: {price}")));
    let counted = counted.iter().filter_map(|(name, price)| price.map(|price| format!("{name}: {price}")));
    tokens.chain(counted).collect::<Vec<_>>().join("\n")
}

/// The prices of a tier in one line: `above 200000: input 6, output 22.5`.
fn tier_line(tier: &ContextTier) -> String {
    let prices = [
        ("input", tier.input),
        ("output", tier.output),
        ("cache write 5m", tier.cache_write_5m),
        ("cache write 1h", tier.cache_write_1h),
        ("cache read", tier.cache_read),
    ];
    let named = prices.iter().filter_map(|(name, price)| price.map(|price| format!("{name} {price}")));
    format!("above {}: {}", tier.above_prompt_tokens, named.collect::<Vec<_>>().join(", "))
}

impl View for ModelView {
    const COLUMNS: &'static [&'static str] = &["name", "input", "output", "cache read", "owner"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.price.input.to_string(),
            self.price.output.to_string(),
            self.price_or(self.price.cache_read, "x0.1"),
            text::opt(self.owned_by.as_ref()),
        ]
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        let price = &self.price;
        vec![
            ("name", self.name.clone()),
            ("display name", text::opt(self.display_name.as_ref())),
            ("owner", text::opt(self.owned_by.as_ref())),
            ("context window", text::opt(self.context_window_tokens.as_ref())),
            ("max output", text::opt(self.max_output_tokens.as_ref())),
            ("input", price.input.to_string()),
            ("output", price.output.to_string()),
            ("cache write 5m", self.price_or(price.cache_write_5m, "1.25 x input")),
            ("cache write 1h", self.price_or(price.cache_write_1h, "2 x input")),
            ("cache read", self.price_or(price.cache_read, "0.1 x input")),
            ("1000 searches", text::opt(price.web_search_per_thousand.as_ref())),
            ("other prices", other_prices(price)),
            ("long prompts", price.tiers.iter().map(tier_line).collect::<Vec<_>>().join("\n")),
            ("multipliers", traits::lines(&price.multipliers)),
            ("price version", self.price_version.to_string()),
            ("created", text::time(self.created_at)),
            ("set traits", self.traits.as_ref().map_or_else(String::new, traits::lines)),
            ("traits", self.effective_traits.as_ref().map_or_else(String::new, traits::lines)),
        ]
    }
}
