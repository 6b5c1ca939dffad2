//! Pruning: the oldest sealed segments are removed, once an event that says so is on stable storage.
//!
//! ```text
//! before   ledger.0-99  ledger.100-199  ledger.200-299  ledger
//! record   LedgerPruned {count: 200, last_seq: 199, last_hash: that of event 199, first_hash: that of event 0}
//! unlink   ledger.0-99                         oldest first, each durably: what is left must follow each other
//! fsync(folder)
//! unlink   ledger.100-199
//! fsync(folder)
//! ```
//!
//! After a crash in between some of them may still be there. The event covers that too: it names the last one that may be
//! missing. They go with the next pruning.

use super::job::Job;
use super::past::inspect_sealed;
use super::recover::{Lines, StorageReader, first_hash};
use super::writer::Taker;
use super::{Session, one_line};
use crate::chain::{Head, SeqRange, SignatureState};
use crate::error::{Error, ErrorCode, Result};
use crate::event::Event;
use crate::hash::Hash;
use crate::limits;
use crate::line::{self, Pruning};
use crate::storage::{Shelf, Source};
use crate::verify::signatures::Signatures;
use std::io::{self, Read};

/// Which sealed segments may go: those to which all of this applies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PruneLimits {
    /// All their events have lower sequence numbers than this.
    pub before_seq: Option<u64>,
    /// Their last event is older than this, in nanoseconds since 1970.
    pub before_nanos: Option<u64>,
    /// At least so many sealed segments stay; one does in any case, since an empty active file continues it.
    pub keep: usize,
}

/// Segments that may be removed once the event that says so is on stable storage.
#[derive(Debug, Clone)]
pub struct Prunable {
    ranges: Vec<SeqRange>,
    events: SeqRange,
    event: Event,
}

impl Prunable {
    /// The events that will be gone.
    pub fn events(&self) -> SeqRange {
        self.events
    }
}

impl Session {
    /// Records `LedgerPruned` and removes the oldest sealed segments. Gives the line of that event, without LF, and the
    /// events that are gone; none if there is nothing to remove.
    pub fn prune(&self, limits: &PruneLimits) -> Result<Option<(String, SeqRange)>> {
        let Some(prunable) = self.find_prunable(limits)? else { return Ok(None) };
        let event = prunable.event.clone();
        let line = one_line(self.wait_for(|reply| Job::new(vec![event], self.seat, reply))).0?;
        self.remove_pruned(&prunable, &line)?;
        Ok(Some((line, prunable.events)))
    }

    /// What may be removed; none if there is nothing. Reads the ends of those segments, and all the others too if the ledger
    /// was pruned before, for the event that says how it began.
    pub fn find_prunable(&self, limits: &PruneLimits) -> Result<Option<Prunable>> {
        self.check_ceremony()?;
        let Some(found) = self.writer.on_shelf(|_, shelf| find(shelf, limits))? else { return Ok(None) };
        let Found { ranges, events, last, beginning } = found;
        let first_hash = match beginning {
            Beginning::There(hash) => hash,
            Beginning::Pruned(sealed, active) => {
                let open = |range: SeqRange| self.writer.on_shelf(|_, shelf| shelf.open_sealed(range));
                stated_first(sealed.into_iter().map(open).chain([Ok(active)]), events.from)?
            }
        };
        let count = events.to.saturating_sub(events.from).saturating_add(1);
        let Head { seq, hash } = last;
        let event = Event::parse(&format!(
            r#"{{"type":"LedgerPruned","payload":{{"count":{count},"last_seq":{seq},"last_hash":"{hash}","first_hash":"{first_hash}"}}}}"#
        ))?;
        Ok(Some(Prunable { ranges, events, event }))
    }

    /// Queues the event that says what is removed; the sink is told under `number` what became of it.
    pub fn submit_prune(&self, number: u64, prunable: &Prunable) -> Result<()> {
        self.check_ceremony()?;
        let event = prunable.event.clone();
        self.queue(number, |reply| Job::new(vec![event], self.seat, reply), Taker::Writer)
    }

    /// Removes what may be removed. `line` is that of the event that says so, as it was acknowledged.
    pub fn remove_pruned(&self, prunable: &Prunable, line: &str) -> Result<()> {
        let read = line::read(line.as_bytes(), limits::MAX_LINE, &mut line::Workspace::default());
        let acknowledged = self.head().map(|head| head.seq);
        let says_so = |line: &line::Line| {
            let pruning = line.pruning().is_some_and(|pruning| pruning.last.seq == prunable.events.to);
            pruning && acknowledged >= Some(line.seq)
        };
        if !read.is_ok_and(|line| says_so(&line)) {
            let message = "segments are removed only behind the event that says so, and this is not its line";
            return Err(Error::new(ErrorCode::InvalidArgument, message));
        }
        let failed = |error: io::Error| Error::io(ErrorCode::LedgerIo, "cannot remove a sealed segment", &error);
        self.writer.on_shelf(|storage, shelf| {
            for range in &prunable.ranges {
                match shelf.unlink(*range) {
                    // Another session pruned too.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    removed => removed.and_then(|()| storage.sync_folder()).map_err(failed)?,
                }
            }
            Ok(())
        })
    }
}

struct Found {
    ranges: Vec<SeqRange>,
    events: SeqRange,
    last: Head,
    beginning: Beginning,
}

/// How the ledger began.
enum Beginning {
    /// With the event of this hash, which is still there.
    There(Hash),
    /// Removed earlier; these segments and the active file hold the event that says so.
    Pruned(Vec<SeqRange>, Box<dyn Source>),
}

fn find(shelf: &dyn Shelf, limits: &PruneLimits) -> Result<Option<Found>> {
    let sealed: Vec<SeqRange> = shelf.sealed()?.iter().map(|sealed| sealed.range).collect();
    let most = sealed.len().saturating_sub(limits.keep.max(1));
    let (mut ranges, mut last) = (Vec::new(), None);
    for range in sealed.iter().take(most) {
        let continues = ranges.last().is_none_or(|before: &SeqRange| before.to.checked_add(1) == Some(range.from));
        if !continues {
            let message = format!("the segment before {}-{} is missing: nothing is pruned", range.from, range.to);
            return Err(Error::new(ErrorCode::SegmentMissing, message));
        }
        if limits.before_seq.is_some_and(|seq| range.to >= seq) {
            break;
        }
        let end = inspect_sealed(&*shelf.open_sealed(*range)?, *range)?;
        if limits.before_nanos.is_some_and(|nanos| end.ended.is_none_or(|ended| ended >= nanos)) {
            break;
        }
        last = end.state.head();
        ranges.push(*range);
    }
    let (Some(first), Some(last)) = (ranges.first().copied(), last) else { return Ok(None) };
    let beginning = if first.from == 0 {
        let unreadable = || Error::new(ErrorCode::LedgerTampered, "the first event cannot be read: nothing is pruned");
        let storage = &*shelf.open_sealed(first)?;
        Beginning::There(first_hash(StorageReader { storage, at: 0 }).ok_or_else(unreadable)?)
    } else {
        Beginning::Pruned(sealed, shelf.open_active()?)
    };
    Ok(Some(Found { ranges, events: SeqRange { from: first.from, to: last.seq }, last, beginning }))
}

/// The hash of a ledger's first event, as the event says that covers what is missing before a seq. An event that cannot be
/// read ends the search in its file.
pub(super) fn stated_first(files: impl Iterator<Item = Result<Box<dyn Source>>>, from: u64) -> Result<Hash> {
    for file in files {
        if let Some(first) = stated_in(StorageReader { storage: &*file?, at: 0 }, from) {
            return Ok(first);
        }
    }
    let message = format!("events before {from} are missing, and no event of the ledger says that they were pruned");
    Err(Error::new(ErrorCode::SegmentMissing, message))
}

/// The same in one file.
pub(super) fn stated_in(file: impl Read, from: u64) -> Option<Hash> {
    let mut lines = Lines::new(file);
    while let Some(line) = lines.next_event() {
        let covers = |pruning: &&Pruning| pruning.last.seq.saturating_add(1) >= from;
        if let Some(pruning) = line.pruning().filter(covers)
            && line.claimed == line.recomputed
            && Signatures::default().check(&line) == SignatureState::Holds
        {
            return Some(pruning.first);
        }
    }
    None
}
