//! The order of the accounts that can take a request.
//!
//! What ranks an account is written into a few numbers, smaller first, so that only the places that are asked for have to
//! be put in order: most requests need one.

use std::cmp::Ordering;

use tollgate_protocol::Protocol;

use crate::candidates::Candidate;
use crate::condition::{AccountIndex, Condition};
use crate::draw::draw;
use crate::group::Policy;
use crate::judge::Suited;
use crate::words::word_enum;

word_enum!(
    /// Why an account has its place: the finest criterion by which it differs from its neighbours in the order.
    Reason, "reason for a place" {
        /// The session is bound to this account.
        Sticky = "sticky",
        /// It has room, or has none, other than its neighbour.
        HasRoom = "has_room",
        /// It speaks the caller's protocol, or does not, other than its neighbour.
        NativeProtocol = "native_protocol",
        /// What a request costs there.
        Cheapest = "cheapest",
        /// Its priority alone, or that there is no other.
        Priority = "priority",
        /// Its load: the requests it serves for its weight.
        LeastLoaded = "least_loaded",
        /// The weighted draw.
        WeightedDraw = "weighted_draw",
        /// Of two that were drawn, the one that answers sooner, or the other one.
        Fastest = "fastest",
    }
);

/// How many places are put in order at first.
const FIRST: usize = 6;
/// The last of these tell the reason for the places before them, and where a pair ends.
const FIRST_SORTED: usize = FIRST + 2;

/// Bits of [`Ranked::class`], the first thing that counts first.
const FALLS_SHORT: u64 = 1 << 63;
const NOT_STICKY: u64 = 1 << 62;
const FULL: u64 = 1 << 61;
const TRANSLATED: u64 = 1 << 60;
/// What is left of the number for the policy's own.
const LOWER: u64 = TRANSLATED - 1;
/// In [`Ranked::level`]: accounts without weight come after those that have some.
const NO_WEIGHT: u64 = 1 << 63;

/// What an answer's beginning is taken to need where nobody knows and the account is busy already; one that is idle is tried
/// at once, so that it becomes known.
const UNKNOWN_FIRST_BYTE_MICROS: u64 = 2_000_000;

/// An account in the order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ranked {
    /// Its class, and in it what the policy looks at first.
    class: u64,
    /// What the policy looks at next.
    level: u64,
    /// How soon it answers, where the policy asks: of two that were drawn the lower number comes first.
    wait: u64,
    /// Its place among the candidates.
    pub(crate) candidate: u32,
    pub(crate) in_flight: u32,
}

impl Ranked {
    #[inline]
    pub(crate) fn new(
        by: &Ranking,
        position: usize,
        candidate: &Candidate,
        suited: &Suited<'_>,
        condition: &Condition,
    ) -> Self {
        let flag = |bit, is_set| if is_set { bit } else { 0 };
        let class = flag(FALLS_SHORT, suited.falls_short)
            | flag(NOT_STICKY, !by.is_sticky(candidate))
            | flag(FULL, condition.is_full)
            | flag(TRANSLATED, suited.protocol != by.protocol);
        let no_weight = candidate.weight == 0;
        let priority = u64::from(candidate.priority.cast_unsigned() ^ 1 << 31);
        let (first, level) = match by.policy {
            Policy::Priority => {
                (priority, flag(NO_WEIGHT, no_weight) | load(candidate, condition).min(!NO_WEIGHT))
            }
            Policy::Weighted | Policy::Fastest => (priority, flag(NO_WEIGHT, no_weight)),
            Policy::Cheapest => {
                let load = load(candidate, condition) >> (LOAD_FRACTION_BITS - 8);
                let load = flag(1 << 31, no_weight) | load.min((1 << 31) - 1);
                (suited.cost.min(LOWER), priority << 32 | load)
            }
        };
        Self {
            class: class | first,
            level,
            wait: if by.policy == Policy::Fastest { wait(condition) } else { 0 },
            candidate: u32::try_from(position).unwrap_or(u32::MAX),
            in_flight: condition.in_flight,
        }
    }

    /// What comes before the draw, as one number.
    #[inline]
    const fn before_draw(&self) -> u128 {
        (self.class as u128) << 64 | self.level as u128
    }

    pub(crate) const fn falls_short(&self) -> bool {
        self.class & FALLS_SHORT != 0
    }

    const fn is_sticky(&self) -> bool {
        self.class & NOT_STICKY == 0
    }
}

const LOAD_FRACTION_BITS: u32 = 31;

/// The requests in flight per weight, in fixed point.
#[inline]
fn load(candidate: &Candidate, condition: &Condition) -> u64 {
    candidate.share.of(u64::from(condition.in_flight) << LOAD_FRACTION_BITS)
}

/// How long one more request would wait for its first byte, as far as that is known.
fn wait(condition: &Condition) -> u64 {
    let in_flight = u64::from(condition.in_flight);
    match condition.first_byte_micros {
        0 => UNKNOWN_FIRST_BYTE_MICROS * in_flight,
        micros => u64::from(micros) * (in_flight + 1),
    }
}

/// What a request is ranked by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ranking {
    pub(crate) policy: Policy,
    /// The protocol the caller speaks.
    pub(crate) protocol: Protocol,
    /// The account that the session is bound to.
    pub(crate) sticky: Option<AccountIndex>,
}

impl Ranking {
    fn is_sticky(&self, candidate: &Candidate) -> bool {
        self.sticky == Some(candidate.at)
    }
}

/// The draw among a plan's candidates. Most are told apart by what comes before it, and are not drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drawing<'c> {
    pub(crate) pick: u64,
    pub(crate) candidates: &'c [Candidate],
}

impl Drawing<'_> {
    #[inline]
    fn drawn(&self, ranked: &Ranked) -> Drawn {
        let number = self.candidates.get(ranked.candidate as usize);
        let number = number.map_or(u64::MAX, |candidate| draw(self.pick, candidate.salt, candidate.share));
        Drawn { ranked: *ranked, number }
    }
}

/// An account in the order with its number in the draw.
#[derive(Debug, Clone, Copy)]
struct Drawn {
    ranked: Ranked,
    number: u64,
}

/// Accounts that are put in order as far as somebody asks.
#[derive(Debug)]
pub(crate) struct Order {
    policy: Policy,
    /// All of them; empty once they are sorted.
    unsorted: Vec<Ranked>,
    /// In order: the first ones, or all.
    sorted: Vec<Drawn>,
    /// How many places are final.
    ready: usize,
}

impl Order {
    pub(crate) fn new(ranked: Vec<Ranked>, policy: Policy, drawing: Drawing<'_>) -> Self {
        if ranked.len() <= FIRST_SORTED {
            return Self::whole(ranked, policy, drawing);
        }
        let mut sorted = first_of(&ranked, drawing);
        pair(&mut sorted, policy);
        Self { policy, unsorted: ranked, sorted, ready: FIRST }
    }

    /// All in order at once.
    pub(crate) fn whole(ranked: Vec<Ranked>, policy: Policy, drawing: Drawing<'_>) -> Self {
        let mut order = Self { policy, unsorted: ranked, sorted: Vec::new(), ready: 0 };
        order.finish(drawing);
        order
    }

    pub(crate) fn len(&self) -> usize {
        if self.unsorted.is_empty() { self.sorted.len() } else { self.unsorted.len() }
    }

    /// All of them, in no order.
    pub(crate) fn all(&self) -> impl Iterator<Item = Ranked> {
        let sorted = if self.unsorted.is_empty() { &self.sorted[..] } else { &[] };
        self.unsorted.iter().copied().chain(sorted.iter().map(|drawn| drawn.ranked))
    }

    /// The account at a place, and why it is there. The draw is the one that the order was made with.
    pub(crate) fn get(&mut self, place: usize, drawing: Drawing<'_>) -> Option<(Ranked, Reason)> {
        if place >= self.ready && !self.unsorted.is_empty() {
            self.finish(drawing);
        }
        let ranked = self.sorted.get(place)?.ranked;
        Some((ranked, self.reason(place, &ranked)))
    }

    /// The same with all in order, whatever was asked for before.
    #[cfg(test)]
    pub(crate) fn sorted(&self, drawing: Drawing<'_>) -> Self {
        let sorted = self.sorted.iter().map(|drawn| drawn.ranked);
        let all = if self.unsorted.is_empty() { sorted.collect() } else { self.unsorted.clone() };
        Self::whole(all, self.policy, drawing)
    }

    fn finish(&mut self, drawing: Drawing<'_>) {
        self.sorted = self.unsorted.drain(..).map(|ranked| drawing.drawn(&ranked)).collect();
        self.sorted.sort_unstable_by(compare);
        pair(&mut self.sorted, self.policy);
        self.ready = self.sorted.len();
    }

    fn reason(&self, place: usize, ranked: &Ranked) -> Reason {
        if ranked.is_sticky() {
            return Reason::Sticky;
        }
        let before = place.checked_sub(1).and_then(|before| self.sorted.get(before));
        let neighbours = [before, self.sorted.get(place + 1)].into_iter().flatten();
        // That another one is sticky says nothing of this one.
        let others = neighbours.map(|other| &other.ranked).filter(|other| !other.is_sticky());
        others.map(|other| difference(ranked, other, self.policy)).max().unwrap_or(match self.policy {
            Policy::Cheapest => Reason::Cheapest,
            _ => Reason::Priority,
        })
    }
}

/// The first ones in order. Most accounts are no better than the last of those found before them, and are looked at once.
fn first_of(ranked: &[Ranked], drawing: Drawing<'_>) -> Vec<Drawn> {
    let mut first: Vec<Drawn> = Vec::with_capacity(FIRST_SORTED + 1);
    for ranked in ranked {
        let last = first.last().filter(|_| first.len() == FIRST_SORTED);
        if last.is_some_and(|last| ranked.before_draw() > last.ranked.before_draw()) {
            continue;
        }
        let drawn = drawing.drawn(ranked);
        let is_before = |other: &Drawn| compare(&drawn, other) == Ordering::Less;
        if last.is_some_and(|last| !is_before(last)) {
            continue;
        }
        let place = first.iter().position(is_before).unwrap_or(first.len());
        first.insert(place, drawn);
        first.truncate(FIRST_SORTED);
    }
    first
}

/// The order before those that were drawn in pairs are held against each other.
fn compare(a: &Drawn, b: &Drawn) -> Ordering {
    let key = |drawn: &Drawn| (drawn.ranked.before_draw(), drawn.number, drawn.ranked.candidate);
    key(a).cmp(&key(b))
}

/// Puts the faster of each two that were drawn one after the other first (the power of two choices).
fn pair(sorted: &mut [Drawn], policy: Policy) {
    if policy != Policy::Fastest {
        return;
    }
    let same_level = |a: &Drawn, b: &Drawn| a.ranked.before_draw() == b.ranked.before_draw();
    for level in sorted.chunk_by_mut(same_level) {
        for pair in level.chunks_exact_mut(2) {
            if pair[1].ranked.wait < pair[0].ranked.wait {
                pair.swap(0, 1);
            }
        }
    }
}

/// The first criterion by which two neighbours differ.
fn difference(a: &Ranked, b: &Ranked, policy: Policy) -> Reason {
    let differ = a.class ^ b.class;
    if differ & FULL != 0 {
        return Reason::HasRoom;
    }
    if differ & TRANSLATED != 0 {
        return Reason::NativeProtocol;
    }
    match policy {
        Policy::Cheapest if differ != 0 => Reason::Cheapest,
        Policy::Cheapest if a.level >> 32 != b.level >> 32 => Reason::Priority,
        _ if differ != 0 => Reason::Priority,
        Policy::Priority | Policy::Cheapest if a.level != b.level => Reason::LeastLoaded,
        Policy::Fastest if a.level == b.level && a.wait != b.wait => Reason::Fastest,
        _ => Reason::WeightedDraw,
    }
}
