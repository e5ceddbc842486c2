//! Servers to talk to, and short forms for talking to them.

pub(crate) mod certs;
pub(crate) mod proxy;
pub(crate) mod server;

use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method};
use tollgate_upstream::{Answer, Client, ClientConfig, Endpoint, RequestHead, UpstreamError};

/// A client with the default settings.
pub(crate) fn client() -> Client {
    Client::new(ClientConfig::default()).unwrap()
}

/// A client that trusts the test authority.
pub(crate) fn tls_client() -> Client {
    Client::new(tls_config()).unwrap()
}

pub(crate) fn tls_config() -> ClientConfig {
    ClientConfig { extra_ca_file: Some(certs::authority().ca_file.clone()), ..ClientConfig::default() }
}

pub(crate) fn head(path: &'static str) -> RequestHead {
    RequestHead {
        method: Method::POST,
        path_and_query: PathAndQuery::from_static(path),
        headers: HeaderMap::new(),
    }
}

pub(crate) async fn post(
    client: &Client,
    endpoint: &Endpoint,
    path: &'static str,
    body: &'static str,
) -> Result<Answer, UpstreamError> {
    client.send(endpoint, head(path), vec![Bytes::from_static(body.as_bytes())]).await
}

/// Posts and reads the whole answer as text.
pub(crate) async fn post_text(
    client: &Client,
    endpoint: &Endpoint,
    path: &'static str,
    body: &'static str,
) -> Result<String, UpstreamError> {
    let answer = post(client, endpoint, path, body).await?;
    let bytes = answer.body.collect(usize::MAX).await?;
    Ok(String::from_utf8(bytes.to_vec()).unwrap())
}

/// Waits until `condition` holds; fails after five seconds.
pub(crate) async fn eventually(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..500 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never happened: {what}");
}
