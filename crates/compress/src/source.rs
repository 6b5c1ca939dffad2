//! Bytes of a reader, as many at once as a format needs to go on.

use std::io::{self, ErrorKind, Read};

/// The most that [`Source::fill`] can be asked for: a zstd block with what stands around it (131,078 bytes) fits.
pub(crate) const CAPACITY: usize = 160 * 1024;

/// A reader, and what was read of it and not used yet. Nothing is lost when the reader fails: the same call may be made
/// again. Where it has ended it is not asked any more.
pub(crate) struct Source<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    used: u64,
    has_ended: bool,
}

impl<R: Read> Source<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, buffer: vec![0; CAPACITY], start: 0, end: 0, used: 0, has_ended: false }
    }

    pub(crate) fn reader_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// What was read and not used yet.
    pub(crate) fn buffered(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// So many bytes or more, but at most [`CAPACITY`]. Fewer only where the reader ends.
    pub(crate) fn fill(&mut self, wanted: usize) -> io::Result<&[u8]> {
        let wanted = wanted.min(CAPACITY);
        while self.buffered().len() < wanted && !self.has_ended {
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end = self.end.saturating_sub(self.start);
                self.start = 0;
            }
            let room = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.reader.read(room) {
                Ok(0) => self.has_ended = true,
                Ok(count) => self.end = self.end.saturating_add(count).min(CAPACITY),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.buffered())
    }

    /// Takes bytes out of the buffer.
    pub(crate) fn consume(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.end);
        self.used = self.used.saturating_add(count as u64);
    }

    /// How many were used so far: the offset of the next one.
    pub(crate) fn used(&self) -> u64 {
        self.used
    }
}
