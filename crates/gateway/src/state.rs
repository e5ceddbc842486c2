//! Everything a request reads: one immutable snapshot of the configuration, and the counters that outlive it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use quick_cache::sync::Cache;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tollgate_base::{AccountId, Clock, NodeId, Timestamp};
use tollgate_limits::Limits;
use tollgate_routing::failover::Bounds;
use tollgate_routing::{Account, Catalog};
use tollgate_store::{ResponseOwner, Store};
use tollgate_translate::carrier::CarrierKey;
use tollgate_upstream::Client;

use crate::authenticate::KeyCache;
use crate::background::AtWork;
use crate::conditions::{AccountBounds, bounds};
use crate::destination::Destination;
use crate::events::Events;
use crate::figures::FigureBook;
use crate::health::{AccountHealth, HealthBook};
use crate::kept::Kept;
use crate::limit::reach_waiting;
use crate::memory::Memory;
use crate::probe;
use crate::recovery::{Sweeper, recover};
use crate::retries::RetryBook;
use crate::sessions::Sessions;
use crate::settle::Settler;
use crate::wallets::Wallets;
use crate::{GatewayConfig, GatewayDeps, GatewayError};

/// How many owners of recent responses are kept in memory, in front of the store.
const RESPONSE_OWNERS: usize = 10_000;

/// How often the owners of old responses are removed.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(3600);

/// How often a node shows that it lives, and forgets who has been idle.
const SWEEP_INTERVAL: Duration = Duration::from_secs(10);

/// One version of the configuration, and what was prepared from it.
pub(crate) struct Live {
    pub(crate) catalog: Catalog,
    pub(crate) destinations: HashMap<AccountId, Arc<Destination>>,
    /// The state of the catalog's accounts, in its order.
    pub(crate) health: Vec<Arc<AccountHealth>>,
    /// What bounds them, in the same order.
    pub(crate) bounds: Vec<AccountBounds>,
    /// Counts the snapshots; a cached key of an older one is read again.
    pub(crate) epoch: u64,
    version: i64,
}

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) config: GatewayConfig,
    /// This run of the gate.
    pub(crate) node: NodeId,
    pub(crate) store: Store,
    pub(crate) upstream: Client,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) keys: KeyCache,
    pub(crate) wallets: Wallets,
    pub(crate) health: HealthBook,
    pub(crate) retries: RetryBook,
    /// What has been taken of rates and places.
    pub(crate) limits: Limits,
    pub(crate) settler: Settler,
    /// Whoever listens to what happens to requests.
    pub(crate) events: Arc<Events>,
    pub(crate) response_owners: Arc<Cache<String, ResponseOwner>>,
    /// Responses that no upstream keeps.
    pub(crate) kept: Kept,
    /// Reasoning that callers do not send back.
    pub(crate) memory: Memory,
    /// What takes reasoning through callers and back.
    pub(crate) carrier_key: CarrierKey,
    /// What callers lately asked about their keys.
    pub(crate) figures: FigureBook,
    /// Background responses that are not settled yet.
    pub(crate) at_work: AtWork,
    /// Which accounts sessions keep to.
    pub(crate) sessions: Sessions,
    live: ArcSwap<Live>,
    draining: AtomicBool,
    picks: AtomicU64,
    /// The gate is ending: what is read without a caller is cut, and the watcher stops.
    pub(crate) ending: CancellationToken,
    watcher: std::sync::Mutex<Option<JoinHandle<()>>>,
}

impl Shared {
    pub(crate) async fn start(config: GatewayConfig, deps: GatewayDeps) -> Result<Arc<Self>, GatewayError> {
        let GatewayDeps { store, upstream, clock } = deps;
        let health = HealthBook::default();
        let retries = RetryBook::new(config.retry_budget);
        let wallets = Wallets::default();
        let live = load(&store, &upstream, &health, &wallets, None, clock.now()).await?;
        let response_owners = Arc::new(Cache::new(RESPONSE_OWNERS));
        let node = NodeId::generate();
        let journal = Box::pin(recover(&store, config.journal.as_deref(), node)).await?;
        let settler =
            Settler::start(store.clone(), wallets.clone(), Arc::clone(&response_owners), journal, &config);
        let shared = Arc::new(Self {
            keys: KeyCache::default(),
            response_owners,
            kept: Kept::new(store.clone()),
            memory: Memory::default(),
            carrier_key: CarrierKey::new(store.carrier_key()),
            figures: FigureBook::default(),
            at_work: AtWork::default(),
            sessions: Sessions::default(),
            live: ArcSwap::from_pointee(live),
            draining: AtomicBool::new(false),
            picks: AtomicU64::new(0),
            ending: CancellationToken::new(),
            watcher: std::sync::Mutex::new(None),
            config,
            store,
            upstream,
            clock,
            wallets,
            node,
            health,
            retries,
            limits: Limits::default(),
            settler,
            events: Arc::default(),
        });
        let watcher = tokio::spawn(watch(Arc::downgrade(&shared), shared.ending.clone()));
        tokio::spawn(probe::run(Arc::downgrade(&shared), shared.ending.clone()));
        if let Ok(mut slot) = shared.watcher.lock() {
            *slot = Some(watcher);
        }
        Ok(shared)
    }

    /// The configuration as it stands now. A request takes it once and keeps it.
    pub(crate) fn live(&self) -> Arc<Live> {
        self.live.load_full()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A number that spreads requests over equal accounts.
    pub(crate) fn pick(&self) -> u64 {
        // Fibonacci hashing turns a counter into well-spread bits without a random source.
        self.picks.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// How far one request is pursued.
    pub(crate) fn bounds(&self) -> Bounds {
        Bounds { attempts: self.config.max_attempts.max(1), time: self.config.failover_budget }
    }

    pub(crate) fn begin_drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    pub(crate) async fn finish(&self) {
        self.begin_drain();
        self.ending.cancel();
        let watcher = self.watcher.lock().ok().and_then(|mut slot| slot.take());
        if let Some(watcher) = watcher {
            // The watcher only reads; that it was stopped in the middle of a read loses nothing.
            let _ = watcher.await;
        }
        self.settler.finish().await;
        if let Err(error) = self.store.forget_node(self.node).await {
            tracing::warn!(%error, "this node could not sign off");
        }
    }

    /// Reads the configuration again when its version moved.
    async fn refresh(&self) -> Result<(), GatewayError> {
        let current = self.live();
        if self.store.config_version().await? == current.version {
            return Ok(());
        }
        let before = Some(&*current);
        let next = load(&self.store, &self.upstream, &self.health, &self.wallets, before, self.now()).await?;
        tracing::info!(version = next.version, "configuration reloaded");
        let next = Arc::new(next);
        self.live.store(Arc::clone(&next));
        reach_waiting(self, &next).await;
        Ok(())
    }
}

async fn load(
    store: &Store,
    upstream: &Client,
    health: &HealthBook,
    wallets: &Wallets,
    before: Option<&Live>,
    now: Timestamp,
) -> Result<Live, GatewayError> {
    let data = store.catalog().await?;
    let quotas = wallets.quotas().read_accounts(&data.accounts, store.account_quotas().await?);
    let version = data.version;
    let catalog = Catalog::new(data);
    let health: Vec<_> = catalog.accounts().iter().map(|account| health.of(account.id)).collect();
    let mut destinations = HashMap::with_capacity(health.len());
    for (account, health) in catalog.accounts().iter().zip(&health) {
        health.configure(account, before.and_then(|before| before.catalog.account(&account.id)), now);
        destinations.insert(account.id, Arc::new(destination(upstream, account, Arc::clone(health))));
    }
    let epoch = before.map_or(0, |before| before.epoch + 1);
    let bounds = bounds(&catalog, quotas);
    Ok(Live { catalog, destinations, health, bounds, epoch, version })
}

fn destination(upstream: &Client, account: &Account, health: Arc<AccountHealth>) -> Destination {
    let destination = Destination::new(upstream, account, health);
    for problem in &destination.problems {
        tracing::warn!(account = %account.name, %problem, "account cannot be used for a protocol");
    }
    destination
}

/// Polls the configuration's version, so that a change reaches this node within one poll, and forgets the owners of
/// responses that are too old to be asked for.
async fn watch(shared: std::sync::Weak<Shared>, stop: CancellationToken) {
    let mut next_expiry = Instant::now();
    let mut next_sweep = Instant::now();
    let mut sweeper = Sweeper::default();
    loop {
        let Some(interval) = shared.upgrade().map(|shared| shared.config.config_poll) else { return };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(interval) => {}
        }
        let Some(shared) = shared.upgrade() else { return };
        if let Err(error) = shared.refresh().await {
            tracing::warn!(%error, "configuration could not be read; the last one stays in force");
        }
        if Instant::now() >= next_sweep {
            next_sweep = Instant::now() + SWEEP_INTERVAL;
            shared.limits.sweep();
            if let Err(error) = Box::pin(sweeper.sweep(&shared.store, shared.node)).await {
                tracing::warn!(%error, "the other nodes could not be looked at");
            }
        }
        if Instant::now() >= next_expiry {
            next_expiry = Instant::now() + EXPIRY_INTERVAL;
            if let Err(error) = shared.store.expire_responses(shared.now()).await {
                tracing::warn!(%error, "old owners of responses could not be removed");
            }
            if let Err(error) = shared.kept.expire(shared.now()).await {
                tracing::warn!(%error, "old responses could not be removed");
            }
        }
    }
}
