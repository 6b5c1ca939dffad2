//! What one line says, and what checking it alone computes: for people who want to see each step.
//!
//! ```
//! use sealwright_core::{event::Event, explain::explain, hash::Hash, key::KeyPair, seal};
//! let event = Event::parse(r#"{"type":"SessionEnded","payload":{"reason":"done","summary_sha256":""}}"#)?;
//! let line = seal::seal(&event, Hash::GENESIS, 0, 1_700_000_000_000_000_000, &KeyPair::from_seed(&[1; 32]))?;
//! let explained = explain(line.as_bytes()).map_err(|unreadable| unreadable.reason).unwrap();
//! assert_eq!(Hash::of(explained.canonical.as_bytes()), explained.self_hash);
//! assert!(explained.signature_holds && explained.canonical.starts_with(r#"{"event":{"payload":{"reason":"done","#));
//! # Ok::<(), sealwright_core::Error>(())
//! ```

use crate::chain::hashed_text;
use crate::error::ErrorCode;
use crate::hash::Hash;
use crate::key::{PublicKey, Signature, Verifier};
use crate::limits::MAX_LINE;
use crate::line::{self, LineError, Workspace};
use serde::{Serialize, Serializer};
use std::fmt::Display;

/// A line that can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// Place in the ledger, from 0.
    pub seq: u64,
    /// Unix time. As JSON in quotes, since not every reader holds such integers.
    #[serde(serialize_with = "as_text")]
    pub timestamp_nanos: u64,
    /// The event's kind.
    pub kind: String,
    /// The payload in the ledger's spelling, its keys in their order: a member or element a line.
    pub payload: String,
    /// Hash of the event before.
    pub parent_hash: Hash,
    /// The hash that the line claims.
    pub self_hash: Hash,
    /// Of the 32 bytes of a hash.
    #[serde(serialize_with = "as_text")]
    pub signature: Signature,
    /// The key that the line names.
    pub signer: PublicKey,
    /// What is hashed.
    pub canonical: String,
    /// SHA-256 of that.
    pub recomputed_hash: Hash,
    /// Whether the signature holds, strictly, over the recomputed hash under the key that the line names.
    pub signature_holds: bool,
    /// Whether the line is what the writer would have written.
    pub is_writers_spelling: bool,
}

/// A line that cannot be read, or whose fields are not in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unreadable {
    /// That of a fault or of an error.
    pub code: &'static str,
    /// One sentence in lower case.
    pub reason: String,
}

/// Explains a line, its LF not among the bytes.
pub fn explain(bytes: &[u8]) -> Result<Explanation, Unreadable> {
    let mut work = Workspace::default();
    let line = line::read(bytes, MAX_LINE, &mut work)?;
    let canonical = hashed_text(work.canonical(), &line.parent, line.seq, line.timestamp_nanos);
    let payload = str::from_utf8(bytes).ok().and_then(line::payload);
    let (Ok(canonical), Some(payload)) = (String::from_utf8(canonical), payload) else {
        return Err(LineError::Unreadable(ErrorCode::Internal, "a line that was read has no text".to_owned()).into());
    };
    let verifier = Verifier::new(&line.signer);
    Ok(Explanation {
        seq: line.seq,
        timestamp_nanos: line.timestamp_nanos,
        kind: line.kind.name().to_owned(),
        payload,
        parent_hash: line.parent,
        self_hash: line.claimed,
        signature: line.signature,
        signer: line.signer,
        canonical,
        recomputed_hash: line.recomputed,
        signature_holds: verifier.is_some_and(|key| key.verify(line.recomputed.as_bytes(), &line.signature)),
        is_writers_spelling: line.as_written,
    })
}

impl From<LineError> for Unreadable {
    fn from(error: LineError) -> Self {
        match error {
            LineError::Unreadable(code, reason) => Self { code: code.code(), reason },
            LineError::Broken(fault) => Self { code: fault.code.code(), reason: fault.reason },
        }
    }
}

fn as_text<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::key::KeyPair;
    use crate::seal;

    fn line() -> String {
        let event = r#"{"type":"Custom","payload":{"name":"a.b","data":{"b":[1.50,{}],"a":"é"}}}"#;
        let key = KeyPair::from_seed(&[1; 32]);
        seal::seal(&Event::parse(event).unwrap(), Hash::of(b"parent"), 7, u64::MAX, &key).unwrap()
    }

    #[test]
    fn a_line_is_explained_step_by_step() {
        let explained = explain(line().as_bytes()).unwrap();
        assert_eq!((explained.seq, explained.timestamp_nanos, explained.kind.as_str()), (7, u64::MAX, "Custom"));
        let payload = "{\n  \"name\": \"a.b\",\n  \"data\": {\n    \"b\": [\n      1.5,\n      {}\n    ],\n    \"a\": \"é\"\n  }\n}";
        assert_eq!(explained.payload, payload);
        assert_eq!(explained.parent_hash, Hash::of(b"parent"));
        assert_eq!(Hash::of(explained.canonical.as_bytes()), explained.recomputed_hash);
        assert_eq!(explained.recomputed_hash, explained.self_hash);
        assert!(explained.signature_holds && explained.is_writers_spelling);
        let json = serde_json::to_value(&explained).unwrap();
        assert_eq!(json["timestampNanos"], "18446744073709551615");
        assert_eq!(json["signature"], explained.signature.to_string());
    }

    #[test]
    fn what_was_changed_shows_in_the_step_that_it_changes() {
        let line = line();
        let changed = explain(line.replacen("a.b", "a.c", 1).as_bytes()).unwrap();
        assert_ne!(changed.recomputed_hash, changed.self_hash);
        assert!(!changed.signature_holds && changed.is_writers_spelling);
        let claimed = explain(line.as_bytes()).unwrap().self_hash.to_string();
        let renamed = explain(line.replacen(&claimed, &Hash::GENESIS.to_string(), 1).as_bytes()).unwrap();
        assert!(renamed.signature_holds && renamed.self_hash == Hash::GENESIS);
        let spaced = explain(line.replacen(',', ", ", 1).as_bytes()).unwrap();
        assert!(spaced.signature_holds && !spaced.is_writers_spelling);
        let unsigned = line.replacen("\"signer_pubkey\":\"", "\"signer_pubkey\":\"0", 1);
        assert_eq!(explain(unsigned.as_bytes()).unwrap_err().code, "non_canonical_hex");
        for (bytes, code) in
            [(&b"{"[..], "ERR_LEDGER_MALFORMED"), (b"", "ERR_LEDGER_MALFORMED"), (b"{}", "missing_field")]
        {
            assert_eq!(explain(bytes).unwrap_err().code, code);
        }
    }
}
