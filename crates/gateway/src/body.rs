//! Reading a request body: one bounded buffer, its content-encoding undone with a bounded expansion.

use std::time::Duration;

use async_compression::tokio::bufread::{
    BrotliDecoder, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder,
};
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::io::{AsyncRead, AsyncReadExt};
use tollgate_protocol::{ApiError, ErrorKind};

use crate::GatewayConfig;

/// How much is set aside on a promise alone; a caller that announces more has to send it first.
const MAX_PREALLOCATED_BYTES: usize = 1 << 20;
/// How often the limit is read and thrown away, so that a caller in the middle of sending sees the refusal.
const DISCARD_FACTOR: usize = 4;
/// How long a caller may pause in the middle of its body.
const IDLE_TIME: Duration = Duration::from_secs(60);
const DISCARD_TIME: Duration = Duration::from_secs(10);

/// Reads the whole body, within the limits, and undoes its content-encoding.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: Incoming,
    config: &GatewayConfig,
) -> Result<Bytes, ApiError> {
    let raw = collect(headers, body, config.max_body_bytes).await?;
    let encodings = encodings(headers)?;
    if encodings.is_empty() {
        return Ok(raw);
    }
    let mut decoded = raw;
    // The header lists the codings in the order they were applied, so the last is undone first.
    for encoding in encodings.iter().rev() {
        decoded = decode(*encoding, &decoded, config.max_decoded_bytes).await?;
    }
    Ok(decoded)
}

async fn collect(headers: &HeaderMap, mut body: Incoming, limit_bytes: usize) -> Result<Bytes, ApiError> {
    let announced = content_length(headers);
    if announced.is_some_and(|length| length > limit_bytes as u64) {
        discard(body, limit_bytes).await;
        return Err(too_large(limit_bytes));
    }
    let Some(first) = next_chunk(&mut body).await? else {
        return Ok(Bytes::new());
    };
    // The usual small body is one chunk: it is taken as it lies.
    if announced == Some(first.len() as u64) {
        return Ok(first);
    }
    let expected = announced.and_then(|length| usize::try_from(length).ok()).unwrap_or(first.len() * 2);
    let mut buffer =
        BytesMut::with_capacity(expected.clamp(first.len(), MAX_PREALLOCATED_BYTES.max(first.len())));
    buffer.extend_from_slice(&first);
    drop(first);
    while let Some(chunk) = next_chunk(&mut body).await? {
        if buffer.len() + chunk.len() > limit_bytes {
            discard(body, limit_bytes).await;
            return Err(too_large(limit_bytes));
        }
        buffer.extend_from_slice(&chunk);
    }
    Ok(buffer.freeze())
}

async fn next_chunk(body: &mut Incoming) -> Result<Option<Bytes>, ApiError> {
    loop {
        let next = tokio::time::timeout(IDLE_TIME, body.frame()).await;
        let Some(frame) = next.map_err(|_| ApiError::of(ErrorKind::RequestTimeout))? else { return Ok(None) };
        let frame = frame
            .map_err(|_| ApiError::about(ErrorKind::InvalidJson, "the connection ended before the body"))?;
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
}

/// Reads on for a while after a refusal: a caller that is still sending would otherwise see a reset instead.
pub(crate) async fn discard(mut body: Incoming, limit_bytes: usize) {
    let mut left = limit_bytes.saturating_mul(DISCARD_FACTOR);
    let reading = async {
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(length) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    };
    // Who sends more slowly than this does not get to keep the connection.
    let _ = tokio::time::timeout(DISCARD_TIME, reading).await;
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large(limit_bytes: usize) -> ApiError {
    ApiError::about(ErrorKind::BodyTooLarge, &limit_bytes.to_string())
}

/// A content coding that the gate undoes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Encoding {
    const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }
}

fn encodings(headers: &HeaderMap) -> Result<Vec<Encoding>, ApiError> {
    let mut found = Vec::new();
    for value in headers.get_all(CONTENT_ENCODING) {
        let text = value.to_str().unwrap_or("?");
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match name.to_ascii_lowercase().as_str() {
                "identity" => {}
                "gzip" | "x-gzip" => found.push(Encoding::Gzip),
                "deflate" => found.push(Encoding::Deflate),
                "br" => found.push(Encoding::Brotli),
                "zstd" => found.push(Encoding::Zstd),
                _ => return Err(ApiError::about(ErrorKind::UnsupportedEncoding, name)),
            }
        }
    }
    Ok(found)
}

async fn decode(encoding: Encoding, raw: &[u8], limit_bytes: usize) -> Result<Bytes, ApiError> {
    match encoding {
        Encoding::Gzip => inflate(encoding, GzipDecoder::new(raw), limit_bytes).await,
        Encoding::Brotli => inflate(encoding, BrotliDecoder::new(raw), limit_bytes).await,
        Encoding::Zstd => inflate(encoding, ZstdDecoder::new(raw), limit_bytes).await,
        // RFC 9110 says `deflate` is the zlib format; some clients send the bare one.
        Encoding::Deflate if is_zlib(raw) => inflate(encoding, ZlibDecoder::new(raw), limit_bytes).await,
        Encoding::Deflate => inflate(encoding, DeflateDecoder::new(raw), limit_bytes).await,
    }
}

fn is_zlib(raw: &[u8]) -> bool {
    matches!(raw, [cmf, flags, ..] if cmf & 0x0f == 8 && (u16::from(*cmf) << 8 | u16::from(*flags)) % 31 == 0)
}

async fn inflate(
    encoding: Encoding,
    mut decoder: impl AsyncRead + Unpin,
    limit_bytes: usize,
) -> Result<Bytes, ApiError> {
    let mut out = BytesMut::with_capacity(8 * 1024);
    loop {
        let read = decoder
            .read_buf(&mut out)
            .await
            .map_err(|_| ApiError::about(ErrorKind::BadEncodedBody, encoding.name()))?;
        if read == 0 {
            return Ok(out.freeze());
        }
        if out.len() > limit_bytes {
            return Err(too_large(limit_bytes));
        }
        // Decoding from memory never waits, so a large body would hold the worker without this.
        if out.len() == out.capacity() {
            out.reserve(out.len().min(1 << 20));
            tokio::task::yield_now().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_compression::tokio::bufread::{DeflateEncoder, ZlibEncoder, ZstdEncoder};

    async fn pack(mut encoder: impl AsyncRead + Unpin) -> Vec<u8> {
        let mut out = Vec::new();
        encoder.read_to_end(&mut out).await.unwrap();
        out
    }

    #[tokio::test]
    async fn both_deflate_formats() {
        let text = b"{\"model\":\"m\"}".repeat(100);
        for packed in [pack(ZlibEncoder::new(&text[..])).await, pack(DeflateEncoder::new(&text[..])).await] {
            assert_eq!(decode(Encoding::Deflate, &packed, 1 << 20).await.unwrap(), text);
        }
    }

    #[tokio::test]
    async fn expansion_is_bounded() {
        let packed = pack(ZstdEncoder::new(&vec![b' '; 1 << 20][..])).await;
        let refused = decode(Encoding::Zstd, &packed, 64 << 10).await.unwrap_err();
        assert_eq!(refused.kind, ErrorKind::BodyTooLarge);
    }

    #[tokio::test]
    async fn garbage_is_named() {
        let refused = decode(Encoding::Gzip, b"not gzip at all", 1 << 20).await.unwrap_err();
        assert_eq!(refused.kind, ErrorKind::BadEncodedBody);
    }

    #[test]
    fn codings_are_read_from_the_header() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, http::HeaderValue::from_static("GZIP, identity, br"));
        assert_eq!(encodings(&headers).unwrap(), [Encoding::Gzip, Encoding::Brotli]);
        headers.insert(CONTENT_ENCODING, http::HeaderValue::from_static("lzma"));
        assert_eq!(encodings(&headers).unwrap_err().kind, ErrorKind::UnsupportedEncoding);
    }
}
