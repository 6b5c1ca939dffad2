//! Sealwright's core: events are sealed with Ed25519, chained with SHA-256 and appended to an NDJSON file; anyone with
//! the public key can verify the file later, offline.
//!
//! # The format on one page
//!
//! A ledger is a UTF-8 text file, one event a line:
//!
//! ```text
//! {"seq":N,"timestamp_nanos":T,"event":{"type":K,"payload":{...}},"parent_hash":P,"self_hash":H,"signature":S,"signer_pubkey":A}
//! ```
//!
//! * `H` = SHA-256 of the canonical JSON ([`json`]) of `{event, parent_hash, seq, timestamp_nanos}`, 64 hex digits.
//! * `S` = Ed25519 ([`key`]) of the 32 raw bytes of `H`, 128 hex digits, under the public key `A`, 64 hex digits.
//! * `P` = the `self_hash` of the line before; 64 zeros for `N` = 0. `N` grows by one.
//! * Hex is in lower case. A line has at most 16 MiB, its objects nest at most 127 deep, `N` is below 2^53.
//!
//! # The public interface is
//!
//! | to | use |
//! |---|---|
//! | hold a key | [`key::KeyPair`], [`keyfile`], [`evolving::EvolvingKey`] |
//! | let someone else hold it | [`signer::Signer`] |
//! | make an event | [`event::Event::parse`] |
//! | record | [`ledger::Session`] |
//! | take over a ledger that another program wrote | [`ledger::Import`] |
//! | seal without a file | [`seal::seal`], [`seal::self_hash`] |
//! | verify | [`verify::verify_file`], [`verify::Verifier`], [`verify::verify_lines`] |
//! | read | [`query::Reader`] |
//! | show what one line says, and each step of checking it | [`explain::explain`] |
//! | vouch for a verification | [`statement`] |
//! | prove one event, or that the ledger only grew, to someone who has not got it | [`proof`] |
//! | print it as JSON for people | [`bundle`] |
//! | remember the head elsewhere | [`heads::FileHeads`], [`heads::MemoryHeads`] |
//!
//! ```
//! use sealwright_core::{event::Event, hash::Hash, key::KeyPair, seal, verify};
//! let key = KeyPair::generate()?;
//! let event = Event::parse(r#"{"type":"SessionEnded","payload":{"reason":"done","summary_sha256":""}}"#)?;
//! let line = seal::seal(&event, Hash::GENESIS, 0, 1_700_000_000_000_000_000, &key)?;
//! let options = verify::Options { signers: vec![key.public()], ..Default::default() };
//! let report = verify::verify_lines([line.as_str()], &options)?;
//! assert!(report.ok && report.event_count == 1);
//! # Ok::<(), sealwright_core::Error>(())
//! ```

#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::arithmetic_side_effects,
        reason = "a test fails by panicking"
    )
)]

pub mod bundle;
pub mod chain;
#[doc(hidden)]
pub mod comb;
mod durable;
pub mod error;
pub mod event;
pub mod evolving;
pub mod explain;
#[doc(hidden)]
pub mod fault;
pub mod files;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod handover;
pub mod hash;
pub mod heads;
pub mod json;
pub mod key;
pub mod keyfile;
pub mod ledger;
pub mod limits;
pub mod line;
pub mod proof;
pub mod query;
pub mod seal;
mod segments;
pub mod self_test;
pub mod signer;
pub mod statement;
pub mod storage;
mod sync;
pub mod verify;

/// For the programs beside this crate: private files that are replaced whole.
#[doc(hidden)]
pub use durable::{create_folders_above, open_lock_file, replace as replace_file};
pub use error::{Error, ErrorCode, FaultCode, Result};
