//! Latencies from an open loop: each request has its time, whether or not the last one is answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::sync::Mutex;

use crate::driver::Driver;

/// Latencies of one target, from the intended time of sending.
pub(crate) struct Latencies {
    sorted: Vec<Duration>,
}

impl Latencies {
    pub(crate) fn percentile_us(&self, percent: usize) -> u64 {
        let at = (self.sorted.len() * percent / 100).min(self.sorted.len().saturating_sub(1));
        self.sorted.get(at).map_or(0, |latency| u64::try_from(latency.as_micros()).unwrap_or(u64::MAX))
    }
}

/// Sends `per_second` requests a second for `duration`.
pub(crate) async fn open_loop(
    target: SocketAddr,
    request: Arc<Vec<u8>>,
    per_second: u32,
    duration: Duration,
) -> Result<Latencies> {
    let idle: Arc<Mutex<Vec<Driver>>> = Arc::default();
    let step = Duration::from_secs(1) / per_second;
    let start = Instant::now() + Duration::from_millis(10);
    let count = u32::try_from(duration.as_nanos() / step.as_nanos())?;
    let mut calls = Vec::new();
    for at in 0..count {
        let intended = start + step * at;
        tokio::time::sleep_until(intended.into()).await;
        let (idle, request) = (Arc::clone(&idle), Arc::clone(&request));
        calls.push(tokio::spawn(async move {
            let pooled = idle.lock().await.pop();
            let mut driver = match pooled {
                Some(driver) => driver,
                None => Driver::connect(target).await?,
            };
            driver.call(&request).await?;
            let latency = intended.elapsed();
            idle.lock().await.push(driver);
            anyhow::Ok(latency)
        }));
    }
    let mut sorted = Vec::with_capacity(calls.len());
    for call in calls {
        sorted.push(call.await??);
    }
    sorted.sort_unstable();
    Ok(Latencies { sorted })
}
