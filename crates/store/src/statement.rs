//! Statements: what changed a user's balance in a period, from its opening to its closing.

use tollgate_base::{Money, SubscriptionId, Timestamp, Usage, UserId};

use crate::balance::{self, BalanceEntry};
use crate::db::{Params, Row, Sql, Value};
use crate::error::{Result, StoreError};
use crate::store::Store;
use crate::usage::{usage, usage_sums};
use crate::users::{self, StoredUser};

/// A user's account of a period, all of one moment. Opening, and the entries, less the charges, is closing, to the
/// nano-dollar.
///
/// A record belongs to the period in which its request came in, also if it was settled later; an entry to the one in
/// which it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The user, as of now.
    pub user: StoredUser,
    /// Where the period begins; `None` is with the user.
    pub from: Option<Timestamp>,
    /// The first moment behind it; `None` is the end of what is known.
    pub until: Option<Timestamp>,
    /// The balance when it began.
    pub opening: Money,
    /// What was added and taken otherwise than by usage, oldest first.
    pub entries: Vec<BalanceEntry>,
    /// What requests cost the balance, by model.
    pub charges: Vec<ModelCharges>,
    /// What requests cost subscriptions, by subscription and model. It does not touch the balance.
    pub subscriptions: Vec<SubscriptionCharges>,
    /// The balance when it ended.
    pub closing: Money,
}

/// The requests for one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelCharges {
    /// The model as the caller wrote it.
    pub model: String,
    /// How many.
    pub requests: u64,
    /// Their tokens and calls.
    pub usage: Usage,
    /// What was charged for them.
    pub cost: Money,
}

/// The requests for one model that a subscription paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionCharges {
    /// Which subscription.
    pub subscription_id: SubscriptionId,
    /// For what.
    pub charges: ModelCharges,
}

impl Store {
    /// A user's statement from `from` on and before `until`; `None` if there is no such user. Without `until`, its closing
    /// is the balance.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if the period ends before it begins or a sum leaves the range of 64 bits,
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn statement(
        &self,
        user: UserId,
        from: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Result<Option<Statement>> {
        if from.zip(until).is_some_and(|(from, until)| until < from) {
            return Err(StoreError::invalid("to", "must not be before the begin"));
        }
        let answers: Result<[_; 6], _> = self.db().query_all(queries(user, from, until)).await?.try_into();
        let [found, entries_before, cost_before, entries, charges, subscriptions] =
            answers.map_err(|_| StoreError::corrupt("a statement was not answered"))?;
        let Some(mut row) = found.into_iter().next() else { return Ok(None) };
        let user = users::from_row(&mut row)?;
        let entries = entries.into_iter().map(balance::from_row).collect::<Result<Vec<_>>>()?;
        let mut charges = charges.into_iter().map(model_charges).collect::<Result<Vec<_>>>()?;
        let mut subscriptions =
            subscriptions.into_iter().map(subscription_charges).collect::<Result<Vec<_>>>()?;
        // Databases have their own order of texts.
        charges.sort_by(|a, b| a.model.cmp(&b.model));
        subscriptions.sort_by(|a, b| {
            (a.subscription_id, &a.charges.model).cmp(&(b.subscription_id, &b.charges.model))
        });
        let opening = less(sum(entries_before)?, sum(cost_before)?)?;
        let added = total(entries.iter().map(|entry| entry.delta))?;
        let charged = total(charges.iter().map(|charges| charges.cost))?;
        let closing = less(opening.checked_add(added).ok_or_else(overflow)?, charged)?;
        Ok(Some(Statement { user, from, until, opening, entries, charges, subscriptions, closing }))
    }
}

/// What [`Store::statement`] reads, in its order.
fn queries(user: UserId, from: Option<Timestamp>, until: Option<Timestamp>) -> Vec<(Sql, Params)> {
    let (before, before_params) = match from {
        Some(from) => (" AND at < $2", vec![Value::from(user), Value::from(from)]),
        // Nothing was before the beginning.
        None => (" AND 1 = 0", vec![Value::from(user)]),
    };
    let (within, within_params) = period(user, from, until);
    let by_model = format!("COUNT(*), {}", usage_sums());
    let statements = [
        (format!("SELECT {} FROM users WHERE id = $1", users::COLUMNS), vec![Value::from(user)]),
        (
            format!(
                "SELECT CAST(COALESCE(SUM(delta), 0) AS BIGINT) FROM balance_entries \
                 WHERE user_id = $1{before}"
            ),
            before_params.clone(),
        ),
        (
            format!(
                "SELECT CAST(COALESCE(SUM(cost), 0) AS BIGINT) FROM usage_records \
                 WHERE user_id = $1 AND subscription_id IS NULL{before}"
            ),
            before_params,
        ),
        (
            format!("SELECT {} FROM balance_entries WHERE {within} ORDER BY id", balance::COLUMNS),
            within_params.clone(),
        ),
        (
            format!(
                "SELECT requested_model, {by_model} FROM usage_records \
                 WHERE {within} AND subscription_id IS NULL GROUP BY requested_model"
            ),
            within_params.clone(),
        ),
        (
            format!(
                "SELECT subscription_id, requested_model, {by_model} FROM usage_records \
                 WHERE {within} AND subscription_id IS NOT NULL GROUP BY subscription_id, requested_model"
            ),
            within_params,
        ),
    ];
    statements.into_iter().map(|(sql, params)| (Sql::from(sql), params)).collect()
}

/// A condition on `user_id` and `at`.
fn period(user: UserId, from: Option<Timestamp>, until: Option<Timestamp>) -> (String, Params) {
    let mut condition = String::from("user_id = $1");
    let mut params = vec![Value::from(user)];
    for (comparison, at) in [(">=", from), ("<", until)] {
        if let Some(at) = at {
            params.push(Value::from(at));
            condition.push_str(&format!(" AND at {comparison} ${}", params.len()));
        }
    }
    (condition, params)
}

fn model_charges(mut row: Row) -> Result<ModelCharges> {
    charges_of(&mut row)
}

fn subscription_charges(mut row: Row) -> Result<SubscriptionCharges> {
    Ok(SubscriptionCharges { subscription_id: row.parsed()?, charges: charges_of(&mut row)? })
}

fn charges_of(row: &mut Row) -> Result<ModelCharges> {
    let (model, requests) = (row.text()?, row.number()?);
    Ok(ModelCharges { model, requests, usage: usage(row)?, cost: row.money()? })
}

fn sum(rows: Vec<Row>) -> Result<Money> {
    rows.into_iter().next().map_or(Ok(Money::ZERO), |mut row| row.money())
}

fn total(mut amounts: impl Iterator<Item = Money>) -> Result<Money> {
    amounts.try_fold(Money::ZERO, Money::checked_add).ok_or_else(overflow)
}

fn less(amount: Money, taken: Money) -> Result<Money> {
    amount.checked_sub(taken).ok_or_else(overflow)
}

fn overflow() -> StoreError {
    StoreError::invalid("statement", "a sum would leave the range of 64 bits")
}
