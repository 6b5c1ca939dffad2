//! Proofs about a ledger, for someone who has not got it: that one event is in it, that it only grew, that everyone was
//! shown the same history.
//!
//! A ledger is a Merkle tree too ([`merkle`]). Leaf `n` is event `n`:
//!
//! ```text
//! leaf = SHA-256( 0x00 || the 32 raw bytes of self_hash )
//! ```
//!
//! so that chain and tree commit to the same events. A [`checkpoint`] is the root of the tree at one size, signed as a
//! [`note`]; witnesses cosign it ([`note::Key::cosign`]); whose signatures count is said by a [`policy`]. What is shown by
//! means of it: [`inclusion`], [`consistency`], and that a log has lied: [`fork`], which a [`witness`] finds. The formats are public ones, which other programs read: RFC 6962
//! trees, and the signed notes, checkpoints and cosignatures of C2SP (c2sp.org).

pub mod attesto;
mod base64;
pub mod checkpoint;
pub mod commitment;
pub mod consistency;
pub mod fork;
pub mod inclusion;
pub mod log;
pub mod merkle;
pub mod note;
pub mod policy;
mod tiles;
pub mod witness;
