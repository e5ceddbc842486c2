//! The numbers that are compared.

use jiff::civil::Date;
use tollgate_base::Money;
use tollgate_store::ServedUsage;

/// A day and a model.
pub(super) type Key = (Date, String);

/// A number that an export may tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    /// Prompt tokens that were neither written to a cache nor read from it.
    Input,
    /// Tokens written to a cache, for however long.
    CacheWrite,
    /// For five minutes.
    CacheWrite5m,
    /// For an hour.
    CacheWrite1h,
    /// Tokens read from a cache.
    CacheRead,
    /// Tokens of answers.
    Output,
    /// What the account is charged, in nano-dollars.
    Cost,
}

impl Number {
    const COUNT: usize = 7;

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input_tokens",
            Self::CacheWrite => "cache_write_tokens",
            Self::CacheWrite5m => "cache_write_5m_tokens",
            Self::CacheWrite1h => "cache_write_1h_tokens",
            Self::CacheRead => "cache_read_tokens",
            Self::Output => "output_tokens",
            Self::Cost => "cost",
        }
    }

    /// As it is shown: tokens, or dollars.
    pub(super) fn shown(self, value: i128) -> String {
        match (self, i64::try_from(value)) {
            (Self::Cost, Ok(nanos)) => Money::from_nanos(nanos).to_string(),
            _ => value.to_string(),
        }
    }
}

/// One of each number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sums {
    numbers: [i128; Number::COUNT],
    /// What rounding can have made of the cost, in nano-dollars.
    pub(super) rounding: i128,
}

impl Sums {
    /// What the gate has.
    pub(super) fn of(served: &ServedUsage) -> Self {
        let (usage, mut sums) = (&served.usage, Self::default());
        sums.add(Number::Input, i128::from(usage.input_tokens));
        sums.add(Number::CacheWrite5m, i128::from(usage.cache_write_5m_tokens));
        sums.add(Number::CacheWrite1h, i128::from(usage.cache_write_1h_tokens));
        let written = i128::from(usage.cache_write_5m_tokens) + i128::from(usage.cache_write_1h_tokens);
        sums.add(Number::CacheWrite, written);
        sums.add(Number::CacheRead, i128::from(usage.cache_read_tokens));
        sums.add(Number::Output, i128::from(usage.output_tokens));
        sums.add(Number::Cost, i128::from(served.account_cost.nanos()));
        sums
    }

    /// Nothing yet, of a cost that rounding may have changed by so many nano-dollars.
    pub(super) fn rounded(rounding: i128) -> Self {
        Self { rounding, ..Self::default() }
    }

    pub(super) fn get(&self, number: Number) -> i128 {
        self.numbers.get(number as usize).copied().unwrap_or_default()
    }

    pub(super) fn add(&mut self, number: Number, value: i128) {
        if let Some(sum) = self.numbers.get_mut(number as usize) {
            *sum = sum.saturating_add(value);
        }
    }

    /// Adds every number of another line of the same day and model.
    pub(super) fn add_all(&mut self, other: &Self) {
        for (sum, value) in self.numbers.iter_mut().zip(other.numbers) {
            *sum = sum.saturating_add(value);
        }
        self.rounding = self.rounding.saturating_add(other.rounding);
    }
}
