//! The settler: usage records wait in one bounded queue and are written in groups.
//!
//! A request takes its place in the queue before it is admitted, so a finished request always finds room: a full
//! queue refuses new requests and never drops a charge.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use quick_cache::sync::Cache;
use tokio::sync::mpsc::{self, OwnedPermit, Receiver, Sender};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tollgate_base::{KeyId, Money, Timestamp, Usage};
use tollgate_pricing::CostParts;
use tollgate_protocol::{ApiError, ErrorKind};
use tollgate_store::{ResponseOwner, Store, StoreError, UsageRecord};

use crate::GatewayConfig;
use crate::state::Balances;

/// The largest group: beyond this a larger one saves nothing and waits longer.
const MAX_GROUP: usize = 512;
const FIRST_RETRY: Duration = Duration::from_millis(50);
const LONGEST_RETRY: Duration = Duration::from_secs(2);
/// How often the times of last use are written; they are for people, not for charging.
const TOUCH_INTERVAL: Duration = Duration::from_secs(5);

/// What a finished request leaves behind.
pub(crate) struct Settlement {
    pub(crate) record: UsageRecord,
    /// The response that now lives at the record's account, under its id.
    pub(crate) response: Option<(String, ResponseOwner)>,
}

/// A place in the queue.
pub(crate) type Place = OwnedPermit<Box<Settlement>>;

/// The queue's sending side and the task behind it.
pub(crate) struct Settler {
    queue: Sender<Box<Settlement>>,
    close: CancellationToken,
    stuck: Arc<AtomicBool>,
    task: std::sync::Mutex<Option<JoinHandle<()>>>,
}

impl Settler {
    pub(crate) fn start(
        store: Store,
        balances: Balances,
        owners: Arc<Cache<String, ResponseOwner>>,
        config: &GatewayConfig,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(config.settlement_queue.max(1));
        let close = CancellationToken::new();
        let stuck = Arc::new(AtomicBool::new(false));
        let worker = Worker {
            store,
            balances,
            owners,
            waiting,
            close: close.clone(),
            stuck: Arc::clone(&stuck),
            interval: config.settlement_interval,
        };
        let task = std::sync::Mutex::new(Some(tokio::spawn(worker.run())));
        Self { queue, close, stuck, task }
    }

    /// Takes a place in the queue, or refuses the request.
    pub(crate) fn reserve(&self) -> Result<Place, ApiError> {
        self.queue.clone().try_reserve_owned().map_err(|_| {
            ApiError::new(ErrorKind::StoreUnavailable, "too many requests wait to be settled").retry_after(1)
        })
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
            tracing::error!(%error, "the settler ended early; unsettled records are lost");
        }
    }
}

struct Worker {
    store: Store,
    balances: Balances,
    owners: Arc<Cache<String, ResponseOwner>>,
    waiting: Receiver<Box<Settlement>>,
    close: CancellationToken,
    stuck: Arc<AtomicBool>,
    interval: Duration,
}

impl Worker {
    async fn run(mut self) {
        let mut group = Vec::with_capacity(MAX_GROUP);
        let mut touched = HashMap::new();
        let mut next_touch = tokio::time::Instant::now() + TOUCH_INTERVAL;
        let mut closed = false;
        loop {
            tokio::select! {
                biased;
                received = self.waiting.recv_many(&mut group, MAX_GROUP) => {
                    if received == 0 {
                        break;
                    }
                }
                () = self.close.cancelled(), if !closed => {
                    closed = true;
                    self.waiting.close();
                }
                () = tokio::time::sleep_until(next_touch), if !touched.is_empty() => {}
            }
            if !group.is_empty() {
                note_keys(&group, &mut touched);
                self.settle(&mut group).await;
            }
            if tokio::time::Instant::now() >= next_touch {
                self.touch(&mut touched).await;
                next_touch = tokio::time::Instant::now() + TOUCH_INTERVAL;
            }
            if !closed {
                // Gathering costs no one time: no answer waits for its record.
                tokio::time::sleep(self.interval).await;
            }
        }
        self.touch(&mut touched).await;
    }

    /// Writes a group and keeps the owners of its responses.
    #[allow(
        clippy::vec_box,
        reason = "the queue's slots are pointers; a record is too large to be moved about"
    )]
    async fn settle(&self, group: &mut Vec<Box<Settlement>>) {
        let mut records = Vec::with_capacity(group.len());
        let mut responses = Vec::new();
        for settlement in group.drain(..) {
            let Settlement { record, response } = *settlement;
            records.push(record);
            responses.extend(response);
        }
        self.write(records.into()).await;
        // A response that was deleted meanwhile is not remembered again.
        responses.retain(|(id, owner): &(String, ResponseOwner)| {
            self.owners.get(id).is_none_or(|known| known.expires_at == owner.expires_at)
        });
        if let Err(error) = self.store.remember_responses(&responses).await {
            tracing::warn!(%error, "the owners of responses could not be kept");
        }
    }

    /// Writes records, again and again while the store is away; meanwhile the queue fills and refuses. What the store
    /// will never take is found by halving, so that it harms no other record.
    async fn write(&self, records: Arc<[UsageRecord]>) {
        let mut halves = vec![records];
        while let Some(records) = halves.pop() {
            if self.write_group(&records).await {
                continue;
            }
            match records.split_at(records.len() / 2) {
                ([], [record]) => self.write_uncharged(record.clone()).await,
                (first, second) => halves.extend([Arc::from(second), Arc::from(first)]),
            }
        }
    }

    /// Writes a record whose charge the store refuses, without the charge and flagged.
    async fn write_uncharged(&self, mut record: UsageRecord) {
        tracing::error!(?record, "a record cannot be charged");
        record.cost = Money::ZERO;
        record.parts = CostParts::default();
        record.usage = Usage::default();
        record.error_kind = Some("not_charged".to_owned());
        if !self.write_group(&Arc::from([record])).await {
            tracing::error!("a record was refused by the store and is lost; it stands in this log");
        }
    }

    /// `false` if the store will never take the group as it is.
    async fn write_group(&self, records: &Arc<[UsageRecord]>) -> bool {
        let mut pause = FIRST_RETRY;
        loop {
            match self.store.settle_shared(Arc::clone(records)).await {
                Ok(balances) => {
                    for (user, balance) in balances {
                        self.balances.set(user, balance);
                    }
                    self.stuck.store(false, Ordering::Release);
                    return true;
                }
                Err(error @ StoreError::Unavailable { .. }) => {
                    tracing::error!(%error, records = records.len(), "the store is away; trying again");
                    self.stuck.store(true, Ordering::Release);
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_RETRY);
                }
                Err(error) => {
                    tracing::warn!(%error, records = records.len(), "the store refuses a group of records");
                    return false;
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

fn note_keys(group: &[Box<Settlement>], touched: &mut HashMap<KeyId, Timestamp>) {
    for settlement in group {
        let last = touched.entry(settlement.record.key_id).or_default();
        *last = (*last).max(settlement.record.at);
    }
}
