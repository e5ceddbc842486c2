//! The tunnel of an HTTP proxy: CONNECT (RFC 9110, 9.3.6).

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::Proxy;
use crate::error::{Kind, Phase, UpstreamError};

/// A proxy's answer to CONNECT is short; more than this is not one.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// Asks the proxy at the other end of `stream` for a tunnel to `authority` (`host:port`).
pub(crate) async fn open_tunnel<S>(
    stream: &mut S,
    proxy: &Proxy,
    authority: &str,
) -> Result<(), UpstreamError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
    if let Some(value) = proxy.basic_authorization() {
        request.push_str("Proxy-Authorization: ");
        request.push_str(value.expose());
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    let request = tollgate_base::Secret::new(request);

    stream.write_all(request.expose().as_bytes()).await.map_err(|e| UpstreamError::io(Phase::Proxy, e))?;
    stream.flush().await.map_err(|e| UpstreamError::io(Phase::Proxy, e))?;
    verdict(&read_head(stream).await?)
}

async fn read_head<S: AsyncRead + Unpin>(stream: &mut S) -> Result<Vec<u8>, UpstreamError> {
    let mut head = Vec::with_capacity(512);
    loop {
        let read = stream.read_buf(&mut head).await.map_err(|e| UpstreamError::io(Phase::Proxy, e))?;
        if read == 0 {
            return Err(UpstreamError::new(Phase::Proxy, Kind::Closed));
        }
        if let Some(end) = find_end(&head) {
            // The upstream does not speak before it is spoken to, so nothing may follow a tunnel's head.
            if end != head.len() && is_success(&head) {
                return Err(protocol("bytes after the answer to CONNECT"));
            }
            return Ok(head);
        }
        if head.len() > MAX_HEAD_BYTES {
            return Err(protocol("the answer to CONNECT is too long"));
        }
    }
}

fn find_end(head: &[u8]) -> Option<usize> {
    head.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

fn protocol(why: &str) -> UpstreamError {
    UpstreamError::new(Phase::Proxy, Kind::Protocol).detail(why)
}

/// The status of `HTTP/1.x NNN ...`.
fn status(head: &[u8]) -> Option<u16> {
    let rest = head.strip_prefix(b"HTTP/1.")?;
    let digits = std::str::from_utf8(rest.get(2..5)?).ok()?;
    if rest.get(1) != Some(&b' ') || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

fn is_success(head: &[u8]) -> bool {
    status(head).is_some_and(|status| (200..300).contains(&status))
}

fn verdict(head: &[u8]) -> Result<(), UpstreamError> {
    match status(head) {
        Some(200..300) => Ok(()),
        Some(407) => Err(UpstreamError::new(Phase::Proxy, Kind::ProxyAuth)),
        Some(status) => {
            Err(UpstreamError::new(Phase::Proxy, Kind::ProxyRefused).detail(format!("status {status}")))
        }
        None => Err(protocol("the proxy does not speak HTTP/1")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn try_with(answer: &'static [u8]) -> Result<(), UpstreamError> {
        let (mut near, mut far) = tokio::io::duplex(4096);
        far.write_all(answer).await.unwrap();
        far.shutdown().await.unwrap();
        open_tunnel(&mut near, &Proxy::parse("http://p").unwrap(), "h:443").await
    }

    #[tokio::test]
    async fn answers_to_connect() {
        let cases: [(&[u8], Option<Kind>); 7] = [
            (b"HTTP/1.1 200 Connection established\r\n\r\n", None),
            (b"HTTP/1.0 200\r\nVia: x\r\n\r\n", None),
            (b"HTTP/1.1 407 Auth\r\n\r\nbody", Some(Kind::ProxyAuth)),
            (b"HTTP/1.1 403 No\r\n\r\n", Some(Kind::ProxyRefused)),
            (b"HTTP/1.1 200 OK\r\n\r\nsurplus", Some(Kind::Protocol)),
            (b"SSH-2.0-x\r\n\r\n", Some(Kind::Protocol)),
            (b"HTTP/1.1 200 OK\r\n", Some(Kind::Closed)),
        ];
        for (answer, expected) in cases {
            let kind = try_with(answer).await.err().map(|error| error.kind);
            assert_eq!(kind, expected, "{:?}", String::from_utf8_lossy(answer));
        }
    }
}
