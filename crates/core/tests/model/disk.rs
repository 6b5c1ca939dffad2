//! A ledger in memory that one handle at a time may hold, with what can be read and what is durable kept apart.
//!
//! It fails the schedule when a handle writes that does not hold the lock, or that was told that the end of its file is
//! unknown. Every call is a point at which another thread may go on.

use crate::injected;
use sealwright_core::storage::{FileId, Lockable, Source, Storage};
use shuttle::sync::{Mutex, MutexGuard};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// What one call does instead of succeeding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing, and fails.
    Fail,
    /// All of it, and fails.
    DoneButFail,
    /// A part of it, and fails.
    HalfThenFail,
    /// Panics, with a part of it done.
    Panic,
}

/// Clones are the same disk.
#[derive(Clone)]
pub(crate) struct Disk(Arc<Mutex<State>>);

struct State {
    live: Vec<u8>,
    durable: Vec<u8>,
    /// The handle that holds the lock.
    holder: Option<usize>,
    handles: usize,
    faults: Vec<(&'static str, usize, Fault)>,
}

impl Disk {
    /// Faults happen in the call of a name that comes after so many others of this name.
    pub(crate) fn new(faults: &[(&'static str, usize, Fault)]) -> Self {
        let (live, durable) = (Vec::new(), Vec::new());
        Self(Arc::new(Mutex::new(State { live, durable, holder: None, handles: 0, faults: faults.to_vec() })))
    }

    /// Another descriptor of the file.
    pub(crate) fn open(&self) -> Box<dyn Lockable> {
        let mut state = self.state();
        state.handles += 1;
        Box::new(Handle { disk: self.clone(), number: state.handles, doomed: Mutex::new(false) })
    }

    /// From here on nothing fails.
    pub(crate) fn mend(&self) {
        self.state().faults.clear();
    }

    pub(crate) fn live(&self) -> String {
        String::from_utf8(self.state().live.clone()).unwrap()
    }

    pub(crate) fn durable(&self) -> String {
        String::from_utf8(self.state().durable.clone()).unwrap()
    }

    pub(crate) fn is_locked(&self) -> bool {
        self.state().holder.is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl State {
    fn fault(&mut self, call: &'static str) -> Option<Fault> {
        let due = self.faults.iter().position(|(name, after, _)| *name == call && *after == 0);
        let fault = due.map(|place| self.faults.remove(place).2);
        for (_, after, _) in self.faults.iter_mut().filter(|(name, ..)| *name == call) {
            *after = after.saturating_sub(1);
        }
        fault
    }
}

struct Handle {
    disk: Disk,
    number: usize,
    /// It was told that the end of the file is unknown: whatever it writes may fork the chain.
    doomed: Mutex<bool>,
}

impl Handle {
    /// Changes the file, or does what the next fault of this call says.
    fn change(&self, call: &'static str, whole: impl Fn(&mut State), half: impl Fn(&mut State)) -> io::Result<()> {
        assert!(!*self.doomed.lock().unwrap(), "{call} after a failure that left the end of the file unknown");
        let fault = {
            let mut state = self.disk.state();
            assert_eq!(state.holder, Some(self.number), "{call} without the lock");
            let fault = state.fault(call);
            match fault {
                None | Some(Fault::DoneButFail) => whole(&mut state),
                Some(Fault::HalfThenFail | Fault::Panic) => half(&mut state),
                Some(Fault::Fail) => {}
            }
            fault
        };
        // A write that failed can be cut back.
        if fault.is_some_and(|fault| call != "write" || fault == Fault::Panic) {
            *self.doomed.lock().unwrap() = true;
        }
        match fault {
            None => Ok(()),
            Some(Fault::Panic) => injected(),
            Some(_) => Err(io::ErrorKind::Other.into()),
        }
    }
}

/// Releases the lock.
impl Drop for Handle {
    fn drop(&mut self) {
        let mut state = self.disk.state();
        if state.holder == Some(self.number) {
            state.holder = None;
        }
    }
}

impl Lockable for Handle {
    fn try_lock(&mut self) -> io::Result<bool> {
        let mut state = self.disk.state();
        let free = state.holder.is_none();
        if free {
            state.holder = Some(self.number);
        }
        Ok(free)
    }
}

impl Source for Handle {
    fn length(&self) -> io::Result<u64> {
        Ok(self.disk.state().live.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let state = self.disk.state();
        let rest = state.live.get(usize::try_from(offset).unwrap()..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

impl Storage for Handle {
    fn id(&self) -> FileId {
        FileId::unlisted(1)
    }

    fn is_linked(&self) -> io::Result<bool> {
        self.disk.state().fault("is_linked").map_or(Ok(true), |_| Err(io::ErrorKind::Other.into()))
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        let offset = usize::try_from(offset).unwrap();
        let write = |state: &mut State, bytes: &[u8]| {
            let end = offset + bytes.len();
            state.live.resize(state.live.len().max(end), 0);
            state.live[offset..end].copy_from_slice(bytes);
        };
        self.change("write", |state| write(state, bytes), |state| write(state, &bytes[..bytes.len() / 2]))?;
        Ok(bytes.len())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let set = |state: &mut State| state.live.resize(usize::try_from(length).unwrap(), 0);
        self.change("set_len", set, |_| {})
    }

    fn sync(&self) -> io::Result<()> {
        self.change("sync", |state| state.durable = state.live.clone(), |_| {})
    }

    fn sync_folder(&self) -> io::Result<()> {
        Ok(())
    }

    fn quarantine(&self, _offset: u64, _bytes: &[u8]) -> io::Result<PathBuf> {
        Ok(PathBuf::from("ledger.ndjson.torn"))
    }
}
