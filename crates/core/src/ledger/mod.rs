//! Recording: a [`Session`] takes events and acknowledges each once it is on stable storage.
//!
//! ```text
//! Session --submit--> queue --group--> Appender: seal, one write, one sync --> Sink (once a group), head store
//!    \--record: drives the same machine on the caller's thread--/
//! ```
//!
//! All sessions of a process on one ledger share one writer; another process is kept out by a lock on the file.
//!
//! ```
//! use sealwright_core::{event::Event, key::KeyPair, ledger::{Session, SessionOptions}};
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("ledger.ndjson");
//! let key = std::sync::Arc::new(KeyPair::generate()?);
//! let session = Session::open(&SessionOptions::new(&path), key)?;
//! let event = Event::parse(r#"{"type":"SessionEnded","payload":{"reason":"done","summary_sha256":""}}"#)?;
//! let line = session.record(event)?;
//! session.close();
//! assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{line}\n"));
//! # Ok::<(), sealwright_core::Error>(())
//! ```

mod append;
mod ceremony;
mod hand;
mod import;
mod inbox;
mod job;
mod keeper;
mod known;
mod mend;
mod opening;
mod options;
mod past;
mod prune;
mod recover;
mod registry;
mod restore;
mod rotate;
mod signing;
mod writer;

pub use import::Import;
pub use job::{Batch, GroupMeasures, Settled, Sink};
pub use known::known_head;
pub use mend::{End, KeptTail, TornEnd, discard_kept, look_at_end, mend_end};
pub use options::{
    DEFAULT_QUEUE_BYTES, HeadOption, RecoveredTail, Recovery, RotationLimits, SessionOptions, TailReason,
    TornTailPolicy, VerifyOnOpen,
};
pub use prune::{Prunable, PruneLimits};

use crate::chain::Head;
use crate::durable;
use crate::error::{Error, ErrorCode, Outcome, Result};
use crate::event::{Event, EventSet};
use crate::hash::Hash;
use crate::key::{KeyPair, PublicKey};
use crate::proof::log::Log;
use crate::proof::note::Note;
use crate::signer::Signatory;
use crate::storage::Lockable;
use crate::sync::{AtomicBool, Deadline};
use inbox::Seat;
use job::{Job, Reply, Slot, Waited, lines_size};
use recover::GROUP_LIMIT;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use writer::{Taker, Writer};

/// A handle on a ledger's writer. Dropping it closes it without waiting: what was submitted is still written, if the
/// process lives long enough.
pub struct Session {
    writer: Arc<Writer>,
    seat: Seat,
    events: EventSet,
    sink: Arc<dyn Sink>,
    closed: AtomicBool,
    /// This session was the last one, and the file is released.
    released: AtomicBool,
}

/// For callers who only wait.
struct NoSink;

impl Sink for NoSink {
    fn settle(&self, _results: Batch, _measures: Option<GroupMeasures>) {}
    fn room(&self) {}
}

impl Session {
    /// Opens a ledger, or creates it. Blocks while another process holds it, at most `options.lock_timeout`.
    pub fn open(options: &SessionOptions, key: Arc<KeyPair>) -> Result<Self> {
        Self::open_with_sink(options, &key, Arc::new(NoSink))
    }

    /// The same, for a caller who submits and is told later.
    pub fn open_with_sink(options: &SessionOptions, key: &Arc<KeyPair>, sink: Arc<dyn Sink>) -> Result<Self> {
        Self::open_signed_by(options, &key.into(), sink)
    }

    /// The same, whoever signs. Sessions of one ledger may each bring a signer of the same key: that of the session
    /// which is open longest signs for all.
    pub fn open_signed_by(options: &SessionOptions, signatory: &Signatory, sink: Arc<dyn Sink>) -> Result<Self> {
        Ok(Self::on_writer(registry::writer_for(options, signatory)?, options, sink))
    }

    /// Opens a ledger on a storage that is no file, for tests. From here on everything is as with a file; the path only
    /// names it for a head store. `open` opens it once more.
    #[doc(hidden)]
    pub fn open_on_storage(
        open: impl Fn() -> Box<dyn Lockable>,
        options: &SessionOptions,
        key: &Arc<KeyPair>,
        sink: Arc<dyn Sink>,
    ) -> Result<Self> {
        Ok(Self::on_writer(registry::writer_on(open, options, &key.into())?, options, sink))
    }

    fn on_writer((writer, seat): (Arc<Writer>, Seat), options: &SessionOptions, sink: Arc<dyn Sink>) -> Self {
        Self {
            writer,
            seat,
            events: options.events,
            sink,
            closed: AtomicBool::new(false),
            released: AtomicBool::new(false),
        }
    }

    /// Records one event and waits until it is on stable storage; gives its line, without LF.
    pub fn record(&self, event: Event) -> Result<String> {
        self.record_measured(event).0
    }

    /// The same, with the measures of the group that it was written in; none if it failed.
    pub fn record_measured(&self, event: Event) -> (Result<String>, Option<GroupMeasures>) {
        let events = vec![event];
        match self.check(&events) {
            Ok(()) => one_line(self.wait_for(|reply| Job::new(events, self.seat, reply))),
            Err(error) => (Err(error), None),
        }
    }

    /// Records events as one group, all or none, and waits until they are on stable storage.
    pub fn record_many(&self, events: Vec<Event>) -> Result<Vec<String>> {
        self.check(&events)?;
        check_batch(&events)?;
        self.wait_for(|reply| Job::new(events, self.seat, reply)).0
    }

    fn wait_for(&self, job: impl FnOnce(Reply) -> Job) -> Waited {
        match self.begin(job) {
            Ok(slot) => self.finish(&slot),
            Err(error) => (Err(error), None),
        }
    }

    /// Queues a job that someone waits for.
    fn begin(&self, job: impl FnOnce(Reply) -> Job) -> Result<Arc<Slot>> {
        if self.writer.waits_for_a_thread() {
            return Err(must_not_wait());
        }
        let slot = Arc::new(Slot::default());
        self.writer.submit(job(Reply::Slot(Arc::clone(&slot))), Taker::Caller)?;
        Ok(slot)
    }

    fn finish(&self, slot: &Slot) -> Waited {
        let mut result = None;
        self.writer.drive_until(|| {
            result = result.take().or_else(|| slot.take());
            result.is_some()
        });
        // Driving ends when the slot is filled, or with a writer that filled it while giving up.
        result.or_else(|| slot.take()).unwrap_or_else(|| {
            (Err(Error::new(ErrorCode::Internal, "a record was lost").with_outcome(Outcome::Unknown)), None)
        })
    }

    /// Queues one event; the sink is told under `number` what became of it.
    pub fn submit(&self, number: u64, event: Event) -> Result<()> {
        let events = vec![event];
        self.check(&events)?;
        self.queue(number, |reply| Job::new(events, self.seat, reply), Taker::Writer)
    }

    /// The same, but the writer's thread waits until [`Session::wake`], a few milliseconds at most: what is submitted at
    /// once becomes one group. Whoever makes the writer work, or waits for it, wakes it too.
    pub fn submit_quietly(&self, number: u64, event: Event) -> Result<()> {
        let events = vec![event];
        self.check(&events)?;
        self.queue(number, |reply| Job::new(events, self.seat, reply), Taker::WriterSoon)
    }

    /// Has the writer take what was submitted quietly.
    pub fn wake(&self) {
        self.writer.wake();
    }

    /// Queues events that are recorded as one group, all or none.
    pub fn submit_many(&self, number: u64, events: Vec<Event>) -> Result<()> {
        self.check(&events)?;
        check_batch(&events)?;
        self.queue(number, |reply| Job::new(events, self.seat, reply), Taker::Writer)
    }

    fn queue(&self, number: u64, job: impl FnOnce(Reply) -> Job, taker: Taker) -> Result<()> {
        self.writer.submit(job(Reply::Sink(Arc::clone(&self.sink), number)), taker)
    }

    /// Takes back what was submitted, if the writer has not taken it. True: it will be neither written nor settled.
    pub fn withdraw(&self, number: u64) -> bool {
        self.writer.withdraw(self.seat, number)
    }

    /// Whether the queue has room; if not, the sink is told when it has.
    pub fn has_room(&self) -> bool {
        self.wake();
        self.writer.has_room(self.seat, &self.sink)
    }

    /// The ledger's last event. It is on stable storage, but for events that [`Recovery::unacknowledged`] names: those
    /// are synced with the next record.
    pub fn head(&self) -> Option<Head> {
        self.writer.head()
    }

    /// Signs the checkpoint of the ledger as it is on stable storage now, see [`Log::sign`]. Reads what was recorded since the
    /// last one.
    pub fn checkpoint(&self, origin: &str, pair: &KeyPair) -> Result<Note> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorCode::SessionClosed, "the session is closed"));
        }
        let head = self.writer.settled_head()?;
        Log::of(self.writer.path())?.sign(head, origin, pair)
    }

    /// How long nothing was recorded in the ledger, by any session of this process, since it was opened.
    pub fn quiet(&self) -> Duration {
        self.writer.quiet()
    }

    /// What opening the ledger found.
    pub fn recovery(&self) -> &Recovery {
        &self.writer.recovery
    }

    /// Why the head store does not have the last head; none when it has, or will soon.
    pub fn head_store_error(&self) -> Option<String> {
        self.writer.head_store_error()
    }

    /// Why the ledger does not go on in a new file although the one it has is full; it then grows.
    pub fn rotate_error(&self) -> Option<String> {
        self.writer.rotate_error()
    }

    /// The key that the next event is signed with, unless a rotation is queued in front of it.
    pub fn public_key(&self) -> PublicKey {
        self.writer.public_key()
    }

    /// True when waiting for this session's records on the thread of the signer or head store would never end.
    pub fn must_not_wait(&self) -> bool {
        self.writer.waits_for_a_thread() && !self.writer.is_settled(self.seat)
    }

    /// Waits for what was submitted, then lets go of the ledger; the last session to do so releases the file, and waits
    /// for a head store that does not need a thread of its own.
    pub fn close(&self) {
        if self.closed.swap(true, Ordering::SeqCst) {
            return;
        }
        self.writer.drive_until(|| self.writer.is_settled(self.seat));
        self.writer.wait_told(self.seat, &mut Deadline::never());
        if self.writer.detach(self.seat) {
            self.writer.wait_over(&mut Deadline::never());
            self.released.store(true, Ordering::SeqCst);
        }
    }

    /// After [`Session::close`]: false while a head store that needs its own thread has not been told the last head.
    pub fn head_store_is_told(&self) -> bool {
        !self.released.load(Ordering::SeqCst) || self.writer.head_store_is_told()
    }

    /// Waits for what was submitted, at most so long, without working on the calling thread.
    pub fn wait_idle(&self, limit: Duration) {
        self.wake();
        self.writer.wait_told(self.seat, &mut Deadline::after(limit));
    }

    /// The same, then lets go of the ledger: for a thread that is about to end.
    pub fn drain(&self, limit: Duration) {
        let mut deadline = Deadline::after(limit);
        self.wake();
        self.writer.wait_told(self.seat, &mut deadline);
        if !self.closed.swap(true, Ordering::SeqCst) && self.writer.detach(self.seat) {
            self.writer.wait_over(&mut deadline);
        }
    }

    fn check(&self, events: &[Event]) -> Result<()> {
        self.check_open()?;
        events.iter().try_for_each(Event::check_recordable)?;
        if events.iter().any(|event| event.set() == EventSet::Extended) { self.check_extended() } else { Ok(()) }
    }

    fn check_open(&self) -> Result<()> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(not_written(Error::new(ErrorCode::SessionClosed, "the session is closed")));
        }
        Ok(())
    }

    fn check_extended(&self) -> Result<()> {
        if self.events == EventSet::Core {
            let message = "this session records core kinds only: open it with events 'extended'";
            return Err(not_written(Error::new(ErrorCode::EventSet, message)));
        }
        Ok(())
    }
}

/// The line of a record of one event.
fn one_line((settled, measures): Waited) -> (Result<String>, Option<GroupMeasures>) {
    let missing = || Error::new(ErrorCode::Internal, "an event without a line");
    (settled.and_then(|mut lines| lines.pop().ok_or_else(missing)), measures)
}

impl Drop for Session {
    fn drop(&mut self) {
        if !self.closed.swap(true, Ordering::SeqCst) {
            self.writer.detach(self.seat);
        }
    }
}

/// A batch is one group, so that it is written and synced at once. Each line is counted at its longest.
fn check_batch(events: &[Event]) -> Result<()> {
    let (size, limit) = (lines_size(events), usize::try_from(GROUP_LIMIT).unwrap_or(usize::MAX));
    if size <= limit {
        return Ok(());
    }
    let message = format!("a batch of {size} bytes, the limit is {limit}: record it in parts");
    Err(not_written(Error::new(ErrorCode::BatchTooLarge, message)))
}

fn must_not_wait() -> Error {
    let message =
        "records of this session wait for a signer or head store that needs its thread: record asynchronously";
    not_written(Error::new(ErrorCode::SessionOptions, message))
}

fn not_written(error: Error) -> Error {
    error.with_outcome(Outcome::NotWritten)
}

/// Who has a ledger open for writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockState {
    /// Nobody.
    Free,
    /// This process.
    Here,
    /// Another process, which may run on another machine.
    Elsewhere,
}

/// Who writes a ledger now. The lock is shared for a moment: a process that opens the ledger just then may be told that
/// it is locked.
pub fn lock_state(path: &Path) -> Result<LockState> {
    registry::lock_state(path)
}

/// How long the storage of a folder takes to make 4 KiB durable: those of a new file there, which is removed again.
pub fn time_sync(folder: &Path) -> Result<Duration> {
    durable::time_sync(folder).map_err(|error| {
        Error::io(ErrorCode::LedgerIo, format!("cannot write and sync a file in {}", folder.display()), &error)
    })
}

/// The resolved path of a ledger, which need not exist yet, and the hash of its first event, if it has one.
pub fn peek(path: &Path) -> Result<(PathBuf, Option<Hash>)> {
    registry::peek(path)
}
