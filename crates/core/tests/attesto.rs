//! What Attesto's package computed holds here, and stops to hold when a byte of it changes.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use sealwright_core::chain::Head;
use sealwright_core::error::ProblemCode;
use sealwright_core::hash::Hash;
use sealwright_core::key::PublicKey;
use sealwright_core::proof::attesto::completeness::{Basis, Expected, verify_completeness};
use sealwright_core::proof::attesto::inclusion::{Leaf, Place, verify_window_inclusion};
use sealwright_core::proof::attesto::receipt::verify_receipt;
use sealwright_core::proof::attesto::stream::{Step, verify_stream_head};
use sealwright_core::proof::attesto::{EVENT_DOMAIN, canonical, domain_hash};
use serde_json::{Value, json};

fn vectors() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/peers/attesto/vectors.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn key(vectors: &Value) -> PublicKey {
    PublicKey::from_hex(vectors["public_key_hex"].as_str().unwrap()).unwrap()
}

fn hash(value: &Value) -> Hash {
    Hash::from_hex(value.as_str().unwrap()).unwrap()
}

#[test]
fn envelopes_have_their_hashes_and_receipts_their_signatures() {
    let vectors = vectors();
    for event in vectors["stream"].as_array().unwrap() {
        let envelope = canonical::canonicalize(&event["envelope"].to_string(), None).unwrap();
        assert_eq!(domain_hash(EVENT_DOMAIN, &envelope), hash(&event["event_hash"]));
        let report = verify_receipt(&event["receipt"].to_string(), &key(&vectors));
        assert!(report.ok, "{:?}", report.problems);
        assert_eq!(report.receipt.unwrap().event_hash, hash(&event["event_hash"]));
    }
}

#[test]
fn a_receipt_with_any_member_changed_does_not_hold() {
    let vectors = vectors();
    let receipt = &vectors["stream"][1]["receipt"];
    for part in ["payload", "signature"] {
        for name in receipt[part].as_object().unwrap().keys() {
            for value in [json!("other"), json!(3), Value::Null] {
                let mut changed = receipt.clone();
                changed[part][name] = value;
                let report = verify_receipt(&changed.to_string(), &key(&vectors));
                assert!(!report.ok, "{part}.{name}");
                assert!(report.receipt.is_none() || part == "signature", "{part}.{name}");
            }
        }
    }
}

#[test]
fn each_leaf_has_one_place() {
    let vectors = vectors();
    for window in vectors["windows"].as_array().unwrap() {
        let (leaves, root) = (window["leaves"].as_array().unwrap(), hash(&window["rootHash"]));
        let count = u64::try_from(leaves.len()).unwrap();
        for (leaf, own) in leaves.iter().zip(0_u64..) {
            for index in 0..count {
                let (leaf_hash, proof) = (leaf["leafHash"].as_str().unwrap(), leaf["proof"].to_string());
                let report = verify_window_inclusion(Leaf::Hash(leaf_hash), Place { index, count }, &proof, &root);
                assert_eq!(report.ok, index == own, "leaf {own} of {count} at {index}: {:?}", report.problems);
            }
        }
    }
}

#[test]
fn a_list_that_lacks_an_event_is_not_complete() {
    let vectors = vectors();
    let events = vectors["stream"].as_array().unwrap();
    let expected = Expected { from_seq_no: 1, to_seq_no: 7, ..Expected::default() };
    let whole = verify_completeness(&json!(events).to_string(), &expected);
    assert_eq!((whole.ok, whole.basis), (true, Some(Basis::Envelopes)), "{:?}", whole.problems);
    for left_out in 0..events.len() {
        let mut rest = events.clone();
        rest.remove(left_out);
        let report = verify_completeness(&json!(rest).to_string(), &expected);
        assert_eq!(report.problems[0].code, ProblemCode::SequenceGap);
    }
}

#[test]
fn a_stream_is_followed_from_its_head() {
    let vectors = vectors();
    let events = vectors["stream"].as_array().unwrap();
    let head = |index: usize| Head { seq: u64::try_from(index).unwrap() + 1, hash: hash(&events[index]["event_hash"]) };
    for known in 0..events.len() {
        for (later, event) in events.iter().enumerate() {
            let report = verify_stream_head(&event["receipt"].to_string(), &key(&vectors), Some(&head(known)), None);
            let expected = match later.checked_sub(known) {
                Some(0) => Ok(Step::Replay),
                Some(1) => Ok(Step::Next),
                Some(_) => Err(ProblemCode::StreamGap),
                None => Err(ProblemCode::StreamFork),
            };
            assert_eq!(report.step.ok_or_else(|| report.problems[0].code), expected, "{known} {later}");
            if later > known {
                let between = json!(&events[known + 1..later]).to_string();
                let receipt = event["receipt"].to_string();
                let report = verify_stream_head(&receipt, &key(&vectors), Some(&head(known)), Some(&between));
                assert_eq!(report.step, Some(Step::Next), "{known} {later}: {:?}", report.problems);
            }
        }
    }
}
