//! The byte stream under a connection: plain, TLS, or TLS inside a TLS proxy.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// Without `dyn`, so that the common layers cost no indirect call.
#[derive(Debug)]
pub(crate) enum Wire {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    TlsInTls(Box<TlsStream<TlsStream<TcpStream>>>),
}

/// A wire that prefers the peer's last words over a failed write.
///
/// A server may answer before it has read the whole request, then close: the next write fails although an answer
/// lies in the receive buffer. Such a failure is held back until the read side has come to its own end.
#[derive(Debug)]
pub(crate) struct Stream {
    wire: Wire,
    write_failed: bool,
    read_ended: bool,
}

impl Stream {
    pub(crate) fn new(wire: Wire) -> Self {
        Self { wire, write_failed: false, read_ended: false }
    }

    fn poll_write_with<T>(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(&mut Wire, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if self.write_failed {
            return self.held_back();
        }
        match write(&mut self.wire, cx) {
            Poll::Ready(Err(error)) if is_peer_gone(&error) => {
                self.write_failed = true;
                // The reader may not have been asked since the peer went away.
                cx.waker().wake_by_ref();
                self.held_back()
            }
            other => other,
        }
    }

    fn held_back<T>(&self) -> Poll<io::Result<T>> {
        if self.read_ended { Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())) } else { Poll::Pending }
    }
}

fn is_peer_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted
    )
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = match &mut self.wire {
            Wire::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Wire::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
            Wire::TlsInTls(stream) => Pin::new(stream).poll_read(cx, buf),
        };
        match &polled {
            Poll::Ready(Err(_)) => self.read_ended = true,
            Poll::Ready(Ok(())) if buf.filled().len() == before && buf.remaining() > 0 => {
                self.read_ended = true;
            }
            _ => {}
        }
        polled
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_with(cx, |wire, cx| match wire {
            Wire::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Wire::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
            Wire::TlsInTls(stream) => Pin::new(stream).poll_write(cx, buf),
        })
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_with(cx, |wire, cx| match wire {
            Wire::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Wire::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Wire::TlsInTls(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        })
    }

    fn is_write_vectored(&self) -> bool {
        match &self.wire {
            Wire::Plain(stream) => stream.is_write_vectored(),
            Wire::Tls(stream) => stream.is_write_vectored(),
            Wire::TlsInTls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_write_with(cx, |wire, cx| match wire {
            Wire::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Wire::Tls(stream) => Pin::new(stream).poll_flush(cx),
            Wire::TlsInTls(stream) => Pin::new(stream).poll_flush(cx),
        })
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.wire {
            Wire::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Wire::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            Wire::TlsInTls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
