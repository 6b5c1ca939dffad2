//! The lines of a file from any place on. Of the file no more is in memory than a piece, or one line.

use crate::error::{Error, ErrorCode, Result};
use crate::limits::as_u64;
use crate::storage::Source;
use memchr::{memchr, memchr_iter};
use std::io;
use std::ops::Range;

/// Bytes that are read at once, at first and later: who looks at one line needs no more.
const FIRST_PIECE: usize = 1 << 14;
const PIECE: usize = 1 << 18;

/// Lines of a source, as long as it was when it was opened.
pub(super) struct Lines {
    source: Box<dyn Source>,
    length: u64,
    /// Longest line, its LF not counted.
    limit: usize,
    buffer: Vec<u8>,
    /// Where in the buffer the next line begins, and where in the file.
    begin: usize,
    offset: u64,
    piece: usize,
}

/// A line that was read, until the next one is.
#[derive(Debug)]
pub(super) struct RawLine {
    /// Where it begins in the file.
    pub(super) offset: u64,
    /// Where it stands in the buffer, without its LF; nowhere if it is too long to be kept.
    range: Range<usize>,
    pub(super) is_too_long: bool,
    /// It has its LF.
    pub(super) is_whole: bool,
}

impl Lines {
    pub(super) fn new(source: Box<dyn Source>, length: u64, limit: usize) -> Self {
        Self { source, length, limit, buffer: Vec::new(), begin: 0, offset: 0, piece: FIRST_PIECE }
    }

    /// Bytes of the file.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Longest line, its LF not counted.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Where the next line begins.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Goes to a place, where a line should begin.
    pub(super) fn seek(&mut self, offset: u64) {
        self.buffer.clear();
        (self.begin, self.offset, self.piece) = (0, offset, FIRST_PIECE);
    }

    /// The next line; none at the end of the file.
    pub(super) fn next_line(&mut self) -> Result<Option<RawLine>> {
        let mut length = 0_usize;
        loop {
            let unread = self.buffer.get(self.begin..).unwrap_or_default();
            let line_feed = memchr(b'\n', unread.get(length..).unwrap_or_default());
            length = line_feed.map_or(unread.len(), |place| length.saturating_add(place));
            if length > self.limit {
                return self.pass_over().map(Some);
            }
            if line_feed.is_some() || !self.fill()? {
                break if length == 0 && line_feed.is_none() {
                    Ok(None)
                } else {
                    Ok(Some(self.take(length, line_feed.is_some())))
                };
            }
        }
    }

    /// The bytes of the line that was read last.
    pub(super) fn bytes(&self, line: &RawLine) -> &[u8] {
        self.buffer.get(line.range.clone()).unwrap_or_default()
    }

    /// The number of the line that begins at a place, from 1.
    pub(super) fn number_at(&mut self, offset: u64) -> Result<u64> {
        self.seek(0);
        let mut number = 1_u64;
        while self.offset < offset && self.fill()? {
            let before = usize::try_from(offset.saturating_sub(self.offset)).unwrap_or(usize::MAX);
            let piece = self.buffer.get(..before.min(self.buffer.len())).unwrap_or_default();
            number = number.saturating_add(as_u64(memchr_iter(b'\n', piece).count()));
            self.take(self.buffer.len(), false);
        }
        Ok(number)
    }

    fn take(&mut self, length: usize, is_whole: bool) -> RawLine {
        let range = self.begin..self.begin.saturating_add(length);
        let line = RawLine { offset: self.offset, range, is_too_long: false, is_whole };
        let taken = length.saturating_add(usize::from(is_whole));
        self.begin = self.begin.saturating_add(taken);
        self.offset = self.offset.saturating_add(as_u64(taken));
        line
    }

    /// Passes over a line that is too long.
    fn pass_over(&mut self) -> Result<RawLine> {
        let offset = self.offset;
        let is_whole = loop {
            let unread = self.buffer.get(self.begin..).unwrap_or_default();
            let (line_feed, length) = (memchr(b'\n', unread), unread.len());
            self.take(line_feed.unwrap_or(length), line_feed.is_some());
            if line_feed.is_some() {
                break true;
            }
            if !self.fill()? {
                break false;
            }
        };
        Ok(RawLine { offset, range: 0..0, is_too_long: true, is_whole })
    }

    /// Reads on behind what is unread; false at the end of the file.
    fn fill(&mut self) -> Result<bool> {
        self.buffer.drain(..self.begin.min(self.buffer.len()));
        self.begin = 0;
        let unread = self.buffer.len();
        let at = self.offset.saturating_add(as_u64(unread));
        let left = usize::try_from(self.length.saturating_sub(at)).unwrap_or(usize::MAX);
        let wanted = left.min(self.piece);
        if wanted == 0 {
            return Ok(false);
        }
        self.piece = PIECE;
        self.buffer.resize(unread.saturating_add(wanted), 0);
        let place = self.buffer.get_mut(unread..).unwrap_or_default();
        let count = loop {
            match self.source.read_at(at, place) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => {
                    break read.map_err(|error| Error::io(ErrorCode::LedgerIo, "cannot read the ledger", &error))?;
                }
            }
        };
        if count == 0 {
            return Err(Error::new(ErrorCode::LedgerIo, "the ledger was cut while it was read"));
        }
        self.buffer.truncate(unread.saturating_add(count));
        Ok(true)
    }
}
