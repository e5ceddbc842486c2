//! Through proxies: http, https and socks5, with and without the right credentials.

use tollgate_upstream::{Kind, Phase};

use crate::support::certs::acceptor;
use crate::support::proxy::TestProxy;
use crate::support::server::{Server, echo};
use crate::support::{post, post_text, tls_client};

/// The proxy URL for a user: `scheme://user@host`. The https proxy's certificate is for `localhost`.
fn url(scheme: &str, login: &str, proxy: &TestProxy) -> String {
    format!("{scheme}://{login}localhost:{}", proxy.server.addr.port())
}

async fn proxies() -> Vec<(&'static str, TestProxy)> {
    vec![
        ("http", TestProxy::connect(None).await),
        ("https", TestProxy::connect(Some(acceptor("localhost", &[]))).await),
        ("socks5", TestProxy::socks5().await),
        ("socks5h", TestProxy::socks5().await),
    ]
}

#[tokio::test]
async fn plain_and_tls_upstreams_through_every_proxy() {
    let plain = Server::http1(echo).await;
    let http1 = Server::tls(acceptor("localhost", &["http/1.1"]), 1, echo).await;
    let http2 = Server::tls(acceptor("localhost", &["h2"]), 10, echo).await;
    let client = tls_client();
    for (scheme, proxy) in proxies().await {
        for base in [&format!("http://localhost:{}", plain.addr.port()), &http1.https(), &http2.https()] {
            let endpoint = client.endpoint(base, Some(&url(scheme, "alice:s3cret@", &proxy)), true).unwrap();
            for _ in 0..3 {
                let text = post_text(&client, &endpoint, "/p", "x").await;
                assert_eq!(text.unwrap(), "POST /p x", "{scheme} {base}");
            }
        }
        assert_eq!(proxy.server.accepted(), 3, "{scheme}: connections are kept");
        let name = if scheme == "socks5" { "127.0.0.1" } else { "localhost" };
        let expected = [&plain, &http1, &http2].map(|server| format!("{name}:{}", server.addr.port()));
        assert_eq!(proxy.targets(), expected, "{scheme}");
    }
}

#[tokio::test]
async fn wrong_or_missing_credentials() {
    let server = Server::http1(echo).await;
    let client = tls_client();
    for (scheme, proxy) in proxies().await {
        for login in ["alice:wr0ng@", ""] {
            let endpoint = client.endpoint(&server.http(), Some(&url(scheme, login, &proxy)), true).unwrap();
            let error = post(&client, &endpoint, "/", "").await.unwrap_err();
            assert_eq!(
                (error.phase, error.kind, error.safe_to_retry),
                (Phase::Proxy, Kind::ProxyAuth, true),
                "{scheme} {login}"
            );
            let shown = format!("{error} {error:?} {endpoint:?} {client:?}");
            assert!(!shown.contains("wr0ng") && !shown.contains("alice"), "{shown}");
        }
    }
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn a_proxy_that_cannot_reach_the_upstream() {
    let dead = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let client = tls_client();
    for (scheme, proxy) in proxies().await {
        let endpoint = client
            .endpoint(&format!("http://{dead}"), Some(&url(scheme, "alice:s3cret@", &proxy)), true)
            .unwrap();
        let error = post(&client, &endpoint, "/", "").await.unwrap_err();
        assert_eq!((error.phase, error.kind), (Phase::Proxy, Kind::ProxyRefused), "{scheme}");
    }
}

#[tokio::test]
async fn literal_private_targets_are_refused_also_through_a_proxy() {
    let client = tls_client();
    for (scheme, proxy) in proxies().await {
        for base in ["http://169.254.169.254", "http://127.0.0.1:1", "http://localhost:1", "https://[::1]:1"]
        {
            let endpoint = client.endpoint(base, Some(&url(scheme, "alice:s3cret@", &proxy)), false).unwrap();
            let error = post(&client, &endpoint, "/", "").await.unwrap_err();
            assert_eq!(error.kind, Kind::AddressNotAllowed, "{scheme} {base}");
        }
        assert_eq!(proxy.server.accepted(), 0);
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there() {
    let client = tls_client();
    let endpoint = client.endpoint("http://example.com", Some("http://127.0.0.1:1"), false).unwrap();
    let error = post(&client, &endpoint, "/", "").await.unwrap_err();
    assert_eq!((error.phase, error.kind, error.safe_to_retry), (Phase::Proxy, Kind::Refused, true));
}
