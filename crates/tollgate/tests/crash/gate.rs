//! The gate as a process on a data folder that outlives it.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tollgate_base::{Money, Rate, Secret, TokenPrice};
use tollgate_pricing::ModelPrice;
use tollgate_protocol::Protocol;
use tollgate_routing::{BaseUrls, Platform};
use tollgate_store::{
    Location, MasterKey, NewAccount, NewGroup, NewKey, NewModel, NewUser, Store, UsageCursor, UsageFilter,
    UsageRecord,
};

/// Three dollars in, fifteen out, for a million tokens.
pub(crate) fn price() -> ModelPrice {
    let per_million = TokenPrice::from_nanos_per_million;
    ModelPrice::new(per_million(3_000_000_000), per_million(15_000_000_000))
}

/// A key for each platform.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) anthropic: String,
    pub(crate) openai: String,
}

/// Where a gate lives.
pub(crate) struct Gate {
    folder: tempfile::TempDir,
    database_url: Option<String>,
}

impl Gate {
    pub(crate) fn new(database_url: Option<String>) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), database_url }
    }

    async fn store(&self) -> Store {
        let master = MasterKey::load_or_create(&self.folder.path().join("master.key")).unwrap();
        let location = match &self.database_url {
            Some(url) => Location::Postgres(Secret::new(url.clone())),
            None => Location::Sqlite(self.folder.path().join("tollgate.db")),
        };
        Store::open(&location, master).await.unwrap()
    }

    /// A user with money, and for each platform a group, an account at the sandbox and a key.
    pub(crate) async fn furnish(&self, sandbox_url: &str) -> Keys {
        let store = self.store().await;
        let new_user = NewUser {
            name: "caller".to_owned(),
            rate: Rate::ONE,
            balance: Money::from_dollars(10_000).unwrap(),
            author: None,
        };
        let user = store.create_user(new_user).await.unwrap().user;
        let mut keys = Vec::new();
        for (platform, protocols) in [
            (Platform::Anthropic, &[Protocol::Messages][..]),
            (Platform::Openai, &[Protocol::Chat, Protocol::Responses]),
        ] {
            let group = store.create_group(NewGroup::new(platform.to_string(), platform)).await.unwrap();
            let url = |protocol| protocols.contains(&protocol).then(|| sandbox_url.to_owned());
            let urls = BaseUrls {
                messages: url(Protocol::Messages),
                chat: url(Protocol::Chat),
                responses: url(Protocol::Responses),
            };
            let account = NewAccount {
                groups: vec![group.id],
                models: vec!["*".parse().unwrap()],
                ..NewAccount::new(platform.to_string(), platform, urls, Secret::new("credential".to_owned()))
            };
            store.create_account(account).await.unwrap();
            let (_, key) =
                store.create_key(NewKey::new(user.id, group.id, platform.to_string())).await.unwrap();
            keys.push(key.expose().clone());
        }
        store.create_model(NewModel::new("sandbox-model", price())).await.unwrap();
        store.close().await;
        let openai = keys.pop().unwrap();
        Keys { anthropic: keys.pop().unwrap(), openai }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
        command.args(arguments).arg("--data-dir").arg(self.folder.path()).env_clear().stdin(Stdio::null());
        if let Some(url) = &self.database_url {
            command.env("TOLLGATE_DATABASE_URL", url);
        }
        command
    }

    /// Starts the gate and waits until it is ready.
    pub(crate) async fn start(&self) -> Running {
        // Some other program may take the port in between; then the start fails loudly.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let listen = address.to_string();
        let mut command = self.command(&["serve", "--listen", &listen, "--log", "error"]);
        let child = command.stdout(Stdio::null()).spawn().unwrap();
        let mut running = Running { child, address };
        let deadline = Instant::now() + Duration::from_secs(30);
        while !crate::caller::is_ready(address) {
            assert!(running.child.try_wait().unwrap().is_none(), "the gate ended at its start");
            assert!(Instant::now() < deadline, "the gate did not get ready");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        running
    }

    /// The command that operators verify the ledger with.
    pub(crate) fn verify(&self) {
        let output = self.command(&["ledger", "verify"]).output().unwrap();
        let said =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    }

    /// Every usage record.
    pub(crate) async fn records(&self) -> Vec<UsageRecord> {
        let store = self.store().await;
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let filter = UsageFilter { limit: Some(1_000), after, ..UsageFilter::default() };
            let page = store.list_usage(filter).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(UsageCursor::from(last));
            all.extend(page);
        }
        store.close().await;
        all
    }
}

/// A gate that runs.
pub(crate) struct Running {
    child: Child,
    address: SocketAddr,
}

impl Running {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and the end of it.
    pub(crate) async fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let ended = tokio::task::spawn_blocking(move || self.child.wait().unwrap()).await.unwrap();
        assert!(ended.success(), "{ended}");
    }
}
