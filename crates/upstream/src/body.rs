//! The request's body: slices handed to hyper one by one, each let go as soon as it is written.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// A body of known length in slices. Its length gives the request its `content-length`.
#[derive(Debug)]
pub(crate) struct SendBody {
    slices: VecDeque<Bytes>,
    remaining_bytes: u64,
    /// Set once hyper has taken every slice; shared with the HTTP/1.1 connection that the request is on.
    taken: Option<Arc<AtomicBool>>,
}

impl SendBody {
    pub(crate) fn new(slices: Vec<Bytes>) -> Self {
        let remaining_bytes = slices.iter().map(|slice| slice.len() as u64).sum();
        Self { slices: slices.into(), remaining_bytes, taken: None }
    }

    /// Makes `flag` say whether hyper has taken all of this body.
    pub(crate) fn report_to(&mut self, flag: &Arc<AtomicBool>) {
        let empty = self.remaining_bytes == 0;
        flag.store(empty, Ordering::Release);
        self.taken = if empty { None } else { Some(Arc::clone(flag)) };
    }
}

impl Body for SendBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        while let Some(slice) = self.slices.pop_front() {
            if slice.is_empty() {
                continue;
            }
            self.remaining_bytes -= slice.len() as u64;
            if self.remaining_bytes == 0
                && let Some(flag) = self.taken.take()
            {
                flag.store(true, Ordering::Release);
            }
            return Poll::Ready(Some(Ok(Frame::data(slice))));
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.remaining_bytes == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining_bytes)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn slices_come_in_order_without_the_empty_ones() {
        let flag = Arc::new(AtomicBool::new(true));
        let slice = Bytes::from_static;
        let mut body = SendBody::new(vec![slice(b""), slice(b"ab"), slice(b""), slice(b"c"), slice(b"")]);
        body.report_to(&flag);
        assert!(!flag.load(Ordering::Acquire));
        assert_eq!(body.size_hint().exact(), Some(3));
        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(first, "ab");
        assert!(!body.is_end_stream() && !flag.load(Ordering::Acquire));
        assert_eq!(body.collect().await.unwrap().to_bytes(), "c");
        assert!(flag.load(Ordering::Acquire));
    }

    #[test]
    fn an_empty_body_is_taken_from_the_start() {
        let flag = Arc::new(AtomicBool::new(false));
        let mut body = SendBody::new(vec![Bytes::new()]);
        body.report_to(&flag);
        assert!(body.is_end_stream() && flag.load(Ordering::Acquire));
    }
}
