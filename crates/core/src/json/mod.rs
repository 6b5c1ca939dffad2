//! JSON as the ledger needs it: strict, lossless, bounded.
//!
//! A text is never turned into a tree. [`transcode`] reads it once and writes it again, either in canonical form
//! (the bytes that are hashed) or in the writer's spelling (the bytes on a line); [`members`] then walks one level of
//! such a text.
//!
//! Canonical form: no white space; object keys ascending by their UTF-8 bytes; the escapes `\"` `\\` `\n` `\r` `\t`
//! `\b` `\f`, other controls below U+0020 as `\u00xx` in lower case, everything else as it is; integers from -2^63 to
//! 2^64-1 in decimal; every other number a double, see [`number`]. The writer's spelling is the same except that keys
//! keep the order they were given in.
//!
//! ```
//! use sealwright_core::json::{self, Keys};
//! let mut out = Vec::new();
//! json::transcode("{ \"b\": 1.0, \"a\": \"\\u0041\" }", Keys::Sorted, json::MAX_DEPTH, &mut out)?;
//! assert_eq!(out, br#"{"a":"A","b":1.0}"#);
//! # Ok::<(), sealwright_core::json::JsonError>(())
//! ```
//!
//! Refused: anything RFC 8259 refuses, a byte-order mark, a lone surrogate, a number that overflows a double
//! (`1e400`), nesting beyond the limit. Duplicate keys are found at any depth and reported in [`Transcoded`], because
//! a reader judges them only after the syntax of the whole line.

pub(crate) mod members;
pub mod number;
mod outline;
mod parse;
mod path;
mod pretty;
pub(crate) mod string;

use crate::error::{Error, ErrorCode, Result};
pub use members::members;
pub(crate) use outline::{Outlined, Workspace};
pub use parse::{Keys, Transcoded, transcode};
pub(crate) use parse::{outline, transcode_as_python};
pub use pretty::pretty;

/// Containers that may be open at once in one text; a ledger line's own object is the first.
pub const MAX_DEPTH: usize = 127;

/// The canonical bytes of a JSON text. A duplicate key is an error here.
pub fn canonicalize(text: &str) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    match transcode(text, Keys::Sorted, MAX_DEPTH, &mut out)?.duplicate {
        None => Ok(out),
        Some(path) => Err(duplicate_key(path)),
    }
}

/// An object that says two things under one name.
pub(crate) fn duplicate_key(path: String) -> Error {
    Error::new(ErrorCode::JsonDuplicateKey, "an object has this key twice").at_path(path)
}

/// Why a text is not JSON that the ledger takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// RFC 8259 does not allow this byte here, or the text ends too early.
    Syntax,
    /// `\ud800`..`\udfff` without its partner: no UTF-8 exists for it.
    LoneSurrogate,
    /// A number whose magnitude no double holds.
    NumberOverflow,
    /// One container more than the limit.
    Depth,
}

/// A text that is not JSON that the ledger takes: what, and at which byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// What is wrong.
    pub flaw: Flaw,
    /// Byte offset in the text, from 0.
    pub offset: usize,
    /// Where in the value, such as `payload.items[3].price`; empty at the top.
    pub path: String,
}

impl std::fmt::Display for JsonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match self.flaw {
            Flaw::Syntax => "not valid JSON",
            Flaw::LoneSurrogate => "a lone surrogate",
            Flaw::NumberOverflow => "a number that no double can hold",
            Flaw::Depth => "nesting deeper than the limit",
        };
        write!(f, "{what} at byte {}", self.offset)?;
        if !self.path.is_empty() {
            write!(f, " ({})", self.path)?;
        }
        Ok(())
    }
}

impl std::error::Error for JsonError {}
