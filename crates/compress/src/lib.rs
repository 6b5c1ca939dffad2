//! Compressed ledgers, read as if they were not compressed.
//!
//! [`Decoder`] finds out by the first bytes what a stream is, and gives its contents in bounded memory:
//!
//! | first bytes | format | |
//! |---|---|---|
//! | `1f 8b` | gzip | RFC 1952. Any number of members |
//! | `28 b5 2f fd`, or `50..5f 2a 4d 18` | zstd | RFC 8878. Any number of frames, skippable ones among them |
//! | others | none | given as they are. No ledger begins as the two above do: they are not UTF-8, or no JSON |
//!
//! However a stream comes in, the same comes out, and the same error behind it; only in front of data that cannot be decoded
//! there may be less. What came out was decoded, but checksums stand behind what they are of: only a stream that was read to
//! its end is known to be whole. It ends where the last member or frame ends, and everything else is an error:
//!
//! * Bytes behind that are [`ErrorCode::Trailing`], except that zeros to the end are padding behind a gzip member, as
//!   gzip(1) takes them: tapes and block devices pad. zstd(1) takes none, and no more do we.
//! * gzip: the method is deflate, no reserved flag is set, the header has at most 128 KiB; its own CRC where it has one,
//!   and the CRC and the length behind the contents hold.
//! * zstd: a window of at most 8 MiB, as RFC 8878 recommends (section 3.1.1.1.2), which is what `zstd -19` takes at most;
//!   no dictionary; checksum and size of the contents hold where they are given.
//! * A *ratio* over 1,000 : 1 once more than 64 MiB came out, of all contents to all of the stream up to there. Each event
//!   has 192 hex digits of hash and signature that nothing compresses below 96 bytes, so that a ledger can come near
//!   1,000 : 1 only when its lines have 96,000 bytes on average that say nothing. What is bounded so is the work that
//!   a small stream can cause; deflate by itself ends at 1,032 : 1, zstd does not.
//!
//! ```
//! use sealwright_compress::{Decoder, Format};
//! use std::io::Read as _;
//!
//! // printf 'a\n' | gzip -n
//! let stream = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b\xe4\x02\0\x07\xa1\xea\xdd\x02\0\0\0";
//! let mut decoder = Decoder::new(&stream[..], None);
//! let mut text = String::new();
//! decoder.read_to_string(&mut text)?;
//! assert_eq!((decoder.format(), text.as_str()), (Some(Format::Gzip), "a\n"));
//! # std::io::Result::Ok(())
//! ```

#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")
)]

mod crc;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod gzip;
mod source;
mod zstd;

pub use error::{Error, ErrorCode};

use gzip::Members;
use source::Source;
use std::io::{self, Read};
use zstd::Frames;

/// Contents up to which any ratio will do, in bytes.
const FREE: u64 = 64 << 20;
/// Bytes that may come out for each one of the stream.
const LARGEST_RATIO: u64 = 1000;

/// How a stream is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Not at all.
    None,
    /// gzip.
    Gzip,
    /// zstd.
    Zstd,
}

impl Format {
    /// `none`, `gzip` or `zstd`.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    fn of(beginning: &[u8]) -> Self {
        match beginning {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [..] if zstd::is_frame(beginning) => Self::Zstd,
            [..] => Self::None,
        }
    }
}

/// The contents of a stream. An error of it stays: every further read gives it again. One of the reader does not: the
/// same read may be tried again, so that a reader can say [`io::ErrorKind::WouldBlock`] where it has no more yet.
pub struct Decoder<R> {
    source: Source<R>,
    stage: Stage,
    max_bytes: Option<u64>,
    given: u64,
    failure: Option<Error>,
}

enum Stage {
    Unknown,
    Plain,
    Gzip(Box<Members>),
    Zstd(Box<Frames>),
}

impl<R: Read> Decoder<R> {
    /// Reads nothing yet. More contents than `max_bytes`, compressed or not, are an error.
    pub fn new(reader: R, max_bytes: Option<u64>) -> Self {
        Self { source: Source::new(reader), stage: Stage::Unknown, max_bytes, given: 0, failure: None }
    }

    /// What the stream is; none before the first read that gave something.
    pub fn format(&self) -> Option<Format> {
        match &self.stage {
            Stage::Unknown => None,
            Stage::Plain => Some(Format::None),
            Stage::Gzip(_) => Some(Format::Gzip),
            Stage::Zstd(_) => Some(Format::Zstd),
        }
    }

    /// The reader. What was read of it is not in it any more.
    pub fn reader_mut(&mut self) -> &mut R {
        self.source.reader_mut()
    }

    fn check_ratio(&self) -> Result<(), Error> {
        let (given, used) = (self.given, self.source.used());
        if given <= FREE || given <= used.saturating_mul(LARGEST_RATIO) {
            return Ok(());
        }
        let message = format!("{given} bytes came out of {used}: more than {LARGEST_RATIO} for each of them");
        Err(Error::new(ErrorCode::Ratio, message))
    }

    fn read_on(&mut self, target: &mut [u8]) -> io::Result<usize> {
        if target.is_empty() {
            return Ok(0);
        }
        self.check_ratio()?;
        let most = self.max_bytes.unwrap_or(u64::MAX);
        let room = usize::try_from(most.saturating_sub(self.given)).unwrap_or(usize::MAX);
        if room == 0 {
            // Contents that end exactly there are not too large.
            return match self.decode(&mut [0])? {
                0 => Ok(0),
                _ => Err(Error::new(ErrorCode::TooLarge, format!("the contents have more than {most} bytes")).into()),
            };
        }
        let length = target.len().min(room);
        let count = self.decode(target.get_mut(..length).unwrap_or_default())?;
        self.given = self.given.saturating_add(count as u64);
        Ok(count)
    }

    fn decode(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let source = &mut self.source;
        if let Stage::Unknown = self.stage {
            self.stage = match Format::of(source.fill(4)?) {
                Format::None => Stage::Plain,
                Format::Gzip => Stage::Gzip(Box::new(Members::new())),
                Format::Zstd => Stage::Zstd(Box::new(Frames::new())),
            };
        }
        match &mut self.stage {
            Stage::Gzip(members) => members.read(source, target),
            Stage::Zstd(frames) => frames.read(source, target),
            Stage::Unknown | Stage::Plain => {
                let count = source.fill(1)?.len().min(target.len());
                let (to, from) = (target.get_mut(..count), source.buffered().get(..count));
                to.unwrap_or_default().copy_from_slice(from.unwrap_or_default());
                source.consume(count);
                Ok(count)
            }
        }
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone().into());
        }
        let read = self.read_on(target);
        self.failure = read.as_ref().err().and_then(Error::of).cloned();
        read
    }
}
