//! The limits and habits of the gate.

use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use tollgate_pricing::ModelPrice;
use tollgate_routing::failover::BudgetTerms;

/// The limits and habits of the gate; every field has a default.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// The largest request body as sent; beyond it the answer is 413.
    pub max_body_bytes: usize,
    /// The largest request body after its content-encoding is undone.
    pub max_decoded_bytes: usize,
    /// The largest answer that is not a stream.
    pub max_answer_bytes: usize,
    /// The largest single event of a stream.
    pub max_event_bytes: usize,
    /// How many accounts a request may try.
    pub max_attempts: usize,
    /// How long a request may go on trying accounts.
    pub failover_budget: Duration,
    /// How many attempts beyond the first all requests of a group, and of the gate, may make.
    pub retry_budget: BudgetTerms,
    /// Silence of the upstream after which the caller gets its dialect's keep-alive.
    pub keepalive_after: Duration,
    /// How long the caller of a stream waits for the first event until it gets its dialect's keep-alive, and with it the
    /// status 200: accounts are still tried then, but what fails is told in the stream. `None` waits for ever.
    pub keepalive_first: Option<Duration>,
    /// How long the rest of an answer is read for its usage after the caller has gone.
    pub drain_limit: Duration,
    /// How many requests may be open or waiting to be settled; beyond it requests are refused.
    pub settlement_queue: usize,
    /// How long records are gathered before they are written in one transaction.
    pub settlement_interval: Duration,
    /// The folder of the journal that lets finished requests outlive a killed process; `None` keeps none.
    pub journal: Option<PathBuf>,
    /// How often the store is asked whether the configuration changed.
    pub config_poll: Duration,
    /// How long a request waits for a place where a number of requests at the same time is its limit: its caller's, and
    /// as long again for an account's.
    pub slot_wait: Duration,
    /// How many requests may wait for the places of one key, user or account.
    pub slot_queue: usize,
    /// Proxies whose `x-forwarded-for` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// What a model without a price of its own costs; `None` refuses it.
    pub default_price: Option<ModelPrice>,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            max_body_bytes: 64 << 20,
            max_decoded_bytes: 128 << 20,
            max_answer_bytes: 64 << 20,
            max_event_bytes: 16 << 20,
            max_attempts: 4,
            failover_budget: Duration::from_secs(60),
            retry_budget: BudgetTerms::default(),
            keepalive_after: Duration::from_secs(15),
            keepalive_first: Some(Duration::from_secs(25)),
            drain_limit: Duration::from_secs(300),
            settlement_queue: 65_536,
            settlement_interval: Duration::from_millis(10),
            journal: None,
            config_poll: Duration::from_millis(250),
            slot_wait: Duration::from_secs(30),
            slot_queue: 100,
            trusted_proxies: Vec::new(),
            default_price: None,
        }
    }
}
