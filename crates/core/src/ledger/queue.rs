//! What waits to be written, and who is told what became of it.

use super::lock;
use crate::error::{Error, ErrorCode, Outcome, Result};
use crate::event::Event;
use crate::limits;
use std::collections::VecDeque;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
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

/// Told what became of the records of one session. Called from any thread, once a group; it must not wait for one.
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

/// Events that are recorded together or not at all.
pub(super) struct Job {
    pub(super) events: Vec<Event>,
    pub(super) reply: Reply,
    /// Jobs of the same session that are not settled yet.
    pub(super) pending: Arc<AtomicU64>,
    /// Bytes that its lines can have, LFs included.
    pub(super) size: usize,
    /// When it was queued.
    pub(super) queued: Instant,
}

impl Job {
    pub(super) fn new(events: Vec<Event>, reply: Reply, pending: &Arc<AtomicU64>) -> Self {
        let size = lines_size(&events);
        Self { events, reply, pending: Arc::clone(pending), size, queued: Instant::now() }
    }
}

/// Bytes that the lines of these events can have, LFs included.
pub(super) fn lines_size(events: &[Event]) -> usize {
    let size = |event: &Event| limits::max_line(event.text().len()).saturating_add(1);
    events.iter().map(size).fold(0, usize::saturating_add)
}

/// Jobs in the order they came, bounded in bytes.
#[derive(Default)]
pub(super) struct Queue {
    jobs: VecDeque<Job>,
    bytes: usize,
    limit: usize,
    /// The largest job that was refused since there was room last.
    refused: usize,
    /// Sessions that were told that there is no room.
    want_room: Vec<Arc<dyn Sink>>,
}

impl Queue {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), ..Self::default() }
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    pub(super) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// A job always fits into an empty queue, however large it is.
    pub(super) fn push(&mut self, job: Job) -> Result<()> {
        let bytes = self.bytes.saturating_add(job.size);
        if !self.jobs.is_empty() && bytes > self.limit {
            self.refused = self.refused.max(job.size);
            let message =
                format!("{} bytes wait to be written, the limit is {}: wait for ready()", self.bytes, self.limit);
            return Err(Error::new(ErrorCode::Backpressure, message).with_outcome(Outcome::NotWritten));
        }
        self.bytes = bytes;
        job.pending.fetch_add(1, Ordering::SeqCst);
        self.jobs.push_back(job);
        Ok(())
    }

    /// Whether a session may go on; if not, its sink is told when it may.
    pub(super) fn has_room(&mut self, sink: &Arc<dyn Sink>) -> bool {
        let room = self.is_roomy();
        if !room && !self.want_room.iter().any(|known| Arc::ptr_eq(known, sink)) {
            self.want_room.push(Arc::clone(sink));
        }
        room
    }

    /// Sessions to tell that there is room.
    pub(super) fn take_roomy(&mut self) -> Vec<Arc<dyn Sink>> {
        if self.is_roomy() { mem::take(&mut self.want_room) } else { Vec::new() }
    }

    /// Half of the queue is free, and what was refused would be taken: who waits for room must not be refused again and
    /// again for the same record.
    fn is_roomy(&mut self) -> bool {
        let fits = self.bytes.saturating_add(self.refused) <= self.limit && self.bytes < self.limit.div_ceil(2);
        let room = fits || self.jobs.is_empty();
        if room {
            self.refused = 0;
        }
        room
    }

    /// Takes back a job that was submitted under a number.
    pub(super) fn withdraw(&mut self, sink: &Arc<dyn Sink>, number: u64) -> bool {
        let is_it =
            |job: &Job| matches!(&job.reply, Reply::Sink(theirs, n) if *n == number && Arc::ptr_eq(theirs, sink));
        let Some(job) = self.jobs.iter().position(is_it).and_then(|place| self.jobs.remove(place)) else {
            return false;
        };
        self.bytes = self.bytes.saturating_sub(job.size);
        job.pending.fetch_sub(1, Ordering::SeqCst);
        true
    }

    /// The next jobs whose lines fit into so many bytes; at least one, if there is any.
    pub(super) fn take_group(&mut self, limit: usize) -> Vec<Job> {
        let mut group = Vec::new();
        let mut size = 0_usize;
        while let Some(job) = self.jobs.front() {
            size = size.saturating_add(job.size);
            if !group.is_empty() && size > limit {
                break;
            }
            self.bytes = self.bytes.saturating_sub(job.size);
            group.extend(self.jobs.pop_front());
        }
        group
    }
}

/// Tells everyone what became of their jobs: one call for each sink.
pub(super) fn settle(results: Vec<(Job, Settled)>, measures: Option<GroupMeasures>) {
    let mut by_sink: Vec<(Arc<dyn Sink>, Batch)> = Vec::new();
    for (job, result) in results {
        match job.reply {
            Reply::Slot(slot) => slot.put((result, measures)),
            Reply::Sink(sink, number) => match by_sink.iter_mut().find(|(known, _)| Arc::ptr_eq(known, &sink)) {
                Some((_, batch)) => batch.push((number, result)),
                None => by_sink.push((sink, vec![(number, result)])),
            },
        }
        job.pending.fetch_sub(1, Ordering::SeqCst);
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
