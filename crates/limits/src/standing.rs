//! How the rates that concern a request stand, as its caller is told.

use crate::bucket::Gauge;

/// The tightest rates that concern a caller, each `None` where none is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Requests a minute.
    pub requests: Option<Gauge>,
    /// Tokens a minute.
    pub tokens: Option<Gauge>,
}

impl Standing {
    /// With another subject's rates.
    pub(crate) fn with(self, requests: Option<Gauge>, tokens: Option<Gauge>) -> Self {
        Self { requests: tighter(self.requests, requests), tokens: tighter(self.tokens, tokens) }
    }
}

/// The one that leaves less; of equals the smaller one.
fn tighter(one: Option<Gauge>, other: Option<Gauge>) -> Option<Gauge> {
    [one, other].into_iter().flatten().min_by_key(|gauge| (gauge.remaining, gauge.limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gauge(limit: u64, remaining: u64) -> Gauge {
        Gauge { limit, remaining, full_in_nanos: 0 }
    }

    #[test]
    fn the_one_that_leaves_less_is_told() {
        let standing = Standing::default()
            .with(Some(gauge(100, 60)), None)
            .with(Some(gauge(1000, 50)), Some(gauge(9, 9)))
            .with(Some(gauge(50, 50)), None);
        assert_eq!(standing, Standing { requests: Some(gauge(50, 50)), tokens: Some(gauge(9, 9)) });
    }
}
