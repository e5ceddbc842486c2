//! Figures for whoever holds a key: what is left for it, and what it used. They are also given for a key that is expired or
//! has nothing left, since that is when somebody asks; they cost nothing, hold nothing and write nothing.

mod ask;
mod billing;
mod book;
mod key_form;
mod key_usage;
mod number;
mod period;
mod standing;
mod sums;

use std::sync::Arc;

use http::Response;
use serde::Serialize;
use tollgate_protocol::{ApiError, ErrorKind, wrap};
use tollgate_store::UsageOf;

use crate::authenticate::{Identity, authenticate_reader};
use crate::respond::{self, AnswerStream};
use crate::serve::Caller;
use crate::state::Shared;
use ask::Ask;
use billing::{BillingSubscription, BillingUsage};
use book::ByDay;
pub(crate) use book::FigureBook;
use key_form::has_every_period;
use key_usage::KeyUsage;
use period::Days;
use standing::{Pays, Standing};
use sums::Lately;

/// Which figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Figures {
    /// Of sub2api's `/v1/usage`.
    KeyUsage { envelope: bool },
    /// Of OpenAI's old dashboard: the limits.
    BillingSubscription,
    /// Of OpenAI's old dashboard: what was used.
    BillingUsage,
}

/// How many days one answer may be about. OpenAI allowed a hundred, up to tomorrow.
const MOST_DAYS: i64 = 90;
const MOST_BILLING_DAYS: i64 = 101;

/// Answers with the figures of the key that is shown.
pub(crate) async fn answer(
    shared: &Arc<Shared>,
    caller: &Caller,
    figures: Figures,
) -> Response<AnswerStream> {
    match render(shared, caller, figures).await {
        Ok(body) => respond::json(&caller.tag, body),
        Err(error) => caller.refuse(&error),
    }
}

async fn render(shared: &Arc<Shared>, caller: &Caller, figures: Figures) -> Result<Vec<u8>, ApiError> {
    let live = shared.live();
    let address = caller.address(shared);
    let (identity, group, presented) =
        authenticate_reader(shared, &live, caller.headers(), caller.dialect, address).await?;
    let now = shared.now();
    let query = caller.head.uri.query().unwrap_or("");
    let stand = || async {
        let stand = shared.figures.stand(shared, (identity.key.id, live.epoch), presented).await?;
        let (record, charged) = (*stand).clone();
        Ok::<_, ApiError>(Standing::new(record, charged, group, now))
    };
    match figures {
        Figures::BillingSubscription => json(&BillingSubscription::new(&stand().await?)),
        Figures::BillingUsage => {
            let ask = Ask::read(query, now, MOST_BILLING_DAYS)?;
            let days = used_by_key(shared, &identity, &ask).await?;
            json(&BillingUsage::new(&stand().await?, &ask, &days))
        }
        Figures::KeyUsage { envelope } => {
            let ask = Ask::read(query, now, MOST_DAYS)?;
            let days = used_by_key(shared, &identity, &ask).await?;
            let standing = stand().await?;
            let lately = lately(shared, &identity, &standing, &ask).await?;
            let body = json(&KeyUsage::new(&standing, &group.name, lately, &ask, &days))?;
            Ok(if envelope { wrap(&body) } else { body })
        }
    }
}

/// What the key used in the days that are asked for, and today.
async fn used_by_key(shared: &Arc<Shared>, identity: &Identity, ask: &Ask) -> Result<ByDay, ApiError> {
    let mut stretches = ask.days.stretches(&ask.time_zone);
    if !ask.days.holds(period::number(ask.today)) {
        stretches.extend(Days::up_to(ask.today, 1).stretches(&ask.time_zone));
    }
    shared.figures.sums(shared, identity.user.id, UsageOf::Key(identity.key.id), stretches).await
}

/// What the subscription that pays paid for lately, where its quotas do not tell.
async fn lately(
    shared: &Arc<Shared>,
    identity: &Identity,
    standing: &Standing,
    ask: &Ask,
) -> Result<Lately, ApiError> {
    let Pays::Subscription(subscription, bounds) = &standing.pays else { return Ok(Lately::default()) };
    if has_every_period(bounds) || !standing.of_key.is_empty() {
        return Ok(Lately::default());
    }
    let stretches = Days::up_to(ask.today, Lately::DAYS).stretches(&ask.time_zone);
    let of = UsageOf::Subscription(subscription.id);
    let days = shared.figures.sums(shared, identity.user.id, of, stretches).await?;
    Ok(Lately::new(&days, period::number(ask.today)))
}

fn json(figures: &impl Serialize) -> Result<Vec<u8>, ApiError> {
    serde_json::to_vec(figures).map_err(|error| {
        tracing::error!(%error, "figures could not be written");
        ApiError::of(ErrorKind::Internal)
    })
}
