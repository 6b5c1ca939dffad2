//! Canonical JSON of what is committed to, and the check that its numbers mean the same in every language.
//!
//! Integers keep their digits, however many; doubles are spelled as Python's `repr` does: `1.0`, `1e+16`, `1e-07`. Refused are
//! what [`json`](crate::json) refuses, and a key twice in one object.
//!
//! ```
//! use sealwright_core::proof::attesto::canonical;
//! assert_eq!(canonical::canonicalize(r#"{"b":1e-7,"a":10}"#, None)?, br#"{"a":10,"b":1e-07}"#);
//! let refused = canonical::canonicalize(r#"{"b":[0.5]}"#, Some("$.payload")).unwrap_err();
//! assert_eq!(refused.path.as_deref(), Some("$.payload.b[0]"));
//! # Ok::<(), sealwright_core::Error>(())
//! ```

use crate::error::{Error, ErrorCode, Result};
use crate::hash::Hash;
use crate::json::{self, MAX_DEPTH};

/// The canonical bytes of a JSON text. With a `root`, the name that paths begin with, [`ErrorCode::UnsafeNumber`] for the first
/// number that not every language reads as the same value: a double, or an integer beyond 2^53-1.
pub fn canonicalize(text: &str, root: Option<&str>) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let (transcoded, unsafe_number) = json::transcode_as_python(text, MAX_DEPTH, &mut out)?;
    if let Some(path) = transcoded.duplicate {
        return Err(json::duplicate_key(path));
    }
    match (root, unsafe_number) {
        (Some(root), Some(number)) => {
            let (what, remedy) = if number.is_integer {
                ("an integer beyond 2^53-1", "large integers")
            } else {
                ("a number that is no integer", "decimals")
            };
            let joint = if number.path.is_empty() || number.path.starts_with('[') { "" } else { "." };
            let path = format!("{root}{joint}{}", number.path);
            let message = format!("{what} has no place in what is committed to: write {remedy} as strings");
            Err(Error::new(ErrorCode::UnsafeNumber, message).at_path(path))
        }
        _ => Ok(out),
    }
}

/// SHA-256 of the canonical bytes: the hash in a commitment.
pub fn commitment_hash(text: &str, root: Option<&str>) -> Result<Hash> {
    canonicalize(text, root).map(|canonical| Hash::of(&canonical))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> String {
        String::from_utf8(canonicalize(text, None).unwrap()).unwrap()
    }

    #[test]
    fn numbers_are_those_of_python() {
        let text = r#"{ "a":1.0,"b":-0.0,"c":1e16,"d":1e21,"e":1e-7,"f":0.1,"g":100.0,"h":1e22,"i":1.2345678901234568e17,"j":5e-324 }"#;
        let expected = r#"{"a":1.0,"b":-0.0,"c":1e+16,"d":1e+21,"e":1e-07,"f":0.1,"g":100.0,"h":1e+22,"i":1.2345678901234568e+17,"j":5e-324}"#;
        assert_eq!(canonical(text), expected);
        assert_eq!(
            canonical("[18446744073709551616, -9223372036854775809]"),
            "[18446744073709551616,-9223372036854775809]"
        );
        assert_eq!(canonical("[-0, 0,-0 ]"), "[0,0,0]");
        assert_eq!(canonical("-0"), "0");
    }

    #[test]
    fn the_first_unsafe_number_is_named() {
        for (text, path) in [
            ("1.0", "$.payload"),
            ("-0.0", "$.payload"),
            ("9007199254740992", "$.payload"),
            ("-9007199254740992", "$.payload"),
            ("[1.5]", "$.payload[0]"),
            (r#"{"a":[{"b":0.5}],"c":2.5}"#, "$.payload.a[0].b"),
            (r#"{"z":1e2,"a":0.5}"#, "$.payload.z"),
        ] {
            let error = canonicalize(text, Some("$.payload")).unwrap_err();
            assert_eq!((error.code, error.path.as_deref()), (ErrorCode::UnsafeNumber, Some(path)), "{text}");
        }
        for safe in ["1", "-0", "9007199254740991", "-9007199254740991", "true", r#""1.5""#] {
            assert!(canonicalize(safe, Some("$.payload")).is_ok(), "{safe}");
        }
    }

    #[test]
    fn what_two_readers_may_read_differently_is_refused() {
        assert_eq!(canonicalize(r#"{"a":{"b":1,"b":2}}"#, None).unwrap_err().code, ErrorCode::JsonDuplicateKey);
        assert_eq!(canonicalize(r#""\ud800""#, None).unwrap_err().code, ErrorCode::JsonString);
        assert_eq!(canonicalize("1e400", None).unwrap_err().code, ErrorCode::JsonNumber);
    }
}
