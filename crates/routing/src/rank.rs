//! The order of the accounts that could serve a request.

use std::cmp::Ordering;

use crate::plan::Attempt;

/// Why an attempt has its place in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The session is bound to this account.
    Sticky,
    /// Its priority alone: no other candidate has the same.
    Priority,
    /// Within its priority, its load (requests in flight per weight) differs from every other's.
    LeastLoaded,
    /// Within its priority and load, the weighted draw.
    WeightedDraw,
}

impl Reason {
    /// The word for it in logs and explanations.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sticky => "sticky",
            Self::Priority => "priority",
            Self::LeastLoaded => "least_loaded",
            Self::WeightedDraw => "weighted_draw",
        }
    }
}

/// How many places of a draw are drawn. Nobody tries more accounts than that for one request, and drawing them all
/// would be quadratic.
const DRAWN_PLACES: usize = 8;

/// Orders attempts by priority, then load, then a weighted draw that `pick` decides, and notes the reasons.
pub(crate) fn rank(attempts: &mut [Attempt<'_>], pick: u64) {
    attempts.sort_unstable_by(|a, b| by_level(a, b).then_with(|| a.account.id.cmp(&b.account.id)));
    let mut runs = 0;
    for level in attempts.chunk_by_mut(|a, b| a.account.priority == b.account.priority) {
        let alone = level.len() == 1;
        for tied in level.chunk_by_mut(|a, b| by_load(a, b) == Ordering::Equal) {
            let reason = match (alone, tied.len()) {
                (true, _) => Reason::Priority,
                (false, 1) => Reason::LeastLoaded,
                (false, _) => Reason::WeightedDraw,
            };
            tied.iter_mut().for_each(|attempt| attempt.reason = reason);
            draw(tied, mix(pick.wrapping_add(runs)));
            runs += 1;
        }
    }
}

fn by_level(a: &Attempt<'_>, b: &Attempt<'_>) -> Ordering {
    a.account.priority.cmp(&b.account.priority).then_with(|| by_load(a, b))
}

/// Fewer requests in flight per weight first; an account without weight comes after all that have some.
fn by_load(a: &Attempt<'_>, b: &Attempt<'_>) -> Ordering {
    let (weight_a, weight_b) = (u64::from(a.account.weight), u64::from(b.account.weight));
    match (weight_a, weight_b) {
        (0, 0) => a.in_flight.cmp(&b.in_flight),
        (0, _) => Ordering::Greater,
        (_, 0) => Ordering::Less,
        // a/weight_a < b/weight_b, multiplied out; 32 x 32 bits fit.
        _ => (u64::from(a.in_flight) * weight_b).cmp(&(u64::from(b.in_flight) * weight_a)),
    }
}

/// Puts tied attempts into a weighted random order: each place goes to one of those left, in proportion to weight.
fn draw(tied: &mut [Attempt<'_>], seed: u64) {
    let mut left: u64 = tied.iter().map(drawn_weight).sum();
    let places = tied.len().saturating_sub(1).min(DRAWN_PLACES);
    for place in 0..places {
        let mut ticket = below(left, mix(seed.wrapping_add(place as u64)));
        let winner =
            tied[place..].iter().position(|attempt| match ticket.checked_sub(drawn_weight(attempt)) {
                Some(rest) => {
                    ticket = rest;
                    false
                }
                None => true,
            });
        let winner = place + winner.unwrap_or(0);
        left -= drawn_weight(&tied[winner]);
        tied.swap(place, winner);
    }
}

/// Accounts without weight only meet each other here; among themselves they are equal.
fn drawn_weight(attempt: &Attempt<'_>) -> u64 {
    u64::from(attempt.account.weight).max(1)
}

/// A number below `limit` from uniform bits, by multiplying instead of dividing.
const fn below(limit: u64, bits: u64) -> u64 {
    ((bits as u128 * limit as u128) >> 64) as u64
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood 2014): neighbouring inputs give unrelated outputs.
const fn mix(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
