//! What a caller says when opening a session, and what it is told.

use crate::chain::SeqRange;
use crate::event::EventSet;
use crate::heads::HeadStore;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Bytes that may wait in a ledger's queue when the caller does not say: 64 MiB.
pub const DEFAULT_QUEUE_BYTES: usize = 64 << 20;

/// What is checked when a ledger is opened for writing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum VerifyOnOpen {
    /// The end of the file, as far as a crash can have reached.
    #[default]
    Tail,
    /// Every event.
    All,
}

/// What is done with an unsynced tail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TornTailPolicy {
    /// Its bytes are kept in a file beside the ledger, then cut off.
    #[default]
    Quarantine,
    /// Opening is refused.
    Error,
}

/// Head store of a session.
#[derive(Clone)]
pub struct HeadOption {
    /// Where heads are kept.
    pub store: Arc<dyn HeadStore>,
    /// True: a record is acknowledged only after the store has its head.
    pub wait: bool,
}

/// When the active file is full, and becomes a sealed segment. `None` is no limit.
///
/// A segment stays within its limits, unless a batch that is recorded at once is larger alone. A rotation happens with the
/// next event, and never in an empty file. Bytes are counted as if each number of a line had its longest form.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RotationLimits {
    /// Bytes of a segment.
    pub max_bytes: Option<u64>,
    /// Events of a segment.
    pub max_events: Option<u64>,
    /// Time since its first event, by the clock of the writer.
    pub max_age: Option<Duration>,
}

/// How a session is opened. Fields that are `None` take the default, or what the ledger was first opened with.
#[derive(Clone)]
pub struct SessionOptions {
    /// The ledger file.
    pub path: PathBuf,
    /// Which kinds this session may record.
    pub events: EventSet,
    /// What is checked.
    pub verify_on_open: VerifyOnOpen,
    /// What happens to an unsynced tail.
    pub torn_tail: Option<TornTailPolicy>,
    /// How long to wait for another process to release the ledger.
    pub lock_timeout: Duration,
    /// Bytes that may wait to be written.
    pub max_queue_bytes: Option<usize>,
    /// When the ledger goes on in a new file.
    pub rotation: Option<RotationLimits>,
    /// Where the head is kept.
    pub head_store: Option<HeadOption>,
    /// Why the ledger was put back to an earlier state. A ledger that ends before the head that the store knows is then
    /// gone on with, behind an event that says so; any other is [`crate::ErrorCode::NotRolledBack`].
    pub restore: Option<String>,
}

impl SessionOptions {
    /// Defaults for a ledger.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            events: EventSet::Core,
            verify_on_open: VerifyOnOpen::Tail,
            torn_tail: None,
            lock_timeout: Duration::ZERO,
            max_queue_bytes: None,
            rotation: None,
            head_store: None,
            restore: None,
        }
    }
}

/// How a tail is torn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TailReason {
    /// Its first bad line has no end.
    Unterminated,
    /// Its first bad line holds NUL bytes: a page that never reached the disk.
    Hole,
}

/// An unsynced tail that was cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecoveredTail {
    /// Where it began.
    pub offset: u64,
    /// How long it was.
    pub bytes: u64,
    /// Lines, or parts of them.
    pub lines: u64,
    /// How it was torn.
    pub reason: TailReason,
    /// The file that holds its bytes now.
    #[serde(serialize_with = "as_text")]
    pub path: PathBuf,
}

/// A path that is no text is shown as far as it is one.
pub(super) fn as_text<S: serde::Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

/// What opening found that an earlier writer did not end well.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Recovery {
    /// The tail that was cut off.
    pub tail: Option<RecoveredTail>,
    /// Events in the ledger that were never acknowledged, as far as this process or the head store knows.
    pub unacknowledged: Option<SeqRange>,
}
