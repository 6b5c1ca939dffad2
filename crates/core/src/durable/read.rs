//! Ledger files that are only read: those of the system, and those that a caller gives.

use super::folder::refused;
use super::{SealedFile, file_id, ledger_error, open_to_read, options, read_at};
use crate::error::{Error, ErrorCode, Result};
use crate::hash::Hash;
use crate::limits::as_u64;
use crate::storage::{FileId, GivenFile, Source};
use std::fs::{self, File};
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// A file, open to read, as long as it was when it was opened.
#[derive(Debug)]
pub(crate) struct ReadFile {
    pub(crate) path: PathBuf,
    pub(crate) length: u64,
    pub(crate) id: FileId,
    medium: Medium,
}

#[derive(Debug)]
enum Medium {
    /// A regular one.
    File(File),
    Given(Place),
}

/// A place in a file that was given.
#[derive(Debug)]
struct Place {
    file: GivenFile,
    offset: u64,
}

impl Read for Place {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.source.read_at(self.offset, buffer)?;
        self.offset = self.offset.saturating_add(as_u64(count));
        Ok(count)
    }
}

impl ReadFile {
    /// What is at a path, or where links lead.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let (file, length) = open_to_read(path)?;
        Self::of(file, length, path)
    }

    /// A file of a ledger's folder: a link or anything but a regular file is refused.
    pub(crate) fn open_segment(path: &Path) -> Result<Self> {
        let unseen = |error: io::Error| ledger_error("cannot look at", path, &error);
        if !fs::symlink_metadata(path).map_err(unseen)?.is_file() {
            return Err(refused(path, "it is not a regular file"));
        }
        let file = options(true).read(true).open(path).map_err(|error| ledger_error("cannot open", path, &error))?;
        let metadata = file.metadata().map_err(unseen)?;
        if !metadata.is_file() {
            return Err(refused(path, "it is not a regular file"));
        }
        Self::of(file, metadata.len(), path)
    }

    fn of(file: File, length: u64, path: &Path) -> Result<Self> {
        let metadata = file.metadata().map_err(|error| ledger_error("cannot look at", path, &error))?;
        Ok(Self { path: path.to_owned(), length, id: file_id(&metadata, path), medium: Medium::File(file) })
    }

    /// The file of a number that no other one has.
    pub(crate) fn given(file: &GivenFile, number: u64) -> Result<Self> {
        let length = file.source.length().map_err(|error| ledger_error("cannot look at", &file.name, &error))?;
        let medium = Medium::Given(Place { file: file.clone(), offset: 0 });
        Ok(Self { path: file.name.clone(), length, id: FileId::unlisted(number), medium })
    }

    /// Whether nothing but its name and bytes is known: it stands in no folder.
    pub(crate) fn is_given(&self) -> bool {
        matches!(self.medium, Medium::Given(_))
    }

    /// Device and inode, where the system has them.
    pub(crate) fn numbers(&self) -> Option<[u64; 2]> {
        #[cfg(unix)]
        return Some([self.id.0.0, self.id.0.1]);
        #[cfg(not(unix))]
        None
    }

    /// Whether a sealed segment is this file under another name.
    pub(crate) fn is_sealed_as(&self, sealed: &SealedFile) -> bool {
        self.id == sealed.id
    }

    /// Whether its path leads to it still.
    pub(crate) fn is_in_place(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|metadata| file_id(&metadata, &self.path) == self.id)
    }

    /// To be read from an offset on.
    pub(crate) fn at(&mut self, offset: u64) -> Result<&mut dyn Read> {
        match &mut self.medium {
            Medium::File(file) => {
                file.seek(SeekFrom::Start(offset)).map_err(|error| ledger_error("cannot read", &self.path, &error))?;
                Ok(file)
            }
            Medium::Given(place) => {
                place.offset = offset;
                Ok(place)
            }
        }
    }

    /// SHA-256 of a few of its bytes.
    pub(crate) fn digest(&mut self, offset: u64, length: u64) -> Result<Hash> {
        let mut bytes = Vec::new();
        match self.at(offset)?.take(length).read_to_end(&mut bytes) {
            Ok(_) if as_u64(bytes.len()) == length => Ok(Hash::of(&bytes)),
            Ok(_) => Err(Error::new(ErrorCode::LedgerIo, "the ledger was cut while it was read")),
            Err(error) => Err(ledger_error("cannot read", &self.path, &error)),
        }
    }
}

impl Source for ReadFile {
    fn length(&self) -> io::Result<u64> {
        match &self.medium {
            Medium::File(file) => Ok(file.metadata()?.len()),
            Medium::Given(place) => place.file.source.length(),
        }
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match &self.medium {
            Medium::File(file) => read_at(file, offset, buffer),
            Medium::Given(place) => place.file.source.read_at(offset, buffer),
        }
    }
}

/// A file of a ledger's folder that is opened when it is read, each time anew: a ledger may have more files than a process
/// may have open. It must then be the file that was found, and as long at least.
#[derive(Debug)]
pub(crate) struct FoundFile {
    pub(crate) path: PathBuf,
    pub(crate) length: u64,
    pub(crate) id: FileId,
    /// Open all the time.
    held: Option<ReadFile>,
}

impl FoundFile {
    /// A file that stays open, whatever becomes of its name.
    pub(crate) fn held(file: ReadFile) -> Self {
        Self { path: file.path.clone(), length: file.length, id: file.id.clone(), held: Some(file) }
    }

    pub(crate) fn listed(sealed: &SealedFile) -> Self {
        Self { path: sealed.path.clone(), length: sealed.length, id: sealed.id.clone(), held: None }
    }

    /// What is at a path. A link or anything but a regular file is refused.
    pub(crate) fn at(path: &Path) -> Result<Self> {
        let metadata = fs::symlink_metadata(path).map_err(|error| ledger_error("cannot look at", path, &error))?;
        if !metadata.is_file() {
            return Err(refused(path, "it is not a regular file"));
        }
        Ok(Self { path: path.to_owned(), length: metadata.len(), id: file_id(&metadata, path), held: None })
    }

    /// Leaves the file open.
    pub(crate) fn hold(&mut self) -> Result<()> {
        if self.held.is_none() {
            self.held = Some(self.open()?);
        }
        Ok(())
    }

    pub(crate) fn read<T>(&mut self, read: impl FnOnce(&mut ReadFile) -> Result<T>) -> Result<T> {
        match &mut self.held {
            Some(file) => read(file),
            None => read(&mut self.open()?),
        }
    }

    fn open(&self) -> Result<ReadFile> {
        let changed = |what| {
            let message = format!("{} {what} since it was found", self.path.display());
            Error::new(ErrorCode::LedgerChanged, message)
        };
        let file = ReadFile::open_segment(&self.path).map_err(|error| match error.code {
            ErrorCode::LedgerNotFound => changed("was taken away"),
            _ => error,
        })?;
        if file.id != self.id {
            return Err(changed("was replaced by another file"));
        }
        if file.length < self.length {
            return Err(changed("was cut"));
        }
        Ok(ReadFile { length: self.length, ..file })
    }
}

/// All of a small file: a regular one, not a link, of at most so many bytes.
pub(crate) fn read_small(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = options(true).read(true).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() > limit {
        let message = format!("not a regular file of at most {limit} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}
