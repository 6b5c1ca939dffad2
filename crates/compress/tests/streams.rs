//! What comes out of streams, and how those end that are not whole.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use sealwright_compress::{Decoder, Error, ErrorCode, Format};
use std::fs;
use std::io::{self, ErrorKind, Read, Write as _};
use std::path::PathBuf;

fn vectors() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors"))
}

fn ledger() -> Vec<u8> {
    fs::read(vectors().join("chains/all_kinds.ndjson")).unwrap()
}

struct Stream {
    name: String,
    bytes: Vec<u8>,
    format: String,
    /// How many bytes of the ledger come out.
    length: Option<usize>,
    /// The code of the error behind them.
    code: Option<String>,
}

fn streams() -> Vec<Stream> {
    let folder = vectors().join("compressed");
    let expected = fs::read_to_string(folder.join("expected.json")).unwrap();
    let expected: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&expected).unwrap();
    let stream = |(name, expect): (String, serde_json::Value)| {
        let bytes = fs::read(folder.join(&name)).unwrap();
        let format = expect["format"].as_str().unwrap().to_owned();
        let length = expect["bytes"].as_u64().map(|length| usize::try_from(length).unwrap());
        Stream { name, bytes, format, length, code: expect["code"].as_str().map(str::to_owned) }
    };
    expected.into_iter().map(stream).collect()
}

struct Decoded {
    contents: Vec<u8>,
    error: Option<Error>,
    format: Option<Format>,
}

fn decode(reader: impl Read, room: usize, max_bytes: Option<u64>) -> Decoded {
    let mut decoder = Decoder::new(reader, max_bytes);
    let (mut contents, mut target) = (Vec::new(), vec![0; room]);
    let error = loop {
        match decoder.read(&mut target) {
            Ok(0) => break None,
            Ok(count) => contents.extend(&target[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => break Some(Error::of(&error).unwrap().clone()),
        }
    };
    Decoded { contents, error, format: decoder.format() }
}

/// Gives pieces of these lengths, in turn, and has nothing ready before each of them.
struct Pieces<'a> {
    stream: &'a [u8],
    lengths: &'a [usize],
    next: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        self.next += 1;
        if self.next % 2 == 1 {
            return Err(ErrorKind::WouldBlock.into());
        }
        let length = self.lengths[self.next / 2 % self.lengths.len()].min(target.len());
        self.stream.read(&mut target[..length])
    }
}

#[test]
fn each_stream_has_its_contents_and_its_end() {
    let ledger = ledger();
    let streams = streams();
    assert!(streams.len() > 40);
    for Stream { name, bytes, format, length, code } in streams {
        let decoded = decode(&bytes[..], 1 << 16, None);
        assert_eq!(decoded.error.map(|error| error.code.code().to_owned()), code, "{name}");
        assert_eq!(decoded.format.unwrap().name(), format, "{name}");
        if let Some(length) = length {
            assert_eq!(decoded.contents.len(), length, "{name}");
            assert!(ledger.starts_with(&decoded.contents), "{name}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]

    #[test]
    fn it_does_not_matter_where_streams_are_cut(
        lengths in prop::collection::vec(prop_oneof![1..4_usize, 1..2000_usize], 1..8),
        room in prop_oneof![1..10_usize, 1..5000_usize],
    ) {
        for Stream { name, bytes, .. } in streams() {
            let whole = decode(&bytes[..], 1 << 16, None);
            let cut = decode(Pieces { stream: &bytes, lengths: &lengths, next: 0 }, room, None);
            prop_assert!(cut.contents == whole.contents, "{}", name);
            prop_assert_eq!(cut.error, whole.error, "{}", name);
            prop_assert_eq!(cut.format, whole.format, "{}", name);
        }
    }

    #[test]
    fn what_is_not_compressed_comes_out_as_it_is(
        stream in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            prop::collection::vec(prop::sample::select(vec![0x1f, 0x28, 0x50, 0x8a, 0xb5, 0x2f, 0xfc, 0x2a, 0x4d, 0x19]), 0..6),
        ],
        lengths in prop::collection::vec(1..10_usize, 1..4),
    ) {
        prop_assume!(!stream.starts_with(&[0x1f, 0x8b]));
        let decoded = decode(Pieces { stream: &stream, lengths: &lengths, next: 0 }, 7, None);
        prop_assert_eq!(decoded.contents, stream);
        prop_assert_eq!(decoded.error, None);
        prop_assert_eq!(decoded.format, Some(Format::None));
    }
}

#[test]
fn every_end_inside_of_a_stream_is_found() {
    for name in ["gzip-every-field.gz", "gzip-members.gz", "zstd-frames.zst", "zstd-window-of-8-mib.zst"] {
        let stream = fs::read(vectors().join("compressed").join(name)).unwrap();
        let ends: Vec<usize> =
            (4..stream.len()).filter(|length| decode(&stream[..*length], 4096, None).error.is_none()).collect();
        let borders = match name {
            "gzip-members.gz" => 2,
            // Behind the first skippable frame, the three others and the one between.
            "zstd-frames.zst" => 5,
            _ => 0,
        };
        assert_eq!(ends.len(), borders, "{name}: {ends:?}");
        for length in (4..stream.len()).filter(|length| !ends.contains(length)) {
            let error = decode(&stream[..length], 4096, None).error.unwrap();
            let between = matches!(error.code, ErrorCode::Trailing);
            assert!(between || error.code == ErrorCode::Truncated, "{name}, {length} bytes: {error:?}");
        }
    }
}

#[test]
fn a_limit_is_kept_to_the_byte() {
    for name in ["compressed/gzip-members.gz", "compressed/zstd-frames.zst", "chains/all_kinds.ndjson"] {
        let stream = fs::read(vectors().join(name)).unwrap();
        let enough = decode(&stream[..], 1000, Some(4291));
        assert_eq!((enough.contents.len(), enough.error), (4291, None), "{name}");
        for most in [0, 1, 4000, 4290] {
            let decoded = decode(&stream[..], 1000, Some(most));
            assert_eq!(decoded.contents.len() as u64, most, "{name}");
            assert_eq!(decoded.error.unwrap().code, ErrorCode::TooLarge, "{name}");
        }
    }
}

/// A frame whose window is 8 MiB, of blocks of 128 KiB that take 4 bytes each.
fn bomb(blocks: u32) -> Vec<u8> {
    let mut stream = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 13 << 3];
    for block in 1..=blocks {
        let header = u32::from(block == blocks) | 1 << 1 | (128 << 10) << 3;
        stream.extend(&header.to_le_bytes()[..3]);
        stream.push(b'\n');
    }
    stream
}

#[test]
fn a_bomb_goes_off_behind_64_mib() {
    let below = decode(&bomb(512)[..], 1 << 16, None);
    assert_eq!((below.contents.len(), below.error), (64 << 20, None));
    let above = decode(&bomb(20_000)[..], 1 << 16, None);
    assert_eq!(above.error.unwrap().code, ErrorCode::Ratio);
    assert!(above.contents.len() <= (64 << 20) + (1 << 16), "{} bytes", above.contents.len());
}

/// Lines as a ledger has them: what differs between two events are 32 bytes of hash and 64 of signature, in hex.
#[test]
fn a_ledger_of_equal_events_is_no_bomb() {
    let filler = "x".repeat(20_000);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let (mut state, mut length) = (0x9e37_79b9_7f4a_7c15_u64, 0);
    while length <= 80 << 20 {
        let mut hex = String::new();
        for _ in 0..12 {
            // xorshift64
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            hex += &format!("{state:016x}");
        }
        let line = format!("{{\"event\":\"{filler}\",\"self_hash\":\"{hex}\"}}\n");
        encoder.write_all(line.as_bytes()).unwrap();
        length += line.len();
    }
    let stream = encoder.finish().unwrap();
    assert!(length / stream.len() > 50, "{length} bytes in {}", stream.len());
    let decoded = decode(&stream[..], 1 << 16, None);
    assert_eq!((decoded.contents.len(), decoded.error), (length, None));
}

#[test]
fn an_error_stays_and_one_of_the_reader_does_not() {
    struct Failing(u32, &'static [u8]);
    impl Read for Failing {
        fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            match self.0 {
                1 => Err(ErrorKind::Interrupted.into()),
                2 => Err(ErrorKind::PermissionDenied.into()),
                _ => self.1.read(target),
            }
        }
    }
    let mut decoder = Decoder::new(Failing(0, b"\x1f\x8b\x07\0\0\0\0\0\0\x03"), None);
    let mut target = [0; 10];
    assert_eq!(decoder.read(&mut []).unwrap(), 0);
    assert_eq!(decoder.read(&mut target).unwrap_err().kind(), ErrorKind::PermissionDenied);
    for _ in 0..3 {
        let error = decoder.read(&mut target).unwrap_err();
        assert_eq!(error.to_string(), "gzip with a method that is not deflate, at byte 0");
        assert_eq!(Error::of(&error).unwrap().code, ErrorCode::Invalid);
    }
}

#[test]
fn a_header_has_an_end() {
    let mut stream = vec![0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3];
    stream.extend(vec![b'n'; 200_000]);
    let decoded = decode(&stream[..], 100, None);
    assert_eq!(decoded.error.unwrap().message, "gzip with a header over 128 KiB, at byte 0");
}
