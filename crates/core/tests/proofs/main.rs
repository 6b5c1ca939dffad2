//! Proofs: the tree against other people's vectors and against itself, and the texts of notes against those of Go.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod exports;
mod forks;
mod inclusion;
mod log;
mod notes;
mod policies;
mod tree;
mod trees;
mod witnesses;
