//! A rate: a bucket that refills without a break, in whole numbers.
//!
//! It holds one minute's worth and refills by as much in a minute. So at once at most the limit goes through, and in any
//! span at most the limit and what refills in that span; there is no edge between two windows to gather at.

/// One unit in parts, so that a limit of `n` a minute refills exactly `n` parts a nanosecond.
const PARTS: i128 = 60_000_000_000;

/// How full a rate's bucket is.
///
/// What is kept is what was taken and has not refilled, which does not depend on the limit: a new limit is another size
/// of the same bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Bucket {
    /// What the bucket holds, and gets in a minute.
    limit: u64,
    /// Parts below full; more than the bucket holds is debt.
    taken: i128,
    /// Until when the refill is counted, in nanoseconds of the caller's clock.
    at_nanos: u64,
}

/// A rate as its callers are told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gauge {
    /// Units a minute.
    pub limit: u64,
    /// Units that could be taken now.
    pub remaining: u64,
    /// In how many nanoseconds nothing is missing, if nothing else is taken.
    pub full_in_nanos: u64,
}

impl Gauge {
    /// A rate that nobody has taken from.
    #[must_use]
    pub const fn full(limit: u64) -> Self {
        Self { limit, remaining: limit, full_in_nanos: 0 }
    }
}

impl Bucket {
    /// The bucket at `now`, of this size from now on. A clock that seems to go back stands still.
    pub(crate) fn at(&mut self, limit: u64, now_nanos: u64) -> &mut Self {
        let elapsed = now_nanos.saturating_sub(self.at_nanos);
        let refill = i128::from(elapsed).saturating_mul(i128::from(self.limit));
        self.taken = self.taken.saturating_sub(refill).max(0);
        self.at_nanos = self.at_nanos.max(now_nanos);
        self.limit = limit;
        self
    }

    /// The bucket at `now`, of the size it had.
    pub(crate) fn now(&mut self, now_nanos: u64) -> &mut Self {
        self.at(self.limit, now_nanos)
    }

    /// In how many nanoseconds `amount` can be taken; 0 is now.
    ///
    /// What is more than the bucket ever holds can be taken when it is full, and leaves a debt: nobody is locked out for
    /// good, and the rate is kept all the same.
    pub(crate) fn wait_nanos(&self, amount: u64) -> u64 {
        let room_needed = parts(self.limit).saturating_sub(parts(amount)).max(0);
        self.refill_nanos(self.taken.saturating_sub(room_needed))
    }

    /// Takes `amount`, whether or not there is room.
    pub(crate) fn take(&mut self, amount: u64) {
        self.taken = self.taken.saturating_add(parts(amount));
    }

    /// Takes less or more after the fact: `counted` stands where `reserved` was taken.
    pub(crate) fn correct(&mut self, reserved: u64, counted: u64) {
        self.taken = self.taken.saturating_add(parts(counted)).saturating_sub(parts(reserved)).max(0);
    }

    /// What callers are told.
    pub(crate) fn gauge(&self) -> Gauge {
        let remaining = parts(self.limit).saturating_sub(self.taken).max(0) / PARTS;
        Gauge {
            limit: self.limit,
            remaining: u64::try_from(remaining).unwrap_or(u64::MAX),
            full_in_nanos: self.refill_nanos(self.taken),
        }
    }

    /// Whether nothing is missing, so that forgetting the bucket changes nothing.
    pub(crate) const fn is_full(&self) -> bool {
        self.taken == 0
    }

    /// How long so many parts take to refill, rounded up.
    fn refill_nanos(&self, missing: i128) -> u64 {
        let limit = i128::from(self.limit.max(1));
        let nanos = missing.max(0) / limit + i128::from(missing.max(0) % limit != 0);
        u64::try_from(nanos).unwrap_or(u64::MAX)
    }
}

fn parts(amount: u64) -> i128 {
    i128::from(amount).saturating_mul(PARTS)
}

#[cfg(test)]
mod tests;
