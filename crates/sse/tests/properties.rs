//! What holds for every stream and every way to cut it into chunks.

// The helpers below are part of the tests.
#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use proptest::prelude::*;
use tollgate_sse::{Boundary, Decoder, Frame, write_comment, write_event};

const LIMIT_BYTES: usize = 1 << 20;

/// Streams that are mostly line ends, fields and marks, so that every case of the format comes up often.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => Just(&b"\n"[..]),
        4 => Just(&b"\r"[..]),
        2 => Just(&b"\r\n"[..]),
        2 => Just(&b"\n\n"[..]),
        1 => Just(&b"data"[..]),
        3 => Just(&b"data: x"[..]),
        2 => Just(&b"data:{\"a\":1}"[..]),
        2 => Just(&b"event: ping"[..]),
        1 => Just(&b": note"[..]),
        1 => Just(&b"id: 1"[..]),
        1 => Just("\u{feff}".as_bytes()),
        1 => Just(&b"\xff\x00"[..]),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn cut(stream: &[u8], sizes: &[usize]) -> Vec<Bytes> {
    let mut rest = Bytes::copy_from_slice(stream);
    let mut chunks: Vec<_> = sizes.iter().map(|&size| rest.split_to(size.min(rest.len()))).collect();
    chunks.push(rest);
    chunks
}

/// All frames and what is pending at the end.
fn decode(chunks: &[Bytes]) -> (Vec<Frame>, usize) {
    let mut decoder = Decoder::new(LIMIT_BYTES);
    let mut frames = Vec::new();
    for chunk in chunks {
        decoder.push(chunk.clone()).unwrap();
        frames.extend(std::iter::from_fn(|| decoder.next_frame()));
    }
    frames.extend(decoder.finish());
    (frames, decoder.pending())
}

/// The lines of the specification read by the letter, a line at a time: the data of each dispatched event.
fn dispatched(stream: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let stream = stream.strip_prefix("\u{feff}".as_bytes()).unwrap_or(stream);
    let mut lines = vec![Vec::new()];
    let mut at = 0;
    while at < stream.len() {
        match stream[at] {
            b'\r' if stream.get(at + 1) == Some(&b'\n') => {
                lines.push(Vec::new());
                at += 1;
            }
            b'\r' | b'\n' => lines.push(Vec::new()),
            byte => lines.last_mut().unwrap().push(byte),
        }
        at += 1;
    }
    lines.pop();
    let (mut events, mut name, mut data) = (Vec::new(), Vec::new(), Vec::new());
    for line in lines {
        if line.is_empty() {
            let event = (std::mem::take(&mut name), std::mem::take(&mut data));
            if let Some(data) = event.1.strip_suffix(b"\n") {
                events.push((event.0, data.to_vec()));
            }
            continue;
        }
        let colon = line.iter().position(|&byte| byte == b':').unwrap_or(line.len());
        let value = line.get(colon + 1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match &line[..colon] {
            b"event" => name = value.to_vec(),
            b"data" => {
                data.extend_from_slice(value);
                data.push(b'\n');
            }
            _ => {}
        }
    }
    events
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn any_cut_gives_the_frames_of_the_whole(stream in stream(), sizes in prop::collection::vec(0usize..12, 0..40)) {
        let whole = decode(&[Bytes::copy_from_slice(&stream)]);
        let pieces = decode(&cut(&stream, &sizes));
        prop_assert_eq!(&pieces, &whole);
        let raw = whole.0.iter().map(|frame| frame.raw.len()).sum::<usize>();
        prop_assert_eq!(raw + whole.1, stream.len());
        let raws: Vec<_> = whole.0.iter().map(|frame| frame.raw.clone()).collect();
        prop_assert_eq!(raws.concat(), &stream[..raw]);
    }

    #[test]
    fn frames_say_what_the_specification_dispatches(mut stream in stream()) {
        // A blank line at the end, since the specification drops what has none.
        stream.extend_from_slice(b"\n\n");
        let frames = decode(&[Bytes::copy_from_slice(&stream)]).0;
        let said: Vec<_> = frames
            .iter()
            .filter(|frame| frame.has_data)
            .map(|frame| (frame.event.clone().unwrap_or_default().to_vec(), frame.data.to_vec()))
            .collect();
        prop_assert_eq!(said, dispatched(&stream));
        for frame in &frames {
            prop_assert!(!frame.is_comment_only() || (!frame.has_data && frame.event.is_none()));
        }
    }

    #[test]
    fn boundaries_are_frame_ends_and_lose_nothing(stream in stream(), sizes in prop::collection::vec(0usize..12, 0..40)) {
        let mut boundary = Boundary::new(LIMIT_BYTES);
        let mut decoder = Decoder::new(LIMIT_BYTES);
        let mut passed = Vec::new();
        for chunk in cut(&stream, &sizes) {
            let complete = boundary.push(chunk.clone()).unwrap();
            decoder.push(chunk).unwrap();
            // As much as the decoder has seen end, and no less.
            passed.extend_from_slice(&complete.head);
            passed.extend_from_slice(&complete.tail);
            prop_assert_eq!(boundary.pending(), decoder.pending());
        }
        let mut frames = Decoder::new(LIMIT_BYTES);
        frames.push(Bytes::copy_from_slice(&passed)).unwrap();
        // What was passed ends with a frame, but for a CR that could only be told by the byte behind it.
        let undecided = frames.finish().map_or(0, |frame| frame.raw.len());
        prop_assert!(undecided == 0 || passed.ends_with(b"\r"));
        prop_assert_eq!(frames.pending(), 0);
        passed.extend_from_slice(&boundary.take_rest());
        prop_assert_eq!(passed, stream);
    }

    #[test]
    fn what_is_written_is_read_back(
        events in prop::collection::vec((prop::option::of("[a-z_.]{1,12}"), "([a-z :\u{e9}\u{1f980}]|\n){0,20}", any::<bool>()), 0..8),
        sizes in prop::collection::vec(0usize..20, 0..20),
    ) {
        let mut out = Vec::new();
        for (name, data, comment) in &events {
            if *comment {
                write_comment(&mut out, data);
            }
            write_event(&mut out, name.as_deref(), data.as_bytes());
        }
        let (frames, pending) = decode(&cut(&out, &sizes));
        prop_assert_eq!(pending, 0);
        let read: Vec<_> = frames.iter().filter(|frame| !frame.is_comment_only()).collect();
        prop_assert_eq!(read.len(), events.len());
        for (frame, (name, data, _)) in read.iter().zip(&events) {
            prop_assert_eq!(frame.event_str(), name.as_deref().unwrap_or(""));
            prop_assert_eq!(&frame.data[..], data.as_bytes());
        }
    }
}
