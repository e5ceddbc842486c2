//! A gate on a loopback port with a sandbox provider and a store of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tollgate_base::{Clock, ManualClock, Money, Rate, Secret, Timestamp, TokenPrice};
use tollgate_gateway::{Gateway, GatewayConfig, GatewayDeps};
use tollgate_pricing::ModelPrice;
use tollgate_protocol::Protocol;
use tollgate_routing::{Account, ApiKey, BaseUrls, Group, ModelMapping, Pattern, Platform, Stickiness, User};
use tollgate_store::{
    Location, MasterKey, NewAccount, NewGroup, NewKey, NewModel, NewUser, Store, UsageFilter, UsageRecord,
};
use tollgate_testkit::{Sandbox, SandboxConfig, Served};
use tollgate_translate::family::Family;
use tollgate_upstream::{Client, ClientConfig, Timeouts};

use super::{Kind, eventually};

/// 32 times the byte 7.
const MASTER: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// How a world is made; the default has one account for each group and a user with 100 dollars.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) gateway: GatewayConfig,
    pub(crate) timeouts: Timeouts,
    pub(crate) balance: Money,
    pub(crate) user_rate: Rate,
    pub(crate) group_rate: Rate,
    /// Accounts in each group. They are tried in the order of their numbers: `cred-anthropic-0`, `cred-openai-1`, ...
    pub(crate) accounts: usize,
    /// All accounts have the same priority.
    pub(crate) equal_accounts: bool,
    /// Where the store is; a new SQLite file unless given.
    pub(crate) location: Option<Location>,
    /// The accounts' base URL; the sandbox's unless given.
    pub(crate) base_url: Option<String>,
    /// Both groups' mapping, and the accounts'.
    pub(crate) group_mapping: &'static [(&'static str, &'static str)],
    pub(crate) account_mapping: &'static [(&'static str, &'static str)],
    /// What each group's accounts speak, by their numbers and then from the start; unless given, what their platform does.
    pub(crate) speaks: &'static [Protocol],
    /// What tells gate and store the time; the machine's clock unless given.
    pub(crate) clock: Option<Arc<ManualClock>>,
    /// How sessions keep to accounts; unless given they keep to none, so that every request is planned anew.
    pub(crate) sticky: Stickiness,
}

impl Setup {
    /// Accounts that speak one protocol only, whatever their group.
    pub(crate) fn speaking(protocol: Protocol) -> Self {
        let speaks: &[Protocol] = match protocol {
            Protocol::Messages => &[Protocol::Messages],
            Protocol::Chat => &[Protocol::Chat],
            Protocol::Responses => &[Protocol::Responses],
        };
        Self { speaks, ..Self::default() }
    }
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            gateway: GatewayConfig { config_poll: Duration::from_millis(20), ..GatewayConfig::default() },
            timeouts: Timeouts::default(),
            balance: Money::from_dollars(100).unwrap(),
            user_rate: Rate::ONE,
            group_rate: Rate::ONE,
            accounts: 1,
            equal_accounts: false,
            location: None,
            base_url: None,
            group_mapping: &[],
            account_mapping: &[],
            speaks: &[],
            clock: None,
            sticky: Stickiness { ttl_s: 0, wait_ms: 0 },
        }
    }
}

/// 3 dollars in, 15 out, for a million tokens.
pub(crate) fn claude_price() -> ModelPrice {
    price(3_000_000_000, 15_000_000_000)
}

/// 1.25 dollars in, 10 out.
pub(crate) fn gpt_price() -> ModelPrice {
    price(1_250_000_000, 10_000_000_000)
}

fn price(input: u64, output: u64) -> ModelPrice {
    ModelPrice::new(TokenPrice::from_nanos_per_million(input), TokenPrice::from_nanos_per_million(output))
}

/// The names that accounts serve. `unpriced-1` has no price.
const SERVED: [&str; 5] = ["claude-*", "gpt-*", "ZHIPU/*", "glm-*", "unpriced-*"];

/// Everything, running.
pub(crate) struct World {
    pub(crate) gateway: Gateway,
    pub(crate) addr: SocketAddr,
    pub(crate) sandbox: Sandbox,
    pub(crate) store: Store,
    pub(crate) user: User,
    pub(crate) anthropic: Group,
    pub(crate) openai: Group,
    pub(crate) accounts: Vec<Account>,
    anthropic_key: String,
    openai_key: String,
    accepting: JoinHandle<()>,
    folder: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::start(Setup::default()).await
    }

    pub(crate) async fn start(setup: Setup) -> Self {
        let sandbox = SandboxConfig { record: true, ..SandboxConfig::default() };
        let sandbox = Sandbox::start(sandbox).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let sqlite = Location::Sqlite(folder.path().join("tollgate.db"));
        let location = setup.location.clone().unwrap_or(sqlite);
        let clock: Arc<dyn Clock> = match setup.clock.clone() {
            Some(clock) => clock,
            None => Arc::new(SystemClock),
        };
        let master = MasterKey::from_base64(MASTER).unwrap();
        let store = Store::open_with_clock(&location, master, Arc::clone(&clock)).await.unwrap();
        let new_user = NewUser {
            name: "caller".to_owned(),
            rate: setup.user_rate,
            balance: setup.balance,
            author: None,
        };
        let user = store.create_user(new_user).await.unwrap().user;
        let anthropic = group(&store, "anthropic", Platform::Anthropic, &setup).await;
        let openai = group(&store, "openai", Platform::Openai, &setup).await;
        let base = setup.base_url.clone().unwrap_or_else(|| sandbox.base_url());
        let mut accounts = Vec::new();
        for number in 0..setup.accounts {
            for group in [&anthropic, &openai] {
                accounts.push(account(&store, group, number, &base, &setup).await);
            }
        }
        models(&store).await;
        let (_, anthropic_key) = new_key(&store, &user, &anthropic, |_| {}).await;
        let (_, openai_key) = new_key(&store, &user, &openai, |_| {}).await;
        let upstream = ClientConfig { timeouts: setup.timeouts, ..ClientConfig::default() };
        let upstream = Client::new(upstream).unwrap();
        let deps = GatewayDeps { store: store.clone(), upstream, clock };
        let gateway = Gateway::start(setup.gateway, deps).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let accepting = tokio::spawn(accept(listener, gateway.clone()));
        Self {
            gateway,
            addr,
            sandbox,
            store,
            user,
            anthropic,
            openai,
            accounts,
            anthropic_key,
            openai_key,
            accepting,
            folder,
        }
    }

    /// The key that a kind of call is made with.
    pub(crate) fn key(&self, kind: Kind) -> &str {
        if kind.is_messages() { &self.anthropic_key } else { &self.openai_key }
    }

    pub(crate) fn group(&self, kind: Kind) -> &Group {
        if kind.is_messages() { &self.anthropic } else { &self.openai }
    }

    /// Another key of the caller in the kind's group.
    pub(crate) async fn extra_key(&self, kind: Kind, edit: impl FnOnce(&mut NewKey)) -> (ApiKey, String) {
        new_key(&self.store, &self.user, self.group(kind), edit).await
    }

    /// A key of the caller in any group.
    pub(crate) async fn key_in(&self, group: &Group) -> String {
        new_key(&self.store, &self.user, group, |_| {}).await.1
    }

    /// The usage records, oldest first, once there are at least so many.
    pub(crate) async fn records(&self, at_least: usize) -> Vec<UsageRecord> {
        eventually("usage records", || async {
            let records = self.all_records().await;
            (records.len() >= at_least).then_some(records)
        })
        .await
    }

    /// The only usage record there is or will be: everything is settled before it is read.
    pub(crate) async fn only_record(&self) -> UsageRecord {
        let mut records = self.finished().await;
        assert_eq!(records.len(), 1, "{records:?}");
        records.remove(0)
    }

    /// Ends the gate's work and gives all records, oldest first.
    pub(crate) async fn finished(&self) -> Vec<UsageRecord> {
        let finishing = tokio::time::timeout(super::DEADLINE, self.gateway.finish());
        finishing.await.expect("the gate did not finish settling");
        self.all_records().await
    }

    async fn all_records(&self) -> Vec<UsageRecord> {
        let filter = UsageFilter { limit: Some(10_000), ..UsageFilter::default() };
        let mut records = self.store.list_usage(filter).await.unwrap();
        records.reverse();
        records
    }

    pub(crate) async fn balance(&self) -> Money {
        self.store.user_balance(self.user.id).await.unwrap().unwrap()
    }

    /// Runs statements past the store, as somebody else with access to its file could.
    pub(crate) fn raw(&self, sql: &str) {
        let path = self.folder.path().join("tollgate.db");
        rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
    }

    /// What the sandbox served, once it has finished so many requests.
    pub(crate) async fn served(&self, at_least: usize) -> Vec<Served> {
        eventually("requests served by the sandbox", || async {
            let served = self.sandbox.counts().served;
            (served.len() >= at_least).then_some(served)
        })
        .await
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn group(store: &Store, name: &str, platform: Platform, setup: &Setup) -> Group {
    let new = NewGroup {
        rate: setup.group_rate,
        model_mapping: mapping(setup.group_mapping),
        sticky: setup.sticky,
        ..NewGroup::new(name, platform)
    };
    store.create_group(new).await.unwrap()
}

fn mapping(entries: &[(&str, &str)]) -> ModelMapping {
    let entry = |(from, to): &(&str, &str)| (from.parse::<Pattern>().unwrap(), (*to).to_owned());
    ModelMapping::new(entries.iter().map(entry).collect()).unwrap()
}

async fn account(store: &Store, group: &Group, number: usize, base: &str, setup: &Setup) -> Account {
    let spoken = match (setup.speaks, group.platform) {
        ([], Platform::Anthropic) => &[Protocol::Messages][..],
        ([], Platform::Openai) => &[Protocol::Chat, Protocol::Responses],
        (given, _) => &given[number % given.len()..][..1],
    };
    let family = if spoken == [Protocol::Messages] { Family::Anthropic } else { Family::Openai };
    let url = |protocol| spoken.contains(&protocol).then(|| base.to_owned());
    let base_urls = BaseUrls {
        messages: url(Protocol::Messages),
        chat: url(Protocol::Chat),
        responses: url(Protocol::Responses),
    };
    let credential = Secret::new(format!("cred-{}-{number}", group.name));
    let name = format!("{}-{number}", group.name);
    let new = NewAccount {
        family: (!setup.speaks.is_empty()).then_some(family),
        groups: vec![group.id],
        models: SERVED.iter().map(|name| name.parse().unwrap()).collect(),
        model_mapping: mapping(setup.account_mapping),
        priority: if setup.equal_accounts { 0 } else { i32::try_from(number).unwrap() },
        ..NewAccount::new(name, group.platform, base_urls, credential)
    };
    store.create_account(new).await.unwrap()
}

async fn models(store: &Store) {
    for (name, price) in [
        ("claude-sonnet-5-5", claude_price()),
        ("claude-haiku-4-5", claude_price()),
        ("gpt-5.5", gpt_price()),
        ("gpt-6-sol", gpt_price()),
        ("ZHIPU/GLM-*", gpt_price()),
    ] {
        store.create_model(NewModel::new(name, price)).await.unwrap();
    }
}

async fn new_key(
    store: &Store,
    user: &User,
    group: &Group,
    edit: impl FnOnce(&mut NewKey),
) -> (ApiKey, String) {
    let mut new = NewKey::new(user.id, group.id, uuid::Uuid::now_v7().to_string());
    edit(&mut new);
    let (key, secret) = store.create_key(new).await.unwrap();
    (key, secret.expose().clone())
}

async fn accept(listener: TcpListener, gateway: Gateway) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, peer)) = listener.accept().await else { return };
        stream.set_nodelay(true).unwrap();
        let gateway = gateway.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| {
                let gateway = gateway.clone();
                async move { Ok::<_, std::convert::Infallible>(gateway.handle(request, peer).await) }
            });
            let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
            // A caller that hangs up ends its connection with an error.
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// The machine's clock.
#[derive(Debug)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is a Clock")]
    fn now(&self) -> Timestamp {
        let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        Timestamp::default().after(elapsed)
    }
}
