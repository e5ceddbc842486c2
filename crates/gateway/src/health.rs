//! What the gate remembers of each account: what it is serving, how it stands, and how long its answers take to begin.
//!
//! The decisions are `routing`'s; here they are shared by all requests. An account without trouble is asked for nothing
//! but three numbers.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tollgate_base::{AccountId, Timestamp};
use tollgate_limits::Places;
use tollgate_routing::failover::Verdict;
use tollgate_routing::health::{AccountState, Kept, Noticed, PeakEwma, Permit};
use tollgate_routing::{Account, Condition, Standing};

/// The state of one account; it outlives configuration changes.
#[derive(Debug, Default)]
pub(crate) struct AccountHealth {
    /// Whether the state has to be asked: something is known against the account, or it has several keys.
    is_asked: AtomicBool,
    in_flight: AtomicU32,
    first_byte: AtomicU64,
    state: Mutex<AccountState>,
}

impl AccountHealth {
    /// How it stands for requests of a model.
    pub(crate) fn condition(&self, model: &str, now: Timestamp) -> Condition {
        let standing = if self.is_asked.load(Ordering::Acquire) {
            self.state().standing(model, now)
        } else {
            Standing::Ready
        };
        Condition {
            standing,
            in_flight: self.in_flight(),
            first_byte_micros: PeakEwma::from_bits(self.first_byte.load(Ordering::Relaxed)).at(now),
            ..Condition::READY
        }
    }

    /// How many requests it is serving.
    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Acquire)
    }

    /// Whether the account said a moment ago that it does not have this model.
    pub(crate) fn lacks(&self, model: &str, now: Timestamp) -> bool {
        self.is_asked.load(Ordering::Acquire) && self.state().lacks(model, now)
    }

    /// Whether only a few requests at a time may go to it.
    pub(crate) fn is_recovering(&self, model: &str, now: Timestamp) -> bool {
        self.is_asked.load(Ordering::Acquire) && self.state().standing(model, now) == Standing::Trial
    }

    /// Lets a request through; `None` where the account is left alone.
    pub(crate) fn begin<'a>(
        self: &Arc<Self>,
        model: impl Into<Cow<'a, str>>,
        now: Timestamp,
    ) -> Option<Trying<'a>> {
        let model = model.into();
        let permit = if self.is_asked.load(Ordering::Acquire) {
            self.state().begin(&model, now)?
        } else {
            Permit::untroubled(now)
        };
        Some(Trying { account: Arc::clone(self), model, permit, is_judged: false })
    }

    /// Lets a probe through.
    pub(crate) fn begin_probe<'a>(self: &Arc<Self>, model: &'a str, now: Timestamp) -> Option<Trying<'a>> {
        let permit = self.state().begin_probe(model, now)?;
        Some(Trying { account: Arc::clone(self), model: model.into(), permit, is_judged: false })
    }

    /// Takes over which keys the account has, and what is known elsewhere of whether it needs attention.
    pub(crate) fn configure(&self, account: &Account, before: Option<&Account>, now: Timestamp) {
        let mut state = self.state();
        let numbers = account.upkeep.further_keys.iter().map(|key| u64::from(key.number));
        state.set_keys(&std::iter::once(0).chain(numbers).collect::<Vec<_>>());
        let was_marked = before.is_some_and(|before| before.upkeep.attention.is_some());
        let is_another = before.is_some_and(|before| before.credential != account.credential);
        match &account.upkeep.attention {
            _ if is_another => state.learn(Kept::Cleared, now),
            Some(_) if !was_marked => state.learn(Kept::NeedsAttention, now),
            None if was_marked => state.learn(Kept::Cleared, now),
            _ => {}
        }
        self.note(&state);
    }

    fn succeeded(&self, permit: Permit, model: &str) -> Noticed {
        // Where nothing is known against the account there is nothing to forgive.
        if !self.is_asked.load(Ordering::Acquire) {
            return Noticed::Nothing;
        }
        let mut state = self.state();
        let noticed = state.succeeded(permit, model);
        self.note(&state);
        noticed
    }

    fn state(&self) -> MutexGuard<'_, AccountState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, state: &AccountState) {
        self.is_asked.store(state.has_several_keys() || !state.is_clean(), Ordering::Release);
    }
}

/// A request that an account was asked, until it is known how that ended. Dropped before, it tells nothing.
#[derive(Debug)]
pub(crate) struct Trying<'a> {
    account: Arc<AccountHealth>,
    model: Cow<'a, str>,
    permit: Permit,
    is_judged: bool,
}

impl Trying<'_> {
    /// Which of the account's keys to send.
    pub(crate) const fn key(&self) -> usize {
        self.permit.key
    }

    /// A good answer began after so long.
    pub(crate) fn succeeded(mut self, after: Duration, now: Timestamp) -> Noticed {
        self.is_judged = true;
        let seen = PeakEwma::from_bits(self.account.first_byte.load(Ordering::Relaxed));
        // Of two answers at the same moment one may be lost.
        self.account.first_byte.store(seen.with(after, now).to_bits(), Ordering::Relaxed);
        self.account.succeeded(self.permit, &self.model)
    }

    /// It failed, and the provider perhaps told for how long it wants to be left alone.
    pub(crate) fn failed(
        mut self,
        verdict: &Verdict,
        told: Option<Duration>,
        now: Timestamp,
        bits: u64,
    ) -> Noticed {
        self.is_judged = true;
        let mut state = self.account.state();
        let noticed = state.failed(self.permit, &self.model, verdict, told, now, bits);
        self.account.note(&state);
        noticed
    }
}

impl Drop for Trying<'_> {
    fn drop(&mut self) {
        if !self.is_judged && self.permit.is_trial() {
            self.account.state().abandoned(self.permit, &self.model);
        }
    }
}

/// Counts a request as being served by an account, and keeps its place there, until it is dropped.
#[derive(Debug)]
pub(crate) struct InFlight {
    account: Arc<AccountHealth>,
    _places: Places,
}

impl InFlight {
    pub(crate) fn begin(account: &Arc<AccountHealth>, places: Places) -> Self {
        account.in_flight.fetch_add(1, Ordering::AcqRel);
        Self { account: Arc::clone(account), _places: places }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.account.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The state of all accounts.
#[derive(Default)]
pub(crate) struct HealthBook(papaya::HashMap<AccountId, Arc<AccountHealth>>);

impl HealthBook {
    pub(crate) fn of(&self, account: AccountId) -> Arc<AccountHealth> {
        Arc::clone(self.0.pin().get_or_insert_with(account, Arc::default))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_protocol::UpstreamErrorBody;
    use tollgate_routing::failover::{Cause, Failed, decide};

    const NOW: Timestamp = Timestamp::from_micros(1_000_000_000);

    fn verdict(status: u16) -> Verdict {
        let body = UpstreamErrorBody::default();
        decide(&[], &Failed { cause: Cause::Status(status), body: &body, model: "m" })
    }

    #[test]
    fn in_flight_is_returned_on_drop() {
        let book = HealthBook::default();
        let id = AccountId::from_u128(1);
        let account = book.of(id);
        let first = InFlight::begin(&account, Places::default());
        let second = InFlight::begin(&account, Places::default());
        assert_eq!(account.condition("m", NOW).in_flight, 2);
        drop((first, second));
        assert_eq!(book.of(id).condition("m", NOW).in_flight, 0);
    }

    #[test]
    fn an_account_with_trouble_is_asked_and_one_that_is_well_again_is_not() {
        let account = Arc::new(AccountHealth::default());
        account.begin("m", NOW).unwrap().failed(&verdict(429), Some(Duration::from_secs(9)), NOW, 0);
        assert!(account.begin("m", NOW).is_none());
        let later = NOW.after(Duration::from_secs(10));
        for _ in 0..3 {
            account.begin("m", later).unwrap().succeeded(Duration::from_millis(70), later);
        }
        assert!(!account.is_asked.load(Ordering::Acquire));
        assert_eq!(account.condition("m", later).first_byte_micros, 70_000);
    }

    #[test]
    fn a_trial_whose_caller_leaves_makes_room() {
        let account = Arc::new(AccountHealth::default());
        account.begin("m", NOW).unwrap().failed(&verdict(429), Some(Duration::from_secs(9)), NOW, 0);
        let later = NOW.after(Duration::from_secs(10));
        for _ in 0..100 {
            drop(account.begin("m", later).unwrap());
        }
        assert_eq!(account.condition("m", later).standing, Standing::Trial);
    }
}
