//! Appending a group: the only code that writes events to a file.
//!
//! ```text
//! once after opening:  pwrite(window, the same bytes), fdatasync(file), fsync(folder)
//! each group:          stat(path), fstat(file), pwrite(lines), fdatasync(file)
//! a failed write:      ftruncate(back), fdatasync(file)
//! ```
//!
//! Crash windows: before the sync of a group, any subset of its pages may survive; its events were not acknowledged,
//! and the next opening keeps the longest good prefix. Behind the sync everything survives.

use super::recover::Inspection;
use crate::chain::{ChainState, SignatureState};
use crate::error::{Error, ErrorCode, Outcome, Result};
use crate::event::Event;
use crate::fault::{self, FaultPoint};
use crate::hash::Hash;
use crate::key::KeyPair;
use crate::line;
use crate::seal::Hashed;
use crate::storage::{Storage, read_exact_at, write_all_at};
use crate::verify::{Head, as_u64};
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::SystemTime;

/// The file and the end of its chain. Whoever holds it writes.
pub(super) struct Appender {
    storage: Box<dyn Storage>,
    key: Arc<KeyPair>,
    state: ChainState,
    /// Hash of the first event; unknown for an older ledger unless a head store needs it.
    first: Option<Hash>,
    /// Length of the file, all of it good and, but for the window, synced.
    length: u64,
    /// The last good line has no LF yet.
    unterminated: bool,
    /// Bytes that can be read but may never have reached the disk: after a failed sync Linux marks pages clean.
    unsure: Option<Range<u64>>,
}

/// A group that was not appended.
pub(super) struct Failed {
    pub(super) error: Error,
    /// The end of the file is no longer known: nothing may be appended until the ledger is opened again.
    pub(super) poisoned: bool,
}

impl Failed {
    fn clean(error: Error) -> Self {
        Self { error: error.with_outcome(Outcome::NotWritten), poisoned: false }
    }

    fn poisoned(doing: &str, error: &io::Error, outcome: Outcome) -> Self {
        let error = Error::io(ErrorCode::SessionPoisoned, doing, error).with_outcome(outcome);
        Self { error, poisoned: true }
    }
}

impl Appender {
    pub(super) fn new(
        storage: Box<dyn Storage>,
        key: Arc<KeyPair>,
        inspection: &Inspection,
        first: Option<Hash>,
    ) -> Self {
        Self {
            storage,
            key,
            state: inspection.state,
            first,
            length: inspection.good_end,
            unterminated: inspection.unterminated,
            unsure: Some(inspection.window_start..inspection.good_end),
        }
    }

    /// The last event of the ledger.
    pub(super) fn head(&self) -> Option<Head> {
        self.state.head()
    }

    pub(super) fn first(&self) -> Option<Hash> {
        self.first
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Seals and appends events, in order. Gives their lines once they are on stable storage.
    pub(super) fn append<'e>(&mut self, events: impl IntoIterator<Item = &'e Event>) -> Result<Vec<String>, Failed> {
        self.check_file().map_err(Failed::clean)?;
        self.settle_window()?;
        fault::pass(FaultPoint::Commit);
        let hashed = self.hash(events).map_err(Failed::clean)?;
        let lines: Vec<String> = hashed.iter().map(|event| event.sign(&self.key)).collect();
        let mut bytes = Vec::with_capacity(lines.iter().map(|line| line.len().saturating_add(1)).sum());
        if self.unterminated {
            bytes.push(b'\n');
        }
        for line in &lines {
            bytes.extend_from_slice(line.as_bytes());
            bytes.push(b'\n');
        }
        if let Err(error) = write_all_at(&*self.storage, self.length, &bytes) {
            return Err(self.cut_back(&error));
        }
        if let Err(error) = self.storage.sync() {
            return Err(Failed::poisoned("cannot sync the ledger", &error, Outcome::Unknown));
        }
        self.length = self.length.saturating_add(as_u64(bytes.len()));
        self.unterminated = false;
        if let (Some(first), Some(last)) = (hashed.first(), hashed.last()) {
            self.state = ChainState::after(last.seq, last.hash);
            self.first = self.first.or((first.seq == 0).then_some(first.hash));
        }
        Ok(lines)
    }

    /// The file must still be the one that was opened, and as long as it was left: a file that others rotated, cut or
    /// wrote to would fork the chain.
    fn check_file(&self) -> Result<()> {
        let io = |error: io::Error| Error::io(ErrorCode::LedgerIo, "cannot look at the ledger", &error);
        let changed = |what: String| Err(Error::new(ErrorCode::LedgerChanged, what));
        if !self.storage.is_linked().map_err(io)? {
            return changed("the ledger was moved, replaced or removed while it is open".to_owned());
        }
        let length = self.storage.length().map_err(io)?;
        if length != self.length {
            return changed(format!(
                "the ledger has {length} bytes, {} were written: someone else changed it",
                self.length
            ));
        }
        Ok(())
    }

    /// Before the first append: writes again what may never have reached the disk, byte for byte.
    fn settle_window(&mut self) -> Result<(), Failed> {
        let Some(window) = self.unsure.clone() else {
            return Ok(());
        };
        let length = usize::try_from(window.end.saturating_sub(window.start)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length];
        let refused = |doing: &str, error: &io::Error| Failed::clean(Error::io(ErrorCode::LedgerIo, doing, error));
        read_exact_at(&*self.storage, window.start, &mut bytes)
            .map_err(|error| refused("cannot read the end of the ledger", &error))?;
        write_all_at(&*self.storage, window.start, &bytes)
            .map_err(|error| refused("cannot write the end of the ledger again", &error))?;
        self.storage
            .sync()
            .and_then(|()| self.storage.sync_folder())
            .map_err(|error| Failed::poisoned("cannot sync the end of the ledger", &error, Outcome::NotWritten))?;
        self.unsure = None;
        Ok(())
    }

    /// Gives events their places: the chain needs only hashes, so signatures can be made later and in any order.
    fn hash<'e>(&self, events: impl IntoIterator<Item = &'e Event>) -> Result<Vec<Hashed<'e>>> {
        let mut state = self.state;
        let mut hashed = Vec::new();
        for event in events {
            if state.next_seq() > line::MAX_SEQ {
                return Err(Error::new(ErrorCode::OutOfRange, "the ledger holds as many events as it can"));
            }
            let next = Hashed::new(event, state.parent(), state.next_seq(), now())?;
            state
                .step(&next.link(), SignatureState::Holds)
                .map_err(|(_, fault)| Error::new(ErrorCode::Internal, fault.reason))?;
            hashed.push(next);
        }
        Ok(hashed)
    }

    /// After a failed write: what was written of the group goes away again.
    fn cut_back(&self, error: &io::Error) -> Failed {
        match self.storage.set_len(self.length).and_then(|()| self.storage.sync()) {
            Ok(()) => Failed::clean(Error::io(ErrorCode::LedgerIo, "cannot write to the ledger", error)),
            Err(_) => Failed::poisoned("cannot write to the ledger, nor cut it back", error, Outcome::Unknown),
        }
    }
}

/// The system clock as it is; 0 before 1970.
pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
