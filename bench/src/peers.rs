//! The processes under measurement.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::driver::Driver;

/// A process that listens; killed when dropped.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    pub(crate) key: String,
    child: Child,
}

impl Peer {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended on its own; either way it has to be reaped.
        let _ = self.child.kill();
        let _ = self.child.wait();
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

/// The bare proxy in front of the provider.
pub(crate) async fn bare_proxy(provider: &Peer) -> Result<Peer> {
    let address = free_address()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["proxy", "--listen", &address.to_string(), "--upstream", &provider.address.to_string()]);
    start("bare proxy", address, command).await
}

/// The gate in front of the provider: a user with a balance, a group, an account, a priced model and a key.
pub(crate) async fn gate(binary: &Path, data: &Path, provider: &Peer) -> Result<Peer> {
    let address = free_address()?;
    let upstream = format!("http://{}", provider.address);
    let tollgate = |arguments: &[&str]| -> Result<String> {
        let output = Command::new(binary).args(arguments).arg("--data-dir").arg(data).output()?;
        let problem = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "tollgate {}: {problem}", arguments.join(" "));
        Ok(String::from_utf8(output.stdout)?)
    };
    tollgate(&["user", "create", "bench"])?;
    tollgate(&["user", "topup", "bench", "1000000", "--reason", "benchmark"])?;
    tollgate(&["group", "create", "bench", "--platform", "anthropic"])?;
    let credential = data.join("credential");
    std::fs::write(&credential, "sandbox")?;
    let credential = credential.display().to_string();
    tollgate(&[
        "account",
        "create",
        "bench",
        "--platform",
        "anthropic",
        "--group",
        "bench",
        "--base-url",
        &upstream,
        "--credential-file",
        &credential,
    ])?;
    tollgate(&["model", "create", "bench-model", "--input", "3", "--output", "15"])?;
    let created = tollgate(&["key", "create", "bench", "--user", "bench", "--group", "bench", "--json"])?;
    let key = created.split('"').find(|part| part.starts_with("tg-") && part.len() > 40);
    let key = key.with_context(|| format!("no key in {created}"))?.to_owned();

    let mut command = Command::new(binary);
    command.args(["serve", "--listen", &address.to_string(), "--log", "warn", "--data-dir"]).arg(data);
    let mut peer = start("tollgate", address, command).await?;
    peer.key = key;
    Ok(peer)
}

async fn start(name: &'static str, address: SocketAddr, mut command: Command) -> Result<Peer> {
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    let peer = Peer { name, address, key: "sandbox".to_owned(), child };
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
