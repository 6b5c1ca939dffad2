//! zstd, RFC 8878: frames one after another.
//!
//! ```text
//! 28 b5 2f fd descriptor [window] [dictionary id(1, 2, 4)] [size of contents(1, 2, 4, 8)]  blocks...  [checksum(4)]
//! 5. 2a 4d 18 length(4) bytes
//! ```
//!
//! A block has three bytes that say its length, of at most 128 KiB, and whether it is the last one.

use crate::error::{Error, ErrorCode};
use crate::source::Source;
use ruzstd::decoding::errors::{FrameDecoderError, FrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::{self, Read};

/// Largest window, in bytes.
const LARGEST_WINDOW: u64 = 8 << 20;
/// Largest block, in bytes.
const LARGEST_BLOCK: usize = 128 * 1024;
/// Longest header, in bytes, with the magic number.
const LONGEST_HEADER: usize = 18;

/// The frames of a stream.
pub(crate) struct Frames {
    place: Place,
    decoder: FrameDecoder,
    /// The descriptor of this frame.
    descriptor: u8,
    /// Bytes that came out of this frame.
    given: u64,
}

enum Place {
    /// In front of a frame, or at the end.
    Between,
    /// In a skippable frame, with so many bytes to go.
    Skipping(u64),
    Blocks,
    /// Behind the last block of a frame.
    Finished,
}

/// Whether a frame begins with these bytes.
pub(crate) fn is_frame(bytes: &[u8]) -> bool {
    is_skippable(bytes) || matches!(bytes, [0x28, 0xb5, 0x2f, 0xfd, ..])
}

fn is_skippable(bytes: &[u8]) -> bool {
    matches!(bytes, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

impl Frames {
    pub(crate) fn new() -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(LARGEST_WINDOW);
        Self { place: Place::Between, decoder, descriptor: 0, given: 0 }
    }

    /// The next bytes of the contents; none at the end.
    pub(crate) fn read(&mut self, source: &mut Source<impl Read>, target: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.place {
                Place::Between => {
                    if source.fill(1)?.is_empty() {
                        return Ok(0);
                    }
                    self.begin(source)?;
                }
                Place::Skipping(0) => self.place = Place::Between,
                Place::Skipping(left) => {
                    let count = source.fill(1)?.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    if count == 0 {
                        return Err(truncated(source));
                    }
                    source.consume(count);
                    self.place = Place::Skipping(left.saturating_sub(count as u64));
                }
                Place::Blocks | Place::Finished => {
                    // The window stays inside until the frame has ended.
                    let count = self.decoder.read(target)?;
                    self.given = self.given.saturating_add(count as u64);
                    if count > 0 {
                        return Ok(count);
                    }
                    if matches!(self.place, Place::Blocks) {
                        self.decode_block(source)?;
                    } else {
                        self.check_contents(source)?;
                        self.place = Place::Between;
                    }
                }
            }
        }
    }

    /// Reads the header of a frame.
    fn begin(&mut self, source: &mut Source<impl Read>) -> io::Result<()> {
        let bytes = source.fill(LONGEST_HEADER)?;
        if is_skippable(bytes) {
            let Some(&[a, b, c, d]) = bytes.get(4..8) else {
                return Err(truncated(source));
            };
            source.consume(8);
            self.place = Place::Skipping(u32::from_le_bytes([a, b, c, d]).into());
            return Ok(());
        }
        if !is_frame(bytes) {
            let message = format!("bytes that are no zstd frame follow the last one, at byte {}", source.used());
            return Err(Error::new(ErrorCode::Trailing, message).into());
        }
        let Some(&descriptor) = bytes.get(4).filter(|descriptor| bytes.len() >= header_length(**descriptor)) else {
            return Err(truncated(source));
        };
        let reserved = descriptor & 0b1000 != 0;
        if reserved {
            return Err(invalid(source, "a reserved flag"));
        }
        let mut header = bytes;
        self.decoder.reset(&mut header).map_err(|error| refused(source, &error))?;
        (self.descriptor, self.given, self.place) = (descriptor, 0, Place::Blocks);
        source.consume(header_length(descriptor));
        Ok(())
    }

    fn decode_block(&mut self, source: &mut Source<impl Read>) -> io::Result<()> {
        let &[a, b, c, ..] = source.fill(3)? else {
            return Err(truncated(source));
        };
        let header = u32::from_le_bytes([a, b, c, 0]);
        let (is_last, kind, size) = (header & 1 == 1, (header >> 1) & 0b11, (header >> 3) as usize);
        if size > LARGEST_BLOCK {
            return Err(invalid(source, "a block over 128 KiB"));
        }
        let contents = if kind == RUN { 1 } else { size };
        let checksum = if is_last && self.has_checksum() { 4 } else { 0 };
        let length = contents.saturating_add(checksum).saturating_add(3);
        if source.fill(length)?.len() < length {
            return Err(truncated(source));
        }
        let mut block = source.buffered().get(..length).unwrap_or_default();
        let decoded = self.decoder.decode_blocks(&mut block, BlockDecodingStrategy::UptoBlocks(1));
        if let Err(error) = decoded {
            return Err(refused(source, &error));
        }
        source.consume(length);
        if is_last {
            self.place = Place::Finished;
        }
        Ok(())
    }

    /// At the end of a frame, when all of its contents were given.
    fn check_contents(&self, source: &Source<impl Read>) -> io::Result<()> {
        let said = self.decoder.content_size();
        if has_size(self.descriptor) && said != self.given {
            let message = format!("a zstd frame of {} bytes says that it has {said}", self.given);
            return Err(Error::new(ErrorCode::Checksum, message).into());
        }
        if self.has_checksum() && self.decoder.get_checksum_from_data() != self.decoder.get_calculated_checksum() {
            let place = source.used().saturating_sub(4);
            let message = format!("the checksum at byte {place} is not that of the zstd frame's contents");
            return Err(Error::new(ErrorCode::Checksum, message).into());
        }
        Ok(())
    }

    fn has_checksum(&self) -> bool {
        self.descriptor & 0b100 != 0
    }
}

/// A block of one byte, repeated.
const RUN: u32 = 1;

/// Section 3.1.1.1 of the RFC.
fn header_length(descriptor: u8) -> usize {
    let single_segment = descriptor & 0b10_0000 != 0;
    let window = usize::from(!single_segment);
    let dictionary = match descriptor & 0b11 {
        0 => 0,
        1 => 1,
        2 => 2,
        _ => 4,
    };
    let size = match descriptor >> 6 {
        0 => usize::from(single_segment),
        1 => 2,
        2 => 4,
        _ => 8,
    };
    [5, window, dictionary, size].iter().sum()
}

fn has_size(descriptor: u8) -> bool {
    descriptor & 0b1110_0000 != 0
}

fn refused(source: &Source<impl Read>, error: &FrameDecoderError) -> io::Error {
    let place = source.used();
    match error {
        FrameDecoderError::WindowSizeTooBig { requested: size, .. }
        | FrameDecoderError::FrameHeaderError(FrameHeaderError::WindowTooBig { got: size }) => {
            let message =
                format!("a zstd frame at byte {place} takes a window of {size} bytes, at most 8 MiB are given");
            Error::new(ErrorCode::Window, message).into()
        }
        FrameDecoderError::DictNotProvided { dict_id } => {
            let message = format!("a zstd frame at byte {place} takes the dictionary {dict_id}");
            Error::new(ErrorCode::Dictionary, message).into()
        }
        _ => invalid(source, "data that are not"),
    }
}

fn invalid(source: &Source<impl Read>, what: &str) -> io::Error {
    Error::new(ErrorCode::Invalid, format!("zstd with {what}, at byte {}", source.used())).into()
}

fn truncated(source: &Source<impl Read>) -> io::Error {
    let length = source.used().saturating_add(source.buffered().len() as u64);
    Error::new(ErrorCode::Truncated, format!("the zstd stream ends inside of a frame, behind {length} bytes")).into()
}
