//! Small CONNECT and SOCKS5 proxies that want a user and password, and note where they were asked to go.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::server::Server;

pub(crate) struct TestProxy {
    pub(crate) server: Server,
    targets: Arc<Mutex<Vec<String>>>,
}

impl TestProxy {
    pub(crate) fn targets(&self) -> Vec<String> {
        self.targets.lock().unwrap().clone()
    }

    /// `http://` if no acceptor is given, else `https://`. Wants `alice` with password `s3cret`.
    pub(crate) async fn connect(acceptor: Option<TlsAcceptor>) -> Self {
        let targets = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&targets);
        let server = Server::raw(move |stream, _| {
            let (seen, acceptor) = (Arc::clone(&seen), acceptor.clone());
            async move {
                match acceptor {
                    None => serve_connect(stream, &seen).await,
                    Some(acceptor) => match acceptor.accept(stream).await {
                        Ok(stream) => serve_connect(stream, &seen).await,
                        Err(_) => Some(()),
                    },
                };
            }
        })
        .await;
        Self { server, targets }
    }

    /// Wants the same user and password.
    pub(crate) async fn socks5() -> Self {
        let targets = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&targets);
        let server = Server::raw(move |stream, _| {
            let seen = Arc::clone(&seen);
            async move {
                let _ = serve_socks5(stream, &seen).await;
            }
        })
        .await;
        Self { server, targets }
    }
}

async fn serve_connect<S>(mut stream: S, seen: &Mutex<Vec<String>>) -> Option<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let target = head.strip_prefix("CONNECT ")?.split(' ').next()?.to_owned();
    // "alice:s3cret"
    if !head.contains("Proxy-Authorization: Basic YWxpY2U6czNjcmV0\r\n") {
        stream
            .write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
            .await
            .ok()?;
        return stream.shutdown().await.ok();
    }
    seen.lock().unwrap().push(target.clone());
    match TcpStream::connect(target.replace("localhost", "127.0.0.1")).await {
        Ok(mut upstream) => {
            stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.ok()?;
            let _ = copy_bidirectional(&mut stream, &mut upstream).await;
        }
        Err(_) => stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n").await.ok()?,
    }
    Some(())
}

async fn serve_socks5(mut stream: TcpStream, seen: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut greeting = [0; 2];
    stream.read_exact(&mut greeting).await?;
    let mut methods = vec![0; usize::from(greeting[1])];
    stream.read_exact(&mut methods).await?;
    if !methods.contains(&2) {
        return stream.write_all(&[5, 0xff]).await;
    }
    stream.write_all(&[5, 2]).await?;
    stream.read_u8().await?;
    let mut login = Vec::new();
    for _ in 0..2 {
        let mut part = vec![0; usize::from(stream.read_u8().await?)];
        stream.read_exact(&mut part).await?;
        login.push(String::from_utf8(part).unwrap());
    }
    let welcome = login == ["alice", "s3cret"];
    stream.write_all(&[1, u8::from(!welcome)]).await?;
    if !welcome {
        return Ok(());
    }
    let mut request = [0; 4];
    stream.read_exact(&mut request).await?;
    let host = match request[3] {
        1 => std::net::Ipv4Addr::from(stream.read_u32().await?).to_string(),
        3 => {
            let mut name = vec![0; usize::from(stream.read_u8().await?)];
            stream.read_exact(&mut name).await?;
            String::from_utf8(name).unwrap()
        }
        other => panic!("address type {other}"),
    };
    let port = stream.read_u16().await?;
    seen.lock().unwrap().push(format!("{host}:{port}"));
    match TcpStream::connect(("127.0.0.1", port)).await {
        Ok(mut upstream) => {
            stream.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 0]).await?;
            copy_bidirectional(&mut stream, &mut upstream).await.map(|_| ())
        }
        Err(_) => stream.write_all(&[5, 5, 0, 1, 0, 0, 0, 0, 0, 0]).await,
    }
}
