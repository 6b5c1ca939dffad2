//! The N-API addon: converts between JavaScript and `sealwright-core`, and decides nothing.
//!
//! Every export contains panics: `#[napi(catch_unwind)]` where napi-rs offers it, [`failure::contained`] in pool tasks
//! and callbacks, which it does not cover. A failure is an `Error` whose message is `!` and JSON, see [`failure`];
//! TypeScript makes the typed error of it.

#![deny(unsafe_op_in_unsafe_fn)]
#![allow(unreachable_pub, reason = "what napi-rs exports must be `pub`, though no Rust crate sees it")]

mod attesto;
mod bundle;
mod channel;
mod compressed;
mod failure;
mod files;
mod heads;
mod import;
mod key;
mod list;
mod mend;
mod open;
mod probe;
mod proof;
mod prune;
mod questions;
mod reader;
mod session;
mod signer;
mod task;
mod text;
mod verify;
mod witness;

use napi_derive::napi;

/// The version of the package that this addon belongs to; the loader takes no other.
#[napi(catch_unwind)]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
