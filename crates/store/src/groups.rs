//! Groups.

use tollgate_base::{GroupId, Money, Rate};
use tollgate_pricing::HourlyRates;
use tollgate_routing::{
    Fallbacks, Funding, Group, GroupRoutes, HoldMode, LimitScope, ModelMapping, OnDisconnect, Platform,
    Policy, Shaping, Status, Stickiness, TokenCounting,
};

use crate::db::{Row, Sql, Tx, Update, Value, params};
use crate::error::{Result, StoreError};
use crate::group_links;
use crate::limits;
use crate::name::{check_name, check_opt_name};
use crate::store::Store;

/// A group to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGroup {
    /// The name, unique among groups.
    pub name: String,
    /// Whose habits the group follows.
    pub platform: Platform,
    /// What its charges are multiplied by.
    pub rate: Rate,
    /// Callers' model names -> names that its accounts understand.
    pub model_mapping: ModelMapping,
    /// How `count_tokens` is answered; `None` is the platform's default.
    pub token_counting: Option<TokenCounting>,
    /// How much is held for a request.
    pub hold: HoldMode,
    /// How far below zero a hold may take what is available; not negative.
    pub credit_line: Money,
    /// What becomes of an answer whose caller has left.
    pub on_disconnect: OnDisconnect,
    /// What pays.
    pub funding: Funding,
    /// What stands in for its rate in some hours.
    pub peak_hours: HourlyRates,
    /// How its sessions keep to an account.
    pub sticky: Stickiness,
    /// Models that the accounts of other groups serve.
    pub routes: GroupRoutes,
    /// How what it serves is changed on its way out.
    pub shaping: Shaping,
    /// Where its requests go that could not be served.
    pub fallbacks: Fallbacks,
    /// In which order its accounts are tried.
    pub policy: Policy,
}

impl NewGroup {
    /// A group with nothing set but its name and platform.
    #[must_use]
    pub fn new(name: impl Into<String>, platform: Platform) -> Self {
        Self {
            name: name.into(),
            platform,
            rate: Rate::ONE,
            model_mapping: ModelMapping::default(),
            token_counting: None,
            hold: HoldMode::default(),
            credit_line: Money::ZERO,
            on_disconnect: OnDisconnect::default(),
            funding: Funding::default(),
            peak_hours: HourlyRates::default(),
            sticky: Stickiness::default(),
            routes: GroupRoutes::default(),
            shaping: Shaping::default(),
            fallbacks: Fallbacks::default(),
            policy: Policy::default(),
        }
    }
}

/// What to change of a group; `None` leaves it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupPatch {
    /// Another name.
    pub name: Option<String>,
    /// Another platform.
    pub platform: Option<Platform>,
    /// Whether the group's keys work.
    pub status: Option<Status>,
    /// Another rate.
    pub rate: Option<Rate>,
    /// Another mapping, as a whole.
    pub model_mapping: Option<ModelMapping>,
    /// Another way of counting tokens; `Some(None)` is the platform's default.
    pub token_counting: Option<Option<TokenCounting>>,
    /// Another way of holding.
    pub hold: Option<HoldMode>,
    /// Another credit line; not negative.
    pub credit_line: Option<Money>,
    /// Another way of going on without a caller.
    pub on_disconnect: Option<OnDisconnect>,
    /// Another way of paying.
    pub funding: Option<Funding>,
    /// Other rates by the hour, as a whole.
    pub peak_hours: Option<HourlyRates>,
    /// How long sessions are remembered, in seconds; 0 is not at all.
    pub sticky_ttl_s: Option<u32>,
    /// How long a request waits for its session's account, in milliseconds.
    pub sticky_wait_ms: Option<u32>,
    /// Other routes, as a whole.
    pub routes: Option<GroupRoutes>,
    /// Other shaping, as a whole.
    pub shaping: Option<Shaping>,
    /// Other fallbacks, as a whole.
    pub fallbacks: Option<Fallbacks>,
    /// Another order of its accounts.
    pub policy: Option<Policy>,
}

/// In the order of [`from_row`].
const COLUMNS: &str = "id, name, platform, status, rate, model_mapping, token_counting, created_at, \
                       hold, credit_line, on_disconnect, funding, peak_hours, sticky_ttl_s, sticky_wait_ms, \
                       routes, shaping, fallbacks, policy";

fn from_row(mut row: Row) -> Result<Group> {
    Ok(Group {
        id: row.parsed()?,
        name: row.text()?,
        platform: row.parsed()?,
        status: row.parsed()?,
        rate: row.rate()?,
        model_mapping: row.json()?,
        token_counting: row.opt_parsed()?,
        created_at: row.time()?,
        hold: row.parsed()?,
        credit_line: row.money()?,
        on_disconnect: row.parsed()?,
        funding: row.parsed()?,
        peak_hours: row.json()?,
        sticky: Stickiness { ttl_s: row.number()?, wait_ms: row.number()? },
        routes: row.json()?,
        shaping: row.json()?,
        fallbacks: row.json()?,
        policy: row.parsed()?,
    })
}

/// Every group by name; see [`from_rows`].
pub(crate) fn list_sql() -> Sql {
    format!("SELECT {COLUMNS} FROM groups ORDER BY name").into()
}

/// The groups in the rows of [`list_sql`].
pub(crate) fn from_rows(rows: Vec<Row>) -> Result<Vec<Group>> {
    rows.into_iter().map(from_row).collect()
}

impl Store {
    /// Creates a group.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a bad name, credit line, route or shaping, [`StoreError::NotFound`] for a group that a route or
    /// a fallback names, [`StoreError::Conflict`] if the name is taken.
    pub async fn create_group(&self, new: NewGroup) -> Result<Group> {
        check_name("name", &new.name)?;
        check_credit_line(new.credit_line)?;
        check_sticky(Some(new.sticky.ttl_s), Some(new.sticky.wait_ms))?;
        check_shaping(&new.shaping)?;
        let group = Group {
            id: GroupId::generate(),
            name: new.name,
            platform: new.platform,
            status: Status::Enabled,
            rate: new.rate,
            model_mapping: new.model_mapping,
            token_counting: new.token_counting,
            hold: new.hold,
            credit_line: new.credit_line,
            on_disconnect: new.on_disconnect,
            funding: new.funding,
            peak_hours: new.peak_hours,
            created_at: self.now(),
            sticky: new.sticky,
            routes: new.routes,
            shaping: new.shaping,
            fallbacks: new.fallbacks,
            policy: new.policy,
        };
        let mut tx = self.begin_change().await?;
        let outcome = insert(&mut tx, &group).await;
        tx.finish(outcome).await?;
        Ok(group)
    }

    /// The group with this id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn get_group(&self, id: GroupId) -> Result<Option<Group>> {
        let sql = format!("SELECT {COLUMNS} FROM groups WHERE id = $1");
        self.db().query_one(sql, params![id]).await?.map(from_row).transpose()
    }

    /// The group with this name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn find_group_by_name(&self, name: &str) -> Result<Option<Group>> {
        let sql = format!("SELECT {COLUMNS} FROM groups WHERE name = $1");
        self.db().query_one(sql, params![name]).await?.map(from_row).transpose()
    }

    /// All groups by name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn list_groups(&self) -> Result<Vec<Group>> {
        from_rows(self.db().query(list_sql(), params![]).await?)
    }

    /// Changes a group; the group after it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Invalid`], [`StoreError::Conflict`] if the name is taken.
    pub async fn update_group(&self, id: GroupId, patch: GroupPatch) -> Result<Group> {
        check_opt_name("name", patch.name.as_ref())?;
        patch.credit_line.map_or(Ok(()), check_credit_line)?;
        check_sticky(patch.sticky_ttl_s, patch.sticky_wait_ms)?;
        patch.shaping.as_ref().map_or(Ok(()), check_shaping)?;
        let mut tx = self.begin_change().await?;
        let outcome = update(&mut tx, id, patch).await;
        tx.finish(outcome).await
    }

    /// Removes a group that no key, plan or subscription belongs to and no other group leads to. Its accounts stay,
    /// without it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::InUse`] if one of those belongs to it.
    pub async fn remove_group(&self, id: GroupId) -> Result<()> {
        let mut tx = self.begin_change().await?;
        let outcome = remove(&mut tx, id).await;
        tx.finish(outcome).await
    }
}

/// Fails unless the group exists.
pub(crate) async fn require(tx: &mut Tx, id: GroupId) -> Result<()> {
    let found = tx.query_one("SELECT id FROM groups WHERE id = $1", params![id]).await?;
    found.map(drop).ok_or_else(|| StoreError::not_found("group", id))
}

async fn insert(tx: &mut Tx, group: &Group) -> Result<()> {
    let sql = format!(
        "INSERT INTO groups ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, \
         $14, $15, $16, $17, $18, $19)"
    );
    let params = params![
        group.id,
        group.name.as_str(),
        group.platform.as_str(),
        group.status.as_str(),
        group.rate,
        Value::json(&group.model_mapping)?,
        group.token_counting.map(TokenCounting::as_str),
        group.created_at,
        group.hold.as_str(),
        group.credit_line,
        group.on_disconnect.as_str(),
        group.funding.as_str(),
        Value::json(&group.peak_hours)?,
        group.sticky.ttl_s,
        group.sticky.wait_ms,
        Value::json(&group.routes)?,
        Value::json(&group.shaping)?,
        Value::json(&group.fallbacks)?,
        group.policy.as_str(),
    ];
    tx.execute(sql, params).await.map_err(|error| error.name_conflict(|| taken(&group.name)))?;
    group_links::check(tx, group).await
}

async fn update(tx: &mut Tx, id: GroupId, patch: GroupPatch) -> Result<Group> {
    let name = patch.name.clone().unwrap_or_default();
    let update = Update::new("groups", id)
        .set("name", patch.name)
        .set("platform", patch.platform.map(Platform::as_str))
        .set("status", patch.status.map(Status::as_str))
        .set("rate", patch.rate)
        .set("model_mapping", patch.model_mapping.as_ref().map(Value::json).transpose()?)
        .set("token_counting", patch.token_counting.map(|counting| counting.map(TokenCounting::as_str)))
        .set("hold", patch.hold.map(HoldMode::as_str))
        .set("credit_line", patch.credit_line)
        .set("on_disconnect", patch.on_disconnect.map(OnDisconnect::as_str))
        .set("funding", patch.funding.map(Funding::as_str))
        .set("peak_hours", patch.peak_hours.as_ref().map(Value::json).transpose()?)
        .set("sticky_ttl_s", patch.sticky_ttl_s)
        .set("sticky_wait_ms", patch.sticky_wait_ms)
        .set("routes", patch.routes.as_ref().map(Value::json).transpose()?)
        .set("shaping", patch.shaping.as_ref().map(Value::json).transpose()?)
        .set("fallbacks", patch.fallbacks.as_ref().map(Value::json).transpose()?)
        .set("policy", patch.policy.map(Policy::as_str));
    if let Some((sql, params)) = update.build("id") {
        tx.execute(sql, params).await.map_err(|error| error.name_conflict(|| taken(&name)))?;
    }
    let row = tx.query_one(format!("SELECT {COLUMNS} FROM groups WHERE id = $1"), params![id]).await?;
    let group = from_row(row.ok_or_else(|| StoreError::not_found("group", id))?)?;
    group_links::check(tx, &group).await?;
    Ok(group)
}

async fn remove(tx: &mut Tx, id: GroupId) -> Result<()> {
    require(tx, id).await?;
    let uses = "SELECT (SELECT COUNT(*) FROM api_keys WHERE group_id = $1), \
                       (SELECT COUNT(*) FROM subscriptions WHERE group_id = $1), \
                       (SELECT COUNT(*) FROM plans WHERE group_id = $1)";
    let mut row = tx.query_one(uses, params![id]).await?.unwrap_or_else(|| Row::new(Vec::new()));
    let (keys, subscriptions, plans) = (row.int()?, row.int()?, row.int()?);
    if keys > 0 {
        let what = format!(
            "group {id} is the group of {keys} API key(s): move or remove them, or disable the group"
        );
        return Err(StoreError::InUse { what });
    }
    if subscriptions > 0 {
        let what =
            format!("group {id} has {subscriptions} subscription(s) and cannot be removed, only disabled");
        return Err(StoreError::InUse { what });
    }
    if plans > 0 {
        let what = format!("group {id} is the group of {plans} plan(s): remove them, or disable the group");
        return Err(StoreError::InUse { what });
    }
    let leading = group_links::leading_to(tx, id).await?;
    if !leading.is_empty() {
        let what =
            format!("requests of group(s) {} are led to group {id}: change them first", leading.join(", "));
        return Err(StoreError::InUse { what });
    }
    tx.execute("DELETE FROM account_groups WHERE group_id = $1", params![id]).await?;
    limits::delete(tx, &LimitScope::Group(id)).await?;
    limits::delete(tx, &LimitScope::EachKey(id)).await?;
    tx.execute("DELETE FROM user_group_rates WHERE group_id = $1", params![id]).await?;
    tx.execute("DELETE FROM groups WHERE id = $1", params![id]).await.map(drop)
}

/// Shaping is checked where it is saved, so that nothing of it can fail when it is used.
pub(crate) fn check_shaping(shaping: &Shaping) -> Result<()> {
    shaping.check().map_err(|error| StoreError::invalid("shaping", error.to_string()))
}

fn check_credit_line(line: Money) -> Result<()> {
    if line < Money::ZERO {
        return Err(StoreError::invalid("credit_line", "must not be negative"));
    }
    Ok(())
}

fn check_sticky(ttl_s: Option<u32>, wait_ms: Option<u32>) -> Result<()> {
    if ttl_s.is_some_and(|ttl_s| ttl_s > Stickiness::MAX_TTL_S) {
        return Err(StoreError::invalid("sticky_ttl", "must be at most 30 days"));
    }
    if wait_ms.is_some_and(|wait_ms| wait_ms > Stickiness::MAX_WAIT_MS) {
        return Err(StoreError::invalid("sticky_wait", "must be at most 60 seconds"));
    }
    Ok(())
}

fn taken(name: &str) -> String {
    format!("a group named `{name}` already exists")
}
