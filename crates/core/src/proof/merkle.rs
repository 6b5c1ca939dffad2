//! The Merkle tree of RFC 6962, section 2.1, its proofs, and their verification as in RFC 9162, sections 2.1.3 and 2.1.4.
//!
//! ```text
//! leaf(d)           = SHA-256( 0x00 || d )
//! node(left, right) = SHA-256( 0x01 || left || right )
//! root of no leaves = SHA-256( "" )
//! root of n leaves  = node( root of the first k, root of the others )    k: the largest power of two below n
//! ```

use crate::error::{Error, ErrorCode, Result};
use crate::hash::Hash;
use crate::limits;
use sha2::{Digest as _, Sha256};
use std::ops::Range;

/// Most leaves of a tree: one for each event that a ledger can have.
pub const MAX_SIZE: u64 = limits::MAX_SEQ + 1;

/// The leaf of some data.
pub fn leaf(data: &[u8]) -> Hash {
    digest(&[&[0], data])
}

/// The leaf of an event, by its `self_hash`.
pub fn event_leaf(self_hash: &Hash) -> Hash {
    leaf(self_hash.as_bytes())
}

/// The node above two others.
pub fn node(left: &Hash, right: &Hash) -> Hash {
    digest(&[&[1], left.as_bytes(), right.as_bytes()])
}

/// The root of a tree without leaves.
pub fn empty_root() -> Hash {
    Hash::of(&[])
}

fn digest(parts: &[&[u8]]) -> Hash {
    let hasher = parts.iter().fold(Sha256::new(), |hasher, part| hasher.chain_update(part));
    Hash::from_bytes(hasher.finalize().into())
}

/// How a proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// No proof can be asked for these places: a leaf behind the end, a tree that is to have shrunk.
    Range,
    /// More or fewer hashes than the proof for these places has.
    Length,
    /// It leads to another root of the smaller tree.
    OldRoot,
    /// It leads to another root.
    Root,
}

/// Checks that a leaf is at a place of the tree with a size and a root.
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> Result<(), Mismatch> {
    let last = size.checked_sub(1).filter(|last| index <= *last).ok_or(Mismatch::Range)?;
    let mut place = Place { node: index, last };
    let mut hash = *leaf;
    for sibling in path {
        hash = if place.is_right()? { node(sibling, &hash) } else { node(&hash, sibling) };
        place.rise();
    }
    place.check_top()?;
    if hash == *root { Ok(()) } else { Err(Mismatch::Root) }
}

/// Checks that a tree with a size and a root begins with the leaves of a smaller one, or of one as large. A tree without
/// leaves has no proof: every tree begins with it.
pub fn verify_consistency(old: (u64, &Hash), new: (u64, &Hash), proof: &[Hash]) -> Result<(), Mismatch> {
    let ((old_size, old_root), (new_size, new_root)) = (old, new);
    if old_size > new_size {
        return Err(Mismatch::Range);
    }
    if old_size == 0 && *old_root != empty_root() {
        return Err(Mismatch::OldRoot);
    }
    if old_size == 0 || old_size == new_size {
        let is_same = old_size != new_size || old_root == new_root;
        return match proof {
            [_, ..] => Err(Mismatch::Length),
            [] => is_same.then_some(()).ok_or(Mismatch::Root),
        };
    }
    // A complete smaller tree is a node of the larger one: the proof does not repeat it.
    let (first, rest) =
        if old_size.is_power_of_two() { (old_root, proof) } else { proof.split_first().ok_or(Mismatch::Length)? };
    let (old_hash, new_hash) = climb(old_size, new_size, first, rest)?;
    match (old_hash == *old_root, new_hash == *new_root) {
        (false, _) => Err(Mismatch::OldRoot),
        (true, false) => Err(Mismatch::Root),
        (true, true) => Ok(()),
    }
}

/// The root of the first `old_size` leaves of a tree, as a consistency proof that leads to the root of the whole shows it.
/// None where it does not lead there, and where it cannot show it: a proof does not repeat a complete smaller tree.
pub fn old_root(old_size: u64, new: (u64, &Hash), proof: &[Hash]) -> Option<Hash> {
    let (new_size, new_root) = new;
    if old_size == 0 || old_size >= new_size || old_size.is_power_of_two() {
        return None;
    }
    let (first, rest) = proof.split_first()?;
    let (old_hash, new_hash) = climb(old_size, new_size, first, rest).ok()?;
    (new_hash == *new_root).then_some(old_hash)
}

/// The roots of a smaller and a larger tree that hashes lead to, from the node that ends where the smaller tree does.
fn climb(old_size: u64, new_size: u64, first: &Hash, rest: &[Hash]) -> Result<(Hash, Hash), Mismatch> {
    let mut place = Place { node: old_size.saturating_sub(1), last: new_size.saturating_sub(1) };
    while place.node & 1 == 1 {
        place.rise();
    }
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in rest {
        if place.is_right()? {
            old_hash = node(sibling, &old_hash);
            new_hash = node(sibling, &new_hash);
        } else {
            new_hash = node(&new_hash, sibling);
        }
        place.rise();
    }
    place.check_top()?;
    Ok((old_hash, new_hash))
}

/// On which side the hashes of an inclusion proof stand, from the leaf up: true is left. Other trees than that of RFC 6962 have
/// the same shape if a node without a sibling is that of the level above. Nothing for a leaf that is not in the tree.
pub(crate) fn sides(index: u64, size: u64) -> Option<Vec<bool>> {
    let last = size.checked_sub(1).filter(|last| index <= *last)?;
    let mut place = Place { node: index, last };
    let mut sides = Vec::new();
    while place.last > 0 && sides.len() < 64 {
        sides.push(place.is_right().ok()?);
        place.rise();
    }
    Some(sides)
}

/// A node on the way to the root, among the nodes of its level.
struct Place {
    node: u64,
    last: u64,
}

impl Place {
    /// Whether the next hash of a proof stands to the left. The last node of a level may have no sibling: it is that of the
    /// level above, as far up as it takes.
    fn is_right(&mut self) -> Result<bool, Mismatch> {
        if self.last == 0 {
            return Err(Mismatch::Length);
        }
        if self.node == self.last {
            while self.node & 1 == 0 && self.node != 0 {
                self.rise();
            }
            return Ok(true);
        }
        Ok(self.node & 1 == 1)
    }

    fn rise(&mut self) {
        self.node >>= 1;
        self.last >>= 1;
    }

    fn check_top(&self) -> Result<(), Mismatch> {
        if self.last == 0 { Ok(()) } else { Err(Mismatch::Length) }
    }
}

/// Where the hashes of a tree are.
pub trait Nodes {
    /// The root of the leaves `index << level .. (index + 1) << level`, all of which are there.
    fn node(&mut self, level: u32, index: u64) -> Result<Hash>;
}

/// The root of the first `size` leaves.
pub fn root(nodes: &mut impl Nodes, size: u64) -> Result<Hash> {
    if size == 0 { Ok(empty_root()) } else { range_root(nodes, 0..size) }
}

/// The proof that leaf `index` is in the tree of the first `size` leaves: from its sibling to the child of the root.
pub fn prove_inclusion(nodes: &mut impl Nodes, index: u64, size: u64) -> Result<Vec<Hash>> {
    if index >= size {
        return Err(out_of_range(format!("leaf {index} is not in a tree of {size}")));
    }
    let mut path = Vec::new();
    let mut range = 0..size;
    while let Some(middle) = split(&range) {
        let (inside, beside) = if index < middle {
            (range.start..middle, middle..range.end)
        } else {
            (middle..range.end, range.start..middle)
        };
        path.push(range_root(nodes, beside)?);
        range = inside;
    }
    path.reverse();
    Ok(path)
}

/// The proof that the tree of the first `new_size` leaves begins with that of the first `old_size`.
pub fn prove_consistency(nodes: &mut impl Nodes, old_size: u64, new_size: u64) -> Result<Vec<Hash>> {
    if old_size > new_size {
        return Err(out_of_range(format!("a tree of {new_size} leaves does not begin with one of {old_size}")));
    }
    let mut proof = Vec::new();
    if old_size == 0 {
        return Ok(proof);
    }
    let mut range = 0..new_size;
    // RFC 9162, section 2.1.4.1: down to the node that ends where the smaller tree does.
    while range.end != old_size {
        let Some(middle) = split(&range) else { break };
        if old_size <= middle {
            proof.push(range_root(nodes, middle..range.end)?);
            range = range.start..middle;
        } else {
            proof.push(range_root(nodes, range.start..middle)?);
            range = middle..range.end;
        }
    }
    if range.start > 0 {
        proof.push(range_root(nodes, range)?);
    }
    proof.reverse();
    Ok(proof)
}

/// The root of leaves that are a subtree, which need not be complete.
fn range_root(nodes: &mut impl Nodes, range: Range<u64>) -> Result<Hash> {
    let mut peaks = Vec::new();
    let mut start = range.start;
    while let Some(left) = range.end.checked_sub(start).and_then(u64::checked_ilog2) {
        peaks.push(nodes.node(left, start.unbounded_shr(left))?);
        start = start.saturating_add(1_u64.unbounded_shl(left));
    }
    Ok(fold(&peaks))
}

/// Where a subtree of more than one leaf is divided.
fn split(range: &Range<u64>) -> Option<u64> {
    let level = range.end.checked_sub(range.start)?.checked_sub(1)?.checked_ilog2()?;
    Some(range.start.saturating_add(1_u64.unbounded_shl(level)))
}

fn out_of_range(message: String) -> Error {
    Error::new(ErrorCode::OutOfRange, message)
}

/// The right edge of a tree: what it takes to add leaves to it and to know its root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// The roots of the complete subtrees that the leaves make, largest first: one for each bit of `size`.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// That of the first `size` leaves of a tree.
    pub fn of(nodes: &mut impl Nodes, size: u64) -> Result<Self> {
        let levels = (0..u64::BITS).rev().filter(|level| size.unbounded_shr(*level) & 1 == 1);
        let mut start: u64 = 0;
        let mut peaks = Vec::new();
        for level in levels {
            peaks.push(nodes.node(level, start.unbounded_shr(level))?);
            start = start.saturating_add(1_u64.unbounded_shl(level));
        }
        Ok(Self { size, peaks })
    }

    /// That of so many leaves, by the roots of the complete subtrees that they make, largest first.
    pub(super) fn from_peaks(size: u64, peaks: Vec<Hash>) -> Self {
        Self { size, peaks }
    }

    /// Leaves so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf at the right.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            // A peak for each bit of the size that is set.
            if let Some(left) = self.peaks.pop() {
                hash = node(&left, &hash);
            }
        }
        self.peaks.push(hash);
        self.size = self.size.saturating_add(1);
    }

    /// The root of the leaves so far.
    pub fn root(&self) -> Hash {
        fold(&self.peaks)
    }
}

/// The root above complete subtrees, largest first.
fn fold(peaks: &[Hash]) -> Hash {
    peaks.iter().rev().copied().reduce(|right, left| node(&left, &right)).unwrap_or_else(empty_root)
}
