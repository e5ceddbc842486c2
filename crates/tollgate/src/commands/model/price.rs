//! Prices of models: setting them, by place and from when on, and showing them.

use anyhow::{Context, bail, ensure};
use serde::Serialize;
use tollgate_base::{Timestamp, TokenPrice};
use tollgate_pricing::{ContextTier, HourlyRates, ModelPrice};
use tollgate_routing::{Model, PricePlace, PriceVersion};
use tollgate_store::{NewPrice, Store, StoredPrice};

use super::traits;
use crate::cli::{PlaceFields, PriceFields};
use crate::commands::{find, now, text};
use crate::output::{Printer, View};

/// The first price of a model, or of a place.
pub(super) fn first(fields: &PriceFields, place: Option<PricePlace>) -> anyhow::Result<NewPrice> {
    let input = fields.input.context("--input is needed: a model without a price would be free")?;
    let output = fields.output.context("--output is needed: a model without a price would be free")?;
    Ok(NewPrice {
        price: merged(ModelPrice::new(input, output), fields),
        hours: fields.hours.clone().unwrap_or_default(),
        place,
        from: fields.from,
    })
}

/// The price that the fields make of what would hold then in this place; `None` if they say nothing of one.
pub(super) async fn changed(
    store: &Store,
    old: &Model,
    fields: &PriceFields,
    place: &PlaceFields,
) -> anyhow::Result<Option<NewPrice>> {
    let place = place_of(store, place).await?;
    if !fields.say_anything() {
        ensure!(fields.from.is_none(), "--from needs a price, such as --input and --output");
        ensure!(place.is_none(), "--at-account and --at-family need a price, or --clear");
        return Ok(None);
    }
    let now = now();
    let Some(before) = old.prices.at(place, fields.from.map_or(now, |from| from.max(now))) else {
        return first(fields, place).map(Some);
    };
    Ok(Some(NewPrice {
        price: merged(before.price, fields),
        hours: fields.hours.clone().unwrap_or_else(|| before.hours.clone()),
        place,
        from: fields.from,
    }))
}

/// Removes the price of a place.
pub(super) async fn clear(store: &Store, model: &str, place: &PlaceFields) -> anyhow::Result<()> {
    let Some(place) = place_of(store, place).await? else {
        bail!("--clear needs --at-account or --at-family");
    };
    Ok(store.clear_price(model, place).await?)
}

async fn place_of(store: &Store, place: &PlaceFields) -> anyhow::Result<Option<PricePlace>> {
    Ok(match (&place.at_account, place.at_family) {
        (Some(account), _) => Some(PricePlace::Account(find::account(store, account).await?.id)),
        (None, family) => family.map(PricePlace::Family),
    })
}

fn merged(old: ModelPrice, fields: &PriceFields) -> ModelPrice {
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

/// Lists every price of a model. A removed model's are still there, since usage records name them.
pub(super) async fn list(store: &Store, printer: Printer, model: &str) -> anyhow::Result<()> {
    let prices = store.list_prices(model).await?;
    if prices.is_empty() {
        find::model(store, model).await?;
    }
    let accounts = store.list_accounts().await?;
    let name_of = |place: PricePlace| match place {
        PricePlace::Account(id) => match accounts.iter().find(|account| account.id == id) {
            Some(account) => format!("account {}", account.name),
            None => format!("account {id}"),
        },
        PricePlace::Family(family) => format!("family {family}"),
    };
    let views: Vec<PriceView> =
        prices.into_iter().map(|price| PriceView::new(price.version.place.map(name_of), price)).collect();
    Ok(printer.list(&views)?)
}

/// A price as it is printed.
#[derive(Debug, Serialize)]
pub(super) struct VersionView {
    version: i64,
    place: Option<PricePlace>,
    #[serde(serialize_with = "text::time_json")]
    from: Timestamp,
    price: ModelPrice,
    hours: HourlyRates,
}

impl From<PriceVersion> for VersionView {
    fn from(version: PriceVersion) -> Self {
        let PriceVersion { version, place, from, price, hours } = version;
        Self { version, place, from, price, hours }
    }
}

impl VersionView {
    /// In one line: `from 2026-12-01T00:00:00Z: input 3, output 15`.
    pub(super) fn line(&self) -> String {
        let place = self.place.map_or_else(String::new, |place| format!("{place} "));
        let from = text::time(self.from);
        format!("{place}from {from}: input {}, output {}", self.price.input, self.price.output)
    }
}

/// A price in the list of all.
#[derive(Debug, Serialize)]
struct PriceView {
    #[serde(flatten)]
    version: VersionView,
    /// The place as people call it.
    #[serde(skip)]
    place_name: Option<String>,
    withdrawn: bool,
    #[serde(serialize_with = "text::time_json")]
    created_at: Timestamp,
}

impl PriceView {
    fn new(place_name: Option<String>, stored: StoredPrice) -> Self {
        let StoredPrice { version, withdrawn, created_at, .. } = stored;
        Self { version: version.into(), place_name, withdrawn, created_at }
    }
}

impl View for PriceView {
    const COLUMNS: &'static [&'static str] =
        &["version", "from", "place", "input", "output", "cache read", "hours", "withdrawn"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.version.version.to_string(),
            text::time(self.version.from),
            self.place_name.clone().unwrap_or_default(),
            self.version.price.input.to_string(),
            self.version.price.output.to_string(),
            or(self.version.price.cache_read, "x0.1"),
            self.version.hours.to_string(),
            if self.withdrawn { "yes" } else { "" }.to_owned(),
        ]
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        Self::COLUMNS.iter().copied().zip(self.cells()).collect()
    }
}

/// A price, or what stands in for it.
pub(super) fn or(price: Option<TokenPrice>, default: &str) -> String {
    price.map_or_else(|| default.to_owned(), |price| price.to_string())
}

/// Every part of a price by name.
pub(super) fn details(price: &ModelPrice) -> Vec<(&'static str, String)> {
    vec![
        ("input", price.input.to_string()),
        ("output", price.output.to_string()),
        ("cache write 5m", or(price.cache_write_5m, "1.25 x input")),
        ("cache write 1h", or(price.cache_write_1h, "2 x input")),
        ("cache read", or(price.cache_read, "0.1 x input")),
        ("1000 searches", text::opt(price.web_search_per_thousand.as_ref())),
        ("reasoning", text::opt(price.reasoning.as_ref())),
        ("input audio", text::opt(price.input_audio.as_ref())),
        ("output audio", text::opt(price.output_audio.as_ref())),
        ("input image", text::opt(price.input_image.as_ref())),
        ("output image", text::opt(price.output_image.as_ref())),
        ("image by tool", text::opt(price.generated_image.as_ref())),
        ("file searches", text::opt(price.file_search_per_thousand.as_ref())),
        ("code execution", text::opt(price.code_execution.as_ref())),
        ("request", text::opt(price.request.as_ref())),
        ("long prompts", price.tiers.iter().map(tier_line).collect::<Vec<_>>().join("\n")),
        ("multipliers", traits::lines(&price.multipliers)),
    ]
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
