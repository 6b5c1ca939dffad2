//! Where the events of a ledger are, for who reads the bytes and has them verified.

use super::files::{Files, Which};
use super::lines::Lines;
use super::search::{Before, Start, first_event, search};
use crate::chain::SeqRange;
use crate::durable::ReadFile;
use crate::error::Result;
use crate::limits::MAX_LINE;
use crate::line;
use std::path::{Path, PathBuf};

/// A file of a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerFile {
    /// Where it is, links resolved.
    pub path: PathBuf,
    /// The events that the name of a sealed segment says it holds; none for the active file.
    pub range: Option<SeqRange>,
}

/// A place between two lines of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Offset of the line behind it.
    pub offset: u64,
    /// The seq that the event behind it should have; at the beginning of a file, the one that its first event has.
    pub next_seq: u64,
}

/// The files of the ledger whose active file is at a path, in the order of their events, or a sealed segment alone.
pub fn ledger_files(path: &Path) -> Result<Vec<LedgerFile>> {
    let mut files = Files::of(path)?;
    if let Some(error) = files.unlisted.take() {
        return Err(error);
    }
    let ranges = std::iter::from_fn(|| files.next()).map(|file| LedgerFile {
        range: match file.which {
            Which::Sealed(range) | Which::Segment(range) => Some(range),
            Which::Active { .. } => None,
        },
        path: file.path,
    });
    Ok(ranges.collect())
}

/// In front of the event with a seq in one file; behind its last event where that is before it, and at the beginning
/// where all events are behind it. Found by halving the file, so what it says is for a verifier to believe or not.
pub fn find_gap(file: &Path, seq: u64) -> Result<Gap> {
    let file = ReadFile::open(file)?;
    let length = file.length;
    let mut lines = Lines::new(Box::new(file), length, MAX_LINE);
    let mut work = line::Workspace::default();
    let first = first_event(&mut lines, &mut work)?.map_or(0, |line| line.seq);
    let start = Start { offset: 0, before: Before::Seq(first) };
    let found = search(&mut lines, start, seq, &mut work)?;
    Ok(Gap { offset: found.offset, next_seq: found.before.next_seq() })
}
