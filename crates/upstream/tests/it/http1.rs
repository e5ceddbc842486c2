//! HTTP/1.1: reuse, dead connections, cut bodies, large bodies, early answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response, header};
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tollgate_upstream::{Client, ClientConfig, Kind, Phase};

use crate::support::certs::acceptor;
use crate::support::server::{Server, channel, echo, full, read_head};
use crate::support::{client, eventually, head, post, post_text, tls_client};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_requests_in_a_row_share_one_connection() {
    let server = Server::http1(|request| async move {
        if request.uri().path() == "/chunked" {
            let (sender, body) = channel();
            tokio::spawn(async move {
                for part in ["a", "b", "c"] {
                    sender.send(Ok(Bytes::from_static(part.as_bytes()))).await.unwrap();
                }
            });
            return Response::new(body);
        }
        echo(request).await
    })
    .await;
    let client = client();
    let endpoint = client.endpoint(&server.http(), None, true).unwrap();
    for _ in 0..100 {
        assert_eq!(post_text(&client, &endpoint, "/known", "hi").await.unwrap(), "POST /known hi");
    }
    assert_eq!(server.accepted(), 1, "known length");
    for _ in 0..100 {
        assert_eq!(post_text(&client, &endpoint, "/chunked", "").await.unwrap(), "abc");
    }
    assert_eq!(server.accepted(), 1, "chunked");
    for _ in 0..100 {
        let mut answer = post(&client, &endpoint, "/known", "hi").await.unwrap();
        assert!(answer.body.chunk().await.unwrap().is_ok());
    }
    assert_eq!(server.accepted(), 1, "known length, dropped without asking for the end");
}

#[tokio::test]
async fn concurrent_requests_have_connections_of_their_own_and_give_them_back() {
    let server = Server::http1(|request| async move {
        tokio::time::sleep(Duration::from_millis(50)).await;
        echo(request).await
    })
    .await;
    let client = client();
    let endpoint = client.endpoint(&server.http(), None, true).unwrap();
    for _ in 0..3 {
        let all =
            futures_util::future::join_all((0..20).map(|_| post_text(&client, &endpoint, "/", "x"))).await;
        assert!(all.iter().all(Result::is_ok));
    }
    assert_eq!(server.accepted(), 20);
}

#[tokio::test]
async fn what_the_server_sees() {
    let server = Server::http1(|request| async move {
        let shown = |name: header::HeaderName| {
            request.headers().get(name).map_or("-".to_owned(), |value| value.to_str().unwrap().to_owned())
        };
        let line = [
            request.uri().to_string(),
            shown(header::HOST),
            shown(header::CONTENT_LENGTH),
            shown(header::TRANSFER_ENCODING),
            shown("x-kept".parse().unwrap()),
        ]
        .join(" ");
        let body = request.into_body().collect().await.unwrap().to_bytes();
        Response::new(full(format!("{line} {}", String::from_utf8_lossy(&body))))
    })
    .await;
    let client = client();
    let endpoint = client.endpoint(&format!("{}/base/", server.http()), None, true).unwrap();
    let mut head = head("/v1/x?a=b");
    let mut headers = HeaderMap::new();
    headers.insert(header::HOST, "evil".parse().unwrap());
    headers.insert(header::CONTENT_LENGTH, "999".parse().unwrap());
    headers.insert(header::TRANSFER_ENCODING, "chunked".parse().unwrap());
    headers.insert("x-kept", "yes".parse().unwrap());
    head.headers = headers;
    let slices = vec![Bytes::from_static(b"one "), Bytes::new(), Bytes::from_static(b"two")];
    let answer = client.send(&endpoint, head, slices).await.unwrap();
    let text = answer.body.collect(1000).await.unwrap();
    assert_eq!(text, format!("/base/v1/x?a=b {} 7 - yes one two", server.addr));
}

#[tokio::test]
async fn a_connection_that_died_in_the_pool_is_replaced() {
    let server = Server::raw(|mut stream, _| async move {
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
    })
    .await;
    let client = client();
    let endpoint = client.endpoint(&server.http(), None, true).unwrap();
    for round in 1..=5 {
        assert_eq!(post_text(&client, &endpoint, "/", "").await.unwrap(), "ok");
        assert_eq!(server.accepted(), round);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn an_answer_that_never_begins_is_not_retried() {
    let server = Server::raw(|mut stream, number| async move {
        read_head(&mut stream).await;
        if number == 0 {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
            read_head(&mut stream).await;
        }
    })
    .await;
    let client = client();
    let endpoint = client.endpoint(&server.http(), None, true).unwrap();
    assert_eq!(post_text(&client, &endpoint, "/", "x").await.unwrap(), "ok");
    let error = post_text(&client, &endpoint, "/", "x").await.unwrap_err();
    assert_eq!((error.phase, error.kind, error.safe_to_retry), (Phase::FirstByte, Kind::Closed, false));
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn a_cut_body_is_an_error() {
    let cases: [&[u8]; 3] = [
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n8\r\nha",
    ];
    for answer in cases {
        let server = Server::raw(move |mut stream, _| async move {
            read_head(&mut stream).await;
            stream.write_all(answer).await.unwrap();
        })
        .await;
        let client = client();
        let endpoint = client.endpoint(&server.http(), None, true).unwrap();
        let mut body = post(&client, &endpoint, "/", "").await.unwrap().body;
        assert_eq!(body.chunk().await.unwrap().unwrap(), "half");
        let error = loop {
            match body.chunk().await {
                Some(Ok(_)) => {}
                Some(Err(error)) => break error,
                None => panic!("a clean end for {:?}", String::from_utf8_lossy(answer)),
            }
        };
        assert_eq!((error.phase, error.kind, error.safe_to_retry), (Phase::Body, Kind::Closed, false));
        assert!(body.chunk().await.is_none());
    }
}

#[tokio::test]
async fn a_body_that_ends_with_its_connection_is_whole() {
    let server = Server::raw(|mut stream, _| async move {
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nall of it").await.unwrap();
    })
    .await;
    let client = client();
    let endpoint = client.endpoint(&server.http(), None, true).unwrap();
    assert_eq!(post_text(&client, &endpoint, "/", "").await.unwrap(), "all of it");
}

#[tokio::test]
async fn garbage_is_a_protocol_error() {
    let server = Server::raw(|mut stream, _| async move {
        read_head(&mut stream).await;
        stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n\r\n").await.unwrap();
    })
    .await;
    let client = client();
    let endpoint = client.endpoint(&server.http(), None, true).unwrap();
    let error = post(&client, &endpoint, "/", "").await.unwrap_err();
    assert_eq!((error.phase, error.kind, error.safe_to_retry), (Phase::FirstByte, Kind::Protocol, false));
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let server = Server::http1(|_| async {
        Response::builder()
            .status(307)
            .header("location", "http://169.254.169.254/")
            .body(full("moved"))
            .unwrap()
    })
    .await;
    let client = client();
    let endpoint = client.endpoint(&server.http(), None, true).unwrap();
    let answer = post(&client, &endpoint, "/", "").await.unwrap();
    assert_eq!(
        (answer.status.as_u16(), &answer.headers["location"]),
        (307, &"http://169.254.169.254/".parse().unwrap())
    );
    assert_eq!(answer.body.collect(100).await.unwrap(), "moved");
}

#[tokio::test]
async fn eight_mebibytes_go_up_whole() {
    let server = Server::http1(|request| async move {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let sum: u64 = body.iter().map(|&byte| u64::from(byte)).sum();
        Response::new(full(format!("{} {sum}", body.len())))
    })
    .await;
    let client = client();
    let endpoint = client.endpoint(&server.http(), None, true).unwrap();
    let slice: Bytes = (0..1 << 20).map(|at: u32| (at % 251) as u8).collect::<Vec<_>>().into();
    let sum: u64 = slice.iter().map(|&byte| u64::from(byte)).sum();
    let answer = client.send(&endpoint, head("/"), vec![slice; 8]).await.unwrap();
    assert_eq!(answer.body.collect(1000).await.unwrap(), format!("{} {}", 8 << 20, sum * 8));
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let server = Server::http1(|_| async { Response::new(full(vec![b'x'; 100_000])) }).await;
    let client = client();
    let endpoint = client.endpoint(&server.http(), None, true).unwrap();
    let answer = post(&client, &endpoint, "/", "").await.unwrap();
    assert_eq!(answer.body.collect(99_999).await.unwrap_err().kind, Kind::TooLarge);
    let answer = post(&client, &endpoint, "/", "").await.unwrap();
    assert_eq!(answer.body.collect(100_000).await.unwrap().len(), 100_000);
}

/// The server answers after the head and closes with most of the request unread, which resets the connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_early_answer_is_not_lost_in_the_reset() {
    let server = Server::raw(|mut stream, _| async move {
        read_head(&mut stream).await;
        let body = "x".repeat(2000);
        let answer = format!(
            "HTTP/1.1 413 Content Too Large\r\nconnection: close\r\ncontent-length: 2000\r\n\r\n{body}"
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let client = client();
    let endpoint = client.endpoint(&server.http(), None, true).unwrap();
    for _ in 0..20 {
        let slices = vec![Bytes::from(vec![b'y'; 1 << 20]); 16];
        let answer = client.send(&endpoint, head("/"), slices).await.unwrap();
        assert_eq!(answer.status.as_u16(), 413);
        assert_eq!(answer.body.collect(10_000).await.unwrap().len(), 2000);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_early_answer_over_tls_is_not_lost_either() {
    let acceptor = acceptor("localhost", &["http/1.1"]);
    let server = Server::raw(move |stream, _| {
        let acceptor = acceptor.clone();
        async move {
            let mut stream = acceptor.accept(stream).await.unwrap();
            stream.read_u8().await.unwrap();
            let answer =
                b"HTTP/1.1 413 Content Too Large\r\nconnection: close\r\ncontent-length: 2\r\n\r\nno";
            stream.write_all(answer).await.unwrap();
            stream.flush().await.unwrap();
        }
    })
    .await;
    let client = tls_client();
    let endpoint = client.endpoint(&server.https(), None, true).unwrap();
    for _ in 0..20 {
        let slices = vec![Bytes::from(vec![b'y'; 1 << 20]); 16];
        let answer = client.send(&endpoint, head("/"), slices).await.unwrap();
        assert_eq!(answer.status.as_u16(), 413);
        assert_eq!(answer.body.collect(10).await.unwrap(), "no");
    }
}

#[tokio::test]
async fn a_connection_with_an_unread_request_is_not_used_again() {
    let server = Server::raw(|mut stream, _| async move {
        while read_head(&mut stream).await.is_some() {
            if stream.write_all(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno").await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_secs(30)).await;
        }
    })
    .await;
    let client = client();
    let endpoint = client.endpoint(&server.http(), None, true).unwrap();
    for round in 1..=3 {
        let slices = vec![Bytes::from(vec![b'y'; 1 << 20]); 16];
        let answer = client.send(&endpoint, head("/"), slices).await.unwrap();
        assert_eq!(answer.body.collect(10).await.unwrap(), "no");
        assert_eq!(server.accepted(), round);
    }
}

#[tokio::test]
async fn idle_connections_are_closed_in_time() {
    let open = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&open);
    let server = Server::raw(move |mut stream, _| {
        let count = Arc::clone(&count);
        async move {
            count.fetch_add(1, Ordering::SeqCst);
            read_head(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
            let _ = stream.read_u8().await;
            count.fetch_sub(1, Ordering::SeqCst);
        }
    })
    .await;
    let config = ClientConfig { idle_timeout: Duration::from_millis(200), ..ClientConfig::default() };
    let client = Client::new(config).unwrap();
    let endpoint = client.endpoint(&server.http(), None, true).unwrap();
    post_text(&client, &endpoint, "/", "").await.unwrap();
    assert_eq!(open.load(Ordering::SeqCst), 1);
    eventually("the idle connection is closed", || open.load(Ordering::SeqCst) == 0).await;
}

#[tokio::test]
async fn nobody_listening_is_refused() {
    let addr = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let client = client();
    let endpoint = client.endpoint(&format!("http://{addr}"), None, true).unwrap();
    let error = post(&client, &endpoint, "/", "").await.unwrap_err();
    assert_eq!((error.phase, error.kind, error.safe_to_retry), (Phase::Connect, Kind::Refused, true));
}
