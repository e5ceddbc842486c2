//! Requests at the same time: places that are taken, and a queue for those who come when none is free.
//!
//! Tokio's semaphore is the queue: first come, first served, and who leaves it leaves nothing behind. Around it is what it
//! does not know: a number of places that changes while they are taken, and an end of the queue.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// The places of one subject.
#[derive(Debug)]
pub(crate) struct Slots {
    free: Arc<Semaphore>,
    waiting: AtomicUsize,
    count: Mutex<Count>,
}

#[derive(Debug, Default)]
struct Count {
    /// How many may be taken.
    places: u32,
    /// Taken ones that are not to be given on: there are more than there should be.
    surplus: u32,
    /// The configuration that `places` is from.
    epoch: u64,
    /// How long one was taken, on average of late.
    usual: Duration,
}

impl Default for Slots {
    fn default() -> Self {
        Self { free: Arc::new(Semaphore::new(0)), waiting: AtomicUsize::new(0), count: Mutex::default() }
    }
}

impl Slots {
    /// So many places from now on, unless a newer configuration said otherwise. More lets the next in the queue go on at
    /// once; of less, those that are taken are not cut short.
    pub(crate) fn resize(&self, places: u32, epoch: u64) {
        let mut count = self.count();
        if epoch < count.epoch {
            return;
        }
        count.epoch = epoch;
        if places > count.places {
            let more = places - count.places;
            let kept = more.min(count.surplus);
            count.surplus -= kept;
            self.free.add_permits((more - kept) as usize);
        } else {
            let fewer = count.places - places;
            let forgotten = self.free.forget_permits(fewer as usize);
            count.surplus += fewer - u32::try_from(forgotten).unwrap_or(fewer);
        }
        count.places = places;
    }

    /// A place, if one is free and nobody waits for it.
    pub(crate) fn take(self: &Arc<Self>) -> Option<Slot> {
        let permit = Arc::clone(&self.free).try_acquire_owned().ok()?;
        Some(Slot::new(self, permit))
    }

    /// A place behind all who wait; `None` if the queue is full. The queue is left by dropping what this gives.
    pub(crate) fn queue(self: &Arc<Self>, longest: usize) -> Option<impl Future<Output = Slot> + use<>> {
        let waiter = Waiter::join(self, longest)?;
        Some(async move {
            // The semaphore is never closed; if it were, waiting on would be all that is left.
            let Ok(permit) = Arc::clone(&waiter.0.free).acquire_owned().await else {
                return std::future::pending().await;
            };
            Slot::new(&waiter.0, permit)
        })
    }

    /// Whether nobody has a place or waits for one.
    pub(crate) fn is_idle(&self) -> bool {
        let count = self.count();
        let all = u64::from(count.places) + u64::from(count.surplus);
        !self.has_waiting() && self.free.available_permits() as u64 == all
    }

    /// How many are taken.
    pub(crate) fn taken(&self) -> u64 {
        let count = self.count();
        let all = u64::from(count.places) + u64::from(count.surplus);
        all.saturating_sub(self.free.available_permits() as u64)
    }

    /// Whether anybody waits.
    pub(crate) fn has_waiting(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }

    /// When a newcomer would get a place, reckoned from how long they were taken lately; at least a second.
    pub(crate) fn usual_wait(&self) -> Duration {
        let count = self.count();
        let ahead = u32::try_from(self.waiting.load(Ordering::Acquire)).unwrap_or(u32::MAX);
        let turns = ahead.saturating_add(1);
        (count.usual.saturating_mul(turns) / count.places.max(1)).max(Duration::from_secs(1))
    }

    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody in the queue.
struct Waiter(Arc<Slots>);

impl Waiter {
    fn join(slots: &Arc<Slots>, longest: usize) -> Option<Self> {
        let joined = |waiting: usize| (waiting < longest).then_some(waiting + 1);
        slots.waiting.fetch_update(Ordering::AcqRel, Ordering::Acquire, joined).ok()?;
        Some(Self(Arc::clone(slots)))
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A place that is taken; free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    slots: Arc<Slots>,
    permit: Option<OwnedSemaphorePermit>,
    since: Instant,
}

impl Slot {
    fn new(slots: &Arc<Slots>, permit: OwnedSemaphorePermit) -> Self {
        Self { slots: Arc::clone(slots), permit: Some(permit), since: Instant::now() }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let Some(permit) = self.permit.take() else { return };
        let taken = self.since.elapsed();
        let mut count = self.slots.count();
        count.usual = if count.usual.is_zero() { taken } else { (count.usual * 7 + taken) / 8 };
        let is_surplus = count.surplus > 0;
        if is_surplus {
            count.surplus -= 1;
        }
        drop(count);
        if is_surplus {
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests;
