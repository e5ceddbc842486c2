//! Ten thousand streams that end in every way: in the end no place is taken and no call is under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tollgate_gateway::{GatewayConfig, Occupancy};
use tollgate_routing::{LimitScope, OnDisconnect};
use tollgate_store::GroupPatch;

use crate::limits::{POLLED, limit};
use crate::support::{Call, Kind, Setup, World, eventually};

const STREAMS: u32 = 10_000;
/// Callers at a time; more than there are places, so that some wait and some are refused.
const CALLERS: u32 = 96;
const PLACES: u32 = 24;

/// SplitMix64, so that a run is the same each time.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

/// How a caller behaves.
#[derive(Debug, Clone, Copy)]
enum Behaviour {
    ReadsAll,
    /// Leaves after a while without having read anything.
    LeavesBefore(Duration),
    /// Leaves after so many pieces of the answer.
    LeavesAfter(u64),
}

fn draw(draw: &mut Draw) -> (Kind, String, Behaviour) {
    let kind = Kind::NATIVE[usize::try_from(draw.below(3)).unwrap()];
    let directives = match draw.below(100) {
        0..2 => "status=529".to_owned(),
        2..4 => "words=6 cut_after=3".to_owned(),
        4..6 => "words=6 error_after=3".to_owned(),
        6..8 => "error_first".to_owned(),
        8..10 => "status=400".to_owned(),
        10..12 => "reset".to_owned(),
        12..40 => "slow_first_ms=8 words=3".to_owned(),
        _ => format!("bench events={} interval_us=1500", 2 + draw.below(5)),
    };
    let behaviour = match draw.below(10) {
        0..3 => Behaviour::LeavesBefore(Duration::from_micros(draw.below(12_000))),
        3..6 => Behaviour::LeavesAfter(1 + draw.below(4)),
        _ => Behaviour::ReadsAll,
    };
    (kind, directives, behaviour)
}

async fn behave(call: &Call, world: &World, behaviour: Behaviour) -> u32 {
    match behaviour {
        Behaviour::ReadsAll => u32::from(call.send(world.addr).await.status),
        Behaviour::LeavesBefore(wait) => {
            let left = tokio::time::timeout(wait, call.send(world.addr)).await;
            left.map_or(0, |reply| u32::from(reply.status))
        }
        Behaviour::LeavesAfter(pieces) => {
            let mut open = call.open(world.addr).await;
            for _ in 0..pieces {
                if open.chunk().await.is_none() {
                    break;
                }
            }
            u32::from(open.response.status().as_u16())
        }
    }
}

async fn limited_world() -> World {
    let defaults = Setup::default();
    let gateway =
        GatewayConfig { slot_wait: Duration::from_millis(60), slot_queue: 20, ..defaults.gateway.clone() };
    let world = World::start(Setup { gateway, accounts: 3, equal_accounts: true, ..defaults }).await;
    for account in &world.accounts {
        limit(&world, LimitScope::Account(account.id), 0, 0, PLACES / 2).await;
    }
    for group in [&world.anthropic, &world.openai] {
        limit(&world, LimitScope::EachKey(group.id), 0, 0, PLACES - 2).await;
    }
    limit(&world, LimitScope::User(world.user.id), 0, 0, 2 * PLACES - 8).await;
    // One group reads on when a caller leaves, the other cancels.
    let cancel = GroupPatch { on_disconnect: Some(OnDisconnect::Cancel), ..GroupPatch::default() };
    world.store.update_group(world.openai.id, cancel).await.unwrap();
    tokio::time::sleep(POLLED).await;
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_streams_leave_no_place_taken() {
    let world = Arc::new(limited_world().await);
    let next = Arc::new(AtomicU32::new(0));
    let (begun, most) = (Instant::now(), Arc::new(AtomicU32::new(0)));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..CALLERS {
        let (world, next, most) = (Arc::clone(&world), Arc::clone(&next), Arc::clone(&most));
        callers.spawn(async move {
            let mut statuses = std::collections::BTreeMap::<u32, u32>::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= STREAMS {
                    return statuses;
                }
                let (kind, directives, behaviour) = draw(&mut Draw(u64::from(number)));
                let call = kind.call(&world, &directives, true);
                *statuses.entry(behave(&call, &world, behaviour).await).or_default() += 1;
                let taken = u32::try_from(world.gateway.occupancy().in_flight).unwrap();
                most.fetch_max(taken, Ordering::Relaxed);
            }
        });
    }
    let mut statuses = std::collections::BTreeMap::<u32, u32>::new();
    while let Some(done) = callers.join_next().await {
        for (status, count) in done.unwrap() {
            *statuses.entry(status).or_default() += count;
        }
    }
    println!("{:?} for {STREAMS} streams: {statuses:?}; at most {most:?} at a time", begun.elapsed());
    let count = |status: u32| statuses.get(&status).copied().unwrap_or(0);
    assert!(count(200) > STREAMS / 4 && count(0) > STREAMS / 20 && count(429) > 10, "{statuses:?}");
    assert!(most.load(Ordering::Relaxed) > PLACES / 2, "they were not under way at the same time");
    eventually("all places given back", || async {
        (world.gateway.occupancy() == Occupancy::default()).then_some(())
    })
    .await;
    // What is free can be taken, all of it at the same time.
    let full: Vec<_> = (0..PLACES - 2)
        .map(|_| {
            let (call, addr) = (Kind::Messages.call(&world, "words=3 slow_first_ms=700", true), world.addr);
            tokio::spawn(async move { call.send(addr).await })
        })
        .collect();
    for reply in full {
        reply.await.unwrap().ok();
    }
    world.gateway.finish().await;
    assert!(world.store.verify_ledger().await.unwrap().is_empty());
}
