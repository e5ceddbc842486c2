//! What is read from the store for figures, kept for a moment, so that a client that asks again and again costs little.

use std::sync::Arc;
use std::time::{Duration, Instant};

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::sync::Semaphore;
use tollgate_base::{KeyId, Money, UserId};
use tollgate_protocol::{ApiError, ErrorKind};
use tollgate_store::{DayUsage, KeyRecord, LocalStretch, UsageOf};

use crate::authenticate::store_error;
use crate::state::Shared;

/// How long an answer may be old.
const FRESH: Duration = Duration::from_secs(2);
const STANDINGS: usize = 10_000;
const PERIODS: usize = 1_000;
/// How many sums of a day and a model are kept in all; about a hundred bytes each.
const MOST_SUMS: u64 = 200_000;
/// Reading many days of a busy user takes the database long; so many at a time, so that nothing else waits for it.
const READS_AT_A_TIME: usize = 2;
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// A key as the store has it, and what was ever charged to its user's balance.
pub(super) type Stand = Arc<(KeyRecord, Money)>;
/// Sums by day and model.
pub(super) type ByDay = Arc<Vec<DayUsage>>;

/// Whose usage, and when.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Wanted {
    pub(super) user: UserId,
    pub(super) of: UsageOf,
    /// From, until and offset of each stretch.
    stretches: Vec<(i64, i64, i32)>,
}

/// What was read lately.
pub(crate) struct FigureBook {
    /// By key, and by the snapshot of the configuration: what was changed is seen at once.
    stands: Cache<(KeyId, u64), (Instant, Stand)>,
    periods: Cache<Wanted, (Instant, ByDay), ByWeight>,
    reading: Arc<Semaphore>,
}

#[derive(Clone)]
struct ByWeight;

impl Weighter<Wanted, (Instant, ByDay)> for ByWeight {
    fn weight(&self, _: &Wanted, (_, sums): &(Instant, ByDay)) -> u64 {
        sums.len() as u64 + 1
    }
}

impl Default for FigureBook {
    fn default() -> Self {
        Self {
            stands: Cache::new(STANDINGS),
            periods: Cache::with_weighter(PERIODS, MOST_SUMS, ByWeight),
            reading: Arc::new(Semaphore::new(READS_AT_A_TIME)),
        }
    }
}

impl FigureBook {
    /// What the store has of a key that was just shown.
    pub(super) async fn stand(
        &self,
        shared: &Shared,
        (key, epoch): (KeyId, u64),
        presented: &str,
    ) -> Result<Stand, ApiError> {
        if let Some(stand) = fresh(self.stands.get(&(key, epoch))) {
            return Ok(stand);
        }
        let record = shared.store.authenticate(presented).await.map_err(store_error)?;
        let record = record.ok_or_else(|| ApiError::of(ErrorKind::InvalidKey))?;
        let charged = shared.store.charged_to_balance(record.user.id).await.map_err(store_error)?;
        let stand = Arc::new((record, charged));
        self.stands.insert((key, epoch), (Instant::now(), Arc::clone(&stand)));
        Ok(stand)
    }

    /// What was used in some stretches of time. A reading that has begun goes on when its caller leaves, so that callers
    /// who come and go cannot have more of them under way than there may be.
    pub(super) async fn sums(
        &self,
        shared: &Arc<Shared>,
        user: UserId,
        of: UsageOf,
        stretches: Vec<LocalStretch>,
    ) -> Result<ByDay, ApiError> {
        let plain =
            |stretch: &LocalStretch| (stretch.from.micros(), stretch.until.micros(), stretch.offset_s);
        let wanted = Wanted { user, of, stretches: stretches.iter().map(plain).collect() };
        if let Some(sums) = fresh(self.periods.get(&wanted)) {
            return Ok(sums);
        }
        let busy = || ApiError::of(ErrorKind::StoreUnavailable).retry_after(5);
        let permit = tokio::time::timeout(LONGEST_WAIT, Arc::clone(&self.reading).acquire_owned());
        let permit = permit.await.ok().and_then(Result::ok).ok_or_else(busy)?;
        // Who waited may have waited for the same.
        if let Some(sums) = fresh(self.periods.get(&wanted)) {
            return Ok(sums);
        }
        let shared = Arc::clone(shared);
        let reading = tokio::spawn(async move {
            let _permit = permit;
            let read = shared.store.usage_by_day(user, of, &stretches).await;
            let sums = Arc::new(read.map_err(store_error)?);
            shared.figures.periods.insert(wanted, (Instant::now(), Arc::clone(&sums)));
            Ok(sums)
        });
        tokio::time::timeout(LONGEST_WAIT, reading)
            .await
            .ok()
            .and_then(Result::ok)
            .unwrap_or_else(|| Err(busy()))
    }
}

fn fresh<T>(known: Option<(Instant, T)>) -> Option<T> {
    known.filter(|(since, _)| since.elapsed() < FRESH).map(|(_, known)| known)
}
