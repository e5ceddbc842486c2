//! When a credential that is refused needs somebody to look at it.

use std::time::Duration;

use tollgate_base::Timestamp;

/// So many refusals, each at least so long after the one before: a burst is one.
const REFUSALS: u8 = 3;
const APART: Duration = Duration::from_secs(60);

/// The refusals of an account's credential since it last was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Attention {
    counted: u8,
    last: Option<Timestamp>,
    pub(super) needed: bool,
}

impl Attention {
    /// The credential was refused; whether somebody has to be told now.
    pub(super) fn refused(&mut self, now: Timestamp) -> bool {
        if self.last.is_some_and(|last| now.since(last) < APART) {
            return false;
        }
        self.last = Some(now);
        self.counted = self.counted.saturating_add(1);
        let told = self.counted >= REFUSALS && !self.needed;
        self.needed |= told;
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_refusals_over_minutes_and_not_three_in_a_burst() {
        let at = |seconds: i64| Timestamp::from_micros((1_000 + seconds) * 1_000_000);
        let mut attention = Attention::default();
        for _ in 0..10 {
            assert!(!attention.refused(at(0)));
        }
        assert!(!attention.refused(at(59)));
        assert!(!attention.refused(at(60)));
        assert!(!attention.refused(at(100)));
        assert!(attention.refused(at(120)), "the third");
        assert!(!attention.refused(at(300)), "told once");
        assert!(attention.needed);
    }
}
