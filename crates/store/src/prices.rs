//! Every price that a model ever had, by place and from when on.
//!
//! A price is never changed or removed: usage records name it by its version. One that shall hold no more is withdrawn.

use std::time::Duration;

use tollgate_base::Timestamp;
use tollgate_pricing::{HourlyRates, ModelPrice};
use tollgate_routing::{PricePlace, PriceVersion, Prices};

use crate::db::{Params, Row, Sql, Tx, Value, params};
use crate::error::{Result, StoreError};
use crate::models;
use crate::store::Store;

/// For so long a gate may still need a price that another has followed: for requests that came before that.
const KEPT: Duration = Duration::from_secs(3600);

/// A price to be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPrice {
    /// The price.
    pub price: ModelPrice,
    /// What its token prices are multiplied by in some hours.
    pub hours: HourlyRates,
    /// Where alone it holds; `None` is everywhere that has no price of its own.
    pub place: Option<PricePlace>,
    /// From when on; `None` is now. Never in the past: what was served then is charged.
    pub from: Option<Timestamp>,
}

impl From<ModelPrice> for NewPrice {
    /// The price everywhere, at every hour and from now on.
    fn from(price: ModelPrice) -> Self {
        Self { price, hours: HourlyRates::default(), place: None, from: None }
    }
}

impl NewPrice {
    pub(crate) fn check(&self, now: Timestamp) -> Result<()> {
        if self.from.is_some_and(|from| from < now) {
            return Err(StoreError::invalid("from", "must not be in the past"));
        }
        let valid = self.price.validate().and_then(|()| self.hours.validate_as_factors());
        valid.map_err(|error| StoreError::invalid("price", error.to_string()))
    }

    /// Whether it would hold without being set.
    pub(crate) fn holds_in(&self, prices: &Prices, now: Timestamp) -> bool {
        let before = prices.at(self.place, self.from.unwrap_or(now));
        before.is_some_and(|before| before.price == self.price && before.hours == self.hours)
    }
}

/// A price that a model has, had, or will have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPrice {
    /// The model's name, or pattern.
    pub model: String,
    /// The price, where it holds and from when on.
    pub version: PriceVersion,
    /// Whether it holds no more, whatever comes after it.
    pub withdrawn: bool,
    /// When it was set.
    pub created_at: Timestamp,
}

/// In the order of [`from_row`].
const COLUMNS: &str = "held.version, held.model, held.price, held.hours, held.place, held.effective_from, \
                       held.withdrawn, held.created_at";

pub(crate) fn from_row(mut row: Row) -> Result<StoredPrice> {
    let (number, model, price, hours) = (row.int()?, row.text()?, row.json()?, row.json()?);
    let place = match row.text()?.as_str() {
        "" => None,
        place => Some(
            place.parse().map_err(|_| StoreError::corrupt(format!("`{place}` is no place of a price")))?,
        ),
    };
    let version = PriceVersion { version: number, place, from: row.time()?, price, hours };
    Ok(StoredPrice { model, version, withdrawn: row.boolean()?, created_at: row.time()? })
}

/// The versions in rows of one model.
pub(crate) fn versions(rows: Vec<Row>) -> Result<Vec<PriceVersion>> {
    rows.into_iter().map(|row| from_row(row).map(|price| price.version)).collect()
}

/// Since when a price that was followed by another is no longer needed.
pub(crate) fn recent(now: Timestamp) -> Timestamp {
    now.before(KEPT)
}

/// What is in force, what comes, and what was in force at `$1` or later.
pub(crate) fn current_sql() -> Sql {
    current("").into()
}

/// The same of the model `$2`.
pub(crate) fn current_of_sql() -> Sql {
    current(" AND held.model = $2").into()
}

fn current(condition: &str) -> String {
    format!(
        "SELECT {COLUMNS} FROM model_prices AS held WHERE held.withdrawn = 0{condition} AND NOT EXISTS (\
           SELECT 1 FROM model_prices AS later \
            WHERE later.model = held.model AND later.place = held.place AND later.withdrawn = 0 \
              AND later.effective_from <= $1 \
              AND (later.effective_from > held.effective_from \
                   OR (later.effective_from = held.effective_from AND later.version > held.version)))"
    )
}

impl Store {
    /// The price that usage records name by `version`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn find_price(&self, version: i64) -> Result<Option<StoredPrice>> {
        let sql = format!("SELECT {COLUMNS} FROM model_prices AS held WHERE held.version = $1");
        self.db().query_one(sql, params![version]).await?.map(from_row).transpose()
    }

    /// Every price the model ever had and will have, by when they were set.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn list_prices(&self, model: &str) -> Result<Vec<StoredPrice>> {
        let sql =
            format!("SELECT {COLUMNS} FROM model_prices AS held WHERE held.model = $1 ORDER BY held.version");
        self.db().query(sql, params![model]).await?.into_iter().map(from_row).collect()
    }

    /// Withdraws what a model costs in a place, now and later: the model's own price holds there again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the model is not there, or has no price of that place.
    pub async fn clear_price(&self, model: &str, place: PricePlace) -> Result<()> {
        let (condition, params) = ("model = $1 AND place = $2", params![model, Value::display(place)]);
        self.withdraw(model, condition, params, "price of this place").await
    }

    /// Withdraws all prices of a model that are yet to come, in all places.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the model is not there, or no price of it is to come.
    pub async fn clear_coming_prices(&self, model: &str) -> Result<()> {
        let (condition, params) = ("model = $1 AND effective_from > $2", params![model, self.now()]);
        self.withdraw(model, condition, params, "price that is yet to come").await
    }

    async fn withdraw(&self, model: &str, condition: &str, params: Params, what: &str) -> Result<()> {
        let mut tx = self.begin_change().await?;
        let outcome = withdraw(&mut tx, model, self.now(), condition, params, what).await;
        tx.finish(outcome).await
    }
}

async fn withdraw(
    tx: &mut Tx,
    model: &str,
    now: Timestamp,
    condition: &str,
    params: Params,
    what: &str,
) -> Result<()> {
    models::find(tx, model, now).await?;
    let sql = format!("UPDATE model_prices SET withdrawn = 1 WHERE withdrawn = 0 AND {condition}");
    match tx.execute(sql, params).await? {
        0 => Err(StoreError::not_found(what, format!("of model `{model}`"))),
        _ => Ok(()),
    }
}

/// Withdraws all prices of a model that goes.
pub(crate) async fn withdraw_all(tx: &mut Tx, model: &str) -> Result<()> {
    tx.execute("UPDATE model_prices SET withdrawn = 1 WHERE model = $1", params![model]).await.map(drop)
}

/// Withdraws all prices of a place that goes.
pub(crate) async fn withdraw_place(tx: &mut Tx, place: PricePlace) -> Result<()> {
    let sql = "UPDATE model_prices SET withdrawn = 1 WHERE place = $1";
    tx.execute(sql, params![Value::display(place)]).await.map(drop)
}

/// Writes down a price. Changes run one at a time, so no two get the same number.
pub(crate) async fn insert(tx: &mut Tx, model: &str, new: &NewPrice, now: Timestamp) -> Result<()> {
    if let Some(PricePlace::Account(id)) = new.place {
        let found = tx.query_one("SELECT id FROM accounts WHERE id = $1", params![id]).await?;
        found.ok_or_else(|| StoreError::not_found("account", id))?;
    }
    let sql = "INSERT INTO model_prices (version, model, price, hours, place, effective_from, created_at) \
               SELECT COALESCE(MAX(version), 0) + 1, $1, $2, $3, $4, CAST($5 AS BIGINT), CAST($6 AS BIGINT) \
                 FROM model_prices";
    let place = new.place.map_or_else(String::new, |place| place.to_string());
    let (price, hours) = (Value::json(&new.price)?, Value::json(&new.hours)?);
    tx.execute(sql, params![model, price, hours, place, new.from.unwrap_or(now), now]).await.map(drop)
}
