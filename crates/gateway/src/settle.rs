//! The settler: holds and usage records wait in bounded queues and are written in groups.
//!
//! A request takes its place in the queue before it is admitted, so a finished request always finds room: a full
//! queue refuses new requests and never drops a charge. A caller waits for its hold, so holds are written as soon as
//! the commit before is a few milliseconds old, and what is there of records with them; records alone are gathered for a
//! moment.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use quick_cache::sync::Cache;
use tokio::sync::mpsc::{self, OwnedPermit, Receiver, Sender};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tollgate_base::{KeyId, Money, Timestamp, Usage};
use tollgate_pricing::CostParts;
use tollgate_protocol::{ApiError, ErrorKind};
use tollgate_store::{
    Applied, Hold, HoldOutcome, LedgerBatch, ResponseOwner, Store, StoreError, UsageRecord,
};

use crate::GatewayConfig;
use crate::journal::{Journal, Line};
use crate::wallets::Wallets;

/// The largest group: beyond this a larger one saves nothing and waits longer.
const MAX_GROUP: usize = 512;
const FIRST_RETRY: Duration = Duration::from_millis(50);
const LONGEST_RETRY: Duration = Duration::from_secs(2);
/// The least time from one commit to the next. A commit costs the same for one request as for twenty, and who waits for a
/// hold waits longer for an upstream.
const COMMIT_INTERVAL: Duration = Duration::from_millis(3);
/// How often the times of last use are written; they are for people, not for charging.
const TOUCH_INTERVAL: Duration = Duration::from_secs(5);

/// What a finished request leaves behind.
pub(crate) struct Settlement {
    pub(crate) record: UsageRecord,
    /// The response that now lives at the record's account, under its id.
    pub(crate) response: Option<(String, ResponseOwner)>,
    /// That an upstream answered it, in the journal.
    pub(crate) answered: Option<Line>,
}

/// A settlement on its way, and its line in the journal.
struct Sent {
    settlement: Settlement,
    over: Option<Line>,
}

/// A hold on its way, and who waits for it.
struct Asked {
    hold: Hold,
    reply: oneshot::Sender<HoldOutcome>,
}

/// A place in the queue.
pub(crate) struct Place {
    permit: OwnedPermit<Box<Sent>>,
    journal: Arc<Journal>,
    wallets: Wallets,
}

impl Place {
    /// The journal that tells what becomes of the request.
    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Journals a settlement, so that it outlives this process, and hands it in.
    pub(crate) fn send(self, settlement: Settlement) {
        let over = self.journal.over(&settlement.record);
        self.wallets.ends(&settlement.record);
        self.permit.send(Box::new(Sent { settlement, over }));
    }
}

/// The queues' sending side and the task behind them.
pub(crate) struct Settler {
    queue: Sender<Box<Sent>>,
    holds: Sender<Box<Asked>>,
    wallets: Wallets,
    journal: Arc<Journal>,
    close: CancellationToken,
    stuck: Arc<AtomicBool>,
    task: std::sync::Mutex<Option<JoinHandle<()>>>,
}

impl Settler {
    pub(crate) fn start(
        store: Store,
        wallets: Wallets,
        owners: Arc<Cache<String, ResponseOwner>>,
        journal: Journal,
        config: &GatewayConfig,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(config.settlement_queue.max(1));
        let (holds, asked) = mpsc::channel(config.settlement_queue.max(1));
        let journal = Arc::new(journal);
        let close = CancellationToken::new();
        let stuck = Arc::new(AtomicBool::new(false));
        let worker = Worker {
            store,
            wallets: wallets.clone(),
            owners,
            waiting,
            asked,
            journal: Arc::clone(&journal),
            close: close.clone(),
            stuck: Arc::clone(&stuck),
            interval: config.settlement_interval,
            next_commit: Instant::now(),
        };
        let task = std::sync::Mutex::new(Some(tokio::spawn(worker.run())));
        Self { queue, holds, wallets, journal, close, stuck, task }
    }

    /// Takes a place in the queue, or refuses the request.
    pub(crate) fn reserve(&self) -> Result<Place, ApiError> {
        let permit = self.queue.clone().try_reserve_owned().map_err(|_| full())?;
        Ok(Place { permit, journal: Arc::clone(&self.journal), wallets: self.wallets.clone() })
    }

    /// Hands in a hold that was promised; the store's answer comes back when it is durable. If it cannot be taken, the
    /// promise is dropped.
    pub(crate) fn hold(&self, hold: Hold) -> Result<oneshot::Receiver<HoldOutcome>, ApiError> {
        let (reply, answer) = oneshot::channel();
        match self.holds.try_send(Box::new(Asked { hold, reply })) {
            Ok(()) => Ok(answer),
            Err(unsent) => {
                self.wallets.kept(&unsent.into_inner().hold);
                Err(full())
            }
        }
    }

    /// Whether the store has not taken the last group yet.
    pub(crate) fn is_stuck(&self) -> bool {
        self.stuck.load(Ordering::Acquire)
    }

    /// Waits until every place that was taken is settled; new ones are refused from now on.
    pub(crate) async fn finish(&self) {
        self.close.cancel();
        let task = self.task.lock().ok().and_then(|mut slot| slot.take());
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the settler ended early; what is not settled stands in the journal");
            return;
        }
        self.journal.finish();
    }
}

fn full() -> ApiError {
    ApiError::new(ErrorKind::StoreUnavailable, "too many requests wait to be settled").retry_after(1)
}

struct Worker {
    store: Store,
    wallets: Wallets,
    owners: Arc<Cache<String, ResponseOwner>>,
    waiting: Receiver<Box<Sent>>,
    asked: Receiver<Box<Asked>>,
    journal: Arc<Journal>,
    close: CancellationToken,
    stuck: Arc<AtomicBool>,
    interval: Duration,
    /// Before this nothing is committed.
    next_commit: Instant,
}

/// What the next commit takes.
#[derive(Default)]
#[allow(clippy::vec_box, reason = "the queues' slots are pointers; a record is too large to be moved about")]
struct Group {
    settlements: Vec<Box<Sent>>,
    holds: Vec<Box<Asked>>,
}

impl Group {
    fn is_empty(&self) -> bool {
        self.settlements.is_empty() && self.holds.is_empty()
    }
}

impl Worker {
    async fn run(mut self) {
        let mut group = Group::default();
        let mut touched = HashMap::new();
        let mut next_touch = Instant::now() + TOUCH_INTERVAL;
        while self.gather(&mut group).await {
            if !group.is_empty() {
                let begun = Instant::now();
                note_keys(&group.settlements, &mut touched);
                self.settle(&mut group).await;
                self.next_commit = begun + COMMIT_INTERVAL;
            }
            if Instant::now() >= next_touch {
                self.touch(&mut touched).await;
                next_touch = Instant::now() + TOUCH_INTERVAL;
            }
        }
        self.touch(&mut touched).await;
    }

    /// Waits for holds, or for records that have been gathered for a moment; `false` when nothing will come any more.
    async fn gather(&mut self, group: &mut Group) -> bool {
        if self.close.is_cancelled() {
            return self.gather_the_last(group).await;
        }
        tokio::select! {
            () = self.close.cancelled() => {}
            () = tokio::time::sleep_until(self.next_commit) => {}
        }
        let Self { waiting, asked, close, interval, .. } = self;
        tokio::select! {
            biased;
            received = asked.recv_many(&mut group.holds, MAX_GROUP) => {
                if received == 0 {
                    // Nobody is left who could ask.
                    close.cancel();
                }
            }
            first = waiting.recv() => {
                group.settlements.extend(first);
                tokio::select! {
                    biased;
                    _ = asked.recv_many(&mut group.holds, MAX_GROUP) => {}
                    () = close.cancelled() => {}
                    () = tokio::time::sleep(*interval) => {}
                }
            }
            () = close.cancelled() => {}
            () = tokio::time::sleep(TOUCH_INTERVAL) => {}
        }
        while group.settlements.len() < MAX_GROUP
            && let Ok(sent) = waiting.try_recv()
        {
            group.settlements.push(sent);
        }
        true
    }

    /// Takes nothing new, and waits for the records of what was begun.
    async fn gather_the_last(&mut self, group: &mut Group) -> bool {
        self.waiting.close();
        self.asked.close();
        while let Ok(asked) = self.asked.try_recv() {
            group.holds.push(asked);
        }
        !group.holds.is_empty() || self.waiting.recv_many(&mut group.settlements, MAX_GROUP).await > 0
    }

    /// Writes a group, tells who waits for a hold, and keeps the owners of its responses.
    async fn settle(&self, group: &mut Group) {
        let mut records = Vec::with_capacity(group.settlements.len());
        let mut responses = Vec::new();
        let mut lines = Vec::with_capacity(group.settlements.len() * 2);
        for sent in group.settlements.drain(..) {
            let Sent { settlement: Settlement { record, response, answered }, over } = *sent;
            records.push(record);
            responses.extend(response);
            lines.extend([answered, over].into_iter().flatten());
        }
        let (holds, waiting): (Vec<_>, Vec<_>) =
            group.holds.drain(..).map(|asked| (asked.hold, asked.reply)).unzip();
        let outcomes = self.write(records, holds).await;
        for (reply, outcome) in waiting.into_iter().zip(outcomes) {
            // Whoever left meanwhile has its record on the way, which closes the hold.
            let _ = reply.send(outcome);
        }
        self.journal.settled(lines);
        self.keep_owners(responses).await;
    }

    async fn keep_owners(&self, mut responses: Vec<(String, ResponseOwner)>) {
        // A response that was deleted meanwhile is not remembered again.
        responses.retain(|(id, owner): &(String, ResponseOwner)| {
            self.owners.get(id).is_none_or(|known| known.expires_at == owner.expires_at)
        });
        if let Err(error) = self.store.remember_responses(&responses).await {
            tracing::warn!(%error, "the owners of responses could not be kept");
        }
    }

    /// Writes records and holds, again and again while the store is away; meanwhile the queues fill and refuse. What the
    /// store will never take is found by halving, so that it harms nothing else. The outcomes of the holds.
    async fn write(&self, records: Vec<UsageRecord>, holds: Vec<Hold>) -> Vec<HoldOutcome> {
        let batch = Arc::new(LedgerBatch { records, holds });
        if let Some(applied) = self.write_group(&batch).await {
            return applied.holds;
        }
        let LedgerBatch { records, holds } = &*batch;
        self.write_records(records).await;
        let mut outcomes = Vec::with_capacity(holds.len());
        for hold in holds {
            let alone = Arc::new(LedgerBatch { records: Vec::new(), holds: vec![hold.clone()] });
            let applied = self.write_group(&alone).await;
            if applied.is_none() {
                self.wallets.kept(hold);
            }
            outcomes.push(
                applied.and_then(|applied| applied.holds.first().copied()).unwrap_or(HoldOutcome::Refused),
            );
        }
        outcomes
    }

    async fn write_records(&self, records: &[UsageRecord]) {
        let mut halves = vec![records];
        while let Some(records) = halves.pop() {
            let batch = Arc::new(LedgerBatch { records: records.to_vec(), holds: Vec::new() });
            if records.is_empty() || self.write_group(&batch).await.is_some() {
                continue;
            }
            match records.split_at(records.len() / 2) {
                ([], [record]) => self.write_uncharged(record.clone()).await,
                (first, second) => halves.extend([second, first]),
            }
        }
    }

    /// Writes a record whose charge the store refuses, without the charge and flagged.
    async fn write_uncharged(&self, mut record: UsageRecord) {
        tracing::error!(?record, "a record cannot be charged");
        self.wallets.forgive(&record);
        (record.cost, record.account_cost) = (Money::ZERO, Money::ZERO);
        record.parts = CostParts::default();
        record.usage = Usage::default();
        record.error_kind = Some("not_charged".to_owned());
        let batch = Arc::new(LedgerBatch { records: vec![record], holds: Vec::new() });
        if self.write_group(&batch).await.is_none() {
            tracing::error!("a record was refused by the store and is lost; it stands in this log");
        }
    }

    /// `None` if the store will never take the group as it is.
    async fn write_group(&self, batch: &Arc<LedgerBatch>) -> Option<Applied> {
        let mut pause = FIRST_RETRY;
        loop {
            match self.store.apply(Arc::clone(batch)).await {
                Ok(applied) => {
                    self.wallets.applied(batch, &applied);
                    self.stuck.store(false, Ordering::Release);
                    return Some(applied);
                }
                Err(error @ StoreError::Unavailable { .. }) => {
                    tracing::error!(%error, records = batch.records.len(), "the store is away; trying again");
                    self.stuck.store(true, Ordering::Release);
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_RETRY);
                }
                Err(error) => {
                    tracing::warn!(%error, records = batch.records.len(), "the store refuses a group of records");
                    return None;
                }
            }
        }
    }

    async fn touch(&self, touched: &mut HashMap<KeyId, Timestamp>) {
        if touched.is_empty() {
            return;
        }
        let times: Vec<_> = touched.drain().collect();
        if let Err(error) = self.store.touch_keys(&times).await {
            tracing::warn!(%error, "times of last use could not be written");
        }
    }
}

fn note_keys(settlements: &[Box<Sent>], touched: &mut HashMap<KeyId, Timestamp>) {
    for sent in settlements {
        let record = &sent.settlement.record;
        let last = touched.entry(record.key_id).or_default();
        *last = (*last).max(record.at);
    }
}
