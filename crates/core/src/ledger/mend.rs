//! The end of a ledger, looked at and mended without a session, and so without a key.
//!
//! ```text
//! look_at_end   lock, inspect                                        changes nothing
//! mend_end      lock, inspect, keep the tail beside, cut it off      as opening does
//! discard_kept  lock, remove what was kept beside                    the only copy of those bytes
//! ```
//!
//! The lock is that of a writer: who has the ledger open is not disturbed, and bytes that are just being written are not
//! taken for a tail.

use super::opening::cut_tail;
use super::options::{RecoveredTail, TailReason, TornTailPolicy};
use super::past::Past;
use super::recover::Inspection;
use crate::chain::Head;
use crate::durable::{self, LedgerFile, TailFile};
use crate::error::{Error, ErrorCode, Result};
use crate::hash::encode_hex;
use crate::limits::as_u64;
use crate::segments::Names;
use crate::storage::{Lockable as _, Shelf as _, Storage as _};
use serde::Serialize;
use std::io;
use std::path::{Path, PathBuf};

/// Bytes of a tail that are shown.
const EXCERPT: usize = 256;

/// The end of a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct End {
    /// The last event that is good; none in an empty ledger.
    pub head: Option<Head>,
    /// What follows it.
    pub tail: Option<TornEnd>,
    /// What was cut off earlier and is kept beside the ledger.
    pub kept: Vec<KeptTail>,
}

/// Bytes that a crash left behind the last event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TornEnd {
    /// Where they begin.
    pub offset: u64,
    /// How many.
    pub bytes: u64,
    /// Lines, or parts of them.
    pub lines: u64,
    /// How they are torn.
    pub reason: TailReason,
    /// The first of them, in hex.
    pub excerpt: String,
}

/// A tail that is kept in a file beside the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeptTail {
    /// That file.
    #[serde(serialize_with = "super::options::as_text")]
    pub path: PathBuf,
    /// Where the bytes were in the ledger.
    pub offset: u64,
    /// How many.
    pub bytes: u64,
}

/// Looks at the end of a ledger that nobody has open.
pub fn look_at_end(path: &Path) -> Result<End> {
    let file = open(path)?;
    let found = inspect(&file)?;
    let tail = found.as_ref().and_then(|found| found.tail.as_ref()).map(|tail| TornEnd {
        offset: tail.offset,
        bytes: as_u64(tail.bytes.len()),
        lines: tail.lines(),
        reason: tail.reason,
        excerpt: encode_hex(tail.bytes.get(..EXCERPT).unwrap_or(&tail.bytes)),
    });
    let head = found.and_then(|found| found.state.head());
    let kept = durable::kept_tails(file.path())?;
    Ok(End { head, tail, kept: kept.into_iter().map(KeptTail::of).collect() })
}

/// Keeps a torn tail beside the ledger and cuts it off. None if there is none.
pub fn mend_end(path: &Path) -> Result<Option<RecoveredTail>> {
    let file = open(path)?;
    match inspect(&file)? {
        Some(found) => cut_tail(&file, &found, TornTailPolicy::Quarantine),
        None => Ok(None),
    }
}

/// Removes what was kept beside the ledger. Gives what is gone; if one cannot be removed, those before it are.
pub fn discard_kept(path: &Path) -> Result<Vec<KeptTail>> {
    let file = open(path)?;
    let kept = durable::kept_tails(file.path())?;
    durable::remove_tails(&file, &kept)
        .map_err(|error| Error::io(ErrorCode::LedgerIo, "cannot remove what was kept of a tail", &error))?;
    Ok(kept.into_iter().map(KeptTail::of).collect())
}

impl KeptTail {
    fn of(TailFile { path, offset, bytes }: TailFile) -> Self {
        Self { path, offset, bytes }
    }
}

/// Opens and locks the active file.
fn open(path: &Path) -> Result<LedgerFile> {
    let resolved = durable::resolve(path)?;
    if let Some((names, _)) = Names::of_sealed(&resolved) {
        let message = format!("{} is sealed: its ledger is {}", resolved.display(), names.active().display());
        return Err(Error::new(ErrorCode::LedgerSealed, message));
    }
    let mut file = LedgerFile::open(&resolved)?;
    let failed = |error: io::Error| Error::io(ErrorCode::LedgerIo, "cannot lock the ledger", &error);
    if !file.try_lock().map_err(failed)? {
        let message = format!("a session, of this process or another one, has {} open", resolved.display());
        return Err(Error::new(ErrorCode::LedgerLocked, message));
    }
    // Locked, but the path may name another file by now.
    if !file.is_linked().map_err(failed)? {
        let message = format!("{} changed while it was opened", resolved.display());
        return Err(Error::new(ErrorCode::LedgerChanged, message));
    }
    Ok(file)
}

/// Judges the end; none when the active file has the name of a sealed segment too: a rotation came to its middle, which
/// the next opening completes, and it began with a file that was whole.
fn inspect(file: &LedgerFile) -> Result<Option<Inspection>> {
    if file.sealed()?.iter().any(|sealed| sealed.is_active) {
        return Ok(None);
    }
    Past::of(file)?.inspect_behind(file).map(Some)
}
