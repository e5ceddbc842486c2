//! The data plane, a file for each phase of a request.
//!
//! A request passes `serve` (`route`, `authenticate`, `body`, `admit`) -> `generate` (`plan`, `attempt`) -> `answer` or
//! `relay` -> `settle`, and whatever happens on the way is written by `respond` in the caller's dialect. Everything
//! a request reads lies in one immutable snapshot (`state`); everything it owes is sent to one queue (`settle`).

mod admit;
mod answer;
mod aside;
mod ask;
mod attempt;
mod authenticate;
mod background;
mod body;
mod candidates;
mod client;
mod conditions;
mod config;
mod count;
mod counted;
mod destination;
mod draft;
mod error;
mod estimate;
mod events;
mod exchange;
mod explain;
mod fallback;
mod figures;
mod funds;
mod generate;
mod health;
mod hold;
mod journal;
mod kept;
mod limit;
mod limit_headers;
mod memory;
mod models;
mod needs;
mod opening;
mod outgoing;
mod passes;
mod plan;
mod probe;
mod quotas;
mod record;
mod recovery;
mod relay;
mod reserved;
mod respond;
mod responses;
mod retries;
mod rewrite;
mod route;
mod serve;
mod session;
mod sessions;
mod settle;
mod shape;
mod shaping;
mod state;
mod stream_edit;
mod tokens;
mod tries;
mod upkeep;
mod verdict;
mod vocabulary;
mod waiting;
mod wallets;

pub use config::GatewayConfig;
pub use error::GatewayError;
pub use events::{Event, Heard, Subscription, What};
pub use explain::RouteQuestion;
pub use respond::AnswerStream;
pub use waiting::Answering;

use std::net::SocketAddr;
use std::sync::Arc;

use http::Request;
use hyper::body::Incoming;
use tollgate_base::Clock;
use tollgate_routing::Explanation;
use tollgate_store::Store;
use tollgate_upstream::Client;

use crate::state::Shared;
use crate::waiting::Early;

/// What the gate stands on.
pub struct GatewayDeps {
    /// Users, keys, groups, accounts, prices and usage records.
    pub store: Store,
    /// The connections to providers.
    pub upstream: Client,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
}

/// What requests have taken and not given back yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Occupancy {
    /// Calls to accounts that are under way, those included whose caller has left and whose answer is still read.
    pub in_flight: u64,
    /// Places of keys, users, groups, models and accounts, as far as their number is limited.
    pub places: u64,
}

/// The gate: answers requests, one call each. Cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    shared: Arc<Shared>,
}

impl Gateway {
    /// Reads the catalog and starts the settler and the watcher of configuration changes.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn start(config: GatewayConfig, deps: GatewayDeps) -> Result<Self, GatewayError> {
        Ok(Self { shared: Shared::start(config, deps).await? })
    }

    /// Answers one request. Never fails: whatever goes wrong is an answer in the caller's dialect.
    ///
    /// The future is boxed because a connection keeps room for it as long as it is open, also while a stream of hours
    /// runs on it.
    pub fn handle(&self, request: Request<Incoming>, peer: SocketAddr) -> Answering {
        let shared = Arc::clone(&self.shared);
        let early = shared
            .config
            .keepalive_first
            .map(|silence| Arc::new(Early::new(silence, shared.config.keepalive_after)));
        let noted = early.clone();
        Answering::new(Box::pin(async move { serve::handle(&shared, request, peer, noted).await }), early)
    }

    /// Listens to what happens to requests from now on.
    #[must_use]
    pub fn subscribe(&self) -> Subscription {
        self.shared.events.subscribe()
    }

    /// What is taken at this moment.
    #[must_use]
    pub fn occupancy(&self) -> Occupancy {
        let live = self.shared.live();
        let in_flight = live.health.iter().map(|health| u64::from(health.in_flight())).sum();
        Occupancy { in_flight, places: self.shared.limits.places_taken() }
    }

    /// What would become of a request at each account of its group, as this node knows them now; `None` if there is no such
    /// group.
    #[must_use]
    pub fn explain(&self, question: &RouteQuestion<'_>) -> Option<Explanation> {
        explain::explained(&self.shared, question)
    }

    /// From now on `/readyz` fails, so that a load balancer sends no more; requests are still served.
    pub fn begin_drain(&self) {
        self.shared.begin_drain();
    }

    /// Waits until every request is settled and every record is durable. Call it when no connection is left.
    pub async fn finish(&self) {
        self.shared.finish().await;
    }
}
