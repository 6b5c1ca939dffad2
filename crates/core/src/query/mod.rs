//! Reading events in order, and going to those that are wanted.
//!
//! ```text
//! ledger.0-999.ndjson        ledger.1000-1999.ndjson    ledger.ndjson
//!   not opened: to < 1500      a run from event 1500 on      the same run goes on
//! ```
//!
//! A *run* is lines one after another. Each is checked: fields, its own hash, and that it follows the line before in its
//! run. The first line of a run that does not begin with the ledger may name any parent. So what is given is as it was
//! hashed, and in order; that it is the ledger's, and that nothing is missing, is a verifier's work, and so are signatures.
//!
//! Where a run begins is decided by `from`, by the names of the segments and [`search`], or by an [`index`] of the blocks
//! that can hold a wanted event. Files that a query begins with or passes over are not read before that.

mod files;
mod index;
mod lines;
mod options;
mod part;
mod payload;
mod place;
mod search;

use crate::chain::{ChainState, Head};
use crate::error::{Error, ErrorCode, Result};
use crate::hash::Hash;
use crate::line;
use files::{Files, Which};
pub use options::{Granularity, ReadOptions};
use part::Part;
pub use place::{Gap, LedgerFile, find_gap, ledger_files};
use std::path::{Path, PathBuf};

/// An event as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadEvent {
    /// The line, without its LF.
    pub line: String,
    /// The writer's spelling of it, where that differs.
    pub respelled: Option<String>,
    /// Its seq and hash.
    pub head: Head,
    /// Hash of the event before.
    pub parent: Hash,
}

/// Reads a ledger, its sealed segments included, as long as it is when it is opened.
pub struct Reader {
    path: PathBuf,
    options: ReadOptions,
    files: Files,
    /// What is read now.
    part: Option<Part>,
    /// The first event of the next file should have this seq.
    next_seq: u64,
    /// What it should follow, if the file before was read to its end.
    state: Option<ChainState>,
    work: line::Workspace,
}

impl Reader {
    /// Opens the ledger whose active file is at a path, or one sealed segment alone.
    pub fn open(path: &Path, options: ReadOptions) -> Result<Self> {
        let files = Files::of(path)?;
        Ok(Self {
            path: path.to_owned(),
            options,
            files,
            part: None,
            next_seq: 0,
            state: None,
            work: line::Workspace::default(),
        })
    }

    /// The next wanted event; none behind the last. A line that does not follow the one before ends the reading with
    /// [`ErrorCode::ChainBroken`], a gap between files with [`ErrorCode::SegmentMissing`].
    pub fn next_event(&mut self) -> Result<Option<ReadEvent>> {
        let event = self.find_next();
        if event.is_err() {
            (self.files, self.part) = (Files::default(), None);
        }
        event
    }

    fn find_next(&mut self) -> Result<Option<ReadEvent>> {
        let options = &self.options;
        let can_match = options.since.is_none_or(|since| options.until.is_none_or(|until| since < until));
        if options.from > options.to || !can_match {
            return Ok(None);
        }
        loop {
            let Some(part) = &mut self.part else { if self.open_next()? { continue } else { return Ok(None) } };
            let event = part.next_event(&self.options, &mut self.work);
            if let Ok(Some(_)) | Err(_) = event {
                return event;
            }
            let next_seq = self.next_seq.max(part.next_seq());
            self.state = self.part.take().map_or(Ok(None), Part::finish)?;
            self.next_seq = self.state.map_or(next_seq, |state| state.next_seq());
        }
    }

    /// Goes to the next file that can hold wanted events; false if there is none.
    fn open_next(&mut self) -> Result<bool> {
        while let Some(file) = self.files.next() {
            let Which::Sealed(range) = file.which else {
                let opened = file.open(self.options.max_line_bytes)?;
                return self.begin(opened);
            };
            self.check_gap(range.from)?;
            if range.from > self.options.to {
                return Ok(false);
            }
            if range.to >= self.options.from {
                let opened = file.open(self.options.max_line_bytes)?;
                return self.begin(opened);
            }
            (self.next_seq, self.state) = (range.to.saturating_add(1), None);
        }
        Ok(false)
    }

    fn begin(&mut self, mut file: files::Opened) -> Result<bool> {
        let first = search::first_event(&mut file.lines, &mut self.work)?.map(|line| line.seq);
        if first != Some(0)
            && let Some(error) = self.files.unlisted.take()
        {
            return Err(error);
        }
        match (file.which, first) {
            // Without segments before it, what is missing was pruned, or the file is broken at its first line.
            (Which::Active { alone: true }, Some(first)) if self.options.from < first && !self.is_pruned(first)? => {}
            (Which::Active { .. }, Some(first)) => self.check_gap(first)?,
            (Which::Segment(range), Some(first)) if first == range.from => self.next_seq = first,
            _ => {}
        }
        if self.next_seq > self.options.to {
            return Ok(false);
        }
        let before = self.state.map_or(search::Before::Seq(self.next_seq), search::Before::State);
        // A file that begins with another event is read from there on, for the fault to be told.
        let is_in_place = first == Some(self.next_seq);
        self.part = Some(Part::begin(file, before, is_in_place, &self.options, &mut self.work)?);
        Ok(true)
    }

    /// Events that no file holds are an error where they are wanted; elsewhere the chain begins anew behind them.
    fn check_gap(&mut self, first: u64) -> Result<()> {
        let Some(last) = first.checked_sub(1).filter(|last| *last >= self.next_seq) else { return Ok(()) };
        let is_wanted = self.next_seq.max(self.options.from) <= last.min(self.options.to);
        if is_wanted && !(self.next_seq == 0 && self.is_pruned(first)?) {
            let message = format!("events {} to {last} are in no file of the ledger", self.next_seq);
            return Err(Error::new(ErrorCode::SegmentMissing, message));
        }
        (self.next_seq, self.state) = (first, None);
        Ok(())
    }

    /// The ledger says itself that the events before the first that is there were taken away.
    fn is_pruned(&mut self, first: u64) -> Result<bool> {
        let ReadOptions { max_line_bytes, index, ref cancel, .. } = self.options;
        let (kinds, cancel) = (Some(vec!["LedgerPruned".to_owned()]), cancel.clone());
        let options = ReadOptions { from: first, kinds, max_line_bytes, index, cancel, ..ReadOptions::default() };
        let mut prunings = Self::open(&self.path, options)?;
        while let Some(event) = prunings.next_event()? {
            let read = line::read(event.line.as_bytes(), max_line_bytes, &mut self.work);
            let pruned_to = read.ok().and_then(|line| line.pruning().map(|pruning| pruning.last.seq));
            if pruned_to.is_some_and(|last| last.saturating_add(1) >= first) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
