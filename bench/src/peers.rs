//! The processes under measurement.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::driver::Driver;

/// A process that listens; killed when dropped.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    pub(crate) key: String,
    process: Arc<Process>,
}

impl Peer {
    pub(crate) fn pid(&self) -> u32 {
        self.process.0.id()
    }

    /// The same process, used with another key.
    fn with_key(&self, name: &'static str, key: String) -> Self {
        Self { name, address: self.address, key, process: Arc::clone(&self.process) }
    }
}

/// A process that is killed with the last peer that stands for it.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended on its own; either way it has to be reaped.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The scripted provider.
pub(crate) async fn provider(events: usize, interval: Duration) -> Result<Peer> {
    let address = free_address()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["provider", "--listen", &address.to_string(), "--events", &events.to_string()]);
    command.args(["--interval-us", &interval.as_micros().to_string()]);
    start("direct", address, command).await
}

/// The scripted provider, which follows the directives in prompts.
pub(crate) async fn scripted_provider() -> Result<Peer> {
    let address = free_address()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["provider", "--listen", &address.to_string(), "--scripted"]);
    start("direct", address, command).await
}

/// The bare proxy in front of the provider.
pub(crate) async fn bare_proxy(provider: &Peer) -> Result<Peer> {
    let address = free_address()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["proxy", "--listen", &address.to_string(), "--upstream", &provider.address.to_string()]);
    start("bare proxy", address, command).await
}

/// How the gate is asked: by a Messages caller whose group's account speaks this protocol, and whose group holds this.
const LANES: [(&str, &str, &str, &str); 4] = [
    ("tollgate", "bench", "--base-url-messages", "full"),
    ("tollgate, nothing held", "bench-unheld", "--base-url-messages", "none"),
    ("tollgate, translated to Chat", "bench-chat", "--base-url-chat", "full"),
    ("tollgate, translated to Responses", "bench-responses", "--base-url-responses", "full"),
];

/// The gate in front of the provider, once for each lane: a user with a balance, and a group, an account and a key for
/// each, with one priced model. All lanes are one process.
pub(crate) async fn gates(
    binary: &Path,
    data: &Path,
    database_url: Option<&str>,
    provider: &Peer,
) -> Result<Vec<Peer>> {
    let address = free_address()?;
    let upstream = format!("http://{}", provider.address);
    let command = || {
        let mut command = Command::new(binary);
        command.envs(database_url.map(|url| ("TOLLGATE_DATABASE_URL", url)));
        command
    };
    let tollgate = |arguments: &[&str]| -> Result<String> {
        let output = command().args(arguments).arg("--data-dir").arg(data).output()?;
        let problem = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "tollgate {}: {problem}", arguments.join(" "));
        Ok(String::from_utf8(output.stdout)?)
    };
    tollgate(&["user", "create", "bench"])?;
    tollgate(&["user", "topup", "bench", "1000000", "--reason", "benchmark"])?;
    let credential = data.join("credential");
    std::fs::write(&credential, "sandbox")?;
    let credential = credential.display().to_string();
    tollgate(&["model", "create", "bench-model", "--input", "3", "--output", "15"])?;
    let mut keys = Vec::new();
    for (_, group, base_url, hold) in LANES {
        let platform = if base_url == "--base-url-messages" { "anthropic" } else { "openai" };
        tollgate(&["group", "create", group, "--platform", platform, "--hold", hold])?;
        let account = ["account", "create", group, "--platform", platform, "--group", group];
        let place = [base_url, &upstream, "--credential-file", &credential];
        tollgate(&[&account[..], &place].concat())?;
        let created = tollgate(&["key", "create", group, "--user", "bench", "--group", group, "--json"])?;
        let key = created.split('"').find(|part| part.starts_with("tg-") && part.len() > 40);
        keys.push(key.with_context(|| format!("no key in {created}"))?.to_owned());
    }

    let mut serve = command();
    serve.args(["serve", "--listen", &address.to_string(), "--log", "warn", "--data-dir"]).arg(data);
    let gate = start("tollgate", address, serve).await?;
    Ok(LANES.iter().zip(keys).map(|((name, ..), key)| gate.with_key(name, key)).collect())
}

async fn start(name: &'static str, address: SocketAddr, mut command: Command) -> Result<Peer> {
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    let process = Arc::new(Process(child));
    let peer = Peer { name, address, key: "sandbox".to_owned(), process };
    let deadline = Instant::now() + Duration::from_secs(10);
    while Driver::connect(address).await.is_err() {
        if Instant::now() > deadline {
            bail!("{name} does not listen on {address}");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(peer)
}

fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
