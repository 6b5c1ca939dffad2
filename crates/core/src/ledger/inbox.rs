//! The rules of a writer: what may be queued, what is written next, what each session is still owed. A pure state
//! machine: it takes no lock, waits for nobody and touches no file; `writer` does that, as these transitions say.
//!
//! ```text
//! phase   Open --the last session lets go--> Closing --all is written--> Closed
//!            \                                  /
//!             \----- end of the file unknown --+--> Poisoned
//!
//! job     submit --> queued --take_group--> taken --settled--> being told --told--> done
//!                       \----withdraw----> done, neither written nor settled
//!
//! room    has_room: no --> whoever makes room has the sink told, once
//! ```

#[cfg(test)]
mod tests;

use super::job::{Job, Load, Reply, Sink};
use crate::chain::Head;
use crate::error::{Error, ErrorCode, Outcome, Result};
use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::sync::Arc;

/// One session among those of a writer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seat(u64);

/// See the module.
pub(super) struct Inbox {
    phase: Phase,
    /// Sessions that hold the writer.
    sessions: usize,
    next_seat: u64,
    /// What sessions are owed, those too that let go; a session that is owed nothing is not listed.
    owed: BTreeMap<Seat, Owed>,
    /// What each session that holds the writer has recorded.
    recorded: BTreeMap<Seat, Recorded>,
    /// In the order they came.
    jobs: VecDeque<Job>,
    /// More jobs will come at once: the writer is asked to wait for them, for a moment.
    gathering: bool,
    /// Sizes of the jobs, in all; at most the limit, unless there is only one.
    bytes: usize,
    limit: usize,
    /// The largest job that was refused since there was room last.
    refused: usize,
    /// Sessions that were told that there is no room.
    want_room: Vec<(Seat, Arc<dyn Sink>)>,
}

/// Where the writer is in its life.
#[derive(Debug)]
enum Phase {
    /// Takes jobs.
    Open,
    /// The last session is gone: what is queued is written, then the file is released.
    Closing,
    /// A failure left the end of the file unknown.
    Poisoned(Error),
    /// The file is released.
    Closed,
}

#[derive(Debug, Default)]
struct Owed {
    /// Jobs that are queued or being written.
    unsettled: usize,
    /// Jobs whose sink is being told what became of them.
    untold: usize,
}

/// Events of one session that are in the ledger.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Recorded {
    pub(super) count: u64,
    pub(super) last: Option<Head>,
}

/// Sinks to tell that there is room.
pub(super) type Room = Vec<Arc<dyn Sink>>;

/// What the writer's thread has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Wait,
    /// For more jobs, but not for long.
    Gather,
    Write,
    Release,
    /// Nothing any more.
    End,
}

impl Inbox {
    /// The session that it begins with.
    pub(super) const FIRST: Seat = Seat(0);

    /// With its first session, and as many bytes as may be queued.
    pub(super) fn new(limit: usize) -> (Self, Seat) {
        let inbox = Self {
            phase: Phase::Open,
            sessions: 1,
            next_seat: 1,
            owed: BTreeMap::new(),
            recorded: BTreeMap::from([(Seat(0), Recorded::default())]),
            jobs: VecDeque::new(),
            gathering: false,
            bytes: 0,
            limit: limit.max(1),
            refused: 0,
            want_room: Vec::new(),
        };
        (inbox, Self::FIRST)
    }

    /// Bytes that may be queued.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// One more session, unless no jobs are taken any more.
    pub(super) fn attach(&mut self) -> Option<Seat> {
        if !matches!(self.phase, Phase::Open) {
            return None;
        }
        self.sessions = self.sessions.saturating_add(1);
        let seat = Seat(self.next_seat);
        self.next_seat = self.next_seat.saturating_add(1);
        self.recorded.insert(seat, Recorded::default());
        Some(seat)
    }

    /// One session less. True when it was the last: an open writer then ends.
    pub(super) fn detach(&mut self, seat: Seat) -> bool {
        self.recorded.remove(&seat);
        self.sessions = self.sessions.saturating_sub(1);
        let last = self.sessions == 0;
        if last && matches!(self.phase, Phase::Open) {
            self.phase = Phase::Closing;
        }
        last
    }

    /// Why no jobs are taken any more; none while they are.
    pub(super) fn refusal(&self) -> Option<Error> {
        match &self.phase {
            Phase::Open => None,
            Phase::Poisoned(cause) => Some(poison_notice(cause)),
            Phase::Closing | Phase::Closed => Some(Error::new(ErrorCode::SessionClosed, "the session is closed")),
        }
    }

    /// Queues a job. It always fits into an empty queue, however large it is. With `gather` it need not be written before
    /// [`Inbox::stop_gathering`], if it is the first in the queue.
    pub(super) fn submit(&mut self, job: Job, gather: bool) -> Result<()> {
        let refused = |error: Error| Err(error.with_outcome(Outcome::NotWritten));
        if let Some(error) = self.refusal() {
            return refused(error);
        }
        let bytes = self.bytes.saturating_add(job.size);
        if !self.jobs.is_empty() && bytes > self.limit {
            self.refused = self.refused.max(job.size);
            let message =
                format!("{} bytes wait to be written, the limit is {}: wait for ready()", self.bytes, self.limit);
            return refused(Error::new(ErrorCode::Backpressure, message));
        }
        self.gathering = gather && (self.gathering || self.jobs.is_empty());
        self.bytes = bytes;
        let owed = self.owed.entry(job.seat).or_default();
        owed.unsettled = owed.unsettled.saturating_add(1);
        self.jobs.push_back(job);
        Ok(())
    }

    /// No more jobs will come at once. True when the writer waited for them.
    pub(super) fn stop_gathering(&mut self) -> bool {
        mem::take(&mut self.gathering)
    }

    /// Takes back a job that was submitted under a number, if it is still queued.
    pub(super) fn withdraw(&mut self, seat: Seat, number: u64) -> (bool, Room) {
        let is_it = |job: &Job| job.seat == seat && matches!(&job.reply, Reply::Sink(_, theirs) if *theirs == number);
        let Some(job) = self.jobs.iter().position(is_it).and_then(|place| self.jobs.remove(place)) else {
            return (false, Room::new());
        };
        self.bytes = self.bytes.saturating_sub(job.size);
        self.owe(seat, |owed| owed.unsettled = owed.unsettled.saturating_sub(1));
        (true, self.take_room())
    }

    /// Whether a session may go on; if not, its sink is told when it may.
    pub(super) fn has_room(&mut self, seat: Seat, sink: &Arc<dyn Sink>) -> bool {
        let room = self.is_roomy();
        if !room && !self.want_room.iter().any(|(known, _)| *known == seat) {
            self.want_room.push((seat, Arc::clone(sink)));
        }
        room
    }

    /// What the writer's thread does next.
    pub(super) fn next(&self) -> Next {
        match (&self.phase, self.jobs.is_empty()) {
            (Phase::Poisoned(_) | Phase::Closed, _) => Next::End,
            (Phase::Open, false) if self.gathering => Next::Gather,
            (Phase::Open | Phase::Closing, false) => Next::Write,
            (Phase::Open, true) => Next::Wait,
            (Phase::Closing, true) => Next::Release,
        }
    }

    /// The next jobs that are no larger than this together; at least one, if there is any. A ceremony comes alone.
    pub(super) fn take_group(&mut self, limit: Load) -> (Vec<Job>, Room) {
        self.gathering = false;
        let mut group = Vec::new();
        let mut load = Load::default();
        while let Some(job) = self.jobs.front() {
            load = load.and(job);
            let is_alone = job.ceremony.is_some();
            if !group.is_empty() && (is_alone || !load.fits(limit)) {
                break;
            }
            self.bytes = self.bytes.saturating_sub(job.size);
            group.extend(self.jobs.pop_front());
            if is_alone {
                break;
            }
        }
        (group, self.take_room())
    }

    /// Events of a job are in the ledger, the last of them here.
    pub(super) fn note(&mut self, seat: Seat, count: u64, last: Head) {
        if let Some(recorded) = self.recorded.get_mut(&seat) {
            *recorded = Recorded { count: recorded.count.saturating_add(count), last: Some(last) };
        }
    }

    /// What a session has recorded so far.
    pub(super) fn recorded(&self, seat: Seat) -> Recorded {
        self.recorded.get(&seat).copied().unwrap_or_default()
    }

    /// It is decided what became of a job that was taken; its session is about to be told.
    pub(super) fn settled(&mut self, seat: Seat) {
        self.owe(seat, |owed| {
            owed.unsettled = owed.unsettled.saturating_sub(1);
            owed.untold = owed.untold.saturating_add(1);
        });
    }

    /// A session was told what became of a job.
    pub(super) fn told(&mut self, seat: Seat) {
        self.owe(seat, |owed| owed.untold = owed.untold.saturating_sub(1));
    }

    /// Nothing is appended any more. Gives what was queued.
    pub(super) fn poison(&mut self, cause: &Error) -> (Vec<Job>, Room) {
        self.phase = Phase::Poisoned(cause.clone());
        self.gathering = false;
        self.bytes = 0;
        let queued = mem::take(&mut self.jobs).into();
        // Who waits for room learns at the next record that there is no use.
        (queued, self.take_room())
    }

    /// The file is released, after everything was written.
    pub(super) fn close(&mut self) {
        self.phase = Phase::Closed;
    }

    /// True when the file is released, one way or the other.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Closed | Phase::Poisoned(_))
    }

    /// True when it is decided what became of each job of a session.
    pub(super) fn is_settled(&self, seat: Seat) -> bool {
        self.owed.get(&seat).is_none_or(|owed| owed.unsettled == 0)
    }

    /// True when a session was told what became of each of its jobs.
    pub(super) fn is_told(&self, seat: Seat) -> bool {
        !self.owed.contains_key(&seat)
    }

    fn owe(&mut self, seat: Seat, change: impl FnOnce(&mut Owed)) {
        let Some(owed) = self.owed.get_mut(&seat) else { return };
        change(owed);
        if owed.unsettled == 0 && owed.untold == 0 {
            self.owed.remove(&seat);
        }
    }

    fn take_room(&mut self) -> Room {
        if !self.is_roomy() {
            return Room::new();
        }
        mem::take(&mut self.want_room).into_iter().map(|(_, sink)| sink).collect()
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
}

/// What a record is told that is refused, or dropped from the queue, for an earlier failure.
pub(super) fn poison_notice(cause: &Error) -> Error {
    let message = format!("an earlier failure poisoned this session ({}): open the ledger again", cause.message);
    let notice = Error::new(ErrorCode::SessionPoisoned, message).with_outcome(Outcome::NotWritten);
    Error { os_code: cause.os_code.clone(), ..notice }
}
