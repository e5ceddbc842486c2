//! A request written for one account: the caller's bytes with a few spans changed, or translated.

use bytes::Bytes;
use http::HeaderMap;
use tollgate_protocol::{
    ApiError, Endpoint, ErrorKind, Foreign, LeftOut, Protocol, forward_edits, leave_out_reasoning,
};
use tollgate_routing::Attempt;
use tollgate_translate::carrier::CARRIER_PREFIX;
use tollgate_translate::family::Family;
use tollgate_translate::ir::MadeBy;
use tollgate_translate::{Target, TranslateError, WayBack, translate_request};

use crate::ask::{Ask, Asking};
use crate::attempt::Call;
use crate::destination::{translated_headers, upstream_headers};
use crate::memory::Recall;
use crate::shaping::InForce;
use crate::verdict::{Failure, Refused};

/// What is sent to an account.
pub(crate) struct Outgoing {
    pub(crate) endpoint: Endpoint,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<Bytes>,
    /// Set when the request was written anew.
    pub(crate) translation: Option<Translation>,
    /// The reasoning that was left out before.
    pub(crate) left_out: Option<LeftOut>,
    /// What of the caller's the operator's shaping replaced.
    pub(crate) replaced: Vec<String>,
}

/// What of the signed reasoning in a request is left out.
pub(crate) enum Leave<'a> {
    /// What is foreign, if anything is.
    Foreign(Option<Foreign<'a>>),
    /// All of it: the upstream has refused it.
    All,
}

/// What the answer to a translated request needs.
pub(crate) struct Translation {
    pub(crate) back: WayBack,
    /// Whom reasoning in the answer comes from.
    pub(crate) maker: MadeBy<'static>,
    /// What the upstream could not be told.
    pub(crate) dropped: Vec<String>,
}

/// The foreign reasoning in a call. Whose the gate wrapped is known by itself.
pub(crate) fn leave_out(call: &Call<'_>, foreign: Option<Foreign<'_>>) -> Option<LeftOut> {
    leave_out_reasoning(call.body, call.endpoint.protocol(), foreign?, Some(CARRIER_PREFIX))
}

/// Writes the request for an account, shaped as the operator wants it.
#[allow(clippy::result_large_err, reason = "an error ends the attempt, so its size costs nothing")]
pub(crate) fn write(ask: &Ask<'_>, leave: &Leave<'_>) -> Result<Outgoing, Failure> {
    let mut outgoing = unshaped(ask, leave)?;
    if let Some(shaping) = InForce::of(ask.attempt) {
        outgoing.replaced = shaping.shape(&mut outgoing.headers, &mut outgoing.body);
    }
    Ok(outgoing)
}

#[allow(clippy::result_large_err, reason = "an error ends the attempt, so its size costs nothing")]
fn unshaped(ask: &Ask<'_>, leave: &Leave<'_>) -> Result<Outgoing, Failure> {
    let Ask { asking: Asking { shared, live, call, .. }, destination, attempt } = *ask;
    let own = call.endpoint.protocol();
    let left_out = match leave {
        // What another protocol's upstream takes, the translation tells by itself.
        Leave::Foreign(foreign) => leave_out(call, foreign.filter(|_| attempt.protocol == own)),
        Leave::All => leave_out_reasoning(call.body, own, Foreign::All, None),
    };
    if attempt.protocol == own && !holds_carrier(call.body) && call.history.is_none() {
        let mut edits = forward_edits(call.probe, call.endpoint, &attempt.upstream_model);
        if let Some(left_out) = &left_out {
            edits.merge(&left_out.edits);
        }
        return Ok(Outgoing {
            endpoint: call.endpoint,
            headers: upstream_headers(call.headers, own, destination),
            body: edits.apply(call.body),
            translation: None,
            left_out,
            replaced: Vec::new(),
        });
    }
    if attempt.protocol != Protocol::Responses
        && call.history.is_none()
        && let Some(id) = &call.probe.previous_response_id
    {
        return Err(Failure::Next(ApiError::about(ErrorKind::ResponseNotFound, id)));
    }
    let traits = live.catalog.traits_for(attempt.model, &attempt.upstream_model);
    let account = attempt.account.organization_name();
    let recall = Recall { memory: &shared.memory, key: call.key };
    let target = Target {
        protocol: attempt.protocol,
        model: &attempt.upstream_model,
        traits: &traits,
        family: family_of(attempt),
        account: &account,
        key: &shared.carrier_key,
        remembered: &recall,
    };
    let mended = left_out.as_ref().map(|left_out| left_out.edits.apply(call.body).concat());
    let body = mended.as_deref().unwrap_or(call.body);
    let prepared = translate_request(own, body, call.history.as_deref(), &target).map_err(refusal)?;
    let headers = if attempt.protocol == own {
        upstream_headers(call.headers, own, destination)
    } else {
        translated_headers(call.headers, attempt.protocol, destination)
    };
    Ok(Outgoing {
        endpoint: generation(attempt.protocol),
        headers,
        body: vec![Bytes::from(prepared.body)],
        translation: Some(Translation {
            back: prepared.back,
            maker: target.maker().into_owned(),
            dropped: prepared.dropped,
        }),
        left_out,
        replaced: Vec::new(),
    })
}

/// Whose habits the account has. OpenAI's models want OpenAI's words also from an address that tells nothing.
fn family_of(attempt: &Attempt<'_>) -> Family {
    let family = attempt.account.family_for(attempt.protocol);
    let is_openai = ["gpt-", "o1", "o3", "o4"].iter().any(|begin| attempt.upstream_model.starts_with(begin));
    let told = family != Family::Generic || attempt.account.family.is_some();
    if is_openai && !told { Family::Openai } else { family }
}

/// Whether the body may hold reasoning that the gate wrapped for a client: the provider would refuse it.
fn holds_carrier(body: &[u8]) -> bool {
    memchr::memmem::find(body, CARRIER_PREFIX.as_bytes()).is_some()
}

/// The call by which a protocol generates.
const fn generation(protocol: Protocol) -> Endpoint {
    match protocol {
        Protocol::Messages => Endpoint::Messages,
        Protocol::Chat => Endpoint::Chat,
        Protocol::Responses => Endpoint::Responses,
    }
}

/// What a failed translation of a request is called towards the caller. What one account's protocol cannot do another's
/// may, so a refusal goes on to the next account.
fn refusal(error: TranslateError) -> Failure {
    match error {
        TranslateError::BadRequest { field, what } => {
            Failure::Final(Refused::Error(ApiError::invalid_field(&field, &what)))
        }
        TranslateError::Refused { field, why } => Failure::Next(ApiError::invalid_field(&field, &why)),
        other => {
            tracing::error!(error = %other, "a request could not be translated");
            Failure::Next(ApiError::of(ErrorKind::Internal))
        }
    }
}
