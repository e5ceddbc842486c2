//! Which account a session keeps to.
//!
//! A provider's prompt cache and the signatures of its reasoning belong to one account, so the turns of a session should
//! all go to the same. Bindings live in this process; what is used least is forgotten first.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use quick_cache::sync::Cache;
use tollgate_base::{AccountId, GroupId, Timestamp, UserId};

/// How many bindings are kept, in about 20 MB. A session has one for each model that it calls and one for itself.
const BINDINGS: usize = 100_000;

/// How many marks a binding has; who switches accounts more often has the oldest forgotten.
const MARKS: usize = 8;

/// A session: of one user in one group, so that no two users ever share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SessionId {
    pub(crate) user: UserId,
    pub(crate) group: GroupId,
    /// The digest of its name.
    pub(crate) name: [u8; 16],
}

/// Where a binding is kept. Reasoning and caches are a model's, and not every account serves every model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    session: SessionId,
    /// The model that the caller names, as a number; none: whichever it named last.
    model: Option<u64>,
}

/// What a session is bound to.
#[derive(Debug)]
pub(crate) struct Binding {
    pub(crate) account: AccountId,
    /// The model that was asked there, as a number.
    pub(crate) upstream_model: u64,
    /// The account has answered; before, it is but where the session's first request went.
    pub(crate) is_proven: bool,
    /// How far the session's conversations are foreign to the account: the digests of the last reasoning in each that
    /// another one signed.
    pub(crate) marks: Box<[u64]>,
    used_at_micros: AtomicI64,
}

impl Binding {
    pub(crate) fn new(account: AccountId, upstream_model: u64, is_proven: bool, now: Timestamp) -> Self {
        let used_at_micros = AtomicI64::new(now.micros());
        Self { account, upstream_model, is_proven, marks: Box::default(), used_at_micros }
    }

    /// The same with the marks of an earlier one and perhaps another.
    pub(crate) fn marked(mut self, earlier: &[u64], mark: Option<u64>) -> Self {
        let new = mark.filter(|mark| !earlier.contains(mark));
        let forgotten = (earlier.len() + usize::from(new.is_some())).saturating_sub(MARKS);
        self.marks = earlier.iter().copied().skip(forgotten).chain(new).collect();
        self
    }
}

/// The bindings of all sessions.
#[derive(Debug)]
pub(crate) struct Sessions(Cache<Place, Arc<Binding>>);

impl Default for Sessions {
    fn default() -> Self {
        Self(Cache::new(BINDINGS))
    }
}

impl Sessions {
    /// What the session is bound to for a model; `None` also if that was used last longer ago than `ttl`. It counts as
    /// used now.
    pub(crate) fn find(
        &self,
        session: SessionId,
        model: Option<u64>,
        ttl: Duration,
        now: Timestamp,
    ) -> Option<Arc<Binding>> {
        let place = Place { session, model };
        let binding = self.0.get(&place)?;
        let used_at = Timestamp::from_micros(binding.used_at_micros.load(Ordering::Relaxed));
        if now.since(used_at) >= ttl {
            self.0.remove(&place);
            return None;
        }
        binding.used_at_micros.store(now.micros(), Ordering::Relaxed);
        Some(binding)
    }

    /// Binds a session, for a model and for those models that it has no binding for.
    pub(crate) fn bind(&self, session: SessionId, model: u64, binding: Binding) {
        let binding = Arc::new(binding);
        self.0.insert(Place { session, model: None }, Arc::clone(&binding));
        self.0.insert(Place { session, model: Some(model) }, binding);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Duration = Duration::from_secs(60);
    const NOW: Timestamp = Timestamp::from_micros(1_000_000_000);

    fn session(user: u128, group: u128) -> SessionId {
        SessionId { user: UserId::from_u128(user), group: GroupId::from_u128(group), name: [7; 16] }
    }

    fn to(account: u128) -> Binding {
        Binding::new(AccountId::from_u128(account), 1, true, NOW)
    }

    fn bound(
        sessions: &Sessions,
        session: SessionId,
        model: Option<u64>,
        now: Timestamp,
    ) -> Option<AccountId> {
        sessions.find(session, model, TTL, now).map(|binding| binding.account)
    }

    #[test]
    fn a_binding_is_its_users_and_its_groups() {
        let sessions = Sessions::default();
        sessions.bind(session(1, 1), 5, to(9));
        assert_eq!(bound(&sessions, session(1, 1), Some(5), NOW), Some(AccountId::from_u128(9)));
        assert_eq!(bound(&sessions, session(1, 1), Some(6), NOW), None);
        assert_eq!(bound(&sessions, session(1, 1), None, NOW), Some(AccountId::from_u128(9)));
        for other in [session(2, 1), session(1, 2)] {
            assert_eq!(bound(&sessions, other, Some(5), NOW), None);
        }
    }

    #[test]
    fn a_binding_lasts_while_it_is_used() {
        let sessions = Sessions::default();
        sessions.bind(session(1, 1), 5, to(9));
        let mut now = NOW;
        for _ in 0..3 {
            now = now.after(TTL - Duration::from_micros(1));
            assert!(bound(&sessions, session(1, 1), Some(5), now).is_some());
        }
        assert_eq!(bound(&sessions, session(1, 1), Some(5), now.after(TTL)), None);
        assert_eq!(bound(&sessions, session(1, 1), Some(5), now), None, "it is forgotten");
    }

    #[test]
    fn the_oldest_marks_are_forgotten() {
        assert_eq!(*to(1).marked(&[1, 2], Some(3)).marks, [1, 2, 3]);
        assert_eq!(*to(1).marked(&[1, 2], Some(1)).marks, [1, 2]);
        assert_eq!(*to(1).marked(&[1, 2], None).marks, [1, 2]);
        assert_eq!(*to(1).marked(&[1, 2, 3, 4, 5, 6, 7, 8], Some(9)).marks, [2, 3, 4, 5, 6, 7, 8, 9]);
    }

    #[test]
    fn the_number_of_bindings_is_bounded() {
        let sessions = Sessions::default();
        for user in 0..2 * BINDINGS as u128 {
            sessions.bind(session(user, 1), 5, to(9));
        }
        assert!(sessions.0.len() <= BINDINGS, "{}", sessions.0.len());
    }
}
