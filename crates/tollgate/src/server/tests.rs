//! The server against plain sockets.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Bytes, Frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;

use super::*;

/// A body of one piece that comes when the sleep ends.
struct Late(Option<Pin<Box<tokio::time::Sleep>>>);

impl Body for Late {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(sleep) = self.0.as_mut() else { return Poll::Ready(None) };
        std::task::ready!(sleep.as_mut().poll(context));
        self.0 = None;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"late")))))
    }
}

/// A server whose answers' bodies take `delay`; the sender stops it, the handle tells how many it cut.
async fn start(
    delay: Duration,
    drain: Duration,
    header_read_timeout: Duration,
) -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let limits = ConnectionLimits { max_connections: 8, header_read_timeout };
    let server = Server::new(listener, limits, move |_, _| async move {
        Response::new(Late(Some(Box::pin(tokio::time::sleep(delay)))))
    });
    let (stop, stopped) = oneshot::channel();
    let handle = tokio::spawn(async move {
        server.accept_until(stopped).await.unwrap();
        server.drain(drain).await
    });
    (address, stop, handle)
}

async fn request(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut head = [0; 15];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    stream
}

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn an_open_answer_ends_before_the_server_does() {
    let (address, stop, server) = start(Duration::from_millis(200), LONG, LONG).await;
    let mut stream = request(address).await;
    stop.send(()).unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    assert!(rest.contains("late"), "{rest}");
    assert_eq!(server.await.unwrap(), 0);
    assert!(TcpStream::connect(address).await.is_err(), "a stopped server must not accept");
}

#[tokio::test]
async fn what_does_not_end_in_time_is_cut() {
    let (address, stop, server) = start(LONG, Duration::from_millis(50), LONG).await;
    let mut stream = request(address).await;
    stop.send(()).unwrap();
    assert_eq!(server.await.unwrap(), 1);
    let mut rest = Vec::new();
    // A reset or an end are both a cut; what matters is that it does not hang.
    let _ = stream.read_to_end(&mut rest).await;
    assert!(!rest.ends_with(b"0\r\n\r\n"), "a cut answer must not look finished");
}

#[tokio::test]
async fn idle_connections_do_not_hold_the_end_up() {
    let (address, stop, server) = start(Duration::ZERO, LONG, LONG).await;
    let idle = TcpStream::connect(address).await.unwrap();
    let used = request(address).await;
    stop.send(()).unwrap();
    assert_eq!(server.await.unwrap(), 0);
    drop((idle, used));
}

#[tokio::test]
async fn silent_callers_are_hung_up_on() {
    let (address, _stop, _server) = start(Duration::ZERO, LONG, Duration::from_millis(50)).await;
    for opening in [&b""[..], b"PRI * HTTP/2", b"GET / HT"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(opening).await.unwrap();
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "{opening:?} was waited for");
    }
}
