//! A folder of files that are made together, for any program to serve: as readable as the umask lets them be, and whole once
//! the last of them is there.

use super::{folder_of, options, sync_folder_of, temporary_name, without};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A folder that is being filled. Dropped before it is published, it leaves what it found.
#[derive(Debug)]
pub(crate) struct ServedFolder {
    path: PathBuf,
    /// Holds all of its files but the last.
    inner: PathBuf,
    /// It was not there before.
    is_new: bool,
    is_published: bool,
}

impl ServedFolder {
    /// Takes a folder that is not there, or that is empty; of two who want it at once one gets it. It fails with
    /// [`io::ErrorKind::DirectoryNotEmpty`], [`io::ErrorKind::NotADirectory`], or as the system does.
    ///
    /// `mkdir(folder)`, `mkdir(folder/inner)`
    pub(crate) fn create(path: &Path, inner: &str) -> io::Result<Self> {
        let is_new = match fs::create_dir(path) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(error),
        };
        if fs::read_dir(path)?.next().is_some() {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        let inner = path.join(inner);
        fs::create_dir(&inner).map_err(|error| {
            if is_new {
                // Not that of somebody who came first: then it is not empty.
                let _ = fs::remove_dir(path);
            }
            match error.kind() {
                io::ErrorKind::AlreadyExists => io::ErrorKind::DirectoryNotEmpty.into(),
                _ => error,
            }
        })?;
        Ok(Self { path: path.to_owned(), inner, is_new, is_published: false })
    }

    /// Puts a new file below the inner folder.
    ///
    /// `mkdir` for each missing folder, `openat(O_CREAT|O_EXCL)`, `write`. Where no call syncs all files later, as Linux has
    /// one: `fsync(file)`, `fsync(folder)` for each folder up to this one.
    pub(crate) fn put(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(folder_of(path))?;
        let mut file = new_file(path)?;
        file.write_all(bytes)?;
        if cfg!(not(target_os = "linux")) {
            file.sync_all()?;
            path.ancestors().take_while(|below| *below != self.path).try_for_each(sync_folder_of)?;
        }
        Ok(())
    }

    /// Puts the last file into the folder itself: whoever finds it finds all others, after a power failure too.
    ///
    /// `syncfs(folder)` on Linux; `openat(temporary, O_CREAT|O_EXCL)`, `write`, `fsync(file)`, `rename(temporary, name)`,
    /// `fsync(folder)`, and of the one that a new folder is in
    pub(crate) fn publish(mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        rustix::fs::syncfs(File::open(&self.path)?)?;
        let path = self.path.join(name);
        let temporary = temporary_name(&path)?;
        let mut file = new_file(&temporary)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        written.and_then(|()| fs::rename(&temporary, &path)).map_err(|error| without(&temporary, error))?;
        let above = if self.is_new { sync_folder_of(&self.path) } else { Ok(()) };
        above.and_then(|()| sync_folder_of(&path)).map_err(|error| without(&path, error))?;
        self.is_published = true;
        Ok(())
    }
}

impl Drop for ServedFolder {
    fn drop(&mut self) {
        if !self.is_published {
            // What cannot be removed is a folder without its last file, which nobody takes for whole.
            let _ = fs::remove_dir_all(&self.inner);
            if self.is_new {
                let _ = fs::remove_dir(&self.path);
            }
        }
    }
}

/// Creates a file that did not exist, not through a link.
fn new_file(path: &Path) -> io::Result<File> {
    let mut options = options(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o666);
    options.write(true).create_new(true).open(path)
}
