//! `tollgate health`: asks a running gate, for container checks. A whole HTTP client would be too much for it.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::address::reachable;
use crate::cli::HealthArgs;
use crate::output;

/// More of an answer than this is not read.
const MAX_ANSWER_BYTES: u64 = 16 << 10;

/// Asks the gate at `listen`.
pub(crate) async fn run(args: &HealthArgs, listen: SocketAddr) -> anyhow::Result<()> {
    let address = reachable(listen);
    let path = if args.ready { "/readyz" } else { "/healthz" };
    let patience = Duration::from_millis(args.timeout_ms);
    let (status, body) = tokio::time::timeout(patience, get(address, path))
        .await
        .with_context(|| format!("http://{address}{path} did not answer within {} ms", args.timeout_ms))?
        .with_context(|| format!("http://{address}{path} cannot be reached"))?;
    if status != 200 {
        bail!("http://{address}{path} answered {status}: {}", body.trim());
    }
    output::line("ok")?;
    Ok(())
}

/// One GET; the status and the body's text.
async fn get(address: SocketAddr, path: &str) -> anyhow::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER_BYTES).read_to_end(&mut answer).await?;
    parse(&String::from_utf8_lossy(&answer))
}

fn parse(answer: &str) -> anyhow::Result<(u16, String)> {
    let (head, body) = answer.split_once("\r\n\r\n").context("the answer is not HTTP")?;
    let status =
        head.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)).context("the answer is not HTTP")?;
    Ok((status.parse()?, body.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        assert_eq!(parse("HTTP/1.1 503 Service Unavailable\r\na: b\r\n\r\nno").unwrap(), (503, "no".into()));
        for wrong in ["", "SSH-2.0\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\n"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
