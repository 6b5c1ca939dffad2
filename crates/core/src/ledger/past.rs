//! The part of a ledger that is in sealed segments, when its active file is opened.
//!
//! ```text
//! ledger.0-99.ndjson   ledger.100-199.ndjson          ledger.ndjson
//! ...                  last line: seq 199, hash h --> first line: seq 200, parent h; or empty
//! ```
//!
//! Only the end of the last segment is read: the others were checked when they were the last.

use super::prune::stated_first;
use super::recover::{Inspection, StorageReader, first_hash, inspect};
use crate::chain::{ChainState, Head, SeqRange};
use crate::error::{Error, ErrorCode, Result};
use crate::hash::Hash;
use crate::storage::{Shelf, Source, Storage};
use std::io::{self, Read};

/// See the module.
pub(super) struct Past {
    /// In their order; none for a ledger that was never rotated.
    ranges: Vec<SeqRange>,
    /// The end of the last one.
    last: Option<Inspection>,
}

impl Past {
    /// That of a ledger by its active file, no name of which is a sealed segment's.
    pub(super) fn of(active: &dyn Storage) -> Result<Self> {
        let Some(shelf) = active.shelf() else { return Ok(Self::none()) };
        let ranges: Vec<SeqRange> = shelf.sealed()?.iter().map(|sealed| sealed.range).collect();
        let last = ranges.last().map(|range| inspect_sealed(&*shelf.open_sealed(*range)?, *range)).transpose()?;
        Ok(Self { ranges, last })
    }

    /// That of a ledger in one file.
    pub(super) fn none() -> Self {
        Self { ranges: Vec::new(), last: None }
    }

    /// What the active file's first event follows.
    pub(super) fn end(&self) -> ChainState {
        self.last.as_ref().map_or(ChainState::START, |last| last.state)
    }

    /// Judges the end of the ledger: that of the active file, and where this is nearly empty of the segment before it.
    pub(super) fn inspect_behind(&mut self, active: &dyn Storage) -> Result<Inspection> {
        let mut found = inspect(active, Some(self.end())).map_err(|error| self.explain(error))?;
        if let Some(last) = &mut self.last {
            last.hashes.append(&mut found.hashes);
            found.hashes.append(&mut last.hashes);
            found.events = found.events.max(last.events);
            if found.in_force.is_none() {
                (found.in_force, found.restored) = (last.in_force, last.restored);
            }
        }
        Ok(found)
    }

    /// Hash of the ledger's first event; none if it cannot be read. If it was pruned, all that is left is read for the event
    /// that says what it was.
    pub(super) fn first_hash(&self, active: &dyn Storage) -> Option<Hash> {
        match (self.ranges.first(), active.shelf()) {
            (Some(range), Some(shelf)) if range.from > 0 => {
                stated_first(sources(shelf, &self.ranges).chain([shelf.open_active()]), range.from).ok()
            }
            (Some(range), Some(shelf)) => {
                first_hash(StorageReader { storage: &*shelf.open_sealed(*range).ok()?, at: 0 })
            }
            _ => first_hash(StorageReader { storage: active, at: 0 }),
        }
    }

    /// True when the first segments are not there any more.
    pub(super) fn is_pruned(&self) -> bool {
        self.ranges.first().is_some_and(|range| range.from > 0)
    }

    /// The last event that was pruned, as what is left says; none for a ledger that is all there.
    pub(super) fn last_pruned(&self, active: &dyn Storage) -> Result<Option<Head>> {
        let (Some(first), Some(shelf)) = (self.ranges.first().filter(|first| first.from > 0), active.shelf()) else {
            return Ok(None);
        };
        stated_first(sources(shelf, &self.ranges).chain([shelf.open_active()]), first.from)?;
        Ok(inspect(&*shelf.open_sealed(*first)?, None)?.start.head())
    }

    /// The segments from the one on that should hold an event, one after another.
    pub(super) fn from<'a>(&'a self, active: &'a dyn Storage, seq: u64) -> impl Read + 'a {
        let wanted = self.ranges.partition_point(|range| range.to < seq);
        let ranges = self.ranges.get(wanted..).unwrap_or_default();
        Files { left: active.shelf().into_iter().flat_map(move |shelf| sources(shelf, ranges)), now: None }
    }

    /// Bytes of all segments.
    pub(super) fn length(&self, active: &dyn Storage) -> Result<u64> {
        let unreadable =
            |error: io::Error| Error::io(ErrorCode::LedgerIo, "cannot look at the segments of the ledger", &error);
        let files = active.shelf().into_iter().flat_map(|shelf| sources(shelf, &self.ranges));
        files
            .map(|file| file?.length().map_err(unreadable))
            .try_fold(0, |sum: u64, length| Ok(sum.saturating_add(length?)))
    }

    fn explain(&self, error: Error) -> Error {
        match self.ranges.last() {
            Some(range) if error.code == ErrorCode::LedgerTampered => {
                let message = format!("{}; the segment before it ends at event {}", error.message, range.to);
                Error { message, ..error }
            }
            _ => error,
        }
    }
}

/// A sealed segment must end as its name says, and nothing of it can be torn.
pub(super) fn inspect_sealed(source: &dyn Source, range: SeqRange) -> Result<Inspection> {
    let found = inspect(source, None)?;
    let holds = found.state.head().map(|head| SeqRange { from: found.start.next_seq(), to: head.seq });
    if found.tail.is_some() || found.unterminated || holds != Some(range) {
        let message = format!(
            "the sealed segment {}-{} does not hold what its name says: nothing is appended behind it",
            range.from, range.to
        );
        return Err(Error::new(ErrorCode::LedgerTampered, message));
    }
    Ok(found)
}

/// Completes a rotation that a crash left with two names for the active file. True when another file is active now.
pub(super) fn finish_rotation(active: &dyn Storage) -> Result<bool> {
    let Some(shelf) = active.shelf() else { return Ok(false) };
    let Some(half) = shelf.sealed()?.into_iter().find(|sealed| sealed.is_active) else { return Ok(false) };
    inspect_sealed(active, half.range)?;
    let failed =
        |error: io::Error| Error::io(ErrorCode::LedgerIo, "cannot complete the rotation of the ledger", &error);
    active.sync().map_err(failed)?;
    // Held until the other file is in its place, so that nobody makes a third one.
    let next = shelf.prepare().map_err(failed)?;
    let replaced = active.sync_folder().and_then(|()| shelf.replace()).and_then(|()| next.sync_folder());
    replaced.map_err(failed)?;
    protect(shelf, half.range);
    Ok(true)
}

/// A sealed segment is read only. That is a precaution against accidents: the rotation does not fail with it.
pub(super) fn protect(shelf: &dyn Shelf, range: SeqRange) {
    let _ = shelf.protect(range);
}

/// Sealed segments, each opened when it is asked for: there may be more than a process may have open.
fn sources<'a>(shelf: &'a dyn Shelf, ranges: &'a [SeqRange]) -> impl Iterator<Item = Result<Box<dyn Source>>> + 'a {
    ranges.iter().map(|range| shelf.open_sealed(*range))
}

/// Files as one stream.
struct Files<I> {
    left: I,
    /// The one that is read, and how far it was.
    now: Option<(Box<dyn Source>, u64)>,
}

impl<I: Iterator<Item = Result<Box<dyn Source>>>> Read for Files<I> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some((file, at)) = &mut self.now {
                let mut reader = StorageReader { storage: &**file, at: *at };
                let count = reader.read(buffer)?;
                *at = reader.at;
                if count > 0 || buffer.is_empty() {
                    return Ok(count);
                }
            }
            self.now = match self.left.next() {
                Some(file) => Some((file.map_err(io::Error::other)?, 0)),
                None => return Ok(0),
            };
        }
    }
}
