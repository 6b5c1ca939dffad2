//! What a writer asks of the place that holds its ledger. Small enough to fake: crash tests run the real writer on a
//! storage that forgets what was not synced.

use crate::chain::SeqRange;
use crate::error::Result;
use crate::limits::as_u64;
use std::path::PathBuf;
use std::sync::Arc;
use std::{fmt, io};

/// Which file a storage is, whatever its path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileId(pub(crate) Identity);

/// Device and inode.
#[cfg(unix)]
pub(crate) type Identity = (u64, u64);
/// The standard library has no stable file index here, so the resolved path stands for it.
#[cfg(not(unix))]
pub(crate) type Identity = PathBuf;

impl FileId {
    /// Of a storage that is no file. No file system has this device.
    #[doc(hidden)]
    pub fn unlisted(number: u64) -> Self {
        #[cfg(unix)]
        return Self((u64::MAX, number));
        #[cfg(not(unix))]
        Self(PathBuf::from(format!("unlisted {number}")))
    }
}

/// A ledger file, open to read.
pub trait Source: Send {
    /// Length of the file in bytes.
    fn length(&self) -> io::Result<u64>;

    /// Reads some bytes at an offset; 0 at the end of the file. May read fewer than asked for.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
}

/// A ledger file that is none of the system's: its name, without a folder, and its bytes.
#[derive(Clone)]
pub struct GivenFile {
    pub(crate) name: PathBuf,
    pub(crate) source: Arc<dyn Source + Sync>,
}

impl GivenFile {
    /// A file with this name.
    pub fn new(name: impl Into<PathBuf>, source: Arc<dyn Source + Sync>) -> Self {
        Self { name: name.into(), source }
    }
}

impl fmt::Debug for GivenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GivenFile").field("name", &self.name).finish_non_exhaustive()
    }
}

/// One ledger file, open for writing and locked.
///
/// A medium may keep any subset of the pages written since the last [`Storage::sync`] when the power fails, in any
/// order; what a successful sync covered, it keeps.
pub trait Storage: Source {
    /// Which file this is.
    fn id(&self) -> FileId;

    /// True while the path that was opened still names this file.
    fn is_linked(&self) -> io::Result<bool>;

    /// Writes some bytes at an offset, growing the file when they reach behind its end. May write fewer than given.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize>;

    /// Sets the length. Durable only after the next sync.
    fn set_len(&self, length: u64) -> io::Result<()>;

    /// Returns once everything written before is on stable storage. After a failure the unsynced bytes may be gone
    /// although they can still be read.
    fn sync(&self) -> io::Result<()>;

    /// Makes the file's name durable.
    fn sync_folder(&self) -> io::Result<()>;

    /// Keeps bytes that are about to be cut from `offset` on in a new file beside the ledger, durable when this
    /// returns, and gives its path. Never replaces a file.
    fn quarantine(&self, offset: u64, bytes: &[u8]) -> io::Result<PathBuf>;

    /// Where the ledger's other files are; none if it can have no others.
    fn shelf(&self) -> Option<&dyn Shelf> {
        None
    }
}

/// The place of a ledger that may have several files, seen from the active one.
///
/// A crash may undo any of the changes since the last [`Storage::sync_folder`], but each of them wholly.
pub trait Shelf {
    /// The sealed segments, by their first seq.
    fn sealed(&self) -> Result<Vec<SealedName>>;

    /// Opens a sealed segment.
    fn open_sealed(&self, range: SeqRange) -> Result<Box<dyn Source>>;

    /// Opens the active file once more, to read it.
    fn open_active(&self) -> Result<Box<dyn Source>>;

    /// Makes the file that is to become the active one: empty, durable but for its name, and locked. One that an earlier
    /// writer left is replaced.
    fn prepare(&self) -> io::Result<Box<dyn Storage>>;

    /// Takes away what [`Shelf::prepare`] made.
    fn discard(&self) -> io::Result<()>;

    /// Gives the active file the name of a sealed segment too. Never replaces a file.
    fn link(&self, range: SeqRange) -> io::Result<()>;

    /// Takes a sealed segment's name away, and the segment with it if it has no other name.
    fn unlink(&self, range: SeqRange) -> io::Result<()>;

    /// Puts what [`Shelf::prepare`] made in the place of the active file.
    fn replace(&self) -> io::Result<()>;

    /// Keeps a sealed segment from being opened for writing by mistake, where files have modes.
    fn protect(&self, range: SeqRange) -> io::Result<()>;
}

/// A sealed segment as its name has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedName {
    /// The events that it holds.
    pub range: SeqRange,
    /// The active file has this name too: a rotation came to its middle.
    pub is_active: bool,
}

/// A storage that one writer at a time may hold.
pub trait Lockable: Storage {
    /// Locks it against everyone else, until it is dropped. False when someone holds it.
    fn try_lock(&mut self) -> io::Result<bool>;
}

/// Fills a buffer from an offset.
pub(crate) fn read_exact_at(storage: &(impl Source + ?Sized), offset: u64, buffer: &mut [u8]) -> io::Result<()> {
    let mut done = 0_usize;
    while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
        let at = offset.saturating_add(as_u64(done));
        match storage.read_at(at, rest) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => done = done.saturating_add(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes all bytes at an offset. On an error any part of them may have been written.
pub(crate) fn write_all_at(storage: &(impl Storage + ?Sized), offset: u64, bytes: &[u8]) -> io::Result<()> {
    let mut done = 0_usize;
    while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
        let at = offset.saturating_add(as_u64(done));
        match storage.write_at(at, rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => done = done.saturating_add(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
