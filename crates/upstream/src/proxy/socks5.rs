//! The SOCKS5 handshake: RFC 1928, with user and password by RFC 1929.

use std::net::IpAddr;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{Credentials, Proxy};
use crate::error::{Kind, Phase, UpstreamError};

const VERSION: u8 = 5;
const NO_AUTH: u8 = 0;
const USER_PASSWORD: u8 = 2;
const NOTHING_ACCEPTABLE: u8 = 0xff;

/// Where the proxy is to connect to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Destination<'a> {
    Name(&'a str, u16),
    Address(IpAddr, u16),
}

fn broken(error: std::io::Error) -> UpstreamError {
    UpstreamError::io(Phase::Proxy, error)
}

fn protocol(why: &str) -> UpstreamError {
    UpstreamError::new(Phase::Proxy, Kind::Protocol).detail(why)
}

/// Makes the proxy at the other end of `stream` connect to `destination`.
pub(crate) async fn negotiate<S>(
    stream: &mut S,
    proxy: &Proxy,
    destination: Destination<'_>,
) -> Result<(), UpstreamError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let credentials = proxy.credentials();
    let greeting: &[u8] =
        if credentials.is_some() { &[VERSION, 2, NO_AUTH, USER_PASSWORD] } else { &[VERSION, 1, NO_AUTH] };
    stream.write_all(greeting).await.map_err(broken)?;

    let mut choice = [0; 2];
    stream.read_exact(&mut choice).await.map_err(broken)?;
    match (choice, credentials) {
        ([VERSION, NO_AUTH], _) => {}
        ([VERSION, USER_PASSWORD], Some(credentials)) => log_in(stream, credentials).await?,
        ([VERSION, NOTHING_ACCEPTABLE], _) => return Err(UpstreamError::new(Phase::Proxy, Kind::ProxyAuth)),
        _ => return Err(protocol("the proxy does not speak SOCKS5")),
    }

    stream.write_all(&connect_request(destination)?).await.map_err(broken)?;
    read_reply(stream).await
}

async fn log_in<S>(stream: &mut S, credentials: &Credentials) -> Result<(), UpstreamError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut message = vec![1];
    for part in [&credentials.user, &credentials.password] {
        let part = part.expose().as_bytes();
        message.push(u8::try_from(part.len()).map_err(|_| protocol("user or password too long"))?);
        message.extend_from_slice(part);
    }
    let message = tollgate_base::Secret::new(message);
    stream.write_all(message.expose()).await.map_err(broken)?;
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).await.map_err(broken)?;
    if answer[1] != 0 {
        return Err(UpstreamError::new(Phase::Proxy, Kind::ProxyAuth));
    }
    Ok(())
}

fn connect_request(destination: Destination<'_>) -> Result<Vec<u8>, UpstreamError> {
    let mut message = vec![VERSION, 1, 0];
    let port = match destination {
        Destination::Address(IpAddr::V4(address), port) => {
            message.push(1);
            message.extend_from_slice(&address.octets());
            port
        }
        Destination::Address(IpAddr::V6(address), port) => {
            message.push(4);
            message.extend_from_slice(&address.octets());
            port
        }
        Destination::Name(name, port) => {
            message.push(3);
            message.push(u8::try_from(name.len()).map_err(|_| protocol("the host's name is too long"))?);
            message.extend_from_slice(name.as_bytes());
            port
        }
    };
    message.extend_from_slice(&port.to_be_bytes());
    Ok(message)
}

async fn read_reply<S: AsyncRead + Unpin>(stream: &mut S) -> Result<(), UpstreamError> {
    let mut head = [0; 4];
    stream.read_exact(&mut head).await.map_err(broken)?;
    if head[0] != VERSION {
        return Err(protocol("the proxy does not speak SOCKS5"));
    }
    if head[1] != 0 {
        return Err(refusal(head[1]));
    }
    // The bound address is of no use here, but it has to be read to its end.
    let address_bytes = match head[3] {
        1 => 4,
        4 => 16,
        3 => usize::from(stream.read_u8().await.map_err(broken)?),
        _ => return Err(protocol("unknown address type in the proxy's reply")),
    };
    let mut rest = vec![0; address_bytes + 2];
    stream.read_exact(&mut rest).await.map_err(broken)?;
    Ok(())
}

/// RFC 1928, 6.
fn refusal(code: u8) -> UpstreamError {
    let text = match code {
        1 => "general failure",
        2 => "not allowed by its rules",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "TTL expired",
        7 => "command not supported",
        8 => "address type not supported",
        _ => "unknown reply",
    };
    UpstreamError::new(Phase::Proxy, Kind::ProxyRefused).detail(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_on_the_wire() {
        let name = connect_request(Destination::Name("ab", 443)).unwrap();
        assert_eq!(name, [5, 1, 0, 3, 2, b'a', b'b', 1, 0xbb]);
        let v4 = connect_request(Destination::Address("1.2.3.4".parse().unwrap(), 80)).unwrap();
        assert_eq!(v4, [5, 1, 0, 1, 1, 2, 3, 4, 0, 80]);
        let v6 = connect_request(Destination::Address("::1".parse().unwrap(), 80)).unwrap();
        assert_eq!((v6.len(), v6[3], v6[19]), (22, 4, 1));
        assert!(connect_request(Destination::Name(&"a".repeat(256), 1)).is_err());
    }

    #[tokio::test]
    async fn replies_of_a_proxy() {
        let cases: [(&[u8], Option<Kind>); 7] = [
            (&[5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0], None),
            (&[5, 0, 5, 0, 0, 3, 2, b'x', b'y', 0, 0], None),
            (&[5, 0xff], Some(Kind::ProxyAuth)),
            (&[5, 2, 1, 1], Some(Kind::ProxyAuth)),
            (&[5, 0, 5, 2, 0, 1], Some(Kind::ProxyRefused)),
            (b"HTTP/1.1 400\r\n\r\n", Some(Kind::Protocol)),
            (&[5, 0, 5], Some(Kind::Closed)),
        ];
        for (answers, expected) in cases {
            let (mut near, mut far) = tokio::io::duplex(4096);
            far.write_all(answers).await.unwrap();
            far.shutdown().await.unwrap();
            let proxy = Proxy::parse("socks5://u:p@h").unwrap();
            let result = negotiate(&mut near, &proxy, Destination::Name("h", 1)).await;
            assert_eq!(result.err().map(|error| error.kind), expected, "{answers:?}");
        }
    }
}
