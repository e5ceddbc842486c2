//! What a provider does with the requests to one account.

use std::time::Duration;

use tollgate_base::Timestamp;
use tollgate_protocol::UpstreamErrorBody;

use super::Random;
use crate::failover::Cause;

/// Something that is wrong with an account for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Every request gets this status, at once.
    Status(u16),
    /// Nobody can connect.
    Network,
    /// No request is answered; the caller's patience ends it.
    Silent,
    /// Answers take twenty times as long.
    Slow,
    /// So many percent of the requests fail.
    Failing(u64),
    /// Ten seconds well, ten seconds not.
    Flapping,
    /// The rate limit is used up until the trouble ends, and the provider says so.
    Limited,
}

/// An account as its provider serves it.
#[derive(Debug, Clone, Default)]
pub(super) struct Provider {
    /// From when, until when, what.
    pub(super) troubles: Vec<(Timestamp, Timestamp, Trouble)>,
    /// The times at which requests came.
    pub(super) came: Vec<Timestamp>,
    /// The times at which requests were answered well.
    pub(super) answered: Vec<Timestamp>,
}

/// How a request at a provider ends.
pub(super) struct Served {
    pub(super) after: Duration,
    /// `None` is a good answer.
    pub(super) failure: Option<(Cause, UpstreamErrorBody)>,
    /// What its headers say of when to come back.
    pub(super) told: Option<Duration>,
}

/// How long a caller of a provider waits for an answer to begin.
const PATIENCE: Duration = Duration::from_secs(30);

impl Provider {
    /// Whether it would answer well now.
    pub(super) fn is_well(&self, now: Timestamp) -> bool {
        self.trouble(now).is_none_or(|(_, _, trouble)| trouble == Trouble::Slow)
    }

    fn trouble(&self, now: Timestamp) -> Option<(Timestamp, Timestamp, Trouble)> {
        let current = self.troubles.iter().find(|(from, until, _)| *from <= now && now < *until)?;
        let seconds = now.since(current.0).as_secs();
        (current.2 != Trouble::Flapping || (seconds / 10).is_multiple_of(2)).then_some(*current)
    }

    /// Serves a request that comes now.
    pub(super) fn serve(&mut self, now: Timestamp, random: &mut Random) -> Served {
        self.came.push(now);
        let usual = Duration::from_millis(random.between(150, 450));
        let good = |after| Served { after, failure: None, told: None };
        let quick = Duration::from_millis(random.between(5, 60));
        let status = |status| Served {
            after: quick,
            failure: Some((Cause::Status(status), UpstreamErrorBody::default())),
            told: None,
        };
        let broken =
            |after, cause| Served { after, failure: Some((cause, UpstreamErrorBody::default())), told: None };
        match self.trouble(now) {
            None => good(usual),
            Some((_, _, Trouble::Slow)) => good(usual * 20),
            Some((_, _, Trouble::Failing(percent))) if !random.percent(percent) => good(usual),
            Some((_, _, Trouble::Status(code))) => status(code),
            Some((_, _, Trouble::Failing(_) | Trouble::Flapping)) => status(500),
            Some((_, _, Trouble::Network)) => broken(quick, Cause::Network),
            Some((_, _, Trouble::Silent)) => broken(PATIENCE, Cause::Timeout),
            Some((_, until, Trouble::Limited)) => Served { told: Some(until.since(now)), ..status(429) },
        }
    }
}
