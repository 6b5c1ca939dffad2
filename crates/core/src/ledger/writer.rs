//! The one writer of a ledger in this process: an inbox, a file, and a thread that takes groups from one to the other.
//! What may happen when is said by [`Inbox`]; here are the locks, the thread and the file.
//!
//! A caller who waits for its record drives the same machine on its own thread. Locks are taken in the order
//! `appender`, `inbox`; no lock is held while the other side of a sink or a head store that needs a thread is waited
//! for, except `appender`, which keeps groups in order.

mod group;

use super::append::{Appended, Appender, Failed};
use super::hand::{Roster, Succession};
use super::inbox::{Inbox, Next, Seat, poison_notice};
use super::job::{GroupMeasures, Job, Settled, Sink, give_room, tell};
use super::keeper::Keeper;
use super::options::{Recovery, RotationLimits, TornTailPolicy};
use super::registry;
use crate::chain::Head;
use crate::error::{Error, ErrorCode, Outcome, Result};
use crate::event::EventSet;
use crate::evolving::EvolvingKey;
use crate::key::PublicKey;
use crate::limits::as_u64;
use crate::signer::Signatory;
use crate::storage::{FileId, Shelf, Storage};
use crate::sync::{Condvar, Deadline, Mutex, lock, thread, wait};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// See the module.
pub(super) struct Writer {
    pub(super) recovery: Recovery,
    pub(super) torn_tail: TornTailPolicy,
    pub(super) rotation: Option<RotationLimits>,
    /// Where the ledger is, for signers.
    path: PathBuf,
    /// Changes with every segment.
    evolving: Option<Arc<EvolvingKey>>,
    /// None once the file is released.
    appender: Mutex<Option<Appender>>,
    inbox: Mutex<Inbox>,
    /// For the thread: there is something to do.
    work: Condvar,
    /// For everyone else: sinks were told, jobs withdrawn, or the file is released.
    done: Condvar,
    /// How many wait for that; changed under the lock of `inbox`.
    waiting: AtomicUsize,
    keeper: Option<Keeper>,
    /// None if a key of this process signs.
    roster: Mutex<Option<Arc<Roster>>>,
    /// Others hold it too while the ledger is handed over to a signer that needs its thread.
    coming: Arc<()>,
    status: Mutex<Status>,
}

/// What sessions may ask at any time, also while a group is being written.
#[derive(Debug, Clone)]
struct Status {
    /// The active file.
    id: FileId,
    /// Who signs the next event.
    public_key: PublicKey,
    head: Option<Head>,
    /// When that was appended, or the ledger opened.
    since: Instant,
    /// The last event that someone was told is durable, or that nobody doubts.
    acknowledged: Option<Head>,
    /// Bytes of the active file that are acknowledged.
    length: u64,
    events: EventSet,
    /// Why the last rotation that was due did not happen.
    rotate_error: Option<String>,
    /// The first seq of the segment in which the key evolved last.
    evolved: Option<u64>,
    /// What opening found at the end is on stable storage for sure.
    settled: bool,
}

/// What opening found, for a new writer.
pub(super) struct Opened {
    pub(super) path: PathBuf,
    pub(super) appender: Appender,
    pub(super) keeper: Option<Keeper>,
    pub(super) roster: Option<Arc<Roster>>,
    pub(super) evolving: Option<Arc<EvolvingKey>>,
    pub(super) recovery: Recovery,
    pub(super) acknowledged: Option<Head>,
    pub(super) torn_tail: TornTailPolicy,
    pub(super) rotation: Option<RotationLimits>,
    pub(super) queue_bytes: usize,
    pub(super) events: EventSet,
}

/// Who takes a job from the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taker {
    /// Who submits it drives the writer.
    Caller,
    /// The writer's thread.
    Writer,
    /// The same, once [`Writer::wake`] says that no more come at once.
    WriterSoon,
}

/// How long jobs that are to be taken soon wait for others. Whoever submits them may go on to do something long.
const PATIENCE: Duration = Duration::from_millis(5);

impl Writer {
    /// Starts with one session, and the thread that writes.
    pub(super) fn start(opened: Opened) -> Result<(Arc<Self>, Seat)> {
        let (inbox, seat) = Inbox::new(opened.queue_bytes);
        let status = Status {
            id: opened.appender.storage().id(),
            public_key: opened.appender.public_key(),
            head: opened.appender.head(),
            since: Instant::now(),
            acknowledged: opened.acknowledged,
            length: opened.appender.length(),
            events: opened.events,
            rotate_error: None,
            evolved: None,
            settled: false,
        };
        let writer = Arc::new(Self {
            recovery: opened.recovery,
            torn_tail: opened.torn_tail,
            rotation: opened.rotation,
            path: opened.path,
            evolving: opened.evolving,
            appender: Mutex::new(Some(opened.appender)),
            inbox: Mutex::new(inbox),
            work: Condvar::new(),
            done: Condvar::new(),
            waiting: AtomicUsize::new(0),
            keeper: opened.keeper,
            roster: Mutex::new(opened.roster),
            coming: Arc::default(),
            status: Mutex::new(status),
        });
        let background = Arc::clone(&writer);
        thread::Builder::new()
            .name("sealwright-writer".to_owned())
            .spawn(move || background.run())
            .map_err(|error| Error::io(ErrorCode::LedgerIo, "cannot start the writer thread", &error))?;
        Ok((writer, seat))
    }

    /// One more session, unless this writer takes no records any more.
    pub(super) fn attach(&self) -> Option<Seat> {
        lock(&self.inbox).attach()
    }

    /// That session's signer may be asked from now on. A key of this process needs no other.
    pub(super) fn join_roster(&self, seat: Seat, signatory: &Signatory) {
        if let Some(roster) = &*lock(&self.roster) {
            roster.join(seat, signatory);
        }
    }

    /// One session less. The last one ends the writer, once its queue is written. True when it was the last.
    pub(super) fn detach(&self, seat: Seat) -> bool {
        let last = lock(&self.inbox).detach(seat);
        if let Some(roster) = &*lock(&self.roster) {
            roster.leave(seat);
        }
        self.work.notify_one();
        last
    }

    /// Queues a job.
    pub(super) fn submit(&self, job: Job, taker: Taker) -> Result<()> {
        lock(&self.inbox).submit(job, taker == Taker::WriterSoon)?;
        if taker != Taker::Caller {
            self.work.notify_one();
        }
        Ok(())
    }

    /// Has the writer's thread take what it was to take soon.
    pub(super) fn wake(&self) {
        if lock(&self.inbox).stop_gathering() {
            self.work.notify_one();
        }
    }

    pub(super) fn withdraw(&self, seat: Seat, number: u64) -> bool {
        let (withdrawn, room) = lock(&self.inbox).withdraw(seat, number);
        self.tell_waiters();
        give_room(&room);
        withdrawn
    }

    pub(super) fn has_room(&self, seat: Seat, sink: &Arc<dyn Sink>) -> bool {
        lock(&self.inbox).has_room(seat, sink)
    }

    pub(super) fn is_settled(&self, seat: Seat) -> bool {
        lock(&self.inbox).is_settled(seat)
    }

    pub(super) fn queue_limit(&self) -> usize {
        lock(&self.inbox).limit()
    }

    pub(super) fn head(&self) -> Option<Head> {
        lock(&self.status).head
    }

    /// Who signs the next event.
    pub(super) fn public_key(&self) -> PublicKey {
        lock(&self.status).public_key
    }

    /// How long nothing was appended.
    pub(super) fn quiet(&self) -> Duration {
        lock(&self.status).since.elapsed()
    }

    pub(super) fn events(&self) -> EventSet {
        lock(&self.status).events
    }

    /// The head store's identity, and whether records wait for it.
    pub(super) fn head_store(&self) -> Option<(String, bool)> {
        self.keeper.as_ref().map(|keeper| (keeper.store().identity(), keeper.waits()))
    }

    pub(super) fn head_store_error(&self) -> Option<String> {
        self.keeper.as_ref().and_then(Keeper::error)
    }

    /// To be held by a handover to a signer that needs its thread.
    pub(super) fn coming(&self) -> Arc<()> {
        Arc::clone(&self.coming)
    }

    /// True when records wait for a signer or a head store that needs its own thread, or may soon: a caller on that thread
    /// must not wait.
    pub(super) fn waits_for_a_thread(&self) -> bool {
        self.keeper.as_ref().is_some_and(|keeper| keeper.waits() && keeper.store().needs_its_thread())
            || Arc::strong_count(&self.coming) > 1
            || lock(&self.roster).as_ref().is_some_and(|roster| roster.needs_its_thread())
    }

    /// Bytes of the active file that are acknowledged, if that is this one.
    pub(super) fn length_of(&self, id: &FileId) -> Option<u64> {
        let status = lock(&self.status);
        (status.id == *id).then_some(status.length)
    }

    /// The key file that changes with every segment.
    pub(super) fn evolving_path(&self) -> Option<&Path> {
        self.evolving.as_deref().map(EvolvingKey::path)
    }

    /// Why the ledger does not go on in a new file although the one it has is full.
    pub(super) fn rotate_error(&self) -> Option<String> {
        lock(&self.status).rotate_error.clone()
    }

    /// Looks at the ledger's files, or removes some, while nothing is written. Once the file is released that says why,
    /// and nothing of an event: the one that a removal goes by may be recorded.
    pub(super) fn on_shelf<T>(&self, look: impl FnOnce(&dyn Storage, &dyn Shelf) -> Result<T>) -> Result<T> {
        let slot = lock(&self.appender);
        let storage = slot.as_ref().ok_or_else(|| self.released())?.storage();
        let alone = || Error::new(ErrorCode::LedgerIo, "this ledger has no other files");
        look(storage, storage.shelf().ok_or_else(alone)?)
    }

    /// The last event that is on stable storage, what opening found among them: that is written and synced again if nothing
    /// was recorded since.
    pub(super) fn settled_head(&self) -> Result<Option<Head>> {
        let known = {
            let status = lock(&self.status);
            status.settled.then_some(status.head)
        };
        if let Some(head) = known {
            return Ok(head);
        }
        let mut slot = lock(&self.appender);
        let appender = slot.as_mut().ok_or_else(|| self.released())?;
        match appender.settle_window() {
            Ok(()) => {
                let mut status = lock(&self.status);
                status.settled = true;
                Ok(status.head)
            }
            Err(Failed { error, poisoned }) => {
                if poisoned {
                    self.poison(&mut slot, Vec::new(), &error);
                }
                Err(Error { outcome: None, ..error })
            }
        }
    }

    /// Why the file was released.
    fn released(&self) -> Error {
        let unsaid = || Error::new(ErrorCode::Internal, "a file that was released for no reason");
        Error { outcome: None, ..lock(&self.inbox).refusal().unwrap_or_else(unsaid) }
    }

    /// Where the ledger is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes groups on the calling thread until `done` says so, or nothing is left to write.
    pub(super) fn drive_until(&self, mut done: impl FnMut() -> bool) {
        if done() {
            return;
        }
        let mut appender = lock(&self.appender);
        while !done() && self.write_group(&mut appender) {}
    }

    /// Waits until a session was told what became of each of its jobs.
    pub(super) fn wait_told(&self, seat: Seat, deadline: &mut Deadline) {
        self.wait_until(deadline, |inbox| inbox.is_told(seat));
    }

    /// Waits until the file is released.
    pub(super) fn wait_over(&self, deadline: &mut Deadline) {
        self.wait_until(deadline, Inbox::is_over);
    }

    fn wait_until(&self, deadline: &mut Deadline, done: impl Fn(&Inbox) -> bool) {
        let mut inbox = lock(&self.inbox);
        self.waiting.fetch_add(1, Ordering::Relaxed);
        while !done(&inbox) && !deadline.is_over() {
            inbox = deadline.wait(&self.done, inbox);
        }
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    /// After a change under the lock of `inbox`. Who waits was counted under it too, so whoever is missed has seen the
    /// change; and telling nobody would be a system call for each record.
    fn tell_waiters(&self) {
        if self.waiting.load(Ordering::Relaxed) > 0 {
            self.done.notify_all();
        }
    }

    /// The thread's life. Whatever ends it, nobody is left waiting.
    fn run(self: Arc<Self>) {
        if catch_unwind(AssertUnwindSafe(|| self.work())).is_err() {
            let error = Error::new(ErrorCode::Internal, "a defect in the writer, contained");
            self.poison(&mut lock(&self.appender), Vec::new(), &error.with_outcome(Outcome::Unknown));
        }
    }

    fn work(&self) {
        loop {
            match self.wait_for_work() {
                Next::Release => return self.release(),
                Next::End => return,
                Next::Write | Next::Gather | Next::Wait => self.drive_until(|| false),
            }
        }
    }

    fn wait_for_work(&self) -> Next {
        let mut inbox = lock(&self.inbox);
        let mut patience = None;
        loop {
            match inbox.next() {
                Next::Wait => {
                    patience = None;
                    inbox = wait(&self.work, inbox);
                }
                Next::Gather => {
                    let patience = patience.get_or_insert_with(|| Deadline::after(PATIENCE));
                    inbox = patience.wait(&self.work, inbox);
                    if patience.is_over() {
                        inbox.stop_gathering();
                    }
                }
                next => return next,
            }
        }
    }

    /// Tells sessions what became of their jobs. Who closes waits until its sink has returned.
    fn settle(&self, results: Vec<(Job, Settled)>, measures: Option<GroupMeasures>) {
        let seats: Vec<Seat> = results.iter().map(|(job, _)| job.seat).collect();
        {
            let mut inbox = lock(&self.inbox);
            seats.iter().for_each(|seat| inbox.settled(*seat));
        }
        tell(results, measures);
        {
            let mut inbox = lock(&self.inbox);
            seats.iter().for_each(|seat| inbox.told(*seat));
        }
        self.tell_waiters();
    }

    /// A group is on the disk, or one that a signer gave back: everyone may know, the head store too.
    fn advance(&self, appender: &mut Appender, group: &[Job], appended: Option<&Appended>) {
        if let Some(Succession { roster, coming }) = appender.take_succession() {
            *lock(&self.roster) = roster;
            drop(coming);
        }
        let Some(head) = appender.head() else { return };
        {
            let mut status = lock(&self.status);
            if status.head == Some(head) {
                return;
            }
            status.public_key = appender.public_key();
            status.head = Some(head);
            status.since = Instant::now();
            status.acknowledged = Some(head);
            status.settled = true;
            status.length = appender.length();
            status.events = status.events.max(appender.events());
        }
        {
            let mut inbox = lock(&self.inbox);
            let mut heads = appended.map(|appended| appended.heads.as_slice()).unwrap_or_default().iter();
            for Job { seat, events, .. } in group {
                if let Some(last) = heads.by_ref().take(events.len()).last() {
                    inbox.note(*seat, as_u64(events.len()), *last);
                }
            }
        }
        if let (Some(keeper), Some(first)) = (&self.keeper, appender.first()) {
            keeper.advance(first, head);
        }
    }

    /// Nothing is appended any more: the group may or may not be on the disk, what is queued is not.
    fn poison(&self, slot: &mut Option<Appender>, group: Vec<Job>, error: &Error) {
        if let Some(appender) = slot.take() {
            // Releases the lock: another session, here or elsewhere, may recover the ledger now. Who finds no writer in
            // the registry must find the file unlocked.
            drop(appender);
            let Status { id, acknowledged, .. } = lock(&self.status).clone();
            registry::forget_poisoned(&id, acknowledged);
        }
        let (queued, room) = lock(&self.inbox).poison(error);
        self.work.notify_one();
        let notice = poison_notice(error);
        let group = group.into_iter().map(|job| (job, Err(error.clone())));
        let queued = queued.into_iter().map(|job| (job, Err(notice.clone())));
        self.settle(group.chain(queued).collect(), None);
        give_room(&room);
        self.stop_keeper();
    }

    /// The last session is gone and nothing is queued. A group that a caller still drives comes first: it may poison, and
    /// the head store is told of it.
    fn release(&self) {
        let mut slot = lock(&self.appender);
        if slot.is_none() {
            return;
        }
        self.stop_keeper();
        // In this order: who finds no writer in the registry must find the file unlocked.
        *slot = None;
        let id = lock(&self.status).id.clone();
        registry::forget(&id);
        lock(&self.inbox).close();
        self.tell_waiters();
    }

    /// The head store gets what is left for it. One that needs the thread that may be waiting here is not waited for.
    fn stop_keeper(&self) {
        if let Some(keeper) = &self.keeper {
            keeper.stop();
            if !keeper.store().needs_its_thread() {
                keeper.join();
            }
        }
    }

    /// True when the head store was told all that it will be, once the file is released.
    pub(super) fn head_store_is_told(&self) -> bool {
        self.keeper.as_ref().is_none_or(Keeper::is_finished)
    }
}
