//! Sessions on one ledger, each with threads that do what a script says; and what has to hold when all have ended.

use crate::book::{Book, Name, seq_of};
use crate::disk::{Disk, Fault};
use crate::heads::{Heads, Manner};
use crate::injected;
use sealwright_core::ErrorCode;
use sealwright_core::event::Event;
use sealwright_core::key::KeyPair;
use sealwright_core::ledger::{Batch, GroupMeasures, HeadOption, Session, SessionOptions, Settled, Sink};
use shuttle::sync::{Condvar, Mutex};
use shuttle::thread;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// What a thread does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Waits for its record.
    Record,
    /// Is told later.
    Submit,
    /// Two events that are recorded together.
    SubmitBatch,
    /// One, with more to come.
    SubmitQuietly,
    Wake,
    /// Submits as soon as there is room.
    SubmitWithRoom,
    /// Takes back what it submitted last.
    Withdraw,
    WaitIdle,
    /// Waits until the head store has what was recorded last.
    WaitHead,
    /// Closes the session and opens the ledger again.
    Reopen,
    Close,
    Drain,
}

/// See the module.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// For each session its threads. What nobody closes is dropped.
    pub(crate) sessions: &'static [&'static [&'static [Act]]],
    pub(crate) faults: &'static [(&'static str, usize, Fault)],
    /// A head store, and whether records wait for it.
    pub(crate) heads: Option<(Manner, bool)>,
    pub(crate) queue_bytes: Option<usize>,
    pub(crate) sinks_panic: bool,
}

impl Scenario {
    pub(crate) const fn new(name: &'static str, sessions: &'static [&'static [&'static [Act]]]) -> Self {
        Self { name, sessions, faults: &[], heads: None, queue_bytes: None, sinks_panic: false }
    }

    /// One schedule of it.
    pub(crate) fn run(&self) {
        let world = Arc::new(World::new(*self));
        let scripts = self.sessions.iter().enumerate();
        let threads: Vec<_> = scripts
            .map(|(number, scripts)| {
                let world = Arc::clone(&world);
                thread::spawn(move || world.session(number, scripts))
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        world.end();
    }
}

struct World {
    scenario: Scenario,
    disk: Disk,
    book: Book,
    heads: Option<Arc<Heads>>,
    options: SessionOptions,
}

impl World {
    fn new(scenario: Scenario) -> Self {
        let disk = Disk::new(scenario.faults);
        let heads = scenario.heads.map(|(manner, _)| Arc::new(Heads::new(manner)));
        let wait = scenario.heads.is_some_and(|(_, wait)| wait);
        let mut options = SessionOptions::new("ledger.ndjson");
        options.max_queue_bytes = scenario.queue_bytes;
        options.head_store = heads.clone().map(|store| HeadOption { store, wait });
        // A store that panicked has nothing, and the record is acknowledged all the same.
        let waited = heads.clone().filter(|_| wait && scenario.heads != Some((Manner::Panics, true)));
        Self { book: Book::new(&disk, waited), disk, heads, options, scenario }
    }

    /// Opens the ledger. Nobody else has it, so whoever finds it locked was let in too early.
    fn open(&self, ear: &Arc<Ear>) -> Session {
        loop {
            let sink: Arc<dyn Sink> = Arc::<Ear>::clone(ear);
            match Session::open_on_storage(|| self.disk.open(), &self.options, &KEY, sink) {
                Ok(session) => return session,
                Err(error) if error.code == ErrorCode::LedgerIo && !self.scenario.faults.is_empty() => {}
                Err(error) => panic!("the ledger cannot be opened: {error:?}"),
            }
        }
    }

    fn session(self: &Arc<Self>, number: usize, scripts: &'static [&'static [Act]]) {
        let ear = Arc::new(Ear::new(self));
        let session = Arc::new(self.open(&ear));
        let others: Vec<_> = (1..scripts.len())
            .map(|part| {
                let user = User::new(self, &ear, (number, part), scripts);
                let session = Arc::clone(&session);
                thread::spawn(move || user.play(session, scripts[part]))
            })
            .collect();
        User::new(self, &ear, (number, 0), scripts).play(session, scripts[0]);
        others.into_iter().for_each(|thread| thread.join().unwrap());
        ear.check();
    }

    /// Everyone is gone: a new session finds the ledger unlocked and whole, and the file is released behind it.
    fn end(self: &Arc<Self>) {
        self.book.wait_decided();
        self.disk.mend();
        let faultless = self.scenario.faults.is_empty();
        if let (Some(heads), Some((Manner::NeedsItsThread, _)), true) = (&self.heads, self.scenario.heads, faultless) {
            heads.wait_for(self.last_seq());
        }
        let ear = Arc::new(Ear::new(self));
        let session = Arc::new(self.open(&ear));
        if matches!(self.scenario.heads, Some((Manner::Plain, _))) && faultless {
            self.assert_head_stored("when the file is released");
        }
        let user = User::new(self, &ear, (usize::MAX, 0), &[]);
        user.play(Arc::clone(&session), &[Act::Reopen, Act::Record, Act::Close]);
        drop(session);
        self.book.check();
        self.assert_head_stored("when the last session is closed");
    }

    fn assert_head_stored(&self, when: &str) {
        if let Some(heads) = &self.heads {
            assert_eq!(heads.last(), self.last_seq(), "the head store does not have the last event {when}");
        }
    }

    fn last_seq(&self) -> Option<u64> {
        u64::try_from(self.disk.live().lines().count()).unwrap().checked_sub(1)
    }
}

/// A thread of a session.
struct User {
    world: Arc<World>,
    ear: Arc<Ear>,
    /// Session, and thread of it.
    place: (usize, usize),
    /// The session has other threads, which may submit at any time.
    shared: bool,
    /// They may close it at any time.
    closed_by_others: bool,
}

impl User {
    fn new(world: &Arc<World>, ear: &Arc<Ear>, place: (usize, usize), scripts: &[&[Act]]) -> Self {
        let closes = |script: &[Act]| script.iter().any(|act| matches!(act, Act::Close | Act::Drain));
        let others = scripts.iter().enumerate().filter(|(part, _)| *part != place.1);
        let closed_by_others = others.into_iter().any(|(_, script)| closes(script));
        let (world, ear) = (Arc::clone(world), Arc::clone(ear));
        Self { world, ear, place, shared: scripts.len() > 1, closed_by_others }
    }

    fn play(&self, mut session: Arc<Session>, script: &[Act]) {
        let book = &self.world.book;
        // By call: the events of one are withdrawn together.
        let mut mine: Vec<Vec<Name>> = Vec::new();
        let mut closed = false;
        let mut recorded = None;
        for (step, act) in script.iter().enumerate() {
            let names =
                |count| -> Vec<Name> { (0..count).map(|n| Name(self.place.0, self.place.1, step, n)).collect() };
            match act {
                Act::Record => {
                    let names = names(1);
                    book.submits(&names);
                    let result = session.record(event(names[0])).map(|line| vec![line]);
                    self.hear(&names, &result);
                    recorded = result.ok().and_then(|lines| lines.first().map(|line| seq_of(line)));
                }
                Act::Submit => mine.extend(self.submit(&session, names(1), false)),
                Act::SubmitBatch => mine.extend(self.submit(&session, names(2), false)),
                Act::SubmitQuietly => mine.extend(self.submit_quietly(&session, names(1))),
                Act::Wake => session.wake(),
                Act::SubmitWithRoom => mine.extend(self.submit(&session, names(1), true)),
                Act::Withdraw => {
                    if let Some(last) = mine.last()
                        && session.withdraw(self.ear.number(last[0]))
                    {
                        book.withdrawn(last);
                    }
                }
                Act::WaitIdle => session.wait_idle(Duration::from_secs(1)),
                Act::WaitHead => self.world.heads.iter().for_each(|heads| heads.wait_for(recorded)),
                Act::Reopen => {
                    self.close(&session, &mine.concat());
                    session = Arc::new(self.world.open(&self.ear));
                    closed = false;
                }
                Act::Close => {
                    self.close(&session, &mine.concat());
                    closed = true;
                }
                Act::Drain => {
                    session.drain(Duration::from_secs(1));
                    closed = true;
                }
            }
        }
        if closed {
            let error = session.record(event(Name(0, 0, 0, 0))).unwrap_err();
            assert_eq!(error.code, ErrorCode::SessionClosed);
        }
    }

    fn close(&self, session: &Session, mine: &[Name]) {
        session.close();
        if !self.closed_by_others {
            self.world.book.assert_decided(mine, "when its session is closed");
        }
        while !session.head_store_is_told() {
            thread::yield_now();
        }
        if self.world.scenario.sessions.len() == 1 || self.place.0 == usize::MAX {
            assert!(self.shared || !self.world.disk.is_locked(), "the last session is closed, the file is locked");
        }
    }

    /// Gives the events, if they were queued.
    fn submit(&self, session: &Session, names: Vec<Name>, with_room: bool) -> Option<Vec<Name>> {
        self.world.book.submits(&names);
        let number = self.ear.expect(&names);
        loop {
            let events: Vec<Event> = names.iter().copied().map(event).collect();
            let Err(error) = session.submit_many(number, events) else { return Some(names) };
            if with_room && error.code == ErrorCode::Backpressure {
                self.ear.wait_for_room(session);
                continue;
            }
            self.hear(&names, &Err(error));
            return None;
        }
    }

    /// The same for one event, with more to come.
    fn submit_quietly(&self, session: &Session, names: Vec<Name>) -> Option<Vec<Name>> {
        self.world.book.submits(&names);
        let number = self.ear.expect(&names);
        match session.submit_quietly(number, event(names[0])) {
            Ok(()) => Some(names),
            Err(error) => {
                self.hear(&names, &Err(error));
                None
            }
        }
    }

    fn hear(&self, names: &[Name], result: &Settled) {
        Book::assert_expected(result, !self.world.scenario.faults.is_empty(), self.closed_by_others);
        self.world.book.told(names, result);
    }
}

/// What a session hears.
struct Ear {
    book: Book,
    panics: bool,
    faulty: bool,
    expected: Mutex<BTreeMap<u64, Vec<Name>>>,
    /// How often there was no room, and how often it was said that there is again.
    room: Mutex<(usize, usize)>,
    changed: Condvar,
}

impl Ear {
    fn new(world: &World) -> Self {
        Self {
            book: world.book.clone(),
            panics: world.scenario.sinks_panic,
            faulty: !world.scenario.faults.is_empty(),
            expected: Mutex::default(),
            room: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    fn expect(&self, names: &[Name]) -> u64 {
        let number = self.number(names[0]);
        self.expected.lock().unwrap().insert(number, names.to_vec());
        number
    }

    fn number(&self, name: Name) -> u64 {
        u64::try_from(name.1 * 100 + name.2).unwrap()
    }

    fn wait_for_room(&self, session: &Session) {
        if session.has_room() {
            return;
        }
        let mut room = self.room.lock().unwrap();
        room.0 += 1;
        while room.1 < room.0 {
            room = self.changed.wait(room).unwrap();
        }
    }

    fn check(&self) {
        let (wanted, given) = *self.room.lock().unwrap();
        assert_eq!(wanted, given, "who waits for room is told once");
    }
}

impl Sink for Ear {
    fn settle(&self, results: Batch, _measures: Option<GroupMeasures>) {
        for (number, result) in results {
            let names = self.expected.lock().unwrap()[&number].clone();
            Book::assert_expected(&result, self.faulty, false);
            self.book.told(&names, &result);
        }
        if self.panics {
            injected();
        }
    }

    fn room(&self) {
        self.room.lock().unwrap().1 += 1;
        self.changed.notify_all();
        if self.panics {
            injected();
        }
    }
}

static KEY: LazyLock<Arc<KeyPair>> = LazyLock::new(|| Arc::new(KeyPair::from_seed(&[1; 32])));

fn event(name: Name) -> Event {
    let reason = name.reason();
    Event::parse(&format!(r#"{{"type":"SessionEnded","payload":{{"reason":"{reason}","summary_sha256":""}}}}"#))
        .unwrap()
}
