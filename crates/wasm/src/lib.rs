//! The verifier as a WebAssembly module. Everything is synchronous; reports and explanations are JSON, numbers are below
//! 2^53. `viewer/engine` makes the interface of `viewer/engine.ts` of it.
//!
//! A function throws a string, which is a failure in JSON: `{"code","message"}`, with `"report"` where one was begun.
//! What it throws otherwise is a defect, after which the instance must not be used any more.

mod files;

use files::{JsFile, given};
use sealwright_core::chain::Head;
use sealwright_core::explain;
use sealwright_core::hash::{Hash, encode_hex};
use sealwright_core::key::PublicKey;
use sealwright_core::limits::{MAX_LINE, MAX_SEQ};
use sealwright_core::verify::{self, Gathering, Options, Progress, Report, Watch};
use sealwright_core::{Error, ErrorCode, json, self_test};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::sync::atomic::{AtomicBool, Ordering};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Who is told how far a verification is.
    pub type JsProgress;

    /// Throws to stop the verification.
    #[wasm_bindgen(method, catch)]
    fn tell(this: &JsProgress, bytes: f64, total_bytes: f64, events: f64) -> Result<(), JsValue>;
}

/// Version of the package.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// Verifies the files of a ledger as one chain, or one file alone. Keys and hashes are 64 hex digits; without `head_hash`
/// no head is expected.
#[wasm_bindgen]
pub fn verify(
    files: Vec<JsFile>,
    signers: Vec<String>,
    head_seq: f64,
    head_hash: Option<String>,
    progress: &JsProgress,
) -> Result<String, JsValue> {
    let options = options(&signers, head_seq, head_hash.as_deref())?;
    let stopped = AtomicBool::new(false);
    let mut tell = |Progress { bytes, total_bytes, events }: Progress| {
        if progress.tell(number(bytes), number(total_bytes), number(events)).is_err() {
            stopped.store(true, Ordering::Relaxed);
        }
    };
    let mut watch = Watch { progress: Some(&mut tell), cancel: Some(&stopped) };
    let report = match given(files).as_slice() {
        [file] => verify::verify_given(file, &options, &mut watch).and_then(|report| report.to_json()),
        files => verify::verify_segments(&Gathering::Given(files.to_vec()), &options, None, &mut watch)
            .and_then(|report| report.to_json()),
    };
    report.map_err(|error| failure(&error))
}

/// The places of files in the order in which they are verified.
#[wasm_bindgen]
pub fn order(files: Vec<JsFile>) -> Result<Vec<usize>, JsValue> {
    match given(files).as_slice() {
        [_] => Ok(vec![0]),
        files => verify::order(files, MAX_LINE).map_err(|error| failure(&error)),
    }
}

/// What a line says, its LF not among the bytes.
#[wasm_bindgen]
pub fn explain(line: &[u8]) -> Result<String, JsValue> {
    self_tested()?;
    let text = match explain::explain(line) {
        Ok(explanation) => serde_json::to_string(&explanation),
        Err(unreadable) => serde_json::to_string(&unreadable),
    };
    text.map_err(|error| failure(&Error::new(ErrorCode::Internal, error.to_string())))
}

/// Canonical bytes of JSON text.
#[wasm_bindgen]
pub fn canonical_json(text: &str) -> Result<Vec<u8>, JsValue> {
    self_tested()?;
    json::canonicalize(text).map_err(|error| failure(&error))
}

/// A public key of hex or PEM, and its fingerprint: an array of two strings.
#[wasm_bindgen]
pub fn public_key(text: &str) -> Result<Vec<String>, JsValue> {
    let key = PublicKey::parse(text).map_err(|error| failure(&error))?;
    Ok(vec![key.to_string(), key.fingerprint()])
}

/// SHA-256 of bytes that come in pieces.
#[wasm_bindgen]
#[derive(Default)]
pub struct Digest(Sha256);

#[wasm_bindgen]
impl Digest {
    /// Of no bytes so far.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// 64 hex digits.
    pub fn hex(self) -> String {
        encode_hex(&self.0.finalize())
    }
}

/// Every verification begins here.
fn options(signers: &[String], head_seq: f64, head_hash: Option<&str>) -> Result<Options, JsValue> {
    self_tested()?;
    let key = |text: &String| PublicKey::from_hex(text).ok_or_else(|| misuse("a signer has 64 lower-case hex digits"));
    let signers = signers.iter().map(key).collect::<Result<_, _>>()?;
    let expected_head = head_hash.map(|hash| head_of(head_seq, hash)).transpose()?;
    Ok(Options { signers, expected_head, ..Options::default() })
}

fn head_of(seq: f64, hash: &str) -> Result<Head, JsValue> {
    let seq = integer(seq).ok_or_else(|| misuse("the seq of a head is an integer from 0 to 9007199254740991"))?;
    let hash = Hash::from_hex(hash).ok_or_else(|| misuse("the hash of a head has 64 lower-case hex digits"))?;
    Ok(Head { seq, hash })
}

/// Whoever is about to hash asks this first.
fn self_tested() -> Result<(), JsValue> {
    self_test::passed().map_err(|error| failure(&error))
}

fn misuse(message: &str) -> JsValue {
    failure(&Error::new(ErrorCode::InvalidArgument, message))
}

#[derive(Serialize)]
struct Failure<'a> {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<&'a Report>,
}

/// What is thrown.
fn failure(error: &Error) -> JsValue {
    let failure = Failure { code: error.code.code(), message: error.to_string(), report: error.report.as_deref() };
    JsValue::from(serde_json::to_string(&failure).unwrap_or_default())
}

/// A safe integer that is not negative.
fn integer(value: f64) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "looked at here")]
    let integer = value as u64;
    (integer <= MAX_SEQ && number(integer).total_cmp(&value).is_eq()).then_some(integer)
}

/// An integer as JavaScript holds it. Up to 2^53 exact.
fn number(value: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts and lengths stay below 2^53")]
    let number = value as f64;
    number
}
