//! Phase 3, limits: a request takes of its caller's rates and waits for its places before anything is held for it.
//!
//! Tokens are taken before they are used, so they are foreseen: the prompt by its size, and of the answer what is usual.
//! The draft puts that right when it is known. Where nobody is limited, nothing happens here.

use std::sync::Arc;

use tokio::time::Instant;
use tollgate_limits::{Admission, Cost, Limited, Reached, Refusal, Subject, Wait, Who};
use tollgate_protocol::{ApiError, ErrorKind, Probe};
use tollgate_routing::{Allowance, Group, LimitScope};
use tollgate_store::StoreError;

use crate::authenticate::Identity;
use crate::state::{Live, Shared};

/// What an answer is expected to take at most. Callers ask for the longest answer there is and use a part of it; taking
/// all of that would let nobody else in.
const USUAL_ANSWER_TOKENS: u64 = 1_024;

/// Who is concerned by a caller's requests; with `model`, by one for that model.
pub(crate) fn concerned(live: &Live, identity: &Identity, group: &Group, model: Option<&str>) -> Who {
    let limits = live.catalog.limits();
    let limited = |subject, allowance| Limited { subject, allowance, epoch: live.epoch };
    let caller = [
        (Subject::Key(identity.key.id), identity.key_limit.or(limits.each_key(group.id))),
        (Subject::User(identity.user.id), identity.user_limit),
        (Subject::Group(group.id), limits.group(group.id)),
    ];
    let model = model.filter(|_| limits.has_models());
    let model = model.and_then(|requested| live.catalog.limited_model(group, requested));
    let model =
        model.map(|model| (Subject::Model(Arc::from(model.name.as_str())), limits.model(&model.name)));
    caller.into_iter().chain(model).map(|(subject, allowance)| limited(subject, allowance)).collect()
}

/// About how many tokens a request will use that count: its prompt, and an answer of the usual length unless it allows
/// only less.
pub(crate) fn expected_tokens(probe: &Probe<'_>, prompt_tokens: u64) -> u64 {
    let answer = probe.max_tokens.unwrap_or(u64::MAX).min(USUAL_ANSWER_TOKENS);
    prompt_tokens.saturating_add(answer.saturating_mul(probe.n.max(1)))
}

/// Lets a request in, at once or when it is its turn; `None` where nobody is limited.
pub(crate) async fn admit(shared: &Shared, who: &Who, tokens: u64) -> Result<Option<Admission>, ApiError> {
    if who.is_empty() {
        return Ok(None);
    }
    let admitted = Box::pin(shared.limits.admit(who, Cost::of(tokens), wait(shared))).await;
    admitted.map(Some).map_err(|refusal| refused(&refusal))
}

/// How long a request that comes now may wait for places.
pub(crate) fn wait(shared: &Shared) -> Wait {
    Wait { until: Instant::now() + shared.config.slot_wait, queue: shared.config.slot_queue }
}

fn refused(refusal: &Refusal) -> ApiError {
    tracing::debug!(?refusal, "a limit refuses a request");
    let whose = match &refusal.subject {
        Subject::Key(_) => "this API key".to_owned(),
        Subject::User(_) => "all API keys of this user together".to_owned(),
        Subject::Group(_) => "all API keys of this group together".to_owned(),
        Subject::Model(name) => format!("the model `{name}`"),
        Subject::Account(_) => return account_refused(Some(refusal)),
    };
    let (kind, limit) = match refusal.reached {
        Reached::Requests(limit) => {
            (ErrorKind::RequestLimit, format!("{limit} requests per minute for {whose}"))
        }
        Reached::Tokens(limit) => (ErrorKind::TokenLimit, format!("{limit} tokens per minute for {whose}")),
        Reached::Slots(limit) => (ErrorKind::ConcurrencyLimit, format!("{limit} for {whose}")),
    };
    ApiError::about(kind, &limit).retry_after(whole_seconds(refusal))
}

/// No account has room. Whose limits those are is not the caller's business.
pub(crate) fn account_refused(refusal: Option<&Refusal>) -> ApiError {
    ApiError::of(ErrorKind::AllCooling).retry_after(refusal.map_or(1, whole_seconds))
}

fn whole_seconds(refusal: &Refusal) -> u32 {
    u32::try_from(refusal.retry_after_nanos.div_ceil(1_000_000_000)).unwrap_or(u32::MAX).max(1)
}

/// Lets a new configuration reach those who wait: they have read an older one.
pub(crate) async fn reach_waiting(shared: &Shared, live: &Live) {
    for subject in shared.limits.waited_for() {
        match allowance_of(shared, live, &subject).await {
            Ok(allowance) => shared.limits.resize(&Limited { subject, allowance, epoch: live.epoch }),
            Err(error) => tracing::warn!(%error, ?subject, "a limit could not be read; the last one stays"),
        }
    }
}

async fn allowance_of(shared: &Shared, live: &Live, subject: &Subject) -> Result<Allowance, StoreError> {
    let limits = live.catalog.limits();
    Ok(match subject {
        Subject::Key(id) => match shared.store.key_limit(*id).await? {
            Some((group, own)) => own.or(limits.each_key(group)),
            None => Allowance::UNLIMITED,
        },
        Subject::User(id) => shared.store.get_limit(&LimitScope::User(*id)).await?,
        Subject::Group(id) => limits.group(*id),
        Subject::Model(name) => limits.model(name),
        Subject::Account(id) => limits.account(*id),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_base::KeyId;

    #[test]
    fn a_refusal_names_the_limit_and_rounds_its_wait_up() {
        let refusal = |reached, nanos| Refusal {
            subject: Subject::Key(KeyId::from_u128(1)),
            reached,
            retry_after_nanos: nanos,
        };
        let error = refused(&refusal(Reached::Requests(10), 6_000_000_000));
        assert_eq!(error.message, "Rate limit reached: 10 requests per minute for this API key.");
        assert_eq!((error.kind, error.retry_after_s), (ErrorKind::RequestLimit, Some(6)));
        let error = refused(&refusal(Reached::Tokens(10), 6_000_000_001));
        assert_eq!((error.kind, error.retry_after_s), (ErrorKind::TokenLimit, Some(7)));
        let error = refused(&refusal(Reached::Slots(2), 1));
        assert_eq!(error.message, "Too many requests at the same time: 2 for this API key.");
        assert_eq!((error.kind, error.retry_after_s), (ErrorKind::ConcurrencyLimit, Some(1)));
    }
}
