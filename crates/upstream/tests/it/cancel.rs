//! Dropping the request or the answer cancels it upstream.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::certs::acceptor;
use crate::support::server::{Server, channel, echo, read_head};
use crate::support::{client, eventually, head, post, post_text, tls_client};

/// Sends chunks for ever; counts the connections that are open.
async fn endless(open: Arc<AtomicUsize>) -> Server {
    Server::raw(move |mut stream, _| {
        let open = Arc::clone(&open);
        async move {
            open.fetch_add(1, Ordering::SeqCst);
            let head = read_head(&mut stream).await.unwrap();
            if head.starts_with("POST /stream") {
                stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
                while stream.write_all(b"1\r\nx\r\n").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
            // Whatever else is asked is never answered, and read late.
            if head.starts_with("POST /unread") {
                tokio::time::sleep(Duration::from_millis(400)).await;
            }
            let mut sink = vec![0; 1 << 16];
            let mut total = 0;
            while let Ok(read @ 1..) = stream.read(&mut sink).await {
                total += read;
            }
            assert!(total < 16 << 20, "the rest of the request came although nobody waits: {total}");
            open.fetch_sub(1, Ordering::SeqCst);
        }
    })
    .await
}

#[tokio::test]
async fn an_answer_dropped_halfway_closes_the_connection() {
    let open = Arc::new(AtomicUsize::new(0));
    let server = endless(Arc::clone(&open)).await;
    let client = client();
    let endpoint = client.endpoint(&server.http(), None, true).unwrap();
    let mut answer = post(&client, &endpoint, "/stream", "").await.unwrap();
    assert_eq!(answer.body.chunk().await.unwrap().unwrap(), "x");
    assert_eq!(open.load(Ordering::SeqCst), 1);
    drop(answer);
    eventually("the connection is closed", || open.load(Ordering::SeqCst) == 0).await;
}

#[tokio::test]
async fn a_request_dropped_while_waiting_closes_the_connection() {
    let open = Arc::new(AtomicUsize::new(0));
    let server = endless(Arc::clone(&open)).await;
    let client = client();
    let endpoint = client.endpoint(&server.http(), None, true).unwrap();
    let waited =
        tokio::time::timeout(Duration::from_millis(100), post(&client, &endpoint, "/silent", "x")).await;
    assert!(waited.is_err());
    eventually("the connection is closed", || open.load(Ordering::SeqCst) == 0).await;
}

/// The server does not read, so the request is stuck in sending: it must not live on without its caller.
#[tokio::test]
async fn a_request_dropped_while_sending_closes_the_connection() {
    let open = Arc::new(AtomicUsize::new(0));
    let server = endless(Arc::clone(&open)).await;
    let client = client();
    let endpoint = client.endpoint(&server.http(), None, true).unwrap();
    let slices = vec![Bytes::from(vec![0; 1 << 20]); 32];
    let sending = client.send(&endpoint, head("/unread"), slices);
    assert!(tokio::time::timeout(Duration::from_millis(200), sending).await.is_err());
    eventually("the connection is closed", || open.load(Ordering::SeqCst) == 0).await;
}

#[tokio::test]
async fn an_http2_answer_dropped_halfway_resets_its_stream_only() {
    let (gone, mut heard) = tokio::sync::mpsc::channel(8);
    let server = Server::tls(acceptor("localhost", &["h2"]), 100, move |request| {
        let gone = gone.clone();
        async move {
            if request.uri().path() != "/stream" {
                return echo(request).await;
            }
            let (sender, body) = channel();
            tokio::spawn(async move {
                while sender.send(Ok(Bytes::from_static(b"x"))).await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                gone.send(()).await.unwrap();
            });
            Response::new(body)
        }
    })
    .await;
    let client = tls_client();
    let endpoint = client.endpoint(&server.https(), None, true).unwrap();
    let mut answer = post(&client, &endpoint, "/stream", "").await.unwrap();
    assert!(answer.body.chunk().await.unwrap().is_ok());
    drop(answer);
    tokio::time::timeout(Duration::from_secs(5), heard.recv()).await.unwrap().unwrap();
    assert_eq!(post_text(&client, &endpoint, "/next", "y").await.unwrap(), "POST /next y");
    assert_eq!(server.accepted(), 1);
}
