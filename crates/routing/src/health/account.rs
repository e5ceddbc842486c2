//! An account's state: a breaker for all of it, one for each model that has trouble there, and one for each of its keys.

use std::time::Duration;

use tollgate_base::Timestamp;

use super::attention::Attention;
use super::breaker::{Begun, Breaker};
use crate::condition::{AwayReason, Standing};
use crate::failover::{Cooling, Scope, Topic, Verdict};

/// The most models with trouble that are remembered at one account; beyond it the one that was longest ago is forgotten.
const MAX_MODELS: usize = 32;
/// How long an account that needs attention is left alone between two tries.
const ATTENTION_PAUSE: Duration = Duration::from_secs(300);

/// What is remembered of one account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountState {
    own: Breaker,
    models: Vec<ModelState>,
    /// One for each key where there are several, in their order.
    keys: Vec<KeyState>,
    next_key: usize,
    attention: Attention,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct ModelState {
    name: Box<str>,
    breaker: Breaker,
    /// The account does not have it.
    missing: bool,
    /// When it last had trouble.
    at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct KeyState {
    id: u64,
    breaker: Breaker,
}

/// A request that was let through to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permit {
    /// When.
    pub at: Timestamp,
    /// Which of the account's keys to send, from 0.
    pub key: usize,
    own_trial: bool,
    model_trial: bool,
    key_trial: bool,
}

impl Permit {
    /// A permit for an account with one key and without any trouble: nothing has to be asked for it.
    #[must_use]
    pub const fn untroubled(now: Timestamp) -> Self {
        Self { at: now, key: 0, own_trial: false, model_trial: false, key_trial: false }
    }

    /// Whether the request tries something that is recovering.
    #[must_use]
    pub const fn is_trial(&self) -> bool {
        self.own_trial || self.model_trial || self.key_trial
    }

    const fn begun(&self, trial: bool) -> Begun {
        Begun { at: self.at, trial }
    }
}

/// What an ended request changed that others have to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noticed {
    /// Nothing.
    Nothing,
    /// The credential was refused too often: somebody has to look at it.
    NeedsAttention,
    /// It is taken again.
    Recovered,
}

/// What is known elsewhere of whether an account needs attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It does.
    NeedsAttention,
    /// It no longer does: an operator said so, or the credential is another one.
    Cleared,
}

impl AccountState {
    /// Whether nothing is wrong, so that the account need not be asked for standing and permits.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.own.is_clean()
            && self.models.is_empty()
            && self.keys.iter().all(|key| key.breaker.is_clean())
            && self.attention == Attention::default()
    }

    /// Names the account's keys, in their order, by something that stays theirs. With one there is nothing to choose.
    pub fn set_keys(&mut self, ids: &[u64]) {
        let ids = if ids.len() > 1 { ids } else { &[] };
        let known = std::mem::take(&mut self.keys);
        let kept = |id: &u64| known.iter().find(|key| key.id == *id).cloned();
        self.keys = ids
            .iter()
            .map(|id| kept(id).unwrap_or_else(|| KeyState { id: *id, breaker: Breaker::default() }))
            .collect();
    }

    /// Whether there are several keys to choose from.
    #[must_use]
    pub const fn has_several_keys(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Takes over what is known elsewhere.
    pub fn learn(&mut self, kept: Kept, now: Timestamp) {
        match kept {
            Kept::NeedsAttention if !self.attention.needed => {
                self.attention.needed = true;
                self.own.cool(now, ATTENTION_PAUSE, AwayReason::NeedsAttention);
            }
            Kept::NeedsAttention => {}
            Kept::Cleared => {
                self.attention = Attention::default();
                self.own = Breaker::default();
                self.keys.iter_mut().for_each(|key| key.breaker = Breaker::default());
            }
        }
    }

    /// Whether it is marked for somebody to look at.
    #[must_use]
    pub const fn needs_attention(&self) -> bool {
        self.attention.needed
    }

    /// Whether the account said that it does not have this model, and is not asked for it because of that.
    #[must_use]
    pub fn lacks(&self, model: &str, now: Timestamp) -> bool {
        self.model(model).is_some_and(|state| {
            state.missing && matches!(state.breaker.standing(now), Standing::Away { .. })
        })
    }

    /// How it stands for requests of a model.
    #[must_use]
    pub fn standing(&self, model: &str, now: Timestamp) -> Standing {
        let own = self.own.standing(now);
        let model = self.model(model).map_or(Standing::Ready, |state| state.breaker.standing(now));
        worst(worst(self.marked(own), model), self.keys_standing(now))
    }

    /// Lets a request through; `None` where it may not go. A model that the account does not have is no reason: who asks for
    /// it in spite of its [standing](Self::standing) has no other account.
    pub fn begin(&mut self, model: &str, now: Timestamp) -> Option<Permit> {
        if !self.lacks(model, now) && matches!(self.standing(model, now), Standing::Away { .. }) {
            return None;
        }
        if matches!(self.keys_standing(now), Standing::Away { .. }) {
            return None;
        }
        let key = self.choose_key(now);
        let own = self.own.begin(now)?;
        let model = self.model_mut(model).and_then(|state| state.breaker.begin(now));
        let key_begun = self.keys.get_mut(key).and_then(|key| key.breaker.begin(now));
        let trial = |begun: Option<Begun>| begun.is_some_and(|begun| begun.trial);
        Some(Permit {
            at: now,
            key,
            own_trial: own.trial,
            model_trial: trial(model),
            key_trial: trial(key_begun),
        })
    }

    /// Lets a probe through, also while the account is left alone, unless its provider said for how long.
    pub fn begin_probe(&mut self, model: &str, now: Timestamp) -> Option<Permit> {
        self.own.cut_pause(now);
        self.keys.iter_mut().for_each(|key| key.breaker.cut_pause(now));
        if let Some(state) = self.model_mut(model) {
            state.breaker.cut_pause(now);
        }
        self.begin(model, now)
    }

    /// The request got a good answer.
    pub fn succeeded(&mut self, permit: Permit, model: &str) -> Noticed {
        self.own.succeeded(permit.begun(permit.own_trial));
        if let Some(key) = self.keys.get_mut(permit.key) {
            key.breaker.succeeded(permit.begun(permit.key_trial));
        }
        if let Some(state) = self.model_mut(model) {
            state.breaker.succeeded(permit.begun(permit.model_trial));
            self.models.retain(|state| !state.breaker.is_clean());
        }
        let was_needed = std::mem::take(&mut self.attention).needed;
        if was_needed { Noticed::Recovered } else { Noticed::Nothing }
    }

    /// The request failed: what the verdict concerns is left alone as it says, for as long as the provider told if it did.
    pub fn failed(
        &mut self,
        permit: Permit,
        model: &str,
        verdict: &Verdict,
        told: Option<Duration>,
        now: Timestamp,
        bits: u64,
    ) -> Noticed {
        let scope = self.concerned(verdict);
        self.release(permit, model, Some(scope));
        let noticed = self.notice(verdict, now);
        let Some((breaker, begun)) = self.breaker(scope, permit, model, verdict, now) else {
            return noticed;
        };
        match verdict.cooling {
            Cooling::None => breaker.abandoned(begun),
            Cooling::RateLimit => breaker.limited(begun, told, now, bits),
            Cooling::Refusal => breaker.refused(begun, now, bits),
            Cooling::Seconds(seconds) => {
                let why = if verdict.topic == Some(Topic::ModelMissing) {
                    AwayReason::Refused
                } else {
                    AwayReason::RateLimited
                };
                breaker.cool(now, Duration::from_secs(u64::from(seconds)), why);
            }
            Cooling::Failure => match told {
                Some(pause) if !pause.is_zero() => breaker.cool(now, pause, AwayReason::RateLimited),
                _ => breaker.failed(begun, now, bits),
            },
        }
        if noticed == Noticed::NeedsAttention
            || (self.attention.needed && verdict.cooling == Cooling::Refusal)
        {
            self.own.cool(now, ATTENTION_PAUSE, AwayReason::NeedsAttention);
        }
        noticed
    }

    /// The request ended without telling anything.
    pub fn abandoned(&mut self, permit: Permit, model: &str) {
        self.release(permit, model, None);
    }

    /// Whom a verdict concerns: without several keys the key is the account.
    const fn concerned(&self, verdict: &Verdict) -> Scope {
        match verdict.scope {
            Scope::Key if self.keys.is_empty() => Scope::Account,
            scope => scope,
        }
    }

    /// Gives back the trials of a request, but for the one that is judged.
    fn release(&mut self, permit: Permit, model: &str, judged: Option<Scope>) {
        if judged != Some(Scope::Account) {
            self.own.abandoned(permit.begun(permit.own_trial));
        }
        if judged != Some(Scope::Key)
            && let Some(key) = self.keys.get_mut(permit.key)
        {
            key.breaker.abandoned(permit.begun(permit.key_trial));
        }
        if judged != Some(Scope::Model)
            && let Some(state) = self.model_mut(model)
        {
            state.breaker.abandoned(permit.begun(permit.model_trial));
        }
    }

    fn notice(&mut self, verdict: &Verdict, now: Timestamp) -> Noticed {
        let refused = verdict.topic == Some(Topic::Credential) && verdict.cooling == Cooling::Refusal;
        if refused && self.attention.refused(now) { Noticed::NeedsAttention } else { Noticed::Nothing }
    }

    /// The breaker of what is concerned; a model's is made when it has its first trouble.
    fn breaker(
        &mut self,
        scope: Scope,
        permit: Permit,
        model: &str,
        verdict: &Verdict,
        now: Timestamp,
    ) -> Option<(&mut Breaker, Begun)> {
        match scope {
            Scope::Account => Some((&mut self.own, permit.begun(permit.own_trial))),
            Scope::Key => {
                let key = self.keys.get_mut(permit.key)?;
                Some((&mut key.breaker, permit.begun(permit.key_trial)))
            }
            Scope::Model if verdict.cooling == Cooling::None => {
                let begun = permit.begun(permit.model_trial);
                self.model_mut(model).map(|state| (&mut state.breaker, begun))
            }
            Scope::Model => {
                let state = self.model_or_new(model, now)?;
                state.missing = verdict.topic == Some(Topic::ModelMissing);
                state.at = now;
                Some((&mut state.breaker, permit.begun(permit.model_trial)))
            }
        }
    }

    fn model(&self, name: &str) -> Option<&ModelState> {
        self.models.iter().find(|state| *state.name == *name)
    }

    fn model_mut(&mut self, name: &str) -> Option<&mut ModelState> {
        self.models.iter_mut().find(|state| *state.name == *name)
    }

    fn model_or_new(&mut self, name: &str, now: Timestamp) -> Option<&mut ModelState> {
        let at = match self.models.iter().position(|state| *state.name == *name) {
            Some(at) => at,
            None => {
                if self.models.len() >= MAX_MODELS {
                    let oldest = self.models.iter().enumerate().min_by_key(|(_, state)| state.at);
                    let oldest = oldest.map_or(0, |(at, _)| at);
                    self.models.swap_remove(oldest);
                }
                let state =
                    ModelState { name: name.into(), breaker: Breaker::default(), missing: false, at: now };
                self.models.push(state);
                self.models.len() - 1
            }
        };
        self.models.get_mut(at)
    }

    /// The next key in turn that is well, else the next that may be tried.
    fn choose_key(&mut self, now: Timestamp) -> usize {
        let count = self.keys.len();
        if count == 0 {
            return 0;
        }
        let first = self.next_key % count;
        let in_turn = (0..count).map(|step| (first + step) % count);
        let standing = |at: &usize| self.keys.get(*at).map(|key| key.breaker.standing(now));
        let ready = in_turn.clone().find(|at| standing(at) == Some(Standing::Ready));
        let chosen = ready.or_else(|| in_turn.clone().find(|at| standing(at) == Some(Standing::Trial)));
        let chosen = chosen.unwrap_or(first);
        self.next_key = (chosen + 1) % count;
        chosen
    }

    /// The best of the keys counts: the account is away when all of them are.
    fn keys_standing(&self, now: Timestamp) -> Standing {
        let standings = self.keys.iter().map(|key| key.breaker.standing(now));
        standings.reduce(best).unwrap_or(Standing::Ready)
    }

    /// Says of an account that is left alone, and marked, that this is why.
    const fn marked(&self, own: Standing) -> Standing {
        match own {
            Standing::Away { until, why: AwayReason::Refused } if self.attention.needed => {
                Standing::Away { until, why: AwayReason::NeedsAttention }
            }
            other => other,
        }
    }
}

fn best(one: Standing, other: Standing) -> Standing {
    match (one, other) {
        (Standing::Ready, _) | (_, Standing::Ready) => Standing::Ready,
        (Standing::Trial, _) | (_, Standing::Trial) => Standing::Trial,
        (Standing::Away { until: first, .. }, Standing::Away { until: second, .. }) => {
            if second.is_some_and(|second| first.is_none_or(|first| second < first)) { other } else { one }
        }
    }
}

fn worst(one: Standing, other: Standing) -> Standing {
    match (one, other) {
        (Standing::Away { until: first, .. }, Standing::Away { until: second, .. }) => {
            if second.is_none() || (first.is_some() && second > first) { other } else { one }
        }
        (Standing::Away { .. }, _) => one,
        (_, Standing::Away { .. }) => other,
        (Standing::Trial, _) | (_, Standing::Trial) => Standing::Trial,
        (Standing::Ready, Standing::Ready) => Standing::Ready,
    }
}

#[cfg(test)]
mod tests;
