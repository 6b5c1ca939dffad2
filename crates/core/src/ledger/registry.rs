//! One writer for each ledger of this process, whatever paths and threads it is opened through; and the lock that
//! keeps other processes out.

use super::LockState;
use super::inbox::Seat;
use super::opening::{holds_extended_kinds, prepare, verify_all};
use super::options::{SessionOptions, VerifyOnOpen};
use super::past::{Past, finish_rotation};
use super::prune::stated_in;
use super::recover::{Inspection, first_hash};
use super::restore::not_rolled_back;
use super::writer::Writer;
use crate::chain::Head;
use crate::durable::{self, LedgerFile, SealedFile};
use crate::error::{Error, ErrorCode, Result};
use crate::event::EventSet;
use crate::hash::Hash;
use crate::heads::path_id;
use crate::segments::Names;
use crate::signer::Signatory;
use crate::storage::{FileId, Lockable, Storage as _};
use crate::sync::{Condvar, Deadline, LazyLock, Mutex, MutexGuard, lock, wait};
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
    /// Resolved.
    path: PathBuf,
}

/// The writer of a ledger: the one that is there, or a new one. The caller holds a seat on it.
pub(super) fn writer_for(options: &SessionOptions, signatory: &Signatory) -> Result<(Arc<Writer>, Seat)> {
    writer_of(options, signatory, || {
        let found = |file: LedgerFile| Found { path: file.path().to_owned(), storage: Box::new(file) };
        Ok(open_file(options)?.map(found))
    })
}

/// The same for a storage that has no place in the file system.
pub(super) fn writer_on(
    open: impl Fn() -> Box<dyn Lockable>,
    options: &SessionOptions,
    signatory: &Signatory,
) -> Result<(Arc<Writer>, Seat)> {
    writer_of(options, signatory, || Ok(Some(Found { storage: open(), path: options.path.clone() })))
}

fn writer_of(
    options: &SessionOptions,
    signatory: &Signatory,
    open: impl Fn() -> Result<Option<Found>>,
) -> Result<(Arc<Writer>, Seat)> {
    let mut wait = LockWait { deadline: Deadline::after(options.lock_timeout), pause: Duration::from_millis(1) };
    let mut rounds = 0..ROUNDS;
    while rounds.next().is_some() {
        let Some(mut found) = open()? else { continue };
        match claim(found.storage.id()) {
            Claim::Taken(Entry::Opening(gate)) => gate.wait(),
            Claim::Taken(Entry::Live(writer)) => {
                if let Some(seat) = writer.attach() {
                    return match join(&writer, options, signatory) {
                        Ok(()) => {
                            writer.join_roster(seat, signatory);
                            Ok((writer, seat))
                        }
                        Err(error) => {
                            writer.detach(seat);
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
                if matches!(linked, Ok(true)) && !finish_rotation(&*found.storage)? {
                    let Found { storage, path } = found;
                    let (writer, seat) = Writer::start(prepare(storage, &path, options, signatory)?)?;
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

/// A writer is about to have another active file: who opens that one finds the writer.
pub(super) fn add(writer: &FileId, next: FileId) {
    let mut writers = writers();
    if let Some(Entry::Live(writer)) = writers.get(writer) {
        let entry = Entry::Live(Arc::clone(writer));
        writers.insert(next, entry);
    }
}

/// A writer was closed in order, or has another active file.
pub(super) fn forget(id: &FileId) {
    writers().remove(id);
}

/// A writer was poisoned: what it had acknowledged is remembered for the next opening.
pub(super) fn forget_poisoned(id: &FileId, acknowledged: Option<Head>) {
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
    if let Some((names, _)) = Names::of_sealed(&resolved) {
        let message = format!("{} is sealed: its ledger is {}", resolved.display(), names.active().display());
        return Err(Error::new(ErrorCode::LedgerSealed, message));
    }
    match LedgerFile::open(&resolved) {
        Err(error) if error.code == ErrorCode::LedgerNotFound => {
            if let Some(sealed) = sealed_segments(&resolved)?.last() {
                let (last, active) = (sealed.path.display(), resolved.display());
                let message = format!("{last} is there and {active} is gone: a new ledger there would be a fork");
                return Err(Error::new(ErrorCode::SegmentMissing, message));
            }
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
fn join(writer: &Writer, options: &SessionOptions, signatory: &Signatory) -> Result<()> {
    let in_force = writer.public_key();
    let evolving = match signatory {
        Signatory::Evolving(key) => Some(key.path()),
        _ => None,
    };
    // A key that evolves may have changed since it was read.
    let same_file = evolving.is_some() && evolving == writer.evolving_path();
    if !same_file && in_force != signatory.public_key() {
        let message = format!("this ledger is open with the key {in_force}");
        return Err(Error::new(ErrorCode::SignerMismatch, message));
    }
    if options.events == EventSet::Core && writer.events() == EventSet::Extended {
        return Err(holds_extended_kinds());
    }
    let differs = |what: &str| {
        let message = format!("this ledger is open already, with another {what}");
        Err(Error::new(ErrorCode::SessionOptions, message))
    };
    if evolving.is_some() && !same_file {
        return differs("evolve");
    }
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
    if options.rotation.is_some() && options.rotation != writer.rotation {
        return differs("rotate");
    }
    if options.restore.is_some() {
        return Err(not_rolled_back());
    }
    if options.verify_on_open == VerifyOnOpen::All {
        let file = LedgerFile::open(&durable::resolve(&options.path)?)?;
        let length = writer.length_of(&file.id()).ok_or_else(|| {
            Error::new(ErrorCode::LedgerChanged, "the path names another file than the one that is open")
        })?;
        verify_all(&file, &Past::of(&file)?, length, options.events)?;
    }
    Ok(())
}

/// What a writer of this process had acknowledged when it was poisoned, if that is in this ledger: the number of a
/// removed file can be given to another one.
pub(super) fn remembered(id: &FileId, inspection: &Inspection) -> Option<Option<Head>> {
    let acknowledged = lock(LazyLock::force(&POISONED)).remove(id)?;
    let is_here = |head: Head| inspection.hashes.contains(&(head.seq, head.hash));
    acknowledged.is_none_or(is_here).then_some(acknowledged)
}

/// The resolved path of a ledger, and the hash of its first event if it has one: what a head store is asked about.
pub(super) fn peek(path: &Path) -> Result<(PathBuf, Option<Hash>)> {
    let resolved = durable::resolve(path)?;
    let sealed = sealed_segments(&resolved)?;
    let first = match sealed.first() {
        Some(first) if first.range.from > 0 => pruned_first(&sealed, &resolved, first.range.from),
        first => match durable::open_to_read(first.map_or(&resolved, |sealed| &sealed.path)) {
            Ok((file, _)) => first_hash(file),
            Err(error) if error.code == ErrorCode::LedgerNotFound => None,
            Err(error) => return Err(error),
        },
    };
    Ok((resolved, first))
}

/// Hash of the first event of a ledger that was pruned, as its last event of that kind says.
fn pruned_first(sealed: &[SealedFile], active: &Path, from: u64) -> Option<Hash> {
    let newest_first = [active].into_iter().chain(sealed.iter().rev().map(|sealed| sealed.path.as_path()));
    newest_first.into_iter().find_map(|path| stated_in(durable::open_to_read(path).ok()?.0, from))
}

fn sealed_segments(active: &Path) -> Result<Vec<SealedFile>> {
    Ok(Names::of(active).map(|names| durable::list(&names)).transpose()?.unwrap_or_default().sealed)
}
