//! Which events are wanted, and how to find them.

use crate::limits;
use crate::line::Line;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Which events are wanted.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// First seq.
    pub from: u64,
    /// Last seq, itself included.
    pub to: u64,
    /// Least `timestamp_nanos`. Times may go back: all events are looked at, not only those behind the first such one.
    pub since: Option<u64>,
    /// The `timestamp_nanos` that all are below.
    pub until: Option<u64>,
    /// Names of kinds; none for all.
    pub kinds: Option<Vec<String>>,
    /// The value of the payload's field `session_id`, in the kinds that have one.
    pub session: Option<String>,
    /// Longest line in bytes, its LF not counted.
    pub max_line_bytes: usize,
    /// How indexes are used and made beside the files, where `since`, `until`, `kinds` or `session` is given; none to
    /// read everything.
    pub index: Option<Granularity>,
    /// Set by the caller to stop: [`ErrorCode::Aborted`].
    pub cancel: Option<Arc<AtomicBool>>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            from: 0,
            to: limits::MAX_SEQ,
            since: None,
            until: None,
            kinds: None,
            session: None,
            max_line_bytes: limits::MAX_LINE,
            index: Some(Granularity::default()),
            cancel: None,
        }
    }
}

impl ReadOptions {
    /// Events are chosen by what is in them.
    pub(super) fn looks_inside(&self) -> bool {
        self.since.is_some() || self.until.is_some() || self.kinds.is_some() || self.session.is_some()
    }

    /// `session_id` is that of the line's payload.
    pub(super) fn wants(&self, line: &Line, session_id: Option<&str>) -> bool {
        (self.from..=self.to).contains(&line.seq)
            && self.since.is_none_or(|since| line.timestamp_nanos >= since)
            && self.until.is_none_or(|until| line.timestamp_nanos < until)
            && self.kinds.as_ref().is_none_or(|kinds| kinds.iter().any(|kind| kind == line.kind.name()))
            && self.session.as_deref().is_none_or(|session| session_id == Some(session))
    }
}

/// How fine an index is. The default suits ledgers; others are for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granularity {
    /// Events of a block.
    pub block_events: u64,
    /// An index is made, or grows, when at least so many bytes of the file are not in it.
    pub least_bytes: u64,
}

impl Default for Granularity {
    fn default() -> Self {
        Self { block_events: 1024, least_bytes: 1 << 20 }
    }
}
