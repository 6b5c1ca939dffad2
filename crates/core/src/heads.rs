//! Head stores: the last known event of each ledger, kept where whoever can cut the ledger cannot reach.
//!
//! A store maps ids to heads. `ledger:<hash of the first event>` holds a ledger's last acknowledged event, so that a
//! moved ledger keeps its head; `path:<resolved path>` holds the first event of the ledger at a path, as seq 0, so that
//! an emptied, missing or swapped file there is noticed.

use crate::chain::Head;
use crate::durable;
use crate::error::{Error, ErrorCode, Result};
use crate::hash::{Hash, encode_hex};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Largest head file that is read, in bytes: some hundred thousand ledgers.
const MAX_FILE: u64 = 64 << 20;

/// How long a store waits for another process; a stopped one must not stop every record.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// A place that remembers heads.
pub trait HeadStore: Send + Sync {
    /// The head stored under an id.
    fn read(&self, id: &str) -> Result<Option<Head>>;

    /// Stores heads that are later than what is stored; never moves one back.
    fn advance(&self, heads: &[(String, Head)]) -> Result<()>;

    /// Puts heads in the place of what is stored, later or not: the ledger was put back on purpose.
    fn reset(&self, _heads: &[(String, Head)]) -> Result<()> {
        Err(Error::new(ErrorCode::HeadStore, "this head store moves no head back"))
    }

    /// Equal for two handles on the same store.
    fn identity(&self) -> String;

    /// True when [`HeadStore::advance`] waits for the thread that brought the store, which must then not wait for it.
    fn needs_its_thread(&self) -> bool {
        false
    }
}

/// Id of a ledger, whatever its path.
pub fn ledger_id(first: &Hash) -> String {
    format!("ledger:{first}")
}

/// Id of what lies at a resolved path; in hex where the path is no text.
pub fn path_id(path: &Path) -> String {
    match path.to_str() {
        Some(text) => format!("path:{text}"),
        None => format!("path-hex:{}", encode_hex(path.as_os_str().as_encoded_bytes())),
    }
}

/// Heads in memory, for this process only.
#[derive(Debug, Clone, Default)]
pub struct MemoryHeads(Arc<Mutex<BTreeMap<String, Head>>>);

impl HeadStore for MemoryHeads {
    fn read(&self, id: &str) -> Result<Option<Head>> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied())
    }

    fn advance(&self, heads: &[(String, Head)]) -> Result<()> {
        let mut stored = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heads.iter().try_for_each(|(id, head)| advance_one(&mut stored, id, *head).map(|_| ()))
    }

    fn reset(&self, heads: &[(String, Head)]) -> Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(heads.iter().cloned());
        Ok(())
    }

    fn identity(&self) -> String {
        format!("memory:{:p}", Arc::as_ptr(&self.0))
    }
}

/// Heads in a JSON file, `{id: [seq, hash]}`: 0600, replaced whole, locked against other processes through a file
/// beside it whose name ends in `.lock`. Put it on another disk, or under another user's eyes, than the ledger.
#[derive(Debug, Clone)]
pub struct FileHeads {
    path: PathBuf,
}

/// What a file keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptHeads {
    /// The head of one ledger, `{"seq": 4, "hash": "..."}`.
    One(Head),
    /// Those of a store, by their ids.
    Many(BTreeMap<String, Head>),
}

impl FileHeads {
    /// The store in this file, which need not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where the heads are: a link is followed, so that they stay on the disk that it leads to.
    fn target(&self) -> Result<PathBuf> {
        durable::resolve_links(&self.path).map_err(|error| self.failed("cannot resolve", &error))
    }

    /// All that the file keeps. It must be there: who asks about heads must not take a mistyped path for a store that
    /// knows none.
    pub fn kept(&self) -> Result<KeptHeads> {
        let text = self.text(durable::open_unchecked(&self.target()?))?;
        match serde_json::from_str(&text) {
            Ok(head) => Ok(KeptHeads::One(head)),
            Err(_) => self.parse(&text).map(KeptHeads::Many),
        }
    }

    fn load(&self) -> Result<BTreeMap<String, Head>> {
        match durable::open_unchecked(&self.target()?) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
            opened => self.parse(&self.text(opened)?),
        }
    }

    fn text(&self, opened: std::io::Result<File>) -> Result<String> {
        let file = opened.map_err(|error| self.failed("cannot open", &error))?;
        let metadata = file.metadata().map_err(|error| self.failed("cannot look at", &error))?;
        if !metadata.is_file() || metadata.len() > MAX_FILE {
            return Err(self.corrupt("not a regular file of at most 64 MiB"));
        }
        let mut text = String::new();
        file.take(MAX_FILE).read_to_string(&mut text).map_err(|error| self.failed("cannot read", &error))?;
        Ok(text)
    }

    fn parse(&self, text: &str) -> Result<BTreeMap<String, Head>> {
        let stored: Value = serde_json::from_str(text).map_err(|error| self.corrupt(&error.to_string()))?;
        let stored = stored.as_object().ok_or_else(|| self.corrupt("no JSON object"))?;
        let head = |(id, head): (&String, &Value)| {
            let head = head_of(head).ok_or_else(|| self.corrupt("a head that is not [seq, hash]"))?;
            Ok((id.clone(), head))
        };
        stored.into_iter().map(head).collect()
    }

    fn store(&self, heads: &BTreeMap<String, Head>) -> Result<()> {
        let plain = heads.iter().map(|(id, head)| (id.clone(), json!([head.seq, head.hash.to_string()])));
        let text = Value::Object(plain.collect()).to_string();
        durable::replace(&self.target()?, text.as_bytes()).map_err(|error| self.failed("cannot write", &error))
    }

    fn lock(&self) -> Result<File> {
        let mut name = self.target()?.into_os_string();
        name.push(".lock");
        let locked = durable::lock_beside(Path::new(&name), |waited| waited < LOCK_PATIENCE);
        locked
            .map_err(|error| self.failed("cannot lock", &error))?
            .ok_or_else(|| self.corrupt("another process holds its lock for too long"))
    }

    fn failed(&self, doing: &str, error: &std::io::Error) -> Error {
        Error::io(ErrorCode::HeadStore, format!("{doing} the head store {}", self.path.display()), error)
    }

    /// A store that cannot be read is never taken for an empty one: that would hide a rollback.
    fn corrupt(&self, why: &str) -> Error {
        Error::new(ErrorCode::HeadStore, format!("the head store {} is not usable: {why}", self.path.display()))
    }
}

impl HeadStore for FileHeads {
    fn read(&self, id: &str) -> Result<Option<Head>> {
        Ok(self.load()?.get(id).copied())
    }

    fn advance(&self, heads: &[(String, Head)]) -> Result<()> {
        let _lock = self.lock()?;
        let mut stored = self.load()?;
        let mut changed = false;
        for (id, head) in heads {
            changed |= advance_one(&mut stored, id, *head)?;
        }
        if changed { self.store(&stored) } else { Ok(()) }
    }

    fn reset(&self, heads: &[(String, Head)]) -> Result<()> {
        let _lock = self.lock()?;
        let mut stored = self.load()?;
        stored.extend(heads.iter().cloned());
        self.store(&stored)
    }

    fn identity(&self) -> String {
        format!("file:{}", self.target().unwrap_or_else(|_| self.path.clone()).display())
    }
}

/// `[seq, hash]`
fn head_of(value: &Value) -> Option<Head> {
    let [seq, hash] = value.as_array()?.as_slice() else { return None };
    Some(Head { seq: seq.as_u64()?, hash: Hash::from_hex(hash.as_str()?)? })
}

fn advance_one(stored: &mut BTreeMap<String, Head>, id: &str, head: Head) -> Result<bool> {
    match stored.get(id) {
        Some(known) if known.seq > head.seq => Ok(false),
        Some(known) if known.seq == head.seq && known.hash != head.hash => {
            let message =
                format!("{id} has another event {} in the head store: two ledgers went on from one", head.seq);
            Err(Error::new(ErrorCode::HeadStore, message))
        }
        Some(known) if *known == head => Ok(false),
        _ => {
            stored.insert(id.to_owned(), head);
            Ok(true)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(seq: u64, text: &str) -> Head {
        Head { seq, hash: Hash::of(text.as_bytes()) }
    }

    fn check(store: &dyn HeadStore) {
        store.advance(&[("a".to_owned(), head(3, "x")), ("b".to_owned(), head(0, "y"))]).unwrap();
        store.advance(&[("a".to_owned(), head(2, "w"))]).unwrap();
        assert_eq!(store.read("a").unwrap(), Some(head(3, "x")));
        assert_eq!(store.read("b").unwrap(), Some(head(0, "y")));
        assert_eq!(store.read("c").unwrap(), None);
        assert_eq!(store.advance(&[("a".to_owned(), head(3, "z"))]).unwrap_err().code, ErrorCode::HeadStore);
        store.reset(&[("a".to_owned(), head(1, "back"))]).unwrap();
        assert_eq!((store.read("a").unwrap(), store.read("b").unwrap()), (Some(head(1, "back")), Some(head(0, "y"))));
        store.advance(&[("a".to_owned(), head(2, "on"))]).unwrap();
        assert_eq!(store.read("a").unwrap(), Some(head(2, "on")));
    }

    #[test]
    fn heads_move_forward_unless_they_are_put_back() {
        check(&MemoryHeads::default());
        let folder = tempfile::tempdir().unwrap();
        check(&FileHeads::new(folder.path().join("new/heads.json")));
    }

    #[test]
    fn a_store_that_cannot_be_read_is_not_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("heads.json");
        for text in ["", "[]", "{\"a\":[1]}", "{\"a\":[1,\"zz\"]}"] {
            std::fs::write(&path, text).unwrap();
            let store = FileHeads::new(&path);
            assert_eq!(store.read("a").unwrap_err().code, ErrorCode::HeadStore);
            assert_eq!(store.advance(&[("a".to_owned(), head(1, "x"))]).unwrap_err().code, ErrorCode::HeadStore);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }
}
