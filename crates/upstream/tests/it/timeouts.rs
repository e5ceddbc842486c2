//! Every phase has its own time, and no phase is charged with another's.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tollgate_upstream::{Client, ClientConfig, Kind, Phase, Timeouts};

use crate::support::server::{Server, channel, read_head};
use crate::support::{post, tls_config};

const SHORT: Duration = Duration::from_millis(150);

fn with(change: impl FnOnce(&mut Timeouts)) -> Client {
    let mut config = tls_config();
    change(&mut config.timeouts);
    Client::new(config).unwrap()
}

/// Reads and says nothing.
async fn silent() -> Server {
    Server::raw(|mut stream, _| async move {
        let mut sink = [0; 4096];
        while stream.read(&mut sink).await.is_ok_and(|read| read > 0) {}
    })
    .await
}

#[tokio::test]
async fn connect() {
    // A full accept queue leaves further connections unanswered.
    let listener = tokio::net::TcpSocket::new_v4().unwrap();
    listener.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener: TcpListener = listener.listen(1).unwrap();
    let addr = listener.local_addr().unwrap();
    let mut fillers = Vec::new();
    while let Ok(stream) = tokio::time::timeout(SHORT, tokio::net::TcpStream::connect(addr)).await {
        fillers.push(stream.unwrap());
    }
    let client = with(|timeouts| timeouts.connect = SHORT);
    let endpoint = client.endpoint(&format!("http://{addr}"), None, true).unwrap();
    let error = post(&client, &endpoint, "/", "").await.unwrap_err();
    assert_eq!((error.phase, error.kind, error.safe_to_retry), (Phase::Connect, Kind::Timeout, true));
}

#[tokio::test]
async fn tls() {
    let server = silent().await;
    let client = with(|timeouts| timeouts.tls = SHORT);
    let endpoint = client.endpoint(&server.https(), None, true).unwrap();
    let error = post(&client, &endpoint, "/", "").await.unwrap_err();
    assert_eq!((error.phase, error.kind, error.safe_to_retry), (Phase::Tls, Kind::Timeout, true));
}

#[tokio::test]
async fn proxy() {
    let server = silent().await;
    let client = with(|timeouts| timeouts.connect = SHORT);
    for scheme in ["http", "https", "socks5h"] {
        let proxy = format!("{scheme}://{}", server.addr);
        let endpoint = client.endpoint("http://example.com", Some(&proxy), false).unwrap();
        let error = post(&client, &endpoint, "/", "").await.unwrap_err();
        assert_eq!(
            (error.phase, error.kind, error.safe_to_retry),
            (Phase::Proxy, Kind::Timeout, true),
            "{scheme}"
        );
    }
}

#[tokio::test]
async fn first_byte() {
    let server = silent().await;
    let client = with(|timeouts| timeouts.first_byte = SHORT);
    let endpoint = client.endpoint(&server.http(), None, true).unwrap();
    let error = post(&client, &endpoint, "/", "x").await.unwrap_err();
    assert_eq!((error.phase, error.kind, error.safe_to_retry), (Phase::FirstByte, Kind::Timeout, false));
}

#[tokio::test]
async fn first_byte_of_every_request_on_a_connection() {
    let server = Server::raw(|mut stream, _| async move {
        for _ in 0..2 {
            read_head(&mut stream).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
        }
        read_head(&mut stream).await;
        tokio::time::sleep(Duration::from_secs(30)).await;
    })
    .await;
    let client = with(|timeouts| timeouts.first_byte = SHORT);
    let endpoint = client.endpoint(&server.http(), None, true).unwrap();
    for _ in 0..2 {
        assert_eq!(post(&client, &endpoint, "/", "").await.unwrap().body.collect(9).await.unwrap(), "ok");
    }
    let error = post(&client, &endpoint, "/", "").await.unwrap_err();
    assert_eq!((error.phase, error.kind), (Phase::FirstByte, Kind::Timeout));
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn idle() {
    let server = Server::raw(|mut stream, _| async move {
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf").await.unwrap();
        tokio::time::sleep(Duration::from_secs(30)).await;
    })
    .await;
    let client = with(|timeouts| timeouts.idle = SHORT);
    let endpoint = client.endpoint(&server.http(), None, true).unwrap();
    let mut body = post(&client, &endpoint, "/", "").await.unwrap().body;
    assert_eq!(body.chunk().await.unwrap().unwrap(), "half");
    // A reader that gives up waiting again and again does not move the deadline.
    let started = tokio::time::Instant::now();
    let error = loop {
        match tokio::time::timeout(Duration::from_millis(20), body.chunk()).await {
            Ok(result) => break result.unwrap().unwrap_err(),
            Err(_) => assert!(started.elapsed() < Duration::from_secs(5)),
        }
    };
    assert_eq!((error.phase, error.kind, error.safe_to_retry), (Phase::Idle, Kind::Timeout, false));
    assert!(body.chunk().await.is_none());
}

#[tokio::test]
async fn a_reader_that_takes_its_time_is_not_an_idle_upstream() {
    let server = Server::raw(|mut stream, _| async move {
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nhalf").await.unwrap();
        tokio::time::sleep(Duration::from_millis(350)).await;
        stream.write_all(b"rest").await.unwrap();
    })
    .await;
    let client = with(|timeouts| timeouts.idle = SHORT);
    let endpoint = client.endpoint(&server.http(), None, true).unwrap();
    let mut body = post(&client, &endpoint, "/", "").await.unwrap().body;
    assert_eq!(body.chunk().await.unwrap().unwrap(), "half");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(body.chunk().await.unwrap().unwrap(), "rest");
}

async fn ticking(count: usize) -> Server {
    Server::http1(move |_| async move {
        let (sender, body) = channel();
        tokio::spawn(async move {
            for _ in 0..count {
                if sender.send(Ok(Bytes::from_static(b"tick"))).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        Response::new(body)
    })
    .await
}

#[tokio::test]
async fn a_slow_stream_may_outlast_first_byte_and_idle() {
    let server = ticking(12).await;
    let client = with(|timeouts| {
        timeouts.first_byte = SHORT;
        timeouts.idle = SHORT;
    });
    let endpoint = client.endpoint(&server.http(), None, true).unwrap();
    let body = post(&client, &endpoint, "/", "").await.unwrap().body;
    assert_eq!(body.collect(1000).await.unwrap().len(), 48);
}

#[tokio::test]
async fn total() {
    let server = ticking(1000).await;
    let client = with(|timeouts| timeouts.total = SHORT);
    let endpoint = client.endpoint(&server.http(), None, true).unwrap();
    let body = post(&client, &endpoint, "/", "").await.unwrap().body;
    let error = body.collect(100_000).await.unwrap_err();
    assert_eq!((error.phase, error.kind, error.safe_to_retry), (Phase::Total, Kind::Timeout, false));

    let silent = silent().await;
    let endpoint = client.endpoint(&silent.http(), None, true).unwrap();
    assert_eq!(post(&client, &endpoint, "/", "").await.unwrap_err().phase, Phase::Total);
    let endpoint = client.endpoint(&silent.https(), None, true).unwrap();
    assert_eq!(post(&client, &endpoint, "/", "").await.unwrap_err().phase, Phase::Total);
}

#[tokio::test]
async fn no_limit_at_all_is_possible() {
    let server = ticking(2).await;
    let far = Duration::MAX;
    let timeouts = Timeouts { connect: far, tls: far, first_byte: far, idle: far, total: far };
    let client = Client::new(ClientConfig { timeouts, ..ClientConfig::default() }).unwrap();
    let endpoint = client.endpoint(&server.http(), None, true).unwrap();
    let body = post(&client, &endpoint, "/", "").await.unwrap().body;
    assert_eq!(body.collect(1000).await.unwrap().len(), 8);
}
