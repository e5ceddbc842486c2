//! HTTP/2: many connections under load, reuse, resets, and the fall back to HTTP/1.1.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use http::Response;
use http_body_util::BodyExt;
use tokio::sync::Barrier;
use tollgate_upstream::{Client, ClientConfig, Kind, Phase};

use crate::support::certs::acceptor;
use crate::support::server::{Server, channel, echo, full};
use crate::support::{eventually, head, post, post_text, tls_client, tls_config};

/// A server that answers nobody until `count` requests are with it at the same time.
async fn gathering(count: usize, max_streams: u32) -> Server {
    let barrier = Arc::new(Barrier::new(count));
    Server::tls(acceptor("localhost", &["h2", "http/1.1"]), max_streams, move |request| {
        let barrier = Arc::clone(&barrier);
        async move {
            let body = request.into_body().collect().await.unwrap().to_bytes();
            barrier.wait().await;
            Response::new(full(body))
        }
    })
    .await
}

async fn all_together(client: &Client, server: &Server, count: usize) {
    let endpoint = client.endpoint(&server.https(), None, true).unwrap();
    let requests = (0..count).map(|number| {
        let (client, endpoint) = (client.clone(), endpoint.clone());
        tokio::spawn(async move {
            let body = format!("request {number}");
            let answer = client.send(&endpoint, head("/"), vec![Bytes::from(body.clone())]).await.unwrap();
            assert_eq!(answer.body.collect(100).await.unwrap(), body);
        })
    });
    let all = tokio::time::timeout(Duration::from_secs(60), join_all(requests)).await;
    assert!(all.expect("all requests are in flight together").iter().all(Result::is_ok));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_at_once_where_a_connection_carries_a_hundred() {
    let server = gathering(1000, 100).await;
    let client = tls_client();
    all_together(&client, &server, 1000).await;
    let first = server.accepted();
    assert!((10..=12).contains(&first), "{first} connections");
    all_together(&client, &server, 1000).await;
    assert!(server.accepted() <= first + 1, "the connections are used again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_allows_few_streams() {
    let server = gathering(60, 3).await;
    all_together(&tls_client(), &server, 60).await;
    assert!((20..=24).contains(&server.accepted()), "{} connections", server.accepted());
}

#[tokio::test]
async fn a_server_that_allows_one_stream() {
    let server = gathering(5, 1).await;
    all_together(&tls_client(), &server, 5).await;
    assert!((5..=7).contains(&server.accepted()), "{} connections", server.accepted());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beyond_the_last_connection_requests_wait_their_turn() {
    let server = Server::tls(acceptor("localhost", &["h2"]), 10, |request| async move {
        tokio::time::sleep(Duration::from_millis(20)).await;
        echo(request).await
    })
    .await;
    let client = Client::new(ClientConfig { max_http2_connections_per_host: 2, ..tls_config() }).unwrap();
    let endpoint = client.endpoint(&server.https(), None, true).unwrap();
    let all = join_all((0..100).map(|_| post_text(&client, &endpoint, "/", "x"))).await;
    assert!(all.iter().all(|text| text.as_ref().is_ok_and(|text| text == "POST / x")));
    assert_eq!(server.accepted(), 2);
}

#[tokio::test]
async fn requests_in_a_row_share_one_connection() {
    let server = Server::tls(acceptor("localhost", &["h2", "http/1.1"]), 100, echo).await;
    let client = tls_client();
    let endpoint = client.endpoint(&format!("{}/base", server.https()), None, true).unwrap();
    for _ in 0..100 {
        assert_eq!(post_text(&client, &endpoint, "/a", "b").await.unwrap(), "POST /base/a b");
    }
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn a_host_that_only_speaks_http1() {
    let server = Server::tls(acceptor("localhost", &["http/1.1"]), 1, |request| async move {
        tokio::time::sleep(Duration::from_millis(50)).await;
        echo(request).await
    })
    .await;
    let client = tls_client();
    let endpoint = client.endpoint(&server.https(), None, true).unwrap();
    for _ in 0..3 {
        let all = join_all((0..30).map(|_| post_text(&client, &endpoint, "/", "x"))).await;
        assert!(all.iter().all(Result::is_ok));
    }
    assert_eq!(server.accepted(), 30);
}

#[tokio::test]
async fn a_failed_dial_is_told_to_all_who_waited() {
    let server = Server::raw(|stream, _| async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        drop(stream);
    })
    .await;
    let client = tls_client();
    let endpoint = client.endpoint(&server.https(), None, true).unwrap();
    let all = join_all((0..50).map(|_| post(&client, &endpoint, "/", "x"))).await;
    assert!(
        all.iter().all(|answer| { answer.as_ref().is_err_and(|e| e.phase == Phase::Tls && e.safe_to_retry) })
    );
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn a_server_that_never_sends_its_settings() {
    let acceptor = acceptor("localhost", &["h2"]);
    let server = Server::raw(move |stream, _| {
        let acceptor = acceptor.clone();
        async move {
            let stream = acceptor.accept(stream).await.unwrap();
            tokio::time::sleep(Duration::from_secs(60)).await;
            drop(stream);
        }
    })
    .await;
    let mut config = tls_config();
    config.timeouts.tls = Duration::from_millis(300);
    config.timeouts.first_byte = Duration::from_secs(5);
    let client = Client::new(config).unwrap();
    let endpoint = client.endpoint(&server.https(), None, true).unwrap();
    let all = tokio::time::timeout(
        Duration::from_secs(3),
        join_all((0..5).map(|_| post(&client, &endpoint, "/", "x"))),
    );
    assert!(all.await.unwrap().iter().all(Result::is_err));
}

#[tokio::test]
async fn a_caller_that_leaves_does_not_stop_the_dial_of_the_others() {
    let server = Server::tls(acceptor("localhost", &["h2"]), 100, echo).await;
    let client = tls_client();
    let endpoint = client.endpoint(&server.https(), None, true).unwrap();
    let first = {
        let (client, endpoint) = (client.clone(), endpoint.clone());
        tokio::spawn(async move { post_text(&client, &endpoint, "/", "x").await })
    };
    tokio::task::yield_now().await;
    let second = {
        let (client, endpoint) = (client.clone(), endpoint.clone());
        tokio::spawn(async move { post_text(&client, &endpoint, "/", "y").await })
    };
    tokio::task::yield_now().await;
    first.abort();
    assert_eq!(second.await.unwrap().unwrap(), "POST / y");
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn a_cut_stream_is_an_error() {
    let server = Server::tls(acceptor("localhost", &["h2"]), 100, |_| async {
        let (sender, body) = channel();
        tokio::spawn(async move {
            sender.send(Ok(Bytes::from_static(b"half"))).await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
            sender.send(Err(std::io::Error::other("cut"))).await.unwrap();
        });
        Response::new(body)
    })
    .await;
    let client = tls_client();
    let endpoint = client.endpoint(&server.https(), None, true).unwrap();
    let mut body = post(&client, &endpoint, "/", "").await.unwrap().body;
    assert_eq!(body.chunk().await.unwrap().unwrap(), "half");
    let error = body.chunk().await.unwrap().unwrap_err();
    assert_eq!((error.phase, error.kind, error.safe_to_retry), (Phase::Body, Kind::Reset, false));
}

/// hyper alone takes a reset with `NO_ERROR` for the end of the body.
#[tokio::test]
async fn a_stream_cut_with_no_error_is_an_error_too() {
    let server = raw_http2(|mut respond| async move {
        let mut stream = respond.send_response(Response::new(()), false).unwrap();
        stream.send_data(Bytes::from_static(b"half"), false).unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        stream.send_reset(h2::Reason::NO_ERROR);
    })
    .await;
    let client = tls_client();
    let endpoint = client.endpoint(&server.https(), None, true).unwrap();
    let mut body = post(&client, &endpoint, "/", "x").await.unwrap().body;
    assert_eq!(body.chunk().await.unwrap().unwrap(), "half");
    assert_eq!(body.chunk().await.unwrap().unwrap_err().kind, Kind::Closed);
}

#[tokio::test]
async fn a_refused_stream_may_be_sent_again() {
    let server = raw_http2(|mut respond| async move { respond.send_reset(h2::Reason::REFUSED_STREAM) }).await;
    let client = tls_client();
    let endpoint = client.endpoint(&server.https(), None, true).unwrap();
    let error = post(&client, &endpoint, "/", "x").await.unwrap_err();
    assert_eq!((error.kind, error.safe_to_retry), (Kind::Reset, true));
    let server = raw_http2(|mut respond| async move { respond.send_reset(h2::Reason::INTERNAL_ERROR) }).await;
    let endpoint = client.endpoint(&server.https(), None, true).unwrap();
    let error = post(&client, &endpoint, "/", "x").await.unwrap_err();
    assert_eq!((error.phase, error.kind, error.safe_to_retry), (Phase::FirstByte, Kind::Reset, false));
}

/// The server answers, ends its stream, and only then says that it wants no more of the request.
#[tokio::test]
async fn an_early_answer_is_whole() {
    let server = raw_http2(|mut respond| async move {
        let response = Response::builder().status(413).body(()).unwrap();
        let mut stream = respond.send_response(response, false).unwrap();
        stream.send_data(Bytes::from_static(b"too large"), true).unwrap();
        // A reset drops what is still in the server's queue.
        tokio::time::sleep(Duration::from_millis(50)).await;
        stream.send_reset(h2::Reason::NO_ERROR);
    })
    .await;
    let client = tls_client();
    let endpoint = client.endpoint(&server.https(), None, true).unwrap();
    let slices = vec![Bytes::from(vec![0; 1 << 20]); 16];
    let answer = client.send(&endpoint, head("/"), slices).await.unwrap();
    assert_eq!(answer.status.as_u16(), 413);
    assert_eq!(answer.body.collect(100).await.unwrap(), "too large");
}

#[tokio::test]
async fn eight_mebibytes_each_way() {
    let server = Server::tls(acceptor("localhost", &["h2"]), 100, |request| async move {
        Response::new(full(request.into_body().collect().await.unwrap().to_bytes()))
    })
    .await;
    let client = tls_client();
    let endpoint = client.endpoint(&server.https(), None, true).unwrap();
    let slice = Bytes::from(vec![7; 1 << 20]);
    let answer = client.send(&endpoint, head("/"), vec![slice; 8]).await.unwrap();
    let body = answer.body.collect(8 << 20).await.unwrap();
    assert!(body.len() == 8 << 20 && body.iter().all(|&byte| byte == 7));
}

#[tokio::test]
async fn a_new_connection_follows_a_goaway() {
    let served = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&served);
    let acceptor = acceptor("localhost", &["h2"]);
    let server = Server::raw(move |stream, _| {
        let (acceptor, count) = (acceptor.clone(), Arc::clone(&count));
        async move {
            let mut connection = h2::server::handshake(acceptor.accept(stream).await.unwrap()).await.unwrap();
            let (_, mut respond) = connection.accept().await.unwrap().unwrap();
            let mut stream = respond.send_response(Response::new(()), false).unwrap();
            stream.send_data(Bytes::from_static(b"last"), true).unwrap();
            count.fetch_add(1, Ordering::SeqCst);
            connection.graceful_shutdown();
            while connection.accept().await.is_some() {}
        }
    })
    .await;
    let client = tls_client();
    let endpoint = client.endpoint(&server.https(), None, true).unwrap();
    for round in 1..=3 {
        assert_eq!(post_text(&client, &endpoint, "/", "").await.unwrap(), "last");
        assert_eq!(served.load(Ordering::SeqCst), round);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(server.accepted(), 3);
}

#[tokio::test]
async fn idle_connections_are_closed_in_time() {
    let open = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&open);
    let acceptor = acceptor("localhost", &["h2"]);
    let server = Server::raw(move |stream, _| {
        let (acceptor, count) = (acceptor.clone(), Arc::clone(&count));
        async move {
            count.fetch_add(1, Ordering::SeqCst);
            let mut connection = h2::server::handshake(acceptor.accept(stream).await.unwrap()).await.unwrap();
            while let Some(Ok((_, mut respond))) = connection.accept().await {
                respond.send_response(Response::new(()), true).unwrap();
            }
            count.fetch_sub(1, Ordering::SeqCst);
        }
    })
    .await;
    let config = ClientConfig { idle_timeout: Duration::from_millis(300), ..tls_config() };
    let client = Client::new(config).unwrap();
    let endpoint = client.endpoint(&server.https(), None, true).unwrap();
    post_text(&client, &endpoint, "/", "").await.unwrap();
    assert_eq!(open.load(Ordering::SeqCst), 1);
    eventually("the idle connection is closed", || open.load(Ordering::SeqCst) == 0).await;
}

/// The peer takes the request, answers its head, and then says nothing, not even to pings.
#[tokio::test]
async fn a_dead_connection_is_noticed_by_pings() {
    let acceptor = acceptor("localhost", &["h2"]);
    let server = Server::raw(move |stream, _| {
        let acceptor = acceptor.clone();
        async move {
            let mut connection = h2::server::handshake(acceptor.accept(stream).await.unwrap()).await.unwrap();
            let (_, mut respond) = connection.accept().await.unwrap().unwrap();
            let _stream = respond.send_response(Response::new(()), false).unwrap();
            let _ = tokio::time::timeout(Duration::from_millis(100), connection.accept()).await;
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
    })
    .await;
    let config = ClientConfig {
        http2_ping_interval: Some(Duration::from_millis(200)),
        http2_ping_timeout: Duration::from_millis(200),
        ..tls_config()
    };
    let client = Client::new(config).unwrap();
    let endpoint = client.endpoint(&server.https(), None, true).unwrap();
    let mut body = post(&client, &endpoint, "/", "").await.unwrap().body;
    let next = tokio::time::timeout(Duration::from_secs(5), body.chunk()).await.unwrap();
    let error = next.unwrap().unwrap_err();
    assert_eq!((error.phase, error.safe_to_retry), (Phase::Body, false), "{error:?}");
}

/// An HTTP/2 server that hands each stream to `each`.
async fn raw_http2<F, R>(each: F) -> Server
where
    F: Fn(h2::server::SendResponse<Bytes>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let acceptor = acceptor("localhost", &["h2"]);
    Server::raw(move |stream, _| {
        let (acceptor, each) = (acceptor.clone(), each.clone());
        async move {
            let mut connection = h2::server::handshake(acceptor.accept(stream).await.unwrap()).await.unwrap();
            let mut requests = Vec::new();
            while let Some(Ok((request, respond))) = connection.accept().await {
                requests.push(request);
                tokio::spawn(each(respond));
            }
        }
    })
    .await
}
