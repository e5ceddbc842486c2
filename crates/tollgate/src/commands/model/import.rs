//! `tollgate model import-prices`: a price book becomes models and prices of the store.

mod report;

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, ensure};
use tollgate_pricing::{BookModel, ModelPrice, Multipliers, PriceBook};
use tollgate_routing::{Model, Pattern};
use tollgate_store::{ModelPatch, NewModel, NewPrice, Store, StoreError};

use crate::cli::ImportPricesArgs;
use crate::commands::now;
use crate::output;
use report::{Change, Report};

/// LiteLLM's file has three and a half megabytes; a wrong file is noticed here.
const MAX_BYTES: u64 = 64 << 20;

/// Runs the command on the store.
pub(super) async fn run(args: ImportPricesArgs, as_json: bool, store: &Store) -> anyhow::Result<()> {
    let book = match &args.file {
        Some(path) => from_file(path).with_context(|| path.display().to_string())?,
        None => PriceBook::bundled().context("the bundled price book")?,
    };
    let report = import(store, book, &args.only, args.dry_run).await?;
    if as_json {
        output::json(&report)?;
    } else {
        output::line(&report.to_string())?;
    }
    Ok(())
}

fn from_file(path: &Path) -> anyhow::Result<PriceBook> {
    let mut text = String::new();
    let read = std::fs::File::open(path)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    ensure!(u64::try_from(read)? <= MAX_BYTES, "too long for a price file");
    PriceBook::from_litellm(&text).context("not a price file")
}

/// Brings the store to what the book says of the models that match. A second run changes nothing.
async fn import(store: &Store, book: PriceBook, only: &[Pattern], dry_run: bool) -> anyhow::Result<Report> {
    let wanted = |name: &str| only.is_empty() || only.iter().any(|pattern| pattern.matches(name));
    let mut present: HashMap<String, Model> =
        store.list_models().await?.into_iter().map(|model| (model.name.clone(), model)).collect();
    let mut report = Report { dry_run, date: book.date, ..Report::default() };
    report.skipped = book.skipped.into_iter().filter(|entry| wanted(&entry.name)).collect();
    for entry in book.models.into_iter().filter(|entry| wanted(&entry.name)) {
        let old = present.remove(&entry.name);
        let (name, notes) = (entry.name.clone(), entry.notes.clone());
        if name.contains('*') {
            report.skip(name, "its name would be a pattern".to_owned());
            continue;
        }
        if !notes.is_empty() {
            report.notes.insert(name.clone(), notes);
        }
        let outcome = match old {
            None => create(store, entry, dry_run).await.map(|changes| report.created.push(changes)),
            Some(old) => update(store, &old, entry, dry_run).await.map(|changes| match changes {
                Some(changes) => report.updated.push(changes),
                None => report.unchanged += 1,
            }),
        };
        match outcome {
            // One name or price that the store does not take stops no other.
            Err(error @ StoreError::Invalid { .. }) => report.skip(name, error.to_string()),
            other => other?,
        }
    }
    Ok(report)
}

async fn create(store: &Store, entry: BookModel, dry_run: bool) -> Result<Change, StoreError> {
    let change = Change { model: entry.name.clone(), changes: report::facts(None, &entry.price) };
    if !dry_run {
        store
            .create_model(NewModel {
                name: entry.name,
                display_name: entry.display_name,
                owned_by: entry.owned_by,
                context_window_tokens: entry.context_window_tokens,
                max_output_tokens: entry.max_output_tokens,
                traits: None,
                price: entry.price.into(),
            })
            .await?;
    }
    Ok(change)
}

/// `None` if the model is as the book has it.
async fn update(
    store: &Store,
    old: &Model,
    entry: BookModel,
    dry_run: bool,
) -> Result<Option<Change>, StoreError> {
    let before = old.price_at(now());
    let price = before.map_or(entry.price, |before| merged(&before.price, &entry.price));
    let hours = before.map(|before| before.hours.clone()).unwrap_or_default();
    let is_new = before.is_none_or(|before| before.price != price);
    let patch = ModelPatch {
        price: is_new.then(|| NewPrice { hours, ..NewPrice::from(price) }),
        // What an operator called it stays.
        display_name: entry.display_name.filter(|_| old.display_name.is_none()).map(Some),
        owned_by: entry.owned_by.filter(|_| old.owned_by.is_none()).map(Some),
        context_window_tokens: changed(old.context_window_tokens, entry.context_window_tokens),
        max_output_tokens: changed(old.max_output_tokens, entry.max_output_tokens),
        traits: None,
    };
    if patch == ModelPatch::default() {
        return Ok(None);
    }
    let mut changes = report::facts(before.map(|before| &before.price), &price);
    changes.extend(report::limits(old, &patch));
    if !dry_run {
        store.update_model(&old.name, patch).await?;
    }
    Ok(Some(Change { model: old.name.clone(), changes }))
}

/// A limit that the book states and the model does not have so.
fn changed(old: Option<u64>, new: Option<u64>) -> Option<Option<u64>> {
    new.filter(|_| new != old).map(Some)
}

/// The book's price. What it says nothing of beside input, output and cache stays as the operator set it.
fn merged(old: &ModelPrice, new: &ModelPrice) -> ModelPrice {
    let (was, is) = (old.multipliers, new.multipliers);
    ModelPrice {
        web_search_per_thousand: new.web_search_per_thousand.or(old.web_search_per_thousand),
        reasoning: new.reasoning.or(old.reasoning),
        input_audio: new.input_audio.or(old.input_audio),
        output_audio: new.output_audio.or(old.output_audio),
        input_image: new.input_image.or(old.input_image),
        output_image: new.output_image.or(old.output_image),
        generated_image: new.generated_image.or(old.generated_image),
        file_search_per_thousand: new.file_search_per_thousand.or(old.file_search_per_thousand),
        code_execution: new.code_execution.or(old.code_execution),
        request: new.request.or(old.request),
        multipliers: Multipliers {
            priority: is.priority.or(was.priority),
            flex: is.flex.or(was.flex),
            batch: is.batch.or(was.batch),
            fast: is.fast.or(was.fast),
            us: is.us.or(was.us),
            hour: None,
        },
        ..*new
    }
}
