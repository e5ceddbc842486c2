//! The session of one request: how it is told, which account it is bound to, and which reasoning in it is foreign where.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use http::HeaderMap;
use tollgate_base::{AccountId, UserId};
use tollgate_protocol::{Foreign, Probe, conversation_prefix};
use tollgate_routing::{Attempt, Group, SESSION_HEADERS, Stickiness, session_key};

use crate::attempt::Call;
use crate::sessions::{Binding, SessionId};
use crate::state::{Live, Shared};

/// The session of a request, if its group keeps sessions to accounts and has a choice of them.
pub(crate) struct Session {
    id: Option<SessionId>,
    model: u64,
    bound: Option<Bound>,
    sticky: Stickiness,
}

/// The binding that was found.
struct Bound {
    binding: Arc<Binding>,
    /// It is for the model that the request names, not only for the session.
    is_for_model: bool,
}

impl Session {
    /// The session of a call by a user in a group. Whether there is a choice is for the group whose accounts serve.
    pub(crate) fn of(shared: &Shared, live: &Live, user: UserId, group: &Group, call: &Call<'_>) -> Self {
        let sticky = group.sticky;
        let mut session = Self { id: None, model: 0, bound: None, sticky };
        let serving = live.catalog.serving_group(group, &call.probe.model).unwrap_or(group);
        let mut accounts = live.catalog.accounts_of(&serving.id).filter(|(_, account)| account.is_usable());
        if !sticky.is_on() || accounts.nth(1).is_none() {
            return session;
        }
        let Some(name) = name_of(call) else { return session };
        let id = SessionId { user, group: group.id, name };
        session.id = Some(id);
        session.model = number_of(&call.probe.model);
        let find = |model| shared.sessions.find(id, model, session.ttl(), shared.now());
        let bound = |is_for_model| move |binding| Bound { binding, is_for_model };
        session.bound = find(Some(session.model)).map(bound(true)).or_else(|| find(None).map(bound(false)));
        session
    }

    /// The account that it is bound to.
    pub(crate) fn account(&self) -> Option<AccountId> {
        self.bound.as_ref().map(|bound| bound.binding.account)
    }

    /// How long its account is waited for.
    pub(crate) const fn wait(&self) -> Duration {
        Duration::from_millis(self.sticky.wait_ms as u64)
    }

    const fn ttl(&self) -> Duration {
        Duration::from_secs(self.sticky.ttl_s as u64)
    }

    /// Where a session is new, requests that come before the first is answered go the same way as that.
    pub(crate) fn begin(&self, shared: &Shared, first: &Attempt<'_>) {
        if let (Some(id), None) = (self.id, &self.bound) {
            let (account, model) = (first.account.id, number_of(&first.upstream_model));
            shared.sessions.bind(id, self.model, Binding::new(account, model, false, shared.now()));
        }
    }

    /// Which signed reasoning in the request is foreign to an account: all of it, if another organization or another model
    /// answered the session last.
    pub(crate) fn foreign_to(&self, live: &Live, attempt: &Attempt<'_>) -> Option<Foreign<'_>> {
        let Bound { binding, is_for_model } = self.bound.as_ref().filter(|bound| bound.binding.is_proven)?;
        let maker = live.catalog.account(&binding.account);
        let is_maker = maker.is_some_and(|maker| maker.shares_organization(attempt.account))
            // Another model than before is the caller's own choice, unless it named the same.
            && (!is_for_model || binding.upstream_model == number_of(&attempt.upstream_model));
        match (is_maker, binding.marks.is_empty()) {
            (false, _) => Some(Foreign::All),
            (true, false) => Some(Foreign::Through(&binding.marks)),
            (true, true) => None,
        }
    }

    /// An account has answered: the session is bound to it, unless its own was only busy. `mark` is the last reasoning
    /// that was foreign to it.
    pub(crate) fn answered(
        &self,
        shared: &Shared,
        attempt: &Attempt<'_>,
        own_is_busy: bool,
        mark: Option<u64>,
    ) {
        let Some(id) = self.id else { return };
        let (account, upstream_model) = (attempt.account.id, number_of(&attempt.upstream_model));
        let found = self.bound.as_ref().map(|bound| &bound.binding);
        let is_own = found.is_some_and(|found| found.account == account);
        if own_is_busy && !is_own && found.is_some_and(|found| found.is_proven) {
            return;
        }
        let now = shared.now();
        let current = shared.sessions.find(id, Some(self.model), self.ttl(), now);
        if let Some(current) = &current {
            let is_known = mark.is_none_or(|mark| current.marks.contains(&mark));
            let is_same = current.account == account && current.upstream_model == upstream_model;
            if current.is_proven && is_same && is_known {
                return;
            }
            // Another request of the session has moved it elsewhere meanwhile: one of them has to give way.
            let is_found = found.is_some_and(|found| Arc::ptr_eq(found, current));
            if current.is_proven && !is_found && current.account != account {
                return;
            }
        }
        let marks = current.or_else(|| found.cloned()).map(|binding| binding.marks.clone());
        let binding = Binding::new(account, upstream_model, true, now);
        shared.sessions.bind(id, self.model, binding.marked(&marks.unwrap_or_default(), mark));
    }
}

/// The caller's own name of its session, if it has one.
pub(crate) fn session_named<'a>(probe: &'a Probe<'_>, headers: &'a HeaderMap) -> Option<Cow<'a, str>> {
    let named = SESSION_HEADERS.iter().filter_map(|name| headers.get(*name)?.to_str().ok());
    let (cache_key, conversation) = (probe.session_hint.as_deref(), probe.conversation.as_deref());
    let session = session_key(probe.user_id.as_deref(), named, cache_key, conversation)?;
    Some(session.key)
}

/// The digest of the session's name: the caller's own, else what does not change in the conversation.
fn name_of(call: &Call<'_>) -> Option<[u8; 16]> {
    let mut digest = Context::new(&SHA256);
    if let Some(name) = &call.session {
        digest.update(b"name\0");
        digest.update(name.as_bytes());
    } else {
        digest.update(b"prefix\0");
        let protocol = call.endpoint.protocol();
        let feed = &mut |bytes: &[u8]| digest.update(bytes);
        if !conversation_prefix(call.body, protocol, call.history.as_deref(), feed) {
            return None;
        }
    }
    digest.finish().as_ref().first_chunk().copied()
}

/// A model's name as a number, to be told from the few others of a session.
fn number_of(model: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    model.hash(&mut hasher);
    hasher.finish()
}
