//! The files of a ledger, in the order of their events.
//!
//! The active file is opened first, and the folder listed behind that: what a rotation seals meanwhile is then the open
//! file under another name, and ends the list. A sealed segment is opened when its turn comes; it keeps its name. The list
//! begins as one did that was made before, so that an event that says what was pruned is in a file of it.

use super::lines::Lines;
use crate::chain::SeqRange;
use crate::durable::{self, Listing, ReadFile, SealedFile};
use crate::error::{Error, ErrorCode, Result};
use crate::segments::{Names, index_of};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// How often a ledger that is rotated meanwhile is looked at again.
const TRIES: u32 = 10;

/// What is left to read.
#[derive(Debug, Default)]
pub(super) struct Files {
    files: VecDeque<LedgerFile>,
    /// The folder may not be listed: only a file that begins with event 0 is known to have none before it.
    pub(super) unlisted: Option<Error>,
}

/// A file, opened when it is needed.
#[derive(Debug)]
pub(super) struct LedgerFile {
    pub(super) which: Which,
    pub(super) path: PathBuf,
    /// Of the active file, which is opened at once.
    file: Option<ReadFile>,
    /// Where an index of it may be.
    indexes: Vec<PathBuf>,
    /// Named in messages, as one of many.
    is_one_of_many: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Before others.
    Sealed(SeqRange),
    /// A sealed segment by its name, read alone.
    Segment(SeqRange),
    /// Behind sealed segments, or alone.
    Active { alone: bool },
}

/// A file to read.
pub(super) struct Opened {
    pub(super) which: Which,
    pub(super) lines: Lines,
    /// The first of them is written.
    pub(super) indexes: Vec<PathBuf>,
    /// Its name, if messages need one.
    pub(super) name: Option<String>,
}

impl Files {
    /// Those of the ledger at a path.
    pub(super) fn of(path: &Path) -> Result<Self> {
        let path = durable::resolve(path)?;
        if Names::of_sealed(&path).is_some() {
            return Self::alone(&path);
        }
        let Some(names) = Names::of(&path) else { return Self::alone(&path) };
        for _ in 0..TRIES {
            let beginning = durable::list(&names).ok().and_then(|listing| listing.beginning());
            let active = match ReadFile::open(&path) {
                Err(error) if error.code == ErrorCode::LedgerNotFound => return Err(not_found(error, &names)),
                opened => opened?,
            };
            let (sealed, unlisted) = match list_before(&active, &names) {
                Ok(Some((sealed, first))) if first == beginning => (sealed, None),
                Ok(_) => continue,
                Err(error) if error.code == ErrorCode::LedgerIo => (Vec::new(), Some(error)),
                Err(error) => return Err(error),
            };
            let alone = sealed.is_empty();
            let segments = sealed.into_iter().map(|sealed| LedgerFile {
                is_one_of_many: true,
                ..LedgerFile::new(&sealed.path, Which::Sealed(sealed.range), &path)
            });
            let mut files: VecDeque<_> = segments.collect();
            let last = LedgerFile::new(&path, Which::Active { alone }, &path);
            files.push_back(LedgerFile { file: Some(active), is_one_of_many: !alone, ..last });
            return Ok(Self { files, unlisted });
        }
        let message = format!("{} changes too fast to be read", path.display());
        Err(Error::new(ErrorCode::LedgerChanged, message))
    }

    /// A file that has no others beside it.
    fn alone(path: &Path) -> Result<Self> {
        let file = ReadFile::open(path)?;
        let last = match Names::of_sealed(path) {
            Some((names, range)) => LedgerFile::new(path, Which::Segment(range), names.active()),
            None => LedgerFile::new(path, Which::Active { alone: true }, path),
        };
        Ok(Self { files: [LedgerFile { file: Some(file), ..last }].into(), unlisted: None })
    }

    pub(super) fn next(&mut self) -> Option<LedgerFile> {
        self.files.pop_front()
    }
}

impl LedgerFile {
    fn new(path: &Path, which: Which, active: &Path) -> Self {
        // A file that was sealed a moment ago may have been indexed as the active one.
        let mut indexes = vec![index_of(path), index_of(active)];
        indexes.dedup();
        Self { which, path: path.to_owned(), file: None, indexes, is_one_of_many: false }
    }

    /// Opens the file.
    pub(super) fn open(self, max_line_bytes: usize) -> Result<Opened> {
        let file = match self.file {
            Some(file) => file,
            None => ReadFile::open_segment(&self.path).map_err(|error| gone(error, &self.path))?,
        };
        let name = self.path.file_name().filter(|_| self.is_one_of_many);
        let length = file.length;
        Ok(Opened {
            which: self.which,
            lines: Lines::new(Box::new(file), length, max_line_bytes),
            indexes: self.indexes,
            name: name.map(|name| name.to_string_lossy().into_owned()),
        })
    }
}

/// The segments before the open active file, and with which one the folder begins, be it that file; none if it, rotated and
/// pruned meanwhile, is nowhere any more.
fn list_before(active: &ReadFile, names: &Names) -> Result<Option<(Vec<SealedFile>, Option<SeqRange>)>> {
    // Rotated behind a listing, it had its new name before it lost the old one: the second listing has it.
    for _ in 0..2 {
        let listing = durable::list(names)?;
        let beginning = listing.beginning();
        let mut sealed = listing.sealed;
        if let Some(place) = sealed.iter().position(|sealed| active.is_sealed_as(sealed)) {
            sealed.truncate(place);
            return Ok(Some((sealed, beginning)));
        }
        if active.is_in_place() {
            return Ok(Some((sealed, beginning)));
        }
    }
    Ok(None)
}

/// A ledger whose active file is missing has lost it if there are segments.
fn not_found(error: Error, names: &Names) -> Error {
    match durable::list(names) {
        Ok(Listing { sealed, .. }) if !sealed.is_empty() => Error { code: ErrorCode::SegmentMissing, ..error },
        _ => error,
    }
}

/// A sealed segment that was listed, and taken away since.
fn gone(error: Error, path: &Path) -> Error {
    if error.code != ErrorCode::LedgerNotFound {
        return error;
    }
    let message = format!("{} was there when reading began, and is gone", path.display());
    Error::new(ErrorCode::SegmentMissing, message)
}
