//! An HTTP/2 connection from its handshake to its end: learning how many streams the server allows.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use futures_util::task::AtomicWaker;
use hyper::client::conn::http2;
use hyper_util::rt::TokioIo;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::lock;
use crate::body::SendBody;
use crate::stream::Stream;
use crate::watch::Watch;

pub(super) type Connection = http2::Connection<TokioIo<Stream>, SendBody, Exec>;

/// hyper's count of allowed streams until the server has said its own. No server can say this one.
pub(super) const NOT_SAID: usize = usize::MAX - 1;

/// Why a connection ended.
pub(super) enum Ended {
    /// The server never sent its settings.
    Silent,
    Broken(hyper::Error),
}

/// Polls a connection to its end, and tells whenever the server's stream limit changes.
pub(super) async fn run(
    mut connection: Connection,
    gate: &Gate,
    settle_by: Instant,
    tell_limit: impl Fn(usize),
) -> Result<(), Ended> {
    let mut said = NOT_SAID;
    let mut settling = Some(Watch::default());
    poll_fn(|cx| {
        if settling.is_some() {
            gate.driver.register(cx.waker());
        }
        if let Poll::Ready(result) = Pin::new(&mut connection).poll(cx) {
            return Poll::Ready(result.map_err(Ended::Broken));
        }
        let limit = connection.current_max_send_streams();
        if limit != said {
            said = limit;
            settling = None;
            gate.settle();
            tell_limit(limit);
        }
        match &mut settling {
            Some(watch) => watch.poll_until(cx, settle_by).map(|()| {
                gate.stop();
                Err(Ended::Silent)
            }),
            None => Poll::Pending,
        }
    })
    .await
}

/// Lets the task that reads the connection wake the one that counts its streams, until the limit is known: hyper
/// tells nobody when the server's settings arrive.
#[derive(Default)]
pub(super) struct Gate {
    settled: AtomicBool,
    driver: AtomicWaker,
    tasks: Mutex<Vec<AbortHandle>>,
}

impl Gate {
    fn settle(&self) {
        if !self.settled.swap(true, Ordering::Relaxed) {
            lock(&self.tasks).clear();
        }
    }

    /// Ends a connection that never became usable, with the request that went ahead on it.
    fn stop(&self) {
        for task in lock(&self.tasks).drain(..) {
            task.abort();
        }
    }
}

/// Spawns what hyper needs beside a connection.
#[derive(Clone)]
pub(super) struct Exec(pub(super) Arc<Gate>);

impl<F> hyper::rt::Executor<F> for Exec
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        if self.0.settled.load(Ordering::Relaxed) {
            tokio::spawn(future);
            return;
        }
        let gate = Arc::clone(&self.0);
        let task = tokio::spawn(async move {
            let mut future = pin!(future);
            poll_fn(|cx| {
                let polled = future.as_mut().poll(cx);
                if !gate.settled.load(Ordering::Relaxed) {
                    gate.driver.wake();
                }
                polled
            })
            .await;
        });
        lock(&self.0.tasks).push(task.abort_handle());
    }
}
