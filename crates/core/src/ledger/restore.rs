//! Going on with a ledger that was put back to an earlier state on purpose, such as from a backup.
//!
//! ```text
//! look          the ledger ends before the head that the store knows, and is that ledger otherwise
//! append, sync  LedgerRestored {that head, why}       a crash here leaves the ledger as it was put back
//! reset         the store has the new end             a crash before leaves the event, and asking again only resets
//! ```
//!
//! Whoever holds the old head finds that it is not in the ledger, and the event that says since when and why.

use super::append::{Appender, Failed};
use super::ceremony::ledger_restored;
use super::options::{HeadOption, SessionOptions};
use super::recover::Inspection;
use crate::chain::Head;
use crate::error::{Error, ErrorCode, Result};
use crate::event::EventSet;
use crate::heads::ledger_id;

/// What the caller asked for.
pub(super) struct Restoration<'o> {
    reason: &'o str,
    head: &'o HeadOption,
}

impl<'o> Restoration<'o> {
    /// None if no restoration was asked for.
    pub(super) fn asked(options: &'o SessionOptions) -> Result<Option<Self>> {
        let Some(reason) = &options.restore else { return Ok(None) };
        if options.events == EventSet::Core {
            let message = "a restoration is an extended kind: open the ledger with events 'extended'";
            return Err(Error::new(ErrorCode::EventSet, message));
        }
        let head = options.head_store.as_ref();
        let head =
            head.ok_or_else(|| Error::new(ErrorCode::InvalidArgument, "only a head store knows what was lost"))?;
        Ok(Some(Self { reason, head }))
    }

    /// Says in the ledger that `known` was lost, and then in the head store where it ends now.
    pub(super) fn complete(self, appender: &mut Appender, known: Head, inspection: &Inspection) -> Result<()> {
        if inspection.restored != Some(known) {
            let event = ledger_restored(known, self.reason)?;
            appender.append([&event]).map_err(|Failed { error, .. }| error)?;
        }
        let (Some(first), Some(head)) = (appender.first(), appender.head()) else { return Err(not_rolled_back()) };
        self.head.store.reset(&[(ledger_id(&first), head)])
    }
}

/// Nothing was lost that the head store knows of.
pub(super) fn not_rolled_back() -> Error {
    let message =
        "the ledger holds the head that its head store knows, or that knows none: there is nothing to restore";
    Error::new(ErrorCode::NotRolledBack, message)
}
