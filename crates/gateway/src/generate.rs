//! A request that an account answers: planned, tried, answered, and settled however it ends.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Response;
use tollgate_base::Timestamp;
use tollgate_limits::Admission;
use tollgate_protocol::{Endpoint, Protocol};
use tollgate_routing::{Attempt, Group};
use tollgate_store::ResponseOwner;
use tollgate_translate::ResponsesEcho;

use crate::answer;
use crate::attempt::{self, Call};
use crate::authenticate::Identity;
use crate::draft::{Draft, Ownership};
use crate::hold::hold;
use crate::plan::{plan_attempts, price_of};
use crate::record::new_record;
use crate::respond::AnswerStream;
use crate::serve::Caller;
use crate::shape::{Asked, AskedResponse, Shape};
use crate::state::{Live, Shared};
use crate::verdict::Refused;

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
    let (reservation, places) = admission.map_or_else(Default::default, Admission::into_parts);
    draft.reserved().for_caller(reservation);
    match open(shared, request, &mut draft).await {
        Ok(opened) => {
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
fn asked_response(call: &Call<'_>, opened: &attempt::Opened) -> Option<AskedResponse> {
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

async fn open(
    shared: &Arc<Shared>,
    request: &Generation<'_>,
    draft: &mut Draft,
) -> Result<attempt::Opened, Refused> {
    let mut plan = plan_attempts(shared, request).await?;
    let ticket = hold(shared, request, &mut plan, draft)?;
    let opened = attempt::run(shared, request.live, plan, request.call, draft, |draft, attempt| {
        if let Some((price, version)) = price_of(shared, request, attempt) {
            draft.priced(price, version);
        }
        if keeps_response(request.call) && attempt.protocol == Protocol::Responses {
            draft.keeps_response(ownership(shared, request, attempt));
        }
    })
    .await?;
    ticket.wait().await?;
    Ok(opened)
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
