//! Small private files beside ledgers, such as those of tokens: put in place whole, on stable storage, under a lock.

use crate::durable;
use crate::error::{Error, ErrorCode, Result};
use std::fs::File;
use std::io;
use std::path::Path;

/// Takes the lock that a file is there for, against other processes and other holders of this one, until it is dropped; none
/// while another has it. Nobody waits in here: on a thread of a pool, those who wait could keep away who has it.
///
/// Errors: [`ErrorCode::TokenIo`].
pub fn try_lock(path: &Path) -> Result<Option<File>> {
    durable::lock_beside(path, |_| false).map_err(|error| failed("cannot lock", path, &error))
}

/// Puts a file in place, 0600; its folders are made. One that is there is replaced, or else it stays: false.
///
/// Errors: [`ErrorCode::TokenIo`].
pub fn put(path: &Path, bytes: &[u8], replace: bool) -> Result<bool> {
    let put = durable::create_folders_above(path).and_then(|()| {
        if replace { durable::replace(path, bytes).map(|()| true) } else { durable::install(path, bytes) }
    });
    put.map_err(|error| failed("cannot write", path, &error))
}

fn failed(doing: &str, path: &Path, error: &io::Error) -> Error {
    Error::io(ErrorCode::TokenIo, format!("{doing} {}", path.display()), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_or_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/list");
        assert!(put(&path, b"one", false).unwrap());
        assert!(!put(&path, b"two", false).unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        assert!(put(&path, b"three", true).unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), b"three");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        assert_eq!(put(&path.join("below"), b"", true).unwrap_err().code, ErrorCode::TokenIo);
    }

    #[test]
    fn a_lock_is_had_by_one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.lock");
        let held = try_lock(&path).unwrap();
        assert!(held.is_some());
        assert!(try_lock(&path).unwrap().is_none());
        drop(held);
        assert!(try_lock(&path).unwrap().is_some());
        assert_eq!(try_lock(&path.join("below")).unwrap_err().code, ErrorCode::TokenIo);
    }
}
