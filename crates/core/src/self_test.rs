//! A test of this build against known answers, before anything is hashed with it.
//!
//! A build for another processor, a changed dependency or a damaged file may compute other hashes than everyone else's.
//! A ledger written so would be worthless, and a verifier would call good ledgers broken. So the first operation that
//! hashes runs this test, once a process and in less than a millisecond; if it fails, every such operation does.
//!
//! The answers are not this build's own: the sealed line is the worked example of the format, the canonical form
//! is that of the Provedex 0.1.1 package.

use crate::chain::Head;
use crate::error::{Error, ErrorCode, FaultCode, Result};
use crate::event::Event;
use crate::fault::{self, FaultPoint};
use crate::hash::Hash;
use crate::key::KeyPair;
use crate::verify::{self, Options, Report, Verdict};
use crate::{json, seal};
use std::sync::OnceLock;

/// The first line of the worked example in `docs/format.md`, with its LF.
const LEDGER: &str = include_str!("../../../vectors/chains/single_event.ndjson");
/// Its key's seed is `00 01 … 1f`.
const SEED: fn(usize) -> u8 = |place| place.to_le_bytes()[0];
const EVENT: &str = r#"{"type":"SessionStarted","payload":{"agent_id":"agent-1","model_id":"llama3.2:3b","session_id":"session-demo"}}"#;
const TIMESTAMP_NANOS: u64 = 1_700_000_000_000_000_000;
const SELF_HASH: &str = "52299f4b70c1603526deb7b88cbaa03ca9eb1b91a3da038babb4a175041aec91";

/// Key order beyond the BMP, escapes, doubles and large integers: a pair of `vectors/peers/provedex/canonical_pairs.jsonl`.
const INPUT: &str = r#"{"\ue000\ue000_a": "\u0001_\u4e2d_YX/Z", "cc\ud83d\ude00\ue000": [null, "\\__", 3786535986092310749, null], "a\ud83d\ude00\ue000": {"B1cb\ue000": {"_\ud83d\ude00aaB": [false, 9.670018478335492e+48, null, "9 Y\ud83d\ude00cX/0"], "\u00e9A\ud83d\ude001": {"1\ud83d\ude00": "", "_a\ue000\ud83d\ude00b": "_X\u4e2d\tcX"}}, "\ue000\u00e9B\ue000A": "9\\aYX01X\t\u2028", "\ud83d\ude00\ue0001bb": true, "_cb": "\u20281Za\n0Y\n\\\"", "11_": []}, "bacb": ["-/ZX/"], "Ac\u00e9\ud83d\ude00B": 385414.0}"#;
const CANONICAL_SHA256: &str = "a83eade81dadd93c5e53a1258db51b9198c6558831b5d856ec3ce71408d1042a";

/// Runs the test the first time, and says what it found each time.
///
/// `ERR_SELF_TEST` names the step that diverged.
pub fn passed() -> Result<()> {
    static OUTCOME: OnceLock<std::result::Result<(), &str>> = OnceLock::new();
    OUTCOME.get_or_init(run).map_err(|step| {
        let message = format!("this build does not compute what the format says ({step}): do not use it");
        Error::new(ErrorCode::SelfTest, message)
    })
}

fn run() -> std::result::Result<(), &'static str> {
    let expect = |step, holds: bool| if holds { Ok(()) } else { Err(step) };
    expect("a fault that a test armed", !fault::is_armed(FaultPoint::SelfTest))?;
    let hash = |bytes: Vec<u8>| Hash::of(&bytes).to_string();
    expect("canonical form", json::canonicalize(INPUT).map(hash).is_ok_and(|hash| hash == CANONICAL_SHA256))?;
    expect("sealing", sealed().is_ok_and(|line| line == LEDGER.trim_end()))?;
    expect("signing many", signed_at_once().is_some_and(|holds| holds))?;
    expect("verifying", verified(LEDGER).is_some_and(|report| report.verdict == Verdict::Verified))?;
    let code = |from, to| verified(&LEDGER.replacen(from, to, 1)).and_then(|report| report.code);
    expect("refusing a changed event", code("agent-1", "agent-2") == Some(FaultCode::HashMismatch))?;
    expect("refusing a changed signature", code("ca2390a4", "ca2390a5") == Some(FaultCode::BadSignature))
}

fn key() -> KeyPair {
    KeyPair::from_seed(&std::array::from_fn(SEED))
}

fn sealed() -> Result<String> {
    seal::seal(&Event::parse(EVENT)?, Hash::GENESIS, 0, TIMESTAMP_NANOS, &key())
}

/// The line's signature, made as those of a group are.
fn signed_at_once() -> Option<bool> {
    let group = [Hash::from_hex(SELF_HASH)?; KeyPair::BLOCK];
    Some(key().sign_all(&group).iter().all(|signature| LEDGER.contains(&format!("\"signature\":\"{signature}\""))))
}

fn verified(ledger: &str) -> Option<Report> {
    let hash = Hash::from_hex(SELF_HASH)?;
    let options =
        Options { signers: vec![key().public()], expected_head: Some(Head { seq: 0, hash }), ..Options::default() };
    verify::verify_lines([ledger.trim_end()], &options).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // One test: the fault is armed for the whole process.
    #[test]
    fn passes_but_for_an_armed_fault() {
        fault::arm(FaultPoint::SelfTest);
        assert_eq!(run(), Err("a fault that a test armed"));
        assert_eq!(run(), Ok(()));
        assert!(passed().is_ok() && passed().is_ok());
    }

    #[test]
    fn its_vectors_are_small_and_of_the_peer() {
        assert!(LEDGER.len() + EVENT.len() + INPUT.len() + CANONICAL_SHA256.len() < 2048);
        let pairs = include_str!("../../../vectors/peers/provedex/canonical_pairs.jsonl");
        let mut pairs = pairs.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let pair = pairs.find(|pair| pair["sha256"] == CANONICAL_SHA256).unwrap();
        assert_eq!(pair["input"], INPUT);
    }
}
