//! Plans: what subscriptions are made from.
//!
//! A subscription takes over what its plan says when it is made; changing the plan later leaves it as it is.

use serde::{Deserialize, Serialize};
use tollgate_base::{GroupId, Money, PlanId, Timestamp};
use tollgate_ledger::{Period, Window};

use crate::db::{Row, Tx, Update, Value, params};
use crate::error::{Result, StoreError};
use crate::groups;
use crate::name::{check_name, check_opt_name};
use crate::store::Store;
use crate::subscriptions::check_days;

/// What may be spent in each period; `None` is not bounded. In JSON amounts are decimal text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Allowance {
    /// In a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Money>,
    /// In a week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub week: Option<Money>,
    /// In a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month: Option<Money>,
}

impl Allowance {
    /// The periods that are bounded, the shortest first.
    pub fn bounds(&self) -> impl Iterator<Item = (Period, Money)> + use<> {
        let all = [(Period::Day, self.day), (Period::Week, self.week), (Period::Month, self.month)];
        all.into_iter().filter_map(|(period, amount)| Some((period, amount?)))
    }

    /// The same, each as the window that its quota counts in: the calendar's where a time zone says when days begin, else
    /// counted from `anchor`.
    pub(crate) fn windows(&self, time_zone: Option<&str>, anchor: Timestamp) -> Result<Vec<(Window, Money)>> {
        let window = |(period, amount)| match time_zone {
            Some(zone) => Ok((calendar(period, zone)?, amount)),
            None => Ok((Window::Anchored { period, anchor }, amount)),
        };
        self.bounds().map(window).collect()
    }

    pub(crate) fn check(&self) -> Result<()> {
        let named = [("day", self.day), ("week", self.week), ("month", self.month)];
        match named.into_iter().find(|(_, amount)| amount.is_some_and(|amount| amount < Money::ZERO)) {
            Some((field, _)) => Err(StoreError::invalid(field, "must not be negative")),
            None => Ok(()),
        }
    }
}

fn calendar(period: Period, zone: &str) -> Result<Window> {
    match format!("{} {zone}", period.as_str()).parse() {
        Ok(window @ Window::Calendar { .. }) => Ok(window),
        _ => {
            let reason = format!("`{zone}` is not a time zone: use a name such as `Europe/Berlin` or `UTC`");
            Err(StoreError::invalid("time_zone", reason))
        }
    }
}

pub(crate) fn check_time_zone(zone: &str) -> Result<()> {
    calendar(Period::Day, zone).map(drop)
}

/// A plan to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPlan {
    /// The name, unique among plans.
    pub name: String,
    /// In which group its subscriptions pay.
    pub group_id: GroupId,
    /// How long a subscription lasts; from 1 to [`MAX_DAYS`](crate::MAX_DAYS).
    pub days: u32,
    /// What may be spent.
    pub allowance: Allowance,
    /// Where days, weeks and months of the calendar begin; `None` counts them from a subscription's begin.
    pub time_zone: Option<String>,
}

/// What to change of a plan; `None` leaves it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlanPatch {
    /// Another name.
    pub name: Option<String>,
    /// Another length.
    pub days: Option<u32>,
    /// Other amounts, as a whole.
    pub allowance: Option<Allowance>,
    /// Another time zone; `Some(None)` counts from a subscription's begin.
    pub time_zone: Option<Option<String>>,
}

/// A plan as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The id.
    pub id: PlanId,
    /// The name, unique among plans.
    pub name: String,
    /// In which group its subscriptions pay.
    pub group_id: GroupId,
    /// How long a subscription lasts.
    pub days: u32,
    /// What may be spent.
    pub allowance: Allowance,
    /// Where periods of the calendar begin; `None` counts them from a subscription's begin.
    pub time_zone: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// In the order of [`from_row`].
const COLUMNS: &str = "id, name, group_id, days, amounts, time_zone, created_at";

fn from_row(mut row: Row) -> Result<Plan> {
    Ok(Plan {
        id: row.parsed()?,
        name: row.text()?,
        group_id: row.parsed()?,
        days: row.number()?,
        allowance: row.json()?,
        time_zone: row.opt_text()?,
        created_at: row.time()?,
    })
}

impl Store {
    /// Creates a plan.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a bad name, length, amount or time zone, [`StoreError::NotFound`] if the group is not
    /// there, [`StoreError::Conflict`] if the name is taken.
    pub async fn create_plan(&self, new: NewPlan) -> Result<Plan> {
        check_name("name", &new.name)?;
        check_days(new.days)?;
        new.allowance.check()?;
        new.time_zone.as_deref().map_or(Ok(()), check_time_zone)?;
        let plan = Plan {
            id: PlanId::generate(),
            name: new.name,
            group_id: new.group_id,
            days: new.days,
            allowance: new.allowance,
            time_zone: new.time_zone,
            created_at: self.now(),
        };
        let mut tx = self.begin_change().await?;
        let outcome = insert(&mut tx, &plan).await;
        tx.finish(outcome).await?;
        Ok(plan)
    }

    /// The plan with this id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn get_plan(&self, id: PlanId) -> Result<Option<Plan>> {
        let sql = format!("SELECT {COLUMNS} FROM plans WHERE id = $1");
        self.db().query_one(sql, params![id]).await?.map(from_row).transpose()
    }

    /// The plan with this name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn find_plan_by_name(&self, name: &str) -> Result<Option<Plan>> {
        let sql = format!("SELECT {COLUMNS} FROM plans WHERE name = $1");
        self.db().query_one(sql, params![name]).await?.map(from_row).transpose()
    }

    /// All plans by name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn list_plans(&self) -> Result<Vec<Plan>> {
        let sql = format!("SELECT {COLUMNS} FROM plans ORDER BY name");
        self.db().query(sql, params![]).await?.into_iter().map(from_row).collect()
    }

    /// Changes a plan; the plan after it. Subscriptions that were made from it stay as they are.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Invalid`], [`StoreError::Conflict`] if the name is taken.
    pub async fn update_plan(&self, id: PlanId, patch: PlanPatch) -> Result<Plan> {
        check_opt_name("name", patch.name.as_ref())?;
        patch.days.map_or(Ok(()), check_days)?;
        patch.allowance.map_or(Ok(()), |allowance| allowance.check())?;
        patch.time_zone.as_ref().and_then(Option::as_deref).map_or(Ok(()), check_time_zone)?;
        let mut tx = self.begin_change().await?;
        let outcome = update(&mut tx, id, patch).await;
        tx.finish(outcome).await
    }

    /// Removes a plan that no subscription was made from and no voucher is for.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::InUse`].
    pub async fn remove_plan(&self, id: PlanId) -> Result<()> {
        let mut tx = self.begin_change().await?;
        let outcome = remove(&mut tx, id).await;
        tx.finish(outcome).await
    }
}

/// The plan with this id, in a transaction; an error if it is not there.
pub(crate) async fn find(tx: &mut Tx, id: PlanId) -> Result<Plan> {
    let row = tx.query_one(format!("SELECT {COLUMNS} FROM plans WHERE id = $1"), params![id]).await?;
    from_row(row.ok_or_else(|| StoreError::not_found("plan", id))?)
}

async fn insert(tx: &mut Tx, plan: &Plan) -> Result<()> {
    groups::require(tx, plan.group_id).await?;
    let sql = format!("INSERT INTO plans ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)");
    let params = params![
        plan.id,
        plan.name.as_str(),
        plan.group_id,
        plan.days,
        Value::json(&plan.allowance)?,
        plan.time_zone.as_deref(),
        plan.created_at,
    ];
    tx.execute(sql, params).await.map_err(|error| error.name_conflict(|| taken(&plan.name))).map(drop)
}

async fn update(tx: &mut Tx, id: PlanId, patch: PlanPatch) -> Result<Plan> {
    let name = patch.name.clone().unwrap_or_default();
    let update = Update::new("plans", id)
        .set("name", patch.name)
        .set("days", patch.days)
        .set("amounts", patch.allowance.as_ref().map(Value::json).transpose()?)
        .set("time_zone", patch.time_zone);
    if let Some((sql, params)) = update.build("id") {
        tx.execute(sql, params).await.map_err(|error| error.name_conflict(|| taken(&name)))?;
    }
    find(tx, id).await
}

async fn remove(tx: &mut Tx, id: PlanId) -> Result<()> {
    find(tx, id).await?;
    let uses = "SELECT (SELECT COUNT(*) FROM subscriptions WHERE plan_id = $1), \
                       (SELECT COUNT(*) FROM vouchers WHERE plan_id = $1)";
    let mut row = tx.query_one(uses, params![id]).await?.unwrap_or_else(|| Row::new(Vec::new()));
    let (subscriptions, vouchers) = (row.int()?, row.int()?);
    if subscriptions > 0 {
        let what = format!("plan {id} has {subscriptions} subscription(s) and cannot be removed");
        return Err(StoreError::InUse { what });
    }
    if vouchers > 0 {
        let what = format!("plan {id} has {vouchers} voucher(s) and cannot be removed");
        return Err(StoreError::InUse { what });
    }
    tx.execute("DELETE FROM plans WHERE id = $1", params![id]).await.map(drop)
}

fn taken(name: &str) -> String {
    format!("a plan named `{name}` already exists")
}
