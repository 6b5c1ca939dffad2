//! A ledger in memory, for the real writer.

use super::forge::seed;
use crate::error::Result;
use crate::hash::Hash;
use crate::key::KeyPair;
use crate::ledger::{Batch, GroupMeasures, Session, SessionOptions, Sink};
use crate::storage::{FileId, Lockable, Source, Storage};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};

/// Clones are the same medium.
#[derive(Clone)]
pub(super) struct Medium {
    number: u64,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) bytes: Vec<u8>,
    /// What was kept beside the ledger before it was cut.
    pub(super) quarantined: Vec<(u64, Vec<u8>)>,
    /// Calls that change something.
    pub(super) changes: usize,
}

impl Medium {
    pub(super) fn new(bytes: &[u8]) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1 << 32);
        let state = State { bytes: bytes.to_vec(), ..State::default() };
        Self { number: NEXT.fetch_add(1, Ordering::Relaxed), state: Arc::new(Mutex::new(state)) }
    }

    /// Opens the ledger with the first test key.
    pub(super) fn open(&self, options: &SessionOptions) -> Result<Session> {
        static KEY: LazyLock<Arc<KeyPair>> = LazyLock::new(|| Arc::new(KeyPair::from_seed(&seed(0))));
        let open = || -> Box<dyn Lockable> { Box::new(self.clone()) };
        Session::open_on_storage(open, options, &KEY, Arc::new(NoSink))
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.state().bytes.clone()
    }
}

impl Lockable for Medium {
    fn try_lock(&mut self) -> io::Result<bool> {
        Ok(true)
    }
}

impl Source for Medium {
    fn length(&self) -> io::Result<u64> {
        Ok(self.state().bytes.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let state = self.state();
        let rest = state.bytes.get(usize::try_from(offset).unwrap()..).unwrap_or_default();
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
        let start = usize::try_from(offset).unwrap();
        let end = (start + bytes.len()).max(state.bytes.len());
        state.changes += 1;
        state.bytes.resize(end, 0);
        state.bytes[start..start + bytes.len()].copy_from_slice(bytes);
        Ok(bytes.len())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut state = self.state();
        let length = usize::try_from(length).unwrap();
        let kept = state
            .quarantined
            .iter()
            .any(|(offset, bytes)| usize::try_from(*offset).unwrap() == length && *bytes == state.bytes[length..]);
        assert!(kept, "bytes are cut off that nobody kept");
        state.changes += 1;
        state.bytes.truncate(length);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn sync_folder(&self) -> io::Result<()> {
        Ok(())
    }

    fn quarantine(&self, offset: u64, bytes: &[u8]) -> io::Result<PathBuf> {
        let mut state = self.state();
        state.changes += 1;
        state.quarantined.push((offset, bytes.to_vec()));
        Ok(PathBuf::from(format!("torn-{}", Hash::of(bytes))))
    }
}

struct NoSink;

impl Sink for NoSink {
    fn settle(&self, _results: Batch, _measures: Option<GroupMeasures>) {}
    fn room(&self) {}
}
