//! Where a verification stands between two lines, so that another one can go on there.

use super::tally::Totals;
use crate::error::Place;

/// A place in a ledger, and what the events before it add up to.
#[derive(Debug, Clone)]
pub(super) struct Checkpoint {
    /// Of the next line.
    pub(super) place: Place,
    pub(super) totals: Totals,
}
