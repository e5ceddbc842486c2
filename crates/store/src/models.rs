//! Models and every price they ever had.

use tollgate_base::Timestamp;
use tollgate_pricing::ModelPrice;
use tollgate_routing::{LimitScope, Model, Pattern};
use tollgate_translate::traits::TraitsPatch;

use crate::db::{Row, Sql, Tx, Update, Value, params};
use crate::error::{Result, StoreError};
use crate::limits;
use crate::name::{check_name, check_opt_name};
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
    /// What it costs.
    pub price: ModelPrice,
}

impl NewModel {
    /// A model of which only name and price are known.
    #[must_use]
    pub fn new(name: impl Into<String>, price: ModelPrice) -> Self {
        Self {
            name: name.into(),
            display_name: None,
            owned_by: None,
            context_window_tokens: None,
            max_output_tokens: None,
            traits: None,
            price,
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
    /// Another price: it gets a new version, unless it is the one the model has.
    pub price: Option<ModelPrice>,
}

/// A price that a model has or had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceVersion {
    /// The number; unique among all models, growing with time.
    pub version: i64,
    /// The model's name, or pattern.
    pub model: String,
    /// The price.
    pub price: ModelPrice,
    /// Since when.
    pub created_at: Timestamp,
}

/// The beginning of a statement that reads models with their prices, in the order of [`from_row`].
const SELECT: &str = "\
SELECT models.name, models.display_name, models.owned_by, models.context_window_tokens, models.max_output_tokens, \
       models.traits, model_prices.price, models.price_version, models.created_at \
  FROM models JOIN model_prices ON model_prices.version = models.price_version";

/// Every model by name; see [`from_rows`].
pub(crate) fn list_sql() -> Sql {
    format!("{SELECT} ORDER BY models.name").into()
}

fn one_sql() -> Sql {
    format!("{SELECT} WHERE models.name = $1").into()
}

fn from_row(mut row: Row) -> Result<Model> {
    Ok(Model {
        name: row.text()?,
        display_name: row.opt_text()?,
        owned_by: row.opt_text()?,
        context_window_tokens: row.opt_number()?,
        max_output_tokens: row.opt_number()?,
        traits: row.opt_json()?,
        price: row.json()?,
        price_version: row.int()?,
        created_at: row.time()?,
    })
}

/// The models in the rows of [`list_sql`].
pub(crate) fn from_rows(rows: Vec<Row>) -> Result<Vec<Model>> {
    rows.into_iter().map(from_row).collect()
}

fn price_from_row(mut row: Row) -> Result<PriceVersion> {
    Ok(PriceVersion { version: row.int()?, model: row.text()?, price: row.json()?, created_at: row.time()? })
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
        check_price(&new.price)?;
        let mut tx = self.begin_change().await?;
        let outcome = insert(&mut tx, new, self.now()).await;
        tx.finish(outcome).await
    }

    /// The model with exactly this name; a pattern's name is the pattern.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn get_model(&self, name: &str) -> Result<Option<Model>> {
        self.db().query_one(one_sql(), params![name]).await?.map(from_row).transpose()
    }

    /// All models by name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn list_models(&self) -> Result<Vec<Model>> {
        from_rows(self.db().query(list_sql(), params![]).await?)
    }

    /// Changes a model; the model after it. The old price is kept, see [`find_price`](Self::find_price).
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Invalid`].
    pub async fn update_model(&self, name: &str, patch: ModelPatch) -> Result<Model> {
        check_opt_name("display_name", patch.display_name.as_ref().and_then(Option::as_ref))?;
        check_opt_name("owned_by", patch.owned_by.as_ref().and_then(Option::as_ref))?;
        patch.traits.as_ref().and_then(Option::as_ref).map_or(Ok(()), check_traits)?;
        patch.price.as_ref().map_or(Ok(()), check_price)?;
        let mut tx = self.begin_change().await?;
        let outcome = update(&mut tx, name, patch, self.now()).await;
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

    /// The price that usage records name by `version`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn find_price(&self, version: i64) -> Result<Option<PriceVersion>> {
        let sql = "SELECT version, model, price, created_at FROM model_prices WHERE version = $1";
        self.db().query_one(sql, params![version]).await?.map(price_from_row).transpose()
    }

    /// Every price the model ever had, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn list_prices(&self, model: &str) -> Result<Vec<PriceVersion>> {
        let sql =
            "SELECT version, model, price, created_at FROM model_prices WHERE model = $1 ORDER BY version";
        self.db().query(sql, params![model]).await?.into_iter().map(price_from_row).collect()
    }
}

fn check_price(price: &ModelPrice) -> Result<()> {
    price.validate().map_err(|error| StoreError::invalid("price", error.to_string()))
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

async fn find(tx: &mut Tx, name: &str) -> Result<Model> {
    let row = tx.query_one(one_sql(), params![name]).await?;
    from_row(row.ok_or_else(|| StoreError::not_found("model", format!("`{name}`")))?)
}

/// Writes down a price; its version. Changes run one at a time, so no two get the same number.
async fn insert_price(tx: &mut Tx, model: &str, price: &ModelPrice, at: Timestamp) -> Result<i64> {
    let sql = "INSERT INTO model_prices (version, model, price, created_at) \
               SELECT COALESCE(MAX(version), 0) + 1, $1, $2, CAST($3 AS BIGINT) FROM model_prices RETURNING version";
    let row = tx.query_one(sql, params![model, Value::json(price)?, at]).await?;
    row.ok_or_else(|| StoreError::corrupt("a price got no version"))?.int()
}

async fn insert(tx: &mut Tx, new: NewModel, at: Timestamp) -> Result<Model> {
    let version = insert_price(tx, &new.name, &new.price, at).await?;
    let sql = "INSERT INTO models (name, display_name, owned_by, context_window_tokens, max_output_tokens, \
                                   traits, price_version, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let params = params![
        new.name.as_str(),
        new.display_name,
        new.owned_by,
        new.context_window_tokens,
        new.max_output_tokens,
        traits_json(new.traits.as_ref())?,
        version,
        at,
    ];
    let taken = || format!("a model named `{}` already exists", new.name);
    tx.execute(sql, params).await.map_err(|error| error.name_conflict(taken))?;
    find(tx, &new.name).await
}

async fn update(tx: &mut Tx, name: &str, patch: ModelPatch, at: Timestamp) -> Result<Model> {
    let before = find(tx, name).await?;
    let version = match patch.price.filter(|price| *price != before.price) {
        Some(price) => Some(insert_price(tx, name, &price, at).await?),
        None => None,
    };
    let traits = patch.traits.map(|traits| traits_json(traits.as_ref())).transpose()?;
    let update = Update::new("models", name)
        .set("display_name", patch.display_name)
        .set("owned_by", patch.owned_by)
        .set("context_window_tokens", patch.context_window_tokens)
        .set("max_output_tokens", patch.max_output_tokens)
        .set("traits", traits)
        .set("price_version", version);
    if let Some((sql, params)) = update.build("name") {
        tx.execute(sql, params).await?;
    }
    find(tx, name).await
}

async fn remove(tx: &mut Tx, name: &str) -> Result<()> {
    limits::delete(tx, &LimitScope::Model(name.to_owned())).await?;
    match tx.execute("DELETE FROM models WHERE name = $1", params![name]).await? {
        0 => Err(StoreError::not_found("model", format!("`{name}`"))),
        _ => Ok(()),
    }
}
