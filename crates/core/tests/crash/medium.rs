//! A storage in memory for the real writer. It writes down each call, and fails where a test says so.

use crate::disk::Step;
use crate::recording::{event, key, pair};
use sealwright_core::error::Outcome;
use sealwright_core::event::EventSet;
use sealwright_core::ledger::{Batch, GroupMeasures, Session, SessionOptions, Sink};
use sealwright_core::storage::{FileId, Lockable, Source, Storage};
use sealwright_core::{Error, ErrorCode, Result};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

/// What a call does instead of succeeding.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// Nothing, and fails. A sync then forgets what was written.
    Fail(io::ErrorKind),
    /// All of it, and fails.
    DoneButFail(io::ErrorKind),
    /// Writes so many bytes, and succeeds.
    Short(usize),
    /// Writes so many bytes; the next write fails.
    ShortThenFail(usize, io::ErrorKind),
}

/// Clones are the same medium.
#[derive(Clone)]
pub(crate) struct Medium {
    number: u64,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    live: Vec<u8>,
    steps: Vec<Step>,
    /// Faults of the next calls of a name, first come first served.
    faults: Vec<(&'static str, Fault)>,
}

impl Medium {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let state = State { live: bytes.to_vec(), ..State::default() };
        Self { number: NEXT.fetch_add(1, Ordering::Relaxed), state: Arc::new(Mutex::new(state)) }
    }

    /// With the key in force: that of the tests, or the one that it hands over to.
    pub(crate) fn open(&self) -> Result<Session> {
        let options = SessionOptions { events: EventSet::Extended, ..SessionOptions::new("ledger.ndjson") };
        let open = || -> Box<dyn Lockable> { Box::new(self.clone()) };
        let with = |key| Session::open_on_storage(open, &options, &key, Arc::new(self.clone()));
        match with(key()) {
            Err(error) if error.code == ErrorCode::SignerMismatch => with(pair(2)),
            opened => opened,
        }
    }

    /// Hands over to the next key, and writes down that it was acknowledged.
    pub(crate) fn hand_over(&self, session: &Session) {
        let line = session.rotate_key(pair(2)).unwrap();
        self.state().steps.push(Step::Acknowledged(line));
    }

    /// Records an event, and writes down what was said of it.
    pub(crate) fn record(&self, session: &Session, reason: &str) -> Result<String, Error> {
        let result = session.record(event(reason));
        match &result {
            Ok(line) => self.state().steps.push(Step::Acknowledged(line.clone())),
            Err(error) if error.outcome == Some(Outcome::NotWritten) => {
                self.state().steps.push(Step::Denied(reason.to_owned()));
            }
            Err(_) => {}
        }
        result
    }

    /// Records a batch, and writes down that it was acknowledged.
    pub(crate) fn record_many(&self, session: &Session, reasons: &[String]) {
        let lines = session.record_many(reasons.iter().map(|reason| event(reason)).collect()).unwrap();
        self.state().steps.extend(lines.into_iter().map(Step::Acknowledged));
    }

    pub(crate) fn fail(&self, call: &'static str, fault: Fault) {
        self.state().faults.push((call, fault));
    }

    pub(crate) fn live(&self) -> Vec<u8> {
        self.state().live.clone()
    }

    pub(crate) fn steps(&self) -> Vec<Step> {
        self.state().steps.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl State {
    fn fault(&mut self, call: &'static str) -> Option<Fault> {
        let place = self.faults.iter().position(|(name, _)| *name == call)?;
        Some(self.faults.remove(place).1)
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) -> usize {
        let end = offset + bytes.len();
        self.live.resize(self.live.len().max(end), 0);
        self.live[offset..end].copy_from_slice(bytes);
        self.steps.push(Step::Write { offset, bytes: bytes.to_vec() });
        bytes.len()
    }

    /// Does a step unless it is to fail.
    fn step(&mut self, call: &'static str, step: Step) -> io::Result<()> {
        let fault = self.fault(call);
        match (&fault, step) {
            (Some(Fault::Fail(_)), Step::Sync) => self.steps.push(Step::SyncFailed),
            (Some(Fault::Fail(_)), _) => {}
            (_, step) => {
                if let Step::SetLen(length) = step {
                    self.live.resize(length, 0);
                }
                self.steps.push(step);
            }
        }
        match fault {
            Some(Fault::Fail(kind) | Fault::DoneButFail(kind)) => Err(kind.into()),
            _ => Ok(()),
        }
    }
}

/// Nobody else has it.
impl Lockable for Medium {
    fn try_lock(&mut self) -> io::Result<bool> {
        Ok(true)
    }
}

impl Source for Medium {
    fn length(&self) -> io::Result<u64> {
        Ok(self.state().live.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let state = self.state();
        let rest = state.live.get(usize::try_from(offset).unwrap()..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

impl Storage for Medium {
    fn id(&self) -> FileId {
        FileId::unlisted(self.number)
    }

    fn is_linked(&self) -> io::Result<bool> {
        Ok(true)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.state();
        let offset = usize::try_from(offset).unwrap();
        match state.fault("write") {
            None => Ok(state.write(offset, bytes)),
            Some(Fault::Fail(kind)) => Err(kind.into()),
            Some(Fault::DoneButFail(kind)) => {
                state.write(offset, bytes);
                Err(kind.into())
            }
            Some(Fault::Short(count)) => Ok(state.write(offset, &bytes[..count])),
            Some(Fault::ShortThenFail(count, kind)) => {
                state.faults.insert(0, ("write", Fault::Fail(kind)));
                Ok(state.write(offset, &bytes[..count]))
            }
        }
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.state().step("set_len", Step::SetLen(usize::try_from(length).unwrap()))
    }

    fn sync(&self) -> io::Result<()> {
        self.state().step("sync", Step::Sync)
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.state().step("sync_folder", Step::SyncFolder)
    }

    fn quarantine(&self, offset: u64, bytes: &[u8]) -> io::Result<PathBuf> {
        let offset = usize::try_from(offset).unwrap();
        self.state().step("quarantine", Step::Quarantined { offset, bytes: bytes.to_vec() })?;
        Ok(PathBuf::from(format!("ledger.ndjson.torn-{offset}-0")))
    }
}

/// Told by the writer's thread, before it goes on: nothing can come between a sync and its acknowledgement.
impl Sink for Medium {
    fn settle(&self, results: Batch, _measures: Option<GroupMeasures>) {
        let lines = results.into_iter().filter_map(|(_, settled)| settled.ok()).flatten();
        self.state().steps.extend(lines.map(Step::Acknowledged));
    }

    fn room(&self) {}
}
