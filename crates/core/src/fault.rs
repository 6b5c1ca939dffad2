//! One-shot faults that tests arm to see that they are contained. Nothing arms one in production.

use std::sync::atomic::{AtomicU8, Ordering};

/// Where the next fault happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum FaultPoint {
    /// In the writer, with a group in its hands.
    Commit = 1,
    /// In the next call from another language.
    Export = 2,
    /// In the next piece of work on a pool thread.
    Task = 3,
    /// In the self-test: it finds a divergence instead of panicking.
    SelfTest = 4,
}

static ARMED: AtomicU8 = AtomicU8::new(0);

/// The next pass through this point fails.
pub fn arm(point: FaultPoint) {
    ARMED.store(point as u8, Ordering::SeqCst);
}

/// Panics if this point is armed.
#[expect(clippy::panic, reason = "the purpose of this function")]
pub fn pass(point: FaultPoint) {
    if is_armed(point) {
        panic!("the fault that a test armed");
    }
}

/// Whether this point is armed; it is no longer.
pub fn is_armed(point: FaultPoint) -> bool {
    ARMED.compare_exchange(point as u8, 0, Ordering::SeqCst, Ordering::Relaxed).is_ok()
}
