//! Reading events one after another. Fields, links and hashes are checked; signatures are a verifier's work.

use super::signatures::Signatures;
use crate::chain::{ChainState, SignatureState};
use crate::durable;
use crate::error::{Error, ErrorCode, Place, Result};
use crate::limits::{self, as_u64};
use crate::line::{self, Line, LineError};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Take};
use std::path::Path;

/// Which events are wanted.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// First seq.
    pub from: u64,
    /// Last seq, itself included.
    pub to: u64,
    /// Names of kinds; none for all.
    pub kinds: Option<Vec<String>>,
    /// Longest line in bytes, its LF not counted.
    pub max_line_bytes: usize,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { from: 0, to: limits::MAX_SEQ, kinds: None, max_line_bytes: limits::MAX_LINE }
    }
}

/// An event as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadEvent {
    /// The line, without its LF.
    pub line: String,
    /// The writer's spelling of it, where that differs.
    pub respelled: Option<String>,
}

/// Reads a ledger from its beginning, as long as it is when it is opened.
#[derive(Debug)]
pub struct Reader {
    file: BufReader<Take<File>>,
    options: ReadOptions,
    state: ChainState,
    place: Place,
    work: line::Workspace,
}

impl Reader {
    /// Opens a ledger file.
    pub fn open(path: &Path, options: ReadOptions) -> Result<Self> {
        let (file, length) = durable::open_to_read(path)?;
        Ok(Self {
            file: BufReader::with_capacity(1 << 18, file.take(length)),
            options,
            state: ChainState::START,
            place: Place { line: 1, byte_offset: 0 },
            work: line::Workspace::default(),
        })
    }

    /// The next wanted event; none behind the last. A line that does not follow the one before ends the reading with
    /// [`ErrorCode::ChainBroken`].
    pub fn next_event(&mut self) -> Result<Option<ReadEvent>> {
        while self.state.next_seq() <= self.options.to {
            let Some((bytes, whole)) = self.next_line()? else { break };
            if line::is_blank(&bytes) {
                self.advance(bytes.len());
                continue;
            }
            let read = line::read(&bytes, self.options.max_line_bytes, &mut self.work);
            let line = match read.map_err(|error| self.refuse(error)).and_then(|line| self.follow(line, whole)) {
                Ok(line) => line,
                // Bytes behind the last LF that are no event are not part of the ledger.
                Err(_) if !whole => break,
                Err(error) => return Err(error),
            };
            self.advance(bytes.len());
            if self.is_wanted(&line) {
                let text = String::from_utf8(bytes)
                    .map_err(|_| Error::new(ErrorCode::Internal, "a line that was read is no UTF-8"))?;
                let respelled = if line.as_written { None } else { line::respell(&text) };
                return Ok(Some(ReadEvent { line: text, respelled }));
            }
        }
        Ok(None)
    }

    fn is_wanted(&self, line: &Line) -> bool {
        let kinds = self.options.kinds.as_deref();
        line.seq >= self.options.from && kinds.is_none_or(|kinds| kinds.iter().any(|kind| kind == line.kind.name()))
    }

    /// The next line without its LF, and whether it had one.
    fn next_line(&mut self) -> Result<Option<(Vec<u8>, bool)>> {
        let limit = as_u64(self.options.max_line_bytes).saturating_add(2);
        let mut bytes = Vec::new();
        let unreadable = |error| Error::io(ErrorCode::LedgerIo, "cannot read the ledger", &error);
        if (&mut self.file).take(limit).read_until(b'\n', &mut bytes).map_err(unreadable)? == 0 {
            return Ok(None);
        }
        let whole = bytes.pop_if(|last| *last == b'\n').is_some();
        if bytes.len() > self.options.max_line_bytes {
            if !whole && self.ends_without_line_feed().map_err(unreadable)? {
                return Ok(None);
            }
            let message = format!("a line of more than {} bytes", self.options.max_line_bytes);
            return Err(self.refuse(LineError::Unreadable(ErrorCode::LineTooLong, message)));
        }
        Ok(Some((bytes, whole)))
    }

    /// Passes over the rest of a line that is too long; true when the file ends in it: it is a tail then.
    fn ends_without_line_feed(&mut self) -> io::Result<bool> {
        loop {
            let buffered = self.file.fill_buf()?;
            if buffered.is_empty() {
                return Ok(true);
            }
            if buffered.contains(&b'\n') {
                return Ok(false);
            }
            let length = buffered.len();
            self.file.consume(length);
        }
    }

    fn follow(&mut self, line: Line, whole: bool) -> Result<Line> {
        let signature = if whole { SignatureState::NotChecked } else { Signatures::default().check(&line) };
        self.state.step(&line.link(), signature).map_err(|(_, fault)| self.refuse(fault.into()))?;
        Ok(line)
    }

    /// Goes behind a line of this length and its LF.
    fn advance(&mut self, length: usize) {
        self.place.line = self.place.line.saturating_add(1);
        self.place.byte_offset = self.place.byte_offset.saturating_add(as_u64(length)).saturating_add(1);
    }

    fn refuse(&self, error: LineError) -> Error {
        error.at(self.place)
    }
}
