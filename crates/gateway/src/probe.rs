//! Probes: a request of one token to an account that is left alone, so that it is found well again without a caller's
//! request. Off unless the operator turns it on; what it costs is the operator's and is only logged.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::header::HeaderMap;
use http::{Method, StatusCode};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tollgate_base::{AccountId, Timestamp};
use tollgate_protocol::{ApiError, Endpoint, ErrorKind, Protocol, answer_failure, observe_answer};
use tollgate_routing::failover::jittered;
use tollgate_routing::{Account, ProbeTerms, Standing};
use tollgate_upstream::RequestHead;

use crate::destination::{Destination, upstream_headers};
use crate::exchange::fetch;
use crate::health::Trying;
use crate::state::{Live, Shared};
use crate::upkeep;
use crate::verdict::{Met, refusal};

/// How often it is looked who is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How many probes are under way at a time.
const MOST_AT_A_TIME: usize = 8;
/// How long an account may take to answer a probe.
const PATIENCE: Duration = Duration::from_secs(60);

/// Probes accounts until the gate ends.
pub(crate) async fn run(shared: Weak<Shared>, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(MOST_AT_A_TIME));
    let mut due: HashMap<AccountId, Timestamp> = HashMap::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let Some(shared) = shared.upgrade() else { return };
        let live = shared.live();
        let now = shared.now();
        due.retain(|id, _| live.catalog.account(id).is_some_and(|account| account.upkeep.probe.is_some()));
        for account in live.catalog.accounts() {
            let Some(terms) = account.upkeep.probe.as_ref().filter(|_| account.is_usable()) else { continue };
            let every = Duration::from_secs(u64::from(terms.every_s));
            let at = *due.entry(account.id).or_insert_with(|| now.after(jittered(every, shared.pick())));
            if at > now {
                continue;
            }
            // Who is due while all places are taken is looked at again in a second.
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else { break };
            due.insert(account.id, now.after(jittered(every, shared.pick())));
            if let Some(probe) = Probe::of(&live, account, terms, now) {
                let (shared, live) = (Arc::clone(&shared), Arc::clone(&live));
                tokio::spawn(async move {
                    probe.make(&shared, &live).await;
                    drop(place);
                });
            }
        }
    }
}

/// One probe that is due.
struct Probe {
    account: AccountId,
    protocol: Protocol,
    model: String,
}

impl Probe {
    /// The probe of an account; `None` where it is well and not asked for then.
    fn of(live: &Live, account: &Account, terms: &ProbeTerms, now: Timestamp) -> Option<Self> {
        let health = &live.destinations.get(&account.id)?.health;
        let is_well = health.condition(&terms.model, now).standing == Standing::Ready;
        if is_well && !terms.always {
            return None;
        }
        let protocol =
            Protocol::ALL.into_iter().find(|protocol| account.base_urls.get(*protocol).is_some())?;
        Some(Self { account: account.id, protocol, model: terms.model.clone() })
    }

    async fn make(&self, shared: &Arc<Shared>, live: &Live) {
        let Some(account) = live.catalog.account(&self.account) else { return };
        let Some(destination) = live.destinations.get(&self.account) else { return };
        let Some(trying) = destination.health.begin_probe(&self.model, shared.now()) else { return };
        let began = tokio::time::Instant::now();
        let asked = tokio::time::timeout(PATIENCE, self.ask(shared, destination, &trying)).await;
        let took = began.elapsed();
        let ms = took.as_millis();
        match asked.unwrap_or_else(|_| Err(ApiError::of(ErrorKind::UpstreamTimeout).into())) {
            Ok(tokens) => {
                tracing::info!(account = %account.name, model = %self.model, tokens, ms, "probe answered");
                upkeep::succeeded(shared, account, trying, took);
            }
            Err(met) => {
                let judged = met.judged(account, &self.model);
                let kind = judged.refused.error().kind;
                tracing::info!(account = %account.name, model = %self.model, %kind, ms, "probe failed");
                upkeep::failed(shared, account, trying, &judged);
            }
        }
    }

    /// How many tokens the answer used.
    async fn ask(&self, shared: &Shared, destination: &Destination, trying: &Trying<'_>) -> Result<u64, Met> {
        let unusable = || ApiError::of(ErrorKind::NoAccount);
        let (endpoint, path) = destination.route(self.call()).ok_or_else(unusable)?;
        let mut headers = upstream_headers(&HeaderMap::new(), self.protocol, destination);
        destination.authorize(&mut headers, trying.key());
        let head = RequestHead { method: Method::POST, path_and_query: path.clone(), headers };
        let (status, headers, body) = fetch(shared, endpoint, head, vec![self.body()]).await?;
        if status != StatusCode::OK {
            return Err(refusal(self.protocol, status.as_u16(), headers, body, shared.now()));
        }
        if let Some(failure) = answer_failure(self.protocol, &body) {
            return Err(failure.into());
        }
        let observed =
            observe_answer(self.protocol, &body).map_err(|_| ApiError::of(ErrorKind::UpstreamInvalid))?;
        Ok(observed.usage.map_or(0, |usage| usage.input_tokens + usage.output_tokens))
    }

    const fn call(&self) -> Endpoint {
        match self.protocol {
            Protocol::Messages => Endpoint::Messages,
            Protocol::Chat => Endpoint::Chat,
            Protocol::Responses => Endpoint::Responses,
        }
    }

    /// The shortest request there is. OpenAI's reasoning models take no `max_tokens`, and Responses wants at least 16.
    fn body(&self) -> Bytes {
        let model = serde_json::Value::from(self.model.as_str());
        let turns = r#""messages":[{"role":"user","content":"Hi"}]"#;
        let is_openai = ["gpt-", "o1", "o3", "o4"].iter().any(|begin| self.model.starts_with(begin));
        Bytes::from(match self.protocol {
            Protocol::Chat if is_openai => {
                format!(r#"{{"model":{model},"max_completion_tokens":1,{turns}}}"#)
            }
            Protocol::Messages | Protocol::Chat => format!(r#"{{"model":{model},"max_tokens":1,{turns}}}"#),
            Protocol::Responses => {
                format!(r#"{{"model":{model},"max_output_tokens":16,"store":false,"input":"Hi"}}"#)
            }
        })
    }
}
