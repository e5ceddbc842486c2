//! How long an account's answers take to begin: a moving average that follows a rise at once and forgets it with time.

use std::time::Duration;

use tollgate_base::Timestamp;

/// The time constant by which what was seen is forgotten.
const DECAY_MS: u64 = 10_000;

/// The peak-sensitive moving average of Finagle's balancer, as two numbers that fit one word: microseconds in the upper
/// half, the time of the last sample in milliseconds (modulo 2^32) in the lower. Zero knows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PeakEwma(u64);

impl PeakEwma {
    /// From the word that [`to_bits`](Self::to_bits) gave.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// As one word.
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// With another sample.
    #[must_use]
    pub fn with(self, sample: Duration, now: Timestamp) -> Self {
        let sample = u32::try_from(sample.as_micros()).unwrap_or(u32::MAX).max(1);
        let decayed = self.at(now);
        // A rise counts at once; a fall in proportion to the time since the last sample.
        let value = if sample >= decayed { sample } else { self.towards(sample, now) };
        Self(u64::from(value) << 32 | u64::from(now_ms(now)))
    }

    /// The average in microseconds at this time: it fades while no sample comes, so that a slow account is tried again.
    /// 0 where nothing is known.
    #[must_use]
    pub fn at(self, now: Timestamp) -> u32 {
        let value = self.0 >> 32;
        if value == 0 {
            return 0;
        }
        let faded = value * DECAY_MS / (DECAY_MS + self.age_ms(now));
        u32::try_from(faded).unwrap_or(u32::MAX).max(1)
    }

    /// Between what was and a smaller sample.
    fn towards(self, sample: u32, now: Timestamp) -> u32 {
        let (value, age) = (self.0 >> 32, self.age_ms(now));
        let mean = (value * DECAY_MS + u64::from(sample) * age) / (DECAY_MS + age);
        u32::try_from(mean).unwrap_or(u32::MAX).max(1)
    }

    fn age_ms(self, now: Timestamp) -> u64 {
        #[allow(clippy::cast_possible_truncation, reason = "the lower half is the time")]
        let then = self.0 as u32;
        let age = now_ms(now).wrapping_sub(then);
        // Half of the circle is the past; a clock that was set back is no age.
        if age > u32::MAX / 2 { 0 } else { u64::from(age) }
    }
}

/// Milliseconds, modulo 2^32: 49 days.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "modulo is meant")]
const fn now_ms(now: Timestamp) -> u32 {
    now.micros().div_euclid(1_000) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_micros(1_795_809_600_000_000 + ms * 1_000)
    }

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn it_rises_at_once_and_falls_with_time() {
        let nothing = PeakEwma::default();
        assert_eq!(nothing.at(at(0)), 0);
        let fast = nothing.with(MS(100), at(0));
        assert_eq!(fast.at(at(0)), 100_000);
        let slow = fast.with(MS(900), at(1));
        assert_eq!(slow.at(at(1)), 900_000);
        assert_eq!(slow.with(MS(100), at(1)).at(at(1)), 900_000, "no time has passed");
        assert_eq!(slow.with(MS(100), at(10_001)).at(at(10_001)), 500_000);
        assert_eq!(slow.at(at(10_001)), 450_000, "it fades where nothing comes");
        assert_eq!(slow.at(at(-5_000)), 900_000, "a clock that was set back");
    }

    proptest! {
        #[test]
        fn it_stays_between_what_was_seen(samples in prop::collection::vec((1_u64..60_000, 0_i64..100_000), 1..40)) {
            let (mut ewma, mut now) = (PeakEwma::default(), 0);
            for (sample, passed) in &samples {
                now += passed;
                ewma = ewma.with(MS(*sample), at(now));
                prop_assert_eq!(PeakEwma::from_bits(ewma.to_bits()), ewma);
            }
            let most = samples.iter().map(|(sample, _)| *sample * 1_000).max().unwrap();
            let last = samples.last().unwrap().0 * 1_000;
            prop_assert!((last..=most).contains(&u64::from(ewma.at(at(now)))));
        }
    }
}
