//! A witness: cosigns a log's checkpoints as long as each goes on from the one before (c2sp.org/tlog-witness).
//!
//! Whoever trusts a log and some witnesses knows that the log showed everyone one history, or lied to more witnesses than
//! the policy allows for. [`rule`] says what a witness answers, by the request and by what it has cosigned; [`store`] keeps
//! that, and does both as one step; [`client`] reads the answer.

pub mod client;
pub mod rule;
pub mod store;

pub use store::Witness;
