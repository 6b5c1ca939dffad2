//! The folder of a ledger: which files there belong to it, and how a full one gives way to the next.

use super::{LedgerFile, file_id, folder_of, ledger_error, new_file, not_a_file, options, read_at, without};
use crate::chain::SeqRange;
use crate::error::{Error, ErrorCode, Result};
use crate::segments::{Names, Role, index_of};
use crate::storage::{FileId, SealedName, Shelf, Source, Storage};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The files of a ledger, by their names.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// By their first seq, then their last.
    pub(crate) sealed: Vec<SealedFile>,
    /// The active file is there.
    pub(crate) active: bool,
    /// Other files with the ledger's extension, in the order of their names.
    pub(crate) foreign: Vec<PathBuf>,
}

impl Listing {
    /// The first sealed segment.
    pub(crate) fn beginning(&self) -> Option<SeqRange> {
        self.sealed.first().map(|sealed| sealed.range)
    }
}

/// A sealed segment.
#[derive(Debug, Clone)]
pub(crate) struct SealedFile {
    /// What its name says.
    pub(crate) range: SeqRange,
    pub(crate) path: PathBuf,
    pub(crate) id: FileId,
    pub(crate) length: u64,
}

/// A tail that is kept beside a ledger.
#[derive(Debug, Clone)]
pub(crate) struct TailFile {
    pub(crate) path: PathBuf,
    /// Where its bytes were in the ledger.
    pub(crate) offset: u64,
    pub(crate) bytes: u64,
}

/// Lists the files of a ledger; no file, if its folder is missing. What has the name of a segment and is no regular file,
/// or has nearly such a name, is refused: [`ErrorCode::SegmentRefused`].
pub(crate) fn list(names: &Names) -> Result<Listing> {
    let folder = folder_of(names.active());
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Listing::default()),
        opened => opened.map_err(|error| ledger_error("cannot list", folder, &error))?,
    };
    let mut listing = Listing::default();
    for entry in entries {
        let entry = entry.map_err(|error| ledger_error("cannot list", folder, &error))?;
        let path = names.active().with_file_name(entry.file_name());
        match entry.file_name().to_str().map_or(Role::Foreign, |name| names.role(name)) {
            Role::Active => listing.active = true,
            Role::Companion => {}
            Role::Misnamed(why) => return Err(refused(&path, why)),
            Role::Sealed(range) => {
                let metadata = match fs::symlink_metadata(&path) {
                    // Pruned meanwhile.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    looked => looked.map_err(|error| ledger_error("cannot look at", &path, &error))?,
                };
                if !metadata.is_file() {
                    return Err(refused(&path, "it is not a regular file"));
                }
                let id = file_id(&metadata, &path);
                listing.sealed.push(SealedFile { range, path, id, length: metadata.len() });
            }
            Role::Foreign if path.extension() == names.active().extension() => listing.foreign.push(path),
            Role::Foreign => {}
        }
    }
    listing.sealed.sort_by_key(|file| file.range);
    listing.foreign.sort();
    Ok(listing)
}

/// The tails that [`Storage::quarantine`] has kept beside a ledger, by their offset: regular files named
/// `<ledger>.torn-<offset>-<number>`. A name that is only like that is passed over.
pub(crate) fn kept_tails(active: &Path) -> Result<Vec<TailFile>> {
    let folder = folder_of(active);
    let name = active.file_name().unwrap_or_default().as_encoded_bytes();
    let entries = fs::read_dir(folder).map_err(|error| ledger_error("cannot list", folder, &error))?;
    let mut tails = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| ledger_error("cannot list", folder, &error))?;
        let Some(numbers) = entry.file_name().as_encoded_bytes().strip_prefix(name).and_then(torn_numbers) else {
            continue;
        };
        let path = active.with_file_name(entry.file_name());
        let metadata = fs::symlink_metadata(&path).map_err(|error| ledger_error("cannot look at", &path, &error))?;
        if metadata.is_file() {
            tails.push((numbers, TailFile { path, offset: numbers.0, bytes: metadata.len() }));
        }
    }
    tails.sort_by_key(|(numbers, _)| *numbers);
    Ok(tails.into_iter().map(|(_, tail)| tail).collect())
}

/// Removes tails that are kept beside a ledger.
///
/// `unlink(tail)` each, `fsync(folder)`
pub(crate) fn remove_tails(active: &LedgerFile, tails: &[TailFile]) -> io::Result<()> {
    tails.iter().try_for_each(|tail| fs::remove_file(&tail.path))?;
    if tails.is_empty() { Ok(()) } else { active.sync_folder() }
}

/// Offset and number behind the ledger's name, if they are written as [`Storage::quarantine`] writes them.
fn torn_numbers(behind: &[u8]) -> Option<(u64, u32)> {
    let behind = std::str::from_utf8(behind).ok()?;
    let (offset, number) = behind.strip_prefix(".torn-")?.split_once('-')?;
    let numbers = (offset.parse().ok()?, number.parse().ok()?);
    (behind == format!(".torn-{}-{}", numbers.0, numbers.1)).then_some(numbers)
}

/// The names in a folder, in their order; of those that are no text none.
pub(crate) fn names_in(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).map_err(|error| ledger_error("cannot list", folder, &error))?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| ledger_error("cannot list", folder, &error))?;
        names.extend(entry.file_name().into_string().ok());
    }
    names.sort();
    Ok(names)
}

/// Opens a sealed segment to read it: never through a link.
pub(crate) fn open_sealed(path: &Path) -> Result<SealedSource> {
    let file = options(true).read(true).open(path).map_err(|error| ledger_error("cannot open", path, &error))?;
    let metadata = file.metadata().map_err(|error| ledger_error("cannot look at", path, &error))?;
    if !metadata.is_file() {
        return Err(not_a_file(path));
    }
    Ok(SealedSource(file))
}

/// A file of a ledger, open to read.
#[derive(Debug)]
pub(crate) struct SealedSource(File);

impl Source for SealedSource {
    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        read_at(&self.0, offset, buffer)
    }
}

impl LedgerFile {
    fn names(&self) -> io::Result<&Names> {
        self.names.as_ref().ok_or_else(|| io::ErrorKind::InvalidFilename.into())
    }

    /// Locks a new active file for whoever holds this one.
    fn hand_lock_to(&self, mut next: Self) -> io::Result<Self> {
        #[cfg(windows)]
        {
            next.sidecar = self.sidecar.clone();
            Ok(next)
        }
        #[cfg(not(windows))]
        if crate::storage::Lockable::try_lock(&mut next)? { Ok(next) } else { Err(io::ErrorKind::WouldBlock.into()) }
    }

    fn is_same(&self, sealed: &SealedFile) -> io::Result<bool> {
        #[cfg(unix)]
        return Ok(sealed.id == self.id);
        // Two names of one file cannot be told from two equal files, nor need they be.
        #[cfg(not(unix))]
        return Ok(
            fs::metadata(&sealed.path)?.len() == self.length()? && fs::read(&sealed.path)? == fs::read(&self.path)?
        );
    }
}

impl Shelf for LedgerFile {
    fn sealed(&self) -> Result<Vec<SealedName>> {
        let Some(names) = &self.names else { return Ok(Vec::new()) };
        let name_of = |sealed: &SealedFile| {
            let is_active =
                self.is_same(sealed).map_err(|error| ledger_error("cannot look at", &sealed.path, &error))?;
            Ok(SealedName { range: sealed.range, is_active })
        };
        list(names)?.sealed.iter().map(name_of).collect()
    }

    fn open_sealed(&self, range: SeqRange) -> Result<Box<dyn Source>> {
        let names = self.names().map_err(|error| ledger_error("cannot name the segments of", &self.path, &error))?;
        Ok(Box::new(open_sealed(&names.sealed(range))?))
    }

    fn open_active(&self) -> Result<Box<dyn Source>> {
        let file = self.file.try_clone().map_err(|error| ledger_error("cannot open", &self.path, &error))?;
        Ok(Box::new(SealedSource(file)))
    }

    /// `unlink(next)`, `openat(next, O_CREAT|O_EXCL)`, `fsync(next)`, `flock(next)`
    fn prepare(&self) -> io::Result<Box<dyn Storage>> {
        let next = self.names()?.next();
        match fs::remove_file(&next) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = new_file(&next)?;
        file.sync_all().map_err(|error| without(&next, error))?;
        // It is at that path before anyone asks.
        let opened = Self::from_opened(file, &self.path).map_err(|error| without(&next, io::Error::other(error)))?;
        Ok(Box::new(self.hand_lock_to(opened).map_err(|error| without(&next, error))?))
    }

    fn discard(&self) -> io::Result<()> {
        fs::remove_file(self.names()?.next())
    }

    fn link(&self, range: SeqRange) -> io::Result<()> {
        fs::hard_link(&self.path, self.names()?.sealed(range))
    }

    fn unlink(&self, range: SeqRange) -> io::Result<()> {
        let sealed = self.names()?.sealed(range);
        // What it says of the events must not outlive them. Most often there is none.
        let _ = fs::remove_file(index_of(&sealed));
        fs::remove_file(sealed)
    }

    fn replace(&self) -> io::Result<()> {
        fs::rename(self.names()?.next(), &self.path)
    }

    fn protect(&self, range: SeqRange) -> io::Result<()> {
        let path = self.names()?.sealed(range);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(path, fs::Permissions::from_mode(0o400))?;
        }
        #[cfg(not(unix))]
        {
            let mut permissions = fs::metadata(&path)?.permissions();
            permissions.set_readonly(true);
            fs::set_permissions(path, permissions)?;
        }
        Ok(())
    }
}

pub(crate) fn refused(path: &Path, why: &str) -> Error {
    Error::new(ErrorCode::SegmentRefused, format!("{} is not taken for a segment: {why}", path.display()))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> (tempfile::TempDir, Names) {
        let folder = tempfile::tempdir().unwrap();
        files.iter().for_each(|name| fs::write(folder.path().join(name), "").unwrap());
        let names = Names::of(&folder.path().join("ledger.ndjson")).unwrap();
        (folder, names)
    }

    #[test]
    fn segments_come_in_the_order_of_their_numbers() {
        let (_folder, names) = folder(&[
            "ledger.1000-1999.ndjson",
            "ledger.0-9.ndjson",
            "ledger.10-999.ndjson",
            "ledger.ndjson",
            "ledger.ndjson.next",
            "ledger.ndjson.torn-5-0",
            "other.ndjson",
            "heads.json",
        ]);
        let listing = list(&names).unwrap();
        let ranges: Vec<_> = listing.sealed.iter().map(|file| (file.range.from, file.range.to)).collect();
        assert_eq!(ranges, [(0, 9), (10, 999), (1000, 1999)]);
        assert!(listing.active);
        assert_eq!(listing.foreign, [names.active().with_file_name("other.ndjson")]);
        let elsewhere = Names::of(Path::new("/nowhere/at/all.ndjson")).unwrap();
        assert!(list(&elsewhere).unwrap().sealed.is_empty());
    }

    #[test]
    fn links_and_tricks_are_refused() {
        for make in [
            |folder: &Path| std::os::unix::fs::symlink("ledger.ndjson", folder.join("ledger.0-9.ndjson")).unwrap(),
            |folder: &Path| fs::create_dir(folder.join("ledger.0-9.ndjson")).unwrap(),
            |folder: &Path| fs::write(folder.join("ledger.00-9.ndjson"), "").unwrap(),
            |folder: &Path| fs::write(folder.join("LEDGER.0-9.ndjson"), "").unwrap(),
        ] {
            let (folder, names) = folder(&["ledger.ndjson"]);
            make(folder.path());
            assert_eq!(list(&names).unwrap_err().code, ErrorCode::SegmentRefused);
        }
    }
}
