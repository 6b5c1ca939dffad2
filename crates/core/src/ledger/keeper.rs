//! Keeping a head store up to date: before records are acknowledged, or behind their back.

use super::options::HeadOption;
use crate::chain::Head;
use crate::error::Result;
use crate::hash::Hash;
use crate::heads::{HeadStore, ledger_id, path_id};
use crate::sync::thread::{self, JoinHandle};
use crate::sync::{Condvar, Mutex, MutexGuard, lock, wait};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Moves the head of one ledger forward in one store.
pub(super) struct Keeper {
    shared: Arc<Shared>,
    wait: bool,
    /// Works when records do not wait.
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    store: Arc<dyn HeadStore>,
    path: PathBuf,
    work: Mutex<Work>,
    changed: Condvar,
}

#[derive(Default)]
struct Work {
    /// Hash of the first event and the head to store; a later one replaces it.
    next: Option<(Hash, Head)>,
    /// The path's own entry was stored.
    path_known: bool,
    stop: bool,
    /// The thread has ended.
    ended: bool,
    error: Option<String>,
}

impl Keeper {
    pub(super) fn new(option: &HeadOption, path: &Path) -> Self {
        let shared = Arc::new(Shared {
            store: Arc::clone(&option.store),
            path: path.to_owned(),
            work: Mutex::default(),
            changed: Condvar::new(),
        });
        let thread = (!option.wait).then(|| {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name("sealwright-head".to_owned()).spawn(move || shared.follow()).ok()
        });
        Self { shared, wait: option.wait, thread: Mutex::new(thread.flatten()) }
    }

    /// Takes the head of a synced group. Waits for the store if records do.
    pub(super) fn advance(&self, first: Hash, head: Head) {
        if self.wait || lock(&self.thread).is_none() {
            self.shared.store(first, head);
        } else {
            self.shared.lock().next = Some((first, head));
            self.shared.changed.notify_one();
        }
    }

    /// Why the store does not have the last head, if it does not.
    pub(super) fn error(&self) -> Option<String> {
        self.shared.lock().error.clone()
    }

    pub(super) fn store(&self) -> &Arc<dyn HeadStore> {
        &self.shared.store
    }

    pub(super) fn waits(&self) -> bool {
        self.wait
    }

    /// What is left is stored, then the thread ends.
    pub(super) fn stop(&self) {
        self.shared.lock().stop = true;
        self.shared.changed.notify_one();
    }

    /// True when the thread has ended: the store was told all that it will be.
    pub(super) fn is_finished(&self) -> bool {
        lock(&self.thread).is_none() || self.shared.lock().ended
    }

    /// Waits for the thread to end.
    pub(super) fn join(&self) {
        let thread = lock(&self.thread).take();
        if let Some(thread) = thread {
            // A panic in a store has been reported as its error.
            let _ = thread.join();
        }
    }
}

/// Without its writer a keeper has nothing to follow.
impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    fn follow(&self) {
        loop {
            let mut work = self.lock();
            while work.next.is_none() && !work.stop {
                work = wait(&self.changed, work);
            }
            let Some((first, head)) = work.next.take() else {
                work.ended = true;
                return;
            };
            drop(work);
            self.store(first, head);
        }
    }

    fn store(&self, first: Hash, head: Head) {
        let mut heads = vec![(ledger_id(&first), head)];
        if !self.lock().path_known {
            heads.push((path_id(&self.path), Head { seq: 0, hash: first }));
        }
        let stored = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.store.advance(&heads)));
        let stored: Result<(), String> = match stored {
            Ok(result) => result.map_err(|error| error.to_string()),
            Err(_) => Err("the head store panicked".to_owned()),
        };
        let mut work = self.lock();
        work.path_known |= stored.is_ok();
        work.error = stored.err();
    }

    fn lock(&self) -> MutexGuard<'_, Work> {
        lock(&self.work)
    }
}
