//! The one writer of a ledger in this process: a queue, a file, and a thread that takes groups from one to the other.
//!
//! A caller who waits for its record drives the same machine on its own thread. Locks are taken in the order
//! `appender`, `inbox`; no lock is held while the other side of a sink or a head store that needs a thread is waited
//! for, except `appender`, which keeps groups in order.

use super::append::{Appended, Appender, Failed};
use super::keeper::Keeper;
use super::options::Recovery;
use super::queue::{GroupMeasures, Job, Queue, Settled, Sink, give_room, settle};
use super::recover::GROUP_LIMIT;
use super::{lock, registry};
use crate::chain::Head;
use crate::durable::FileId;
use crate::error::{Error, ErrorCode, Outcome, Result};
use crate::event::{Event, EventSet};
use crate::key::PublicKey;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Where the writer is in its life.
#[derive(Debug, Clone)]
enum Phase {
    /// Takes records.
    Open,
    /// The last session is gone: what is queued is written, then the file is released.
    Closing,
    /// A failure left the end of the file unknown.
    Poisoned(Error),
    /// The file is released.
    Closed,
}

/// See the module.
pub(super) struct Writer {
    pub(super) id: FileId,
    pub(super) public_key: PublicKey,
    pub(super) recovery: Recovery,
    pub(super) torn_tail: super::options::TornTailPolicy,
    /// None once the file is released.
    appender: Mutex<Option<Appender>>,
    inbox: Mutex<Inbox>,
    changed: Condvar,
    keeper: Option<Keeper>,
    status: Mutex<Status>,
}

struct Inbox {
    queue: Queue,
    phase: Phase,
    /// Sessions that hold this writer.
    sessions: usize,
}

/// What sessions may ask at any time, also while a group is being written.
#[derive(Debug, Clone, Copy)]
struct Status {
    head: Option<Head>,
    /// The last event that someone was told is durable, or that nobody doubts.
    acknowledged: Option<Head>,
    /// Bytes of the file that are acknowledged.
    length: u64,
    events: EventSet,
}

/// What opening found, for a new writer.
pub(super) struct Opened {
    pub(super) id: FileId,
    pub(super) public_key: PublicKey,
    pub(super) appender: Appender,
    pub(super) keeper: Option<Keeper>,
    pub(super) recovery: Recovery,
    pub(super) acknowledged: Option<Head>,
    pub(super) torn_tail: super::options::TornTailPolicy,
    pub(super) queue_bytes: usize,
    pub(super) events: EventSet,
}

impl Writer {
    /// Starts with one session, and the thread that writes.
    pub(super) fn start(opened: Opened) -> Result<Arc<Self>> {
        let status = Status {
            head: opened.appender.head(),
            acknowledged: opened.acknowledged,
            length: opened.appender.length(),
            events: opened.events,
        };
        let writer = Arc::new(Self {
            id: opened.id,
            public_key: opened.public_key,
            recovery: opened.recovery,
            torn_tail: opened.torn_tail,
            appender: Mutex::new(Some(opened.appender)),
            inbox: Mutex::new(Inbox { queue: Queue::new(opened.queue_bytes), phase: Phase::Open, sessions: 1 }),
            changed: Condvar::new(),
            keeper: opened.keeper,
            status: Mutex::new(status),
        });
        let background = Arc::clone(&writer);
        thread::Builder::new()
            .name("sealwright-writer".to_owned())
            .spawn(move || background.run())
            .map_err(|error| Error::io(ErrorCode::LedgerIo, "cannot start the writer thread", &error))?;
        Ok(writer)
    }

    /// One more session, unless this writer takes no records any more.
    pub(super) fn attach(&self) -> bool {
        let mut inbox = lock(&self.inbox);
        let open = matches!(inbox.phase, Phase::Open);
        if open {
            inbox.sessions = inbox.sessions.saturating_add(1);
        }
        open
    }

    /// One session less. The last one ends the writer, once its queue is written. True when it was the last.
    pub(super) fn detach(&self) -> bool {
        let mut inbox = lock(&self.inbox);
        inbox.sessions = inbox.sessions.saturating_sub(1);
        let last = inbox.sessions == 0;
        if last && matches!(inbox.phase, Phase::Open) {
            inbox.phase = Phase::Closing;
        }
        drop(inbox);
        self.changed.notify_all();
        last
    }

    /// Queues a job. `wake`: the writer's thread takes it; otherwise the caller drives.
    pub(super) fn submit(&self, job: Job, wake: bool) -> Result<()> {
        let mut inbox = lock(&self.inbox);
        let refused = match &inbox.phase {
            Phase::Open => None,
            Phase::Poisoned(cause) => Some(poison_notice(cause)),
            Phase::Closing | Phase::Closed => Some(Error::new(ErrorCode::SessionClosed, "the session is closed")),
        };
        if let Some(error) = refused {
            return Err(error.with_outcome(Outcome::NotWritten));
        }
        inbox.queue.push(job)?;
        drop(inbox);
        if wake {
            self.changed.notify_all();
        }
        Ok(())
    }

    pub(super) fn withdraw(&self, sink: &Arc<dyn Sink>, number: u64) -> bool {
        let (withdrawn, roomy) = {
            let mut inbox = lock(&self.inbox);
            (inbox.queue.withdraw(sink, number), inbox.queue.take_roomy())
        };
        give_room(&roomy);
        withdrawn
    }

    pub(super) fn has_room(&self, sink: &Arc<dyn Sink>) -> bool {
        lock(&self.inbox).queue.has_room(sink)
    }

    pub(super) fn queue_limit(&self) -> usize {
        lock(&self.inbox).queue.limit()
    }

    pub(super) fn head(&self) -> Option<Head> {
        lock(&self.status).head
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

    /// True when records wait for a head store that needs its own thread: a caller on that thread must not wait.
    pub(super) fn waits_for_a_thread(&self) -> bool {
        self.keeper.as_ref().is_some_and(|keeper| keeper.waits() && keeper.store().needs_its_thread())
    }

    /// Bytes of the file that are acknowledged.
    pub(super) fn length(&self) -> u64 {
        lock(&self.status).length
    }

    /// Writes groups on the calling thread until `done` says so, or nothing is left to write.
    pub(super) fn drive_until(&self, mut done: impl FnMut() -> bool) {
        if done() {
            return;
        }
        let mut appender = lock(&self.appender);
        while !done() && self.write_group(&mut appender) {}
    }

    /// Waits until the file is released, at most so long. True when it is.
    pub(super) fn wait_closed(&self, limit: Option<Duration>) -> bool {
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        let mut inbox = lock(&self.inbox);
        while !matches!(inbox.phase, Phase::Closed | Phase::Poisoned(_)) {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return false;
            }
            let left = left.unwrap_or(Duration::from_secs(3600));
            inbox = self.changed.wait_timeout(inbox, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// The thread's life. Whatever ends it, nobody is left waiting.
    fn run(self: Arc<Self>) {
        if catch_unwind(AssertUnwindSafe(|| self.work())).is_err() {
            let error = Error::new(ErrorCode::Internal, "a defect in the writer, contained");
            self.poison(&mut lock(&self.appender), Vec::new(), error.with_outcome(Outcome::Unknown));
        }
    }

    fn work(&self) {
        loop {
            let mut inbox = lock(&self.inbox);
            while inbox.queue.is_empty() && matches!(inbox.phase, Phase::Open) {
                inbox = self.changed.wait(inbox).unwrap_or_else(PoisonError::into_inner);
            }
            let ends = inbox.queue.is_empty();
            let poisoned = matches!(inbox.phase, Phase::Poisoned(_));
            drop(inbox);
            if poisoned {
                return;
            }
            if ends {
                self.release();
                return;
            }
            self.drive_until(|| false);
        }
    }

    /// Takes a group from the queue and appends it. False when there was none, or nothing can be written any more.
    fn write_group(&self, slot: &mut Option<Appender>) -> bool {
        let (group, roomy) = {
            let mut inbox = lock(&self.inbox);
            let limit = usize::try_from(GROUP_LIMIT).unwrap_or(usize::MAX);
            (inbox.queue.take_group(limit), inbox.queue.take_roomy())
        };
        give_room(&roomy);
        if group.is_empty() {
            return false;
        }
        let Some(appender) = slot.as_mut() else {
            settle(group.into_iter().map(|job| (job, Err(closed()))).collect(), None);
            return false;
        };
        let queued = group.first().map(|job| job.queued.elapsed()).unwrap_or_default();
        let appended = catch_unwind(AssertUnwindSafe(|| appender.append(group.iter().flat_map(|job| &job.events))));
        match appended {
            Ok(Ok(Appended { lines, bytes, seal, write, sync })) => {
                self.advance(appender, &group);
                let measures = GroupMeasures { events: lines.len(), bytes, queued, seal, write, sync };
                settle(deal(group, lines), Some(measures));
                true
            }
            Ok(Err(Failed { error, poisoned: false })) => {
                settle(group.into_iter().map(|job| (job, Err(error.clone()))).collect(), None);
                true
            }
            Ok(Err(Failed { error, poisoned: true })) => {
                self.poison(slot, group, error);
                false
            }
            Err(_) => {
                let error = Error::new(ErrorCode::Internal, "a defect in the writer, contained");
                self.poison(slot, group, error.with_outcome(Outcome::Unknown));
                false
            }
        }
    }

    /// A group is on the disk: everyone may know, the head store too.
    fn advance(&self, appender: &Appender, group: &[Job]) {
        let Some(head) = appender.head() else { return };
        let events = group.iter().flat_map(|job| &job.events).map(Event::set).max();
        {
            let mut status = lock(&self.status);
            status.head = Some(head);
            status.acknowledged = Some(head);
            status.length = appender.length();
            status.events = status.events.max(events.unwrap_or(EventSet::Core));
        }
        if let (Some(keeper), Some(first)) = (&self.keeper, appender.first()) {
            keeper.advance(first, head);
        }
    }

    /// Nothing is appended any more: the group may or may not be on the disk, what is queued is not.
    fn poison(&self, slot: &mut Option<Appender>, group: Vec<Job>, error: Error) {
        // Releases the lock: another session, here or elsewhere, may recover the ledger now. Who finds no writer in the
        // registry must find the file unlocked.
        *slot = None;
        let acknowledged = lock(&self.status).acknowledged;
        registry::forget_poisoned(&self.id, acknowledged);
        let (queued, waiting) = {
            let mut inbox = lock(&self.inbox);
            inbox.phase = Phase::Poisoned(error.clone());
            (inbox.queue.take_group(usize::MAX), inbox.queue.take_roomy())
        };
        let notice = poison_notice(&error).with_outcome(Outcome::NotWritten);
        let group = group.into_iter().map(|job| (job, Err(error.clone())));
        let queued = queued.into_iter().map(|job| (job, Err(notice.clone())));
        settle(group.chain(queued).collect(), None);
        // Who waits for room learns at the next record that there is no use.
        give_room(&waiting);
        self.changed.notify_all();
        self.stop_keeper();
    }

    /// The last session is gone and everything is written.
    fn release(&self) {
        self.stop_keeper();
        // In this order: who finds no writer in the registry must find the file unlocked.
        *lock(&self.appender) = None;
        registry::forget(&self.id);
        lock(&self.inbox).phase = Phase::Closed;
        self.changed.notify_all();
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

/// Gives each job the lines of its events.
fn deal(group: Vec<Job>, lines: Vec<String>) -> Vec<(Job, Settled)> {
    let mut lines = lines.into_iter();
    group
        .into_iter()
        .map(|job| {
            let own: Vec<String> = lines.by_ref().take(job.events.len()).collect();
            let result = if own.len() == job.events.len() {
                Ok(own)
            } else {
                Err(Error::new(ErrorCode::Internal, "an event without a line").with_outcome(Outcome::Unknown))
            };
            (job, result)
        })
        .collect()
}

fn poison_notice(cause: &Error) -> Error {
    let message = format!("an earlier failure poisoned this session ({}): open the ledger again", cause.message);
    Error { os_code: cause.os_code.clone(), ..Error::new(ErrorCode::SessionPoisoned, message) }
}

fn closed() -> Error {
    Error::new(ErrorCode::SessionClosed, "the session is closed").with_outcome(Outcome::NotWritten)
}

/// A session's jobs that are not settled.
pub(super) fn pending(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::SeqCst)
}
