//! Trees in memory, and checkpoints of them as a log signs them.

use sealwright_core::Result;
use sealwright_core::hash::Hash;
use sealwright_core::key::KeyPair;
use sealwright_core::proof::checkpoint::Checkpoint;
use sealwright_core::proof::merkle::{self, Nodes};
use sealwright_core::proof::note::{Key, Kind, Note};

pub(crate) const ORIGIN: &str = "example.com/log";

pub(crate) fn pair(number: u8) -> KeyPair {
    KeyPair::from_seed(&[number; 32])
}

pub(crate) fn log(number: u8, origin: &str) -> Key {
    Key::new(origin, Kind::Log, pair(number).public()).unwrap()
}

/// Leaves of one history: the first `shared` are those of every other one.
pub(crate) struct Tree {
    pub(crate) name: &'static str,
    pub(crate) shared: u64,
}

impl Nodes for Tree {
    fn node(&mut self, level: u32, index: u64) -> Result<Hash> {
        if level > 0 {
            return Ok(merkle::node(&self.node(level - 1, 2 * index)?, &self.node(level - 1, 2 * index + 1)?));
        }
        let name = if index < self.shared { "shared" } else { self.name };
        Ok(merkle::leaf(format!("{name} {index}").as_bytes()))
    }
}

impl Tree {
    pub(crate) fn root(&mut self, size: u64) -> Hash {
        merkle::root(self, size).unwrap()
    }

    pub(crate) fn prove(&mut self, old_size: u64, new_size: u64) -> Vec<Hash> {
        merkle::prove_consistency(self, old_size, new_size).unwrap()
    }

    /// Signed by log 1.
    pub(crate) fn note(&mut self, size: u64) -> Note {
        signed(ORIGIN, size, self.root(size), 1)
    }
}

pub(crate) fn signed(origin: &str, size: u64, root: Hash, by: u8) -> Note {
    let text = Checkpoint::new(origin, size, root).unwrap().to_string();
    let mut note = Note::new(text.clone()).unwrap();
    note.add(log(by, origin).sign(&text, &pair(by)).unwrap());
    note
}
