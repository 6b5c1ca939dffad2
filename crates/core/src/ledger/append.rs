//! Appending a group: the only code that writes events to a file.
//!
//! ```text
//! once after opening:  pwrite(window, the same bytes, and an LF if it lacks one), fdatasync(file), fsync(folder)
//! each group:          stat(path), fstat(file), pwrite(lines), fdatasync(file)
//! a failed write:      ftruncate(back), fdatasync(file)
//! a full file:         see `rotate`
//! ```
//!
//! A signer outside of the process that keeps what it signs is asked for what the file lacks, before the first group and
//! after every group that failed when it may have been signed; that is appended first, as a group of its own.
//!
//! Crash windows: before the sync of a group, any subset of its pages may survive; its events were not acknowledged,
//! and the next opening keeps the longest good prefix. Behind the sync everything survives.

#[cfg(test)]
mod tests;

use super::hand::{End, Hand, Heir, Signed, Succession};
use super::past::Past;
use super::recover::Inspection;
use super::rotate::Segment;
use crate::chain::Head;
use crate::chain::{ChainState, SignatureState};
use crate::error::{Error, ErrorCode, Outcome, Result};
use crate::event::{Event, EventSet};
use crate::fault::{self, FaultPoint};
use crate::handover::Statement;
use crate::hash::Hash;
use crate::key::{PublicKey, Signature};
use crate::limits::{self, as_u64};
use crate::seal::{self, Hashed};
use crate::storage::{Storage, read_exact_at, write_all_at};
use std::io;
use std::mem;
use std::ops::Range;
use std::time::{Duration, Instant};

/// The file and the end of its chain. Whoever holds it writes.
pub(super) struct Appender {
    storage: Box<dyn Storage>,
    hand: Hand,
    /// Who signs behind the event that hands over to it, when that is written.
    heir: Option<Heir>,
    /// It was, and nobody knows yet.
    succession: Option<Succession>,
    state: ChainState,
    segment: Segment,
    /// Hash of the ledger's first event; unknown for an older ledger unless a head store needs it.
    first: Option<Hash>,
    /// Length of the file, all of it good and, but for the window, synced.
    length: u64,
    /// The last good line has no LF yet.
    unterminated: bool,
    /// A group was signed, or may have been, and is not in the file; whoever signs has kept it.
    owed: bool,
    /// The smallest set that holds every kind that was appended.
    events: EventSet,
    /// Bytes that can be read but may never have reached the disk: after a failed sync Linux marks pages clean.
    unsure: Option<Range<u64>>,
}

/// A group that is on stable storage.
pub(super) struct Appended {
    /// Its lines, without LFs.
    pub(super) lines: Vec<String>,
    /// Place and hash of each.
    pub(super) heads: Vec<Head>,
    /// Bytes written.
    pub(super) bytes: usize,
    pub(super) seal: Duration,
    pub(super) write: Duration,
    pub(super) sync: Duration,
}

/// A group that was not appended.
pub(super) struct Failed {
    pub(super) error: Error,
    /// The end of the file is no longer known: nothing may be appended until the ledger is opened again.
    pub(super) poisoned: bool,
}

impl Failed {
    pub(super) fn clean(error: Error) -> Self {
        Self { error: error.with_outcome(Outcome::NotWritten), poisoned: false }
    }

    /// What may come back, so that nobody knows yet what becomes of it.
    fn owed(error: Error) -> Self {
        Self { error: error.with_outcome(Outcome::Unknown), poisoned: false }
    }

    pub(super) fn poisoned(doing: &str, error: &io::Error, outcome: Outcome) -> Self {
        let error = Error::io(ErrorCode::SessionPoisoned, doing, error).with_outcome(outcome);
        Self { error, poisoned: true }
    }
}

impl Appender {
    pub(super) fn new(storage: Box<dyn Storage>, hand: Hand, inspection: &Inspection, first: Option<Hash>) -> Self {
        Self {
            storage,
            hand,
            heir: None,
            succession: None,
            state: inspection.state,
            segment: inspection.segment(),
            first,
            length: inspection.good_end,
            unterminated: inspection.unterminated,
            owed: false,
            events: EventSet::Core,
            unsure: Some(inspection.window_start..inspection.good_end),
        }
    }

    /// The last event of the ledger.
    pub(super) fn head(&self) -> Option<Head> {
        self.state.head()
    }

    pub(super) fn segment(&self) -> &Segment {
        &self.segment
    }

    pub(super) fn storage(&self) -> &dyn Storage {
        &*self.storage
    }

    /// Goes on in another file, empty and durable; gives the one before.
    pub(super) fn replace_storage(&mut self, next: Box<dyn Storage>) -> Box<dyn Storage> {
        self.segment = Segment { first: self.state.next_seq(), events: 0, began: None };
        self.length = 0;
        mem::replace(&mut self.storage, next)
    }

    pub(super) fn first(&self) -> Option<Hash> {
        self.first
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The smallest set that holds every kind that was appended.
    pub(super) fn events(&self) -> EventSet {
        self.events
    }

    /// Seals and appends events, in order. Gives their lines once they are on stable storage.
    pub(super) fn append<'e>(&mut self, events: impl IntoIterator<Item = &'e Event>) -> Result<Appended, Failed> {
        let appended = self.append_group(events);
        if appended.is_err() && !self.owed {
            self.heir = None;
        }
        appended
    }

    fn append_group<'e>(&mut self, events: impl IntoIterator<Item = &'e Event>) -> Result<Appended, Failed> {
        self.check_file().map_err(Failed::clean)?;
        self.settle_window()?;
        fault::pass(FaultPoint::Commit);
        self.append_owed()?;
        let started = Instant::now();
        let hashed = self.hash(events).map_err(Failed::clean)?;
        let signatures = self.sign(&hashed)?;
        self.write(&hashed, &signatures, started)
    }

    /// Appends first what may have been signed before, see [`Appender::append`].
    pub(super) fn append_owed(&mut self) -> Result<(), Failed> {
        if !self.owed {
            return Ok(());
        }
        self.check_file().map_err(Failed::clean)?;
        let unwritten = self.unwritten().map_err(Failed::clean)?;
        self.append_signed(unwritten).map_err(|failed| {
            // Of the group that waits behind it nothing was even signed.
            Failed { error: failed.error.with_outcome(Outcome::NotWritten), ..failed }
        })?;
        self.heir = None;
        Ok(())
    }

    /// The events that were signed for this ledger and are not in it.
    pub(super) fn unwritten(&self) -> Result<Vec<Signed>> {
        self.hand.unwritten(self.end())
    }

    /// Appends such events.
    pub(super) fn append_signed(&mut self, signed: Vec<Signed>) -> Result<(), Failed> {
        if !signed.is_empty() {
            self.settle_window()?;
            let hashed: Vec<Hashed<'_>> = signed.iter().map(|(text, _)| text.hashed()).collect();
            let signatures: Vec<Signature> = signed.iter().map(|(_, signature)| *signature).collect();
            self.write(&hashed, &signatures, Instant::now())?;
        }
        self.owed = false;
        // Of a process that has ended since nobody knows whom it handed over to.
        let in_force = signed.last().and_then(|(text, _)| text.event.successor());
        match in_force.filter(|key| *key != self.public_key()) {
            None => Ok(()),
            Some(key) => {
                let message = format!("the ledger was handed over to the key {key}: open it with that one");
                Err(Failed { error: Error::new(ErrorCode::SignerMismatch, message), poisoned: true })
            }
        }
    }

    fn sign(&mut self, hashed: &[Hashed<'_>]) -> Result<Vec<Signature>, Failed> {
        let end = self.end();
        self.hand.sign(end, hashed).map_err(|error| {
            self.owed = self.hand.remembers();
            if error.outcome == Some(Outcome::Unknown) { Failed::owed(error) } else { Failed::clean(error) }
        })
    }

    /// One write and one sync.
    fn write(&mut self, hashed: &[Hashed<'_>], signatures: &[Signature], started: Instant) -> Result<Appended, Failed> {
        let signer = self.hand.public_key();
        let lines: Vec<String> =
            hashed.iter().zip(signatures).map(|(event, signature)| event.line(signature, &signer)).collect();
        let mut bytes = Vec::with_capacity(lines.iter().map(|line| line.len().saturating_add(1)).sum());
        for line in &lines {
            bytes.extend_from_slice(line.as_bytes());
            bytes.push(b'\n');
        }
        let sealed = Instant::now();
        if let Err(error) = write_all_at(&*self.storage, self.length, &bytes) {
            self.owed = self.hand.remembers();
            let failed = self.cut_back(&error);
            return Err(if self.owed && !failed.poisoned { Failed::owed(failed.error) } else { failed });
        }
        let written = Instant::now();
        if let Err(error) = self.storage.sync() {
            return Err(Failed::poisoned("cannot sync the ledger", &error, Outcome::Unknown));
        }
        let sync = written.elapsed();
        self.length = self.length.saturating_add(as_u64(bytes.len()));
        if let (Some(first), Some(last)) = (hashed.first(), hashed.last()) {
            self.state = ChainState::after(last.seq, last.hash);
            self.first = self.first.or((first.seq == 0).then_some(first.hash));
            self.segment.events = self.segment.events.saturating_add(as_u64(hashed.len()));
            self.segment.began = self.segment.began.or(Some(first.timestamp_nanos));
        }
        let heads = hashed.iter().map(|event| Head { seq: event.seq, hash: event.hash }).collect();
        self.events = hashed.iter().map(|event| event.event.set()).fold(self.events, EventSet::max);
        if let Some(key) = hashed.last().and_then(|event| event.event.successor()) {
            self.pass_on(&key);
        }
        let (seal, write) = (sealed.duration_since(started), written.duration_since(sealed));
        Ok(Appended { lines, heads, bytes: bytes.len(), seal, write, sync })
    }

    /// Whose signatures the next events get.
    pub(super) fn public_key(&self) -> PublicKey {
        self.hand.public_key()
    }

    /// The event that hands over to another one, who agrees to it. When it is appended that one signs.
    pub(super) fn handover(&mut self, heir: Heir) -> Result<Event> {
        let first = match self.first {
            _ if self.state.next_seq() == 0 => Hash::GENESIS,
            Some(first) => first,
            None => self.find_first()?,
        };
        let (old_key, new_key) = (self.public_key(), heir.hand.public_key());
        if new_key == old_key {
            let message = format!("the ledger is signed with the key {old_key} already");
            return Err(Error::new(ErrorCode::InvalidArgument, message));
        }
        let statement = Statement { old_key, new_key, first, seq: self.state.next_seq() };
        let proof = heir.hand.endorse(self.end(), &statement)?;
        self.heir = Some(heir);
        statement.event(&proof)
    }

    /// The last event hands over to this key.
    fn pass_on(&mut self, key: &PublicKey) {
        if let Some(Heir { hand, succession }) = self.heir.take().filter(|heir| heir.hand.public_key() == *key) {
            self.hand = hand;
            self.succession = Some(succession);
        }
    }

    /// Once after each handover.
    pub(super) fn take_succession(&mut self) -> Option<Succession> {
        self.succession.take()
    }

    fn find_first(&mut self) -> Result<Hash> {
        self.first = Past::of(&*self.storage)?.first_hash(&*self.storage);
        let message = "the first event of the ledger cannot be read, and a rotation of keys names it";
        self.first.ok_or_else(|| Error::new(ErrorCode::LedgerTampered, message))
    }

    fn end(&self) -> End {
        End { first: self.first, head: self.state.head() }
    }

    /// The file must still be the one that was opened, and as long as it was left: a file that others rotated, cut or
    /// wrote to would fork the chain.
    pub(super) fn check_file(&self) -> Result<()> {
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

    /// Before the first append: writes again what may never have reached the disk, byte for byte, and ends the last
    /// line. The LF is synced here and not with the group behind it: a crash that lost only its page would otherwise
    /// leave a hole in a line that was acknowledged.
    pub(super) fn settle_window(&mut self) -> Result<(), Failed> {
        let Some(window) = self.unsure.clone() else { return Ok(()) };
        let length = usize::try_from(window.end.saturating_sub(window.start)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length];
        read_exact_at(&*self.storage, window.start, &mut bytes).map_err(|error| {
            Failed::clean(Error::io(ErrorCode::LedgerIo, "cannot read the end of the ledger", &error))
        })?;
        if self.unterminated {
            bytes.push(b'\n');
        }
        if let Err(error) = write_all_at(&*self.storage, window.start, &bytes) {
            return Err(self.cut_back(&error));
        }
        self.storage
            .sync()
            .and_then(|()| self.storage.sync_folder())
            .map_err(|error| Failed::poisoned("cannot sync the end of the ledger", &error, Outcome::NotWritten))?;
        self.length = window.start.saturating_add(as_u64(bytes.len()));
        self.unterminated = false;
        self.unsure = None;
        Ok(())
    }

    /// Gives events their places: the chain needs only hashes, so signatures can be made later and in any order.
    fn hash<'e>(&self, events: impl IntoIterator<Item = &'e Event>) -> Result<Vec<Hashed<'e>>> {
        let mut state = self.state;
        let mut hashed = Vec::new();
        for event in events {
            if state.next_seq() > limits::MAX_SEQ {
                return Err(Error::new(ErrorCode::OutOfRange, "the ledger holds as many events as it can"));
            }
            let next = Hashed::new(event, state.parent(), state.next_seq(), seal::now())?;
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
