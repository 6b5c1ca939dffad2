//! Pruning in three steps, of which the middle one is a record like any other: what may go, the event that says so, its
//! removal.

use crate::failure::throw;
use crate::session::NativeSession;
use crate::task::Work;
use crate::text::{integer, number};
use napi::Result;
use napi::bindgen_prelude::{AsyncTask, ClassInstance};
use napi_derive::napi;
use sealwright_core::ledger::{Prunable, PruneLimits};

/// Which sealed segments may go.
#[napi(object)]
pub struct NativePruneLimits {
    /// All their events have lower sequence numbers.
    pub before_seq: Option<f64>,
    /// Their last event is older, in milliseconds since 1970.
    pub before_ms: Option<f64>,
    /// So many stay.
    pub keep: f64,
}

/// Sealed segments that may be removed once an event says so.
#[napi]
pub struct NativePrunable {
    prunable: Prunable,
}

#[napi]
impl NativePrunable {
    /// The first event that goes.
    #[napi(getter, catch_unwind)]
    pub fn from(&self) -> f64 {
        number(self.prunable.events().from)
    }

    /// The last event that goes.
    #[napi(getter, catch_unwind)]
    pub fn to(&self) -> f64 {
        number(self.prunable.events().to)
    }
}

/// What may go; null if nothing may.
#[napi(catch_unwind, ts_return_type = "Promise<NativePrunable | null>")]
pub fn find_prunable(session: &NativeSession, limits: NativePruneLimits) -> Result<AsyncTask<Work>> {
    let milliseconds = limits.before_ms.map(integer).transpose()?;
    let limits = PruneLimits {
        before_seq: limits.before_seq.map(integer).transpose()?,
        before_nanos: milliseconds.map(|time| time.saturating_mul(1_000_000)),
        keep: usize::try_from(integer(limits.keep)?).unwrap_or(usize::MAX),
    };
    let session = session.shared();
    Ok(Work::start_with(
        move || session.find_prunable(&limits).map_err(|error| throw(&error)),
        |_, found| Ok(found.map(|prunable| NativePrunable { prunable })),
    ))
}

/// Queues the event that says what goes; `id` settles later.
#[napi(catch_unwind)]
pub fn submit_prune(session: &NativeSession, id: f64, prunable: ClassInstance<'_, NativePrunable>) -> Result<()> {
    session.shared().submit_prune(integer(id)?, &prunable.prunable).map_err(|error| throw(&error))
}

/// Removes what may go; `line` is that of the event that says so, as it settled.
#[napi(catch_unwind, ts_return_type = "Promise<void>")]
pub fn remove_pruned(
    session: &NativeSession,
    prunable: ClassInstance<'_, NativePrunable>,
    line: String,
) -> AsyncTask<Work> {
    let (session, prunable) = (session.shared(), prunable.prunable.clone());
    Work::start(move || session.remove_pruned(&prunable, &line).map_err(|error| throw(&error)))
}
