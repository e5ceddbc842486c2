//! Checking the ledger against what explains it.

use std::fmt;

use tollgate_base::{Money, QuotaId, RequestId, UserId};

use crate::db::{Row, Sql, params};
use crate::error::{Result, StoreError};
use crate::store::Store;

/// Something in the ledger that does not fit together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerProblem {
    /// A balance is not what was added to it less what was used.
    Balance {
        /// Whose.
        user_id: UserId,
        /// What the store has.
        balance: Money,
        /// The sum of the entries less the sum of the costs.
        expected: Money,
    },
    /// Usage was recorded for a user who is not there, so nobody was charged.
    UnknownUser {
        /// Whom the records name.
        user_id: UserId,
        /// What was used.
        used: Money,
    },
    /// What is held of a user's balance is not the sum of the user's open holds.
    Held {
        /// Whose.
        user_id: UserId,
        /// What the store has.
        held: Money,
        /// The sum of the open holds.
        expected: Money,
    },
    /// Less than nothing is held of a user's balance.
    NegativeHeld {
        /// Whose.
        user_id: UserId,
        /// What the store has.
        held: Money,
    },
    /// A hold is open although its request has a usage record: it was closed twice or not at all.
    HoldOfSettled {
        /// The request.
        id: RequestId,
        /// Whose balance it holds.
        user_id: UserId,
        /// How much it holds.
        amount: Money,
    },
    /// A hold names a user who is not there.
    HoldOfUnknownUser {
        /// The request.
        id: RequestId,
        /// Whom it names.
        user_id: UserId,
        /// How much it holds.
        amount: Money,
    },
    /// A hold holds less than nothing.
    NegativeHold {
        /// The request.
        id: RequestId,
        /// Whose balance it holds.
        user_id: UserId,
        /// How much it holds.
        amount: Money,
    },
    /// What is used of a quota is not what the requests of its window cost.
    QuotaUsed {
        /// Which quota.
        id: QuotaId,
        /// Whose.
        owner: String,
        /// What the store has.
        used: Money,
        /// The sum of the costs since its window began.
        expected: Money,
    },
    /// What is held of a quota is not the sum of the open holds that name it.
    QuotaHeld {
        /// Which quota.
        id: QuotaId,
        /// Whose.
        owner: String,
        /// What the store has.
        held: Money,
        /// The sum of the open holds.
        expected: Money,
    },
    /// What a voucher brought a user is not what it is worth, or it was redeemed by somebody else or not at all.
    Voucher {
        /// Which voucher.
        id: String,
        /// What it is worth to who redeemed it.
        worth: Money,
        /// What the entries that name it brought.
        paid: Money,
    },
}

impl fmt::Display for LedgerProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Balance { user_id, balance, expected } => write!(
                f,
                "user {user_id} has a balance of {balance}, but the entries less the usage records make {expected}"
            ),
            Self::UnknownUser { user_id, used } => {
                write!(f, "user {user_id} does not exist, but usage records name the user: {used} in all")
            }
            Self::Held { user_id, held, expected } => {
                write!(f, "{held} is held of user {user_id}'s balance, but the open holds make {expected}")
            }
            Self::NegativeHeld { user_id, held } => {
                write!(f, "{held} is held of user {user_id}'s balance, which is less than nothing")
            }
            Self::HoldOfSettled { id, user_id, amount } => write!(
                f,
                "request {id} of user {user_id} has a usage record, but its hold of {amount} is still open"
            ),
            Self::HoldOfUnknownUser { id, user_id, amount } => {
                write!(f, "the hold of {amount} for request {id} names user {user_id}, who does not exist")
            }
            Self::NegativeHold { id, user_id, amount } => write!(
                f,
                "the hold for request {id} of user {user_id} is of {amount}, which is less than nothing"
            ),
            Self::QuotaUsed { id, owner, used, expected } => write!(
                f,
                "{used} is used of quota {id} of {owner}, but the requests of its window cost {expected}"
            ),
            Self::QuotaHeld { id, owner, held, expected } => {
                write!(f, "{held} is held of quota {id} of {owner}, but the open holds make {expected}")
            }
            Self::Voucher { id, worth, paid } => {
                write!(f, "voucher {id} brought {paid} to a user who redeemed {worth} by it")
            }
        }
    }
}

/// How much there is in a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LedgerCounts {
    /// Users.
    pub users: u64,
    /// Usage records.
    pub records: u64,
    /// Holds that are open.
    pub open_holds: u64,
}

impl Store {
    /// Checks the whole ledger, in one snapshot: every balance against its entries and usage records, what is held of
    /// it against the open holds, and every hold against the records. What is wrong; nothing if all is well. Reads
    /// every usage record, and gets in nobody's way.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn verify_ledger(&self) -> Result<Vec<LedgerProblem>> {
        let queries = CHECKS.iter().map(|(sql, _)| (Sql::from(*sql), params![])).collect();
        let answers = self.db().query_all(queries).await?;
        let mut problems = Vec::new();
        for ((_, problem), rows) in CHECKS.iter().zip(answers) {
            for row in rows {
                problems.push(problem(row)?);
            }
        }
        Ok(problems)
    }

    /// How much there is to verify.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn ledger_counts(&self) -> Result<LedgerCounts> {
        let sql = "SELECT (SELECT COUNT(*) FROM users), (SELECT COUNT(*) FROM usage_records), \
                          (SELECT COUNT(*) FROM holds)";
        let row = self.db().query_one(sql, params![]).await?;
        let mut row = row.ok_or_else(|| StoreError::corrupt("a count was not answered"))?;
        Ok(LedgerCounts { users: row.number()?, records: row.number()?, open_holds: row.number()? })
    }
}

/// A statement that finds what is wrong, and how to read a row of it.
type Check = (&'static str, fn(Row) -> Result<LedgerProblem>);

const CHECKS: [Check; 8] = [
    (BALANCES, balance),
    (HELD, held),
    (
        "SELECT holds.id, holds.user_id, holds.amount FROM holds \
         JOIN usage_records ON usage_records.id = holds.id ORDER BY holds.id",
        |row| about_hold(row, |id, user_id, amount| LedgerProblem::HoldOfSettled { id, user_id, amount }),
    ),
    (
        "SELECT holds.id, holds.user_id, holds.amount FROM holds \
         LEFT JOIN users ON users.id = holds.user_id WHERE users.id IS NULL ORDER BY holds.id",
        |row| about_hold(row, |id, user_id, amount| LedgerProblem::HoldOfUnknownUser { id, user_id, amount }),
    ),
    ("SELECT id, user_id, amount FROM holds WHERE amount < 0 ORDER BY id", |row| {
        about_hold(row, |id, user_id, amount| LedgerProblem::NegativeHold { id, user_id, amount })
    }),
    (QUOTAS_USED, |row| {
        about_quota(row, |id, owner, used, expected| LedgerProblem::QuotaUsed { id, owner, used, expected })
    }),
    (QUOTAS_HELD, |row| {
        about_quota(row, |id, owner, held, expected| LedgerProblem::QuotaHeld { id, owner, held, expected })
    }),
    (VOUCHERS, |mut row| {
        Ok(LedgerProblem::Voucher { id: row.text()?, worth: row.money()?, paid: row.money()? })
    }),
];

/// Users whose balance is not explained, and users who are only named by usage.
const BALANCES: &str = "\
WITH movements AS (
  SELECT user_id, delta AS amount FROM balance_entries
  UNION ALL
  SELECT user_id, -cost AS amount FROM usage_records WHERE subscription_id IS NULL
), sums AS (
  SELECT user_id, CAST(SUM(amount) AS BIGINT) AS expected FROM movements GROUP BY user_id
)
SELECT users.id AS user_id, users.balance, COALESCE(sums.expected, 0) AS expected
  FROM users LEFT JOIN sums ON sums.user_id = users.id
 WHERE users.balance <> COALESCE(sums.expected, 0)
UNION ALL
SELECT sums.user_id, NULL, sums.expected
  FROM sums LEFT JOIN users ON users.id = sums.user_id
 WHERE users.id IS NULL AND sums.expected <> 0
 ORDER BY user_id";

fn balance(mut row: Row) -> Result<LedgerProblem> {
    let user_id = row.parsed()?;
    let balance = row.opt_int()?.map(Money::from_nanos);
    let expected = row.money()?;
    let overflow = || StoreError::corrupt("the usage of a user who is not there overflows");
    Ok(match balance {
        Some(balance) => LedgerProblem::Balance { user_id, balance, expected },
        None => {
            let used = Money::ZERO.checked_sub(expected).ok_or_else(overflow)?;
            LedgerProblem::UnknownUser { user_id, used }
        }
    })
}

/// Users of whose balance something else is held than their open holds, or less than nothing.
const HELD: &str = "\
WITH sums AS (
  SELECT user_id, CAST(SUM(amount) AS BIGINT) AS expected FROM holds
   WHERE subscription_id IS NULL GROUP BY user_id
)
SELECT users.id, users.held, COALESCE(sums.expected, 0)
  FROM users LEFT JOIN sums ON sums.user_id = users.id
 WHERE users.held <> COALESCE(sums.expected, 0) OR users.held < 0
 ORDER BY users.id";

fn held(mut row: Row) -> Result<LedgerProblem> {
    let (user_id, held, expected) = (row.parsed()?, row.money()?, row.money()?);
    Ok(if held == expected {
        LedgerProblem::NegativeHeld { user_id, held }
    } else {
        LedgerProblem::Held { user_id, held, expected }
    })
}

/// Quotas of which something else is used than their owners' requests cost that came in since their windows began.
const QUOTAS_USED: &str = "\
WITH costs AS (
  SELECT quotas.id, usage_records.cost FROM quotas JOIN usage_records
      ON usage_records.key_id = quotas.owner_id AND usage_records.at >= quotas.starts_at
  UNION ALL
  SELECT quotas.id, usage_records.cost FROM quotas JOIN usage_records
      ON usage_records.user_id = quotas.owner_id AND usage_records.at >= quotas.starts_at
  UNION ALL
  SELECT quotas.id, usage_records.account_cost FROM quotas JOIN usage_records
      ON usage_records.account_id = quotas.owner_id AND usage_records.at >= quotas.starts_at
  UNION ALL
  SELECT quotas.id, usage_records.cost FROM quotas JOIN usage_records
      ON usage_records.subscription_id = quotas.owner_id AND usage_records.at >= quotas.starts_at
), sums AS (
  SELECT id, CAST(SUM(cost) AS BIGINT) AS expected FROM costs GROUP BY id
)
SELECT quotas.id, quotas.owner_id, quotas.used, COALESCE(sums.expected, 0)
  FROM quotas LEFT JOIN sums ON sums.id = quotas.id
 WHERE quotas.used <> COALESCE(sums.expected, 0)
 ORDER BY quotas.id";

/// Quotas of which something else is held than the open holds that name them. A hold names its quotas in one text; that
/// `_` stands for any character in a pattern does no harm, since ids differ elsewhere.
const QUOTAS_HELD: &str = "\
WITH named AS (
  SELECT quotas.id, holds.amount FROM quotas JOIN holds ON holds.key_id = quotas.owner_id
   WHERE holds.quotas LIKE '%' || quotas.id || '%'
  UNION ALL
  SELECT quotas.id, holds.amount FROM quotas JOIN holds ON holds.user_id = quotas.owner_id
   WHERE holds.quotas LIKE '%' || quotas.id || '%'
  UNION ALL
  SELECT quotas.id, holds.amount FROM quotas JOIN holds ON holds.subscription_id = quotas.owner_id
   WHERE holds.quotas LIKE '%' || quotas.id || '%'
), sums AS (
  SELECT id, CAST(SUM(amount) AS BIGINT) AS expected FROM named GROUP BY id
)
SELECT quotas.id, quotas.owner_id, quotas.held, COALESCE(sums.expected, 0)
  FROM quotas LEFT JOIN sums ON sums.id = quotas.id
 WHERE quotas.held <> COALESCE(sums.expected, 0)
 ORDER BY quotas.id";

/// Vouchers that were redeemed for money and brought their user something else, and entries of vouchers that their user did
/// not redeem.
const VOUCHERS: &str = "\
WITH redeemed AS (
  SELECT id, redeemed_by AS user_id, amount FROM vouchers WHERE status = 'redeemed' AND amount IS NOT NULL
), paid AS (
  SELECT reference AS id, user_id, CAST(SUM(delta) AS BIGINT) AS amount FROM balance_entries
   WHERE kind = 'voucher' GROUP BY reference, user_id
)
SELECT COALESCE(redeemed.id, paid.id), COALESCE(redeemed.amount, 0), COALESCE(paid.amount, 0)
  FROM redeemed FULL JOIN paid ON paid.id = redeemed.id AND paid.user_id = redeemed.user_id
 WHERE COALESCE(redeemed.amount, 0) <> COALESCE(paid.amount, 0)
 ORDER BY 1";

fn about_quota(
    mut row: Row,
    problem: fn(QuotaId, String, Money, Money) -> LedgerProblem,
) -> Result<LedgerProblem> {
    Ok(problem(row.parsed()?, row.text()?, row.money()?, row.money()?))
}

fn about_hold(mut row: Row, problem: fn(RequestId, UserId, Money) -> LedgerProblem) -> Result<LedgerProblem> {
    Ok(problem(row.parsed()?, row.parsed()?, row.money()?))
}
