//! What a request has taken of rates, until it is known what it used.

use std::sync::Arc;

use tokio::time::Instant;
use tollgate_routing::Allowance;

use crate::entry::Entry;
use crate::nanos_since;
use crate::who::Cost;

/// What a request has taken of the rates of all who are concerned. Dropped, it gives everything back, as if the request
/// had not been made; [`Reservation::settle`] puts what was used in its place.
#[derive(Debug)]
#[must_use = "what is reserved is given back when this is dropped"]
pub struct Reservation {
    held: Vec<(Arc<Entry>, Allowance)>,
    cost: Cost,
    /// The beginning of the clock.
    start: Instant,
}

impl Reservation {
    pub(crate) const fn new(held: Vec<(Arc<Entry>, Allowance)>, cost: Cost, start: Instant) -> Self {
        Self { held, cost, start }
    }

    /// The request was made and has used so many tokens: more than was reserved is a debt, less is given back.
    pub fn settle(mut self, tokens: u64) {
        self.correct(Cost { tokens, ..self.cost });
    }

    /// The request was made, and what it used is not known: it stays at what was reserved.
    pub fn keep(mut self) {
        self.held.clear();
    }

    fn correct(&mut self, counted: Cost) {
        let now_nanos = nanos_since(self.start);
        for (entry, allowance) in self.held.drain(..) {
            entry.rates().correct(&allowance, self.cost, counted, now_nanos);
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.correct(Cost::default());
    }
}
