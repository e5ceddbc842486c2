//! One call over a plain socket, and how far its answer came.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A request that is ready to be sent.
pub(crate) struct Call {
    pub(crate) path: &'static str,
    pub(crate) key: String,
    pub(crate) body: String,
    /// How many bytes of the answer are read before the caller leaves; `None` reads it all.
    pub(crate) leaves_after: Option<usize>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Came {
    pub(crate) status: Option<u16>,
    /// Whether the answer was read to its proper end.
    pub(crate) whole: bool,
}

const NOTHING: Came = Came { status: None, whole: false };

/// Makes a call. Whatever breaks is told by how far the answer came.
pub(crate) fn call(address: SocketAddr, call: &Call) -> Came {
    let Ok(mut stream) = TcpStream::connect(address) else { return NOTHING };
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: gate\r\nauthorization: Bearer {}\r\nanthropic-version: 2023-06-01\r\n\
         content-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        call.path,
        call.key,
        call.body.len()
    );
    if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(call.body.as_bytes())).is_err() {
        return NOTHING;
    }
    let limit = call.leaves_after.unwrap_or(usize::MAX);
    let answer = read(&mut stream, limit);
    Came { status: status(&answer), whole: is_whole(&answer) }
}

fn read(stream: &mut TcpStream, limit: usize) -> Vec<u8> {
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    while answer.len() < limit {
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(count) => answer.extend_from_slice(&piece[..count]),
        }
    }
    answer
}

fn status(answer: &[u8]) -> Option<u16> {
    std::str::from_utf8(answer.get(9..12)?).ok()?.parse().ok()
}

/// By its length, or by its last chunk.
fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let body = &answer[end + 4..];
    match head.lines().find_map(|line| line.strip_prefix("content-length: ")) {
        Some(length) => length.trim().parse() == Ok(body.len()),
        None => body.ends_with(b"0\r\n\r\n"),
    }
}

/// Whether the gate takes requests.
pub(crate) fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let asked = stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: gate\r\nconnection: close\r\n\r\n");
    asked.is_ok() && status(&read(&mut stream, usize::MAX)) == Some(200)
}
