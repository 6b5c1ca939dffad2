//! Events that wait to be written, and who is told what became of them.

use super::inbox::Seat;
use crate::error::Result;
use crate::event::Event;
use crate::limits;
use crate::signer::Successor;
use crate::sync::{Mutex, lock};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The lines of a batch, or why it was not recorded. An error says what became of the batch.
pub type Settled = Result<Vec<String>>;

/// Results by the number they were submitted under.
pub type Batch = Vec<(u64, Settled)>;

/// How a group of events was written: what a diagnosis of slow records needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupMeasures {
    /// Events of the group, of all sessions.
    pub events: usize,
    /// Bytes of their lines, LFs included.
    pub bytes: usize,
    /// How long the first of them was queued.
    pub queued: Duration,
    /// Hashing and signing.
    pub seal: Duration,
    /// Writing.
    pub write: Duration,
    /// Until the system said that they are on stable storage.
    pub sync: Duration,
}

/// Told what became of the records of one session. Called from any thread, once a group; it must not wait for one, nor
/// close a session.
pub trait Sink: Send + Sync {
    /// What became of these records. `measures` are those of the group that they were written in, none if it failed.
    fn settle(&self, results: Batch, measures: Option<GroupMeasures>);

    /// The queue has room again, after it was said to be full.
    fn room(&self);
}

/// Where a job's result goes.
#[derive(Clone)]
pub(super) enum Reply {
    /// To a session's sink, under a number.
    Sink(Arc<dyn Sink>, u64),
    /// To a caller who waits.
    Slot(Arc<Slot>),
}

/// What someone gets who waits for a record.
pub(super) type Waited = (Settled, Option<GroupMeasures>);

/// The result of a record that someone waits for.
#[derive(Default)]
pub(super) struct Slot(Mutex<Option<Waited>>);

impl Slot {
    pub(super) fn take(&self) -> Option<Waited> {
        lock(&self.0).take()
    }

    fn put(&self, waited: Waited) {
        *lock(&self.0) = Some(waited);
    }
}

/// What the writer does in a group of its own: it records an event that depends on what is in front of it.
pub(super) enum Ceremony {
    /// From the next event on this one signs.
    Handover(Successor),
    /// The session that submits this, known by this id, has ended.
    End(String),
}

/// Events that are recorded together or not at all.
pub(super) struct Job {
    pub(super) events: Vec<Event>,
    /// If there is one, the writer makes the event of it.
    pub(super) ceremony: Option<Ceremony>,
    /// Held while a handover is not settled to a signer that needs its thread.
    pub(super) coming: Option<Arc<()>>,
    /// The session that submitted them.
    pub(super) seat: Seat,
    pub(super) reply: Reply,
    /// Bytes that its lines can have, LFs included.
    pub(super) size: usize,
    /// When it was queued.
    pub(super) queued: Instant,
}

impl Job {
    pub(super) fn new(events: Vec<Event>, seat: Seat, reply: Reply) -> Self {
        let size = lines_size(&events);
        Self { events, ceremony: None, coming: None, seat, reply, size, queued: Instant::now() }
    }

    pub(super) fn of(ceremony: Ceremony, seat: Seat, reply: Reply) -> Self {
        let text = match &ceremony {
            Ceremony::Handover(_) => 0,
            // A character takes six bytes at most for one of its own.
            Ceremony::End(session_id) => session_id.len().saturating_mul(6),
        };
        let size = limits::max_line(text.saturating_add(CEREMONY));
        Self { ceremony: Some(ceremony), size, ..Self::new(Vec::new(), seat, reply) }
    }

    /// Events that it is, or will be.
    fn count(&self) -> usize {
        if self.ceremony.is_some() { 1 } else { self.events.len() }
    }
}

/// More bytes than the event of a ceremony has beside texts of any length.
const CEREMONY: usize = 512;

/// Events and their lines, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Load {
    pub(super) events: usize,
    /// That the lines can have, LFs included.
    pub(super) bytes: usize,
}

impl Load {
    /// More than any other.
    pub(super) const ANY: Self = Self { events: usize::MAX, bytes: usize::MAX };

    /// With a job more.
    pub(super) fn and(self, job: &Job) -> Self {
        Self { events: self.events.saturating_add(job.count()), bytes: self.bytes.saturating_add(job.size) }
    }

    pub(super) fn fits(self, limit: Self) -> bool {
        self.events <= limit.events && self.bytes <= limit.bytes
    }
}

/// Bytes that the lines of these events can have, LFs included.
pub(super) fn lines_size(events: &[Event]) -> usize {
    let size = |event: &Event| limits::max_line(event.text().len()).saturating_add(1);
    events.iter().map(size).fold(0, usize::saturating_add)
}

/// Tells everyone what became of their jobs: one call for each sink.
pub(super) fn tell(results: Vec<(Job, Settled)>, measures: Option<GroupMeasures>) {
    let mut by_sink: Vec<(Arc<dyn Sink>, Batch)> = Vec::new();
    for (job, result) in results {
        match job.reply {
            Reply::Slot(slot) => slot.put((result, measures)),
            Reply::Sink(sink, number) => match by_sink.iter_mut().find(|(known, _)| Arc::ptr_eq(known, &sink)) {
                Some((_, batch)) => batch.push((number, result)),
                None => by_sink.push((sink, vec![(number, result)])),
            },
        }
    }
    for (sink, batch) in by_sink {
        guarded(|| sink.settle(batch, measures));
    }
}

/// Tells sessions that there is room.
pub(super) fn give_room(sinks: &[Arc<dyn Sink>]) {
    sinks.iter().for_each(|sink| guarded(|| sink.room()));
}

/// A caller's sink that panics has only itself to blame: the writer goes on.
fn guarded(tell: impl FnOnce()) {
    let _ = catch_unwind(AssertUnwindSafe(tell));
}
