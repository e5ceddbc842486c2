//! Whom TLS trusts.

use std::time::Duration;

use tollgate_upstream::{Client, ClientConfig, Http2Mode, Kind, Phase};

use crate::support::certs::acceptor;
use crate::support::server::{Server, echo};
use crate::support::{client, post, post_text, tls_client, tls_config};

#[tokio::test]
async fn the_extra_authority_is_trusted_and_the_connection_kept() {
    let server = Server::tls(acceptor("localhost", &["http/1.1"]), 1, echo).await;
    let client = tls_client();
    let endpoint = client.endpoint(&server.https(), None, true).unwrap();
    for _ in 0..20 {
        assert_eq!(post_text(&client, &endpoint, "/a", "b").await.unwrap(), "POST /a b");
    }
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn an_unknown_authority_is_refused() {
    let server = Server::tls(acceptor("localhost", &["h2", "http/1.1"]), 1, echo).await;
    let client = client();
    let endpoint = client.endpoint(&server.https(), None, true).unwrap();
    let error = post(&client, &endpoint, "/", "").await.unwrap_err();
    assert_eq!((error.phase, error.kind, error.safe_to_retry), (Phase::Tls, Kind::Certificate, true));
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let server = Server::tls(acceptor("other.example", &["h2", "http/1.1"]), 1, echo).await;
    let client = tls_client();
    let endpoint = client.endpoint(&server.https(), None, true).unwrap();
    let error = post(&client, &endpoint, "/", "").await.unwrap_err();
    assert_eq!((error.phase, error.kind), (Phase::Tls, Kind::Certificate));
}

#[tokio::test]
async fn a_certificate_for_an_address_works() {
    let server = Server::tls(acceptor("127.0.0.1", &["h2", "http/1.1"]), 10, echo).await;
    let client = tls_client();
    let endpoint = client.endpoint(&format!("https://{}", server.addr), None, true).unwrap();
    assert_eq!(post_text(&client, &endpoint, "/a", "b").await.unwrap(), "POST /a b");
}

#[tokio::test]
async fn a_plain_server_is_a_tls_error() {
    let server = Server::http1(echo).await;
    let client = tls_client();
    let endpoint = client.endpoint(&server.https(), None, true).unwrap();
    let error = post(&client, &endpoint, "/", "").await.unwrap_err();
    assert_eq!(error.phase, Phase::Tls);
    assert!(error.safe_to_retry);
}

#[tokio::test]
async fn http2_can_be_switched_off() {
    let server = Server::tls(acceptor("localhost", &["h2", "http/1.1"]), 100, |request| async move {
        let version = format!("{:?}", request.version());
        tokio::time::sleep(Duration::from_millis(50)).await;
        http::Response::new(crate::support::server::full(version))
    })
    .await;
    let auto = tls_client();
    let endpoint = auto.endpoint(&server.https(), None, true).unwrap();
    assert_eq!(post_text(&auto, &endpoint, "/", "").await.unwrap(), "HTTP/2.0");
    let never = Client::new(ClientConfig { http2: Http2Mode::Never, ..tls_config() }).unwrap();
    let endpoint = never.endpoint(&server.https(), None, true).unwrap();
    assert_eq!(post_text(&never, &endpoint, "/", "").await.unwrap(), "HTTP/1.1");
}
