//! The targets of a request: what it asks for, and what its group falls back to.
//!
//! All are planned before anything is held, so that one hold covers whichever of them answers.

use http::{HeaderMap, HeaderValue};
use tollgate_protocol::{ApiError, ErrorKind, is_refusal};
use tollgate_routing::{Attempt, Fallback, FallbackOn, Plan};

use crate::ask::Opened;
use crate::generate::Generation;
use crate::opening::OpenedAnswer;
use crate::plan::{plan_attempts, plan_fallback};
use crate::session::Session;
use crate::state::Shared;
use crate::verdict::Refused;

/// One target: the accounts to try, in order.
struct Target<'a> {
    /// Why it is gone to; nothing for what the caller asked for.
    on: &'a [FallbackOn],
    /// The model that it is gone to for.
    model: &'a str,
    /// `None` where nobody can be asked, and once it was begun.
    plan: Option<Plan<'a>>,
}

/// The targets of a request. They are gone through in order, and none is come back to.
pub(crate) struct Targets<'a> {
    current: Target<'a>,
    then: std::vec::IntoIter<Target<'a>>,
    /// Why the current one was gone to.
    fell_back: Option<FallbackOn>,
}

impl<'a> Targets<'a> {
    /// Plans for what the caller asked for and for the fallbacks of its group. Where nobody can be asked for the first,
    /// the first fallback for an overload stands in its place.
    pub(crate) async fn plan(
        shared: &'a Shared,
        request: &Generation<'a>,
        session: &Session,
    ) -> Result<Self, ApiError> {
        let planned = plan_attempts(shared, request, session).await;
        let fallbacks = &request.group.fallbacks;
        if fallbacks.is_empty() || lives_at_one_account(request) {
            return Ok(Self::of(request, Some(planned?), Vec::new()));
        }
        let target = |fallback: &'a Fallback| Target {
            on: &fallback.on,
            model: fallback.model.as_deref().unwrap_or(&request.call.probe.model),
            plan: plan_fallback(shared, request, fallback),
        };
        let then = fallbacks.iter().map(target).filter(|target| target.plan.is_some()).collect();
        match planned {
            Ok(plan) => Ok(Self::of(request, Some(plan), then)),
            Err(error) if is_overload(&error) => {
                let mut targets = Self::of(request, None, then);
                if targets.advance(FallbackOn::Overload) { Ok(targets) } else { Err(error) }
            }
            Err(error) => Err(error),
        }
    }

    fn of(request: &Generation<'a>, plan: Option<Plan<'a>>, then: Vec<Target<'a>>) -> Self {
        let current = Target { on: &[], model: &request.call.probe.model, plan };
        Self { current, then: then.into_iter(), fell_back: None }
    }

    /// The account that is asked first.
    pub(crate) fn first(&mut self) -> Option<Attempt<'a>> {
        self.current.plan.as_mut()?.peek()
    }

    /// The accounts to try now; once for each target.
    pub(crate) const fn plan_of_current(&mut self) -> Option<Plan<'a>> {
        self.current.plan.take()
    }

    /// Goes on to the next target for a reason, if there is one.
    pub(crate) fn advance(&mut self, on: FallbackOn) -> bool {
        let Some(next) = self.then.find(|target| target.on.contains(&on)) else { return false };
        self.current = next;
        self.fell_back = Some(on);
        true
    }

    /// Why, and for which model, another than the first target was gone to.
    pub(crate) fn fell_back(&self) -> Option<(FallbackOn, String)> {
        self.fell_back.map(|on| (on, self.current.model.to_owned()))
    }

    /// How many targets there are behind the current one.
    pub(crate) fn fallbacks(&self) -> usize {
        self.then.len()
    }

    /// How many answers may have to be paid for: each refusal that is fallen back from is one.
    pub(crate) fn answers(&self) -> u32 {
        let refusals = self.then.as_slice().iter().filter(|target| target.on.contains(&FallbackOn::Refusal));
        u32::try_from(refusals.count()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// The plans of all targets that are left.
    pub(crate) fn plans(&self) -> impl Iterator<Item = &Plan<'a>> {
        std::iter::once(&self.current).chain(self.then.as_slice()).filter_map(|target| target.plan.as_ref())
    }

    /// What is fallen back from where an account answered or all failed, if there is something to fall back to.
    pub(crate) fn reason(&self, outcome: &Result<Opened, Refused>) -> Option<FallbackOn> {
        let leads_on = |on: &FallbackOn| self.then.as_slice().iter().any(|target| target.on.contains(on));
        let on = match outcome {
            Ok(opened) => Some(FallbackOn::Refusal).filter(|on| leads_on(on) && is_refused(opened)),
            Err(Refused::Verbatim { error, .. } | Refused::Error(error)) if error.is_context_overflow() => {
                Some(FallbackOn::Context)
            }
            Err(Refused::Error(error)) if is_overload(error) => Some(FallbackOn::Overload),
            Err(_) => None,
        };
        on.filter(leads_on)
    }
}

/// A response that is kept at one account can be continued nowhere else.
fn lives_at_one_account(request: &Generation<'_>) -> bool {
    request.call.probe.previous_response_id.is_some() && request.call.history.is_none()
}

/// Whether no account could serve, by no fault of the request.
fn is_overload(error: &ApiError) -> bool {
    match error.kind {
        ErrorKind::NoAccount
        | ErrorKind::AllCooling
        | ErrorKind::UpstreamOverloaded
        | ErrorKind::UpstreamTimeout
        | ErrorKind::UpstreamUnreachable
        | ErrorKind::UpstreamInvalid => true,
        ErrorKind::UpstreamRefused => error.upstream.as_ref().is_some_and(|verdict| verdict.status >= 500),
        _ => false,
    }
}

/// Whether the model refused and said nothing else. Of a stream that is known too late.
fn is_refused(opened: &Opened) -> bool {
    matches!(&opened.answer, OpenedAnswer::Whole { body, .. } if is_refusal(opened.protocol, body))
}

/// Tells the caller that another target answered: why, and for which model it was asked.
pub(crate) fn note(headers: &mut HeaderMap, on: FallbackOn, model: &str) {
    if let Ok(value) = HeaderValue::from_str(&format!("{on}; model={model}")) {
        headers.insert("tollgate-fallback", value);
    }
}
