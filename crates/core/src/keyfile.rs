//! Key files: exactly 32 raw bytes, the Ed25519 seed.
//!
//! A file is created 0600 and whole, never wide and narrowed afterwards, and never over another one. Of several
//! processes that create at once all end with the one key that is in the file. A file that group or others can read,
//! or that belongs to another user, is refused unless the caller insists.

use crate::durable;
use crate::error::{Error, ErrorCode, Result};
use crate::key::{KeyPair, SEED_LENGTH};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;
use zeroize::Zeroizing;

/// Reads a key. A link to a file is followed.
pub fn load(path: &Path, allow_insecure_permissions: bool) -> Result<KeyPair> {
    let file = match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            return Err(Error::new(ErrorCode::KeyNotAFile, format!("{} is not a regular file", path.display())));
        }
        Ok(_) => durable::open_unchecked(path).map_err(|error| key_error("cannot open", path, &error))?,
        Err(error) => return Err(key_error("cannot open", path, &error)),
    };
    check_permissions(&file, path, allow_insecure_permissions)?;
    read_seed(file, path).map(|seed| KeyPair::from_seed(&seed))
}

/// Writes a key to a new file, 0600, with missing folders. An existing file is never replaced.
pub fn save(key: &KeyPair, path: &Path) -> Result<()> {
    if install(key, path)? {
        Ok(())
    } else {
        Err(Error::new(ErrorCode::KeyExists, format!("{} exists and is not replaced", path.display())))
    }
}

/// Reads a key, or makes one when there is none. Tells whether it made one.
pub fn load_or_create(path: &Path, create: bool, allow_insecure_permissions: bool) -> Result<(KeyPair, bool)> {
    match load(path, allow_insecure_permissions) {
        Err(error) if error.code == ErrorCode::KeyNotFound && create => {}
        loaded => return loaded.map(|key| (key, false)),
    }
    let key = KeyPair::generate()?;
    if install(&key, path)? {
        return Ok((key, true));
    }
    // Another process was faster: its key is the one in the file.
    load(path, allow_insecure_permissions).map(|key| (key, false))
}

fn install(key: &KeyPair, path: &Path) -> Result<bool> {
    if path.file_name().is_none() {
        return Err(Error::new(ErrorCode::KeyNotAFile, format!("{} names no file", path.display())));
    }
    let target = fs::symlink_metadata(path);
    if target.is_ok_and(|metadata| metadata.is_symlink()) && fs::metadata(path).is_err() {
        let message = format!("{} is a link to nothing: a key is not written through it", path.display());
        return Err(Error::new(ErrorCode::KeyNotFound, message));
    }
    durable::create_folders_above(path)
        .and_then(|()| durable::install(path, key.seed().as_ref()))
        .map_err(|error| Error::io(ErrorCode::KeyIo, format!("cannot write {}", path.display()), &error))
}

fn read_seed(mut file: File, path: &Path) -> Result<Zeroizing<[u8; SEED_LENGTH]>> {
    // One byte more than a key has, to notice a longer file.
    let mut bytes = Zeroizing::new([0; SEED_LENGTH + 1]);
    let mut length = 0_usize;
    while let Some(rest) = bytes.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(count) => length = length.saturating_add(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(key_error("cannot read", path, &error)),
        }
    }
    match (length, bytes.first_chunk()) {
        (SEED_LENGTH, Some(seed)) => Ok(Zeroizing::new(*seed)),
        _ => {
            let found = if length > SEED_LENGTH { "more".to_owned() } else { length.to_string() };
            let message = format!("{} holds no key: expected exactly 32 raw bytes, found {found}", path.display());
            Err(Error::new(ErrorCode::KeyLength, message))
        }
    }
}

/// Looks at the open file, so that nobody can put another one in its place meanwhile.
#[cfg(unix)]
fn check_permissions(file: &File, path: &Path, allow_insecure: bool) -> Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = file.metadata().map_err(|error| key_error("cannot look at", path, &error))?;
    let mode = metadata.mode() & 0o777;
    let owner = metadata.uid();
    let user = rustix::process::geteuid().as_raw();
    if allow_insecure || (mode & 0o077 == 0 && (owner == user || owner == 0)) {
        return Ok(());
    }
    let why = if mode & 0o077 != 0 {
        format!(
            "its mode is {mode:04o}, and only 0600 or less keeps it private (Kubernetes: a volume with fsGroup makes secrets group-readable; use defaultMode 0400 without fsGroup)"
        )
    } else {
        format!("it belongs to user {owner}, this process runs as {user}")
    };
    Err(Error::new(ErrorCode::KeyPermissions, format!("the key {} is refused: {why}", path.display())))
}

#[cfg(not(unix))]
fn check_permissions(_file: &File, _path: &Path, _allow_insecure: bool) -> Result<()> {
    Ok(())
}

fn key_error(doing: &str, path: &Path, error: &io::Error) -> Error {
    let code = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ErrorCode::KeyNotFound,
        _ => ErrorCode::KeyIo,
    };
    Error::io(code, format!("{doing} {}", path.display()), error)
}
