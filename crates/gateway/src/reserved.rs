//! What a request under way has taken of rates, its caller's and its account's, until it is settled.

use tollgate_base::Usage;
use tollgate_limits::Reservation;

/// The reservations of one request. Dropped unsettled they give everything back.
#[derive(Default)]
pub(crate) struct Reserved {
    caller: Option<Reservation>,
    account: Option<Reservation>,
}

/// What became of the request, as far as rates are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Took {
    /// No account was asked.
    Nothing,
    /// So many tokens.
    Tokens(u64),
    /// It was answered, and nobody said how many tokens that took.
    Unknown,
}

impl Reserved {
    /// The caller's.
    pub(crate) fn for_caller(&mut self, reservation: Option<Reservation>) {
        self.caller = reservation;
    }

    /// The account's that is asked now. One that was asked before has failed: it was asked, and has used nothing.
    pub(crate) fn for_account(&mut self, reservation: Option<Reservation>) {
        settle(std::mem::replace(&mut self.account, reservation), Took::Tokens(0));
    }

    /// The request is over.
    pub(crate) fn settle(&mut self, took: Took) {
        settle(self.caller.take(), took);
        settle(self.account.take(), took);
    }
}

fn settle(reservation: Option<Reservation>, took: Took) {
    let Some(reservation) = reservation else { return };
    match took {
        Took::Nothing => drop(reservation),
        Took::Tokens(tokens) => reservation.settle(tokens),
        Took::Unknown => reservation.keep(),
    }
}

/// The tokens that count: prompt and answer, what is written to caches, and not what is read from them, as at Anthropic.
/// <https://docs.claude.com/en/api/rate-limits#cache-aware-itpm>
pub(crate) const fn counted_tokens(usage: &Usage) -> u64 {
    usage.total_tokens().saturating_sub(usage.cache_read_tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_a_cache_does_not_count() {
        let usage = Usage {
            input_tokens: 1,
            output_tokens: 2,
            cache_write_5m_tokens: 4,
            cache_write_1h_tokens: 8,
            cache_read_tokens: 16,
            reasoning_tokens: 2,
            web_search_calls: 1,
            input_audio_tokens: 32,
            ..Usage::default()
        };
        assert_eq!(counted_tokens(&usage), 47);
    }
}
