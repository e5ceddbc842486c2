//! Addresses that are not public are refused unless allowed.

use tollgate_upstream::{AllowPrivate, Client, ClientConfig, Kind, Phase};

use crate::support::server::{Server, echo};
use crate::support::{post, post_text};

fn with(allow_private: AllowPrivate) -> Client {
    Client::new(ClientConfig { allow_private, ..ClientConfig::default() }).unwrap()
}

#[tokio::test]
async fn private_addresses_are_refused() {
    let server = Server::http1(echo).await;
    let client = with(AllowPrivate::None);
    let port = server.addr.port();
    for host in [
        "127.0.0.1",
        "localhost",
        "[::ffff:127.0.0.1]",
        "[::1]",
        "0.0.0.0",
        "169.254.169.254",
        "10.0.0.1",
        "[fd00::1]",
    ] {
        let endpoint = client.endpoint(&format!("http://{host}:{port}"), None, false).unwrap();
        let error = post(&client, &endpoint, "/", "").await.unwrap_err();
        assert_eq!(
            (error.phase, error.kind, error.safe_to_retry),
            (Phase::Resolve, Kind::AddressNotAllowed, true),
            "{host}"
        );
    }
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn explicit_loopback_is_only_for_hosts_that_say_so() {
    let server = Server::http1(echo).await;
    let client = with(AllowPrivate::None);
    let port = server.addr.port();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let endpoint = client.endpoint(&format!("http://{host}:{port}"), None, true).unwrap();
        assert_eq!(post_text(&client, &endpoint, "/", "x").await.unwrap(), "POST / x", "{host}");
    }
    let endpoint = client.endpoint("http://192.168.1.1:9", None, true).unwrap();
    assert_eq!(post(&client, &endpoint, "/", "").await.unwrap_err().kind, Kind::AddressNotAllowed);
    // An endpoint without the permission does not get the connections of the one that has it.
    let endpoint = client.endpoint(&format!("http://127.0.0.1:{port}"), None, false).unwrap();
    assert_eq!(post(&client, &endpoint, "/", "").await.unwrap_err().kind, Kind::AddressNotAllowed);
}

#[tokio::test]
async fn the_operator_can_allow_networks_or_all() {
    let server = Server::http1(echo).await;
    for allow in [AllowPrivate::All, AllowPrivate::Networks(vec!["127.0.0.0/8".parse().unwrap()])] {
        let client = with(allow);
        let endpoint = client.endpoint(&server.http(), None, false).unwrap();
        assert_eq!(post_text(&client, &endpoint, "/", "x").await.unwrap(), "POST / x");
    }
    let client = with(AllowPrivate::Networks(vec!["10.0.0.0/8".parse().unwrap()]));
    let endpoint = client.endpoint(&server.http(), None, false).unwrap();
    assert_eq!(post(&client, &endpoint, "/", "").await.unwrap_err().kind, Kind::AddressNotAllowed);
}
