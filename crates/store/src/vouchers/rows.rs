//! The rows of vouchers, in transactions.

use tollgate_base::{Secret, Timestamp, UserId, VoucherId};

use super::{COLUMNS, Redeemed, Voucher, VoucherStatus, VoucherValue, code, from_row, unknown};
use crate::balance::{EntryKind, NewEntry, add_entry, lock_user};
use crate::db::{Params, Tx, Value, params};
use crate::error::{Result, StoreError};
use crate::plans;
use crate::secrets::MasterKey;
use crate::subscriptions;

/// Rows of one statement; both databases take far more parameters than that makes.
const ROWS_AT_ONCE: usize = 100;

pub(super) async fn insert(
    tx: &mut Tx,
    master: &MasterKey,
    value: VoucherValue,
    made: &[(Voucher, Secret<String>)],
) -> Result<()> {
    let (amount, plan) = match value {
        VoucherValue::Money(amount) => (Some(amount), None),
        VoucherValue::Plan(plan) => (None, Some(plans::find(tx, plan).await?.id)),
    };
    for some in made.chunks(ROWS_AT_ONCE) {
        let mut rows = Vec::with_capacity(some.len());
        let mut values = Params::new();
        for (voucher, code) in some {
            // A code that was just made is in its plain form but for the dashes.
            let plain = code::normalize(code.expose()).ok_or_else(unknown)?;
            let hash = Value::Blob(master.voucher_tag(plain.expose().as_bytes()).to_vec());
            let row = params![
                voucher.id,
                hash,
                voucher.hint.as_str(),
                voucher.batch.as_str(),
                amount,
                plan,
                voucher.status.as_str(),
                voucher.expires_at,
                voucher.created_at,
            ];
            let first = values.len() + 1;
            let places: Vec<String> = (first..first + row.len()).map(|at| format!("${at}")).collect();
            rows.push(format!("({})", places.join(", ")));
            values.extend(row);
        }
        let sql = format!(
            "INSERT INTO vouchers (id, hash, hint, batch, amount, plan_id, status, expires_at, created_at) \
             VALUES {}",
            rows.join(", ")
        );
        tx.execute(sql, values).await?;
    }
    Ok(())
}

pub(super) async fn revoke(tx: &mut Tx, id: VoucherId) -> Result<Voucher> {
    let sql = "UPDATE vouchers SET status = 'revoked' WHERE id = $1 AND status = 'unused'";
    tx.execute(sql, params![id]).await?;
    let row = tx.query_one(format!("SELECT {COLUMNS} FROM vouchers WHERE id = $1"), params![id]).await?;
    let voucher = from_row(row.ok_or_else(|| StoreError::not_found("voucher", id))?)?;
    if voucher.status == VoucherStatus::Redeemed {
        let what = format!("voucher {id} was redeemed already and cannot be revoked");
        return Err(StoreError::Conflict { what });
    }
    Ok(voucher)
}

pub(super) async fn revoke_batch(tx: &mut Tx, batch: &str) -> Result<u64> {
    let found = tx.query_one("SELECT id FROM vouchers WHERE batch = $1 LIMIT 1", params![batch]).await?;
    if found.is_none() {
        return Err(StoreError::not_found("voucher batch", format!("`{batch}`")));
    }
    let sql = "UPDATE vouchers SET status = 'revoked' WHERE batch = $1 AND status = 'unused'";
    tx.execute(sql, params![batch]).await
}

pub(super) async fn redeem(tx: &mut Tx, user: UserId, hash: Value, now: Timestamp) -> Result<Redeemed> {
    lock_user(tx, user).await?;
    let row = tx.query_one(format!("SELECT {COLUMNS} FROM vouchers WHERE hash = $1"), vec![hash]).await?;
    let voucher = from_row(row.ok_or_else(unknown)?)?;
    if let Some(what) = refusal(&voucher, now) {
        return Err(StoreError::Conflict { what: what.to_owned() });
    }
    // The condition holds the rule by itself too, whatever else is going on.
    let sql = "UPDATE vouchers SET status = 'redeemed', redeemed_at = $2, redeemed_by = $3 \
               WHERE id = $1 AND status = 'unused'";
    if tx.execute(sql, params![voucher.id, now, user]).await? == 0 {
        return Err(StoreError::Conflict { what: USED.to_owned() });
    }
    match voucher.value {
        VoucherValue::Money(amount) => {
            let reason = voucher.id.to_string();
            let new =
                NewEntry { delta: amount, kind: EntryKind::Voucher, reason: &reason, author: None, at: now };
            let balance = add_entry(tx, user, &new).await?;
            Ok(Redeemed::Money { amount, balance })
        }
        VoucherValue::Plan(plan) => {
            Ok(Redeemed::Subscription(subscriptions::grant(tx, user, plan, now).await?))
        }
    }
}

const USED: &str = "this voucher was redeemed already";

fn refusal(voucher: &Voucher, now: Timestamp) -> Option<&'static str> {
    match voucher.status {
        VoucherStatus::Redeemed => Some(USED),
        VoucherStatus::Revoked => Some("this voucher was revoked"),
        VoucherStatus::Unused if voucher.expires_at.is_some_and(|end| end <= now) => {
            Some("this voucher has expired")
        }
        VoucherStatus::Unused => None,
    }
}
