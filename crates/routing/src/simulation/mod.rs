//! Hundreds of accounts and their troubles in virtual time: the plan, the breakers, the table and the budget that the
//! gateway runs, with nothing but the network left out.
//!
//! A run is determined by its seed. `TOLLGATE_SIMULATION_SEEDS=100 cargo test -p tollgate-routing simulation` tries more of
//! them than the usual few.

mod provider;
mod run;
mod scenarios;

use provider::{Provider, Trouble};
use run::{Run, Terms};

/// Bits from a seed: SplitMix64.
#[derive(Debug, Clone)]
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in the range.
    fn between(&mut self, least: u64, most: u64) -> u64 {
        let width = u128::from(most - least + 1);
        least + u64::try_from((u128::from(self.bits()) * width) >> 64).unwrap()
    }

    fn percent(&mut self, percent: u64) -> bool {
        self.between(0, 99) < percent
    }
}

/// The seeds of a test run.
fn seeds() -> impl Iterator<Item = u64> {
    let count = std::env::var("TOLLGATE_SIMULATION_SEEDS").ok().and_then(|count| count.parse().ok());
    1..=count.unwrap_or(2)
}
