//! `sealwright-signer`: holds the key of ledgers under a user of its own, and signs each place once.
//!
//! Processes of other users, the recorders, ask on a Unix socket. They can have the next event signed, and so lie about
//! what happens from now on; they cannot read the key, sign elsewhere or later, nor get a second event for a place that
//! was signed. `docs/signer.md` says how to run it and what it speaks.
//!
//! ```text
//! options  the command line
//! server   connections: who may ask, frames
//! agent    what is signed and what is not
//! record   what is kept of a ledger, as a file
//! ```

#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "a test fails by panicking"
    )
)]

#[cfg(target_os = "linux")]
mod agent;
#[cfg(target_os = "linux")]
mod options;
#[cfg(target_os = "linux")]
mod record;
#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod server;

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    run::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("sealwright-signer: runs on Linux only, where the system says who has connected");
    ExitCode::FAILURE
}
