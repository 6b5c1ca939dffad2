//! Every golden vector of `vectors/` through the Rust API. What they are and where they come from: `vectors/README.md`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]
#![allow(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

mod vector_files;

use sealwright_core::chain::Head;
use sealwright_core::error::ErrorCode;
use sealwright_core::event::{Event, EventSet};
use sealwright_core::hash::{Hash, decode_hex};
use sealwright_core::key::{KeyPair, PublicKey};
use sealwright_core::verify::{Options, Report, SignatureMode, Spelling, Verifier, Watch, verify_file};
use sealwright_core::{Error, json, line, seal};
use serde_json::{Map, Value};
use std::fs;
use std::path::Path;
use vector_files::{folder, json_lines, text};

fn json_map(path: &str) -> Map<String, Value> {
    let map: Map<String, Value> = serde_json::from_str(&fs::read_to_string(folder(path)).unwrap()).unwrap();
    assert!(!map.is_empty(), "{path} is empty");
    map
}

fn options(value: &Value) -> Options {
    let mut options = Options::default();
    if let Some(signers) = value["signers"].as_array() {
        options.signers = signers.iter().map(|key| PublicKey::from_hex(key.as_str().unwrap()).unwrap()).collect();
    }
    let head = |name: &str| {
        let seq = value[name]["seq"].as_u64()?;
        Some(Head { seq, hash: Hash::from_hex(text(&value[name], "hash")).unwrap() })
    };
    options.expected_head = head("expectedHead");
    options.start_after = head("startAfter");
    options.expected_first = value["expectedFirst"].as_str().map(|hash| Hash::from_hex(hash).unwrap());
    if value["signatures"] == "last" {
        options.signatures = SignatureMode::Last;
    }
    if value["events"] == "core" {
        options.events = EventSet::Core;
    }
    if value["spelling"] == "exact" {
        options.spelling = Spelling::Exact;
    }
    if let Some(limit) = value["maxLineBytes"].as_u64() {
        options.max_line_bytes = usize::try_from(limit).unwrap();
    }
    options
}

/// The whole file at once, and in pieces of several sizes: all must agree.
fn verify(path: &Path, options: &Options) -> Result<Report, Error> {
    let whole = verify_file(path, options, &mut Watch::default());
    let bytes = fs::read(path).unwrap();
    let sizes: &[usize] = if bytes.len() < 20_000 { &[1, 7, 4093] } else { &[997, 4093] };
    for size in sizes {
        let mut verifier = Verifier::new(options);
        bytes.chunks(*size).for_each(|piece| verifier.push(piece));
        match (&whole, verifier.finish()) {
            (Ok(whole), Ok(pieces)) => assert_eq!(*whole, pieces, "{} in pieces of {size}", path.display()),
            (Err(whole), Err(pieces)) => {
                assert_eq!((whole.code, whole.place), (pieces.code, pieces.place), "{}", path.display());
                assert_eq!(whole.report, pieces.report);
            }
            (whole, pieces) => panic!("{}: {whole:?} but {pieces:?} in pieces of {size}", path.display()),
        }
    }
    whole
}

/// A result as JSON with the fields of a report; of an error, those of the lines before, its code and its place.
fn as_json(result: Result<Report, Error>) -> Value {
    match result {
        Ok(report) => {
            let mut value = serde_json::to_value(&report).unwrap();
            value["class"] = value["verdict"].clone();
            value
        }
        Err(error) => {
            let place = error.place.unwrap();
            let mut value = serde_json::to_value(error.report.unwrap()).unwrap();
            value["class"] = "error".into();
            value["verdict"] = "error".into();
            value["code"] = error.code.code().into();
            value["line"] = place.line.into();
            value["byteOffset"] = place.byte_offset.into();
            value
        }
    }
}

/// Every field that the vector names is as it says.
fn compare(name: &str, expected: &Value, found: &Value) {
    for (field, value) in expected.as_object().unwrap() {
        if value.is_object() && found[field].is_object() && !["kinds", "unknownKinds"].contains(&field.as_str()) {
            compare(&format!("{name}.{field}"), value, &found[field]);
        } else {
            assert_eq!(*value, found[field], "{name}: {field}");
        }
    }
}

#[test]
fn canonical_texts() {
    for vector in json_lines("canonical/good.jsonl").iter().chain(&json_lines("peers/provedex/canonical_pairs.jsonl")) {
        // Two of the peer's refusals are of its host language, not of JSON text.
        let Some(canonical) = vector["canonical"].as_str() else { continue };
        let bytes = json::canonicalize(text(vector, "input")).unwrap();
        assert_eq!(String::from_utf8_lossy(&bytes), canonical, "{vector}");
        assert_eq!(Hash::of(&bytes).to_string(), text(vector, "sha256"), "{vector}");
        assert_eq!(json::canonicalize(canonical).unwrap(), bytes, "canonical text stays as it is");
    }
}

#[test]
fn texts_to_refuse() {
    for vector in json_lines("canonical/refuse.jsonl") {
        let bytes = match vector["input"].as_str() {
            Some(input) => input.as_bytes().to_vec(),
            None => {
                let digits = text(&vector, "input_hex");
                (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
            }
        };
        let class = match std::str::from_utf8(&bytes) {
            Err(_) => "utf8",
            Ok(input) => match json::canonicalize(input).unwrap_err().code {
                ErrorCode::JsonSyntax => "syntax",
                ErrorCode::JsonString => "lone_surrogate",
                ErrorCode::JsonNumber => "number_overflow",
                ErrorCode::JsonDuplicateKey => "duplicate_key",
                ErrorCode::DepthExceeded => "depth",
                other => panic!("{other} for {vector}"),
            },
        };
        assert_eq!(class, text(&vector, "class"), "{vector}");
    }
}

#[test]
fn seals() {
    for vector in json_lines("seals/seals.jsonl") {
        let key = KeyPair::from_seed(&decode_hex(text(&vector, "seed")).unwrap());
        let event = Event::parse(text(&vector, "event")).unwrap();
        let parent = Hash::from_hex(text(&vector, "parent_hash")).unwrap();
        let (seq, time) = (vector["seq"].as_u64().unwrap(), text(&vector, "timestamp_nanos").parse().unwrap());
        let sealed = seal::seal(&event, parent, seq, time, &key).unwrap();
        assert_eq!(sealed, text(&vector, "line"));
        assert_eq!(line::parse(&sealed).unwrap(), sealed);
        let hash = seal::self_hash(&event, &parent, seq, time).unwrap();
        assert!(sealed.contains(&format!("\"self_hash\":\"{hash}\"")));
    }
}

#[test]
fn good_chains() {
    for (name, cases) in json_map("chains/expected.json") {
        for case in cases.as_array().unwrap() {
            let result = verify(&folder(&format!("chains/{name}.ndjson")), &options(&case["options"]));
            compare(&name, &case["expect"], &as_json(result));
        }
    }
}

#[test]
fn mutations() {
    for (name, case) in json_map("mutations/expected.json") {
        let result = verify(&folder(&format!("mutations/{name}.ndjson")), &options(&case["options"]));
        compare(&name, &case["expect"], &as_json(result));
    }
}

#[test]
fn ledgers_that_the_peer_sealed() {
    for (name, case) in json_map("peers/provedex/variants/verdicts.json") {
        let path = folder(&format!("peers/provedex/variants/{name}.ndjson"));
        compare(&name, &case["ours"], &as_json(verify(&path, &Options::default())));
        for other in case["also"].as_array().into_iter().flatten() {
            compare(&name, &other["ours"], &as_json(verify(&path, &options(&other["options"]))));
        }
    }
    for (name, root) in [
        ("ledger_200", "a15e9bf31b818536b4ec19eea9dfa2dbb0e24f323dd95f33435fcfa0adcc2cf7"),
        ("ledger_200_fixed_ts", "0543654c397d009c6a15fbe4dedf3756459d0bafa7c3f5516c2329eee41aafd9"),
    ] {
        let report = verify(&folder(&format!("peers/provedex/{name}.ndjson")), &Options::default()).unwrap();
        assert!(report.ok && report.event_count == 200, "{name}");
        assert_eq!(report.root_hash.to_string(), root, "{name}");
    }
}

#[test]
fn honest_doubles_that_the_peer_misreads() {
    for vector in json_lines("peers/provedex/float_reread_failures.jsonl") {
        let report = sealwright_core::verify::verify_lines([text(&vector, "line")], &Options::default()).unwrap();
        assert!(report.ok && report.event_count == 1, "{vector}");
    }
}

#[test]
fn what_the_peer_published() {
    let vectors: Value =
        serde_json::from_str(&fs::read_to_string(folder("peers/provedex/spec_vectors.json")).unwrap()).unwrap();
    let key = KeyPair::from_seed(&decode_hex(text(&vectors, "fixed_seed_hex")).unwrap());
    assert_eq!(key.public().to_string(), text(&vectors, "fixed_pubkey"));
    let sealed = |vector: &Value| {
        let event = Event::parse(&vector["event"].to_string()).unwrap();
        let parent = Hash::from_hex(vector["parent_hash"].as_str().unwrap_or(&"0".repeat(64))).unwrap();
        let (seq, time) = (vector["seq"].as_u64().unwrap(), vector["timestamp_nanos"].as_u64().unwrap());
        seal::seal(&event, parent, seq, time, &key).unwrap()
    };
    for vector in vectors["signature_vectors"].as_array().unwrap() {
        let line = sealed(vector);
        assert!(line.contains(text(vector, "self_hash")) && line.contains(text(vector, "signature")), "{vector}");
    }
    for vector in vectors["self_hash_vectors"].as_array().unwrap() {
        assert!(sealed(vector).contains(text(vector, "self_hash")), "{vector}");
    }
}
