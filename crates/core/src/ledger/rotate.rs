//! Rotation: the active file is full, gets the name of a sealed segment, and an empty one takes its place.
//!
//! ```text
//! unlink(next)?, openat(next, O_CREAT|O_EXCL), fsync(next), flock(next)
//! link(active, sealed name)         a crash from here on leaves two names for one file: opening completes that
//! fsync(folder)
//! rename(next, active)              whoever opens the path finds a file that is locked already, and the same writer
//! fsync(folder)                     a crash before this leaves the two names, or what is behind it
//! fchmodat(sealed name, 0400)
//! ```
//!
//! Nothing is written to the active file between the link and the rename, and all that is in it is synced before. What
//! fails up to the rename is undone, and the ledger goes on in the file that it has.

use super::append::{Appender, Failed};
use super::job::Load;
use super::options::RotationLimits;
use super::past::protect;
use crate::chain::SeqRange;
use crate::error::{Error, ErrorCode, Outcome};
use crate::seal;
use crate::storage::{FileId, Shelf, Storage};
use std::io;
use std::time::Duration;

impl RotationLimits {
    /// What fits into a segment of this length.
    pub(super) fn left(&self, segment: &Segment, length: u64) -> Load {
        let left = |limit: Option<u64>, now: u64| {
            limit.and_then(|limit| usize::try_from(limit.saturating_sub(now)).ok()).unwrap_or(usize::MAX)
        };
        Load { events: left(self.max_events, segment.events), bytes: left(self.max_bytes, length) }
    }

    pub(super) fn is_old(&self, segment: &Segment) -> bool {
        let age = |began: u64| u128::from(seal::now().saturating_sub(began));
        let over = |limit: Duration| segment.began.is_some_and(|began| age(began) >= limit.as_nanos());
        self.max_age.is_some_and(over)
    }
}

/// What the active file holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    /// Its first event has, or will have, this seq.
    pub(super) first: u64,
    pub(super) events: u64,
    /// `timestamp_nanos` of its first event; none without one.
    pub(super) began: Option<u64>,
}

impl Appender {
    /// Seals the active file, which holds an event at least, and goes on in an empty one. `register` is told which file
    /// that will be before anyone can find it, `forget` which file it will not be.
    pub(super) fn rotate(&mut self, register: &dyn Fn(FileId), forget: &dyn Fn(&FileId)) -> Result<SeqRange, Failed> {
        self.check_file().map_err(Failed::clean)?;
        self.settle_window()?;
        let storage = self.storage();
        let (Some(shelf), Some(head)) = (storage.shelf(), self.head()) else {
            return Err(Failed::clean(Error::new(ErrorCode::LedgerIo, "this ledger cannot be rotated")));
        };
        let range = SeqRange { from: self.segment().first, to: head.seq };
        let next = shelf.prepare().map_err(|error| failed("cannot make the next file of the ledger", &error))?;
        let linked = shelf.link(range).map_err(|error| failed("cannot name a sealed segment", &error));
        linked.inspect_err(|_| discard(shelf))?;
        sync_folder(storage)?;
        register(next.id());
        if let Err(error) = shelf.replace() {
            forget(&next.id());
            return Err(undo(storage, shelf, range, &error));
        }
        let old = self.replace_storage(next);
        let id = old.id();
        // Unlocked before it is forgotten: who finds no writer for a file must find it unlocked.
        drop(old);
        forget(&id);
        sync_folder(self.storage())?;
        if let Some(shelf) = self.storage().shelf() {
            protect(shelf, range);
        }
        Ok(range)
    }
}

/// Whether a name is durable is unknown after this fails.
fn sync_folder(storage: &dyn Storage) -> Result<(), Failed> {
    let unknown = |error: io::Error| Failed::poisoned("cannot sync the ledger's folder", &error, Outcome::NotWritten);
    storage.sync_folder().map_err(unknown)
}

/// After a failure in the middle: the file has one name again.
fn undo(storage: &dyn Storage, shelf: &dyn Shelf, range: SeqRange, error: &io::Error) -> Failed {
    let doing = "cannot put the next file of the ledger in its place";
    discard(shelf);
    match shelf.unlink(range).and_then(|()| storage.sync_folder()) {
        Ok(()) => failed(doing, error),
        Err(_) => Failed::poisoned(doing, error, Outcome::NotWritten),
    }
}

/// An empty file that stays there is in nobody's way: the next rotation replaces it.
fn discard(shelf: &dyn Shelf) {
    let _ = shelf.discard();
}

fn failed(doing: &str, error: &io::Error) -> Failed {
    Failed::clean(Error::io(ErrorCode::LedgerIo, doing, error))
}
