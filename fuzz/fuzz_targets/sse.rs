//! Any stream, cut in any way, gives the frames of the whole stream and loses no byte.
//!
//! The first byte seeds where the rest is cut.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use tollgate_sse::{Boundary, Decoder, Frame, SseError};

/// Small enough that inputs come over it.
const LIMIT_BYTES: usize = 256;

fuzz_target!(|input: &[u8]| {
    let Some((&seed, stream)) = input.split_first() else { return };
    let whole = decode(&[Bytes::copy_from_slice(stream)], LIMIT_BYTES);
    for chunks in [cut(stream, seed), cut(stream, 0)] {
        assert_eq!(decode(&chunks, LIMIT_BYTES), whole);
        check_boundary(&chunks, stream);
    }
    let (frames, pending, result) = decode(&[Bytes::copy_from_slice(stream)], usize::MAX);
    assert_eq!(result, Ok(()));
    let raw = frames.iter().flat_map(|frame| frame.raw.clone()).collect::<Vec<_>>();
    assert_eq!(raw, stream[..raw.len()]);
    assert_eq!(raw.len() + pending, stream.len());
});

/// Cuts a stream in chunks of 1 to 16 bytes by a fixed random sequence; seed 0: byte by byte.
fn cut(stream: &[u8], seed: u8) -> Vec<Bytes> {
    let mut rest = Bytes::copy_from_slice(stream);
    let mut state = u32::from(seed);
    let mut chunks = Vec::new();
    while !rest.is_empty() {
        state = state.wrapping_mul(1_664_525).wrapping_add(if seed == 0 { 0 } else { 1_013_904_223 });
        let size = (state >> 28) as usize + 1;
        chunks.push(rest.split_to(size.min(rest.len())));
    }
    chunks
}

fn decode(chunks: &[Bytes], limit_bytes: usize) -> (Vec<Frame>, usize, Result<(), SseError>) {
    let mut decoder = Decoder::new(limit_bytes);
    let result = chunks.iter().try_for_each(|chunk| decoder.push(chunk.clone()));
    let mut frames: Vec<_> = std::iter::from_fn(|| decoder.next_frame()).collect();
    if result.is_ok() {
        frames.extend(decoder.finish());
    }
    (frames, decoder.pending(), result)
}

fn check_boundary(chunks: &[Bytes], stream: &[u8]) {
    let mut boundary = Boundary::new(usize::MAX);
    let mut decoder = Decoder::new(usize::MAX);
    let mut passed = Vec::new();
    for chunk in chunks {
        let complete = boundary.push(chunk.clone()).expect("nothing is over the limit");
        decoder.push(chunk.clone()).expect("nothing is over the limit");
        passed.extend_from_slice(&complete.head);
        passed.extend_from_slice(&complete.tail);
        assert_eq!(boundary.pending(), decoder.pending());
    }
    passed.extend_from_slice(&boundary.take_rest());
    assert_eq!(passed, stream);
}
