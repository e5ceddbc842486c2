//! Models. What they cost is in `prices`.

use std::collections::HashMap;

use tollgate_base::Timestamp;
use tollgate_routing::{LimitScope, Model, Pattern, PriceVersion, Prices};
use tollgate_translate::traits::TraitsPatch;

use crate::db::{Row, Sql, Tx, Update, Value, params};
use crate::error::{Result, StoreError};
use crate::limits;
use crate::name::{check_name, check_opt_name};
use crate::prices::{self, NewPrice};
use crate::store::Store;

/// A model to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewModel {
    /// The exact name, or a pattern with `*` for a price that covers many.
    pub name: String,
    /// What people call it.
    pub display_name: Option<String>,
    /// Who made it.
    pub owned_by: Option<String>,
    /// How many tokens prompt and answer may have together.
    pub context_window_tokens: Option<u64>,
    /// How many tokens an answer may have.
    pub max_output_tokens: Option<u64>,
    /// What is said of what it takes.
    pub traits: Option<TraitsPatch>,
    /// What it costs, everywhere that has no price of its own.
    pub price: NewPrice,
}

impl NewModel {
    /// A model of which only name and price are known.
    #[must_use]
    pub fn new(name: impl Into<String>, price: impl Into<NewPrice>) -> Self {
        Self {
            name: name.into(),
            display_name: None,
            owned_by: None,
            context_window_tokens: None,
            max_output_tokens: None,
            traits: None,
            price: price.into(),
        }
    }
}

/// What to change of a model; `None` leaves it, `Some(None)` clears it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelPatch {
    /// What people call it.
    pub display_name: Option<Option<String>>,
    /// Who made it.
    pub owned_by: Option<Option<String>>,
    /// How many tokens prompt and answer may have together.
    pub context_window_tokens: Option<Option<u64>>,
    /// How many tokens an answer may have.
    pub max_output_tokens: Option<Option<u64>>,
    /// What is said of what it takes, as a whole.
    pub traits: Option<Option<TraitsPatch>>,
    /// Another price: it gets a new version, unless it is the one that would hold anyway.
    pub price: Option<NewPrice>,
}

/// In the order of [`from_row`].
const COLUMNS: &str =
    "name, display_name, owned_by, context_window_tokens, max_output_tokens, traits, created_at";

/// Every model by name; see [`from_rows`].
pub(crate) fn list_sql() -> Sql {
    format!("SELECT {COLUMNS} FROM models ORDER BY name").into()
}

fn one_sql() -> Sql {
    format!("SELECT {COLUMNS} FROM models WHERE name = $1").into()
}

/// The model in a row, with the prices that are its own.
fn from_row(mut row: Row, prices: Vec<PriceVersion>) -> Result<Model> {
    Ok(Model {
        name: row.text()?,
        display_name: row.opt_text()?,
        owned_by: row.opt_text()?,
        context_window_tokens: row.opt_number()?,
        max_output_tokens: row.opt_number()?,
        traits: row.opt_json()?,
        prices: Prices::new(prices),
        created_at: row.time()?,
    })
}

/// The models in the rows of [`list_sql`], with the prices in those of [`prices::current_sql`].
pub(crate) fn from_rows(rows: Vec<Row>, prices: Vec<Row>) -> Result<Vec<Model>> {
    let mut by_model: HashMap<String, Vec<PriceVersion>> = HashMap::new();
    for price in prices {
        let price = prices::from_row(price)?;
        by_model.entry(price.model).or_default().push(price.version);
    }
    let mut models = Vec::with_capacity(rows.len());
    for row in rows {
        let mut model = from_row(row, Vec::new())?;
        model.prices = Prices::new(by_model.remove(&model.name).unwrap_or_default());
        models.push(model);
    }
    Ok(models)
}

impl Store {
    /// Creates a model.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a bad name, traits or price, [`StoreError::Conflict`] if the name is taken.
    pub async fn create_model(&self, new: NewModel) -> Result<Model> {
        check_name("name", &new.name)?;
        new.name.parse::<Pattern>().map_err(|error| StoreError::invalid("name", error.to_string()))?;
        check_opt_name("display_name", new.display_name.as_ref())?;
        check_opt_name("owned_by", new.owned_by.as_ref())?;
        new.traits.as_ref().map_or(Ok(()), check_traits)?;
        new.price.check(self.now())?;
        if new.price.place.is_some() {
            return Err(StoreError::invalid("place", "a new model needs a price that holds everywhere"));
        }
        let mut tx = self.begin_change().await?;
        let outcome = Box::pin(insert(&mut tx, new, self.now())).await;
        tx.finish(outcome).await
    }

    /// The model with exactly this name; a pattern's name is the pattern.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn get_model(&self, name: &str) -> Result<Option<Model>> {
        let Some(row) = self.db().query_one(one_sql(), params![name]).await? else { return Ok(None) };
        let prices =
            self.db().query(prices::current_of_sql(), params![prices::recent(self.now()), name]).await?;
        from_row(row, prices::versions(prices)?).map(Some)
    }

    /// All models by name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn list_models(&self) -> Result<Vec<Model>> {
        let since = prices::recent(self.now());
        let statements = vec![(list_sql(), params![]), (prices::current_sql(), params![since])];
        let answers: Result<[_; 2], _> = self.db().query_all(statements).await?.try_into();
        let [models, prices] = answers.map_err(|_| StoreError::corrupt("a statement was not answered"))?;
        from_rows(models, prices)
    }

    /// Changes a model; the model after it. The old price is kept, see [`list_prices`](Self::list_prices).
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Invalid`].
    pub async fn update_model(&self, name: &str, patch: ModelPatch) -> Result<Model> {
        check_opt_name("display_name", patch.display_name.as_ref().and_then(Option::as_ref))?;
        check_opt_name("owned_by", patch.owned_by.as_ref().and_then(Option::as_ref))?;
        patch.traits.as_ref().and_then(Option::as_ref).map_or(Ok(()), check_traits)?;
        patch.price.as_ref().map_or(Ok(()), |price| price.check(self.now()))?;
        let mut tx = self.begin_change().await?;
        let outcome = Box::pin(update(&mut tx, name, patch, self.now())).await;
        tx.finish(outcome).await
    }

    /// Removes a model. Its prices stay: usage records name them.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn remove_model(&self, name: &str) -> Result<()> {
        let mut tx = self.begin_change().await?;
        let outcome = remove(&mut tx, name).await;
        tx.finish(outcome).await
    }
}

/// A limit of nothing leaves no room for any answer.
fn check_traits(traits: &TraitsPatch) -> Result<()> {
    let limits = [
        ("context_window_tokens", traits.context_window_tokens),
        ("max_output_tokens", traits.max_output_tokens),
    ];
    match limits.iter().find(|(_, limit)| *limit == Some(0)) {
        Some((member, _)) => Err(StoreError::invalid("traits", format!("`{member}` must not be 0"))),
        None => Ok(()),
    }
}

fn traits_json(traits: Option<&TraitsPatch>) -> Result<Option<Value>> {
    traits.map(Value::json).transpose()
}

/// The model in a transaction that may change it at `now`.
pub(crate) async fn find(tx: &mut Tx, name: &str, now: Timestamp) -> Result<Model> {
    let row = tx.query_one(one_sql(), params![name]).await?;
    let row = row.ok_or_else(|| StoreError::not_found("model", format!("`{name}`")))?;
    let prices = tx.query(prices::current_of_sql(), params![prices::recent(now), name]).await?;
    from_row(row, prices::versions(prices)?)
}

async fn insert(tx: &mut Tx, new: NewModel, at: Timestamp) -> Result<Model> {
    let sql = "INSERT INTO models (name, display_name, owned_by, context_window_tokens, max_output_tokens, \
                                   traits, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let params = params![
        new.name.as_str(),
        new.display_name,
        new.owned_by,
        new.context_window_tokens,
        new.max_output_tokens,
        traits_json(new.traits.as_ref())?,
        at,
    ];
    let taken = || format!("a model named `{}` already exists", new.name);
    tx.execute(sql, params).await.map_err(|error| error.name_conflict(taken))?;
    prices::insert(tx, &new.name, &new.price, at).await?;
    find(tx, &new.name, at).await
}

async fn update(tx: &mut Tx, name: &str, patch: ModelPatch, at: Timestamp) -> Result<Model> {
    let before = find(tx, name, at).await?;
    if let Some(price) = patch.price.filter(|price| !price.holds_in(&before.prices, at)) {
        prices::insert(tx, name, &price, at).await?;
    }
    let traits = patch.traits.map(|traits| traits_json(traits.as_ref())).transpose()?;
    let update = Update::new("models", name)
        .set("display_name", patch.display_name)
        .set("owned_by", patch.owned_by)
        .set("context_window_tokens", patch.context_window_tokens)
        .set("max_output_tokens", patch.max_output_tokens)
        .set("traits", traits);
    if let Some((sql, params)) = update.build("name") {
        tx.execute(sql, params).await?;
    }
    find(tx, name, at).await
}

async fn remove(tx: &mut Tx, name: &str) -> Result<()> {
    limits::delete(tx, &LimitScope::Model(name.to_owned())).await?;
    prices::withdraw_all(tx, name).await?;
    match tx.execute("DELETE FROM models WHERE name = $1", params![name]).await? {
        0 => Err(StoreError::not_found("model", format!("`{name}`"))),
        _ => Ok(()),
    }
}
