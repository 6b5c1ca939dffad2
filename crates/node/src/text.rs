//! Functions from text to text: events, lines, canonical form, digests.

use crate::failure::{misuse, self_tested, throw};
use crate::key::NativeKey;
use napi::bindgen_prelude::{BigInt, Buffer, Either, Uint8Array};
use napi::{Error, Result};
use napi_derive::napi;
use sealwright_core::event::Event;
use sealwright_core::fault::{FaultPoint, arm, pass};
use sealwright_core::hash::Hash;
use sealwright_core::{ErrorCode, json, limits, line, seal};

/// Validates an event's JSON text by the rules for recording; gives the writer's spelling.
#[napi(catch_unwind)]
pub fn parse_event(text: String) -> Result<String> {
    pass(FaultPoint::Export);
    Ok(event(&text)?.text().to_owned())
}

/// Validates a ledger line; gives the writer's spelling.
#[napi(catch_unwind)]
pub fn parse_line(line: String) -> Result<String> {
    line::parse(&line).map_err(|error| throw(&error))
}

/// Seals an event for a chain that the caller keeps; gives the line without LF.
#[napi(catch_unwind)]
pub fn sign_event(
    event_text: String,
    seq: f64,
    parent_hash: String,
    key: &NativeKey,
    timestamp_nanos: Option<BigInt>,
) -> Result<String> {
    self_tested()?;
    let timestamp = timestamp_nanos.map_or_else(|| Ok(seal::now()), nanoseconds)?;
    seal::seal(&event(&event_text)?, hash(&parent_hash)?, integer(seq)?, timestamp, &key.pair)
        .map_err(|error| throw(&error))
}

/// The hash that an event has at a place.
#[napi(catch_unwind)]
pub fn compute_self_hash(event_text: String, seq: f64, parent_hash: String, timestamp_nanos: BigInt) -> Result<String> {
    self_tested()?;
    seal::self_hash(&event(&event_text)?, &hash(&parent_hash)?, integer(seq)?, nanoseconds(timestamp_nanos)?)
        .map(|hash| hash.to_string())
        .map_err(|error| throw(&error))
}

/// Canonical bytes of JSON text.
#[napi(catch_unwind)]
pub fn canonical_json(text: String) -> Result<Buffer> {
    self_tested()?;
    Ok(canonical(&text)?.into())
}

/// SHA-256 of the canonical bytes of JSON text, 64 hex digits.
#[napi(catch_unwind)]
pub fn canonical_sha256(text: String) -> Result<String> {
    self_tested()?;
    Ok(Hash::of(&canonical(&text)?).to_string())
}

/// SHA-256 of bytes, or of text as UTF-8, 64 hex digits.
#[napi(catch_unwind)]
pub fn sha256_hex(data: Either<String, Uint8Array>) -> Result<String> {
    self_tested()?;
    let hash = match &data {
        Either::A(text) => Hash::of(text.as_bytes()),
        Either::B(bytes) => Hash::of(bytes),
    };
    Ok(hash.to_string())
}

/// For tests only: makes the next pass through a point fail.
#[napi(catch_unwind)]
pub fn test_fault(name: String) -> Result<()> {
    arm(match name.as_str() {
        "panic-commit" => FaultPoint::Commit,
        "panic-export" => FaultPoint::Export,
        "panic-task" => FaultPoint::Task,
        "self-test" => FaultPoint::SelfTest,
        _ => return Err(misuse("no such fault point")),
    });
    Ok(())
}

pub(crate) fn event(text: &str) -> Result<Event> {
    Event::parse(text).map_err(|error| throw(&error))
}

/// An integer that TypeScript has checked to be safe.
pub(crate) fn integer(value: f64) -> Result<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a safe integer")]
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
    if value >= 0.0 && value <= limits::MAX_SEQ as f64 && value.fract() == 0.0 {
        Ok(value as u64)
    } else {
        Err(out_of_range("expected an integer from 0 to 9007199254740991"))
    }
}

/// An integer as JavaScript holds it. Up to 2^53 exact.
pub(crate) fn number(value: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts and seqs stay below 2^53")]
    let number = value as f64;
    number
}

pub(crate) fn hash(text: &str) -> Result<Hash> {
    Hash::from_hex(text).ok_or_else(|| misuse("a hash has 64 lower-case hex digits"))
}

fn canonical(text: &str) -> Result<Vec<u8>> {
    json::canonicalize(text).map_err(|error| throw(&error))
}

fn nanoseconds(value: BigInt) -> Result<u64> {
    match value.get_u64() {
        (false, nanoseconds, true) => Ok(nanoseconds),
        _ => Err(out_of_range("nanoseconds go from 0 to 18446744073709551615")),
    }
}

fn out_of_range(message: &str) -> Error {
    let fields = serde_json::json!({ "kind": "range", "code": ErrorCode::OutOfRange.code(), "message": message });
    Error::from_reason(format!("!{fields}"))
}
