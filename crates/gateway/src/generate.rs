//! A request that an account answers: planned, tried, answered, and settled however it ends.

use std::future::Future;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use http::Response;
use tollgate_base::Timestamp;
use tollgate_limits::Admission;
use tollgate_protocol::{ApiError, Endpoint, ErrorKind, Protocol};
use tollgate_routing::{Attempt, FallbackOn, Group, Plan};
use tollgate_store::ResponseOwner;
use tollgate_translate::ResponsesEcho;

use crate::answer;
use crate::aside::Aside;
use crate::ask::{Asking, Opened};
use crate::attempt::{self, Call};
use crate::authenticate::Identity;
use crate::draft::{Draft, Ownership};
use crate::fallback::{self, Targets};
use crate::hold::{Ticket, hold};
use crate::plan::price_of;
use crate::record::new_record;
use crate::respond::AnswerStream;
use crate::serve::Caller;
use crate::session::Session;
use crate::shape::{Asked, AskedResponse, Shape};
use crate::state::{Live, Shared};
use crate::tries::Tries;
use crate::verdict::Refused;
use crate::waiting::{Early, Opening};

/// How long the account that made a stored response is remembered; OpenAI keeps them for at least this long.
const RESPONSE_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);

/// A request that may be made, before an account is chosen for it.
pub(crate) struct Generation<'a> {
    pub(crate) live: &'a Arc<Live>,
    pub(crate) identity: &'a Identity,
    pub(crate) group: &'a Group,
    pub(crate) address: IpAddr,
    pub(crate) call: &'a Call<'a>,
    pub(crate) shape: Shape,
    /// When it came in.
    pub(crate) at: Timestamp,
}

/// Phases 4 to 6: plan, try, answer. The draft settles the request however it ends.
pub(crate) async fn generate(
    shared: &Arc<Shared>,
    caller: &Caller,
    request: &Generation<'_>,
    admission: Option<Admission>,
) -> Result<Response<AnswerStream>, Refused> {
    let place = shared.settler.reserve()?;
    let mut draft = Draft::new(new_record(caller, request), place, caller.started);
    draft.countable(request.call.prompt_tokens, Arc::clone(request.live));
    draft.leaves(request.group.on_disconnect);
    draft.watched_by(&shared.events);
    let (reservation, places) = admission.map_or_else(Default::default, Admission::into_parts);
    draft.reserved().for_caller(reservation);
    match open(shared, caller, request, &mut draft).await {
        Ok((opened, fell_back)) => {
            let probe = request.call.probe;
            let asked = Asked {
                headers: caller.headers(),
                endpoint: request.call.endpoint,
                shape: request.shape,
                dialect: caller.dialect,
                model: probe.model.clone().into_owned(),
                hide_usage: asks_for_usage(request.call),
                key: request.call.key,
                body: request.call.body,
                responses: asked_response(request.call, &opened),
            };
            let mut response = answer::respond(shared, &caller.tag, asked, opened, draft)?;
            response.body_mut().keep(places);
            if let Some((on, model)) = fell_back {
                fallback::note(response.headers_mut(), on, &model);
            }
            Ok(response)
        }
        Err(refused) => {
            let (Refused::Error(error) | Refused::Verbatim { error, .. }) = &refused;
            draft.refuse(error, caller.dialect);
            Err(refused)
        }
    }
}

/// What the answer to a Responses caller repeats and what is kept of it, where no upstream keeps it.
fn asked_response(call: &Call<'_>, opened: &Opened) -> Option<AskedResponse> {
    (call.endpoint == Endpoint::Responses && opened.translation.is_some()).then(|| AskedResponse {
        echo: Arc::new(ResponsesEcho::read(call.body)),
        keep: (opened.protocol != Protocol::Responses && call.probe.store != Some(false))
            .then(|| call.body.clone()),
        previous_id: call.probe.previous_response_id.as_ref().map(|id| id.clone().into_owned()),
    })
}

/// Whether the gate asks a chat upstream for the usage chunk that its caller did not ask for.
fn asks_for_usage(call: &Call<'_>) -> bool {
    call.endpoint.protocol() == Protocol::Chat && call.probe.stream && call.probe.include_usage != Some(true)
}

/// An answer, and why it is of another target than the first, and for which model.
type Answered = (Opened, Option<(FallbackOn, String)>);

async fn open(
    shared: &Arc<Shared>,
    caller: &Caller,
    request: &Generation<'_>,
    draft: &mut Draft,
) -> Result<Answered, Refused> {
    let session = Session::of(shared, request.live, request.identity.user.id, request.group, request.call);
    let mut targets = Targets::plan(shared, request, &session).await?;
    if let Some(first) = targets.first() {
        session.begin(shared, &first);
    }
    let ticket = hold(shared, request, &mut targets, draft)?;
    let early = caller.early.as_deref().filter(|_| request.call.probe.stream);
    let mut answering = pin!(answered(shared, request, &session, targets, draft));
    match early {
        Some(early) => beside_the_hold(early, caller, request, answering, ticket).await,
        None => {
            let answered = answering.as_mut().await?;
            ticket.wait().await?;
            Ok(answered)
        }
    }
}

/// As soon as the hold is durable the stream may begin, if only with a keep-alive.
async fn beside_the_hold(
    early: &Early,
    caller: &Caller,
    request: &Generation<'_>,
    mut answering: Pin<&mut impl Future<Output = Result<Answered, Refused>>>,
    ticket: Ticket,
) -> Result<Answered, Refused> {
    let mut held = pin!(ticket.wait());
    tokio::select! {
        biased;
        answered = &mut answering => {
            let answered = answered?;
            held.await?;
            Ok(answered)
        }
        outcome = &mut held => {
            outcome?;
            early.open(Opening {
                tag: caller.tag.clone(),
                dialect: caller.dialect,
                model: request.call.probe.model.clone().into_owned(),
            });
            answering.await
        }
    }
}

/// The first answer: of what the caller asked for, or of what its group falls back to.
async fn answered(
    shared: &Arc<Shared>,
    request: &Generation<'_>,
    session: &Session,
    mut targets: Targets<'_>,
    draft: &mut Draft,
) -> Result<Answered, Refused> {
    let mut tries = Tries::new(shared, request.group, targets.fallbacks());
    let mut aside: Option<Aside> = None;
    loop {
        let outcome = run(shared, request, session, targets.plan_of_current(), draft, &mut tries).await;
        let on = targets.reason(&outcome).filter(|on| tries.fall_back(shared, *on));
        let Some(on) = on else {
            return match (outcome, aside) {
                (Err(refused), Some(aside)) => {
                    aside.restore(draft).map(|opened| (opened, None)).ok_or(refused)
                }
                (outcome, _) => outcome.map(|opened| (opened, targets.fell_back())),
            };
        };
        if let Ok(opened) = outcome {
            // Without a record of its own nothing takes the answer's place.
            let beside = shared.settler.reserve().ok().and_then(|place| draft.beside(place));
            let Some(beside) = beside else { return Ok((opened, targets.fell_back())) };
            aside = Some(Aside::new(opened, beside));
            draft.attempt_failed(on.as_str());
        }
        targets.advance(on);
    }
}

async fn run(
    shared: &Arc<Shared>,
    request: &Generation<'_>,
    session: &Session,
    plan: Option<Plan<'_>>,
    draft: &mut Draft,
    tries: &mut Tries<'_>,
) -> Result<Opened, Refused> {
    let Some(plan) = plan else { return Err(ApiError::of(ErrorKind::NoAccount).into()) };
    let asking = Asking { shared, live: request.live, call: request.call, session };
    attempt::run(asking, plan, draft, tries, |draft, attempt| {
        draft.attempted(attempt);
        if let Some((price, version)) = price_of(shared, request, attempt) {
            draft.priced(price, version);
        }
        if keeps_response(request.call) && attempt.protocol == Protocol::Responses {
            draft.keeps_response(ownership(shared, request, attempt));
        }
    })
    .await
}

fn ownership(shared: &Shared, request: &Generation<'_>, attempt: &Attempt<'_>) -> Ownership {
    let now = shared.now();
    let owner = ResponseOwner {
        key_id: request.identity.key.id,
        account_id: attempt.account.id,
        group_id: request.group.id,
        created_at: now,
        expires_at: now.after(RESPONSE_LIFETIME),
    };
    Ownership { owner, known: Arc::clone(&shared.response_owners) }
}

/// Whether the upstream will keep the response, so that calls on it may follow; `store` is on unless switched off.
fn keeps_response(call: &Call<'_>) -> bool {
    call.endpoint == Endpoint::Responses && call.probe.store != Some(false)
}
