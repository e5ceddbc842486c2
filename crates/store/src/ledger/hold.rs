//! Holds: their rows, and reading those that are open.

use tollgate_base::{
    GroupId, KeyId, Money, NodeId, QuotaId, Rate, RequestId, SubscriptionId, Timestamp, UserId,
};
use tollgate_protocol::Protocol;

use crate::db::cell::{count, money, names, rate, shown, text};
use crate::db::{Cell, Kind, Row, params};
use crate::error::{Result, StoreError};
use crate::quotas::QuotaOwner;
use crate::store::Store;

/// What is held for a request, and all that recovery needs to close it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The request's id, which its usage record will have.
    pub id: RequestId,
    /// Whose balance.
    pub user_id: UserId,
    /// The key that was shown.
    pub key_id: KeyId,
    /// The key's group.
    pub group_id: GroupId,
    /// How much; not negative. 0 still asks that something is available.
    pub amount: Money,
    /// How far below zero the hold may take what is available; not negative.
    pub credit_line: Money,
    /// The price it was reckoned with; see [`Store::find_price`](crate::Store::find_price).
    pub price_version: i64,
    /// The group's rate at the time.
    pub group_rate: Rate,
    /// The user's rate at the time.
    pub user_rate: Rate,
    /// The endpoint's name, for example `messages`.
    pub endpoint: String,
    /// What the caller spoke.
    pub client_protocol: Protocol,
    /// The model as the caller wrote it.
    pub requested_model: String,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// The estimate of the prompt.
    pub input_tokens: u64,
    /// Which run of the gate serves the request.
    pub node: NodeId,
    /// When the request came in.
    pub at: Timestamp,
    /// The subscription that will pay; `None` where the balance will. Its quotas are among `quotas`.
    pub subscription_id: Option<SubscriptionId>,
    /// The quotas that have to cover it too.
    pub quotas: Vec<QuotaId>,
}

impl Hold {
    /// Everybody whose quotas it may name.
    pub(crate) fn owners(&self) -> impl Iterator<Item = QuotaOwner> + use<> {
        let always = [QuotaOwner::Key(self.key_id), QuotaOwner::User(self.user_id)];
        always.into_iter().chain(self.subscription_id.map(QuotaOwner::Subscription))
    }
}

/// What became of a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HoldOutcome {
    /// It is there, or its request was settled already.
    Held,
    /// The user has too little available, or is not there.
    Refused,
}

/// Which open holds are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldFilter {
    /// Those of this node.
    Of(NodeId),
    /// Those of every other node.
    NotOf(NodeId),
    /// All.
    All,
}

/// Name and kind of each column of `holds`.
pub(crate) const COLUMNS: [(&str, Kind); 18] = [
    ("id", Kind::Text),
    ("user_id", Kind::Text),
    ("key_id", Kind::Text),
    ("group_id", Kind::Text),
    ("amount", Kind::Int),
    ("credit_line", Kind::Int),
    ("price_version", Kind::Int),
    ("group_rate", Kind::Int),
    ("user_rate", Kind::Int),
    ("endpoint", Kind::Text),
    ("client_protocol", Kind::Text),
    ("requested_model", Kind::Text),
    ("stream", Kind::Int),
    ("input_tokens", Kind::Int),
    ("node", Kind::Text),
    ("at", Kind::Int),
    ("subscription_id", Kind::Text),
    ("quotas", Kind::Text),
];

/// The hold's values in the order of [`COLUMNS`].
pub(crate) fn cells(hold: &Hold) -> [Cell<'_>; COLUMNS.len()] {
    [
        shown(hold.id),
        shown(hold.user_id),
        shown(hold.key_id),
        shown(hold.group_id),
        money(hold.amount),
        money(hold.credit_line),
        Cell::Int(hold.price_version),
        rate(hold.group_rate),
        rate(hold.user_rate),
        text(&hold.endpoint),
        text(hold.client_protocol.as_str()),
        text(&hold.requested_model),
        Cell::Int(i64::from(hold.stream)),
        count(hold.input_tokens),
        shown(hold.node),
        Cell::Int(hold.at.micros()),
        hold.subscription_id.map_or(Cell::Null, shown),
        quota_list(&hold.quotas),
    ]
}

/// Ids with spaces between, so that a statement can look for one.
fn quota_list<'a>(quotas: &[QuotaId]) -> Cell<'a> {
    if quotas.is_empty() {
        return Cell::Null;
    }
    Cell::Text(quotas.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ").into())
}

/// Reads what [`quota_list`] wrote.
pub(crate) fn quotas_from_list(list: Option<&str>) -> Result<Vec<QuotaId>> {
    let parse =
        |id: &str| id.parse().map_err(|error| StoreError::corrupt(format!("a hold's quota: {error}")));
    list.unwrap_or_default().split_whitespace().map(parse).collect()
}

/// The hold in a row of all columns.
fn from_row(mut row: Row) -> Result<Hold> {
    Ok(Hold {
        id: row.parsed()?,
        user_id: row.parsed()?,
        key_id: row.parsed()?,
        group_id: row.parsed()?,
        amount: row.money()?,
        credit_line: row.money()?,
        price_version: row.int()?,
        group_rate: row.rate()?,
        user_rate: row.rate()?,
        endpoint: row.text()?,
        client_protocol: row.parsed()?,
        requested_model: row.text()?,
        stream: row.boolean()?,
        input_tokens: row.number()?,
        node: row.parsed()?,
        at: row.time()?,
        subscription_id: row.opt_parsed()?,
        quotas: quotas_from_list(row.opt_text()?.as_deref())?,
    })
}

impl Store {
    /// The first `limit` open holds by id, which is by age.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](crate::StoreError::Unavailable) if the database does not answer.
    pub async fn open_holds(&self, filter: HoldFilter, limit: u32) -> Result<Vec<Hold>> {
        let columns = names(&COLUMNS);
        let (condition, params) = match filter {
            HoldFilter::Of(node) => ("WHERE node = $2", params![limit, node]),
            HoldFilter::NotOf(node) => ("WHERE node <> $2", params![limit, node]),
            HoldFilter::All => ("", params![limit]),
        };
        let sql = format!("SELECT {columns} FROM holds {condition} ORDER BY id LIMIT $1");
        self.db().query(sql, params).await?.into_iter().map(from_row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_is_of_its_columns_kind() {
        let hold = Hold {
            id: RequestId::from_u128(1),
            user_id: UserId::from_u128(2),
            key_id: KeyId::from_u128(3),
            group_id: GroupId::from_u128(4),
            amount: Money::from_nanos(5),
            credit_line: Money::from_nanos(6),
            price_version: 7,
            group_rate: Rate::ONE,
            user_rate: Rate::ONE,
            endpoint: "messages".to_owned(),
            client_protocol: Protocol::Messages,
            requested_model: "model".to_owned(),
            stream: true,
            input_tokens: 8,
            node: NodeId::from_u128(9),
            at: Timestamp::from_micros(10),
            subscription_id: Some(SubscriptionId::from_u128(11)),
            quotas: vec![QuotaId::from_u128(12), QuotaId::from_u128(13)],
        };
        for ((name, kind), cell) in COLUMNS.iter().zip(cells(&hold)) {
            let fits = match cell {
                Cell::Int(_) => *kind == Kind::Int,
                Cell::Text(_) => *kind == Kind::Text,
                Cell::Null => false,
            };
            assert!(fits, "{name}");
        }
    }
}
