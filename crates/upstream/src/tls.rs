//! TLS with rustls: which roots are trusted, which protocols are offered.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig as TlsConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::config::{ClientConfig, Http2Mode};
use crate::error::{Kind, Phase, UpstreamError};

/// The two TLS profiles: towards an upstream, and towards an `https://` proxy, which only speaks HTTP/1.1.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) upstream: TlsConnector,
    pub(crate) proxy: TlsConnector,
}

impl Tls {
    pub(crate) fn new(config: &ClientConfig) -> Result<Self, UpstreamError> {
        let roots = roots(config.extra_ca_file.as_deref())?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let base = TlsConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| UpstreamError::new(Phase::Setup, Kind::BadConfig).source(error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut upstream = base.clone();
        if config.http2 == Http2Mode::Auto {
            upstream.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        } else {
            upstream.alpn_protocols = vec![b"http/1.1".to_vec()];
        }
        let mut proxy = base;
        proxy.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { upstream: Arc::new(upstream).into(), proxy: Arc::new(proxy).into() })
    }
}

/// The system's roots, so that a company's own authority works; where there are none (an empty container), Mozilla's
/// list; and in both cases the operator's extra file.
fn roots(extra: Option<&Path>) -> Result<RootCertStore, UpstreamError> {
    let mut store = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        tracing::debug!(%error, "a system root certificate could not be read");
    }
    let (_, unusable) = store.add_parsable_certificates(native.certs);
    if unusable > 0 {
        tracing::debug!(unusable, "system root certificates were left out");
    }
    if store.is_empty() {
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    if let Some(path) = extra {
        add_file(&mut store, path)?;
    }
    Ok(store)
}

fn add_file(store: &mut RootCertStore, path: &Path) -> Result<(), UpstreamError> {
    let bad = |why: String| {
        UpstreamError::new(Phase::Setup, Kind::BadConfig)
            .detail(format!("extra CA file {}: {why}", path.display()))
    };
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| bad(error.to_string()))?;
    if certificates.is_empty() {
        return Err(bad("no certificate in it".to_owned()));
    }
    for certificate in certificates {
        store.add(certificate).map_err(|error| bad(error.to_string()))?;
    }
    Ok(())
}

/// A TLS handshake with `host` (a name, or an address without brackets) over `stream`.
pub(crate) async fn handshake<S>(connector: &TlsConnector, host: &str, stream: S) -> io::Result<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let name = ServerName::try_from(host.to_owned())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    connector.connect(name, stream).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extra_file_must_hold_certificates() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let with = |path: &Path| {
            Tls::new(&ClientConfig { extra_ca_file: Some(path.to_owned()), ..ClientConfig::default() }).err()
        };
        assert_eq!(with(file.path()).unwrap().kind, Kind::BadConfig);
        assert_eq!(with(Path::new("/nonexistent/ca.pem")).unwrap().kind, Kind::BadConfig);
    }
}
