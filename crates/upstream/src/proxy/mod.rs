//! Proxies: their URLs, and the handshakes that make one carry a connection.
//!
//! `http://` and `https://` proxies open a tunnel with CONNECT for plain and TLS upstreams alike, so that they see
//! no request; `socks5://` resolves the upstream's name here, `socks5h://` at the proxy. User and password stand
//! percent-encoded in the URL.

mod connect;
mod socks5;

use base64::Engine as _;
use http::Uri;
use tollgate_base::Secret;

use crate::endpoint::{port_of, unbracketed};
use crate::error::{Kind, Phase, UpstreamError};

pub(crate) use connect::open_tunnel;
pub(crate) use socks5::{Destination, negotiate};

/// How a proxy is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProxyKind {
    Http,
    Https,
    Socks5 { remote_names: bool },
}

/// A proxy with its credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proxy {
    pub(crate) kind: ProxyKind,
    pub(crate) host: String,
    pub(crate) port: u16,
    credentials: Option<Credentials>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) user: Secret<String>,
    pub(crate) password: Secret<String>,
}

fn bad(why: &str) -> UpstreamError {
    UpstreamError::new(Phase::Setup, Kind::BadUrl).detail(why)
}

impl Proxy {
    /// Reads `scheme://[user[:password]@]host[:port]`. The error never repeats the text.
    pub(crate) fn parse(text: &str) -> Result<Self, UpstreamError> {
        let uri: Uri = text.trim().parse().map_err(|_| bad("the proxy URL is not a URL"))?;
        let (kind, default_port) = match uri.scheme_str() {
            Some("http") => (ProxyKind::Http, 80),
            Some("https") => (ProxyKind::Https, 443),
            Some("socks5") => (ProxyKind::Socks5 { remote_names: false }, 1080),
            Some("socks5h") => (ProxyKind::Socks5 { remote_names: true }, 1080),
            _ => {
                return Err(bad("the proxy URL needs http://, https://, socks5:// or socks5h://"));
            }
        };
        let authority = uri.authority().ok_or_else(|| bad("the proxy URL names no host"))?;
        let port = port_of(authority)
            .ok_or_else(|| bad("the proxy URL's port is not a port"))?
            .unwrap_or(default_port);
        let host = unbracketed(authority.host()).to_ascii_lowercase();
        if host.is_empty() {
            return Err(bad("the proxy URL names no host"));
        }
        let credentials = match authority.as_str().rsplit_once('@') {
            Some((userinfo, _)) => Some(Credentials::parse(userinfo)?),
            None => None,
        };
        if let (ProxyKind::Socks5 { .. }, Some(c)) = (kind, &credentials)
            && (c.user.expose().len() > 255 || c.password.expose().len() > 255 || c.user.expose().is_empty())
        {
            return Err(bad("a socks5 user has 1 to 255 bytes, its password at most 255"));
        }
        Ok(Self { kind, host, port, credentials })
    }

    /// The value of `proxy-authorization` (RFC 7617), if there are credentials.
    pub(crate) fn basic_authorization(&self) -> Option<Secret<String>> {
        let credentials = self.credentials.as_ref()?;
        let pair = Secret::new(format!("{}:{}", credentials.user.expose(), credentials.password.expose()));
        Some(Secret::new(format!(
            "Basic {}",
            base64::engine::general_purpose::STANDARD.encode(pair.expose().as_bytes())
        )))
    }

    pub(crate) fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }
}

impl Credentials {
    fn parse(userinfo: &str) -> Result<Self, UpstreamError> {
        let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
        let decoded =
            |part| percent_decoded(part).ok_or_else(|| bad("the proxy URL's user or password is not valid"));
        Ok(Self { user: Secret::new(decoded(user)?), password: Secret::new(decoded(password)?) })
    }
}

/// RFC 3986, 2.1. `None` if an escape is broken or the result is not UTF-8 or holds a control character.
fn percent_decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        let value = digit()? * 16 + digit()?;
        out.push(u8::try_from(value).ok()?);
    }
    String::from_utf8(out).ok().filter(|text| !text.chars().any(char::is_control))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxy_urls_are_taken_apart() {
        let proxy = Proxy::parse("socks5h://us%40er:p%3Ass%25@Proxy.example:9050").unwrap();
        assert_eq!(proxy.kind, ProxyKind::Socks5 { remote_names: true });
        assert_eq!((proxy.host.as_str(), proxy.port), ("proxy.example", 9050));
        let credentials = proxy.credentials().unwrap();
        assert_eq!(
            (credentials.user.expose().as_str(), credentials.password.expose().as_str()),
            ("us@er", "p:ss%")
        );

        let plain = Proxy::parse("http://[::1]").unwrap();
        assert_eq!((plain.kind, plain.host.as_str(), plain.port), (ProxyKind::Http, "::1", 80));
        assert!(plain.basic_authorization().is_none());

        let basic = Proxy::parse("https://Aladdin:open%20sesame@p").unwrap();
        assert_eq!(basic.basic_authorization().unwrap().expose(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }

    #[test]
    fn bad_proxy_urls_are_refused_without_repeating_them() {
        let long = format!("socks5://{}:hunter2@p", "u".repeat(256));
        for text in [
            "",
            "proxy:8080",
            "ftp://hunter2@p",
            "http://u:hunter2%zz@p",
            "http://u:hunter2%0a@p",
            "http://u:hunter2@",
            &long,
        ] {
            let error = Proxy::parse(text).unwrap_err();
            assert_eq!(error.kind, Kind::BadUrl, "{text}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn debug_shows_no_credentials() {
        let proxy = Proxy::parse("http://alice:hunter2@p").unwrap();
        let shown = format!("{proxy:?}");
        assert!(!shown.contains("hunter2") && !shown.contains("alice"), "{shown}");
    }
}
