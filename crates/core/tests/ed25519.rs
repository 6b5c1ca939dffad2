//! The signature rule of `docs/format.md` against vectors that were made to tell verifiers apart: our own, those of
//! Wycheproof, and those of CCTV (C2SP), which the optional folder beside the checkout holds. Tables of multiples answer
//! to all of them too, without the verifier behind them that decides in the end.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]
#![allow(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

mod vector_files;

use sealwright_core::comb::{KeyTable, Width};
use sealwright_core::hash::encode_hex;
use sealwright_core::key::{PublicKey, Signature, Verifier};
use sealwright_core::verify::{Options, SignatureMode, verify_lines};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use vector_files::{folder, json_lines, text};
use wycheproof::TestResult;
use wycheproof::eddsa::{TestName, TestSet};

/// Everything that stands between two texts of hex and the answer; a text that cannot be read is refused.
fn holds(public_key: &str, message: &[u8], signature: &str) -> bool {
    let Some(signature) = Signature::from_hex(signature) else { return false };
    verifier(public_key).is_some_and(|key| key.verify(message, &signature))
}

fn verifier(public_key: &str) -> Option<Verifier> {
    Verifier::new(&PublicKey::from_hex(public_key)?)
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// A public key and a signature in hex, the message, whether it holds, and what it is called.
type Case = (String, Vec<u8>, String, bool, String);

/// What is left of a case once its key is known.
type OfKey<'a> = (&'a [u8], Signature, bool, &'a str);

/// By a table for each key, the signatures one by one and several together; those that have no table do not hold.
fn hold_by_tables(cases: &[Case]) {
    let mut groups: BTreeMap<&str, Vec<OfKey>> = BTreeMap::new();
    for (key, message, signature, holds, name) in cases {
        let Some(signature) = Signature::from_hex(signature) else { continue };
        groups.entry(key).or_default().push((message, signature, *holds, name));
    }
    for (key, group) in groups {
        let table = PublicKey::from_hex(key).and_then(|key| KeyTable::new(&key, Width::Small));
        assert_eq!(table.is_some(), verifier(key).is_some(), "{key}");
        for together in [1, 2, 3, 5, 8, 64, group.len()] {
            for part in group.chunks(together) {
                let signed = part.iter().map(|(message, signature, ..)| (*message, signature));
                let hold = table.as_ref().map_or_else(|| vec![false; part.len()], |table| table.hold(signed));
                assert_eq!(hold.len(), part.len());
                for ((.., expected, name), found) in part.iter().zip(hold) {
                    assert_eq!(found, *expected, "{name}, of {together}");
                }
            }
        }
    }
}

#[test]
fn our_vectors() {
    let mut cases = Vec::new();
    for vector in json_lines("ed25519/signatures.jsonl") {
        let (key, signature) = (text(&vector, "public_key"), text(&vector, "signature"));
        let message = bytes(text(&vector, "message"));
        assert_eq!(vector["valid"], holds(key, &message, signature), "{vector}");
        cases.push((key.into(), message, signature.into(), vector["valid"] == true, vector.to_string()));
    }
    assert_eq!(cases.len(), 333);
    hold_by_tables(&cases);
}

/// Also where no signature is known that only a canonical A would refuse.
#[test]
fn a_key_that_nothing_can_hold_under_is_refused_as_a_key() {
    for vector in json_lines("ed25519/signatures.jsonl") {
        let key = text(&vector, "public_key");
        let usable = !text(&vector, "why").starts_with("a_") && key.len() == 64;
        assert_eq!(verifier(key).is_some(), usable, "{vector}");
        assert_eq!(PublicKey::parse(key).is_ok(), usable, "{vector}");
    }
}

/// Most vectors sign the `self_hash` of one line, and are the key and the signature in it by turns.
#[test]
fn our_vectors_in_a_ledger() {
    let line = fs::read_to_string(folder("chains/single_event.ndjson")).unwrap();
    let sealed: Value = serde_json::from_str(&line).unwrap();
    let mut codes = BTreeSet::new();
    for vector in json_lines("ed25519/signatures.jsonl") {
        if vector["message"] != sealed["self_hash"] {
            assert!(text(&vector, "name").starts_with("valid_message_of_"), "{vector}");
            continue;
        }
        let line = line
            .replace(text(&sealed, "signature"), text(&vector, "signature"))
            .replace(text(&sealed, "signer_pubkey"), text(&vector, "public_key"));
        let expected: Value = match text(&vector, "why") {
            "holds" => Value::Null,
            "length" => "non_canonical_hex".into(),
            _ => "bad_signature".into(),
        };
        for signatures in [SignatureMode::All, SignatureMode::Last] {
            let options = Options { signatures, ..Default::default() };
            let report = verify_lines([line.trim_end()], &options).unwrap();
            assert_eq!(serde_json::to_value(report.code).unwrap(), expected, "{vector}");
            assert_eq!(report.event_count, u64::from(expected.is_null()), "{vector}");
        }
        codes.insert(expected.to_string());
    }
    assert_eq!(codes.len(), 3, "{codes:?}");
}

#[test]
fn wycheproof() {
    let set = TestSet::load(TestName::Ed25519).unwrap();
    assert_eq!(set.number_of_tests, 151);
    let mut cases = Vec::new();
    for group in set.test_groups {
        let key = encode_hex(&group.key.pk);
        assert_eq!(PublicKey::parse(&group.pem).unwrap().to_string(), key, "the key as PEM");
        for test in group.tests {
            let expected = match test.result {
                TestResult::Valid => true,
                TestResult::Invalid => false,
                TestResult::Acceptable => panic!("test {} leaves to us what the rule has to decide", test.tc_id),
            };
            assert_eq!(
                holds(&key, &test.msg, &encode_hex(&test.sig)),
                expected,
                "test {}: {}",
                test.tc_id,
                test.comment
            );
            cases.push((key.clone(), test.msg.to_vec(), encode_hex(&test.sig), expected, test.comment));
        }
    }
    hold_by_tables(&cases);
}

/// `cctv.strict.json` says which of the 914 cases of `cctv.json` hold by this rule.
#[test]
#[ignore = "needs shared"]
fn the_914_cases_of_cctv() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors/ed25519");
    let read = |name| -> Value { serde_json::from_str(&fs::read_to_string(folder.join(name)).unwrap()).unwrap() };
    let (cases, strict) = (read("cctv.json"), read("cctv.strict.json"));
    let cases = cases.as_array().unwrap();
    assert_eq!(cases.len(), 914);
    let accepted: Vec<_> = cases
        .iter()
        .filter(|case| holds(text(case, "key"), text(case, "msg").as_bytes(), text(case, "sig")))
        .map(|case| case["number"].clone())
        .collect();
    assert_eq!(Value::from(accepted), strict["accepted"]);
    let accepted = strict["accepted"].as_array().unwrap();
    let with_answer = |case: &Value| {
        let field = |name| text(case, name).to_owned();
        (field("key"), field("msg").into(), field("sig"), accepted.contains(&case["number"]), case.to_string())
    };
    hold_by_tables(&cases.iter().map(with_answer).collect::<Vec<_>>());
}
