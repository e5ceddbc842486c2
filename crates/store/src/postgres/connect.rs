//! From a URL to a pool of connections.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::NoTls;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;
use tollgate_base::Secret;

use crate::error::{Result, StoreError};

const MAX_CONNECTIONS: usize = 16;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a task waits for a free connection.
const WAIT_TIMEOUT: Duration = Duration::from_secs(10);

/// What every connection is told first. Migrations lift the statement timeout for themselves.
const SESSION: &str = "SET statement_timeout = '30s'; SET lock_timeout = '10s'; \
     SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = 'warning'";

/// A pool for the database at `url`; connects when first asked.
pub(super) fn pool(url: &Secret<String>) -> Result<Pool> {
    let parts = split(url.expose());
    let mut config: tokio_postgres::Config =
        parts.url.expose().parse().map_err(|error| StoreError::invalid("database_url", described(&error)))?;
    config.connect_timeout(CONNECT_TIMEOUT).tcp_user_timeout(CONNECT_TIMEOUT * 2);
    if config.get_application_name().is_none() {
        config.application_name("tollgate");
    }
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = if parts.encrypted {
        let tls = MakeRustlsConnect::new(tls(parts.root_certificates.as_deref())?);
        Manager::from_config(config, tls, recycling)
    } else {
        config.ssl_mode(SslMode::Disable);
        Manager::from_config(config, NoTls, recycling)
    };
    let prepare = Hook::async_fn(|client, _| {
        Box::pin(async move { client.batch_execute(SESSION).await.map_err(HookError::Backend) })
    });
    Pool::builder(manager)
        .max_size(MAX_CONNECTIONS)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(WAIT_TIMEOUT))
        .create_timeout(Some(CONNECT_TIMEOUT * 2))
        .post_create(prepare)
        .build()
        .map_err(StoreError::unavailable)
}

/// A URL without the parameters that this crate reads itself.
struct Parts {
    url: Secret<String>,
    encrypted: bool,
    root_certificates: Option<String>,
}

/// Takes `sslmode` and `sslrootcert` out of the URL's query as libpq words them.
///
/// No `sslmode`, or `disable`, means no encryption. Every other mode encrypts *and* checks the server's certificate
/// and name: an encryption that talks to anybody would only look safe. `prefer` falls back to no encryption if the
/// server offers none.
fn split(url: &str) -> Parts {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let mut kept = Vec::new();
    let (mut encrypted, mut root_certificates) = (false, None);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", "disable")) => encrypted = false,
            Some(("sslmode", mode)) => {
                encrypted = true;
                kept.push(match mode {
                    "verify-ca" | "verify-full" => "sslmode=require",
                    _ => pair,
                });
            }
            Some(("sslrootcert", path)) => root_certificates = Some(path.to_owned()),
            _ => kept.push(pair),
        }
    }
    let url = if kept.is_empty() { base.to_owned() } else { format!("{base}?{}", kept.join("&")) };
    Parts { url: Secret::new(url), encrypted, root_certificates }
}

/// The parser says only "invalid configuration"; its source says what, and never a value's secret part.
fn described(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    error.source().map_or_else(|| "is not a PostgreSQL URL".to_owned(), ToString::to_string)
}

/// TLS that trusts the certificates in the file, or else the system's roots and, where there are none, Mozilla's.
fn tls(root_certificates: Option<&str>) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = root_certificates {
        let refuse =
            |error: &dyn std::fmt::Display| StoreError::invalid("sslrootcert", format!("{path}: {error}"));
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| refuse(&error))? {
            roots.add(certificate.map_err(|error| refuse(&error))?).map_err(|error| refuse(&error))?;
        }
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(StoreError::unavailable)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_what_sslmode_asks_for() {
        for (url, left, encrypted) in [
            ("postgres://a@h/d", "postgres://a@h/d", false),
            ("postgres://a@h/d?sslmode=disable", "postgres://a@h/d", false),
            ("postgres://a@h/d?sslmode=require", "postgres://a@h/d?sslmode=require", true),
            ("postgres://a@h/d?sslmode=prefer", "postgres://a@h/d?sslmode=prefer", true),
            (
                "postgres://a@h/d?x=1&sslmode=verify-full&y=2",
                "postgres://a@h/d?x=1&sslmode=require&y=2",
                true,
            ),
        ] {
            let parts = split(url);
            assert_eq!(parts.url.expose(), left);
            assert_eq!(parts.encrypted, encrypted, "{url}");
        }
        let parts = split("postgres://h/d?sslmode=verify-ca&sslrootcert=/ca.pem");
        assert_eq!(parts.root_certificates.as_deref(), Some("/ca.pem"));
        assert_eq!(parts.url.expose(), "postgres://h/d?sslmode=require");
    }

    #[test]
    fn a_bad_url_is_refused_without_showing_it() {
        let error =
            pool(&Secret::from("postgres://ann:hunter2@h/d?sslmode=perhaps")).unwrap_err().to_string();
        assert!(error.contains("sslmode") && !error.contains("hunter2"), "{error}");
        let error =
            pool(&Secret::from("postgres://ann:hunter2@h/d?sslmode=require&sslrootcert=/none")).unwrap_err();
        assert!(error.to_string().contains("/none"), "{error}");
    }

    #[test]
    fn the_system_or_bundled_roots_load() {
        assert!(tls(None).is_ok());
    }
}
