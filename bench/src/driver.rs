//! A client that costs little: prepared requests on raw sockets, answers read only as far as their end.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One connection.
pub(crate) struct Driver {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What an answer was.
pub(crate) struct Answered {
    /// From the first byte written to the first byte of the body.
    pub(crate) first: Duration,
    /// `data:` lines seen.
    pub(crate) events: u64,
}

impl Driver {
    pub(crate) async fn connect(target: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(target).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 << 10) })
    }

    /// Sends a request and reads its answer to the end.
    pub(crate) async fn call(&mut self, request: &[u8]) -> Result<Answered> {
        let sent = Instant::now();
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let body_start = loop {
            self.read().await?;
            if let Some(end) = memmem::find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
        };
        let head = std::str::from_utf8(&self.buffer[..body_start])?.to_ascii_lowercase();
        ensure!(head.starts_with("http/1.1 200"), "answered {}", head.lines().next().unwrap_or(""));
        let first = sent.elapsed();
        let events = if head.contains("transfer-encoding: chunked") {
            self.read_chunked(body_start).await?
        } else {
            self.read_length(body_start, &head).await?;
            0
        };
        Ok(Answered { first, events })
    }

    /// Sends a request and reads only until its answer has begun; the stream stays open.
    pub(crate) async fn open(&mut self, request: &[u8]) -> Result<()> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        while memmem::find(&self.buffer, b"data:").is_none() {
            self.read().await?;
        }
        Ok(())
    }

    async fn read(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the connection was closed early: {}", String::from_utf8_lossy(&self.buffer));
        }
        Ok(())
    }

    async fn read_length(&mut self, body_start: usize, head: &str) -> Result<()> {
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.context("no content-length")?.trim().parse()?;
        while self.buffer.len() < body_start + length {
            self.read().await?;
        }
        Ok(())
    }

    async fn read_chunked(&mut self, body_start: usize) -> Result<u64> {
        self.buffer.drain(..body_start);
        let mut events = 0;
        loop {
            events += memmem::find_iter(&self.buffer, b"data:").count() as u64;
            if self.buffer.ends_with(b"0\r\n\r\n") {
                return Ok(events);
            }
            // Only what might be the beginning of a mark is kept.
            let keep = self.buffer.len().saturating_sub(4);
            self.buffer.drain(..keep);
            self.read().await?;
        }
    }
}
