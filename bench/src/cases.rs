//! The cases: what is sent to each peer, and what is read off its process.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;

use crate::RunArguments;
use crate::bodies;
use crate::driver::Driver;
use crate::latency::open_loop;
use crate::peers::{self, Peer};
use crate::procfs::{cpu_nanos, rss_kib};

/// Connections of the closed loop.
const CONNECTIONS: usize = 64;
/// Streams at once, and events a second in each.
const STREAMS: usize = 200;
const EVENTS_PER_SECOND: u64 = 50;
/// Streams that are held open to read their memory.
const OPEN_STREAMS: u64 = 1_000;
const OPEN_LOOP_PER_SECOND: u32 = 500;
/// The same for what the ledger adds, and how long the provider takes: a model is never faster.
const LEDGER_PER_SECOND: u32 = 1_000;
const PROVIDER_DELAY_MS: u64 = 20;

/// Measures everything and prints the tables.
pub(crate) async fn run(arguments: &RunArguments) -> Result<()> {
    let data = Data::new()?;
    let wanted = |name: &str| name.contains(&arguments.only);
    let window = Duration::from_secs(arguments.seconds);
    if ["1 KB", "32 KB", "400 KB"].into_iter().any(wanted) {
        unary(arguments, &data, window).await?;
    }
    if wanted("events") {
        events(arguments, &data, window).await?;
    }
    if wanted("latency") {
        latency(arguments, &data, window).await?;
    }
    if wanted("ledger") {
        ledger(arguments, &data, window).await?;
    }
    if wanted("memory") {
        memory(arguments, &data).await?;
    }
    Ok(())
}

/// The provider and what stands in front of it.
struct Field {
    provider: Peer,
    proxy: Peer,
    /// One process, in each of its lanes; the first is relayed.
    gates: Vec<Peer>,
}

impl Field {
    async fn new(arguments: &RunArguments, data: &Data, events: usize, interval: Duration) -> Result<Self> {
        Self::in_front_of(peers::provider(events, interval).await?, arguments, data).await
    }

    async fn in_front_of(provider: Peer, arguments: &RunArguments, data: &Data) -> Result<Self> {
        let proxy = peers::bare_proxy(&provider).await?;
        let url = arguments.database_url.as_deref();
        let gates = peers::gates(&arguments.gate, &data.fresh()?, url, &provider).await?;
        Ok(Self { provider, proxy, gates })
    }

    /// Everything that is measured, translations last.
    fn peers(&self) -> impl Iterator<Item = &Peer> {
        [&self.provider, &self.proxy].into_iter().chain(&self.gates)
    }

    /// The same without translations.
    fn relaying(&self) -> impl Iterator<Item = &Peer> {
        self.peers().take(3)
    }
}

/// CPU per request in a closed loop, by body size.
async fn unary(arguments: &RunArguments, data: &Data, window: Duration) -> Result<()> {
    let field = Field::new(arguments, data, 1, Duration::ZERO).await?;
    say("| body | peer | CPU µs/request | x bare proxy | requests/s |\n|---|---|---:|---:|---:|")?;
    for (name, size) in [("1 KB", 1_000), ("32 KB", 32_000), ("400 KB", 400_000)] {
        if !name.contains(&arguments.only) && !arguments.only.is_empty() {
            continue;
        }
        let mut bare = None;
        for peer in field.peers() {
            let request = Arc::new(bodies::request(&peer.key, &bodies::messages(size, false)));
            let load = Load::start(peer, &request, CONNECTIONS);
            let measured = load.measure(peer, window).await?;
            let cpu_us = measured.cpu_nanos as f64 / 1e3 / measured.requests as f64;
            let ratio = ratio(peer, cpu_us, &mut bare);
            let rate = measured.requests as f64 / window.as_secs_f64();
            say(&format!("| {name} | {} | {cpu_us:.1} | {ratio} | {rate:.0} |", peer.name))?;
        }
    }
    say("")
}

/// CPU per streamed event, paced.
async fn events(arguments: &RunArguments, data: &Data, window: Duration) -> Result<()> {
    let interval = Duration::from_micros(1_000_000 / EVENTS_PER_SECOND);
    let per_stream = usize::try_from(EVENTS_PER_SECOND * 2)?;
    let field = Field::new(arguments, data, per_stream, interval).await?;
    say(&format!("{STREAMS} streams of {EVENTS_PER_SECOND} events a second:\n"))?;
    say("| peer | CPU µs/event | x bare proxy | events/s |\n|---|---:|---:|---:|")?;
    let mut bare = None;
    for peer in field.peers() {
        let request = Arc::new(bodies::request(&peer.key, &bodies::messages(1_000, true)));
        let load = Load::start(peer, &request, STREAMS);
        let measured = load.measure(peer, window * 2).await?;
        let cpu_us = measured.cpu_nanos as f64 / 1e3 / measured.events as f64;
        let ratio = ratio(peer, cpu_us, &mut bare);
        let rate = measured.events as f64 / (window * 2).as_secs_f64();
        say(&format!("| {} | {cpu_us:.1} | {ratio} | {rate:.0} |", peer.name))?;
    }
    say("")
}

/// Latency from an open loop, whole answers and the first byte of streams.
async fn latency(arguments: &RunArguments, data: &Data, window: Duration) -> Result<()> {
    let field = Field::new(arguments, data, 1, Duration::ZERO).await?;
    say(&format!("Open loop, {OPEN_LOOP_PER_SECOND} requests a second of 1 KB:\n"))?;
    say("| peer | p50 µs | p99 µs |\n|---|---:|---:|")?;
    for peer in field.relaying() {
        let request = Arc::new(bodies::request(&peer.key, &bodies::messages(1_000, false)));
        open_loop(peer.address, Arc::clone(&request), OPEN_LOOP_PER_SECOND, window / 3).await?;
        let latencies = open_loop(peer.address, request, OPEN_LOOP_PER_SECOND, window).await?;
        let (p50, p99) = (latencies.percentile_us(50), latencies.percentile_us(99));
        say(&format!("| {} | {p50} | {p99} |", peer.name))?;
    }
    say("")?;
    first_event(arguments, data).await
}

/// What holding adds to the latency of an answer that takes as long as the fastest models.
async fn ledger(arguments: &RunArguments, data: &Data, window: Duration) -> Result<()> {
    let field = Field::in_front_of(peers::scripted_provider().await?, arguments, data).await?;
    say(&format!(
        "Open loop, {LEDGER_PER_SECOND} requests a second, answered after {PROVIDER_DELAY_MS} ms:\n"
    ))?;
    say("| peer | p50 µs | p99 µs | CPU µs/request |\n|---|---:|---:|---:|")?;
    for peer in field.peers().skip(1).take(3) {
        let request = Arc::new(bodies::request(&peer.key, &bodies::delayed(PROVIDER_DELAY_MS)));
        open_loop(peer.address, Arc::clone(&request), LEDGER_PER_SECOND, window / 3).await?;
        let before = cpu_nanos(peer.pid())?;
        let latencies = open_loop(peer.address, request, LEDGER_PER_SECOND, window).await?;
        let requests = f64::from(LEDGER_PER_SECOND) * window.as_secs_f64();
        let cpu_us = (cpu_nanos(peer.pid())? - before) as f64 / 1e3 / requests;
        let (p50, p99) = (latencies.percentile_us(50), latencies.percentile_us(99));
        say(&format!("| {} | {p50} | {p99} | {cpu_us:.1} |", peer.name))?;
    }
    say("")
}

/// How long the first event of a stream takes, one stream at a time, when the provider sends it at once and then waits.
async fn first_event(arguments: &RunArguments, data: &Data) -> Result<()> {
    const STREAMS_IN_TURN: usize = 300;
    let field = Field::new(arguments, data, 1, Duration::from_millis(2)).await?;
    say("First byte of a stream, one at a time:\n\n| peer | p50 µs |\n|---|---:|")?;
    for peer in field.relaying() {
        let request = bodies::request(&peer.key, &bodies::messages(1_000, true));
        let mut driver = Driver::connect(peer.address).await?;
        let mut firsts = Vec::with_capacity(STREAMS_IN_TURN);
        for _ in 0..STREAMS_IN_TURN {
            firsts.push(driver.call(&request).await?.first);
        }
        firsts.sort_unstable();
        say(&format!("| {} | {} |", peer.name, firsts[STREAMS_IN_TURN / 2].as_micros()))?;
    }
    say("")
}

/// Memory at rest and per open, silent stream.
async fn memory(arguments: &RunArguments, data: &Data) -> Result<()> {
    let field = Field::new(arguments, data, 1_000, Duration::from_secs(60)).await?;
    say("| peer | at rest MiB | KiB per open stream |\n|---|---:|---:|")?;
    for peer in field.relaying() {
        let rest = rss_kib(peer.pid())?;
        let request = Arc::new(bodies::request(&peer.key, &bodies::messages(1_000, true)));
        // All at once: a stream that has only been announced is held back for a second.
        let opening = (0..OPEN_STREAMS).map(|_| {
            let (request, address) = (Arc::clone(&request), peer.address);
            tokio::spawn(async move {
                let mut driver = Driver::connect(address).await?;
                driver.open(&request).await?;
                Ok::<_, anyhow::Error>(driver)
            })
        });
        let mut open = Vec::new();
        for driver in opening.collect::<Vec<_>>() {
            open.push(driver.await??);
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        let per_stream = rss_kib(peer.pid())?.saturating_sub(rest) as f64 / OPEN_STREAMS as f64;
        say(&format!("| {} | {:.1} | {per_stream:.1} |", peer.name, rest as f64 / 1024.0))?;
        drop(open);
    }
    say("")
}

fn ratio(peer: &Peer, cpu_us: f64, bare: &mut Option<f64>) -> String {
    match (peer.name, *bare) {
        ("bare proxy", _) => {
            *bare = Some(cpu_us);
            "1".to_owned()
        }
        (_, Some(bare)) => format!("{:.2}", cpu_us / bare),
        (_, None) => String::new(),
    }
}

/// A closed loop that runs until it is dropped.
struct Load {
    stop: Arc<AtomicBool>,
    requests: Arc<AtomicU64>,
    events: Arc<AtomicU64>,
    workers: Vec<tokio::task::JoinHandle<Result<()>>>,
}

struct Measured {
    cpu_nanos: u64,
    requests: u64,
    events: u64,
}

impl Load {
    fn start(peer: &Peer, request: &Arc<Vec<u8>>, connections: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (requests, events) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let workers = (0..connections).map(|_| {
            let (stop, request) = (Arc::clone(&stop), Arc::clone(request));
            let (requests, events) = (Arc::clone(&requests), Arc::clone(&events));
            let address = peer.address;
            tokio::spawn(async move {
                let mut driver = Driver::connect(address).await?;
                while !stop.load(Ordering::Relaxed) {
                    let answered = driver.call(&request).await?;
                    requests.fetch_add(1, Ordering::Relaxed);
                    events.fetch_add(answered.events, Ordering::Relaxed);
                }
                Ok(())
            })
        });
        let workers = workers.collect();
        Self { stop, requests, events, workers }
    }

    /// Warms up, measures for `window` and stops.
    async fn measure(self, peer: &Peer, window: Duration) -> Result<Measured> {
        tokio::time::sleep(window / 3).await;
        let before = (cpu_nanos(peer.pid())?, self.count());
        tokio::time::sleep(window).await;
        let after = (cpu_nanos(peer.pid())?, self.count());
        self.stop.store(true, Ordering::Relaxed);
        for worker in self.workers {
            worker.await??;
        }
        Ok(Measured {
            cpu_nanos: after.0 - before.0,
            requests: (after.1.0 - before.1.0).max(1),
            events: (after.1.1 - before.1.1).max(1),
        })
    }

    fn count(&self) -> (u64, u64) {
        (self.requests.load(Ordering::Relaxed), self.events.load(Ordering::Relaxed))
    }
}

/// Folders for the gate's data, removed at the end.
struct Data {
    root: PathBuf,
    made: AtomicU64,
}

impl Data {
    fn new() -> Result<Self> {
        // Beside the binaries and not in a memory file system: durable writes have to be durable.
        let root = std::env::current_exe()?.with_file_name(format!("bench-data-{}", std::process::id()));
        std::fs::create_dir_all(&root)?;
        Ok(Self { root, made: AtomicU64::new(0) })
    }

    fn fresh(&self) -> Result<PathBuf> {
        let folder = self.root.join(self.made.fetch_add(1, Ordering::Relaxed).to_string());
        std::fs::create_dir_all(&folder)?;
        Ok(folder)
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        // A folder that stays behind harms nothing.
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()?;
    Ok(())
}
