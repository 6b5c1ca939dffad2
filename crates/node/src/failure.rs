//! Failures on their way to TypeScript: `!{"kind","code","message",...}`.

use napi::{Error, Result, Status};
use sealwright_core::{Error as CoreError, ErrorCode, self_test};
use serde_json::{Value, json};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Which class TypeScript throws.
fn kind(error: &CoreError) -> &'static str {
    use ErrorCode as Code;
    match error.code {
        Code::LedgerMalformed | Code::ChainBroken => "chain",
        Code::LineTooLong | Code::DepthExceeded if error.place.is_some() => "chain",
        Code::InvalidArgument | Code::JsonString | Code::EventField | Code::PublicKey => "type",
        Code::OutOfRange | Code::JsonNumber | Code::UnsafeNumber | Code::DepthExceeded | Code::LineTooLong => "range",
        Code::JsonSyntax | Code::JsonDuplicateKey | Code::EventKind | Code::EventDigest | Code::EventReserved => {
            "signing"
        }
        Code::KeyNotFound
        | Code::KeyLength
        | Code::KeyPermissions
        | Code::KeyNotAFile
        | Code::KeyExists
        | Code::KeyIo => "key",
        Code::NoteMalformed
        | Code::NoteKey
        | Code::NoteSignature
        | Code::NoteUntrusted
        | Code::CheckpointMalformed
        | Code::CheckpointOrigin
        | Code::CheckpointConflict
        | Code::ProofDiverged
        | Code::TreeIo
        | Code::TreeMissing
        | Code::PolicyMalformed
        | Code::QuorumMissing
        | Code::WitnessState => "proof",
        Code::TokenIo => "token",
        Code::SelfTest => "self-test",
        Code::Aborted | Code::Retry | Code::Internal => "internal",
        _ => "ledger",
    }
}

/// The text of a failure.
pub(crate) fn text(error: &CoreError) -> String {
    let mut fields = json!({ "kind": kind(error), "code": error.code.code(), "message": error.to_string() });
    if let Value::Object(fields) = &mut fields {
        let mut add = |name: &str, value: Option<Value>| fields.extend(value.map(|value| (name.to_owned(), value)));
        add("path", error.path.clone().map(Value::from));
        add("outcome", error.outcome.map(|outcome| outcome.name().into()));
        add("osCode", error.os_code.clone().map(Value::from));
        add("line", error.place.map(|place| place.line.into()));
        add("byteOffset", error.place.map(|place| place.byte_offset.into()));
    }
    let fields = fields.to_string();
    let report = error.report.as_ref().and_then(|report| report.to_json().ok());
    match report.zip(fields.strip_suffix('}')) {
        // As text: a value of it would take a second serializer for all that a report holds.
        Some((report, fields)) => format!("!{fields},\"report\":{report}}}"),
        None => format!("!{fields}"),
    }
}

/// The failure as napi-rs throws it.
pub(crate) fn throw(error: &CoreError) -> Error {
    Error::new(Status::GenericFailure, text(error))
}

/// Whoever is about to hash asks this first: the build must have passed its self-test.
pub(crate) fn self_tested() -> Result<()> {
    contained(|| self_test::passed().map_err(|error| throw(&error)))
}

/// A mistake in an argument that TypeScript should have caught.
pub(crate) fn misuse(message: &str) -> Error {
    let fields = json!({ "kind": "type", "code": ErrorCode::InvalidArgument.code(), "message": message });
    Error::new(Status::InvalidArg, format!("!{fields}"))
}

/// A failure of a stream that a ledger comes in.
pub(crate) fn of_ledger(code: &str, message: &str) -> Error {
    let fields = json!({ "kind": "ledger", "code": code, "message": message });
    Error::new(Status::GenericFailure, format!("!{fields}"))
}

/// Runs what napi-rs does not guard: a panic becomes a failure instead of the end of the process.
pub(crate) fn contained<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let fields =
            json!({ "kind": "internal", "code": ErrorCode::Internal.code(), "message": "a defect, contained" });
        Err(Error::new(Status::GenericFailure, format!("!{fields}")))
    })
}
