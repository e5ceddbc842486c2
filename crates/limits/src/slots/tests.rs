//! Places under load: never more than there are, first come first served, and nothing lost.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::*;

const QUEUE: usize = 1000;

fn slots(places: u32) -> Arc<Slots> {
    let slots = Arc::new(Slots::default());
    slots.resize(places, 0);
    slots
}

/// Whether all places are free and nobody waits.
fn all_free(slots: &Slots, places: u32) -> bool {
    slots.is_idle() && slots.free.available_permits() == places as usize
}

#[tokio::test(start_paused = true)]
async fn so_many_and_no_more_and_first_come_first_served() {
    let slots = slots(3);
    let (running, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for number in 0..50 {
        let place = slots.queue(QUEUE).unwrap();
        let (running, most, order) = (Arc::clone(&running), Arc::clone(&most), Arc::clone(&order));
        tasks.push(tokio::spawn(async move {
            let _slot = place.await;
            order.lock().unwrap().push(number);
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(10)).await;
            running.fetch_sub(1, Ordering::SeqCst);
        }));
        tokio::task::yield_now().await;
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(most.load(Ordering::SeqCst), 3);
    assert_eq!(*order.lock().unwrap(), (0..50).collect::<Vec<_>>());
    assert!(all_free(&slots, 3));
}

#[tokio::test]
async fn the_queue_has_an_end() {
    let slots = slots(1);
    let slot = slots.take().unwrap();
    let waiting: Vec<_> = (0..2).map(|_| slots.queue(2).unwrap()).collect();
    assert!(slots.queue(2).is_none());
    drop(waiting);
    assert!(slots.queue(2).is_some());
    assert!(!slots.is_idle());
    drop(slot);
    assert!(all_free(&slots, 1));
}

#[tokio::test]
async fn nobody_goes_past_those_who_wait() {
    let slots = slots(1);
    let slot = slots.take().unwrap();
    let first = slots.queue(QUEUE).unwrap();
    tokio::pin!(first);
    assert!(
        std::future::poll_fn(|context| std::task::Poll::Ready(first.as_mut().poll(context).is_pending()))
            .await
    );
    drop(slot);
    assert!(slots.take().is_none(), "the free place is the first one's, who has not looked yet");
    drop(first.await);
    assert!(slots.take().is_some());
}

#[tokio::test]
async fn more_places_wake_those_who_wait_and_fewer_cut_nobody_short() {
    let slots = slots(1);
    let one = slots.take().unwrap();
    let (second, third) = (slots.queue(QUEUE).unwrap(), slots.queue(QUEUE).unwrap());
    let (second, third) = (tokio::spawn(second), tokio::spawn(third));
    tokio::task::yield_now().await;
    slots.resize(3, 1);
    let (two, three) = (second.await.unwrap(), third.await.unwrap());
    slots.resize(1, 2);
    drop(one);
    assert!(slots.take().is_none());
    drop(two);
    assert!(slots.take().is_none());
    slots.resize(5, 1);
    assert!(slots.take().is_none(), "an older configuration changes nothing");
    drop(three);
    assert!(all_free(&slots, 1));
    let again = slots.take().unwrap();
    slots.resize(0, 3);
    slots.resize(2, 4);
    let two = slots.take().unwrap();
    assert!(slots.take().is_none());
    drop((again, two));
    assert!(all_free(&slots, 2));
}

/// Somebody who has a place, counted.
struct Running(Arc<AtomicU32>);

impl Running {
    /// Fails if there are more than `places`.
    fn begin(count: &Arc<AtomicU32>, places: u32) -> Self {
        assert!(count.fetch_add(1, Ordering::SeqCst) < places, "more run than there are places");
        Self(Arc::clone(count))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Numbers that look random and are the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_who_come_and_go_at_random_leave_nothing_taken() {
    let slots = slots(4);
    let running = Arc::new(AtomicU32::new(0));
    let mut random = Random(7);
    let mut tasks: Vec<tokio::task::JoinHandle<()>> = Vec::new();
    for _ in 0..10_000 {
        let patience = Duration::from_micros(random.below(300));
        let work = Duration::from_micros(random.below(60));
        let (slots, running) = (Arc::clone(&slots), Arc::clone(&running));
        tasks.push(tokio::spawn(async move {
            let Some(place) = slots.queue(200) else { return };
            let Ok(_slot) = tokio::time::timeout(patience, place).await else { return };
            let _running = Running::begin(&running, 4);
            tokio::time::sleep(work).await;
        }));
        if random.below(8) == 0 {
            // Dropped in whatever it is doing.
            let at = random.below(tasks.len() as u64);
            tasks[usize::try_from(at).unwrap()].abort();
            tokio::task::yield_now().await;
        }
    }
    for task in tasks {
        if let Err(error) = task.await {
            assert!(error.is_cancelled(), "{error}");
        }
    }
    assert!(all_free(&slots, 4), "{slots:?}");
}
