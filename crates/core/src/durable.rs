//! Files that survive a power failure. Nothing else in this crate opens, creates, syncs or renames one: here ledgers that
//! are written, and small files that are put in place whole; in `copy` ledgers that are copied; in `served` folders that are
//! published.
//!
//! What each system promises: on Linux `sync` is `fdatasync`, which also makes a grown length durable, and a folder is
//! synced through its own descriptor. On macOS the standard library uses `F_FULLFSYNC`. Windows has no way to sync a
//! folder; NTFS journals names. Network file systems promise what their server does.

mod copy;
mod folder;
mod read;
mod served;

pub(crate) use copy::{Draft, SourceFile};
pub(crate) use folder::{Listing, SealedFile, TailFile, kept_tails, list, names_in, refused, remove_tails};
pub(crate) use read::{FoundFile, ReadFile, read_small};
pub(crate) use served::ServedFolder;

use crate::error::{Error, ErrorCode, Result};
use crate::hash::encode_hex;
use crate::segments::Names;
use crate::storage::{FileId, Lockable, Shelf, Source, Storage};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Opens a ledger to read it: a regular file, and how long it is now. A FIFO or device is refused without waiting.
pub(crate) fn open_to_read(path: &Path) -> Result<(File, u64)> {
    refuse_other_types(path)?;
    let file = options(false).read(true).open(path).map_err(|error| ledger_error("cannot open", path, &error))?;
    let metadata = file.metadata().map_err(|error| ledger_error("cannot look at", path, &error))?;
    if !metadata.is_file() {
        return Err(not_a_file(path));
    }
    Ok((file, metadata.len()))
}

/// A ledger file open for writing, not locked yet.
#[derive(Debug)]
pub(crate) struct LedgerFile {
    file: File,
    path: PathBuf,
    /// Those of the ledger's other files.
    names: Option<Names>,
    id: FileId,
    #[cfg(not(windows))]
    locked: bool,
    /// Opened with the file, so that a folder that cannot be synced is refused when opening and not when recording.
    #[cfg(unix)]
    folder: File,
    /// Where locking the file itself would keep readers out, the lock is on a file beside it, whichever file is active.
    #[cfg(windows)]
    sidecar: Option<std::sync::Arc<Sidecar>>,
}

impl LedgerFile {
    /// Opens an existing ledger at a resolved path.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        refuse_other_types(path)?;
        let opened = options(true).read(true).write(true).open(path);
        Self::from_opened(opened.map_err(|error| ledger_error("cannot open", path, &error))?, path)
    }

    /// Creates an empty ledger, 0600, its name durable; none when the path is taken. Missing folders are made, 0700,
    /// and each is synced too.
    ///
    /// `mkdir`, `fsync(folder)` per folder; `openat(O_CREAT|O_EXCL)`; `fsync(folder)`
    pub(crate) fn create(path: &Path) -> Result<Option<Self>> {
        let file = match new_file(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            Err(error) => return Err(ledger_error("cannot create", path, &error)),
        };
        sync_folder_of(path).map_err(|error| ledger_error("cannot sync the folder of", path, &error))?;
        Self::from_opened(file, path).map(Some)
    }

    fn from_opened(file: File, path: &Path) -> Result<Self> {
        let metadata = file.metadata().map_err(|error| ledger_error("cannot look at", path, &error))?;
        if !metadata.is_file() {
            return Err(not_a_file(path));
        }
        let id = file_id(&metadata, path);
        Ok(Self {
            file,
            path: path.to_owned(),
            names: Names::of(path),
            id,
            #[cfg(not(windows))]
            locked: false,
            #[cfg(unix)]
            folder: File::open(folder_of(path))
                .map_err(|error| ledger_error("cannot open the folder of", path, &error))?,
            #[cfg(windows)]
            sidecar: None,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes all of it durable, the name included, and readable by its owner only. Not changed where files have no modes.
    ///
    /// `fchmod(0600)` if others have access, `fsync(file)`, `fsync(folder)`
    pub(crate) fn settle(&self) -> io::Result<()> {
        narrow(&self.file)?;
        self.file.sync_all()?;
        self.sync_folder()
    }

    /// Whether someone else holds the lock. To know it the lock is shared for a moment, so that those who only look do
    /// not meet each other.
    pub(crate) fn is_locked(&self) -> io::Result<bool> {
        #[cfg(windows)]
        let target = &match File::open(self.sidecar_name()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            opened => opened?,
        };
        #[cfg(not(windows))]
        let target = &self.file;
        match target.try_lock_shared() {
            Ok(()) => target.unlock().map(|()| false),
            Err(fs::TryLockError::WouldBlock) => Ok(true),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }

    #[cfg(windows)]
    fn sidecar_name(&self) -> OsString {
        let mut name = self.path.clone().into_os_string();
        name.push(".lock");
        name
    }
}

/// Unlocks at once: a child process between `fork` and `exec` has the descriptor too, and with it the lock.
#[cfg(not(windows))]
impl Drop for LedgerFile {
    fn drop(&mut self) {
        if self.locked {
            // Closing it would do the same a little later.
            let _ = self.file.unlock();
        }
    }
}

/// A file that is locked.
#[cfg(windows)]
#[derive(Debug)]
struct Sidecar(File);

#[cfg(windows)]
impl Drop for Sidecar {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

impl Lockable for LedgerFile {
    /// Locks the ledger against other processes, and other descriptors of this one, until it is closed. False when
    /// someone else holds the lock. The system releases it when the process dies; a child does not inherit it.
    fn try_lock(&mut self) -> io::Result<bool> {
        #[cfg(windows)]
        let target =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(self.sidecar_name())?;
        #[cfg(not(windows))]
        let target = &self.file;
        match target.try_lock() {
            Ok(()) => {
                #[cfg(windows)]
                {
                    self.sidecar = Some(std::sync::Arc::new(Sidecar(target)));
                }
                #[cfg(not(windows))]
                {
                    self.locked = true;
                }
                Ok(true)
            }
            Err(fs::TryLockError::WouldBlock) => Ok(false),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }
}

impl Source for LedgerFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        read_at(&self.file, offset, buffer)
    }
}

impl Storage for LedgerFile {
    fn id(&self) -> FileId {
        self.id.clone()
    }

    fn is_linked(&self) -> io::Result<bool> {
        match fs::metadata(&self.path) {
            Ok(metadata) => Ok(file_id(&metadata, &self.path) == self.id),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(false),
            Err(error) => Err(error),
        }
    }

    // The descriptor is not `O_APPEND`: on Linux `pwrite` would then append whatever its offset.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::write_at(&self.file, bytes, offset);
        #[cfg(windows)]
        return std::os::windows::fs::FileExt::seek_write(&self.file, bytes, offset);
        #[cfg(not(any(unix, windows)))]
        no_files(offset, bytes)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn sync_folder(&self) -> io::Result<()> {
        #[cfg(unix)]
        self.folder.sync_all()?;
        Ok(())
    }

    /// `openat(O_CREAT|O_EXCL|O_NOFOLLOW)`, `write`, `fsync(file)`, `fsync(folder)`. [`kept_tails`] finds it by its name.
    fn quarantine(&self, offset: u64, bytes: &[u8]) -> io::Result<PathBuf> {
        for number in 0_u32.. {
            let mut name = self.path.clone().into_os_string();
            name.push(format!(".torn-{offset}-{number}"));
            match new_file(Path::new(&name)) {
                Ok(mut file) => {
                    let name = PathBuf::from(name);
                    let written = file.write_all(bytes).and_then(|()| file.sync_all());
                    written.map_err(|error| without(&name, error))?;
                    self.sync_folder()?;
                    return Ok(name);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    fn shelf(&self) -> Option<&dyn Shelf> {
        self.names.as_ref().map(|_| self as &dyn Shelf)
    }
}

fn read_at(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_at(file, buffer, offset);
    #[cfg(windows)]
    return std::os::windows::fs::FileExt::seek_read(file, buffer, offset);
    #[cfg(not(any(unix, windows)))]
    no_files(offset, (file, buffer))
}

/// WebAssembly has no files: none can be opened, and what is read there is given.
#[cfg(not(any(unix, windows)))]
fn no_files<T>(_offset: u64, _rest: T) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A ledger's path with every link resolved, also when its last parts do not exist yet. A dangling link is refused.
pub(crate) fn resolve(path: &Path) -> Result<PathBuf> {
    resolve_links(path).map_err(|error| ledger_error("cannot resolve", path, &error))
}

/// A path with every link resolved, also when its last parts do not exist yet. A dangling link is not found.
pub(crate) fn resolve_links(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            match fs::symlink_metadata(path) {
                Ok(metadata) if metadata.is_symlink() => {
                    return Err(io::Error::new(io::ErrorKind::NotFound, "a link to nothing"));
                }
                // Someone made it meanwhile.
                Ok(_) => return fs::canonicalize(path),
                Err(_) => {}
            }
            let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
            Ok(resolve_links(folder_of(path))?.join(name))
        }
        resolved => resolved,
    }
}

/// Makes the missing folders above a path, 0700 each, and syncs the folder that holds each.
pub fn create_folders_above(path: &Path) -> io::Result<()> {
    create_folder(folder_of(path))
}

fn create_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    create_folder(folder_of(folder))?;
    match private_folder_builder().create(folder) {
        Ok(()) => set_owner_may_enter(folder)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    sync_folder_of(folder)
}

/// Puts a new file in place, 0600, whole or not at all, and durable. False when the path is taken.
///
/// `openat(temporary, O_CREAT|O_EXCL)`, `write`, `fsync(file)`, `link(temporary, path)`, `unlink(temporary)`,
/// `fsync(folder)`. Where there are no hard links the file is created at its final name: a crash may leave it short,
/// so its readers check the length.
pub(crate) fn install(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let temporary = temporary_name(path)?;
    write_new(&temporary, bytes)?;
    let linked = fs::hard_link(&temporary, path);
    let removed = fs::remove_file(&temporary);
    let installed = match linked {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
        Err(_) => match write_new(path, bytes) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(error),
        },
    };
    removed?;
    sync_folder_of(path)?;
    Ok(installed)
}

/// Replaces a file, 0600, so that at any moment the old or the new one is there.
///
/// `openat(temporary, O_CREAT|O_EXCL)`, `write`, `fsync(file)`, `rename(temporary, path)`, `fsync(folder)`
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = temporary_name(path)?;
    write_new(&temporary, bytes)?;
    fs::rename(&temporary, path).map_err(|error| without(&temporary, error))?;
    sync_folder_of(path)
}

/// Replaces a file, 0600, without a sync: for what can be made anew and is checked when it is used.
///
/// `openat(temporary, O_CREAT|O_EXCL)`, `write`, `rename(temporary, path)`
pub(crate) fn put_unsynced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = temporary_name(path)?;
    let written = new_file(&temporary).and_then(|mut file| file.write_all(bytes));
    written.and_then(|()| fs::rename(&temporary, path)).map_err(|error| without(&temporary, error))
}

/// Puts a file in the place of another one, and overwrites that with zeros.
///
/// `openat(path)`, `rename(next, path)`, `fsync(folder)`, `write(zeros)`, `fsync`
pub(crate) fn supersede(next: &Path, path: &Path) -> io::Result<()> {
    let mut old = options(true).write(true).open(path)?;
    let length = usize::try_from(old.metadata()?.len()).unwrap_or(usize::MAX);
    fs::rename(next, path)?;
    sync_folder_of(path)?;
    old.write_all(&vec![0; length])?;
    old.sync_all()
}

/// How long it takes to make 4 KiB of a new file durable. The file is removed again.
///
/// `openat(temporary, O_CREAT|O_EXCL)`, `write`, `fdatasync(file)`, `unlink(temporary)`
pub(crate) fn time_sync(folder: &Path) -> io::Result<Duration> {
    let temporary = temporary_name(&folder.join("sync-probe"))?;
    let mut file = new_file(&temporary)?;
    let started = Instant::now();
    let synced = file.write_all(&[0; 4096]).and_then(|()| file.sync_data());
    let time = started.elapsed();
    synced.map_err(|error| without(&temporary, error))?;
    fs::remove_file(&temporary)?;
    Ok(time)
}

/// Opens a file beside another one, 0600, for locking only.
pub fn open_lock_file(path: &Path) -> io::Result<File> {
    options(true).read(true).write(true).create(true).truncate(false).open(path)
}

/// Locks a file that is there for locking only, and its folders, made where missing. Until the file is dropped, others who
/// lock it wait. While another has it, `go_on` says after how long a wait to give up: none then.
pub(crate) fn lock_beside(path: &Path, go_on: impl Fn(Duration) -> bool) -> io::Result<Option<File>> {
    create_folders_above(path)?;
    let file = open_lock_file(path)?;
    let started = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(fs::TryLockError::Error(error)) => return Err(error),
            Err(fs::TryLockError::WouldBlock) if go_on(started.elapsed()) => {
                std::thread::sleep(Duration::from_millis(2));
            }
            Err(fs::TryLockError::WouldBlock) => return Ok(None),
        }
    }
}

/// Opens a file that should be regular to read it, whatever it is: the caller looks at its metadata.
pub(crate) fn open_unchecked(path: &Path) -> io::Result<File> {
    options(false).read(true).open(path)
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = new_file(path)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|error| without(path, error))
}

/// After a failure the file is removed: half a copy is of no use, and may hold a secret. The failure is what is told.
fn without(path: &Path, error: io::Error) -> io::Error {
    let _ = fs::remove_file(path);
    error
}

/// Creates a file that did not exist, not through a link.
fn new_file(path: &Path) -> io::Result<File> {
    let file = options(true).read(true).write(true).create_new(true).open(path)?;
    set_private(&file)?;
    Ok(file)
}

/// Narrower than 0600 is possible under a strict umask; then the owner could not read what it wrote.
#[cfg(unix)]
fn set_private(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    // Some file systems have no modes to set.
    if file.metadata()?.permissions().mode() & 0o777 == 0o600 {
        return Ok(());
    }
    file.set_permissions(fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn set_private(_file: &File) -> io::Result<()> {
    Ok(())
}

/// Takes access from group and others.
#[cfg(unix)]
fn narrow(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    if file.metadata()?.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    set_private(file)
}

#[cfg(not(unix))]
fn narrow(_file: &File) -> io::Result<()> {
    Ok(())
}

/// Makes folders that only their owner may enter.
#[cfg(unix)]
fn private_folder_builder() -> fs::DirBuilder {
    let mut builder = fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// A strict umask can leave a folder that not even its owner may enter.
#[cfg(unix)]
fn set_owner_may_enter(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    if fs::metadata(folder)?.permissions().mode() & 0o700 == 0o700 {
        return Ok(());
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn set_owner_may_enter(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn private_folder_builder() -> fs::DirBuilder {
    fs::DirBuilder::new()
}

/// `O_NONBLOCK`: opening a FIFO must not wait for its other end. `O_NOFOLLOW`, where a file is written: the path was
/// resolved, or must not be a link. `O_CLOEXEC` is the standard library's default.
#[cfg(unix)]
fn options(to_write: bool) -> OpenOptions {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = if to_write { OFlags::NONBLOCK | OFlags::NOFOLLOW } else { OFlags::NONBLOCK };
    let mut options = OpenOptions::new();
    options.custom_flags(flags.bits().cast_signed()).mode(0o600);
    options
}

#[cfg(not(unix))]
fn options(_to_write: bool) -> OpenOptions {
    OpenOptions::new()
}

fn temporary_name(path: &Path) -> io::Result<PathBuf> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", encode_hex(&random)));
    Ok(folder_of(path).join(name))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// `open(folder)`, `fsync`
#[cfg(unix)]
fn sync_folder_of(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder_of(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn file_id(metadata: &fs::Metadata, _path: &Path) -> FileId {
    use std::os::unix::fs::MetadataExt as _;
    FileId((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn file_id(_metadata: &fs::Metadata, path: &Path) -> FileId {
    FileId(path.to_owned())
}

/// Looks before opening: opening a device can have effects of its own.
fn refuse_other_types(path: &Path) -> Result<()> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(()),
        Ok(_) => Err(not_a_file(path)),
        Err(error) => Err(ledger_error("cannot look at", path, &error)),
    }
}

fn not_a_file(path: &Path) -> Error {
    Error::new(ErrorCode::LedgerNotAFile, format!("{} is not a regular file", path.display()))
}

fn ledger_error(doing: &str, path: &Path, error: &io::Error) -> Error {
    let code = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ErrorCode::LedgerNotFound,
        io::ErrorKind::IsADirectory => ErrorCode::LedgerNotAFile,
        _ => ErrorCode::LedgerIo,
    };
    Error::io(code, format!("{doing} {}", path.display()), error)
}
