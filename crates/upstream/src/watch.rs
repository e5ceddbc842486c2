//! A deadline that is cheap to move: one timer that is re-armed only when it fires or must fire earlier.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// Beyond any real deadline, yet inside what every clock can express.
const FAR: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// `start` plus `wait`, or a far time when that cannot be expressed.
pub(crate) fn after(start: Instant, wait: Duration) -> Instant {
    start + wait.min(FAR)
}

/// The timer of a connection. It outlives single requests: a deadline that only moves later, chunk by chunk and
/// request by request, costs a comparison instead of a new registration.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Watch {
    /// Ready once `deadline` has passed; otherwise wakes the task in time to poll again.
    pub(crate) fn poll_until(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
        }
        loop {
            ready!(sleep.as_mut().poll(cx));
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn fires_at_the_deadline_last_asked_for() {
        let mut watch = Watch::default();
        let start = Instant::now();
        let early = after(start, Duration::from_secs(1));
        let late = after(start, Duration::from_secs(5));
        poll_fn(|cx| {
            assert!(watch.poll_until(cx, early).is_pending());
            Poll::Ready(())
        })
        .await;
        poll_fn(|cx| watch.poll_until(cx, late)).await;
        assert_eq!(start.elapsed().as_secs(), 5);

        // Armed for later, then asked for an earlier time.
        let next = after(Instant::now(), Duration::from_secs(2));
        poll_fn(|cx| {
            assert!(watch.poll_until(cx, after(next, FAR)).is_pending());
            Poll::Ready(())
        })
        .await;
        poll_fn(|cx| watch.poll_until(cx, next)).await;
        assert_eq!(start.elapsed().as_secs(), 7);
    }
}
