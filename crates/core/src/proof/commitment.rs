//! Commitments: what stands in a ledger for a value that may have to be forgotten.
//!
//! ```text
//! commitment = SHA-256( "sealwright/commitment/v1" LF domain LF salt canonical(value) )
//! salt         32 random bytes
//! domain       at most 255 bytes of UTF-8, none of them a control character: what the value is about, or nothing
//! ```
//!
//! No domain holds the LF that ends it, the salt has one length, and the value is the rest: two sets of arguments never
//! give the same bytes.
//!
//! The commitment is recorded; value and salt are kept elsewhere. Whoever has both can show that the value was meant.
//! Whoever has the commitment alone cannot find the value by trying the few that there are, which a plain digest would
//! let them. Delete the salt with the value and nobody can any more; the ledger stays as it is.

use crate::error::{Error, ErrorCode, Result};
use crate::hash::Hash;
use crate::json;

/// Bytes of a salt.
pub const SALT: usize = 32;

/// Most bytes of a domain.
pub const MAX_DOMAIN: usize = 255;

const PREFIX: &[u8] = b"sealwright/commitment/v1\n";

/// A new salt from the system's random source.
pub fn new_salt() -> Result<[u8; SALT]> {
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt)
        .map_err(|error| Error::new(ErrorCode::Internal, format!("no randomness from the system: {error}")))?;
    Ok(salt)
}

/// The commitment to a value, given as JSON text in any spelling.
///
/// Errors: [`ErrorCode::InvalidArgument`] for a domain that is none; `ERR_JSON_*` and [`ErrorCode::DepthExceeded`] for
/// text that the ledger's JSON is not.
pub fn commit(domain: &str, salt: &[u8; SALT], value: &str) -> Result<Hash> {
    if domain.len() > MAX_DOMAIN || domain.chars().any(char::is_control) {
        let message = format!("a domain has at most {MAX_DOMAIN} bytes of UTF-8 and no control characters");
        return Err(Error::new(ErrorCode::InvalidArgument, message).at_path("domain"));
    }
    let canonical = json::canonicalize(value)?;
    Ok(Hash::of(&[PREFIX, domain.as_bytes(), b"\n", salt, &canonical].concat()))
}

/// Whether a commitment is that to a value. Compares in a time that does not depend on where two hashes differ. Errors as
/// [`commit`].
pub fn matches(commitment: &Hash, domain: &str, salt: &[u8; SALT], value: &str) -> Result<bool> {
    let found = commit(domain, salt, value)?;
    let differences = commitment.as_bytes().iter().zip(found.as_bytes()).fold(0, |seen, (a, b)| seen | (a ^ b));
    Ok(std::hint::black_box(differences) == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT_1: [u8; SALT] = [1; SALT];

    #[test]
    fn commitments_are_those_that_python_computes() {
        // hashlib.sha256(b"sealwright/commitment/v1\n" + domain + b"\n" + salt + value).hexdigest()
        let counting: [u8; SALT] = std::array::from_fn(|place| place.to_le_bytes()[0]);
        let known = [
            ("", SALT_1, "null", "b976d797a95dba952f8ba040da592aa0b0e5c5948c5dee358dd0072cfc2b7b97"),
            (
                "com.example.patient",
                counting,
                r#"{ "b": 1.0, "a": "é" }"#,
                "e56297fb6df6a9c8ffe055d4c7873f52d2e56ebf8bdc7ebf85a03d0069e36afd",
            ),
        ];
        for (domain, salt, value, expected) in known {
            assert_eq!(commit(domain, &salt, value).unwrap().to_string(), expected);
        }
    }

    #[test]
    fn each_argument_counts() {
        let made = commit("a", &SALT_1, r#"{"x":1}"#).unwrap();
        assert!(matches(&made, "a", &SALT_1, r#"{ "x" : 1 }"#).unwrap());
        let mut salt = SALT_1;
        salt[31] ^= 1;
        for (domain, salt, value) in
            [("b", SALT_1, r#"{"x":1}"#), ("a", salt, r#"{"x":1}"#), ("a", SALT_1, r#"{"x":1.0}"#)]
        {
            assert!(!matches(&made, domain, &salt, value).unwrap(), "{domain} {value}");
        }
        assert_ne!(new_salt().unwrap(), new_salt().unwrap());
    }

    #[test]
    fn what_is_no_domain_and_no_json_is_refused() {
        let code = |domain: &str, value: &str| commit(domain, &SALT_1, value).unwrap_err().code;
        for domain in ["a\nb", "\u{7f}", "\u{85}", &"x".repeat(256)] {
            assert_eq!(code(domain, "1"), ErrorCode::InvalidArgument, "{domain:?}");
        }
        assert!(commit(&"x".repeat(255), &SALT_1, "1").is_ok());
        assert_eq!(code("", "{"), ErrorCode::JsonSyntax);
        assert_eq!(code("", r#"{"a":1,"a":1}"#), ErrorCode::JsonDuplicateKey);
    }
}
