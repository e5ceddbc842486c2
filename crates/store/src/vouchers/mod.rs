//! Vouchers: codes that are redeemed once, for money or for a subscription.

mod code;
mod rows;

use std::fmt;
use std::str::FromStr;

use tollgate_base::{Money, PlanId, Secret, Timestamp, UserId, VoucherId};

use crate::db::{Params, Row, Value};
use crate::error::{Result, StoreError};
use crate::name::check_name;
use crate::store::Store;
use crate::subscriptions::StoredSubscription;

/// How many vouchers can be made at once.
pub const MAX_VOUCHERS: u32 = 10_000;

/// What a voucher is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VoucherValue {
    /// An amount for the balance; above zero.
    Money(Money),
    /// A subscription of this plan, or as many days more of the one that the user has.
    Plan(PlanId),
}

/// Vouchers to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVouchers {
    /// What each of them is worth.
    pub value: VoucherValue,
    /// How many; from 1 to [`MAX_VOUCHERS`].
    pub count: u32,
    /// From when on they can no longer be redeemed; `None` is never.
    pub expires_at: Option<Timestamp>,
    /// A label to find them by.
    pub batch: String,
}

/// Whether a voucher can be redeemed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VoucherStatus {
    /// It can, while it has not expired.
    Unused,
    /// It was.
    Redeemed,
    /// It was withdrawn.
    Revoked,
}

impl VoucherStatus {
    const ALL: [Self; 3] = [Self::Unused, Self::Redeemed, Self::Revoked];

    /// The name in the store and in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unused => "unused",
            Self::Redeemed => "redeemed",
            Self::Revoked => "revoked",
        }
    }
}

impl fmt::Display for VoucherStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for VoucherStatus {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|status| status.as_str() == text);
        found.ok_or_else(|| StoreError::corrupt(format!("`{text}` is not the status of a voucher")))
    }
}

/// A voucher as the store has it: without its code, which is nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voucher {
    /// The id.
    pub id: VoucherId,
    /// What may be shown of the code: its end.
    pub hint: String,
    /// The label of those that were made together.
    pub batch: String,
    /// What it is worth.
    pub value: VoucherValue,
    /// Whether it can be redeemed.
    pub status: VoucherStatus,
    /// From when on it no longer can.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was redeemed.
    pub redeemed_at: Option<Timestamp>,
    /// By whom.
    pub redeemed_by: Option<UserId>,
}

/// Which vouchers are meant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VoucherFilter {
    /// Only those with this label.
    pub batch: Option<String>,
    /// Only those that can still be redeemed at this time.
    pub unused_at: Option<Timestamp>,
}

/// What redeeming a voucher came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redeemed {
    /// Money for the balance.
    Money {
        /// How much.
        amount: Money,
        /// The balance after it.
        balance: Money,
    },
    /// A subscription that was made or renewed.
    Subscription(StoredSubscription),
}

/// In the order of [`from_row`].
const COLUMNS: &str =
    "id, hint, batch, amount, plan_id, status, expires_at, created_at, redeemed_at, redeemed_by";

fn from_row(mut row: Row) -> Result<Voucher> {
    let (id, hint, batch) = (row.parsed()?, row.text()?, row.text()?);
    let amount = row.opt_int()?.map(Money::from_nanos);
    let value = match (amount, row.opt_parsed()?) {
        (Some(amount), None) => VoucherValue::Money(amount),
        (None, Some(plan)) => VoucherValue::Plan(plan),
        _ => return Err(StoreError::corrupt("a voucher is for neither money nor a plan, or for both")),
    };
    Ok(Voucher {
        id,
        hint,
        batch,
        value,
        status: row.parsed()?,
        expires_at: row.opt_time()?,
        created_at: row.time()?,
        redeemed_at: row.opt_time()?,
        redeemed_by: row.opt_parsed()?,
    })
}

impl Store {
    /// Creates vouchers, all or none. The second of each pair is the code: it is shown this once and never again.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a bad count, amount or label, [`StoreError::NotFound`] if the plan is not there.
    pub async fn create_vouchers(&self, new: &NewVouchers) -> Result<Vec<(Voucher, Secret<String>)>> {
        check(new)?;
        let now = self.now();
        let one = |_| {
            let code = code::generate()?;
            let voucher = Voucher {
                id: VoucherId::generate(),
                hint: code::hint(&code),
                batch: new.batch.clone(),
                value: new.value,
                status: VoucherStatus::Unused,
                expires_at: new.expires_at,
                created_at: now,
                redeemed_at: None,
                redeemed_by: None,
            };
            Ok((voucher, code))
        };
        let made = (0..new.count).map(one).collect::<Result<Vec<_>>>()?;
        let mut tx = self.begin_change().await?;
        let outcome = rows::insert(&mut tx, self.master(), new.value, &made).await;
        tx.finish(outcome).await?;
        Ok(made)
    }

    /// The matching vouchers, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn list_vouchers(&self, filter: VoucherFilter) -> Result<Vec<Voucher>> {
        let mut conditions = String::from("1 = 1");
        let mut params = Params::new();
        if let Some(batch) = filter.batch {
            params.push(Value::from(batch));
            conditions.push_str(&format!(" AND batch = ${}", params.len()));
        }
        if let Some(at) = filter.unused_at {
            params.push(Value::from(at));
            let at = params.len();
            conditions
                .push_str(&format!(" AND status = 'unused' AND (expires_at IS NULL OR expires_at > ${at})"));
        }
        let sql = format!("SELECT {COLUMNS} FROM vouchers WHERE {conditions} ORDER BY id");
        self.db().query(sql, params).await?.into_iter().map(from_row).collect()
    }

    /// Withdraws a voucher that was not redeemed; the voucher after it. Does nothing to one that is withdrawn already.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Conflict`] if it was redeemed.
    pub async fn revoke_voucher(&self, id: VoucherId) -> Result<Voucher> {
        let mut tx = self.begin_change().await?;
        let outcome = rows::revoke(&mut tx, id).await;
        tx.finish(outcome).await
    }

    /// Withdraws all vouchers of a label that are unused; how many.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if no voucher has this label.
    pub async fn revoke_vouchers(&self, batch: &str) -> Result<u64> {
        let mut tx = self.begin_change().await?;
        let outcome = rows::revoke_batch(&mut tx, batch).await;
        tx.finish(outcome).await
    }

    /// Gives a user what a code is worth, once, whoever else asks for it at the same time. Case, dashes and spaces in the
    /// code do not matter.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the user or the code is not there, [`StoreError::Conflict`] if the voucher was redeemed,
    /// was revoked or has expired; [`StoreError::Invalid`] if the balance would leave the range of 64 bits.
    pub async fn redeem_voucher(&self, user: UserId, code: &str) -> Result<Redeemed> {
        let plain = code::normalize(code).ok_or_else(unknown)?;
        let hash = Value::Blob(self.master().voucher_tag(plain.expose().as_bytes()).to_vec());
        let mut tx = self.begin_change().await?;
        let outcome = rows::redeem(&mut tx, user, hash, self.now()).await;
        tx.finish(outcome).await
    }
}

fn check(new: &NewVouchers) -> Result<()> {
    check_name("batch", &new.batch)?;
    if !(1..=MAX_VOUCHERS).contains(&new.count) {
        return Err(StoreError::invalid("count", format!("must be from 1 to {MAX_VOUCHERS}")));
    }
    match new.value {
        VoucherValue::Money(amount) if !amount.is_positive() => {
            Err(StoreError::invalid("amount", "must be above zero"))
        }
        _ => Ok(()),
    }
}

/// The same for a code that nobody made as for a text that can be none.
fn unknown() -> StoreError {
    StoreError::NotFound { what: "this voucher code".to_owned() }
}
