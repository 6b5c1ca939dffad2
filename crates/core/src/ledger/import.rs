//! Moving over: a ledger that another program of the same format wrote is verified from the first byte to the last and
//! taken over, where it lies or as a copy.
//!
//! ```text
//! in place   lock, read -> verify               | compare with heads | narrow the mode, sync file and folder
//! as a copy  lock shared, read -> verify        | compare with heads | sync the copy, put it in its place
//!                            \-> temporary file
//!            Import::verify                       Import::adopt
//! ```
//!
//! What was verified is what is adopted: a copy consists of the very bytes that the verifier was given, and a file that
//! grew since, or that its path does not name any more, is refused. Other programs need not ask for our lock, so whoever
//! wrote the ledger has to be stopped before; a lock keeps only sessions of this package out, until the import is
//! dropped.
//!
//! ```
//! use sealwright_core::{event::Event, hash::Hash, key::KeyPair, ledger::Import, seal, verify};
//! # let folder = tempfile::tempdir().unwrap();
//! # let (path, copy) = (folder.path().join("ledger.ndjson"), folder.path().join("copy.ndjson"));
//! let key = KeyPair::generate()?;
//! let event = Event::parse(r#"{"type":"SessionEnded","payload":{"reason":"done","summary_sha256":""}}"#)?;
//! std::fs::write(&path, seal::seal(&event, Hash::GENESIS, 0, 1_700_000_000_000_000_000, &key)? + "\n").unwrap();
//!
//! let options = verify::Options { signers: vec![key.public()], ..Default::default() };
//! let mut import = Import::verify(&path, Some(&copy), &options, &mut verify::Watch::default())?;
//! assert_eq!(import.report().event_count, 1);
//! import.adopt(None)?;
//! assert_eq!(std::fs::read(&copy).unwrap(), std::fs::read(&path).unwrap());
//! # Ok::<(), sealwright_core::Error>(())
//! ```

use super::opening::check_head;
use super::past::Past;
use super::recover::{Inspection, StorageReader, inspect};
use crate::chain::{ChainState, Head};
use crate::durable::{self, Draft, LedgerFile, SourceFile};
use crate::error::{Error, ErrorCode, Result};
use crate::event::EventSet;
use crate::heads::{HeadStore, ledger_id, path_id};
use crate::limits::as_u64;
use crate::storage::{Lockable as _, Source as _, Storage as _, write_all_at};
use crate::verify::{self, Options, Report, Watch};
use std::io::{self, Read};
use std::path::Path;

/// A ledger that was verified, and is held until it is dropped. Dropped before [`Import::adopt`], nothing has changed.
#[derive(Debug)]
pub struct Import {
    target: Target,
    report: Report,
    inspection: Inspection,
}

#[derive(Debug)]
enum Target {
    InPlace(LedgerFile),
    Copy { source: SourceFile, draft: Draft },
}

impl Import {
    /// Verifies a ledger in place, or while it is copied to a path that is free. Refused, with the report: a broken one
    /// ([`ErrorCode::LedgerTampered`]), one without events ([`ErrorCode::LedgerNotFound`]), with a tail
    /// ([`ErrorCode::TornTail`]), or with other than core kinds ([`ErrorCode::EventSet`]).
    pub fn verify(path: &Path, copy_to: Option<&Path>, options: &Options, watch: &mut Watch<'_>) -> Result<Self> {
        let (target, report) = match copy_to {
            None => verify_in_place(path, options, watch)?,
            Some(copy) => verify_copying(path, copy, options, watch)?,
        };
        let report = judge(report, path)?;
        let inspection = inspect(target.file(), Some(ChainState::START))?;
        Ok(Self { target, report, inspection })
    }

    /// What was found; at least one event, and nothing broken.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Where the ledger is to be, with every link resolved.
    pub fn path(&self) -> &Path {
        self.target.file().path()
    }

    /// What a head store is told of the ledger once it is adopted: its last event, and its first one at this path.
    pub fn heads(&self) -> Vec<(String, Head)> {
        let (Some(first), Some(head)) = (self.report.first_hash, self.report.head) else { return Vec::new() };
        vec![(ledger_id(&first), head), (path_id(self.path()), Head { seq: 0, hash: first })]
    }

    /// Adopts what was verified: from now on it is durable, and only its owner can read it. A copy appears whole or not
    /// at all, and never in place of another file. `store` is compared, not told.
    pub fn adopt(&mut self, store: Option<&dyn HeadStore>) -> Result<()> {
        self.check_unchanged()?;
        if let Some(store) = store {
            check_head(
                store,
                self.target.file(),
                &Past::none(),
                self.path(),
                &self.inspection,
                self.report.first_hash,
            )?;
        }
        match &mut self.target {
            Target::InPlace(file) => {
                let path = file.path().display();
                file.settle().map_err(|error| failed(&format!("cannot make {path} durable and private"), &error))
            }
            Target::Copy { draft, .. } => {
                draft.publish().map_err(|error| failed(&format!("cannot put a copy at {}", path_of(draft)), &error))
            }
        }
    }

    /// Takes a copy that was adopted away again; a ledger in place stays as it is.
    pub fn withdraw(self) -> Result<()> {
        match &self.target {
            Target::InPlace(_) => Ok(()),
            Target::Copy { draft, .. } => {
                draft.withdraw().map_err(|error| failed(&format!("cannot remove the copy {}", path_of(draft)), &error))
            }
        }
    }

    fn check_unchanged(&self) -> Result<()> {
        let (length, linked) = match &self.target {
            Target::InPlace(file) => (file.length(), file.is_linked()),
            Target::Copy { source, .. } => (source.length(), Ok(true)),
        };
        let length = length.map_err(|error| failed("cannot look at the ledger", &error))?;
        if length == self.report.bytes && linked.map_err(|error| failed("cannot look at the ledger", &error))? {
            return Ok(());
        }
        let message = "the ledger was written to, cut or moved while it was imported: stop whoever writes it";
        Err(Error::new(ErrorCode::LedgerChanged, message))
    }
}

impl Target {
    fn file(&self) -> &LedgerFile {
        match self {
            Self::InPlace(file) => file,
            Self::Copy { draft, .. } => draft.file(),
        }
    }
}

fn verify_in_place(path: &Path, options: &Options, watch: &mut Watch<'_>) -> Result<(Target, Report)> {
    let mut file = LedgerFile::open(&durable::resolve(path)?)?;
    lock(&mut file)?;
    let length = file.length().map_err(|error| failed("cannot look at the ledger", &error))?;
    let report = verify::verify_part(&mut StorageReader { storage: &file, at: 0 }, length, options, watch)?;
    Ok((Target::InPlace(file), report))
}

fn verify_copying(path: &Path, copy: &Path, options: &Options, watch: &mut Watch<'_>) -> Result<(Target, Report)> {
    let mut source = SourceFile::open(path)?.ok_or_else(|| locked(path))?;
    let mut draft = Draft::create(&durable::resolve(copy)?)?;
    lock(draft.file_mut())?;
    let length = source.length().map_err(|error| failed("cannot look at the ledger", &error))?;
    let mut copying = Copying { source: &mut source, file: draft.file(), at: 0, failure: None };
    let report = verify::verify_part(&mut copying, length, options, watch);
    if let Some(error) = copying.failure {
        return Err(failed(&format!("cannot write a copy beside {}", path_of(&draft)), &error));
    }
    Ok((Target::Copy { source, draft }, report?))
}

/// A source whose bytes are written to a file as they are read.
struct Copying<'a> {
    source: &'a mut SourceFile,
    file: &'a LedgerFile,
    at: u64,
    /// Why writing failed; to its reader it looks as if reading had.
    failure: Option<io::Error>,
}

impl Read for Copying<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        if let Err(error) = write_all_at(self.file, self.at, buffer.get(..count).unwrap_or_default()) {
            self.failure = Some(error);
            return Err(io::ErrorKind::Other.into());
        }
        self.at = self.at.saturating_add(as_u64(count));
        Ok(count)
    }
}

/// What may be imported: events and nothing else, all of them core and none broken.
fn judge(report: Report, path: &Path) -> Result<Report> {
    let path = path.display();
    let (code, message) = if !report.ok {
        let place = report.line.map_or_else(|| "at its end".to_owned(), |line| format!("at line {line}"));
        let reason = report.reason.as_deref().unwrap_or_default();
        (ErrorCode::LedgerTampered, format!("{path} is broken {place} ({reason}): it is not imported"))
    } else if report.event_count == 0 {
        (ErrorCode::LedgerNotFound, format!("{path} holds no event: there is no ledger to import"))
    } else if let Some(tail) = report.tail {
        let (bytes, offset) = (tail.bytes, tail.offset);
        let way = "open a session on a copy of it, which keeps them beside it and cuts them off, and import that copy";
        (ErrorCode::TornTail, format!("{path} ends in {bytes} bytes that are no event, from byte {offset} on: {way}"))
    } else if report.events == EventSet::Extended {
        (ErrorCode::EventSet, format!("{path} holds other than core kinds: it is not imported"))
    } else {
        return Ok(report);
    };
    Err(Error { report: Some(Box::new(report)), ..Error::new(code, message) })
}

fn lock(file: &mut LedgerFile) -> Result<()> {
    if file.try_lock().map_err(|error| failed("cannot lock the ledger", &error))? {
        return Ok(());
    }
    Err(locked(file.path()))
}

fn locked(path: &Path) -> Error {
    let message = format!("a session, of this process or another one, has {} open", path.display());
    Error::new(ErrorCode::LedgerLocked, message)
}

fn path_of(draft: &Draft) -> std::path::Display<'_> {
    draft.file().path().display()
}

fn failed(doing: &str, error: &io::Error) -> Error {
    Error::io(ErrorCode::LedgerIo, doing, error)
}
