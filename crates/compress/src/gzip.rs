//! gzip, RFC 1952: members one after another.
//!
//! ```text
//! 1f 8b 08 flags mtime(4) xfl os [length(2) extra] [name 00] [comment 00] [crc16(2)]  deflate...  crc32(4) length(4)
//! ```

use crate::crc::Crc;
use crate::error::{Error, ErrorCode};
use crate::source::Source;
use flate2::{Decompress, FlushDecompress, Status};
use std::io::{self, Read};

const HAS_HEADER_CRC: u8 = 1 << 1;
const HAS_EXTRA: u8 = 1 << 2;
const HAS_NAME: u8 = 1 << 3;
const HAS_COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

/// Longest header in bytes. Its name and comment have no limit in the format, and are of no use to us.
const LONGEST_HEADER: usize = 128 * 1024;

/// The members of a stream.
pub(crate) struct Members {
    place: Place,
    /// Where this member begins.
    begins: u64,
    inflate: Decompress,
    /// Checksum and length of what came out of the member.
    crc: Crc,
}

enum Place {
    Header,
    Contents,
    Trailer,
    /// Behind a member.
    Between,
    /// In zeros behind a member.
    Padding,
}

impl Members {
    pub(crate) fn new() -> Self {
        Self { place: Place::Header, begins: 0, inflate: Decompress::new(false), crc: Crc::default() }
    }

    /// The next bytes of the contents; none at the end.
    pub(crate) fn read(&mut self, source: &mut Source<impl Read>, target: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.place {
                Place::Header => {
                    let length = header(source)?;
                    self.begins = source.used();
                    source.consume(length);
                    self.inflate.reset(false);
                    self.crc = Crc::default();
                    self.place = Place::Contents;
                }
                Place::Contents => match self.inflate(source, target)? {
                    0 => self.place = Place::Trailer,
                    count => return Ok(count),
                },
                Place::Trailer => {
                    self.check_trailer(source)?;
                    self.place = Place::Between;
                }
                Place::Between => match source.fill(2)? {
                    [] => return Ok(0),
                    [0x1f, 0x8b, ..] => self.place = Place::Header,
                    [0, ..] => self.place = Place::Padding,
                    _ => return Err(trailing(source)),
                },
                Place::Padding => {
                    let padding = source.fill(1)?;
                    let (length, zeros) = (padding.len(), padding.iter().take_while(|byte| **byte == 0).count());
                    source.consume(zeros);
                    if zeros < length {
                        return Err(trailing(source));
                    }
                    if length == 0 {
                        return Ok(0);
                    }
                }
            }
        }
    }

    /// Some bytes, or none behind the last one.
    fn inflate(&mut self, source: &mut Source<impl Read>, target: &mut [u8]) -> io::Result<usize> {
        loop {
            // Also with no bytes in the buffer: some may have been decoded and not fit before.
            let (used, given) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self.inflate.decompress(source.buffered(), target, FlushDecompress::None);
            let used = counted(used, self.inflate.total_in());
            let given = counted(given, self.inflate.total_out());
            source.consume(used);
            let status = status.map_err(|_| no_deflate(self.begins))?;
            if given > 0 {
                self.crc.update(target.get(..given).unwrap_or_default());
                return Ok(given);
            }
            if status == Status::StreamEnd {
                return Ok(0);
            }
            if used == 0 {
                let had = source.buffered().len();
                if source.fill(had.saturating_add(1))?.len() == had {
                    return Err(truncated(source));
                }
            }
        }
    }

    fn check_trailer(&self, source: &mut Source<impl Read>) -> io::Result<()> {
        let &[a, b, c, d, e, f, g, h, ..] = source.fill(8)? else {
            return Err(truncated(source));
        };
        let (crc, length) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
        if (crc, length) != (self.crc.checksum(), self.crc.length()) {
            let what = if crc == self.crc.checksum() { "length" } else { "CRC-32" };
            let message = format!("the {what} at byte {} is not that of the contents before it", source.used());
            return Err(Error::new(ErrorCode::Checksum, message).into());
        }
        source.consume(8);
        Ok(())
    }
}

/// The length of a header that is whole in the buffer.
fn header(source: &mut Source<impl Read>) -> io::Result<usize> {
    loop {
        let bytes = source.buffered();
        let had = bytes.len();
        match header_length(bytes) {
            Ok(length) if length <= had => return Ok(length),
            Ok(length) if length > LONGEST_HEADER => return Err(invalid(source, "a header over 128 KiB")),
            Ok(length) => {
                if source.fill(length)?.len() < length {
                    return Err(truncated(source));
                }
            }
            Err(what) => return Err(invalid(source, what)),
        }
    }
}

/// The length of a header, or a length that it has at least if these bytes are not all of it; else what is wrong with it.
fn header_length(bytes: &[u8]) -> Result<usize, &'static str> {
    let &[_, _, method, flags, _, _, _, _, _, _, ref rest @ ..] = bytes else {
        return Ok(10);
    };
    if method != 8 {
        return Err("a method that is not deflate");
    }
    if flags & RESERVED != 0 {
        return Err("reserved flags");
    }
    let mut left = rest;
    // The length so far; `left` is what of the buffer is behind it.
    let mut length = 10_usize;
    if flags & HAS_EXTRA != 0 {
        let &[low, high, ref behind @ ..] = left else {
            return Ok(length.saturating_add(2));
        };
        let extra = usize::from(u16::from_le_bytes([low, high]));
        length = length.saturating_add(2).saturating_add(extra);
        left = behind.get(extra..).unwrap_or_default();
    }
    for flag in [HAS_NAME, HAS_COMMENT] {
        if flags & flag != 0 {
            let Some(end) = left.iter().position(|byte| *byte == 0) else {
                return Ok(length.max(bytes.len()).saturating_add(1));
            };
            length = length.saturating_add(end).saturating_add(1);
            left = left.get(end..).and_then(|left| left.get(1..)).unwrap_or_default();
        }
    }
    if flags & HAS_HEADER_CRC == 0 {
        return Ok(length);
    }
    if let (Some(before), &[low, high, ..]) = (bytes.get(..length), left) {
        // Its lower half.
        if Crc::of(before).checksum() & 0xffff != u32::from(u16::from_le_bytes([low, high])) {
            return Err("a header whose CRC-16 does not hold");
        }
    }
    Ok(length.saturating_add(2))
}

/// Both are counts of one member.
fn counted(before: u64, after: u64) -> usize {
    usize::try_from(after.saturating_sub(before)).unwrap_or(usize::MAX)
}

fn invalid(source: &Source<impl Read>, what: &str) -> io::Error {
    Error::new(ErrorCode::Invalid, format!("gzip with {what}, at byte {}", source.used())).into()
}

/// Where in it depends on the pieces that came in, and how much comes out before.
fn no_deflate(begins: u64) -> io::Error {
    Error::new(ErrorCode::Invalid, format!("a gzip member that is no deflate data, at byte {begins}")).into()
}

fn truncated(source: &Source<impl Read>) -> io::Error {
    let length = source.used().saturating_add(source.buffered().len() as u64);
    Error::new(ErrorCode::Truncated, format!("the gzip stream ends inside of a member, behind {length} bytes")).into()
}

fn trailing(source: &Source<impl Read>) -> io::Error {
    let message = format!("bytes that are no gzip member follow the last one, at byte {}", source.used());
    Error::new(ErrorCode::Trailing, message).into()
}
