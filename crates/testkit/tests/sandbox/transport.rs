//! Beyond plain HTTP/1.1: HTTP/2 with prior knowledge, TLS, stopping.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tollgate_testkit::{Sandbox, SandboxConfig};

use crate::client::{Api, ask, sandbox};

/// Sends one request over HTTP/2; the body, or how it failed.
async fn over_http2<S>(stream: S, prompt: &str) -> hyper::Result<Bytes>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let body = Full::new(Bytes::from(Api::Chat.body(prompt, true).to_string()));
    let request = Request::post("http://sandbox/v1/chat/completions").body(body).unwrap();
    let response = sender.send_request(request).await?;
    response.into_body().collect().await.map(http_body_util::Collected::to_bytes)
}

#[tokio::test]
async fn speaks_http2_without_tls() {
    let sandbox = sandbox().await;
    let stream = TcpStream::connect(sandbox.addr()).await.unwrap();
    assert!(over_http2(stream, "hi").await.unwrap().ends_with(b"data: [DONE]\n\n"));
    let stream = TcpStream::connect(sandbox.addr()).await.unwrap();
    let error = over_http2(stream, "[[sandbox cut_after=3]]").await.unwrap_err();
    assert!(!error.is_timeout(), "{error:?}");
    assert_eq!(sandbox.counts().total.cut, 1);
}

#[tokio::test]
async fn speaks_tls() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut server = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.into())
        .unwrap();
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let config = SandboxConfig { tls: Some(Arc::new(server)), ..SandboxConfig::default() };
    let sandbox = Sandbox::start(config).await.unwrap();
    assert!(sandbox.base_url().starts_with("https://127.0.0.1:"));

    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    let mut client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(sandbox.addr()).await.unwrap();
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(client)).connect(name, stream).await.unwrap();
    assert!(over_http2(stream, "hi").await.unwrap().ends_with(b"data: [DONE]\n\n"));
}

#[tokio::test]
async fn a_stopped_sandbox_is_gone() {
    let sandbox = sandbox().await;
    ask(&sandbox, Api::Chat, "hi", false).await;
    let addr = sandbox.addr();
    sandbox.stop().await;
    assert!(TcpStream::connect(addr).await.is_err());
}
