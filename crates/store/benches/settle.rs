//! What the ledger costs: CPU time a request and requests a second, every commit synced. Each case runs twice: records
//! alone, and a hold for every request that the record of a later batch closes.
//!
//! `cargo bench -p tollgate-store --bench settle`; PostgreSQL too if `TOLLGATE_TEST_POSTGRES_URL` names an empty
//! database. CPU time is the process's own, from Linux's `/proc/self/task/*/schedstat`: for PostgreSQL it leaves the
//! server out.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and fails by panicking")]
#![allow(clippy::cast_precision_loss, reason = "figures for people")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use tollgate_base::{
    AccountId, GroupId, KeyId, Money, NodeId, Rate, RequestId, Secret, Timestamp, Usage, UserId,
};
use tollgate_pricing::CostParts;
use tollgate_protocol::Protocol;
use tollgate_store::{
    Hold, HoldOutcome, LedgerBatch, Location, MasterKey, NewUser, Store, StreamEnd, UsageRecord,
};

/// How many users are active at once: each has a page of the index by user and time that its records go to.
const ACTIVE_USERS: [usize; 2] = [20, 1_000];
/// Producers, requests in a batch, batches of each producer.
const CASES: [(usize, usize, usize); 5] =
    [(1, 1, 2_000), (1, 8, 1_000), (1, 64, 1_500), (1, 512, 200), (64, 1, 200)];

/// More than any case spends.
const RICH: Money = Money::from_nanos(1_000_000_000_000_000_000);

fn main() {
    // Threads stay for the whole run, since the time of one that ended could no longer be read.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_keep_alive(Duration::from_secs(3_600))
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(all());
}

async fn all() {
    let folder = tempfile::tempdir().unwrap();
    println!("{:<48} {:>10} {:>12} {:>10} {:>10}", "case", "requests/s", "CPU us/req", "p50 us", "p99 us");
    cases("sqlite", &Location::Sqlite(folder.path().join("bench.db"))).await;
    if let Ok(url) = std::env::var("TOLLGATE_TEST_POSTGRES_URL") {
        cases("postgres", &Location::Postgres(Secret::new(url))).await;
    }
}

async fn cases(name: &str, location: &Location) {
    let master = MasterKey::from_base64(MasterKey::generate_text().unwrap().expose()).unwrap();
    let store = Store::open(location, master).await.unwrap();
    let mut users = Vec::new();
    for number in 0..ACTIVE_USERS[1] {
        let new = NewUser { name: format!("user {number}"), balance: RICH, ..NewUser::default() };
        users.push(store.create_user(new).await.unwrap().user.id);
    }
    for active in ACTIVE_USERS {
        for (producers, batch, rounds) in CASES {
            for held in [false, true] {
                let what = if held { "held" } else { "records" };
                let name = format!("{name}, {active} users, {what}, {producers} x {batch} a batch");
                let of = |producer: usize, round: usize| -> Vec<UserId> {
                    (0..batch).map(|at| users[(producer * 31 + round * 17 + at * 7) % active]).collect()
                };
                let work = (0..producers).map(|producer| batches(held, rounds, |round| of(producer, round)));
                run(&name, &store, work.collect()).await;
            }
        }
    }
    assert_eq!(store.verify_ledger().await.unwrap(), []);
}

/// A producer's batches: in each the requests of a round, with their holds one batch before if there are any.
fn batches(held: bool, rounds: usize, users: impl Fn(usize) -> Vec<UserId>) -> Vec<Arc<LedgerBatch>> {
    let mut batches = Vec::with_capacity(rounds + 1);
    let mut records = Vec::new();
    for round in 0..rounds {
        let next: Vec<UsageRecord> = users(round).into_iter().map(record).collect();
        let holds = if held { next.iter().map(hold).collect() } else { Vec::new() };
        batches.push(Arc::new(LedgerBatch { records, holds }));
        records = next;
    }
    batches.push(Arc::new(LedgerBatch { records, holds: Vec::new() }));
    batches
}

/// A task a producer applies batch after batch, each waiting until its own is durable.
async fn run(name: &str, store: &Store, work: Vec<Vec<Arc<LedgerBatch>>>) {
    let records = work.iter().flatten().map(|batch| batch.records.len()).sum::<usize>() as f64;
    let (began, cpu) = (Instant::now(), cpu_time());
    let tasks: Vec<_> =
        work.into_iter().map(|batches| tokio::spawn(apply_all(store.clone(), batches))).collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await.unwrap());
    }
    let (wall, cpu) = (began.elapsed(), cpu_time() - cpu);
    latencies.sort_unstable();
    println!(
        "{name:<48} {:>10.0} {:>12.2} {:>10} {:>10}",
        records / wall.as_secs_f64(),
        cpu.as_secs_f64() * 1e6 / records,
        latencies[latencies.len() / 2].as_micros(),
        latencies[latencies.len() * 99 / 100].as_micros(),
    );
}

async fn apply_all(store: Store, batches: Vec<Arc<LedgerBatch>>) -> Vec<Duration> {
    let mut latencies = Vec::with_capacity(batches.len());
    for batch in batches {
        let began = Instant::now();
        let applied = store.apply(batch).await.unwrap();
        latencies.push(began.elapsed());
        assert!(applied.holds.iter().all(|outcome| *outcome == HoldOutcome::Held));
    }
    latencies
}

/// CPU time of all threads that live, to the nanosecond.
fn cpu_time() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let times = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok());
    Duration::from_nanos(times.map(|text| text.split(' ').next().unwrap().parse::<u64>().unwrap()).sum())
}

/// A record as a coding agent's streamed request leaves it.
fn record(user_id: UserId) -> UsageRecord {
    let text = |text: &str| Some(text.to_owned());
    UsageRecord {
        id: RequestId::generate(),
        at: Timestamp::from_micros(1_700_000_000_000_000),
        user_id,
        key_id: KeyId::from_u128(user_id.as_u128() + 1),
        group_id: GroupId::from_u128(1),
        account_id: Some(AccountId::from_u128(2)),
        endpoint: "messages".to_owned(),
        client_protocol: Protocol::Messages,
        upstream_protocol: Some(Protocol::Messages),
        requested_model: "claude-opus-5-5".to_owned(),
        upstream_model: text("claude-opus-5-5"),
        stream: true,
        usage: Usage {
            input_tokens: 1_200,
            output_tokens: 340,
            cache_read_tokens: 48_000,
            ..Usage::default()
        },
        cost: Money::from_nanos(23_400_000),
        parts: CostParts { input: Money::from_nanos(3_600_000), ..CostParts::default() },
        group_rate: Rate::ONE,
        user_rate: Rate::ONE,
        price_version: 3,
        status: 200,
        error_kind: None,
        stop_reason: text("tool_use"),
        stream_end: StreamEnd::Complete,
        first_byte_ms: Some(640),
        total_ms: 8_210,
        attempts: 1,
        estimated: false,
        client_address: "203.0.113.77".to_owned(),
        client_agent: text("claude-cli/3.0.14 (external, cli)"),
        client_user: text("user_5f2b0c8d_account_7e1a_session_40c9e7b2"),
        session: text("40c9e7b2-6d5f-4a1c-9b38-2f6e0d1c7a55"),
        upstream_request_id: text("req_011CRx8Yk2mPzq3Vt5nW7bHd"),
        dropped: None,
        service_tier: None,
        held: None,
        recovered: false,
        subscription_id: None,
        account_cost: Money::from_nanos(23_400_000),
    }
}

/// What is held for a record's request before it is one.
fn hold(record: &UsageRecord) -> Hold {
    Hold {
        id: record.id,
        user_id: record.user_id,
        key_id: record.key_id,
        group_id: record.group_id,
        amount: Money::from_nanos(320_000_000),
        credit_line: Money::ZERO,
        price_version: record.price_version,
        group_rate: record.group_rate,
        user_rate: record.user_rate,
        endpoint: record.endpoint.clone(),
        client_protocol: record.client_protocol,
        requested_model: record.requested_model.clone(),
        stream: record.stream,
        input_tokens: 49_200,
        node: NodeId::from_u128(1),
        at: record.at,
        subscription_id: None,
        quotas: Vec::new(),
    }
}
