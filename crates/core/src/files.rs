//! Small private files beside ledgers, such as those of tokens: put in place whole, on stable storage, under a lock.

use crate::durable;
use crate::error::{Error, ErrorCode, Result};
use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

/// How long a lock is waited for; a stopped process must not stop every other one.
const LOCK_PATIENCE: Duration = Duration::from_secs(10);

/// Takes the lock that a file is there for, against other processes and other holders of this one, until it is dropped.
///
/// Errors: [`ErrorCode::TokenIo`].
pub fn lock(path: &Path) -> Result<File> {
    let locked = durable::lock_beside(path, |waited| waited < LOCK_PATIENCE);
    locked
        .map_err(|error| failed("cannot lock", path, &error))?
        .ok_or_else(|| Error::new(ErrorCode::TokenIo, format!("another process holds {} for too long", path.display())))
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
        assert_eq!(put(&path, b"one", false), Ok(true));
        assert_eq!(put(&path, b"two", false), Ok(false));
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        assert_eq!(put(&path, b"three", true), Ok(true));
        assert_eq!(std::fs::read(&path).unwrap(), b"three");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        assert_eq!(put(&path.join("below"), b"", true).unwrap_err().code, ErrorCode::TokenIo);
    }

    #[test]
    fn a_lock_is_had_by_one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.lock");
        let held = lock(&path).unwrap();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| lock(&path).map(drop));
            held.unlock().unwrap();
            assert_eq!(waiting.join().unwrap(), Ok(()));
        });
    }
}
