//! What an ended process left open is closed by rule, each request once.
//!
//! A request whose end stands in the journal is settled as it ended. Else its hold is all there is: if an upstream had
//! answered, its prompt is charged by estimate; if not, nothing is. A settlement that comes late after all finds the
//! request closed and changes nothing.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tollgate_base::{Money, NodeId, RequestId, Usage};
use tollgate_pricing::{CostParts, Served, charge};
use tollgate_store::{Hold, HoldFilter, LedgerBatch, Store, StoreError, StreamEnd, UsageRecord};

use crate::GatewayError;
use crate::journal::{Journal, Left};

/// How many holds are closed in one transaction.
const BATCH: u32 = 256;
/// A node whose beat has not changed for so long is taken for dead. It is far longer than a node is ever paused by itself.
const DEAD_AFTER: Duration = Duration::from_secs(60);
/// What a record says of a request that its process did not live to settle.
const GATE_ENDED: &str = "gate_ended";
/// The status of such a request: nobody saw another.
const NO_STATUS: u16 = 0;

/// Closes what earlier runs with this journal, or on this local store, left open, and begins the journal of this run.
pub(crate) async fn recover(
    store: &Store,
    folder: Option<&Path>,
    node: NodeId,
) -> Result<Journal, GatewayError> {
    let mut left = match folder {
        Some(folder) => Left::read(folder).map_err(GatewayError::Journal)?,
        None => Left::default(),
    };
    let journaled = settle_journaled(store, std::mem::take(&mut left.records)).await?;
    let mut ended = std::mem::take(&mut left.nodes);
    if store.is_local() {
        // Whoever writes to a local store keeps its journal here, and has ended if that is not locked.
        let known = store.nodes().await?.into_iter().map(|(known, _)| known);
        ended.extend(known.filter(|known| !left.alive.contains(known)));
    }
    let mut closed = 0;
    for ended in ended {
        closed += close_all(store, HoldFilter::Of(ended), &left.answered).await?;
        store.forget_node(ended).await?;
    }
    left.forget();
    if closed + journaled > 0 {
        tracing::warn!(holds = closed, journaled, "an earlier run ended early; what it left open is closed");
    }
    store.register_node(node).await?;
    match folder {
        Some(folder) => Journal::begin(folder, node).map_err(GatewayError::Journal),
        None => Ok(Journal::default()),
    }
}

/// Settles requests as they ended; how many. Those that were settled in time are not settled again.
async fn settle_journaled(store: &Store, records: Vec<UsageRecord>) -> Result<usize, StoreError> {
    let count = records.len();
    let mut records = records.into_iter().map(|record| UsageRecord { recovered: true, ..record });
    loop {
        let records: Vec<_> = records.by_ref().take(BATCH as usize).collect();
        if records.is_empty() {
            return Ok(count);
        }
        store.apply(Arc::new(LedgerBatch { records, holds: Vec::new() })).await?;
    }
}

/// Closes open holds by rule; how many.
async fn close_all(
    store: &Store,
    filter: HoldFilter,
    answered: &HashSet<RequestId>,
) -> Result<usize, StoreError> {
    let mut closed = 0;
    loop {
        let open = store.open_holds(filter, BATCH).await?;
        if open.is_empty() {
            return Ok(closed);
        }
        let mut records = Vec::with_capacity(open.len());
        for hold in &open {
            records.push(record_of(store, hold, answered.contains(&hold.id)).await?);
        }
        closed += records.len();
        store.apply(Arc::new(LedgerBatch { records, holds: Vec::new() })).await?;
    }
}

/// The record of a request of which only the hold is left.
async fn record_of(store: &Store, hold: &Hold, answered: bool) -> Result<UsageRecord, StoreError> {
    let mut record = UsageRecord {
        id: hold.id,
        at: hold.at,
        user_id: hold.user_id,
        key_id: hold.key_id,
        group_id: hold.group_id,
        account_id: None,
        endpoint: hold.endpoint.clone(),
        client_protocol: hold.client_protocol,
        upstream_protocol: None,
        requested_model: hold.requested_model.clone(),
        upstream_model: None,
        stream: hold.stream,
        usage: Usage::default(),
        cost: Money::ZERO,
        parts: CostParts::default(),
        group_rate: hold.group_rate,
        user_rate: hold.user_rate,
        price_version: hold.price_version,
        status: NO_STATUS,
        error_kind: Some(GATE_ENDED.to_owned()),
        stop_reason: None,
        stream_end: StreamEnd::None,
        first_byte_ms: None,
        total_ms: 0,
        attempts: 0,
        estimated: false,
        client_address: String::new(),
        client_agent: None,
        client_user: None,
        session: None,
        upstream_request_id: None,
        dropped: None,
        service_tier: None,
        held: Some(hold.amount),
        recovered: true,
        subscription_id: hold.subscription_id,
        // Which account it was at is not known any more.
        account_cost: Money::ZERO,
    };
    if !answered {
        return Ok(record);
    }
    let usage = Usage { input_tokens: hold.input_tokens, ..Usage::default() };
    if let Some(price) = store.find_price(hold.price_version).await?
        && let Ok(charge) =
            charge(&usage, &price.version.at(hold.at), Served::STANDARD, hold.group_rate, hold.user_rate)
    {
        // What was held was promised to be the most.
        record.cost = charge.total.min(hold.amount);
        record.parts = charge.parts;
    }
    record.usage = usage;
    record.estimated = true;
    record.stream_end = if hold.stream { StreamEnd::ClientGone } else { StreamEnd::None };
    Ok(record)
}

/// Watches the other nodes of a shared store and closes what a dead one left open.
#[derive(Default)]
pub(crate) struct Sweeper {
    seen: HashMap<NodeId, (i64, Instant)>,
}

impl Sweeper {
    /// Shows that this node lives, and looks at the others. Ages are told by this node's own steady clock, so that no
    /// other clock matters.
    pub(crate) async fn sweep(&mut self, store: &Store, own: NodeId) -> Result<(), StoreError> {
        store.beat_node(own).await?;
        let nodes = store.nodes().await?;
        self.seen.retain(|node, _| nodes.iter().any(|(listed, _)| listed == node));
        for (node, beat) in nodes.into_iter().filter(|(node, _)| *node != own) {
            let seen = self.seen.entry(node).or_insert_with(|| (beat, Instant::now()));
            if seen.0 != beat {
                *seen = (beat, Instant::now());
            }
            if seen.1.elapsed() < DEAD_AFTER {
                continue;
            }
            let closed = close_all(store, HoldFilter::Of(node), &HashSet::new()).await?;
            store.forget_node(node).await?;
            tracing::warn!(%node, holds = closed, "a node is gone; what it left open is closed");
        }
        Ok(())
    }
}
