//! A ledger that is copied: the source, held against writers, and the copy, which is in its place whole or not at all.

use super::{LedgerFile, create_folders_above, ledger_error, new_file, open_to_read, temporary_name, without};
use crate::error::{Error, ErrorCode, Result};
use crate::storage::Storage as _;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// A ledger that is read to be copied: no writer of this package can have it meanwhile. On Windows its own lock is
/// elsewhere, see [`LedgerFile`], and only the length tells.
#[derive(Debug)]
pub(crate) struct SourceFile {
    file: File,
}

impl SourceFile {
    /// Opens a ledger, regular and not open for writing; none when it is.
    pub(crate) fn open(path: &Path) -> Result<Option<Self>> {
        let (file, _) = open_to_read(path)?;
        match file.try_lock_shared() {
            Ok(()) => Ok(Some(Self { file })),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(ledger_error("cannot lock", path, &error)),
        }
    }

    pub(crate) fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }
}

impl io::Read for SourceFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

/// As that of [`LedgerFile`].
impl Drop for SourceFile {
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

/// A ledger that is being copied to its place, under a temporary name until it is published. Dropped before that, it
/// leaves nothing behind.
#[derive(Debug)]
pub(crate) struct Draft {
    /// At the path where it will be.
    file: LedgerFile,
    temporary: Option<PathBuf>,
}

impl Draft {
    /// An empty file, 0600, beside a path that is free. Missing folders are made, as by [`LedgerFile::create`].
    pub(crate) fn create(path: &Path) -> Result<Self> {
        if fs::symlink_metadata(path).is_ok() {
            return Err(copy_error("cannot put a copy at", path, &already_exists()));
        }
        let failed = |error: io::Error| copy_error("cannot write a copy beside", path, &error);
        create_folders_above(path).map_err(failed)?;
        let temporary = temporary_name(path).map_err(failed)?;
        let file = new_file(&temporary).map_err(failed)?;
        let file = LedgerFile::from_opened(file, path).inspect_err(|_| {
            let _ = fs::remove_file(&temporary);
        })?;
        Ok(Self { file, temporary: Some(temporary) })
    }

    pub(crate) fn file(&self) -> &LedgerFile {
        &self.file
    }

    pub(crate) fn file_mut(&mut self) -> &mut LedgerFile {
        &mut self.file
    }

    /// Puts it in its place, durably, and never in that of another file; on a failure it is in neither.
    ///
    /// `fsync(file)`, `link(temporary, path)`, `unlink(temporary)`, `fsync(folder)`. Where there are no hard links this
    /// fails: a ledger that a crash left short could not be told from a whole one.
    pub(crate) fn publish(&mut self) -> io::Result<()> {
        let Some(temporary) = &self.temporary else { return Ok(()) };
        self.file.file.sync_all()?;
        fs::hard_link(temporary, &self.file.path)?;
        let named = fs::remove_file(temporary).and_then(|()| self.file.sync_folder());
        named.map_err(|error| without(&self.file.path, error))?;
        self.temporary = None;
        Ok(())
    }

    /// Takes it away again. Whoever had opened it meanwhile was refused, as this file is locked.
    ///
    /// `unlink(path)`, `fsync(folder)`
    pub(crate) fn withdraw(&self) -> io::Result<()> {
        if self.temporary.is_some() {
            return Ok(());
        }
        fs::remove_file(&self.file.path)?;
        self.file.sync_folder()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // What cannot be removed is a hidden file that nobody reads.
            let _ = fs::remove_file(temporary);
        }
    }
}

/// Never that there is no ledger: what is missing is a place for its copy.
fn copy_error(doing: &str, path: &Path, error: &io::Error) -> Error {
    Error::io(ErrorCode::LedgerIo, format!("{doing} {}", path.display()), error)
}

/// What the system says where a file is in the way.
fn already_exists() -> io::Error {
    #[cfg(unix)]
    return rustix::io::Errno::EXIST.into();
    #[cfg(not(unix))]
    io::ErrorKind::AlreadyExists.into()
}
