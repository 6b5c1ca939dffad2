//! Every short sequence of transitions, held against what a specification with lists says.

use super::*;
use crate::ledger::job::{Batch, Ceremony, GroupMeasures};

/// Bytes that may be queued, and sizes of jobs: one that fits twice, one that fits only into an empty queue.
const LIMIT: usize = 100;
const SIZES: [usize; 2] = [40, 110];

/// Transitions in a row, of which every sequence is tried.
const DEPTH: usize = 6;

#[derive(Debug, Clone, Copy)]
enum Step {
    Attach,
    Detach,
    /// By a session, of a size.
    Submit(usize, usize),
    /// By the first session, to be done alone.
    Hold,
    /// By the first session, with more to come.
    SubmitSoon,
    StopGathering,
    WithdrawFirst,
    WithdrawTaken,
    WantRoom(usize),
    Take,
    Settle,
    Tell,
    Poison,
    Close,
}

const STEPS: [Step; 17] = [
    Step::Attach,
    Step::Detach,
    Step::Submit(0, SIZES[0]),
    Step::Submit(0, SIZES[1]),
    Step::Submit(1, SIZES[0]),
    Step::Hold,
    Step::SubmitSoon,
    Step::StopGathering,
    Step::WithdrawFirst,
    Step::WithdrawTaken,
    Step::WantRoom(0),
    Step::WantRoom(1),
    Step::Take,
    Step::Settle,
    Step::Tell,
    Step::Poison,
    Step::Close,
];

struct NoSink;

impl Sink for NoSink {
    fn settle(&self, _results: Batch, _measures: Option<GroupMeasures>) {}
    fn room(&self) {}
}

/// A job as the specification sees it: session, number, size, and whether it comes alone.
type Told = (Seat, u64, usize, bool);

/// The inbox, and what it should hold.
struct Pair {
    inbox: Inbox,
    seats: Vec<(Seat, Arc<dyn Sink>)>,
    sessions: usize,
    numbers: u64,
    queued: Vec<Told>,
    taken: Vec<Told>,
    settled: Vec<Told>,
    want_room: Vec<Seat>,
    refused: usize,
    /// Every job since the queue was empty last has more to come.
    gathering: bool,
    end: Option<Next>,
}

impl Pair {
    fn new() -> Self {
        let (inbox, seat) = Inbox::new(LIMIT);
        Self {
            inbox,
            seats: vec![(seat, Arc::new(NoSink))],
            sessions: 1,
            numbers: 0,
            queued: Vec::new(),
            taken: Vec::new(),
            settled: Vec::new(),
            want_room: Vec::new(),
            refused: 0,
            gathering: false,
            end: None,
        }
    }

    /// False where a step makes no sense.
    fn apply(&mut self, step: Step) -> bool {
        match step {
            Step::Attach => return self.attach(),
            Step::Detach if self.sessions > 0 => {
                self.sessions -= 1;
                assert_eq!(self.inbox.detach(Seat(0)), self.sessions == 0);
                if self.sessions == 0 && self.end.is_none() {
                    self.end = Some(Next::Release);
                }
            }
            Step::Submit(session, size) if session < self.seats.len() => self.submit(session, size, false, false),
            Step::Hold => self.submit(0, SIZES[0], false, true),
            Step::SubmitSoon => self.submit(0, SIZES[0], true, false),
            Step::StopGathering => assert_eq!(self.inbox.stop_gathering(), mem::take(&mut self.gathering)),
            Step::WithdrawFirst if !self.queued.is_empty() => {
                let (seat, number, ..) = self.queued.remove(0);
                let (withdrawn, room) = self.inbox.withdraw(seat, number);
                assert!(withdrawn);
                self.hear_room(&room);
            }
            Step::WithdrawTaken if !self.taken.is_empty() => {
                let (seat, number, ..) = self.taken[0];
                let (withdrawn, room) = self.inbox.withdraw(seat, number);
                assert!(!withdrawn && room.is_empty(), "what was taken is not withdrawn");
            }
            Step::WantRoom(session) if session < self.seats.len() => {
                let (seat, sink) = &self.seats[session];
                let roomy = self.is_roomy();
                assert_eq!(self.inbox.has_room(*seat, sink), roomy);
                if roomy {
                    self.refused = 0;
                } else if !self.want_room.contains(seat) {
                    self.want_room.push(*seat);
                }
            }
            Step::Take if self.end.is_none_or(|end| end == Next::Release) => {
                let (group, room) = self.inbox.take_group(Load { bytes: LIMIT, ..Load::ANY });
                self.take(&group, LIMIT);
                self.hear_room(&room);
            }
            Step::Settle if !self.taken.is_empty() => {
                let job = self.taken.remove(0);
                self.inbox.settled(job.0);
                self.settled.push(job);
            }
            Step::Tell if !self.settled.is_empty() => self.inbox.told(self.settled.remove(0).0),
            Step::Poison if self.end.is_none_or(|end| end == Next::Release) => {
                self.end = Some(Next::End);
                let (queued, room) = self.inbox.poison(&Error::new(ErrorCode::LedgerIo, "a failure"));
                self.take(&queued, usize::MAX);
                self.hear_room(&room);
            }
            Step::Close if self.inbox.next() == Next::Release => {
                self.end = Some(Next::End);
                self.inbox.close();
            }
            _ => return false,
        }
        true
    }

    fn attach(&mut self) -> bool {
        if self.seats.len() > 1 {
            return false;
        }
        let seat = self.inbox.attach();
        assert_eq!(seat.is_some(), self.end.is_none(), "who comes late opens anew");
        self.sessions += usize::from(seat.is_some());
        self.seats.extend(seat.map(|seat| (seat, Arc::new(NoSink) as Arc<dyn Sink>)));
        true
    }

    fn submit(&mut self, session: usize, size: usize, soon: bool, alone: bool) {
        let (seat, sink) = &self.seats[session];
        let (seat, number) = (*seat, self.numbers);
        self.numbers += 1;
        let reply = Reply::Sink(Arc::clone(sink), number);
        let ceremony = alone.then(|| Ceremony::End(String::new()));
        let job = Job { ceremony, size, ..Job::new(Vec::new(), seat, reply) };
        let fits = self.queued.is_empty() || self.bytes() + size <= LIMIT;
        let result = self.inbox.submit(job, soon);
        assert_eq!(result.is_ok(), fits && self.end.is_none());
        match result {
            Ok(()) => {
                self.gathering = soon && (self.gathering || self.queued.is_empty());
                self.queued.push((seat, number, size, alone));
            }
            Err(error) => {
                assert_eq!(error.outcome, Some(Outcome::NotWritten));
                if error.code == ErrorCode::Backpressure {
                    self.refused = self.refused.max(size);
                }
            }
        }
    }

    /// The first jobs were taken, as many as fit and at least one.
    fn take(&mut self, group: &[Job], limit: usize) {
        let number = |job: &Job| match &job.reply {
            Reply::Sink(_, number) => *number,
            Reply::Slot(_) => panic!("nobody waits"),
        };
        let expected: Vec<Told> = self.queued.drain(..group.len()).collect();
        let told = |job: &Job| (job.seat, number(job), job.size, job.ceremony.is_some());
        let taken: Vec<Told> = group.iter().map(told).collect();
        assert_eq!(taken, expected);
        let size: usize = taken.iter().map(|job| job.2).sum();
        assert!(size <= limit || taken.len() == 1);
        // Nothing is left over when the writer gives up.
        let alone = taken.iter().any(|job| job.3) && limit < usize::MAX;
        assert!(!alone || taken.len() == 1);
        let next_fits = |next: &Told| !alone && !next.3 && size + next.2 <= limit;
        assert!(self.queued.first().is_none_or(|next| !taken.is_empty() && !next_fits(next)));
        self.taken.extend(taken);
        self.gathering = false;
    }

    /// Room was made, or not: everyone is told who waits for it, and nobody else.
    fn hear_room(&mut self, room: &Room) {
        let expected = if self.is_roomy() { mem::take(&mut self.want_room) } else { Vec::new() };
        let seat = |sink: &Arc<dyn Sink>| self.seats.iter().find(|(_, known)| Arc::ptr_eq(known, sink)).unwrap().0;
        assert_eq!(room.iter().map(seat).collect::<Vec<_>>(), expected);
        if self.is_roomy() {
            self.refused = 0;
        }
    }

    fn bytes(&self) -> usize {
        self.queued.iter().map(|job| job.2).sum()
    }

    fn is_roomy(&self) -> bool {
        let bytes = self.bytes();
        self.queued.is_empty() || bytes + self.refused <= LIMIT && bytes < LIMIT / 2
    }

    fn check(&self) {
        let next = match self.end {
            Some(Next::End) => Next::End,
            None if self.gathering && !self.queued.is_empty() => Next::Gather,
            _ if !self.queued.is_empty() => Next::Write,
            end => end.unwrap_or(Next::Wait),
        };
        assert_eq!(self.inbox.next(), next);
        assert_eq!(self.inbox.is_over(), next == Next::End);
        for (seat, _) in &self.seats {
            let has = |jobs: &[Told]| jobs.iter().any(|job| job.0 == *seat);
            let unsettled = has(&self.queued) || has(&self.taken);
            assert_eq!(self.inbox.is_settled(*seat), !unsettled);
            assert_eq!(self.inbox.is_told(*seat), !unsettled && !has(&self.settled));
        }
        assert!(self.want_room.is_empty() || !self.queued.is_empty(), "someone waits for room that is there");
    }
}

/// Tries every sequence that begins like this; gives how many.
fn explore(steps: &mut Vec<Step>) -> usize {
    let mut tried = 0;
    for step in STEPS {
        let mut pair = Pair::new();
        assert!(steps.iter().all(|step| pair.apply(*step)));
        steps.push(step);
        if pair.apply(step) {
            pair.check();
            tried += 1;
            if steps.len() < DEPTH {
                tried += explore(steps);
            }
        }
        steps.pop();
    }
    tried
}

#[test]
fn every_sequence_of_transitions_keeps_the_rules() {
    let tried = explore(&mut Vec::new());
    assert!(tried > 100_000, "{tried}");
}
