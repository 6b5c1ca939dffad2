//! What the threads of a ledger share and wait with: the standard library, or with the feature `model` a scheduler that
//! decides at each of these calls which thread goes on. Modules that take part use nothing else to wait.
//!
//! Time is no part of a model. Who waits up to a [`Deadline`] there is told by chance that it is over.

#[cfg(feature = "model")]
mod model;

#[cfg(feature = "model")]
pub(crate) use model::{Deadline, LazyLock};
#[cfg(feature = "model")]
pub(crate) use shuttle::{
    sync::{Condvar, Mutex, MutexGuard, atomic::AtomicBool},
    thread,
};
#[cfg(not(feature = "model"))]
pub(crate) use std::{
    sync::{Condvar, LazyLock, Mutex, MutexGuard, atomic::AtomicBool},
    thread,
};

use std::sync::PoisonError;

#[cfg(not(feature = "model"))]
use std::time::{Duration, Instant};

/// Locks, also behind a thread that panicked with the lock: what the lock guards is never left half changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until something may have changed.
pub(crate) fn wait<'a, T>(changed: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    changed.wait(guard).unwrap_or_else(PoisonError::into_inner)
}

/// How long someone waits; for ever, if it is so far off that no clock shows it.
#[cfg(not(feature = "model"))]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline(Option<Instant>);

#[cfg(not(feature = "model"))]
impl Deadline {
    pub(crate) fn never() -> Self {
        Self(None)
    }

    pub(crate) fn after(limit: Duration) -> Self {
        Self(Instant::now().checked_add(limit))
    }

    pub(crate) fn is_over(&mut self) -> bool {
        self.left().is_some_and(|left| left.is_zero())
    }

    /// Waits until something may have changed, or the time is over.
    pub(crate) fn wait<'a, T>(&mut self, changed: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        match self.left() {
            None => wait(changed, guard),
            Some(left) => changed.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0,
        }
    }

    /// Sleeps, but no longer than the time that is left.
    pub(crate) fn sleep(&mut self, pause: Duration) {
        thread::sleep(self.left().map_or(pause, |left| left.min(pause)));
    }

    fn left(&self) -> Option<Duration> {
        self.0.map(|end| end.saturating_duration_since(Instant::now()))
    }
}
