//! What the scheduler lacks: statics that begin anew with each schedule, and time.

use super::wait;
use shuttle::rand::{Rng, thread_rng};
use shuttle::sync::{Condvar, MutexGuard};
use shuttle::thread;
use std::time::Duration;

/// A static of one schedule.
pub(crate) struct LazyLock<T: Sync + 'static>(shuttle::lazy_static::Lazy<T>);

impl<T: Sync> LazyLock<T> {
    pub(crate) const fn new(make: fn() -> T) -> Self {
        Self(shuttle::lazy_static::Lazy::new(make))
    }

    pub(crate) fn force(this: &'static Self) -> &'static T {
        this.0.get()
    }
}

/// How long someone waits.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Deadline {
    Never,
    Ahead,
    Over,
}

impl Deadline {
    pub(crate) fn never() -> Self {
        Self::Never
    }

    pub(crate) fn after(limit: Duration) -> Self {
        if limit.is_zero() { Self::Over } else { Self::Ahead }
    }

    pub(crate) fn is_over(&mut self) -> bool {
        if matches!(self, Self::Ahead) && thread_rng().gen_bool(0.5) {
            *self = Self::Over;
        }
        matches!(self, Self::Over)
    }

    /// A wait that is not cut short lasts until someone wakes it, so that a deadline hides no lost wake-up.
    pub(crate) fn wait<'a, T>(&mut self, changed: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        wait(changed, guard)
    }

    pub(crate) fn sleep(&mut self, _pause: Duration) {
        thread::yield_now();
    }
}
