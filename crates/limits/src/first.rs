//! One of several: the first account that has room, or the first that gets some.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::time::Instant;

use crate::slots::Slot;
use crate::{Cost, Limited, Limits, Places, Reached, Refusal, Reservation, Wait, no_slot};

/// What a request has of an account.
#[derive(Debug)]
pub struct Lease {
    /// What it has taken of the account's rates.
    pub reservation: Reservation,
    /// Its place with the account.
    pub places: Places,
}

impl Lease {
    /// What it has taken, and its place.
    pub fn into_parts(self) -> (Option<Reservation>, Places) {
        (Some(self.reservation), self.places)
    }
}

impl Limits {
    /// What the request needs of one account, if that has room now.
    ///
    /// # Errors
    /// The limit that is in the way; nothing is taken then.
    pub fn lease(&self, account: &Limited, cost: Cost) -> Result<Lease, Refusal> {
        let reservation = self.reserve(std::slice::from_ref(account), cost)?;
        let Some(places) = account.allowance.concurrency else {
            return Ok(Lease { reservation, places: Places::default() });
        };
        let slots = Arc::clone(&self.entry(&account.subject).slots);
        slots.resize(places.get(), account.epoch);
        let slot = slots.take().ok_or_else(|| no_slot(account, places.get(), &slots))?;
        Ok(Lease { reservation, places: Places(vec![slot]) })
    }

    /// Waits for the first of `accounts` that gets room, and says which: of those that have some the first in their order,
    /// else whichever has some first.
    ///
    /// # Errors
    /// None will have room in time: the limit that is in the way for the shortest time; none if there is no account.
    pub async fn first(
        &self,
        accounts: &[Limited],
        cost: Cost,
        wait: Wait,
    ) -> Result<(usize, Lease), Option<Refusal>> {
        loop {
            let mut queued = Vec::new();
            let mut rate_wait = Duration::MAX;
            let mut soonest: Option<Refusal> = None;
            for (at, account) in accounts.iter().enumerate() {
                let refusal = match self.lease(account, cost) {
                    Ok(lease) => return Ok((at, lease)),
                    Err(refusal) => refusal,
                };
                if matches!(refusal.reached, Reached::Slots(_)) {
                    let place = self.entry(&account.subject).slots.queue(wait.queue);
                    queued.extend(place.map(|place| (at, Box::pin(place))));
                } else {
                    rate_wait = rate_wait.min(Duration::from_nanos(refusal.retry_after_nanos));
                }
                if soonest.as_ref().is_none_or(|known| refusal.retry_after_nanos < known.retry_after_nanos) {
                    soonest = Some(refusal);
                }
            }
            let now = Instant::now();
            let refilled = now.checked_add(rate_wait).filter(|at| *at <= wait.until);
            if now >= wait.until || (queued.is_empty() && refilled.is_none()) {
                return Err(soonest);
            }
            let got = tokio::time::timeout_at(refilled.unwrap_or(wait.until), any(queued)).await;
            if let Ok((at, slot)) = got
                && let Ok(reservation) = self.reserve(std::slice::from_ref(&accounts[at]), cost)
            {
                return Ok((at, Lease { reservation, places: Places(vec![slot]) }));
            }
        }
    }
}

/// The first of these futures that is done; never, if there are none.
async fn any<F: Future<Output = Slot>>(mut queued: Vec<(usize, Pin<Box<F>>)>) -> (usize, Slot) {
    poll_fn(|context| {
        let done = queued.iter_mut().find_map(|(at, place)| match place.as_mut().poll(context) {
            Poll::Ready(slot) => Some((*at, slot)),
            Poll::Pending => None,
        });
        done.map_or(Poll::Pending, Poll::Ready)
    })
    .await
}
