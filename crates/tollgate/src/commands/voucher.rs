//! `tollgate voucher`: codes that are redeemed once.

use anyhow::Context;
use serde::Serialize;
use tollgate_base::{Clock, Money, Timestamp};
use tollgate_store::{NewVouchers, Redeemed, Store, Voucher, VoucherFilter, VoucherStatus, VoucherValue};

use super::subscription::Names;
use super::{find, text};
use crate::cli::{VoucherArgs, VoucherCommand};
use crate::clock::SystemClock;
use crate::output::{self, Printer, View};

/// Runs the command on the store.
pub(crate) async fn run(args: VoucherArgs, store: &Store) -> anyhow::Result<()> {
    let json = args.format.json;
    let now = SystemClock.now();
    match args.command {
        VoucherCommand::Create { amount, plan, count, expires, batch } => {
            let value = match (amount, plan) {
                (Some(amount), _) => VoucherValue::Money(amount),
                (None, plan) => {
                    let plan = plan.context("--amount or --plan is needed")?;
                    VoucherValue::Plan(find::plan(store, &plan).await?.id)
                }
            };
            let expires_at = expires.map_or(Ok(None), |expiry| expiry.resolve(now))?;
            let batch = batch.unwrap_or_else(|| text::time(now));
            create(store, json, &NewVouchers { value, count, expires_at, batch }, now).await
        }
        VoucherCommand::List { batch, unused } => {
            let filter = VoucherFilter { batch, unused_at: unused.then_some(now) };
            let found = store.list_vouchers(filter).await?;
            let views: Vec<VoucherView> =
                found.into_iter().map(|voucher| VoucherView::new(voucher, None, now)).collect();
            Ok(Printer::new(json).list(&views)?)
        }
        VoucherCommand::Revoke { voucher: Some(id), .. } => {
            let view = VoucherView::new(store.revoke_voucher(id).await?, None, now);
            Ok(Printer::new(json).done(&format!("revoked voucher {id}"), &view)?)
        }
        VoucherCommand::Revoke { voucher: None, batch } => {
            let batch = batch.context("a voucher's id or --batch is needed")?;
            let revoked = store.revoke_vouchers(&batch).await?;
            if json {
                return Ok(output::json(&serde_json::json!({ "batch": batch, "revoked": revoked }))?);
            }
            Ok(output::line(&format!("revoked {revoked} voucher(s) of batch {batch}"))?)
        }
        VoucherCommand::Redeem { user, code } => redeem(store, json, &user, &code).await,
    }
}

async fn create(store: &Store, json: bool, new: &NewVouchers, now: Timestamp) -> anyhow::Result<()> {
    let made = store.create_vouchers(new).await?;
    if json {
        let shown = |(voucher, code): (Voucher, tollgate_base::Secret<String>)| {
            VoucherView::new(voucher, Some(code.expose().clone()), now)
        };
        return Ok(output::json(&made.into_iter().map(shown).collect::<Vec<_>>())?);
    }
    let mut lines = vec![format!(
        "created {} voucher(s) of batch {}; the codes are shown only now:",
        new.count, new.batch
    )];
    lines.extend(made.iter().map(|(_, code)| code.expose().clone()));
    Ok(output::line(&lines.join("\n"))?)
}

async fn redeem(store: &Store, json: bool, user: &str, code: &str) -> anyhow::Result<()> {
    let user = find::user(store, user).await?.user;
    match store.redeem_voucher(user.id, code).await? {
        Redeemed::Money { amount, balance } if json => {
            Ok(output::json(&serde_json::json!({ "amount": amount, "balance": balance }))?)
        }
        Redeemed::Money { amount, balance } => {
            let sentence = format!("redeemed {amount}: user {} has a balance of {balance}", user.name);
            Ok(output::line(&sentence)?)
        }
        Redeemed::Subscription(stored) => {
            let view = Names::read(store).await?.view(stored);
            let sentence = format!("redeemed: {}", view.in_words());
            if json {
                return Ok(output::json(&serde_json::json!({ "subscription": view }))?);
            }
            Ok(output::line(&sentence)?)
        }
    }
}

/// A voucher as it is printed.
#[derive(Debug, Serialize)]
struct VoucherView {
    id: String,
    /// The code itself, only where it was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    hint: String,
    batch: String,
    amount: Option<Money>,
    plan_id: Option<String>,
    /// `unused`, `expired`, `redeemed` or `revoked`.
    status: &'static str,
    #[serde(serialize_with = "text::opt_time_json")]
    expires_at: Option<Timestamp>,
    #[serde(serialize_with = "text::time_json")]
    created_at: Timestamp,
    #[serde(serialize_with = "text::opt_time_json")]
    redeemed_at: Option<Timestamp>,
    redeemed_by: Option<String>,
}

impl VoucherView {
    fn new(voucher: Voucher, code: Option<String>, now: Timestamp) -> Self {
        let has_expired = voucher.expires_at.is_some_and(|end| end <= now);
        let status = match voucher.status {
            VoucherStatus::Unused if has_expired => "expired",
            status => status.as_str(),
        };
        let (amount, plan_id) = match voucher.value {
            VoucherValue::Money(amount) => (Some(amount), None),
            VoucherValue::Plan(plan) => (None, Some(plan.to_string())),
        };
        Self {
            id: voucher.id.to_string(),
            code,
            hint: voucher.hint,
            batch: voucher.batch,
            amount,
            plan_id,
            status,
            expires_at: voucher.expires_at,
            created_at: voucher.created_at,
            redeemed_at: voucher.redeemed_at,
            redeemed_by: voucher.redeemed_by.map(|user| user.to_string()),
        }
    }
}

impl View for VoucherView {
    const COLUMNS: &'static [&'static str] =
        &["code", "worth", "status", "batch", "expires", "redeemed by", "id"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.hint.clone(),
            self.amount.map_or_else(|| self.plan_id.clone().unwrap_or_default(), |amount| amount.to_string()),
            self.status.to_owned(),
            self.batch.clone(),
            text::opt_time(self.expires_at, "never"),
            self.redeemed_by.clone().unwrap_or_else(|| "-".to_owned()),
            self.id.clone(),
        ]
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        Self::COLUMNS.iter().copied().zip(self.cells()).collect()
    }
}
