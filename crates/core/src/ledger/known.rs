//! The head that a file keeps of a ledger, for whoever verifies.

use super::registry;
use crate::chain::Head;
use crate::error::{Error, ErrorCode, Result};
use crate::hash::Hash;
use crate::heads::{FileHeads, KeptHeads, ledger_id, path_id};
use crate::segments::Names;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The head that a file keeps of a ledger: one that is there alone, `{"seq": 4, "hash": "..."}`, or the entry of a head
/// store. None if the store knows nothing of that ledger.
///
/// In a store a ledger is found by its first event, else by its path, so that another ledger in its place is compared
/// with what was there. What cannot be found in either way, such as a ledger that comes as a stream, is taken for the only
/// one that the store knows.
pub fn known_head(file: &Path, ledger: Option<&Path>) -> Result<Option<Head>> {
    let heads = match FileHeads::new(file).kept()? {
        KeptHeads::One(head) => return Ok(Some(head)),
        KeptHeads::Many(heads) => heads,
    };
    let (path, first) = ledger.and_then(looked_at).unzip();
    let first = first.flatten();
    let by_path = || path.and_then(|path| heads.get(&path_id(&path))).map(|known| known.hash);
    let of = |first: Hash| heads.get(&ledger_id(&first)).copied();
    match (first.and_then(of).or_else(|| by_path().and_then(of)), first) {
        (Some(head), _) => Ok(Some(head)),
        (None, Some(_)) => Ok(None),
        (None, None) => only_one(file, &heads),
    }
}

/// Where a ledger is and how it begins, as far as it can be read.
fn looked_at(ledger: &Path) -> Option<(PathBuf, Option<Hash>)> {
    let active = Names::of_sealed(ledger).map(|(names, _)| names.active().to_owned());
    registry::peek(active.as_deref().unwrap_or(ledger)).ok()
}

fn only_one(file: &Path, heads: &BTreeMap<String, Head>) -> Result<Option<Head>> {
    let mut ledgers = heads.iter().filter(|(id, _)| id.starts_with("ledger:")).map(|(_, head)| *head);
    match (ledgers.next(), ledgers.count()) {
        (head, 0) => Ok(head),
        (_, others) => {
            let count = others.saturating_add(1);
            let message = format!("the head store {} knows {count} ledgers: which of them is meant?", file.display());
            Err(Error::new(ErrorCode::HeadStore, message))
        }
    }
}
