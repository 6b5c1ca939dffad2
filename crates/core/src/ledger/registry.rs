//! One writer for each ledger of this process, whatever paths and threads it is opened through; and the lock that
//! keeps other processes out.

use super::LockState;
use super::append::Appender;
use super::inbox::Seat;
use super::keeper::Keeper;
use super::options::{
    DEFAULT_QUEUE_BYTES, RecoveredTail, Recovery, SeqRange, SessionOptions, TornTailPolicy, VerifyOnOpen,
};
use super::recover::{Inspection, StorageReader, find_hash, first_hash, inspect};
use super::writer::{Opened, Writer};
use crate::chain::Head;
use crate::durable::{self, FileId, LedgerFile};
use crate::error::{Error, ErrorCode, Result};
use crate::event::EventSet;
use crate::hash::Hash;
use crate::heads::{HeadStore, ledger_id, path_id};
use crate::key::KeyPair;
use crate::limits::as_u64;
use crate::storage::{Lockable, Storage};
use crate::sync::{Condvar, Deadline, LazyLock, Mutex, MutexGuard, lock, wait};
use crate::verify;
use std::collections::HashMap;
use std::collections::hash_map::Entry as MapEntry;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Rounds of opening a path whose file changes under way.
const ROUNDS: usize = 100;

static WRITERS: LazyLock<Mutex<Writers>> = LazyLock::new(Mutex::default);

/// Heads that were acknowledged when a writer was poisoned, until the ledger is opened again.
static POISONED: LazyLock<Mutex<HashMap<FileId, Option<Head>>>> = LazyLock::new(Mutex::default);

type Writers = HashMap<FileId, Entry>;

enum Entry {
    /// Someone is opening this ledger: wait, then look again.
    Opening(Arc<Gate>),
    Live(Arc<Writer>),
}

/// Opens once.
#[derive(Default)]
struct Gate {
    open: Mutex<bool>,
    changed: Condvar,
}

/// A ledger that was opened, and is not locked yet.
struct Found {
    storage: Box<dyn Lockable>,
    id: FileId,
    /// Resolved.
    path: PathBuf,
}

/// The writer of a ledger: the one that is there, or a new one. The caller holds a seat on it.
pub(super) fn writer_for(options: &SessionOptions, key: &Arc<KeyPair>) -> Result<(Arc<Writer>, Seat)> {
    writer_of(options, key, || {
        let found = |file: LedgerFile| Found { id: file.id(), path: file.path().to_owned(), storage: Box::new(file) };
        Ok(open_file(options)?.map(found))
    })
}

/// The same for a storage that has no place in the file system.
pub(super) fn writer_on(
    open: impl Fn() -> Box<dyn Lockable>,
    number: u64,
    options: &SessionOptions,
    key: &Arc<KeyPair>,
) -> Result<(Arc<Writer>, Seat)> {
    writer_of(options, key, || {
        Ok(Some(Found { storage: open(), id: durable::unlisted_id(number), path: options.path.clone() }))
    })
}

fn writer_of(
    options: &SessionOptions,
    key: &Arc<KeyPair>,
    open: impl Fn() -> Result<Option<Found>>,
) -> Result<(Arc<Writer>, Seat)> {
    let mut wait = LockWait { deadline: Deadline::after(options.lock_timeout), pause: Duration::from_millis(1) };
    let mut rounds = 0..ROUNDS;
    while rounds.next().is_some() {
        let Some(mut found) = open()? else { continue };
        #[expect(clippy::clone_on_copy, reason = "a path where files have no numbers")]
        match claim(found.id.clone()) {
            Claim::Taken(Entry::Opening(gate)) => gate.wait(),
            Claim::Taken(Entry::Live(writer)) => {
                if let Some(seat) = writer.attach() {
                    return match join(&writer, options, key) {
                        Ok(()) => Ok((writer, seat)),
                        Err(error) => {
                            writer.detach();
                            Err(error)
                        }
                    };
                }
                writer.wait_over(&mut Deadline::never());
            }
            Claim::Ours(claim) => {
                let unusable = |error| Error::io(ErrorCode::LedgerIo, "cannot lock the ledger", &error);
                if !found.storage.try_lock().map_err(unusable)? {
                    // Others of this process must not wait at the gate for as long as this caller wants to.
                    drop(claim);
                    wait.pause(found)?;
                    rounds = 0..ROUNDS;
                    continue;
                }
                // Locked, but the path may name another file by now.
                let linked = found.storage.is_linked();
                if matches!(linked, Ok(true)) {
                    let (writer, seat) = Writer::start(prepare(found, options, key)?)?;
                    claim.publish(&writer);
                    return Ok((writer, seat));
                }
                // Unlocked before the claim ends and others look.
                drop(found);
                linked.map_err(unusable)?;
            }
        }
    }
    let message = format!("{} changes too fast to be opened", options.path.display());
    Err(Error::new(ErrorCode::LedgerChanged, message))
}

/// Waiting for another process to release a ledger, with growing pauses up to a time.
struct LockWait {
    deadline: Deadline,
    pause: Duration,
}

impl LockWait {
    /// Sleeps a while, the file closed, or says that the time is over.
    fn pause(&mut self, found: Found) -> Result<()> {
        if self.deadline.is_over() {
            let message = format!("another process writes {}", found.path.display());
            return Err(Error::new(ErrorCode::LedgerLocked, message));
        }
        drop(found);
        self.deadline.sleep(self.pause);
        self.pause = self.pause.saturating_mul(2).min(Duration::from_millis(20));
        Ok(())
    }
}

fn writers() -> MutexGuard<'static, Writers> {
    lock(LazyLock::force(&WRITERS))
}

/// A writer was closed in order.
pub(super) fn forget(id: &FileId) {
    writers().remove(id);
}

/// A writer was poisoned: what it had acknowledged is remembered for the next opening.
pub(super) fn forget_poisoned(id: &FileId, acknowledged: Option<Head>) {
    #[expect(clippy::clone_on_copy, reason = "a path where files have no numbers")]
    lock(LazyLock::force(&POISONED)).insert(id.clone(), acknowledged);
    forget(id);
}

enum Claim {
    Ours(OwnClaim),
    Taken(Entry),
}

/// The right to open a ledger; given up when dropped.
struct OwnClaim {
    id: FileId,
    gate: Arc<Gate>,
    published: bool,
}

fn claim(id: FileId) -> Claim {
    #[expect(clippy::clone_on_copy, reason = "a path where files have no numbers")]
    match writers().entry(id.clone()) {
        MapEntry::Occupied(entry) => Claim::Taken(match entry.get() {
            Entry::Opening(gate) => Entry::Opening(Arc::clone(gate)),
            Entry::Live(writer) => Entry::Live(Arc::clone(writer)),
        }),
        MapEntry::Vacant(place) => {
            let gate = Arc::new(Gate::default());
            place.insert(Entry::Opening(Arc::clone(&gate)));
            Claim::Ours(OwnClaim { id, gate, published: false })
        }
    }
}

impl OwnClaim {
    fn publish(mut self, writer: &Arc<Writer>) {
        #[expect(clippy::clone_on_copy, reason = "a path where files have no numbers")]
        writers().insert(self.id.clone(), Entry::Live(Arc::clone(writer)));
        self.published = true;
    }
}

impl Drop for OwnClaim {
    fn drop(&mut self) {
        if !self.published {
            forget(&self.id);
        }
        *lock(&self.gate.open) = true;
        self.gate.changed.notify_all();
    }
}

impl Gate {
    fn wait(&self) {
        let mut open = lock(&self.open);
        while !*open {
            open = wait(&self.changed, open);
        }
    }
}

/// Who writes a ledger now.
pub(super) fn lock_state(path: &Path) -> Result<LockState> {
    let file = LedgerFile::open(&durable::resolve(path)?)?;
    match claim(file.id()) {
        Claim::Taken(_) => Ok(LockState::Here),
        Claim::Ours(claim) => {
            let locked = file.is_locked();
            // Closed before the claim ends and others of this process look.
            drop(file);
            drop(claim);
            let locked = locked.map_err(|error| Error::io(ErrorCode::LedgerIo, "cannot lock the ledger", &error))?;
            Ok(if locked { LockState::Elsewhere } else { LockState::Free })
        }
    }
}

/// Opens the ledger's file, or creates it. None when it came or went meanwhile: look again.
fn open_file(options: &SessionOptions) -> Result<Option<LedgerFile>> {
    let resolved = durable::resolve(&options.path)?;
    match LedgerFile::open(&resolved) {
        Err(error) if error.code == ErrorCode::LedgerNotFound => {
            if let Some(head) = &options.head_store
                && head.store.read(&path_id(&resolved))?.is_some()
            {
                let message = format!("the head store knows a ledger at {}, and it is gone", resolved.display());
                return Err(Error::new(ErrorCode::RollbackDetected, message));
            }
            durable::create_folders_above(&resolved).map_err(|error| {
                Error::io(ErrorCode::LedgerIo, format!("cannot make the folder of {}", resolved.display()), &error)
            })?;
            LedgerFile::create(&resolved)
        }
        opened => opened.map(Some),
    }
}

/// A further session on a writer that is there: what belongs to the writer cannot be asked for differently.
fn join(writer: &Writer, options: &SessionOptions, key: &KeyPair) -> Result<()> {
    if writer.public_key != key.public() {
        let message = format!("this ledger is open with the key {}", writer.public_key);
        return Err(Error::new(ErrorCode::SignerMismatch, message));
    }
    if options.events == EventSet::Core && writer.events() == EventSet::Extended {
        return Err(holds_extended_kinds());
    }
    let differs = |what: &str| {
        let message = format!("this ledger is open already, with another {what}");
        Err(Error::new(ErrorCode::SessionOptions, message))
    };
    if let Some(head) = &options.head_store
        && writer.head_store() != Some((head.store.identity(), head.wait))
    {
        return differs("headStore");
    }
    if options.torn_tail.is_some_and(|policy| policy != writer.torn_tail) {
        return differs("tornTail");
    }
    if options.max_queue_bytes.is_some_and(|bytes| bytes != writer.queue_limit()) {
        return differs("maxQueueBytes");
    }
    if options.verify_on_open == VerifyOnOpen::All {
        let file = LedgerFile::open(&durable::resolve(&options.path)?)?;
        if file.id() != writer.id {
            return Err(Error::new(ErrorCode::LedgerChanged, "the path names another file than the one that is open"));
        }
        verify_all(StorageReader { storage: &file, at: 0 }, writer.length(), options.events)?;
    }
    Ok(())
}

/// Judges a locked file and repairs its end: afterwards events can be appended.
fn prepare(found: Found, options: &SessionOptions, key: &Arc<KeyPair>) -> Result<Opened> {
    let Found { storage, id, path } = found;
    let file: &dyn Storage = &*storage;
    let inspection = inspect(file)?;
    let public_key = key.public();
    if let Some(signer) = inspection.last_signer.filter(|signer| *signer != public_key) {
        let message = format!("the last event is signed by {signer}, this session would sign as {public_key}");
        return Err(Error::new(ErrorCode::SignerMismatch, message));
    }
    if options.events == EventSet::Core && inspection.events == EventSet::Extended {
        return Err(holds_extended_kinds());
    }
    let first = match (&options.head_store, inspection.hashes.first()) {
        (_, Some((0, hash))) => Some(*hash),
        (Some(_), _) => first_hash(StorageReader { storage: file, at: 0 }),
        (None, _) => None,
    };
    let known = match &options.head_store {
        Some(head) => check_head(&*head.store, file, &path, &inspection, first)?,
        None => None,
    };
    if options.verify_on_open == VerifyOnOpen::All {
        let source = StorageReader { storage: file, at: 0 };
        verify_all(source, inspection.good_end, options.events)?;
    }
    let torn_tail = options.torn_tail.unwrap_or_default();
    let tail = cut_tail(file, &inspection, torn_tail)?;
    let last = inspection.state.head();
    let waited_for = known.filter(|_| options.head_store.as_ref().is_some_and(|head| head.wait)).map(Some);
    let doubted = remembered(&id, &inspection).or(waited_for);
    let recovery = Recovery { tail, unacknowledged: doubted.and_then(|known| unacknowledged(known, last)) };
    let keeper = options.head_store.as_ref().map(|head| Keeper::new(head, &path));
    Ok(Opened {
        id,
        public_key,
        appender: Appender::new(storage, Arc::clone(key), &inspection, first),
        keeper,
        recovery,
        acknowledged: doubted.unwrap_or(last),
        torn_tail,
        queue_bytes: options.max_queue_bytes.unwrap_or(DEFAULT_QUEUE_BYTES),
        events: inspection.events,
    })
}

/// Compares the ledger with what a head store knows of it; gives the head that it knows.
pub(super) fn check_head(
    store: &dyn HeadStore,
    file: &dyn Storage,
    path: &Path,
    inspection: &Inspection,
    first: Option<Hash>,
) -> Result<Option<Head>> {
    let rollback = |what: String| Err(Error::new(ErrorCode::RollbackDetected, what));
    let last = inspection.state.head();
    if first.is_none() && last.is_some() {
        return Err(Error::new(ErrorCode::LedgerTampered, "the first event cannot be read: nothing is appended"));
    }
    if let Some(known) = store.read(&path_id(path))?
        && first != Some(known.hash)
    {
        let path = path.display();
        return rollback(format!(
            "the head store knows a ledger at {path} that begins with {}: it is not this one",
            known.hash
        ));
    }
    let Some(first) = first else { return Ok(None) };
    let Some(known) = store.read(&ledger_id(&first))? else {
        return Ok(None);
    };
    if last.is_none_or(|last| last.seq < known.seq) {
        let end = last.map_or_else(|| "is empty".to_owned(), |last| format!("ends at {}", last.seq));
        return rollback(format!("the head store knows event {}, the ledger {end}", known.seq));
    }
    let in_window = inspection.hashes.iter().find(|(seq, _)| *seq == known.seq).map(|(_, hash)| *hash);
    let found = in_window.or_else(|| find_hash(file, inspection, known.seq));
    if found != Some(known.hash) {
        return rollback(format!("event {} is not the one that the head store knows", known.seq));
    }
    Ok(Some(known))
}

/// Keeps an unsynced tail beside the ledger, durably, and only then cuts it off, durably.
fn cut_tail(file: &dyn Storage, inspection: &Inspection, policy: TornTailPolicy) -> Result<Option<RecoveredTail>> {
    let Some(tail) = &inspection.tail else { return Ok(None) };
    if policy == TornTailPolicy::Error {
        let message = format!(
            "the ledger ends in {} bytes that no writer finished, from byte {} on",
            tail.bytes.len(),
            tail.offset
        );
        return Err(Error::new(ErrorCode::TornTail, message));
    }
    let path = file
        .quarantine(tail.offset, &tail.bytes)
        .map_err(|error| Error::io(ErrorCode::LedgerIo, "cannot keep the unsynced tail beside the ledger", &error))?;
    file.set_len(tail.offset)
        .and_then(|()| file.sync())
        .map_err(|error| Error::io(ErrorCode::LedgerIo, "cannot cut the unsynced tail off", &error))?;
    let bytes = as_u64(tail.bytes.len());
    Ok(Some(RecoveredTail { offset: tail.offset, bytes, lines: tail.lines(), reason: tail.reason, path }))
}

/// What a writer of this process had acknowledged when it was poisoned, if that is in this ledger: the number of a
/// removed file can be given to another one.
fn remembered(id: &FileId, inspection: &Inspection) -> Option<Option<Head>> {
    let acknowledged = lock(LazyLock::force(&POISONED)).remove(id)?;
    let is_here = |head: Head| inspection.hashes.contains(&(head.seq, head.hash));
    acknowledged.is_none_or(is_here).then_some(acknowledged)
}

/// Events behind the last one that was acknowledged. A head store knows that one only if records waited for it.
fn unacknowledged(acknowledged: Option<Head>, last: Option<Head>) -> Option<SeqRange> {
    let from = acknowledged.map_or(0, |head| head.seq.saturating_add(1));
    let to = last?.seq;
    (from <= to).then_some(SeqRange { from, to })
}

/// Verifies what is acknowledged, from the first event on.
fn verify_all(mut source: StorageReader<'_>, length: u64, events: EventSet) -> Result<()> {
    let report = verify::verify_part(&mut source, length, &verify::Options::default(), &mut verify::Watch::default())
        .map_err(|error| match error.place {
        Some(_) => Error { code: ErrorCode::LedgerTampered, ..error },
        None => error,
    })?;
    if !report.ok {
        let reason = report.reason.clone().unwrap_or_default();
        let line = report.line.unwrap_or_default();
        let message = format!("the ledger is broken at line {line} ({reason}): nothing is appended to it");
        return Err(Error { report: Some(Box::new(report)), ..Error::new(ErrorCode::LedgerTampered, message) });
    }
    if events == EventSet::Core && report.events == EventSet::Extended {
        return Err(holds_extended_kinds());
    }
    Ok(())
}

fn holds_extended_kinds() -> Error {
    let message = "the ledger holds extended kinds: open it with events 'extended'";
    Error::new(ErrorCode::EventSet, message)
}

/// The resolved path of a ledger, and the hash of its first event if it has one: what a head store is asked about.
pub(super) fn peek(path: &Path) -> Result<(PathBuf, Option<Hash>)> {
    let resolved = durable::resolve(path)?;
    let first = match durable::open_to_read(&resolved) {
        Ok((file, _)) => first_hash(file),
        Err(error) if error.code == ErrorCode::LedgerNotFound => None,
        Err(error) => return Err(error),
    };
    Ok((resolved, first))
}
