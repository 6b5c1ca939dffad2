//! Signatures at the edges of the rule, each with the first condition that it fails.
//!
//! A row states its answer from how it was made; the library has to give the same one before anything is written, and
//! `vectors/ed25519.py` derives it once more from the numbers alone.

mod plain;
mod points;
mod scalars;
mod torsion;

use crate::curve::Encoded;
use crate::files::{Set, json_lines};
use crate::ledger::base_head;
use sealwright_core::hash::encode_hex;
use sealwright_core::key::{PublicKey, Signature, Verifier};
use serde::Serialize;
use std::collections::BTreeSet;

/// The first of these that is true of a row, in this order; `Holds` if none is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Why {
    /// A key that is not 32 bytes or a signature that is not 64.
    Length,
    /// A has y ≥ p, or the sign bit where x = 0.
    ANotCanonical,
    ANotOnCurve,
    ASmallOrder,
    SNotBelowL,
    RNotCanonical,
    RNotOnCurve,
    RSmallOrder,
    /// `[S]B` = R + `[k]A` is true of 8 times both sides only.
    CofactoredOnly,
    /// Not even then.
    Equation,
    Holds,
}

impl Why {
    fn is_of_key(self) -> bool {
        matches!(self, Self::ANotCanonical | Self::ANotOnCurve | Self::ASmallOrder)
    }
}

#[derive(Serialize)]
struct Row {
    name: String,
    public_key: String,
    message: String,
    signature: String,
    valid: bool,
    why: Why,
}

pub(crate) fn set() -> Set {
    let rows: Vec<_> =
        [plain::valid, plain::bad, plain::lengths, points::of_a, points::of_r, scalars::rows, torsion::rows]
            .iter()
            .flat_map(|rows| rows())
            .collect();
    let names: BTreeSet<_> = rows.iter().map(|row| &row.name).collect();
    assert_eq!(names.len(), rows.len(), "a name is given twice");
    let mut set = Set::new("ed25519");
    set.content = format!("{} signatures, {} of them hold", rows.len(), rows.iter().filter(|row| row.valid).count());
    set.add("signatures.jsonl", json_lines(&rows));
    set
}

/// The message of all rows but some valid ones: the `self_hash` of the base ledger's first line.
fn message() -> [u8; 32] {
    *base_head(0).hash.as_bytes()
}

fn row(name: impl Into<String>, a: &Encoded, signature: Signature, why: Why) -> Row {
    row_over(name, &message(), a, signature, why)
}

fn row_over(name: impl Into<String>, message: &[u8], a: &Encoded, signature: Signature, why: Why) -> Row {
    let name = name.into();
    let verifier = Verifier::new(&PublicKey::from_bytes(*a));
    assert_eq!(verifier.is_none(), why.is_of_key(), "{name}: the key alone");
    let holds = verifier.is_some_and(|key| key.verify(message, &signature));
    assert_eq!(holds, why == Why::Holds, "{name}");
    row_of_bytes(name, message, a, signature.as_bytes(), why)
}

fn row_of_bytes(name: impl Into<String>, message: &[u8], a: &[u8], signature: &[u8], why: Why) -> Row {
    Row {
        name: name.into(),
        public_key: encode_hex(a),
        message: encode_hex(message),
        signature: encode_hex(signature),
        valid: why == Why::Holds,
        why,
    }
}
