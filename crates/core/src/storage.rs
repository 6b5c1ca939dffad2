//! What a writer asks of the place that holds its ledger. Small enough to fake: crash tests run the real writer on a
//! storage that forgets what was not synced.

use crate::limits::as_u64;
use std::io;
use std::path::PathBuf;

/// One ledger file, open for writing and locked.
///
/// A medium may keep any subset of the pages written since the last [`Storage::sync`] when the power fails, in any
/// order; what a successful sync covered, it keeps.
pub trait Storage: Send {
    /// Length of the file in bytes.
    fn length(&self) -> io::Result<u64>;

    /// True while the path that was opened still names this file.
    fn is_linked(&self) -> io::Result<bool>;

    /// Reads some bytes at an offset; 0 at the end of the file. May read fewer than asked for.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

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
}

/// A storage that one writer at a time may hold.
pub trait Lockable: Storage {
    /// Locks it against everyone else, until it is dropped. False when someone holds it.
    fn try_lock(&mut self) -> io::Result<bool>;
}

/// Fills a buffer from an offset.
pub(crate) fn read_exact_at(storage: &dyn Storage, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
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
pub(crate) fn write_all_at(storage: &dyn Storage, offset: u64, bytes: &[u8]) -> io::Result<()> {
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
