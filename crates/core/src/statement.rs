//! Statements: what a key vouches for beside the events of a ledger, as a small JSON document.
//!
//! ```text
//! {"publicKey":"…","signature":"…","statement":{…}}
//!
//! signature = Ed25519( prefix || canonical JSON of "statement" )
//! prefix    = "sealwright/verification-record/v1" LF
//! ```
//!
//! The prefix belongs to the kind of statement and is put there by this module, so a key can be made to sign nothing else
//! through it: an event is signed as 32 bytes, which is less than any prefix has, and every other signed text of this
//! package begins with a prefix of its own.

use crate::error::{Error, ErrorCode, Result};
use crate::json;
use crate::key::{KeyPair, PublicKey, Signature, Verifier};

/// Most bytes of a document.
pub const MAX_DOCUMENT: usize = 64 << 20;

/// What a statement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Someone verified something, and this came out.
    VerificationRecord,
}

impl Kind {
    fn prefix(self) -> &'static str {
        match self {
            Self::VerificationRecord => "sealwright/verification-record/v1\n",
        }
    }
}

/// A statement whose signature holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Who signed.
    pub public_key: PublicKey,
    /// What: the canonical JSON of an object.
    pub statement: String,
}

/// The document of a statement, which must be a JSON object: canonical JSON, without an LF.
///
/// Errors: `ERR_JSON_*` and [`ErrorCode::DepthExceeded`] for text that the ledger's JSON is not;
/// [`ErrorCode::InvalidArgument`] for another value than an object.
pub fn sign(kind: Kind, statement: &str, key: &KeyPair) -> Result<String> {
    let statement = json::canonicalize(statement)?;
    if statement.first() != Some(&b'{') {
        return Err(Error::new(ErrorCode::InvalidArgument, "a statement is a JSON object"));
    }
    let signature = key.sign_bytes(&message(kind, &statement));
    let head = format!(r#"{{"publicKey":"{}","signature":"{signature}","statement":"#, key.public());
    String::from_utf8([head.as_bytes(), &statement, b"}"].concat())
        .map_err(|error| Error::new(ErrorCode::Internal, error.to_string()))
}

/// Reads a document, in any spelling of JSON, and checks its signature. With `signers`, one of them must have signed.
///
/// Errors: [`ErrorCode::RecordInvalid`] for text that is no such document, [`ErrorCode::RecordSignature`] for a signature
/// that does not hold, [`ErrorCode::RecordSigner`] for one by somebody else.
pub fn check(kind: Kind, document: &str, signers: &[PublicKey]) -> Result<Signed> {
    if document.len() > MAX_DOCUMENT {
        return Err(invalid("it has more than 64 MiB"));
    }
    let canonical = json::canonicalize(document).map_err(|error| invalid(&error.to_string()))?;
    let canonical = String::from_utf8(canonical).map_err(|error| invalid(&error.to_string()))?;
    let members: Vec<_> = json::members(&canonical).collect();
    let [("publicKey", public_key), ("signature", signature), ("statement", statement)] = members.as_slice() else {
        return Err(invalid("it has not the members publicKey, signature and statement"));
    };
    let public_key = PublicKey::from_hex(json::members::unquote(public_key));
    let signature = Signature::from_hex(json::members::unquote(signature));
    let (Some(public_key), Some(signature)) = (public_key, signature) else {
        return Err(invalid("publicKey and signature must be 64 and 128 lower-case hex digits"));
    };
    if !statement.starts_with('{') {
        return Err(invalid("its statement is no object"));
    }
    let verifier = Verifier::new(&public_key);
    if !verifier.is_some_and(|verifier| verifier.verify(&message(kind, statement.as_bytes()), &signature)) {
        return Err(Error::new(ErrorCode::RecordSignature, "the signature does not hold: changed, or of another kind"));
    }
    if !signers.is_empty() && !signers.contains(&public_key) {
        let message = format!("it is signed by {public_key}, which is none of the signers that were named");
        return Err(Error::new(ErrorCode::RecordSigner, message));
    }
    Ok(Signed { public_key, statement: (*statement).to_owned() })
}

fn message(kind: Kind, statement: &[u8]) -> Vec<u8> {
    [kind.prefix().as_bytes(), statement].concat()
}

fn invalid(why: &str) -> Error {
    Error::new(ErrorCode::RecordInvalid, format!("no signed record: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Hash;

    const KIND: Kind = Kind::VerificationRecord;

    fn key(number: u8) -> KeyPair {
        KeyPair::from_seed(&[number; 32])
    }

    fn code(document: &str, signers: &[PublicKey]) -> ErrorCode {
        check(KIND, document, signers).unwrap_err().code
    }

    #[test]
    fn what_was_signed_is_read_in_any_spelling() {
        let document = sign(KIND, r#"{ "b": 1.0, "a": "\u0041" }"#, &key(1)).unwrap();
        let expected = Signed { public_key: key(1).public(), statement: r#"{"a":"A","b":1.0}"#.to_owned() };
        assert_eq!(check(KIND, &document, &[]).unwrap(), expected);
        let spaced = document.replace(",\"", " ,\n \"").replace("\"a\"", "\"\\u0061\"");
        assert_eq!(check(KIND, &spaced, &[key(2).public(), key(1).public()]).unwrap(), expected);
    }

    #[test]
    fn a_change_another_signer_and_another_form_are_told_apart() {
        let document = sign(KIND, r#"{"a":1}"#, &key(1)).unwrap();
        for (from, to) in [(r#"{"a":1}"#, r#"{"a":2}"#), (r#"{"a":1}"#, r#"{"a":1.0}"#), (r#""a""#, r#""b""#)] {
            assert_eq!(code(&document.replace(from, to), &[]), ErrorCode::RecordSignature, "{to}");
        }
        let (one, two) = (key(1).public().to_string(), key(2).public().to_string());
        assert_eq!(code(&document.replace(&one, &two), &[]), ErrorCode::RecordSignature);
        assert_eq!(code(&document, &[key(2).public()]), ErrorCode::RecordSigner);
        let doubled = document.replace(r#"{"a":1}"#, r#"{"a":1,"a":1}"#);
        let others = ["", "{", "[]", "null", "{}", &doubled, &document.replace(r#"{"a":1}"#, "[]")];
        for other in others.into_iter().chain([document.replace(r#""a":1}"#, r#""a":1},"b":1"#).as_str()]) {
            assert_eq!(code(other, &[]), ErrorCode::RecordInvalid, "{other}");
        }
        assert_eq!(code(&document.replace(&one, &one.to_uppercase()), &[]), ErrorCode::RecordInvalid);
        assert_eq!(sign(KIND, "[1]", &key(1)).unwrap_err().code, ErrorCode::InvalidArgument);
    }

    #[test]
    fn no_statement_is_an_event_a_handover_or_a_state() {
        assert!(KIND.prefix().len() > Hash::GENESIS.as_bytes().len());
        for other in ["sealwright/key-rotation/v1\n", "sealwright/verification-state/v1\n"] {
            assert!(!KIND.prefix().starts_with(other) && !other.starts_with(KIND.prefix()));
        }
    }
}
