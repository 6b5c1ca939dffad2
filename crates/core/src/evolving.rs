//! A key file whose key changes with every segment of a ledger, so that who steals today's cannot forge last month.
//!
//! ```text
//! write(<key>.next), fsync, fsync(folder)       the next key, before anything is handed over to it
//! KeyRotated in the ledger, sealed by <key>     durable, see `handover`
//! rename(<key>.next, <key>), fsync(folder)
//! write(zeros) to what had the name before, fsync
//! ```
//!
//! A crash behind the second line leaves a ledger that is handed over and a key file that is not yet; one before it a next
//! key that was never used. Opening the ledger tells which, and completes or undoes it. Overwriting keeps the old key from
//! being read off the disk as far as file system and disk write in place; many do not.
//!
//! The file belongs to one ledger: another one that is signed with the same key could not be continued.

use crate::durable;
use crate::error::{Error, ErrorCode, Result};
use crate::key::{KeyPair, PublicKey};
use crate::keyfile;
use crate::sync::{Mutex, lock};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// See the module.
#[derive(Debug)]
pub struct EvolvingKey {
    /// Every link resolved.
    path: PathBuf,
    allow_insecure_permissions: bool,
    holder: Mutex<Holder>,
}

#[derive(Debug)]
struct Holder {
    /// In force.
    pair: Arc<KeyPair>,
    /// The file holds it, and not only the one beside it.
    is_in_place: bool,
}

impl EvolvingKey {
    /// Reads the key in a file, or makes one there, as [`keyfile::load_or_create`] does.
    pub fn open(path: &Path, allow_insecure_permissions: bool) -> Result<Self> {
        let (pair, _) = keyfile::load_or_create(path, true, allow_insecure_permissions)?;
        let path = durable::resolve_links(path).map_err(|error| failed("cannot resolve", path, &error))?;
        let holder = Mutex::new(Holder { pair: Arc::new(pair), is_in_place: true });
        Ok(Self { path, allow_insecure_permissions, holder })
    }

    /// Where it is, with every link resolved.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The key in force.
    pub(crate) fn pair(&self) -> Arc<KeyPair> {
        Arc::clone(&lock(&self.holder).pair)
    }

    /// Completes or undoes what a crash left, by the key that a ledger says is in force. Its caller holds the ledger.
    pub(crate) fn settle(&self, in_force: Option<PublicKey>) -> Result<()> {
        let now = keyfile::load(&self.path, self.allow_insecure_permissions)?;
        let next = match keyfile::load(&self.next(), false) {
            Err(error) if error.code == ErrorCode::KeyNotFound => None,
            loaded => Some(loaded?),
        };
        let is_in_force = |key: &KeyPair| in_force == Some(key.public());
        match next.filter(|_| !is_in_force(&now)) {
            Some(next) if is_in_force(&next) => self.commit(Arc::new(next))?,
            _ => *lock(&self.holder) = Holder { pair: Arc::new(now), is_in_place: true },
        }
        Ok(())
    }

    /// Makes the next key, and makes it durable beside the one in force.
    pub(crate) fn prepare(&self) -> Result<Arc<KeyPair>> {
        let next = self.next();
        // Nothing else holds the key in force if it did not get to its place.
        self.put_in_place()?;
        match fs::remove_file(&next) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed("cannot replace", &next, &error));
            }
            _ => {}
        }
        let pair = KeyPair::generate()?;
        keyfile::save(&pair, &next)?;
        Ok(Arc::new(pair))
    }

    /// A ledger was handed over to the key that [`EvolvingKey::prepare`] made: that one takes the file, and the one before
    /// is gone. After a failure the next [`EvolvingKey::prepare`] or opening does it.
    pub(crate) fn commit(&self, pair: Arc<KeyPair>) -> Result<()> {
        *lock(&self.holder) = Holder { pair, is_in_place: false };
        self.put_in_place()
    }

    fn put_in_place(&self) -> Result<()> {
        let mut holder = lock(&self.holder);
        if !holder.is_in_place {
            durable::supersede(&self.next(), &self.path)
                .map_err(|error| failed("cannot put the next key in the place of", &self.path, &error))?;
            holder.is_in_place = true;
        }
        Ok(())
    }

    /// It was not handed over.
    pub(crate) fn withdraw(&self) {
        // One that stays is replaced by the next: it signs nothing.
        let _ = fs::remove_file(self.next());
    }

    fn next(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".next");
        PathBuf::from(name)
    }
}

fn failed(doing: &str, path: &Path, error: &io::Error) -> Error {
    Error::io(ErrorCode::KeyIo, format!("{doing} {}", path.display()), error)
}
