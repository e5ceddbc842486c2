//! Whether a request's faults apply to it: by how often they did, and by who asks.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::directive::{Faults, Scope};
use crate::route::Endpoint;

/// How many `id=` names are remembered; beyond it all start again.
const MAX_IDS: usize = 100_000;

/// How often the faults of each `id=` were applied, an endpoint at a time.
#[derive(Debug, Default)]
pub(crate) struct Scopes {
    applied: Mutex<HashMap<(Endpoint, String), u64>>,
}

impl Scopes {
    /// The faults that apply to this request: all of them or none.
    pub(crate) fn filter(
        &self,
        endpoint: Endpoint,
        credential: &str,
        scope: &Scope,
        faults: Faults,
    ) -> Faults {
        if self.applies(endpoint, credential, scope) { faults } else { Faults::default() }
    }

    fn applies(&self, endpoint: Endpoint, credential: &str, scope: &Scope) -> bool {
        if scope.account.as_deref().is_some_and(|account| account != credential) {
            return false;
        }
        let Some(times) = scope.times else {
            return true;
        };
        let mut applied = self.applied.lock().unwrap_or_else(PoisonError::into_inner);
        if applied.len() >= MAX_IDS {
            applied.clear();
        }
        let count = applied.entry((endpoint, scope.id.clone())).or_default();
        let applies = *count < times;
        *count = count.saturating_add(u64::from(applies));
        applies
    }

    pub(crate) fn reset(&self) {
        self.applied.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn applies_to_the_first_requests_of_the_account() {
        let scopes = Scopes::default();
        let scope = Scope { times: Some(2), id: "a".to_owned(), account: Some("k".to_owned()) };
        let got: Vec<bool> =
            ["k", "other", "k", "k"].iter().map(|key| scopes.applies(Endpoint::Chat, key, &scope)).collect();
        assert_eq!(got, [true, false, true, false]);
        assert!(scopes.applies(Endpoint::Messages, "k", &scope), "another endpoint counts for itself");
        scopes.reset();
        assert!(scopes.applies(Endpoint::Chat, "k", &scope));
    }
}
